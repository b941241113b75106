/* generator/play/params - boto3's names and parameters -> an operation and its parameters.
 *
 * Strings become times and bytes where the model has those; a map or list becomes JSON text where
 * the model has a string; tokens that clients make up by themselves are drawn.
 */
#pragma once

#include "core/base/rng.h"
#include "emulator/catalogue/catalogue.h"
#include "emulator/wire/message.h"
#include "generator/scenario/scenario.h"

struct params {
    const struct cat *cat;
    const struct cat_op *op;
    struct place at; /* of the step */
    struct rng *rng; /* NULL: no tokens are drawn */
};

/* "iam.CreateUser". E_PARSE names the nearest operation or service. */
int params_find_op(const struct cat *cat, struct place at, struct str call,
                   const struct cat_op **out, struct err *err);
/* with: resolved, or NULL. The streaming payload goes into *body. */
int params_build(struct arena *a, const struct params *p, const struct value *with,
                 struct value **out, struct body *body, struct err *err);
/* The names alone, of values that are not resolved yet: unknown members and absent needed ones. */
int params_check(struct arena *a, const struct params *p, const struct value *with,
                 struct err *err);
