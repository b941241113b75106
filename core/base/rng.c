#include "core/base/rng.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>

/* splitmix64; Source: Sebastiano Vigna, https://prng.di.unimi.it/splitmix64.c (public domain). */
static uint64_t mix_next(uint64_t *x)
{
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void rng_init(struct rng *r, uint64_t seed, uint64_t stream)
{
    /* Seed and stream pass through the mixer apart: (1, 2) and (2, 1) have nothing in common. */
    uint64_t x = mix_next(&seed);

    x ^= stream * 0xd1342543de82ef95u;
    x = mix_next(&x);
    for (size_t i = 0; i < COUNT(r->s); i++)
        r->s[i] = mix_next(&x);
}

static uint64_t rotate_left(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

/* xoshiro256**; Source: Blackman and Vigna, https://prng.di.unimi.it/xoshiro256starstar.c */
uint64_t rng_u64(struct rng *r)
{
    uint64_t *s = r->s, result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *r, uint64_t limit)
{
    assert(limit > 0);
    uint64_t x = rng_u64(r);

    if (x < limit) { /* 2^64 mod limit is less: only then it needs to be known */
        uint64_t uneven = (0 - limit) % limit; /* the draws that would favour some */

        while (x < uneven)
            x = rng_u64(r);
    }
    return x % limit;
}

double rng_unit(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

void rng_bytes(struct rng *r, void *out, size_t len)
{
    unsigned char *at = out;

    while (len > 0) {
        uint64_t x = rng_u64(r);
        size_t n = len < sizeof x ? len : sizeof x;

        for (size_t i = 0; i < n; i++)
            at[i] = (unsigned char)(x >> 8 * i);
        at += n;
        len -= n;
    }
}

struct str rng_chars(struct rng *r, struct arena *a, struct str alphabet, size_t len)
{
    char *out = arena_alloc(a, len + 1);

    for (size_t i = 0; i < len; i++)
        out[i] = alphabet.ptr[rng_below(r, alphabet.len)];
    return (struct str){ out, len };
}

void rng_uuid(struct rng *r, char out[37])
{
    static const char form[] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx"; /* Source: RFC 9562, 5.4 */
    static const uint8_t places[31] = { 0,  1,  2,  3,  4,  5,  6,  7,  9,  10, 11,
                                        12, 15, 16, 17, 19, 20, 21, 22, 24, 25, 26,
                                        27, 28, 29, 30, 31, 32, 33, 34, 35 }; /* of x and y */
    static const char digits[] = "0123456789abcdef";
    uint64_t first = rng_u64(r), second = rng_u64(r);
    unsigned variant = 8 | (first >> 60 & 3);

    memcpy(out, form, sizeof form);
    for (size_t i = 0; i < 16; i++)
        out[places[i]] = digits[first >> 4 * i & 15];
    for (size_t i = 16; i < COUNT(places); i++)
        out[places[i]] = digits[second >> 4 * (i - 16) & 15];
    out[19] = digits[variant];
}

int rng_secret(void *out, size_t len, struct err *err)
{
    unsigned char *at = out;

    while (len) {
        ssize_t n = getrandom(at, len, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "read", "the kernel's random source");
        at += n;
        len -= (size_t)n;
    }
    return 0;
}
