/* { $.a.b[0] = "x" && ($.n > 3 || $.c NOT EXISTS) } */
#include "core/codec/json.h"
#include "emulator/services/logs/log_pattern_parts.h"

struct json_step {
    struct str name; /* empty: index */
    size_t index;
};

enum { STEPS_MOST = 64 };

struct json_path {
    struct str text; /* "$.a.b[0]" */
    struct json_step *steps;
    size_t count;
};

struct json_test {
    struct json_path *path;
    enum test_op op;
    struct operand operand;
};

/* Source: the guide, "JSON": letters, digits, - and _. */
static bool is_name(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static int scan_step(struct lex *s, struct json_step *out)
{
    int64_t index;

    *out = (struct json_step){ 0 };
    if (lex_take(s, ".")) {
        out->name = arena_copy(s->a, lex_run(s, is_name));
        return out->name.len > 0 ? 0 : lex_fail(s, "a property's name is missing");
    }
    s->at++; /* [ */
    struct str digits = lex_run(s, is_digit);
    if (digits.len > 9 || !str_to_i64(digits, &index))
        return lex_fail(s, "an index of an array is missing");
    out->index = (size_t)index;
    return lex_take(s, "]") ? 0 : lex_fail(s, "a ] is missing");
}

int log_path_scan(struct lex *s, struct json_path **out)
{
    struct json_step steps[STEPS_MOST];
    size_t count = 0, from = s->at;

    if (!lex_take(s, "$"))
        return lex_fail(s, "a selector such as $.name is missing");
    while (lex_peek(s) == '.' || lex_peek(s) == '[') {
        if (count == STEPS_MOST)
            return lex_fail(s, "a selector of too many steps");
        int rc = scan_step(s, &steps[count++]);
        if (rc < 0)
            return rc;
    }
    if (count == 0)
        return lex_fail(s, "a property is missing behind $");
    struct json_path *path = arena_alloc(s->a, sizeof *path);
    path->text = arena_copy(s->a, str_sub(s->text, from, s->at - from));
    path->steps = arena_array(s->a, count, sizeof *path->steps);
    path->count = count;
    memcpy(path->steps, steps, count * sizeof *steps);
    *out = path;
    return 0;
}

static const struct value *message_json(struct log_pattern_subject *s)
{
    struct value *v = NULL;

    if (!s->json && !s->is_json_known && json_parse(s->a, s->message, &v, NULL) == 0)
        s->json = v;
    s->is_json_known = true;
    return s->json;
}

static const struct value *go(const struct json_path *path, struct log_pattern_subject *s)
{
    const struct value *v = message_json(s);

    for (size_t i = 0; v && i < path->count; i++) {
        const struct json_step *step = &path->steps[i];
        if (step->name.len > 0)
            v = v->kind == VALUE_MAP ? value_get(v, step->name) : NULL;
        else
            v = v->kind == VALUE_LIST ? value_at(v, step->index) : NULL;
    }
    return v;
}

/* A string, or a number with its text. */
static bool scalar(struct arena *a, const struct value *v, struct str *text, double *number,
                   bool *is_number)
{
    struct buf b = { 0 };

    *is_number = v && (v->kind == VALUE_INT || v->kind == VALUE_FLOAT);
    if (v && v->kind == VALUE_STRING) {
        *text = v->u.text;
        return true;
    }
    if (!*is_number)
        return false;
    *number = v->kind == VALUE_INT ? (double)v->u.integer : v->u.real;
    json_write(&b, v);
    *text = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return true;
}

bool log_path_text(const struct json_path *path, struct log_pattern_subject *s, struct str *out)
{
    bool is_number;
    double number;

    return scalar(s->a, go(path, s), out, &number, &is_number);
}

/* ---- tests ---- */

/* IS NULL, IS TRUE, IS FALSE, NOT EXISTS; false: none of these stands here. */
static bool scan_state(struct lex *s, enum test_op *op)
{
    static const struct {
        const char *first, *second;
        enum test_op op;
    } states[] = { { "IS", "NULL", OP_NULL },
                   { "IS", "TRUE", OP_TRUE },
                   { "IS", "FALSE", OP_FALSE },
                   { "NOT", "EXISTS", OP_ABSENT } };
    size_t from = s->at;

    for (size_t i = 0; i < COUNT(states); i++, s->at = from) {
        size_t before;
        lex_blanks(s);
        if (!lex_take(s, states[i].first))
            continue;
        before = s->at;
        lex_blanks(s);
        if (s->at == before || !lex_take(s, states[i].second) || is_name(lex_peek(s)))
            continue;
        *op = states[i].op;
        return true;
    }
    return false;
}

static int scan_json_test(struct lex *s, void *arg, const void **out)
{
    struct json_test *t = arena_alloc(s->a, sizeof *t);
    int rc = log_path_scan(s, &t->path);

    (void)arg;
    *out = t;
    if (rc < 0 || scan_state(s, &t->op))
        return rc;
    rc = lex_operator(s, &t->op);
    return rc < 0 ? rc : lex_operand(s, &t->operand);
}

int log_json_parse(struct lex *s, const struct node **out)
{
    int rc = lex_expression(s, scan_json_test, NULL, out);

    lex_blanks(s);
    return rc < 0 || lex_take(s, "}") ? rc : lex_fail(s, "&&, || or a closing } is missing");
}

/* Source: the guide, "JSON": a selector that ends at an object or array matches nothing, by = and
 * by != alike; so here does one whose property is not there. */
static bool test_holds(const void *test, void *arg)
{
    const struct json_test *t = test;
    struct log_pattern_subject *s = arg;
    const struct value *v = go(t->path, s);
    struct str text;
    double number = 0;
    bool is_number;

    switch (t->op) {
    case OP_NULL:
        return v && v->kind == VALUE_NULL;
    case OP_TRUE:
        return v && v->kind == VALUE_BOOL && v->u.boolean;
    case OP_FALSE:
        return v && v->kind == VALUE_BOOL && !v->u.boolean;
    case OP_ABSENT:
        return !v;
    default:
        return scalar(s->a, v, &text, &number, &is_number) &&
               log_operand_holds(&t->operand, t->op, s->a, text, is_number ? &number : NULL);
    }
}

/* What is no object is no JSON log event: not even NOT EXISTS holds of it. */
bool log_json_match(const struct node *n, struct log_pattern_subject *s)
{
    const struct value *v = message_json(s);

    return v && (v->kind == VALUE_MAP || v->kind == VALUE_LIST) && log_node_holds(n, test_holds, s);
}

void log_json_extract(const struct node *n, struct log_pattern_subject *s, struct value *out)
{
    const struct json_test *t = n->test;
    struct str text;

    if (n->kind == NODE_TEST) {
        if (log_path_text(t->path, s, &text))
            value_put_str(s->a, out, t->path->text.ptr, text);
        return;
    }
    log_json_extract(n->left, s, out);
    log_json_extract(n->right, s, out);
}
