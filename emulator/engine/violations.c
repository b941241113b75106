#include "emulator/engine/violations.h"

#include "core/base/buf.h"
#include "emulator/engine/pattern.h"
#include "emulator/wire/shape.h"

#define SHOWN_BYTES     1024 /* of a value, in a message that goes on record */
#define VIOLATIONS_MOST 20

/* Long sets grow with AWS (instance types, runtimes, regions, resource types), short ones are
 * choices: only those are taken for complete. */
#define CLOSED_ENUM_MOST 12

struct checking {
    struct arena *a;
    unsigned checks;
    enum wording wording;
    struct str skipped;
    bool in_secret;     /* inside of something sensitive */
    uint32_t steps;     /* left for all patterns together */
    struct str pattern; /* the last one, parsed */
    const struct pattern *parsed;
    struct violations found;
    struct violation **last;
};

static void add(struct checking *k, struct str path, struct str text, bool is_missing)
{
    struct violation *v = arena_alloc(k->a, sizeof *v);

    if (k->found.count == VIOLATIONS_MOST)
        return;
    *v = (struct violation){ path, text, is_missing, NULL };
    *k->last = v;
    k->last = &v->next;
    k->found.count++;
}

/* ---- where, and what was there ---- */

/* Messages say userName for UserName. */
static struct str lower_first(struct arena *a, struct str name)
{
    struct str low = arena_copy(a, name);

    if (low.len > 0 && low.ptr[0] >= 'A' && low.ptr[0] <= 'Z')
        ((char *)low.ptr)[0] = (char)(low.ptr[0] + 'a' - 'A');
    return low;
}

static struct str path_of(struct checking *k, struct str above, struct str name)
{
    if (k->wording == WORDING_POINTER)
        return arena_printf(k->a, "%.*s/%.*s", STR_ARG(above), STR_ARG(name));
    if (k->wording == WORDING_PARAMETER)
        return name;
    struct str low = lower_first(k->a, name);

    return above.len ? arena_printf(k->a, "%.*s.%.*s", STR_ARG(above), STR_ARG(low)) : low;
}

static struct str path_of_element(struct checking *k, struct str above, long long index)
{
    if (k->wording == WORDING_POINTER)
        return arena_printf(k->a, "%.*s/%lld", STR_ARG(above), index);
    return arena_printf(k->a, "%.*s.%lld.member", STR_ARG(above), index + 1);
}

/* The bytes of the character that s has at `at`; broken ones count one by one. */
static size_t char_len(struct str s, size_t at)
{
    size_t len = str_utf8_len(str_sub(s, at, s.len));

    return len ? len : 1;
}

static bool is_plain(const struct value *v)
{
    return v->kind == VALUE_STRING || v->kind == VALUE_INT || v->kind == VALUE_FLOAT;
}

static void show_plain(struct buf *out, const struct value *v)
{
    size_t len = 0;

    if (v->kind == VALUE_INT)
        buf_printf(out, "%lld", (long long)v->u.integer);
    if (v->kind == VALUE_FLOAT)
        buf_printf(out, "%g", v->u.real);
    if (v->kind != VALUE_STRING)
        return;
    while (len < v->u.text.len && len < SHOWN_BYTES)
        len += char_len(v->u.text, len);
    buf_add(out, str_sub(v->u.text, 0, len));
}

/* [a, b] and {k=v}, as Java prints them; false where something in it is no plain value. */
static bool show_all(struct buf *out, const struct value *v)
{
    bool is_map = v->kind == VALUE_MAP;

    buf_add_char(out, is_map ? '{' : '[');
    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        if (!is_plain(kid) || out->len > SHOWN_BYTES)
            return false;
        if (kid != value_first(v))
            buf_add(out, STR(", "));
        if (is_map)
            buf_printf(out, "%.*s=", STR_ARG(kid->name));
        show_plain(out, kid);
    }
    buf_add_char(out, is_map ? '}' : ']');
    return true;
}

static bool is_secret(struct slot s)
{
    bool is_nested = s.shape->type == CAT_LIST || s.shape->type == CAT_MAP;

    return s.shape->flags & CAT_S_SENSITIVE ||
           (is_nested && is_secret(slot_at(s, s.shape->type == CAT_MAP ? 1 : 0)));
}

/* Secrets that some models do not mark. */
static bool is_secret_name(struct str name)
{
    static const char *const ends[] = { "assword", "assphrase", "ecretString", "rivateKey" };

    for (size_t i = 0; i < COUNT(ends); i++)
        if (str_has_suffix(name, str_c(ends[i])))
            return true;
    return false;
}

