#include "emulator/record/ec2.h"

#include "core/codec/json.h"
#include "emulator/record/scalar.h"
#include "emulator/record/tree.h"

static void ask_structure(struct buf *out, const struct plan *p, const struct cat_shape *s,
                          const struct value *v, uint32_t tag);

static void wire_key(struct buf *out, const struct cat *cat, const struct cat_member *m)
{
    bool upper;
    struct str name = ec2_wire_name(cat, m, &upper);

    scalar_key(out, name, LETTER_AS_IS);
    char *first = out->ptr + out->len - name.len - 2;
    if (upper && *first >= 'a' && *first <= 'z')
        *first = (char)(*first - 32);
}

static void ask_scalar(struct buf *out, const struct plan *p, const struct cat_shape *s,
                       const struct value *v)
{
    if (s->flags & CAT_S_SENSITIVE)
        json_add_string(out, p->hidden);
    else
        scalar_coerced(out, v, p->time);
}

/* Element n of a list: an object that carries its number. */
static void ask_element(struct buf *out, const struct plan *p, const struct cat_shape *s,
                        const struct value *v, uint32_t n)
{
    if (s->type == CAT_STRUCTURE && !(s->flags & CAT_S_SENSITIVE)) {
        ask_structure(out, p, s, v, n);
        return;
    }
    buf_add(out, STR("{\"tag\":"));
    buf_add_u64(out, n);
    buf_add(out, STR(",\"content\":"));
    ask_scalar(out, p, s, v);
    buf_add_char(out, '}');
}

/* One element is written without an array around it. */
static void ask_list(struct buf *out, const struct plan *p, const struct cat_shape *s,
                     const struct value *v)
{
    const struct cat_shape *inner = cat_member_shape(p->cat, cat_shape_member(p->cat, s, 0));
    uint32_t n = 0;

    if (v->count > 1)
        buf_add_char(out, '[');
    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        if (n > 0)
            buf_add_char(out, ',');
        ask_element(out, p, inner, kid, ++n);
    }
    if (v->count > 1)
        buf_add_char(out, ']');
}

/* tag 0: no list element. Nothing in it: the empty string. */
static void ask_structure(struct buf *out, const struct plan *p, const struct cat_shape *s,
                          const struct value *v, uint32_t tag)
{
    size_t from = out->len;
    uint32_t hint = 0;

    buf_add_char(out, '{');
    if (tag) {
        scalar_key(out, STR("tag"), LETTER_AS_IS);
        buf_add_u64(out, tag);
    }
    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        const struct cat_member *m = tree_member(p, s, kid->name, &hint);
        const struct cat_shape *inner = m ? cat_member_shape(p->cat, m) : NULL;
        const struct member_rule *rule = m ? plan_rule(p, SIDE_REQUEST, m) : NULL;

        if (!m || kid->kind == VALUE_NULL || (kid->kind == VALUE_LIST && kid->count == 0) ||
            tree_is_bytes(p->cat, m) || (rule && rule->action == RULE_DROP))
            continue;
        wire_key(out, p->cat, m);
        if ((rule && rule->action == RULE_HIDE) || inner->flags & CAT_S_SENSITIVE)
            json_add_string(out, p->hidden);
        else if (inner->type == CAT_LIST && kid->kind == VALUE_LIST)
            ask_list(out, p, inner, kid);
        else if (inner->type == CAT_STRUCTURE)
            ask_structure(out, p, inner, kid, 0);
        else
            ask_scalar(out, p, inner, kid);
    }
    if (out->len == from + 1) {
        out->len = from;
        buf_add(out, STR("\"\""));
    } else {
        buf_add_char(out, '}');
    }
}

void ec2b_request(struct buf *out, const struct plan *p, const struct value *params)
{
    buf_add(out, STR("{\""));
    buf_add(out, p->root.len ? p->root : p->operation);
    buf_add(out, p->root.len ? STR("\":") : STR("Request\":"));
    if (p->input)
        ask_structure(out, p, p->input, params, 0);
    else
        buf_add(out, STR("\"\""));
    buf_add_char(out, '}');
}

static void answer_members(struct buf *out, const struct plan *p, const struct cat_shape *s,
                           const struct value *v);

static void answer_value(struct buf *out, const struct plan *p, const struct cat_shape *s,
                         const struct value *v)
{
    if (s->flags & CAT_S_SENSITIVE) {
        json_add_string(out, p->hidden);
    } else if ((v->kind == VALUE_LIST || v->kind == VALUE_MAP) && v->count == 0) {
        buf_add(out, STR("\"\""));
    } else if (v->kind == VALUE_LIST && s->type == CAT_LIST) {
        const struct cat_shape *inner = cat_member_shape(p->cat, cat_shape_member(p->cat, s, 0));

        buf_add(out, v->count > 1 ? STR("{\"item\":[") : STR("{\"item\":"));
        for (const struct value *kid = value_first(v); kid; kid = kid->next) {
            if (kid != value_first(v))
                buf_add_char(out, ',');
            answer_value(out, p, inner, kid);
        }
        buf_add(out, v->count > 1 ? STR("]}") : STR("}"));
    } else if (v->kind == VALUE_MAP) {
        buf_add_char(out, '{');
        answer_members(out, p, s, v);
        buf_add_char(out, '}');
    } else {
        scalar_coerced(out, v, p->time);
    }
}

static void answer_members(struct buf *out, const struct plan *p, const struct cat_shape *s,
                           const struct value *v)
{
    uint32_t hint = 0;

    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        const struct cat_member *m = tree_member(p, s, kid->name, &hint);
        const struct member_rule *rule = m ? plan_rule(p, SIDE_RESPONSE, m) : NULL;

        if (!m || kid->kind == VALUE_NULL || tree_is_bytes(p->cat, m) ||
            (rule && rule->action == RULE_DROP))
            continue;
        scalar_key(out, cat_str(p->cat, m->wire), LETTER_AS_IS);
        if (rule && rule->action == RULE_HIDE)
            json_add_string(out, p->hidden);
        else
            answer_value(out, p, cat_member_shape(p->cat, m), kid);
    }
}

void ec2b_response(struct buf *out, const struct plan *p, const struct value *output,
                   struct str request_id)
{
    buf_add(out, STR("{\""));
    buf_add(out, p->operation);
    buf_add(out, STR("Response\":{\"xmlns\":\"http://ec2.amazonaws.com/doc/2016-11-15/\","
                     "\"requestId\":"));
    json_add_string(out, request_id);
    if (p->output && p->output->member_count)
        answer_members(out, p, p->output, output);
    else
        buf_add(out, STR(",\"return\":true"));
    buf_add(out, STR("}}"));
}
