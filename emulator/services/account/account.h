/* emulator/services/account - which regions an account has opted into: a document of type "Region"
 * for each one beyond those that everybody has.
 */
#pragma once

#include "core/aws/region.h"
#include "emulator/services/services.h"

/* *out: may the account use the region? 0, or the failure to read. */
int account_has_region(struct ctx *cx, const struct call *call, const struct region *r, bool *out,
                       struct err *err);
