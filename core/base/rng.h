/* core/base/rng - repeatable chance: the same seed and stream give the same numbers everywhere.
 *
 * Counter-like use: each call takes a stream of its own, rng_init(seed, stream number), so that
 * the order of threads does not matter and a restart continues by continuing the stream numbers.
 * Not for secrets: rng_secret asks the kernel.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"

struct rng {
    uint64_t s[4]; /* xoshiro256** state, seeded by splitmix64 */
};

void rng_init(struct rng *r, uint64_t seed, uint64_t stream);
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t limit); /* 0 .. limit-1, unbiased; limit > 0 */
double rng_unit(struct rng *r);                    /* [0, 1) */
void rng_bytes(struct rng *r, void *out, size_t len);
/* len characters drawn from alphabet, NUL behind; in the arena. */
struct str rng_chars(struct rng *r, struct arena *a, struct str alphabet, size_t len);
/* A lower-case UUID version 4, 36 characters and NUL, into out. */
void rng_uuid(struct rng *r, char out[37]);
/* Kernel randomness, for keys of a data directory without --seed. Returns 0 or E_IO. */
int rng_secret(void *out, size_t len, struct err *err);
