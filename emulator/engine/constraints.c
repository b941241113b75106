#include "emulator/engine/constraints.h"

#include "emulator/engine/pattern.h"
#include "emulator/wire/shape.h"

#define SHOWN_BYTES 1024 /* of a value, in a message that goes on record */

/* Source: IAM API Reference, "Common errors", ValidationError; Organizations API Reference,
 * InvalidInputException. */
static const struct dialect {
    const char *service, *code;
} dialects[] = { { "iam", "ValidationError" }, { "organizations", "InvalidInputException" } };

struct checking {
    struct arena *a;
    struct buf text;
    int count;
};

/* The bytes of the character that s has at `at`; broken ones count one by one. */
static size_t char_len(struct str s, size_t at)
{
    size_t len = str_utf8_len(str_sub(s, at, s.len));

    return len ? len : 1;
}

/* Messages say userName for UserName. */
static struct str path_of(struct checking *k, struct str above, struct str name)
{
    struct str low = arena_copy(k->a, name);

    if (low.len > 0 && low.ptr[0] >= 'A' && low.ptr[0] <= 'Z')
        ((char *)low.ptr)[0] = (char)(low.ptr[0] + 'a' - 'A');
    return above.len ? arena_printf(k->a, "%.*s.%.*s", STR_ARG(above), STR_ARG(low)) : low;
}

static struct str shown(struct checking *k, struct slot s, const struct value *v)
{
    size_t len = 0;

    if (v->kind == VALUE_INT)
        return arena_printf(k->a, " '%lld'", (long long)v->u.integer);
    if (v->kind != VALUE_STRING || (s.shape->flags & CAT_S_SENSITIVE))
        return (struct str){ 0 };
    while (len < v->u.text.len && len < SHOWN_BYTES)
        len += char_len(v->u.text, len);
    return arena_printf(k->a, " '%.*s'", (int)len, v->u.text.ptr);
}

static void violated(struct checking *k, struct str value, struct str path, struct str rule)
{
    buf_printf(&k->text, "%sValue%.*s at '%.*s' failed to satisfy constraint: Member must %.*s",
               k->count++ ? "; " : "", STR_ARG(value), STR_ARG(path), STR_ARG(rule));
}

static void check_bounds(struct checking *k, struct slot s, const struct value *v, struct str path)
{
    struct cat_constraint c = cat_constraint_at(s.cat, s.shape);
    const char *what = v->kind == VALUE_INT ? "value" : "length";
    int64_t n = v->kind == VALUE_INT ? v->u.integer : 0;

    if (v->kind == VALUE_STRING)
        for (size_t at = 0; at < v->u.text.len; n++)
            at += char_len(v->u.text, at);
    else if (v->kind == VALUE_LIST || v->kind == VALUE_MAP)
        n = (int64_t)v->count;
    else if (v->kind != VALUE_INT)
        return;
    if (c.has_min && n < c.min)
        violated(
            k, shown(k, s, v), path,
            arena_printf(k->a, "have %s greater than or equal to %lld", what, (long long)c.min));
    if (c.has_max && n > c.max)
        violated(k, shown(k, s, v), path,
                 arena_printf(k->a, "have %s less than or equal to %lld", what, (long long)c.max));
}

static void check_enum(struct checking *k, struct slot s, const struct value *v, struct str path)
{
    struct cat_constraint c = cat_constraint_at(s.cat, s.shape);
    struct buf set = { 0 };

    for (uint32_t i = 0; i < c.enum_count; i++) {
        struct str one = cat_enum_at(s.cat, s.shape, i);

        if (str_eq(one, v->u.text)) {
            buf_free(&set);
            return;
        }
        buf_printf(&set, "%s%.*s", i ? ", " : "", STR_ARG(one));
    }
    if (c.enum_count > 0)
        violated(k, shown(k, s, v), path,
                 arena_printf(k->a, "satisfy enum value set: [%.*s]", (int)set.len, set.ptr));
    buf_free(&set);
}

static void check_text(struct checking *k, struct slot s, const struct value *v, struct str path)
{
    struct str pattern = cat_constraint_at(s.cat, s.shape).pattern;
    const struct pattern *p = pattern.len > 0 ? pattern_parse(k->a, pattern) : NULL;

    check_enum(k, s, v, path);
    if (p && !pattern_match(p, v->u.text))
        violated(k, shown(k, s, v), path,
                 arena_printf(k->a, "satisfy regular expression pattern: %.*s", STR_ARG(pattern)));
}

static void check_value(struct checking *k, struct slot s, const struct value *v, struct str path);

static void check_members(struct checking *k, struct slot s, const struct value *v, struct str path)
{
    for (uint32_t i = 0; i < s.shape->member_count; i++) {
        struct slot m = slot_at(s, i);
        const struct value *given = value_get(v, slot_name(m));
        struct str where = path_of(k, path, slot_name(m));

        if (given)
            check_value(k, m, given, where);
        else if (m.member->flags & CAT_M_REQUIRED)
            violated(k, STR(" null"), where, STR("not be null"));
    }
}

static void check_value(struct checking *k, struct slot s, const struct value *v, struct str path)
{
    int64_t n = 0;

    check_bounds(k, s, v, path);
    if (s.shape->type == CAT_STRUCTURE && v->kind == VALUE_MAP)
        check_members(k, s, v, path);
    if (s.shape->type == CAT_STRING && v->kind == VALUE_STRING)
        check_text(k, s, v, path);
    if (s.shape->type == CAT_LIST && v->kind == VALUE_LIST)
        for (const struct value *kid = value_first(v); kid && k->count == 0; kid = kid->next)
            check_value(k, slot_at(s, 0), kid,
                        arena_printf(k->a, "%.*s.%lld.member", STR_ARG(path), (long long)++n));
}

void constraints_check(struct arena *a, const struct call *call, struct outcome *out)
{
    const struct cat_shape *input = call->op ? cat_op_input(call->cat, call->op) : NULL;
    struct checking k = { .a = a };

    for (size_t i = 0; input && i < COUNT(dialects); i++) {
        if (!str_eq_c(call->service_name, dialects[i].service))
            continue;
        check_members(&k, slot_root(call->cat, input), call->params, (struct str){ 0 });
        if (k.count > 0)
            outcome_refuse(a, out, 400, dialects[i].code, "%d validation error%s detected: %.*s",
                           k.count, k.count > 1 ? "s" : "", (int)k.text.len, k.text.ptr);
    }
    buf_free(&k.text);
}
