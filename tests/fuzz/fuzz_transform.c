/* The input is a target's document and, behind a line feed, an event. Whatever is not refused gives
 * a text or a reason why not, the same twice. */
#include <assert.h>

#include "core/codec/json.h"
#include "emulator/services/events/transform.h"
#include "tests/fuzz/fuzz.h"

static void run_twice(struct arena *a, const struct value *target, const struct transform_of *of)
{
    struct str first = STR(""), again = STR("");
    struct err err = { 0 };
    int rc = transform(a, target, of, &first, &err);

    assert(err.code == rc);
    assert(transform(a, target, of, &again, NULL) == rc && str_eq(first, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str head, tail, input = { (const char *)data, size };
    struct arena a = { 0 };
    struct err err = { 0 };
    struct value *target, *event;

    (void)str_cut(input, '\n', &head, &tail); /* no event: nothing to do */
    if (json_parse(&a, head, &target, NULL) == 0 && json_parse(&a, tail, &event, NULL) == 0) {
        const struct transform_of of = { event, STR("arn"), STR("rule"), 0 };
        int rc = transform_check(&a, target, &err);

        assert(err.code == rc);
        if (rc == 0)
            run_twice(&a, target, &of);
    }
    arena_free(&a);
    return 0;
}
