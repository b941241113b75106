/* What lz_pack makes of any bytes unpacks to these bytes; any bytes behind a head are unpacked or
 * refused, and never to more than was allowed. */
#include <stdlib.h>

#include "core/codec/lz.h"
#include "tests/fuzz/fuzz.h"

enum { MOST_BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = { (const char *)data, size };
    struct buf packed = { 0 }, back = { 0 };

    lz_pack(&packed, bytes);
    if (lz_unpack(buf_view(&packed), size, &back, NULL) < 0 || !str_eq(buf_view(&back), bytes))
        abort();
    buf_clear(&packed);
    buf_clear(&back);
    buf_add(&packed, STR("LZ4block"));
    buf_add(&packed, bytes);
    if (lz_unpack(buf_view(&packed), MOST_BYTES, &back, NULL) == 0 ? back.len > MOST_BYTES
                                                                   : back.len > 0)
        abort();
    buf_free(&packed);
    buf_free(&back);
    return 0;
}
