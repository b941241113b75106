/* The first line is a filter pattern, the rest a message: what parses decides the same way twice,
 * and what it extracts is there only when the pattern has something to extract. */
#include <assert.h>

#include "emulator/services/logs/log_pattern.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct str pattern, message;
    struct log_pattern *p = NULL;
    struct err err = { 0 };

    (void)str_cut((struct str){ (const char *)data, size }, '\n', &pattern, &message);
    int rc = log_pattern_parse(&a, pattern, &p, &err);
    assert((rc == 0) == (p != NULL) && err.code == rc);
    struct log_pattern_selector *selector;
    if (p && log_pattern_selector_parse(&a, p, message, &selector, NULL) == 0)
        assert(selector);
    if (p) {
        struct log_pattern_subject s = { .a = &a, .message = message }, again = s;
        bool matches = log_pattern_match(p, &s);
        struct value *found = log_pattern_extract(p, &s);

        assert(matches == log_pattern_match(p, &again));
        assert(log_pattern_kind(p) != LOG_PATTERN_TERMS || found->count == 0);
    }
    arena_free(&a);
    return 0;
}
