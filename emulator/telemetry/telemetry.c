#include "emulator/telemetry/telemetry.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/codec/gzip.h"
#include "core/codec/json.h"
#include "emulator/store/store.h"
#include "emulator/store/whole.h"
#include "emulator/trail/config.h"
#include "emulator/trail/trail.h"

#define BATCH  2048 /* entries in one transaction: others wait for the lock meanwhile */
#define NAP_MS 20   /* so long may a burst of records gather */

struct telemetry {
    struct engine *e;
    uint64_t position;        /* under the store's lock: every entry before it has been seen */
    _Atomic uint64_t reached; /* the same, for who only looks */
    void *state[VIEW_COUNT + 1];
    size_t opened;

    pthread_mutex_t lock;
    pthread_cond_t stirred;
    pthread_t thread;
    bool has_thread, stop;
    _Atomic bool is_stirred;
};

static const struct view *const views[] = {
#define VIEW(name) &view_##name,
#include "emulator/telemetry/views.def"
#undef VIEW
    NULL,
};

void **telemetry_state(const struct engine *e, enum view_id id)
{
    return &e->telemetry->state[id];
}

const struct value *pass_record(struct pass *p)
{
    if (!p->parsed && json_parse(p->a, p->entry->record, &p->parsed, NULL) < 0)
        return NULL;
    return p->parsed;
}

static int show(struct pass *p, const struct journal_entry *entry, struct err *err)
{
    int rc = 0;

    p->entry = entry;
    p->parsed = NULL;
    engine_chance(p->e, entry->position, &p->rng);
    for (size_t i = 0; rc == 0 && views[i]; i++)
        if (views[i]->take)
            rc = views[i]->take(p, err);
    return rc;
}

/* Up to BATCH entries below end; *position goes behind them. */
static int show_some(struct pass *p, uint64_t *position, uint64_t end, struct err *err)
{
    struct journal *j = trail_journal(p->e->trail);
    struct journal_entry entry;
    int rc = 0;

    for (int i = 0; rc == 0 && i < BATCH && *position < end; i++) {
        if (!journal_next(j, p->a, position, &entry))
            break;
        rc = show(p, &entry, err);
        arena_reset(p->a);
    }
    p->entry = NULL;
    p->parsed = NULL;
    for (size_t i = 0; rc == 0 && views[i]; i++)
        if (views[i]->end)
            rc = views[i]->end(p, err);
    return rc;
}

static int keep_position(struct engine *e, uint64_t position, struct err *err)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%llu", (unsigned long long)position);

    return store_fact_put(e->store, TELEMETRY_POSITION, (struct str){ text, (size_t)len }, err);
}

static void forget_all(struct engine *e)
{
    for (size_t i = 0; views[i]; i++)
        if (views[i]->forget)
            views[i]->forget(e);
}

/* One batch, all or nothing. *moved: there was something. */
static int drain_batch(struct telemetry *t, uint64_t end, bool *moved, struct err *err)
{
    struct engine *e = t->e;
    struct arena batch = { 0 }, of_entry = { 0 };
    struct pass p = { .e = e, .batch = &batch, .a = &of_entry, .now_ms = clock_now_ms(&e->clock) };
    uint64_t position = t->position;
    int rc = store_begin(e->store, err);

    if (rc < 0)
        return rc;
    rc = show_some(&p, &position, end, err);
    *moved = position != t->position;
    if (rc == 0 && *moved)
        rc = keep_position(e, position, err);
    if (rc == 0)
        rc = store_commit(e->store, err);
    if (rc < 0) {
        store_rollback(e->store);
        forget_all(e);
    } else {
        t->position = position;
        atomic_store(&t->reached, position);
    }
    arena_free(&of_entry);
    arena_free(&batch);
    return rc;
}

int telemetry_sync(struct engine *e, struct err *err)
{
    struct telemetry *t = e->telemetry;
    bool moved = true;
    int rc = 0;

    if (!t)
        return 0;
    uint64_t end = journal_end(trail_journal(e->trail));
    while (rc == 0 && atomic_load(&t->reached) < end) {
        if (!moved) { /* an entry that another thread still writes, or the disk does */
            rc = journal_sync(trail_journal(e->trail), err);
            (void)sched_yield();
        }
        store_lock(e->store); /* given up between batches */
        if (rc == 0 && t->position < end)
            rc = drain_batch(t, end, &moved, err);
        store_unlock(e->store);
    }
    return rc;
}

/* Services whose operations read or configure views. */
static const char *const asked[] = { "cloudwatch", "logs", "events", "sns", "sqs", "xray" };

bool telemetry_is_asked(const struct call *call)
{
    for (size_t i = 0; i < COUNT(asked); i++)
        if (str_eq_c(call->service_name, asked[i]))
            return true;
    return false;
}

uint64_t telemetry_position(const struct engine *e)
{
    return e->telemetry ? atomic_load(&e->telemetry->reached) : UINT64_MAX;
}

static bool any_prompt(const struct engine *e)
{
    for (size_t i = 0; views[i]; i++)
        if (views[i]->is_prompt && views[i]->is_prompt(e))
            return true;
    return false;
}

