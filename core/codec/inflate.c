#include "core/codec/inflate.h"

#include "core/base/mem.h"
#include "core/codec/crc.h"

/* Source: RFC 1951; the tables' layout is that of libdeflate: an entry says all that decoding a
 * code needs, its extra bits among it. */
enum {
    LITERAL_BITS = 11,
    DISTANCE_BITS = 8,
    LENGTH_BITS = 7,
    LITERAL_SYMBOLS = 288,
    DISTANCE_SYMBOLS = 32,
    LENGTH_SYMBOLS = 19,
    CODE_MOST = 15,
    /* Second tables: each holds two codes or more, and is as wide as the longest code needs. */
    LITERAL_ENTRIES = (1 << LITERAL_BITS) + 144 * 16,
    DISTANCE_ENTRIES = (1 << DISTANCE_BITS) + 15 * 128,
    MATCH_MOST = 258,
    COPY_SLACK = 16, /* bytes that a copy may write behind its end */
    INPUT_SLACK = 8, /* bytes that a refill may read */
};

/* The loop over codes is one function: its cursor then stays in registers. */
#define HOT static inline __attribute__((always_inline))

/* An entry: bits 0-7 how many bits it takes in all, 8-15 how many of them are the code; 16-27 a
 * literal, or a base; the flags below. */
#define IS_LITERAL 0x80000000u
#define IS_SPECIAL 0x40000000u /* the end of the block, a second table, or no code */
#define IS_TABLE   0x20000000u /* with IS_SPECIAL: base says where, bits 8-15 its width */
#define NO_CODE    (IS_SPECIAL | 0x10000000u)
#define BASE(e)    ((e) >> 16 & 0xfff)

/* Where reading and writing stand. The hot loop has one of its own, for a compiler can't keep in
 * registers what a byte that is written might be. */
struct cursor {
    const unsigned char *in, *in_end;
    uint64_t bits;
    int bit_count; /* below zero: more was taken than there was */
    unsigned char *out_start, *out, *out_end;
};

struct inflate {
    struct cursor at;
    uint32_t literals[LITERAL_ENTRIES], distances[DISTANCE_ENTRIES];
    uint32_t lengths[1 << LENGTH_BITS];
    unsigned char code_lengths[LITERAL_SYMBOLS + DISTANCE_SYMBOLS];
    uint32_t literal_symbols[LITERAL_SYMBOLS], distance_symbols[DISTANCE_SYMBOLS],
        length_symbols[LENGTH_SYMBOLS];
};

/* ---- bits ---- */

HOT void refill(struct cursor *z)
{
    if (z->in_end - z->in >= INPUT_SLACK) {
        uint64_t word;

        memcpy(&word, z->in, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        z->bits |= word << z->bit_count;
        z->in += (63 - z->bit_count) >> 3;
        z->bit_count |= 56;
        return;
    }
    while (z->bit_count <= 56 && z->in < z->in_end) {
        z->bits |= (uint64_t)*z->in++ << z->bit_count;
        z->bit_count += 8;
    }
}

HOT unsigned take(struct cursor *z, unsigned count)
{
    unsigned value = (unsigned)(z->bits & ((1u << count) - 1));

    z->bits >>= count;
    z->bit_count -= (int)count;
    return value;
}

/* ---- tables ---- */

static uint32_t reversed(uint32_t code, unsigned bits)
{
    uint32_t out = 0;

    for (unsigned i = 0; i < bits; i++)
        out |= (code >> i & 1) << (bits - 1 - i);
    return out;
}

/* What a symbol's entry says beside its code's length: a literal or base, and the extra bits. */
static uint32_t literal_symbol(unsigned symbol)
{
    static const uint16_t base[] = { 3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                     15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                     67, 83, 99, 115, 131, 163, 195, 227, 258 };
    static const uint8_t extra[] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                     2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };

    if (symbol < 256)
        return IS_LITERAL | symbol << 16;
    if (symbol == 256)
        return IS_SPECIAL;
    if (symbol - 257 >= COUNT(base))
        return NO_CODE;
    return (uint32_t)base[symbol - 257] << 16 | extra[symbol - 257];
}

