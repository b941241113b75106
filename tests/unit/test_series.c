#include "tests/unit/check.h"

#include "emulator/store/series.h"

static const struct series_key cpu = { "metric", { "111122223333/cpu", 16 } };

static void put(struct check_store *f, struct series_key key, int64_t time_ms, uint64_t number,
                const char *data)
{
    struct err err = { 0 };
    struct series_point p = { time_ms, number, str_c(data) };

    check_ok(series_put(f->s, key, &p, &err), &err);
}

/* The data of a span, joined by blanks. */
static struct str list(struct check_store *f, struct series_key key, struct series_span span)
{
    struct series_point *points;
    struct err err = { 0 };
    size_t count;

    check_ok(series_list(f->s, &f->a, key, &span, &points, &count, &err), &err);
    struct str *texts = arena_array(&f->a, count, sizeof *texts);
    for (size_t i = 0; i < count; i++)
        texts[i] = points[i].data;
    return arena_join(&f->a, texts, count, STR(" "));
}

static void four_points(struct check_store *f)
{
    put(f, cpu, 2000, 1, "c");
    put(f, cpu, 1000, 2, "b");
    put(f, cpu, 1000, 1, "a");
    put(f, cpu, 3000, 0, "d");
}

static void test_order(void **state)
{
    struct check_store *f = *state;

    four_points(f);
    check_str(list(f, cpu, (struct series_span){ .from_ms = 0, .to_ms = INT64_MAX }), "a b c d");
    check_str(
        list(f, cpu, (struct series_span){ .from_ms = 0, .to_ms = 3001, .newest_first = true }),
        "d c b a");
}

static void test_span_excludes_its_end(void **state)
{
    struct check_store *f = *state;

    four_points(f);
    check_str(list(f, cpu, (struct series_span){ .from_ms = 1000, .to_ms = 3000 }), "a b c");
    check_str(list(f, cpu, (struct series_span){ .from_ms = 1001, .to_ms = 3000 }), "c");
}

static void test_goes_on_behind_a_point(void **state)
{
    struct check_store *f = *state;
    struct series_span span = {
        .from_ms = 0, .to_ms = 4000, .has_after = true, .after_ms = 1000, .after_number = 1
    };

    four_points(f);
    check_str(list(f, cpu, span), "b c d");
    span.limit = 1;
    check_str(list(f, cpu, span), "b");
    span = (struct series_span){ .from_ms = 0,
                                 .to_ms = 4000,
                                 .newest_first = true,
                                 .has_after = true,
                                 .after_ms = 2000,
                                 .after_number = 1 };
    check_str(list(f, cpu, span), "b a");
}

static void test_same_time_and_number_replaces(void **state)
{
    struct check_store *f = *state;
    struct series_point p = { 2000, 1, { 0 } };
    struct err err = { 0 };

    four_points(f);
    put(f, cpu, 2000, 1, "new");
    check_ok(series_get(f->s, &f->a, cpu, &p, &err), &err);
    check_str(p.data, "new");
    p.number = 7;
    assert_int_equal(series_get(f->s, &f->a, cpu, &p, &err), E_MISSING);
}

static void test_prune(void **state)
{
    struct check_store *f = *state;
    struct err err = { 0 };

    four_points(f);
    check_ok(series_prune(f->s, cpu, 2000, &err), &err);
    check_str(list(f, cpu, (struct series_span){ .from_ms = 0, .to_ms = INT64_MAX }), "c d");
}

static void test_one_point_goes(void **state)
{
    struct check_store *f = *state;
    struct err err = { 0 };

    four_points(f);
    check_ok(series_remove(f->s, cpu, 2000, 1, &err), &err);
    assert_int_equal(series_remove(f->s, cpu, 2000, 1, &err), E_MISSING);
    assert_int_equal(err.code, 0);
    check_str(list(f, cpu, (struct series_span){ .from_ms = 0, .to_ms = INT64_MAX }), "a b d");
}

static void test_count(void **state)
{
    struct check_store *f = *state;
    struct err err = { 0 };
    int64_t all, some, none;

    four_points(f);
    check_ok(series_count(f->s, cpu, INT64_MIN, INT64_MAX, &all, &err), &err);
    check_ok(series_count(f->s, cpu, 2000, 2001, &some, &err), &err);
    check_ok(series_count(f->s, cpu, 0, 0, &none, &err), &err);
    assert_int_equal(all, 4);
    assert_int_equal(some, 1);
    assert_int_equal(none, 0);
}

static void test_names(void **state)
{
    struct check_store *f = *state;
    struct series_key key = { "metric", STR("111122223333/") };
    struct err err = { 0 };
    struct str *names;
    size_t count;

    four_points(f);
    put(f, (struct series_key){ "metric", STR("111122223333/disk") }, 0, 0, "x");
    put(f, (struct series_key){ "metric", STR("999999999999/cpu") }, 0, 0, "x");
    put(f, (struct series_key){ "log", STR("111122223333/log") }, 0, 0, "x");
    check_ok(series_names(f->s, &f->a, key, STR(""), 0, &names, &count, &err), &err);
    assert_int_equal(count, 2);
    check_str(names[0], "111122223333/cpu");
    check_str(names[1], "111122223333/disk");
    check_ok(series_names(f->s, &f->a, key, names[0], 1, &names, &count, &err), &err);
    assert_int_equal(count, 1);
    check_str(names[0], "111122223333/disk");
}

static void test_rollback_takes_it_back(void **state)
{
    struct check_store *f = *state;
    struct err err = { 0 };

    store_lock(f->s);
    check_ok(store_begin(f->s, &err), &err);
    four_points(f);
    store_rollback(f->s);
    store_unlock(f->s);
    check_str(list(f, cpu, (struct series_span){ .from_ms = 0, .to_ms = INT64_MAX }), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, check_store_open, check_store_close),
        cmocka_unit_test_setup_teardown(test_span_excludes_its_end, check_store_open,
                                        check_store_close),
        cmocka_unit_test_setup_teardown(test_goes_on_behind_a_point, check_store_open,
                                        check_store_close),
        cmocka_unit_test_setup_teardown(test_same_time_and_number_replaces, check_store_open,
                                        check_store_close),
        cmocka_unit_test_setup_teardown(test_prune, check_store_open, check_store_close),
        cmocka_unit_test_setup_teardown(test_one_point_goes, check_store_open, check_store_close),
        cmocka_unit_test_setup_teardown(test_count, check_store_open, check_store_close),
        cmocka_unit_test_setup_teardown(test_names, check_store_open, check_store_close),
        cmocka_unit_test_setup_teardown(test_rollback_takes_it_back, check_store_open,
                                        check_store_close),
    };

    return cmocka_run_group_tests_name("store/series", tests, NULL, NULL);
}
