#include "emulator/store/history.h"

#include "core/base/buf.h"
#include "emulator/store/db.h"

/* A row that is there already is left alone: a batch cut short by a crash is simply added again. */
static const char *const statements[HISTORY_STATEMENTS] = {
    [HISTORY_BEGIN] = "BEGIN IMMEDIATE",
    [HISTORY_COMMIT] = "COMMIT",
    [HISTORY_ROLLBACK] = "ROLLBACK",
    [HISTORY_ADD] = "INSERT OR IGNORE INTO event (seq, time, scope, event_id, name, source, user,"
                    " key_id, read_only, resources, record)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [HISTORY_RESOURCE] = "INSERT INTO resource (scope, name, type, event) VALUES (?1, ?2, ?3, ?4)",
    [HISTORY_PRUNE] = "DELETE FROM event WHERE time < ?1",
    [HISTORY_PRUNE_RESOURCES] =
        "DELETE FROM resource WHERE event IN (SELECT number FROM event WHERE time < ?1)",
    [HISTORY_LINES] = "SELECT number, record FROM event WHERE number > ?1 AND number <= ?2"
                      " ORDER BY number LIMIT ?3",
    [HISTORY_LAST] = "SELECT coalesce(max(number), 0) FROM event",
};

#define COLUMNS                                                                                    \
    "SELECT seq, time, event_id, name, source, user, key_id, read_only, resources, record"         \
    " FROM event "
#define PAGE                                                                                       \
    " AND time BETWEEN ?2 AND ?3 AND (time, seq) < (?4, ?5)"                                       \
    " ORDER BY time DESC, seq DESC, number DESC LIMIT ?6"

static const char *const finders[HISTORY_FORMS] = {
    [HISTORY_ANY] = COLUMNS "WHERE scope = ?1 AND ?7 IS NOT NULL" PAGE,
    [HISTORY_EVENT_ID] = COLUMNS "WHERE scope = ?1 AND event_id = ?7" PAGE,
    [HISTORY_EVENT_NAME] = COLUMNS "INDEXED BY event_name WHERE scope = ?1 AND name = ?7" PAGE,
    [HISTORY_READ_ONLY] = COLUMNS "WHERE scope = ?1 AND read_only = (lower(?7) = 'true')" PAGE,
    [HISTORY_USERNAME] = COLUMNS "INDEXED BY event_user WHERE scope = ?1 AND user = ?7" PAGE,
    [HISTORY_RESOURCE_TYPE] = COLUMNS "WHERE scope = ?1 AND EXISTS (SELECT 1 FROM resource WHERE"
                                      " resource.event = number AND resource.type = ?7)" PAGE,
    [HISTORY_RESOURCE_NAME] = COLUMNS "WHERE scope = ?1 AND number IN (SELECT event FROM resource"
                                      " WHERE resource.scope = ?1 AND resource.name = ?7)" PAGE,
    [HISTORY_EVENT_SOURCE] = COLUMNS "WHERE scope = ?1 AND source = ?7" PAGE,
    [HISTORY_ACCESS_KEY_ID] = COLUMNS "WHERE scope = ?1 AND key_id = ?7" PAGE,
};

static int statement(struct store *s, enum history_statement which, sqlite3_stmt **out,
                     struct err *err)
{
    int rc = db_prepare(s->history, &s->history_statement[which], statements[which], err);

    *out = s->history_statement[which];
    return rc;
}

static int run(struct store *s, enum history_statement which, struct err *err)
{
    sqlite3_stmt *st;
    int rc = statement(s, which, &st, err);

    return rc < 0 ? rc : db_run(s->history, st, "write", err);
}

static struct str scope_of(struct arena *a, struct str account, struct str region, bool is_insight)
{
    return arena_printf(a, "%.*s/%.*s%s", STR_ARG(account), STR_ARG(region),
                        is_insight ? "/insight" : "");
}

static int add_resources(struct store *s, struct str scope, const struct history_row *row,
                         struct err *err)
{
    sqlite3_int64 event = sqlite3_last_insert_rowid(s->history);
    sqlite3_stmt *st;
    int rc = statement(s, HISTORY_RESOURCE, &st, err);

