#include "emulator/engine/generic/work.h"

struct doc_key resource_key(const struct work *w, struct str type, struct str id)
{
    return (struct doc_key){ .account = w->call->account,
                             .region = w->region,
                             .service = w->service,
                             .type = type,
                             .id = id };
}

static struct str type_name(const struct work *w)
{
    return arena_printf(w->a, "generic:%.*s", STR_ARG(life_str(w->cat, w->type->name)));
}

void resource_asked(const struct work *w, const struct value **asked, size_t count)
{
    for (size_t i = 0; i < count; i++)
        asked[i] = NULL;
    for (uint32_t i = 0; i < w->life->binding_count; i++) {
        const struct life_binding *b = life_binding_at(w->cat, w->life, i);

        if (b->key < count)
            asked[b->key] = path_get(w->call->params, life_str(w->cat, b->path));
        if (b->key < count && asked[b->key] && asked[b->key]->kind == VALUE_LIST)
            asked[b->key] = value_at(asked[b->key], w->at);
    }
}

static bool is_own(const struct work *w, uint32_t key)
{
    const struct life_key *k = life_key_at(w->cat, w->type, key);

    return k->source == LIFE_OWN ||
           noun_identity(w->noun, noun_normal(w->a, life_str(w->cat, k->name))).len > 0;
}

static bool same_text(const struct work *w, const struct value *v, struct str text)
{
    return v && text.len > 0 && str_eq(identity_text(w->a, v), text);
}

bool resource_is(const struct work *w, const struct resource *r, uint32_t key,
                 const struct value *asked)
{
    struct value *keys = value_get_c(r->doc, "keys"), *ids = value_get_c(r->doc, "ids");
    struct str name = life_str(w->cat, life_key_at(w->cat, w->type, key)->name);
    struct str text = identity_text(w->a, asked);

    if (same_text(w, value_get(keys, name), text))
        return true;
    if (asked && asked->kind == VALUE_MAP) { /* RegistryId {RegistryArn} */
        for (const struct value *v = value_first(asked); v; v = v->next)
            if (v->kind == VALUE_STRING && resource_is(w, r, key, v))
                return true;
        return false;
    }
    if (!is_own(w, key)) {
        /* A parent may be named by its ARN here and by its name there. */
        struct str head, tail, stored = identity_text(w->a, value_get(keys, name));

        if (str_rcut(text, '/', &head, &tail) && str_eq(tail, stored))
            return true;
        return str_rcut(stored, '/', &head, &tail) && str_eq(tail, text);
    }
    for (const struct value *v = value_first(ids); v; v = v->next)
        if (same_text(w, v, text))
            return true;
    return false;
}

static bool is_meant(const struct work *w, const struct resource *r, const struct value **asked)
{
    for (uint32_t i = 0; i < w->type->key_count; i++)
        if (asked[i] && asked[i]->kind != VALUE_NULL && !resource_is(w, r, i, asked[i]))
            return false;
    return true;
}

int resource_list(struct work *w, struct resource **out, size_t *count, struct err *err)
{
    struct doc *docs;
    int rc = store_doc_list(w->cx->e->store, w->a, resource_key(w, type_name(w), STR("")), STR(""),
                            0, &docs, count, err);

    if (rc < 0)
        return rc;
    *out = arena_array(w->a, *count + 1, sizeof **out);
    size_t kept = 0;

    for (size_t i = 0; i < *count; i++)
        if (str_eq(docs[i].key.region, w->region))
            (*out)[kept++] = (struct resource){ docs[i].key.id, docs[i].value };
    *count = kept;
    return 0;
}

/* The document's id when every key was given, so that most lookups need no list. */
static struct str direct_id(struct work *w, const struct value **asked)
{
    struct str parts[16];
    uint32_t count = w->type->key_count;

    for (uint32_t i = 0; i < count && i < COUNT(parts); i++) {
        if (!asked[i])
            return (struct str){ 0 };
        parts[i] = identity_text(w->a, asked[i]);
    }
    return count ? arena_join(w->a, parts, count, STR("\x1f")) : STR("-");
}

int resource_find(struct work *w, struct resource *out, struct err *err)
{
    const struct value *asked[16];
    struct resource *all;
    size_t count;

    resource_asked(w, asked, COUNT(asked));
    struct str id = direct_id(w, asked);

    if (id.len > 0 && store_doc_get(w->cx->e->store, w->a, resource_key(w, type_name(w), id),
                                    &out->doc, err) == 0) {
        out->id = id;
        return 0;
    }
    int rc = resource_list(w, &all, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (is_meant(w, &all[i], asked)) {
            *out = all[i];
            return 0;
        }
    return rc < 0 ? rc : E_MISSING;
}

int resource_save(struct work *w, const struct resource *r, struct err *err)
{
    w->out->changed = true;
    return store_doc_put(w->cx->e->store, resource_key(w, type_name(w), r->id), r->doc, err);
}

static bool has_identity(const struct work *w, const struct value *doc, struct str text)
{
    static const char *const places[] = { "ids", "keys" };

    for (size_t i = 0; i < COUNT(places); i++)
        for (const struct value *v = value_first(value_get_c(doc, places[i])); v; v = v->next)
            if (same_text(w, v, text))
                return true;
    return false;
}

int resource_by_identity(struct work *w, struct str text, struct resource *out, struct doc_key *key,
                         struct err *err)
{
    struct doc *docs;
    size_t count;
    int rc = store_doc_list(w->cx->e->store, w->a, resource_key(w, STR(""), STR("")), STR(""), 0,
                            &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (str_eq(docs[i].key.region, w->region) && has_identity(w, docs[i].value, text)) {
            *key = docs[i].key;
            *out = (struct resource){ docs[i].key.id, docs[i].value };
            return 0;
        }
    return rc < 0 ? rc : E_MISSING;
}
