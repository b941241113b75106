/* A resource on an output shape, member by member, by their names. */
#include "emulator/engine/generic/work.h"

/* Where the walk stands. */
struct view {
    struct work *w;
    struct resource *r;
    uint32_t hits;     /* members that say something of this resource */
    uint32_t key_hits; /* those that tell which it is */
    uint32_t visits;
};
/* Of one structure of the walk. */
struct level {
    const struct cat_shape *shape;
    const struct value *scope; /* what the client said that stands at this place */
    struct str normal;         /* the name of the member that holds it */
    int depth;
    bool is_below; /* inside of the structure that is the resource */
};

#define DEPTH_MOST  7
#define VISITS_MOST 6000u

static bool is_scalar(const struct cat_shape *s)
{
    return s->type != CAT_STRUCTURE && s->type != CAT_LIST && s->type != CAT_MAP;
}

/* ---- what the client said ---- */

static struct value *member_like(struct arena *a, const struct value *map, struct str normal)
{
    for (struct value *v = map && map->kind == VALUE_MAP ? value_first(map) : NULL; v; v = v->next)
        if (str_eq(noun_normal(a, v->name), normal))
            return v;
    return NULL;
}

/* The name, id or value of one thing is not another's. */
static bool is_bare(struct str normal)
{
    static const char *const names[] = { "name", "id", "arn", "key", "value" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq_c(normal, names[i]))
            return true;
    return false;
}

static struct value *deep_like(struct arena *a, const struct value *map, struct str normal,
                               int depth)
{
    struct value *found = member_like(a, map, normal);

    for (struct value *v = map && map->kind == VALUE_MAP ? value_first(map) : NULL;
         v && !found && depth > 1 && !is_bare(normal); v = v->next)
        if (v->kind == VALUE_MAP)
            found = deep_like(a, v, normal, depth - 1);
    return found;
}

static struct value *fit_list(struct work *w, const struct value *v, const struct cat_shape *shape)
{
    const struct cat_shape *item = cat_member_shape(w->cat, cat_shape_member(w->cat, shape, 0));
    struct value *out = value_list(w->a);

    for (const struct value *k = value_first(v); k; k = k->next) {
        struct value *one = project_fit(w, k, item);

        if (one)
            value_push(out, one);
    }
    return v->count > 0 && out->count == 0 ? NULL : out;
}

static struct value *fit_map(struct work *w, const struct value *v, const struct cat_shape *shape)
{
    const struct cat_shape *item = cat_member_shape(w->cat, cat_shape_member(w->cat, shape, 1));
    struct value *out = value_map(w->a);

    for (const struct value *k = value_first(v); k; k = k->next) {
        struct value *one = project_fit(w, k, item);

        if (one)
            value_set(out, k->name, one);
    }
    return out;
}

static struct value *fit_structure(struct work *w, const struct value *v,
                                   const struct cat_shape *shape)
{
    struct value *out = value_map(w->a);

    if (shape->flags & CAT_S_DOCUMENT)
        return value_copy(w->a, v);
    for (uint32_t i = 0; i < shape->member_count; i++) {
        const struct cat_member *m = cat_shape_member(w->cat, shape, i);
        struct str name = cat_str(w->cat, m->name);
        const struct value *given = member_like(w->a, v, noun_normal(w->a, name));
        struct value *one = given ? project_fit(w, given, cat_member_shape(w->cat, m)) : NULL;

        if (!one && m->flags & CAT_M_REQUIRED && !(shape->flags & CAT_S_UNION))
            one = project_neutral(w, cat_member_shape(w->cat, m), 1);
        if (one)
            value_append(out, name, one);
        if (one && shape->flags & CAT_S_UNION)
            break;
    }
    return (v->count > 0 || shape->flags & CAT_S_UNION) && out->count == 0 ? NULL : out;
}

struct value *project_fit(struct work *w, const struct value *v, const struct cat_shape *shape)
{
    enum value_kind kind = v->kind;
    bool is_number = kind == VALUE_INT || kind == VALUE_FLOAT;

