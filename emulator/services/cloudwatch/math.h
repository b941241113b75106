/* emulator/services/cloudwatch/math - metric math: expressions over time series.
 *
 * math_parse makes a tree of the text, math_run evaluates it against an environment that knows
 * the series by id. Syntax and functions that CloudWatch knows and this module does not are refused
 * by name, never ignored.
 * Source: CloudWatch User Guide, "Use metric math".
 * Memory: everything lives in the arena; series are shared, never changed.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"

#define MATH_POINTS_MOST 100800

/* ---- values ---- */

struct math_series {
    struct str label;
    int64_t period_ms;
    size_t count;
    int64_t *times_ms; /* ascending */
    double *values;
};
enum math_type { MATH_SCALAR, MATH_SERIES, MATH_ARRAY, MATH_STRING };
struct math_value {
    enum math_type type;
    double number;
    struct str text;
    struct math_series *series; /* one, or */
    size_t count;               /* so many */
};
/* Room for count points of a period. */
struct math_series math_series_of(struct arena *a, int64_t period_ms, size_t count);

/* ---- trees ---- */

enum math_kind {
    MATH_NUMBER,
    MATH_TEXT,
    MATH_NAME,
    MATH_CALL,
    MATH_LIST,
    MATH_NEGATE,
    MATH_BINARY
};
enum math_op {
    MATH_ADD,
    MATH_SUBTRACT,
    MATH_MULTIPLY,
    MATH_DIVIDE,
    MATH_MODULO,
    MATH_POWER,
    MATH_EQUAL,
    MATH_UNEQUAL,
    MATH_LESS,
    MATH_LESS_EQUAL,
    MATH_GREATER,
    MATH_GREATER_EQUAL,
    MATH_AND,
    MATH_OR,
};
struct math_node {
    enum math_kind kind;
    enum math_op op;
    double number;
    struct str text;                /* of a string, a name, a function */
    struct math_node *first, *next; /* arguments; the next one */
    size_t count;
};
/* E_PARSE: what was expected, and at which character. */
int math_parse(struct arena *a, struct str text, struct math_node **out, struct err *err);

/* ---- evaluation ---- */

struct math_env {
    struct arena *a;
    int64_t from_ms, to_ms, period_ms; /* what TIME_SERIES covers */
    void *arg;
    /* The query of that id. E_MISSING: none such. */
    int (*find)(void *arg, struct str id, struct math_value *out, struct err *err);
    /* All metrics of the request whose id contains the text, in order: METRICS(). */
    int (*metrics)(void *arg, struct str part, struct math_value *out, struct err *err);
    /* SEARCH(expression, statistic, period in seconds). */
    int (*search)(void *arg, struct str text, struct str statistic, int64_t period_s,
                  struct math_value *out, struct err *err);
};
/* E_PARSE: why it can't be evaluated. */
int math_run(const struct math_env *env, const struct math_node *node, struct math_value *out,
             struct err *err);
/* Is every name an id or a word that stands there as an argument (REPEAT), every function known?
 * For checks before anything is evaluated; ids by is_id. */
int math_check(const struct math_node *node, bool (*is_id)(void *arg, struct str id), void *arg,
               struct err *err);

/* math_functions.c: the table of functions. */
struct math_call {
    const struct math_env *env;
    const struct math_node *node;
    struct math_value *args;
    size_t count;
    struct err *err;
};
typedef int math_fn(struct math_call *c, struct math_value *out);
struct math_function {
    const char *name;
    size_t least, most; /* arguments */
    math_fn *run;       /* NULL: CloudWatch has it, this program does not */
};
const struct math_function *math_function_find(struct str name); /* NULL: no such */
/* Of a series with which that name stands for itself: REPEAT, LINEAR, ASC ... */
bool math_is_word(struct str name);
