/* When the background works: rates over a week, streams that don't disturb each other, scale. */
#include "check.h"

#include "core/base/clock.h"
#include "generator/plan/plan.h"
#include "generator/play/pace.h"

#define HOUR_MS 3600000ll
#define DAY_MS  86400000ll
#define START                                                                                      \
    "scenario: t\nstart: 2026-01-05T00:00:00Z\nend: +28d\n"                                        \
    "accounts: [{alias: main, id: \"111122223333\"}]\nregions: [us-east-1, eu-west-1]\n"           \
    "principals:\n  - {name: alice, kind: user, zone: \"+01:00\"}\n"                               \
    "  - {name: bob, kind: user, zone: \"-08:00\"}\n"                                              \
    "workloads:\n"
#define CALLS "    calls: [{call: sts.GetCallerIdentity}, {call: iam.ListUsers}]\n"

static void load(struct arena *a, const char *text, struct scenario *s)
{
    struct err err = { 0 };

    check_ok(scenario_parse(a, "t.yaml", str_c(text), s, &err), &err);
}

static void office_hours_carry_the_rate(void **state)
{
    struct arena a = { 0 };
    struct scenario s;
    double week = 0, office = 0, sunday = 0;

    (void)state;
    load(&a,
         START "  - name: w\n    as: alice\n    rate: 24/day\n"
               "    hours: {from: \"09:00\", to: \"17:00\", night: 0.1}\n"
               "    weekdays: {sat: 0.5, sun: 0}\n" CALLS,
         &s);
    for (int64_t h = 0; h < 7 * 24; h++) { /* from a Monday, local time */
        double rate = plan_rate(s.workloads, HOUR_MS, s.start_ms - HOUR_MS + h * HOUR_MS);

        week += rate;
        office += h % 24 >= 9 && h % 24 < 17 && h < 5 * 24 ? rate : 0;
        sunday += h >= 6 * 24 ? rate : 0;
    }
    assert_true(week > 24 * 5.5 - 0.01 && week < 24 * 5.5 + 0.01); /* five days and a half */
    assert_true(office > 0.8 * 24 * 5 && office < 0.9 * 24 * 5);
    assert_true(sunday == 0);
    arena_free(&a);
}

static size_t gather(const struct scenario *s, const char *actor, uint64_t seed, double scale,
                     int64_t *at, size_t most)
{
    struct stream st;
    size_t n = 0;

    stream_open(&st, s, s->workloads, scenario_principal(s, str_c(actor)), seed, scale);
    for (; st.next_ms != INT64_MAX && n < most; stream_next(&st))
        at[n++] = st.next_ms;
    return n;
}

static void sessions_come_in_order_at_the_rate(void **state)
{
    struct arena a = { 0 };
    struct scenario s;
    int64_t at[4096];

    (void)state;
    load(&a, START "  - name: w\n    as: [alice, bob]\n    rate: 48/day\n" CALLS, &s);
    size_t n = gather(&s, "alice", 1, 1, at, 4096);
    assert_true(n > 1200 && n < 1490); /* 1344 on average, four deviations either way */
    for (size_t i = 1; i < n; i++)
        assert_true(at[i - 1] <= at[i] && at[i] < s.end_ms);
    assert_true(gather(&s, "alice", 1, 2, at, 4096) > 2 * n - 300);
    arena_free(&a);
}

static void another_actor_changes_nobody_else(void **state)
{
    struct arena a = { 0 };
    struct scenario alone, two;
    int64_t first[512], second[512];

    (void)state;
    load(&a, START "  - name: w\n    as: alice\n    rate: 10/day\n" CALLS, &alone);
    load(&a,
         START "  - name: v\n    as: bob\n    rate: 3/day\n" CALLS
               "  - name: w\n    as: [bob, alice]\n    rate: 10/day\n" CALLS,
         &two);
    two.workloads = two.workloads->next;
    size_t n = gather(&alone, "alice", 5, 1, first, 512);
    assert_int_equal(gather(&two, "alice", 5, 1, second, 512), n);
    assert_memory_equal(first, second, n * sizeof *first);
    size_t m = gather(&two, "bob", 5, 1, second, 512);
    assert_true(m != n || memcmp(first, second, n * sizeof *first) != 0);
    arena_free(&a);
}

