#include "generator/play/expr.h"

#include <assert.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "generator/play/net.h"
#include "generator/scenario/fields.h"

#define DEPTH_MOST 16
#define DRAWN_MOST (1 << 20) /* bytes(n), hex(n) ... */
#define ARGS_MOST  16

/* One ${...}: the text between the braces, and where in it we are. */
struct reading {
    const struct expr *x;
    struct str all, rest;
    int depth;
    struct err *err;
};

static int eval(const struct expr *x, struct str text, int depth, struct value **out,
                struct err *err);
static int resolve(const struct expr *x, const struct value *v, int depth, struct value **out,
                   struct err *err);

static int wrong(const struct reading *r, const char *what)
{
    return place_fail(r->x->at, r->err, "${%.*s}: expected %s", STR_ARG(r->all), what);
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static struct str take_word(struct reading *r, bool with_dots)
{
    size_t n = 0;

    while (n < r->rest.len &&
           (is_word_char(r->rest.ptr[n]) || (with_dots && r->rest.ptr[n] == '.')))
        n++;
    struct str word = str_sub(r->rest, 0, n);
    r->rest = str_sub(r->rest, n, r->rest.len);
    return word;
}

static bool take(struct reading *r, char c)
{
    if (r->rest.len == 0 || *r->rest.ptr != c)
        return false;
    r->rest = str_sub(r->rest, 1, r->rest.len);
    return true;
}

/* "(a, 'b', 3)" behind a function's name, as texts; quotes are left on. */
static int take_args(struct reading *r, struct str *args, size_t *count)
{
    size_t depth = 0, from = 0;
    char quote = 0;

    *count = 0;
    for (size_t i = 0; i < r->rest.len; i++) {
        char c = r->rest.ptr[i];
        bool is_end = c == ')' && depth == 0 && !quote;

        if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == '(')
            depth++;
        else if (c == ')' && depth > 0)
            depth--;
        if (!is_end && (quote || depth > 0 || c != ','))
            continue;
        struct str arg = str_trim(str_sub(r->rest, from, i - from));
        if (*count == ARGS_MOST)
            return wrong(r, "fewer arguments");
        if (arg.len > 0)
            args[(*count)++] = arg;
        from = i + 1;
        if (is_end) {
            r->rest = str_sub(r->rest, from, r->rest.len);
            return 0;
        }
    }
    return wrong(r, "')' behind the arguments");
}

static int eval_arg(struct reading *r, struct str arg, struct value **out)
{
    char quote = arg.ptr[0];
    int64_t n;

    if ((quote == '\'' || quote == '"') && arg.len >= 2 && arg.ptr[arg.len - 1] == quote)
        *out = value_str(r->x->a, str_sub(arg, 1, arg.len - 2));
    else if (str_to_i64(arg, &n))
        *out = value_int(r->x->a, n);
    else
        return eval(r->x, arg, r->depth + 1, out, r->err);
    return 0;
}

static int number_arg(struct reading *r, struct str arg, int64_t *out)
{
    struct value *v;
    int rc = eval_arg(r, arg, &v);

    if (rc == 0 && !str_to_i64(value_to_text(r->x->a, v), out))
        rc = wrong(r, "a whole number");
    return rc;
}

struct call_of { /* a function with its arguments */
    struct reading *r;
    const char *alphabet;
    const struct str *args;
    size_t count;
};
typedef int function_fn(const struct call_of *c, struct value **out);

static int drawn(const struct call_of *c, struct value **out)
{
    struct arena *a = c->r->x->a;
    int64_t n = 0;
    int rc = number_arg(c->r, c->args[0], &n);

    if (rc == 0 && (n < 1 || n > DRAWN_MOST))
        rc = wrong(c->r, "a length from 1 to 1048576");
    if (rc < 0)
        return rc;
    *out = value_str(a, rng_chars(c->r->x->rng, a, str_c(c->alphabet), (size_t)n));
    return 0;
}

