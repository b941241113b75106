/* Expressions: or, and, not, comparisons, like, in, arithmetic, functions. */
#include <assert.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "emulator/services/logs/insights_lex.h"

static struct ins_expr *new_expr(struct ins_lex *l, enum ins_op op)
{
    struct ins_expr *e = arena_alloc(l->a, sizeof *e);

    e->op = op;
    return e;
}

static struct ins_expr *pair(struct ins_lex *l, enum ins_op op, struct ins_expr *x,
                             struct ins_expr *y)
{
    struct ins_expr *e = new_expr(l, op);

    assert(x);
    e->args = x;
    x->next = y;
    return e;
}

static struct ins_expr *constant(struct ins_lex *l, struct ins_value v)
{
    struct ins_expr *e = new_expr(l, INS_CONST);

    e->constant = v;
    return e;
}

static struct ins_expr *slot(struct ins_lex *l, struct str name)
{
    struct ins_expr *e = new_expr(l, INS_SLOT);

    e->slot = ins_slot(l, name);
    return e;
}

/* 5m, 1h, 30s, 2d: ms; also the words that AWS lets stand for the letter. */
static bool read_period(struct str text, double *out_ms)
{
    static const struct {
        const char *unit;
        double ms;
    } units[] = { { "ms", 1 },      { "s", 1e3 },      { "m", 6e4 },    { "h", 36e5 },
                  { "d", 864e5 },   { "w", 6048e5 },   { "sec", 1e3 },  { "min", 6e4 },
                  { "hour", 36e5 }, { "hours", 36e5 }, { "day", 864e5 } };
    size_t digits = 0;
    int64_t n;

    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    if (!str_to_i64(str_sub(text, 0, digits), &n) || n <= 0)
        return false;
    for (size_t i = 0; i < COUNT(units); i++)
        if (str_eq_c(str_sub(text, digits, text.len), units[i].unit)) {
            *out_ms = (double)n * units[i].ms;
            return true;
        }
    return false;
}

/* bin(5m), datefloor(@timestamp, 1h): the last argument is a period. */
static int period_arguments(struct ins_lex *l, struct ins_expr *e)
{
    bool is_bin = str_eq_c(str_c(e->function->name), "bin");
    struct ins_expr *what = NULL;
    double ms;

    if (is_bin)
        what = slot(l, STR("@timestamp"));
    else if (ins_expression(l, &what) < 0)
        return E_PARSE;
    else if (!ins_take(l, ","))
        return ins_fail(l, "a comma and a period are missing");
    struct str period = ins_name(l);
    if (!read_period(period, &ms))
        return ins_fail(l, "a period such as 5m is missing");
    assert(what);
    e->args = what;
    what->next = constant(l, ins_of_number(ms));
    return ins_take(l, ")") ? 0 : ins_fail(l, "a ) is missing");
}

static int list(struct ins_lex *l, struct ins_expr **first, const char *end, size_t *count)
{
    struct ins_expr **last = first;
    int rc = 0;

    *count = 0;
    if (ins_take(l, end))
        return 0;
    do {
        rc = ins_expression(l, last);
        if (rc < 0)
            return rc;
        assert(*last);
        last = &(*last)->next;
        ++*count;
    } while (ins_take(l, ","));
    return ins_take(l, end) ? 0 : ins_fail(l, "a %s is missing", end);
}

static bool takes_period(const struct ins_function *f)
{
    static const char *const names[] = { "bin", "datefloor", "dateceil" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq_c(str_c(f->name), names[i]))
            return true;
    return false;
}

static int function(struct ins_lex *l, struct str name, struct ins_expr **out)
{
    struct ins_expr *e = new_expr(l, INS_CALL);
    size_t count;

    e->function = ins_function_find(name);
    if (!e->function)
        return ins_fail(l, "unsupported function: %.*s", STR_ARG(name));
    *out = e;
    if (takes_period(e->function))
        return period_arguments(l, e);
    int rc = list(l, &e->args, ")", &count);
    if (rc == 0 && (count < e->function->least || count > e->function->most))
        rc = ins_fail(l, "a wrong number of arguments of %s", e->function->name);
    return rc;
}

static int named(struct ins_lex *l, struct ins_expr **out)
{
    bool is_quoted = ins_peek(l) == '`';
    struct str name = ins_name(l);
    double n;

    if (name.len == 0)
        return ins_fail(l, "a field, a value or a function is missing");
    if (!is_quoted && str_to_f64(name, &n))
        *out = constant(l, ins_of_number(n));
    else if (!is_quoted && (str_eq_nocase(name, STR("true")) || str_eq_nocase(name, STR("false"))))
        *out = constant(l, ins_of_number(str_eq_nocase(name, STR("true"))));
    else if (!is_quoted && ins_take(l, "("))
        return function(l, name, out);
    else
        *out = slot(l, name);
    return 0;
}

