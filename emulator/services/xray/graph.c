#include "emulator/services/xray/graph.h"

#include <stdlib.h>

#include "emulator/services/xray/summary.h"

/* ---- statistics ---- */

void graph_count(struct arena *a, struct graph_stats *s, const struct trace_node *n)
{
    if (n->in_progress)
        return;
    if (s->count == s->cap) {
        double *more = arena_array(a, s->cap * 2 + 4, sizeof *more);
        if (s->count > 0)
            memcpy(more, s->times, s->count * sizeof *more);
        s->times = more;
        s->cap = s->cap * 2 + 4;
    }
    s->times[s->count++] = trace_node_seconds(n);
    s->seconds += trace_node_seconds(n);
    if (n->flags & TRACE_FAULT)
        s->fault++;
    else if (n->flags & TRACE_THROTTLE)
        s->throttle++;
    else if (n->flags & TRACE_ERROR)
        s->other_error++;
    else
        s->ok++;
}

struct value *graph_stats_value(struct arena *a, const struct graph_stats *s)
{
    struct value *v = value_map(a), *errors = value_map(a), *faults = value_map(a);

    value_put_int(a, errors, "ThrottleCount", s->throttle);
    value_put_int(a, errors, "OtherCount", s->other_error);
    value_put_int(a, errors, "TotalCount", s->throttle + s->other_error);
    value_put_int(a, faults, "OtherCount", s->fault);
    value_put_int(a, faults, "TotalCount", s->fault);
    value_put_int(a, v, "OkCount", s->ok);
    value_set(v, STR("ErrorStatistics"), errors);
    value_set(v, STR("FaultStatistics"), faults);
    value_put_int(a, v, "TotalCount", (int64_t)s->count);
    value_set(v, STR("TotalResponseTime"), value_float(a, s->seconds));
    return v;
}

static int by_size(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;

    return a < b ? -1 : a > b;
}

/* To the millisecond; what is no time of ours (any number may have come in) is its own. */
static double rounded(double s)
{
    return s > -1e9 && s < 1e9 ? (double)(int64_t)(s * 1000 + (s < 0 ? -0.5 : 0.5)) / 1000 : s;
}

struct value *graph_histogram(struct arena *a, const struct graph_stats *s)
{
    struct value *list = value_list(a), *last = NULL;
    double at = 0;

    if (s->count > 0)
        qsort(s->times, s->count, sizeof *s->times, by_size);
    for (size_t i = 0; i < s->count; i++) {
        double t = rounded(s->times[i]);

        if (!last || t != at) {
            last = value_map(a);
            value_set(last, STR("Value"), value_float(a, t));
            value_push(list, last);
            at = t;
        }
        value_put_int(a, last, "Count", value_get_int(last, "Count", 0) + 1);
    }
    return list;
}

/* ---- nodes and edges ---- */

struct span {
    double start_s, end_s;
    bool any;
};

struct edge {
    struct edge *next;
    struct vertex *to;
    struct graph_stats stats;
    struct span span;
};

struct vertex {
    struct vertex *next;
    struct trace_node like; /* what names the service; of a client: what it calls */
    bool is_client, is_root, is_inferred;
    int64_t id;
    struct graph_stats stats;
    struct span span;
    struct edge *edges;
};

struct graph {
    struct arena *a;
    struct vertex *first, **last;
    int64_t ids;
};

static void widen(struct span *s, const struct trace_node *n)
{
    if (!s->any || n->start_s < s->start_s)
        s->start_s = n->start_s;
    if (!s->any || n->end_s > s->end_s)
        s->end_s = n->end_s;
    s->any = true;
}