/* Bases of distances do not fit: they are 1 + (2 or 3) << extra bits. */
static uint32_t distance_symbol(unsigned symbol)
{
    if (symbol >= 30)
        return NO_CODE;
    return symbol << 16 | (symbol < 4 ? 0 : symbol / 2 - 1);
}

struct inflate *inflate_open(void)
{
    struct inflate *z = mem_alloc(sizeof *z);

    for (unsigned i = 0; i < LITERAL_SYMBOLS; i++)
        z->literal_symbols[i] = literal_symbol(i);
    for (unsigned i = 0; i < DISTANCE_SYMBOLS; i++)
        z->distance_symbols[i] = distance_symbol(i);
    for (unsigned i = 0; i < LENGTH_SYMBOLS; i++)
        z->length_symbols[i] = i << 16;
    return z;
}

void inflate_close(struct inflate *z)
{
    mem_free(z);
}

struct table {
    uint32_t *entries;
    size_t room;
    unsigned bits; /* of the first table */
    const uint32_t *symbols;
};

/* An unused symbol that has a code all the same keeps no bits: it is not taken, but refused. */
static inline uint32_t entry_of(const struct table *t, unsigned symbol, unsigned length)
{
    uint32_t e = t->symbols[symbol];

    return e == NO_CODE ? e : e + (length << 8 | length);
}

struct codes { /* of each length, how many, and the next one */
    unsigned count[CODE_MOST + 1], next[CODE_MOST + 1];
    unsigned longest;
    bool is_complete; /* every run of bits begins with one of them */
};

/* False: more codes than there is room for, or fewer, one alone excepted. */
static bool count_codes(const unsigned char *lengths, size_t symbols, struct codes *c)
{
    unsigned code = 0, used = 0;
    int left = 1;

    *c = (struct codes){ .longest = 0 };
    for (size_t i = 0; i < symbols; i++)
        c->count[lengths[i]]++;
    c->count[0] = 0;
    for (unsigned i = 1; i <= CODE_MOST; i++) {
        left = 2 * left - (int)c->count[i];
        if (left < 0)
            return false;
        code = (code + c->count[i - 1]) << 1;
        c->next[i] = code;
        used += c->count[i];
        if (c->count[i])
            c->longest = i;
    }
    c->is_complete = left == 0;
    return left == 0 || used <= 1;
}

/* Where the codes that begin with these bits go on: a second table, made when it is first met. */
static uint32_t *second_table(const struct table *t, size_t *used, uint32_t first, unsigned longest)
{
    uint32_t *slot = &t->entries[first];
    unsigned width = longest - t->bits;

    if (*slot == NO_CODE) {
        if (*used + (1u << width) > t->room)
            return NULL;
        for (size_t i = 0; i < 1u << width; i++)
            t->entries[*used + i] = NO_CODE;
        *slot = IS_SPECIAL | IS_TABLE | (uint32_t)(*used - ((size_t)1 << t->bits)) << 16 |
                width << 8 | t->bits;
        *used += 1u << width;
    }
    return &t->entries[((size_t)1 << t->bits) + BASE(*slot)];
}

static bool make_table(const struct table *t, const unsigned char *lengths, size_t symbols)
{
    struct codes c;
    size_t used = (size_t)1 << t->bits;

    if (!count_codes(lengths, symbols, &c))
        return false;
    for (size_t i = 0; i < used && (!c.is_complete || c.longest > t->bits); i++)
        t->entries[i] = NO_CODE;
    for (unsigned s = 0; s < symbols; s++) {
        unsigned length = lengths[s];

        if (length == 0)
            continue;
        uint32_t code = reversed(c.next[length]++, length);

        if (length <= t->bits) {
            for (size_t i = code; i < (size_t)1 << t->bits; i += (size_t)1 << length)
                t->entries[i] = entry_of(t, s, length);
            continue;
        }
        uint32_t *second = second_table(t, &used, code & ((1u << t->bits) - 1), c.longest);

        if (!second)
            return false;
        for (size_t i = code >> t->bits; i < (size_t)1 << (c.longest - t->bits);
             i += (size_t)1 << (length - t->bits))
            second[i] = entry_of(t, s, length);
    }
    return true;
}

