/* FilterLogEvents: the events of many streams in order of time, through a pattern. */
#include "emulator/services/logs/filters.h"

/* Source: CloudWatch Logs API Reference, "FilterLogEvents": a page holds 1 MB or 10,000 events, and
 * may be empty and still have a token: a call looks at so many events. */
#define PAGE_EVENTS     10000
#define PAGE_BYTES      1048576
#define LOOKED_AT_MOST  50000
#define READ_BYTES_MOST (64u << 20) /* and at so many bytes */
#define CHUNK           128         /* events of one stream read at a time */

struct source {
    struct str stream;
    struct series_key series;
    uint64_t id;
    struct series_point *points;
    size_t at, count;
    bool is_done; /* nothing behind points */
};

struct search {
    struct job *j;
    struct log_pattern *pattern;
    struct source *sources;
    size_t source_count;
    struct series_span span; /* behind the last event that was looked at */
    struct value *events;
    int64_t limit;
    size_t bytes, looked_at, read_bytes;
};

static int refill(struct search *s, struct source *from)
{
    struct job *j = s->j;

    s->span.limit = CHUNK;
    j->rc = series_list(j->cx->e->store, j->a, from->series, &s->span, &from->points, &from->count,
                        j->err);
    if (j->rc < 0)
        return j->rc;
    from->at = 0;
    from->is_done = from->count < CHUNK;
    for (size_t i = 0; i < from->count; i++)
        s->read_bytes += from->points[i].data.len;
    return 0;
}

static bool is_before(const struct series_point *a, const struct series_point *b)
{
    return a->time_ms != b->time_ms ? a->time_ms < b->time_ms : a->number < b->number;
}

/* The stream with the next event; NULL: none has any, or a failure. */
static struct source *next_source(struct search *s)
{
    struct source *best = NULL;

    for (size_t i = 0; i < s->source_count; i++) {
        struct source *from = &s->sources[i];
        if (from->at == from->count && !from->is_done && refill(s, from) < 0)
            return NULL;
        if (from->at < from->count &&
            (!best || is_before(&from->points[from->at], &best->points[best->at])))
            best = from;
    }
    return best;
}

static void take(struct search *s, const struct source *from, const struct logs_stored *e)
{
    struct arena *a = s->j->a;
    struct value *v = value_map(a);

    value_set(v, STR("logStreamName"), value_str(a, from->stream));
    value_put_int(a, v, "timestamp", e->time_ms);
    value_set(v, STR("message"), value_str(a, e->message));
    value_put_int(a, v, "ingestionTime", e->ingested_ms);
    value_set(v, STR("eventId"),
              value_str(a, logs_event_id_write(
                               a, (struct logs_event_id){ e->time_ms, from->id, e->number })));
    value_push(s->events, v);
    s->bytes += e->message.len;
}

/* True: the page is full, and an event remains. */
static bool is_full(const struct search *s, const struct logs_stored *next)
{
    return s->events->count >= s->limit || s->looked_at >= LOOKED_AT_MOST ||
           (s->looked_at > 0 && s->read_bytes >= READ_BYTES_MOST) ||
           (s->events->count > 0 && s->bytes + next->message.len > PAGE_BYTES);
}

/* *out_more: there are events behind the last one looked at. */
static int run(struct search *s, bool *out_more)
{
    struct arena scratch = { 0 };
    struct source *from;

    *out_more = false;
    while (!*out_more && (from = next_source(s)) != NULL) {
        struct logs_stored e = logs_stored(&from->points[from->at]);
        struct log_pattern_subject subject = { .a = &scratch, .message = e.message };
        if (is_full(s, &e)) {
            *out_more = true;
            break;
        }
        if (log_pattern_match(s->pattern, &subject))
            take(s, from, &e);
        arena_reset(&scratch);
        from->at++;
        s->looked_at++;
        s->span.has_after = true;
        s->span.after_ms = e.time_ms;
        s->span.after_number = e.number;
    }
    arena_free(&scratch);
    return s->j->rc;
}

/* ---- what is asked ---- */

