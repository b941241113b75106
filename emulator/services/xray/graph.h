/* emulator/services/xray/graph - private to this folder: services and the calls between them, added
 * up over traces.
 */
#pragma once

#include "core/base/buf.h"
#include "emulator/services/xray/trace.h"

/* Of completed requests. Source: X-Ray API Reference, "ServiceStatistics". */
struct graph_stats {
    int64_t ok, throttle, other_error, fault;
    double seconds;
    double *times; /* of each, in the arena */
    size_t count, cap;
};
void graph_count(struct arena *a, struct graph_stats *s, const struct trace_node *n);
struct value *graph_stats_value(struct arena *a, const struct graph_stats *s);
/* [{Value, Count}], times of one millisecond counted together, ascending. */
struct value *graph_histogram(struct arena *a, const struct graph_stats *s);

/* The call that led to a segment, as its caller saw it: the subsegment, or the segment itself. */
const struct trace_node *graph_call(const struct trace_node *segment);
/* Traces are added one by one and not kept. */
struct graph;
struct graph *graph_new(struct arena *a);
void graph_add(struct graph *g, const struct trace *t);
/* Services as GetServiceGraph and GetTraceGraph answer them. */
struct value *graph_services(const struct graph *g);
