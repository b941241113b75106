/* emulator/trail/insights_live - Insights of a running emulator: a view of emulator/telemetry
 * counts, each delivery judges; both keep what they know in the store, with the records that came
 * of it. Where no trail asks for Insights, a record costs one comparison.
 */
#pragma once

#include "core/base/err.h"

struct engine;

/* After all records were shown to the views, before they are delivered: what is unusual goes into
 * the journal. Not inside a transaction. */
int insights_live_settle(struct engine *e, struct err *err);
