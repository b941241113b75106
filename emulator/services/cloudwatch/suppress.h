/* emulator/services/cloudwatch/suppress - actions of a composite alarm that another alarm holds
 * back (ActionsSuppressor), with its two periods.
 *
 * A document that waits has Waiting: {By, Until, OldState}.
 * Source: CloudWatch User Guide, "Composite alarm actions suppression".
 */
#pragma once

#include "emulator/services/cloudwatch/alarm.h"

/* After a change of state: act now, or begin to wait. Changes al->doc, does not save it. */
int suppress_or_act(struct alarm *al, struct str old_state, struct err *err);
bool suppress_is_waiting(const struct value *doc);
/* Look again: the suppressor's state may have changed, or a period be over. Saves what changed. */
int suppress_step(struct alarm *al, struct err *err);
/* The alarm that a name or an ARN of this account means. */
struct str alarm_name_of(struct str name_or_arn);
