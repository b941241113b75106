#include "core/codec/deflate.h"

#include <assert.h>
#if defined __SSE2__
#include <emmintrin.h>
#endif

#include "core/base/mem.h"
#include "core/codec/deflate_block.h"
#include "core/codec/load.h"

enum {
    REPEAT_LEAST = 5,
    REPEAT_ENOUGH = 140, /* no longer one is looked for */
    KEY_BITS = 10,
    WHOLE_BITS = 12,
    FRESH_BITS = 13,
    FRESH_LEAST = 5,
    FOUND_HINTS = 2048
};

struct encoder {
    struct block block;
    const unsigned char *text;
    size_t len;
    size_t at;       /* text before this is in the block */
    size_t searched; /* there is nothing fresh to be looked for before this */
    /* The low bits of where the last member with that beginning stands, the last one that was the
     * same, the last two that were. Nothing is kept of whether there was one: bytes are compared.
     */
    uint16_t by_key[1 << KEY_BITS], by_half[1 << KEY_BITS];
    uint16_t by_whole[1 << WHOLE_BITS], by_pair[1 << WHOLE_BITS];
    uint32_t by_fresh[1 << FRESH_BITS];
    size_t distances[2]; /* of the last matches, two different ones */
    struct hint found[FOUND_HINTS];
};

/* How far the text at a and at b, behind it, is the same. */
static inline size_t same_bytes(const struct encoder *e, size_t a, size_t b)
{
    size_t n = 0;

#if defined __SSE2__
    for (; b + n + 16 <= e->len; n += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(e->text + a + n));
        __m128i y = _mm_loadu_si128((const __m128i *)(const void *)(e->text + b + n));
        unsigned differ = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, y)) ^ 0xffff;

        if (differ)
            return n + (size_t)__builtin_ctz(differ);
    }
#endif
    for (; b + n + 8 <= e->len; n += 8) {
        uint64_t differ = load_8(e->text + a + n) ^ load_8(e->text + b + n);

        if (differ)
            return n + (size_t)__builtin_ctzll(differ) / 8;
    }
    while (b + n < e->len && e->text[a + n] == e->text[b + n])
        n++;
    return n;
}

/* A repeat of any length, in pieces, behind the literals up to it. */
static void add_repeat(struct encoder *e, size_t from, size_t length, size_t distance)
{
    size_t literals = from - e->at;

    e->at = from + length;
    while (length > 0) {
        size_t piece = length < MATCH_MOST ? length : MATCH_MOST;

        if (length > MATCH_MOST && length < MATCH_MOST + MATCH_LEAST) /* the rest: too short */
            piece = MATCH_MOST - MATCH_LEAST;
        block_add(&e->block, literals, piece, distance);
        literals = 0;
        length -= piece;
    }
}

/* What matched nothing is new, or stood inside a member that differs: its parts are looked for
 * among what was new before. */
static void add_fresh(struct encoder *e, size_t end)
{
    size_t misses = 0;

    for (size_t at = e->searched > e->at ? e->searched : e->at; at + 8 <= end;) {
        uint64_t h = (load_8(e->text + at) << 24) * 0x9e3779b97f4a7c15u;
        uint32_t *slot = &e->by_fresh[h >> (64 - FRESH_BITS)];
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
        add_repeat(e, at, length, at - (place - 1));
        at += length;
        misses = 0;
    }
    e->searched = end;
}

struct repeat {
    size_t length, distance;
};

/* What stood distance before: is it longer than the best that was found? */
static inline void try_distance(const struct encoder *e, size_t distance, size_t at,
                                struct repeat *best)
{
    if (distance - 1 >= WINDOW || distance > at || distance == best->distance)
        return;
    size_t n = same_bytes(e, at - distance, at);
    if (n > best->length)
        *best = (struct repeat){ n, distance };
}