    for (struct value *r = value_first(row->resources); rc == 0 && r; r = r->next) {
        db_bind_str(st, 1, scope);
        db_bind_str(st, 2, value_get_str(r, "ResourceName"));
        db_bind_str(st, 3, value_get_str(r, "ResourceType"));
        sqlite3_bind_int64(st, 4, event);
        rc = db_run(s->history, st, "write", err);
    }
    return rc;
}

static int add_row(struct store *s, struct arena *a, const struct history_row *row, struct err *err)
{
    struct str scope = scope_of(a, row->account, row->region, row->is_insight);
    struct buf resources = { 0 };
    sqlite3_stmt *st;
    int rc = statement(s, HISTORY_ADD, &st, err);

    if (rc < 0)
        return rc;
    if (row->resources)
        doc_encode(&resources, row->resources);
    sqlite3_bind_int64(st, 1, (sqlite3_int64)row->seq);
    sqlite3_bind_int64(st, 2, row->time_ms);
    db_bind_str(st, 3, scope);
    db_bind_str(st, 4, row->event_id);
    db_bind_str(st, 5, row->event_name);
    db_bind_str(st, 6, row->event_source);
    db_bind_str(st, 7, row->user_name);
    db_bind_str(st, 8, row->access_key_id);
    sqlite3_bind_int(st, 9, row->read_only);
    db_bind_str(st, 10, buf_view(&resources));
    db_bind_str(st, 11, row->record);
    rc = db_run(s->history, st, "write", err);
    if (rc == 0 && sqlite3_changes(s->history) > 0)
        rc = add_resources(s, scope, row, err);
    buf_free(&resources);
    return rc;
}

int history_add(struct store *s, const struct history_row *rows, size_t count, struct err *err)
{
    struct arena a = { 0 };

    if (count == 0)
        return 0;
    pthread_mutex_lock(&s->history_lock);
    int rc = run(s, HISTORY_BEGIN, err);
    bool begun = rc == 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct arena_mark mark = arena_mark(&a);

        rc = add_row(s, &a, &rows[i], err);
        arena_rewind(&a, mark);
    }
    if (rc == 0)
        rc = run(s, HISTORY_COMMIT, err);
    if (rc < 0 && begun)
        (void)run(s, HISTORY_ROLLBACK, NULL); /* fails only if SQLite has rolled back already */
    pthread_mutex_unlock(&s->history_lock);
    arena_free(&a);
    return rc;
}

static int take_row(struct arena *a, sqlite3_stmt *st, const struct history_query *q,
                    struct history_row *out, struct err *err)
{
    struct str resources = db_column(a, st, 8);

    *out = (struct history_row){
        .seq = (uint64_t)sqlite3_column_int64(st, 0),
        .time_ms = sqlite3_column_int64(st, 1),
        .account = q->account,
        .region = q->region,
        .event_id = db_column(a, st, 2),
        .event_name = db_column(a, st, 3),
        .event_source = db_column(a, st, 4),
        .user_name = db_column(a, st, 5),
        .access_key_id = db_column(a, st, 6),
        .read_only = sqlite3_column_int(st, 7) != 0,
        .is_insight = q->is_insight,
        .record = db_column(a, st, 9),
    };
    return resources.len > 0 ? doc_decode(a, resources, &out->resources, err) : 0;
}

static int take_rows(struct store *s, struct arena *a, sqlite3_stmt *st,
                     const struct history_query *q, struct buf *rows, struct err *err)
{
    int code;

    while ((code = sqlite3_step(st)) == SQLITE_ROW) {
        struct history_row row;
        int rc = take_row(a, st, q, &row, err);

        if (rc < 0)
            return rc;
        buf_add(rows, (struct str){ (const char *)&row, sizeof row });
    }
    return code == SQLITE_DONE ? 0 : db_error(s->history, "read", err);
}

