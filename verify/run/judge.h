/* verify/run/judge - what a tool reported against what a perfect one would have: a verdict each.
 *
 * Memory:  in the judgement's arena; rows borrow from truth and got.
 */
#pragma once

#include "verify/run/got.h"
#include "verify/run/ledger.h"

enum verdict {
    VERDICT_MATCH,
    VERDICT_LATE, /* a match, later than require.detect_max */
    VERDICT_MISSED,
    VERDICT_SPURIOUS,
    VERDICT_DUPLICATE,     /* nothing in it that was not reported by the same rule before */
    VERDICT_MISATTRIBUTED, /* the right rule, other events */
    VERDICT_REFUSED,       /* the tool says that it could not judge */
    VERDICT_UNKNOWN_RULE,  /* not in the suite's rules */
    VERDICTS
};

struct judged {
    enum verdict verdict;
    const struct truth_finding *expected; /* NULL: none */
    const struct truth_event *event;      /* of a tool that forwards events */
    const struct got *got;                /* NULL: nothing was reported */
    const char *cause;                    /* in words; NULL: none to tell */
    int64_t detect_ms;                    /* from offering to reporting; -1: not known */
};

struct tally {
    struct str name;
    size_t matched, missed, spurious;
};

struct judgement {
    struct arena arena;
    struct judged *items;
    size_t count, room;
    size_t counts[VERDICTS];
    struct tally *rules, *techniques;
    size_t rule_count, technique_count;
    double precision, recall, f1;
    size_t loss; /* events of expected findings (or all events, when it forwards them) that were
                  * offered and never reported */
    size_t
        withheld; /* findings (or events) of which nothing was offered: nobody could report them */
    int64_t p50_ms, p95_ms, max_ms; /* time to detect; -1: not known */
};

void judge(struct judgement *j, const struct suite *suite, const struct truth *t,
           const struct ledger *l, const struct got_list *got);
void judge_free(struct judgement *j);
const char *verdict_name(enum verdict v);
double tally_precision(const struct tally *t);
double tally_recall(const struct tally *t);
/* Which requirement is not met: a line for each, in the arena of j; true when all are. */
bool judge_meets(struct judgement *j, const struct suite *suite, struct buf *why);
/* The same findings, in whatever order? */
bool judge_same(const struct judgement *a, const struct judgement *b);
