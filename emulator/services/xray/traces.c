/* Traces read back: summaries, whole traces, graphs, statistics over time. */
#include "emulator/services/xray/graph.h"
#include "emulator/services/xray/ops.h"
#include "emulator/services/xray/summary.h"

#define HOUR_MS 3600000ll
/* Source: X-Ray answers longer spans "Time range cannot be longer than 24 hours" (6 hours), by its
 * users' reports; the documentation has no number. */
#define SUMMARY_SPAN_MS (24 * HOUR_MS)
#define GRAPH_SPAN_MS   (6 * HOUR_MS)
#define PAGE            1000 /* summaries in one answer; AWS's own number is unpublished */
#define BATCH_IDS       5    /* Source: X-Ray API Reference, "BatchGetTraces": up to 5 */

/* ---- BatchGetTraces ---- */

HANDLER(xray, BatchGetTraces)
{
    struct value *list = value_list(j->a);
    struct trace_query q;
    struct trace **traces;
    size_t count;

    if (!ops_ids(j, BATCH_IDS, &q) || !ops_traces(j, &q, &traces, &count))
        return j->rc;
    for (size_t i = 0; i < count; i++)
        value_push(list, summary_trace(j->a, traces[i]));
    job_answer(j, "Traces", list);
    job_answer(j, "UnprocessedTraceIds", value_list(j->a));
    return j->rc;
}

/* ---- GetTraceSummaries ---- */

enum range_type { BY_TRACE_ID, BY_EVENT, BY_SERVICE };

static enum range_type range_type(const struct job *j)
{
    struct str type = job_text(j, "TimeRangeType");

    return str_eq_c(type, "Event")     ? BY_EVENT
           : str_eq_c(type, "Service") ? BY_SERVICE
                                       : BY_TRACE_ID;
}

/* The time by which a trace is in the range; false: it is not. Source: X-Ray API Reference,
 * "GetTraceSummaries", TimeRangeType: Event is the trace's update time, Service the end time of its
 * segments. */
static bool matched_time(const struct trace *t, enum range_type type, const struct trace_query *q,
                         int64_t *out_ms)
{
    *out_ms = type == BY_EVENT ? t->changed_ms : xray_trace_time_ms(t->id);
    if (type != BY_SERVICE)
        return type == BY_TRACE_ID || (*out_ms >= q->from_ms && *out_ms < q->to_ms);
    for (size_t i = 0; i < t->count; i++) {
        double end_ms = t->nodes[i]->end_s * 1000;

        if (t->nodes[i]->is_segment && !t->nodes[i]->in_progress && end_ms >= (double)q->from_ms &&
            end_ms < (double)q->to_ms) {
            *out_ms = (int64_t)(end_ms + 0.5);
            return true;
        }
    }
    return false;
}

/* Sampling with FixedRate takes that share of the traces, always the same ones; PartialScan the
 * newest share of the range. Without a strategy all are given: no rate is published. */
static bool is_sampled(const struct job *j, const struct trace *t, const struct trace_query *q)
{
    const struct value *strategy = param(j->call, "SamplingStrategy");
    const struct value *v = value_get_c(strategy, "Value");
    double share = v && v->kind == VALUE_FLOAT ? v->u.real
                   : v && v->kind == VALUE_INT ? (double)v->u.integer
                                               : 1;

    if (!param_bool(j->call, "Sampling", false) || !strategy)
        return true;
    if (str_eq_c(value_get_str(strategy, "Name"), "PartialScan"))
        return (double)(q->to_ms - xray_trace_time_ms(t->id)) <=
               share * (double)(q->to_ms - q->from_ms);
    return (double)(str_hash(t->id) % 10000) < share * 10000;
}

static struct value *summary_at(struct job *j, const struct trace *t, enum range_type type,
                                int64_t matched_ms)
{
    struct value *v = summary_of(j->a, t);

    if (type != BY_TRACE_ID)
        value_put_time(j->a, v, "MatchedEventTime", matched_ms);
    return v;
}