static bool make_tables(struct inflate *z, size_t literal_count, size_t distance_count)
{
    struct table literals = { z->literals, LITERAL_ENTRIES, LITERAL_BITS, z->literal_symbols };
    struct table distances = { z->distances, DISTANCE_ENTRIES, DISTANCE_BITS, z->distance_symbols };

    return make_table(&literals, z->code_lengths, literal_count) &&
           make_table(&distances, z->code_lengths + literal_count, distance_count);
}

static bool fixed_tables(struct inflate *z)
{
    for (unsigned i = 0; i < LITERAL_SYMBOLS; i++) {
        unsigned char length = 8;

        if (i >= 144 && i < 256)
            length = 9;
        if (i >= 256 && i < 280)
            length = 7;
        z->code_lengths[i] = length;
    }
    memset(z->code_lengths + LITERAL_SYMBOLS, 5, DISTANCE_SYMBOLS);
    return make_tables(z, LITERAL_SYMBOLS, DISTANCE_SYMBOLS);
}

/* Code lengths, themselves coded. Source: RFC 1951, 3.2.7. */
static bool read_lengths(struct inflate *z, unsigned count)
{
    unsigned n = 0;

    while (n < count) {
        refill(&z->at);
        uint32_t e = z->lengths[z->at.bits & ((1u << LENGTH_BITS) - 1)];
        unsigned symbol = BASE(e), times = 1;
        unsigned char value = (unsigned char)symbol;

        if (e & IS_SPECIAL)
            return false;
        (void)take(&z->at, e & 0xff); /* the code itself */
        if (symbol > 16)
            value = 0;
        if (symbol == 16 && n == 0)
            return false;
        if (symbol == 16)
            value = z->code_lengths[n - 1];
        if (symbol == 16)
            times = 3 + take(&z->at, 2);
        else if (symbol == 17)
            times = 3 + take(&z->at, 3);
        else if (symbol == 18)
            times = 11 + take(&z->at, 7);
        if (z->at.bit_count < 0 || n + times > count)
            return false;
        memset(z->code_lengths + n, value, times);
        n += times;
    }
    return true;
}

static bool dynamic_tables(struct inflate *z)
{
    static const uint8_t order[] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                     11, 4,  12, 3, 13, 2, 14, 1, 15 };
    struct table lengths = { z->lengths, (size_t)1 << LENGTH_BITS, LENGTH_BITS, z->length_symbols };
    unsigned char own[sizeof order] = { 0 };

    refill(&z->at);
    unsigned literal_count = 257 + take(&z->at, 5), distance_count = 1 + take(&z->at, 5);
    unsigned own_count = 4 + take(&z->at, 4);

    for (unsigned i = 0; i < own_count; i++) {
        refill(&z->at);
        own[order[i]] = (unsigned char)take(&z->at, 3);
    }
    if (z->at.bit_count < 0 || literal_count > 286 || distance_count > 30 ||
        !make_table(&lengths, own, sizeof own) || !read_lengths(z, literal_count + distance_count))
        return false;
    if (z->code_lengths[256] == 0)
        return false;
    return make_tables(z, literal_count, distance_count);
}

/* ---- a block ---- */

/* Eight bytes at a time, in groups of two: what is written too much is overwritten. */
HOT void copy_match(unsigned char *to, size_t distance, size_t length)
{
    const unsigned char *from = to - distance;
    unsigned char *end = to + length;

    if (distance >= 8) {
        do {
            memcpy(to, from, 8);
            to += 8;
            from += 8;
        } while (to < end);
    } else if (distance == 1) {
        memset(to, *from, length);
    } else {
        while (to < end)
            *to++ = *from++;
    }
}

HOT uint32_t find(const struct cursor *z, const uint32_t *table, unsigned bits)
{
    uint32_t e = table[z->bits & ((1u << bits) - 1)];

    if (__builtin_expect((e & (IS_LITERAL | IS_SPECIAL | IS_TABLE)) == (IS_SPECIAL | IS_TABLE), 0))
        e = table[(1u << bits) + BASE(e) + (z->bits >> bits & ((1u << (e >> 8 & 0xff)) - 1))];
    return e;
}

/* The base and the extra bits behind the code. */
HOT unsigned extra_of(uint64_t bits, uint32_t e)
{
    unsigned code = e >> 8 & 0xff, all = e & 0xff;

    return (unsigned)(bits >> code) & ((1u << (all - code)) - 1);
}

