#include "emulator/services/events/cron.h"

#include <assert.h>

#include "core/base/clock.h"

#define MINUTE_MS             60000ll
#define DAY_MS                (24 * 60 * MINUTE_MS)
#define FIRST_YEAR            1970
#define LAST_YEAR             2199
#define LAST_WEEKDAY_OF_MONTH 32

static const char *const month_names[] = { "JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                           "JUL", "AUG", "SEP", "OCT", "NOV", "DEC" };
static const char *const weekday_names[] = { "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT" };

struct field {
    const char *what;
    int least, most;
    const char *const *names; /* of least and on, or NULL */
    int name_count;
};
static const struct field minute_field = { "minutes", 0, 59, NULL, 0 };
static const struct field hour_field = { "hours", 0, 23, NULL, 0 };
static const struct field day_field = { "day-of-month", 1, 31, NULL, 0 };
static const struct field month_field = { "month", 1, 12, month_names, 12 };
static const struct field weekday_field = { "day-of-week", 1, 7, weekday_names, 7 };
static const struct field year_field = { "year", FIRST_YEAR, LAST_YEAR, NULL, 0 };

static int bad(struct err *err, const struct field *f, struct str text)
{
    return err_set(err, E_PARSE, "%s: '%.*s' is not valid", f->what,
                   STR_ARG(str_sub(text, 0, 100)));
}

static bool number(const struct field *f, struct str text, int *out)
{
    int64_t n;

    for (int i = 0; i < f->name_count; i++)
        if (str_eq_nocase(text, str_c(f->names[i]))) {
            *out = f->least + i;
            return true;
        }
    if (text.len == 0 || text.ptr[0] == '-' || !str_to_i64(text, &n) || n < f->least || n > f->most)
        return false;
    *out = (int)n;
    return true;
}

static void put(uint64_t *bits, int n)
{
    assert(n >= 0);
    bits[n / 64] |= 1ull << n % 64;
}

static bool has(const uint64_t *bits, int n)
{
    return bits[n / 64] >> n % 64 & 1;
}

/* One of those between commas: *, N, N-M, and each with /STEP. Ranges may run past the end
 * (20-2). Bits count from base. */
static int put_item(const struct field *f, struct str item, uint64_t *bits, int base,
                    struct err *err)
{
    struct str range, step_text, from_text, to_text;
    bool has_step = str_cut(item, '/', &range, &step_text);
    int from = f->least, to = f->most;
    int64_t step = 1;

    if (has_step && (!str_to_i64(step_text, &step) || step < 1 || step > f->most))
        return bad(err, f, item);
    if (!str_eq_c(range, "*")) {
        bool has_to = str_cut(range, '-', &from_text, &to_text);
        if (!number(f, from_text, &from) || (has_to && !number(f, to_text, &to)))
            return bad(err, f, item);
        if (!has_to && !has_step)
            to = from;
    }
    int span = to >= from ? to - from : to - from + f->most - f->least + 1;
    for (int i = 0; i <= span; i += (int)step) {
        int n = from + i > f->most ? from + i - (f->most - f->least + 1) : from + i;
        put(bits, n - base);
    }
    return 0;
}

static int put_list(const struct field *f, struct str text, uint64_t *bits, int base,
                    struct err *err)
{
    struct str item;
    int rc = 0;

    if (text.len == 0 || text.ptr[text.len - 1] == ',')
        return bad(err, f, text);
    while (rc == 0 && text.len > 0) {
        (void)str_cut(text, ',', &item, &text); /* no comma: the last one */
        rc = put_item(f, item, bits, base, err);
    }
    return rc;
}

/* L, L-N, LW, NW, or a list. */
static int parse_days(struct str text, struct cron *c, struct err *err)
{
    int64_t before = 0;
    int day;

    if (str_eq_nocase(text, STR("LW"))) {
        c->nearest_weekday = LAST_WEEKDAY_OF_MONTH;
        return 0;
    }
    if (text.len > 0 && (text.ptr[0] == 'L' || text.ptr[0] == 'l')) {
        c->last_day = true;
        if (text.len > 1 &&
            (text.ptr[1] != '-' || !str_to_i64(str_sub(text, 2, text.len), &before) || before < 1 ||
             before > 30))
            return bad(err, &day_field, text);
        c->last_before = (int)before;
        return 0;
    }
    if (text.len > 1 && (text.ptr[text.len - 1] | 0x20) == 'w') {
        if (!number(&day_field, str_sub(text, 0, text.len - 1), &day))
            return bad(err, &day_field, text);
        c->nearest_weekday = day;
        return 0;
    }
    return put_list(&day_field, text, &c->days, 0, err);
}

/* L (Saturday), NL, N#M, or a list. */
static int parse_weekdays(struct str text, struct cron *c, struct err *err)
{
    struct str head, tail;
    int64_t nth;

    c->by_weekday = true;
    if (str_cut(text, '#', &head, &tail)) {
        if (!number(&weekday_field, head, &c->nth_weekday) || !str_to_i64(tail, &nth) || nth < 1 ||
            nth > 5)
            return bad(err, &weekday_field, text);
        c->nth = (int)nth;
        return 0;
    }
    if (str_eq_nocase(text, STR("L"))) {
        put(&c->weekdays, 6);
        return 0;
    }
    if (text.len > 1 && (text.ptr[text.len - 1] | 0x20) == 'l' &&
        number(&weekday_field, str_sub(text, 0, text.len - 1), &c->last_weekday))
        return 0;
    return put_list(&weekday_field, text, &c->weekdays, 1, err);
}

/* One of the two days is "?", and only one. */
static int parse_day(struct str days, struct str weekdays, struct cron *c, struct err *err)
{
    bool no_days = str_eq_c(days, "?"), no_weekdays = str_eq_c(weekdays, "?");

    if (no_days == no_weekdays)
        return err_set(err, E_PARSE, "one of day-of-month and day-of-week must be ?");
    return no_days ? parse_weekdays(weekdays, c, err) : parse_days(days, c, err);
}

static int parse_cron(struct str text, struct cron *c, struct err *err)
{
    struct str fields[6];
    size_t count = 0;

    for (text = str_trim(text); text.len > 0; text = str_trim(text)) {
        if (count == COUNT(fields))
            return err_set(err, E_PARSE, "more than six fields");
        size_t len = 0;
        while (len < text.len && text.ptr[len] != ' ' && text.ptr[len] != '\t')
            len++;
        fields[count++] = str_sub(text, 0, len);
        text = str_sub(text, len, text.len);
    }
    if (count < COUNT(fields))
        return err_set(err, E_PARSE, "fewer than six fields");
    int rc = put_list(&minute_field, fields[0], &c->minutes, 0, err);
    if (rc == 0)
        rc = put_list(&hour_field, fields[1], &c->hours, 0, err);
    if (rc == 0)
        rc = put_list(&month_field, fields[3], &c->months, 0, err);
    if (rc == 0)
        rc = parse_day(fields[2], fields[4], c, err);
    return rc < 0 ? rc : put_list(&year_field, fields[5], c->years, FIRST_YEAR, err);
}

static const struct {
    const char *one, *many;
    int64_t ms;
} units[] = {
    { "minute", "minutes", MINUTE_MS },
    { "hour", "hours", 60 * MINUTE_MS },
    { "day", "days", DAY_MS },
};

static int parse_rate(struct str text, struct cron *c, struct err *err)
{
    struct str value, unit;
    int64_t n;

    /* a period of over a million days would run past any clock */
    if (!str_cut(str_trim(text), ' ', &value, &unit) || !str_to_i64(value, &n) || n < 1 ||
        n > 1000000)
        return err_set(err, E_PARSE, "rate: expected a positive number and a unit");
    unit = str_trim(unit);
    for (size_t i = 0; i < COUNT(units); i++)
        if (str_eq_c(unit, n == 1 ? units[i].one : units[i].many))
            c->rate_ms = n * units[i].ms;
    return c->rate_ms > 0 ? 0
                          : err_set(err, E_PARSE, "rate: unit '%.*s' is not valid",
                                    STR_ARG(str_sub(unit, 0, 100)));
}

int cron_parse(struct str text, struct cron *out, struct err *err)
{
    struct cron c = { 0 };
    bool is_rate = str_has_prefix(text, STR("rate("));
    int rc;

    if (!str_has_suffix(text, STR(")")) || (!is_rate && !str_has_prefix(text, STR("cron("))))
        return err_set(err, E_PARSE, "expected rate(...) or cron(...)");
    text = str_sub(text, 5, text.len - 6);
    rc = is_rate ? parse_rate(text, &c, err) : parse_cron(text, &c, err);
    if (rc == 0)
        *out = c;
    return rc;
}

/* ---- the next time ---- */

static int days_of(int year, int month)
{
    struct clock_parts next = { .year = month == 12 ? year + 1 : year,
                                .month = month == 12 ? 1 : month + 1,
                                .day = 1 };

    return clock_split(clock_join(next) - DAY_MS).day;
}

/* The weekday (Monday to Friday) nearest to a day, within its month. */
static int nearest_weekday(const struct clock_parts *t, int day, int days)
{
    int weekday = (t->weekday + day - t->day + 35) % 7;

    if (weekday == 6)
        return day > 1 ? day - 1 : day + 2;
    if (weekday == 0)
        return day < days ? day + 1 : day - 2;
    return day;
}

static bool by_month_day(const struct cron *c, const struct clock_parts *t)
{
    int days = days_of(t->year, t->month);

    if (c->last_day)
        return t->day == days - c->last_before;
    if (c->nearest_weekday == LAST_WEEKDAY_OF_MONTH)
        return t->day == nearest_weekday(t, days, days);
    if (c->nearest_weekday > 0)
        return c->nearest_weekday <= days && t->day == nearest_weekday(t, c->nearest_weekday, days);
    return has(&c->days, t->day);
}

static bool by_week_day(const struct cron *c, const struct clock_parts *t)
{
    if (c->nth > 0)
        return t->weekday == c->nth_weekday - 1 && (t->day - 1) / 7 + 1 == c->nth;
    if (c->last_weekday > 0)
        return t->weekday == c->last_weekday - 1 && t->day + 7 > days_of(t->year, t->month);
    return has(&c->weekdays, t->weekday);
}

static bool day_is_in(const struct cron *c, const struct clock_parts *t)
{
    return has(&c->months, t->month) && has(c->years, t->year - FIRST_YEAR) &&
           (c->by_weekday ? by_week_day(c, t) : by_month_day(c, t));
}

/* The first minute of the day, not before from, that is in; -1: none. */
static int minute_of_day(const struct cron *c, int from)
{
    for (int m = from; m < 24 * 60; m++)
        if (has(&c->hours, m / 60) && has(&c->minutes, m % 60))
            return m;
    return -1;
}

int64_t cron_next(const struct cron *c, int64_t since_ms, int64_t after_ms)
{
    if (c->rate_ms > 0) {
        int64_t n = after_ms < since_ms ? 1 : (after_ms - since_ms) / c->rate_ms + 1;
        return since_ms + n * c->rate_ms;
    }
    if (after_ms < 0)
        after_ms = 0;
    int64_t minute = after_ms / MINUTE_MS + 1, day = minute / (24 * 60);
    int from = (int)(minute % (24 * 60));

    for (;; day++, from = 0) {
        struct clock_parts t = clock_split(day * DAY_MS);

        if (t.year > LAST_YEAR)
            return INT64_MAX;
        int m = day_is_in(c, &t) ? minute_of_day(c, from) : -1;
        if (m >= 0)
            return day * DAY_MS + m * MINUTE_MS;
    }
}
