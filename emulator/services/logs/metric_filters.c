/* Metric filters: put, described, deleted, tried. */
#include "emulator/services/cloudwatch/point.h"
#include "emulator/services/logs/filters.h"

enum {
    METRIC_FILTERS_MOST = 100, /* Source: CloudWatch Logs User Guide, "Quotas" */
    REGEX_FILTERS_MOST = 5,    /* Source: the same, "Supported regular expressions" */
    DIMENSIONS_MOST = 3,       /* Source: API Reference, "MetricTransformation" */
};

static const char *const shown[] = { "filterName",
                                     "filterPattern",
                                     "metricTransformations",
                                     "creationTime",
                                     "logGroupName",
                                     "applyOnTransformedLogs",
                                     NULL };

int logs_pattern_take(struct job *j, struct str text, struct log_pattern **out)
{
    struct err why = { 0 };

    if (log_pattern_parse(j->a, text, out, &why) < 0)
        (void)logs_invalid(j, "Invalid filter pattern: %s", why.text); /* the outcome is refused */
    return job_stopped(j) ? E_PARSE : 0;
}

static bool value_ok(struct job *j, const struct log_pattern *p, struct str value)
{
    struct log_pattern_selector *selector;
    double number;

    if (!str_to_f64(value, &number) &&
        log_pattern_selector_parse(j->a, p, value, &selector, NULL) < 0)
        (void)logs_invalid(j,
                           "Invalid metric transformation: metricValue must be a number, or "
                           "name a field of the pattern: %.*s",
                           STR_ARG(value));
    return !job_stopped(j);
}

static bool unit_ok(struct job *j, struct str unit)
{
    if (unit.len > 0 && metric_unit(unit) < 0)
        (void)logs_invalid(j, "Invalid metric transformation: %.*s is no unit.", STR_ARG(unit));
    return !job_stopped(j);
}

static bool dimensions_ok(struct job *j, const struct log_pattern *p, const struct value *t)
{
    const struct value *dimensions = value_get_c(t, "dimensions");
    struct log_pattern_selector *selector;

    if (!dimensions || dimensions->count == 0)
        return true;
    if (dimensions->count > DIMENSIONS_MOST)
        (void)logs_invalid(j, "Invalid metric transformation: at most %d dimensions.",
                           DIMENSIONS_MOST);
    else if (value_get_c(t, "defaultValue"))
        (void)logs_invalid(j, "Invalid metric transformation: dimensions and default value are "
                              "mutually exclusive properties.");
    for (const struct value *d = value_first(dimensions); d && !job_stopped(j); d = d->next)
        if (log_pattern_selector_parse(j->a, p, d->u.text, &selector, NULL) < 0)
            (void)logs_invalid(j,
                               "Invalid metric transformation: dimension %.*s names no field "
                               "of the pattern: %.*s",
                               STR_ARG(d->name), STR_ARG(d->u.text));
    return !job_stopped(j);
}

/* What only transformers and linked accounts give meaning to. */
static bool options_ok(struct job *j)
{
    static const char *const unknown[] = { "fieldSelectionCriteria", "emitSystemFieldDimensions" };

    for (size_t i = 0; i < COUNT(unknown); i++)
        if (job_has(j, unknown[i]))
            outcome_refuse(j->a, j->out, 501, "NotImplemented",
                           "mocktrail does not perform %s of filters.", unknown[i]);
    return !job_stopped(j);
}

static size_t regex_filters(struct job *j, const struct doc *docs, size_t count, struct str except)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        struct log_pattern *p;
        if (!str_eq(docs[i].key.id, except) &&
            log_pattern_parse(j->a, value_get_str(docs[i].value, "filterPattern"), &p, NULL) == 0)
            n += log_pattern_regex_count(p) > 0;
    }
    return n;
}

bool logs_filter_room(struct job *j, const struct logs_group *g, const struct logs_new_filter *n)
{
    static const char *const types[] = { "MetricFilter", "SubscriptionFilter" };
    struct str id = logs_part_id(j->a, g->name, n->name);
    struct str parts = logs_part_id(j->a, g->name, STR(""));
    struct doc *docs;
    size_t count = job_list(j, n->type, parts, &docs), regexes = 0;
    bool is_new = true;

    /* Source: CloudWatch Logs User Guide, "Log classes": the others have no filters. */
    if (!str_eq_c(value_get_str(g->doc, "logGroupClass"), "STANDARD"))
        (void)job_refuse(j, "InvalidOperationException",
                         "Log groups of the class %.*s have no filters.",
                         STR_ARG(value_get_str(g->doc, "logGroupClass")));
    for (size_t i = 0; i < count; i++)
        is_new &= !str_eq(docs[i].key.id, id);
    for (size_t i = 0; log_pattern_regex_count(n->pattern) > 0 && i < COUNT(types); i++) {
        size_t others = job_list(j, types[i], parts, &docs);
        regexes +=
            regex_filters(j, docs, others, str_eq_c(str_c(types[i]), n->type) ? id : STR(""));
    }
    if ((is_new && count >= n->most) || regexes >= REGEX_FILTERS_MOST)
        (void)job_refuse(j, "LimitExceededException", "Resource limit exceeded.");
    return !job_stopped(j);
}

