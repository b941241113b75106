/* emulator/engine/private - what the files of this folder share. */
#pragma once

#include <pthread.h>

#include "core/base/buf.h"
#include "emulator/engine/engine.h"
#include "emulator/record/record.h"

struct handler {
    service_fn *run; /* NULL: not implemented */
    bool is_unlocked;
    service_prepare_fn *prepare; /* before the lock is taken, or NULL */
    service_wait_fn *wait;       /* before the call begins, or NULL */
};

/* The records of one call, one for each account that reads it. */
#define ENTRIES_MOST 4
struct entries {
    int count;
    struct {
        struct buf text;
        struct record_facts facts;
    } of[ENTRIES_MOST];
};

/* Records of a call inside the transaction of another: in the journal once that is committed. */
struct pending {
    struct pending *next;
    uint64_t seq;
    const struct effect *effects;
    struct entries entries;
};

struct watcher {
    engine_reopened_fn *fn;
    void *arg;
};

struct constraints;
struct faults;
struct services {
    struct constraints *constraints;
    struct faults *faults;
    struct handler *handlers; /* by cat_op_index */
    /* Held for reading by each call that comes from outside, for writing by reset and restore. */
    pthread_rwlock_t gate;
    /* Under the state lock: the call whose transaction is open, and what calls within it left. */
    int depth;
    struct pending *first, **last;
    bool outbox_is_used; /* rows are there that the journal has */
    pthread_mutex_t watch_lock;
    struct watcher watchers[8];
    size_t watcher_count;
};

void handlers_open(struct services *s, const struct cat *cat);
void handlers_close(struct services *s);
struct handler handler_of(const struct engine *e, const struct cat_op *op);

/* Record a call that was refused before it reached a handler. < 0: a failure. */
int engine_record_refused(struct engine *e, struct arena *a, struct call *call, struct outcome *out,
                          struct err *err);

/* engine.c: everything that stands on the data directory. */
enum time_rule {
    TIME_MUST_FIT,   /* a virtual clock behind the directory's last time is refused */
    TIME_IS_ADOPTED, /* it is set to that time */
};
int engine_open_modules(struct engine *e, enum time_rule rule, struct err *err);
int engine_close_modules(struct engine *e, struct err *err);
/* The time that a restart may not go behind. */
int engine_keep_time(struct engine *e, struct err *err);
