/* Sums of the reference library (python-xxhash 4.1.0) for lengths on both sides of every branch. */
#include "core/base/arena.h"
#include "emulator/services/s3/xxhash.h"
#include "tests/unit/check.h"

#define MOST 5000

static const struct sum_case {
    const char *name;
    size_t length;
    const char *xxh64, *xxh3, *xxh128;
} cases[] = {
    { "nothing", 0, "ef46db3751d8e999", "2d06800538d394c2", "99aa06d3014798d86001c324468d497f" },
    { "a byte", 1, "a96c7f0ce858bbb7", "4c5cca45d0f4811f", "495b62073ef70ca44c5cca45d0f4811f" },
    { "3 bytes", 3, "bed43740ee6332bb", "6e3e2670e61106ac", "390cdc5b4a895dd76e3e2670e61106ac" },
    { "4 bytes", 4, "fa212ae44b3bb23d", "5c4c63133443d03f", "aa6e2f274640a3f43d668af6f2a44d77" },
    { "8 bytes", 8, "994b676b71ce94dd", "f9fd4dd0b04d78f5", "6a86a3bda6af4e3d61ddbe7f31a6100d" },
    { "9 bytes", 9, "572b84c18b983af8", "7c20df9712c26edf", "664c7ca18afd62558c7b67fd458a936b" },
    { "16 bytes", 16, "94ad0095e72b24d5", "86abf6baccea0858", "7f9a218b0425449ae2ce54a7c19c730d" },
    { "17 bytes", 17, "1464f2eff23b5fe1", "b58bf5dc5022d071", "66fc23f6439dbd778d96ef110fcdebb4" },
    { "128 bytes", 128, "0430e433b792e757", "10d17f72c0ccba41",
      "aec730751478556cff361dec1385710a" },
    { "129 bytes", 129, "1f9708e5a00618fa", "1648bdc3db49d1a2",
      "98cd36ccbb5579264545b3a09738e31a" },
    { "240 bytes", 240, "ca0b65cc61295ca7", "b6cfaf343fab81e6",
      "5293e17bf553903d3f2c53e72293711f" },
    { "241 bytes", 241, "0ffefe0dfc875cf4", "956cae592c67279e",
      "b53840fe3fedf161956cae592c67279e" },
    { "a block", 1024, "a3b1c9b559595160", "a1e16f2edf2cbed6", "f3fc143cd81d51baa1e16f2edf2cbed6" },
    { "more", 1025, "d1c6b8bd785ca162", "0a6d2c17259fe4bb", "90bcb44432d2e5020a6d2c17259fe4bb" },
    { "blocks", 4096, "ba2f12e1e6ad9fcc", "48aa0572119e973a", "e5817aaf266e34c648aa0572119e973a" },
    { "a lot", 5000, "9f4768e6e3f807e2", "aedbe953d207917d", "8a0ea3906584c057aedbe953d207917d" },
};

static void check_sums(void **state)
{
    const struct sum_case *c = *state;
    static const size_t pieces[] = { MOST, 1, 7, 64, 255, 256, 1000 };
    unsigned char bytes[MOST];
    struct arena a = { 0 };

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 131 + (i >> 8) * 17 + 7);
    for (size_t n = 0; n < COUNT(pieces); n++) {
        struct xxh64 x = { 0 };
        struct xxh3 y = { 0 };

        for (size_t at = 0, take; at < c->length; at += take) {
            take = c->length - at < pieces[n] ? c->length - at : pieces[n];
            xxh64_add(&x, bytes + at, take);
            xxh3_add(&y, bytes + at, take);
        }
        struct xxh128 wide = xxh3_sum128(&y);
        check_str(arena_printf(&a, "%016llx", (unsigned long long)xxh64_sum(&x)), c->xxh64);
        check_str(arena_printf(&a, "%016llx", (unsigned long long)xxh3_sum(&y)), c->xxh3);
        check_str(arena_printf(&a, "%016llx%016llx", (unsigned long long)wide.high,
                               (unsigned long long)wide.low),
                  c->xxh128);
    }
    arena_free(&a);
}

int main(void)
{
    static struct check_suite suite;

    CHECK_ROWS(&suite, cases, check_sums);
    return check_run(&suite, "xxhash");
}
