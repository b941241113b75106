#include "core/codec/deflate_block.h"

#include "core/codec/huffman.h"

enum { END_OF_BLOCK = 256, LITERAL_BITS_MOST = 14, DISTANCE_BITS_MOST = 15 };

/* Symbol, further bits and first value of each length and distance code.
 * Source: RFC 1951, 3.2.5. */
static const uint16_t length_base[29] = { 3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                          15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                          67, 83, 99, 115, 131, 163, 195, 227, 258 };
static const uint8_t length_extra[29] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                          2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
static const uint16_t distance_base[BLOCK_DISTANCES] = {
    1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
    193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577
};

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

/* Bits on their way to memory, where room was reserved. Copied out of and into the block, so that
 * they stay in registers meanwhile. */
struct writer {
    uint64_t bits;
    unsigned count;
    char *to;
};

static inline void put(struct writer *w, uint64_t bits, unsigned count)
{
    w->bits |= bits << w->count;
    w->count += count;
}

/* To memory what is whole bytes: at most 7 bits stay, so 56 more can follow. */
static inline void drain(struct writer *w)
{
    uint64_t x = w->bits;
    unsigned whole = w->count & ~7u;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    memcpy(w->to, &x, sizeof x);
    w->to += whole / 8;
    w->bits >>= whole; /* of 63 at most */
    w->count -= whole;
}

/* Code lengths of both alphabets, runs folded. Source: RFC 1951, 3.2.7. */
struct folded {
    uint8_t symbol[BLOCK_LITERALS + BLOCK_DISTANCES], extra[BLOCK_LITERALS + BLOCK_DISTANCES];
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

/* What one put takes: the bits, and from bit 24 on how many. */
static uint32_t packed(uint32_t bits, unsigned count)
{
    return bits | count << 24;
}

static inline void put_packed(struct writer *w, uint32_t p)
{
    put(w, p & 0xffffff, p >> 24);
}

/* What a block is written with. */
struct codes {
    uint8_t lengths[BLOCK_LITERALS + BLOCK_DISTANCES]; /* as they are sent */
    uint32_t literal[BLOCK_LITERALS], distance[BLOCK_DISTANCES];
    uint32_t match[MATCH_MOST + 1]; /* with the further bits of each length */
};

struct counts {
    uint32_t literal[BLOCK_LITERALS], distance[BLOCK_DISTANCES];
};

static void write_head(struct writer *w, const struct codes *c, bool is_last)
{
    static const uint8_t order[19] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                       11, 4,  12, 3, 13, 2, 14, 1, 15 };
    static const uint8_t extra_bits[19] = { [16] = 2, [17] = 3, [18] = 7 };
    struct folded f = { 0 };
    uint8_t lengths[19];
    uint16_t codes[19];
    unsigned sent = 19;

    fold(&f, c->lengths, sizeof c->lengths);
    huffman_lengths(f.frequency, 19, 7, lengths);
    huffman_codes(lengths, 19, codes);
    while (sent > 4 && lengths[order[sent - 1]] == 0)
        sent--;
    put(w, is_last | 2u << 1, 3);
    put(w, BLOCK_LITERALS - 257, 5);
    put(w, BLOCK_DISTANCES - 1, 5);
    put(w, sent - 4, 4);
    drain(w);
    for (unsigned i = 0; i < sent; i++) {
        put(w, lengths[order[i]], 3);
        drain(w);
    }
    for (size_t i = 0; i < f.count; i++) {
        unsigned s = f.symbol[i];

        put(w, codes[s], lengths[s]);
        put(w, f.extra[i], extra_bits[s]);
        drain(w);
    }
}

