/* emulator/trail/journal - accepted, not yet delivered: records in memory-mapped, pre-written
 * segments.
 *
 * An entry that journal_put returned for survives kill -9 of the process at once (DURABILITY_OS:
 * the mapping is the page cache) or a power cut (DISK: group commit; put waits for the round, and
 * nobody reads the entry before that is done). It carries the file effects of its call and is
 * marked applied once they are done; journal_open does those that were not (before a crash).
 * Segments: DIR/journal/NNNNNNNN.seg, deleted when every sink has passed them.
 * Threads: put from any thread, concurrently; reading from one.
 */
#pragma once

#include "emulator/record/record.h"

struct journal;

struct journal_entry {
    uint64_t position; /* increases; unique for the life of the data directory */
    uint64_t seq;      /* call->seq; a call with several recipients has several entries */
    uint8_t recipient;
    struct record_facts facts;
    struct str record; /* compact JSON */
};

int journal_open(struct journal **out, const char *data_dir, bool power_safe, struct err *err);
void journal_close(struct journal *j);
/* The positions of what is put from now on are at least this: for a data directory whose journal
 * was taken away while its state stayed. */
int journal_start_at(struct journal *j, uint64_t position, struct err *err);
/* Entries that were whole once and whose bytes are damaged now (a bad disk): skipped. */
uint64_t journal_damaged_count(const struct journal *j);
struct journal_source {
    uint64_t seq;
    int recipient;
    struct str record;
    const struct record_facts *facts;
    const struct effect *effects; /* or NULL; NOT applied by journal_put: the caller does, and calls
                                   * journal_applied */
    bool later; /* DISK: put does not wait; the caller does, or lets journal_when_durable tell */
};
int journal_put(struct journal *j, const struct journal_source *from, uint64_t *out_position,
                struct err *err);
/* Do effects, in order; DISK: the files that they write are on the disk when it returns. */
int journal_do(const struct journal *j, const struct effect *effects, struct err *err);
void journal_applied(struct journal *j, uint64_t position); /* of an entry that has effects */
/* Do the effects of an entry that journal_put_packed wrote (as far as they are not done yet) and
 * mark it applied. */
int journal_apply(struct journal *j, uint64_t position, struct err *err);
uint64_t journal_end(const struct journal *j);      /* position behind the last entry begun */
uint64_t journal_last_seq(const struct journal *j); /* greatest seq ever put; 0 if none */
uint64_t journal_count(const struct journal *j);    /* entries ever put */
/* DISK: everything put so far is on the disk when it returns; OS: nothing to do. */
int journal_sync(struct journal *j, struct err *err);
/* The same without waiting: tell(arg, rc) is called once, from a thread of the journal (OS: by this
 * call). Many share one sync. The waiter is borrowed until then. */
struct journal_waiter {
    void (*tell)(void *arg, int rc);
    void *arg;
    struct journal_waiter *next; /* the journal's */
};
void journal_when_durable(struct journal *j, struct journal_waiter *waiter);
/* Entries from position on; false at the end or at an entry still being written. Borrowed from the
 * mapping until journal_trim. */
bool journal_next(struct journal *j, struct arena *a, uint64_t *position,
                  struct journal_entry *out);
/* The same for some categories, a set of 1u << category: others are passed over unread. */
bool journal_next_of(struct journal *j, struct arena *a, uint64_t *position, unsigned categories,
                     struct journal_entry *out);
int journal_trim(struct journal *j, uint64_t before_position, struct err *err);
/* For the outbox: one self-contained payload <-> put. */
void journal_pack(struct buf *out, const struct journal_source *from);
int journal_put_packed(struct journal *j, struct str packed, uint64_t *out_position,
                       struct err *err);
