/* Any bytes inflate within the limit or fail and leave out as it was; what is written is read. */
#include <assert.h>

#include "core/codec/gzip.h"
#include "tests/fuzz/fuzz.h"

enum { SMALL_LIMIT_BYTES = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf packed = { 0 }, plain = { 0 };
    struct str input = { (const char *)data, size };
    struct err err = { 0 };
    int rc = gzip_read(input, SMALL_LIMIT_BYTES, &plain, NULL, &err);

    assert(err.code == rc && plain.len <= (rc == 0 ? SMALL_LIMIT_BYTES : 0));
    buf_clear(&plain);
    assert(gzip_write(&packed, input, 1 + (int)(size % 9), NULL) == 0);
    assert(gzip_read(buf_view(&packed), size, &plain, NULL, NULL) == 0);
    assert(str_eq(buf_view(&plain), input));
    buf_free(&packed);
    buf_free(&plain);
    return 0;
}