    switch (shape->type) {
    case CAT_STRUCTURE:
        return kind == VALUE_MAP ? fit_structure(w, v, shape) : NULL;
    case CAT_LIST:
        return kind == VALUE_LIST ? fit_list(w, v, shape) : NULL;
    case CAT_MAP:
        return kind == VALUE_MAP ? fit_map(w, v, shape) : NULL;
    case CAT_STRING:
        return kind == VALUE_STRING ? value_copy(w->a, v) : NULL;
    case CAT_BLOB:
        return kind == VALUE_BLOB ? value_copy(w->a, v) : NULL;
    case CAT_BOOLEAN:
        return kind == VALUE_BOOL ? value_copy(w->a, v) : NULL;
    case CAT_INTEGER:
    case CAT_LONG:
        return kind == VALUE_INT ? value_copy(w->a, v) : NULL;
    case CAT_TIMESTAMP:
        return kind == VALUE_TIME ? value_copy(w->a, v) : NULL;
    default:
        return is_number ? value_copy(w->a, v) : NULL;
    }
}

/* ---- neutral values ---- */

static struct value *neutral_structure(struct work *w, const struct cat_shape *shape, int depth)
{
    struct value *out = value_map(w->a);

    for (uint32_t i = 0; depth < 6 && i < shape->member_count; i++) {
        const struct cat_member *m = cat_shape_member(w->cat, shape, i);

        if (!(m->flags & CAT_M_REQUIRED) && !(shape->flags & CAT_S_UNION))
            continue;
        value_append(out, cat_str(w->cat, m->name),
                     project_neutral(w, cat_member_shape(w->cat, m), depth + 1));
        if (shape->flags & CAT_S_UNION)
            break;
    }
    return out;
}

struct value *project_neutral(struct work *w, const struct cat_shape *shape, int depth)
{
    switch (shape->type) {
    case CAT_STRUCTURE:
        return neutral_structure(w, shape, depth);
    case CAT_LIST:
        return value_list(w->a);
    case CAT_MAP:
        return value_map(w->a);
    case CAT_BOOLEAN:
        return value_bool(w->a, false);
    case CAT_INTEGER:
    case CAT_LONG:
        return value_int(w->a, 0);
    case CAT_FLOAT:
    case CAT_DOUBLE:
        return value_float(w->a, 0);
    case CAT_TIMESTAMP:
        return value_time(w->a, w->cx->now_ms);
    case CAT_BLOB:
        return value_blob(w->a, STR(""));
    default:
        return value_str(w->a, cat_constraint_at(w->cat, shape).enum_count
                                   ? cat_enum_at(w->cat, shape, 0)
                                   : STR(""));
    }
}

/* ---- one member ---- */

static bool ends_in_status(struct str normal)
{
    return str_has_suffix(normal, STR("status")) || str_has_suffix(normal, STR("state"));
}

/* The stored status where this enum knows it, else what means "ready" in the enum. */
static struct value *status_value(struct view *v, const struct cat_shape *shape)
{
    static const char *const ready[] = { "active", "available", "enabled",   "ready",     "running",
                                         "inuse",  "created",   "completed", "succeeded", "success",
                                         "issued", "deployed",  "inservice" };
    struct work *w = v->w;
    struct str status = value_get_str(v->r->doc, "status");
    uint32_t count = cat_constraint_at(w->cat, shape).enum_count;

    if (count == 0)
        return status.len > 0 ? value_str(w->a, status) : NULL;
    for (uint32_t i = 0; i < count; i++)
        if (str_eq_nocase(cat_enum_at(w->cat, shape, i), status))
            return value_str(w->a, cat_enum_at(w->cat, shape, i));
    for (size_t k = 0; status.len == 0 && k < COUNT(ready); k++)
        for (uint32_t i = 0; i < count; i++)
            if (str_eq_c(noun_normal(w->a, cat_enum_at(w->cat, shape, i)), ready[k]))
                return value_str(w->a, cat_enum_at(w->cat, shape, i));
    return NULL;
}

