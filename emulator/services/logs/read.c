/* GetLogEvents: one stream, forwards and backwards. */
#include "emulator/services/logs/state.h"

/* Source: CloudWatch Logs API Reference, "GetLogEvents", limit. */
#define PAGE_EVENTS 10000
#define PAGE_BYTES  1048576
#define CHUNK       128 /* events read at a time */

/* f/DIGITS/s and b/DIGITS/s: behind and before that event. */
struct place {
    bool is_given, is_backward;
    struct logs_event_id id;
};

static bool place_read(struct str token, struct place *out)
{
    *out = (struct place){ .is_given = token.len > 0 };
    if (token.len == 0)
        return true;
    out->is_backward = token.ptr[0] == 'b';
    return (str_has_prefix(token, STR("f/")) || out->is_backward) &&
           str_has_prefix(str_sub(token, 1, 1), STR("/")) && str_has_suffix(token, STR("/s")) &&
           token.len > 4 && logs_event_id_parse(str_sub(token, 2, token.len - 4), &out->id) == 0;
}

static struct str place_write(struct job *j, char direction, struct logs_event_id id)
{
    struct str digits = logs_event_id_write(j->a, id);

    return arena_printf(j->a, "%c/%.*s/s", direction, STR_ARG(digits));
}

static struct value *shown(struct job *j, const struct logs_stored *s)
{
    struct value *v = value_map(j->a);

    value_put_int(j->a, v, "timestamp", s->time_ms);
    value_set(v, STR("message"), value_str(j->a, s->message));
    value_put_int(j->a, v, "ingestionTime", s->ingested_ms);
    return v;
}

struct page {
    struct series_point *points;
    size_t count, bytes;
};

/* The first of the points that the page has room for; true: it is full. */
static bool fill(struct page *page, const struct series_point *points, size_t count, size_t limit)
{
    for (size_t i = 0; i < count; i++) {
        page->bytes += points[i].data.len + LOGS_EVENT_OVERHEAD;
        if (page->count == limit || (page->count > 0 && page->bytes > PAGE_BYTES))
            return true;
        page->points[page->count++] = points[i];
    }
    return page->count == limit;
}

/* Read by chunks: most pages are full long before their limit. */
static int read_page(struct job *j, struct series_key series, struct series_span span,
                     struct page *page)
{
    size_t limit = span.limit, count = CHUNK;
    struct series_point *points;
    int rc = 0;

    page->points = arena_array(j->a, limit + 1, sizeof *page->points);
    span.limit = CHUNK;
    while (rc == 0 && count == CHUNK) {
        rc = series_list(j->cx->e->store, j->a, series, &span, &points, &count, j->err);
        if (rc < 0 || count == 0 || fill(page, points, count, limit))
            return rc;
        span.has_after = true;
        span.after_ms = points[count - 1].time_ms;
        span.after_number = points[count - 1].number;
    }
    return rc;
}

static struct series_span span_of(struct job *j, const struct value *group, const struct place *at)
{
    int64_t from = param_int(j->call, "startTime", INT64_MIN);
    int64_t oldest = logs_oldest_ms(group, j->cx->now_ms);
    bool from_head = param_bool(j->call, "startFromHead", false);

    return (struct series_span){
        .from_ms = from > oldest ? from : oldest,
        .to_ms = param_int(j->call, "endTime", INT64_MAX),
        .newest_first = at->is_given ? at->is_backward : !from_head,
        .has_after = at->is_given,
        .after_ms = at->id.time_ms,
        .after_number = at->id.number,
        .limit = (size_t)param_int(j->call, "limit", PAGE_EVENTS),
    };
}

/* points in the order of the span: the answer is always from old to new. An empty page repeats the
 * token that led to it: the end is reached. */
static void answer(struct job *j, const struct series_span *span, const struct place *at,
                   const struct series_point *points, size_t count)
{
    struct value *events = value_list(j->a);
    struct logs_event_id oldest = at->id, newest = at->id;

    for (size_t i = 0; i < count; i++) {
        const struct series_point *p = &points[span->newest_first ? count - 1 - i : i];
        struct logs_stored s = logs_stored(p);
        newest = (struct logs_event_id){ s.time_ms, 0, s.number };
        if (i == 0)
            oldest = newest;
        value_push(events, shown(j, &s));
    }
    job_answer(j, "events", events);
    value_put_str(j->a, j->out->output, "nextForwardToken", place_write(j, 'f', newest));
    value_put_str(j->a, j->out->output, "nextBackwardToken", place_write(j, 'b', oldest));
}

HANDLER(logs, GetLogEvents)
{
    struct str stream = job_text(j, "logStreamName");
    struct page page = { 0 };
    struct logs_group g;
    struct place at;

    if (!place_read(job_text(j, "nextToken"), &at))
        return logs_invalid(j, "The specified nextToken is invalid.");
    if (logs_group_find(j, &g) < 0 || !g.doc || !logs_stream_find(j, &g, stream))
        return j->rc;
    struct series_span span = span_of(j, g.doc, &at);
    j->rc = read_page(j, logs_series(j->a, j->account, j->region, g.name, stream), span, &page);
    if (j->rc == 0)
        answer(j, &span, &at, page.points, page.count);
    return j->rc;
}
