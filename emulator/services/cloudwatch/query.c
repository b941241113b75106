#include "emulator/services/cloudwatch/query.h"

#include "emulator/services/cloudwatch/cloudwatch.h"
#include "emulator/services/cloudwatch/search.h"

/* ---- loading ---- */

static bool is_id(struct str id)
{
    if (id.len == 0 || id.ptr[0] < 'a' || id.ptr[0] > 'z')
        return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return false;
    }
    return true;
}

struct query *query_find(struct query_set *set, struct str id)
{
    for (size_t i = 0; i < set->count; i++)
        if (str_eq(set->queries[i].id, id))
            return &set->queries[i];
    return NULL;
}

static int load_dimensions(struct query *q, const struct value *list, struct err *err)
{
    size_t n = 0;
    struct metric_dimension *dims = arena_array(q->set->a, list ? list->count : 0, sizeof *dims);

    for (const struct value *d = value_first(list); d; d = d->next) {
        struct metric_dimension one = { value_get_str(d, "Name"), value_get_str(d, "Value") };
        size_t k = n++;

        for (; k > 0 && str_cmp(dims[k - 1].name, one.name) > 0; k--)
            dims[k] = dims[k - 1];
        dims[k] = one;
        if (k > 0 && str_eq(dims[k - 1].name, one.name))
            return err_set(err, E_PARSE, "The dimension name %.*s is given more than once.",
                           STR_ARG(one.name));
    }
    q->metric.dimensions = dims;
    q->metric.dimension_count = n;
    return 0;
}

static int load_metric(struct query *q, const struct value *stat, struct err *err)
{
    const struct value *metric = value_get_c(stat, "Metric");
    struct str name = value_get_str(stat, "Stat"), unit = value_get_str(stat, "Unit");
    int64_t period_s = value_get_int(stat, "Period", 0);

    q->is_metric = true;
    q->metric = (struct metric_id){ .account = q->set->account,
                                    .region = q->set->region,
                                    .namespace_ = value_get_str(metric, "Namespace"),
                                    .name = value_get_str(metric, "MetricName") };
    q->period_ms = period_s * CW_SECOND_MS;
    q->unit = unit.len > 0 ? metric_unit(unit) : POINT_ANY_UNIT;
    if (!cw_period_ok(period_s))
        return err_set(err, E_PARSE,
                       "The parameter Period of %.*s must be 1, 5, 10, 20, 30 or a multiple of 60.",
                       STR_ARG(q->id));
    if (!statistic_parse(name, &q->statistic))
        return err_set(err, E_PARSE, "The value %.*s for parameter Stat of %.*s is not supported.",
                       STR_ARG(name), STR_ARG(q->id));
    if (unit.len > 0 && q->unit < 0)
        return err_set(err, E_PARSE, "The value %.*s for parameter Unit is not supported.",
                       STR_ARG(unit));
    if (q->metric.name.len == 0 || q->metric.namespace_.len == 0)
        return err_set(err, E_PARSE, "The metric of %.*s needs Namespace and MetricName.",
                       STR_ARG(q->id));
    return load_dimensions(q, value_get_c(metric, "Dimensions"), err);
}

static int in_expression(const struct query *q, const struct err *why, struct err *err)
{
    return err_set(err, E_PARSE, "Error in expression '%.*s': %s", STR_ARG(q->id), why->text);
}

static int load_expression(struct query *q, const struct value *map, struct err *err)
{
    struct err why = { 0 };
    int64_t period_s = value_get_int(map, "Period", 0);

    if (period_s != 0 && !cw_period_ok(period_s))
        return err_set(err, E_PARSE,
                       "The parameter Period of %.*s must be 1, 5, 10, 20, 30 or a multiple of 60.",
                       STR_ARG(q->id));
    q->period_ms = period_s * CW_SECOND_MS;
    if (math_parse(q->set->a, value_get_str(map, "Expression"), &q->tree, &why) < 0)
        return in_expression(q, &why, err);
    return 0;
}

