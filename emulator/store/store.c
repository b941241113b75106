#include "emulator/store/store.h"

#include <stdio.h>

#include "core/base/mem.h"
#include "emulator/store/db.h"

struct db_file {
    const char *name, *layout, *schema; /* layout: for a new file */
};

static const struct db_file state_file = {
    .name = "state.db",
    .layout = "PRAGMA page_size=4096;",
    .schema = "CREATE TABLE IF NOT EXISTS doc (service TEXT, type TEXT, account TEXT, region TEXT,"
              " id TEXT, value TEXT NOT NULL, PRIMARY KEY (service, type, account, region, id))"
              " WITHOUT ROWID;"
              "CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value BLOB NOT NULL)"
              " WITHOUT ROWID;"
              "CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY AUTOINCREMENT,"
              " seq INTEGER NOT NULL, payload BLOB NOT NULL);"
              "CREATE TABLE IF NOT EXISTS series (kind TEXT, name TEXT, time INTEGER,"
              " number INTEGER, data BLOB NOT NULL, PRIMARY KEY (kind, name, time, number))"
              " WITHOUT ROWID;",
};

/* Some hundred events a row: large pages, for fewer and larger writes. */
static const struct db_file history_file = {
    .name = "history.db",
    .layout = "PRAGMA page_size=16384;",
    .schema = "CREATE TABLE IF NOT EXISTS block (number INTEGER PRIMARY KEY, scope TEXT NOT NULL,"
              " oldest INTEGER NOT NULL, newest INTEGER NOT NULL, reached INTEGER NOT NULL,"
              " marks BLOB NOT NULL, events BLOB NOT NULL);"
              "CREATE INDEX IF NOT EXISTS block_newest ON block (scope, newest);"
              "CREATE INDEX IF NOT EXISTS block_reached ON block (reached);",
};

static const char *const statements[DB_STATEMENTS] = {
    [DB_BEGIN] = "BEGIN IMMEDIATE",
    [DB_COMMIT] = "COMMIT",
    [DB_ROLLBACK] = "ROLLBACK",
    [DB_DOC_PUT] = "INSERT OR REPLACE INTO doc (service, type, account, region, id, value)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [DB_DOC_GET] = "SELECT value FROM doc WHERE service = ?1 AND type = ?2 AND account = ?3"
                   " AND region = ?4 AND id = ?5",
    [DB_DOC_DELETE] = "DELETE FROM doc WHERE service = ?1 AND type = ?2 AND account = ?3"
                      " AND region = ?4 AND id = ?5",
    [DB_DOC_COUNT] = "SELECT count(*) FROM doc WHERE service = ?1 AND type = ?2 AND account = ?3"
                     " AND region = ?4 AND id >= ?5 AND (?6 = '' OR id < ?6)",
    [DB_FACT_GET] = "SELECT value FROM fact WHERE name = ?1",
    [DB_FACT_PUT] = "INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)",
    [DB_OUTBOX_PUT] = "INSERT INTO outbox (seq, payload) VALUES (?1, ?2)",
    [DB_OUTBOX_LIST] = "SELECT seq, payload FROM outbox ORDER BY number",
    [DB_OUTBOX_PRUNE] = "DELETE FROM outbox WHERE seq <= ?1",
    [DB_SERIES_PUT] = "INSERT OR REPLACE INTO series (kind, name, time, number, data)"
                      " VALUES (?1, ?2, ?3, ?4, ?5)",
    [DB_SERIES_GET] = "SELECT data FROM series WHERE kind = ?1 AND name = ?2 AND time = ?3"
                      " AND number = ?4",
    [DB_SERIES_OLDEST] = "SELECT time, number, data FROM series WHERE kind = ?1 AND name = ?2"
                         " AND time >= ?3 AND time < ?4 AND (time, number) > (?5, ?6)"
                         " ORDER BY time, number LIMIT ?7",
    [DB_SERIES_NEWEST] = "SELECT time, number, data FROM series WHERE kind = ?1 AND name = ?2"
                         " AND time >= ?3 AND time < ?4 AND (time, number) < (?5, ?6)"
                         " ORDER BY time DESC, number DESC LIMIT ?7",
    [DB_SERIES_PRUNE] = "DELETE FROM series WHERE kind = ?1 AND name = ?2 AND time < ?3",
    [DB_SERIES_REMOVE] = "DELETE FROM series WHERE kind = ?1 AND name = ?2 AND time = ?3"
                         " AND number = ?4",
    [DB_SERIES_COUNT] = "SELECT count(*) FROM series WHERE kind = ?1 AND name = ?2"
                        " AND time >= ?3 AND time < ?4",
    [DB_SERIES_NAMES] = "SELECT DISTINCT name FROM series WHERE kind = ?1 AND name >= ?2"
                        " AND (?3 = '' OR name < ?3) AND name > ?4 ORDER BY name LIMIT ?5",
};

