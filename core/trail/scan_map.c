#include "core/trail/scan_map.h"

#include "core/base/mem.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* What 64 bytes hold, a bit for each. */
struct block {
    uint64_t quote, slash, control, high;
};

struct state {
    uint64_t carry; /* the next byte is escaped */
    uint64_t high;
};

typedef void map_fn(struct scan_map *m, struct state *s, const char *text, size_t words);

/* Which of 64 bytes are escaped: those behind an odd run of backslashes. *carry: the first byte is,
 * or the next block's first is. The addition carries along each run that begins at an odd place.
 * Source: Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 3.1.1. */
static inline uint64_t escaped_of(uint64_t slash, uint64_t *carry)
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

static inline void map_block(struct scan_map *m, struct state *s, size_t word, struct block b)
{
    m->quotes[word] = b.quote & ~escaped_of(b.slash, &s->carry);
    m->odd[word] = b.slash | b.control;
    s->high |= b.high;
}

#if defined(__x86_64__)

static inline uint64_t bits16(__m128i a, __m128i b, __m128i c, __m128i d)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(a) |
           (uint64_t)(unsigned)_mm_movemask_epi8(b) << 16 |
           (uint64_t)(unsigned)_mm_movemask_epi8(c) << 32 |
           (uint64_t)(unsigned)_mm_movemask_epi8(d) << 48;
}

static void map_sse2(struct scan_map *m, struct state *s, const char *text, size_t words)
{
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                  last_control = _mm_set1_epi8(0x1f);

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
        map_block(m, s, i, b);
    }
}

__attribute__((target("avx2"))) static inline uint64_t bits32(__m256i a, __m256i b)
{
    return (uint64_t)(unsigned)_mm256_movemask_epi8(a) | (uint64_t)(unsigned)_mm256_movemask_epi8(b)
                                                             << 32;
}

__attribute__((target("avx2"))) static void map_avx2(struct scan_map *m, struct state *s,
                                                     const char *text, size_t words)
{
    const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\'),
                  last_control = _mm256_set1_epi8(0x1f);

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

        map_block(m, s, i, b);
    }
}

static map_fn *choose(void)
{
    return __builtin_cpu_supports("avx2") ? map_avx2 : map_sse2;
}

#else

static void map_bytes(struct scan_map *m, struct state *s, const char *text, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        struct block b = { 0 };

        for (unsigned k = 0; k < 64; k++) {
            unsigned char c = (unsigned char)text[64 * i + k];

            b.quote |= (uint64_t)(c == '"') << k;
            b.slash |= (uint64_t)(c == '\\') << k;
            b.control |= (uint64_t)(c < 0x20) << k;
            b.high |= (uint64_t)(c > 0x7f) << k;
        }
        map_block(m, s, i, b);
    }
}

static map_fn *choose(void)
{
    return map_bytes;
}

#endif

static void make_room(struct scan_map *m, size_t words)
{
    if (words <= m->cap_words)
        return;
    m->quotes = mem_realloc(m->quotes, words * sizeof *m->quotes);
    m->odd = mem_realloc(m->odd, words * sizeof *m->odd);
    m->cap_words = words;
}

void scan_map_make(struct scan_map *m, const char *text, size_t len)
{
    size_t last = len / 64, tail = len % 64;
    struct state s = { 0 };

    make_room(m, last + 1);
    choose()(m, &s, text, last + 1);
    m->quotes[last] = (m->quotes[last] & ~(~0ull << tail)) | 1ull << tail;
    m->has_high = s.high != 0;
}

void scan_map_free(struct scan_map *m)
{
    mem_free(m->quotes);
    mem_free(m->odd);
    *m = (struct scan_map){ 0 };
}
