#include "emulator/services/sqs/message.h"

#include <stdio.h>

#include "core/codec/json.h"
#include "emulator/store/series.h"

#define EXPIRE_PAGE 200

static const char *const kinds[] = { "sqs.message", "sqs.waiting", "sqs.flight" };
enum kind { MESSAGE, WAITING, FLIGHT };

static struct series_key key_of(const struct sqs_queue *q, enum kind kind)
{
    return (struct series_key){ kinds[kind], q->series };
}

static enum kind index_of(const struct value *m)
{
    return value_get_int(m, "Count", 0) > 0 ? FLIGHT : WAITING;
}

static int put_message(struct store *s, const struct sqs_queue *q, const struct sqs_message_at *at,
                       struct err *err)
{
    struct buf text = { 0 };

    json_write(&text, at->m);
    int rc = series_put(s, key_of(q, MESSAGE),
                        &(struct series_point){ at->sent_ms, at->number, buf_view(&text) }, err);
    buf_free(&text);
    return rc;
}

static int put_index(struct store *s, const struct sqs_queue *q, const struct sqs_message_at *at,
                     struct err *err)
{
    char sent[24];
    int len = snprintf(sent, sizeof sent, "%lld", (long long)at->sent_ms);

    return series_put(
        s, key_of(q, index_of(at->m)),
        &(struct series_point){ value_get_int(at->m, "Due", 0), at->number, { sent, (size_t)len } },
        err);
}

static int remove_index(struct store *s, const struct sqs_queue *q, enum kind kind, int64_t due_ms,
                        uint64_t number, struct err *err)
{
    int rc = series_remove(s, key_of(q, kind), due_ms, number, err);

    return rc == E_MISSING ? 0 : rc;
}

/* Messages of a queue are numbered in the order in which they came. */
static int next_number(struct store *s, struct arena *a, const struct sqs_queue *q, uint64_t *out,
                       struct err *err)
{
    struct doc_key at = q->at;
    struct value *doc;

    at.type = STR("Counter");
    int rc = store_doc_get(s, a, at, &doc, err);
    if (rc == E_MISSING) {
        doc = value_map(a);
        rc = 0;
    }
    if (rc < 0)
        return rc;
    *out = (uint64_t)value_get_int(doc, "Next", 1);
    value_put_int(a, doc, "Next", (int64_t)*out + 1);
    return store_doc_put(s, at, doc, err);
}

/* Source: real sequence numbers, such as 18849496460467696128: 20 digits, in steps of 256. */
static struct str sequence_of(struct arena *a, uint64_t number)
{
    return arena_printf(a, "1884949646%010llu", (unsigned long long)number * 256);
}

int sqs_message_add(struct store *s, struct arena *a, const struct sqs_queue *q,
                    struct sqs_message_at *at, int64_t due_ms, struct err *err)
{
    int rc = next_number(s, a, q, &at->number, err);

    if (rc < 0)
        return rc;
    if (q->is_fifo)
        value_put_str(a, at->m, "Sequence", sequence_of(a, at->number));
    value_put_int(a, at->m, "Due", due_ms);
    rc = put_message(s, q, at, err);
    return rc < 0 ? rc : put_index(s, q, at, err);
}

int sqs_message_get(struct store *s, struct arena *a, const struct sqs_queue *q,
                    struct sqs_message_at *at, struct err *err)
{
    struct series_point p = { .time_ms = at->sent_ms, .number = at->number };
    int rc = series_get(s, a, key_of(q, MESSAGE), &p, err);

    return rc < 0 ? rc : json_parse(a, p.data, &at->m, err);
}

int sqs_message_remove(struct store *s, const struct sqs_queue *q, const struct sqs_message_at *at,
                       struct err *err)
{
    int rc = series_remove(s, key_of(q, MESSAGE), at->sent_ms, at->number, err);

    if (rc == 0 || rc == E_MISSING)
        rc = remove_index(s, q, index_of(at->m), value_get_int(at->m, "Due", 0), at->number, err);
    return rc;
}

int sqs_message_hide(struct store *s, struct arena *a, const struct sqs_queue *q,
                     struct sqs_message_at *at, int64_t due_ms, struct err *err)
{
    int64_t old_ms = value_get_int(at->m, "Due", 0);
    int rc = remove_index(s, q, WAITING, old_ms, at->number, err);

    if (rc == 0)
        rc = remove_index(s, q, FLIGHT, old_ms, at->number, err);
    value_put_int(a, at->m, "Due", due_ms);
    if (rc == 0)
        rc = put_message(s, q, at, err);
    return rc < 0 ? rc : put_index(s, q, at, err);
}

/* The message that a point of an index stands for. */
static int load_indexed(struct store *s, struct arena *a, const struct sqs_queue *q,
                        const struct series_point *p, struct sqs_message_at *out, struct err *err)
{
    out->number = p->number;
    if (!str_to_i64(p->data, &out->sent_ms))
        return err_set(err, E_PARSE, "state.db: a message of queue %.*s", STR_ARG(q->arn));
    int rc = sqs_message_get(s, a, q, out, err);
    return rc == E_MISSING ? err_set(err, E_PARSE, "state.db: no message %llu of queue %.*s",
                                     (unsigned long long)p->number, STR_ARG(q->arn))
                           : rc;
}

/* The two lists, each in order of time, as one. */
struct merge {
    struct series_point *of[2];
    size_t count[2], next[2];
};

