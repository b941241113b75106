#include "generator/expected.h"

static bool is_named(const struct finding *f, struct str step)
{
    for (size_t i = 0; i < f->events.count; i++)
        if (str_eq(f->events.items[i], step))
            return true;
    return false;
}

static int put_finding(struct dataset *ds, const struct told *told, const struct finding *f,
                       struct err *err)
{
    struct dataset_finding out = { .rule = f->rule,
                                   .technique = told->technique->id,
                                   .story = told->story,
                                   .actor = f->actor,
                                   .severity = f->severity.len > 0 ? f->severity
                                                                   : told->technique->severity };
    struct arena a = { 0 };
    struct str *ids;
    bool is_attack = false;
    size_t count = 0;

    for (const struct noted *n = told->events; n; n = n->next)
        count++;
    ids = arena_array(&a, count, sizeof *ids);
    for (const struct noted *n = told->events; n; n = n->next) {
        if (!is_named(f, n->step))
            continue;
        if (out.actor.len == 0)
            out.actor = n->actor;
        is_attack = is_attack || n->malicious;
        ids[out.event_count++] = n->event_id;
    }
    out.event_ids = ids;
    int rc = is_attack ? dataset_expect(ds, &out, NULL, err) : 0; /* else it was not reached */
    arena_free(&a);
    return rc;
}

int expected_put(struct dataset *ds, const struct play *p, struct err *err)
{
    int rc = 0;

    for (const struct told *told = p->told; rc == 0 && told; told = told->next)
        for (const struct finding *f = told->technique->findings; rc == 0 && f && !told->benign;
             f = f->next)
            rc = put_finding(ds, told, f, err);
    return rc;
}
