/* emulator/services/logs/state - what the files of this folder share: where groups, streams and
 * events are kept.
 *
 * Documents of the store, service "logs", in the account and region of the group:
 *   LogGroup            id its name: the model's members, Tags (a map), Next (number of the next
 *                       event)
 *   LogStream           id GROUP:NAME (no name holds a colon): the model's members
 *   MetricFilter, SubscriptionFilter      id GROUP:NAME: the model's members
 *   Destination, Query  see destinations.c, queries.c
 * Events are points of the series kind "log", named ACCOUNT/REGION/GROUP:STREAM; a point's number
 * is counted in its group, so (time, number) orders the events of all streams of a group. Its data
 * is the ingestion time in decimal, a blank, the message.
 */
#pragma once

#include "emulator/services/job.h"
#include "emulator/services/logs/logs.h"
#include "emulator/store/series.h"

#define LOGS_SERIES "log"
#define DAY_MS      (24 * 3600 * 1000ll)
/* Bytes a stored event counts beside its message. Source: API Reference, "PutLogEvents". */
#define LOGS_EVENT_OVERHEAD 26
/* Source: CloudWatch Logs User Guide, "CloudWatch Logs quotas": query results. */
#define LOGS_QUERY_KEPT_MS (7 * DAY_MS)

/* A group that the call names by logGroupName or logGroupIdentifier; doc NULL: refused. */
struct logs_group {
    struct str name;
    struct value *doc;
};
int logs_group_find(struct job *j, struct logs_group *out);
int logs_group_named(struct job *j, struct str name, struct logs_group *out);
/* The name in a name or an ARN of this account and region; empty: neither. */
struct str logs_group_name(const struct job *j, struct str identifier);
/* The stream that the call names in the group; NULL: refused, or a failure. */
struct value *logs_stream_find(struct job *j, const struct logs_group *g, struct str name);
struct str logs_group_arn(struct arena *a, struct str account, struct str region, struct str group);
struct value *logs_stream_new(struct arena *a, struct doc_key group, struct str name,
                              int64_t now_ms);
/* Ids of what belongs to a group, and the name in them. */
struct str logs_part_id(struct arena *a, struct str group, struct str name);
struct str logs_part_name(struct str id);
/* Nothing of a group is shown that is older than this. */
int64_t logs_oldest_ms(const struct value *group, int64_t now_ms);
struct series_key logs_series(struct arena *a, struct str account, struct str region,
                              struct str group, struct str stream);

struct metric_datum;
/* metrics_add; where no metrics are kept nothing is missing. */
int logs_metric(struct engine *e, const struct metric_datum *d, struct err *err);

/* InvalidParameterException. */
bool logs_tags_ok(struct job *j); /* false: refused, for the parameter tags has a reserved key */
int logs_invalid(struct job *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int logs_no_group(struct job *j);
/* One page of items that stand in their final order. */
struct logs_paging {
    const char *limit, *member;
    int64_t most; /* and how many when the call does not say */
    bool descending;
};
int logs_page(struct job *j, const struct logs_paging *how, const struct job_item *items,
              size_t count);

void logs_sort(struct job_item *items, size_t count); /* by key */

/* A stored event, taken apart. */
struct logs_stored {
    int64_t time_ms, ingested_ms;
    uint64_t number;
    struct str message;
};
struct logs_stored logs_stored(const struct series_point *point);
/* An event's name: 56 digits, in order of time. E_PARSE: not one of these. */
struct logs_event_id {
    int64_t time_ms;
    uint64_t stream; /* str_hash of its series' name */
    uint64_t number;
};
struct str logs_event_id_write(struct arena *a, struct logs_event_id id);
int logs_event_id_parse(struct str text, struct logs_event_id *out);
