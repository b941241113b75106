/* Values and expressions of queries. A field that is not there is missing, and so is most of what
 * is computed from it. */
#include <math.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/codec/json.h"
#include "emulator/services/logs/insights_parts.h"

struct ins_value ins_of_number(double n)
{
    return (struct ins_value){ .kind = isfinite(n) ? INS_NUMBER : INS_MISSING, .number = n };
}

struct ins_value ins_of_text(struct str text)
{
    return (struct ins_value){ .kind = INS_TEXT, .text = text };
}

static struct ins_value of_bool(bool b)
{
    return ins_of_number(b);
}

bool ins_number(const struct ins_value *v, double *out)
{
    if (v->kind == INS_TEXT)
        return str_to_f64(v->text, out);
    *out = v->number;
    return v->kind != INS_MISSING;
}

/* Source: the console's form of times, "2026-01-05 09:00:00.000". */
static struct str time_text(struct arena *a, double ms)
{
    struct clock_parts t = clock_split((int64_t)ms);

    return arena_printf(a, "%04d-%02d-%02d %02d:%02d:%02d.%03d", t.year, t.month, t.day, t.hour,
                        t.minute, t.second, t.ms);
}

struct str ins_text(struct arena *a, const struct ins_value *v)
{
    struct buf b = { 0 };

    if (v->kind == INS_TEXT)
        return v->text;
    if (v->kind == INS_TIME)
        return time_text(a, v->number);
    if (v->kind == INS_MISSING)
        return (struct str){ 0 };
    if (fabs(v->number) < 1e15 && v->number == floor(v->number))
        return arena_printf(a, "%.0f", v->number);
    json_add_double(&b, fabs(v->number) < 1e11 ? round(v->number * 1e4) / 1e4 : v->number);
    struct str text = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return text;
}

bool ins_truth(const struct ins_value *v)
{
    double n;

    if (v->kind == INS_TEXT && !str_to_f64(v->text, &n))
        return str_eq_nocase(v->text, STR("true"));
    return ins_number(v, &n) && n != 0;
}

int ins_compare(struct arena *a, const struct ins_value *x, const struct ins_value *y)
{
    double m, n;

    if (ins_number(x, &m) && ins_number(y, &n))
        return m < n ? -1 : m > n;
    return str_cmp(ins_text(a, x), ins_text(a, y));
}

/* ---- functions ---- */

static double num(const struct ins_value *v)
{
    double n;

    return ins_number(v, &n) ? n : NAN;
}

static struct ins_value fn_abs(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)a;
    (void)n;
    return ins_of_number(fabs(num(v)));
}

static struct ins_value fn_ceil(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)a;
    (void)n;
    return ins_of_number(ceil(num(v)));
}

static struct ins_value fn_floor(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)a;
    (void)n;
    return ins_of_number(floor(num(v)));
}

static struct ins_value fn_log(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)a;
    (void)n;
    return ins_of_number(log(num(v)));
}

static struct ins_value fn_sqrt(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)a;
    (void)n;
    return ins_of_number(sqrt(num(v)));
}

static struct ins_value extreme(const struct ins_value *v, size_t n, bool greatest)
{
    double best = num(v);

    for (size_t i = 1; i < n; i++)
        if (greatest ? num(&v[i]) > best : num(&v[i]) < best)
            best = num(&v[i]);
    return ins_of_number(best);
}

static struct ins_value fn_greatest(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)a;
    return extreme(v, n, true);
}

static struct ins_value fn_least(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)a;
    return extreme(v, n, false);
}

static struct ins_value fn_ispresent(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)a;
    (void)n;
    return of_bool(v->kind != INS_MISSING);
}

static struct ins_value fn_coalesce(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)a;
    for (size_t i = 0; i < n; i++)
        if (v[i].kind != INS_MISSING)
            return v[i];
    return (struct ins_value){ 0 };
}

static struct ins_value fn_isempty(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)n;
    return of_bool(ins_text(a, v).len == 0);
}

static struct ins_value fn_isblank(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)n;
    return of_bool(str_trim(ins_text(a, v)).len == 0);
}

static struct ins_value fn_concat(struct arena *a, const struct ins_value *v, size_t n)
{
    struct str parts[INS_ARGS_MOST];

    for (size_t i = 0; i < n; i++)
        parts[i] = ins_text(a, &v[i]);
    return ins_of_text(arena_join(a, parts, n, STR("")));
}

enum ends { LEFT = 1, RIGHT = 2 };

/* Blanks, or a text as a whole, go from the ends. */
static struct ins_value trim(struct arena *a, const struct ins_value *v, size_t n, int ends)
{
    struct str s = ins_text(a, v), off = n > 1 ? ins_text(a, &v[1]) : STR(" ");

