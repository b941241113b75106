#include "emulator/catalogue/compile/lifecycle.h"

bool shape_is_scalar(const struct cat_shape *s)
{
    return s->type != CAT_STRUCTURE && s->type != CAT_LIST && s->type != CAT_MAP;
}

/* ---- searching ---- */

struct place_in {
    const struct cat_shape *shape;
    struct str path;
    int level;
};

static struct str join(struct arena *a, struct str path, struct str name)
{
    if (path.len == 0)
        return name;
    return arena_printf(a, "%.*s.%.*s", STR_ARG(path), STR_ARG(name));
}

static const struct cat_shape *element_of(const struct infer *in, const struct cat_shape *list)
{
    return cat_member_shape(in->cat, cat_shape_member(in->cat, list, 0));
}

#define QUEUE_MOST 400

bool shape_search(struct infer *in, const struct cat_shape *root, int levels, found_fn *fits,
                  const void *arg, struct found *out)
{
    struct place_in queue[QUEUE_MOST];
    uint32_t head = 0, tail = 0;

    if (root)
        queue[tail++] = (struct place_in){ root, { 0 }, 1 };
    for (; head < tail; head++) {
        struct place_in at = queue[head];

        for (uint32_t i = 0; i < at.shape->member_count; i++) {
            const struct cat_member *m = cat_shape_member(in->cat, at.shape, i);
            const struct cat_shape *s = cat_member_shape(in->cat, m);
            const struct cat_shape *item = s->type == CAT_LIST ? element_of(in, s) : s;
            struct str name = cat_str(in->cat, m->name);
            struct found f = { join(in->a, at.path, name), name, m->shape, s->type == CAT_LIST };

            if (s->type != CAT_MAP && item->type != CAT_MAP &&
                fits(arg, noun_normal(in->a, name), &f)) {
                *out = f;
                return true;
            }
            if (item->type != CAT_STRUCTURE || at.level >= levels || tail >= QUEUE_MOST)
                continue;
            if (f.is_list)
                f.path = arena_printf(in->a, "%.*s[]", STR_ARG(f.path));
            queue[tail++] = (struct place_in){ item, f.path, at.level + 1 };
        }
    }
    return false;
}

/* ---- which members are keys ---- */

static bool ends_in_switch(struct str normal)
{
    static const char *const ends[] = { "reason", "token", "force",   "retain", "skip",
                                        "status", "mode",  "comment", "dryrun", "description" };

    for (size_t i = 0; i < COUNT(ends); i++)
        if (str_has_suffix(normal, str_c(ends[i])))
            return true;
    return false;
}

/* "forceDelete" begins so, "notebookId" does not. */
static bool begins_as_switch(struct str name)
{
    static const char *const starts[] = { "force", "retain", "skip", "delete", "no" };

    for (size_t i = 0; i < COUNT(starts); i++) {
        struct str start = str_c(starts[i]);

        if (name.len > start.len && str_eq_nocase(str_sub(name, 0, start.len), start) &&
            name.ptr[start.len] >= 'A' && name.ptr[start.len] <= 'Z')
            return true;
    }
    return false;
}

static bool can_be_key(const struct infer *in, const struct cat_member *m)
{
    static const unsigned never = 1u << CAT_BOOLEAN | 1u << CAT_TIMESTAMP | 1u << CAT_FLOAT |
                                  1u << CAT_DOUBLE | 1u << CAT_BLOB | 1u << CAT_MAP;
    const struct cat_shape *s = cat_member_shape(in->cat, m);
    struct str name = cat_str(in->cat, m->name);

    if (never & 1u << s->type || m->flags & CAT_M_IDEMPOTENCY || m->location == CAT_HEADER ||
        m->location == CAT_HEADERS)
        return false;
    return !begins_as_switch(name) && !ends_in_switch(noun_normal(in->a, name));
}

static void add_key(struct infer *in, struct type *t, const struct cat_member *m)
{
    const struct cat_shape *s = cat_member_shape(in->cat, m);
    struct str name = cat_str(in->cat, m->name);
    const struct key_row *row = words_key_row(in, t->name, name);

    if (row && str_eq_c(row->source, "drop"))
        return;
    struct type_key *key = &t->keys[t->key_count++];

    *key = (struct type_key){ .name = name };
    key->normal = noun_normal(in->a, key->name);
    key->shape = m->shape;
    key->is_list = s->type == CAT_LIST;
}

