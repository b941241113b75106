/* emulator/record/failure - how a refusal is recorded: errorCode, errorMessage, and what it means
 * for the parameters.
 */
#pragma once

#include "core/base/buf.h"
#include "emulator/engine/call.h"
#include "emulator/record/plan.h"

struct failure {
    struct str prefix, code; /* errorCode is prefix and code; code empty: the call succeeded */
    bool is_denied;          /* refused by authorisation or authentication */
    bool hides_params;       /* refused before the parameters were parsed */
};
struct failure failure_of(const struct recorder *r, const struct plan *p,
                          const struct outcome *outcome);
/* ,"errorCode":...,"errorMessage":... or nothing. */
void failure_write(struct buf *out, const struct plan *p, const struct failure *f,
                   const struct outcome *outcome);
