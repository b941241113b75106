/* emulator/services/logs/filters - what metric and subscription filters make of events.
 *
 * The filters of a group are compiled once and kept in memory while telemetry runs; whoever
 * changes one calls logs_filters_forget. The store holds them, and everything that must outlive a
 * crash (the minutes that wait for a default value).
 * Threads: under the store's lock.
 */
#pragma once

#include "emulator/services/logs/log_pattern.h"
#include "emulator/services/logs/state.h"

struct logs_filters; /* of one group, compiled */

/* The group's filters, from memory; with a sink, compiled into a. */
int logs_filters_get(struct engine *e, struct arena *a, struct doc_key group,
                     struct logs_filters **out, struct err *err);
void logs_filters_forget(struct engine *e);

/* Events of one stream that subscription filters matched, gathered until they are sent. */
struct logs_matched {
    struct str id, message;
    int64_t time_ms;
    struct logs_matched *next;
};
struct logs_gathered {
    struct logs_matched *first, **last;
    size_t bytes;
};

/* One event on its way through the filters. */
struct logs_passing {
    struct engine *e;
    struct arena *kept;    /* what is gathered */
    struct arena *scratch; /* until the event has passed */
    struct doc_key group;
    struct str stream;
    const struct logs_event *event;
    const struct value *parsed; /* or NULL */
    struct logs_event_id id;
    struct logs_gathered *gathered; /* one for each subscription, zeroed at first */
};
size_t logs_subscription_count(const struct logs_filters *f);
int logs_filters_pass(struct logs_filters *f, struct logs_passing *p, struct err *err);
/* Send what was gathered; the gatherings are empty then. */
int logs_filters_send(const struct logs_filters *f, struct logs_passing *p, struct err *err);

/* ---- subscriptions.c ---- */

/* Where a filter's events go: a queue, or an address on loopback. */
struct logs_sink {
    struct str queue_arn, url; /* one of them */
};
/* 0, or E_MISSING: what the ARN names is not here (any more). */
int logs_sink_find(struct engine *e, struct arena *a, struct str destination_arn,
                   struct logs_sink *out, struct err *err);
struct logs_parcel {
    struct engine *e;
    struct arena *a;
    struct doc_key group;
    struct str filter, destination_arn;
    const struct value *payload; /* what is zipped */
    int64_t event_count;
};
/* Lost deliveries are counted in AWS/Logs DeliveryErrors, and are no failure. */
int logs_parcel_send(const struct logs_parcel *p, struct err *err);

/* ---- metric_filters.c ---- */

/* 0; refused: not a pattern. */
int logs_pattern_take(struct job *j, struct str text, struct log_pattern **out);
/* May the group have one more filter of this type, name and pattern? False: refused. */
struct logs_new_filter {
    const char *type;
    struct str name;
    const struct log_pattern *pattern;
    size_t most;
};
bool logs_filter_room(struct job *j, const struct logs_group *g, const struct logs_new_filter *n);

/* ---- defaults.c: default values of metric filters ---- */

/* An event of that minute came (and matched). Kept until the minute is over. */
int logs_default_note(struct engine *e, struct arena *a, struct doc_key filter, int64_t time_ms,
                      bool matched, struct err *err);
int logs_defaults_open(struct engine *e, struct err *err);