struct page {
    struct value *list;
    const struct trace *last;
    int64_t processed;
    bool has_more;
};

/* Newest first. Source: the reference, NextToken: the first page has the most recent results. */
static bool fill_page(struct job *j, const struct trace_query *q, struct trace **traces,
                      size_t count, struct page *page)
{
    enum range_type type = range_type(j);
    struct filter *filter = NULL;
    struct str before;
    int64_t matched_ms;

    if (!page_after(j->cx, j->call, job_text(j, "NextToken"), &before))
        (void)job_refuse(j, XRAY_INVALID, "Invalid NextToken");
    if (job_stopped(j) || !group_filter(j, job_text(j, "FilterExpression"), &filter))
        return false;
    for (size_t i = count; i-- > 0 && !page->has_more;) {
        const struct trace *t = traces[i];

        if ((before.len > 0 && str_cmp(t->id, before) >= 0) ||
            !matched_time(t, type, q, &matched_ms) || !is_sampled(j, t, q))
            continue;
        page->has_more = page->list->count == PAGE;
        if (page->has_more)
            break;
        page->processed++;
        page->last = t;
        if (filter_matches(j->a, filter, t))
            value_push(page->list, summary_at(j, t, type, matched_ms));
    }
    return true;
}

HANDLER(xray, GetTraceSummaries)
{
    struct page page = { .list = value_list(j->a) };
    struct trace_query q = { 0 }, load;
    struct trace **traces;
    size_t count;

    if (!ops_span(j, SUMMARY_SPAN_MS, &q.from_ms, &q.to_ms))
        return j->rc;
    q.from_ms -= q.from_ms % 1000; /* ids carry whole seconds */
    q.to_ms++;                     /* the end is inclusive */
    load = q;
    if (range_type(j) != BY_TRACE_ID) {
        load.from_ms = 0;
        load.to_ms = INT64_MAX;
    }
    if (!ops_traces(j, &load, &traces, &count) || !fill_page(j, &q, traces, count, &page))
        return j->rc;
    job_answer(j, "TraceSummaries", page.list);
    value_put_time(j->a, j->out->output, "ApproximateTime",
                   page.last ? xray_trace_time_ms(page.last->id) : q.from_ms);
    value_put_int(j->a, j->out->output, "TracesProcessedCount", page.processed);
    if (page.has_more)
        value_put_str(j->a, j->out->output, "NextToken", page_token(j->cx, j->call, page.last->id));
    return j->rc;
}

/* ---- graphs ---- */

HANDLER(xray, GetTraceGraph)
{
    struct trace_query q;
    struct trace **traces;
    size_t count;

    if (!ops_ids(j, BATCH_IDS, &q) || !ops_traces(j, &q, &traces, &count))
        return j->rc;
    job_answer(j, "Services", graph_services(j->a, traces, count));
    return j->rc;
}

/* Traces whose id lies in StartTime to EndTime, of the group if one is named. */
static bool traces_of_span(struct job *j, struct trace_query *q, struct trace ***traces,
                           size_t *count)
{
    if (!ops_span(j, GRAPH_SPAN_MS, &q->from_ms, &q->to_ms))
        return false;
    struct trace_query load = { .from_ms = q->from_ms - q->from_ms % 1000, .to_ms = q->to_ms + 1 };
    return ops_traces(j, &load, traces, count) && ops_of_group(j, *traces, count);
}

HANDLER(xray, GetServiceGraph)
{
    struct trace_query q = { 0 };
    struct trace **traces;
    size_t count;

    if (!traces_of_span(j, &q, &traces, &count))
        return j->rc;
    job_answer(j, "Services", graph_services(j->a, traces, count));
    value_put_time(j->a, j->out->output, "StartTime", q.from_ms);
    value_put_time(j->a, j->out->output, "EndTime", q.to_ms);
    value_put_bool(j->a, j->out->output, "ContainsOldGroupVersions", false);
    return j->rc;
}

