/* PutLogEvents. */
#include "emulator/services/logs/intake.h"

/* Source: CloudWatch Logs API Reference, "PutLogEvents": the rules of a batch. */
#define BATCH_BYTES 1048576
#define TOO_NEW_MS  (2 * 3600 * 1000ll)
#define TOO_OLD_MS  (14 * DAY_MS)

static int64_t time_of(const struct value *event)
{
    return value_get_int(event, "timestamp", 0);
}

static bool batch_ok(struct job *j, const struct value *events)
{
    const struct value *first = value_first(events), *last = first;
    size_t bytes = 0;

    for (const struct value *e = first; e; last = e, e = e->next) {
        bytes += value_get_str(e, "message").len + LOGS_EVENT_OVERHEAD;
        if (time_of(e) < time_of(last)) {
            (void)logs_invalid(j, "Log events in a single PutLogEvents request must be in "
                                  "chronological order.");
            return false; /* the outcome says why */
        }
    }
    if (bytes > BATCH_BYTES)
        (void)logs_invalid(j, "Upload too large: %zu bytes exceeds limit of %d", bytes,
                           BATCH_BYTES);
    else if (first && time_of(last) - time_of(first) > DAY_MS)
        (void)logs_invalid(j, "The batch of log events in a single PutLogEvents request cannot "
                              "span more than 24 hours.");
    return !job_stopped(j);
}

/* The events between the indexes are taken. */
struct accepted {
    int64_t too_old_end, expired_end, too_new_start, count;
};

static struct accepted judge(const struct job *j, const struct value *events,
                             const struct value *group)
{
    int64_t now = j->cx->now_ms, i = 0;
    struct accepted out = { .too_new_start = events->count, .count = events->count };

    for (const struct value *e = value_first(events); e; e = e->next, i++) {
        if (time_of(e) < now - TOO_OLD_MS)
            out.too_old_end = i + 1;
        else if (time_of(e) < logs_oldest_ms(group, now))
            out.expired_end = i + 1;
        else if (time_of(e) > now + TOO_NEW_MS && i < out.too_new_start)
            out.too_new_start = i;
    }
    return out;
}

static void answer_rejected(struct job *j, const struct accepted *n)
{
    struct value *info = value_map(j->a);

    if (n->too_new_start < n->count)
        value_put_int(j->a, info, "tooNewLogEventStartIndex", n->too_new_start);
    if (n->too_old_end > 0)
        value_put_int(j->a, info, "tooOldLogEventEndIndex", n->too_old_end);
    if (n->expired_end > 0)
        value_put_int(j->a, info, "expiredLogEventEndIndex", n->expired_end);
    if (info->count > 0)
        job_answer(j, "rejectedLogEventsInfo", info);
}

static int take(struct job *j, struct logs_intake *in, const struct value *events,
                const struct accepted *n)
{
    int64_t from = n->expired_end > n->too_old_end ? n->expired_end : n->too_old_end, i = 0;
    struct arena scratch = { 0 };

    for (const struct value *e = value_first(events); e && j->rc == 0; e = e->next, i++) {
        struct logs_event event = { time_of(e), value_get_str(e, "message") };
        if (i >= from && i < n->too_new_start)
            j->rc = logs_intake_take(in, &scratch, &event, NULL, j->err);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    if (j->rc == 0)
        j->rc = logs_intake_close(in, j->err);
    return j->rc;
}

HANDLER(logs, PutLogEvents)
{
    const struct value *events = param(j->call, "logEvents");
    struct str stream = job_text(j, "logStreamName");
    struct logs_intake in;
    struct logs_group g;

    if (!batch_ok(j, events) || logs_group_find(j, &g) < 0 || !g.doc ||
        !logs_stream_find(j, &g, stream))
        return j->rc;
    struct logs_target to = { j->account, j->region, g.name, stream, false, &j->cx->rng };
    j->rc = logs_intake_open(&in, j->cx->e, j->a, &to, NULL, j->err);
    if (j->rc < 0)
        return j->rc;
    struct accepted n = judge(j, events, in.group_doc);
    answer_rejected(j, &n);
    if (take(j, &in, events, &n) == 0)
        value_put_str(j->a, outcome_output(j->cx, j->out), "nextSequenceToken",
                      value_get_str(in.stream_doc, "uploadSequenceToken"));
    return j->rc;
}
