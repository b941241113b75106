#include "core/codec/value.h"

#include <assert.h>

static struct value *make(struct arena *a, enum value_kind kind)
{
    struct value *v = arena_alloc(a, sizeof *v);

    v->kind = kind;
    return v;
}

struct value *value_null(struct arena *a)
{
    return make(a, VALUE_NULL);
}

struct value *value_bool(struct arena *a, bool b)
{
    struct value *v = make(a, VALUE_BOOL);

    v->u.boolean = b;
    return v;
}

struct value *value_int(struct arena *a, int64_t n)
{
    struct value *v = make(a, VALUE_INT);

    v->u.integer = n;
    return v;
}

struct value *value_float(struct arena *a, double d)
{
    struct value *v = make(a, VALUE_FLOAT);

    v->u.real = d;
    return v;
}

static struct value *make_text(struct arena *a, enum value_kind kind, struct str text)
{
    struct value *v = make(a, kind);

    v->u.text = text;
    return v;
}

struct value *value_str(struct arena *a, struct str s)
{
    return make_text(a, VALUE_STRING, s);
}

struct value *value_c(struct arena *a, const char *s)
{
    return make_text(a, VALUE_STRING, str_c(s));
}

struct value *value_blob(struct arena *a, struct str bytes)
{
    return make_text(a, VALUE_BLOB, bytes);
}

struct value *value_time(struct arena *a, int64_t ms)
{
    struct value *v = make(a, VALUE_TIME);

    v->u.time_ms = ms;
    return v;
}

struct value *value_list(struct arena *a)
{
    return make(a, VALUE_LIST);
}

struct value *value_map(struct arena *a)
{
    return make(a, VALUE_MAP);
}

static bool has_kids(const struct value *v)
{
    return v && (v->kind == VALUE_LIST || v->kind == VALUE_MAP);
}

static void link_last(struct value *parent, struct value *item)
{
    assert(item != parent && !item->next);
    if (parent->u.kids.last)
        parent->u.kids.last->next = item;
    else
        parent->u.kids.first = item;
    parent->u.kids.last = item;
    parent->count++;
}

void value_push(struct value *list, struct value *item)
{
    assert(list->kind == VALUE_LIST);
    link_last(list, item);
}

void value_append(struct value *map, struct str name, struct value *item)
{
    assert(map->kind == VALUE_MAP);
    item->name = name;
    link_last(map, item);
}

/* The link that points to the member, *before the member ahead of it; NULL if none. */
static struct value **find_link(struct value *map, struct str name, struct value **before)
{
    *before = NULL;
    for (struct value **at = &map->u.kids.first; *at; at = &(*at)->next) {
        if (str_eq((*at)->name, name))
            return at;
        *before = *at;
    }
    return NULL;
}

void value_set(struct value *map, struct str name, struct value *item)
{
    struct value *before;

    assert(map->kind == VALUE_MAP);
    struct value **at = find_link(map, name, &before);

    if (!at) {
        value_append(map, name, item);
        return;
    }
    struct value *old = *at;

    if (old == item)
        return;
    assert(!item->next);
    item->name = name;
    item->next = old->next;
    *at = item;
    if (map->u.kids.last == old)
        map->u.kids.last = item;
    old->next = NULL;
}

bool value_remove(struct value *map, struct str name)
{
    struct value *before;
    struct value **at =
        has_kids(map) && map->kind == VALUE_MAP ? find_link(map, name, &before) : NULL;
    if (!at)
        return false;

    struct value *old = *at;

    *at = old->next;
    if (map->u.kids.last == old)
        map->u.kids.last = before;
    old->next = NULL;
    map->count--;
    return true;
}

/* The slot that holds name, or the free one where it belongs. */
static struct value **find_slot(struct value **slots, size_t size, struct str name)
{
    size_t i = (size_t)str_hash(name) & (size - 1);

    while (slots[i] && !str_eq(slots[i]->name, name))
        i = (i + 1) & (size - 1);
    return &slots[i];
}

static struct value *find_before(struct value *map, const struct value *member)
{
    struct value *k = map->u.kids.first;

    while (k != member && !str_eq(k->name, member->name))
        k = k->next;
    return k == member ? NULL : k;
}

/* Looking back is quadratic, so a large map gets a table, which the arena takes back. */
struct value *value_keep_last(struct arena *a, struct value *map)
{
    struct arena_mark mark = arena_mark(a);
    struct value **slots = NULL, *before = NULL, *renewed = NULL;
    size_t size = 64;

    if (map->count > 16) {
        while (size < map->count * (size_t)2)
            size *= 2;
        slots = arena_array(a, size, sizeof *slots); /* NOLINT(bugprone-sizeof-expression) */
    }
    for (struct value *k = map->u.kids.first, *next; k; k = next) {
        struct value **slot = slots ? find_slot(slots, size, k->name) : NULL;
        struct value *earlier = slot ? *slot : find_before(map, k);

        next = k->next;
        if (!earlier) {
            if (slot)
                *slot = k;
            before = k;
            continue;
        }
        assert(before); /* the first member has none earlier */
        before->next = next;
        map->count--;
        struct value *after = earlier->next;

        *earlier = *k; /* of one name, so that the name needs no care */
        earlier->next = after;
        renewed = earlier;
    }
    map->u.kids.last = before;
    arena_rewind(a, mark);
    return renewed;
}

