#include "emulator/services/sqs/gauges.h"

#include "emulator/engine/schedule.h"
#include "emulator/services/sqs/message.h"
#include "emulator/services/sqs/metrics.h"

#define JOB         "sqs.gauges"
#define ACTIVE_MS   ((int64_t)6 * 3600 * 1000)
#define OLDEST_PAGE 100 /* so many of the oldest are looked at, of which the age is told */
#define POISON      3   /* received so often, a message is passed over */

/* A queue says when it was used last to the minute, so that few calls write it. */
int sqs_gauges_used(struct job *j, struct sqs_queue *q)
{
    if (!j->cx->e->telemetry || value_get_time(q->doc, "Used", 0) + SQS_MINUTE_MS > j->cx->now_ms)
        return 0;
    value_put_time(j->a, q->doc, "Used", j->cx->now_ms);
    j->rc = sqs_gauges_wake(j->cx->e, j->err);
    return j->rc < 0 ? j->rc : sqs_save(j, q);
}

/* ---- what is told ---- */

/* Of a dead letter the time in the dead-letter queue counts. */
static int64_t since(const struct sqs_message_at *at)
{
    return value_get_int(at->m, "Moved", at->sent_ms);
}

/* Source: the same, "ApproximateAgeOfOldestMessage": in a standard queue the oldest of those that
 * were not received three times already. */
static int oldest(struct store *s, struct arena *a, const struct sqs_queue *q, int64_t *out_ms,
                  struct err *err)
{
    struct sqs_message_at *page;
    size_t count = 0;
    int rc = sqs_message_page(s, a, q, NULL, OLDEST_PAGE, &page, &count, err);
    int64_t poisoned_ms = INT64_MAX;

    *out_ms = INT64_MAX;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        bool is_poison = !q->is_fifo && value_get_int(page[i].m, "Count", 0) >= POISON;
        int64_t *least = is_poison ? &poisoned_ms : out_ms;

        if (since(&page[i]) < *least)
            *least = since(&page[i]);
    }
    if (*out_ms == INT64_MAX)
        *out_ms = poisoned_ms;
    return rc;
}

static int tell_age(struct engine *e, struct arena *a, const struct sqs_queue *q, int64_t now_ms,
                    struct err *err)
{
    int64_t oldest_ms;
    int rc = oldest(e->store, a, q, &oldest_ms, err);

    return rc < 0 || oldest_ms == INT64_MAX
               ? rc
               : sqs_count(e, q, "ApproximateAgeOfOldestMessage", "Seconds",
                           (double)((now_ms - oldest_ms) / 1000), err);
}

static bool is_active(const struct sqs_queue *q, const struct sqs_counts *n, int64_t now_ms)
{
    int64_t used_ms = value_get_time(q->doc, "Used", value_get_time(q->doc, "Created", 0));

    return n->visible + n->hidden + n->delayed > 0 || used_ms + ACTIVE_MS > now_ms;
}

static int tell(struct engine *e, struct arena *a, const struct sqs_queue *q, bool *active,
                struct err *err)
{
    int64_t now_ms = clock_now_ms(&e->clock);
    struct sqs_counts n = { 0 };
    int rc = sqs_message_expire(e->store, a, q, now_ms, err);

    if (rc == 0)
        rc = sqs_message_counts(e->store, q, now_ms, &n, err);
    if (rc < 0 || !is_active(q, &n, now_ms))
        return rc;
    *active = true;
    const struct {
        const char *metric;
        int64_t value;
    } gauges[] = { { "ApproximateNumberOfMessagesVisible", n.visible },
                   { "ApproximateNumberOfMessagesNotVisible", n.hidden },
                   { "ApproximateNumberOfMessagesDelayed", n.delayed } };
    for (size_t i = 0; rc == 0 && i < COUNT(gauges); i++)
        rc = sqs_count(e, q, gauges[i].metric, "Count", (double)gauges[i].value, err);
    return rc < 0 ? rc : tell_age(e, a, q, now_ms, err);
}

/* ---- the job ---- */

struct round {
    struct engine *e;
    bool active; /* some queue was */
};

static int tell_all(void *arg, struct err *err)
{
    const struct doc_key every = { .service = STR("sqs"), .type = STR("Queue") };
    struct round *r = arg;
    struct arena a = { 0 };
    struct doc *docs;
    size_t count = 0;
    int rc = store_doc_list(r->e->store, &a, every, STR(""), 0, &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct arena_mark mark = arena_mark(&a);
        struct sqs_queue q = sqs_queue_of(&a, docs[i].key, docs[i].value);

        rc = tell(r->e, &a, &q, &r->active, err);
        arena_rewind(&a, mark);
    }
    arena_free(&a);
    return rc;
}

static int64_t next_minute(const struct engine *e)
{
    return (clock_now_ms(&e->clock) / SQS_MINUTE_MS + 1) * SQS_MINUTE_MS;
}

static int job(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    struct round r = { .e = arg };
    int rc = store_transact(r.e->store, tell_all, &r, err);

    (void)due_ms;
    *next_ms = r.active ? next_minute(r.e) : INT64_MAX; /* the next use wakes it */
    return rc;
}

int sqs_gauges_wake(struct engine *e, struct err *err)
{
    return e->telemetry ? schedule_add(e->schedule, JOB, next_minute(e), job, e, err) : 0;
}

int sqs_gauges_open(struct engine *e, struct err *err)
{
    return sqs_gauges_wake(e, err); /* without an active queue it runs once */
}