int db_error(sqlite3 *db, const char *action, struct err *err)
{
    int code = db ? sqlite3_errcode(db) : SQLITE_NOMEM;
    const char *path = db ? sqlite3_db_filename(db, "main") : "database";

    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return err_set(err, E_CONFLICT, "%s %s: another process uses this data directory", action,
                       path);
    return err_set(err, E_IO, "%s %s: %s", action, path, db ? sqlite3_errmsg(db) : "no memory");
}

int db_prepare(sqlite3 *db, sqlite3_stmt **slot, const char *sql, struct err *err)
{
    if (*slot) {
        sqlite3_reset(*slot);
        return 0;
    }
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK)
        return db_error(db, "prepare a statement of", err);
    return 0;
}

int db_statement(struct store *s, enum db_statement which, sqlite3_stmt **out, struct err *err)
{
    int rc = db_prepare(s->state, &s->statement[which], statements[which], err);

    *out = s->statement[which];
    return rc;
}

void db_bind_str(sqlite3_stmt *st, int i, struct str s)
{
    sqlite3_bind_text64(st, i, s.ptr ? s.ptr : "", s.len, SQLITE_STATIC, SQLITE_UTF8);
}

struct str db_column(struct arena *a, sqlite3_stmt *st, int i)
{
    const char *bytes = sqlite3_column_blob(st, i);

    return arena_copy(a, (struct str){ bytes, (size_t)sqlite3_column_bytes(st, i) });
}

struct str db_prefix_end(struct arena *a, struct str prefix)
{
    struct str end = arena_copy(a, prefix);

    while (end.len > 0 && (unsigned char)end.ptr[end.len - 1] == 0xff)
        end.len--;
    if (end.len > 0)
        ((char *)end.ptr)[end.len - 1]++;
    return end;
}

int db_run(sqlite3 *db, sqlite3_stmt *st, const char *action, struct err *err)
{
    int code, rc = 0;

    while ((code = sqlite3_step(st)) == SQLITE_ROW)
        ;
    if (code != SQLITE_DONE)
        rc = db_error(db, action, err);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return rc;
}

/* Source: sqlite.org/pragma.html: in WAL mode a committed transaction survives the end of the
 * process at any synchronous level, a power cut only at FULL. */
static int open_file(sqlite3 **out, const char *dir, const struct db_file *file, bool power_safe,
                     struct err *err)
{
    struct arena a = { 0 };
    struct str path = arena_printf(&a, "%s/%s", dir, file->name);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int rc = 0;

