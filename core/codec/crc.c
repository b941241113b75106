#include "core/codec/crc.h"

#include <zlib.h>

#if defined(__x86_64__)
#include <immintrin.h>

enum { LEAST = 64, STEP = 16 };

#define FOLD(x, k, y)                                                                              \
    _mm_xor_si128(                                                                                 \
        _mm_xor_si128(_mm_clmulepi64_si128(x, k, 0x00), _mm_clmulepi64_si128(x, k, 0x11)), y)

/* Source: Intel, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", with
 * the constants of gzip's polynomial, bits reflected. len: 64 or more, a multiple of 16. */
__attribute__((target("pclmul,sse4.1"))) static uint32_t crc_folded(const char *p, size_t len)
{
    const __m128i k12 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
    const __m128i k34 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
    const __m128i k5 = _mm_set_epi64x(0, 0x0163cd6124);
    const __m128i poly = _mm_set_epi64x(0x01f7011641, 0x01db710641);
    const __m128i low = _mm_setr_epi32(~0, 0, ~0, 0);
    const __m128i *v = (const __m128i *)p;
    __m128i x[4];

    for (int i = 0; i < 4; i++)
        x[i] = _mm_loadu_si128(v + i);
    x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128(-1));
    for (v += 4, len -= LEAST; len >= LEAST; v += 4, len -= LEAST)
        for (int i = 0; i < 4; i++)
            x[i] = FOLD(x[i], k12, _mm_loadu_si128(v + i));
    for (int i = 1; i < 4; i++)
        x[0] = FOLD(x[0], k34, x[i]);
    for (; len >= STEP; v++, len -= STEP)
        x[0] = FOLD(x[0], k34, _mm_loadu_si128(v));

    __m128i a = _mm_xor_si128(_mm_srli_si128(x[0], 8), _mm_clmulepi64_si128(x[0], k34, 0x10));
    __m128i b =
        _mm_xor_si128(_mm_srli_si128(a, 4), _mm_clmulepi64_si128(_mm_and_si128(a, low), k5, 0x00));
    __m128i q = _mm_and_si128(_mm_clmulepi64_si128(_mm_and_si128(b, low), poly, 0x10), low);

    b = _mm_xor_si128(b, _mm_clmulepi64_si128(q, poly, 0x00));
    return ~(uint32_t)_mm_extract_epi32(b, 1);
}

uint32_t crc_of(struct str bytes)
{
    size_t folded = bytes.len / STEP * STEP;

    if (folded < LEAST || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1"))
        return (uint32_t)crc32_z(0, (const Bytef *)bytes.ptr, bytes.len);
    return (uint32_t)crc32_z(crc_folded(bytes.ptr, folded), (const Bytef *)bytes.ptr + folded,
                             bytes.len - folded);
}

#else

uint32_t crc_of(struct str bytes)
{
    return (uint32_t)crc32_z(0, (const Bytef *)bytes.ptr, bytes.len);
}

#endif
