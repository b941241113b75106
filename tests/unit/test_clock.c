#include "core/base/clock.h"

#include "tests/unit/check.h"

static const struct moment {
    const char *name;
    int64_t ms;
    const char *iso_ms, *basic, *rfc822;
} moments[] = {
    { "the epoch", 0, "1970-01-01T00:00:00.000Z", "19700101T000000Z",
      "Thu, 01 Jan 1970 00:00:00 GMT" },
    { "one ms before it", -1, "1969-12-31T23:59:59.999Z", "19691231T235959Z",
      "Wed, 31 Dec 1969 23:59:59 GMT" },
    { "a leap day of 400 years", 951782400000, "2000-02-29T00:00:00.000Z", "20000229T000000Z",
      "Tue, 29 Feb 2000 00:00:00 GMT" },
    { "1900 had no leap day", -2203891200001, "1900-02-28T23:59:59.999Z", "19000228T235959Z",
      "Wed, 28 Feb 1900 23:59:59 GMT" },
    { "the last second of 32 bits", 2147483647000, "2038-01-19T03:14:07.000Z", "20380119T031407Z",
      "Tue, 19 Jan 2038 03:14:07 GMT" },
    { "a leap year's last day", 1735603199678, "2024-12-30T23:59:59.678Z", "20241230T235959Z",
      "Mon, 30 Dec 2024 23:59:59 GMT" },
    { "the year 0", -62167219200000, "0000-01-01T00:00:00.000Z", "00000101T000000Z",
      "Sat, 01 Jan 0000 00:00:00 GMT" },
    { "the year 9999", 253402300799999, "9999-12-31T23:59:59.999Z", "99991231T235959Z",
      "Fri, 31 Dec 9999 23:59:59 GMT" },
};

static void check_moment(void **state)
{
    const struct moment *m = *state;
    struct arena a = { 0 };
    char iso[CLOCK_ISO_SIZE];
    int64_t back = 1;

    clock_iso(m->ms, iso);
    assert_memory_equal(iso, m->iso_ms, 19);
    assert_string_equal(iso + 19, "Z");
    check_str(clock_iso_ms(&a, m->ms), m->iso_ms);
    check_str(clock_iso_basic(&a, m->ms), m->basic);
    check_str(clock_rfc822(&a, m->ms), m->rfc822);
    assert_int_equal(clock_parse(str_c(m->iso_ms), &back, NULL), 0);
    assert_int_equal(back, m->ms);
    assert_int_equal(clock_parse(str_c(m->rfc822), &back, NULL), 0);
    assert_int_equal(back, m->ms - (m->ms % 1000 + 1000) % 1000);
    arena_free(&a);
}

