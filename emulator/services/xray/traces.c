/* Traces read back: summaries, whole traces, graphs, statistics over time. */
#include "emulator/services/xray/graph.h"
#include "emulator/services/xray/ops.h"
#include "emulator/services/xray/summary.h"

#define HOUR_MS 3600000ll
/* Our choice: the API Reference has no numbers. Programs that ask AWS take care to ask no more at a
 * time, for it refuses longer spans in these words: "Time range cannot be longer than 6 hours". */
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

    if (!ops_ids(j, BATCH_IDS, &q) || !ops_find(j, &q, &traces, &count))
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

    if (str_eq_c(type, "Event"))
        return BY_EVENT;
    return str_eq_c(type, "Service") ? BY_SERVICE : BY_TRACE_ID;
}

/* What is asked: the range in which a trace's time must lie; and those after the page before. */
struct asked {
    enum range_type type;
    int64_t from_ms, to_ms;
    struct filter *filter;
    struct str before; /* an id; or empty */
};

/* The time by which a trace is in the range; false: it is not. Source: X-Ray API Reference,
 * "GetTraceSummaries", TimeRangeType: Event is the trace's update time, Service the end time of its
 * segments. */
static bool matched_time(const struct trace *t, const struct asked *q, int64_t *out_ms)
{
    *out_ms = q->type == BY_EVENT ? t->changed_ms : xray_trace_time_ms(t->id);
    if (q->type != BY_SERVICE)
        return q->type == BY_TRACE_ID || (*out_ms >= q->from_ms && *out_ms < q->to_ms);
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

static double number(const struct value *v, double fallback)
{
    if (v && v->kind == VALUE_INT)
        return (double)v->u.integer;
    return v && v->kind == VALUE_FLOAT ? v->u.real : fallback;
}

/* Sampling with FixedRate takes that share of the traces, always the same ones; PartialScan the
 * newest share of the range. Without a strategy all are given: no rate is published. */
static bool is_sampled(const struct job *j, const struct trace *t, const struct asked *q)
{
    const struct value *strategy = param(j->call, "SamplingStrategy");
    double share = number(value_get_c(strategy, "Value"), 1);

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

static bool read_asked(struct job *j, struct asked *q)
{
    q->type = range_type(j);
    if (!ops_span(j, SUMMARY_SPAN_MS, &q->from_ms, &q->to_ms))
        return false;
    q->from_ms -= q->from_ms % 1000; /* ids carry whole seconds */
    q->to_ms++;                      /* the end is inclusive */
    if (!page_after(j->cx, j->call, job_text(j, "NextToken"), &q->before) ||
        (q->before.len > 0 && !xray_is_trace_id(q->before)))
        (void)job_refuse(j, XRAY_INVALID, "Invalid NextToken");
    return !job_stopped(j) && group_filter(j, job_text(j, "FilterExpression"), &q->filter);
}

static bool is_on_page_before(const struct asked *q, const struct trace *t)
{
    return q->before.len > 0 && xray_trace_time_ms(t->id) == xray_trace_time_ms(q->before) &&
           str_cmp(t->id, q->before) >= 0;
}

struct page {
    struct value *list;
    char id[XRAY_TRACE_ID_LEN];
    struct str last; /* in id: the last trace that was processed; or empty */
    int64_t processed;
    bool has_more;
};

static void take_trace(struct job *j, const struct asked *q, const struct trace *t,
                       struct page *page)
{
    int64_t matched_ms;

    if (is_on_page_before(q, t) || !matched_time(t, q, &matched_ms) || !is_sampled(j, t, q))
        return;
    page->has_more = page->list->count == PAGE;
    if (page->has_more)
        return;
    page->processed++;
    memcpy(page->id, t->id.ptr, sizeof page->id); /* all ids are of one length */
    page->last = (struct str){ page->id, sizeof page->id };
    if (filter_matches(j->a, q->filter, t))
        value_push(page->list, value_copy(j->a, summary_at(j, t, q->type, matched_ms)));
}

/* Newest first. Source: the reference, NextToken: the first page has the most recent results. */
static bool fill_page(struct job *j, const struct asked *q, struct page *page)
{
    bool by_id = q->type == BY_TRACE_ID; /* else any trace may have changed in the range */
    int64_t end_ms = q->before.len > 0 ? xray_trace_time_ms(q->before) + 1 : INT64_MAX;
    struct trace_scan *scan =
        ops_scan(j, by_id ? q->from_ms : 0, by_id && q->to_ms < end_ms ? q->to_ms : end_ms);
    const struct trace *t;

    do {
        j->rc = trace_scan_next(scan, &t, j->err);
        if (j->rc == 0 && t)
            take_trace(j, q, t, page);
    } while (j->rc == 0 && t && !page->has_more);
    trace_scan_end(scan);
    return j->rc == 0;
}

HANDLER(xray, GetTraceSummaries)
{
    struct page page = { .list = value_list(j->a) };
    struct asked q = { 0 };

    if (!read_asked(j, &q) || !fill_page(j, &q, &page))
        return j->rc;
    job_answer(j, "TraceSummaries", page.list);
    value_put_time(j->a, j->out->output, "ApproximateTime",
                   page.last.len > 0 ? xray_trace_time_ms(page.last) : q.from_ms);
    value_put_int(j->a, j->out->output, "TracesProcessedCount", page.processed);
    if (page.has_more)
        value_put_str(j->a, j->out->output, "NextToken", page_token(j->cx, j->call, page.last));
    return j->rc;
}

/* ---- graphs ---- */

HANDLER(xray, GetTraceGraph)
{
    struct graph *g = graph_new(j->a);
    struct trace_query q;
    struct trace **traces;
    size_t count;

    if (!ops_ids(j, BATCH_IDS, &q) || !ops_find(j, &q, &traces, &count))
        return j->rc;
    for (size_t i = 0; i < count; i++)
        graph_add(g, traces[i]);
    job_answer(j, "Services", graph_services(g));
    return j->rc;
}

/* Each trace whose id lies in the span, of the group if one is named. */
static bool each_trace(struct job *j, int64_t from_ms, int64_t to_ms,
                       void (*add)(void *arg, const struct trace *t), void *arg)
{
    struct filter *filter;
    const struct trace *t;

    if (!ops_group_filter(j, &filter))
        return false;
    struct trace_scan *scan = ops_scan(j, from_ms - from_ms % 1000, to_ms + 1);
    do {
        j->rc = trace_scan_next(scan, &t, j->err);
        if (j->rc == 0 && t && filter_matches(j->a, filter, t))
            add(arg, t);
    } while (j->rc == 0 && t);
    trace_scan_end(scan);
    return j->rc == 0;
}

static void add_to_graph(void *g, const struct trace *t)
{
    graph_add(g, t);
}

HANDLER(xray, GetServiceGraph)
{
    struct graph *g = graph_new(j->a);
    int64_t from_ms, to_ms;

    if (!ops_span(j, GRAPH_SPAN_MS, &from_ms, &to_ms) ||
        !each_trace(j, from_ms, to_ms, add_to_graph, g))
        return j->rc;
    job_answer(j, "Services", graph_services(g));
    value_put_time(j->a, j->out->output, "StartTime", from_ms);
    value_put_time(j->a, j->out->output, "EndTime", to_ms);
    value_put_bool(j->a, j->out->output, "ContainsOldGroupVersions", false);
    return j->rc;
}

/* ---- statistics over time ---- */

struct windows {
    struct arena *a;
    int64_t from_ms, to_ms, step_ms;
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

static void count_trace(void *arg, const struct trace *t)
{
    struct windows *w = arg;

    for (size_t i = 0; i < t->count; i++) {
        const struct trace_node *n = counted(w, t->nodes[i]);
        double at = n ? (n->start_s * 1000 - (double)w->from_ms) / (double)w->step_ms : -1;

        if (at >= 0 && at < (double)w->count)
            graph_count(w->a, &w->stats[(size_t)at], n);
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
static bool read_windows(struct job *j, struct windows *w)
{
    int64_t from_ms, to_ms;
    int64_t period_s = param_int(j->call, "Period", 60);
    struct err why = { 0 };

    if (!ops_span(j, GRAPH_SPAN_MS, &from_ms, &to_ms))
        return false;
    w->has_entity = job_has(j, "EntitySelectorExpression");
    if (period_s != 60 && period_s != 300)
        (void)job_refuse(j, XRAY_INVALID, "Period: expected 60 or 300");
    else if (w->has_entity && filter_entity_parse(j->a, job_text(j, "EntitySelectorExpression"),
                                                  &w->entity, &why) < 0)
        (void)job_refuse(j, XRAY_INVALID, "Invalid EntitySelectorExpression: %s", why.text);
    if (job_stopped(j))
        return false;
    w->a = j->a;
    w->step_ms = period_s * 1000;
    w->to_ms = to_ms;
    w->from_ms = from_ms - from_ms % w->step_ms;
    w->count = (size_t)((to_ms - w->from_ms) / w->step_ms) + 1; /* of 6 hours at most */
    w->stats = arena_array(j->a, w->count, sizeof *w->stats);
    return true;
}

HANDLER(xray, GetTimeSeriesServiceStatistics)
{
    struct windows w = { 0 };

    if (param_bool(j->call, "ForecastStatistics", false))
        return ops_not_here(j, "forecasts no faults: it has no insights");
    if (!read_windows(j, &w) || !each_trace(j, w.from_ms, w.to_ms, count_trace, &w))
        return j->rc;
    job_answer(j, "TimeSeriesServiceStatistics", windows_value(j, &w));
    value_put_bool(j->a, j->out->output, "ContainsOldGroupVersions", false);
    return j->rc;
}
