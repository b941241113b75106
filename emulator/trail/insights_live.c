#include "emulator/trail/insights_live.h"

#include "core/base/mem.h"
#include "emulator/telemetry/telemetry.h"
#include "emulator/trail/insights.h"
#include "emulator/trail/trail.h"

/* Under the store's lock. */
struct live {
    struct config_set trails;
    uint64_t generation; /* of trails; 0: not loaded yet */
    bool is_asked;
    struct insights *in; /* NULL: not loaded, or what it knows did not come to be */
};

static struct live *live_of(const struct engine *e)
{
    return e->telemetry ? *telemetry_state(e, VIEW_ID_insights) : NULL;
}

static void forget(struct engine *e)
{
    struct live *l = live_of(e);

    insights_free(l->in);
    l->in = NULL;
}

static int load_trails(struct live *l, struct engine *e, struct err *err)
{
    uint64_t generation = trail_generation(e->trail);
    struct config_set fresh;

    if (l->generation == generation)
        return 0;
    int rc = config_load(e->store, &fresh, err);
    if (rc < 0)
        return rc;
    config_free(&l->trails);
    l->trails = fresh;
    l->generation = generation;
    l->is_asked = insights_asked(&fresh);
    return 0;
}

static int load(struct live *l, struct engine *e, struct err *err)
{
    int rc = load_trails(l, e, err);

    if (rc < 0 || !l->is_asked || l->in)
        return rc;
    l->in = insights_new(e->seed);
    rc = insights_load(l->in, e->store, err);
    if (rc < 0)
        forget(e);
    return rc;
}

/* ---- counting ---- */

static int open_view(struct engine *e, struct err *err)
{
    (void)err; /* nothing is loaded before it is asked for */
    *telemetry_state(e, VIEW_ID_insights) = mem_alloc(sizeof(struct live));
    return 0;
}

static void close_view(struct engine *e)
{
    struct live *l = live_of(e);

    if (!l)
        return;
    forget(e);
    config_free(&l->trails);
    mem_free(l);
    *telemetry_state(e, VIEW_ID_insights) = NULL;
}

static int take(struct pass *p, struct err *err)
{
    struct live *l = live_of(p->e);
    int rc = load(l, p->e, err);

    if (rc == 0 && l->is_asked)
        insights_take(l->in, &l->trails, p->entry, p->a);
    return rc;
}

static int end(struct pass *p, struct err *err)
{
    struct live *l = live_of(p->e);

    return l->in ? insights_save(l->in, p->e->store, err) : 0;
}

const struct view view_insights = { .name = "insights",
                                    .open = open_view,
                                    .close = close_view,
                                    .take = take,
                                    .end = end,
                                    .forget = forget };

/* ---- judging ---- */

struct telling {
    struct engine *e;
    struct live *l;
    struct arena *a;
};

/* The records enter the journal when the transaction is over. */
static struct record_facts keep_facts(struct arena *a, const struct record_facts *f)
{
    struct record_facts kept = *f;
    struct str *const texts[] = { &kept.event_id, &kept.event_source, &kept.event_name,
                                  &kept.account,  &kept.region,       &kept.error_code };

    for (size_t i = 0; i < COUNT(texts); i++)
        *texts[i] = arena_copy(a, *texts[i]);
    return kept;
}

/* A trail may have lost its interest while the minute went on. */
static int tell(void *arg, const struct record_facts *facts, struct str record, struct err *err)
{
    struct telling *t = arg;
    struct journal_entry entry = { .position = UINT64_MAX, .facts = *facts, .record = record };

    for (size_t i = 0; i < t->l->trails.count; i++) {
        if (!config_takes(&t->l->trails.trails[i], &entry))
            continue;
        struct record_facts kept = keep_facts(t->a, facts);
        return engine_own_put(t->e, t->a, &kept, record, err);
    }
    return 0;
}

/* What is judged and what it led to are kept together. */
static int settle(struct engine *e, struct live *l, struct err *err)
{
    struct arena a = { 0 };
    struct telling t = { e, l, &a };
    bool is_kept = false;
    int rc = engine_own_begin(e, err);

    if (rc < 0)
        return rc;
    rc = insights_settle(l->in, clock_now_ms(&e->clock), tell, &t, err);
    if (rc == 0)
        rc = insights_save(l->in, e->store, err);
    rc = engine_own_end(e, rc, &is_kept, err);
    if (!is_kept)
        forget(e);
    arena_free(&a);
    return rc;
}

int insights_live_settle(struct engine *e, struct err *err)
{
    struct live *l = live_of(e);
    int rc = 0;

    if (!l)
        return 0;
    store_lock(e->store);
    rc = load(l, e, err);
    if (rc == 0 && l->in && insights_due_ms(l->in) <= clock_now_ms(&e->clock))
        rc = settle(e, l, err);
    store_unlock(e->store);
    return rc;
}