struct value *value_copy(struct arena *a, const struct value *v)
{
    struct value *copy = make(a, v->kind);

    copy->line = v->line;
    if (v->kind == VALUE_STRING || v->kind == VALUE_BLOB) {
        copy->u.text = arena_copy(a, v->u.text);
    } else if (!has_kids(v)) {
        copy->u = v->u;
    } else {
        for (const struct value *k = v->u.kids.first; k; k = k->next) {
            struct value *kid = value_copy(a, k);

            kid->name = k->name.ptr ? arena_copy(a, k->name) : k->name;
            link_last(copy, kid);
        }
    }
    return copy;
}

static bool equal_lists(const struct value *a, const struct value *b)
{
    const struct value *l = a->u.kids.first, *r = b->u.kids.first;

    for (; l && r; l = l->next, r = r->next)
        if (!value_equal(l, r))
            return false;
    return !l && !r;
}

static bool equal_maps(const struct value *a, const struct value *b)
{
    for (const struct value *k = a->u.kids.first; k; k = k->next) {
        const struct value *other = value_get(b, k->name);

        if (!other || !value_equal(k, other))
            return false;
    }
    return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (!a || !b)
        return a == b;
    if (a->kind != b->kind || a->count != b->count)
        return false;
    switch (a->kind) {
    case VALUE_NULL:
        return true;
    case VALUE_BOOL:
        return a->u.boolean == b->u.boolean;
    case VALUE_INT:
        return a->u.integer == b->u.integer;
    case VALUE_FLOAT: /* NaN equals NaN: this compares what was written, not what it means */
        return a->u.real == b->u.real || (a->u.real != a->u.real && b->u.real != b->u.real);
    case VALUE_STRING:
    case VALUE_BLOB:
        return str_eq(a->u.text, b->u.text);
    case VALUE_TIME:
        return a->u.time_ms == b->u.time_ms;
    case VALUE_LIST:
        return equal_lists(a, b);
    case VALUE_MAP:
        return equal_maps(a, b);
    }
    return false;
}

struct value *value_get(const struct value *map, struct str name)
{
    if (!map || map->kind != VALUE_MAP)
        return NULL;
    for (struct value *k = map->u.kids.first; k; k = k->next)
        if (str_eq(k->name, name))
            return k;
    return NULL;
}

struct value *value_at(const struct value *list, size_t i)
{
    struct value *k = value_first(list);

    for (; k && i; i--)
        k = k->next;
    return k;
}

struct value *value_first(const struct value *v)
{
    return has_kids(v) ? v->u.kids.first : NULL;
}

static const struct value *get_kind(const struct value *map, const char *name, enum value_kind kind)
{
    const struct value *v = value_get_c(map, name);

    return v && v->kind == kind ? v : NULL;
}

struct str value_text_of(const struct value *map, struct str name)
{
    const struct value *v = value_get(map, name);

    return v && v->kind == VALUE_STRING ? v->u.text : STR("");
}

int64_t value_get_int(const struct value *map, const char *name, int64_t fallback)
{
    const struct value *v = get_kind(map, name, VALUE_INT);

    return v ? v->u.integer : fallback;
}

bool value_get_bool(const struct value *map, const char *name, bool fallback)
{
    const struct value *v = get_kind(map, name, VALUE_BOOL);

    return v ? v->u.boolean : fallback;
}

int64_t value_get_time(const struct value *map, const char *name, int64_t fallback_ms)
{
    const struct value *v = get_kind(map, name, VALUE_TIME);

    return v ? v->u.time_ms : fallback_ms;
}

void value_put_str(struct arena *a, struct value *map, const char *name, struct str text)
{
    value_set(map, str_c(name), value_str(a, arena_copy(a, text)));
}

void value_put_c(struct arena *a, struct value *map, const char *name, const char *text)
{
    value_put_str(a, map, name, str_c(text));
}

void value_put_int(struct arena *a, struct value *map, const char *name, int64_t n)
{
    value_set(map, str_c(name), value_int(a, n));
}

void value_put_bool(struct arena *a, struct value *map, const char *name, bool b)
{
    value_set(map, str_c(name), value_bool(a, b));
}

void value_put_time(struct arena *a, struct value *map, const char *name, int64_t ms)
{
    value_set(map, str_c(name), value_time(a, ms));
}

struct str value_to_text(struct arena *a, const struct value *v)
{
    switch (v ? v->kind : VALUE_NULL) {
    case VALUE_STRING:
        return v->u.text;
    case VALUE_INT:
        return arena_printf(a, "%lld", (long long)v->u.integer);
    case VALUE_BOOL:
        return v->u.boolean ? STR("true") : STR("false");
    default:
        return STR("");
    }
}
