#include "emulator/services/events/pattern_tests.h"

#include <arpa/inet.h>
#include <math.h>

/* Source: EventBridge User Guide, "Numeric matching": between -5.0e9 and +5.0e9 inclusive. */
#define NUMBER_MOST 5.0e9
/* Stands for an unescaped '*' in a compiled wildcard: never part of UTF-8. */
#define STAR '\xff'

struct compiler {
    struct arena *a;
    struct err *err;
};

static bool is_number(const struct value *v)
{
    return v->kind == VALUE_INT || v->kind == VALUE_FLOAT;
}

static double number_of(const struct value *v)
{
    return v->kind == VALUE_INT ? (double)v->u.integer : v->u.real;
}

static int bad(struct compiler *c, const char *text)
{
    return err_set(c->err, E_PARSE, "%s", text);
}

static bool address_parse(struct str text, unsigned char out[16], int *bytes)
{
    char name[INET6_ADDRSTRLEN];

    if (text.len == 0 || text.len >= sizeof name || memchr(text.ptr, 0, text.len))
        return false;
    memcpy(name, text.ptr, text.len);
    name[text.len] = '\0';
    *bytes = memchr(text.ptr, ':', text.len) ? 16 : 4;
    return inet_pton(*bytes == 16 ? AF_INET6 : AF_INET, name, out) == 1;
}

/* ---- one value ---- */

static int exact(struct compiler *c, const struct value *v, struct pattern_test *t)
{
    switch (v->kind) {
    case VALUE_STRING:
        t->kind = TEST_TEXT;
        t->text = v->u.text;
        if (address_parse(v->u.text, t->address, &t->address_bytes) && t->address_bytes == 16)
            t->kind = TEST_ADDRESS;
        return 0;
    case VALUE_INT:
    case VALUE_FLOAT:
        t->kind = TEST_RANGE;
        t->low = t->high = number_of(v);
        return 0;
    case VALUE_NULL:
    case VALUE_BOOL:
        t->kind = TEST_LITERAL;
        t->literal = v;
        return 0;
    default:
        return bad(c, "Match value must be String, number, true, false, or null");
    }
}

/* ---- match expressions ---- */

static int text_of(struct compiler *c, const struct value *v, const char *what,
                   struct pattern_test *t)
{
    if (v->kind != VALUE_STRING)
        return err_set(c->err, E_PARSE, "%s match pattern must be a string", what);
    t->text = v->u.text;
    return 0;
}

static int exactly(struct compiler *c, const struct value *v, struct pattern_test *t)
{
    int rc = text_of(c, v, "exact", t);

    return rc < 0 ? rc : exact(c, v, t);
}

/* "a", or {"equals-ignore-case": "a"}. */
static int affix(struct compiler *c, const struct value *v, const char *what,
                 struct pattern_test *t)
{
    const struct value *inner = value_get_c(v, "equals-ignore-case");

    if (v->kind == VALUE_MAP && v->count > 1)
        return bad(c, "Only one key allowed in match expression");
    if (v->kind == VALUE_MAP && !inner)
        return err_set(c->err, E_PARSE, "Unsupported %s pattern: %.*s", what,
                       STR_ARG(v->count > 0 ? str_sub(v->u.kids.first->name, 0, 200) : STR("")));
    t->ignores_case = inner != NULL;
    return text_of(c, inner ? inner : v, what, t);
}

static int prefix(struct compiler *c, const struct value *v, struct pattern_test *t)
{
    t->kind = TEST_PREFIX;
    return affix(c, v, "prefix", t);
}

static int suffix(struct compiler *c, const struct value *v, struct pattern_test *t)
{
    t->kind = TEST_SUFFIX;
    return affix(c, v, "suffix", t);
}

static int same(struct compiler *c, const struct value *v, struct pattern_test *t)
{
    t->kind = TEST_SAME;
    t->ignores_case = true;
    return text_of(c, v, "equals-ignore-case", t);
}

