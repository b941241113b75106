/* The job that evaluates alarms. */
#include "core/base/mem.h"
#include "emulator/engine/schedule.h"
#include "emulator/services/cloudwatch/alarms.h"
#include "emulator/services/cloudwatch/cloudwatch.h"
#include "emulator/services/cloudwatch/state.h"
#include "emulator/services/cloudwatch/suppress.h"
#include "emulator/telemetry/telemetry.h"

#define JOB     "cloudwatch.alarms"
#define FINE_MS (10 * CW_SECOND_MS)

struct watch {
    struct doc_key key;
    bool is_composite, is_waiting, is_fine, is_hourly, is_quiet;
};
struct alarm_cache {
    struct arena a;
    struct watch *all;
    size_t count;
    bool is_stale, touched;
    bool is_fine; /* somebody needs ten seconds */
};

struct alarm_cache *alarms_open(void)
{
    struct alarm_cache *c = mem_alloc(sizeof *c);

    c->is_stale = true;
    return c;
}

void alarms_close(struct alarm_cache *c)
{
    arena_free(&c->a);
    mem_free(c);
}

static struct doc_key every_alarm(void)
{
    return (struct doc_key){ .service = STR("cloudwatch"), .type = STR(ALARM_TYPE) };
}

/* Source: CloudWatch User Guide, "Evaluating an alarm": each minute, each ten seconds for periods
 * below, each hour when the periods together are longer than a day. */
static struct watch watch_of(struct doc *d)
{
    int64_t period_ms = alarm_period(d->value);
    int64_t span_ms = period_ms * value_get_int(d->value, "EvaluationPeriods", 1);
    struct watch w = { .key = d->key,
                       .is_composite = alarm_is_composite(d->value),
                       .is_waiting = suppress_is_waiting(d->value) };

    w.is_fine = w.is_waiting || (!w.is_composite && period_ms < CW_MINUTE_MS);
    w.is_hourly = !w.is_composite && span_ms > CW_DAY_MS;
    return w;
}

static int reload(struct engine *e, struct alarm_cache *c, struct err *err)
{
    struct doc *docs;
    size_t count = 0;

    arena_reset(&c->a);
    c->count = 0;
    c->is_fine = false;
    int rc = store_doc_list(e->store, &c->a, every_alarm(), STR(""), 0, &docs, &count, err);
    if (rc < 0)
        return rc;
    c->all = arena_array(&c->a, count, sizeof *c->all);
    for (size_t i = 0; i < count; i++) {
        c->all[i] = watch_of(&docs[i]);
        c->is_fine = c->is_fine || c->all[i].is_fine;
    }
    c->count = count;
    c->is_stale = false;
    return 0;
}

struct tick {
    struct engine *e;
    struct alarm_cache *cache;
    struct arena a;
    int64_t due_ms;
    bool fresh; /* composite alarms are to be looked at whatever has changed */
    bool changed;
};

static bool is_due(const struct tick *t, const struct watch *w)
{
    if (w->is_waiting)
        return true;
    if (w->is_composite || w->is_quiet || (w->is_hourly && t->due_ms % CW_HOUR_MS != 0))
        return false;
    return w->is_fine || t->due_ms % CW_MINUTE_MS == 0;
}

static int step(struct tick *t, struct watch *w, struct err *err)
{
    struct alarm al = { t->e, &t->a, w->key.account, w->key.region, w->key.id, NULL, t->due_ms };
    bool changed = false;
    int rc = store_doc_get(t->e->store, &t->a, w->key, &al.doc, err);

    if (rc == 0 && w->is_waiting)
        rc = suppress_step(&al, err);
    if (rc == 0 && w->is_waiting)
        t->cache->is_stale = true;
    if (rc == 0 && !w->is_composite)
        rc = alarm_evaluate(&al, &changed, &w->is_quiet, err);
    t->changed = t->changed || changed;
    return rc;
}

