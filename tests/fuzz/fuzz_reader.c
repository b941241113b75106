/* Records are spans of the text, in order; members of them lie inside them. */
#include <assert.h>

#include "core/trail/reader.h"
#include "tests/fuzz/fuzz.h"

static void check_inside(struct str part, struct str whole)
{
    assert(part.len == 0 ||
           (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct err err = { 0 };
    struct str text = { (const char *)data, size }, record;
    struct record_iter it = record_iter_start(text);
    uint64_t count = 0;

    while (record_iter_next(&it, &record)) {
        check_inside(record, text);
        assert(record.len >= 2 && record.ptr[0] == '{');
        check_inside(record_member(record, STR("userIdentity.arn")), record);
        (void)record_text(&a, record, STR("eventName")); /* any text or none; must not crash */
        count++;
    }
    assert(count == it.number);
    assert(record_iter_end(&it, &err) == err.code);
    arena_free(&a);
    return 0;
}
