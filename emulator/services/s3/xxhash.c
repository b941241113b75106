#include "emulator/services/s3/xxhash.h"

#include <stdbool.h>
#include <string.h>

#define P32_1 0x9E3779B1u
#define P32_2 0x85EBCA77u
#define P32_3 0xC2B2AE3Du
#define P64_1 0x9E3779B185EBCA87ull
#define P64_2 0xC2B2AE3D27D4EB4Full
#define P64_3 0x165667B19E3779F9ull
#define P64_4 0x85EBCA77C2B2AE63ull
#define P64_5 0x27D4EB2F165667C5ull
#define MIX_1 0x165667919E3779F9ull
#define MIX_2 0x9FB21C651E98DF25ull

static uint32_t read32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t read64(const unsigned char *p)
{
    return read32(p) | (uint64_t)read32(p + 4) << 32;
}

static uint64_t rotl(uint64_t v, int bits)
{
    return v << bits | v >> (64 - bits);
}

static uint32_t swap32(uint32_t v)
{
    return v >> 24 | (v >> 8 & 0xff00u) | (v << 8 & 0xff0000u) | v << 24;
}

static uint64_t swap64(uint64_t v)
{
    return (uint64_t)swap32((uint32_t)v) << 32 | swap32((uint32_t)(v >> 32));
}

static uint64_t avalanche64(uint64_t h)
{
    h = (h ^ h >> 33) * P64_2;
    h = (h ^ h >> 29) * P64_3;
    return h ^ h >> 32;
}

/* ---- XXH64 ---- */

static const uint64_t start64[4] = { P64_1 + P64_2, P64_2, 0, 0 - P64_1 };

static uint64_t round64(uint64_t lane, uint64_t input)
{
    return rotl(lane + input * P64_2, 31) * P64_1;
}

static void stripe64(struct xxh64 *x, const unsigned char *p)
{
    for (int i = 0; i < 4; i++)
        x->lanes[i] = round64(x->lanes[i], read64(p + 8 * i));
}

void xxh64_add(struct xxh64 *x, const unsigned char *p, size_t len)
{
    size_t held = x->total % sizeof x->held;

    if (x->total == 0)
        memcpy(x->lanes, start64, sizeof start64);
    x->total += len;
    while (len > 0) {
        size_t take = sizeof x->held - held < len ? sizeof x->held - held : len;

        if (take == sizeof x->held) {
            stripe64(x, p);
        } else {
            memcpy(x->held + held, p, take);
            held += take;
            if (held == sizeof x->held)
                stripe64(x, x->held);
            held %= sizeof x->held;
        }
        p += take;
        len -= take;
    }
}

static uint64_t merge64(const struct xxh64 *x)
{
    const uint64_t *v = x->lanes;
    uint64_t h = rotl(v[0], 1) + rotl(v[1], 7) + rotl(v[2], 12) + rotl(v[3], 18);

    for (int i = 0; i < 4; i++)
        h = (h ^ round64(0, v[i])) * P64_1 + P64_4;
    return h;
}

uint64_t xxh64_sum(const struct xxh64 *x)
{
    uint64_t h = (x->total >= sizeof x->held ? merge64(x) : P64_5) + x->total;
    const unsigned char *p = x->held, *end = p + x->total % sizeof x->held;

    for (; end - p >= 8; p += 8)
        h = rotl(h ^ round64(0, read64(p)), 27) * P64_1 + P64_4;
    if (end - p >= 4) {
        h = rotl(h ^ read32(p) * P64_1, 23) * P64_2 + P64_3;
        p += 4;
    }
    for (; p < end; p++)
        h = rotl(h ^ *p * P64_5, 11) * P64_1;
    return avalanche64(h);
}

/* ---- XXH3 ---- */

#define BLOCK_STRIPES 16
#define SECRET_LAST   (sizeof secret - XXH3_STRIPE)

static const unsigned char secret[192] = {
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
    0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
    0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
    0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
    0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
    0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
    0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
    0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
    0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
};
static const uint64_t start3[8] = { P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1 };

static uint64_t avalanche3(uint64_t h)
{
    h = (h ^ h >> 37) * MIX_1;
    return h ^ h >> 32;
}

static struct xxh128 multiply(uint64_t a, uint64_t b)
{
    uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
    uint64_t low = a_low * b_low, middle = a_high * b_low + (low >> 32);
    uint64_t other = a_low * b_high + (uint32_t)middle;

    return (struct xxh128){ a_high * b_high + (middle >> 32) + (other >> 32),
                            other << 32 | (uint32_t)low };
}

