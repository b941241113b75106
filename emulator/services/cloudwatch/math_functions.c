/* Metric math: what each function does.
 * Source: CloudWatch User Guide, "Metric math syntax and functions", table of functions. */
#include "emulator/services/cloudwatch/math.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/clock.h"

static int wrong(struct math_call *c, const char *what)
{
    return err_set(c->err, E_PARSE, "The function %.*s takes %s", STR_ARG(c->node->text), what);
}

static struct math_value scalar(double n)
{
    return (struct math_value){ .type = MATH_SCALAR, .number = isfinite(n) ? n : 0 };
}

static struct math_value one_series(struct arena *a, struct math_series s)
{
    struct math_value v = { .type = MATH_SERIES, .count = 1 };

    v.series = arena_alloc(a, sizeof *v.series);
    *v.series = s;
    return v;
}

static void add(struct math_series *s, int64_t time_ms, double v)
{
    if (!isfinite(v))
        return;
    s->times_ms[s->count] = time_ms;
    s->values[s->count++] = v;
}

/* ---- each point by itself ---- */

typedef double point_fn(int64_t time_ms, double v);

static int each_point(struct math_call *c, point_fn *fn, struct math_value *out)
{
    const struct math_value *v = &c->args[0];

    if (v->type == MATH_STRING)
        return wrong(c, "a number or time series");
    if (v->type == MATH_SCALAR) {
        *out = scalar(fn(0, v->number));
        return 0;
    }
    *out = *v;
    out->series = arena_array(c->env->a, v->count, sizeof *out->series);
    for (size_t i = 0; i < v->count; i++) {
        const struct math_series *s = &v->series[i];
        struct math_series *to = &out->series[i];

        *to = math_series_of(c->env->a, s->period_ms, s->count);
        to->label = s->label;
        for (size_t k = 0; k < s->count; k++)
            add(to, s->times_ms[k], fn(s->times_ms[k], s->values[k]));
    }
    return 0;
}

