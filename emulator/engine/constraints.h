/* emulator/engine/constraints - refuses calls whose parameters their model does not allow, as the
 * service asked would: under its own code, in its own words.
 *
 * How a service does is a row of fixtures/lifecycle/validation.tsv; which of several codes an
 * operation gives follows from the errors that it lists. Services that word such refusals
 * themselves (sts, cloudtrail, s3) have a row that checks nothing.
 * Threads: read-only after constraints_open.
 */
#pragma once

#include "emulator/engine/call.h"

struct constraints;

/* E_PARSE: a row is wrong. */
int constraints_open(struct constraints **out, const struct cat *cat, struct err *err);
void constraints_close(struct constraints *k);
/* Refuse a call whose parameters its model does not allow; out is untouched otherwise. */
void constraints_check(const struct constraints *k, struct arena *a, const struct call *call,
                       struct outcome *out);
