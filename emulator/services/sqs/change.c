/* DeleteMessage, ChangeMessageVisibility, and batches of them. */
#include "emulator/services/sqs/batch.h"
#include "emulator/services/sqs/message.h"
#include "emulator/services/sqs/metrics.h"
#include "emulator/services/sqs/waiting.h"

/* The message of an entry's ReceiptHandle; at->m NULL: it is gone. Here and below the caller looks
 * at f. */
static int find(struct job *j, const struct sqs_queue *q, const struct value *entry,
                struct sqs_message_at *at, struct fault *f)
{
    struct str text = value_get_str(entry, "ReceiptHandle");
    struct sqs_handle handle;

    at->m = NULL;
    if (!sqs_handle_read(j->a, q, text, &handle)) {
        (void)fault_set(f, j->a, "ReceiptHandleIsInvalid",
                        "The input receipt handle \"%.*s\" is not a valid receipt "
                        "handle.",
                        STR_ARG(text));
        return 0;
    }
    at->sent_ms = handle.sent_ms;
    at->number = handle.number;
    j->rc = sqs_message_get(j->cx->e->store, j->a, q, at, j->err);
    if (j->rc == E_MISSING)
        return j->rc = 0;
    /* Source: SQS Developer Guide, "FIFO queue", visibility timeout: a handle of an earlier receive
     * is over. In a standard queue it still serves. */
    bool is_over = handle.count != value_get_int(at->m, "Count", 0) ||
                   !sqs_message_in_flight(at, j->cx->now_ms);
    if (j->rc == 0 && q->is_fifo && is_over)
        (void)fault_set(f, j->a, "InvalidParameterValue",
                        "Value %.*s for parameter ReceiptHandle is invalid. Reason: "
                        "The receipt handle has expired.",
                        STR_ARG(text));
    return j->rc;
}

/* Deleting what is gone succeeds. */
static int delete_entry(struct job *j, const struct sqs_queue *q, const struct value *entry,
                        struct fault *f)
{
    struct sqs_message_at at;

    if (find(j, q, entry, &at, f) < 0 || f->code || !at.m)
        return j->rc;
    j->out->changed = true;
    j->rc = sqs_message_remove(j->cx->e->store, q, &at, j->err);
    if (j->rc == 0)
        j->rc = sqs_count(j->cx->e, q, "NumberOfMessagesDeleted", "Count", 1, j->err);
    if (q->is_fifo)
        sqs_stir(j->cx->e); /* its group goes on */
    return j->rc;
}

static int hide_entry(struct job *j, const struct sqs_queue *q, const struct value *entry,
                      struct fault *f)
{
    int64_t seconds = value_get_int(entry, "VisibilityTimeout", -1), now_ms = j->cx->now_ms;
    struct sqs_message_at at;

    if (seconds < 0 || seconds > SQS_HIDDEN_MOST) {
        (void)fault_set(f, j->a, "InvalidParameterValue",
                        "Value %lld for parameter VisibilityTimeout is invalid. "
                        "Reason: VisibilityTimeout must be an integer between 0 and "
                        "43200.",
                        (long long)seconds);
        return 0;
    }
    if (find(j, q, entry, &at, f) < 0 || f->code)
        return j->rc;
    if (!at.m || !sqs_message_in_flight(&at, now_ms)) {
        (void)fault_set(f, j->a, at.m ? "MessageNotInflight" : "InvalidParameterValue",
                        "Value %.*s for parameter ReceiptHandle is invalid. Reason: "
                        "Message does not exist or is not available for visibility "
                        "timeout change.",
                        STR_ARG(value_get_str(entry, "ReceiptHandle")));
        return 0;
    }
    if (now_ms + seconds * 1000 - value_get_int(at.m, "Received", now_ms) >
        SQS_HIDDEN_MOST * 1000ll) {
        (void)fault_set(f, j->a, "InvalidParameterValue",
                        "Value %lld for parameter VisibilityTimeout is invalid. "
                        "Reason: Total VisibilityTimeout for the message is beyond "
                        "the limit [43200 seconds].",
                        (long long)seconds);
        return 0;
    }
    j->out->changed = true;
    j->rc = sqs_message_hide(j->cx->e->store, j->a, q, &at, now_ms + seconds * 1000, j->err);
    sqs_stir(j->cx->e);
    return j->rc;
}

typedef int entry_fn(struct job *j, const struct sqs_queue *q, const struct value *entry,
                     struct fault *f);

static int run_alone(struct job *j, entry_fn *run)
{
    struct fault f = { 0 };
    struct sqs_queue q;

    if (!sqs_find(j, &q) || run(j, &q, j->call->params, &f) < 0)
        return j->rc;
    (void)outcome_output(j->cx, j->out);
    return f.code ? job_refuse(j, f.code, "%.*s", STR_ARG(f.message)) : 0;
}

HANDLER(sqs, DeleteMessage)
{
    return run_alone(j, delete_entry);
}

HANDLER(sqs, ChangeMessageVisibility)
{
    return run_alone(j, hide_entry);
}

static int delete_one(struct batch *b, const struct value *entry, struct value *answer,
                      struct fault *f)
{
    (void)answer; /* the Id says all */
    return delete_entry(b->j, b->q, entry, f);
}

static int hide_one(struct batch *b, const struct value *entry, struct value *answer,
                    struct fault *f)
{
    (void)answer; /* the Id says all */
    return hide_entry(b->j, b->q, entry, f);
}

HANDLER(sqs, DeleteMessageBatch)
{
    struct sqs_queue q;
    struct batch b = { .j = j, .q = &q, .kind = "Delete", .run = delete_one };

    return sqs_find(j, &q) && batch_check(&b) ? batch_run(&b) : j->rc;
}

HANDLER(sqs, ChangeMessageVisibilityBatch)
{
    struct sqs_queue q;
    struct batch b = { .j = j, .q = &q, .kind = "ChangeVisibility", .run = hide_one };

    return sqs_find(j, &q) && batch_check(&b) ? batch_run(&b) : j->rc;
}
