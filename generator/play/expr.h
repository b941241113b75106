/* generator/play/expr - `${...}` in the strings of a scenario -> values; paths into answers.
 *
 * What it knows by itself are names in scopes, chance and a few functions; what depends on the
 * caller (account, region, arn ...) is asked of the one who evaluates.
 */
#pragma once

#include "core/base/rng.h"
#include "generator/scenario/scenario.h"

#define EXPR_SCOPES 8

struct expr {
    struct arena *a;
    struct rng *rng;
    const struct value *scopes[EXPR_SCOPES]; /* maps, the first that has a name wins; NULLs pass */
    size_t scope_count;
    size_t raw_from; /* the scopes from here on hold text of the file, not resolved yet */
    struct place at; /* what messages point to */
    int64_t now_ms;
    uint64_t *seq; /* how often seq was asked for */
    const struct scenario *scenario;
    /* A word that no scope has: "account", and behind the colon "alias" (else empty). 0 with *out
     * NULL: not known either. < 0: err says why. */
    int (*ask)(void *arg, const struct expr *x, struct str word, struct str of, struct value **out,
               struct err *err);
    void *arg;
};

/* A string that is one ${...} becomes that value; other strings, texts; lists and maps are gone
 * through. E_PARSE at x->at. */
int expr_value(const struct expr *x, const struct value *v, struct value **out, struct err *err);
/* The same as text: a list or a map is E_PARSE. */
int expr_text(const struct expr *x, struct str text, struct str *out, struct err *err);

/* "AccessKey.AccessKeyId", "Reservations[0].Instances[*].InstanceId", "Users[-1]". NULL when there
 * is none; [*] gives a list, flat when there are several. */
struct value *expr_path(struct arena *a, struct value *v, struct str path);
