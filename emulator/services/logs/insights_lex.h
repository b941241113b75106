/* emulator/services/logs/insights_lex - private to insights*.c: where the reader of a query stands,
 * and its words. */
#pragma once

#include "emulator/services/logs/insights_parts.h"

struct ins_lex {
    struct arena *a;
    struct str text;
    size_t at, depth;
    struct insights_query *query;
    struct err *err;
};
int ins_fail(struct ins_lex *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ins_blanks(struct ins_lex *l); /* and lines that begin with # */
int ins_peek(struct ins_lex *l);    /* behind blanks; -1 at the end */
bool ins_take(struct ins_lex *l, const char *mark);
/* A word, in any case, that does not go on. */
bool ins_take_word(struct ins_lex *l, const char *word);
/* A name: a run of letters, digits, _ . @, or anything in backticks. Empty: none stands here. */
struct str ins_name(struct ins_lex *l);
int ins_string(struct ins_lex *l, struct str *out);       /* '...' or "..." */
int ins_regex(struct ins_lex *l, struct log_regex **out); /* /.../ */
int ins_count(struct ins_lex *l, int64_t *out);
size_t ins_slot(struct ins_lex *l, struct str name);
/* Source text between two places, without blanks around it. */
struct str ins_source(struct ins_lex *l, size_t from);

/* ---- insights_expr.c ---- */
int ins_expression(struct ins_lex *l, struct ins_expr **out);
