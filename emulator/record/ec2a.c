#include "emulator/record/ec2.h"

#include "core/codec/json.h"
#include "emulator/record/scalar.h"
#include "emulator/record/tree.h"

enum absent { ABSENT_BY_RULE, ABSENT_EMPTY, ABSENT_OMITTED };

/* How one list is written. */
struct set {
    struct str key, element; /* element: the name of a scalar item's only member */
    enum letter key_letter;
    const char *suffix; /* behind the key */
    struct str items;   /* "items", "item", or empty for a plain array */
    enum absent absent;
};

struct legacy {
    struct buf *out;
    const struct recorder *r;
    const struct plan *plan;
    const struct cat *cat;
};

static void write_structure(const struct legacy *l, const struct cat_shape *s,
                            const struct value *v, struct str parent);

struct str ec2_wire_name(const struct cat *cat, const struct cat_member *m, bool *upper)
{
    uint32_t query_name = cat_member_extra(cat, m)->query_name, own = cat_own_wire(m);

    *upper = query_name == 0 && own != 0;
    if (query_name)
        return cat_str(cat, query_name);
    return cat_str(cat, own ? own : m->name);
}

/* Rows are keyed by the wire name with its first letter raised, and the parent's wire name, the
 * operation, or "*". */
static const struct table_row *set_row(const struct legacy *l, struct str wire, struct str parent)
{
    const struct str second[] = { parent, l->plan->operation, STR("*") };
    char raised[64];
    size_t count;

    if (wire.len == 0 || wire.len > sizeof raised)
        return NULL;
    memcpy(raised, wire.ptr, wire.len);
    if (raised[0] >= 'a' && raised[0] <= 'z')
        raised[0] = (char)(raised[0] - 32);
    for (size_t i = 0; i < COUNT(second); i++) {
        const struct table_row *row =
            second[i].len
                ? table_find(&l->r->ec2_sets, (struct str){ raised, wire.len }, second[i], &count)
                : NULL;
        if (row)
            return row;
    }
    return NULL;
}

/* Without a row: structures are <name>Set, scalars too but without a final "Id". */
static struct set set_of(const struct legacy *l, struct str wire, struct str parent, bool scalars)
{
    const struct table_row *row = set_row(l, wire, parent);
    struct set set = { wire, wire, LETTER_LOWER, "Set", STR("items"), ABSENT_BY_RULE };

    if (!row) {
        if (scalars && str_has_suffix(wire, STR("Id")))
            set.key = str_sub(wire, 0, wire.len - 2);
        return set;
    }
    set.key = row->cell[2];
    set.suffix = "";
    if (row->cell[3].len)
        set.element = row->cell[3];
    if (row->cell[4].len)
        set.items = str_eq(row->cell[4], STR("plain")) ? (struct str){ 0 } : row->cell[4];
    set.absent = str_eq(row->cell[5], STR("empty"))  ? ABSENT_EMPTY
                 : str_eq(row->cell[5], STR("omit")) ? ABSENT_OMITTED
                                                     : ABSENT_BY_RULE;
    return set;
}

static void write_key(const struct legacy *l, const struct set *set)
{
    scalar_key(l->out, set->key, set->key_letter);
    if (*set->suffix) { /* between the name and its quote */
        l->out->len -= 2;
        buf_add_c(l->out, set->suffix);
        buf_add(l->out, STR("\":"));
    }
}

static void write_scalar(const struct legacy *l, const struct cat_shape *s, const struct value *v)
{
    if (s->flags & CAT_S_SENSITIVE)
        json_add_string(l->out, l->plan->hidden);
    else
        scalar_write(l->out, v, l->plan->time);
}

static void write_item(const struct legacy *l, const struct set *set, const struct cat_shape *s,
                       const struct value *v, struct str wire)
{
    buf_add_char(l->out, '{');
    if (s->type == CAT_STRUCTURE && !(s->flags & CAT_S_SENSITIVE)) {
        write_structure(l, s, v, wire);
    } else {
        scalar_key(l->out, set->element, LETTER_LOWER);
        write_scalar(l, s, v);
    }
    buf_add_char(l->out, '}');
}