HOT void drop(struct cursor *z, uint32_t e)
{
    z->bits >>= e & 0xff;
    z->bit_count -= (int)(e & 0xff);
}

enum step { STEP_GO_ON, STEP_END, STEP_BAD, STEP_FULL };

/* A length that has been found: its distance, and the copy. The bits are refilled. */
HOT enum step step_match(struct cursor *z, const uint32_t *distances, uint32_t e)
{
    size_t length = BASE(e) + extra_of(z->bits, e), distance;

    drop(z, e);
    refill(z);
    e = find(z, distances, DISTANCE_BITS);
    if (e & IS_SPECIAL)
        return STEP_BAD;
    unsigned symbol = BASE(e);

    distance = symbol < 4
                   ? symbol + 1
                   : 1 + ((size_t)(2 + symbol % 2) << (symbol / 2 - 1)) + extra_of(z->bits, e);
    drop(z, e);
    if (z->bit_count < 0 || distance > (size_t)(z->out - z->out_start))
        return STEP_BAD;
    if (length > (size_t)(z->out_end - z->out))
        return STEP_FULL;
    copy_match(z->out, distance, length);
    z->out += length;
    return STEP_GO_ON;
}

/* One literal, length and distance, or the end. */
HOT enum step step_any(struct cursor *z, const uint32_t *distances, uint32_t e)
{
    if (e & IS_LITERAL) {
        drop(z, e);
        if (z->bit_count < 0)
            return STEP_BAD;
        if (z->out == z->out_end)
            return STEP_FULL;
        *z->out++ = (unsigned char)(e >> 16);
        return STEP_GO_ON;
    }
    if (e & IS_SPECIAL) {
        drop(z, e);
        return e == NO_CODE || z->bit_count < 0 ? STEP_BAD : STEP_END;
    }
    return step_match(z, distances, e);
}

static enum step inflate_codes(struct inflate *whole)
{
    struct cursor own = whole->at, *z = &own;
    const uint32_t *literals = whole->literals, *distances = whole->distances;
    enum step step = STEP_GO_ON;

    /* Two literals take at most 30 of 56 bits; what is short of room or input goes slowly. */
    while (step == STEP_GO_ON && z->out_end - z->out > MATCH_MOST + 4 &&
           z->in_end - z->in >= 2 * INPUT_SLACK) {
        refill(z);
        uint32_t e = find(z, literals, LITERAL_BITS);

        if (e & IS_LITERAL) {
            *z->out++ = (unsigned char)(e >> 16);
            drop(z, e);
            e = find(z, literals, LITERAL_BITS);
            if (e & IS_LITERAL) {
                *z->out++ = (unsigned char)(e >> 16);
                drop(z, e);
                e = find(z, literals, LITERAL_BITS);
            }
        }
        step = step_any(z, distances, e);
    }
    while (step == STEP_GO_ON) {
        refill(z);
        step = step_any(z, distances, find(z, literals, LITERAL_BITS));
    }
    whole->at = own;
    return step;
}

/* Source: RFC 1951, 3.2.4. */
static enum step inflate_stored(struct inflate *z)
{
    (void)take(&z->at, (unsigned)z->at.bit_count % 8); /* up to the byte */
    while (z->at.bit_count >= 8) {                     /* what was read ahead goes back */
        z->at.in--;
        z->at.bit_count -= 8;
    }
    z->at.bits = 0;
    z->at.bit_count = 0;
    if (z->at.in_end - z->at.in < 4)
        return STEP_BAD;
    size_t length = (size_t)z->at.in[0] | (size_t)z->at.in[1] << 8;
    size_t check = (size_t)z->at.in[2] | (size_t)z->at.in[3] << 8;

    z->at.in += 4;
    if (length != (check ^ 0xffff) || length > (size_t)(z->at.in_end - z->at.in))
        return STEP_BAD;
    if (length > (size_t)(z->at.out_end - z->at.out))
        return STEP_FULL;
    memcpy(z->at.out, z->at.in, length);
    z->at.in += length;
    z->at.out += length;
    return STEP_END;
}

