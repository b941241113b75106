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

/* Sixteen digits, of the lowest nibble first; eight at a time, one in each byte of a number. */
static void write_hex(uint64_t n, char out[16])
{
    for (int half = 0; half < 2; half++, n >>= 32) {
        uint64_t x = n & 0xffffffff;

        x = (x | x << 16) & 0x0000ffff0000ffff;
        x = (x | x << 8) & 0x00ff00ff00ff00ff;
        x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
        uint64_t letters = (x + 0x0606060606060606) >> 4 & 0x0101010101010101;

        x += 0x3030303030303030 + letters * ('a' - '9' - 1);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        x = __builtin_bswap64(x);
#endif
        memcpy(out + 8 * half, &x, sizeof x);
    }
}

void rng_uuid(struct rng *r, char out[37])
{
    static const char form[] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx"; /* Source: RFC 9562, 5.4 */
    uint64_t first = rng_u64(r), second = rng_u64(r);
    char head[16], tail[16];

    write_hex(first, head);
    write_hex(second, tail);
    memcpy(out, form, sizeof form);
    memcpy(out, head, 8);
    memcpy(out + 9, head + 8, 4);
    memcpy(out + 15, head + 12, 3);
    out[19] = "89ab"[first >> 60 & 3];
    memcpy(out + 20, tail, 3);
    memcpy(out + 24, tail + 3, 12);
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
