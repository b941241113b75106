#include "emulator/engine/generic/work.h"

bool tags_is_name(struct str normal)
{
    static const char *const names[] = { "tags",         "tagset",      "taglist", "tagstoadd",
                                         "tag",          "newtags",     "tagsmap", "tagsmodel",
                                         "tagstoupdate", "resourcetags" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq_c(normal, names[i]))
            return true;
    return false;
}

/* "Key", "key", "TagKey", "tagKey", "Value" ... of one pair. */
static struct value *part(struct arena *a, const struct value *pair, const char *end)
{
    for (struct value *v = value_first(pair); v; v = v->next)
        if (str_has_suffix(noun_normal(a, v->name), str_c(end)))
            return v;
    return NULL;
}

struct value *tags_read(struct arena *a, const struct value *v)
{
    struct value *tags = value_map(a);

    if (!v)
        return tags;
    if (v->kind == VALUE_MAP && value_first(v) && value_first(v)->kind == VALUE_LIST)
        v = value_first(v); /* {"Items": [...]}, {"TagSet": [...]} */
    for (const struct value *t = value_first(v); t; t = t->next) {
        const struct value *key = t->kind == VALUE_MAP ? part(a, t, "key") : NULL;
        const struct value *value = key ? part(a, t, "value") : t;

        if (v->kind == VALUE_MAP && t->kind == VALUE_STRING)
            value_set(tags, t->name, value_str(a, t->u.text));
        else if (key && key->kind == VALUE_STRING)
            value_set(tags, key->u.text,
                      value_str(a, value && value->kind == VALUE_STRING ? value->u.text : STR("")));
    }
    return tags;
}

static struct value *pair_of(struct work *w, const struct value *tag, const struct cat_shape *s)
{
    struct value *pair = value_map(w->a);

    for (uint32_t i = 0; i < s->member_count; i++) {
        struct str name = cat_str(w->cat, cat_shape_member(w->cat, s, i)->name);
        struct str normal = noun_normal(w->a, name);

        if (str_has_suffix(normal, STR("key")))
            value_set(pair, name, value_str(w->a, tag->name));
        else if (str_has_suffix(normal, STR("value")))
            value_set(pair, name, value_str(w->a, tag->u.text));
    }
    return pair;
}

struct value *tags_write(struct work *w, const struct value *tags, const struct cat_shape *shape)
{
    struct value *out;

    if (shape->type == CAT_MAP)
        return value_copy(w->a, tags);
    if (shape->type == CAT_STRUCTURE && shape->member_count == 1) {
        const struct cat_member *m = cat_shape_member(w->cat, shape, 0);
        struct value *inner = tags_write(w, tags, cat_member_shape(w->cat, m));

        out = value_map(w->a);
        if (inner)
            value_set(out, cat_str(w->cat, m->name), inner);
        return inner ? out : NULL;
    }
    if (shape->type != CAT_LIST)
        return NULL;
    const struct cat_shape *item = cat_member_shape(w->cat, cat_shape_member(w->cat, shape, 0));

    if (item->type != CAT_STRUCTURE)
        return NULL;
    out = value_list(w->a);
    for (const struct value *t = value_first(tags); t; t = t->next)
        value_push(out, pair_of(w, t, item));
    return out;
}

struct value *tags_of_input(struct arena *a, const struct value *params)
{
    const struct value *specs = value_get_c(params, "TagSpecifications");

    for (const struct value *v = value_first(params); v; v = v->next)
        if (tags_is_name(noun_normal(a, v->name)))
            return tags_read(a, v);
    return tags_read(a, specs ? value_get_c(value_at(specs, 0), "Tags") : NULL);
}

/* ---- TagResource, UntagResource, ListTagsForResource ---- */

static void drop_keys(struct work *w, struct value *tags, const struct value *keys)
{
    if (keys && keys->kind == VALUE_STRING)
        (void)value_remove(tags, keys->u.text);
    for (const struct value *k = value_first(keys); k; k = k->next) {
        const struct value *key = k->kind == VALUE_MAP ? part(w->a, k, "key") : k;

        if (key && key->kind == VALUE_STRING)
            (void)value_remove(tags, key->u.text);
    }
}

/* The thing that who names. An ARN that no answer has shown ends in its id or name. */
static int find_tagged(struct work *w, struct str who, struct resource *r, struct doc_key *key,
                       struct err *err)
{
    int rc = resource_by_identity(w, who, r, key, err);
    struct str head, tail = { 0 };

    if (rc != E_MISSING || !str_has_prefix(who, STR("arn:")))
        return rc;
    if (!str_rcut(who, '/', &head, &tail))
        (void)str_rcut(who, ':', &head, &tail);
    return resource_by_identity(w, tail, r, key, err);
}

static int tag_one(struct work *w, struct str who, struct err *err)
{
    struct str path = life_str(w->cat, life_binding_at(w->cat, w->life, 1)->path);
    const struct value *given = w->life->binding_count > 1 ? path_get(w->call->params, path) : NULL;
    struct resource r;
    struct doc_key key;
    int rc = find_tagged(w, who, &r, &key, err);

    if (rc == E_MISSING)
        return refuse_not_found(w);
    if (rc < 0)
        return rc;
    struct value *tags = value_get_c(r.doc, "tags");

    if (!tags) {
        tags = value_map(w->a);
        value_set(r.doc, STR("tags"), tags);
    }
    if (w->life->role == LIFE_LIST_TAGS) {
        const struct cat_shape *out = cat_op_output(w->cat, w->call->op);
        struct str at = life_str(w->cat, (uint32_t)w->life->text);
        struct value *written = tags_write(w, tags, path_shape(w->cat, out, at, NULL));

        if (!written)
            return refuse(w, "the form of its tags is unknown");
        w->out->output = value_map(w->a);
        path_put(w->a, w->out->output, at, written);
        return 0;
    }
    if (w->life->role == LIFE_UNTAG)
        drop_keys(w, tags, given);
    else
        for (struct value *t = value_first(tags_read(w->a, given)), *next; t; t = next) {
            next = t->next;
            value_set(tags, t->name, value_str(w->a, t->u.text));
        }
    w->out->changed = true;
    return store_doc_put(w->cx->e->store, key, r.doc, err);
}

int tags_perform(struct work *w, struct err *err)
{
    struct str path = life_str(w->cat, life_binding_at(w->cat, w->life, 0)->path);
    const struct value *who = path_get(w->call->params, path);
    int rc = 0;

    if (!who || who->kind == VALUE_STRING)
        return tag_one(w, who ? who->u.text : STR(""), err);
    for (const struct value *v = value_first(who); rc == 0 && v; v = v->next)
        if (!outcome_refused(w->out))
            rc = tag_one(w, identity_text(w->a, v), err);
    return rc;
}
