#include "core/codec/deflate.h"

#include <assert.h>
#if defined __SSE2__
#include <emmintrin.h>
#endif

#include "core/base/mem.h"
#include "core/codec/huffman.h"

enum {
    WINDOW = 32768,
    MATCH_LEAST = 5,
    MATCH_MOST = 258,
    MATCH_ENOUGH = 140, /* no longer one is looked for */
    LITERALS = 286,
    END_OF_BLOCK = 256,
    DISTANCES = 30,
    TOKENS = 8192,
    KEY_BITS = 10,
    WHOLE_BITS = 12,
    FRESH_BITS = 13,
    FRESH_LEAST = 5,
    STARTS = 2048,
    WHOLE_BYTES = 128, /* of a member that count for its hash */
};

/* Literals as they stand in the text, then a match (length 0: none). */
struct token {
    uint32_t literals;
    uint16_t length, distance;
};

struct encoder {
    const unsigned char *text;
    size_t len;
    size_t at;          /* text before this is in tokens */
    size_t block_start; /* of the text of the tokens gathered */
    struct buf *out;
    uint64_t bits;
    unsigned bit_count;
    struct token tokens[TOKENS];
    size_t token_count;
    uint32_t literal_count[LITERALS], distance_count[DISTANCES];
    /* Position + 1 of the last member with that beginning, of the last one that was the same. */
    uint32_t by_key[1 << KEY_BITS], by_whole[1 << WHOLE_BITS], by_pair[1 << WHOLE_BITS];
    uint32_t by_half[1 << KEY_BITS];
    uint32_t by_fresh[1 << FRESH_BITS];
    size_t distances[2]; /* of the last matches, two different ones */
    uint32_t starts[STARTS];
};

/* Symbol, further bits and first value of each length and distance code.
 * Source: RFC 1951, 3.2.5. */
static const uint16_t length_base[29] = { 3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                          15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                          67, 83, 99, 115, 131, 163, 195, 227, 258 };
static const uint8_t length_extra[29] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                          2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
static const uint16_t distance_base[DISTANCES] = { 1,    2,    3,    4,     5,     7,    9,    13,
                                                   17,   25,   33,   49,    65,    97,   129,  193,
                                                   257,  385,  513,  769,   1025,  1537, 2049, 3073,
                                                   4097, 6145, 8193, 12289, 16385, 24577 };

static unsigned log2_of(uint32_t n)
{
    return 31u - (unsigned)__builtin_clz(n);
}

static unsigned length_symbol(unsigned length)
{
    unsigned n = length - 3;

    if (length == MATCH_MOST)
        return 28;
    if (n < 8)
        return n;
    unsigned extra = log2_of(n) - 2;

    return 4 * extra + 4 + ((n >> extra) & 3);
}

static unsigned distance_symbol(unsigned distance)
{
    unsigned n = distance - 1;

    if (n < 4)
        return n;
    unsigned extra = log2_of(n) - 1;

    return 2 * extra + 2 + ((n >> extra) & 1);
}

static unsigned distance_extra(unsigned symbol)
{
    return symbol < 4 ? 0 : symbol / 2 - 1;
}

