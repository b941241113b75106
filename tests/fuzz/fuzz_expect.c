/* An EXPECT.yaml is read or refused with a reason; what is read says something of each expectation.
 */
#include <assert.h>

#include "tests/fuzz/fuzz.h"
#include "verify/expect/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct err err = { 0 };
    struct expect_file file;
    int rc = expect_parse(&a, STR("E.yaml"), (struct str){ (const char *)data, size }, &file, &err);

    assert(rc == err.code);
    if (rc == 0) {
        struct seen_list none = { NULL, 0, NULL };
        struct report report;

        report_init(&report);
        judge_all(&a, &file, &none, &report);
        assert(report.counts[REPORT_PASSED] + report.counts[REPORT_FAILED] == file.count);
        report_free(&report);
    }
    arena_free(&a);
    return 0;
}
