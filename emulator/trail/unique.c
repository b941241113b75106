#include "emulator/trail/unique.h"

#include "core/base/rng.h"

struct str unique_of_file(struct arena *a, uint64_t seed, struct str trail_arn, struct str bucket,
                          struct str first_event_id)
{
    struct str alphabet = STR("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    struct rng rng;

    rng_init(&rng, seed ^ str_hash(trail_arn) ^ str_hash(bucket) * 31, str_hash(first_event_id));
    return rng_chars(&rng, a, alphabet, 16);
}