static void write_list(const struct legacy *l, const struct set *set, const struct cat_shape *s,
                       const struct value *v, struct str wire)
{
    const struct cat_shape *inner = cat_member_shape(l->cat, cat_shape_member(l->cat, s, 0));

    write_key(l, set);
    if (!v || v->count == 0) {
        buf_add(l->out, STR("{}"));
        return;
    }
    if (set->items.len) {
        buf_add_char(l->out, '{');
        scalar_key(l->out, set->items, LETTER_AS_IS);
    }
    buf_add_char(l->out, '[');
    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        scalar_comma(l->out);
        write_item(l, set, inner, kid, wire);
    }
    buf_add_char(l->out, ']');
    if (set->items.len)
        buf_add_char(l->out, '}');
}

/* All members of a structure that stand together in one item: RunInstances' instancesSet. */
static void write_group(const struct legacy *l, const struct cat_shape *s, const struct value *v,
                        struct str key)
{
    scalar_key(l->out, key, LETTER_AS_IS);
    buf_add(l->out, STR("{\"items\":[{"));
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct cat_member *m = cat_shape_member(l->cat, s, i);
        const struct member_rule *rule = plan_rule(l->plan, SIDE_REQUEST, m);
        const struct value *kid = value_get(v, cat_str(l->cat, m->name));

        if (kid && rule && rule->action == RULE_INTO && str_eq(rule->arg, key)) {
            scalar_key(l->out, cat_str(l->cat, m->name), LETTER_LOWER);
            write_scalar(l, cat_member_shape(l->cat, m), kid);
        }
    }
    buf_add(l->out, STR("}]}"));
}

/* A member that is no list. */
static void write_single(const struct legacy *l, const struct cat_member *m, struct str wire,
                         const struct value *v)
{
    const struct cat_shape *s = cat_member_shape(l->cat, m);
    const struct member_rule *rule = plan_rule(l->plan, SIDE_REQUEST, m);
    enum rule_action action = rule ? rule->action : RULE_NONE;

    if (action == RULE_LIFT) {
        write_structure(l, s, v, wire);
        return;
    }
    if (action == RULE_RENAME)
        scalar_key(l->out, rule->arg, LETTER_AS_IS);
    else
        scalar_key(l->out, wire, LETTER_LOWER);
    if (action == RULE_HIDE) {
        json_add_string(l->out, rule->arg.len ? rule->arg : l->plan->hidden);
    } else if (action == RULE_STRING) {
        scalar_quoted(l->out, v, l->plan->time);
    } else if (s->type == CAT_STRUCTURE && !(s->flags & CAT_S_SENSITIVE)) {
        buf_add_char(l->out, '{');
        write_structure(l, s, v, wire);
        buf_add_char(l->out, '}');
    } else {
        write_scalar(l, s, v);
    }
}

static bool writes_absent(const struct legacy *l, const struct set *set, struct str parent)
{
    if (set->absent != ABSENT_BY_RULE)
        return set->absent == ABSENT_EMPTY;
    return parent.len == 0 && str_has_prefix(l->plan->operation, STR("Describe"));
}