/* Little-endian on every machine. */
static uint64_t load(const unsigned char *p)
{
    uint64_t x;

    memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

static void put_bits(struct encoder *e, uint64_t bits, unsigned count)
{
    e->bits |= bits << e->bit_count;
    e->bit_count += count;
}

/* To memory what is whole bytes; room was reserved. At most 7 bits stay. */
static void drain(struct encoder *e)
{
    uint64_t x = e->bits;
    unsigned bytes = e->bit_count / 8;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    memcpy(e->out->ptr + e->out->len, &x, sizeof x);
    e->out->len += bytes;
    e->bits = bytes == 8 ? 0 : e->bits >> 8 * bytes;
    e->bit_count -= 8 * bytes;
}

/* Code lengths of both alphabets, runs folded. Source: RFC 1951, 3.2.7. */
struct folded {
    uint8_t symbol[LITERALS + DISTANCES], extra[LITERALS + DISTANCES];
    size_t count;
    uint32_t frequency[19];
};

static void fold_one(struct folded *f, unsigned symbol, unsigned extra)
{
    f->symbol[f->count] = (uint8_t)symbol;
    f->extra[f->count++] = (uint8_t)extra;
    f->frequency[symbol]++;
}

/* A run of one length, run long: zeros by 17 and 18, others by repeats of 16. */
static void fold_run(struct folded *f, unsigned length, unsigned run)
{
    if (length > 0) {
        fold_one(f, length, 0);
        run--;
    }
    while (run >= 3) {
        unsigned most = length == 0 ? 138 : 6, n = run < most ? run : most;

        if (length > 0)
            fold_one(f, 16, n - 3);
        else
            fold_one(f, n < 11 ? 17 : 18, n < 11 ? n - 3 : n - 11);
        run -= n;
    }
    for (; run > 0; run--)
        fold_one(f, length, 0);
}

static void fold(struct folded *f, const uint8_t *lengths, size_t count)
{
    for (size_t i = 0, run; i < count; i += run) {
        for (run = 1; i + run < count && lengths[i + run] == lengths[i]; run++)
            ;
        fold_run(f, lengths[i], (unsigned)run);
    }
}

/* What a block is written with. */
struct codes {
    uint8_t lengths[LITERALS + DISTANCES]; /* one behind the other, as they are sent */
    uint8_t distance_lengths[DISTANCES];
    uint16_t literal[LITERALS], distance[DISTANCES];
    uint32_t match[MATCH_MOST + 1];     /* code and further bits of each length */
    uint8_t match_bits[MATCH_MOST + 1]; /* how many */
};

static void write_head(struct encoder *e, const struct codes *c, bool is_last)
{
    static const uint8_t order[19] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                       11, 4,  12, 3, 13, 2, 14, 1, 15 };
    static const uint8_t extra_bits[19] = { [16] = 2, [17] = 3, [18] = 7 };
    struct folded f = { 0 };
    uint8_t lengths[19];
    uint16_t codes[19];
    unsigned sent = 19;

    fold(&f, c->lengths, LITERALS + DISTANCES);
    huffman_lengths(f.frequency, 19, 7, lengths);
    huffman_codes(lengths, 19, codes);
    while (sent > 4 && lengths[order[sent - 1]] == 0)
        sent--;
    put_bits(e, is_last | 2u << 1, 3);
    put_bits(e, LITERALS - 257, 5);
    put_bits(e, DISTANCES - 1, 5);
    put_bits(e, sent - 4, 4);
    drain(e);
    for (unsigned i = 0; i < sent; i++) {
        put_bits(e, lengths[order[i]], 3);
        drain(e);
    }
    for (size_t i = 0; i < f.count; i++) {
        unsigned s = f.symbol[i];

        put_bits(e, codes[s], lengths[s]);
        put_bits(e, f.extra[i], extra_bits[s]);
        drain(e);
    }
}

static void make_codes(struct encoder *e, struct codes *c)
{
    e->literal_count[END_OF_BLOCK] = 1;
    huffman_lengths(e->literal_count, LITERALS, 15, c->lengths);
    huffman_lengths(e->distance_count, DISTANCES, 15, c->distance_lengths);
    huffman_codes(c->lengths, LITERALS, c->literal);
    huffman_codes(c->distance_lengths, DISTANCES, c->distance);
    memcpy(c->lengths + LITERALS, c->distance_lengths, DISTANCES);
    for (unsigned length = 3; length <= MATCH_MOST; length++) {
        unsigned s = length_symbol(length), code_bits = c->lengths[257 + s];

        c->match[length] = c->literal[257 + s] | (length - length_base[s]) << code_bits;
        c->match_bits[length] = (uint8_t)(code_bits + length_extra[s]);
    }
}

static void write_literals(struct encoder *e, const struct codes *c, const unsigned char *p,
                           size_t count)
{
    for (; count >= 3; count -= 3, p += 3) { /* 45 bits at most, beside 7 that wait */
        put_bits(e, c->literal[p[0]], c->lengths[p[0]]);
        put_bits(e, c->literal[p[1]], c->lengths[p[1]]);
        put_bits(e, c->literal[p[2]], c->lengths[p[2]]);
        drain(e);
    }
    for (; count > 0; count--, p++)
        put_bits(e, c->literal[*p], c->lengths[*p]);
    drain(e);
}

static void write_match(struct encoder *e, const struct codes *c, unsigned length,
                        unsigned distance)
{
    unsigned s = distance_symbol(distance);

    put_bits(e, c->match[length], c->match_bits[length]); /* 20 bits at most */
    put_bits(e, c->distance[s], c->distance_lengths[s]);
    put_bits(e, distance - distance_base[s], distance_extra(s));
    drain(e);
}