    if (sqlite3_open_v2(path.ptr, out, flags, NULL) != SQLITE_OK) {
        rc = err_set(err, E_IO, "open %s: %s", path.ptr, sqlite3_errmsg(*out));
        goto out;
    }
    /* OFF comes first: setting the mode syncs, three times for each file of a new directory. */
    const char *setup = power_safe ? "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
                                     "PRAGMA synchronous=FULL; BEGIN IMMEDIATE; COMMIT;"
                                   : "PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;"
                                     "PRAGMA journal_mode=WAL; BEGIN IMMEDIATE; COMMIT;";
    if (sqlite3_exec(*out, file->layout, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(*out, setup, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(*out, file->schema, NULL, NULL, NULL) != SQLITE_OK)
        rc = db_error(*out, "open", err);
out:
    arena_free(&a);
    return rc;
}

int store_open(struct store **out, const char *data_dir, bool power_safe, struct err *err)
{
    struct store *s = mem_alloc(sizeof *s);
    pthread_mutexattr_t recursive;

    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&s->lock, &recursive);
    pthread_mutex_init(&s->history_lock, NULL);
    pthread_mutexattr_destroy(&recursive);

    int rc = open_file(&s->state, data_dir, &state_file, power_safe, err);
    if (rc == 0)
        rc = open_file(&s->history, data_dir, &history_file, false, err);
    if (rc == 0)
        rc = history_load(s, err);
    if (rc < 0) {
        store_close(s);
        return rc;
    }
    *out = s;
    return 0;
}

static void finalize(sqlite3_stmt **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sqlite3_finalize(list[i]);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    finalize(s->statement, COUNT(s->statement));
    finalize(s->list, COUNT(s->list));
    finalize(s->history_statement, COUNT(s->history_statement));
    sqlite3_close(s->state);
    sqlite3_close(s->history);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->history_lock);
    mem_free(s);
}

void store_lock(struct store *s)
{
    pthread_mutex_lock(&s->lock);
}

void store_unlock(struct store *s)
{
    pthread_mutex_unlock(&s->lock);
}

int store_checkpoint(struct store *s, struct err *err)
{
    int rc = 0;

    store_lock(s);
    if (sqlite3_wal_checkpoint_v2(s->state, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) !=
        SQLITE_OK)
        rc = db_error(s->state, "checkpoint", err);
    store_unlock(s);
    pthread_mutex_lock(&s->history_lock);
    if (rc == 0 && sqlite3_wal_checkpoint_v2(s->history, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                             NULL) != SQLITE_OK)
        rc = db_error(s->history, "checkpoint", err);
    pthread_mutex_unlock(&s->history_lock);
    return rc;
}

/* The savepoint of a call that a call makes: "call2" and deeper. */
static int nested(struct store *s, const char *verb, int level, struct err *err)
{
    char sql[64];

    (void)snprintf(sql, sizeof sql, "%s call%d", verb, level); /* fits by far */
    if (sqlite3_exec(s->state, sql, NULL, NULL, NULL) != SQLITE_OK)
        return db_error(s->state, "write", err);
    return 0;
}

static int run_plain(struct store *s, enum db_statement which, struct err *err)
{
    sqlite3_stmt *st;
    int rc = db_statement(s, which, &st, err);

    return rc < 0 ? rc : db_run(s->state, st, "write", err);
}

int store_begin(struct store *s, struct err *err)
{
    if (s->depth == DB_MAX_DEPTH)
        return err_set(err, E_LIMIT, "calls nested deeper than %d", DB_MAX_DEPTH);
    s->dirty[++s->depth] = false;
    return 0;
}

int db_before_write(struct store *s, struct err *err)
{
    int rc = 0;

    while (rc == 0 && s->open_depth < s->depth) {
        rc = s->open_depth == 0 ? run_plain(s, DB_BEGIN, err)
                                : nested(s, "SAVEPOINT", s->open_depth + 1, err);
        if (rc == 0)
            s->open_depth++;
    }
    if (rc == 0 && s->depth > 0)
        s->dirty[s->depth] = true;
    return rc;
}

static void leave(struct store *s)
{
    if (s->open_depth == s->depth)
        s->open_depth--;
    s->depth--;
}

int store_commit(struct store *s, struct err *err)
{
    int rc = 0;

    if (s->open_depth == s->depth)
        rc = s->depth == 1 ? run_plain(s, DB_COMMIT, err) : nested(s, "RELEASE", s->depth, err);
    if (rc < 0)
        return rc; /* the caller rolls back */
    if (s->depth > 1 && s->dirty[s->depth])
        s->dirty[s->depth - 1] = true;
    leave(s);
    return 0;
}

/* A rollback can fail only when SQLite has rolled back by itself (a full disk), which is the wanted
 * state. */