/* Source: event-ruler README, "Wildcard matching": no two in a row; only \* and \\ are escapes. */
static int wildcard(struct compiler *c, const struct value *v, struct pattern_test *t)
{
    int rc = text_of(c, v, "wildcard", t);
    struct str in = t->text;
    size_t len = 0;

    t->kind = TEST_WILDCARD;
    if (rc < 0)
        return rc;
    char *out = arena_alloc(c->a, in.len + 1);
    for (size_t i = 0; i < in.len; i++) {
        char ch = in.ptr[i];
        if (ch == '*' && len > 0 && out[len - 1] == STAR)
            return err_set(c->err, E_PARSE, "Consecutive wildcard characters at pos %zu", i - 1);
        if (ch == '\\' && (++i == in.len || (in.ptr[i] != '*' && in.ptr[i] != '\\')))
            return err_set(c->err, E_PARSE, "Invalid escape character at pos %zu", i - 1);
        out[len++] = ch == '*' ? STAR : in.ptr[i];
    }
    t->text = (struct str){ out, len };
    return 0;
}

static int cidr(struct compiler *c, const struct value *v, struct pattern_test *t)
{
    struct str address, bits, rest;
    int64_t n = 0;
    int rc = text_of(c, v, "cidr", t);

    t->kind = TEST_CIDR;
    if (rc < 0)
        return rc;
    if (!str_cut(t->text, '/', &address, &bits) || str_cut(bits, '/', &bits, &rest))
        return bad(c, "Malformed CIDR, one '/' required");
    if (!str_to_i64(bits, &n))
        return bad(c, "Malformed CIDR, mask bits must be an integer");
    if (n < 0)
        return bad(c, "Malformed CIDR, mask bits must not be negative");
    if (!address_parse(address, t->address, &t->address_bytes))
        return err_set(c->err, E_PARSE, "Nonstandard IP address: %.*s",
                       STR_ARG(str_sub(address, 0, 200)));
    if (n > 8 * t->address_bytes)
        return bad(c, t->address_bytes == 4 ? "IPv4 mask bits must be < 33"
                                            : "IPv6 mask bits must be < 129");
    t->mask_bits = (int)n;
    return 0;
}

static int exists(struct compiler *c, const struct value *v, struct pattern_test *t)
{
    if (v->kind != VALUE_BOOL)
        return bad(c, "exists match pattern must be either true or false.");
    t->kind = v->u.boolean ? TEST_EXISTS : TEST_ABSENT;
    return 0;
}

/* ---- numeric ---- */

static int bound(struct compiler *c, const struct value *v, const char *name, double *out)
{
    if (!v || !is_number(v))
        return err_set(c->err, E_PARSE, "Value of %s must be numeric", name);
    *out = number_of(v);
    if (*out < -NUMBER_MOST || *out > NUMBER_MOST)
        return bad(c, "Value must be between -5.0E9 and 5.0E9, inclusive");
    return 0;
}

/* The end of ">", 0, "<=", 5. */
static int upper(struct compiler *c, const struct value *op, struct pattern_test *t)
{
    int rc;

    if (op->kind != VALUE_STRING)
        return bad(c, "Bad value in numeric range");
    t->high_is_open = str_eq_c(op->u.text, "<");
    if (!t->high_is_open && !str_eq_c(op->u.text, "<="))
        return err_set(c->err, E_PARSE, "Bad numeric range operator: %.*s",
                       STR_ARG(str_sub(op->u.text, 0, 200)));
    rc = bound(c, op->next, t->high_is_open ? "<" : "<=", &t->high);
    if (rc < 0)
        return rc;
    if (op->next->next)
        return bad(c, "Too many terms in numeric range expression");
    return t->low >= t->high ? bad(c, "Bottom must be less than top") : 0;
}

static const struct operator_row {
    const char *sign, *name; /* as refusals call it */
    bool has_low, has_high, is_open;
} operators[] = {
    { "=", "equals", true, true, false }, { ">", ">", true, false, true },
    { ">=", ">=", true, false, false },   { "<", "<", false, true, true },
    { "<=", "<=", false, true, false },
};