static uint64_t fold(uint64_t a, uint64_t b)
{
    struct xxh128 m = multiply(a, b);

    return m.high ^ m.low;
}

static uint64_t flip(size_t at)
{
    return read64(secret + at) ^ read64(secret + at + 8);
}

static void accumulate(uint64_t lanes[8], const unsigned char *p, const unsigned char *key)
{
    for (int i = 0; i < 8; i++) {
        uint64_t value = read64(p + 8 * i), keyed = value ^ read64(key + 8 * i);

        lanes[i ^ 1] += value;
        lanes[i] += (uint32_t)keyed * (keyed >> 32);
    }
}

/* A stripe that more bytes follow. */
static void stripe3(uint64_t lanes[8], unsigned *stripe, const unsigned char *p)
{
    accumulate(lanes, p, secret + 8 * *stripe);
    if (++*stripe < BLOCK_STRIPES)
        return;
    for (int i = 0; i < 8; i++)
        lanes[i] = (lanes[i] ^ lanes[i] >> 47 ^ read64(secret + SECRET_LAST + 8 * i)) * P32_1;
    *stripe = 0;
}

void xxh3_add(struct xxh3 *x, const unsigned char *p, size_t len)
{
    if (x->total == 0)
        memcpy(x->lanes, start3, sizeof start3);
    x->total += len;
    while (len > 0) {
        if (x->held_count == XXH3_HELD) {
            for (size_t at = 0; at < XXH3_HELD; at += XXH3_STRIPE)
                stripe3(x->lanes, &x->stripe, x->held + at);
            memcpy(x->before, x->held + XXH3_HELD - XXH3_STRIPE, XXH3_STRIPE);
            x->held_count = 0;
        }
        size_t take = XXH3_HELD - x->held_count < len ? XXH3_HELD - x->held_count : len;

        memcpy(x->held + x->held_count, p, take);
        x->held_count += take;
        p += take;
        len -= take;
    }
}

/* The lanes of more than 240 bytes. The last stripe reaches back into what is summed already. */
static void end_lanes(const struct xxh3 *x, uint64_t lanes[8])
{
    unsigned char last[XXH3_STRIPE];
    unsigned stripe = x->stripe;
    size_t count = x->held_count, at = 0;

    memcpy(lanes, x->lanes, sizeof x->lanes);
    for (; count - at > XXH3_STRIPE; at += XXH3_STRIPE)
        stripe3(lanes, &stripe, x->held + at);
    size_t own = count < XXH3_STRIPE ? count : XXH3_STRIPE;
    memcpy(last, x->before + own, XXH3_STRIPE - own);
    memcpy(last + XXH3_STRIPE - own, x->held + count - own, own);
    accumulate(lanes, last, secret + SECRET_LAST - 7);
}

static uint64_t merge3(const uint64_t lanes[8], const unsigned char *key, uint64_t h)
{
    for (int i = 0; i < 4; i++)
        h += fold(lanes[2 * i] ^ read64(key + 16 * i), lanes[2 * i + 1] ^ read64(key + 16 * i + 8));
    return avalanche3(h);
}

static uint64_t mix16(const unsigned char *p, const unsigned char *key)
{
    return fold(read64(p) ^ read64(key), read64(p + 8) ^ read64(key + 8));
}

static uint64_t to_16(const unsigned char *p, size_t len)
{
    if (len > 8) {
        uint64_t low = read64(p) ^ flip(24), high = read64(p + len - 8) ^ flip(40);

        return avalanche3(len + swap64(low) + high + fold(low, high));
    }
    if (len >= 4) {
        uint64_t h = (read32(p + len - 4) + ((uint64_t)read32(p) << 32)) ^ flip(8);

        h = (h ^ rotl(h, 49) ^ rotl(h, 24)) * MIX_2;
        h = (h ^ ((h >> 35) + len)) * MIX_2;
        return h ^ h >> 28;
    }
    if (len == 0)
        return avalanche64(flip(56));
    uint32_t all =
        (uint32_t)p[0] << 16 | (uint32_t)p[len >> 1] << 24 | p[len - 1] | (uint32_t)len << 8;
    return avalanche64(all ^ (uint64_t)(read32(secret) ^ read32(secret + 4)));
}

static uint64_t to_128(const unsigned char *p, size_t len)
{
    uint64_t h = len * P64_1;

    for (size_t i = (len - 1) / 32 + 1; i-- > 0;)
        h += mix16(p + 16 * i, secret + 32 * i) +
             mix16(p + len - 16 * (i + 1), secret + 32 * i + 16);
    return avalanche3(h);
}

