/* emulator/services/cloudwatch/state - what the view of CloudWatch keeps in memory. All of it can
 * be had again from the store, but for the counters of GET /_mocktrail/metrics, which begin anew
 * with each start, as Prometheus expects of counters. Threads: under the store's lock.
 */
#pragma once

#include "core/base/arena.h"
#include "emulator/engine/engine.h"

/* Calls of one service and operation, by where they happened: in a minute of a batch, or in all. */
struct tally {
    struct tally *chain, *next; /* of its bucket; in order of arrival */
    struct str account, region, service, operation;
    int64_t minute_ms;                /* 0 in totals */
    uint64_t by_class[6];             /* by the first digit of the HTTP status */
    uint64_t throttles, microseconds; /* the sum of durations */
    double *durations_ms;             /* of each call; NULL in totals */
    size_t duration_cap;
};
#define TALLY_BUCKETS 512
struct tallies {
    struct arena a;
    struct tally *buckets[TALLY_BUCKETS];
    struct tally *first, *last;
};
uint64_t tally_calls(const struct tally *t);

struct alarm_cache;
struct cw_state {
    struct tallies batch, total;
    bool batch_is_whole; /* its end was reached: it counts, unless forget comes */
    struct alarm_cache *alarms;
    /* No file is to be written before: the end of the first minute that changed. */
    _Atomic int64_t deliver_ms;
};
/* NULL with a sink. */
struct cw_state *cw_state(const struct engine *e);
/* Prometheus text of the calls seen so far, appended. telemetry_sync first.
 * Source: Prometheus documentation, "Exposition formats", text format. */
struct buf;
void cw_exposition(struct engine *e, struct buf *out);