static int numeric(struct compiler *c, const struct value *v, struct pattern_test *t)
{
    const struct value *op = value_first(v);
    const struct operator_row *row = NULL;
    double edge = 0;

    t->kind = TEST_RANGE;
    if (v->kind != VALUE_LIST)
        return bad(c, "Value of numeric must be an array.");
    if (!op || op->kind != VALUE_STRING)
        return bad(c, "Invalid member in numeric match");
    for (size_t i = 0; i < COUNT(operators); i++)
        if (str_eq_c(op->u.text, operators[i].sign))
            row = &operators[i];
    if (!row)
        return err_set(c->err, E_PARSE, "Unrecognized numeric range operator: %.*s",
                       STR_ARG(str_sub(op->u.text, 0, 200)));
    int rc = bound(c, op->next, row->name, &edge);
    if (rc < 0)
        return rc;
    t->low = row->has_low ? edge : -INFINITY;
    t->high = row->has_high ? edge : INFINITY;
    t->low_is_open = row->has_low && row->is_open;
    t->high_is_open = row->has_high && row->is_open;
    if (!op->next->next)
        return 0;
    return row->has_high ? bad(c, "Too many elements in numeric expression")
                         : upper(c, op->next->next, t);
}

/* ---- anything-but ---- */

typedef int expression_fn(struct compiler *c, const struct value *v, struct pattern_test *t);

static void add_other(struct pattern_test *t, struct pattern_test *other)
{
    other->next = t->others;
    t->others = other;
}

/* anything-but of plain values: all strings or all numbers. */
static int none_of_values(struct compiler *c, const struct value *v, struct pattern_test *t)
{
    const struct value *first = v->kind == VALUE_LIST ? value_first(v) : v;
    size_t texts = 0, numbers = 0;

    for (const struct value *k = first; k; k = v->kind == VALUE_LIST ? k->next : NULL) {
        struct pattern_test *other = arena_alloc(c->a, sizeof *other);

        if (k->kind != VALUE_STRING && !is_number(k))
            return bad(c, "Inside anything but list, start|null|boolean is not supported.");
        if (k->kind == VALUE_STRING)
            texts++;
        else
            numbers++;
        (void)exact(c, k, other); /* it is a string or a number */
        add_other(t, other);
    }
    return (texts > 0) != (numbers > 0)
               ? 0
               : bad(c, "Inside anything but list, either all values are number or string, mixed "
                        "type is not supported");
}

static const struct {
    const char *name;
    expression_fn *compile;
} negatable[] = {
    { "prefix", prefix },
    { "suffix", suffix },
    { "equals-ignore-case", same },
    { "wildcard", wildcard },
};

static int none_of_one(struct compiler *c, const struct value *v, expression_fn *compile,
                       struct pattern_test *t)
{
    struct pattern_test *other = arena_alloc(c->a, sizeof *other);
    int rc = compile(c, v, other);

    if (rc == 0 && other->text.len == 0)
        rc = bad(c, "Null prefix/suffix not allowed");
    if (rc == 0)
        add_other(t, other);
    return rc;
}

/* anything-but of {"prefix": ...} and the like, whose value may be a list. */
static int none_of_expression(struct compiler *c, const struct value *map, struct pattern_test *t)
{
    const struct value *v = value_first(map);
    expression_fn *compile = NULL;
    int rc = 0;

    if (!v)
        return bad(c, "Anything-But expression name not found");
    for (size_t i = 0; i < COUNT(negatable); i++)
        if (str_eq_c(v->name, negatable[i].name))
            compile = negatable[i].compile;
    if (!compile)
        return err_set(c->err, E_PARSE, "Unsupported anything-but pattern: %.*s",
                       STR_ARG(str_sub(v->name, 0, 200)));
    if (map->count > 1)
        return bad(c, "Only one key allowed in match expression");
    if (v->kind != VALUE_LIST)
        return none_of_one(c, v, compile, t);
    if (v->count == 0)
        return bad(c, "Empty arrays are not allowed");
    for (const struct value *k = value_first(v); rc == 0 && k; k = k->next)
        rc = none_of_one(c, k, compile, t);
    return rc;
}

static int anything_but(struct compiler *c, const struct value *v, struct pattern_test *t)
{
    t->kind = TEST_NONE;
    if (v->kind == VALUE_MAP)
        return none_of_expression(c, v, t);
    if (v->kind != VALUE_LIST && v->kind != VALUE_STRING && !is_number(v))
        return bad(c, "Value of anything-but must be an array or single string/number value.");
    return none_of_values(c, v, t);
}

static const struct {
    const char *name;
    expression_fn *compile;
} expressions[] = {
    { "exactly", exactly },
    { "prefix", prefix },
    { "suffix", suffix },
    { "equals-ignore-case", same },
    { "wildcard", wildcard },
    { "numeric", numeric },
    { "cidr", cidr },
    { "exists", exists },
    { "anything-but", anything_but },
};

