/* emulator/store/db - private to this folder: the connections, their cached statements, errors.
 *
 * Two files: state.db, written only inside the state transaction of a call; history.db, an index
 * that can be built again from the journal, so it neither waits for that transaction nor ends with
 * it. Both are held exclusively: a second process is refused at open.
 */
#pragma once

#include <pthread.h>
#include <sqlite3.h>

#include "core/base/buf.h"
#include "emulator/store/store.h"

#define DB_LIST_FORMS 128 /* one statement per set of fields a list may be narrowed by */

enum db_statement {
    DB_BEGIN,
    DB_COMMIT,
    DB_ROLLBACK,
    DB_DOC_PUT,
    DB_DOC_GET,
    DB_DOC_DELETE,
    DB_DOC_COUNT,
    DB_FACT_GET,
    DB_FACT_PUT,
    DB_OUTBOX_PUT,
    DB_OUTBOX_LIST,
    DB_OUTBOX_PRUNE,
    DB_SERIES_PUT,
    DB_SERIES_GET,
    DB_SERIES_OLDEST,
    DB_SERIES_NEWEST,
    DB_SERIES_PRUNE,
    DB_SERIES_REMOVE,
    DB_SERIES_COUNT,
    DB_SERIES_NAMES,
    DB_STATEMENTS,
};

enum history_statement {
    HISTORY_BEGIN,
    HISTORY_COMMIT,
    HISTORY_ROLLBACK,
    HISTORY_ADD,
    HISTORY_REACHED,
    HISTORY_BLOCKS,
    HISTORY_EVENTS,
    HISTORY_PAGE,
    HISTORY_PRUNE,
    HISTORY_STATEMENTS,
};

struct store {
    sqlite3 *state, *history;
    pthread_mutex_t lock, history_lock; /* lock: recursive */
    sqlite3_stmt *statement[DB_STATEMENTS];
    sqlite3_stmt *list[DB_LIST_FORMS];
    sqlite3_stmt *history_statement[HISTORY_STATEMENTS];
    int depth;      /* of store_begin */
    int open_depth; /* how many of these levels SQLite knows */
    bool dirty[8];  /* by level, 1-based */
    /* Of the history, under its lock: rows up to this are in it, rows before this are too old. */
    uint64_t history_reached;
    int64_t history_since_ms;
};

#define DB_MAX_DEPTH 7 /* calls made by calls made by calls; deeper is a bug */

/* E_IO with SQLite's text; E_CONFLICT when another process holds the file. */
int db_error(sqlite3 *db, const char *action, struct err *err);
/* The statement, prepared at its first use, reset. */
int db_prepare(sqlite3 *db, sqlite3_stmt **slot, const char *sql, struct err *err);
/* The statement of state.db. */
int db_statement(struct store *s, enum db_statement which, sqlite3_stmt **out, struct err *err);
void db_bind_str(sqlite3_stmt *st, int i, struct str s);
struct str db_column(struct arena *a, sqlite3_stmt *st, int i); /* copied; empty for NULL */
/* The least string above all that begin with prefix: for a range. Empty: there is none. */
struct str db_prefix_end(struct arena *a, struct str prefix);
/* Step to the end; what it returns beyond done is an error. Resets. */
int db_run(sqlite3 *db, sqlite3_stmt *st, const char *action, struct err *err);
/* Before each write of state.db: opens the transactions that store_begin promised. */
int db_before_write(struct store *s, struct err *err);

/* What the history has reached, once it is open. */
int history_load(struct store *s, struct err *err);

/* value tree <-> JSON text that keeps times, blobs and special floats: {"$time":ms},
 * {"$blob":"base64"}, {"$float":"NaN"}; a member that begins with '$' gets one more. */
void doc_encode(struct buf *out, const struct value *v);
int doc_decode(struct arena *a, struct str text, struct value **out, struct err *err);
