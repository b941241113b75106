/* A metric alarm at its minute: its points, what they mean, and how that is told. */
#include "core/base/buf.h"
#include "core/codec/json.h"
#include "emulator/services/cloudwatch/alarms.h"
#include "emulator/services/cloudwatch/cloudwatch.h"
#include "emulator/services/cloudwatch/query.h"
#include "emulator/store/series.h"

#define QUERIES_ID "m1" /* of the one metric of an alarm that has no Metrics */

struct look {
    struct alarm *al;
    struct query_set set;
    struct query *watched;
    struct judgement j;
    char *points;
    double *values, *samples; /* of each period */
    int64_t period_ms, from_ms;
    double threshold;
};

/* ---- what is watched ---- */

static struct value *as_query(struct arena *a, const struct value *doc)
{
    struct value *list = value_list(a), *q = value_map(a), *stat = value_map(a),
                 *metric = value_map(a);
    struct str name = value_get_str(doc, "Statistic"), unit = value_get_str(doc, "Unit");
    const struct value *dims = value_get_c(doc, "Dimensions");

    value_put_str(a, metric, "Namespace", value_get_str(doc, "Namespace"));
    value_put_str(a, metric, "MetricName", value_get_str(doc, "MetricName"));
    if (dims)
        value_set(metric, STR("Dimensions"), value_copy(a, dims));
    value_set(stat, STR("Metric"), metric);
    value_put_int(a, stat, "Period", value_get_int(doc, "Period", 60));
    value_put_str(a, stat, "Stat", name.len > 0 ? name : value_get_str(doc, "ExtendedStatistic"));
    if (unit.len > 0)
        value_put_str(a, stat, "Unit", unit);
    value_put_c(a, q, "Id", QUERIES_ID);
    value_set(q, STR("MetricStat"), stat);
    value_push(list, q);
    return list;
}

int64_t alarm_period(const struct value *doc)
{
    int64_t longest_s = value_get_int(doc, "Period", 0);

    for (const struct value *q = value_first(value_get_c(doc, "Metrics")); q; q = q->next) {
        int64_t s =
            value_get_int(value_get_c(q, "MetricStat"), "Period", value_get_int(q, "Period", 0));

        if (s > longest_s)
            longest_s = s;
    }
    return (longest_s > 0 ? longest_s : 60) * CW_SECOND_MS;
}

static bool breaches(const struct look *l, double v)
{
    struct str op = value_get_str(l->al->doc, "ComparisonOperator");
    bool greater = str_has_prefix(op, STR("Greater"));

    if (v == l->threshold)
        return str_find(op, STR("OrEqual")) >= 0;
    return greater ? v > l->threshold : v < l->threshold;
}

static void place(struct look *l, int64_t time_ms, double v, double samples)
{
    int64_t i = (time_ms - l->from_ms) / l->period_ms;

    if (time_ms < l->from_ms || i >= (int64_t)l->j.count)
        return;
    l->points[i] = breaches(l, v) ? JUDGE_BREACH : JUDGE_OK;
    l->values[i] = v;
    l->samples[i] = samples;
}

