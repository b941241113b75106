/* What is read can be written, and reads back as the same tree. */
#include <assert.h>

#include "core/codec/json.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct buf text = { 0 };
    struct err err = { 0 };
    struct value *v = NULL, *again = NULL;
    int rc = json_parse(&a, (struct str){ (const char *)data, size }, &v, &err);

    assert((rc == 0) == (v != NULL) && err.code == rc);
    if (rc == 0) {
        json_write(&text, v);
        assert(json_parse(&a, buf_view(&text), &again, NULL) == 0 && value_equal(v, again));
    }
    buf_clear(&text); /* any bytes make a string that is read */
    json_add_string(&text, (struct str){ (const char *)data, size });
    assert(json_parse(&a, buf_view(&text), &again, NULL) == 0);
    buf_free(&text);
    arena_free(&a);
    return 0;
}