static int primary(struct ins_lex *l, struct ins_expr **out)
{
    struct str text = { 0 };
    int c = ins_peek(l), rc;

    if (++l->depth > LIMIT_NESTING)
        return ins_fail(l, "too deep an expression");
    if (c == '"' || c == '\'') {
        rc = ins_string(l, &text);
        *out = constant(l, ins_of_text(text));
    } else if (ins_take(l, "(")) {
        rc = ins_expression(l, out);
        if (rc == 0 && !ins_take(l, ")"))
            rc = ins_fail(l, "a ) is missing");
    } else if (ins_take(l, "-")) {
        *out = new_expr(l, INS_NEGATE);
        rc = primary(l, &(*out)->args);
    } else {
        rc = named(l, out);
    }
    l->depth--;
    return rc;
}

/* Marks of one strength, the weakest first; the first that stands here. */
static const char *mark_of(struct ins_lex *l, const char *const *marks)
{
    for (; *marks; marks++)
        if (ins_take(l, *marks))
            return *marks;
    return NULL;
}

enum { STRENGTHS = 3 };
static const char *const arithmetic[STRENGTHS][4] = { { "+", "-", NULL },
                                                      { "*", "/", "%", NULL },
                                                      { "^", NULL } };

static int arithmetic_of(struct ins_lex *l, int strength, struct ins_expr **out)
{
    const char *mark;
    int rc = strength + 1 < STRENGTHS ? arithmetic_of(l, strength + 1, out) : primary(l, out);

    while (rc == 0 && (mark = mark_of(l, arithmetic[strength])) != NULL) {
        struct ins_expr *y = NULL;
        rc = strength + 1 < STRENGTHS ? arithmetic_of(l, strength + 1, &y) : primary(l, &y);
        if (rc == 0) {
            *out = pair(l, INS_ARITHMETIC, *out, y);
            (*out)->word = str_c(mark);
        }
    }
    return rc;
}

static int like(struct ins_lex *l, struct ins_expr **out)
{
    struct ins_expr *e = new_expr(l, INS_LIKE);
    int c = ins_peek(l);

    e->args = *out;
    *out = e;
    if (c == '/')
        return ins_regex(l, &e->regex);
    if (c != '"' && c != '\'')
        return ins_fail(l, "a text or a /regular expression/ is missing");
    return ins_string(l, &e->constant.text);
}

static int in(struct ins_lex *l, struct ins_expr **out)
{
    struct ins_expr *items = NULL;
    size_t count;

    if (!ins_take(l, "["))
        return ins_fail(l, "a [ is missing");
    int rc = list(l, &items, "]", &count);
    if (rc == 0)
        *out = pair(l, INS_IN, *out, items);
    return rc;
}

static int comparison(struct ins_lex *l, struct ins_expr **out)
{
    static const char *const marks[] = { "!=", "<=", ">=", "=~", "=", "<", ">", NULL };
    int rc = arithmetic_of(l, 0, out);
    bool is_not;
    struct ins_expr *y = NULL;

    if (rc < 0)
        return rc;
    const char *mark = mark_of(l, marks);
    if (mark && !str_eq_c(str_c(mark), "=~")) {
        rc = arithmetic_of(l, 0, &y);
        if (rc == 0) {
            *out = pair(l, INS_COMPARE, *out, y);
            (*out)->word = str_c(mark);
        }
        return rc;
    }
    is_not = !mark && ins_take_word(l, "not");
    if (mark || ins_take_word(l, "like"))
        rc = like(l, out);
    else if (ins_take_word(l, "in"))
        rc = in(l, out);
    else if (is_not)
        rc = ins_fail(l, "like or in is missing");
    if (rc == 0 && is_not) {
        y = *out;
        *out = new_expr(l, INS_NOT);
        (*out)->args = y;
    }
    return rc;
}

static int negation(struct ins_lex *l, struct ins_expr **out)
{
    int rc;

    if (!ins_take_word(l, "not"))
        return comparison(l, out);
    if (++l->depth > LIMIT_NESTING)
        return ins_fail(l, "too deep an expression");
    *out = new_expr(l, INS_NOT);
    rc = negation(l, &(*out)->args);
    l->depth--;
    return rc;
}

static int conjunction(struct ins_lex *l, struct ins_expr **out)
{
    struct ins_expr *y = NULL;
    int rc = negation(l, out);

    while (rc == 0 && ins_take_word(l, "and")) {
        rc = negation(l, &y);
        if (rc == 0)
            *out = pair(l, INS_AND, *out, y);
    }
    return rc;
}

int ins_expression(struct ins_lex *l, struct ins_expr **out)
{
    struct ins_expr *y = NULL;
    int rc = conjunction(l, out);

    while (rc == 0 && ins_take_word(l, "or")) {
        rc = conjunction(l, &y);
        if (rc == 0)
            *out = pair(l, INS_OR, *out, y);
    }
    return rc;
}
