#include "emulator/store/history.h"

#include <stdlib.h>

#include "core/base/limits.h"
#include "core/codec/lz.h"
#include "emulator/store/db.h"
#include "emulator/store/history_block.h"

static const char *const statements[HISTORY_STATEMENTS] = {
    [HISTORY_BEGIN] = "BEGIN IMMEDIATE",
    [HISTORY_COMMIT] = "COMMIT",
    [HISTORY_ROLLBACK] = "ROLLBACK",
    [HISTORY_ADD] = "INSERT INTO block (scope, oldest, newest, reached, marks, events)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [HISTORY_REACHED] = "SELECT reached FROM block ORDER BY number DESC LIMIT 1",
    [HISTORY_BLOCKS] = "SELECT number, newest, marks FROM block WHERE scope = ?1"
                       " AND newest >= ?2 AND oldest <= ?3 ORDER BY newest DESC",
    [HISTORY_EVENTS] = "SELECT events FROM block WHERE number = ?1",
    [HISTORY_PAGE] = "SELECT reached, events FROM block WHERE reached > ?1 ORDER BY reached",
    [HISTORY_PRUNE] = "DELETE FROM block WHERE newest < ?1",
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

static struct str scope_of(struct arena *a, struct str account, struct str region, bool is_insight,
                           struct str insight_source)
{
    return arena_printf(a, "%.*s/%.*s%s%.*s", STR_ARG(account), STR_ARG(region),
                        is_insight ? "/insight" : "", STR_ARG(insight_source));
}

int history_load(struct store *s, struct err *err)
{
    sqlite3_stmt *st;
    int rc = statement(s, HISTORY_REACHED, &st, err);

    if (rc < 0)
        return rc;
    int code = sqlite3_step(st);
    if (code == SQLITE_ROW)
        s->history_reached = (uint64_t)sqlite3_column_int64(st, 0);
    else if (code != SQLITE_DONE)
        rc = db_error(s->history, "read", err);
    sqlite3_reset(st);
    return rc;
}

uint64_t history_reached(struct store *s)
{
    pthread_mutex_lock(&s->history_lock);
    uint64_t reached = s->history_reached;
    pthread_mutex_unlock(&s->history_lock);
    return reached;
}

/* ---- adding ---- */

static bool is_same_scope(const struct history_row *a, const struct history_row *b)
{
    return str_eq(a->region, b->region) && str_eq(a->account, b->account) &&
           a->is_insight == b->is_insight && str_eq(a->insight_source, b->insight_source);
}

static struct block *block_for(struct arena *a, struct block **first, const struct history_row *row)
{
    struct str scope = scope_of(a, row->account, row->region, row->is_insight, row->insight_source);
    struct block *b = *first;

    while (b && !str_eq(b->scope, scope))
        b = b->next;
    if (!b) {
        b = arena_alloc(a, sizeof *b);
        b->scope = scope;
        b->next = *first;
        *first = b;
    }
    return b;
}

/* One block for each scope of the rows. */
static struct block *make_blocks(struct arena *a, const struct history_row *rows, size_t count,
                                 uint64_t reached)
{
    struct block *first = NULL, *b = NULL;

    for (size_t i = 0; i < count; i++) {
        if (!b || !is_same_scope(&rows[i], &rows[i - 1]))
            b = block_for(a, &first, &rows[i]);
        if (rows[i].seq > reached)
            block_add(b, &rows[i]);
    }
    return first;
}

static void bind_blob(sqlite3_stmt *st, int i, const struct buf *b)
{
    struct str bytes = buf_view(b);

    sqlite3_bind_blob64(st, i, bytes.ptr, bytes.len, SQLITE_STATIC);
}

static int insert_block(struct store *s, const struct block *b, uint64_t reached, struct err *err)
{
    struct buf packed = { 0 };
    sqlite3_stmt *st;
    int rc = statement(s, HISTORY_ADD, &st, err);

    if (rc < 0)
        return rc;
    lz_pack(&packed, buf_view(&b->events));
    db_bind_str(st, 1, b->scope);
    sqlite3_bind_int64(st, 2, b->oldest_ms);
    sqlite3_bind_int64(st, 3, b->newest_ms);
    sqlite3_bind_int64(st, 4, (sqlite3_int64)reached);
    bind_blob(st, 5, &b->marks);
    bind_blob(st, 6, &packed);
    rc = db_run(s->history, st, "write", err);
    buf_free(&packed);
    return rc;
}

static int insert_blocks(struct store *s, const struct block *first, uint64_t reached,
                         struct err *err)
{
    int rc = run(s, HISTORY_BEGIN, err);
    bool begun = rc == 0;

    for (const struct block *b = first; rc == 0 && b; b = b->next)
        if (b->events.len > 0)
            rc = insert_block(s, b, reached, err);
    if (rc == 0)
        rc = run(s, HISTORY_COMMIT, err);
    if (rc < 0 && begun)
        (void)run(s, HISTORY_ROLLBACK, NULL); /* fails only if SQLite has rolled back already */
    return rc;
}

int history_add(struct store *s, const struct history_row *rows, size_t count, struct err *err)
{
    struct arena a = { 0 };
    int rc = 0;

    pthread_mutex_lock(&s->history_lock);
    if (count > 0 && rows[count - 1].seq > s->history_reached) {
        uint64_t reached = rows[count - 1].seq;
        struct block *first = make_blocks(&a, rows, count, s->history_reached);
        rc = insert_blocks(s, first, reached, err);
        if (rc == 0)
            s->history_reached = reached;
        for (struct block *b = first; b; b = b->next)
            block_free(b);
    }
    pthread_mutex_unlock(&s->history_lock);
    arena_free(&a);
    return rc;
}

/* ---- finding ---- */

/* Borrowed until the statement goes on. */
static struct str column_bytes(sqlite3_stmt *st, int i)
{
    const char *bytes = sqlite3_column_blob(st, i);

    return (struct str){ bytes, (size_t)sqlite3_column_bytes(st, i) };
}

/* The events of a row; room: where they are unpacked, unless an older version left them plain. */
static int column_events(sqlite3_stmt *st, int i, struct buf *room, struct str *out,
                         struct err *err)
{
    int rc = 0;

    *out = column_bytes(st, i);
    if (!lz_is_packed(*out))
        return 0;
    buf_clear(room);
    rc = lz_unpack(*out, LIMIT_FILE_BYTES, room, NULL);
    *out = buf_view(room);
    return rc < 0 ? err_set(err, rc, "history.db: a block of events is damaged") : 0;
}

struct hit {
    struct block_event event;
    bool is_copied; /* its texts are the arena's */
};

struct search {
    struct store *s;
    struct arena *a;
    const struct history_query *q;
    struct buf hits; /* struct hit */
};

static size_t hit_count(const struct search *f)
{
    return f->hits.len / sizeof(struct hit);
}

static struct hit *hits_of(const struct search *f)
{
    return (struct hit *)f->hits.ptr;
}

static int compare_newest_first(const void *a, const void *b)
{
    const struct history_row *x = &((const struct hit *)a)->event.row;
    const struct history_row *y = &((const struct hit *)b)->event.row;

    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? 1 : -1;
    return (x->seq < y->seq) - (x->seq > y->seq);
}

/* One more than a page tells of further rows. No older block can better a full page. */
static bool is_complete(const struct search *f, int64_t newest_ms)
{
    return hit_count(f) > f->q->limit && hits_of(f)[f->q->limit].event.row.time_ms > newest_ms;
}

static bool is_on_page(const struct search *f, const struct history_row *row)
{
    const struct history_query *q = f->q;

    if (row->time_ms < q->start_ms || row->time_ms > q->end_ms ||
        row->time_ms < f->s->history_since_ms)
        return false;
    return row->time_ms < q->before_time_ms ||
           (row->time_ms == q->before_time_ms && row->seq < q->before_seq);
}

static void copy_texts(struct arena *a, struct block_event *e)
{
    struct history_row *row = &e->row;
    struct str *all[] = { &row->event_id,  &row->event_name,    &row->event_source,
                          &row->user_name, &row->access_key_id, &row->record,
                          &e->resources };

    for (size_t i = 0; i < COUNT(all); i++)
        *all[i] = arena_copy(a, *all[i]);
}

/* What is left of the hits is the best; the bytes they were found in are about to go. */
static void keep_best(struct search *f)
{
    size_t count = hit_count(f), most = f->q->limit + 1;
    struct hit *hits = hits_of(f);

    if (count > 1)
        qsort(hits, count, sizeof *hits, compare_newest_first);
    if (count > most)
        f->hits.len = most * sizeof *hits;
    for (size_t i = 0; i < hit_count(f); i++) {
        if (!hits[i].is_copied)
            copy_texts(f->a, &hits[i].event);
        hits[i].is_copied = true;
    }
}

static int search_events(struct search *f, struct str events, struct err *err)
{
    struct hit hit = { 0 };
    int rc = 0;

    while (rc == 0 && block_next(&events, &hit.event)) {
        bool matches = false;

        if (is_on_page(f, &hit.event.row))
            rc = block_event_matches(f->a, &hit.event, f->q, &matches, err);
        if (matches)
            buf_add(&f->hits, (struct str){ (const char *)&hit, sizeof hit });
    }
    keep_best(f);
    return rc;
}

static int search_block(struct search *f, int64_t number, struct err *err)
{
    struct buf room = { 0 };
    struct str events;
    sqlite3_stmt *st;
    int rc = statement(f->s, HISTORY_EVENTS, &st, err);

    if (rc < 0)
        return rc;
    sqlite3_bind_int64(st, 1, number);
    if (sqlite3_step(st) != SQLITE_ROW)
        rc = db_error(f->s->history, "read", err);
    else if ((rc = column_events(st, 0, &room, &events, err)) == 0)
        rc = search_events(f, events, err);
    sqlite3_reset(st);
    buf_free(&room);
    return rc;
}

static int search_blocks(struct search *f, sqlite3_stmt *st, struct err *err)
{
    int code, rc = 0;

    while (rc == 0 && (code = sqlite3_step(st)) == SQLITE_ROW) {
        if (is_complete(f, sqlite3_column_int64(st, 1)))
            return 0;
        if (block_may_have(column_bytes(st, 2), f->q))
            rc = search_block(f, sqlite3_column_int64(st, 0), err);
    }
    if (rc == 0 && code != SQLITE_DONE)
        rc = db_error(f->s->history, "read", err);
    return rc;
}

static int search_all(struct search *f, struct err *err)
{
    const struct history_query *q = f->q;
    sqlite3_stmt *st;
    int rc = statement(f->s, HISTORY_BLOCKS, &st, err);

    if (rc < 0)
        return rc;
    db_bind_str(st, 1, scope_of(f->a, q->account, q->region, q->is_insight, q->insight_source));
    sqlite3_bind_int64(st, 2, q->start_ms);
    sqlite3_bind_int64(st, 3, q->end_ms < q->before_time_ms ? q->end_ms : q->before_time_ms);
    rc = search_blocks(f, st, err);
    sqlite3_reset(st);
    return rc;
}

static int take_page(struct search *f, struct history_row **out, size_t *count, struct err *err)
{
    struct hit *hits = hits_of(f);
    size_t n = hit_count(f) < f->q->limit ? hit_count(f) : f->q->limit;
    int rc = 0;

    *out = arena_array(f->a, n, sizeof **out);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct history_row *row = &(*out)[i];

        *row = hits[i].event.row;
        row->account = f->q->account;
        row->region = f->q->region;
        row->is_insight = f->q->is_insight;
        if (hits[i].event.resources.len > 0)
            rc = doc_decode(f->a, hits[i].event.resources, &row->resources, err);
    }
    *count = n;
    return rc;
}

