#include "tests/unit/check.h"

#include "core/base/buf.h"
#include "emulator/engine/schedule.h"

struct tally {
    struct clock *clock;
    struct schedule *schedule;
    struct buf log; /* "name@time " for each run */
    const char *name;
    int64_t every_ms;
    int fail_after; /* runs before a failure; 0: never */
    int runs;
};

static int note(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    struct tally *t = arg;

    assert_int_equal(clock_now_ms(t->clock), due_ms); /* the clock stands exactly at the due time */
    if (t->fail_after > 0 && ++t->runs > t->fail_after)
        return err_set(err, E_IO, "%s fails", t->name);
    buf_printf(&t->log, "%lld ", (long long)due_ms);
    *next_ms = t->every_ms > 0 ? due_ms + t->every_ms : INT64_MAX;
    return 0;
}

static void a_virtual_clock_fires_in_order_of_due_time(void **state)
{
    struct clock c;
    struct schedule *s;
    struct tally a = { .clock = &c, .every_ms = 40 }, b = { .clock = &c, .every_ms = 0 };

    (void)state;
    clock_init_virtual(&c, 1000);
    assert_int_equal(schedule_open(&s, &c, NULL), 0);
    assert_int_equal(schedule_add(s, "a", 1010, note, &a, NULL), 0);
    assert_int_equal(schedule_add(s, "b", 1050, note, &b, NULL), 0);
    assert_int_equal(schedule_advance(s, 1100, NULL), 0);
    check_str(buf_view(&a.log), "1010 1050 1090 ");
    check_str(buf_view(&b.log), "1050 ");
    assert_int_equal(clock_now_ms(&c), 1100);
    assert_true(schedule_is_frozen(s));
    schedule_close(s);
    buf_free(&a.log);
    buf_free(&b.log);
}

/* What stays for later as long as the advance will come by again. */
static int put_off(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    struct tally *t = arg;

    (void)err;
    *next_ms = due_ms + t->every_ms;
    if (!schedule_will_reach(t->schedule, *next_ms))
        buf_printf(&t->log, "%lld ", (long long)due_ms);
    return 0;
}

static void a_job_knows_whether_the_advance_comes_by_again(void **state)
{
    struct clock c;
    struct tally a = { .clock = &c, .every_ms = 10 };

    (void)state;
    clock_init_virtual(&c, 0);
    assert_int_equal(schedule_open(&a.schedule, &c, NULL), 0);
    assert_int_equal(schedule_add(a.schedule, "a", 10, put_off, &a, NULL), 0);
    assert_int_equal(schedule_advance(a.schedule, 59, NULL), 0);
    assert_int_equal(schedule_advance(a.schedule, 60, NULL), 0);
    check_str(buf_view(&a.log), "50 60 ");
    assert_false(schedule_will_reach(a.schedule, 60));
    schedule_close(a.schedule);
    buf_free(&a.log);
}

static struct buf order;
static int note_name(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    (void)due_ms, (void)next_ms, (void)err;
    buf_add_c(&order, arg);
    return 0;
}

static void equal_times_fire_in_order_of_name(void **state)
{
    char names[][2] = { "z", "m", "a" };
    struct clock c;
    struct schedule *s;

    (void)state;
    clock_init_virtual(&c, 0);
    assert_int_equal(schedule_open(&s, &c, NULL), 0);
    assert_int_equal(schedule_add(s, "z", 5, note_name, names[0], NULL), 0);
    assert_int_equal(schedule_add(s, "m", 5, note_name, names[1], NULL), 0);
    assert_int_equal(schedule_add(s, "a", 5, note_name, names[2], NULL), 0);
    schedule_remove(s, "m");
    assert_int_equal(schedule_advance(s, 5, NULL), 0);
    check_str(buf_view(&order), "az");
    buf_free(&order);
    schedule_close(s);
}

static void a_clock_that_stands_does_not_go_back(void **state)
{
    struct err err = { 0 };
    struct clock c;
    struct schedule *s;

    (void)state;
    clock_init_virtual(&c, 5000);
    assert_int_equal(schedule_open(&s, &c, NULL), 0);
    assert_int_equal(schedule_advance(s, 4999, &err), E_CONFLICT);
    assert_string_equal(err.text, "the clock stands at 1970-01-01T00:00:05Z and can't go back");
    assert_int_equal(schedule_freeze(s, false, NULL), E_CONFLICT);
    schedule_close(s);
}

static void a_failing_job_stops_the_advance_and_stays_due(void **state)
{
    struct err err = { 0 };
    struct clock c;
    struct schedule *s;
    struct tally a = { .clock = &c, .every_ms = 10, .name = "a", .fail_after = 2 };

    (void)state;
    clock_init_virtual(&c, 100);
    assert_int_equal(schedule_open(&s, &c, NULL), 0);
    assert_int_equal(schedule_add(s, "a", 110, note, &a, NULL), 0);
    assert_int_equal(schedule_advance(s, 200, &err), E_IO);
    assert_string_equal(err.text, "a fails");
    assert_int_equal(clock_now_ms(&c), 130);
    a.fail_after = 0;
    assert_int_equal(schedule_advance(s, 140, NULL), 0);
    check_str(buf_view(&a.log), "110 120 130 140 ");
    schedule_close(s);
    buf_free(&a.log);
}

static void a_frozen_real_clock_is_stepped_and_goes_on_from_there(void **state)
{
    struct clock c;
    struct schedule *s;
    struct tally a = { .clock = &c };

    (void)state;
    clock_init_real(&c);
    assert_int_equal(schedule_open(&s, &c, NULL), 0);
    assert_false(schedule_is_frozen(s));
    assert_int_equal(schedule_freeze(s, true, NULL), 0);
    int64_t at = clock_now_ms(&c);
    assert_int_equal(schedule_add(s, "a", at + 3600000, note, &a, NULL), 0);
    assert_int_equal(schedule_advance(s, at + 7200000, NULL), 0);
    assert_true(a.log.len > 0);
    assert_int_equal(clock_now_ms(&c), at + 7200000);
    assert_int_equal(schedule_freeze(s, false, NULL), 0);
    assert_true(clock_now_ms(&c) >= at + 7200000);
    assert_true(clock_now_ms(&c) < at + 7200000 + 60000);
    schedule_close(s);
    buf_free(&a.log);
}

static _Atomic int fired;
static int count_up(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    (void)arg, (void)err;
    *next_ms = ++fired < 3 ? due_ms + 1 : INT64_MAX;
    return 0;
}

static void a_real_clock_fires_by_itself(void **state)
{
    struct clock c;
    struct schedule *s;
    int64_t deadline_us = clock_monotonic_us() + 10000000;

    (void)state;
    clock_init_real(&c);
    assert_int_equal(schedule_open(&s, &c, NULL), 0);
    assert_int_equal(schedule_start(s, NULL), 0);
    assert_int_equal(schedule_add(s, "soon", clock_now_ms(&c) + 2, count_up, NULL, NULL), 0);
    while (fired < 3 && clock_monotonic_us() < deadline_us)
        ;
    assert_int_equal(fired, 3);
    schedule_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_virtual_clock_fires_in_order_of_due_time),
        cmocka_unit_test(equal_times_fire_in_order_of_name),
        cmocka_unit_test(a_clock_that_stands_does_not_go_back),
        cmocka_unit_test(a_failing_job_stops_the_advance_and_stays_due),
        cmocka_unit_test(a_frozen_real_clock_is_stepped_and_goes_on_from_there),
        cmocka_unit_test(a_job_knows_whether_the_advance_comes_by_again),
        cmocka_unit_test(a_real_clock_fires_by_itself),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