static int load_one(struct query *q, const struct value *map, struct err *err)
{
    const struct value *stat = value_get_c(map, "MetricStat");
    struct str expression = value_get_str(map, "Expression");
    struct str account = value_get_str(map, "AccountId");

    q->id = value_get_str(map, "Id");
    q->label = value_get_str(map, "Label");
    q->returns = value_get_bool(map, "ReturnData", true);
    if (!is_id(q->id))
        return err_set(
            err, E_PARSE,
            "The value %.*s for parameter Id must begin with a lower-case letter and have "
            "letters, digits and underscores only.",
            STR_ARG(q->id));
    if (account.len > 0 && !str_eq(account, q->set->account))
        return err_set(err, E_PARSE,
                       "AccountId %.*s: metrics of linked accounts are not supported.",
                       STR_ARG(account));
    if ((stat != NULL) == (expression.len > 0))
        return err_set(err, E_PARSE,
                       "Exactly one of MetricStat and Expression must be given for %.*s.",
                       STR_ARG(q->id));
    return stat ? load_metric(q, stat, err) : load_expression(q, map, err);
}

static bool knows(void *arg, struct str id)
{
    return query_find(arg, id) != NULL;
}

/* Once all ids are known. */
static int check(struct query_set *set, struct err *err)
{
    for (size_t i = 0; i < set->count; i++) {
        struct query *q = &set->queries[i];
        struct err why = { 0 };

        if (query_find(set, q->id) != q)
            return err_set(err, E_PARSE, "The id %.*s is given more than once.", STR_ARG(q->id));
        if (q->tree && math_check(q->tree, knows, set, &why) < 0)
            return in_expression(q, &why, err);
    }
    return 0;
}

int query_load(struct query_set *set, const struct value *list, struct err *err)
{
    int rc = 0;

    set->queries = arena_array(set->a, list ? list->count : 0, sizeof *set->queries);
    for (const struct value *m = value_first(list); rc == 0 && m; m = m->next) {
        struct query *q = &set->queries[set->count++];

        q->set = set;
        rc = load_one(q, m, err);
    }
    return rc < 0 ? rc : check(set, err);
}

static void widen(const struct query *q, const struct math_node *node, int64_t *period_ms,
                  int depth);

static void widen_by(const struct query *q, int64_t *period_ms, int depth)
{
    if (q->period_ms > *period_ms)
        *period_ms = q->period_ms;
    if (q->tree && depth < 32) /* a cycle is found when it is evaluated */
        widen(q, q->tree, period_ms, depth + 1);
}

static void widen(const struct query *q, const struct math_node *node, int64_t *period_ms,
                  int depth)
{
    struct query *other = node->kind == MATH_NAME ? query_find(q->set, node->text) : NULL;

    if (other)
        widen_by(other, period_ms, depth);
    for (const struct math_node *n = node->first; n; n = n->next)
        widen(q, n, period_ms, depth);
}

int64_t query_period(const struct query *q)
{
    int64_t period_ms = 0;

    if (q->period_ms > 0)
        return q->period_ms;
    widen_by(q, &period_ms, 0);
    for (size_t i = 0; period_ms == 0 && i < q->set->count; i++)
        if (q->set->queries[i].is_metric)
            period_ms = q->set->queries[i].period_ms;
    return period_ms > 0 ? period_ms : CW_MINUTE_MS;
}

/* ---- evaluating ---- */

static struct point_query points_of(struct query *q, const struct metric_id *id, int64_t period_ms)
{
    struct query_set *set = q->set;
    int64_t from_ms =
        set->exact ? set->from_ms : cw_start(set->from_ms, period_ms / CW_SECOND_MS, set->now_ms);

    return (struct point_query){
        metric_series(set->a, id), q->unit, from_ms, set->to_ms, period_ms, set->now_ms
    };
}

int query_points(struct query *q, struct point **out, size_t *count, struct err *err)
{
    struct point_query pq = points_of(q, &q->metric, q->period_ms);

    return points_read(q->set->e, q->set->a, &pq, out, count, err);
}

/* The values of a metric's statistic. */
static int read_series(struct query *q, const struct metric_id *id, const struct statistic *s,
                       int64_t period_ms, struct math_series *out, struct err *err)
{
    struct point_query pq = points_of(q, id, period_ms);
    struct point *points;
    size_t count = 0;
    int rc = points_read(q->set->e, q->set->a, &pq, &points, &count, err);

    *out = math_series_of(q->set->a, period_ms, count);
    out->label = id->name;
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (statistic_of(s, &points[i], &out->values[out->count]))
            out->times_ms[out->count++] = points[i].time_ms;
    return rc;
}