static struct vertex *vertex_of(struct graph *g, const struct trace_node *segment, bool is_client)
{
    for (struct vertex *v = g->first; v; v = v->next)
        if (v->is_client == is_client && summary_same_service(&v->like, segment))
            return v;
    struct vertex *v = arena_alloc(g->a, sizeof *v);
    v->like.name = arena_copy(g->a, segment->name);
    v->like.type = arena_copy(g->a, segment->type);
    v->like.account = arena_copy(g->a, segment->account);
    v->is_client = is_client;
    v->is_inferred = segment->is_inferred;
    v->id = g->ids++;
    *g->last = v;
    g->last = &v->next;
    return v;
}

static void add_edge(struct graph *g, struct vertex *from, struct vertex *to,
                     const struct trace_node *call)
{
    struct edge **at = &from->edges;

    while (*at && (*at)->to != to)
        at = &(*at)->next;
    if (!*at) {
        *at = arena_alloc(g->a, sizeof **at);
        (*at)->to = to;
    }
    graph_count(g->a, &(*at)->stats, call);
    widen(&(*at)->span, call);
}

const struct trace_node *graph_call(const struct trace_node *segment)
{
    return segment->parent && !segment->parent->is_segment ? segment->parent : segment;
}

struct graph *graph_new(struct arena *a)
{
    struct graph *g = arena_alloc(a, sizeof *g);

    g->a = a;
    g->last = &g->first;
    return g;
}

void graph_add(struct graph *g, const struct trace *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct trace_node *n = t->nodes[i];

        if (!n->is_segment)
            continue;
        struct vertex *v = vertex_of(g, n, false);
        v->is_root |= n == t->root;
        graph_count(g->a, &v->stats, n);
        widen(&v->span, n);
        if (n->parent)
            add_edge(g, vertex_of(g, n->parent->segment, false), v, graph_call(n));
    }
    if (t->root) {
        struct vertex *client = vertex_of(g, t->root, true);
        widen(&client->span, t->root);
        add_edge(g, client, vertex_of(g, t->root, false), t->root);
    }
}

/* ---- as an answer ---- */

static void put_span(struct arena *a, struct value *v, const struct span *s)
{
    value_put_time(a, v, "StartTime", summary_ms(s->start_s));
    value_put_time(a, v, "EndTime", summary_ms(s->end_s));
}

static struct value *edges_of(struct arena *a, const struct vertex *v)
{
    struct value *list = value_list(a);

    for (const struct edge *e = v->edges; e; e = e->next) {
        struct value *m = value_map(a);

        value_put_int(a, m, "ReferenceId", e->to->id);
        put_span(a, m, &e->span);
        value_set(m, STR("SummaryStatistics"), graph_stats_value(a, &e->stats));
        value_set(m, STR("ResponseTimeHistogram"), graph_histogram(a, &e->stats));
        value_set(m, STR("Aliases"), value_list(a));
        value_push(list, m);
    }
    return list;
}

/* Source: X-Ray Developer Guide, "Getting data", the service graph of its example: a client has no
 * statistics of its own; clients and what is inferred are of state "unknown". */
static struct value *vertex_value(struct arena *a, const struct vertex *v)
{
    struct value *m = summary_service(a, &v->like);

    value_put_int(a, m, "ReferenceId", v->id);
    if (v->is_client) {
        value_put_c(a, m, "Type", "client");
        (void)value_remove(m, STR("AccountId"));
    }
    if (v->is_root)
        value_put_bool(a, m, "Root", true);
    value_put_c(a, m, "State", v->is_client || v->is_inferred ? "unknown" : "active");
    put_span(a, m, &v->span);
    value_set(m, STR("Edges"), edges_of(a, v));
    if (!v->is_client) {
        value_set(m, STR("SummaryStatistics"), graph_stats_value(a, &v->stats));
        value_set(m, STR("DurationHistogram"), graph_histogram(a, &v->stats));
        value_set(m, STR("ResponseTimeHistogram"), graph_histogram(a, &v->stats));
    }
    return m;
}

struct value *graph_services(const struct graph *g)
{
    struct value *list = value_list(g->a);

    for (const struct vertex *v = g->first; v; v = v->next)
        value_push(list, vertex_value(g->a, v));
    return list;
}
