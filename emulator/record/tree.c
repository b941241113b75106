#include "emulator/record/tree.h"

#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/record/scalar.h"

struct tree {
    struct buf *out;
    const struct plan *plan;
    enum side side;
    enum time_form time;
    bool shown; /* inside a member that is shown although it is sensitive */
};

static void write_value(const struct tree *t, const struct cat_shape *s, const struct value *v);

const struct cat_member *tree_member(const struct plan *p, const struct cat_shape *s,
                                     struct str name, uint32_t *hint)
{
    const struct str *names = s == p->input    ? p->input_names
                              : s == p->output ? p->output_names
                                               : NULL;
    uint32_t count = s->member_count, at = *hint < count ? *hint : 0;

    for (uint32_t i = 0; i < count; i++, at = at + 1 < count ? at + 1 : 0) {
        const struct cat_member *m = cat_shape_member(p->cat, s, at);

        if (str_eq(names ? names[at] : cat_str(p->cat, m->name), name)) {
            *hint = at + 1;
            return m;
        }
    }
    return NULL;
}

bool tree_is_bytes(const struct cat *cat, const struct cat_member *m)
{
    const struct cat_shape *s = cat_member_shape(cat, m);

    if (m->location == CAT_STATUS || m->flags & CAT_M_STREAMING)
        return true;
    while (s->type == CAT_LIST || s->type == CAT_MAP)
        s = cat_member_shape(cat, cat_shape_member(cat, s, s->type == CAT_MAP ? 1 : 0));
    return s->type == CAT_BLOB || s->flags & (CAT_S_STREAMING | CAT_S_EVENTSTREAM);
}

static struct str name_of(const struct tree *t, const struct cat_member *m, enum letter *first)
{
    *first = t->plan->dialect == DIALECT_W ? LETTER_AS_IS : LETTER_LOWER;
    return cat_str(t->plan->cat, t->plan->dialect == DIALECT_W ? m->wire : m->name);
}

static void write_names(const struct tree *t, const struct value *v)
{
    buf_add_char(t->out, '[');
    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        scalar_comma(t->out);
        json_add_string(t->out, kid->name);
    }
    buf_add_char(t->out, ']');
}

/* A document that came encoded, as IAM's answers hold it, stays as it is. */
static void write_encoded(const struct tree *t, const struct value *v)
{
    buf_add_char(t->out, '"');
    if (v->kind == VALUE_STRING && str_has_prefix(v->u.text, STR("%7B")))
        buf_add(t->out, v->u.text);
    else if (v->kind == VALUE_STRING)
        uri_encode(t->out, v->u.text, URI_KEEP_NONE);
    buf_add_char(t->out, '"');
}

/* What a row says of a member's value; RULE_NONE and RULE_RENAME change nothing. */
static void write_by_rule(const struct tree *t, const struct member_rule *rule,
                          const struct cat_shape *s, const struct value *v)
{
    struct tree inner = *t;

    switch (rule ? rule->action : RULE_NONE) {
    case RULE_HIDE:
        json_add_string(t->out, rule->arg.len ? rule->arg : t->plan->hidden);
        return;
    case RULE_STRING:
        scalar_quoted(t->out, v, t->time);
        return;
    case RULE_EMPTY:
        buf_add(t->out, STR("{}"));
        return;
    case RULE_NAMES:
        write_names(t, v);
        return;
    case RULE_PLAIN:
        scalar_plain_attributes(t->out, v);
        return;
    case RULE_REDACT:
        scalar_redacted(t->out, v->kind == VALUE_STRING ? v->u.text : (struct str){ 0 });
        return;
    case RULE_ENCODE:
        write_encoded(t, v);
        return;
    case RULE_BUFFER:
        scalar_byte_buffer(t->out, v->kind == VALUE_BLOB ? v->u.text : (struct str){ 0 });
        return;
    case RULE_SHOW:
        inner.shown = true;
        break;
    case RULE_TIME:
        inner.time = plan_time_form(rule->arg);
        break;
    default:
        break;
    }
    write_value(&inner, s, v);
}

