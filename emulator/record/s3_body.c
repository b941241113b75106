#include "emulator/record/s3_body.h"

#include "core/codec/json.h"
#include "emulator/record/scalar.h"
#include "emulator/record/tree.h"

static bool has_attribute(const struct plan *p, const struct cat_shape *s)
{
    for (uint32_t i = 0; i < s->member_count; i++)
        if (cat_shape_member(p->cat, s, i)->flags & CAT_M_XML_ATTRIBUTE)
            return true;
    return false;
}

/* Elements of one name: the only one stands without an array. */
static void write_elements(struct buf *out, const struct plan *p, const struct cat_member *element,
                           const struct value *list)
{
    if (list->count > 1)
        buf_add_char(out, '[');
    for (const struct value *kid = value_first(list); kid; kid = kid->next) {
        if (kid != value_first(list))
            buf_add_char(out, ',');
        s3_body_write(out, p, element, kid);
    }
    if (list->count > 1)
        buf_add_char(out, ']');
}

static void write_list(struct buf *out, const struct plan *p, const struct cat_member *m,
                       const struct value *v)
{
    const struct cat_shape *s = cat_member_shape(p->cat, m);
    const struct cat_member *element = cat_shape_member(p->cat, s, 0);
    bool is_flat = (s->flags & CAT_S_FLATTENED) || (m->flags & CAT_M_FLATTENED);

    if (v->count == 0 && is_flat)
        return;
    scalar_key(out, cat_str(p->cat, m->wire), LETTER_AS_IS);
    if (v->count == 0) {
        buf_add(out, STR("\"\""));
    } else if (is_flat) {
        write_elements(out, p, element, v);
    } else {
        buf_add_char(out, '{');
        scalar_key(out, cat_str(p->cat, element->wire), LETTER_AS_IS);
        write_elements(out, p, element, v);
        buf_add_char(out, '}');
    }
}

static void write_namespace(struct buf *out, const struct plan *p, const struct cat_member *m,
                            const struct cat_shape *s)
{
    uint32_t own = cat_member_extra(p->cat, m)->xml_namespace;
    uint32_t uri = own ? own : cat_shape_rare(p->cat, s)->xml_namespace;

    if (!uri)
        return;
    scalar_key(out, has_attribute(p, s) ? STR("xmlns:xsi") : STR("xmlns"), LETTER_AS_IS);
    json_add_string(out, cat_str(p->cat, uri));
}

static void write_structure(struct buf *out, const struct plan *p, const struct cat_member *m,
                            const struct value *v)
{
    const struct cat_shape *s = cat_member_shape(p->cat, m);
    size_t from = out->len;
    uint32_t hint = 0;

    buf_add_char(out, '{');
    write_namespace(out, p, m, s);
    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        const struct cat_member *inner = tree_member(p, s, kid->name, &hint);

        if (!inner || kid->kind == VALUE_NULL || tree_is_bytes(p->cat, inner))
            continue;
        if (kid->kind == VALUE_LIST) {
            write_list(out, p, inner, kid);
        } else {
            scalar_key(out, cat_str(p->cat, inner->wire), LETTER_AS_IS);
            s3_body_write(out, p, inner, kid);
        }
    }
    if (out->len == from + 1) {
        out->len = from;
        buf_add(out, STR("\"\""));
    } else {
        buf_add_char(out, '}');
    }
}

void s3_body_write(struct buf *out, const struct plan *p, const struct cat_member *m,
                   const struct value *v)
{
    if (v->kind == VALUE_MAP)
        write_structure(out, p, m, v);
    else
        scalar_coerced(out, v, TIME_ISO_MS);
}
