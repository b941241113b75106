/* Source: lz4_Block_format.md of LZ4: sequences of a token (literals in the high nibble, the
 * match's length less 4 in the low one, 15: further bytes follow), literals, two bytes of distance;
 * the last one is literals alone, at least 5, and no match begins in the last 12 bytes. */
#include "core/codec/lz.h"

#include <assert.h>

enum {
    HEAD_BYTES = 12, /* mark and length */
    WINDOW = 65535,
    MATCH_LEAST = 4,
    LAST_LITERALS = 5,
    LAST_MATCH = 12,
    PLACE_BITS = 12,
    PATIENCE = 5, /* after 2^5 places without a match every second one is tried, and so on */
    NIBBLE = 15,
    HASHED_BYTES = 8,
    AGAIN_BYTES = 64, /* more than a UUID and what stands beside it */
};

static const char mark[8] = { 'L', 'Z', '4', 'b', 'l', 'o', 'c', 'k' };

static uint64_t load(const char *p)
{
    uint64_t x;

    memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

/* ---- packing ---- */

struct packer {
    struct str text;
    struct buf *out;
    size_t at;                        /* text before this is written */
    uint32_t places[1 << PLACE_BITS]; /* of the last text with that hash, + 1 */
};

static uint32_t *place_of(struct packer *p, size_t at)
{
    return &p->places[load(p->text.ptr + at) * 0x9e3779b97f4a7c15u >> (64 - PLACE_BITS)];
}

static void put_more(struct buf *out, size_t n)
{
    for (; n >= 255; n -= 255)
        buf_add_char(out, (char)255);
    buf_add_char(out, (char)n);
}

/* Literals up to `from`, then a match; length 0: none, the end. */
static void put_sequence(struct packer *p, size_t from, size_t length, size_t distance)
{
    size_t literals = from - p->at, more = length > 0 ? length - MATCH_LEAST : 0;

    buf_add_char(p->out, (char)((literals < NIBBLE ? literals : NIBBLE) << 4 |
                                (more < NIBBLE ? more : NIBBLE)));
    if (literals >= NIBBLE)
        put_more(p->out, literals - NIBBLE);
    buf_add(p->out, str_sub(p->text, p->at, literals));
    p->at = from + length;
    if (length == 0)
        return;
    buf_add_char(p->out, (char)distance);
    buf_add_char(p->out, (char)(distance >> 8));
    if (more >= NIBBLE)
        put_more(p->out, more - NIBBLE);
}

/* How far the text at a and at b, behind it, is the same, up to end. */
static size_t same_bytes(const char *a, const char *b, const char *end)
{
    const char *from = b;

    for (; b + 8 <= end; a += 8, b += 8) {
        uint64_t differ = load(a) ^ load(b);

        if (differ)
            return (size_t)(b - from) + (size_t)__builtin_ctzll(differ) / 8;
    }
    while (b < end && *a == *b)
        a++, b++;
    return (size_t)(b - from);
}

static size_t length_at(const struct packer *p, size_t at, size_t distance)
{
    const char *here = p->text.ptr + at;

    return same_bytes(here - distance, here, p->text.ptr + p->text.len - LAST_LITERALS);
}

/* The distance of the last text with the same hash, which may be another text, or 0. */
static size_t look_up(struct packer *p, size_t at)
{
    uint32_t *place = place_of(p, at);
    size_t distance = at + 1 - *place;

    if (*place == 0 || distance > WINDOW)
        distance = 0;
    *place = (uint32_t)at + 1;
    return distance;
}

/* Where the text goes on to repeat what stands at a distance: behind an id that differs. end: not
 * soon. */
static size_t again_at(const struct packer *p, size_t at, size_t distance, size_t end)
{
    size_t most = at + AGAIN_BYTES < end ? at + AGAIN_BYTES : end;

    for (const char *here = p->text.ptr; at < most; at++)
        if (load(here + at) == load(here + at - distance))
            return at;
    return end;
}

/* Matches at one distance, from one of that length on. */
static void follow(struct packer *p, size_t at, size_t length, size_t distance, size_t end)
{
    while (at < end) {
        put_sequence(p, at, length, distance);
        at = again_at(p, p->at, distance, end);
        if (at == end)
            return;
        (void)look_up(p, at); /* so that another distance finds the way back */
        length = length_at(p, at, distance);
    }
}

static void pack(struct packer *p)
{
    size_t end = p->text.len > LAST_MATCH ? p->text.len - LAST_MATCH : 0, misses = 0;

    for (size_t at = 0; at < end;) {
        size_t distance = look_up(p, at), length = distance > 0 ? length_at(p, at, distance) : 0;

        if (length < HASHED_BYTES) { /* fewer are chance */
            at += 1 + (misses++ >> PATIENCE);
            continue;
        }
        follow(p, at, length, distance, end);
        at = p->at;
        misses = 0;
    }
    put_sequence(p, p->text.len, 0, 0);
}

void lz_pack(struct buf *out, struct str bytes)
{
    struct packer p = { .text = bytes, .out = out };

    assert(bytes.len < UINT32_MAX);
    buf_add(out, (struct str){ mark, sizeof mark });
    for (int i = 0; i < 4; i++)
        buf_add_char(out, (char)(bytes.len >> 8 * i));
    pack(&p);
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
    size_t len = (size_t)(load(packed.ptr + sizeof mark - 4) >> 32);
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
