/* emulator/record/user_identity - the record's userIdentity, in every shape that a principal has.
 */
#pragma once

#include "core/base/buf.h"
#include "emulator/engine/call.h"
#include "emulator/record/plan.h"

enum identity_view {
    VIEW_OWN,    /* by the caller's own account */
    VIEW_FOREIGN /* by another account: type AWSAccount, no arn, no key */
};
void user_identity_write(struct buf *out, const struct plan *p, const struct call *call,
                         enum identity_view view);
/* As LookupEvents shows it: user name, "root", role session name; empty for services. */
struct str user_identity_name(const struct call *call);
