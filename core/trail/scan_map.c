#include "core/trail/scan_map.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define HOT static inline __attribute__((always_inline))

/* What 64 bytes hold, a bit for each. */
struct block {
    uint64_t quote, slash, control, high;
};

/* Where a window's places go. */
struct places {
    uint16_t *quotes, *odd;
    uint32_t quote_count, odd_count;
    uint64_t carry; /* the next byte is escaped */
    uint64_t high;
};

typedef void map_fn(struct places *to, const char *text, size_t words);

/* Which of 64 bytes are escaped: those behind an odd run of backslashes. *carry: the first byte is,
 * or the next block's first is. The addition carries along each run that begins at an odd place.
 * Source: Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 3.1.1. */
HOT uint64_t escaped_of(uint64_t slash, uint64_t *carry)
{
    const uint64_t even = 0x5555555555555555ull;
    uint64_t sum;

    if (slash == 0) {
        uint64_t first = *carry;

        *carry = 0;
        return first;
    }
    slash &= ~*carry;
    uint64_t behind = slash << 1 | *carry, odd_starts = slash & ~even & ~behind;

    *carry = __builtin_add_overflow(odd_starts, slash, &sum);
    return (even ^ sum << 1) & behind;
}

/* The places of four bits, and what is left; of bits that are not there, any. */
HOT uint64_t put_four(uint16_t *out, size_t at, uint64_t bits)
{
    out[0] = (uint16_t)(at + (size_t)__builtin_ctzll(bits | 1ull << 63));
    bits &= bits - 1;
    out[1] = (uint16_t)(at + (size_t)__builtin_ctzll(bits | 1ull << 63));
    bits &= bits - 1;
    out[2] = (uint16_t)(at + (size_t)__builtin_ctzll(bits | 1ull << 63));
    bits &= bits - 1;
    out[3] = (uint16_t)(at + (size_t)__builtin_ctzll(bits | 1ull << 63));
    return bits & (bits - 1);
}

/* Most words hold up to eight quotes: to write eight always costs less than to guess how many. */
HOT uint32_t put_places(uint16_t *out, uint32_t count, size_t at, uint64_t bits)
{
    uint32_t n = (uint32_t)__builtin_popcountll(bits);

    out += count;
    bits = put_four(out, at, bits);
    bits = put_four(out + 4, at, bits);
    for (unsigned i = 8; i < n; i += 4)
        bits = put_four(out + i, at, bits);
    return count + n;
}

HOT void put_odd(struct places *to, size_t word, uint64_t odd)
{
    for (; odd; odd &= odd - 1)
        to->odd[to->odd_count++] = (uint16_t)(64 * word + (size_t)__builtin_ctzll(odd));
}

HOT void map_block(struct places *to, size_t word, struct block b)
{
    to->quote_count = put_places(to->quotes, to->quote_count, 64 * word,
                                 b.quote & ~escaped_of(b.slash, &to->carry));
    put_odd(to, word, b.slash | b.control);
    to->high |= b.high;
}

#if defined(__x86_64__)

static const uint16_t counted[] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
};

HOT uint64_t bits16(__m128i a, __m128i b, __m128i c, __m128i d)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(a) |
           (uint64_t)(unsigned)_mm_movemask_epi8(b) << 16 |
           (uint64_t)(unsigned)_mm_movemask_epi8(c) << 32 |
           (uint64_t)(unsigned)_mm_movemask_epi8(d) << 48;
}