static int expression(struct compiler *c, const struct value *map, struct pattern_test *t)
{
    const struct value *v = value_first(map);

    if (!v)
        return bad(c, "Match expression name not found");
    for (size_t i = 0; i < COUNT(expressions); i++) {
        if (!str_eq_c(v->name, expressions[i].name))
            continue;
        return map->count > 1 ? bad(c, "Only one key allowed in match expression")
                              : expressions[i].compile(c, v, t);
    }
    return err_set(c->err, E_PARSE, "Unrecognized match type %.*s",
                   STR_ARG(str_sub(v->name, 0, 200)));
}

int pattern_tests_compile(struct arena *a, const struct value *list,
                          const struct pattern_test **out, struct err *err)
{
    struct compiler c = { a, err };
    struct pattern_test *first = NULL, **tail = &first;

    if (list->count == 0)
        return bad(&c, "Empty arrays are not allowed");
    for (const struct value *k = value_first(list); k; k = k->next) {
        struct pattern_test *t = arena_alloc(a, sizeof *t);
        int rc = k->kind == VALUE_MAP ? expression(&c, k, t) : exact(&c, k, t);

        if (rc < 0)
            return rc;
        *tail = t;
        tail = &t->next;
    }
    *out = first;
    return 0;
}

/* ---- passing ---- */

static bool begins(const struct pattern_test *t, struct str s)
{
    struct str head = str_sub(s, 0, t->text.len);

    return t->ignores_case ? str_eq_nocase(head, t->text) : str_eq(head, t->text);
}

static bool ends(const struct pattern_test *t, struct str s)
{
    struct str tail = s.len < t->text.len ? s : str_sub(s, s.len - t->text.len, t->text.len);

    return t->ignores_case ? str_eq_nocase(tail, t->text) : str_eq(tail, t->text);
}

/* Each star takes as little as it can, and more when what follows fails: the last star alone need
 * ever give back, so this is a product of lengths at worst. */
static bool wild(struct str p, struct str s)
{
    size_t i = 0, j = 0, star = SIZE_MAX, from = 0;

    while (j < s.len) {
        if (i < p.len && p.ptr[i] == STAR) {
            star = i++;
            from = j;
        } else if (i < p.len && p.ptr[i] == s.ptr[j]) {
            i++;
            j++;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            j = ++from;
        } else {
            return false;
        }
    }
    while (i < p.len && p.ptr[i] == STAR)
        i++;
    return i == p.len;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
    int whole = bits / 8, rest = bits % 8;

    if (memcmp(a, b, (size_t)whole) != 0)
        return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static bool is_address_in(const struct pattern_test *t, struct str s, int bits)
{
    unsigned char address[16];
    int bytes;

    return address_parse(s, address, &bytes) && bytes == t->address_bytes &&
           same_bits(address, t->address, bits);
}

static bool text_passes(const struct pattern_test *t, struct str s)
{
    switch (t->kind) {
    case TEST_TEXT:
        return str_eq(s, t->text);
    case TEST_PREFIX:
        return begins(t, s);
    case TEST_SUFFIX:
        return ends(t, s);
    case TEST_WILDCARD:
        return wild(t->text, s);
    case TEST_SAME:
        return str_eq_nocase(s, t->text);
    case TEST_CIDR:
        return is_address_in(t, s, t->mask_bits);
    case TEST_ADDRESS:
        return str_eq(s, t->text) || is_address_in(t, s, 128);
    default:
        return false;
    }
}

static bool in_range(const struct pattern_test *t, double n)
{
    return (t->low_is_open ? n > t->low : n >= t->low) &&
           (t->high_is_open ? n < t->high : n <= t->high);
}

bool pattern_test_passes(const struct pattern_test *t, const struct value *v)
{
    switch (t->kind) {
    case TEST_EXISTS:
        return true;
    case TEST_ABSENT:
        return false;
    case TEST_NONE:
        for (const struct pattern_test *o = t->others; o; o = o->next)
            if (pattern_test_passes(o, v))
                return false;
        return true;
    case TEST_RANGE:
        return is_number(v) && in_range(t, number_of(v));
    case TEST_LITERAL:
        return value_equal(v, t->literal);
    default:
        return v->kind == VALUE_STRING && text_passes(t, v->u.text);
    }
}
