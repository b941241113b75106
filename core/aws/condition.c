#include "core/aws/condition.h"

#include <arpa/inet.h>

#include "core/base/buf.h"
#include "core/base/clock.h"

#define LITERAL_STAR     '\1'
#define LITERAL_QUESTION '\2'

/* Does the request's value stand in this relation to the policy's? */
typedef bool relation_fn(struct str value, struct str wanted);

struct relation {
    const char *name;
    relation_fn *holds;
    bool is_negated;
};

enum quantifier { PLAIN, FOR_ALL, FOR_ANY };

struct condition {
    struct condition *next;
    const struct relation *op; /* NULL: the Null operator */
    enum quantifier quantifier;
    bool if_exists;
    struct str key;
    struct str *values;
    size_t value_count;
};

bool condition_match(struct str pattern, struct str text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, from = 0;

    while (t < text.len) {
        char c = p < pattern.len ? pattern.ptr[p] : '\0';

        if (p < pattern.len && c == '*') {
            star = p++;
            from = t;
        } else if (p < pattern.len &&
                   (c == '?' || c == text.ptr[t] || (c == LITERAL_STAR && text.ptr[t] == '*') ||
                    (c == LITERAL_QUESTION && text.ptr[t] == '?'))) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

static bool is_equal(struct str value, struct str wanted)
{
    return str_eq(value, wanted);
}

static bool is_equal_nocase(struct str value, struct str wanted)
{
    return str_eq_nocase(value, wanted);
}

static bool is_like(struct str value, struct str wanted)
{
    return condition_match(wanted, value);
}

/* Each of the six parts of an ARN is matched on its own; the last keeps its colons. */
static bool is_like_arn(struct str value, struct str wanted)
{
    for (int i = 0; i < 5; i++) {
        struct str value_part, wanted_part;

        if (!str_cut(value, ':', &value_part, &value) ||
            !str_cut(wanted, ':', &wanted_part, &wanted))
            return false;
        if (!condition_match(wanted_part, value_part))
            return false;
    }
    return condition_match(wanted, value);
}

#define RELATION(name, type, parse, relation)                                                      \
    static bool name(struct str value, struct str wanted)                                          \
    {                                                                                              \
        type left, right;                                                                          \
                                                                                                   \
        return parse(value, &left) && parse(wanted, &right) && left relation right;                \
    }

static bool to_date(struct str s, int64_t *out)
{
    return clock_parse(s, out, NULL) == 0;
}

RELATION(number_equals, double, str_to_f64, ==)
RELATION(number_less, double, str_to_f64, <)
RELATION(number_less_equal, double, str_to_f64, <=)
RELATION(number_greater, double, str_to_f64, >)
RELATION(number_greater_equal, double, str_to_f64, >=)
RELATION(date_equals, int64_t, to_date, ==)
RELATION(date_less, int64_t, to_date, <)
RELATION(date_less_equal, int64_t, to_date, <=)
RELATION(date_greater, int64_t, to_date, >)
RELATION(date_greater_equal, int64_t, to_date, >=)
#undef RELATION

static bool to_address(struct str s, int family, unsigned char out[16])
{
    char text[64];

    if (s.len == 0 || s.len >= sizeof text)
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    return inet_pton(family, text, out) == 1;
}

static bool same_prefix(const unsigned char *a, const unsigned char *b, int64_t bits)
{
    size_t whole = (size_t)(bits / 8), rest = (size_t)(bits % 8);
    unsigned char mask = (unsigned char)(0xff << (8 - rest));

    return memcmp(a, b, whole) == 0 && (rest == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

static bool is_in_network(struct str value, struct str wanted)
{
    unsigned char left[16], right[16];
    struct str network, length;
    bool has_length = str_cut(wanted, '/', &network, &length);
    int family = str_find(network, STR(":")) >= 0 ? AF_INET6 : AF_INET;
    int64_t most = family == AF_INET6 ? 128 : 32, bits = most;

    if (has_length && (!str_to_i64(length, &bits) || bits < 0 || bits > most))
        return false;
    return to_address(value, family, left) && to_address(network, family, right) &&
           same_prefix(left, right, bits);
}

static const struct relation operators[] = {
    { "StringEquals", is_equal, false },
    { "StringNotEquals", is_equal, true },
    { "StringEqualsIgnoreCase", is_equal_nocase, false },
    { "StringNotEqualsIgnoreCase", is_equal_nocase, true },
    { "StringLike", is_like, false },
    { "StringNotLike", is_like, true },
    { "NumericEquals", number_equals, false },
    { "NumericNotEquals", number_equals, true },
    { "NumericLessThan", number_less, false },
    { "NumericLessThanEquals", number_less_equal, false },
    { "NumericGreaterThan", number_greater, false },
    { "NumericGreaterThanEquals", number_greater_equal, false },
    { "DateEquals", date_equals, false },
    { "DateNotEquals", date_equals, true },
    { "DateLessThan", date_less, false },
    { "DateLessThanEquals", date_less_equal, false },
    { "DateGreaterThan", date_greater, false },
    { "DateGreaterThanEquals", date_greater_equal, false },
    { "Bool", is_equal_nocase, false },
    { "BinaryEquals", is_equal, false },
    { "IpAddress", is_in_network, false },
    { "NotIpAddress", is_in_network, true },
    { "ArnEquals", is_like_arn, false },
    { "ArnLike", is_like_arn, false },
    { "ArnNotEquals", is_like_arn, true },
    { "ArnNotLike", is_like_arn, true },
};

static int parse_operator(struct str name, struct condition *out, struct err *err)
{
    struct str rest = name;

    if (str_has_prefix(rest, STR("ForAllValues:"))) {
        out->quantifier = FOR_ALL;
        rest = str_sub(rest, strlen("ForAllValues:"), rest.len);
    } else if (str_has_prefix(rest, STR("ForAnyValue:"))) {
        out->quantifier = FOR_ANY;
        rest = str_sub(rest, strlen("ForAnyValue:"), rest.len);
    }
    if (str_has_suffix(rest, STR("IfExists"))) {
        out->if_exists = true;
        rest.len -= strlen("IfExists");
    }
    if (str_eq_c(rest, "Null"))
        return 0;
    for (size_t i = 0; i < COUNT(operators); i++)
        if (str_eq_c(rest, operators[i].name)) {
            out->op = &operators[i];
            return 0;
        }
    return err_set(err, E_PARSE, "Condition operator %.*s is unknown", STR_ARG(name));
}

/* "x", true, 12 or a list of them. */
static bool take_value(struct arena *a, const struct value *v, struct str *out)
{
    switch (v->kind) {
    case VALUE_STRING:
        *out = v->u.text;
        return true;
    case VALUE_BOOL:
        *out = v->u.boolean ? STR("true") : STR("false");
        return true;
    case VALUE_INT:
        *out = arena_printf(a, "%lld", (long long)v->u.integer);
        return true;
    case VALUE_FLOAT:
        *out = arena_printf(a, "%.17g", v->u.real);
        return true;
    default:
        return false;
    }
}

static int parse_values(struct arena *a, const struct value *v, struct condition *out,
                        struct err *err)
{
    bool is_list = v->kind == VALUE_LIST;
    const struct value *item = is_list ? value_first(v) : v;

    out->values = arena_array(a, is_list ? v->count + 1 : 1, sizeof *out->values);
    for (; item; item = is_list ? item->next : NULL)
        if (!take_value(a, item, &out->values[out->value_count++]))
            return err_set(err, E_PARSE,
                           "Condition values of %.*s must be texts, numbers or "
                           "booleans",
                           STR_ARG(out->key));
    return 0;
}

static int parse_key(struct arena *a, struct str operator_name, const struct value *v,
                     struct condition ***tail, struct err *err)
{
    struct condition *c = arena_alloc(a, sizeof *c);
    int rc = parse_operator(operator_name, c, err);

    c->key = v->name;
    if (rc == 0)
        rc = parse_values(a, v, c, err);
    if (rc == 0) {
        **tail = c;
        *tail = &c->next;
    }
    return rc;
}

int condition_parse(struct arena *a, const struct value *v, struct condition **out, struct err *err)
{
    struct condition *first = NULL, **tail = &first;

    if (v->kind != VALUE_MAP)
        return err_set(err, E_PARSE, "Condition must be an object");
    for (const struct value *op = value_first(v); op; op = op->next) {
        if (op->kind != VALUE_MAP)
            return err_set(err, E_PARSE, "Condition operator %.*s must hold an object",
                           STR_ARG(op->name));
        for (const struct value *key = value_first(op); key; key = key->next) {
            int rc = parse_key(a, op->name, key, &tail, err);
            if (rc < 0)
                return rc;
        }
    }
    *out = first;
    return 0;
}

static const struct policy_attr *find_attr(const struct policy_request *q, struct str key)
{
    for (size_t i = 0; i < q->attr_count; i++)
        if (str_eq_nocase(q->attrs[i].key, key))
            return &q->attrs[i];
    return NULL;
}

static char literal(char c)
{
    return c == '*' ? LITERAL_STAR : c == '?' ? LITERAL_QUESTION : c;
}

static void add_literal(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        buf_add_char(out, literal(text.ptr[i]));
}

/* Source: IAM User Guide, "IAM policy elements: Variables and tags". */
static bool add_variable(struct buf *out, struct str inside, const struct policy_request *q)
{
    struct str key, fallback;
    bool has_fallback = str_cut(inside, ',', &key, &fallback);

    if (inside.len == 1 && (inside.ptr[0] == '*' || inside.ptr[0] == '?' || inside.ptr[0] == '$')) {
        buf_add_char(out, literal(inside.ptr[0]));
        return true;
    }
    const struct policy_attr *attr = find_attr(q, str_trim(key));
    if (attr && attr->value_count == 1) {
        add_literal(out, attr->values[0]);
        return true;
    }
    fallback = str_trim(fallback);
    if (!has_fallback || fallback.len < 2)
        return false;
    add_literal(out, str_sub(fallback, 1, fallback.len - 2)); /* without its quotes */
    return true;
}

bool condition_substitute(struct arena *a, struct str pattern, const struct policy_request *q,
                          struct str *out)
{
    struct buf b = { 0 };
    bool ok = true;
    ptrdiff_t at;

    *out = pattern;
    if (str_find(pattern, STR("${")) < 0)
        return true;
    while (ok && (at = str_find(pattern, STR("${"))) >= 0) {
        struct str rest = str_sub(pattern, (size_t)at + 2, pattern.len);
        struct str inside, tail;

        if (!str_cut(rest, '}', &inside, &tail))
            break;
        buf_add(&b, str_sub(pattern, 0, (size_t)at));
        ok = add_variable(&b, inside, q);
        pattern = tail;
    }
    buf_add(&b, pattern);
    *out = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return ok;
}

static bool matches_any(struct arena *a, const struct condition *c, struct str value,
                        const struct policy_request *q)
{
    for (size_t i = 0; i < c->value_count; i++) {
        struct str wanted;

        if (condition_substitute(a, c->values[i], q, &wanted) && c->op->holds(value, wanted))
            return true;
    }
    return false;
}

static bool holds(struct arena *a, const struct condition *c, const struct policy_request *q)
{
    const struct policy_attr *attr = find_attr(q, c->key);
    size_t count = attr ? attr->value_count : 0, satisfied = 0;

    if (!c->op) /* Null: "true" asks for an absent key */
        return c->value_count > 0 && str_eq_nocase(c->values[0], STR("true")) == (count == 0);
    if (count == 0)
        return c->quantifier == FOR_ALL || c->if_exists ||
               (c->quantifier == PLAIN && c->op->is_negated);
    for (size_t i = 0; i < count; i++)
        satisfied += matches_any(a, c, attr->values[i], q) != c->op->is_negated;
    /* A plain negated operator holds when no value is among the policy's. */
    return c->quantifier == FOR_ALL || (c->quantifier == PLAIN && c->op->is_negated)
               ? satisfied == count
               : satisfied > 0;
}

bool condition_holds(struct arena *a, const struct condition *first, const struct policy_request *q)
{
    for (const struct condition *c = first; c; c = c->next)
        if (!holds(a, c, q))
            return false;
    return true;
}
