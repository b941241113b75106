#include "core/codec/lz.h"

#include <assert.h>

#include <lz4.h>

#include "core/codec/load.h"

enum { HEAD_BYTES = 12 /* mark and length */ };

static const char mark[8] = { 'L', 'Z', '4', 'b', 'l', 'o', 'c', 'k' };

void lz_pack(struct buf *out, struct str bytes)
{
    assert(bytes.len <= LZ4_MAX_INPUT_SIZE);
    int bound = LZ4_compressBound((int)bytes.len), len;

    buf_add(out, (struct str){ mark, sizeof mark });
    for (int i = 0; i < 4; i++)
        buf_add_char(out, (char)(bytes.len >> 8 * i));
    char *to = buf_reserve(out, (size_t)bound);
    len = LZ4_compress_default(bytes.len > 0 ? bytes.ptr : "", to, (int)bytes.len, bound);
    assert(len > 0); /* there was room */
    out->len += (size_t)len;
}

bool lz_is_packed(struct str bytes)
{
    return bytes.len > HEAD_BYTES && str_has_prefix(bytes, (struct str){ mark, sizeof mark });
}

int lz_unpack(struct str packed, size_t limit_bytes, struct buf *out, struct err *err)
{
    if (!lz_is_packed(packed))
        return err_set(err, E_PARSE, "packed bytes: no head");
    size_t len = (size_t)(load_8((const unsigned char *)packed.ptr + sizeof mark - 4) >> 32);
    if (len > limit_bytes)
        return err_set(err, E_LIMIT, "packed bytes: %zu, over %zu bytes", len, limit_bytes);
    if (len > LZ4_MAX_INPUT_SIZE || packed.len - HEAD_BYTES > LZ4_MAX_INPUT_SIZE)
        return err_set(err, E_PARSE, "packed bytes: damaged");
    char *to = buf_reserve(out, len + 1); /* a place even for nothing */
    if (LZ4_decompress_safe(packed.ptr + HEAD_BYTES, to, (int)(packed.len - HEAD_BYTES),
                            (int)len) != (int)len)
        return err_set(err, E_PARSE, "packed bytes: damaged");
    out->len += len;
    return 0;
}
