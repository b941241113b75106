/* GetMetricData: the results of queries, in pages. */
#include "emulator/services/cloudwatch/cloudwatch.h"
#include "emulator/services/cloudwatch/label.h"
#include "emulator/services/cloudwatch/query.h"

/* Source: CloudWatch API Reference, GetMetricData. */
enum { QUERIES_MOST = 500, POINTS_MOST = 100800 };

struct answer {
    struct job *j;
    struct value *results;
    bool newest_first;
    int64_t room;       /* points that this page may still take */
    int64_t number;     /* of the result that comes next */
    int64_t skip, from; /* results before, points of the first one: told by earlier pages */
    bool full;
    int64_t next_number, next_from;
};

static int invalid(struct job *j, const struct err *why)
{
    return job_refuse(j, "ValidationError", "%s", why->text);
}

static void add_points(struct answer *an, struct value *r, const struct math_series *s,
                       int64_t from)
{
    struct value *times = value_list(an->j->a), *values = value_list(an->j->a);
    int64_t count = (int64_t)s->count, i = from;

    for (; i < count && an->room > 0; i++, an->room--) {
        size_t k = (size_t)(an->newest_first ? count - 1 - i : i);

        value_push(times, value_time(an->j->a, s->times_ms[k]));
        value_push(values, value_float(an->j->a, s->values[k]));
    }
    value_set(r, STR("Timestamps"), times);
    value_set(r, STR("Values"), values);
    value_put_c(an->j->a, r, "StatusCode", i < count ? "PartialData" : "Complete");
    if (i < count) {
        an->full = true;
        an->next_number = an->number - 1;
        an->next_from = i;
    }
}

static void add_result(struct answer *an, const struct query *q, const struct math_series *s)
{
    struct value *r;
    int64_t from = an->number == an->skip ? an->from : 0;

    if (an->full || an->number++ < an->skip)
        return;
    r = value_map(an->j->a);
    value_put_str(an->j->a, r, "Id", q->id);
    value_put_str(an->j->a, r, "Label", label_expand(an->j->a, q, s));
    add_points(an, r, s, from);
    value_push(an->results, r);
}

/* A number stands at each period of the span. */
static struct math_series constant(struct arena *a, const struct query *q)
{
    int64_t period_ms = query_period(q);
    int64_t from_ms = cw_start(q->set->from_ms, period_ms / CW_SECOND_MS, q->set->now_ms);
    int64_t count = (q->set->to_ms - from_ms + period_ms - 1) / period_ms;
    struct math_series s;

    if (count > POINTS_MOST)
        count = POINTS_MOST;
    s = math_series_of(a, period_ms, (size_t)(count > 0 ? count : 0));
    s.label = q->id;
    for (int64_t i = 0; i < count; i++, s.count++) {
        s.times_ms[i] = from_ms + i * period_ms;
        s.values[i] = q->value.number;
    }
    return s;
}

static void add_query(struct answer *an, struct query *q)
{
    struct err why = { 0 };
    int rc = query_run(q, &why);

    if (rc == E_PARSE) {
        (void)invalid(an->j, &why);
        return;
    }
    an->j->rc = rc < 0 ? err_set(an->j->err, rc, "%s", why.text) : 0;
    if (rc == 0 && q->value.type == MATH_SCALAR) {
        struct math_series s = constant(an->j->a, q);
        add_result(an, q, &s);
    }
    for (size_t i = 0; rc == 0 && q->value.type != MATH_SCALAR && i < q->value.count; i++)
        add_result(an, q, &q->value.series[i]);
}

/* A token says: result number, point number. */
static bool read_token(struct answer *an)
{
    struct job *j = an->j;
    struct str after, number, from;

    if (!page_after(j->cx, j->call, job_text(j, "NextToken"), &after))
        return false;
    return after.len == 0 || (str_cut(after, ' ', &number, &from) &&
                              str_to_i64(number, &an->skip) && str_to_i64(from, &an->from));
}

static void run(struct answer *an, struct query_set *set)
{
    struct job *j = an->j;

    for (size_t i = 0; i < set->count && !job_stopped(j); i++)
        if (label_refuse(j, &set->queries[i]) && set->queries[i].returns && !an->full)
            add_query(an, &set->queries[i]);
    if (job_stopped(j))
        return;
    job_answer(j, "MetricDataResults", an->results);
    job_answer(j, "Messages", value_list(j->a));
    if (an->full)
        value_put_str(j->a, j->out->output, "NextToken",
                      page_token(j->cx, j->call,
                                 arena_printf(j->a, "%lld %lld", (long long)an->next_number,
                                              (long long)an->next_from)));
}

/* Of the times that labels show; labels with times are refused, so that no zone has an effect.
 * Source: CloudWatch API Reference, LabelOptions. */
static bool timezone_ok(struct job *j)
{
    struct str zone = value_get_str(param(j->call, "LabelOptions"), "Timezone");
    bool is_ok = zone.len == 0 || (zone.len == 5 && (zone.ptr[0] == '+' || zone.ptr[0] == '-'));

    for (size_t i = 1; is_ok && i < zone.len; i++)
        is_ok = zone.ptr[i] >= '0' && zone.ptr[i] <= '9';
    return is_ok;
}

HANDLER(cloudwatch, GetMetricData)
{
    const struct value *list = param(j->call, "MetricDataQueries");
    struct query_set set = { .e = j->cx->e,
                             .a = j->a,
                             .account = j->account,
                             .region = j->region,
                             .from_ms = value_get_time(j->call->params, "StartTime", 0),
                             .to_ms = value_get_time(j->call->params, "EndTime", 0),
                             .now_ms = j->cx->now_ms };
    struct answer an = { .j = j,
                         .results = value_list(j->a),
                         .newest_first = !str_eq_c(job_text(j, "ScanBy"), "TimestampAscending"),
                         .room = param_int(j->call, "MaxDatapoints", POINTS_MOST) };
    struct err why = { 0 };

    if (list->count > QUERIES_MOST)
        return job_refuse(j, "ValidationError",
                          "The collection MetricDataQueries must not have a size greater than %d.",
                          QUERIES_MOST);
    if (set.from_ms >= set.to_ms)
        return job_refuse(j, "ValidationError",
                          "The parameter StartTime must be less than the parameter EndTime.");
    if (an.room < 1 || an.room > POINTS_MOST)
        return job_refuse(j, "ValidationError",
                          "The parameter MaxDatapoints must be between 1 and %d.", POINTS_MOST);
    if (!timezone_ok(j))
        return job_refuse(j, "ValidationError",
                          "The parameter LabelOptions.Timezone must be + or - and four digits.");
    if (!read_token(&an))
        return job_refuse(j, "InvalidNextToken", "Request parameter NextToken is invalid");
    if (query_load(&set, list, &why) < 0)
        return invalid(j, &why);
    run(&an, &set);
    return j->rc;
}