static int read_metric(struct look *l, struct err *err)
{
    struct point *points;
    size_t count = 0;
    double v;
    int rc = query_points(l->watched, &points, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (statistic_of(&l->watched->statistic, &points[i], &v))
            place(l, points[i].time_ms, v, points[i].count);
    return rc;
}

/* An expression that can't be evaluated has no points. */
static int read_expression(struct look *l, struct err *err)
{
    struct err why = { 0 };
    int rc = query_run(l->watched, &why);
    const struct math_value *v = &l->watched->value;

    if (rc < 0)
        return rc == E_PARSE ? 0 : err_set(err, rc, "%s", why.text);
    for (size_t i = 0; v->type == MATH_SCALAR && i < l->j.count; i++)
        place(l, l->from_ms + (int64_t)i * l->period_ms, v->number, 0);
    for (size_t i = 0; v->count == 1 && i < v->series->count; i++)
        place(l, v->series->times_ms[i], v->series->values[i], 0);
    return 0;
}

static int look_at(struct look *l, struct alarm *al, struct err *err)
{
    const struct value *metrics = value_get_c(al->doc, "Metrics");
    size_t n = (size_t)value_get_int(al->doc, "EvaluationPeriods", 1), range = judge_range(n);

    l->al = al;
    l->period_ms = alarm_period(al->doc);
    l->from_ms = al->now_ms - (int64_t)range * l->period_ms;
    l->points = arena_alloc(al->a, range);
    memset(l->points, JUDGE_MISSING, range);
    l->values = arena_array(al->a, range, sizeof *l->values);
    l->samples = arena_array(al->a, range, sizeof *l->samples);
    l->j = (struct judgement){ .points = l->points,
                               .count = range,
                               .periods = n,
                               .to_alarm = (size_t)value_get_int(al->doc, "DatapointsToAlarm",
                                                                 (int64_t)n) };
    (void)missing_data_of(value_get_str(al->doc, "TreatMissingData"),
                          &l->j.treat); /* was checked */
    if (str_eq_c(value_get_str(al->doc, "Namespace"), "AWS/DynamoDB"))
        l->j.treat = MISSING_IGNORE;
    (void)cw_number(value_get_c(al->doc, "Threshold"), &l->threshold); /* was checked */
    l->set = (struct query_set){ .e = al->e,
                                 .a = al->a,
                                 .account = al->account,
                                 .region = al->region,
                                 .from_ms = l->from_ms,
                                 .to_ms = al->now_ms,
                                 .now_ms = al->now_ms,
                                 .exact = true };
    int rc = query_load(&l->set, metrics ? metrics : as_query(al->a, al->doc), err);
    for (size_t i = 0; i < l->set.count; i++)
        if (l->set.queries[i].returns)
            l->watched = &l->set.queries[i];
    if (rc < 0 || !l->watched)
        return rc < 0 ? rc : err_set(err, E_PARSE, "state.db: an alarm watches nothing");
    return l->watched->is_metric ? read_metric(l, err) : read_expression(l, err);
}

/* ---- how it is told ---- */

static void add_point(struct buf *out, const struct look *l, size_t i)
{
    struct clock_parts t = clock_split(l->from_ms + (int64_t)i * l->period_ms);

    json_add_double(out, l->values[i]);
    buf_printf(out, " (%02d/%02d/%02d %02d:%02d:%02d)", t.day, t.month, t.year % 100, t.hour,
               t.minute, t.second);
}

/* The last real points, at most N, newest first: those of the kind; how many of both. */
static size_t add_points(struct buf *out, const struct look *l, char kind, size_t *real)
{
    size_t found = 0;

    *real = 0;
    for (size_t i = l->j.count; i-- > 0 && *real < l->j.periods;) {
        if (l->points[i] == JUDGE_MISSING)
            continue;
        ++*real;
        if (l->points[i] != kind)
            continue;
        buf_add_c(out, found++ > 0 ? ", " : "");
        add_point(out, l, i);
    }
    return found;
}

static const char *comparison(const struct look *l)
{
    struct str op = value_get_str(l->al->doc, "ComparisonOperator");
    bool greater = str_has_prefix(op, STR("Greater")), equal = str_find(op, STR("OrEqual")) >= 0;

    if (greater)
        return equal ? "greater than or equal to" : "greater than";
    return equal ? "less than or equal to" : "less than";
}

static void add_missing(struct buf *out, const struct look *l, size_t missing, const char *lead)
{
    static const char *const words[] = { [MISSING_MISSING] = "Missing",
                                         [MISSING_IGNORE] = "Ignored",
                                         [MISSING_BREACHING] = "Breaching",
                                         [MISSING_NOT_BREACHING] = "NonBreaching" };

    buf_printf(out, "%s%zu missing datapoint%s treated as [%s]", lead, missing,
               missing == 1 ? " was" : "s were", words[l->j.treat]);
}

/* Source: CloudWatch User Guide, "Alarm events and EventBridge", and DescribeAlarms' example: the
 * forms of StateReason. */
static struct str reason_of(const struct look *l, enum alarm_state to)
{
    bool alarms = to == ALARM_ALARM;
    struct buf points = { 0 }, out = { 0 };
    size_t real = 0;
    size_t found = add_points(&points, l, alarms ? JUDGE_BREACH : JUDGE_OK, &real);
    size_t least = alarms ? l->j.to_alarm : l->j.periods - l->j.to_alarm + 1;
    size_t missing = l->j.periods - real;

    if (to == ALARM_INSUFFICIENT) {
        buf_printf(&out, "Insufficient Data: %zu datapoint%s unknown.", l->j.periods,
                   l->j.periods == 1 ? " was" : "s were");
    } else if (real == 0) {
        buf_printf(&out, "Threshold Crossed: no datapoints were received for %zu period%s and ",
                   l->j.periods, l->j.periods == 1 ? "" : "s");
        add_missing(&out, l, l->j.periods, "");
        buf_add_char(&out, '.');
    } else {
        buf_printf(&out,
                   "Threshold Crossed: %zu out of the last %zu datapoints [%.*s] %s %s%s the "
                   "threshold (",
                   found, real, (int)points.len, points.ptr ? points.ptr : "",
                   found == 1 ? "was" : "were", alarms ? "" : "not ", comparison(l));
        json_add_double(&out, l->threshold);
        buf_add_char(&out, ')');
        if (missing > 0 && l->j.treat != MISSING_MISSING && l->j.treat != MISSING_IGNORE)
            add_missing(&out, l, missing, " and ");
        buf_printf(&out, " (minimum %zu datapoint%s for %s transition).", least,
                   least == 1 ? "" : "s", alarms ? "OK -> ALARM" : "ALARM -> OK");
    }
    struct str text = arena_copy(l->al->a, buf_view(&out));
    buf_free(&points);
    buf_free(&out);
    return text;
}

static struct value *evaluated(const struct look *l, size_t i)
{
    struct arena *a = l->al->a;
    struct value *d = value_map(a);

    value_put_str(a, d, "timestamp", alarm_time(a, l->from_ms + (int64_t)i * l->period_ms));
    if (l->samples[i] > 0)
        value_set(d, STR("sampleCount"), value_float(a, l->samples[i]));
    value_set(d, STR("value"), value_float(a, l->values[i]));
    return d;
}

static struct str reason_data(const struct look *l)
{
    struct arena *a = l->al->a;
    struct value *d = value_map(a), *recent = value_list(a), *all = value_list(a);
    const struct value *doc = l->al->doc;
    struct str stat = value_get_str(doc, "Statistic");
    struct buf out = { 0 };
    size_t first = l->j.count - l->j.periods;

    for (size_t i = first; i < l->j.count; i++)
        if (l->points[i] != JUDGE_MISSING)
            value_push(recent, value_float(a, l->values[i]));
    for (size_t i = l->j.count; i-- > first;)
        if (l->points[i] != JUDGE_MISSING)
            value_push(all, evaluated(l, i));
    value_put_c(a, d, "version", "1.0");
    value_put_str(a, d, "queryDate", alarm_time(a, l->al->now_ms));
    if (recent->count > 0)
        value_put_str(a, d, "startDate", alarm_time(a, l->from_ms + (int64_t)first * l->period_ms));
    if (value_get_str(doc, "Unit").len > 0)
        value_put_str(a, d, "unit", value_get_str(doc, "Unit"));
    if (l->watched->is_metric && !value_get_c(doc, "Metrics"))
        value_put_str(a, d, "statistic",
                      stat.len > 0 ? stat : value_get_str(doc, "ExtendedStatistic"));
    value_put_int(a, d, "period", l->period_ms / CW_SECOND_MS);
    value_set(d, STR("recentDatapoints"), recent);
    value_set(d, STR("threshold"), value_float(a, l->threshold));
    value_set(d, STR("evaluatedDatapoints"), all);
    json_write(&out, d);
    struct str text = arena_copy(a, str_sub(buf_view(&out), 0, 4000));
    buf_free(&out);
    return text;
}

/* ---- the verdict ---- */

/* Source: CloudWatch User Guide, "Percentile-based CloudWatch alarms and low data samples": 10 / (1
 * - percentile) samples from the median up, 10 / percentile below. */
static bool too_few_samples(const struct look *l)
{
    const struct statistic *s = &l->watched->statistic;
    double part = s->high / 100, least;

    if (!l->watched->is_metric || s->kind != STATISTIC_PERCENTILE ||
        !str_eq_c(value_get_str(l->al->doc, "EvaluateLowSampleCountPercentile"), "ignore"))
        return false;
    least = part >= 0.5 ? 10 / (1 - part) : 10 / part;
    for (size_t i = l->j.count - l->j.periods; i < l->j.count; i++)
        if (l->points[i] != JUDGE_MISSING && l->samples[i] < least)
            return true;
    return false;
}

/* Does an expression give points where no metric has any? */
static bool makes_points(const struct math_node *n)
{
    if (!n)
        return false;
    if (n->kind == MATH_CALL && (str_eq_c(n->text, "FILL") || str_eq_c(n->text, "TIME_SERIES")))
        return true;
    return makes_points(n->first) || makes_points(n->next);
}

/* Nothing in the span and nothing ahead. */
static int is_empty(struct look *l, bool *out, struct err *err)
{
    struct series_span span = { .from_ms = l->from_ms, .to_ms = INT64_MAX, .limit = 1 };
    int rc = 0;

    *out = true;
    for (size_t i = 0; rc == 0 && *out && i < l->set.count; i++) {
        struct query *q = &l->set.queries[i];
        struct series_point *points;
        size_t count = 0;

        if (q->is_metric)
            rc =
                series_list(l->al->e->store, l->al->a,
                            (struct series_key){ METRIC_KIND, metric_series(l->al->a, &q->metric) },
                            &span, &points, &count, err);
        *out = count == 0 && !makes_points(q->tree);
    }
    return rc;
}

int alarm_evaluate(struct alarm *al, bool *changed, bool *quiet, struct err *err)
{
    struct look l = { 0 };
    int rc = look_at(&l, al, err);

    if (rc < 0)
        return rc;
    enum alarm_state to = too_few_samples(&l) ? ALARM_KEEP : alarm_judge(&l.j);
    if (to == ALARM_KEEP || str_eq_c(value_get_str(al->doc, "StateValue"), alarm_state_name(to)))
        return is_empty(&l, quiet, err);
    *changed = true;
    return alarm_change(al,
                        &(struct state_change){
                            .to = to, .reason = reason_of(&l, to), .reason_data = reason_data(&l) },
                        err);
}
