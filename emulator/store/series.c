#include "emulator/store/series.h"

#include "emulator/store/db.h"

static void bind_series(sqlite3_stmt *st, struct series_key key)
{
    db_bind_str(st, 1, str_c(key.kind));
    db_bind_str(st, 2, key.name);
}

int series_put(struct store *s, struct series_key key, const struct series_point *point,
               struct err *err)
{
    sqlite3_stmt *st;

    store_lock(s);
    int rc = db_before_write(s, err);
    if (rc == 0)
        rc = db_statement(s, DB_SERIES_PUT, &st, err);
    if (rc == 0) {
        bind_series(st, key);
        sqlite3_bind_int64(st, 3, point->time_ms);
        sqlite3_bind_int64(st, 4, (sqlite3_int64)point->number);
        sqlite3_bind_blob64(st, 5, point->data.len > 0 ? point->data.ptr : "", point->data.len,
                            SQLITE_STATIC);
        rc = db_run(s->state, st, "write", err);
    }
    store_unlock(s);
    return rc;
}

int series_get(struct store *s, struct arena *a, struct series_key key, struct series_point *point,
               struct err *err)
{
    sqlite3_stmt *st;

    store_lock(s);
    int rc = db_statement(s, DB_SERIES_GET, &st, err);
    if (rc == 0) {
        bind_series(st, key);
        sqlite3_bind_int64(st, 3, point->time_ms);
        sqlite3_bind_int64(st, 4, (sqlite3_int64)point->number);
        int code = sqlite3_step(st);
        if (code == SQLITE_ROW)
            point->data = db_column(a, st, 0);
        else
            rc = code == SQLITE_DONE ? E_MISSING : db_error(s->state, "read", err);
        sqlite3_reset(st);
    }
    store_unlock(s);
    return rc;
}

/* Where a listing begins that has no point behind it yet. */
static void bind_span(sqlite3_stmt *st, const struct series_span *span)
{
    int64_t after_ms = span->newest_first ? INT64_MAX : INT64_MIN;
    int64_t after_number = span->newest_first ? INT64_MAX : -1;

    if (span->has_after) {
        after_ms = span->after_ms;
        after_number = (int64_t)span->after_number;
    }
    sqlite3_bind_int64(st, 3, span->from_ms);
    sqlite3_bind_int64(st, 4, span->to_ms);
    sqlite3_bind_int64(st, 5, after_ms);
    sqlite3_bind_int64(st, 6, after_number);
    sqlite3_bind_int64(st, 7, span->limit == 0 ? -1 : (sqlite3_int64)span->limit);
}

static int take_points(struct store *s, struct arena *a, sqlite3_stmt *st, struct buf *points,
                       struct err *err)
{
    int code;

    while ((code = sqlite3_step(st)) == SQLITE_ROW) {
        struct series_point p = { .time_ms = sqlite3_column_int64(st, 0),
                                  .number = (uint64_t)sqlite3_column_int64(st, 1),
                                  .data = db_column(a, st, 2) };
        buf_add(points, (struct str){ (const char *)&p, sizeof p });
    }
    return code == SQLITE_DONE ? 0 : db_error(s->state, "read", err);
}

int series_list(struct store *s, struct arena *a, struct series_key key,
                const struct series_span *span, struct series_point **out, size_t *count,
                struct err *err)
{
    struct buf points = { 0 };
    sqlite3_stmt *st;

    store_lock(s);
    int rc = db_statement(s, span->newest_first ? DB_SERIES_NEWEST : DB_SERIES_OLDEST, &st, err);
    if (rc == 0) {
        bind_series(st, key);
        bind_span(st, span);
        rc = take_points(s, a, st, &points, err);
        sqlite3_reset(st);
    }
    store_unlock(s);
    if (rc == 0) {
        *count = points.len / sizeof **out;
        *out = arena_array(a, *count, sizeof **out);
        if (points.len > 0)
            memcpy(*out, points.ptr, points.len);
    }
    buf_free(&points);
    return rc;
}

int series_prune(struct store *s, struct series_key key, int64_t before_ms, struct err *err)
{
    sqlite3_stmt *st;

    store_lock(s);
    int rc = db_before_write(s, err);
    if (rc == 0)
        rc = db_statement(s, DB_SERIES_PRUNE, &st, err);
    if (rc == 0) {
        bind_series(st, key);
        sqlite3_bind_int64(st, 3, before_ms);
        rc = db_run(s->state, st, "write", err);
    }
    store_unlock(s);
    return rc;
}

int series_remove(struct store *s, struct series_key key, int64_t time_ms, uint64_t number,
                  struct err *err)
{
    sqlite3_stmt *st;

    store_lock(s);
    int rc = db_before_write(s, err);
    if (rc == 0)
        rc = db_statement(s, DB_SERIES_REMOVE, &st, err);
    if (rc == 0) {
        bind_series(st, key);
        sqlite3_bind_int64(st, 3, time_ms);
        sqlite3_bind_int64(st, 4, (sqlite3_int64)number);
        rc = db_run(s->state, st, "write", err);
    }
    if (rc == 0 && sqlite3_changes(s->state) == 0)
        rc = E_MISSING;
    store_unlock(s);
    return rc;
}

int series_count(struct store *s, struct series_key key, int64_t from_ms, int64_t to_ms,
                 int64_t *out, struct err *err)
{
    sqlite3_stmt *st;

    store_lock(s);
    int rc = db_statement(s, DB_SERIES_COUNT, &st, err);
    if (rc == 0) {
        bind_series(st, key);
        sqlite3_bind_int64(st, 3, from_ms);
        sqlite3_bind_int64(st, 4, to_ms);
        if (sqlite3_step(st) == SQLITE_ROW)
            *out = sqlite3_column_int64(st, 0);
        else
            rc = db_error(s->state, "read", err);
        sqlite3_reset(st);
    }
    store_unlock(s);
    return rc;
}

int series_names(struct store *s, struct arena *a, struct series_key prefix, struct str after,
                 size_t limit, struct str **out, size_t *count, struct err *err)
{
    struct buf names = { 0 };
    sqlite3_stmt *st;
    int code;

    store_lock(s);
    int rc = db_statement(s, DB_SERIES_NAMES, &st, err);
    if (rc == 0) {
        bind_series(st, prefix);
        db_bind_str(st, 3, db_prefix_end(a, prefix.name));
        db_bind_str(st, 4, after);
        sqlite3_bind_int64(st, 5, limit == 0 ? -1 : (sqlite3_int64)limit);
        while ((code = sqlite3_step(st)) == SQLITE_ROW) {
            struct str name = db_column(a, st, 0);
            buf_add(&names, (struct str){ (const char *)&name, sizeof name });
        }
        rc = code == SQLITE_DONE ? 0 : db_error(s->state, "read", err);
        sqlite3_reset(st);
    }
    store_unlock(s);
    if (rc == 0) {
        *count = names.len / sizeof **out;
        *out = arena_array(a, *count, sizeof **out);
        if (names.len > 0)
            memcpy(*out, names.ptr, names.len);
    }
    buf_free(&names);
    return rc;
}
