/* emulator/services/logs/log_pattern_parts - private to pattern*.c: what the three languages share.
 */
#pragma once

#include "emulator/services/logs/log_pattern.h"
#include "emulator/services/logs/log_regex.h"

/* Where the reader of a pattern stands. */
struct lex {
    struct arena *a;
    struct str text;
    size_t at, depth, regex_count;
    struct err *err;
};
/* E_PARSE: what was expected, and where. */
int lex_fail(struct lex *s, const char *what);
void lex_blanks(struct lex *s);
bool lex_take(struct lex *s, const char *word); /* skips it when it stands here */
static inline int lex_peek(const struct lex *s) /* -1 at the end */
{
    return s->at < s->text.len ? (unsigned char)s->text.ptr[s->at] : -1;
}
/* A run of characters that each hold. */
struct str lex_run(struct lex *s, bool (*holds)(int c));
int lex_quoted(struct lex *s, struct str *out); /* "..." with \" and \\ in it */

int lex_regex(struct lex *s, struct log_regex **out); /* %...% */

/* What stands behind an operator. */
struct operand {
    struct str text;               /* without the stars at its ends */
    bool star_before, star_behind; /* any text before, behind it */
    bool is_number;
    double number;
    struct log_regex *regex; /* or NULL */
};
int lex_operand(struct lex *s, struct operand *out);

enum test_op { OP_EQ, OP_NE, OP_LT, OP_GT, OP_LE, OP_GE, OP_NULL, OP_TRUE, OP_FALSE, OP_ABSENT };
int lex_operator(struct lex *s, enum test_op *out);
/* number: the value's own when it is one, else NULL. */
bool log_operand_holds(const struct operand *o, enum test_op op, struct arena *a, struct str text,
                       const double *number);
bool log_number_read(struct str text, double *out);

/* Tests combined by && and ||. test is whatever the language made of one. */
struct node {
    enum { NODE_TEST, NODE_AND, NODE_OR } kind;
    const struct node *left, *right;
    const void *test;
};
/* A test, or one in parentheses: each language's own. */
typedef int lex_test_fn(struct lex *s, void *arg, const void **test);
int lex_expression(struct lex *s, lex_test_fn *fn, void *arg, const struct node **out);
typedef bool test_fn(const void *test, void *arg);
bool log_node_holds(const struct node *n, test_fn *fn, void *arg);

/* ---- the languages: parse what stands between the brackets ---- */

struct fields_pattern;
int log_fields_parse(struct lex *s, struct fields_pattern **out);
bool log_fields_match(const struct fields_pattern *p, struct log_pattern_subject *s);
void log_fields_extract(const struct fields_pattern *p, struct log_pattern_subject *s,
                        struct value *out);
/* 1-based from the front when > 0, from the back when < 0; 0: no such name. */
int log_fields_place(const struct fields_pattern *p, struct str name);
bool log_fields_select(const struct fields_pattern *p, int place, struct log_pattern_subject *s,
                       struct str *out);

struct json_path;
int log_path_scan(struct lex *s, struct json_path **out);
/* Text of a string or number; false: absent, or anything else. */
bool log_path_text(const struct json_path *path, struct log_pattern_subject *s, struct str *out);
int log_json_parse(struct lex *s, const struct node **out);
bool log_json_match(const struct node *n, struct log_pattern_subject *s);
void log_json_extract(const struct node *n, struct log_pattern_subject *s, struct value *out);
