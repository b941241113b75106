/* verify/sigma/private - what the files of this folder share: rules as they are compiled.
 */
#pragma once

#include "core/base/buf.h"
#include "core/codec/value.h"
#include "core/trail/scan.h"
#include "verify/sigma/sigma.h"

/* ---- text.c: strings with wildcards ---- */

/* Compiled: lower case unless cased; the two wildcards as bytes that JSON text can't hold. */
struct glob {
    struct str pattern;
    bool is_plain; /* without wildcards */
    bool is_cased;
};
#define GLOB_ANY '\x01' /* '*' */
#define GLOB_ONE '\x02' /* '?' */

enum glob_ends { GLOB_WHOLE = 0, GLOB_OPEN_START = 1, GLOB_OPEN_END = 2 };

/* text as Sigma writes it: '*' and '?' unless behind a backslash. ends: a '*' is added there. */
struct glob glob_compile(struct arena *a, struct str text, int ends, bool is_cased);
bool glob_match(const struct glob *g, struct str s);

/* ---- rules ---- */

enum test_kind {
    TEST_GLOB,
    TEST_REGEX,
    TEST_NULL,   /* absent or null */
    TEST_EXISTS, /* there and not null */
    TEST_ABSENT,
    TEST_NUMBER, /* lt, lte, gt, gte */
    TEST_FIELD,  /* equal to another field's value */
};
enum compare { COMPARE_LT, COMPARE_LTE, COMPARE_GT, COMPARE_GTE };

struct regex; /* pcre2's */

/* One value that a field is tested against. */
struct test {
    enum test_kind kind;
    struct glob glob;
    const struct regex *regex;
    enum compare compare;
    double number;
    size_t other;             /* TEST_FIELD: the other field ... */
    const struct expr *owner; /* ... and the leaf it stands in */
    int ends;                 /* TEST_FIELD: enum glob_ends */
    bool is_cased;
};

enum expr_kind { EXPR_AND, EXPR_OR, EXPR_NOT, EXPR_FIELD, EXPR_KEYWORD };

/* What a rule asks: a tree whose leaves are fields or keywords with their tests. */
struct expr {
    enum expr_kind kind;
    const struct expr **kids; /* AND, OR, NOT */
    size_t kid_count;
    size_t field;             /* EXPR_FIELD: index into sigma.fields */
    const struct test *tests; /* FIELD, KEYWORD */
    size_t test_count;
    bool all; /* every test must hold, not any */
};

struct rule {
    struct sigma_rule info; /* first: what sigma_rule gives */
    size_t number;          /* order of loading */
    const struct expr *expr;
    struct correlation *correlation; /* NULL: a rule of single events */
    struct feed *feeds;              /* the correlations that want its matches */
    size_t feed_count;
};

/* As which of its rules a correlation wants a match. */
struct feed {
    const struct rule *correlation;
    size_t as;
};

enum correlation_kind { EVENT_COUNT, VALUE_COUNT, TEMPORAL, TEMPORAL_ORDERED };

struct correlation {
    enum correlation_kind kind;
    struct str *names; /* of its rules, before they are found */
    struct rule **rules;
    size_t rule_count;
    size_t *groups; /* rule_count x group_count: fields */
    size_t group_count;
    size_t *counted; /* VALUE_COUNT: a field for each rule */
    int64_t span_ms;
    int64_t least, most; /* of events or values, both included */
    bool tells_rules;    /* the rules' own hits are told, too */
};

/* A path into a record. */
struct field {
    struct str path;
    const struct str *steps; /* path cut at its dots; they borrow path */
    size_t step_count;
    enum scan_member top; /* its first step; SCAN_MEMBERS: none that scan knows */
};

struct sigma {
    struct arena arena;
    struct rule **rules;
    size_t rule_count, rule_room;
    struct sigma_refusal *refusals;
    size_t refusal_count, refusal_room;
    struct field *fields;
    size_t field_count, field_room;
    struct regex *regexes;       /* to be freed */
    size_t event_id, event_time; /* fields that every hit tells */
};

/* load.c and its helpers: one failure is told by why, which makes the rule a refusal. */
struct compiling {
    struct sigma *s;
    struct str file;
    struct err why; /* why.code 0: fine so far */
};
int sigma_refuse(struct compiling *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
size_t field_number(struct sigma *s, struct str path); /* added when it is new */

/* detection.c: the value of a selection -> what it asks; NULL when refused. */
struct expr *detection_compile(struct compiling *c, const struct value *selection);
struct expr *expr_new(struct arena *a, enum expr_kind kind);
void expr_push(struct arena *a, struct expr *e, const struct expr *kid);

/* condition.c */
struct named_expr {
    struct str name;
    struct expr *expr;
};
struct expr *condition_compile(struct compiling *c, struct str text, const struct named_expr *all,
                               size_t count);

/* correlation.c */
struct correlation *correlation_compile(struct compiling *c, const struct value *doc);
/* Find the rules that it names; a rule that is not there, or is one itself, refuses it. */
int correlation_link(struct compiling *c, struct rule *self);

/* regex.c */
const struct regex *regex_compile(struct sigma *s, struct str text, const char *flags,
                                  struct err *err);
bool regex_match(const struct regex *r, struct str s);
void regex_free_all(struct regex *first);

/* classes.c: the rules that a record can match at all, in order of loading. A matcher's own. */
struct classes;
struct candidate {
    const struct rule *rule;
    const struct expr *rest; /* what is still to be asked; NULL: it matches */
};
struct candidates {
    const struct candidate *items;
    size_t count;
};
struct classes *classes_new(const struct sigma *s);
void classes_free(struct classes *c); /* NULL is harmless */
/* Valid until the next call. scratch: for the time of the record. */
struct candidates classes_find(struct classes *c, struct arena *scratch,
                               const struct scan_record *record);

/* fields.c: the values at a path of a record; fn says true to stop */
typedef bool field_fn(void *arg, const struct scan_node *value);
bool field_each(const struct field *f, const struct scan_record *r, field_fn *fn, void *arg);
/* A string unescaped, a number or boolean as written, an object as compact JSON. */
struct str field_text(struct arena *a, const struct scan_node *n);
/* The first value that is not null, as text; false when there is none. */
bool field_first(struct arena *a, const struct field *f, const struct scan_record *r,
                 struct str *out);

/* eval.c */
bool expr_holds(struct arena *a, const struct sigma *s, const struct expr *e,
                const struct scan_record *r);