    while ((ends & LEFT) && off.len > 0 && str_has_prefix(s, off))
        s = str_sub(s, off.len, s.len);
    while ((ends & RIGHT) && off.len > 0 && str_has_suffix(s, off))
        s.len -= off.len;
    return ins_of_text(s);
}

static struct ins_value fn_trim(struct arena *a, const struct ins_value *v, size_t n)
{
    return trim(a, v, n, LEFT | RIGHT);
}

static struct ins_value fn_ltrim(struct arena *a, const struct ins_value *v, size_t n)
{
    return trim(a, v, n, LEFT);
}

static struct ins_value fn_rtrim(struct arena *a, const struct ins_value *v, size_t n)
{
    return trim(a, v, n, RIGHT);
}

static struct ins_value fn_strlen(struct arena *a, const struct ins_value *v, size_t n)
{
    struct str s = ins_text(a, v);
    size_t points = 0;

    (void)n;
    for (size_t i = 0; i < s.len; i++)
        points += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return ins_of_number((double)points);
}

static struct ins_value in_case(struct arena *a, const struct ins_value *v, char from, int by)
{
    struct str s = ins_text(a, v);
    char *copy = arena_alloc(a, s.len + 1);

    for (size_t i = 0; i < s.len; i++)
        copy[i] = s.ptr[i] >= from && s.ptr[i] < from + 26 ? (char)(s.ptr[i] + by) : s.ptr[i];
    return ins_of_text((struct str){ copy, s.len });
}

static struct ins_value fn_toupper(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)n;
    return in_case(a, v, 'a', 'A' - 'a');
}

static struct ins_value fn_tolower(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)n;
    return in_case(a, v, 'A', 'a' - 'A');
}

static size_t clamp(double n, size_t most)
{
    if (!(n > 0))
        return 0;
    return n < (double)most ? (size_t)n : most;
}

static struct ins_value fn_substr(struct arena *a, const struct ins_value *v, size_t n)
{
    struct str s = ins_text(a, v);
    size_t from = clamp(num(&v[1]), s.len);

    return ins_of_text(str_sub(s, from, n > 2 ? clamp(num(&v[2]), s.len) : s.len));
}

static struct ins_value fn_replace(struct arena *a, const struct ins_value *v, size_t n)
{
    struct str s = ins_text(a, v), what = ins_text(a, &v[1]), with = ins_text(a, &v[2]);
    struct buf b = { 0 };
    ptrdiff_t at;

    (void)n;
    while (what.len > 0 && (at = str_find(s, what)) >= 0) {
        buf_add(&b, str_sub(s, 0, (size_t)at));
        buf_add(&b, with);
        s = str_sub(s, (size_t)at + what.len, s.len);
    }
    buf_add(&b, s);
    struct ins_value out = ins_of_text(arena_copy(a, buf_view(&b)));
    buf_free(&b);
    return out;
}

static struct ins_value fn_strcontains(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)n;
    return of_bool(str_find(ins_text(a, v), ins_text(a, &v[1])) >= 0);
}

/* The arguments of these three are ms: the parser reads 5m and puts @timestamp first. */
static struct ins_value to_period(const struct ins_value *v, double (*round_to)(double))
{
    double at = num(v), period = num(&v[1]);

    if (!isfinite(at) || !(period > 0))
        return (struct ins_value){ 0 };
    return (struct ins_value){ .kind = INS_TIME, .number = round_to(at / period) * period };
}

static struct ins_value fn_datefloor(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)a;
    (void)n;
    return to_period(v, floor);
}

static struct ins_value fn_dateceil(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)a;
    (void)n;
    return to_period(v, ceil);
}

static struct ins_value fn_frommillis(struct arena *a, const struct ins_value *v, size_t n)
{
    struct ins_value out = ins_of_number(num(v));

    (void)a;
    (void)n;
    if (out.kind == INS_NUMBER)
        out.kind = INS_TIME;
    return out;
}

static struct ins_value fn_tomillis(struct arena *a, const struct ins_value *v, size_t n)
{
    (void)a;
    (void)n;
    return ins_of_number(num(v));
}

static const struct ins_function functions[] = {
    { "abs", 1, 1, fn_abs },
    { "bin", 2, 2, fn_datefloor },
    { "ceil", 1, 1, fn_ceil },
    { "coalesce", 1, INS_ARGS_MOST, fn_coalesce },
    { "concat", 1, INS_ARGS_MOST, fn_concat },
    { "dateceil", 2, 2, fn_dateceil },
    { "datefloor", 2, 2, fn_datefloor },
    { "floor", 1, 1, fn_floor },
    { "frommillis", 1, 1, fn_frommillis },
    { "greatest", 1, INS_ARGS_MOST, fn_greatest },
    { "isblank", 1, 1, fn_isblank },
    { "isempty", 1, 1, fn_isempty },
    { "ispresent", 1, 1, fn_ispresent },
    { "least", 1, INS_ARGS_MOST, fn_least },
    { "log", 1, 1, fn_log },
    { "ltrim", 1, 2, fn_ltrim },
    { "replace", 3, 3, fn_replace },
    { "rtrim", 1, 2, fn_rtrim },
    { "sqrt", 1, 1, fn_sqrt },
    { "strcontains", 2, 2, fn_strcontains },
    { "strlen", 1, 1, fn_strlen },
    { "substr", 2, 3, fn_substr },
    { "tolower", 1, 1, fn_tolower },
    { "tomillis", 1, 1, fn_tomillis },
    { "toupper", 1, 1, fn_toupper },
    { "trim", 1, 2, fn_trim },
};

