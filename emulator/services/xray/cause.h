/* emulator/services/xray/cause - private to this folder: root causes of a trace: the way from its
 * first service to the part that failed, or that took the time.
 *
 * AWS describes the result (API Reference, "FaultRootCause", "ResponseTimeRootCause") and not how
 * it is found. Here: for each node with a fault (an error) below which none has one, the nodes on
 * the way to it; for the response time, from the root the longest child each time.
 */
#pragma once

#include "emulator/services/xray/trace.h"

enum cause_kind { CAUSE_FAULT, CAUSE_ERROR, CAUSE_TIME, CAUSE_KINDS };

/* The nodes from the first to the last, one behind the other in path. */
struct cause {
    const struct trace_node **path;
    size_t count;
};
size_t cause_find(struct arena *a, const struct trace *t, enum cause_kind kind, struct cause **out);
/* A node's share of the root's time. */
double cause_coverage(const struct trace *t, const struct trace_node *n);
/* The exceptions of a node's cause: a list of maps, or NULL. */
const struct value *cause_exceptions(const struct trace_node *n);
/* FaultRootCauses, ErrorRootCauses or ResponseTimeRootCauses, as GetTraceSummaries answers them. */
struct value *cause_answer(struct arena *a, const struct trace *t, enum cause_kind kind);
