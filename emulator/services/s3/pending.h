/* emulator/services/s3/pending - small writes that are answered and in the journal, and whose files
 * come a moment later.
 *
 * While calls come one at a time every write is in its file before it is answered. When they come
 * faster, a PutObject leaves its effects here, by the stripe of its key; a later one of the same
 * key takes its place, and a thread makes the effects, slowly while writes keep coming. Whoever
 * takes the lock of a stripe (lock_take) settles it first, so nobody sees a key as it was before.
 * A crash loses nothing: what is not marked applied in the journal is done at the next start.
 *
 * The number of writes that wait is bounded; beyond it each is made at once again.
 */
#pragma once

#include "emulator/services/s3/state.h"

struct pending;

int pending_open(struct pending **out, struct s3 *s3, struct err *err);
/* Settles everything and stops the thread: nothing here touches the journal afterwards. What could
 * not be written stays in the journal. */
int pending_finish(struct pending *p, struct err *err);
void pending_close(struct pending *p); /* NULL is harmless */

/* The effects of the journal's entry at position are all there is to the key from now on. Under the
 * key's lock. False: it is quiet enough (or too much waits) to make them now. */
struct pending_key {
    struct s3 *s3;
    struct str bucket, key; /* copied by pending_add */
    const void *client;     /* only compared: who writes */
};
bool pending_add(struct pending *p, const struct pending_key *key, uint64_t position);
/* A call that adds begins, or is over: several at a time, or several clients within a few
 * milliseconds, are not quiet. */
void pending_enter(struct pending *p);
void pending_leave(struct pending *p);

/* Make what waits on a stripe. Under its lock. */
int pending_settle(struct pending *p, size_t stripe, struct err *err);
/* Make what was there when this was called: of one bucket, or with an empty name of all. The caller
 * holds no lock of a stripe. */
int pending_settle_bucket(struct pending *p, struct str bucket, struct err *err);
