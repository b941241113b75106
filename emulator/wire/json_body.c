#include "emulator/wire/json_body.h"

#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/wire/scalar.h"

int json_body_parse(struct arena *a, struct slot s, enum tree_part part, struct str text,
                    struct value **out, struct err *err)
{
    struct value *tree = value_map(a);
    int rc = 0;

    if (str_trim(text).len > 0)
        rc = json_parse(a, text, &tree, err);
    if (rc == 0 && tree->kind == VALUE_NULL)
        tree = value_map(a);
    if (rc == 0)
        rc = tree_from_wire(a, s, part, tree, err);
    if (rc < 0)
        return E_PARSE;
    *out = tree;
    return 0;
}

static void add_name(struct buf *out, struct str name)
{
    if (out->len && out->ptr[out->len - 1] != '{')
        buf_add_char(out, ',');
    json_add_string(out, name);
    buf_add_char(out, ':');
}

static void add_scalar(struct arena *a, struct buf *out, struct slot s, const struct value *v)
{
    enum cat_ts ts = slot_ts(s, CAT_TS_UNIX);
    bool real = s.shape->type == CAT_FLOAT || s.shape->type == CAT_DOUBLE;

    if (v->kind == VALUE_TIME && ts == CAT_TS_UNIX) {
        scalar_add_time(a, out, (struct scalar_style){ .ts = ts }, v->u.time_ms);
    } else if (v->kind == VALUE_TIME || (v->kind == VALUE_STRING && s.shape->type == CAT_BLOB)) {
        buf_add_char(out, '"');
        scalar_add(a, out, s, (struct scalar_style){ .ts = ts }, v);
        buf_add_char(out, '"');
    } else if (v->kind == VALUE_INT && real) {
        json_add_double(out, (double)v->u.integer);
    } else {
        json_write(out, v);
    }
}

void json_body_members(struct arena *a, struct buf *out, struct slot s, enum tree_part part,
                       const struct value *v)
{
    uint32_t hint = 0;
    struct slot m;

    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        if (!slot_find_name(s, kid->name, &hint, &m) || !slot_can_write(m, kid))
            continue;
        if (part == TREE_BODY && m.member->location != CAT_BODY)
            continue;
        add_name(out, slot_wire(m, NULL));
        json_body_write(a, out, m, TREE_ALL, kid);
    }
}

static void add_map(struct arena *a, struct buf *out, struct slot value, const struct value *v)
{
    buf_add_char(out, '{');
    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        if (!slot_can_hold(value, kid))
            continue;
        add_name(out, kid->name);
        json_body_write(a, out, value, TREE_ALL, kid);
    }
    buf_add_char(out, '}');
}

static void add_list(struct arena *a, struct buf *out, struct slot element, const struct value *v)
{
    buf_add_char(out, '[');
    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        if (!slot_can_hold(element, kid))
            continue;
        if (out->ptr[out->len - 1] != '[')
            buf_add_char(out, ',');
        json_body_write(a, out, element, TREE_ALL, kid);
    }
    buf_add_char(out, ']');
}

void json_body_write(struct arena *a, struct buf *out, struct slot s, enum tree_part part,
                     const struct value *v)
{
    bool is_tree = v && (v->kind == VALUE_MAP || v->kind == VALUE_LIST);

    if (v && (!is_tree || slot_is_document(s) || slot_is_scalar(s))) {
        add_scalar(a, out, s, v);
    } else if (s.shape->type == CAT_LIST) {
        add_list(a, out, slot_at(s, 0), v);
    } else if (s.shape->type == CAT_MAP) {
        add_map(a, out, slot_at(s, 1), v);
    } else {
        buf_add_char(out, '{');
        json_body_members(a, out, s, part, v);
        buf_add_char(out, '}');
    }
}