static struct value *time_value(struct view *v, struct str normal)
{
    static const char *const updated[] = { "updat", "modif", "chang" };
    static const char *const created[] = { "creat", "start",   "launch", "regist",
                                           "added", "request", "submit" };

    for (size_t i = 0; i < COUNT(updated); i++)
        if (str_find(normal, str_c(updated[i])) >= 0)
            return value_copy(v->w->a, value_get_c(v->r->doc, "updated"));
    for (size_t i = 0; i < COUNT(created); i++)
        if (str_find(normal, str_c(created[i])) >= 0)
            return value_copy(v->w->a, value_get_c(v->r->doc, "created"));
    return NULL;
}

/* environmentBlueprintIdentifier is shown as environmentBlueprintId. */
static bool same_name(struct str key, struct str shown)
{
    struct str stem = str_sub(key, 0, key.len < 10 ? 0 : key.len - 10);

    return str_eq(key, shown) ||
           (str_has_suffix(key, STR("identifier")) && shown.len == stem.len + 2 &&
            str_has_prefix(shown, stem) && str_has_suffix(shown, STR("id")));
}

/* Is this the very place where the create shows the key: "metadata.id"? */
static bool is_place_of(struct work *w, const struct life_key *k, const struct level *at,
                        struct str normal)
{
    struct str head, leaf, above, parent;

    if (k->source != LIFE_FROM_OUTPUT || !str_rcut(life_str(w->cat, k->path), '.', &head, &leaf))
        return false;
    if (!str_rcut(head, '.', &above, &parent))
        parent = head;
    return str_eq(noun_normal(w->a, leaf), normal) && str_eq(noun_normal(w->a, parent), at->normal);
}

/* Does an output show key k under this name? */
static bool shows_key(struct work *w, const struct life_key *k, struct str normal)
{
    struct str head, leaf, shown = life_str(w->cat, k->shown);

    if (same_name(noun_normal(w->a, life_str(w->cat, k->name)), normal) ||
        (shown.len > 0 && str_eq(noun_normal(w->a, shown), normal)))
        return true;
    if (k->source != LIFE_FROM_OUTPUT)
        return false;
    if (!str_rcut(life_str(w->cat, k->path), '.', &head, &leaf))
        leaf = head;
    return str_eq(noun_normal(w->a, leaf), normal);
}

static struct value *key_value(struct view *v, const struct level *at, struct str normal,
                               const struct cat_shape *shape)
{
    struct work *w = v->w;
    const struct value *keys = value_get_c(v->r->doc, "keys");

    for (uint32_t i = 0; w->type && i < w->type->key_count; i++) {
        const struct life_key *k = life_key_at(w->cat, w->type, i);
        const struct value *value = value_get(keys, life_str(w->cat, k->name));

        if (!value ||
            !(is_place_of(w, k, at, normal) || (!at->is_below && shows_key(w, k, normal))))
            continue;
        if (shape->type == CAT_LIST && value->kind != VALUE_LIST) {
            struct value *list = value_list(w->a);

            value_push(list, value_copy(w->a, value));
            value = list;
        }
        return project_fit(w, value, shape);
    }
    return NULL;
}

/* Identities that AWS gives whether or not the client named the thing. */
static struct value *own_identity(struct view *v, const struct cat_member *m, struct str normal,
                                  const struct cat_shape *shape)
{
    struct work *w = v->w;
    bool is_list = shape->type == CAT_LIST;
    struct str kind = { 0 };

    if (w->noun.len == 0)
        return NULL;
    kind = noun_identity(w->noun, is_list && normal.len > 0 && str_has_suffix(normal, STR("s"))
                                      ? str_sub(normal, 0, normal.len - 1)
                                      : normal);
    if (kind.len == 0)
        return NULL;
    struct value *known = value_get(value_get_c(v->r->doc, "ids"), kind);
    bool is_made = str_eq_c(kind, "id") || str_eq_c(kind, "arn") || m->flags & CAT_M_REQUIRED;

    if (!known && !is_made)
        return NULL;
    uint32_t leaf = is_list ? cat_shape_member(w->cat, shape, 0)->shape : m->shape;
    struct value *value = identity_of(w, v->r, kind, leaf);

    if (value && is_list) {
        struct value *list = value_list(w->a);

        value_push(list, value_copy(w->a, value));
        value = list;
    }
    return value ? project_fit(w, value, shape) : NULL;
}