void store_rollback(struct store *s)
{
    if (s->open_depth == s->depth && s->depth == 1)
        (void)run_plain(s, DB_ROLLBACK, NULL);
    else if (s->open_depth == s->depth && nested(s, "ROLLBACK TO", s->depth, NULL) == 0)
        (void)nested(s, "RELEASE", s->depth, NULL);
    leave(s);
}

int store_transact(struct store *s, store_step *step, void *arg, struct err *err)
{
    store_lock(s);
    int rc = store_begin(s, err);
    if (rc == 0) {
        rc = step(arg, err);
        if (rc == 0)
            rc = store_commit(s, err);
        if (rc < 0)
            store_rollback(s);
    }
    store_unlock(s);
    return rc;
}

bool store_dirty(const struct store *s)
{
    return s->depth > 0 && s->dirty[s->depth];
}

int store_fact_get(struct store *s, struct arena *a, const char *name, struct str *out,
                   struct err *err)
{
    sqlite3_stmt *st;

    store_lock(s);
    int rc = db_statement(s, DB_FACT_GET, &st, err);
    if (rc == 0) {
        db_bind_str(st, 1, str_c(name));
        int code = sqlite3_step(st);
        if (code == SQLITE_ROW)
            *out = db_column(a, st, 0);
        else
            rc = code == SQLITE_DONE ? E_MISSING : db_error(s->state, "read", err);
        sqlite3_reset(st);
    }
    store_unlock(s);
    return rc;
}

int store_fact_put(struct store *s, const char *name, struct str value, struct err *err)
{
    sqlite3_stmt *st;

    store_lock(s);
    int rc = db_before_write(s, err);
    if (rc == 0)
        rc = db_statement(s, DB_FACT_PUT, &st, err);
    if (rc == 0) {
        db_bind_str(st, 1, str_c(name));
        sqlite3_bind_blob64(st, 2, value.len ? value.ptr : "", value.len, SQLITE_STATIC);
        rc = db_run(s->state, st, "write", err);
    }
    store_unlock(s);
    return rc;
}

int store_outbox_put(struct store *s, uint64_t seq, struct str payload, struct err *err)
{
    sqlite3_stmt *st;

    store_lock(s);
    int rc = db_before_write(s, err);
    if (rc == 0)
        rc = db_statement(s, DB_OUTBOX_PUT, &st, err);
    if (rc == 0) {
        sqlite3_bind_int64(st, 1, (sqlite3_int64)seq);
        sqlite3_bind_blob64(st, 2, payload.ptr, payload.len, SQLITE_STATIC);
        rc = db_run(s->state, st, "write", err);
    }
    store_unlock(s);
    return rc;
}

int store_outbox_list(struct store *s, struct arena *a, struct outbox_row **out, size_t *count,
                      struct err *err)
{
    struct buf rows = { 0 };
    sqlite3_stmt *st;
    int code;

    store_lock(s);
    int rc = db_statement(s, DB_OUTBOX_LIST, &st, err);
    while (rc == 0 && (code = sqlite3_step(st)) != SQLITE_DONE) {
        if (code != SQLITE_ROW) {
            rc = db_error(s->state, "read", err);
            break;
        }
        struct outbox_row row = { (uint64_t)sqlite3_column_int64(st, 0), db_column(a, st, 1) };
        buf_add(&rows, (struct str){ (const char *)&row, sizeof row });
    }
    if (rc == 0) {
        sqlite3_reset(st);
        *count = rows.len / sizeof **out;
        *out = arena_array(a, *count, sizeof **out);
        if (rows.len > 0)
            memcpy(*out, rows.ptr, rows.len);
    }
    store_unlock(s);
    buf_free(&rows);
    return rc;
}

int store_outbox_prune(struct store *s, uint64_t up_to_seq, struct err *err)
{
    sqlite3_stmt *st;

    store_lock(s);
    int rc = db_before_write(s, err);
    if (rc == 0)
        rc = db_statement(s, DB_OUTBOX_PRUNE, &st, err);
    if (rc == 0) {
        sqlite3_bind_int64(st, 1, up_to_seq > INT64_MAX ? INT64_MAX : (sqlite3_int64)up_to_seq);
        rc = db_run(s->state, st, "write", err);
    }
    store_unlock(s);
    return rc;
}
