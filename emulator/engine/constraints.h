/* emulator/engine/constraints - what the model says of parameters: required members, lengths,
 * ranges, value sets, patterns. Services that word such refusals themselves (sts, cloudtrail, kms,
 * s3) have no row in constraints.c and are left alone.
 */
#pragma once

#include "emulator/engine/call.h"

/* Refuse a call whose parameters its model does not allow; out is untouched otherwise. */
void constraints_check(struct arena *a, const struct call *call, struct outcome *out);