static struct value *surroundings(struct view *v, struct str normal, const struct cat_shape *shape)
{
    static const char *const accounts[] = { "ownerid",   "accountid",      "awsaccountid",
                                            "owner",     "owneraccountid", "owneraccount",
                                            "registryid" };
    struct work *w = v->w;

    if (shape->type == CAT_TIMESTAMP)
        return time_value(v, normal);
    if (shape->type != CAT_STRING)
        return NULL;
    for (size_t i = 0; i < COUNT(accounts); i++)
        if (str_eq_c(normal, accounts[i]))
            return value_str(w->a, w->call->account);
    if (str_eq_c(normal, "region") || str_eq_c(normal, "awsregion"))
        return value_str(w->a, w->call->region);
    return NULL;
}

static struct value *plain_value(struct view *v, const struct level *at, const struct cat_member *m,
                                 struct str normal)
{
    struct work *w = v->w;
    const struct cat_shape *shape = cat_member_shape(w->cat, m);
    const struct value *root = value_get_c(v->r->doc, "in"), *said;
    struct value *found = key_value(v, at, normal, shape);

    if (!found && at->normal.len > 0 && at->depth <= 2) { /* MemberArn is shown as Member {Arn} */
        struct str parts[] = { at->normal, normal };
        struct level above = *at;

        above.is_below = false;
        found = key_value(v, &above, arena_join(w->a, parts, 2, STR("")), shape);
    }
    if (found) {
        v->key_hits++;
        return found;
    }
    said = member_like(w->a, at->scope, normal);
    if (said && (found = project_fit(w, said, shape)) != NULL)
        return found;
    if (!at->is_below && (found = own_identity(v, m, normal, shape)) != NULL) {
        v->key_hits++;
        return found;
    }
    if (shape->type == CAT_STRING && (ends_in_status(normal) || ends_in_status(at->normal)) &&
        (found = status_value(v, shape)) != NULL)
        return found;
    said = deep_like(w->a, root, normal, 3);
    return said ? project_fit(w, said, shape) : NULL;
}

static struct value *walk(struct view *v, const struct level *at);
static bool names_self(struct view *v, const struct cat_shape *shape);

static struct value *list_of_one(struct view *v, const struct level *at,
                                 const struct cat_shape *list, struct str normal)
{
    const struct cat_shape *item =
        cat_member_shape(v->w->cat, cat_shape_member(v->w->cat, list, 0));
    struct level inner = { item, at->scope, normal, at->depth + 1, false };
    uint32_t before = v->key_hits;
    struct value *one, *out;

    if (at->is_below || item->type != CAT_STRUCTURE)
        return NULL;
    one = walk(v, &inner);
    if (!one || v->key_hits == before)
        return NULL;
    out = value_list(v->w->a);
    value_push(out, one);
    return out;
}

static struct value *structure_value(struct view *v, const struct level *at,
                                     const struct cat_shape *shape, struct str normal)
{
    struct work *w = v->w;
    const struct value *said = member_like(w->a, at->scope, normal);
    struct level inner = { shape, at->scope, normal, at->depth + 1, at->is_below };
    uint32_t before = v->hits;

    if (noun_meets(normal, w->noun))
        inner.is_below = false;
    else if (said && said->kind == VALUE_MAP && !names_self(v, shape))
        return project_fit(w, said, shape);
    if (said && said->kind == VALUE_MAP)
        inner.scope = said;
    if (inner.is_below && at->depth > 3)
        return NULL;
    struct value *out = walk(v, &inner);

    return out && v->hits > before ? out : NULL;
}

