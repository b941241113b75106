/* What needs the whole file: names that something must bear. */
#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "generator/scenario/near.h"
#include "generator/scenario/read.h"

/* Is there an item of that name in a list linked by its first member? */
static bool names_one(const void *first, size_t offset, struct str name, struct near *near)
{
    const void *item = first;

    while (item) {
        struct str candidate;
        const void *next;

        memcpy(&candidate, (const char *)item + offset, sizeof candidate);
        memcpy(&next, item, sizeof next);
        if (str_eq(candidate, name))
            return true;
        near_try(near, candidate);
        item = next;
    }
    return false;
}

/* name may be empty. what: "an account". */
static int need_one(struct place at, const char *what, const void *first, size_t offset,
                    struct str name, struct err *err)
{
    struct near near = near_start(name);

    if (name.len == 0 || names_one(first, offset, name, &near))
        return 0;
    struct str best = near_best(&near);
    if (best.len > 0)
        return place_fail(at, err, "'%.*s': expected %s; did you mean '%.*s'?", STR_ARG(name), what,
                          STR_ARG(best));
    return place_fail(at, err, "'%.*s': expected %s of this scenario", STR_ARG(name), what);
}

static int need_account(const struct scenario *s, struct place at, struct str name, struct err *err)
{
    return need_one(at, "an account", s->accounts, offsetof(struct account, alias), name, err);
}

static int need_principal(const struct scenario *s, struct place at, struct str name,
                          struct err *err)
{
    return need_one(at, "a principal", s->principals, offsetof(struct cast, name), name, err);
}

static bool is_open(struct str text) /* known only when it is played */
{
    return str_find(text, STR("${")) >= 0;
}

int check_named(const struct scenario *s, const struct named *n, struct err *err)
{
    int rc = need_account(s, n->at, n->account, err);

    if (rc == 0)
        rc = need_one(n->at, "a tool", s->tools, offsetof(struct tool, name), n->tool, err);
    if (rc == 0)
        rc = need_one(n->at, "a network", s->networks, offsetof(struct network, name), n->network,
                      err);
    if (rc == 0 && n->region.len > 0 && !str_eq_c(n->region, "*") && !is_open(n->region) &&
        !region_find(n->region))
        rc = place_fail(n->at, err, "'%.*s': expected an AWS region", STR_ARG(n->region));
    return rc;
}

/* A principal's name, actor, key:..., session:..., or what an expression will say. */
static int check_as(const struct scenario *s, struct place at, struct str as, struct err *err)
{
    if (as.len == 0 || is_open(as) || str_eq_c(as, "actor") || str_has_prefix(as, STR("key:")) ||
        str_has_prefix(as, STR("session:")))
        return 0;
    return need_principal(s, at, as, err);
}

static int check_event(const struct scenario *s, const struct step *step, struct err *err)
{
    struct near near = near_start(step->event);

    if (step->event.len == 0 || value_get(s->events_table, step->event))
        return 0;
    for (const struct value *k = value_first(s->events_table); k; k = k->next)
        near_try(&near, k->name);
    struct str best = near_best(&near);
    return place_fail(step->at, err, "'%.*s': expected an event%s%.*s", STR_ARG(step->event),
                      best.len > 0 ? "; did you mean " : " of fixtures/scenarios/events.yaml",
                      STR_ARG(best));
}

int check_steps(const struct scenario *s, const struct step *steps, struct err *err)
{
    int rc = 0;

    for (const struct step *step = steps; rc == 0 && step; step = step->next) {
        rc = check_named(
            s, &(struct named){ step->at, step->account, step->tool, step->network, step->region },
            err);
        if (rc == 0)
            rc = check_as(s, step->at, step->as, err);
        if (rc == 0)
            rc = check_event(s, step, err);
        if (rc == 0)
            rc = check_steps(s, step->sequence, err);
        if (rc == 0)
            rc = check_steps(s, step->on_steps, err);
    }
    return rc;
}

static int check_technique(const struct scenario *s, const struct technique *t, struct err *err)
{
    int rc = check_steps(s, t->setup, err);

    if (rc == 0)
        rc = check_steps(s, t->steps, err);
    if (rc == 0)
        rc = check_steps(s, t->benign_setup, err);
    return rc < 0 ? rc : check_steps(s, t->benign_steps, err);
}

static int check_trust(const struct scenario *s, const struct cast *p, struct err *err)
{
    for (size_t i = 0; i < p->trust.count; i++) {
        struct str t = p->trust.items[i];

        if (str_eq_c(t, "*") || ids_is_account(t) || str_has_suffix(t, STR(".amazonaws.com")) ||
            str_has_prefix(t, STR("arn:")) || scenario_account(s, t))
            continue;
        int rc = need_principal(s, p->at, t, err);
        if (rc < 0)
            return rc;
    }
    if (p->by.len > 0 && !str_has_suffix(p->by, STR(".amazonaws.com")))
        return need_principal(s, p->at, p->by, err);
    return 0;
}

/* Who is assumed by whom must come to an end somewhere. */
static int check_chain(const struct scenario *s, const struct cast *p, struct err *err)
{
    const struct cast *by = p;

    for (int i = 0; i < 16 && by; i++) {
        struct str name = by->by.len > 0 || by->trust.count == 0 ? by->by : by->trust.items[0];

        by = by->kind == KIND_ROLE ? scenario_principal(s, name) : NULL;
    }
    return by ? place_fail(p->at, err, "role '%.*s' is assumed by itself", STR_ARG(p->name)) : 0;
}