const struct ins_function *ins_function_find(struct str name)
{
    for (size_t i = 0; i < COUNT(functions); i++)
        if (str_eq_nocase(name, str_c(functions[i].name)))
            return &functions[i];
    return NULL;
}

/* ---- expressions ---- */

static struct ins_value compare(struct arena *a, const struct ins_expr *e,
                                const struct ins_value *x, const struct ins_value *y)
{
    bool missing = x->kind == INS_MISSING || y->kind == INS_MISSING;
    int order = missing ? 0 : ins_compare(a, x, y);

    if (str_eq_c(e->word, "="))
        return of_bool(!missing && order == 0);
    if (str_eq_c(e->word, "!="))
        return of_bool(missing ? x->kind != y->kind : order != 0);
    if (missing)
        return of_bool(false);
    if (e->word.len == 2 && order == 0)
        return of_bool(true); /* <= >= */
    return of_bool(e->word.ptr[0] == '<' ? order < 0 : order > 0);
}

static struct ins_value compute(const struct ins_expr *e, const struct ins_value *x,
                                const struct ins_value *y)
{
    double m = num(x), n = num(y);

    switch (e->word.ptr[0]) {
    case '+':
        return ins_of_number(m + n);
    case '-':
        return ins_of_number(m - n);
    case '*':
        return ins_of_number(m * n);
    case '/':
        return ins_of_number(m / n);
    case '%':
        return ins_of_number(fmod(m, n));
    default:
        return ins_of_number(pow(m, n));
    }
}

static struct ins_value is_in(struct arena *a, const struct ins_expr *e,
                              const struct ins_value *row)
{
    struct ins_value what = ins_eval(a, e->args, row);

    for (const struct ins_expr *k = e->args->next; k && what.kind != INS_MISSING; k = k->next) {
        struct ins_value item = ins_eval(a, k, row);
        if (item.kind != INS_MISSING && ins_compare(a, &what, &item) == 0)
            return of_bool(true);
    }
    return of_bool(false);
}

static struct ins_value call(struct arena *a, const struct ins_expr *e, const struct ins_value *row)
{
    struct ins_value args[INS_ARGS_MOST];
    size_t count = 0;

    for (const struct ins_expr *k = e->args; k; k = k->next)
        args[count++] = ins_eval(a, k, row);
    return e->function->run(a, args, count);
}

static struct ins_value is_like(struct arena *a, const struct ins_expr *e,
                                const struct ins_value *row)
{
    struct ins_value x = ins_eval(a, e->args, row);
    struct str text = ins_text(a, &x);

    if (x.kind == INS_MISSING)
        return of_bool(false);
    return of_bool(e->regex ? log_regex_match(e->regex, a, text)
                            : str_find(text, e->constant.text) >= 0);
}

/* Of two arguments. */
static struct ins_value binary(struct arena *a, const struct ins_expr *e,
                               const struct ins_value *row)
{
    struct ins_value x = ins_eval(a, e->args, row), y;

    if (e->op == INS_AND && !ins_truth(&x))
        return of_bool(false);
    if (e->op == INS_OR && ins_truth(&x))
        return of_bool(true);
    y = ins_eval(a, e->args->next, row);
    if (e->op == INS_AND || e->op == INS_OR)
        return of_bool(ins_truth(&y));
    return e->op == INS_COMPARE ? compare(a, e, &x, &y) : compute(e, &x, &y);
}

struct ins_value ins_eval(struct arena *a, const struct ins_expr *e, const struct ins_value *row)
{
    struct ins_value x;

    switch (e->op) {
    case INS_CONST:
        return e->constant;
    case INS_SLOT:
        return row[e->slot];
    case INS_CALL:
        return call(a, e, row);
    case INS_IN:
        return is_in(a, e, row);
    case INS_LIKE:
        return is_like(a, e, row);
    case INS_NOT:
        x = ins_eval(a, e->args, row);
        return of_bool(!ins_truth(&x));
    case INS_NEGATE:
        x = ins_eval(a, e->args, row);
        return ins_of_number(-num(&x));
    default:
        return binary(a, e, row);
    }
}
