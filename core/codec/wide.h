/* core/codec/wide - to be called behind ISA-L.
 *
 * Its widest code (AVX-512: CRC-32, and with it whole inflated members) leaves the upper halves of
 * the vector registers in use. Every SSE instruction of the thread then has to keep them, and
 * waits: SHA-256 went at 1300 MB/s instead of 1730 until something else cleared them.
 */
#pragma once

#if defined __x86_64__
#include <immintrin.h>

__attribute__((target("avx"))) static inline void wide_clear(void)
{
    _mm256_zeroupper();
}

static inline void wide_end(void)
{
    if (__builtin_cpu_supports("avx"))
        wide_clear();
}
#else
static inline void wide_end(void)
{
}
#endif