static int check_principals(const struct scenario *s, struct err *err)
{
    int rc = 0;

    for (const struct cast *p = s->principals; rc == 0 && p; p = p->next) {
        struct near near = near_start(p->name);

        if (names_one(p->next, offsetof(struct cast, name), p->name, &near))
            return place_fail(p->at, err, "principal '%.*s': expected another name: it is taken",
                              STR_ARG(p->name));
        rc = check_named(s, &(struct named){ p->at, p->account, p->tool, p->network, p->region },
                         err);
        if (rc == 0)
            rc = check_trust(s, p, err);
        if (rc == 0)
            rc = check_chain(s, p, err);
    }
    return rc;
}

static int check_workloads(const struct scenario *s, struct err *err)
{
    int rc = 0;

    for (const struct workload *w = s->workloads; rc == 0 && w; w = w->next) {
        rc = check_named(s, &(struct named){ w->at, STR(""), w->tool, w->network, w->region }, err);
        for (size_t i = 0; rc == 0 && i < w->as.count; i++)
            rc = need_principal(s, w->at, w->as.items[i], err);
        if (rc == 0)
            rc = need_principal(s, w->at, w->assume, err);
        if (rc == 0)
            rc = check_steps(s, w->steps, err);
    }
    return rc;
}

static int check_actor(const struct scenario *s, const struct story *story, struct err *err)
{
    static const char *const words[] = { "",     "user",      "role",   "instance",
                                         "root", "federated", "service" };
    enum principal_kind wanted = story->technique->actor;
    const struct cast *p = scenario_principal(s, story->as);

    if (!p || wanted == KIND_ANY || p->kind == wanted || story->benign)
        return 0;
    return place_fail(story->at, err, "as: '%.*s' is a %s; expected a %s, as the technique wants",
                      STR_ARG(story->as), words[p->kind], words[wanted]);
}

/* Parameters that the technique does not have are misspelt ones. */
static int check_with(const struct technique *t, const struct value *with, struct place at,
                      struct err *err)
{
    for (const struct value *k = value_first(with); k; k = k->next) {
        struct near near = near_start(k->name);

        if (value_get(t->parameters, k->name) || value_get(t->benign_parameters, k->name))
            continue;
        for (const struct value *p = value_first(t->parameters); p; p = p->next)
            near_try(&near, p->name);
        struct str best = near_best(&near);
        at.line = k->line > 0 ? k->line : at.line;
        return place_fail(at, err, "'%.*s': expected a parameter of %.*s%s%.*s", STR_ARG(k->name),
                          STR_ARG(t->id), best.len > 0 ? "; did you mean " : "", STR_ARG(best));
    }
    return 0;
}

static int check_uses(const struct step *steps, struct err *err)
{
    int rc = 0;

    for (const struct step *step = steps; rc == 0 && step; step = step->next) {
        if (step->technique)
            rc = check_with(step->technique, step->with, step->at, err);
        if (rc == 0)
            rc = check_uses(step->on_steps, err);
    }
    return rc;
}

static int check_stories(const struct scenario *s, struct err *err)
{
    int rc = 0;

    for (const struct story *k = s->stories; rc == 0 && k; k = k->next) {
        struct near near = near_start(k->name);

        if (names_one(k->next, offsetof(struct story, name), k->name, &near))
            return place_fail(k->at, err, "story '%.*s': expected another name: it is taken",
                              STR_ARG(k->name));
        rc = check_named(s, &(struct named){ k->at, STR(""), k->tool, k->network, k->region }, err);
        if (rc == 0)
            rc = need_principal(s, k->at, k->as, err);
        if (rc == 0)
            rc = check_actor(s, k, err);
        if (rc == 0 && k->is_use)
            rc = check_with(k->technique, k->with, k->at, err);
        if (rc == 0)
            rc = k->is_use ? 0 : check_technique(s, k->technique, err);
        if (rc == 0 && !k->is_use)
            rc = check_uses(k->technique->steps, err);
    }
    return rc;
}

static int check_trails(const struct scenario *s, struct err *err)
{
    int rc = 0;

    for (struct trail_plan *t = s->trails; rc == 0 && t; t = t->next) {
        rc = check_named(s, &(struct named){ t->at, t->account, STR(""), STR(""), t->region }, err);
        if (rc == 0 && t->organization && s->organization.management.len == 0)
            rc = place_fail(t->at, err,
                            "expected 'organization' in the scenario of an organization "
                            "trail");
    }
    return rc;
}

static int check_accounts(const struct scenario *s, struct err *err)
{
    for (const struct account *k = s->accounts; k; k = k->next) {
        struct near near = near_start(k->alias);

        if (names_one(k->next, offsetof(struct account, alias), k->alias, &near) ||
            names_one(k->next, offsetof(struct account, id), k->id, &near))
            return place_fail(k->at, err, "account '%.*s': expected an alias and an id of its own",
                              STR_ARG(k->alias));
    }
    if (!s->accounts)
        return place_fail((struct place){ s->file, 1 }, err, "expected at least one account");
    return need_account(s, (struct place){ s->file, 1 }, s->organization.management, err);
}

int scenario_check(const struct scenario *s, struct err *err)
{
    int rc = check_accounts(s, err);

    for (const struct group *g = s->groups; rc == 0 && g; g = g->next)
        rc = need_account(s, g->at, g->account, err);
    if (rc == 0)
        rc = check_trails(s, err);
    for (const struct tool *t = s->tools; rc == 0 && t; t = t->next)
        rc = need_one(t->at, "a tool", s->tools, offsetof(struct tool, name), t->like, err);
    if (rc == 0)
        rc = check_principals(s, err);
    if (rc == 0)
        rc = check_steps(s, s->resources, err);
    if (rc == 0)
        rc = check_workloads(s, err);
    for (const struct technique *t = s->techniques; rc == 0 && t; t = t->next)
        rc = check_technique(s, t, err);
    return rc < 0 ? rc : check_stories(s, err);
}
