#include "core/codec/hints.h"

#if defined __SSE2__
#include <emmintrin.h>
#endif

#include "core/base/mem.h"
#include "core/codec/load.h"

enum {
    WHOLE_BYTES = 128, /* of a member that count for its hash */
    GAP_LEAST = 24     /* from one hint to the next */
};

void hints_free(struct hints *h)
{
    mem_free(h->items);
    *h = (struct hints){ 0 };
}

void hints_clear(struct hints *h)
{
    h->count = 0;
}

static struct hint *room(struct hints *h, size_t more)
{
    if (h->cap - h->count < more) {
        h->cap = 2 * h->cap + more + 64;
        h->items = mem_realloc(h->items, h->cap * sizeof *h->items);
    }
    return h->items + h->count;
}

void hints_put(struct hints *h, size_t at, uint32_t tag)
{
    *room(h, 1) = (struct hint){ (uint32_t)at, tag };
    h->count++;
}

void hints_add(struct hints *h, const struct hint *from, size_t count, size_t by)
{
    struct hint *to = room(h, count);
    size_t i = 0;

#if defined __SSE2__
    __m128i move = _mm_set_epi32(0, (int)by, 0, (int)by);

    for (; i + 2 <= count; i += 2) {
        __m128i two = _mm_loadu_si128((const __m128i *)(const void *)(from + i));
        _mm_storeu_si128((__m128i *)(void *)(to + i), _mm_add_epi32(two, move));
    }
#endif
    for (; i < count; i++)
        to[i] = (struct hint){ from[i].at + (uint32_t)by, from[i].tag };
    h->count += count;
}

static uint64_t mix(uint64_t x)
{
    return x * 0x9e3779b97f4a7c15u;
}

static uint64_t mix_two(uint64_t x, uint64_t y)
{
    return mix(x) ^ y * 0xd6e8feb86659fd93u;
}

/* Zeros stand behind the end. */
static uint64_t load_most(const unsigned char *p, const unsigned char *end)
{
    uint64_t x = 0;

    if (p + sizeof x <= end)
        return load_8(p);
    for (size_t i = 0; p + i < end; i++)
        x |= (uint64_t)p[i] << 8 * i;
    return x;
}

static uint64_t hash_whole(const unsigned char *p, size_t n, uint64_t first)
{
    uint64_t h = n;

    if (n < 8)
        return mix(h ^ (first & ((1ull << 8 * n) - 1)));
    if (n < 16)
        return mix_two(h ^ first, load_8(p + n - 8));
    for (size_t i = 0; i < n; i += 16) {
        size_t at = i + 16 <= n ? i : n - 16;

        h = mix_two(h ^ load_8(p + at), load_8(p + at + 8));
        h ^= h >> 32;
    }
    return h;
}

/* Twelve bits of the member that stands from p to end, ten of its first 16 bytes, ten of its first
 * 8. */
static uint32_t tag_of(const unsigned char *p, const unsigned char *end,
                       const unsigned char *end_of_text)
{
    size_t n = (size_t)(end - p) < WHOLE_BYTES ? (size_t)(end - p) : WHOLE_BYTES;
    uint64_t first = load_most(p, end_of_text);
    uint32_t whole = (uint32_t)(hash_whole(p, n, first) >> 32);
    uint32_t half = (uint32_t)(mix_two(first, load_most(p + 8, end_of_text)) >> 32);
    uint32_t tag = (whole & 0xfff00000) | half >> 22 << 10 | (uint32_t)(mix(first) >> 54);

    return tag == HINT_CHANCE ? 0 : tag;
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
    return equal_8(load_8(p), c) | equal_8(load_8(p + 8), c) << 8;
}
#endif

static bool opens(unsigned char c)
{
    return c == ',' || c == '{';
}

/* The member that follows a short one soon repeats with it. */
static size_t add_start(struct hint *out, size_t count, size_t at)
{
    if (count > 0 && at - out[count - 1].at < GAP_LEAST)
        return count;
    out[count].at = (uint32_t)at;
    return count + 1;
}

/* Where members begin: at a quote behind a comma or a brace. Only the places are set. */
static size_t find_starts(struct str text, size_t *at, struct hint *out, size_t most)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t count = 0, i = *at;
    uint32_t before = i > 0 && opens(p[i - 1]);

    for (; i + 16 <= text.len && count + 16 <= most; i += 16) {
        uint32_t open = equal_16(p + i, ',') | equal_16(p + i, '{');
        uint32_t found = equal_16(p + i, '"') & (open << 1 | before);

        before = open >> 15;
        for (; found; found &= found - 1)
            count = add_start(out, count, i + (size_t)__builtin_ctz(found));
    }
    for (; i < text.len && i + 16 > text.len && count < most; i++)
        if (p[i] == '"' && i > 0 && opens(p[i - 1]))
            count = add_start(out, count, i);
    *at = i;
    return count;
}

size_t hints_find(struct str text, size_t *at, struct hint *out, size_t most)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t count = find_starts(text, at, out, most);

    if (*at < text.len && count > 0)
        *at = out[--count].at; /* where it ends was not seen yet */
    for (size_t i = 0; i < count; i++) {
        size_t end = i + 1 < count || *at < text.len ? out[i + 1].at : text.len;

        out[i].tag = tag_of(p + out[i].at, p + end, p + text.len);
    }
    return count;
}

void hints_find_all(struct hints *h, struct str text, size_t by)
{
    struct hint found[64];
    size_t at = 0;

    while (at < text.len)
        hints_add(h, found, hints_find(text, &at, found, COUNT(found)), by);
}
