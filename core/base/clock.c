#include "core/base/clock.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#define DAY_MS 86400000LL
/* The first and last moment that four digits of a year can tell. */
#define MIN_ISO_MS (-62167219200000LL)
#define MAX_ISO_MS 253402300799999LL

static int64_t machine_us(clockid_t id)
{
    struct timespec t;

    (void)clock_gettime(id, &t); /* both clocks exist on every Linux */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_machine_ms(void)
{
    return machine_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_monotonic_us(void)
{
    return machine_us(CLOCK_MONOTONIC);
}

void clock_init_real(struct clock *c)
{
    c->mode = CLOCK_REAL;
    atomic_init(&c->offset_ms, 0);
    atomic_init(&c->frozen_ms, 0);
}

void clock_init_virtual(struct clock *c, int64_t start_ms)
{
    c->mode = CLOCK_VIRTUAL;
    atomic_init(&c->offset_ms, start_ms);
    atomic_init(&c->frozen_ms, 0);
}

int64_t clock_now_ms(const struct clock *c)
{
    int64_t offset_ms = atomic_load(&c->offset_ms);

    if (c->mode == CLOCK_VIRTUAL)
        return offset_ms;
    int64_t frozen_ms = atomic_load(&c->frozen_ms);
    return frozen_ms != 0 ? frozen_ms : clock_machine_ms() + offset_ms;
}

void clock_set_ms(struct clock *c, int64_t now_ms)
{
    if (c->mode == CLOCK_REAL && atomic_load(&c->frozen_ms) != 0)
        atomic_store(&c->frozen_ms, now_ms);
    else
        atomic_store(&c->offset_ms, c->mode == CLOCK_REAL ? now_ms - clock_machine_ms() : now_ms);
}

void clock_freeze(struct clock *c)
{
    if (c->mode == CLOCK_REAL)
        atomic_store(&c->frozen_ms, clock_now_ms(c));
}

void clock_unfreeze(struct clock *c)
{
    int64_t frozen_ms = atomic_load(&c->frozen_ms);

    if (frozen_ms == 0)
        return;
    atomic_store(&c->offset_ms, frozen_ms - clock_machine_ms());
    atomic_store(&c->frozen_ms, 0);
}

bool clock_is_frozen(const struct clock *c)
{
    return c->mode == CLOCK_VIRTUAL || atomic_load(&c->frozen_ms) != 0;
}

static int64_t floor_div(int64_t n, int64_t by)
{
    return n / by - (n % by < 0);
}

/* Days since 1970-01-01. The year begins in March, so that the leap day is its last; 400 years, an
 * era, have 146097 days. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    int64_t y = year - (month <= 2), era = floor_div(y, 400), of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct clock_parts clock_split(int64_t t_ms)
{
    int64_t days = floor_div(t_ms, DAY_MS), ms = (t_ms % DAY_MS + DAY_MS) % DAY_MS;
    int64_t z = days + 719468, era = floor_div(z, 146097), of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0 is March */

    return (struct clock_parts){
        .year = (int)(year + era * 400 + (month >= 10)),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(of_year - (153 * month + 2) / 5 + 1),
        .hour = (int)(ms / 3600000),
        .minute = (int)(ms / 60000 % 60),
        .second = (int)(ms / 1000 % 60),
        .ms = (int)(ms % 1000),
        .weekday = (int)(((days + 4) % 7 + 7) % 7),
    };
}

int64_t clock_join(struct clock_parts p)
{
    int64_t day_ms = ((p.hour * 60LL + p.minute) * 60 + p.second) * 1000 + p.ms;
    int64_t days = days_from_civil(p.year, p.month, p.day);

    /* Written so that the very first day of int64 does not overflow on the way. */
    return days < 0 ? (days + 1) * DAY_MS + (day_ms - DAY_MS) : days * DAY_MS + day_ms;
}

static struct clock_parts split_iso(int64_t t_ms)
{
    return clock_split(t_ms < MIN_ISO_MS ? MIN_ISO_MS : t_ms > MAX_ISO_MS ? MAX_ISO_MS : t_ms);
}

static void put_digits(char *out, int value, int digits)
{
    for (; digits--; value /= 10)
        out[digits] = (char)('0' + value % 10);
}

void clock_iso(int64_t t_ms, char out[CLOCK_ISO_SIZE])
{
    struct clock_parts p = split_iso(t_ms);

    memcpy(out, "0000-00-00T00:00:00Z", CLOCK_ISO_SIZE);
    put_digits(out, p.year, 4);
    put_digits(out + 5, p.month, 2);
    put_digits(out + 8, p.day, 2);
    put_digits(out + 11, p.hour, 2);
    put_digits(out + 14, p.minute, 2);
    put_digits(out + 17, p.second, 2);
}

struct str clock_iso_ms(struct arena *a, int64_t t_ms)
{
    char text[] = "0000-00-00T00:00:00.000Z";

    clock_iso(t_ms, text);
    text[CLOCK_ISO_SIZE - 2] = '.';
    put_digits(text + CLOCK_ISO_SIZE - 1, split_iso(t_ms).ms, 3);
    text[CLOCK_ISO_SIZE + 2] = 'Z';
    return arena_copy(a, (struct str){ text, sizeof text - 1 });
}

struct str clock_iso_basic(struct arena *a, int64_t t_ms)
{
    struct clock_parts p = split_iso(t_ms);

    char text[] = "00000000T000000Z";

    put_digits(text, p.year, 4);
    put_digits(text + 4, p.month, 2);
    put_digits(text + 6, p.day, 2);
    put_digits(text + 9, p.hour, 2);
    put_digits(text + 11, p.minute, 2);
    put_digits(text + 13, p.second, 2);
    return arena_copy(a, (struct str){ text, sizeof text - 1 });
}

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct str clock_rfc822(struct arena *a, int64_t t_ms)
{
    struct clock_parts p = split_iso(t_ms);

    return arena_printf(a, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
                        &"SunMonTueWedThuFriSat"[(size_t)p.weekday * 3], p.day,
                        &month_names[(size_t)(p.month - 1) * 3], p.year, p.hour, p.minute,
                        p.second);
}

/* What is left to read. Each step takes its part off the front, or takes nothing and says false. */

static bool take_char(struct str *s, const char *any_of)
{
    if (!s->len || !s->ptr[0] || !strchr(any_of, s->ptr[0]))
        return false;
    *s = str_sub(*s, 1, s->len);
    return true;
}

static bool take_number(struct str *s, size_t digits, int *out)
{
    int n = 0;

    if (s->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9')
            return false;
        n = n * 10 + (s->ptr[i] - '0');
    }
    *out = n;
    *s = str_sub(*s, digits, s->len);
    return true;
}

/* ".5" is 500 ms; digits behind the third are cut. */
static bool take_fraction(struct str *s, int *ms)
{
    int scale = 100, digit;

    if (!take_char(s, ".,"))
        return true;
    if (!take_number(s, 1, &digit))
        return false;
    do {
        *ms += digit * scale;
        scale /= 10;
    } while (take_number(s, 1, &digit));
    return true;
}

/* "Z", "+01:00", "+0100", "GMT", "UTC", or nothing, which is UTC. */
static bool take_zone(struct str *s, int64_t *offset_ms)
{
    int hours, minutes;
    bool is_west = s->len && s->ptr[0] == '-';

    *offset_ms = 0;
    if (s->len == 0 || take_char(s, "Zz"))
        return true;
    if (str_eq(*s, STR("GMT")) || str_eq(*s, STR("UTC"))) {
        s->len = 0;
        return true;
    }
    if (!take_char(s, "+-") || !take_number(s, 2, &hours))
        return false;
    (void)take_char(s, ":");
    if (!take_number(s, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *offset_ms = (hours * 60LL + minutes) * (is_west ? -60000 : 60000);
    return true;
}

static bool is_date(const struct clock_parts *p)
{
    static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = p->year % 4 == 0 && (p->year % 100 != 0 || p->year % 400 == 0);

    return p->month >= 1 && p->month <= 12 && p->day >= 1 && p->day <= days[p->month - 1] &&
           (p->month != 2 || p->day <= 28 + is_leap);
}

/* Hours and minutes, seconds and their fraction if there. 60 is a leap second's. */
static bool take_time(struct str *s, struct clock_parts *p)
{
    if (!take_number(s, 2, &p->hour))
        return false;
    bool has_colon = take_char(s, ":");

    if (!take_number(s, 2, &p->minute))
        return false;
    if (!has_colon || take_char(s, ":")) {
        bool has_second = take_number(s, 2, &p->second);

        if ((has_colon && !has_second) || (has_second && !take_fraction(s, &p->ms)))
            return false;
    }
    return p->hour <= 23 && p->minute <= 59 && p->second <= 60;
}

static bool parse_iso(struct str s, int64_t *out_ms)
{
    struct clock_parts p = { 0 };
    int64_t zone_ms = 0;

    if (!take_number(&s, 4, &p.year))
        return false;
    bool has_dash = take_char(&s, "-");

    if (!take_number(&s, 2, &p.month) || (has_dash && !take_char(&s, "-")) ||
        !take_number(&s, 2, &p.day) || !is_date(&p))
        return false;
    if (s.len && !(take_char(&s, "Tt ") && take_time(&s, &p) && take_zone(&s, &zone_ms)))
        return false;
    if (s.len)
        return false;
    *out_ms = clock_join(p) - zone_ms;
    return true;
}

static bool take_month(struct str *s, int *month)
{
    for (int i = 0; i < 12; i++) {
        if (str_eq_nocase(str_sub(*s, 0, 3), (struct str){ &month_names[(size_t)i * 3], 3 })) {
            *s = str_sub(*s, 3, s->len);
            *month = i + 1;
            return true;
        }
    }
    return false;
}

/* "Tue, 29 Apr 2014 18:30:38 GMT"; the weekday may be left out and is not compared. */
static bool parse_rfc822(struct str s, int64_t *out_ms)
{
    struct clock_parts p = { 0 };
    struct str weekday, rest;
    int64_t zone_ms;

    if (str_cut(s, ',', &weekday, &rest))
        s = str_trim(rest);
    if (!take_number(&s, 2, &p.day) && !take_number(&s, 1, &p.day))
        return false;
    if (!take_char(&s, " ") || !take_month(&s, &p.month) || !take_char(&s, " ") ||
        !take_number(&s, 4, &p.year) || !take_char(&s, " ") || !is_date(&p) || !take_time(&s, &p))
        return false;
    (void)take_char(&s, " ");
    if (!take_zone(&s, &zone_ms) || s.len)
        return false;
    *out_ms = clock_join(p) - zone_ms;
    return true;
}

static bool parse_epoch(struct str s, int64_t *out_ms)
{
    double seconds;
    int64_t whole;

    if (str_to_i64(s, &whole)) {
        if (whole < MIN_ISO_MS / 1000 || whole > MAX_ISO_MS / 1000)
            return false;
        *out_ms = whole * 1000;
        return true;
    }
    if (!str_to_f64(s, &seconds) || seconds < (double)MIN_ISO_MS / 1000 ||
        seconds > (double)MAX_ISO_MS / 1000)
        return false;
    *out_ms = floor_div((int64_t)(seconds * 1000000.0 + (seconds < 0 ? -0.5 : 0.5)), 1000);
    return true;
}

int clock_parse(struct str s, int64_t *out_ms, struct err *err)
{
    if (parse_iso(s, out_ms) || parse_rfc822(s, out_ms) || parse_epoch(s, out_ms))
        return 0;
    return err_set(err, E_PARSE,
                   "\"%.*s\" is no time: expected one like 2026-01-02T03:04:05Z or epoch seconds",
                   s.len > 64 ? 64 : (int)s.len, s.ptr);
}

int clock_parse_written(struct str s, int64_t *out_ms, struct err *err)
{
    if (parse_iso(s, out_ms) || parse_rfc822(s, out_ms))
        return 0;
    return err_set(err, E_PARSE, "\"%.*s\" is no time: expected one like 2026-01-02T03:04:05Z",
                   s.len > 64 ? 64 : (int)s.len, s.ptr);
}

int clock_parse_duration(struct str s, int64_t *out_ms, struct err *err)
{
    static const struct {
        struct str unit;
        int64_t ms;
    } units[] = {
        { { "ms", 2 }, 1 },      { { "s", 1 }, 1000 },   { { "m", 1 }, 60000 },
        { { "h", 1 }, 3600000 }, { { "d", 1 }, DAY_MS }, { { "w", 1 }, 7 * DAY_MS },
    };

    for (size_t i = 0; i < COUNT(units); i++) {
        int64_t n;

        if (!str_has_suffix(s, units[i].unit) ||
            !str_to_i64(str_sub(s, 0, s.len - units[i].unit.len), &n))
            continue;
        if (n < 0 || n > MAX_ISO_MS / units[i].ms)
            break;
        *out_ms = n * units[i].ms;
        return 0;
    }
    return err_set(err, E_PARSE, "\"%.*s\" is no duration: expected one like 250ms, 90s, 15m, 1h",
                   s.len > 64 ? 64 : (int)s.len, s.ptr);
}