int history_find(struct store *s, struct arena *a, const struct history_query *q,
                 struct history_row **out, size_t *count, bool *out_more, struct err *err)
{
    struct search f = { .s = s, .a = a, .q = q };

    pthread_mutex_lock(&s->history_lock);
    int rc = search_all(&f, err);
    pthread_mutex_unlock(&s->history_lock);
    if (rc == 0) {
        *out_more = hit_count(&f) > q->limit;
        rc = take_page(&f, out, count, err);
    }
    buf_free(&f.hits);
    return rc;
}

/* ---- paging through all ---- */

static int compare_lines(const void *a, const void *b)
{
    const struct history_line *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static void add_lines(struct arena *a, const struct history_span *span, struct str events,
                      struct buf *lines)
{
    struct block_event e;

    while (block_next(&events, &e)) {
        if (e.row.seq <= span->after || e.row.seq > span->last)
            continue;
        struct history_line line = { e.row.seq, arena_copy(a, e.row.record) };
        buf_add(lines, (struct str){ (const char *)&line, sizeof line });
    }
}

/* The blocks of one batch have rows that came in between one another: a batch is read whole. */
static int read_batches(struct store *s, struct arena *a, const struct history_span *span,
                        struct buf *lines, struct err *err)
{
    sqlite3_int64 batch = 0;
    struct buf room = { 0 };
    struct str events;
    sqlite3_stmt *st;
    int code = SQLITE_DONE, rc = statement(s, HISTORY_PAGE, &st, err);

    if (rc < 0)
        return rc;
    sqlite3_bind_int64(st, 1, (sqlite3_int64)span->after);
    while (rc == 0 && (code = sqlite3_step(st)) == SQLITE_ROW) {
        bool is_next = sqlite3_column_int64(st, 0) != batch;

        if (is_next && lines->len >= span->limit * sizeof(struct history_line))
            break;
        batch = sqlite3_column_int64(st, 0);
        rc = column_events(st, 1, &room, &events, err);
        if (rc == 0)
            add_lines(a, span, events, lines);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        rc = db_error(s->history, "read", err);
    sqlite3_reset(st);
    buf_free(&room);
    return rc;
}

int history_page(struct store *s, struct arena *a, const struct history_span *span,
                 struct history_line **out, size_t *count, struct err *err)
{
    struct buf lines = { 0 };

    pthread_mutex_lock(&s->history_lock);
    int rc = read_batches(s, a, span, &lines, err);
    pthread_mutex_unlock(&s->history_lock);
    if (rc == 0) {
        size_t found = lines.len / sizeof **out;

        *count = found < span->limit ? found : span->limit;
        *out = arena_array(a, *count, sizeof **out);
        if (found > 0) {
            qsort(lines.ptr, found, sizeof **out, compare_lines);
            memcpy(*out, lines.ptr, *count * sizeof **out);
        }
    }
    buf_free(&lines);
    return rc;
}

int history_prune(struct store *s, int64_t before_ms, struct err *err)
{
    sqlite3_stmt *st;

    pthread_mutex_lock(&s->history_lock);
    s->history_since_ms = before_ms;
    int rc = statement(s, HISTORY_PRUNE, &st, err);
    if (rc == 0) {
        sqlite3_bind_int64(st, 1, before_ms);
        rc = db_run(s->history, st, "write", err);
    }
    pthread_mutex_unlock(&s->history_lock);
    return rc;
}
