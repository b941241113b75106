/* GetMetricStatistics. */
#include "emulator/services/cloudwatch/cloudwatch.h"
#include "emulator/services/cloudwatch/statistic.h"

#define POINTS_MOST 1440 /* Source: CloudWatch API Reference, GetMetricStatistics */

struct question {
    const struct value *basic, *extended;
    struct point_query query;
};

static int64_t time_of(struct job *j, const char *member)
{
    return value_get_time(j->call->params, member, 0);
}

static bool statistics_ok(struct job *j, const struct question *q)
{
    struct statistic s;

    if (!value_first(q->basic) && !value_first(q->extended)) {
        (void)cw_bad_combination(j, "At least one of the parameters Statistics and "
                                    "ExtendedStatistics must be specified.");
        return false;
    }
    /* Source: CloudWatch API Reference, GetMetricStatistics, Statistics: "not both". */
    if (value_first(q->basic) && value_first(q->extended)) {
        (void)cw_bad_combination(j, "The parameters Statistics and ExtendedStatistics are mutually "
                                    "exclusive and you have specified both.");
        return false;
    }
    for (const struct value *v = value_first(q->extended); v; v = v->next)
        if (!statistic_parse(v->u.text, &s) || statistic_is_basic(&s)) {
            (void)cw_bad_value(j,
                               "The value %.*s for parameter ExtendedStatistics is not "
                               "supported.",
                               STR_ARG(v->u.text));
            return false;
        }
    return true;
}

static bool span_ok(struct job *j, const struct question *q)
{
    int64_t start_ms = time_of(j, "StartTime"), end_ms = time_of(j, "EndTime");
    int64_t period_s = param_int(j->call, "Period", 0);

    if (!cw_period_ok(period_s))
        (void)cw_bad_value(j,
                           "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60, "
                           "and is %lld.",
                           (long long)period_s);
    else if (start_ms >= end_ms)
        (void)cw_bad_value(j, "The parameter StartTime must be less than the parameter EndTime.");
    else if ((end_ms - q->query.from_ms + q->query.period_ms - 1) / q->query.period_ms >
             POINTS_MOST)
        (void)cw_bad_combination(
            j,
            "You have requested up to %lld datapoints, which exceeds the limit of 1,440. You "
            "may reduce the datapoints requested by increasing Period, or decreasing the time "
            "range.",
            (long long)((end_ms - start_ms) / q->query.period_ms));
    return !job_stopped(j);
}

static struct value *datapoint(struct job *j, const struct question *q, const struct point *p,
                               int unit)
{
    struct value *d = value_map(j->a), *more = value_map(j->a);
    struct statistic s;
    double v;

    value_put_time(j->a, d, "Timestamp", p->time_ms);
    for (const struct value *name = value_first(q->basic); name; name = name->next)
        if (statistic_parse(name->u.text, &s) && statistic_of(&s, p, &v))
            value_set(d, name->u.text, value_float(j->a, v));
    for (const struct value *name = value_first(q->extended); name; name = name->next)
        if (statistic_parse(name->u.text, &s) && statistic_of(&s, p, &v))
            value_set(more, name->u.text, value_float(j->a, v));
    value_put_c(j->a, d, "Unit", metric_unit_name(unit));
    if (more->count > 0)
        value_set(d, STR("ExtendedStatistics"), more);
    bool has_any = more->count > 0 || (q->basic && q->basic->count > 0);
    return has_any ? d : NULL;
}

static void add_unit(struct job *j, struct question *q, int unit, struct value *list)
{
    struct point *points;
    size_t count = 0;

    q->query.unit = unit;
    j->rc = points_read(j->cx->e, j->a, &q->query, &points, &count, j->err);
    for (size_t i = 0; j->rc == 0 && i < count; i++) {
        struct value *d = datapoint(j, q, &points[i], unit);

        if (d)
            value_push(list, d);
    }
}

/* Units stay apart: each has datapoints of its own. */
static void answer(struct job *j, struct question *q)
{
    struct value *list = value_list(j->a);
    uint32_t units = 0;

    if (job_has(j, "Unit"))
        units = 1u << metric_unit(job_text(j, "Unit"));
    else
        j->rc = points_units(j->cx->e, j->a, &q->query, &units, j->err);
    for (int unit = 0; units >> unit && j->rc == 0; unit++)
        if (units >> unit & 1)
            add_unit(j, q, unit, list);
    value_put_str(j->a, outcome_output(j->cx, j->out), "Label", job_text(j, "MetricName"));
    job_answer(j, "Datapoints", list);
}

HANDLER(cloudwatch, GetMetricStatistics)
{
    int64_t period_s = param_int(j->call, "Period", 0);
    struct question q = { .basic = param(j->call, "Statistics"),
                          .extended = param(j->call, "ExtendedStatistics") };
    struct metric_id id;

    if (period_s <= 0)
        period_s = 1; /* refused in a moment */
    q.query =
        (struct point_query){ .from_ms = cw_start(time_of(j, "StartTime"), period_s, j->cx->now_ms),
                              .to_ms = time_of(j, "EndTime"),
                              .period_ms = period_s * CW_SECOND_MS,
                              .now_ms = j->cx->now_ms };
    if (!span_ok(j, &q) || !statistics_ok(j, &q) || !cw_metric(j, j->call->params, &id))
        return j->rc;
    if (job_has(j, "Unit") && metric_unit(job_text(j, "Unit")) < 0)
        return cw_bad_value(j, "The value %.*s for parameter Unit is invalid.",
                            STR_ARG(job_text(j, "Unit")));
    q.query.series = metric_series(j->a, &id);
    answer(j, &q);
    return j->rc;
}