/* " 'x'", or nothing for what a message does not show. */
static struct str shown(struct checking *k, struct slot s, const struct value *v)
{
    struct buf b = { 0 };
    struct str text = { 0 };
    bool can_show = k->wording == WORDING_VALUE && !k->in_secret && !is_secret(s);

    if (can_show && is_plain(v))
        show_plain(&b, v);
    else
        can_show = can_show && (v->kind == VALUE_LIST || v->kind == VALUE_MAP) && show_all(&b, v);
    if (can_show)
        text = arena_printf(k->a, " '%.*s'", (int)b.len, b.len ? b.ptr : "");
    buf_free(&b);
    return text;
}

static void violated(struct checking *k, struct str value, struct str path, struct str rule)
{
    struct str text;

    if (k->wording == WORDING_PARAMETER)
        text = arena_printf(k->a, "Invalid value for parameter %.*s: must %.*s", STR_ARG(path),
                            STR_ARG(rule));
    else
        text = arena_printf(k->a, "Value%.*s at '%.*s' failed to satisfy constraint: %.*s",
                            STR_ARG(value), STR_ARG(path), STR_ARG(rule));
    add(k, path, text, false);
}

static void missing(struct checking *k, struct str path)
{
    const char *null = k->wording == WORDING_VALUE ? " null" : "";

    if (k->wording == WORDING_PARAMETER)
        add(k, path,
            arena_printf(k->a, "The request must contain the parameter %.*s", STR_ARG(path)), true);
    else
        add(k, path,
            arena_printf(k->a,
                         "Value%s at '%.*s' failed to satisfy constraint: Member must not be null",
                         null, STR_ARG(path)),
            true);
}

/* ---- one value ---- */

struct measure {
    bool has;
    bool is_length;
    double n;
};

static struct measure measure_of(const struct value *v)
{
    struct measure m = { true, true, 0 };

    switch (v->kind) {
    case VALUE_STRING:
        for (size_t at = 0; at < v->u.text.len; m.n++)
            at += char_len(v->u.text, at);
        break;
    case VALUE_BLOB:
        m.n = (double)v->u.text.len;
        break;
    case VALUE_LIST:
    case VALUE_MAP:
        m.n = v->count;
        break;
    case VALUE_INT:
        m.is_length = false;
        m.n = (double)v->u.integer;
        break;
    case VALUE_FLOAT:
        m.is_length = false;
        m.n = v->u.real;
        break;
    default:
        m.has = false;
    }
    return m;
}

static bool is_checked(const struct checking *k, bool is_length)
{
    return (k->checks & (is_length ? CHECK_LENGTH : CHECK_RANGE)) != 0;
}

/* Source: Smithy 2.0 specification, "Constraint traits", as its servers word them. */
static struct str pointer_rule(struct checking *k, struct cat_constraint c, bool is_length)
{
    const char *what = is_length ? "have length " : "be ";

    if (c.has_min && c.has_max)
        return arena_printf(k->a, "Member must %sbetween %lld and %lld, inclusive", what,
                            (long long)c.min, (long long)c.max);
    return arena_printf(k->a, "Member must %s%s than or equal to %lld", what,
                        c.has_min ? "greater" : "less", (long long)(c.has_min ? c.min : c.max));
}

static void check_bounds_pointer(struct checking *k, struct slot s, struct measure m,
                                 struct str path)
{
    struct cat_constraint c = cat_constraint_at(s.cat, s.shape);
    struct str size = { 0 };

    if (!(c.has_min && m.n < (double)c.min) && !(c.has_max && m.n > (double)c.max))
        return;
    if (m.is_length)
        size = arena_printf(k->a, " with length %.0f", m.n);
    violated(k, size, path, pointer_rule(k, c, m.is_length));
}

static struct str bound_rule(struct checking *k, bool is_length, const char *side, int64_t bound)
{
    return arena_printf(k->a, "Member must have %s %s than or equal to %lld",
                        is_length ? "length" : "value", side, (long long)bound);
}

