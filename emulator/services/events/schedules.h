/* emulator/services/events/schedules - rules with a schedule, fired on the one clock.
 *
 * One job of emulator/engine/schedule stands at the next due time of all rules; each due time is
 * one transaction, in which the time reached is kept. What fell due while the emulator was off is
 * made up for once a rule.
 */
#pragma once

#include "emulator/services/events/rules.h"

#define SCHEDULES_JOB "events.schedules"

/* Rules were loaded: set their next times, and the job. Under the store's lock. */
int schedules_loaded(struct engine *e, struct rule_set *set, struct err *err);
/* A rule with a schedule was changed: the job looks at all of them, once that is committed. */
int schedules_look(struct engine *e, struct err *err);
