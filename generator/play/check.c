/* Before anything is played: do the calls exist, and have they such parameters? */
#include "generator/play/params.h"
#include "generator/play/play.h"

struct checking {
    const struct scenario *s;
    const struct cat *cat;
    struct err *err;
};

static int check_steps(const struct checking *c, const struct step *steps);

static int check_step(const struct checking *c, const struct step *step)
{
    struct params params = { .cat = c->cat, .at = step->at };
    struct arena a = { 0 };
    int rc = 0;

    if (step->call.len > 0)
        rc = params_find_op(c->cat, step->at, step->call, &params.op, c->err);
    if (rc == 0 && step->call.len > 0)
        rc = params_check(&a, &params, step->with, c->err);
    arena_free(&a);
    if (rc == 0)
        rc = check_steps(c, step->sequence);
    return rc < 0 ? rc : check_steps(c, step->on_steps);
}

static int check_steps(const struct checking *c, const struct step *steps)
{
    int rc = 0;

    for (const struct step *step = steps; rc == 0 && step; step = step->next)
        rc = check_step(c, step);
    return rc;
}

static int check_technique(const struct checking *c, const struct technique *t)
{
    int rc = check_steps(c, t->setup);

    if (rc == 0)
        rc = check_steps(c, t->steps);
    if (rc == 0)
        rc = check_steps(c, t->benign_setup);
    return rc < 0 ? rc : check_steps(c, t->benign_steps);
}

int play_check(const struct scenario *s, const struct cat *cat, struct err *err)
{
    struct checking c = { s, cat, err };
    int rc = check_steps(&c, s->resources);

    for (const struct workload *w = s->workloads; rc == 0 && w; w = w->next)
        rc = check_steps(&c, w->steps);
    for (const struct technique *t = s->techniques; rc == 0 && t; t = t->next)
        rc = check_technique(&c, t);
    for (const struct story *k = s->stories; rc == 0 && k; k = k->next)
        rc = check_technique(&c, k->technique);
    return rc;
}