void telemetry_stir(struct engine *e)
{
    struct telemetry *t = e->telemetry;

    if (!t || !any_prompt(e) || atomic_exchange(&t->is_stirred, true))
        return;
    (void)pthread_mutex_lock(&t->lock);
    (void)pthread_cond_signal(&t->stirred);
    (void)pthread_mutex_unlock(&t->lock);
}

static void nap(void)
{
    struct timespec ts = { 0, NAP_MS * 1000000l };

    (void)nanosleep(&ts, NULL); /* cut short: a smaller burst */
}

static void *run(void *arg)
{
    struct telemetry *t = arg;
    struct err err;

    (void)pthread_mutex_lock(&t->lock);
    while (!t->stop) {
        if (!atomic_load(&t->is_stirred)) {
            (void)pthread_cond_wait(&t->stirred, &t->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&t->lock);
        nap();
        atomic_store(&t->is_stirred, false);
        err = (struct err){ 0 };
        if (telemetry_sync(t->e, &err) < 0)
            log_write(LOG_ERROR, "telemetry: %s", err.text);
        (void)pthread_mutex_lock(&t->lock);
    }
    (void)pthread_mutex_unlock(&t->lock);
    return NULL;
}

static int load_position(struct telemetry *t, struct err *err)
{
    struct arena a = { 0 };
    struct str text;
    int64_t n = 0;
    int rc = store_fact_get(t->e->store, &a, TELEMETRY_POSITION, &text, err);

    if (rc == 0 && (!str_to_i64(text, &n) || n < 0))
        rc = err_set(err, E_PARSE, "state.db: %s is no position", TELEMETRY_POSITION);
    arena_free(&a);
    t->position = (uint64_t)n;
    atomic_store(&t->reached, t->position);
    return rc == E_MISSING ? 0 : rc;
}

static int open_views(struct telemetry *t, struct err *err)
{
    int rc = 0;

    for (; rc == 0 && views[t->opened]; t->opened++)
        if (views[t->opened]->open)
            rc = views[t->opened]->open(t->e, err);
    return rc;
}

int telemetry_open(struct engine *e, struct err *err)
{
    if (e->opt.sink.put)
        return 0;
    struct telemetry *t = mem_alloc(sizeof *t);
    t->e = e;
    (void)pthread_mutex_init(&t->lock, NULL); /* default attributes: cannot fail here */
    (void)pthread_cond_init(&t->stirred, NULL);
    e->telemetry = t;
    int rc = load_position(t, err);
    if (rc == 0)
        rc = open_views(t, err);
    if (rc == 0 && pthread_create(&t->thread, NULL, run, t) != 0)
        rc = err_set(err, E_IO, "start the thread that shows records to views");
    t->has_thread = rc == 0;
    return rc;
}

void telemetry_halt(struct engine *e)
{
    struct telemetry *t = e->telemetry;

    if (!t || !t->has_thread)
        return;
    (void)pthread_mutex_lock(&t->lock);
    t->stop = true;
    (void)pthread_cond_signal(&t->stirred);
    (void)pthread_mutex_unlock(&t->lock);
    (void)pthread_join(t->thread, NULL);
    t->has_thread = false;
}

void telemetry_close(struct engine *e)
{
    struct telemetry *t = e->telemetry;

    if (!t)
        return;
    telemetry_halt(e);
    while (t->opened > 0) {
        const struct view *v = views[--t->opened];
        if (v->close)
            v->close(e);
    }
    (void)pthread_mutex_destroy(&t->lock);
    (void)pthread_cond_destroy(&t->stirred);
    mem_free(t);
    e->telemetry = NULL;
}

int telemetry_deliver(struct engine *e, struct err *err)
{
    int rc = telemetry_sync(e, err);

    if (!e->telemetry)
        return rc;
    for (size_t i = 0; rc == 0 && views[i]; i++)
        if (views[i]->deliver)
            rc = views[i]->deliver(e, err);
    return rc;
}

static struct value *file_meta(struct arena *a, int64_t at_ms)
{
    struct value *m = value_map(a);

    value_put_time(a, m, "LastModified", at_ms);
    value_put_c(a, m, "ContentType", "application/json");
    value_put_c(a, m, "ContentEncoding", "gzip");
    value_put_c(a, m, "ServerSideEncryption", "AES256");
    return m;
}

static struct str file_key(struct arena *a, const struct telemetry_file *f)
{
    struct clock_parts t = clock_split(f->at_ms);

    return arena_printf(a, "AWSLogs/%.*s/%s/%.*s/%04d/%02d/%02d/%02d/%.*s", STR_ARG(f->account),
                        f->kind, STR_ARG(f->region), t.year, t.month, t.day, t.hour,
                        STR_ARG(f->name));
}

int telemetry_write(struct engine *e, const struct telemetry_file *f, struct err *err)
{
    struct arena a = { 0 };
    struct buf gzip = { 0 };
    struct str bucket;
    int rc = trail_default_bucket(e->trail, &a, f->account, &bucket, err);

    if (rc == 0 && bucket.len > 0) {
        rc = gzip_write(&gzip, f->text, GZIP_ALIKE, err);
        if (rc == 0)
            rc = object_write(e->opt.data_dir, bucket, file_key(&a, f), buf_view(&gzip),
                              file_meta(&a, f->at_ms), err);
        rc = rc == E_MISSING ? 0 : rc; /* its folder was taken away by hand */
    }
    buf_free(&gzip);
    arena_free(&a);
    return rc;
}
