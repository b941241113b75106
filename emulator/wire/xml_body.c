#include "emulator/wire/xml_body.h"

/* --- reading --- */

static int parse_list(struct arena *a, struct slot s, const struct xml_node *node,
                      struct value *list, struct err *err)
{
    struct slot element = slot_at(s, 0);
    struct str name = slot_wire(element, "member");
    struct value *item = NULL;

    for (const struct xml_node *kid = node->first; kid; kid = kid->next) {
        if (!str_eq(kid->local, name))
            continue;
        if (xml_body_parse(a, element, kid, &item, err) == 0)
            value_push(list, item);
        else if (!s.is_answer)
            return E_PARSE;
    }
    return 0;
}

static int parse_entry(struct arena *a, struct slot s, const struct xml_node *entry,
                       struct value *map, struct err *err)
{
    struct slot key = slot_at(s, 0), value = slot_at(s, 1);
    const struct xml_node *k = xml_child(entry, slot_wire(key, "key"));
    const struct xml_node *v = xml_child(entry, slot_wire(value, "value"));
    struct value *item = NULL;

    if (!k || !v)
        return err_set(err, E_PARSE, "A map's entry lacks its key or its value");
    if (xml_body_parse(a, value, v, &item, err) < 0)
        return E_PARSE;
    value_set(map, k->text, item);
    return 0;
}

static int parse_map(struct arena *a, struct slot s, const struct xml_node *node, struct value *map,
                     struct err *err)
{
    int rc = 0;

    for (const struct xml_node *kid = node->first; kid && rc == 0; kid = kid->next)
        if (str_eq_c(kid->local, "entry") && parse_entry(a, s, kid, map, err) < 0 && !s.is_answer)
            rc = E_PARSE;
    return rc;
}

int xml_body_parse(struct arena *a, struct slot s, const struct xml_node *node, struct value **out,
                   struct err *err)
{
    struct value *v;
    int rc;

    if (slot_is_scalar(s))
        return scalar_parse(a, s, node->text, out, err);
    v = s.shape->type == CAT_LIST ? value_list(a) : value_map(a);
    if (s.shape->type == CAT_LIST)
        rc = parse_list(a, s, node, v, err);
    else if (s.shape->type == CAT_MAP)
        rc = parse_map(a, s, node, v, err);
    else
        rc = xml_body_fill(a, s, node, v, err);
    if (rc == 0)
        *out = v;
    return rc;
}

/* A flat list may come under its own name or under its element's. */
static bool find_flat(struct slot s, struct str name, struct slot *out)
{
    for (uint32_t i = 0; i < s.shape->member_count; i++) {
        struct slot m = slot_at(s, i);

        if (m.shape->type == CAT_LIST && slot_is_flat(m) && str_eq(slot_flat_wire(m), name)) {
            *out = m;
            return true;
        }
    }
    return false;
}

static int parse_flat(struct arena *a, struct slot m, const struct xml_node *kid, struct value *map,
                      struct err *err)
{
    struct value *v = value_get(map, slot_name(m)), *item = NULL;

    if (!v) {
        v = m.shape->type == CAT_LIST ? value_list(a) : value_map(a);
        value_append(map, slot_name(m), v);
    }
    if (m.shape->type == CAT_MAP)
        return parse_entry(a, m, kid, v, err);
    if (xml_body_parse(a, slot_at(m, 0), kid, &item, err) < 0)
        return E_PARSE;
    value_push(v, item);
    return 0;
}

static void parse_attributes(struct arena *a, struct slot s, const struct xml_node *node,
                             struct value *map)
{
    for (uint32_t i = 0; node->attrs && i < s.shape->member_count; i++) {
        struct slot m = slot_at(s, i);

        if (!(m.member->flags & CAT_M_XML_ATTRIBUTE))
            continue;
        struct str text = xml_attr_get(node, slot_wire(m, NULL));
        if (text.len)
            value_set(map, slot_name(m), value_str(a, text));
    }
}

int xml_body_fill(struct arena *a, struct slot s, const struct xml_node *node, struct value *map,
                  struct err *err)
{
    uint32_t hint = 0;

    parse_attributes(a, s, node, map);
    for (const struct xml_node *kid = node->first; kid; kid = kid->next) {
        struct slot m;
        struct value *v = NULL;

        if (!slot_find_wire(s, kid->local, &hint, &m) && !find_flat(s, kid->local, &m))
            continue;
        if (m.member->location != CAT_BODY)
            continue;
        if (slot_is_flat(m)) {
            if (parse_flat(a, m, kid, map, err) < 0 && !s.is_answer)
                return E_PARSE;
            continue;
        }
        if (xml_body_parse(a, m, kid, &v, err) == 0)
            value_set(map, slot_name(m), v);
        else if (!s.is_answer)
            return E_PARSE;
    }
    return 0;
}