static uint64_t to_240(const unsigned char *p, size_t len)
{
    uint64_t h = len * P64_1;

    for (size_t i = 0; i < 8; i++)
        h += mix16(p + 16 * i, secret + 16 * i);
    h = avalanche3(h);
    for (size_t i = 8; i < len / 16; i++)
        h += mix16(p + 16 * i, secret + 16 * (i - 8) + 3);
    return avalanche3(h + mix16(p + len - 16, secret + 136 - 17));
}

uint64_t xxh3_sum(const struct xxh3 *x)
{
    uint64_t lanes[8];

    if (x->total <= 16)
        return to_16(x->held, x->held_count);
    if (x->total <= 128)
        return to_128(x->held, x->held_count);
    if (x->total <= 240)
        return to_240(x->held, x->held_count);
    end_lanes(x, lanes);
    return merge3(lanes, secret + 11, x->total * P64_1);
}

static struct xxh128 wide_9_to_16(const unsigned char *p, size_t len)
{
    uint64_t low = read64(p), high = read64(p + len - 8);
    struct xxh128 m = multiply(low ^ high ^ flip(32), P64_1);

    m.low += (uint64_t)(len - 1) << 54;
    high ^= flip(48);
    m.high += high + (uint64_t)(uint32_t)high * (P32_2 - 1);
    m.low ^= swap64(m.high);
    struct xxh128 h = multiply(m.low, P64_2);
    h.high += m.high * P64_2;
    return (struct xxh128){ avalanche3(h.high), avalanche3(h.low) };
}

static struct xxh128 wide_4_to_8(const unsigned char *p, size_t len)
{
    uint64_t keyed = (read32(p) + ((uint64_t)read32(p + len - 4) << 32)) ^ flip(16);
    struct xxh128 m = multiply(keyed, P64_1 + (len << 2));

    m.high += m.low << 1;
    m.low ^= m.high >> 3;
    m.low = (m.low ^ m.low >> 35) * MIX_2;
    m.low ^= m.low >> 28;
    m.high = avalanche3(m.high);
    return m;
}

static struct xxh128 wide_to_3(const unsigned char *p, size_t len)
{
    if (len == 0)
        return (struct xxh128){ avalanche64(flip(80)), avalanche64(flip(64)) };
    uint32_t low =
        (uint32_t)p[0] << 16 | (uint32_t)p[len >> 1] << 24 | p[len - 1] | (uint32_t)len << 8;
    uint32_t high = swap32(low) << 13 | swap32(low) >> 19;
    return (struct xxh128){
        avalanche64(high ^ (uint64_t)(read32(secret + 8) ^ read32(secret + 12))),
        avalanche64(low ^ (uint64_t)(read32(secret) ^ read32(secret + 4))),
    };
}

static void mix32(struct xxh128 *h, const unsigned char *one, const unsigned char *two,
                  const unsigned char *key)
{
    h->low = (h->low + mix16(one, key)) ^ (read64(two) + read64(two + 8));
    h->high = (h->high + mix16(two, key + 16)) ^ (read64(one) + read64(one + 8));
}

static struct xxh128 wide_to_240(const unsigned char *p, size_t len)
{
    struct xxh128 h = { 0, len * P64_1 };

    if (len <= 128) {
        for (size_t i = (len - 1) / 32 + 1; i-- > 0;)
            mix32(&h, p + 16 * i, p + len - 16 * (i + 1), secret + 32 * i);
    } else {
        for (size_t i = 0; i < 128; i += 32)
            mix32(&h, p + i, p + i + 16, secret + i);
        h = (struct xxh128){ avalanche3(h.high), avalanche3(h.low) };
        for (size_t i = 128; i + 32 <= len; i += 32)
            mix32(&h, p + i, p + i + 16, secret + 3 + i - 128);
        mix32(&h, p + len - 16, p + len - 32, secret + 136 - 17 - 16);
    }
    return (struct xxh128){
        0 - avalanche3(h.low * P64_1 + h.high * P64_4 + len * P64_2),
        avalanche3(h.low + h.high),
    };
}

struct xxh128 xxh3_sum128(const struct xxh3 *x)
{
    uint64_t lanes[8];

    if (x->total < 4)
        return wide_to_3(x->held, x->held_count);
    if (x->total <= 8)
        return wide_4_to_8(x->held, x->held_count);
    if (x->total <= 16)
        return wide_9_to_16(x->held, x->held_count);
    if (x->total <= 240)
        return wide_to_240(x->held, x->held_count);
    end_lanes(x, lanes);
    return (struct xxh128){ merge3(lanes, secret + SECRET_LAST - 11, ~(x->total * P64_2)),
                            merge3(lanes, secret + 11, x->total * P64_1) };
}
