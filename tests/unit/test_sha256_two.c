#include "core/aws/sha256_two.h"
#include "core/aws/sigv4.h"
#include "core/base/buf.h"
#include "core/base/rng.h"
#include "tests/unit/check.h"

static void check_two(struct str a, struct str b)
{
    char both[2][65], one[65];

    sha256_hex_two((const struct str[]){ a, b }, both);
    sha256_hex(a, one);
    assert_string_equal(both[0], one);
    sha256_hex(b, one);
    assert_string_equal(both[1], one);
}

/* Around each border of a block, the first longer and the second longer. */
static void lengths_of_all_kinds(void **state)
{
    struct buf b = { 0 };
    struct rng r;

    (void)state;
    rng_init(&r, 1, 1);
    rng_bytes(&r, buf_reserve(&b, 100000), 100000);
    b.len = 100000;
    for (size_t n = 0; n < 200; n++)
        for (size_t m = 0; m < 200; m += 7)
            check_two(str_sub(buf_view(&b), n, n), str_sub(buf_view(&b), 1000 + m, m));
    for (int round = 0; round < 200; round++)
        check_two(str_sub(buf_view(&b), 3, rng_below(&r, 90000)),
                  str_sub(buf_view(&b), 10, rng_below(&r, 90000)));
    buf_free(&b);
}

/* Source: FIPS 180-4's examples (NIST, "SHA256.pdf"): one block, two blocks. */
static void published_examples(void **state)
{
    char both[2][65];

    (void)state;
    sha256_hex_two(
        (const struct str[]){ STR("abc"),
                              STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") },
        both);
    assert_string_equal(both[0],
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(both[1],
                        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

int main(void)
{
    struct check_suite s = { 0 };

    check_add(&s, "lengths of all kinds", lengths_of_all_kinds);
    check_add(&s, "published examples", published_examples);
    return check_run(&s, "sha256_two");
}
