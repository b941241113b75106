#include "emulator/wire/shape.h"

struct slot slot_root(const struct cat *cat, const struct cat_shape *shape)
{
    return (struct slot){ .cat = cat, .shape = shape };
}

static struct slot slot_of(struct slot parent, const struct cat_member *m)
{
    struct slot s = parent;

    s.member = m;
    s.shape = cat_member_shape(parent.cat, m);
    return s;
}

struct slot slot_at(struct slot parent, uint32_t i)
{
    return slot_of(parent, cat_shape_member(parent.cat, parent.shape, i));
}

bool slot_is_scalar(struct slot s)
{
    return s.shape->type != CAT_STRUCTURE && s.shape->type != CAT_LIST && s.shape->type != CAT_MAP;
}

bool slot_is_flat(struct slot s)
{
    if (s.shape->type != CAT_LIST && s.shape->type != CAT_MAP)
        return false;
    if (s.over_query && s.member)
        return cat_query_flattened(s.cat, s.member);
    return (s.shape->flags & CAT_S_FLATTENED) || (s.member && (s.member->flags & CAT_M_FLATTENED));
}

bool slot_is_document(struct slot s)
{
    return (s.shape->flags & CAT_S_DOCUMENT) != 0;
}

enum cat_ts slot_ts(struct slot s, enum cat_ts fallback)
{
    if (s.member && s.member->ts != CAT_TS_DEFAULT)
        return (enum cat_ts)s.member->ts;
    return s.shape->ts != CAT_TS_DEFAULT ? (enum cat_ts)s.shape->ts : fallback;
}

/* The explicit name, or 0: the member's, else its shape's. */
static uint32_t explicit_name(struct slot s)
{
    if (s.over_query && cat_member_extra(s.cat, s.member)->has_query)
        return cat_query_own_wire(s.cat, s.member);
    return s.member->has_own_wire ? s.member->wire : cat_shape_rare(s.cat, s.shape)->location_name;
}

bool slot_is_named(struct slot s)
{
    return explicit_name(s) != 0;
}

struct str slot_wire(struct slot s, const char *fallback)
{
    uint32_t name = explicit_name(s);

    if (!name)
        name = s.member->name;
    return name ? cat_str(s.cat, name) : str_c(fallback);
}

struct str slot_flat_wire(struct slot s)
{
    if (s.shape->type == CAT_LIST && slot_is_flat(s) && slot_is_named(slot_at(s, 0)))
        return slot_wire(slot_at(s, 0), NULL);
    return slot_wire(s, NULL);
}

struct str slot_name(struct slot s)
{
    return cat_str(s.cat, s.member->name);
}

enum find_by { BY_WIRE, BY_NAME };

static bool find(struct slot parent, struct str name, enum find_by by, uint32_t *hint,
                 struct slot *out)
{
    uint32_t count = parent.shape->member_count;

    for (uint32_t k = 0, i = *hint < count ? *hint : 0; k < count; k++) {
        const struct cat_member *m = cat_shape_member(parent.cat, parent.shape, i);

        i = i + 1 < count ? i + 1 : 0;
        if (by == BY_NAME && !str_eq(cat_str(parent.cat, m->name), name))
            continue;
        struct slot s = slot_of(parent, m);
        if (by == BY_WIRE && !str_eq(slot_wire(s, NULL), name))
            continue;
        *hint = i;
        *out = s;
        return true;
    }
    return false;
}

bool slot_find_wire(struct slot parent, struct str wire, uint32_t *hint, struct slot *out)
{
    return find(parent, wire, BY_WIRE, hint, out);
}

bool slot_find_name(struct slot parent, struct str name, uint32_t *hint, struct slot *out)
{
    return find(parent, name, BY_NAME, hint, out);
}

bool slot_payload(struct slot parent, struct slot *out)
{
    if (!parent.shape || !parent.shape->payload)
        return false;
    *out = slot_at(parent, parent.shape->payload - 1u);
    return true;
}

bool slot_can_write(struct slot s, const struct value *v)
{
    return v->kind != VALUE_NULL && slot_can_hold(s, v);
}

bool slot_can_hold(struct slot s, const struct value *v)
{
    return !(s.shape->flags & CAT_S_UNION) || v->kind != VALUE_MAP || v->count == 1;
}
