/* Source: lz4_Block_format.md of LZ4: sequences of a token (literals in the high nibble, the
 * match's length less 4 in the low one, 15: further bytes follow), literals, two bytes of distance;
 * the last one is literals alone, at least 5, and no match begins in the last 12 bytes. */
#include "core/codec/lz.h"

#include <assert.h>

#include "core/codec/load.h"
#include "core/codec/repeats.h"

enum {
    HEAD_BYTES = 12, /* mark and length */
    WINDOW = 65535,
    MATCH_LEAST = 4,
    NIBBLE = 15,
};

static const char mark[8] = { 'L', 'Z', '4', 'b', 'l', 'o', 'c', 'k' };

/* ---- packing ---- */

static void put_more(struct buf *out, size_t n)
{
    for (; n >= 255; n -= 255)
        buf_add_char(out, (char)255);
    buf_add_char(out, (char)n);
}

/* A repeat's, or with length 0 the last: literals alone. */
static void put_sequence(struct buf *out, const char *literals, const struct repeat *r)
{
    size_t more = r->length > 0 ? r->length - MATCH_LEAST : 0;

    buf_add_char(out, (char)((r->literals < NIBBLE ? r->literals : NIBBLE) << 4 |
                             (more < NIBBLE ? more : NIBBLE)));
    if (r->literals >= NIBBLE)
        put_more(out, r->literals - NIBBLE);
    buf_add(out, (struct str){ literals, r->literals });
    if (r->length == 0)
        return;
    buf_add_char(out, (char)r->distance);
    buf_add_char(out, (char)(r->distance >> 8));
    if (more >= NIBBLE)
        put_more(out, more - NIBBLE);
}

void lz_pack(struct buf *out, struct str bytes)
{
    struct repeats repeats;
    struct repeat r;
    size_t at = 0;

    assert(bytes.len < UINT32_MAX);
    buf_add(out, (struct str){ mark, sizeof mark });
    for (int i = 0; i < 4; i++)
        buf_add_char(out, (char)(bytes.len >> 8 * i));
    repeats_start(&repeats, bytes, WINDOW);
    for (; repeats_next(&repeats, &r); at += r.literals + r.length)
        put_sequence(out, bytes.ptr + at, &r);
    put_sequence(out, bytes.ptr + at, &(struct repeat){ .literals = bytes.len - at });
}

/* ---- unpacking ---- */

bool lz_is_packed(struct str bytes)
{
    return bytes.len > HEAD_BYTES && str_has_prefix(bytes, (struct str){ mark, sizeof mark });
}

struct unpacker {
    const unsigned char *in, *in_end;
    char *out, *out_start, *out_end;
};

/* False: the bytes end within the number, or it is more than there is room for. */
static bool take_more(struct unpacker *u, size_t *n)
{
    size_t most = (size_t)(u->out_end - u->out);
    unsigned char c;

    if (*n < NIBBLE)
        return true;
    do {
        if (u->in == u->in_end || *n > most)
            return false;
        c = *u->in++;
        *n += c;
    } while (c == 255);
    return true;
}

static bool take_literals(struct unpacker *u, size_t n)
{
    if (!take_more(u, &n) || n > (size_t)(u->in_end - u->in) || n > (size_t)(u->out_end - u->out))
        return false;
    memcpy(u->out, u->in, n);
    u->out += n;
    u->in += n;
    return true;
}

/* A match may reach into itself: pieces no longer than its distance, which doubles. */
static bool take_match(struct unpacker *u, size_t n)
{
    if (u->in_end - u->in < 2)
        return false;
    size_t distance = (size_t)(u->in[0] | u->in[1] << 8);

    u->in += 2;
    if (!take_more(u, &n) || distance == 0 || distance > (size_t)(u->out - u->out_start))
        return false;
    n += MATCH_LEAST;
    if (n > (size_t)(u->out_end - u->out))
        return false;
    for (const char *from = u->out - distance; n > 0;) {
        size_t piece = (size_t)(u->out - from) < n ? (size_t)(u->out - from) : n;

        memcpy(u->out, from, piece);
        u->out += piece;
        n -= piece;
    }
    return true;
}

static bool unpack(struct unpacker *u)
{
    while (u->in < u->in_end) {
        unsigned token = *u->in++;

        if (!take_literals(u, token >> 4))
            return false;
        if (u->in == u->in_end)
            return u->out == u->out_end;
        if (!take_match(u, token & NIBBLE))
            return false;
    }
    return false; /* ends with a match */
}

int lz_unpack(struct str packed, size_t limit_bytes, struct buf *out, struct err *err)
{
    if (!lz_is_packed(packed))
        return err_set(err, E_PARSE, "packed bytes: no head");
    size_t len = (size_t)(load_8((const unsigned char *)packed.ptr + sizeof mark - 4) >> 32);
    if (len > limit_bytes)
        return err_set(err, E_LIMIT, "packed bytes: %zu, over %zu bytes", len, limit_bytes);
    char *to = buf_reserve(out, len + 1); /* a place even for nothing */
    struct unpacker u = { .in = (const unsigned char *)packed.ptr + HEAD_BYTES,
                          .in_end = (const unsigned char *)packed.ptr + packed.len,
                          .out = to,
                          .out_start = to,
                          .out_end = to + len };
    if (!unpack(&u))
        return err_set(err, E_PARSE, "packed bytes: damaged");
    out->len += len;
    return 0;
}
