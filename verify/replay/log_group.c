/* A log group as a trail fills it: a stream for each account and region, a log event for each
 * record. Source: CloudTrail User Guide, "Sending events to CloudWatch Logs"; CloudWatch Logs API
 * Reference, PutLogEvents: limits of a batch. */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "verify/replay/private.h"

enum {
    BATCH_EVENTS = 10000,
    BATCH_BYTES = 1048576,
    EVENT_MORE_BYTES = 26, /* that count beside its message */
    EVENT_BYTES = 262144,  /* larger ones CloudTrail does not send */
    BATCH_MS = 24 * 3600 * 1000,
};

struct log_stream {
    struct str name, region;
    struct log_stream *next;
};

struct log_event {
    int64_t at_ms;
    size_t order;
    const struct log_stream *stream;
    char *text;
    size_t len;
};

int group_open(struct target *t, struct str rest, struct err *err)
{
    if (str_find(rest, STR("://")) < 0)
        return err_set(err, E_PARSE, "expected http://HOST:PORT/LOG-GROUP");
    int rc = target_open_url(t, rest, &t->place, err);

    if (rc == 0 && t->place.len == 0)
        rc = err_set(err, E_PARSE, "expected http://HOST:PORT/LOG-GROUP");
    return rc;
}

static int call(struct target *t, const struct log_stream *s, const char *operation,
                const struct value *body, struct err *err)
{
    struct value *out = NULL;
    int rc = aws_json(
        t->aws, &t->scratch,
        &(struct aws_json_call){ .service = STR("logs"),
                                 .region = s->region,
                                 .target = arena_printf(&t->scratch, "Logs_20140328.%s", operation),
                                 .body = body },
        &out, err);

    if (rc == 0 && value_get_c(out, "rejectedLogEventsInfo"))
        rc = err_set(err, E_LIMIT, "%.*s: log events over 14 days old are rejected",
                     STR_ARG(s->name));
    return rc;
}

static struct value *body_of(struct target *t, const struct log_stream *s)
{
    struct value *v = value_map(&t->scratch);

    value_put_str(&t->scratch, v, "logGroupName", t->place);
    if (s->name.len > 0)
        value_put_str(&t->scratch, v, "logStreamName", s->name);
    return v;
}

/* The group of a region is there, or is made; so is the stream. */
static int make_stream(struct target *t, const struct log_stream *s, struct err *err)
{
    const struct log_stream group = { .name = STR(""), .region = s->region };
    struct err why = { 0 };
    int rc = call(t, &group, "CreateLogGroup", body_of(t, &group), &why);

    if (rc == 0 || strstr(why.text, "ResourceAlreadyExists")) {
        why = (struct err){ 0 };
        rc = call(t, s, "CreateLogStream", body_of(t, s), &why);
    }
    if (rc == 0 || strstr(why.text, "ResourceAlreadyExists"))
        return 0;
    return err_set(err, rc, "%s", why.text);
}

static int find_stream(struct target *t, const struct scan_record *r, const struct log_stream **out,
                       struct err *err)
{
    struct str region = scan_top_str(r, SCAN_AWS_REGION);
    struct str account = scan_top_str(r, SCAN_RECIPIENT_ACCOUNT_ID);
    struct str name =
        arena_printf(&t->scratch, "%.*s_CloudTrail_%.*s", STR_ARG(account), STR_ARG(region));
    struct log_stream *s = t->streams;

    while (s && !str_eq(s->name, name))
        s = s->next;
    if (!s) {
        s = arena_alloc(&t->arena, sizeof *s);
        *s = (struct log_stream){ arena_copy(&t->arena, name), arena_copy(&t->arena, region),
                                  t->streams };
        t->streams = s;
        *out = s;
        return make_stream(t, s, err);
    }
    *out = s;
    return 0;
}

int group_record(struct target *t, const struct scan_record *r, struct err *err)
{
    struct log_event e = { .order = t->event_count, .len = r->text.len };
    int rc = find_stream(t, r, &e.stream, err);

    if (rc < 0 || r->text.len > EVENT_BYTES)
        return rc;
    (void)clock_parse(scan_top_str(r, SCAN_EVENT_TIME), &e.at_ms, NULL); /* else 1970 */
    e.text = mem_alloc(r->text.len);
    memcpy(e.text, r->text.ptr, r->text.len);
    if (t->event_count == t->event_room) {
        t->event_room = t->event_room ? 2 * t->event_room : 64;
        t->events = mem_realloc(t->events, t->event_room * sizeof *t->events);
    }
    t->events[t->event_count++] = e;
    return 0;
}

static int by_stream_and_time(const void *x, const void *y)
{
    const struct log_event *a = x, *b = y;
    int c = str_cmp(a->stream->name, b->stream->name);

    if (c == 0)
        c = (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
    return c ? c : (a->order > b->order) - (a->order < b->order);
}

static bool fits(const struct log_event *first, const struct log_event *e, size_t count,
                 size_t bytes)
{
    return e->stream == first->stream && count < BATCH_EVENTS &&
           bytes + e->len + EVENT_MORE_BYTES <= BATCH_BYTES && e->at_ms - first->at_ms < BATCH_MS;
}

/* As many as one call takes. */
static int put_some(struct target *t, size_t *next, struct err *err)
{
    const struct log_event *first = &t->events[*next];
    struct value *body = body_of(t, first->stream), *list = value_list(&t->scratch);
    size_t count = 0, bytes = 0;

    for (; *next < t->event_count && fits(first, &t->events[*next], count, bytes); count++) {
        const struct log_event *e = &t->events[(*next)++];
        struct value *one = value_map(&t->scratch);

        value_put_int(&t->scratch, one, "timestamp", e->at_ms);
        value_put_str(&t->scratch, one, "message", (struct str){ e->text, e->len });
        value_push(list, one);
        bytes += e->len + EVENT_MORE_BYTES;
    }
    value_set(body, STR("logEvents"), list);
    return call(t, first->stream, "PutLogEvents", body, err);
}

static void forget_events(struct target *t)
{
    for (size_t i = 0; i < t->event_count; i++)
        mem_free(t->events[i].text);
    t->event_count = 0;
}

int group_end(struct target *t, struct err *err)
{
    int rc = 0;

    if (t->event_count > 0)
        qsort(t->events, t->event_count, sizeof *t->events, by_stream_and_time);
    for (size_t next = 0; rc == 0 && next < t->event_count;)
        rc = put_some(t, &next, err);
    forget_events(t);
    return rc;
}

void group_free(struct target *t)
{
    forget_events(t);
    mem_free(t->events);
    t->events = NULL;
}
