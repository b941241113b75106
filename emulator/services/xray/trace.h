/* emulator/services/xray/trace - private to this folder: the documents of one trace id put
 * together.
 *
 * A trace is a flat list of nodes: segments, their subsegments at all depths, and the segments that
 * X-Ray infers for what was called and sent none. Each knows the node that it was called from.
 * Nodes and documents live in the arena that trace_load was given.
 */
#pragma once

#include "core/codec/value.h"
#include "emulator/services/xray/names.h"
#include "emulator/services/xray/xray.h"

enum trace_flag { TRACE_ERROR = 1, TRACE_FAULT = 2, TRACE_THROTTLE = 4 };

struct trace_node {
    struct str id, parent_id, name;
    struct str type; /* of the service: origin, "remote", "AWS::..."; or empty */
    struct str account;
    double start_s, end_s; /* in progress: end is start */
    unsigned flags;        /* enum trace_flag */
    unsigned below;        /* flags of all nodes below it */
    bool is_segment, is_inferred, is_remote, in_progress;
    struct value *doc;
    struct trace_node *parent;  /* what called it, or what it is part of; or NULL */
    struct trace_node *segment; /* it is part of; itself when is_segment */
};

struct trace {
    struct str id;
    struct trace_node **nodes; /* a segment before its subsegments, inferred ones last */
    size_t count;
    const struct trace_node *root; /* the first segment that nothing called; NULL: none yet */
    double start_s, end_s;
    int64_t changed_ms; /* when its last document came in */
    int64_t revision;   /* documents that came in */
    bool limit_exceeded, is_partial;
};

/* The traces of some ids, in order of id; what is 30 days old at now_ms is not there any more. */
struct trace_query {
    struct xray_place place;
    int64_t now_ms;
    const struct str *ids;
    size_t id_count;
};
int trace_find(struct store *s, struct arena *a, struct names *names, const struct trace_query *q,
               struct trace ***out, size_t *count, struct err *err);

/* All traces whose id carries a second in a span, newest first: in memory is what came in one
 * second, and one trace. */
struct trace_scan;
struct trace_span {
    struct xray_place place;
    int64_t from_ms, to_ms, now_ms; /* to exclusive */
};
struct trace_scan *trace_scan_start(struct store *s, struct names *names,
                                    const struct trace_span *span);
/* *out lasts until the next call; NULL: there are no more. */
int trace_scan_next(struct trace_scan *scan, const struct trace **out, struct err *err);
void trace_scan_end(struct trace_scan *scan);

/* Lines of one trace id, in the order in which they came in. NULL: none of them is a document. */
struct trace *trace_build(struct arena *a, struct names *names, const struct xray_line *lines,
                          size_t count);
static inline double trace_node_seconds(const struct trace_node *n)
{
    return n->end_s - n->start_s;
}