/* ---- statistics over time ---- */

struct windows {
    int64_t from_ms, step_ms;
    size_t count;
    struct graph_stats *stats;
    bool has_entity;
    struct filter_entity entity;
};

/* What is counted of a segment: the segment of a service; else the call to it. */
static const struct trace_node *counted(const struct windows *w, const struct trace_node *n)
{
    bool of_service = w->has_entity && !w->entity.is_edge;

    if (!n->is_segment)
        return NULL;
    if (of_service)
        return filter_entity_is(&w->entity, 0, n) ? n : NULL;
    if (w->has_entity && (!n->parent || !filter_entity_is(&w->entity, 0, n->parent->segment) ||
                          !filter_entity_is(&w->entity, 1, n)))
        return NULL;
    return graph_call(n);
}

static void count_trace(struct job *j, struct windows *w, const struct trace *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct trace_node *n = counted(w, t->nodes[i]);
        double at = n ? (n->start_s * 1000 - (double)w->from_ms) / (double)w->step_ms : -1;

        if (at >= 0 && at < (double)w->count)
            graph_count(j->a, &w->stats[(size_t)at], n);
    }
}

static struct value *windows_value(struct job *j, const struct windows *w)
{
    const char *member =
        w->has_entity && !w->entity.is_edge ? "ServiceSummaryStatistics" : "EdgeSummaryStatistics";
    struct value *list = value_list(j->a);

    for (size_t i = 0; i < w->count; i++) {
        struct value *v = value_map(j->a);

        value_put_time(j->a, v, "Timestamp", w->from_ms + (int64_t)i * w->step_ms);
        value_set(v, str_c(member), graph_stats_value(j->a, &w->stats[i]));
        value_set(v, STR("ResponseTimeHistogram"), graph_histogram(j->a, &w->stats[i]));
        value_push(list, v);
    }
    return list;
}

/* Source: X-Ray Developer Guide, "Getting data": periods of 60 or 300 seconds. */
static bool read_windows(struct job *j, const struct trace_query *q, struct windows *w)
{
    int64_t period_s = param_int(j->call, "Period", 60);
    struct err why = { 0 };

    w->has_entity = job_has(j, "EntitySelectorExpression");
    if (period_s != 60 && period_s != 300)
        (void)job_refuse(j, XRAY_INVALID, "Period: expected 60 or 300");
    else if (w->has_entity && filter_entity_parse(j->a, job_text(j, "EntitySelectorExpression"),
                                                  &w->entity, &why) < 0)
        (void)job_refuse(j, XRAY_INVALID, "Invalid EntitySelectorExpression: %s", why.text);
    if (job_stopped(j))
        return false;
    w->step_ms = period_s * 1000;
    w->from_ms = q->from_ms - q->from_ms % w->step_ms;
    w->count = (size_t)((q->to_ms - w->from_ms) / w->step_ms) + 1; /* of 6 hours at most */
    w->stats = arena_array(j->a, w->count, sizeof *w->stats);
    return true;
}

HANDLER(xray, GetTimeSeriesServiceStatistics)
{
    struct trace_query q = { 0 };
    struct windows w = { 0 };
    struct trace **traces;
    size_t count;

    if (param_bool(j->call, "ForecastStatistics", false))
        return ops_not_here(j, "forecasts no faults: it has no insights");
    if (!traces_of_span(j, &q, &traces, &count) || !read_windows(j, &q, &w))
        return j->rc;
    for (size_t i = 0; i < count; i++)
        count_trace(j, &w, traces[i]);
    job_answer(j, "TimeSeriesServiceStatistics", windows_value(j, &w));
    value_put_bool(j->a, j->out->output, "ContainsOldGroupVersions", false);
    return j->rc;
}
