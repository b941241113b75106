#include "emulator/engine/constraints.h"

#include "core/codec/uri.h"
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

/* ---- patterns ---- */

static uint32_t code_point(struct str s, size_t *at)
{
    size_t len = str_utf8_len(str_sub(s, *at, s.len));
    unsigned char first = (unsigned char)s.ptr[*at];
    uint32_t cp = len < 2 ? first : first & (0x7fu >> len);

    for (size_t i = 1; i < len; i++)
        cp = cp << 6 | ((unsigned char)s.ptr[*at + i] & 0x3fu);
    *at += len ? len : 1;
    return cp;
}

static bool is_word(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* One end of a range; false: an escape that names more than one character. */
static bool read_literal(struct str set, size_t *at, uint32_t *out)
{
    struct str bytes;
    struct arena a = { 0 };
    bool is_plain = set.ptr[*at] != '\\' || *at + 1 >= set.len;
    bool ok = true;

    if (is_plain) {
        *out = code_point(set, at);
        return true;
    }
    *at += 2;
    if (set.ptr[*at - 1] != 'u') {
        *out = (unsigned char)set.ptr[*at - 1];
        return !is_word(*out);
    }
    ok = set.len - *at >= 4 && hex_decode(&a, str_sub(set, *at, 4), &bytes, NULL) == 0;
    if (ok)
        *out = (uint32_t)(unsigned char)bytes.ptr[0] << 8 | (unsigned char)bytes.ptr[1];
    arena_free(&a);
    *at += 4;
    return ok;
}

enum verdict { IS_NOT, IS_IN, IS_UNKNOWN };

static enum verdict set_has(struct str set, uint32_t c)
{
    for (size_t at = 0; at < set.len;) {
        struct str rest = str_sub(set, at, set.len);
        bool is_words = str_has_prefix(rest, STR("\\w")),
             is_digits = str_has_prefix(rest, STR("\\d"));
        uint32_t low = 0, high;

        if (is_words || is_digits) {
            if (is_words ? is_word(c) : c >= '0' && c <= '9')
                return IS_IN;
            at += 2;
            continue;
        }
        if (!read_literal(set, &at, &low))
            return IS_UNKNOWN;
        high = low;
        if (at + 1 < set.len && set.ptr[at] == '-') {
            at++;
            if (!read_literal(set, &at, &high))
                return IS_UNKNOWN;
        }
        if (c >= low && c <= high)
            return IS_IN;
    }
    return IS_NOT;
}

/* "[SET]+", "[SET]*", between ^ and $ or not. */
static bool is_one_set(struct str pattern, struct str *set)
{
    struct str p = str_has_prefix(pattern, STR("^")) ? str_sub(pattern, 1, pattern.len) : pattern;

    if (str_has_suffix(p, STR("$")))
        p = str_sub(p, 0, p.len - 1);
    if (p.len < 4 || p.ptr[0] != '[' || p.ptr[1] == '^' || p.ptr[p.len - 2] != ']' ||
        !strchr("+*", p.ptr[p.len - 1]))
        return false;
    *set = str_sub(p, 1, p.len - 3);
    return !memchr(set->ptr, '[', set->len) && !memchr(set->ptr, ']', set->len);
}

bool constraints_fits(struct str pattern, struct str text)
{
    struct str set;

    if (!is_one_set(pattern, &set))
        return true;
    for (size_t at = 0; at < text.len;)
        if (set_has(set, code_point(text, &at)) == IS_NOT)
            return false;
    return true;
}

/* ---- values ---- */

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
        (void)code_point(v->u.text, &len);
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
            (void)code_point(v->u.text, &at);
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

    check_enum(k, s, v, path);
    if (pattern.len > 0 && !constraints_fits(pattern, v->u.text))
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