static const struct parse_case {
    const char *name, *text, *want; /* as clock_iso_ms writes it; NULL: E_PARSE */
} parses[] = {
    { "extended", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z" },
    { "basic", "20260102T030405Z", "2026-01-02T03:04:05.000Z" },
    { "small letters", "2026-01-02t03:04:05z", "2026-01-02T03:04:05.000Z" },
    { "a blank for the T", "2026-01-02 03:04:05", "2026-01-02T03:04:05.000Z" },
    { "no zone is UTC", "2026-01-02T03:04:05", "2026-01-02T03:04:05.000Z" },
    { "no seconds", "2026-01-02T03:04Z", "2026-01-02T03:04:00.000Z" },
    { "basic without seconds, as log names have it", "20260102T0304Z", "2026-01-02T03:04:00.000Z" },
    { "a bare date", "2026-01-02", "2026-01-02T00:00:00.000Z" },
    { "a bare basic date", "20260102", "2026-01-02T00:00:00.000Z" },
    { "a fraction of one digit", "2026-01-02T03:04:05.5Z", "2026-01-02T03:04:05.500Z" },
    { "a fraction of nine digits is cut", "2026-01-02T03:04:05.123999999Z",
      "2026-01-02T03:04:05.123Z" },
    { "a zone east of UTC", "2026-01-02T00:30:00+01:00", "2026-01-01T23:30:00.000Z" },
    { "a zone west of UTC", "2026-12-31T20:00:00-0530", "2027-01-01T01:30:00.000Z" },
    { "a leap second", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z" },
    { "a leap day", "2024-02-29", "2024-02-29T00:00:00.000Z" },
    { "RFC 822", "Tue, 29 Apr 2014 18:30:38 GMT", "2014-04-29T18:30:38.000Z" },
    { "RFC 822 with a numeric zone", "29 Apr 2014 18:30:38 +0200", "2014-04-29T16:30:38.000Z" },
    { "RFC 822 with one digit of a day", "Thu, 1 May 2014 00:00:00 UTC",
      "2014-05-01T00:00:00.000Z" },
    { "epoch seconds", "1422172800", "2015-01-25T08:00:00.000Z" },
    { "epoch seconds with a fraction", "1422172800.123", "2015-01-25T08:00:00.123Z" },
    { "epoch seconds with an exponent", "1.4221728E9", "2015-01-25T08:00:00.000Z" },
    { "before the epoch", "-1.5", "1969-12-31T23:59:58.500Z" },
    { "nothing", "", NULL },
    { "no leap day", "2026-02-29", NULL },
    { "no leap day in 1900", "1900-02-29", NULL },
    { "month 13", "2026-13-01", NULL },
    { "month 0", "2026-00-01", NULL },
    { "day 0", "2026-01-00", NULL },
    { "hour 24", "2026-01-01T24:00:00Z", NULL },
    { "minute 60", "2026-01-01T00:60:00Z", NULL },
    { "second 61", "2026-01-01T00:00:61Z", NULL },
    { "no digit behind the point", "2026-01-01T00:00:00.Z", NULL },
    { "half extended", "2026-0102", NULL },
    { "a T and nothing", "2026-01-01T", NULL },
    { "something behind", "2026-01-01T00:00:00Zx", NULL },
    { "an unknown zone", "2026-01-01T00:00:00 CET", NULL },
    { "a zone too far", "2026-01-01T00:00:00+24:00", NULL },
    { "an unknown month", "Tue, 29 Abc 2014 18:30:38 GMT", NULL },
    { "seconds beyond the year 9999", "253402300800", NULL },
    { "words", "yesterday", NULL },
};

static void check_parse(void **state)
{
    const struct parse_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    int64_t got = 42;

    if (c->want) {
        check_ok(clock_parse(str_c(c->text), &got, &err), &err);
        check_str(clock_iso_ms(&a, got), c->want);
        bool is_seconds = str_to_f64(str_c(c->text), &(double){ 0 }) && strlen(c->text) != 8;
        assert_int_equal(clock_parse_written(str_c(c->text), &got, &err), is_seconds ? E_PARSE : 0);
    } else {
        assert_int_equal(clock_parse(str_c(c->text), &got, &err), E_PARSE);
        assert_int_equal(err.code, E_PARSE);
        assert_int_equal(got, 42);
    }
    arena_free(&a);
}

static const struct duration_case {
    const char *name, *text;
    int64_t ms; /* -1: E_PARSE */
} durations[] = {
    { "milliseconds", "250ms", 250 },   { "seconds", "90s", 90000 },
    { "minutes", "15m", 900000 },       { "hours", "1h", 3600000 },
    { "days", "30d", 2592000000 },      { "weeks", "2w", 1209600000 },
    { "none at all", "0s", 0 },         { "no unit", "90", -1 },
    { "no number", "s", -1 },           { "an unknown unit", "1y", -1 },
    { "negative", "-1s", -1 },          { "a blank", "1 s", -1 },
    { "too long", "99999999999d", -1 }, { "nothing", "", -1 },
};

static void check_duration(void **state)
{
    const struct duration_case *c = *state;
    struct err err = { 0 };
    int64_t got = -1;

    assert_int_equal(clock_parse_duration(str_c(c->text), &got, &err), c->ms < 0 ? E_PARSE : 0);
    assert_int_equal(got, c->ms);
}

/* Every day of 800 years, counted up beside it by the rules of the calendar. */
static void check_every_day(void **state)
{
    (void)state;
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    struct clock_parts want = { .year = 1600, .month = 1, .day = 1, .weekday = 6 };
    int64_t start = clock_join(want);

    for (int64_t t = start; want.year < 2400; t += 86400000) {
        struct clock_parts got = clock_split(t + 86399999);

        assert_true(got.year == want.year && got.month == want.month && got.day == want.day);
        assert_int_equal(got.weekday, want.weekday);
        assert_int_equal(clock_join(got), t + 86399999);

        bool is_leap = want.year % 4 == 0 && (want.year % 100 != 0 || want.year % 400 == 0);

        want.weekday = (want.weekday + 1) % 7;
        if (++want.day > lengths[want.month - 1] + (is_leap && want.month == 2)) {
            want.day = 1;
            if (++want.month > 12) {
                want.month = 1;
                want.year++;
            }
        }
    }
}

static void check_extremes(void **state)
{
    (void)state;
    static const int64_t times[] = { INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 86400000 };
    char iso[CLOCK_ISO_SIZE];

    for (size_t i = 0; i < COUNT(times); i++)
        assert_int_equal(clock_join(clock_split(times[i])), times[i]);
    clock_iso(INT64_MAX, iso); /* held to what four digits can tell */
    assert_string_equal(iso, "9999-12-31T23:59:59Z");
    clock_iso(INT64_MIN, iso);
    assert_string_equal(iso, "0000-01-01T00:00:00Z");
}

static void check_virtual(void **state)
{
    (void)state;
    struct clock c;

    clock_init_virtual(&c, 1000);
    assert_int_equal(clock_now_ms(&c), 1000);
    assert_int_equal(clock_now_ms(&c), 1000);
    clock_set_ms(&c, 5000);
    assert_int_equal(clock_now_ms(&c), 5000);
}

static void check_real(void **state)
{
    (void)state;
    struct clock c;

    clock_init_real(&c);
    int64_t before = clock_machine_ms(), now = clock_now_ms(&c), after = clock_machine_ms();

    assert_true(before <= now && now <= after);
    clock_set_ms(&c, 1000);
    now = clock_now_ms(&c);
    assert_true(now >= 1000 && now < 61000); /* goes on from there */

    int64_t first_us = clock_monotonic_us();

    assert_true(clock_monotonic_us() >= first_us);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, moments, check_moment);
    CHECK_ROWS(&s, parses, check_parse);
    CHECK_ROWS(&s, durations, check_duration);
    check_add(&s, "every day from 1600 to 2400", check_every_day);
    check_add(&s, "the ends of int64", check_extremes);
    check_add(&s, "a virtual clock stands still until it is set", check_virtual);
    check_add(&s, "a real clock goes with the machine's, or beside it", check_real);
    return check_run(&s, "clock");
}