static void write_structure(const struct legacy *l, const struct cat_shape *s,
                            const struct value *v, struct str parent)
{
    struct str grouped = { 0 };

    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct cat_member *m = cat_shape_member(l->cat, s, i);
        const struct cat_shape *shape = cat_member_shape(l->cat, m);
        const struct value *kid = value_get(v, cat_str(l->cat, m->name));
        bool upper;
        struct str wire = ec2_wire_name(l->cat, m, &upper);

        if (shape->type == CAT_LIST) {
            const struct cat_shape *inner =
                cat_member_shape(l->cat, cat_shape_member(l->cat, shape, 0));
            struct set set = set_of(l, wire, parent, inner->type != CAT_STRUCTURE);

            if (kid || writes_absent(l, &set, parent))
                write_list(l, &set, shape, kid, wire);
            continue;
        }
        if (!kid || kid->kind == VALUE_NULL || tree_is_bytes(l->cat, m))
            continue;
        const struct member_rule *rule = plan_rule(l->plan, SIDE_REQUEST, m);
        if (rule && rule->action == RULE_DROP)
            continue;
        if (!rule || rule->action != RULE_INTO) {
            write_single(l, m, wire, kid);
        } else if (!grouped.len) {
            grouped = rule->arg;
            write_group(l, s, v, grouped);
        }
    }
}

void ec2a_request(struct buf *out, const struct recorder *r, const struct plan *p,
                  const struct value *params)
{
    struct legacy l = { out, r, p, p->cat };
    size_t from = out->len;

    buf_add_char(out, '{');
    if (p->input)
        write_structure(&l, p->input, params, (struct str){ 0 });
    tree_defaults(out, p, SIDE_REQUEST, params);
    if (out->len == from + 1) {
        out->len = from;
        buf_add(out, STR("null"));
    } else {
        buf_add_char(out, '}');
    }
}

static void answer_members(struct buf *out, const struct plan *p, const struct cat_shape *s,
                           const struct value *v);

/* items: the key of a list's elements. */
static void answer_value(struct buf *out, const struct plan *p, const struct cat_shape *s,
                         const struct value *v, struct str items)
{
    if (s->flags & CAT_S_SENSITIVE) {
        json_add_string(out, p->hidden);
    } else if (v->kind == VALUE_LIST && s->type == CAT_LIST) {
        const struct cat_shape *inner = cat_member_shape(p->cat, cat_shape_member(p->cat, s, 0));

        buf_add_char(out, '{');
        if (v->count) {
            scalar_key(out, items, LETTER_AS_IS);
            buf_add_char(out, '[');
        }
        for (const struct value *kid = value_first(v); kid; kid = kid->next) {
            scalar_comma(out);
            answer_value(out, p, inner, kid, STR("items"));
        }
        buf_add(out, v->count ? STR("]}") : STR("}"));
    } else if (v->kind == VALUE_MAP) {
        buf_add_char(out, '{');
        answer_members(out, p, s, v);
        buf_add_char(out, '}');
    } else {
        scalar_write(out, v, p->time);
    }
}

static void answer_members(struct buf *out, const struct plan *p, const struct cat_shape *s,
                           const struct value *v)
{
    uint32_t hint = 0;

    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        const struct cat_member *m = tree_member(p, s, kid->name, &hint);
        const struct member_rule *rule = m ? plan_rule(p, SIDE_RESPONSE, m) : NULL;
        enum rule_action action = rule ? rule->action : RULE_NONE;

        if (!m || kid->kind == VALUE_NULL || action == RULE_DROP || tree_is_bytes(p->cat, m))
            continue;
        struct str name = action == RULE_RENAME ? rule->arg : cat_str(p->cat, m->wire);
        scalar_key(out, str_eq(name, STR("return")) ? STR("_return") : name, LETTER_LOWER);
        if (action == RULE_HIDE)
            json_add_string(out, p->hidden);
        else if (action == RULE_STRING)
            scalar_quoted(out, kid, p->time);
        else
            answer_value(out, p, cat_member_shape(p->cat, m), kid,
                         action == RULE_ITEM ? STR("item") : STR("items"));
    }
}

void ec2a_response(struct buf *out, const struct plan *p, const struct value *output,
                   struct str request_id)
{
    buf_add(out, STR("{\"requestId\":"));
    json_add_string(out, request_id);
    if (p->output && p->output->member_count)
        answer_members(out, p, p->output, output);
    else
        buf_add(out, STR(",\"_return\":true"));
    tree_defaults(out, p, SIDE_RESPONSE, output);
    buf_add_char(out, '}');
}
