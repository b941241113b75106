/* Metric math: trees to values. */
#include "emulator/services/cloudwatch/math.h"

#include <math.h>

struct math_series math_series_of(struct arena *a, int64_t period_ms, size_t count)
{
    return (struct math_series){ .period_ms = period_ms,
                                 .times_ms = arena_array(a, count, sizeof(int64_t)),
                                 .values = arena_array(a, count, sizeof(double)) };
}

static double apply(enum math_op op, double x, double y)
{
    switch (op) {
    case MATH_ADD:
        return x + y;
    case MATH_SUBTRACT:
        return x - y;
    case MATH_MULTIPLY:
        return x * y;
    case MATH_DIVIDE:
        return x / y;
    case MATH_MODULO:
        return fmod(x, y);
    case MATH_POWER:
        return pow(x, y);
    case MATH_EQUAL:
        return x == y;
    case MATH_UNEQUAL:
        return x != y;
    case MATH_LESS:
        return x < y;
    case MATH_LESS_EQUAL:
        return x <= y;
    case MATH_GREATER:
        return x > y;
    case MATH_GREATER_EQUAL:
        return x >= y;
    case MATH_AND:
        return x != 0 && y != 0;
    default:
        return x != 0 || y != 0;
    }
}

/* A point whose value is no number (x / 0) is no point. */
static void add_point(struct math_series *s, int64_t time_ms, double v)
{
    if (!isfinite(v))
        return;
    s->times_ms[s->count] = time_ms;
    s->values[s->count++] = v;
}

static int64_t longer(int64_t x, int64_t y)
{
    return x > y ? x : y;
}

/* Points that both have. */
static struct math_series join(struct arena *a, enum math_op op, const struct math_series *x,
                               const struct math_series *y)
{
    struct math_series s = math_series_of(a, longer(x->period_ms, y->period_ms), x->count);
    size_t k = 0;

    s.label = x->label;
    for (size_t i = 0; i < x->count; i++) {
        while (k < y->count && y->times_ms[k] < x->times_ms[i])
            k++;
        if (k < y->count && y->times_ms[k] == x->times_ms[i])
            add_point(&s, x->times_ms[i], apply(op, x->values[i], y->values[k]));
    }
    return s;
}

static struct math_series with_number(struct arena *a, enum math_op op, const struct math_series *x,
                                      double n, bool n_is_left)
{
    struct math_series s = math_series_of(a, x->period_ms, x->count);

    s.label = x->label;
    for (size_t i = 0; i < x->count; i++)
        add_point(&s, x->times_ms[i],
                  n_is_left ? apply(op, n, x->values[i]) : apply(op, x->values[i], n));
    return s;
}

static int combine(const struct math_env *env, enum math_op op, const struct math_value *x,
                   const struct math_value *y, struct math_value *out, struct err *err)
{
    const struct math_value *many = x->type == MATH_SCALAR ? y : x;

    if (x->type == MATH_STRING || y->type == MATH_STRING)
        return err_set(err, E_PARSE, "a string can't be an operand");
    if (x->type == MATH_ARRAY && y->type == MATH_ARRAY)
        return err_set(err, E_PARSE, "both operands are arrays of time series");
    if (x->type == MATH_SCALAR && y->type == MATH_SCALAR) {
        *out =
            (struct math_value){ .type = MATH_SCALAR, .number = apply(op, x->number, y->number) };
        return 0;
    }
    if (y->type == MATH_ARRAY)
        many = y;
    *out = *many;
    out->series = arena_array(env->a, many->count, sizeof *out->series);
    for (size_t i = 0; i < many->count; i++) {
        const struct math_series *xs = x->type == MATH_ARRAY ? &x->series[i] : x->series;
        const struct math_series *ys = y->type == MATH_ARRAY ? &y->series[i] : y->series;

        if (x->type == MATH_SCALAR)
            out->series[i] = with_number(env->a, op, ys, x->number, true);
        else if (y->type == MATH_SCALAR)
            out->series[i] = with_number(env->a, op, xs, y->number, false);
        else
            out->series[i] = join(env->a, op, xs, ys);
    }
    return 0;
}

