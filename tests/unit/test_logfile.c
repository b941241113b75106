#include "tests/unit/check.h"

#include "core/aws/sigv4.h"
#include "core/codec/gzip.h"
#include "core/trail/logfile.h"

#define TEXT "{\"Records\":[{\"n\":1},{\"n\":2}]}"

static void wraps_hashes_and_compresses(void **state)
{
    struct logfile f;
    struct err err = { 0 };
    struct buf gz = { 0 }, back = { 0 };
    char hash[65], want[65];

    (void)state;
    logfile_init(&f);
    logfile_add(&f, STR("{\"n\":1}"), 2000);
    logfile_add(&f, STR("{\"n\":2}"), 1000);
    assert_true(f.newest_ms == 2000 && f.oldest_ms == 1000 && f.record_count == 2);
    check_ok(logfile_finish(&f, 6, &gz, hash, &err), &err);
    assert_true(f.record_count == 0);
    check_ok(gzip_read(buf_view(&gz), 1000, &back, NULL, &err), &err);
    check_str(buf_view(&back), TEXT);
    sha256_hex(STR(TEXT), want);
    assert_string_equal(hash, want);
    buf_free(&gz);
    buf_free(&back);
    logfile_free(&f);
    logfile_free(&f);
}

static void is_used_again_after_finish(void **state)
{
    struct logfile f;
    struct buf gz = { 0 }, back = { 0 };
    char hash[65];
    struct err err = { 0 };

    (void)state;
    logfile_init(&f);
    logfile_add(&f, STR("{\"n\":1}"), 1);
    check_ok(logfile_finish(&f, 1, &gz, hash, &err), &err);
    buf_clear(&gz);
    logfile_add(&f, STR("{\"n\":3}"), 5);
    assert_true(f.oldest_ms == 5 && f.newest_ms == 5);
    check_ok(logfile_finish(&f, 1, &gz, hash, &err), &err);
    check_ok(gzip_read(buf_view(&gz), 1000, &back, NULL, &err), &err);
    check_str(buf_view(&back), "{\"Records\":[{\"n\":3}]}");
    buf_free(&gz);
    buf_free(&back);
    logfile_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wraps_hashes_and_compresses),
        cmocka_unit_test(is_used_again_after_finish),
    };
    return cmocka_run_group_tests_name("logfile", tests, NULL, NULL);
}
