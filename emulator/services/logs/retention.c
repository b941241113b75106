/* Events older than their group's retention go once a day, and queries; until then they are hidden.
 * Source: CloudWatch Logs API Reference, "PutRetentionPolicy": deletion takes up to 72 hours. */
#include "emulator/services/logs/retention.h"

#include "emulator/engine/schedule.h"
#include "emulator/services/logs/state.h"

#define JOB "logs.retention"

/* What the group holds now is less; how much, only its events can tell. */
static int count_bytes(struct engine *e, struct arena *a, struct series_key series, int64_t before,
                       int64_t *bytes, struct err *err)
{
    struct series_span span = { .from_ms = INT64_MIN, .to_ms = before };
    struct series_point *points;
    size_t count;
    int rc = series_list(e->store, a, series, &span, &points, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        *bytes += (int64_t)logs_stored(&points[i]).message.len + LOGS_EVENT_OVERHEAD;
    return rc;
}

static int first_time(struct engine *e, struct arena *a, struct series_key series, int64_t *out,
                      struct err *err)
{
    struct series_span span = { .from_ms = INT64_MIN, .to_ms = INT64_MAX, .limit = 1 };
    struct series_point *points;
    size_t count;
    int rc = series_list(e->store, a, series, &span, &points, &count, err);

    *out = rc == 0 && count > 0 ? points[0].time_ms : INT64_MAX;
    return rc;
}

static int prune_stream(struct engine *e, struct arena *a, const struct doc *stream, int64_t before,
                        int64_t *bytes, struct err *err)
{
    struct str group, name;
    int64_t first = value_get_int(stream->value, "firstEventTimestamp", INT64_MAX);

    (void)str_cut(stream->key.id, ':', &group, &name); /* each id has one */
    if (first >= before)
        return 0;
    struct series_key series = logs_series(a, stream->key.account, stream->key.region, group, name);
    int rc = count_bytes(e, a, series, before, bytes, err);
    if (rc == 0)
        rc = series_prune(e->store, series, before, err);
    if (rc == 0)
        rc = first_time(e, a, series, &first, err);
    if (rc < 0)
        return rc;
    if (first < INT64_MAX)
        value_put_int(a, stream->value, "firstEventTimestamp", first);
    else
        (void)value_remove(stream->value, STR("firstEventTimestamp")); /* it was there */
    return store_doc_put(e->store, stream->key, stream->value, err);
}

static int prune_group(struct engine *e, struct arena *a, const struct doc *group, int64_t now_ms,
                       struct err *err)
{
    int64_t before = logs_oldest_ms(group->value, now_ms), bytes = 0;
    struct doc_key streams = group->key;
    struct doc *docs;
    size_t count;

    if (before == INT64_MIN)
        return 0;
    streams.type = STR("LogStream");
    streams.id = logs_part_id(a, group->key.id, STR(""));
    int rc = store_doc_list(e->store, a, streams, STR(""), 0, &docs, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = prune_stream(e, a, &docs[i], before, &bytes, err);
    if (rc < 0 || bytes == 0)
        return rc;
    int64_t stored = value_get_int(group->value, "storedBytes", 0) - bytes;
    value_put_int(a, group->value, "storedBytes", stored > 0 ? stored : 0);
    return store_doc_put(e->store, group->key, group->value, err);
}

static int prune_all(struct engine *e, int64_t now_ms, struct err *err)
{
    struct arena a = { 0 };
    struct doc *docs;
    size_t count;
    int rc = store_doc_list(e->store, &a,
                            (struct doc_key){ .service = STR("logs"), .type = STR("LogGroup") },
                            STR(""), 0, &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = prune_group(e, &a, &docs[i], now_ms, err);
    arena_free(&a);
    return rc;
}

static int drop_queries(struct engine *e, int64_t now_ms, struct err *err)
{
    struct arena a = { 0 };
    struct doc *docs;
    size_t count;
    int rc = store_doc_list(e->store, &a,
                            (struct doc_key){ .service = STR("logs"), .type = STR("Query") },
                            STR(""), 0, &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (value_get_int(docs[i].value, "createTime", 0) < now_ms - LOGS_QUERY_KEPT_MS)
            rc = store_doc_delete(e->store, docs[i].key, err);
    arena_free(&a);
    return rc;
}

static int64_t next_day(int64_t ms)
{
    return (ms / DAY_MS + 1) * DAY_MS;
}

struct round {
    struct engine *e;
    int64_t now_ms;
};

static int drop_old(void *arg, struct err *err)
{
    const struct round *r = arg;
    int rc = prune_all(r->e, r->now_ms, err);

    return rc < 0 ? rc : drop_queries(r->e, r->now_ms, err);
}

static int job(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    struct round r = { arg, due_ms };

    *next_ms = next_day(due_ms);
    return store_transact(r.e->store, drop_old, &r, err);
}

int logs_retention_open(struct engine *e, struct err *err)
{
    return schedule_add(e->schedule, JOB, next_day(clock_now_ms(&e->clock)), job, e, err);
}