static int whole_number(const struct call_of *c, struct value **out)
{
    int64_t from = 0, to = 0;
    int rc = number_arg(c->r, c->args[0], &from);

    if (rc == 0)
        rc = number_arg(c->r, c->args[1], &to);
    if (rc == 0 && from > to)
        rc = wrong(c->r, "int(least,most)");
    if (rc < 0)
        return rc;
    uint64_t span = (uint64_t)to - (uint64_t)from + 1; /* 0: all numbers that there are */
    uint64_t at = span > 0 ? rng_below(c->r->x->rng, span) : rng_u64(c->r->x->rng);
    *out = value_int(c->r->x->a, (int64_t)((uint64_t)from + at));
    return 0;
}

/* Of a list; of several arguments, one of them. */
static int pick(const struct call_of *c, struct value **out)
{
    const struct expr *x = c->r->x;
    struct value *list;
    int rc;

    if (c->count > 1)
        return eval_arg(c->r, c->args[rng_below(x->rng, c->count)], out);
    rc = eval_arg(c->r, c->args[0], &list);
    if (rc == 0 && (list->kind != VALUE_LIST || list->count == 0))
        rc = wrong(c->r, "a list that is not empty");
    if (rc < 0)
        return rc;
    return resolve(x, value_at(list, (size_t)rng_below(x->rng, list->count)), c->r->depth + 1, out,
                   c->r->err);
}

static int address(const struct call_of *c, struct value **out)
{
    const struct expr *x = c->r->x;
    const struct network *n = scenario_network(x->scenario, c->args[0]);
    struct str text;

    if (!n)
        return wrong(c->r, "a network of the scenario");
    int rc = net_draw(x->a, x->rng, n, &text, c->r->err);
    *out = value_str(x->a, text);
    return rc;
}

static int to_base64(const struct call_of *c, struct value **out)
{
    struct buf b = { 0 };
    struct value *v;
    int rc = eval_arg(c->r, c->args[0], &v);

    if (rc < 0)
        return rc;
    base64_encode(&b, value_to_text(c->r->x->a, v));
    *out = value_str(c->r->x->a, arena_copy(c->r->x->a, buf_view(&b)));
    buf_free(&b);
    return 0;
}

static int to_json(const struct call_of *c, struct value **out)
{
    struct buf b = { 0 };
    struct value *v;
    int rc = eval_arg(c->r, c->args[0], &v);

    if (rc < 0)
        return rc;
    json_write(&b, v);
    *out = value_str(c->r->x->a, arena_copy(c->r->x->a, buf_view(&b)));
    buf_free(&b);
    return 0;
}

static int to_lower(const struct call_of *c, struct value **out)
{
    struct value *v;
    int rc = eval_arg(c->r, c->args[0], &v);

    if (rc < 0)
        return rc;
    struct str text = arena_copy(c->r->x->a, value_to_text(c->r->x->a, v));
    char *p = (char *)text.ptr; /* our own copy */
    for (size_t i = 0; i < text.len; i++)
        p[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] + 32) : p[i];
    *out = value_str(c->r->x->a, text);
    return 0;
}

static const struct function {
    const char *name;
    function_fn *run;
    size_t least, most;
    const char *alphabet;
} functions[] = {
    { "hex", drawn, 1, 1, "0123456789abcdef" },
    { "digits", drawn, 1, 1, "0123456789" },
    { "letters", drawn, 1, 1, "abcdefghijklmnopqrstuvwxyz" },
    { "bytes", drawn, 1, 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" },
    { "int", whole_number, 2, 2, NULL },
    { "pick", pick, 1, ARGS_MOST, NULL },
    { "ip", address, 1, 1, NULL },
    { "base64", to_base64, 1, 1, NULL },
    { "json", to_json, 1, 1, NULL },
    { "lower", to_lower, 1, 1, NULL },
};

static int run_function(struct reading *r, struct str name, struct value **out)
{
    struct str args[ARGS_MOST];
    struct call_of c = { .r = r, .args = args };
    int rc = take_args(r, args, &c.count);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < COUNT(functions); i++) {
        const struct function *f = &functions[i];

        if (!str_eq_c(name, f->name))
            continue;
        c.alphabet = f->alphabet;
        if (c.count < f->least || c.count > f->most)
            return wrong(r, "another number of arguments");
        return f->run(&c, out);
    }
    return wrong(r, "a function: hex, digits, letters, bytes, int, pick, ip, base64, json, lower");
}

