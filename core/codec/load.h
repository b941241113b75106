/* core/codec/load - eight bytes as a number, little-endian on every machine. Private to this
 * folder. */
#pragma once

#include <stdint.h>
#include <string.h>

static inline uint64_t load_8(const unsigned char *p)
{
    uint64_t x;

    memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}