static void end_block(struct encoder *e, bool is_last)
{
    struct codes c;
    const unsigned char *p = e->text + e->block_start;

    make_codes(e, &c);
    /* no code is longer than 15 bits, a match than 48 */
    (void)buf_reserve(e->out, 2 * (e->at - e->block_start) + 8 * e->token_count + 1024);
    write_head(e, &c, is_last);
    for (size_t i = 0; i < e->token_count; i++) {
        const struct token *t = &e->tokens[i];

        write_literals(e, &c, p, t->literals);
        if (t->length > 0)
            write_match(e, &c, t->length, t->distance);
        p += t->literals + t->length;
    }
    put_bits(e, c.literal[END_OF_BLOCK], c.lengths[END_OF_BLOCK]);
    drain(e);
    e->block_start = e->at;
    e->token_count = 0;
    memset(e->literal_count, 0, sizeof e->literal_count);
    memset(e->distance_count, 0, sizeof e->distance_count);
}

static void add_token(struct encoder *e, size_t literals, size_t length, size_t distance)
{
    e->tokens[e->token_count++] =
        (struct token){ (uint32_t)literals, (uint16_t)length, (uint16_t)distance };
    for (size_t i = 0; i < literals; i++)
        e->literal_count[e->text[e->at + i]]++;
    if (length > 0) {
        e->literal_count[257 + length_symbol((unsigned)length)]++;
        e->distance_count[distance_symbol((unsigned)distance)]++;
    }
    e->at += literals + length;
    if (e->token_count == TOKENS)
        end_block(e, false);
}

/* How far the text at a and at b, behind it, is the same. */
static size_t same_bytes(const struct encoder *e, size_t a, size_t b)
{
    size_t n = 0;

    while (b + n + 8 <= e->len) {
        uint64_t differ = load(e->text + a + n) ^ load(e->text + b + n);

        if (differ)
            return n + (size_t)__builtin_ctzll(differ) / 8;
        n += 8;
    }
    while (b + n < e->len && e->text[a + n] == e->text[b + n])
        n++;
    return n;
}

static uint64_t mix(uint64_t h, uint64_t x)
{
    return (h ^ x) * 0x9e3779b97f4a7c15u;
}

static uint64_t mix_two(uint64_t x, uint64_t y)
{
    return x * 0x9e3779b97f4a7c15u ^ y * 0xd6e8feb86659fd93u;
}

/* A match of any length, in pieces, behind the literals up to it. */
static void add_match(struct encoder *e, size_t from, size_t length, size_t distance)
{
    size_t literals = from - e->at;

    while (length > 0) {
        size_t piece = length < MATCH_MOST ? length : MATCH_MOST;

        if (length > MATCH_MOST && length < MATCH_MOST + 3) /* the rest would be too short */
            piece = MATCH_MOST - 3;
        add_token(e, literals, piece, distance);
        literals = 0;
        length -= piece;
    }
}

/* What matched nothing is new, or stood inside a member that differs: its parts are looked for
 * among what was new before. */
static void add_fresh(struct encoder *e, size_t end)
{
    size_t misses = 0;

    for (size_t at = e->at; at + 8 <= end;) {
        uint32_t *slot =
            &e->by_fresh[(uint32_t)(mix(load(e->text + at) << 24, 0) >> (64 - FRESH_BITS))];
        size_t place = *slot, length = 0;

        *slot = (uint32_t)at + 1;
        if (place > 0 && at - (place - 1) <= WINDOW)
            length = same_bytes(e, place - 1, at);
        if (length > end - at)
            length = end - at;
        if (length < FRESH_LEAST) {
            at += 1 + misses++ / 16; /* in what is chance nothing repeats */
            continue;
        }
        add_match(e, at, length, at - (place - 1));
        at += length;
        misses = 0;
    }
}

struct member {
    size_t start, end;
    uint32_t key, half, whole;
};

/* Of the member from start to end, and of how it begins; at least 16 bytes of text begin there. */
static struct member hash_member(const struct encoder *e, size_t start, size_t end)
{
    const unsigned char *p = e->text + start;
    size_t n = end - start < WHOLE_BYTES ? end - start : WHOLE_BYTES;
    uint64_t first = load(p), h = n;
    struct member m = { start, end, (uint32_t)(mix(first, 0) >> (64 - KEY_BITS)), 0, 0 };

    m.half = (uint32_t)(mix_two(first, load(p + 8)) >> (64 - KEY_BITS));
    if (n < 8)
        h = mix(h, first & ((1ull << 8 * n) - 1));
    else if (n < 16)
        h = mix_two(h ^ first, load(p + n - 8));
    for (size_t i = 0; n >= 16 && i < n; i += 16) {
        size_t at = i + 16 <= n ? i : n - 16;
        h = mix_two(h ^ load(p + at), load(p + at + 8));
        h ^= h >> 32;
    }
    m.whole = (uint32_t)(h >> 32);
    return m;
}