static int count_filters(struct job *j, struct logs_group *g)
{
    struct doc *docs;
    size_t count = job_list(j, "MetricFilter", logs_part_id(j->a, g->name, STR("")), &docs);

    value_put_int(j->a, g->doc, "metricFilterCount", (int64_t)count);
    logs_filters_forget(j->cx->e);
    return job_put(j, "LogGroup", g->name, g->doc);
}

HANDLER(logs, PutMetricFilter)
{
    static const char *const taken[] = { "filterName", "filterPattern", "metricTransformations",
                                         "applyOnTransformedLogs", NULL };
    const struct value *t = value_at(param(j->call, "metricTransformations"), 0);
    struct str name = job_text(j, "filterName");
    struct value *doc = value_map(j->a);
    struct log_pattern *p;
    struct logs_group g;

    if (logs_group_find(j, &g) < 0 || !g.doc || !options_ok(j) ||
        logs_pattern_take(j, job_text(j, "filterPattern"), &p) < 0 ||
        !value_ok(j, p, value_get_str(t, "metricValue")) || !unit_ok(j, value_get_str(t, "unit")) ||
        !dimensions_ok(j, p, t) ||
        !logs_filter_room(
            j, &g, &(struct logs_new_filter){ "MetricFilter", name, p, METRIC_FILTERS_MOST }))
        return j->rc;
    job_copy(j, doc, j->call->params, taken);
    value_put_int(j->a, doc, "creationTime", j->cx->now_ms);
    value_put_str(j->a, doc, "logGroupName", g.name);
    if (job_put(j, "MetricFilter", logs_part_id(j->a, g.name, name), doc) < 0)
        return j->rc;
    return count_filters(j, &g);
}

HANDLER(logs, DeleteMetricFilter)
{
    struct logs_group g;

    if (logs_group_find(j, &g) < 0 || !g.doc)
        return j->rc;
    struct str id = logs_part_id(j->a, g.name, job_text(j, "filterName"));
    if (!job_get(j, "MetricFilter", id))
        return job_refuse(j, "ResourceNotFoundException",
                          "The specified metric filter does not exist.");
    return job_drop(j, "MetricFilter", id) < 0 ? j->rc : count_filters(j, &g);
}

static bool is_asked(struct job *j, const struct value *filter)
{
    const struct value *t = value_at(value_get_c(filter, "metricTransformations"), 0);
    struct str name = job_text(j, "metricName"), space = job_text(j, "metricNamespace");

    return str_has_prefix(value_get_str(filter, "filterName"), job_text(j, "filterNamePrefix")) &&
           (name.len == 0 || (str_eq(name, value_get_str(t, "metricName")) &&
                              str_eq(space, value_get_str(t, "metricNamespace"))));
}

/* Source: CloudWatch Logs API Reference, "DescribeMetricFilters": sorted by filter name. */
static struct str filter_order(struct job *j, const struct value *filter)
{
    return arena_printf(j->a, "%.*s %.*s", STR_ARG(value_get_str(filter, "filterName")),
                        STR_ARG(value_get_str(filter, "logGroupName")));
}

HANDLER(logs, DescribeMetricFilters)
{
    struct str prefix = { 0 };
    struct logs_group g;
    struct doc *docs;
    size_t kept = 0;

    if (job_has(j, "metricName") != job_has(j, "metricNamespace"))
        return logs_invalid(j, "metricName and metricNamespace must be given together.");
    if (job_has(j, "logGroupName")) {
        if (logs_group_find(j, &g) < 0 || !g.doc)
            return j->rc;
        prefix = logs_part_id(j->a, g.name, STR(""));
    }
    size_t count = job_list(j, "MetricFilter", prefix, &docs);
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        if (!is_asked(j, docs[i].value))
            continue;
        items[kept] = (struct job_item){ filter_order(j, docs[i].value), value_map(j->a) };
        job_copy(j, items[kept++].value, docs[i].value, shown);
    }
    logs_sort(items, kept);
    return logs_page(j, &(struct logs_paging){ "limit", "metricFilters", 50, false }, items, kept);
}

/* Source: CloudWatch Logs API Reference, "TestMetricFilter": eventNumber counts from 1. */
HANDLER(logs, TestMetricFilter)
{
    struct value *matches = value_list(j->a);
    struct log_pattern *p;
    int64_t number = 1;

    if (logs_pattern_take(j, job_text(j, "filterPattern"), &p) < 0)
        return j->rc;
    for (const struct value *m = value_first(param(j->call, "logEventMessages")); m;
         m = m->next, number++) {
        struct log_pattern_subject s = { .a = j->a, .message = m->u.text };
        if (!log_pattern_match(p, &s))
            continue;
        struct value *row = value_map(j->a);
        value_put_int(j->a, row, "eventNumber", number);
        value_put_str(j->a, row, "eventMessage", m->u.text);
        value_set(row, STR("extractedValues"), log_pattern_extract(p, &s));
        value_push(matches, row);
    }
    job_answer(j, "matches", matches);
    return j->rc;
}