static int run_list(const struct math_env *env, const struct math_node *node,
                    struct math_value *out, struct err *err)
{
    *out = (struct math_value){ .type = MATH_ARRAY };
    for (const struct math_node *n = node->first; n; n = n->next) {
        struct math_value v;
        int rc = math_run(env, n, &v, err);

        if (rc != 0)
            return rc;
        if (v.type != MATH_SERIES && v.type != MATH_ARRAY)
            return err_set(err, E_PARSE, "an array holds time series");
        struct math_series *all = arena_array(env->a, out->count + v.count, sizeof *all);
        if (out->count > 0)
            memcpy(all, out->series, out->count * sizeof *all);
        if (v.count > 0)
            memcpy(all + out->count, v.series, v.count * sizeof *all);
        out->series = all;
        out->count += v.count;
    }
    return 0;
}

static int run_call(const struct math_env *env, const struct math_node *node,
                    struct math_value *out, struct err *err)
{
    const struct math_function *f = math_function_find(node->text);
    struct math_value *args = arena_array(env->a, node->count, sizeof *args);
    size_t i = 0;
    int rc = 0;

    for (const struct math_node *n = node->first; rc == 0 && n; n = n->next, i++) {
        if (n->kind == MATH_NAME && math_is_word(n->text))
            args[i] = (struct math_value){ .type = MATH_STRING, .text = n->text };
        else
            rc = math_run(env, n, &args[i], err);
    }
    if (rc < 0)
        return rc;
    return f->run(&(struct math_call){ env, node, args, node->count, err }, out);
}

static int run_binary(const struct math_env *env, const struct math_node *node,
                      struct math_value *out, struct err *err)
{
    struct math_value x, y;
    int rc = math_run(env, node->first, &x, err);

    if (rc == 0)
        rc = math_run(env, node->first->next, &y, err);
    return rc == 0 ? combine(env, node->op, &x, &y, out, err) : rc;
}

static int negate(const struct math_env *env, const struct math_node *node, struct math_value *out,
                  struct err *err)
{
    const struct math_value zero = { .type = MATH_SCALAR };
    struct math_value v;
    int rc = math_run(env, node->first, &v, err);

    return rc == 0 ? combine(env, MATH_SUBTRACT, &zero, &v, out, err) : rc;
}

int math_run(const struct math_env *env, const struct math_node *node, struct math_value *out,
             struct err *err)
{
    switch (node->kind) {
    case MATH_NUMBER:
        *out = (struct math_value){ .type = MATH_SCALAR, .number = node->number };
        return 0;
    case MATH_TEXT:
        *out = (struct math_value){ .type = MATH_STRING, .text = node->text };
        return 0;
    case MATH_NAME:
        return env->find(env->arg, node->text, out, err);
    case MATH_CALL:
        return run_call(env, node, out, err);
    case MATH_LIST:
        return run_list(env, node, out, err);
    case MATH_NEGATE:
        return negate(env, node, out, err);
    default:
        return run_binary(env, node, out, err);
    }
}

static int check_call(const struct math_node *node, struct err *err)
{
    const struct math_function *f = math_function_find(node->text);

    if (!f)
        return err_set(err, E_PARSE, "Unknown function '%.*s'", STR_ARG(node->text));
    if (!f->run)
        return err_set(err, E_PARSE, "The function %s is not supported", f->name);
    if (node->count < f->least || node->count > f->most)
        return err_set(err, E_PARSE, "The function %s takes %zu to %zu arguments, and not %zu",
                       f->name, f->least, f->most, node->count);
    return 0;
}

int math_check(const struct math_node *node, bool (*is_id)(void *arg, struct str id), void *arg,
               struct err *err)
{
    int rc = node->kind == MATH_CALL ? check_call(node, err) : 0;

    if (node->kind == MATH_NAME && !is_id(arg, node->text))
        rc = err_set(err, E_PARSE, "Unknown id '%.*s'", STR_ARG(node->text));
    for (const struct math_node *n = node->first; rc == 0 && n; n = n->next)
        if (node->kind != MATH_CALL || n->kind != MATH_NAME || !math_is_word(n->text))
            rc = math_check(n, is_id, arg, err);
    return rc;
}