/* Athena marks the id of what is deleted as an idempotency token. */
static bool is_own_id(const struct infer *in, const struct type *t, const struct cat_member *m)
{
    struct str normal = noun_normal(in->a, cat_str(in->cat, m->name));

    return m->flags & CAT_M_IDEMPOTENCY && str_has_prefix(normal, t->normal) &&
           str_eq_c(noun_identity(t->normal, normal), "id");
}

static void keys_from(struct infer *in, struct type *t, const struct cat_op *op)
{
    const struct cat_shape *shape = cat_op_input(in->cat, op);

    for (uint32_t i = 0; shape && i < shape->member_count && t->key_count < KEYS_MOST; i++) {
        const struct cat_member *m = cat_shape_member(in->cat, shape, i);

        if ((m->flags & CAT_M_REQUIRED || m->location == CAT_URI) &&
            (can_be_key(in, m) || is_own_id(in, t, m)))
            add_key(in, t, m);
    }
    for (uint32_t i = 0; shape && i < shape->member_count && t->key_count == 0; i++) {
        const struct cat_member *m = cat_shape_member(in->cat, shape, i);
        struct str normal = noun_normal(in->a, cat_str(in->cat, m->name));

        if (can_be_key(in, m) && noun_identity(t->normal, normal).len > 0)
            add_key(in, t, m);
    }
}

/* ---- where their values come from ---- */

struct wanted {
    const struct infer *in;
    const struct type *t;
    const struct type_key *key;
    struct str kind;
};

static bool kind_ok(const struct wanted *w, const struct found *f)
{
    const struct cat_shape *s = cat_shape_at(w->in->cat, f->shape);

    if (s->type == CAT_LIST)
        return w->key->is_list &&
               shape_is_scalar(cat_member_shape(w->in->cat, cat_shape_member(w->in->cat, s, 0)));
    return shape_is_scalar(s);
}

static bool fits_same(const void *arg, struct str normal, const struct found *f)
{
    const struct wanted *w = arg;

    return str_eq(normal, w->key->normal) && kind_ok(w, f);
}
static bool fits_structure(const void *arg, struct str normal, const struct found *f)
{
    const struct wanted *w = arg;

    return str_eq(normal, w->key->normal) && cat_shape_at(w->in->cat, f->shape)->type ==
                                                 cat_shape_at(w->in->cat, w->key->shape)->type;
}
static bool fits_noun(const void *arg, struct str normal, const struct found *f)
{
    const struct wanted *w = arg;
    struct str kind = noun_identity(w->t->normal, w->key->normal);

    return kind.len > 0 && str_eq(kind, noun_identity(w->t->normal, normal)) && kind_ok(w, f);
}
static bool fits_singular(const void *arg, struct str normal, const struct found *f)
{
    const struct wanted *w = arg;

    return w->key->is_list && noun_meets(normal, w->key->normal) && kind_ok(w, f);
}
static bool fits_kind(const void *arg, struct str normal, const struct found *f)
{
    const struct wanted *w = arg;

    return str_eq(w->kind, noun_identity(w->t->normal, normal)) && kind_ok(w, f);
}

/* A made value has the form in which it will be asked for; where that is open, in which it is
 * shown.
 */
static void take_form(const struct infer *in, struct type_key *key, uint32_t shown)
{
    const struct cat_shape *asked = cat_shape_at(in->cat, key->shape);

    if (asked->type != CAT_STRING || cat_constraint_at(in->cat, asked).pattern.len == 0 ||
        cat_shape_at(in->cat, shown)->type != CAT_STRING)
        key->shape = shown;
}

/* fooIdentifier, resource, or the bare noun: whatever names the thing. */
static bool names_any(const struct type *t, const struct type_key *key)
{
    static const char *const any[] = { "id", "arn", "name", "resource", "identifier" };

    for (size_t i = 0; i < COUNT(any); i++)
        if (str_eq_c(key->normal, any[i]))
            return true;
    return noun_meets(key->normal, t->normal) || str_has_suffix(key->normal, STR("identifier"));
}

static bool is_at(const void *arg, struct str normal, const struct found *f)
{
    const struct found *there = arg;

    (void)normal;
    return str_eq(there->path, f->path);
}

/* What the output shows at the very place where the input has it is the client's. */
static enum life_source source_of(struct infer *in, const struct type *t, struct found *shown)
{
    const struct cat_shape *input = t->create ? cat_op_input(in->cat, t->create) : NULL;
    struct found f;

    return shape_search(in, input, 3, is_at, shown, &f) ? LIFE_FROM_INPUT : LIFE_FROM_OUTPUT;
}

