/* Message move tasks: dead letters back to where they came from. A task moves all there is while
 * its call lasts, so none is ever seen running, and none can be cancelled. */
#include "emulator/services/sqs/message.h"

#define PAGE      100
#define TASKS_MAX 10 /* Source: SQS API Reference, ListMessageMoveTasks, "MaxResults" */

struct move {
    struct job *j;
    struct sqs_queue from, to;
    bool has_to;
    int64_t moved, left;
};

static bool is_dead_letter_queue(struct job *j, const struct sqs_queue *q)
{
    struct doc *docs;
    size_t count = job_list(j, "Queue", STR(""), &docs);

    for (size_t i = 0; j->rc == 0 && i < count; i++) {
        struct sqs_queue source = sqs_queue_of(j->a, docs[i].key, docs[i].value), dead;
        int64_t most;
        bool has;

        j->rc = sqs_dead_letters(j->cx->e->store, j->a, &source, &has, &dead, &most, j->err);
        if (has && str_eq(dead.arn, q->arn))
            return true;
    }
    return false;
}

/* False: refused or failed. */
static bool find_arn(struct job *j, const char *member, struct sqs_queue *out)
{
    int rc = sqs_queue_load_arn(j->cx->e->store, j->a, job_text(j, member), out, j->err);

    if (rc == E_MISSING)
        (void)job_refuse(j, "ResourceNotFoundException",
                         "The resource that you specified for the %s parameter doesn't exist.",
                         member);
    else
        j->rc = rc;
    return rc == 0;
}

/* Where one goes: to the task's destination, or to the queue that it is a dead letter of. There it
 * is a new message. Source: SQS Developer Guide, "Dead-letter queue redrive": new id and time. */
static int move_one(struct move *m, const struct sqs_message_at *at)
{
    struct job *j = m->j;
    struct sqs_message_at moved = { .sent_ms = j->cx->now_ms, .m = value_copy(j->a, at->m) };
    struct sqs_queue to = m->to;
    int rc = 0;

    if (!m->has_to)
        rc = sqs_queue_load_arn(j->cx->e->store, j->a, value_get_str(at->m, "Source"), &to, j->err);
    m->left += rc == E_MISSING;
    if (rc < 0)
        return rc == E_MISSING ? 0 : rc;
    m->moved++;
    (void)value_remove(moved.m, STR("Source")); /* absent for what was sent there directly */
    (void)value_remove(moved.m, STR("Moved"));  /* likewise */
    value_put_str(j->a, moved.m, "Id", job_uuid(j));
    rc = sqs_message_remove(j->cx->e->store, &m->from, at, j->err);
    return rc < 0 ? rc : sqs_requeue(j->cx->e, j->a, &to, &moved, j->err);
}

static int move_all(struct move *m)
{
    struct job *j = m->j;
    struct sqs_message_at *page, last = { .sent_ms = INT64_MIN };
    size_t count = PAGE;

    while (j->rc == 0 && count == PAGE) {
        j->rc =
            sqs_message_page(j->cx->e->store, j->a, &m->from, &last, PAGE, &page, &count, j->err);
        for (size_t i = 0; j->rc == 0 && i < count; i++)
            j->rc = sqs_message_in_flight(&page[i], j->cx->now_ms) ? 0 : move_one(m, &page[i]);
        if (j->rc == 0 && count > 0)
            last = page[count - 1];
    }
    return j->rc;
}

static struct value *task_of(struct move *m)
{
    struct job *j = m->j;
    struct value *task = value_map(j->a);

    value_put_c(j->a, task, "Status", m->left > 0 ? "FAILED" : "COMPLETED");
    value_put_str(j->a, task, "SourceArn", m->from.arn);
    if (m->has_to)
        value_put_str(j->a, task, "DestinationArn", m->to.arn);
    if (m->left > 0)
        value_put_c(j->a, task, "FailureReason", "AWS.SimpleQueueService.NonExistentQueue");
    value_put_int(j->a, task, "ApproximateNumberOfMessagesMoved", m->moved);
    value_put_int(j->a, task, "ApproximateNumberOfMessagesToMove", m->moved + m->left);
    value_put_int(j->a, task, "StartedTimestamp", j->cx->now_ms);
    return task;
}

HANDLER(sqs, StartMessageMoveTask)
{
    struct move m = { .j = j, .has_to = job_has(j, "DestinationArn") };

    if (!find_arn(j, "SourceArn", &m.from) || (m.has_to && !find_arn(j, "DestinationArn", &m.to)))
        return j->rc;
    if (job_has(j, "MaxNumberOfMessagesPerSecond"))
        return job_refuse(j, "UnsupportedOperation",
                          "mocktrail moves all messages at once: MaxNumberOfMessagesPerSecond is "
                          "not available.");
    if (!is_dead_letter_queue(j, &m.from))
        return j->rc < 0 ? j->rc
                         : sqs_refuse_value(j, "Source queue must be configured as a Dead Letter "
                                               "Queue.");
    if (m.has_to && str_eq(m.from.arn, m.to.arn))
        return sqs_refuse_value(j, "Source queue and destination queue cannot be the same.");
    if (m.has_to && m.from.is_fifo != m.to.is_fifo)
        return sqs_refuse_value(j, "Source and destination must be queues of the same type.");
    j->out->changed = true;
    struct str handle = job_uuid(j);
    if (move_all(&m) < 0)
        return j->rc;
    job_answer(j, "TaskHandle", value_str(j->a, handle));
    struct value *task = task_of(&m);
    return job_put(
        j, "MoveTask",
        arena_printf(j->a, "%.*s/%020llu", STR_ARG(m.from.at.id), (unsigned long long)j->call->seq),
        task);
}

HANDLER(sqs, CancelMessageMoveTask)
{
    return job_refuse(j, "ResourceNotFoundException",
                      "Task does not exist, or it is completed already: %.*s",
                      STR_ARG(job_text(j, "TaskHandle")));
}

/* Newest first. Source: SQS API Reference, ListMessageMoveTasks. */
HANDLER(sqs, ListMessageMoveTasks)
{
    int64_t limit = param_int(j->call, "MaxResults", 1);
    struct value *results = value_list(j->a);
    struct sqs_queue q;
    struct doc *docs;

    if (!find_arn(j, "SourceArn", &q))
        return j->rc;
    if (limit < 1 || limit > TASKS_MAX)
        return sqs_refuse_value(j, "Value for parameter MaxResults is invalid. Reason: Must be "
                                   "between 1 and 10, if provided.");
    size_t count = job_list(j, "MoveTask", arena_printf(j->a, "%.*s/", STR_ARG(q.at.id)), &docs);
    for (size_t i = count; i > 0 && (int64_t)results->count < limit; i--)
        value_push(results, docs[i - 1].value);
    job_answer(j, "Results", results);
    return j->rc;
}