static void map_sse2(struct places *to, const char *text, size_t words)
{
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                  last_control = _mm_set1_epi8(0x1f);
    struct places own = *to; /* a copy of its own stays in registers */

    for (size_t i = 0; i < words; i++) {
        const __m128i *p = (const __m128i *)(text + 64 * i);
        __m128i v[4];

        for (int k = 0; k < 4; k++)
            v[k] = _mm_loadu_si128(p + k);
#define EACH(test)    bits16(test(v[0]), test(v[1]), test(v[2]), test(v[3]))
#define IS_QUOTE(x)   _mm_cmpeq_epi8(x, quote)
#define IS_SLASH(x)   _mm_cmpeq_epi8(x, slash)
#define IS_CONTROL(x) _mm_cmpeq_epi8(_mm_min_epu8(x, last_control), x)
#define AS_IS(x)      (x)
        struct block b = { EACH(IS_QUOTE), EACH(IS_SLASH), EACH(IS_CONTROL), EACH(AS_IS) };
#undef EACH
#undef IS_QUOTE
#undef IS_SLASH
#undef IS_CONTROL
        map_block(&own, i, b);
    }
    *to = own;
}

__attribute__((target("avx2"))) static inline uint64_t bits32(__m256i a, __m256i b)
{
    return (uint64_t)(unsigned)_mm256_movemask_epi8(a) | (uint64_t)(unsigned)_mm256_movemask_epi8(b)
                                                             << 32;
}

__attribute__((target("avx2,bmi,popcnt"))) static void map_avx2(struct places *to, const char *text,
                                                                size_t words)
{
    const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\'),
                  last_control = _mm256_set1_epi8(0x1f);
    struct places own = *to;

    for (size_t i = 0; i < words; i++) {
        const __m256i *p = (const __m256i *)(text + 64 * i);
        __m256i x = _mm256_loadu_si256(p), y = _mm256_loadu_si256(p + 1);
        struct block b = {
            bits32(_mm256_cmpeq_epi8(x, quote), _mm256_cmpeq_epi8(y, quote)),
            bits32(_mm256_cmpeq_epi8(x, slash), _mm256_cmpeq_epi8(y, slash)),
            bits32(_mm256_cmpeq_epi8(_mm256_min_epu8(x, last_control), x),
                   _mm256_cmpeq_epi8(_mm256_min_epu8(y, last_control), y)),
            bits32(x, y),
        };

        map_block(&own, i, b);
    }
    *to = own;
}

/* Places are found all at once: those whose bit is set move together. */
__attribute__((target("avx512bw,avx512vbmi2,popcnt"))) static inline uint32_t
put_half(uint16_t *out, uint32_t count, uint32_t bits, __m512i places)
{
    _mm512_storeu_si512(out + count, _mm512_maskz_compress_epi16(bits, places));
    return count + (uint32_t)__builtin_popcount(bits);
}

__attribute__((target("avx512bw,avx512vbmi2,popcnt"))) static void
map_avx512(struct places *to, const char *text, size_t words)
{
    const __m512i quote = _mm512_set1_epi8('"'), slash = _mm512_set1_epi8('\\'),
                  first_plain = _mm512_set1_epi8(0x20), word = _mm512_set1_epi16(64),
                  half = _mm512_set1_epi16(32);
    struct places own = *to;
    __m512i at = _mm512_loadu_si512(counted);

    for (size_t i = 0; i < words; i++, at = _mm512_add_epi16(at, word)) {
        __m512i v = _mm512_loadu_si512(text + 64 * i);
        uint64_t slashes = _mm512_cmpeq_epi8_mask(v, slash);
        uint64_t quotes = _mm512_cmpeq_epi8_mask(v, quote) & ~escaped_of(slashes, &own.carry);

        own.quote_count = put_half(own.quotes, own.quote_count, (uint32_t)quotes, at);
        own.quote_count = put_half(own.quotes, own.quote_count, (uint32_t)(quotes >> 32),
                                   _mm512_add_epi16(at, half));
        put_odd(&own, i, slashes | _mm512_cmplt_epu8_mask(v, first_plain));
        own.high |= _mm512_movepi8_mask(v);
    }
    *to = own;
}

#endif

