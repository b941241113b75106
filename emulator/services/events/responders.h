/* emulator/services/events/responders - local commands that answer events, in the place of Lambda
 * functions.
 *
 * A responder of the name NAME is what arn:aws:lambda:REGION:ACCOUNT:function:NAME stands for. An
 * event for it is a document until its command has ended, so none is lost by a crash (one may be
 * answered twice).
 */
#pragma once

#include "core/aws/arn.h"
#include "emulator/services/events/targets.h"

/* The event waits for its responder; E_MISSING: none has that name. */
int responders_accept(struct delivery *d, const struct arn *arn, struct err *err);
