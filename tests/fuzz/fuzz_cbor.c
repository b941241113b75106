/* What is read can be written, and reads back as the same tree. */
#include <assert.h>

#include "core/codec/cbor.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct buf bytes = { 0 };
    struct err err = { 0 };
    struct value *v = NULL, *again = NULL;
    int rc = cbor_parse(&a, (struct str){ (const char *)data, size }, &v, &err);

    assert((rc == 0) == (v != NULL) && err.code == rc);
    if (rc == 0) {
        cbor_write(&bytes, v);
        assert(cbor_parse(&a, buf_view(&bytes), &again, NULL) == 0 && value_equal(v, again));
    }
    buf_free(&bytes);
    arena_free(&a);
    return 0;
}