static void a_fixed_distance_is_kept(void **state)
{
    struct arena a = { 0 };
    struct scenario s;
    int64_t at[4096];

    (void)state;
    load(&a, START "  - name: w\n    as: alice\n    every: 15m\n    jitter: 20s\n" CALLS, &s);
    size_t n = gather(&s, "alice", 1, 1, at, 4096);
    assert_true(n == 28 * 96);
    for (size_t i = 1; i < n; i++)
        assert_true(at[i] - at[i - 1] > 15 * 60000 - 20000 &&
                    at[i] - at[i - 1] < 15 * 60000 + 20000);
    arena_free(&a);
}

static void a_session_of_all_goes_through_every_region(void **state)
{
    struct arena a = { 0 };
    struct scenario s;
    struct session session;
    struct stream st;

    (void)state;
    load(&a,
         START "  - name: w\n    as: alice\n    rate: 10/day\n"
               "    session: {order: all, regions: all, gap: 2s..2s}\n" CALLS,
         &s);
    stream_open(&st, &s, s.workloads, s.principals, 1, 1);
    session_draw(&a, &st, &session);
    assert_int_equal(session.count, 4);
    assert_int_equal(session_count(&st), 4);
    assert_int_equal(session.at_ms[0], st.next_ms);
    assert_int_equal(session.at_ms[3] - session.at_ms[0], 6000);
    arena_free(&a);
}

/* What a console or a plan asks for at once comes at once. */
static void a_tool_with_bursts_asks_at_once(void **state)
{
    struct arena a = { 0 };
    struct scenario s;
    struct session session;
    struct stream st;
    size_t quick = 0, slow = 0;

    (void)state;
    load(&a,
         START "  - name: w\n    as: alice\n    tool: console\n    rate: 10/day\n"
               "    session: {calls: 400..400, gap: 20s..60s}\n" CALLS
               "  - name: plan\n    as: alice\n    tool: terraform\n    rate: 10/day\n"
               "    session: {order: all}\n" CALLS,
         &s);
    stream_open(&st, &s, s.workloads, s.principals, 1, 1);
    session_draw(&a, &st, &session);
    for (size_t i = 1; i < session.count; i++) {
        quick += session.at_ms[i] - session.at_ms[i - 1] <= 900;
        slow += session.at_ms[i] - session.at_ms[i - 1] >= 20000;
    }
    assert_true(quick > 140 && slow > 140);
    assert_int_equal(quick + slow, session.count - 1);
    stream_open(&st, &s, s.workloads->next, s.principals, 1, 1);
    session_draw(&a, &st, &session);
    assert_true(session.at_ms[1] - session.at_ms[0] <= 400);
    arena_free(&a);
}

static void the_scale_plans_what_is_wanted(void **state)
{
    struct arena a = { 0 };
    struct scenario s;

    (void)state;
    load(&a,
         START "  - name: w\n    as: [alice, bob]\n    rate: 10/day\n"
               "    session: {calls: 1..9}\n" CALLS,
         &s);
    for (uint64_t wanted = 50; wanted < 100000; wanted *= 7) {
        struct plan p = plan_for(&s, 1, wanted);

        assert_true(p.calls >= wanted);
        assert_true(p.calls < wanted + 10); /* one session more at most */
    }
    struct plan as_said = plan_for(&s, 1, 0);
    assert_true(as_said.scale == 1 && as_said.calls > 2000);
    arena_free(&a);
}

/* However many records a call leaves, as many come out as were wanted. */
static void the_pace_comes_out_even(void **state)
{
    static const int64_t leaves[] = { 0, 1, 1, 1, 2, 1, 1 };

    (void)state;
    for (int64_t wanted = 100; wanted <= 10000; wanted *= 10) {
        struct pace p = { .target = wanted, .planned = wanted + wanted / 10 + 16 };
        int64_t taken = 0;

        for (int64_t i = 0; i < p.planned; i++)
            if (pace_allows(&p, taken, 1))
                taken += leaves[(size_t)i % COUNT(leaves)];
        assert_true(taken >= wanted - 1 && taken <= wanted + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(office_hours_carry_the_rate),
        cmocka_unit_test(sessions_come_in_order_at_the_rate),
        cmocka_unit_test(another_actor_changes_nobody_else),
        cmocka_unit_test(a_fixed_distance_is_kept),
        cmocka_unit_test(a_session_of_all_goes_through_every_region),
        cmocka_unit_test(a_tool_with_bursts_asks_at_once),
        cmocka_unit_test(the_scale_plans_what_is_wanted),
        cmocka_unit_test(the_pace_comes_out_even),
    };

    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
