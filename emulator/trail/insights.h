/* emulator/trail/insights - CloudTrail Insights: calls and errors counted a minute for each
 * operation of an account and region, and records about minutes that differ from the seven days
 * before them.
 *
 * A function of the records and their times alone: the same records give the same Insights, in the
 * emulator (insights_live.h) and in a dataset (generator/dataset). What is counted, for whom and
 * from when is the trails' to say: only calls that a trail with Insights logs. What is unusual:
 * insight_kinds.h.
 *
 * Use:     insights_take for each record, in their order; insights_settle from time to time (what
 *          it tells does not depend on how often). insights_save keeps all of it in the store.
 * Memory:  bounded by INSIGHT_KEYS_MOST operations with INSIGHT_VOICES_MOST callers each.
 * Threads: one at a time.
 */
#pragma once

#include "emulator/trail/config.h"

struct insights;
struct insights *insights_new(uint64_t seed);
void insights_free(struct insights *in); /* NULL is harmless */

/* Does any of these trails ask for Insights? Where none does, there is nothing to take. */
bool insights_asked(const struct config_set *trails);
/* Count a record. a: for what is read of it, may be reset afterwards. */
void insights_take(struct insights *in, const struct config_set *trails,
                   const struct journal_entry *entry, struct arena *a);
/* Before this time insights_settle has nothing to do; INT64_MAX: nothing waits. */
int64_t insights_due_ms(const struct insights *in);
/* A record of an Insights event; both are borrowed until it returns. */
typedef int insights_tell_fn(void *arg, const struct record_facts *facts, struct str record,
                             struct err *err);
/* Judge the minutes that are over at now_ms; tell the records in order of time. After a failure it
 * has forgotten what it was about to tell: load it anew. */
int insights_settle(struct insights *in, int64_t now_ms, insights_tell_fn *tell, void *arg,
                    struct err *err);

/* Inside a state transaction: what changed since the last time. */
int insights_save(struct insights *in, struct store *s, struct err *err);
/* Into one that is empty. */
int insights_load(struct insights *in, struct store *s, struct err *err);