static void check_bounds(struct checking *k, struct slot s, const struct value *v, struct str path)
{
    struct cat_constraint c = cat_constraint_at(s.cat, s.shape);
    struct measure m;

    if (!c.has_min && !c.has_max)
        return;
    m = measure_of(v);
    if (!m.has || !is_checked(k, m.is_length))
        return;
    if (k->wording == WORDING_POINTER) {
        check_bounds_pointer(k, s, m, path);
        return;
    }
    if (c.has_min && m.n < (double)c.min)
        violated(k, shown(k, s, v), path, bound_rule(k, m.is_length, "greater", c.min));
    if (c.has_max && m.n > (double)c.max)
        violated(k, shown(k, s, v), path, bound_rule(k, m.is_length, "less", c.max));
}

static bool is_closed(struct cat_constraint c)
{
    return c.enum_count > 0 && c.enum_count <= CLOSED_ENUM_MOST;
}

static bool in_enum(struct slot s, struct cat_constraint c, struct str text)
{
    for (uint32_t i = 0; i < c.enum_count; i++)
        if (str_eq(cat_enum_at(s.cat, s.shape, i), text))
            return true;
    return false;
}

static struct str enum_rule(struct checking *k, struct slot s, struct cat_constraint c)
{
    struct str values[CLOSED_ENUM_MOST];

    for (uint32_t i = 0; i < c.enum_count; i++)
        values[i] = cat_enum_at(s.cat, s.shape, i);
    struct str all = arena_join(k->a, values, c.enum_count, STR(", "));
    return arena_printf(k->a, "Member must satisfy enum value set: [%.*s]", STR_ARG(all));
}

static bool in_pattern(struct checking *k, struct str pattern, struct str text)
{
    if (k->pattern.ptr != pattern.ptr) {
        k->pattern = pattern;
        k->parsed = pattern_parse(k->a, pattern);
    }
    return !k->parsed || pattern_match_within(k->parsed, text, &k->steps);
}

static void check_text(struct checking *k, struct slot s, const struct value *v, struct str path)
{
    struct cat_constraint c = cat_constraint_at(s.cat, s.shape);

    if (k->checks & CHECK_ENUM && is_closed(c) && !in_enum(s, c, v->u.text))
        violated(k, shown(k, s, v), path, enum_rule(k, s, c));
    if (k->checks & CHECK_PATTERN && c.pattern.len > 0 && !in_pattern(k, c.pattern, v->u.text))
        violated(k, k->wording == WORDING_POINTER ? (struct str){ 0 } : shown(k, s, v), path,
                 arena_printf(k->a, "Member must satisfy regular expression pattern: %.*s",
                              STR_ARG(c.pattern)));
}

/* ---- lists and maps of plain values: one message for all of them ---- */

static bool plain_fits(struct checking *k, struct slot s, struct str text)
{
    struct cat_constraint c = cat_constraint_at(s.cat, s.shape);
    double n = measure_of(&(struct value){ .kind = VALUE_STRING, .u.text = text }).n;

    if (k->checks & CHECK_LENGTH &&
        ((c.has_min && n < (double)c.min) || (c.has_max && n > (double)c.max)))
        return false;
    if (k->checks & CHECK_ENUM && is_closed(c) && !in_enum(s, c, text))
        return false;
    return !(k->checks & CHECK_PATTERN) || c.pattern.len == 0 || in_pattern(k, c.pattern, text);
}

/* All that an element must be, whichever of it was violated. */
static struct str plain_rule(struct checking *k, struct slot s, const char *whose)
{
    struct cat_constraint c = cat_constraint_at(s.cat, s.shape);
    struct str rules[4];
    size_t n = 0;

    if (c.has_max)
        rules[n++] = bound_rule(k, true, "less", c.max);
    if (c.has_min)
        rules[n++] = bound_rule(k, true, "greater", c.min);
    if (is_closed(c))
        rules[n++] = enum_rule(k, s, c);
    if (c.pattern.len > 0)
        rules[n++] = arena_printf(k->a, "Member must satisfy regular expression pattern: %.*s",
                                  STR_ARG(c.pattern));
    struct str all = arena_join(k->a, rules, n, STR(", "));
    return arena_printf(k->a, "%s must satisfy constraint: [%.*s]", whose, STR_ARG(all));
}

enum part { PART_ELEMENT, PART_KEY, PART_VALUE };

static void check_plain(struct checking *k, struct slot s, const struct value *v, struct str path,
                        enum part part)
{
    static const char *const whose[] = { "Member", "Map keys", "Map value" };
    struct slot e = slot_at(s, part == PART_VALUE ? 1 : 0);

    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        bool is_text = part == PART_KEY || kid->kind == VALUE_STRING;

