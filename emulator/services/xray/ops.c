#include "emulator/services/xray/ops.h"

bool ops_span(struct job *j, int64_t most_ms, int64_t *from_ms, int64_t *to_ms)
{
    const struct value *start = param(j->call, "StartTime"), *end = param(j->call, "EndTime");

    *from_ms = start ? start->u.time_ms : 0; /* the model has both required */
    *to_ms = end ? end->u.time_ms : 0;
    if (*from_ms > *to_ms)
        (void)job_refuse(j, XRAY_INVALID, "StartTime should be before EndTime");
    else if (*to_ms - *from_ms > most_ms)
        (void)job_refuse(j, XRAY_INVALID, "Time range cannot be longer than %lld hours",
                         (long long)(most_ms / 3600000));
    return !job_stopped(j);
}

bool ops_find(struct job *j, const struct trace_query *q, struct trace ***out, size_t *count)
{
    struct trace_query of = *q;

    of.place = (struct xray_place){ j->account, j->region };
    of.now_ms = j->cx->now_ms;
    j->rc =
        trace_find(j->cx->e->store, j->a, names_new(j->a, j->cx->e->cat), &of, out, count, j->err);
    return !job_stopped(j);
}

struct trace_scan *ops_scan(struct job *j, int64_t from_ms, int64_t to_ms)
{
    struct trace_span span = { .place = { j->account, j->region },
                               .from_ms = from_ms,
                               .to_ms = to_ms,
                               .now_ms = j->cx->now_ms };

    return trace_scan_start(j->cx->e->store, names_new(j->a, j->cx->e->cat), &span);
}

bool ops_group_filter(struct job *j, struct filter **out)
{
    *out = NULL;
    if (!job_has(j, "GroupName") && !job_has(j, "GroupARN"))
        return !job_stopped(j);
    const struct value *group = group_find(j);
    return group && group_filter(j, value_get_str(group, "FilterExpression"), out);
}

bool ops_ids(struct job *j, size_t most, struct trace_query *q)
{
    const struct value *list = param(j->call, "TraceIds");
    struct str *ids = arena_array(j->a, (list ? list->count : 0) + 1, sizeof *ids);

    *q = (struct trace_query){ .ids = ids };
    for (const struct value *v = value_first(list); v; v = v->next) {
        if (!xray_is_trace_id(v->u.text))
            (void)job_refuse(j, XRAY_INVALID, "Invalid trace ID: %.*s", STR_ARG(v->u.text));
        ids[q->id_count++] = v->u.text;
    }
    if (q->id_count == 0 || q->id_count > most)
        (void)job_refuse(j, XRAY_INVALID, "TraceIds: expected 1 to %zu trace IDs", most);
    return !job_stopped(j);
}

int ops_not_here(struct job *j, const char *what)
{
    outcome_refuse(j->a, j->out, 501, "NotImplemented", "mocktrail %s", what);
    return j->rc;
}
