/* What is taken for a key of CloudTrail is written back the same. */
#include <assert.h>

#include "core/trail/keys.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct str text = { (const char *)data, size }, again;
    struct trail_key k;

    if (trail_key_parse(text, &k, NULL) == 0) {
        assert(trail_key_write(&a, &k, &again, NULL) == 0);
        assert(str_eq(again, text));
    }
    arena_free(&a);
    return 0;
}