static int find(void *arg, struct str id, struct math_value *out, struct err *err)
{
    struct query *from = arg, *q = query_find(from->set, id);

    if (!q)
        return err_set(err, E_PARSE, "Unknown id '%.*s'", STR_ARG(id));
    if (q->state == QUERY_RUNNING)
        return err_set(err, E_PARSE, "the expressions refer to each other in a circle at '%.*s'",
                       STR_ARG(id));
    int rc = query_run(q, err);
    *out = q->value;
    return rc;
}

static int all_metrics(void *arg, struct str part, struct math_value *out, struct err *err)
{
    struct query *from = arg;
    int rc = 0;

    *out = (struct math_value){ .type = MATH_ARRAY };
    out->series = arena_array(from->set->a, from->set->count, sizeof *out->series);
    for (size_t i = 0; rc == 0 && i < from->set->count; i++) {
        struct query *q = &from->set->queries[i];

        if (!q->is_metric || (part.len > 0 && str_find(q->id, part) < 0))
            continue;
        rc = query_run(q, err);
        if (rc == 0)
            out->series[out->count++] = *q->value.series;
    }
    return rc;
}

/* What tells a metric from the others that a search found: its dimensions' values and its name. */
static struct str label_of(struct arena *a, const struct metric_id *id)
{
    struct str parts[METRIC_DIMENSIONS_MOST + 1];
    size_t n = 0;

    for (size_t i = 0; i < id->dimension_count && n < METRIC_DIMENSIONS_MOST; i++)
        parts[n++] = id->dimensions[i].value;
    parts[n++] = id->name;
    return arena_join(a, parts, n, STR(" "));
}

static int run_search(void *arg, struct str text, struct str statistic, int64_t period_s,
                      struct math_value *out, struct err *err)
{
    struct query *q = arg;
    struct query_set *set = q->set;
    struct statistic s;
    struct search *search;
    struct metric_id *ids;
    size_t count = 0;

    if (!statistic_parse(statistic, &s) || !cw_period_ok(period_s))
        return err_set(err, E_PARSE, "SEARCH: no statistic '%.*s' or no period of %lld s",
                       STR_ARG(statistic), (long long)period_s);
    int rc = search_parse(set->a, text, &search, err);
    if (rc == 0)
        rc = search_run(set->e, set->a, search, set->account, set->region, &ids, &count, err);
    *out = (struct math_value){ .type = MATH_ARRAY };
    out->series = arena_array(set->a, count, sizeof *out->series);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct math_series *to = &out->series[out->count];

        rc = read_series(q, &ids[i], &s, period_s * CW_SECOND_MS, to, err);
        to->label = label_of(set->a, &ids[i]);
        out->count += to->count > 0; /* AWS leaves out what has no data in the span */
    }
    return rc;
}

static int run_expression(struct query *q, struct err *err)
{
    struct query_set *set = q->set;
    int64_t period_ms = query_period(q);
    struct math_env env = { .a = set->a,
                            .from_ms = set->exact ? set->from_ms
                                                  : cw_start(set->from_ms, period_ms / CW_SECOND_MS,
                                                             set->now_ms),
                            .to_ms = set->to_ms,
                            .period_ms = period_ms,
                            .arg = q,
                            .find = find,
                            .metrics = all_metrics,
                            .search = run_search };
    struct err why = { 0 };
    int rc = math_run(&env, q->tree, &q->value, &why);

    if (rc == 0 && q->value.type == MATH_STRING)
        rc = err_set(&why, E_PARSE, "a string is no time series");
    if (rc == E_PARSE && why.code == E_PARSE)
        return in_expression(q, &why, err);
    return rc < 0 ? err_set(err, rc, "%s", why.text) : 0;
}

int query_run(struct query *q, struct err *err)
{
    int rc;

    if (q->state == QUERY_DONE)
        return 0;
    q->state = QUERY_RUNNING;
    if (q->is_metric) {
        q->value = (struct math_value){ .type = MATH_SERIES, .count = 1 };
        q->value.series = arena_alloc(q->set->a, sizeof *q->value.series);
        rc = read_series(q, &q->metric, &q->statistic, q->period_ms, q->value.series, err);
    } else {
        q->unit = POINT_ANY_UNIT;
        rc = run_expression(q, err);
    }
    q->state = rc == 0 ? QUERY_DONE : QUERY_NEW;
    return rc;
}
