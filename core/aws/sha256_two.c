/* OpenSSL 3 calls the low-level functions deprecated and keeps them; sigv4.c says why they are. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "core/aws/sha256_two.h"

#include <openssl/sha.h>

#if defined __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#endif

enum { BLOCK_BYTES = SHA256_CBLOCK };

#if defined __x86_64__
static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

#define WITH_SHA __attribute__((target("sha,ssse3,sse4.1")))
#define INLINE   static inline __attribute__((always_inline))

/* A text's state on its way: the registers a, b, e, f and c, d, g, h, and 16 words of schedule. */
struct lane {
    __m128i abef, cdgh;
    __m128i words[4];
};

WITH_SHA INLINE void lane_load(struct lane *l, const SHA256_CTX *c)
{
    __m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)&c->h[0]);
    __m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)&c->h[4]);
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);

    l->abef = _mm_alignr_epi8(cdab, efgh, 8);
    l->cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
}

WITH_SHA INLINE void lane_store(const struct lane *l, SHA256_CTX *c)
{
    __m128i feba = _mm_shuffle_epi32(l->abef, 0x1b), dchg = _mm_shuffle_epi32(l->cdgh, 0xb1);

    _mm_storeu_si128((__m128i *)(void *)&c->h[0], _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)&c->h[4], _mm_alignr_epi8(dchg, feba, 8));
}

WITH_SHA INLINE void lane_read(struct lane *l, const char *block)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

    for (int i = 0; i < 4; i++)
        l->words[i] = _mm_shuffle_epi8(
            _mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i)), big_endian);
}

/* Four rounds, the first of which is round, with words i; in their place stand then those of 16
 * rounds later. */
WITH_SHA INLINE void lane_rounds(struct lane *l, int round, int i)
{
    __m128i *w = &l->words[i], next = l->words[(i + 1) % 4];
    __m128i after = l->words[(i + 2) % 4], last = l->words[(i + 3) % 4];
    __m128i k = _mm_loadu_si128((const __m128i *)(const void *)&round_constants[round]);
    __m128i sum = _mm_add_epi32(*w, k);

    l->cdgh = _mm_sha256rnds2_epu32(l->cdgh, l->abef, sum);
    l->abef = _mm_sha256rnds2_epu32(l->abef, l->cdgh, _mm_shuffle_epi32(sum, 0x0e));
    if (round < 48)
        *w = _mm_sha256msg2_epu32(
            _mm_add_epi32(_mm_sha256msg1_epu32(*w, next), _mm_alignr_epi8(last, after, 4)), last);
}

/* So many whole blocks of both. */
WITH_SHA static void hash_blocks(SHA256_CTX c[2], const char *p, const char *q, size_t blocks)
{
    struct lane x, y;

    lane_load(&x, &c[0]);
    lane_load(&y, &c[1]);
    for (; blocks > 0; blocks--, p += BLOCK_BYTES, q += BLOCK_BYTES) {
        const struct lane before_x = x, before_y = y;

        lane_read(&x, p);
        lane_read(&y, q);
#pragma GCC unroll 16 /* so that words stay in registers */
        for (int i = 0; i < 16; i++) {
            lane_rounds(&x, 4 * i, i % 4);
            lane_rounds(&y, 4 * i, i % 4);
        }
        x.abef = _mm_add_epi32(x.abef, before_x.abef);
        x.cdgh = _mm_add_epi32(x.cdgh, before_x.cdgh);
        y.abef = _mm_add_epi32(y.abef, before_y.abef);
        y.cdgh = _mm_add_epi32(y.cdgh, before_y.cdgh);
    }
    lane_store(&x, &c[0]);
    lane_store(&y, &c[1]);
}

static bool has_sha(void)
{
    unsigned a, b, c, d;

    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) &&
           __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1");
}
#endif

/* As many bytes of both as can be hashed at once; the contexts then stand behind them. */
static size_t hash_both(SHA256_CTX c[2], const struct str texts[2])
{
#if defined __x86_64__
    size_t blocks = (texts[0].len < texts[1].len ? texts[0].len : texts[1].len) / BLOCK_BYTES;
    uint64_t bits = 8 * (uint64_t)blocks * BLOCK_BYTES;

    if (blocks == 0 || !has_sha())
        return 0;
    hash_blocks(c, texts[0].ptr, texts[1].ptr, blocks);
    for (int i = 0; i < 2; i++) {
        c[i].Nl = (SHA_LONG)bits;
        c[i].Nh = (SHA_LONG)(bits >> 32);
    }
    return blocks * BLOCK_BYTES;
#else
    (void)c;
    (void)texts;
    return 0;
#endif
}

void sha256_hex_two(const struct str texts[2], char out[2][65])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256_CTX c[2];

    for (int i = 0; i < 2; i++)
        SHA256_Init(&c[i]);
    size_t done = hash_both(c, texts);
    for (int i = 0; i < 2; i++) {
        SHA256_Update(&c[i], texts[i].ptr + done, texts[i].len - done);
        SHA256_Final(hash, &c[i]);
        for (size_t k = 0; k < sizeof hash; k++) {
            out[i][2 * k] = digits[hash[k] >> 4];
            out[i][2 * k + 1] = digits[hash[k] & 15];
        }
        out[i][64] = '\0';
    }
}
