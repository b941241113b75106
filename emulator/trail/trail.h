/* emulator/trail - from the journal to trails: selectors, delivery, digests, event history.
 *
 * Trails are documents (service "cloudtrail", type "Trail") written by services/cloudtrail; which
 * trail takes a record is decided by the trail's configuration at the record's place in the journal
 * (an "epoch" document per change), so a StopLogging never loses what came before it.
 * Each delivery is planned in the store first (range of positions, slot), then written, then marked
 * done: after a crash the same plan gives the same names and bytes.
 */
#pragma once

#include "emulator/trail/journal.h"

struct engine;
struct trail;

int trail_open(struct trail **out, struct engine *e,
               struct err *err); /* opens the journal; recovers */
int trail_close(struct trail *t, struct err *err);
struct journal *trail_journal(struct trail *t);

/* An account called for the first time: make its default trail (unless --no-default-trail). Cheap
 * when known already. */
int trail_account_seen(struct trail *t, struct str account, struct err *err);
/* The bucket of an account's default trail; empty: it has none (any more). */
int trail_default_bucket(struct trail *t, struct arena *a, struct str account, struct str *out,
                         struct err *err);
/* services/cloudtrail, inside the state transaction of the call (seq is its number): the trail's
 * document was put or deleted, and holds behind everything now in the journal. */
int trail_changed(struct trail *t, struct str account, struct str trail_arn, uint64_t seq,
                  struct err *err);
/* services/organizations: an organization has new members, whose events its trails take. */
void trail_members_changed(struct trail *t);
/* Raised by each change of a trail or of an organization's members. */
uint64_t trail_generation(const struct trail *t);
/* Inside a state transaction: make sure that the region has a key for what is signed now, so that
 * ListPublicKeys has one to show. */
int trail_public_key(struct trail *t, struct str region, struct err *err);
/* Bring the event history up to date with the journal: before each LookupEvents. */
int trail_sync_history(struct trail *t, struct err *err);
/* Deliver now: logs, and a digest for the time since the last one; returns when on disk. */
int trail_flush(struct trail *t, struct err *err);
/* Counters for /_mocktrail/health. */
uint64_t trail_delivered_count(const struct trail *t);
uint64_t trail_pending_count(const struct trail *t);
/* Follow records as they happen: called for each entry, in journal order, from one thread. */
typedef void trail_sink_fn(void *arg, const struct journal_entry *entry);
int trail_add_sink(struct trail *t, const char *name, trail_sink_fn *fn, void *arg,
                   struct err *err);
