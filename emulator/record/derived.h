/* emulator/record/derived - members of requestParameters that neither the request nor a constant
 * holds: read out of a SAML assertion, spelled from an ARN's parts, taken from the Host header.
 */
#pragma once

#include "core/base/buf.h"
#include "emulator/engine/call.h"
#include "emulator/record/plan.h"

/* Add what this operation derives to the object (or null) that begins at from in out. */
void derived_write(struct buf *out, size_t from, struct arena *a, const struct plan *p,
                   const struct call *call, const struct outcome *outcome);