static void try_place(const struct encoder *e, size_t place, size_t b, size_t *best,
                      size_t *distance)
{
    size_t n;

    if (b - place > WINDOW || b - place == *distance)
        return;
    n = same_bytes(e, place, b);
    if (n > *best) {
        *best = n;
        *distance = b - place;
    }
}

static void visit(struct encoder *e, const struct member *m, const struct member *next)
{
    uint32_t *pair = &e->by_pair[(uint32_t)(mix(m->whole, next->whole) >> (64 - WHOLE_BITS))];
    uint32_t *whole = &e->by_whole[m->whole >> (32 - WHOLE_BITS)], *key = &e->by_key[m->key];
    uint32_t *half = &e->by_half[m->half];
    uint32_t places[4] = { *pair, *whole, *half, *key };
    size_t best = 0, distance = 0;

    *pair = *whole = *half = *key = (uint32_t)m->start + 1;
    if (m->end <= e->at)
        return; /* within a match */
    size_t from = m->start < e->at ? e->at : m->start, shift = from - m->start;
    for (int i = 0; i < 4 && best < MATCH_ENOUGH; i++)
        if (places[i])
            try_place(e, places[i] - 1 + shift, from, &best, &distance);
    for (int i = 0; i < 2 && best < MATCH_ENOUGH; i++)
        if (e->distances[i])
            try_place(e, from - e->distances[i], from, &best, &distance);
    if (best < MATCH_LEAST)
        return;
    add_fresh(e, from);
    add_match(e, from, best, distance);
    if (distance != e->distances[0]) {
        e->distances[1] = e->distances[0];
        e->distances[0] = distance;
    }
}

/* A bit for each of the 16 bytes at p that is c, the first one lowest. */
#if defined __SSE2__
static uint32_t equal_16(const unsigned char *p, char c)
{
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);

    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_set1_epi8(c)));
}
#else
static uint32_t equal_8(uint64_t x, char c)
{
    uint64_t t = x ^ 0x0101010101010101u * (unsigned char)c, low = 0x7f7f7f7f7f7f7f7fu;
    uint64_t hits = ~(((t & low) + low) | t | low); /* 0x80 in each byte that is c */

    return (uint32_t)((hits >> 7) * 0x0102040810204080u >> 56);
}

static uint32_t equal_16(const unsigned char *p, char c)
{
    return equal_8(load(p), c) | equal_8(load(p + 8), c) << 8;
}
#endif

/* Where members begin from *at on: a quote behind a comma or a brace. *at moves to where to go on.
 */
static size_t find_starts(struct encoder *e, size_t *at)
{
    size_t count = 0, i = *at;
    uint32_t before = i > 0 && (e->text[i - 1] == ',' || e->text[i - 1] == '{');

    for (; i + 32 <= e->len && count + 16 <= STARTS; i += 16) {
        const unsigned char *p = e->text + i;
        uint32_t opens = equal_16(p, ',') | equal_16(p, '{');
        uint32_t found = equal_16(p, '"') & (opens << 1 | before);

        before = opens >> 15;
        for (; found; found &= found - 1)
            e->starts[count++] = (uint32_t)(i + (size_t)__builtin_ctz(found));
    }
    *at = i + 32 <= e->len ? i : e->len; /* the last bytes begin nothing worth a match */
    return count;
}

static void encode(struct encoder *e)
{
    struct member m[2] = { { 0 } }; /* the last one, and the one before it */
    size_t at = 0, last = SIZE_MAX; /* last: a member that waits for its end */

    while (at < e->len) {
        size_t count = find_starts(e, &at);

        for (size_t i = 0; i < count; i++) {
            if (last != SIZE_MAX) {
                m[0] = m[1];
                m[1] = hash_member(e, last, e->starts[i]);
                if (m[0].end)
                    visit(e, &m[0], &m[1]);
            }
            last = e->starts[i];
        }
    }
    if (m[1].end)
        visit(e, &m[1], &m[1]);
}

void deflate_records(struct buf *out, struct str bytes)
{
    struct encoder *e = mem_alloc(sizeof *e);

    assert(bytes.len < UINT32_MAX);
    e->text = (const unsigned char *)bytes.ptr;
    e->len = bytes.len;
    e->out = out;
    encode(e);
    add_fresh(e, e->len);
    if (e->at < e->len)
        add_token(e, e->len - e->at, 0, 0);
    end_block(e, true);
    if (e->bit_count > 0)
        buf_add_char(out, (char)e->bits);
    mem_free(e);
}