/* The form that the body of the message has. Source: Smithy 2.0, "timestampFormat trait". */
static enum time_form wire_form(const struct cat_shape *s, const struct cat_member *m,
                                const struct value *v)
{
    unsigned ts = m && m->ts ? m->ts : s->ts;

    if (ts == CAT_TS_ISO8601 || (ts == CAT_TS_DEFAULT && m && m->location == CAT_QUERYSTRING))
        return v->u.time_ms % 1000 ? TIME_ISO_MS : TIME_ISO;
    return TIME_EPOCH;
}

static bool is_hidden(const struct tree *t, const struct member_rule *rule,
                      const struct cat_member *m)
{
    const struct cat_shape *s = cat_member_shape(t->plan->cat, m);

    return (rule && rule->action == RULE_HIDE) || (s->flags & CAT_S_SENSITIVE && !t->shown);
}

static void write_member(const struct tree *t, const struct cat_member *m, const struct value *v)
{
    const struct plan *p = t->plan;
    const struct member_rule *rule = p->rule_count ? plan_rule(p, t->side, m) : NULL;
    enum letter first;
    struct str name = name_of(t, m, &first);
    bool is_text_number = p->flags & SERVICE_TEXT_NUMBERS && m->location == CAT_QUERYSTRING;

    if (v->kind == VALUE_NULL || (rule && rule->action == RULE_DROP))
        return;
    if (tree_is_bytes(p->cat, m) &&
        !(rule && (rule->action == RULE_HIDE || rule->action == RULE_BUFFER)))
        return;
    if (rule && rule->action == RULE_RENAME)
        scalar_key(t->out, rule->arg, LETTER_AS_IS);
    else
        scalar_key(t->out, name, first);
    if (v->kind == VALUE_TIME && t->time == TIME_WIRE)
        scalar_time(t->out, v->u.time_ms, wire_form(cat_member_shape(p->cat, m), m, v));
    else if (is_text_number && v->kind < VALUE_LIST && !is_hidden(t, rule, m))
        scalar_quoted(t->out, v, t->time);
    else
        write_by_rule(t, rule, cat_member_shape(p->cat, m), v);
}

static bool is_lifted(const struct tree *t, const struct cat_shape *s, const struct cat_member *m)
{
    const struct cat *cat = t->plan->cat;

    return t->plan->flags & SERVICE_LIFTS_BODY && t->side == SIDE_REQUEST && s->payload &&
           m == cat_shape_member(cat, s, s->payload - 1u) &&
           cat_member_shape(cat, m)->type == CAT_STRUCTURE;
}

static void write_members(const struct tree *t, const struct cat_shape *s, const struct value *v)
{
    uint32_t hint = 0;

    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        const struct cat_member *m = tree_member(t->plan, s, kid->name, &hint);

        if (m && is_lifted(t, s, m))
            write_members(t, cat_member_shape(t->plan->cat, m), kid);
        else if (m)
            write_member(t, m, kid);
    }
}

static void write_map(const struct tree *t, const struct cat_shape *s, const struct value *v)
{
    const struct cat *cat = t->plan->cat;
    const struct cat_shape *inner = cat_member_shape(cat, cat_shape_member(cat, s, 1));

    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        scalar_comma(t->out);
        json_add_string(t->out, kid->name);
        buf_add_char(t->out, ':');
        write_value(t, inner, kid);
    }
}

static void write_list(const struct tree *t, const struct cat_shape *s, const struct value *v)
{
    const struct cat *cat = t->plan->cat;
    const struct cat_shape *inner = cat_member_shape(cat, cat_shape_member(cat, s, 0));

    buf_add_char(t->out, '[');
    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        scalar_comma(t->out);
        write_value(t, inner, kid);
    }
    buf_add_char(t->out, ']');
}

