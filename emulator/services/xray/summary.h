/* emulator/services/xray/summary - private to this folder: a trace as GetTraceSummaries tells it.
 */
#pragma once

#include "emulator/services/xray/trace.h"

/* Name, Names, AccountId, Type of a segment's service. */
struct value *summary_service(struct arena *a, const struct trace_node *segment);
bool summary_same_service(const struct trace_node *x, const struct trace_node *y);
int64_t summary_ms(double s); /* 0 for what is no time: any number may have come in */
struct value *summary_of(struct arena *a, const struct trace *t);
/* Members of segments that summaries list and filters ask for. */
struct str summary_instance(const struct trace_node *n);
struct str summary_zone(const struct trace_node *n);
struct str summary_resource(const struct trace_node *n);
/* BatchGetTraces' Trace. */
struct value *summary_trace(struct arena *a, const struct trace *t);