static void take(struct encoder *e, size_t from, const struct repeat *r)
{
    size_t back = 0; /* what ends the value before is often the same as well */

    add_fresh(e, from);
    while (from - back > e->at && from - back > r->distance &&
           e->text[from - back - 1] == e->text[from - back - 1 - r->distance])
        back++;
    add_repeat(e, from - back, r->length + back, r->distance);
    if (r->distance != e->distances[0]) {
        e->distances[1] = e->distances[0];
        e->distances[0] = r->distance;
    }
}

/* What is worth a look, the likeliest first: a repeat of all of the member will do. */
static struct repeat find_repeat(const struct encoder *e, const uint16_t *distances, size_t from,
                                 size_t enough)
{
    struct repeat best = { 0 };

    for (int i = 0; i < 4 && best.length < enough; i++)
        try_distance(e, distances[i], from, &best);
    for (int i = 0; i < 2 && best.length < enough; i++)
        try_distance(e, e->distances[i], from, &best);
    return best;
}

static uint32_t pair_of(const struct hint *m, const struct hint *next)
{
    return ((m->tag ^ next->tag >> 7) * 0x9e3779b1u) >> (32 - WHOLE_BITS);
}

static inline void visit(struct encoder *e, const struct hint *m, const struct hint *next)
{
    uint16_t *pair = &e->by_pair[pair_of(m, next)];
    uint16_t *whole = &e->by_whole[m->tag >> (32 - WHOLE_BITS)];
    uint16_t *half = &e->by_half[m->tag >> KEY_BITS & ((1 << KEY_BITS) - 1)];
    uint16_t *key = &e->by_key[m->tag & ((1 << KEY_BITS) - 1)];
    uint16_t at = (uint16_t)m->at;
    uint16_t distances[4] = { (uint16_t)(at - *pair), (uint16_t)(at - *whole),
                              (uint16_t)(at - *half), (uint16_t)(at - *key) };

    *pair = *whole = *half = *key = at;
    if (next->at <= e->at)
        return; /* within a repeat */
    size_t from = m->at < e->at ? e->at : m->at, left = next->at - from;
    struct repeat r = find_repeat(e, distances, from, left < REPEAT_LEAST ? REPEAT_LEAST : left);

    if (r.length >= REPEAT_LEAST)
        take(e, from, &r);
}

static void skip_chance(struct encoder *e, const struct hint *m, const struct hint *next)
{
    add_fresh(e, m->at);
    e->searched = next->at;
}

static void encode(struct encoder *e, const struct hint *m, size_t count, const struct hint *last)
{
    for (size_t i = 0; i < count; i++) {
        const struct hint *next = i + 1 < count ? m + i + 1 : last;

        if (m[i].tag == HINT_CHANCE)
            skip_chance(e, m + i, next);
        else
            visit(e, m + i, next);
    }
}

/* The last hint found waits for the one behind it. */
static void find_and_encode(struct encoder *e, struct str text)
{
    struct hint waiting = { 0 }, end = { (uint32_t)text.len, 0 };
    bool waits = false;
    size_t at = 0;

    while (at < text.len) {
        size_t count = hints_find(text, &at, e->found, FOUND_HINTS);

        if (count == 0)
            continue;
        if (waits)
            encode(e, &waiting, 1, e->found);
        waiting = e->found[count - 1];
        waits = true;
        encode(e, e->found, count - 1, &waiting);
    }
    if (waits)
        encode(e, &waiting, 1, &end);
}

void deflate_records(struct buf *out, struct str bytes, const struct hints *known)
{
    struct encoder *e = mem_alloc(sizeof *e);
    struct hint end = { (uint32_t)bytes.len, 0 };

    assert(bytes.len < UINT32_MAX);
    assert(!known || known->count == 0 || known->items[known->count - 1].at <= bytes.len);
    e->text = (const unsigned char *)bytes.ptr;
    e->len = bytes.len;
    block_start(&e->block, out, bytes);
    if (known)
        encode(e, known->items, known->count, &end);
    else
        find_and_encode(e, bytes);
    add_fresh(e, e->len);
    if (e->at < e->len)
        block_add(&e->block, e->len - e->at, 0, 0);
    block_end(&e->block);
    mem_free(e);
}