static void make_codes(const struct counts *n, struct codes *c)
{
    uint8_t *lengths = c->lengths, *distance_lengths = c->lengths + BLOCK_LITERALS;
    uint16_t codes[BLOCK_LITERALS];

    huffman_lengths(n->distance, BLOCK_DISTANCES, DISTANCE_BITS_MOST, distance_lengths);
    huffman_codes(distance_lengths, BLOCK_DISTANCES, codes);
    for (size_t i = 0; i < BLOCK_DISTANCES; i++)
        c->distance[i] = packed(codes[i], distance_lengths[i]);
    huffman_lengths(n->literal, BLOCK_LITERALS, LITERAL_BITS_MOST, lengths);
    huffman_codes(lengths, BLOCK_LITERALS, codes);
    for (size_t i = 0; i < BLOCK_LITERALS; i++)
        c->literal[i] = packed(codes[i], lengths[i]);
    for (unsigned length = MATCH_LEAST; length <= MATCH_MOST; length++) {
        unsigned s = length_symbol(length), bits = lengths[257 + s];

        c->match[length] =
            packed(codes[257 + s] | (length - length_base[s]) << bits, bits + length_extra[s]);
    }
}

static size_t count_tokens(const struct block *b, struct counts *n)
{
    const unsigned char *p = b->from;

    for (size_t i = 0; i < b->count; i++) {
        const struct token *t = &b->tokens[i];

        for (const unsigned char *end = p + t->literals; p < end; p++)
            n->literal[*p]++;
        if (t->length > 0) {
            n->literal[257 + length_symbol(t->length)]++;
            n->distance[distance_symbol(t->distance)]++;
        }
        p += t->length;
    }
    n->literal[END_OF_BLOCK] = 1;
    return (size_t)(p - b->from);
}

/* LITERAL_BITS_MOST allows four of them between two drains. */
static inline void write_literals(struct writer *w, const struct codes *c, const unsigned char *p,
                                  size_t count)
{
    for (; count >= 4; count -= 4, p += 4) {
        put_packed(w, c->literal[p[0]]);
        put_packed(w, c->literal[p[1]]);
        put_packed(w, c->literal[p[2]]);
        put_packed(w, c->literal[p[3]]);
        drain(w);
    }
    for (; count > 0; count--, p++)
        put_packed(w, c->literal[*p]);
    drain(w);
}

/* 19 bits and 28 at most. */
static inline void write_match(struct writer *w, const struct codes *c, const struct token *t)
{
    unsigned s = distance_symbol(t->distance);

    put_packed(w, c->match[t->length]);
    put_packed(w, c->distance[s]);
    put(w, t->distance - distance_base[s], distance_extra(s));
    drain(w);
}

static void write_tokens(struct writer *w, const struct block *b, const struct codes *c)
{
    const unsigned char *p = b->from;

    for (size_t i = 0; i < b->count; i++) {
        const struct token *t = &b->tokens[i];

        write_literals(w, c, p, t->literals);
        if (t->length > 0)
            write_match(w, c, t);
        p += t->literals + t->length;
    }
    put_packed(w, c->literal[END_OF_BLOCK]);
    drain(w);
}

void block_start(struct block *b, struct buf *out, struct str text)
{
    b->text = b->from = (const unsigned char *)text.ptr;
    b->out = out;
    b->bits = 0;
    b->bit_count = 0;
    b->count = 0;
}

void block_write(struct block *b, bool is_last)
{
    struct counts n = { 0 };
    struct codes c;
    size_t len = count_tokens(b, &n);

    make_codes(&n, &c);
    /* no literal takes more than 14 bits, no match more than 47, no drain more than 8 bytes */
    char *to = buf_reserve(b->out, 2 * len + 8 * b->count + 1024);
    struct writer w = { b->bits, b->bit_count, to };

    write_head(&w, &c, is_last);
    write_tokens(&w, b, &c);
    b->out->len += (size_t)(w.to - to);
    b->bits = w.bits;
    b->bit_count = w.count;
    b->from = b->text;
    b->count = 0;
}

void block_end(struct block *b)
{
    block_write(b, true);
    if (b->bit_count > 0)
        buf_add_char(b->out, (char)b->bits);
}
