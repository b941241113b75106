/* Stories: who acts in them, what must be there first, and how they begin. */
#include "generator/play/run.h"

/* The principal that `as` names; else the first one of the technique's kind, else the first user.
 */
static struct person *actor_of(const struct play *p, const struct story *story)
{
    enum principal_kind wanted = story->technique->actor;

    if (story->as.len > 0)
        return play_person(p, story->as);
    if (wanted == KIND_ANY)
        wanted = KIND_USER;
    for (size_t i = 0; i < p->people_count; i++)
        if (p->people[i].cast->kind == wanted)
            return &p->people[i];
    return NULL;
}

static const struct step *setup_of(const struct story *story)
{
    const struct technique *t = story->technique;

    return story->benign && t->has_benign_setup ? t->benign_setup : t->setup;
}

static int set_up(struct play *p, struct scene *sc, const struct step *steps, struct err *err)
{
    struct str story = sc->story;
    struct told *told = sc->told;
    int rc;

    if (!steps)
        return 0;
    sc->as_root = true; /* innocent, and told nobody */
    sc->story = (struct str){ 0 };
    sc->told = NULL;
    rc = run_at_once(p, sc, steps, err);
    sc->as_root = false;
    sc->story = story;
    sc->told = told;
    return rc;
}

/* Techniques used in place that need something first: their parameters are drawn now. */
static int ready_uses(struct play *p, struct run *r, const struct step *steps, struct err *err)
{
    const struct value *outer = r->sc.params;
    int rc = 0;

    for (const struct step *step = steps; rc == 0 && step; step = step->next) {
        const struct technique *t = step->technique;
        struct readied *k = arena_alloc(p->a, sizeof *k);
        struct value *params;

        if (!t || !t->setup)
            continue;
        rc = play_draw(p, &r->sc, t->parameters, step->with, step->at, &params, err);
        if (rc < 0)
            break;
        *k = (struct readied){ r->readied, step, params };
        r->readied = k;
        r->sc.params = params;
        rc = set_up(p, &r->sc, t->setup, err);
        r->sc.params = outer;
    }
    return rc;
}

/* Defaults of a benign look-alike stand over those of the attack. */
static int draw_params(struct play *p, struct run *r, const struct story *story, struct err *err)
{
    const struct technique *t = story->technique;
    struct value *over = value_map(r->sc.a), *params;

    if (story->benign)
        for (const struct value *k = value_first(t->benign_parameters); k; k = k->next)
            value_set(over, k->name, value_copy(r->sc.a, k));
    for (const struct value *k = value_first(story->with); k; k = k->next)
        value_set(over, k->name, value_copy(r->sc.a, k));
    int rc = play_draw(p, &r->sc, t->parameters, over, story->at, &params, err);
    r->sc.params = rc == 0 ? params : NULL;
    return rc;
}

static int ready(struct play *p, struct run *r, const struct story *story, struct err *err)
{
    struct person *actor = actor_of(p, story);

    r->sc = (struct scene){
        .a = &r->arena,
        .rng = play_chance(p, story->name, 1),
        .actor = actor,
        .account = actor ? actor->cast->account : (struct str){ 0 },
        .tool = story->tool,
        .network = story->network,
        .region = story->region,
        .technique = story->technique,
        .benign = story->benign,
        .story = story->name,
    };
    r->sc.captures = value_map(&r->arena);
    int rc = draw_params(p, r, story, err);
    if (rc == 0)
        rc = set_up(p, &r->sc, setup_of(story), err);
    return rc < 0 || story->is_use ? rc : ready_uses(p, r, story->technique->steps, err);
}

int stories_ready(struct play *p, struct err *err)
{
    int rc = 0;

    for (const struct story *k = p->s->stories; k; k = k->next)
        p->story_count++;
    p->stories = arena_array(p->a, p->story_count, sizeof *p->stories);
    for (const struct story *k = p->s->stories; rc == 0 && k; k = k->next)
        rc = ready(p, &p->stories[k->number], k, err);
    return rc;
}

void stories_free(struct play *p)
{
    for (size_t i = 0; p->stories && i < p->story_count; i++)
        arena_free(&p->stories[i].arena);
    p->stories = NULL;
}

int story_begin(struct play *p, struct run *r, const struct story *story, struct err *err)
{
    const struct technique *t = story->technique;
    int64_t at = moment_ms(p->s, story->when, p->s->start_ms);

    r->sc.told = told_begin(p, t, &r->sc);
    run_push(r, story->benign ? t->benign_steps : t->steps, false);
    r->at_ms = at;
    int rc = run_find(p, r, err);
    if (rc == 0 && r->next && !r->next->has_wait && !t->steps->use.len)
        r->at_ms = at; /* the first step begins then */
    return rc;
}