static const struct series_point *merge_next(struct merge *m)
{
    int take = 0;

    if (m->next[0] == m->count[0] && m->next[1] == m->count[1])
        return NULL;
    if (m->next[0] == m->count[0])
        take = 1;
    else if (m->next[1] < m->count[1])
        take = m->of[1][m->next[1]].time_ms < m->of[0][m->next[0]].time_ms;
    return &m->of[take][m->next[take]++];
}

int sqs_message_ready(struct store *s, struct arena *a, const struct sqs_queue *q, int64_t now_ms,
                      size_t limit, struct sqs_message_at **out, size_t *count, struct err *err)
{
    struct series_span span = { .from_ms = INT64_MIN, .to_ms = now_ms + 1, .limit = limit };
    struct merge m = { 0 };
    const struct series_point *p;
    int rc = series_list(s, a, key_of(q, WAITING), &span, &m.of[0], &m.count[0], err);

    if (rc == 0)
        rc = series_list(s, a, key_of(q, FLIGHT), &span, &m.of[1], &m.count[1], err);
    if (rc < 0)
        return rc;
    *out = arena_array(a, limit + 1, sizeof **out);
    for (*count = 0; rc == 0 && *count < limit && (p = merge_next(&m)); (*count)++)
        rc = load_indexed(s, a, q, p, &(*out)[*count], err);
    return rc;
}

int sqs_message_page(struct store *s, struct arena *a, const struct sqs_queue *q,
                     const struct sqs_message_at *after, size_t limit, struct sqs_message_at **out,
                     size_t *count, struct err *err)
{
    struct series_span span = { .from_ms = INT64_MIN, .to_ms = INT64_MAX, .limit = limit };
    struct series_point *points;

    if (after) {
        span.has_after = true;
        span.after_ms = after->sent_ms;
        span.after_number = after->number;
    }
    int rc = series_list(s, a, key_of(q, MESSAGE), &span, &points, count, err);
    if (rc < 0)
        return rc;
    *out = arena_array(a, *count + 1, sizeof **out);
    for (size_t i = 0; rc == 0 && i < *count; i++) {
        (*out)[i] =
            (struct sqs_message_at){ .sent_ms = points[i].time_ms, .number = points[i].number };
        rc = json_parse(a, points[i].data, &(*out)[i].m, err);
    }
    return rc;
}

bool sqs_message_in_flight(const struct sqs_message_at *at, int64_t now_ms)
{
    return value_get_int(at->m, "Count", 0) > 0 && value_get_int(at->m, "Due", 0) > now_ms;
}

int sqs_message_count_in_flight(struct store *s, const struct sqs_queue *q, int64_t now_ms,
                                int64_t *out, struct err *err)
{
    return series_count(s, key_of(q, FLIGHT), now_ms + 1, INT64_MAX, out, err);
}

int sqs_message_counts(struct store *s, const struct sqs_queue *q, int64_t now_ms,
                       struct sqs_counts *out, struct err *err)
{
    int64_t again = 0;
    int rc = series_count(s, key_of(q, WAITING), INT64_MIN, now_ms + 1, &out->visible, err);

    if (rc == 0)
        rc = series_count(s, key_of(q, WAITING), now_ms + 1, INT64_MAX, &out->delayed, err);
    if (rc == 0)
        rc = series_count(s, key_of(q, FLIGHT), INT64_MIN, now_ms + 1, &again, err);
    if (rc == 0)
        rc = sqs_message_count_in_flight(s, q, now_ms, &out->hidden, err);
    out->visible += again;
    return rc;
}

int sqs_message_next_due(struct store *s, struct arena *a, const struct sqs_queue *q,
                         int64_t now_ms, int64_t *out, struct err *err)
{
    struct series_span span = { .from_ms = now_ms + 1, .to_ms = INT64_MAX, .limit = 1 };
    int rc = 0;

    *out = INT64_MAX;
    for (enum kind k = WAITING; rc == 0 && k <= FLIGHT; k++) {
        struct series_point *points;
        size_t count = 0;

        rc = series_list(s, a, key_of(q, k), &span, &points, &count, err);
        if (rc == 0 && count > 0 && points[0].time_ms < *out)
            *out = points[0].time_ms;
    }
    return rc;
}

int sqs_message_expire(struct store *s, struct arena *a, const struct sqs_queue *q, int64_t now_ms,
                       struct err *err)
{
    int64_t before_ms = now_ms - sqs_attribute_int(q, "MessageRetentionPeriod") * 1000 + 1;
    struct series_span span = { .from_ms = INT64_MIN, .to_ms = before_ms, .limit = EXPIRE_PAGE };
    size_t count = EXPIRE_PAGE;
    int rc = 0;

    while (rc == 0 && count == EXPIRE_PAGE) {
        struct series_point *points;

        rc = series_list(s, a, key_of(q, MESSAGE), &span, &points, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            struct sqs_message_at at = { .sent_ms = points[i].time_ms, .number = points[i].number };

            rc = json_parse(a, points[i].data, &at.m, err);
            if (rc == 0)
                rc = sqs_message_remove(s, q, &at, err);
        }
    }
    return rc;
}

int sqs_message_clear(struct store *s, const struct sqs_queue *q, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < COUNT(kinds); i++)
        rc = series_prune(s, (struct series_key){ kinds[i], q->series }, INT64_MAX, err);
    return rc;
}