static bool from_shape(struct infer *in, const struct wanted *w, const struct cat_shape *shape,
                       enum life_source source, int levels)
{
    static found_fn *const ways[] = { fits_same, fits_noun, fits_singular };
    struct type_key *key = (struct type_key *)w->key;
    struct found f;

    for (size_t i = 0; i < COUNT(ways); i++)
        if (shape_search(in, shape, levels, ways[i], w, &f)) {
            key->source = source == LIFE_FROM_OUTPUT ? source_of(in, w->t, &f) : source;
            key->path = f.path;
            take_form(in, key, f.shape);
            return true;
        }
    return false;
}

static bool any_identity(struct infer *in, struct wanted *w, const struct cat_shape *shape,
                         int levels, struct found *f)
{
    static const char *const kinds[] = { "version", "number", "id", "arn", "name" };
    bool is_version = str_has_suffix(w->key->normal, STR("version"));

    for (size_t i = is_version ? 0 : 2; i < COUNT(kinds); i++) {
        w->kind = str_c(kinds[i]);
        if (shape_search(in, shape, levels, fits_kind, w, f))
            return true;
    }
    return false;
}

/* As a row says; false where none does. */
static bool take_row(struct infer *in, const struct type *t, struct type_key *key)
{
    const struct key_row *row = words_key_row(in, t->name, key->name);

    if (!row)
        return false;
    key->shown = row->shown;
    if (str_eq_c(row->source, "same"))
        return false;
    key->path = row->path;
    key->source = LIFE_FROM_OUTPUT;
    if (str_eq_c(row->source, "input"))
        key->source = LIFE_FROM_INPUT;
    else if (str_eq_c(row->source, "own"))
        key->source = LIFE_OWN;
    return true;
}

static void find_source(struct infer *in, struct type *t, struct type_key *key)
{
    struct wanted w = { in, t, key, { 0 } };
    const struct cat_shape *out = t->create ? cat_op_output(in->cat, t->create) : NULL;
    const struct cat_shape *input = t->create ? cat_op_input(in->cat, t->create) : NULL;
    struct found f;

    key->source = LIFE_UNKNOWN;
    if (take_row(in, t, key))
        return;
    /* The client's own choice is also shown in the output: it stays the client's. */
    if (shape_search(in, input, 1, fits_same, &w, &f)) {
        key->source = LIFE_FROM_INPUT;
        key->path = f.path;
        take_form(in, key, f.shape);
        return;
    }
    if (shape_search(in, out, 3, fits_same, &w, &f)) {
        key->source = source_of(in, t, &f);
        key->path = f.path;
        take_form(in, key, f.shape);
        return;
    }
    if (from_shape(in, &w, out, LIFE_FROM_OUTPUT, 3) ||
        from_shape(in, &w, input, LIFE_FROM_INPUT, 1))
        return;
    if (names_any(t, key) && any_identity(in, &w, out, 3, &f)) {
        key->source = LIFE_OWN;
        key->path = f.path;
        return;
    }
    if (names_any(t, key) && any_identity(in, &w, input, 1, &f)) {
        key->source = LIFE_FROM_INPUT;
        key->path = f.path;
        take_form(in, key, f.shape);
        return;
    }
    if (from_shape(in, &w, input, LIFE_FROM_INPUT, 3))
        return;
    if (shape_search(in, input, 2, fits_structure, &w, &f)) {
        key->source = LIFE_FROM_INPUT;
        key->path = f.path;
        return;
    }
    /* App <- applicationId: the one key that is left must be what the answer calls id. */
    if (t->key_count == 1 && any_identity(in, &w, out, 3, &f)) {
        key->source = LIFE_OWN;
        key->path = f.path;
        return;
    }
    const struct cat_op *seen[] = { t->get, t->list };

    for (size_t i = 0; i < COUNT(seen); i++)
        if (seen[i] && from_shape(in, &w, cat_op_output(in->cat, seen[i]), LIFE_FROM_OUTPUT, 3)) {
            key->path = (struct str){ 0 }; /* the create does not show it */
            return;
        }
}

void keys_find(struct infer *in, struct type *t)
{
    const struct cat_op *from[] = { t->delete, t->get, t->update };

    t->is_resolved = true;
    t->key_count = 0;
    for (size_t i = 0; i < COUNT(from); i++)
        if (from[i]) {
            keys_from(in, t, from[i]);
            break;
        }
    for (uint32_t i = 0; i < t->key_count; i++)
        find_source(in, t, &t->keys[i]);
}