static void add_source(struct search *s, const struct logs_group *g, struct str stream)
{
    struct job *j = s->j;
    struct series_key series = logs_series(j->a, j->account, j->region, g->name, stream);

    s->sources[s->source_count++] =
        (struct source){ .stream = stream, .series = series, .id = str_hash(series.name) };
}

static bool is_in_time(const struct search *s, const struct value *stream)
{
    return value_get_int(stream, "lastEventTimestamp", INT64_MIN) >= s->span.from_ms &&
           value_get_int(stream, "firstEventTimestamp", INT64_MAX) < s->span.to_ms;
}

static int named_sources(struct search *s, const struct logs_group *g, const struct value *names)
{
    s->sources = arena_array(s->j->a, names->count + 1, sizeof *s->sources);
    for (const struct value *n = value_first(names); n; n = n->next) {
        if (!logs_stream_find(s->j, g, n->u.text))
            return s->j->rc;
        bool is_twice = false;
        for (size_t i = 0; i < s->source_count; i++)
            is_twice |= str_eq(s->sources[i].stream, n->u.text);
        if (!is_twice)
            add_source(s, g, n->u.text);
    }
    return 0;
}

static int find_sources(struct search *s, const struct logs_group *g)
{
    struct job *j = s->j;
    const struct value *names = param(j->call, "logStreamNames");
    struct doc *docs;

    if (names && job_has(j, "logStreamNamePrefix"))
        return logs_invalid(j, "LogStream names and LogStream name prefix are mutually exclusive "
                               "parameters.");
    if (names)
        return named_sources(s, g, names);
    size_t count = job_list(j, "LogStream",
                            logs_part_id(j->a, g->name, job_text(j, "logStreamNamePrefix")), &docs);
    s->sources = arena_array(j->a, count + 1, sizeof *s->sources);
    for (size_t i = 0; i < count; i++)
        if (is_in_time(s, docs[i].value))
            add_source(s, g, logs_part_name(docs[i].key.id));
    return j->rc;
}

static bool span_read(struct job *j, const struct value *group, struct series_span *out)
{
    int64_t from = param_int(j->call, "startTime", 0),
            to = param_int(j->call, "endTime", INT64_MAX);
    int64_t oldest = logs_oldest_ms(group, j->cx->now_ms), number = 0;
    struct str after, time, rest;

    *out = (struct series_span){ .from_ms = from > oldest ? from : oldest,
                                 .to_ms = to < INT64_MAX ? to + 1 : to };
    if (job_has(j, "endTime") && from > to)
        (void)logs_invalid(j, "End time should not be less than start time."); /* outcome refused */
    if (!page_after(j->cx, j->call, job_text(j, "nextToken"), &after) ||
        (after.len > 0 && (!str_cut(after, '/', &time, &rest) ||
                           !str_to_i64(time, &out->after_ms) || !str_to_i64(rest, &number))))
        (void)logs_invalid(j, "The specified nextToken is invalid."); /* outcome refused */
    out->has_after = after.len > 0;
    out->after_number = (uint64_t)number;
    return !job_stopped(j);
}

static void answer(struct search *s, bool is_more)
{
    struct job *j = s->j;

    job_answer(j, "events", s->events);
    job_answer(j, "searchedLogStreams", value_list(j->a));
    if (is_more)
        value_put_str(j->a, j->out->output, "nextToken",
                      page_token(j->cx, j->call,
                                 arena_printf(j->a, "%lld/%llu", (long long)s->span.after_ms,
                                              (unsigned long long)s->span.after_number)));
}

HANDLER(logs, FilterLogEvents)
{
    struct search s = { .j = j, .limit = param_int(j->call, "limit", PAGE_EVENTS) };
    struct logs_group g;
    bool is_more;

    if (logs_group_find(j, &g) < 0 || !g.doc ||
        logs_pattern_take(j, job_text(j, "filterPattern"), &s.pattern) < 0 ||
        !span_read(j, g.doc, &s.span) || find_sources(&s, &g) < 0 || job_stopped(j))
        return j->rc;
    s.events = value_list(j->a);
    if (run(&s, &is_more) == 0)
        answer(&s, is_more);
    return j->rc;
}
