#include "core/base/rng.h"

#include "tests/unit/check.h"

/* These numbers are in every dataset that was ever made with a seed: they may not change. */
static const struct stream_case {
    const char *name;
    uint64_t seed, stream, first, second;
} streams[] = {
    { "seed 0, stream 0", 0, 0, 0x8c4986f3f0e565d5, 0xf4547fdf5c2f56b6 },
    { "seed 1, stream 0", 1, 0, 0x6082e9993631e7d5, 0xe9acc0d447272233 },
    { "seed 0, stream 1", 0, 1, 0x89ad4f9e2d5e0849, 0x4c23adb10b899642 },
    { "the largest of both", UINT64_MAX, UINT64_MAX, 0x18858ce021facca2, 0x35685c3ca18079ba },
};

static void check_stream(void **state)
{
    const struct stream_case *c = *state;
    struct rng r;

    rng_init(&r, c->seed, c->stream);
    assert_true(rng_u64(&r) == c->first);
    assert_true(rng_u64(&r) == c->second);
}

static void check_below(void **state)
{
    (void)state;
    struct rng r;
    int seen[6] = { 0 };

    rng_init(&r, 1, 1);
    for (int i = 0; i < 6000; i++)
        seen[rng_below(&r, 6)]++;
    for (int i = 0; i < 6; i++)
        assert_in_range(seen[i], 850, 1150);
    assert_true(rng_below(&r, 1) == 0);
    for (int i = 0; i < 100; i++) /* nearly half of the draws must be thrown away */
        assert_true(rng_below(&r, (1ull << 63) + 1) <= 1ull << 63);
    for (int i = 0; i < 1000; i++) {
        double d = rng_unit(&r);

        assert_true(d >= 0 && d < 1);
    }
}

static void check_uuid(void **state)
{
    (void)state;
    struct rng r;
    char first[37], second[37];

    rng_init(&r, 1, 1);
    rng_uuid(&r, first);
    rng_uuid(&r, second);
    assert_string_not_equal(first, second);
    for (int i = 0; i < 100; i++) {
        rng_uuid(&r, first);
        assert_int_equal(strlen(first), 36);
        assert_true(first[8] == '-' && first[13] == '-' && first[18] == '-' && first[23] == '-');
        assert_int_equal(first[14], '4');
        assert_non_null(strchr("89ab", first[19]));
        assert_int_equal(strspn(first, "0123456789abcdef-"), 36);
    }
}

static void check_bytes(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct rng r, again;
    unsigned char whole[20], part[13];

    rng_init(&r, 7, 7);
    again = r;
    rng_bytes(&r, whole, sizeof whole);
    rng_bytes(&again, part, sizeof part);
    assert_memory_equal(whole, part, sizeof part); /* fewer bytes are the same ones */

    struct str text = rng_chars(&r, &a, STR("xy"), 50);

    assert_int_equal(strspn(text.ptr, "xy"), 50);
    assert_int_equal(text.ptr[50], '\0');
    arena_free(&a);
}

static void check_secret(void **state)
{
    (void)state;
    unsigned char first[32] = { 0 }, second[32] = { 0 };

    assert_int_equal(rng_secret(first, sizeof first, NULL), 0);
    assert_int_equal(rng_secret(second, sizeof second, NULL), 0);
    assert_memory_not_equal(first, second, sizeof first);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, streams, check_stream);
    check_add(&s, "numbers below a limit", check_below);
    check_add(&s, "UUIDs of version 4", check_uuid);
    check_add(&s, "bytes and characters", check_bytes);
    check_add(&s, "a secret is another one each time", check_secret);
    return check_run(&s, "rng");
}
