/* The input is a pattern and, behind a line feed, an event. Whatever compiles can be asked, the
 * same way twice, and of an event without fields, too. */
#include <assert.h>

#include "core/codec/json.h"
#include "emulator/services/events/pattern.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str pattern, text, input = { (const char *)data, size };
    const struct event_pattern *p = NULL;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct value *event = NULL;

    (void)str_cut(input, '\n', &pattern, &text); /* no event: an empty one */
    int rc = event_pattern_parse(&a, pattern, &p, &err);
    assert((rc == 0) == (p != NULL) && err.code == rc);
    if (json_parse(&a, text, &event, NULL) < 0)
        event = NULL;
    if (p) {
        assert(event_pattern_matches(p, event) == event_pattern_matches(p, event));
        (void)event_pattern_matches(p, value_map(&a)); /* must only not crash */
    }
    arena_free(&a);
    return 0;
}
