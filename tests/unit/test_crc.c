#include <zlib.h>

#include "core/base/rng.h"
#include "core/codec/crc.h"
#include "tests/unit/check.h"

/* Source: RFC 1952 by way of every CRC catalogue: the check value of CRC-32. */
static void the_check_value(void **state)
{
    (void)state;
    assert_int_equal(crc_of(STR("123456789")), 0xcbf43926);
    assert_int_equal(crc_of(STR("")), 0);
}

static void every_length_and_alignment_is_zlibs(void **state)
{
    static char bytes[5000];
    struct rng r;

    (void)state;
    rng_init(&r, 1, 1);
    rng_bytes(&r, bytes, sizeof bytes);
    for (size_t from = 0; from < 17; from++)
        for (size_t len = 0; from + len <= sizeof bytes; len += len < 300 ? 1 : 97)
            assert_int_equal(crc_of((struct str){ bytes + from, len }),
                             crc32(0, (const Bytef *)bytes + from, (uInt)len));
}

int main(void)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_value),
        cmocka_unit_test(every_length_and_alignment_is_zlibs),
    };

    return cmocka_run_group_tests_name("crc", tests, NULL, NULL);
}