/* --- writing --- */

static void add_text(struct arena *a, struct buf *out, struct slot s, struct xml_style style,
                     const struct value *v)
{
    if (v->kind == VALUE_STRING && s.shape->type != CAT_BLOB)
        xml_text(out, v->u.text);
    else
        scalar_add(a, out, s, style.scalar, v);
}

void xml_body_open(struct arena *a, struct buf *out, struct slot s, struct str name,
                   const struct value *v)
{
    buf_add_char(out, '<');
    buf_add(out, name);
    for (uint32_t i = 0; s.shape->type == CAT_STRUCTURE && i < s.shape->member_count; i++) {
        struct slot m = slot_at(s, i);
        struct str wire, prefix, local;

        if (!(m.member->flags & CAT_M_XML_ATTRIBUTE))
            continue;
        const struct value *attr = value_get(v, slot_name(m));
        wire = slot_wire(m, NULL);
        if (str_cut(wire, ':', &prefix, &local) && cat_shape_rare(s.cat, s.shape)->xml_namespace) {
            buf_add(out, STR(" xmlns:"));
            buf_add(out, prefix);
            buf_add(out, STR("=\""));
            xml_text(out, cat_str(s.cat, cat_shape_rare(s.cat, s.shape)->xml_namespace));
            buf_add_char(out, '"');
        }
        if (!attr)
            continue;
        buf_add_char(out, ' ');
        buf_add(out, wire);
        buf_add(out, STR("=\""));
        add_text(a, out, m, (struct xml_style){ 0 }, attr);
        buf_add_char(out, '"');
    }
    buf_add_char(out, '>');
}

static void add_list(struct arena *a, struct buf *out, struct slot s, struct xml_style style,
                     struct str name, const struct value *v)
{
    struct slot element = slot_at(s, 0);

    for (const struct value *kid = value_first(v); kid; kid = kid->next)
        if (slot_can_write(element, kid))
            xml_body_element(a, out, element, style, name, kid);
}

static void add_entries(struct arena *a, struct buf *out, struct slot s, struct xml_style style,
                        struct str name, const struct value *v)
{
    struct slot key = slot_at(s, 0), value = slot_at(s, 1);

    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        if (!slot_can_write(value, kid))
            continue;
        xml_open(out, name);
        xml_element(out, slot_wire(key, "key"), kid->name);
        xml_body_element(a, out, value, style, slot_wire(value, "value"), kid);
        xml_close(out, name);
    }
}

static void add_flat(struct arena *a, struct buf *out, struct slot s, struct xml_style style,
                     struct str name, const struct value *v)
{
    if (s.shape->type == CAT_MAP)
        add_entries(a, out, s, style, name, v);
    else
        add_list(a, out, s, style, name, v);
}

void xml_body_element(struct arena *a, struct buf *out, struct slot s, struct xml_style style,
                      struct str name, const struct value *v)
{
    style.body_only = false;
    switch ((enum cat_type)s.shape->type) {
    case CAT_LIST:
        xml_open(out, name);
        add_list(a, out, s, style, slot_wire(slot_at(s, 0), "member"), v);
        break;
    case CAT_MAP:
        xml_open(out, name);
        add_entries(a, out, s, style, STR("entry"), v);
        break;
    case CAT_STRUCTURE:
        xml_body_open(a, out, s, name, v);
        xml_body_members(a, out, s, style, v);
        break;
    default:
        xml_open(out, name);
        add_text(a, out, s, style, v);
        break;
    }
    xml_close(out, name);
}

void xml_body_members(struct arena *a, struct buf *out, struct slot s, struct xml_style style,
                      const struct value *v)
{
    uint32_t hint = 0;
    struct slot m;

    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        if (!slot_find_name(s, kid->name, &hint, &m) || !slot_can_write(m, kid))
            continue;
        if ((m.member->flags & CAT_M_XML_ATTRIBUTE) ||
            (style.body_only && m.member->location != CAT_BODY))
            continue;
        if (slot_is_flat(m))
            add_flat(a, out, m, style, slot_flat_wire(m), kid);
        else
            xml_body_element(a, out, m, style, slot_wire(m, NULL), kid);
    }
}