static struct value *member_value(struct view *v, const struct level *at,
                                  const struct cat_member *m, struct str normal)
{
    struct work *w = v->w;
    const struct cat_shape *shape = cat_member_shape(w->cat, m);
    struct value *found = NULL;

    if (m->location == CAT_STATUS || m->location == CAT_HEADERS ||
        shape->flags & (CAT_S_STREAMING | CAT_S_EVENTSTREAM) || m->flags & CAT_M_STREAMING)
        return NULL;
    if (tags_is_name(normal) && !is_scalar(shape)) {
        const struct value *tags = value_get_c(v->r->doc, "tags");

        found = value_first(tags) ? tags_write(w, tags, shape) : NULL;
        if (found)
            return found;
    }
    if (shape->type == CAT_STRUCTURE)
        return at->depth < DEPTH_MOST ? structure_value(v, at, shape, normal) : NULL;
    found = plain_value(v, at, m, normal);
    if (!found && shape->type == CAT_LIST && at->depth < DEPTH_MOST)
        found = list_of_one(v, at, shape, normal);
    if (found)
        v->hits++;
    return found ? found : surroundings(v, normal, shape);
}

/* Has it a member that begins with the noun and tells which one: BackupDetails {BackupArn}. */
static bool names_self(struct view *v, const struct cat_shape *shape)
{
    struct work *w = v->w;

    for (uint32_t i = 0; w->noun.len > 0 && i < shape->member_count; i++) {
        const struct cat_member *m = cat_shape_member(w->cat, shape, i);
        struct str normal = noun_normal(w->a, cat_str(w->cat, m->name));

        if (is_scalar(cat_member_shape(w->cat, m)) && !is_bare(normal) &&
            noun_identity(w->noun, normal).len > 0)
            return true;
    }
    return false;
}

/* A structure that has a key or an identity of its own is the resource: what lies inside is a part
 * of it, and its names and ids are others'. */
static bool is_self(struct view *v, const struct cat_shape *shape)
{
    struct work *w = v->w;

    for (uint32_t i = 0; i < shape->member_count; i++) {
        const struct cat_member *m = cat_shape_member(w->cat, shape, i);
        struct str normal = noun_normal(w->a, cat_str(w->cat, m->name));

        if (is_scalar(cat_member_shape(w->cat, m)) && noun_identity(w->noun, normal).len > 0)
            return true;
    }
    return false;
}

static struct value *walk(struct view *v, const struct level *at)
{
    struct work *w = v->w;
    struct value *out = value_map(w->a);
    bool is_union = (at->shape->flags & CAT_S_UNION) != 0;
    struct level inside = *at;

    if (at->shape->flags & CAT_S_DOCUMENT)
        return NULL;
    for (uint32_t i = 0; i < at->shape->member_count; i++) {
        const struct cat_member *m = cat_shape_member(w->cat, at->shape, i);
        struct str name = cat_str(w->cat, m->name), normal = noun_normal(w->a, name);
        const struct cat_shape *shape = cat_member_shape(w->cat, m);
        struct value *value;

        if (++v->visits > VISITS_MOST)
            break;
        inside.is_below = at->is_below || (!is_scalar(shape) && is_self(v, at->shape) &&
                                           shape->type == CAT_STRUCTURE);
        if (shape->type == CAT_LIST)
            inside.is_below = at->is_below;
        value = member_value(v, &inside, m, normal);
        if (!value && m->flags & CAT_M_REQUIRED && !is_union)
            value = project_neutral(w, shape, 1);
        if (value)
            value_append(out, name, value);
        if (value && is_union)
            break;
    }
    return is_union && out->count == 0 ? NULL : out;
}

struct value *project(struct work *w, struct resource *r, const struct cat_shape *shape)
{
    struct view v = { .w = w, .r = r };
    const struct value *said = value_get_c(r->doc, "in");
    const struct value *added = shape ? template_of(w, r) : NULL;
    struct level top = { shape, added ? template_merge(w->a, added, said) : said, { 0 }, 0, false };

    return shape ? walk(&v, &top) : NULL;
}

struct value *project_item(struct work *w, struct resource *r, const struct cat_member *element)
{
    const struct cat_shape *shape = cat_member_shape(w->cat, element);

    if (shape->type == CAT_STRUCTURE)
        return project(w, r, shape);
    return NULL;
}
