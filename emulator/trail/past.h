/* emulator/trail/past - the event history of a generated dataset: built from its log files.
 *
 * A dataset comes without history.db, since that would cost more than the dataset. It says so in a
 * fact; the first question for the history, or the first delivery, reads the files of the last 90
 * days, and past.jsonl, in which the management events stand that no trail took. Source: CloudTrail
 * User Guide, "Working with CloudTrail Event history": 90 days of management events.
 */
#pragma once

#include "emulator/engine/engine.h"

/* Fact: the history is to be built of files; the value is the time from which on, once begun. */
#define PAST_FACT "trail.past"
/* In the data directory, if there are such: a record a line. */
#define PAST_FILE "past.jsonl"

/* Cheap when there is nothing to build. Before any row of the journal is added; with the store
 * locked. */
int past_build(struct engine *e, struct err *err);
