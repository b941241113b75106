/* emulator/services/xray/ops - private to this folder: what several operations need.
 */
#pragma once

#include "emulator/services/job.h"
#include "emulator/services/xray/filter.h"
#include "emulator/services/xray/trace.h"

#define XRAY_INVALID "InvalidRequestException"
#define XRAY_SERVICE "xray"
#define XRAY_RULE    "SamplingRule"

/* A group by GroupName or GroupARN: its document; NULL: refused, or j->rc. */
struct value *group_find(struct job *j);
/* The filter that a text is, groups known; refused when it is none. Empty: *out is NULL, all. */
bool group_filter(struct job *j, struct str text, struct filter **out);
/* StartTime and EndTime, at most most_ms apart. */
bool ops_span(struct job *j, int64_t most_ms, int64_t *from_ms, int64_t *to_ms);
/* Traces of the caller's account and region: by id; of a span. */
bool ops_find(struct job *j, const struct trace_query *q, struct trace ***out, size_t *count);
struct trace_scan *ops_scan(struct job *j, int64_t from_ms, int64_t to_ms);
/* The filter of the group that the call names; NULL when it names none. */
bool ops_group_filter(struct job *j, struct filter **out);
/* TraceIds, at most most; refused when one is none. */
bool ops_ids(struct job *j, size_t most, struct trace_query *q);
int ops_not_here(struct job *j, const char *what); /* 501: what mocktrail does not do */
