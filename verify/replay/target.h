/* verify/replay/target - where deliveries go: rows of target.c, each with a prefix of --to.
 *
 * A target takes objects (files as they are stored), notifications of them, or records one by one.
 * Memory:  what a target is handed is borrowed for the time of the call.
 * Threads: one target, one thread.
 */
#pragma once

#include "verify/replay/delivery.h"

struct target_options {
    bool allow_remote;       /* else only loopback addresses */
    struct str region;       /* to sign for; empty: as the environment says */
    const char *keys_dir;    /* of the dataset, for a copy that is a data directory; NULL: none */
    const struct str *paths; /* what is replayed: no dir: may hold it */
    size_t path_count;
};

struct target;
/* spec: what stood behind --to. E_PARSE tells what was expected. */
int target_open(struct target **out, struct str spec, const struct target_options *opt,
                struct err *err);
int target_close(struct target *t, struct err *err); /* sends what waits; NULL is harmless */
unsigned target_kind(const struct target *t);        /* a bit of enum fault_targets */
bool target_wants_text(const struct target *t);

/* c: the delivery's bytes; NULL for a mere message. */
int target_deliver(struct target *t, const struct delivery *d, const struct content *c,
                   struct err *err);
/* Of queues only: so many of the consumer's deletions find their receipt expired. */
int target_expire_receipts(struct target *t, uint64_t count, struct err *err);
/* Keys that signatures of the plan need; other targets than directories have no place for them. */
int target_keys(struct target *t, const struct public_key *first, struct err *err);
