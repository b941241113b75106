/* What deflate_records makes of any bytes inflates to these bytes. */
#include <stdlib.h>

#include "core/codec/gzip.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str plain = { (const char *)data, size };
    struct buf packed = { 0 }, back = { 0 };
    enum gzip_extra extra;

    if (gzip_write(&packed, plain, GZIP_FAST, NULL) < 0 ||
        gzip_read(buf_view(&packed), size, &back, &extra, NULL) < 0 || extra != GZIP_WHOLE ||
        !str_eq(buf_view(&back), plain))
        abort();
    buf_free(&packed);
    buf_free(&back);
    return 0;
}
