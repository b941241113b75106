/* emulator/services/logs/insights - the query language of CloudWatch Logs Insights: fields,
 * display, filter, parse, sort, dedup, stats and limit over the fields that JSON events have. Pure:
 * knows no engine and no store.
 *
 * Commands, functions and aggregates that are not known here are refused by name, never
 * ignored. Source: CloudWatch Logs User Guide, "CloudWatch Logs Insights query syntax".
 *
 * Use:     insights_parse; insights_begin, insights_feed for each event, the newest first,
 *          insights_end.
 * Memory:  a query lives in its arena; a run in its own, which keeps what the query needs of the
 *          events that its leading filters let through.
 */
#pragma once

#include "core/base/err.h"
#include "core/codec/value.h"

#define INSIGHTS_ROWS_MOST 10000 /* Source: CloudWatch Logs API Reference, "StartQuery", limit */

struct insights_query;
/* E_PARSE: *out_at gets the offset of what is wrong. */
int insights_parse(struct arena *a, struct str text, struct insights_query **out, size_t *out_at,
                   struct err *err);

struct insights_event {
    int64_t time_ms, ingested_ms;
    struct str message, stream, log, pointer; /* log: ACCOUNT:GROUP */
};
struct insights_run;
struct insights_run *insights_begin(struct arena *a, const struct insights_query *q);
/* scratch: until it returns. */
void insights_feed(struct insights_run *run, struct arena *scratch,
                   const struct insights_event *event);
struct insights_result {
    struct value *rows; /* a list of lists of {field, value} */
    int64_t scanned, matched, bytes;
};
/* limit: how many rows when the query does not say. */
struct insights_result insights_end(struct insights_run *run, int64_t limit);

/* Every field of an event, nested ones as a.b.0.c: {name: text}. At most 200. */
struct value *insights_fields(struct arena *a, const struct insights_event *event);
