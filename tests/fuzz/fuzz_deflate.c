/* What the deflate encoder makes of any bytes inflates to these bytes, whatever hints it is given:
 * none, and then those that the first bytes say. */
#include <stdlib.h>

#include "core/codec/gzip.h"
#include "core/codec/hints.h"
#include "tests/fuzz/fuzz.h"

/* Its count, then for each the gap before it and two bytes that make its tag; what is left is text.
 */
static struct hints read_hints(struct str *rest)
{
    struct hints m = { 0 };
    size_t count = rest->len > 0 ? (unsigned char)*rest->ptr : 0, at = 0;
    struct str list = str_sub(*rest, 1, 3 * count);

    *rest = str_sub(*rest, 1 + list.len, rest->len);
    for (; list.len >= 3; list = str_sub(list, 3, list.len)) {
        const unsigned char *p = (const unsigned char *)list.ptr;
        uint32_t tag = p[1] == 0xff ? HINT_CHANCE : p[1] * 0x01000401u + p[2];

        at += p[0];
        if (at <= rest->len)
            hints_put(&m, at, tag);
    }
    return m;
}

static void check(struct str packed, struct str plain)
{
    struct buf back = { 0 };
    enum gzip_extra extra;

    if (gzip_read(packed, plain.len, &back, &extra, NULL) < 0 || extra != GZIP_WHOLE ||
        !str_eq(buf_view(&back), plain))
        abort();
    buf_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str plain = { (const char *)data, size };
    struct buf packed = { 0 };

    if (gzip_write(&packed, plain, GZIP_FAST, NULL) < 0)
        abort();
    check(buf_view(&packed), plain);
    buf_clear(&packed);
    if (gzip_write(&packed, plain, GZIP_ALIKE, NULL) < 0)
        abort();
    check(buf_view(&packed), plain);
    struct hints known = read_hints(&plain);

    buf_clear(&packed);
    gzip_write_known(&packed, plain, &known);
    check(buf_view(&packed), plain);
    hints_free(&known);
    buf_free(&packed);
    return 0;
}
