/* ListMetrics. */
#include "emulator/services/cloudwatch/cloudwatch.h"
#include "emulator/store/series.h"

/* Source: CloudWatch API Reference, ListMetrics: 500 results a call; metrics with data in the last
 * two weeks. */
#define PAGE_MOST 500
#define ACTIVE_MS (14 * CW_DAY_MS)
#define RECENT_MS (3 * CW_HOUR_MS)

static bool is_active(struct job *j, struct str series, int64_t within_ms)
{
    struct series_span span = { .from_ms = j->cx->now_ms - within_ms,
                                .to_ms = INT64_MAX,
                                .limit = 1 };
    struct series_point *points;
    size_t count = 0;

    j->rc = series_list(j->cx->e->store, j->a, (struct series_key){ METRIC_KIND, series }, &span,
                        &points, &count, j->err);
    return count > 0;
}

static bool is_wanted(struct job *j, struct str series, struct metric_id *id)
{
    struct str name = job_text(j, "MetricName"), namespace_ = job_text(j, "Namespace");
    bool recent = str_eq_c(job_text(j, "RecentlyActive"), "PT3H");

    return metric_of_series(j->a, series, id) && (name.len == 0 || str_eq(name, id->name)) &&
           (namespace_.len == 0 || str_eq(namespace_, id->namespace_)) &&
           cw_has_dimensions(id, param(j->call, "Dimensions")) &&
           is_active(j, series, recent ? RECENT_MS : ACTIVE_MS);
}

static void add_metric(struct job *j, struct value *list, const struct metric_id *id)
{
    struct value *m = value_map(j->a);

    value_put_str(j->a, m, "Namespace", id->namespace_);
    value_put_str(j->a, m, "MetricName", id->name);
    value_set(m, STR("Dimensions"), cw_dimension_list(j->a, id));
    value_push(list, m);
}

static void list_page(struct job *j, const struct str *names, size_t count, struct value *owners)
{
    struct value *list = value_list(j->a);
    size_t last = 0, i = 0;

    for (; i < count && j->rc == 0; i++) {
        struct metric_id id;

        if (!is_wanted(j, names[i], &id))
            continue;
        if (list->count == PAGE_MOST)
            break;
        add_metric(j, list, &id);
        if (owners)
            value_push(owners, value_str(j->a, j->account));
        last = i;
    }
    job_answer(j, "Metrics", list);
    if (i < count && j->rc == 0)
        value_put_str(j->a, j->out->output, "NextToken", page_token(j->cx, j->call, names[last]));
}

/* No account is linked to another here: a monitoring account sees its own metrics. */
HANDLER(cloudwatch, ListMetrics)
{
    struct str owner = job_text(j, "OwningAccount"), after;
    bool linked = param_bool(j->call, "IncludeLinkedAccounts", false);
    struct value *owners = linked ? value_list(j->a) : NULL;
    struct str prefix = metric_prefix(j->a, j->account, j->region, job_text(j, "Namespace"),
                                      job_text(j, "MetricName"));
    struct str *names;
    size_t count = 0;

    if (!page_after(j->cx, j->call, job_text(j, "NextToken"), &after))
        return cw_bad_value(j, "Request parameter NextToken is invalid");
    if (owner.len > 0 && !linked)
        return cw_bad_value(j, "OwningAccount needs IncludeLinkedAccounts to be true.");
    if (owner.len > 0 && !str_eq(owner, j->account))
        return cw_bad_value(j, "The account %.*s is not linked to this account.", STR_ARG(owner));
    j->rc = series_names(j->cx->e->store, j->a, (struct series_key){ METRIC_KIND, prefix }, after,
                         0, &names, &count, j->err);
    if (j->rc == 0)
        list_page(j, names, count, owners);
    if (j->rc == 0 && owners)
        job_answer(j, "OwningAccounts", owners);
    return j->rc;
}