static enum step inflate_block(struct inflate *z, bool *is_last)
{
    refill(&z->at);
    *is_last = take(&z->at, 1);
    unsigned kind = take(&z->at, 2);

    if (z->at.bit_count < 0 || kind == 3)
        return STEP_BAD;
    if (kind == 0)
        return inflate_stored(z);
    if (kind == 1 ? !fixed_tables(z) : !dynamic_tables(z))
        return STEP_BAD;
    return inflate_codes(z);
}

/* ---- the member ---- */

/* Behind the header; 0: there is none. Source: RFC 1952, 2.3. */
static size_t header_length(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t n = 10;

    if (s.len < 10 || p[0] != 0x1f || p[1] != 0x8b || p[2] != 8 || p[3] & 0xe0)
        return 0;
    if (p[3] & 4)
        n += s.len >= 12 ? 2 + ((size_t)p[10] | (size_t)p[11] << 8) : s.len;
    for (int flag = 8; flag <= 16; flag *= 2) {
        if (!(p[3] & flag) || n >= s.len)
            continue;
        const char *end = memchr(s.ptr + n, '\0', s.len - n);

        if (!end)
            return 0;
        n = (size_t)(end - s.ptr) + 1;
    }
    n += p[3] & 2 ? 2 : 0;
    return n < s.len ? n : 0;
}

static uint32_t u32_at(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int finish(struct inflate *z, struct str bytes, size_t *out_used, struct err *err)
{
    size_t length = (size_t)(z->at.out - z->at.out_start);

    (void)take(&z->at, (unsigned)z->at.bit_count % 8); /* up to the byte */
    z->at.in -= z->at.bit_count / 8;
    if (z->at.in_end - z->at.in < 8)
        return err_set(err, E_PARSE, "gzip: truncated");
    if (u32_at(z->at.in) != crc_of((struct str){ (const char *)z->at.out_start, length }))
        return err_set(err, E_PARSE, "gzip: incorrect data check");
    if (u32_at(z->at.in + 4) != (uint32_t)length)
        return err_set(err, E_PARSE, "gzip: incorrect length check");
    *out_used = (size_t)(z->at.in + 8 - (const unsigned char *)bytes.ptr);
    return 0;
}

/* What the member says of its own length, if it is the only one; a lie costs room, no more. */
static size_t told_length(struct str bytes, size_t most)
{
    size_t n = bytes.len >= 18 ? u32_at((const unsigned char *)bytes.ptr + bytes.len - 4) : 0;

    return n < most ? n : most;
}

static int run(struct inflate *z, struct str bytes, size_t head, size_t *out_used, struct err *err)
{
    bool is_last = false;
    enum step step = STEP_END;

    z->at.in = (const unsigned char *)bytes.ptr + head;
    z->at.in_end = (const unsigned char *)bytes.ptr + bytes.len;
    z->at.bits = 0;
    z->at.bit_count = 0;
    while (!is_last && step == STEP_END)
        step = inflate_block(z, &is_last);
    if (step == STEP_FULL)
        return E_LIMIT;
    if (step != STEP_END)
        return err_set(err, E_PARSE, "gzip: %s",
                       z->at.bit_count < 0 || z->at.in == z->at.in_end ? "truncated"
                                                                       : "invalid data");
    return finish(z, bytes, out_used, err);
}

int inflate_gzip(struct inflate *z, struct str bytes, size_t most, struct buf *out,
                 size_t *out_used, struct err *err)
{
    size_t head = header_length(bytes), room = told_length(bytes, most) + 1;
    int rc;

    if (head == 0)
        return err_set(err, E_PARSE, "gzip: incorrect header check");
    for (;;) {
        z->at.out_start = z->at.out = (unsigned char *)buf_reserve(out, room + COPY_SLACK);
        z->at.out_end = z->at.out_start + room;
        rc = run(z, bytes, head, out_used, err);
        if (rc != E_LIMIT || room > most)
            break;
        room = 4 * room < most ? 4 * room : most + 1; /* it said too little: once more */
    }
    size_t length = (size_t)(z->at.out - z->at.out_start);

    if (rc == E_LIMIT || (rc == 0 && length > most))
        return err_set(err, E_LIMIT, "gzip: inflates to more than %zu bytes", most);
    if (rc == 0)
        out->len += length;
    return rc;
}
