#include "emulator/wire/form.h"

#include <stdlib.h>

#include "core/base/limits.h"
#include "emulator/wire/scalar.h"

/* All entries of [first, last) share what stands before from; the next segment begins there. An
 * entry whose name ends there is the value of the thing itself: the leaf. */
struct range {
    const struct form_entry *first, *last;
    size_t from;
    unsigned depth;
};
struct form {
    struct arena *a;
    enum form_dialect dialect;
    struct err *err;
};

static int build(const struct form *f, struct slot s, struct range r, struct value **out);

static struct str segment(struct str name, size_t from)
{
    size_t end = from;

    while (end < name.len && name.ptr[end] != '.')
        end++;
    return str_sub(name, from, end - from);
}

static bool is_number(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

/* Numbers first, by value; then names, byte by byte. */
static int compare_segments(struct str a, struct str b)
{
    bool na = is_number(a), nb = is_number(b);

    if (na != nb)
        return na ? -1 : 1;
    if (na && a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return str_cmp(a, b);
}

static int compare_entries(const void *left, const void *right)
{
    const struct form_entry *a = left, *b = right;
    size_t from = 0;

    while (from <= a->name.len && from <= b->name.len) {
        struct str sa = segment(a->name, from);
        int order = compare_segments(sa, segment(b->name, from));

        if (order)
            return order;
        from += sa.len + 1;
    }
    if (a->name.len != b->name.len)
        return a->name.len < b->name.len ? -1 : 1;
    return a->position < b->position ? -1 : 1;
}

static bool is_leaf(struct range r, const struct form_entry *e)
{
    return e->name.len < r.from;
}

/* The part of r behind its leaves. */
static struct range skip_leaves(struct range r)
{
    while (r.first < r.last && is_leaf(r, r.first))
        r.first++;
    return r;
}

/* The entries of r whose next segment equals that of its first, moved behind this segment. */
static struct range take_group(struct range *r)
{
    struct range group = *r;
    struct str name = segment(r->first->name, r->from);

    while (r->first < r->last && str_eq(segment(r->first->name, r->from), name))
        r->first++;
    group.last = r->first;
    group.from += name.len + 1;
    group.depth++;
    return group;
}

static bool find_group(struct range r, struct str name, struct range *out)
{
    const struct form_entry *low = r.first, *high = r.last;

    while (low < high) {
        const struct form_entry *mid = low + (high - low) / 2;

        if (compare_segments(segment(mid->name, r.from), name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == r.last || !str_eq(segment(low->name, r.from), name))
        return false;
    r.first = low;
    *out = take_group(&r);
    return true;
}

static bool group_is_number(struct range r)
{
    return r.first < r.last && is_number(segment(r.first->name, r.from));
}

/* Elements stand under ".member.N" (or the element's own name), or under ".N"; both are read,
 * whatever the model says, as AWS's clients have varied. */
static int build_list(const struct form *f, struct slot s, struct range r, struct value *list)
{
    struct slot element = slot_at(s, 0);
    struct value *item = NULL;

    r = skip_leaves(r);
    if (!group_is_number(r) && !find_group(r, slot_wire(element, "member"), &r))
        return 0;
    r = skip_leaves(r);
    while (group_is_number(r)) {
        if (build(f, element, take_group(&r), &item) < 0)
            return E_PARSE;
        value_push(list, item);
    }
    return 0;
}

static int build_entry(const struct form *f, struct slot s, struct range r, struct value *map)
{
    struct slot key = slot_at(s, 0), value = slot_at(s, 1);
    struct range k, v;
    struct value *item;

    r = skip_leaves(r);
    if (!find_group(r, slot_wire(key, "key"), &k) || !find_group(r, slot_wire(value, "value"), &v))
        return err_set(f->err, E_PARSE, "A map's entry lacks its key or its value");
    if (build(f, value, v, &item) < 0)
        return E_PARSE;
    value_set(map, k.last[-1].value, item);
    return 0;
}

static int build_map(const struct form *f, struct slot s, struct range r, struct value *map)
{
    int rc = 0;

    r = skip_leaves(r);
    if (!group_is_number(r) && !find_group(r, STR("entry"), &r))
        return 0;
    r = skip_leaves(r);
    while (rc == 0 && group_is_number(r))
        rc = build_entry(f, s, take_group(&r), map);
    return rc;
}

/* ec2 writes a locationName with its first letter upper; a queryName and a bare member name stay.
 * Source: Smithy AWS specification, "AWS EC2 query protocol", "Query key resolution". */
struct str form_ec2_name(struct arena *a, struct slot m)
{
    struct str name = cat_str(m.cat, cat_member_extra(m.cat, m.member)->query_name);

    if (name.len)
        return name;
    name = slot_wire(m, NULL);
    if (!slot_is_named(m) || name.ptr[0] < 'a' || name.ptr[0] > 'z')
        return name;
    char *upper = arena_alloc(a, name.len);
    memcpy(upper, name.ptr, name.len);
    upper[0] = (char)(upper[0] - 'a' + 'A');
    return (struct str){ upper, name.len };
}

static int build_structure(const struct form *f, struct slot s, struct range r, struct value *map)
{
    r = skip_leaves(r);
    for (uint32_t i = 0; r.first < r.last && i < s.shape->member_count; i++) {
        struct slot m = slot_at(s, i);
        struct range group;
        struct value *v = NULL;

        if (!find_group(r, f->dialect == FORM_EC2 ? form_ec2_name(f->a, m) : slot_flat_wire(m),
                        &group))
            continue;
        if (build(f, m, group, &v) < 0)
            return E_PARSE;
        value_append(map, slot_name(m), v);
    }
    return 0;
}

/* Texts of refusals as elasticloadbalancing, cloudsearch and MWS answer them with MalformedInput.
 */
static int build(const struct form *f, struct slot s, struct range r, struct value **out)
{
    const struct form_entry *leaf = NULL;
    struct value *v;
    int rc;

    if (r.depth > LIMIT_NESTING)
        return err_set(f->err, E_PARSE, "A parameter name has over %d parts", LIMIT_NESTING);
    for (const struct form_entry *e = r.first; e < r.last && is_leaf(r, e); e++)
        leaf = e;
    if (slot_is_scalar(s)) {
        if (leaf)
            return scalar_parse(f->a, s, leaf->value, out, f->err);
        return err_set(f->err, E_PARSE, "Start of %s found where not expected",
                       group_is_number(r) ? "list" : "structure");
    }
    if (leaf && leaf->value.len)
        return err_set(f->err, E_PARSE, "Unexpected %s element termination",
                       s.shape->type == CAT_LIST ? "list" : "complex");
    v = s.shape->type == CAT_LIST ? value_list(f->a) : value_map(f->a);
    if (s.shape->type == CAT_LIST)
        rc = build_list(f, s, r, v);
    else if (s.shape->type == CAT_MAP)
        rc = build_map(f, s, r, v);
    else
        rc = build_structure(f, s, r, v);
    if (rc == 0)
        *out = v;
    return rc;
}

int form_parse(struct arena *a, struct slot s, enum form_dialect dialect,
               struct form_entry *entries, size_t count, struct value *map, struct err *err)
{
    const struct form f = { a, dialect, err };

    if (count > 1)
        qsort(entries, count, sizeof *entries, compare_entries);
    return build_structure(&f, s, (struct range){ entries, entries + count, 0, 0 }, map);
}