/* now, start or end, with or without "+1h", "-7d". */
static bool is_time_word(const struct expr *x, struct str word, struct value **out)
{
    const struct {
        const char *name;
        int64_t ms;
    } times[] = { { "now", x->now_ms },
                  { "start", x->scenario->start_ms },
                  { "end", x->scenario->end_ms } };
    int64_t distance;

    for (size_t i = 0; i < COUNT(times); i++) {
        struct str rest = str_sub(word, strlen(times[i].name), word.len);
        char iso[CLOCK_ISO_SIZE];

        if (!str_has_prefix(word, str_c(times[i].name)))
            continue;
        if (rest.len == 0)
            distance = 0;
        else if ((*rest.ptr != '+' && *rest.ptr != '-') ||
                 !duration_parse(str_sub(rest, 1, rest.len), &distance))
            continue;
        clock_iso(times[i].ms + (rest.len > 0 && *rest.ptr == '-' ? -distance : distance), iso);
        *out = value_str(x->a, arena_copy(x->a, str_c(iso)));
        return true;
    }
    return false;
}

static bool is_drawn_word(const struct expr *x, struct str word, struct value **out)
{
    char uuid[37];

    if (str_eq_c(word, "uuid")) {
        rng_uuid(x->rng, uuid);
        *out = value_str(x->a, arena_copy(x->a, str_c(uuid)));
    } else if (str_eq_c(word, "seq") && x->seq) {
        *out = value_int(x->a, (int64_t)++ * x->seq);
    } else {
        return false;
    }
    return true;
}

/* The name's value: of a scope (text of the file, perhaps with expressions of its own), of chance
 * or time, or as the asker knows it. */
static int look_up(struct reading *r, struct str word, struct str of, struct value **out)
{
    const struct expr *x = r->x;
    struct value *found = NULL;

    for (size_t i = 0; of.len == 0 && i < x->scope_count; i++) {
        struct value *v = value_get(x->scopes[i], word);

        if (v)
            *out = v;
        if (v)
            return i < x->raw_from ? 0 : resolve(x, v, r->depth + 1, out, r->err);
    }
    if (of.len == 0 && (is_drawn_word(x, word, out) || is_time_word(x, word, out)))
        return 0;
    int rc = x->ask ? x->ask(x->arg, x, word, of, &found, r->err) : 0;
    if (rc == 0 && !found)
        rc = wrong(r, "a name that is known here");
    *out = found;
    return rc;
}

static int eval_word(struct reading *r, struct value **out)
{
    struct str word = take_word(r, false), of = { 0 };

    if (word.len == 0)
        return wrong(r, "a name or a function");
    if (take(r, '('))
        return run_function(r, word, out);
    if (take(r, '+')) { /* now+1h: the sign is no part of a word */
        struct str rest = take_word(r, false);

        word = arena_printf(r->x->a, "%.*s+%.*s", STR_ARG(word), STR_ARG(rest));
    } else if (take(r, ':')) {
        of = take_word(r, true);
        if (of.len == 0)
            return wrong(r, "a name behind ':'");
    }
    return look_up(r, word, of, out);
}

static int eval(const struct expr *x, struct str text, int depth, struct value **out,
                struct err *err)
{
    struct reading r = { .x = x, .all = text, .rest = str_trim(text), .depth = depth, .err = err };

    if (depth > DEPTH_MOST)
        return wrong(&r, "values that do not contain themselves");
    int rc = eval_word(&r, out);
    if (rc < 0 || r.rest.len == 0)
        return rc;
    if (*r.rest.ptr != '.' && *r.rest.ptr != '[')
        return wrong(&r, "nothing behind the value but .member or [number]");
    *out = expr_path(x->a, *out, r.rest);
    return *out ? 0 : wrong(&r, "a part that is there");
}

/* Where the expression that begins at "${" ends: behind its '}'. 0: nowhere. */
static size_t end_of(struct str text)
{
    char quote = 0;

    for (size_t i = 2; i < text.len; i++) {
        char c = text.ptr[i];

        if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == '}')
            return i + 1;
    }
    return 0;
}