static void write_value(const struct tree *t, const struct cat_shape *s, const struct value *v)
{
    if (s->flags & CAT_S_SENSITIVE && !t->shown) {
        json_add_string(t->out, t->plan->hidden);
        return;
    }
    if (v->kind == VALUE_LIST && s->type == CAT_LIST) {
        write_list(t, s, v);
    } else if (v->kind == VALUE_MAP && (s->type == CAT_STRUCTURE || s->type == CAT_MAP) &&
               !(s->flags & CAT_S_DOCUMENT)) {
        buf_add_char(t->out, '{');
        if (s->type == CAT_MAP)
            write_map(t, s, v);
        else
            write_members(t, s, v);
        buf_add_char(t->out, '}');
    } else {
        enum time_form form =
            t->time == TIME_WIRE && v->kind == VALUE_TIME ? wire_form(s, NULL, v) : t->time;

        scalar_write(t->out, v, form); /* also documents: verbatim */
    }
}

/* Has the request a member that is written as key, whatever the case of its first letter? */
static bool is_given(const struct value *params, struct str key)
{
    struct str tail = str_sub(key, 1, key.len);

    for (const struct value *kid = value_first(params); kid; kid = kid->next)
        if (kid->name.len == key.len && (kid->name.ptr[0] | 32) == (key.ptr[0] | 32) &&
            str_eq(str_sub(kid->name, 1, key.len), tail))
            return true;
    return false;
}

static void write_defaults(struct buf *out, const struct table_row *rows, size_t count,
                           enum side side, const struct value *given)
{
    for (size_t i = 0; i < count; i++) {
        struct str key = rows[i].cell[3];
        bool is_response = str_eq(rows[i].cell[2], STR("response"));

        if (is_response != (side == SIDE_RESPONSE) || is_given(given, key))
            continue;
        scalar_key(out, key, LETTER_AS_IS);
        buf_add(out, rows[i].cell[4]);
    }
}

void tree_defaults(struct buf *out, const struct plan *p, enum side side, const struct value *given)
{
    write_defaults(out, p->defaults, p->default_count, side, given);
    write_defaults(out, p->all_defaults, p->all_default_count, side, given);
}

/* Close the object begun at from; one without members is null. */
static void close_or_null(struct buf *out, size_t from)
{
    if (out->len == from + 1) {
        out->len = from;
        buf_add(out, STR("null"));
    } else {
        buf_add_char(out, '}');
    }
}

/* API Gateway's own API: {"restApiId":..., "createStageInput":{body members}}. */
static void write_wrapped(const struct tree *t, const struct cat_shape *s, const struct value *v)
{
    uint32_t hint = 0;
    size_t key_at, from = 0;

    for (int is_body = 0; is_body <= 1; is_body++) {
        key_at = t->out->len;
        if (is_body) {
            scalar_key(t->out, t->plan->operation, LETTER_LOWER);
            t->out->len -= 2;
            buf_add(t->out, STR("Input\":{"));
            from = t->out->len;
        }
        for (const struct value *kid = value_first(v); kid; kid = kid->next) {
            const struct cat_member *m = tree_member(t->plan, s, kid->name, &hint);

            if (m && (m->location == CAT_BODY) == is_body)
                write_member(t, m, kid);
        }
    }
    if (t->out->len == from)
        t->out->len = key_at;
    else
        buf_add_char(t->out, '}');
}

void tree_request(struct buf *out, const struct plan *p, const struct value *params)
{
    struct tree t = { .out = out, .plan = p, .side = SIDE_REQUEST, .time = p->time };
    size_t from = out->len;

    buf_add_char(out, '{');
    if (p->input && p->flags & SERVICE_WRAPS_BODY)
        write_wrapped(&t, p->input, params);
    else if (p->input)
        write_members(&t, p->input, params);
    tree_defaults(out, p, SIDE_REQUEST, params);
    close_or_null(out, from);
}

void tree_response(struct buf *out, const struct plan *p, const struct value *output)
{
    struct tree t = { .out = out, .plan = p, .side = SIDE_RESPONSE, .time = p->time };
    size_t from = out->len;

    if (p->wrapper)
        output = value_get(output, cat_str(p->cat, p->wrapper->name));
    buf_add_char(out, '{');
    if (p->output)
        write_members(&t, p->output, output);
    tree_defaults(out, p, SIDE_RESPONSE, output);
    close_or_null(out, from);
}
