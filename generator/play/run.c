#include "generator/play/run.h"

#define DEFAULT_WAIT_LEAST_MS 1000
#define DEFAULT_WAIT_MOST_MS  5000
#define SETUP_STEP_MS         1000

/* Steps being gone through; those of a technique bring its names and give them back. */
struct frame {
    struct frame *up;
    const struct step *step; /* NULL: through */
    bool alone, is_open;     /* is_open: how often the step is played is known */
    size_t i, count;
    struct value *items;
    bool restores;
    struct scene saved;
};

void run_push(struct run *r, const struct step *steps, bool alone)
{
    struct frame *f = arena_alloc(r->sc.a, sizeof *f);

    f->up = r->top;
    f->step = steps;
    f->alone = alone;
    r->top = f;
}

/* The names of the outer scene come back; chance, captures and sessions go on. */
static void pop(struct run *r)
{
    const struct frame *f = r->top;

    r->top = f->up;
    if (!f->restores)
        return;
    r->sc.params = f->saved.params;
    r->sc.technique = f->saved.technique;
    r->sc.told = f->saved.told;
    r->sc.actor = f->saved.actor;
    r->sc.tool = f->saved.tool;
    r->sc.network = f->saved.network;
    r->sc.region = f->saved.region;
    r->sc.item = f->saved.item;
}

static void set_item(struct run *r, const struct frame *f)
{
    struct arena *a = r->sc.a;
    struct value *item = value_map(a);

    if (!f->items && f->count == 1)
        return; /* not a loop: an outer one's item stays */
    value_put_int(a, item, "i", (int64_t)f->i);
    if (f->items) {
        struct value *own = arena_alloc(a, sizeof *own);

        *own = *value_at(f->items, f->i);
        own->next = NULL;
        value_append(item, STR("item"), own);
    }
    r->sc.item = item;
}

static int64_t draw_wait(struct scene *sc, const struct step *step)
{
    struct span s = { DEFAULT_WAIT_LEAST_MS, DEFAULT_WAIT_MOST_MS };

    if (step->has_wait)
        s = step->wait_ms;
    return s.least + (int64_t)rng_below(&sc->rng, (uint64_t)(s.most - s.least) + 1);
}

struct told *told_begin(struct play *p, const struct technique *t, const struct scene *sc)
{
    struct told *told = arena_alloc(p->a, sizeof *told);

    *told = (struct told){ .technique = t, .story = sc->story, .benign = sc->benign };
    told->last = &told->events;
    *p->last_told = told;
    p->last_told = &told->next;
    return told;
}

/* Its parameters, drawn when its set-up was made, else now. */
static int params_of_use(struct play *p, struct run *r, const struct step *step,
                         const struct value **out, struct err *err)
{
    struct value *drawn;
    int rc;

    for (const struct readied *k = r->readied; k; k = k->next)
        if (k->step == step) {
            *out = k->params;
            return 0;
        }
    rc = play_draw(p, &r->sc, step->technique->parameters, step->with, step->at, &drawn, err);
    *out = drawn;
    return rc;
}

/* A technique in place of a step. */
static int enter_use(struct play *p, struct run *r, const struct step *step, struct err *err)
{
    struct scene *sc = &r->sc, saved = r->sc;
    struct person *actor = step->as.len > 0 ? play_person(p, step->as) : sc->actor;
    const struct value *params;
    int rc = params_of_use(p, r, step, &params, err);

    if (rc == 0 && step->as.len > 0 && !actor)
        rc = place_fail(step->at, err, "as: expected a principal with 'use'");
    if (rc < 0)
        return rc;
    if (step->has_wait)
        r->at_ms += draw_wait(sc, step);
    run_push(r, step->technique->steps, false);
    r->top->restores = true;
    r->top->saved = saved;
    sc->params = params;
    sc->technique = step->technique;
    sc->actor = actor;
    sc->tool = step->tool.len > 0 ? step->tool : sc->tool;
    sc->network = step->network.len > 0 ? step->network : sc->network;
    sc->region = step->region.len > 0 ? step->region : sc->region;
    sc->told = told_begin(p, step->technique, sc);
    return 0;
}

static int open_step(struct play *p, struct run *r, struct frame *f, struct err *err)
{
    f->i = 0;
    f->is_open = true;
    return step_items(p, &r->sc, f->step, &f->items, &f->count, err);
}

/* The step that is to be played next, with its item set; NULL: none. */
static int find_step(struct play *p, struct run *r, struct err *err)
{
    int rc = 0;

    while (r->top) {
        struct frame *f = r->top;

        if (!f->step) {
            pop(r);
            continue;
        }
        if (!f->is_open && (rc = open_step(p, r, f, err)) < 0)
            return rc;
        if (f->i >= f->count) {
            f->step = f->alone ? NULL : f->step->next;
            f->is_open = false;
            continue;
        }
        set_item(r, f);
        r->next = f->step;
        if (!f->step->use.len && !f->step->sequence)
            return 0;
        f->i++;
        if (f->step->sequence)
            run_push(r, f->step->sequence, false);
        else if ((rc = enter_use(p, r, f->step, err)) < 0)
            return rc;
    }
    r->next = NULL;
    return 0;
}

int run_find(struct play *p, struct run *r, struct err *err)
{
    int rc = find_step(p, r, err);

    if (rc == 0 && r->next)
        r->at_ms += draw_wait(&r->sc, r->next);
    return rc;
}

static void end_all(struct run *r)
{
    while (r->top)
        pop(r);
}

/* What a step's end means for those behind it. */
static void go_on(struct run *r, const struct step *step, enum step_end end)
{
    r->top->i++;
    if (end == STEP_REFUSED && step->on_error == ERROR_STOPS)
        end_all(r);
    if (end == STEP_REFUSED && step->on_error == ERROR_BRANCHES)
        run_push(r, step->on_steps, false);
    /* What stands behind a background's refused step may need what it did not bring. */
    if (end == STEP_REFUSED && step->on_error == ERROR_ENDS_RUN && r->sc.is_background &&
        step->expect.len == 0 && r->top)
        r->top->step = NULL;
}

int run_step(struct play *p, struct run *r, struct err *err)
{
    const struct step *step = r->next;
    enum step_end end;
    int rc = step_play(p, &r->sc, step, &end, err);

    if (rc < 0)
        return rc;
    if (p->door->now(p->door) > r->at_ms)
        r->at_ms = p->door->now(p->door); /* pages, sessions: it took some time */
    go_on(r, step, end);
    return run_find(p, r, err);
}

int run_at_once(struct play *p, struct scene *sc, const struct step *steps, struct err *err)
{
    struct door *d = p->door;
    struct run r = { .sc = *sc };
    int rc = 0;

    run_push(&r, steps, false);
    rc = find_step(p, &r, err);
    while (rc == 0 && r.next) {
        int64_t now = d->now(d);
        enum step_end end;

        if (now + SETUP_STEP_MS < p->s->start_ms - SETUP_STEP_MS)
            rc = d->advance(d, now + SETUP_STEP_MS, err);
        if (rc == 0)
            rc = step_play(p, &r.sc, r.next, &end, err);
        if (rc < 0)
            break;
        go_on(&r, r.next, end);
        rc = find_step(p, &r, err);
    }
    sc->rng = r.sc.rng;
    return rc;
}
