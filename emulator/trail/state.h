/* emulator/trail/state - private to this folder: what the parts of a trail share. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "emulator/trail/config.h"
#include "emulator/trail/signing.h"
#include "emulator/trail/trail.h"

/* The trail that each account has from the start, and its bucket. */
#define TRAIL_DEFAULT_NAME   "mocktrail"
#define TRAIL_DEFAULT_BUCKET "mocktrail-trail"

struct trail_sink {
    struct trail_sink *next;
    char name[32];
    trail_sink_fn *fn;
    void *arg;
    uint64_t position;
};

struct trail {
    struct engine *e;
    struct journal *journal;
    struct signing *signing;

    pthread_mutex_t drain; /* deliveries and digests: one at a time */
    struct config_set configs;
    uint64_t loaded;    /* generation of configs */
    uint64_t delivered; /* every trail but those with a backlog has all before this position */
    bool has_plan, has_backlog;
    uint64_t ended_generation;   /* of the configurations that digests_end has seen */
    size_t unsettled;            /* digests that lie staged (at the start: perhaps) */
    int64_t retry_ms;            /* when a backlog is tried again though nothing new came */
    _Atomic uint64_t generation; /* raised by each change of a trail */
    _Atomic uint64_t delivered_count;

    pthread_mutex_t history;
    uint64_t history_position, history_saved;
    _Atomic bool has_past; /* what a generated dataset holds is in the history */

    pthread_mutex_t sinks_lock;
    struct trail_sink *sinks;
    pthread_t pump;
    pthread_cond_t pump_stop;
    bool has_pump, stop;

    pthread_mutex_t seen_lock;
    struct arena seen_arena;
    struct seen {
        struct seen *next;
        struct str account;
    } * seen[64];

    pthread_mutex_t due_lock;
    int64_t digest_due_ms;
};

/* A number kept in the store under a name; 0 when it was never put. */
int trail_fact_get(struct trail *t, const char *name, uint64_t *out, struct err *err);
int trail_fact_put(struct trail *t, const char *name, uint64_t n, struct err *err);
/* The present configurations, loaded anew when a trail has changed; *end gets the position before
 * which they hold. Under the drain lock. */
int trail_load_configs(struct trail *t, uint64_t *end, struct err *err);
/* Merge members into a trail's status document; inside a state transaction. A VALUE_NULL removes.
 */
int trail_status_put(struct trail *t, const struct trail_config *c, const struct value *members,
                     struct err *err);
/* Whether deliveries into a bucket can succeed: NULL, or S3's error code ("NoSuchBucket",
 * "AccessDenied"). */
int trail_bucket_check(struct trail *t, struct arena *a, const struct trail_config *c,
                       struct str bucket, const char **out_code, struct err *err);
/* Metadata of an object that a trail delivers; user: further x-amz-meta-, or NULL. */
struct value *trail_object_meta(struct trail *t, struct arena *a, struct value *user);

/* delivery.c: bring every trail up to what the journal holds now. Under the drain lock. An idle
 * emulator stays idle: unless all is wanted, records of CloudTrail's own deliveries wait until
 * something else is to be delivered, for each delivery makes new ones. */
enum delivery_which { DELIVER_NEWS, DELIVER_ALL };
int delivery_run(struct trail *t, enum delivery_which which, struct err *err);
int delivery_recover(struct trail *t, struct err *err); /* finish what a crash cut short */

/* announce.c: a delivered object, told to those who asked for it; inside a state transaction.
 * topic: the trail's, of a log; or empty. etag empty: the bucket notifies nobody. */
struct announced {
    struct str bucket, key, etag, topic;
    int64_t size, at_ms;
};
int announce(struct trail *t, struct arena *a, const struct trail_config *c,
             const struct announced *o, struct err *err);
bool announce_is_heard(struct trail *t, struct str bucket); /* does the bucket notify anybody? */

/* digests.c, under the drain lock. due: those an interval old; all: those any time has passed for.
 */
enum digests_which { DIGESTS_DUE, DIGESTS_ALL };
int digests_run(struct trail *t, enum digests_which which, struct err *err);
int digests_end(struct trail *t, struct err *err); /* last digests of trails that stopped */
/* What these left staged gets its place in the buckets: at once, or after some rounds when the
 * clock is on its way through many. Nothing waits: no work. */
int digests_settle(struct trail *t, struct err *err);
/* A log was delivered: it stands in the next digest. Inside a state transaction. */
struct delivered_log {
    struct str bucket, key, hash_hex;
    int64_t newest_ms, oldest_ms;
};
int digests_add_log(struct trail *t, const struct trail_config *c, struct str account,
                    struct str region, const struct delivered_log *log, struct err *err);
/* The trail's configuration changed; inside its transaction. */
int digests_changed(struct trail *t, struct doc_key trail, const struct value *doc,
                    struct err *err);
/* When the next one falls due; overdue_ms for one that is (its bucket was out of order, or the
 * emulator off); INT64_MAX: never. */
int digests_next_due(struct trail *t, int64_t overdue_ms, int64_t *out_ms, struct err *err);