static int settle_region(struct tick *t, const struct watch *w, struct err *err)
{
    struct composites c = { t->e, &t->a, w->key.account, w->key.region, t->due_ms };

    return composites_settle(&c, err);
}

/* Each account and region with a composite alarm, once: watches come in their order. */
static int settle_all(struct tick *t, struct err *err)
{
    const struct watch *last = NULL;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < t->cache->count; i++) {
        const struct watch *w = &t->cache->all[i];

        if (!w->is_composite || (last && str_eq(last->key.account, w->key.account) &&
                                 str_eq(last->key.region, w->key.region)))
            continue;
        last = w;
        rc = settle_region(t, w, err);
    }
    return rc;
}

static int run_all(struct tick *t, struct err *err)
{
    struct alarm_cache *c = t->cache;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < c->count; i++) {
        if (is_due(t, &c->all[i]))
            rc = step(t, &c->all[i], err);
        if (t->a.used_bytes > (1u << 20))
            arena_reset(&t->a);
    }
    if (rc == 0 && (t->changed || t->fresh))
        rc = settle_all(t, err);
    return rc;
}

static bool any_due(const struct tick *t)
{
    for (size_t i = 0; i < t->cache->count; i++)
        if (is_due(t, &t->cache->all[i]))
            return true;
    return t->fresh;
}

static int transact(struct tick *t, struct err *err)
{
    struct store *s = t->e->store;
    int rc = store_begin(s, err);

    if (rc < 0)
        return rc;
    rc = run_all(t, err);
    if (rc == 0)
        rc = store_commit(s, err);
    if (rc < 0)
        store_rollback(s);
    if (rc < 0 || t->changed)
        t->cache->is_stale = true;
    return rc;
}

static int tick(struct tick *t, struct err *err)
{
    struct alarm_cache *c = t->cache;
    int rc = 0;

    t->fresh = c->is_stale;
    if (c->is_stale)
        rc = reload(t->e, c, err);
    for (size_t i = 0; c->touched && i < c->count; i++)
        c->all[i].is_quiet = false;
    c->touched = false;
    if (rc == 0 && any_due(t))
        rc = transact(t, err);
    return rc;
}

static int64_t next_due(const struct alarm_cache *c, int64_t after_ms)
{
    int64_t every_ms = c->is_fine ? FINE_MS : CW_MINUTE_MS;

    return cw_floor(after_ms, every_ms) + every_ms;
}

static int run_job(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    struct engine *e = arg;
    struct tick t = { .e = e, .cache = cw_state(e)->alarms, .due_ms = due_ms };
    int rc = telemetry_sync(e, err);

    if (rc < 0)
        return rc;
    store_lock(e->store);
    rc = tick(&t, err);
    *next_ms = t.cache->count > 0 || t.cache->is_stale ? next_due(t.cache, due_ms) : INT64_MAX;
    store_unlock(e->store);
    arena_free(&t.a);
    return rc;
}

void alarms_touch(struct engine *e)
{
    cw_state(e)->alarms->touched = true;
}

int alarms_changed(struct engine *e, struct err *err)
{
    struct cw_state *s = cw_state(e);

    if (!s)
        return 0; /* with a sink nothing falls due */
    s->alarms->is_stale = true;
    /* The first look is due within ten seconds: a fine alarm may be new. */
    return schedule_add(e->schedule, JOB, cw_floor(clock_now_ms(&e->clock), FINE_MS) + FINE_MS,
                        run_job, e, err);
}

int alarms_start(struct engine *e, struct err *err)
{
    struct arena a = { 0 };
    struct doc *docs;
    size_t count = 0;
    int rc = store_doc_list(e->store, &a, every_alarm(), STR(""), 1, &docs, &count, err);

    if (rc == 0 && count > 0)
        rc = alarms_changed(e, err);
    arena_free(&a);
    return rc;
}

void alarms_stop(struct engine *e)
{
    schedule_remove(e->schedule, JOB);
}