static void bind_query(struct arena *a, sqlite3_stmt *st, const struct history_query *q)
{
    uint64_t before = q->before_seq > INT64_MAX ? INT64_MAX : q->before_seq;

    db_bind_str(st, 1, scope_of(a, q->account, q->region, q->is_insight));
    sqlite3_bind_int64(st, 2, q->start_ms);
    sqlite3_bind_int64(st, 3, q->end_ms);
    sqlite3_bind_int64(st, 4, q->before_time_ms);
    sqlite3_bind_int64(st, 5, (sqlite3_int64)before);
    sqlite3_bind_int64(st, 6, (sqlite3_int64)q->limit + 1); /* one more tells of further rows */
    db_bind_str(st, 7, q->value);
}

int history_find(struct store *s, struct arena *a, const struct history_query *q,
                 struct history_row **out, size_t *count, bool *out_more, struct err *err)
{
    sqlite3_stmt **slot = &s->history_find[q->attribute];
    struct buf rows = { 0 };

    pthread_mutex_lock(&s->history_lock);
    int rc = db_prepare(s->history, slot, finders[q->attribute], err);
    if (rc == 0) {
        bind_query(a, *slot, q);
        rc = take_rows(s, a, *slot, q, &rows, err);
        sqlite3_reset(*slot);
    }
    pthread_mutex_unlock(&s->history_lock);
    if (rc == 0) {
        size_t found = rows.len / sizeof **out;

        *out_more = found > q->limit;
        *count = *out_more ? q->limit : found;
        *out = arena_array(a, *count, sizeof **out);
        if (*count > 0)
            memcpy(*out, rows.ptr, *count * sizeof **out);
    }
    buf_free(&rows);
    return rc;
}

static int take_lines(struct store *s, struct arena *a, sqlite3_stmt *st, struct buf *lines,
                      struct err *err)
{
    int code;

    while ((code = sqlite3_step(st)) == SQLITE_ROW) {
        struct history_line line = { (uint64_t)sqlite3_column_int64(st, 0), db_column(a, st, 1) };

        buf_add(lines, (struct str){ (const char *)&line, sizeof line });
    }
    return code == SQLITE_DONE ? 0 : db_error(s->history, "read", err);
}

int history_page(struct store *s, struct arena *a, const struct history_span *span,
                 struct history_line **out, size_t *count, struct err *err)
{
    struct buf lines = { 0 };
    sqlite3_stmt *st;

    pthread_mutex_lock(&s->history_lock);
    int rc = statement(s, HISTORY_LINES, &st, err);
    if (rc == 0) {
        sqlite3_bind_int64(st, 1, (sqlite3_int64)span->after);
        sqlite3_bind_int64(st, 2, (sqlite3_int64)span->last);
        sqlite3_bind_int64(st, 3, (sqlite3_int64)span->limit);
        rc = take_lines(s, a, st, &lines, err);
        sqlite3_reset(st);
    }
    pthread_mutex_unlock(&s->history_lock);
    if (rc == 0) {
        *count = lines.len / sizeof **out;
        *out = arena_array(a, *count, sizeof **out);
        if (*count > 0)
            memcpy(*out, lines.ptr, lines.len);
    }
    buf_free(&lines);
    return rc;
}

int history_last(struct store *s, uint64_t *out, struct err *err)
{
    sqlite3_stmt *st;

    pthread_mutex_lock(&s->history_lock);
    int rc = statement(s, HISTORY_LAST, &st, err);
    if (rc == 0) {
        if (sqlite3_step(st) == SQLITE_ROW)
            *out = (uint64_t)sqlite3_column_int64(st, 0);
        else
            rc = db_error(s->history, "read", err);
        sqlite3_reset(st);
    }
    pthread_mutex_unlock(&s->history_lock);
    return rc;
}

int history_prune(struct store *s, int64_t before_ms, struct err *err)
{
    static const enum history_statement steps[] = { HISTORY_PRUNE_RESOURCES, HISTORY_PRUNE };
    int rc = 0;

    pthread_mutex_lock(&s->history_lock);
    for (size_t i = 0; rc == 0 && i < COUNT(steps); i++) {
        sqlite3_stmt *st;

        rc = statement(s, steps[i], &st, err);
        if (rc == 0) {
            sqlite3_bind_int64(st, 1, before_ms);
            rc = db_run(s->history, st, "write", err);
        }
    }
    pthread_mutex_unlock(&s->history_lock);
    return rc;
}