static void map_bytes(struct places *to, const char *text, size_t words)
{
    struct places own = *to;

    for (size_t i = 0; i < words; i++) {
        struct block b = { 0 };

        for (unsigned k = 0; k < 64; k++) {
            unsigned char c = (unsigned char)text[64 * i + k];

            b.quote |= (uint64_t)(c == '"') << k;
            b.slash |= (uint64_t)(c == '\\') << k;
            b.control |= (uint64_t)(c < 0x20) << k;
            b.high |= (uint64_t)(c > 0x7f) << k;
        }
        map_block(&own, i, b);
    }
    *to = own;
}

/* NULL: this machine can't. */
static map_fn *way_of(enum scan_map_way way)
{
#if defined(__x86_64__)
    switch (way) {
    case SCAN_MAP_AVX512:
        return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2") &&
                       __builtin_cpu_supports("popcnt")
                   ? map_avx512
                   : NULL;
    case SCAN_MAP_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                       __builtin_cpu_supports("popcnt")
                   ? map_avx2
                   : NULL;
    case SCAN_MAP_SSE2:
        return map_sse2;
    default:
        return map_bytes;
    }
#else
    return way == SCAN_MAP_PLAIN ? map_bytes : NULL;
#endif
}

bool scan_map_choose(struct scan_map *m, enum scan_map_way way)
{
    m->way = way;
    return way_of(way) != NULL;
}

void scan_map_init(struct scan_map *m)
{
    unsigned way = SCAN_MAP_AVX512;

    while (!scan_map_choose(m, (enum scan_map_way)way))
        way--; /* plain is always there */
}

/* A window that begins at from. Most often the next one, of which nothing was asked yet. */
static void map_window(struct scan_map *m, const char *from, uint64_t carry)
{
    size_t left = (size_t)(m->text_end - from),
           len = left < SCAN_MAP_WINDOW ? left : SCAN_MAP_WINDOW;
    struct places to = { .quotes = m->quotes, .odd = m->odd, .carry = carry };

    way_of(m->way)(&to, from, (len + 63) / 64); /* NULs behind the text are no quotes */
    if (len == left)
        m->quotes[to.quote_count++] = (uint16_t)len;
    m->start = from;
    m->end = from + len;
    m->carry = to.carry;
    m->quote_next = m->odd_next = 0;
    m->quote_count = to.quote_count;
    m->odd_count = to.odd_count;
    if (to.high)
        m->high_end = m->end;
}

static void look_for_odd(struct scan_map *m)
{
    m->odd_at = m->odd_next < m->odd_count ? m->start + m->odd[m->odd_next] : m->end;
}

void scan_map_start(struct scan_map *m, const char *text, size_t len)
{
    m->text_end = text + len;
    m->high_end = NULL;
    map_window(m, text, 0);
    look_for_odd(m);
}

void scan_map_more(struct scan_map *m)
{
    bool is_behind = m->odd_at < m->end; /* an odd byte of the old window is still to be told */

    map_window(m, m->end, m->carry);
    if (!is_behind)
        look_for_odd(m);
}

void scan_map_seek(struct scan_map *m, const char *p)
{
    uint32_t low = 0, high = m->quote_count;

    if (p < m->start || p > m->end) {
        map_window(m, p, 0);
        look_for_odd(m);
        return;
    }
    if (m->quote_next < m->quote_count && m->start + m->quotes[m->quote_next] >= p &&
        (m->quote_next == 0 || m->start + m->quotes[m->quote_next - 1] < p))
        return;
    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (m->start + m->quotes[middle] < p)
            low = middle + 1;
        else
            high = middle;
    }
    m->quote_next = low;
    m->odd_next = 0;
    look_for_odd(m);
}

static bool is_odd(char c)
{
    return (unsigned char)c < 0x20 || c == '\\';
}

bool scan_map_odd(struct scan_map *m, const char *from, const char *to)
{
    bool found = false;

    for (const char *p = from; p < to && p < m->start; p++) /* in a window that is gone */
        found |= is_odd(*p);
    for (; m->odd_next < m->odd_count && m->start + m->odd[m->odd_next] < to; m->odd_next++)
        found |= m->start + m->odd[m->odd_next] >= from;
    look_for_odd(m);
    return found;
}