#define POINTWISE(name, expression)                                                                \
    static double point_##name(int64_t t, double v)                                                \
    {                                                                                              \
        (void)t;                                                                                   \
        (void)v;                                                                                   \
        return expression;                                                                         \
    }                                                                                              \
    static int fn_##name(struct math_call *c, struct math_value *out)                              \
    {                                                                                              \
        return each_point(c, point_##name, out);                                                   \
    }
POINTWISE(abs, fabs(v))
POINTWISE(ceil, ceil(v))
POINTWISE(floor, floor(v))
POINTWISE(log, log(v))
POINTWISE(log10, log10(v))
POINTWISE(minute, clock_split(t).minute)
POINTWISE(hour, clock_split(t).hour)
POINTWISE(day, clock_split(t).weekday == 0 ? 7 : clock_split(t).weekday)
POINTWISE(date, clock_split(t).day)
POINTWISE(month, clock_split(t).month)
POINTWISE(year, clock_split(t).year)
POINTWISE(epoch, floor((double)t / 1000))
#undef POINTWISE

/* ---- many values become one ---- */

typedef double fold_fn(const double *values, size_t count);

static double fold_sum(const double *v, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += v[i];
    return sum;
}

static double fold_average(const double *v, size_t n)
{
    return n > 0 ? fold_sum(v, n) / (double)n : 0;
}

static double fold_least(const double *v, size_t n)
{
    double least = n > 0 ? v[0] : 0;

    for (size_t i = 1; i < n; i++)
        least = fmin(least, v[i]);
    return least;
}

static double fold_most(const double *v, size_t n)
{
    double most = n > 0 ? v[0] : 0;

    for (size_t i = 1; i < n; i++)
        most = fmax(most, v[i]);
    return most;
}

static double fold_deviation(const double *v, size_t n)
{
    double mean = fold_average(v, n), sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (v[i] - mean) * (v[i] - mean);
    return n > 0 ? sqrt(sum / (double)n) : 0;
}

static double fold_count(const double *v, size_t n)
{
    (void)v;
    return (double)n;
}

static double fold_last(const double *v, size_t n)
{
    return n > 0 ? v[n - 1] : 0;
}

struct cursor {
    const struct math_series *s;
    size_t at;
};

/* At each time that any of the series has, the values of those that have it. */
static struct math_series across(struct math_call *c, const struct math_value *v, fold_fn *fold)
{
    struct cursor *cursors = arena_array(c->env->a, v->count, sizeof *cursors);
    double *here = arena_array(c->env->a, v->count, sizeof *here);
    size_t total = 0;

    for (size_t i = 0; i < v->count; i++) {
        cursors[i].s = &v->series[i];
        total += v->series[i].count;
    }
    struct math_series s =
        math_series_of(c->env->a, v->count > 0 ? v->series[0].period_ms : 0, total);
    for (;;) {
        int64_t next_ms = INT64_MAX;
        size_t n = 0;

        for (size_t i = 0; i < v->count; i++)
            if (cursors[i].at < cursors[i].s->count &&
                cursors[i].s->times_ms[cursors[i].at] < next_ms)
                next_ms = cursors[i].s->times_ms[cursors[i].at];
        if (next_ms == INT64_MAX)
            return s;
        for (size_t i = 0; i < v->count; i++)
            if (cursors[i].at < cursors[i].s->count &&
                cursors[i].s->times_ms[cursors[i].at] == next_ms)
                here[n++] = cursors[i].s->values[cursors[i].at++];
        add(&s, next_ms, fold(here, n));
    }
}

static int fold_all(struct math_call *c, fold_fn *fold, struct math_value *out)
{
    const struct math_value *v = &c->args[0];

    if (v->type == MATH_SERIES)
        *out = scalar(fold(v->series->values, v->series->count));
    else if (v->type == MATH_ARRAY)
        *out = one_series(c->env->a, across(c, v, fold));
    else
        return wrong(c, "time series");
    return 0;
}

#define FOLD(name)                                                                                 \
    static int fn_##name(struct math_call *c, struct math_value *out)                              \
    {                                                                                              \
        return fold_all(c, fold_##name, out);                                                      \
    }
FOLD(sum)
FOLD(average)
FOLD(least)
FOLD(most)
FOLD(deviation)
FOLD(count)
#undef FOLD

/* ---- a point and the one before it ---- */

typedef double step_fn(const struct math_series *s, size_t i);

static double seconds(const struct math_series *s, size_t i)
{
    return (double)(s->times_ms[i] - s->times_ms[i - 1]) / 1000;
}

static double step_diff(const struct math_series *s, size_t i)
{
    return s->values[i] - s->values[i - 1];
}

static double step_rate(const struct math_series *s, size_t i)
{
    return step_diff(s, i) / seconds(s, i);
}

static int each_step(struct math_call *c, step_fn *fn, struct math_value *out)
{
    const struct math_value *v = &c->args[0];

    if (v->type != MATH_SERIES && v->type != MATH_ARRAY)
        return wrong(c, "time series");
    *out = *v;
    out->series = arena_array(c->env->a, v->count, sizeof *out->series);
    for (size_t i = 0; i < v->count; i++) {
        const struct math_series *s = &v->series[i];

        out->series[i] = math_series_of(c->env->a, s->period_ms, s->count);
        out->series[i].label = s->label;
        for (size_t k = 1; k < s->count; k++)
            add(&out->series[i], s->times_ms[k], fn(s, k));
    }
    return 0;
}

static int fn_diff(struct math_call *c, struct math_value *out)
{
    return each_step(c, step_diff, out);
}

static int fn_diff_time(struct math_call *c, struct math_value *out)
{
    return each_step(c, seconds, out);
}

static int fn_rate(struct math_call *c, struct math_value *out)
{
    return each_step(c, step_rate, out);
}

static int fn_running_sum(struct math_call *c, struct math_value *out)
{
    const struct math_value *v = &c->args[0];

    if (v->type != MATH_SERIES)
        return wrong(c, "a time series");
    struct math_series s = math_series_of(c->env->a, v->series->period_ms, v->series->count);
    double sum = 0;

    s.label = v->series->label;
    for (size_t i = 0; i < v->series->count; i++)
        add(&s, v->series->times_ms[i], sum += v->series->values[i]);
    *out = one_series(c->env->a, s);
    return 0;
}

/* ---- gaps ---- */

struct filler {
    enum { FILL_NUMBER, FILL_REPEAT, FILL_LINEAR } how;
    double number;
};

/* At a time between point k - 1 and point k. */
static double filled(const struct filler *f, const struct math_series *s, size_t k, int64_t time_ms)
{
    if (f->how == FILL_NUMBER)
        return f->number;
    if (k == 0 || (f->how == FILL_LINEAR && k == s->count))
        return NAN; /* nothing to go by */
    if (f->how == FILL_REPEAT)
        return s->values[k - 1];
    double part =
        (double)(time_ms - s->times_ms[k - 1]) / (double)(s->times_ms[k] - s->times_ms[k - 1]);
    return s->values[k - 1] + part * (s->values[k] - s->values[k - 1]);
}

static struct math_series fill(const struct math_env *env, const struct filler *f,
                               const struct math_series *s)
{
    int64_t period_ms = s->period_ms > 0 ? s->period_ms : env->period_ms;
    int64_t from_ms = env->from_ms;
    size_t k = 0;

    if (s->count > 0) /* the same phase as the points */
        from_ms += (s->times_ms[0] - from_ms) % period_ms;
    size_t slots = env->to_ms > from_ms ? (size_t)((env->to_ms - from_ms) / period_ms + 1) : 0;
    struct math_series to = math_series_of(env->a, period_ms, slots + s->count);
    to.label = s->label;
    for (int64_t t = from_ms; t < env->to_ms; t += period_ms) {
        if (k < s->count && s->times_ms[k] <= t)
            add(&to, t, s->values[k++]);
        else
            add(&to, t, filled(f, s, k, t));
    }
    return to;
}

/* Source: CloudWatch API Reference, GetMetricData: as many as 100,800 data points. */
static bool too_long(struct math_call *c, int64_t period_ms)
{
    if (period_ms > 0 && (c->env->to_ms - c->env->from_ms) / period_ms <= MATH_POINTS_MOST)
        return false;
    (void)err_set(c->err, E_PARSE, "The function %.*s would give more than %d data points",
                  STR_ARG(c->node->text), MATH_POINTS_MOST);
    return true;
}

static int fn_fill(struct math_call *c, struct math_value *out)
{
    const struct math_value *v = &c->args[0], *with = &c->args[1];
    struct filler f = { FILL_NUMBER, with->number };

    if (v->type != MATH_SERIES && v->type != MATH_ARRAY)
        return wrong(c, "time series first");
    if (with->type == MATH_STRING && str_eq_c(with->text, "REPEAT"))
        f.how = FILL_REPEAT;
    else if (with->type == MATH_STRING && str_eq_c(with->text, "LINEAR"))
        f.how = FILL_LINEAR;
    else if (with->type != MATH_SCALAR)
        return wrong(c, "a number, REPEAT or LINEAR as its second argument");
    *out = *v;
    out->series = arena_array(c->env->a, v->count, sizeof *out->series);
    for (size_t i = 0; i < v->count; i++) {
        int64_t period_ms = v->series[i].period_ms;

        if (too_long(c, period_ms > 0 ? period_ms : c->env->period_ms))
            return E_PARSE;
        out->series[i] = fill(c->env, &f, &v->series[i]);
    }
    return 0;
}

static int fn_time_series(struct math_call *c, struct math_value *out)
{
    const struct math_series none = { .period_ms = c->env->period_ms };

    if (c->args[0].type != MATH_SCALAR)
        return wrong(c, "a number");
    if (too_long(c, c->env->period_ms))
        return E_PARSE;
    *out = one_series(c->env->a,
                      fill(c->env, &(struct filler){ FILL_NUMBER, c->args[0].number }, &none));
    return 0;
}

static int fn_period(struct math_call *c, struct math_value *out)
{
    if (c->args[0].type != MATH_SERIES)
        return wrong(c, "a time series");
    *out = scalar((double)c->args[0].series->period_ms / 1000);
    return 0;
}

/* ---- IF ---- */

/* The value at a time; false: none there. */
static bool value_at(const struct math_value *v, int64_t time_ms, double *out)
{
    if (v->type == MATH_SCALAR) {
        *out = v->number;
        return true;
    }
    const struct math_series *s = v->series;
    size_t low = 0, high = s->count; /* the first that is not before it lies between */

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->times_ms[middle] < time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == s->count || s->times_ms[low] != time_ms)
        return false;
    *out = s->values[low];
    return true;
}

static int fn_if(struct math_call *c, struct math_value *out)
{
    const struct math_value *test = &c->args[0], *over = test;

    for (size_t i = 0; i < c->count; i++) {
        if (c->args[i].type != MATH_SCALAR && c->args[i].type != MATH_SERIES)
            return wrong(c, "numbers and time series");
        if (over->type == MATH_SCALAR)
            over = &c->args[i];
    }
    if (over->type == MATH_SCALAR) {
        if (c->count < 3)
            return wrong(c, "three arguments when they are numbers");
        *out = scalar(test->number != 0 ? c->args[1].number : c->args[2].number);
        return 0;
    }
    struct math_series s = math_series_of(c->env->a, over->series->period_ms, over->series->count);
    s.label = over->series->label;
    for (size_t i = 0; i < over->series->count; i++) {
        int64_t t = over->series->times_ms[i];
        double is = 0, v = 0;

        if (!value_at(test, t, &is) || (is == 0 && c->count < 3))
            continue;
        if (value_at(&c->args[is != 0 ? 1 : 2], t, &v))
            add(&s, t, v);
    }
    *out = one_series(c->env->a, s);
    return 0;
}

/* ---- arrays ---- */

static int fn_metrics(struct math_call *c, struct math_value *out)
{
    struct str part = c->count > 0 ? c->args[0].text : STR("");

    if (c->count > 0 && c->args[0].type != MATH_STRING)
        return wrong(c, "a string");
    return c->env->metrics(c->env->arg, part, out, c->err);
}

static int fn_search(struct math_call *c, struct math_value *out)
{
    double period_s = c->count > 2 ? c->args[2].number : (double)c->env->period_ms / 1000;
    bool has_period = period_s >= 1 && period_s <= 1e6; /* 0 / 0 is no period, either */

    if (c->args[0].type != MATH_STRING || c->args[1].type != MATH_STRING ||
        (c->count > 2 && c->args[2].type != MATH_SCALAR) || !has_period)
        return wrong(c, "a search, a statistic and a period in seconds");
    return c->env->search(c->env->arg, c->args[0].text, c->args[1].text, (int64_t)period_s, out,
                          c->err);
}

static int pick(struct math_call *c, bool last, struct math_value *out)
{
    const struct math_value *v = &c->args[0];

    if (v->type != MATH_ARRAY || v->count == 0)
        return wrong(c, "an array of time series that is not empty");
    *out = one_series(c->env->a, v->series[last ? v->count - 1 : 0]);
    return 0;
}

static int fn_first(struct math_call *c, struct math_value *out)
{
    return pick(c, false, out);
}

static int fn_last(struct math_call *c, struct math_value *out)
{
    return pick(c, true, out);
}

static int fn_remove_empty(struct math_call *c, struct math_value *out)
{
    const struct math_value *v = &c->args[0];

    if (v->type != MATH_ARRAY)
        return wrong(c, "an array of time series");
    *out = (struct math_value){ .type = MATH_ARRAY };
    out->series = arena_array(c->env->a, v->count, sizeof *out->series);
    for (size_t i = 0; i < v->count; i++)
        if (v->series[i].count > 0)
            out->series[out->count++] = v->series[i];
    return 0;
}

static int fn_slice(struct math_call *c, struct math_value *out)
{
    const struct math_value *v = &c->args[0];

    if (v->type != MATH_ARRAY || c->args[1].type != MATH_SCALAR ||
        (c->count > 2 && c->args[2].type != MATH_SCALAR))
        return wrong(c, "an array of time series and the places of its first and last");
    double from = fmax(c->args[1].number, 0);
    double to = c->count > 2 ? c->args[2].number : (double)v->count;
    to = fmin(to, (double)v->count);
    *out = (struct math_value){ .type = MATH_ARRAY };
    if (from < to) {
        out->series = v->series + (size_t)from;
        out->count = (size_t)to - (size_t)from;
    }
    return 0;
}

struct ranked {
    struct math_series series;
    double rank;
    size_t place;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

static fold_fn *sort_key(struct str name)
{
    static const struct {
        const char *name;
        fold_fn *fold;
    } keys[] = { { "AVG", fold_average }, { "SUM", fold_sum },          { "MIN", fold_least },
                 { "MAX", fold_most },    { "STDDEV", fold_deviation }, { "LAST", fold_last } };

    for (size_t i = 0; i < COUNT(keys); i++)
        if (str_eq_c(name, keys[i].name))
            return keys[i].fold;
    return NULL;
}

static int fn_sort(struct math_call *c, struct math_value *out)
{
    const struct math_value *v = &c->args[0];
    fold_fn *fold = c->args[1].type == MATH_STRING ? sort_key(c->args[1].text) : NULL;
    bool descends = c->args[2].type == MATH_STRING && str_eq_c(c->args[2].text, "DESC");

    if (v->type != MATH_ARRAY || !fold ||
        (!descends && (c->args[2].type != MATH_STRING || !str_eq_c(c->args[2].text, "ASC"))) ||
        (c->count > 3 && (c->args[3].type != MATH_SCALAR || c->args[3].number < 0)))
        return wrong(c, "an array, AVG, MIN, MAX, SUM, STDDEV or LAST, ASC or DESC, and a number");
    struct ranked *all = arena_array(c->env->a, v->count, sizeof *all);
    for (size_t i = 0; i < v->count; i++) {
        double rank = fold(v->series[i].values, v->series[i].count);
        all[i] = (struct ranked){ v->series[i], descends ? -rank : rank, i };
    }
    qsort(all, v->count, sizeof *all, by_rank);
    *out = (struct math_value){ .type = MATH_ARRAY, .count = v->count };
    if (c->count > 3 && c->args[3].number < (double)out->count)
        out->count = (size_t)c->args[3].number;
    out->series = arena_array(c->env->a, out->count, sizeof *out->series);
    for (size_t i = 0; i < out->count; i++)
        out->series[i] = all[i].series;
    return 0;
}

/* ---- the table ---- */

static const struct math_function functions[] = {
    { "ABS", 1, 1, fn_abs },
    { "ANOMALY_DETECTION_BAND", 1, 2, NULL },
    { "AVG", 1, 1, fn_average },
    { "CEIL", 1, 1, fn_ceil },
    { "DATAPOINT_COUNT", 1, 1, fn_count },
    { "DATE", 1, 1, fn_date },
    { "DAY", 1, 1, fn_day },
    { "DB_PERF_INSIGHTS", 1, 4, NULL },
    { "DIFF", 1, 1, fn_diff },
    { "DIFF_TIME", 1, 1, fn_diff_time },
    { "EPOCH", 1, 1, fn_epoch },
    { "FILL", 2, 2, fn_fill },
    { "FIRST", 1, 1, fn_first },
    { "FLOOR", 1, 1, fn_floor },
    { "HOUR", 1, 1, fn_hour },
    { "IF", 2, 3, fn_if },
    { "INSIGHT_RULE_METRIC", 2, 2, NULL },
    { "LAMBDA", 1, 12, NULL },
    { "LAST", 1, 1, fn_last },
    { "LOG", 1, 1, fn_log },
    { "LOG10", 1, 1, fn_log10 },
    { "MAX", 1, 1, fn_most },
    { "METRICS", 0, 1, fn_metrics },
    { "METRIC_COUNT", 1, 1, NULL },
    { "MIN", 1, 1, fn_least },
    { "MINUTE", 1, 1, fn_minute },
    { "MONTH", 1, 1, fn_month },
    { "PERIOD", 1, 1, fn_period },
    { "RATE", 1, 1, fn_rate },
    { "REMOVE_EMPTY", 1, 1, fn_remove_empty },
    { "RUNNING_SUM", 1, 1, fn_running_sum },
    { "SEARCH", 2, 3, fn_search },
    { "SERVICE_QUOTA", 1, 1, NULL },
    { "SLICE", 2, 3, fn_slice },
    { "SORT", 3, 4, fn_sort },
    { "STDDEV", 1, 1, fn_deviation },
    { "SUM", 1, 1, fn_sum },
    { "TIME_SERIES", 1, 1, fn_time_series },
    { "YEAR", 1, 1, fn_year },
};

const struct math_function *math_function_find(struct str name)
{
    for (size_t i = 0; i < COUNT(functions); i++)
        if (str_eq_c(name, functions[i].name))
            return &functions[i];
    return NULL;
}

bool math_is_word(struct str name)
{
    static const char *const words[] = { "REPEAT", "LINEAR", "ASC", "DESC",   "AVG",
                                         "MIN",    "MAX",    "SUM", "STDDEV", "LAST" };

    for (size_t i = 0; i < COUNT(words); i++)
        if (str_eq_c(name, words[i]))
            return true;
    return false;
}
