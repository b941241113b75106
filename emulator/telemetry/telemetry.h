/* emulator/telemetry - the same call, seen by every service: what a record means to CloudWatch,
 * CloudWatch Logs, EventBridge, S3 notifications and X-Ray.
 *
 * One drain reads the journal in order and shows each entry to every view (views.def), a batch in
 * one state transaction in which the drain's own position is kept: each entry counts exactly once,
 * whatever kills the process. It runs
 * - before each call to a service that keeps views (telemetry_is_asked), so that what is configured
 *   holds from its own place in the journal on, and what is read is complete;
 * - before the clock moves, before each delivery and at the end;
 * - some milliseconds after a record, while a view is_prompt: somebody waits for what it does.
 * Nobody asks and nobody waits: recording costs what it cost without views.
 *
 * Threads: the drain holds the store's lock; views run in it one at a time.
 */
#pragma once

#include "core/base/rng.h"
#include "emulator/engine/engine.h"
#include "emulator/trail/journal.h"

/* A batch of entries on their way through the views. */
struct pass {
    struct engine *e;
    struct arena *batch;               /* until the batch is committed */
    struct arena *a;                   /* until the next entry */
    const struct journal_entry *entry; /* NULL in end */
    int64_t now_ms;
    struct rng rng;       /* of this entry: the same again after a crash */
    struct value *parsed; /* use pass_record */
};
/* The record as a tree, parsed once for all views; NULL: no JSON (an injected one is checked, so
 * that never happens but for a damaged disk). */
const struct value *pass_record(struct pass *p);

/* The fact in the store that keeps the drain's position. */
#define TELEMETRY_POSITION "telemetry.position"

struct view {
    const char *name;
    /* With the data directory; may add jobs to the schedule and keep its state by telemetry_state.
     * NULL each: nothing to do. */
    int (*open)(struct engine *e, struct err *err);
    void (*close)(struct engine *e);
    /* One entry; inside the state transaction. Recipients beyond the first (entry->recipient > 0)
     * and injected records (facts.status 0) come too. A failure stops the drain and is tried again
     * later: what a user got wrong is no failure. */
    int (*take)(struct pass *p, struct err *err);
    /* After the last entry of a batch, in the same transaction: what was added up. */
    int (*end)(struct pass *p, struct err *err);
    /* The batch did not commit: what memory holds of it is wrong. */
    void (*forget)(struct engine *e);
    /* At each delivery, after the logs, outside the transaction: files into the tree. */
    int (*deliver)(struct engine *e, struct err *err);
    /* Does somebody wait for what the view does (a rule, a subscription)? Asked for each record:
     * one load of an atomic. */
    bool (*is_prompt)(const struct engine *e);
};
#define VIEW(name) extern const struct view view_##name;
#include "emulator/telemetry/views.def"
#undef VIEW

enum view_id {
#define VIEW(name) VIEW_ID_##name,
#include "emulator/telemetry/views.def"
#undef VIEW
    VIEW_COUNT
};

/* Sets e->telemetry; nothing with a sink. */
int telemetry_open(struct engine *e, struct err *err);
/* No drain by itself any more: before the trail is closed, which delivers for the last time. */
void telemetry_halt(struct engine *e);
void telemetry_close(struct engine *e); /* twice is harmless */
/* A place for what a view keeps in memory. */
void **telemetry_state(const struct engine *e, enum view_id id);
/* Every record that is in the journal now has been seen when it returns. Not inside a transaction.
 */
int telemetry_sync(struct engine *e, struct err *err);
/* A call to this service may read or change what views do: sync first. */
bool telemetry_is_asked(const struct call *call);
/* A record was put: whoever waits for it is woken. */
void telemetry_stir(struct engine *e);
/* telemetry_sync, then the files of all views. */
int telemetry_deliver(struct engine *e, struct err *err);
/* The journal is needed from here on. */
uint64_t telemetry_position(const struct engine *e);

/* A file of an account and region beside its trail's logs, in the bucket of its default trail:
 * AWSLogs/ACCOUNT/KIND/REGION/YYYY/MM/DD/HH/NAME, gzipped. Atomic, and the same again when
 * repeated. Where the account has no default trail, or that has no bucket: nothing is written.
 * Source: DESIGN of this program (docs/formats.md): AWS has no such files. */
struct telemetry_file {
    struct str account, region;
    const char *kind; /* "CloudWatch", "XRay" */
    int64_t at_ms;    /* when it is delivered: its hour, its metadata */
    struct str name;  /* "....json.gz" */
    struct str text;
};
int telemetry_write(struct engine *e, const struct telemetry_file *f, struct err *err);
