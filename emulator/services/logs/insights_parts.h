/* emulator/services/logs/insights_parts - private to insights*.c: the compiled query.
 *
 * Each name that the query mentions is a slot, whether it is a field of events or one that a
 * command makes; a row is the values of all slots.
 */
#pragma once

#include "emulator/services/logs/insights.h"
#include "emulator/services/logs/log_regex.h"

enum ins_kind { INS_MISSING, INS_NUMBER, INS_TEXT, INS_TIME };
struct ins_value {
    enum ins_kind kind;
    double number;   /* INS_TIME: ms since 1970 */
    struct str text; /* INS_TEXT */
};

enum ins_op {
    INS_CONST,
    INS_SLOT,
    INS_CALL,
    INS_OR,
    INS_AND,
    INS_NOT,
    INS_NEGATE,
    INS_COMPARE,
    INS_ARITHMETIC,
    INS_LIKE,
    INS_IN
};
struct ins_function;
struct ins_expr {
    enum ins_op op;
    struct str word; /* which comparison or arithmetic */
    struct ins_value constant;
    size_t slot;
    const struct ins_function *function;
    struct log_regex *regex; /* of INS_LIKE, or NULL: a substring */
    struct ins_expr *args;   /* first; the others by next */
    struct ins_expr *next;
};

typedef struct ins_value ins_call_fn(struct arena *a, const struct ins_value *args, size_t count);
struct ins_function {
    const char *name;
    size_t least, most; /* arguments */
    ins_call_fn *run;
};
const struct ins_function *ins_function_find(struct str name); /* NULL: unknown */
enum { INS_ARGS_MOST = 32 };

enum ins_aggregate {
    INS_COUNT,
    INS_COUNT_DISTINCT,
    INS_SUM,
    INS_AVG,
    INS_MIN,
    INS_MAX,
    INS_EARLIEST,
    INS_LATEST,
    INS_PCT,
    INS_AGGREGATES
};
struct ins_column { /* of stats: an aggregate or what is grouped by; of sort */
    enum ins_aggregate aggregate;
    struct ins_expr *expr; /* NULL: count of rows */
    double percentile;
    size_t slot; /* where it goes */
    bool descending;
};

enum ins_verb {
    INS_FIELDS,
    INS_DISPLAY,
    INS_FILTER,
    INS_PARSE,
    INS_SORT,
    INS_DEDUP,
    INS_STATS,
    INS_LIMIT
};
struct ins_command {
    enum ins_verb verb;
    struct ins_command *next;
    struct ins_expr *expr; /* filter; parse: what is read */
    struct ins_column *columns, *by;
    size_t column_count, by_count;
    struct str *glob; /* parse: the texts around the stars */
    size_t glob_count;
    struct log_regex *regex;
    int64_t limit;
};

struct insights_query {
    struct ins_command *commands;
    struct str *slots;
    size_t slot_count;
    size_t *shown; /* slots */
    size_t shown_count;
};

/* ---- insights_value.c ---- */
bool ins_number(const struct ins_value *v, double *out);
struct str ins_text(struct arena *a, const struct ins_value *v);
bool ins_truth(const struct ins_value *v);
int ins_compare(struct arena *a, const struct ins_value *x, const struct ins_value *y);
struct ins_value ins_of_number(double n);
struct ins_value ins_of_text(struct str text);
struct ins_value ins_eval(struct arena *a, const struct ins_expr *e, const struct ins_value *row);
