#include <stdio.h>
#include <stdlib.h>

#include "core/base/rng.h"
#include "generator/dataset/spool.h"
#include "tests/unit/check.h"

/* Lines of two threads, of several runs, come out in byte order, each as often as it went in. */
static void lines_come_out_sorted(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct spool *s = spool_open(str_c(dir), 2);
    struct err err = { 0 };
    struct str line, last = STR("");
    char copy[64] = "", text[64];
    uint64_t sum = 0, back = 0, count = 0;
    struct rng r;

    (void)state;
    rng_init(&r, 1, 1);
    for (int i = 0; i < 90000; i++) {
        uint64_t n = rng_below(&r, 1u << 20);
        int len =
            snprintf(text, sizeof text, "%llu of some length to fill runs", (unsigned long long)n);

        sum += n;
        check_ok(spool_add(s, (unsigned)i % 2, (struct str){ text, (size_t)len }, &err), &err);
    }
    check_ok(spool_start(s, &err), &err);
    for (;;) {
        check_ok(spool_next(s, &line, &err), &err);
        if (!line.ptr)
            break;
        assert_true(str_cmp(last, line) <= 0);
        memcpy(copy, line.ptr, line.len);
        copy[line.len] = '\0';
        last = (struct str){ copy, line.len };
        back += strtoull(copy, NULL, 10);
        count++;
    }
    assert_int_equal(count, 90000);
    assert_int_equal(back, sum);
    spool_close(s);
    check_dir_end(dir);
    arena_free(&a);
}

static void nothing_comes_out_of_nothing(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct spool *s = spool_open(str_c(dir), 3);
    struct err err = { 0 };
    struct str line;

    (void)state;
    check_ok(spool_start(s, &err), &err);
    check_ok(spool_next(s, &line, &err), &err);
    assert_null(line.ptr);
    spool_close(s);
    check_dir_end(dir);
    arena_free(&a);
}

static void any_bytes_are_a_line(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct spool *s = spool_open(str_c(dir), 1);
    struct err err = { 0 };
    static const struct str lines[] = { { "b\0\n", 3 }, { "b", 1 }, { "\0", 1 }, { "b\0", 2 } };
    static const int order[] = { 2, 1, 3, 0 };
    struct str line;

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++)
        check_ok(spool_add(s, 0, lines[i], &err), &err);
    check_ok(spool_start(s, &err), &err);
    for (size_t i = 0; i < COUNT(lines); i++) {
        check_ok(spool_next(s, &line, &err), &err);
        assert_true(str_eq(line, lines[order[i]]));
    }
    spool_close(s);
    check_dir_end(dir);
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_out_sorted),
        cmocka_unit_test(nothing_comes_out_of_nothing),
        cmocka_unit_test(any_bytes_are_a_line),
    };

    return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