        if (is_text && !plain_fits(k, e, part == PART_KEY ? kid->name : kid->u.text)) {
            violated(k, shown(k, s, v), path, plain_rule(k, e, whose[part]));
            return;
        }
    }
}

/* ---- the walk ---- */

static void check_value(struct checking *k, struct slot s, const struct value *v, struct str path);

/* What can't be seen among the parameters, or is made by whoever sends them. */
static bool is_required(struct slot m)
{
    return m.member->flags & CAT_M_REQUIRED &&
           !(m.member->flags & (CAT_M_STREAMING | CAT_M_IDEMPOTENCY)) &&
           !(m.shape->flags & (CAT_S_STREAMING | CAT_S_EVENTSTREAM));
}

/* An empty list or map that nobody requires is as good as none: AWS takes EKS's tags {}, which the
 * model forbids. */
static bool is_as_absent(struct slot m, const struct value *given)
{
    bool has_parts = given->kind == VALUE_LIST || given->kind == VALUE_MAP;

    return given->kind == VALUE_NULL ||
           (has_parts && given->count == 0 && !(m.member->flags & CAT_M_REQUIRED));
}

static void check_members(struct checking *k, struct slot s, const struct value *v, struct str path)
{
    for (uint32_t i = 0; i < s.shape->member_count; i++) {
        struct slot m = slot_at(s, i);
        const struct value *given = value_get(v, slot_name(m));

        if (path.len == 0 && str_eq(slot_name(m), k->skipped))
            continue;
        if (given && !is_as_absent(m, given))
            check_value(k, m, given, path_of(k, path, slot_name(m)));
        else if (k->checks & CHECK_REQUIRED && is_required(m))
            missing(k, path_of(k, path, slot_name(m)));
    }
}

static void check_list(struct checking *k, struct slot s, const struct value *v, struct str path)
{
    long long n = 0;

    if (k->wording != WORDING_POINTER && slot_at(s, 0).shape->type == CAT_STRING) {
        check_plain(k, s, v, path, PART_ELEMENT);
        return;
    }
    for (const struct value *kid = value_first(v); kid; kid = kid->next, n++)
        check_value(k, slot_at(s, 0), kid, path_of_element(k, path, n));
}

static void check_map(struct checking *k, struct slot s, const struct value *v, struct str path)
{
    if (k->wording != WORDING_POINTER)
        check_plain(k, s, v, path, PART_KEY);
    if (k->wording != WORDING_POINTER && slot_at(s, 1).shape->type == CAT_STRING) {
        check_plain(k, s, v, path, PART_VALUE);
        return;
    }
    for (const struct value *kid = value_first(v); kid; kid = kid->next)
        check_value(
            k, slot_at(s, 1), kid,
            k->wording == WORDING_POINTER
                ? path_of(k, path, kid->name)
                : arena_printf(k->a, "%.*s.%.*s.member", STR_ARG(path), STR_ARG(kid->name)));
}

static void check_value(struct checking *k, struct slot s, const struct value *v, struct str path)
{
    bool was_in_secret = k->in_secret;

    if (s.shape->flags & (CAT_S_DOCUMENT | CAT_S_STREAMING | CAT_S_EVENTSTREAM))
        return;
    k->in_secret |= (s.shape->flags & CAT_S_SENSITIVE) || is_secret_name(slot_name(s));
    check_bounds(k, s, v, path);
    if (s.shape->type == CAT_STRUCTURE && v->kind == VALUE_MAP)
        check_members(k, s, v, path);
    if (s.shape->type == CAT_STRING && v->kind == VALUE_STRING)
        check_text(k, s, v, path);
    if (s.shape->type == CAT_LIST && v->kind == VALUE_LIST)
        check_list(k, s, v, path);
    if (s.shape->type == CAT_MAP && v->kind == VALUE_MAP)
        check_map(k, s, v, path);
    k->in_secret = was_in_secret;
}

struct violations violations_find(struct arena *a, const struct call *call,
                                  const struct validation *how)
{
    const struct cat_shape *input = call->op ? cat_op_input(call->cat, call->op) : NULL;
    struct checking k = {
        .a = a,
        .checks = how->checks,
        .wording = how->wording,
        .skipped = how->skipped,
        .steps = PATTERN_STEPS_MOST,
    };

    k.last = &k.found.first;
    if (input)
        check_members(&k, slot_root(call->cat, input), call->params, (struct str){ 0 });
    return k.found;
}
