/* emulator/engine/constraints - what the model says of parameters: required members, lengths,
 * ranges, value sets, and patterns that are one class of characters. Services that word such
 * refusals themselves (sts, cloudtrail, kms, s3) have no row in constraints.c and are left alone.
 * Other patterns are not read here: a name in one of them is the service's to judge.
 */
#pragma once

#include "emulator/engine/call.h"

/* Refuse a call whose parameters its model does not allow; out is untouched otherwise. */
void constraints_check(struct arena *a, const struct call *call, struct outcome *out);
/* Does text consist of what a pattern such as "[\w+=,.@-]+" names? True for patterns of any other
 * form. */
bool constraints_fits(struct str pattern, struct str text);