static int add_text(const struct expr *x, struct buf *out, struct str inner, const struct value *v,
                    struct err *err)
{
    struct str text = value_to_text(x->a, v);

    assert(v);
    if (v->kind == VALUE_LIST || v->kind == VALUE_MAP)
        return place_fail(x->at, err, "${%.*s}: expected a text, not a list or a map",
                          STR_ARG(inner));
    if (v->kind == VALUE_FLOAT)
        json_add_double(out, v->u.real);
    else
        buf_add(out, text);
    return 0;
}

/* Text with expressions in it, in pieces. */
static int join(const struct expr *x, struct str text, int depth, struct buf *out, struct err *err)
{
    while (text.len > 0) {
        ptrdiff_t at = str_find(text, STR("${"));
        struct value *v = NULL;

        if (at < 0) {
            buf_add(out, text);
            return 0;
        }
        bool is_escaped = at > 0 && text.ptr[at - 1] == '$';
        buf_add(out, str_sub(text, 0, is_escaped ? (size_t)at - 1 : (size_t)at));
        text = str_sub(text, (size_t)at, text.len);
        if (is_escaped) {
            buf_add(out, STR("${"));
            text = str_sub(text, 2, text.len);
            continue;
        }
        size_t end = end_of(text);
        struct str inner = str_sub(text, 2, end > 3 ? end - 3 : 0);
        int rc = end > 0 ? eval(x, inner, depth + 1, &v, err)
                         : place_fail(x->at, err, "expected '}' behind '${'");
        if (rc == 0)
            rc = add_text(x, out, inner, v, err);
        if (rc < 0)
            return rc;
        text = str_sub(text, end, text.len);
    }
    return 0;
}

static int resolve_text(const struct expr *x, struct str text, int depth, struct value **out,
                        struct err *err)
{
    struct buf b = { 0 };
    int rc;

    if (str_find(text, STR("${")) < 0) {
        *out = value_str(x->a, text);
        return 0;
    }
    if (str_has_prefix(text, STR("${")) && end_of(text) == text.len)
        return eval(x, str_sub(text, 2, text.len - 3), depth, out, err);
    rc = join(x, text, depth, &b, err);
    if (rc == 0)
        *out = value_str(x->a, arena_copy(x->a, buf_view(&b)));
    buf_free(&b);
    return rc;
}

static int resolve_kids(const struct expr *x, const struct value *v, int depth, struct value **out,
                        struct err *err)
{
    struct value *all = v->kind == VALUE_MAP ? value_map(x->a) : value_list(x->a);

    for (const struct value *k = value_first(v); k; k = k->next) {
        struct value *kid;
        int rc = resolve(x, k, depth + 1, &kid, err);

        if (rc < 0)
            return rc;
        struct value *own = arena_alloc(x->a, sizeof *own); /* it may stand elsewhere already */
        *own = *kid;
        own->next = NULL;
        own->line = k->line;
        if (v->kind == VALUE_MAP)
            value_append(all, k->name, own);
        else
            value_push(all, own);
    }
    *out = all;
    return 0;
}

static int resolve(const struct expr *x, const struct value *v, int depth, struct value **out,
                   struct err *err)
{
    struct expr here = *x;
    int rc = 0;

    if (v->line > 0)
        here.at.line = v->line;
    if (depth > LIMIT_NESTING)
        return place_fail(here.at, err, "expected fewer values within values");
    if (v->kind == VALUE_STRING) {
        rc = resolve_text(&here, v->u.text, depth, out, err);
    } else if (v->kind == VALUE_MAP || v->kind == VALUE_LIST) {
        rc = resolve_kids(&here, v, depth, out, err);
    } else {
        struct value *own = arena_alloc(x->a, sizeof *own);

        *own = *v;
        own->next = NULL;
        *out = own;
    }
    return rc;
}

int expr_value(const struct expr *x, const struct value *v, struct value **out, struct err *err)
{
    return resolve(x, v, 0, out, err);
}

int expr_text(const struct expr *x, struct str text, struct str *out, struct err *err)
{
    struct buf b = { 0 };
    int rc = join(x, text, 0, &b, err);

    if (rc == 0)
        *out = arena_copy(x->a, buf_view(&b));
    buf_free(&b);
    return rc;
}
