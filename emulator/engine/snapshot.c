/* Reset, snapshot and restore: the modules are closed (their files whole), the data directory is
 * changed, the modules are opened again. */
#include <stdatomic.h>
#include <stdio.h>

#include "core/base/fs.h"
#include "emulator/engine/private.h"
#include "emulator/engine/schedule.h"
#include "emulator/services/s3.h"
#include "emulator/store/store.h"

/* What makes up the state of a data directory; whatever else lies there is not ours to touch. */
static const struct part {
    const char *name;
    bool is_dir;
} parts[] = {
    { "state.db", false },       { "state.db-wal", false }, { "history.db", false },
    { "history.db-wal", false }, { "buckets", true },       { "meta", true },
    { "versions", true },        { "uploads", true },       { "staging", true },
    { "journal", true },         { "keys", true },
};

static void quiesce(struct engine *e)
{
    schedule_hold(e->schedule);
    pthread_rwlock_wrlock(&e->services->gate);
}

static void resume(struct engine *e)
{
    pthread_rwlock_unlock(&e->services->gate);
    schedule_release(e->schedule);
}

void engine_enter(struct engine *e)
{
    pthread_rwlock_rdlock(&e->services->gate);
}

void engine_leave(struct engine *e)
{
    pthread_rwlock_unlock(&e->services->gate);
}

static int tell_watchers(struct engine *e, struct err *err)
{
    struct services *s = e->services;
    int rc = 0;

    pthread_mutex_lock(&s->watch_lock);
    for (size_t i = 0; rc == 0 && i < s->watcher_count; i++)
        rc = s->watchers[i].fn(s->watchers[i].arg, e, err);
    pthread_mutex_unlock(&s->watch_lock);
    return rc;
}

int engine_watch(struct engine *e, engine_reopened_fn *fn, void *arg, struct err *err)
{
    struct services *s = e->services;
    int rc = 0;

    pthread_mutex_lock(&s->watch_lock);
    if (s->watcher_count == COUNT(s->watchers))
        rc = err_set(err, E_LIMIT, "more than %zu watchers of the engine", COUNT(s->watchers));
    else
        s->watchers[s->watcher_count++] = (struct watcher){ fn, arg };
    pthread_mutex_unlock(&s->watch_lock);
    return rc < 0 ? rc : fn(arg, e, err);
}

static int copy_file(const char *from, const char *to, struct err *err)
{
    struct buf bytes = { 0 };
    int rc = fs_read(from, &bytes, err);

    if (rc == 0)
        rc = fs_replace_fast(to, buf_view(&bytes), err);
    buf_free(&bytes);
    return rc;
}

static int copy_parts(struct arena *a, const char *from, const char *to, struct err *err)
{
    int rc = fs_mkdirs(to, err);

    for (size_t i = 0; rc == 0 && i < COUNT(parts); i++) {
        const char *source = arena_printf(a, "%s/%s", from, parts[i].name).ptr;
        const char *target = arena_printf(a, "%s/%s", to, parts[i].name).ptr;

        if (parts[i].is_dir && fs_is_dir(source))
            rc = fs_copy_tree(source, target, err);
        else if (!parts[i].is_dir && fs_is_file(source))
            rc = copy_file(source, target, err);
    }
    return rc;
}

static int remove_parts(struct arena *a, const char *dir, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < COUNT(parts); i++) {
        const char *path = arena_printf(a, "%s/%s", dir, parts[i].name).ptr;

        rc = parts[i].is_dir ? fs_remove_tree(path, err) : fs_remove(path, err);
    }
    return rc;
}

static int name_check(struct str name, struct err *err)
{
    bool ok = name.len >= 1 && name.len <= 64 && name.ptr[0] != '.';

    for (size_t i = 0; ok && i < name.len; i++) {
        char c = name.ptr[i];
        ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '.' || c == '_' || c == '-';
    }
    return ok ? 0
              : err_set(err, E_PARSE,
                        "a snapshot's name is 1 to 64 of A-Z a-z 0-9 . _ - and begins without '.'");
}

/* Chance and time belong to the state: the fact next_seq is otherwise written at the end only. */
static int keep_counters(struct engine *e, struct err *err)
{
    struct arena a = { 0 };
    struct str seq = arena_printf(&a, "%llu", (unsigned long long)atomic_load(&e->next_seq));
    int rc = engine_keep_time(e, err);

    if (rc == 0)
        rc = store_fact_put(e->store, "next_seq", seq, err);
    if (rc == 0)
        rc = store_checkpoint(e->store, err);
    arena_free(&a);
    return rc;
}

/* Written beside and renamed: a snapshot is whole or not there. */
static int save(struct engine *e, struct arena *a, struct str name, struct err *err)
{
    const char *dir = e->opt.data_dir;
    const char *target = arena_printf(a, "%s/snapshots/%.*s", dir, STR_ARG(name)).ptr;
    const char *fresh = arena_printf(a, "%s/snapshots/.new", dir).ptr;
    int rc = s3_settle(e, err);

    if (rc == 0)
        rc = keep_counters(e, err);
    if (rc == 0)
        rc = fs_remove_tree(fresh, err);
    if (rc == 0)
        rc = copy_parts(a, dir, fresh, err);
    if (rc == 0)
        rc = fs_remove_tree(target, err);
    if (rc == 0 && rename(fresh, target) < 0)
        rc = err_sys(err, "rename to", target);
    return rc;
}

int engine_snapshot(struct engine *e, struct str name, struct err *err)
{
    struct arena a = { 0 };
    int rc = name_check(name, err);

    if (rc == 0) {
        quiesce(e);
        rc = save(e, &a, name, err);
        resume(e);
    }
    arena_free(&a);
    return rc;
}

static int reopen(struct engine *e, enum time_rule rule, struct err *err)
{
    int rc = engine_open_modules(e, rule, err);

    return rc < 0 ? rc : tell_watchers(e, err);
}

int engine_reset(struct engine *e, struct err *err)
{
    struct arena a = { 0 };
    int rc;

    quiesce(e);
    rc = engine_close_modules(e, err);
    if (rc == 0)
        rc = remove_parts(&a, e->opt.data_dir, err);
    if (e->clock.mode == CLOCK_VIRTUAL)
        clock_set_ms(&e->clock, e->opt.clock_start_ms);
    int opened = reopen(e, TIME_MUST_FIT, err);
    resume(e);
    arena_free(&a);
    return rc < 0 ? rc : opened;
}

int engine_restore(struct engine *e, struct str name, struct err *err)
{
    struct arena a = { 0 };
    int rc = name_check(name, err);
    const char *dir = e->opt.data_dir;
    const char *from = arena_printf(&a, "%s/snapshots/%.*s", dir, STR_ARG(name)).ptr;

    if (rc == 0 && !fs_is_dir(from))
        rc = err_set(err, E_MISSING, "no snapshot of the name %.*s", STR_ARG(name));
    if (rc == 0) {
        quiesce(e);
        rc = engine_close_modules(e, err);
        if (rc == 0)
            rc = remove_parts(&a, dir, err);
        if (rc == 0)
            rc = copy_parts(&a, from, dir, err);
        int opened = reopen(e, TIME_IS_ADOPTED, err);
        rc = rc < 0 ? rc : opened;
        resume(e);
    }
    arena_free(&a);
    return rc;
}
