/* emulator/services/s3/xxhash - XXH64 and XXH3 (64 and 128 bits), seed 0: sums, no cryptography.
 *
 * Use:     an object all zeros is a sum of nothing; add bytes in any pieces; ask at the end, once
 * or more often. Source: "xxHash fast digest algorithm" (XXH64, XXH3),
 * https://github.com/Cyan4973/xxHash doc/xxhash_spec.md.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct xxh64 {
    uint64_t lanes[4];
    unsigned char held[32];
    uint64_t total;
};
void xxh64_add(struct xxh64 *x, const unsigned char *p, size_t len);
uint64_t xxh64_sum(const struct xxh64 *x);

#define XXH3_STRIPE 64
#define XXH3_HELD   256
struct xxh3 {
    uint64_t lanes[8];
    unsigned char held[XXH3_HELD];     /* not summed yet: what follows decides how */
    unsigned char before[XXH3_STRIPE]; /* the last ones that were */
    size_t held_count;
    unsigned stripe; /* of the block of 16 */
    uint64_t total;
};
struct xxh128 {
    uint64_t high, low;
};
void xxh3_add(struct xxh3 *x, const unsigned char *p, size_t len);
uint64_t xxh3_sum(const struct xxh3 *x);
struct xxh128 xxh3_sum128(const struct xxh3 *x);
