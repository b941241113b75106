/* emulator/store - state in SQLite: documents by key, small facts, the outbox, event history.
 *
 * A document belongs to (account, region, service, type, id); global services use region "". ids
 * sort in byte order. Everything between store_begin and store_commit happens or does not.
 * Durability: WAL; a committed transaction survives kill -9 (DISK: a power cut).
 * Threads: the caller holds store_lock from begin to commit/rollback; single reads lock themselves.
 * SQLite's types end in this folder.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/codec/value.h"

struct store;

struct doc_key {
    struct str account, region, service, type, id;
};

int store_open(struct store **out, const char *data_dir, bool power_safe, struct err *err);
void store_close(struct store *s);

void store_lock(struct store *s); /* recursive */
void store_unlock(struct store *s);
int store_begin(struct store *s, struct err *err); /* cheap: a write starts the real transaction */
int store_commit(struct store *s, struct err *err);
void store_rollback(struct store *s);
/* The lock, a transaction and step in it: committed when it returns 0, else as if nothing had been.
 */
typedef int store_step(void *arg, struct err *err);
int store_transact(struct store *s, store_step *step, void *arg, struct err *err);
bool store_dirty(const struct store *s); /* something was written since store_begin */

/* Insert or replace. doc: any value tree (VALUE_TIME and VALUE_BLOB survive). */
int store_doc_put(struct store *s, struct doc_key key, const struct value *doc, struct err *err);
/* 0, or E_MISSING (err untouched then: absence is an answer). */
int store_doc_get(struct store *s, struct arena *a, struct doc_key key, struct value **out,
                  struct err *err);
/* 0 when it was there, E_MISSING when not. */
int store_doc_delete(struct store *s, struct doc_key key, struct err *err);

struct doc {
    struct doc_key key;
    struct value *value;
};
/* Documents in order of (account, region, id) with the fields of key that are not empty; an id in
 * key is a prefix. after: ids greater than this (within one account and region), or empty. limit 0
 * = all. */
int store_doc_list(struct store *s, struct arena *a, struct doc_key key, struct str after,
                   size_t limit, struct doc **out, size_t *out_count, struct err *err);
/* Region is matched exactly, "" included, by these two (unlike list). */
int store_doc_count(struct store *s, struct doc_key key, int64_t *out, struct err *err);

/* Small facts by name: seed, format version, delivered sequence ... */
int store_fact_get(struct store *s, struct arena *a, const char *name, struct str *out,
                   struct err *err); /* E_MISSING */
int store_fact_put(struct store *s, const char *name, struct str value, struct err *err);

/* The outbox: journal payloads committed with the state they belong to, until the journal has them.
 */
int store_outbox_put(struct store *s, uint64_t seq, struct str payload, struct err *err);
struct outbox_row {
    uint64_t seq;
    struct str payload;
};
int store_outbox_list(struct store *s, struct arena *a, struct outbox_row **out, size_t *count,
                      struct err *err);
int store_outbox_prune(struct store *s, uint64_t up_to_seq, struct err *err);
/* Fold the write-ahead logs into state.db and history.db: before their files are copied. */
int store_checkpoint(struct store *s, struct err *err);
