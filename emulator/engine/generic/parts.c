/* Parts of a resource (its policy, its attributes), relations between resources, and settings of
 * the account: what was written is read again; what was not is not there. */
#include "emulator/engine/generic/work.h"

/* The part of this subject, under the name by which it was written. */
static struct value *part_find(const struct value *parts, struct str subject)
{
    for (struct value *v = value_first(parts); v; v = v->next)
        if (noun_meets(v->name, subject))
            return v;
    return NULL;
}

static struct value *parts_of(struct work *w, struct resource *r, const char *name)
{
    struct value *parts = value_get_c(r->doc, name);

    if (!parts) {
        parts = value_map(w->a);
        value_set(r->doc, str_c(name), parts);
    }
    return parts;
}

/* A part is shown as if the client had said all of it at the create. */
static void show(struct work *w, const struct resource *r, const struct value *part)
{
    struct resource seen = { r->id, value_copy(w->a, r->doc) };
    struct value *in = value_get_c(seen.doc, "in");

    for (const struct value *v = value_first(part); v; v = v->next)
        value_set(in, v->name, value_copy(w->a, v));
    w->out->output = project(w, &seen, cat_op_output(w->cat, w->call->op));
}

static int write_part(struct work *w, struct resource *r, struct str subject, struct err *err)
{
    struct value *parts = parts_of(w, r, "parts"), *part = part_find(parts, subject);
    const struct value *kept = kept_input(w);

    if (!part) {
        part = value_map(w->a);
        value_set(parts, subject, part);
    }
    for (const struct value *v = value_first(kept); v; v = v->next)
        value_set(part, v->name, value_copy(w->a, v));
    value_put_time(w->a, r->doc, "updated", w->cx->now_ms);
    show(w, r, part);
    return resource_save(w, r, err);
}

/* What stands after a change: lists hold what all relations of the list say, the rest is as given.
 */
static struct value *standing(struct arena *a, const struct value *relations,
                              const struct value *given)
{
    struct value *all = value_copy(a, given);

    for (struct value *member = value_first(all); member; member = member->next) {
        struct value *sum = value_list(a);

        if (member->kind != VALUE_LIST)
            continue;
        for (const struct value *r = value_first(relations); r; r = r->next)
            for (const struct value *v = value_first(value_get(r, member->name)); v; v = v->next)
                value_push(sum, value_copy(a, v));
        member->u = sum->u;
        member->count = sum->count;
    }
    return all;
}

static int relate(struct work *w, struct resource *r, struct str subject, struct err *err)
{
    struct value *relations = parts_of(w, r, "relations"), *list = part_find(relations, subject);
    struct value *kept = kept_input(w);

    if (!list) {
        list = value_list(w->a);
        value_set(relations, subject, list);
    }
    for (const struct value *v = value_first(list); v; v = v->next)
        if (value_equal(v, kept))
            return 0; /* as it is */
    value_push(list, value_copy(w->a, kept));
    show(w, r, standing(w->a, list, kept));
    return resource_save(w, r, err);
}

/* Do the members that both have say the same? */
static bool agrees(const struct value *a, const struct value *b)
{
    for (const struct value *v = value_first(b); v; v = v->next) {
        const struct value *other = value_get(a, v->name);

        if (other && !value_equal(other, v))
            return false;
    }
    return true;
}

static int unrelate(struct work *w, struct resource *r, struct str subject, struct err *err)
{
    struct value *list = part_find(value_get_c(r->doc, "relations"), subject);
    struct value *kept = value_list(w->a);
    const struct value *given = kept_input(w);

    for (const struct value *v = value_first(list); v; v = v->next)
        if (!agrees(v, given))
            value_push(kept, value_copy(w->a, v));
    if (!list || kept->count == list->count)
        return refuse_not_found(w);
    show(w, r, standing(w->a, kept, given));
    value_set(value_get_c(r->doc, "relations"), arena_copy(w->a, list->name), kept);
    return resource_save(w, r, err);
}

/* Of what was never written: AWS's own answer, or what it adds to the thing. */
static int show_default(struct work *w, struct resource *r)
{
    w->out->output = answers_default(w);
    if (!w->out->output && r && template_of(w, r))
        w->out->output = project(w, r, cat_op_output(w->cat, w->call->op));
    if (w->out->output && w->out->output->count > 0)
        return 0;
    return w->life->not_found ? refuse_not_found(w)
                              : refuse(w, "it was not written, and AWS's default is unknown");
}

static int read_part(struct work *w, struct resource *r, struct str subject)
{
    const struct value *part = part_find(value_get_c(r->doc, "parts"), subject);

    if (!part)
        return show_default(w, r);
    show(w, r, part);
    return 0;
}

static int delete_part(struct work *w, struct resource *r, struct str subject, struct err *err)
{
    struct value *parts = value_get_c(r->doc, "parts"), *part = part_find(parts, subject);

    if (!part)
        return refuse_not_found(w);
    show(w, r, NULL);
    (void)value_remove(parts, part->name);
    return resource_save(w, r, err);
}

int part_perform(struct work *w, struct err *err)
{
    struct str subject = life_str(w->cat, (uint32_t)w->life->text);
    struct resource r;
    int rc = resource_find(w, &r, err);

    if (rc == E_MISSING)
        return refuse_not_found(w);
    if (rc < 0)
        return rc;
    switch (w->life->role) {
    case LIFE_ASPECT_WRITE:
        return write_part(w, &r, subject, err);
    case LIFE_RELATE:
        return relate(w, &r, subject, err);
    case LIFE_UNRELATE:
        return unrelate(w, &r, subject, err);
    case LIFE_ASPECT_DELETE:
        return delete_part(w, &r, subject, err);
    default:
        return read_part(w, &r, subject);
    }
}

int setting_perform(struct work *w, struct err *err)
{
    struct str subject = life_str(w->cat, (uint32_t)w->life->text);
    struct doc_key key = resource_key(w, STR("generic setting"), subject);
    struct resource r = { subject, NULL };
    struct store *store = w->cx->e->store;
    int rc = store_doc_get(store, w->a, key, &r.doc, err);

    if (rc < 0 && rc != E_MISSING)
        return rc;
    if (rc == E_MISSING && w->life->role == LIFE_SETTING_READ)
        return show_default(w, NULL);
    if (rc == E_MISSING && w->life->role == LIFE_SETTING_DELETE)
        return w->life->not_found ? refuse_not_found(w) : refuse(w, "it was not written");
    if (w->life->role == LIFE_SETTING_DELETE) {
        w->out->changed = true;
        return store_doc_delete(store, key, err);
    }
    if (rc == E_MISSING) {
        r.doc = value_map(w->a);
        value_put_int(w->a, r.doc, "seed", (int64_t)(rng_u64(&w->cx->rng) >> 1));
        value_set(r.doc, STR("ids"), value_map(w->a));
        value_set(r.doc, STR("in"), value_map(w->a));
        value_put_time(w->a, r.doc, "created", w->cx->now_ms);
    }
    if (w->life->role == LIFE_SETTING_WRITE) {
        const struct value *kept = kept_input(w);

        for (const struct value *v = value_first(kept); v; v = v->next)
            value_set(value_get_c(r.doc, "in"), v->name, value_copy(w->a, v));
        value_put_time(w->a, r.doc, "updated", w->cx->now_ms);
    }
    w->out->output = project(w, &r, cat_op_output(w->cat, w->call->op));
    if (w->life->role == LIFE_SETTING_READ)
        return 0;
    w->out->changed = true;
    return store_doc_put(store, key, r.doc, err);
}
