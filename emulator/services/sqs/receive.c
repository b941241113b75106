/* ReceiveMessage. Waiting for a message is waiting.c's, before the call begins. */
#include "core/codec/uri.h"
#include "emulator/services/sqs/message.h"
#include "emulator/services/sqs/metrics.h"
#include "emulator/services/sqs/waiting.h"

#define RECEIVE_MOST 10

struct receive {
    struct job *j;
    struct sqs_queue q, dead;
    bool has_dead;
    int64_t dead_after, hidden_s;
    const struct value *attributes, *system; /* the names that are asked for */
};

static bool in_range(struct job *j, const char *name, int64_t least, int64_t most)
{
    int64_t n = param_int(j->call, name, least);

    if (n >= least && n <= most)
        return true;
    (void)sqs_refuse_value(j,
                           "Value %lld for parameter %s is invalid. Reason: Must be between "
                           "%lld and %lld, if provided.",
                           (long long)n, name, (long long)least, (long long)most);
    return false;
}

/* ---- what is shown of a message ---- */

static void show_number(struct receive *r, struct value *shown, const char *name, int64_t n)
{
    if (list_has(r->system, str_c(name)) || list_has(r->system, STR("All")))
        value_put_str(r->j->a, shown, name, arena_printf(r->j->a, "%lld", (long long)n));
}

static void show_text(struct receive *r, struct value *shown, const char *name, struct str text)
{
    if (text.len > 0 && (list_has(r->system, str_c(name)) || list_has(r->system, STR("All"))))
        value_put_str(r->j->a, shown, name, text);
}

/* Attributes and the members of a message that hold them. */
static const char *const texts[][2] = {
    { "SenderId", "Sender" },         { "AWSTraceHeader", "Trace" },
    { "MessageGroupId", "Group" },    { "MessageDeduplicationId", "Dedup" },
    { "SequenceNumber", "Sequence" }, { "DeadLetterQueueSourceArn", "Source" },
};

/* Source: SQS API Reference, ReceiveMessage, "MessageSystemAttributeNames". */
static bool is_system_name(struct str name)
{
    static const char *const others[] = { "All", "SentTimestamp", "ApproximateReceiveCount",
                                          "ApproximateFirstReceiveTimestamp" };

    for (size_t i = 0; i < COUNT(others); i++)
        if (str_eq_c(name, others[i]))
            return true;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (str_eq_c(name, texts[i][0]))
            return true;
    return false;
}

static bool system_names_ok(struct receive *r)
{
    for (const struct value *n = value_first(r->system); n; n = n->next)
        if (!is_system_name(n->u.text)) {
            (void)job_refuse(r->j, "InvalidAttributeName", "Unknown Attribute %.*s.",
                             STR_ARG(n->u.text));
            return false;
        }
    return true;
}

static struct value *system_attributes(struct receive *r, const struct sqs_message_at *at)
{
    struct value *shown = value_map(r->j->a);

    show_number(r, shown, "SentTimestamp", at->sent_ms);
    show_number(r, shown, "ApproximateReceiveCount", value_get_int(at->m, "Count", 0));
    show_number(r, shown, "ApproximateFirstReceiveTimestamp", value_get_int(at->m, "First", 0));
    for (size_t i = 0; i < COUNT(texts); i++)
        show_text(r, shown, texts[i][0], value_get_str(at->m, texts[i][1]));
    return shown;
}

/* Source: SQS API Reference, ReceiveMessage, "MessageAttributeNames": All, .*, prefix.* */
static bool is_asked(const struct value *names, struct str name)
{
    for (const struct value *n = value_first(names); n; n = n->next) {
        struct str asked = n->u.text;

        if (str_eq(asked, name) || str_eq_c(asked, "All") || str_eq_c(asked, ".*"))
            return true;
        if (str_has_suffix(asked, STR(".*")) &&
            str_has_prefix(name, str_sub(asked, 0, asked.len - 1)))
            return true;
    }
    return false;
}

static struct value *attribute_of(struct arena *a, const struct value *kept)
{
    struct value *v = value_map(a);
    struct str binary = value_get_str(kept, "Binary"), bytes;

    value_put_str(a, v, "DataType", value_get_str(kept, "DataType"));
    if (binary.len > 0 && base64_decode(a, binary, &bytes, NULL) == 0)
        value_set(v, STR("BinaryValue"), value_blob(a, bytes));
    else
        value_put_str(a, v, "StringValue", value_get_str(kept, "StringValue"));
    return v;
}

/* The sum is of those that are shown. */
static void show_attributes(struct receive *r, const struct value *m, struct value *shown)
{
    struct arena *a = r->j->a;
    struct value *map = value_map(a);

    for (const struct value *k = value_first(value_get_c(m, "Attributes")); k; k = k->next)
        if (is_asked(r->attributes, value_get_str(k, "Name")))
            value_set(map, value_get_str(k, "Name"), attribute_of(a, k));
    if (map->count == 0)
        return;
    value_set(shown, STR("MessageAttributes"), map);
    value_put_str(a, shown, "MD5OfMessageAttributes", sqs_md5_attributes(a, map));
}

static struct value *show(struct receive *r, const struct sqs_message_at *at)
{
    struct arena *a = r->j->a;
    struct value *shown = value_map(a), *system = system_attributes(r, at);
    struct sqs_handle handle = { at->sent_ms, at->number, value_get_int(at->m, "Count", 0) };

    value_put_str(a, shown, "MessageId", value_get_str(at->m, "Id"));
    value_put_str(a, shown, "ReceiptHandle", sqs_handle_write(a, &r->q, &handle, &r->j->cx->rng));
    value_put_str(a, shown, "MD5OfBody", value_get_str(at->m, "Md5"));
    value_put_str(a, shown, "Body", value_get_str(at->m, "Body"));
    if (system->count > 0)
        value_set(shown, STR("Attributes"), system);
    show_attributes(r, at->m, shown);
    return shown;
}

/* ---- receiving ---- */

static int take(struct receive *r, struct sqs_message_at *at, struct value *messages)
{
    struct job *j = r->j;
    int64_t count = value_get_int(at->m, "Count", 0) + 1, now_ms = j->cx->now_ms;

    j->out->changed = true;
    if (r->has_dead && count > r->dead_after) {
        j->rc = sqs_bury(j->cx->e, j->a, &r->q, at, &r->dead, j->err);
        return j->rc;
    }
    value_put_int(j->a, at->m, "Count", count);
    value_put_int(j->a, at->m, "Received", now_ms);
    if (count == 1)
        value_put_int(j->a, at->m, "First", now_ms);
    j->rc = sqs_message_hide(j->cx->e->store, j->a, &r->q, at, now_ms + r->hidden_s * 1000, j->err);
    if (j->rc == 0)
        value_push(messages, show(r, at));
    return j->rc;
}

static int count_received(struct receive *r, size_t count)
{
    struct job *j = r->j;

    j->rc = count > 0 ? sqs_count(j->cx->e, &r->q, "NumberOfMessagesReceived", "Count",
                                  (double)count, j->err)
                      : sqs_count(j->cx->e, &r->q, "NumberOfEmptyReceives", "Count", 1, j->err);
    return j->rc;
}

/* How many may be taken; none where too many are under way. Source: SQS Developer Guide, "Amazon
 * SQS message quotas", in-flight messages: an error of standard queues and short polling alone. */
static int64_t room(struct receive *r, int64_t most)
{
    struct job *j = r->j;
    int64_t under_way = 0;

    j->rc = sqs_message_count_in_flight(j->cx->e->store, &r->q, j->cx->now_ms, &under_way, j->err);
    if (under_way >= SQS_FLIGHT_MOST && !r->q.is_fifo && sqs_wait_s(j->call, &r->q) == 0)
        (void)job_refuse(j, "OverLimit", "The maximum number of in flight messages is reached.");
    return most < SQS_FLIGHT_MOST - under_way ? most : SQS_FLIGHT_MOST - under_way;
}

/* Dead letters make room for others: look again until there is nothing more, or enough. */
static int receive(struct receive *r, int64_t most)
{
    struct job *j = r->j;
    struct value *messages = value_list(j->a);
    struct sqs_message_at *ready;
    size_t count = 1, taken = 0;

    j->rc = sqs_message_expire(j->cx->e->store, j->a, &r->q, j->cx->now_ms, j->err);
    while (j->rc == 0 && count > 0 && (int64_t)messages->count < most && taken < 10000) {
        size_t before = messages->count;

        j->rc = sqs_message_receivable(j->cx->e->store, j->a, &r->q, j->cx->now_ms,
                                       (size_t)most - before, &ready, &count, j->err);
        for (size_t i = 0; j->rc == 0 && i < count; i++, taken++)
            (void)take(r, &ready[i], messages); /* j->rc tells */
        if (messages->count - before == count)
            break; /* none of them was a dead letter */
    }
    (void)outcome_output(j->cx, j->out);
    if (messages->count > 0)
        job_answer(j, "Messages", messages);
    return j->rc < 0 ? j->rc : count_received(r, messages->count);
}

/* Both names for the same: the newer one, and what it replaced. */
static const struct value *system_names(struct job *j)
{
    struct value *all = value_list(j->a);
    static const char *const members[] = { "AttributeNames", "MessageSystemAttributeNames" };

    for (size_t i = 0; i < COUNT(members); i++)
        for (const struct value *v = value_first(param(j->call, members[i])); v; v = v->next)
            value_push(all, value_str(j->a, v->u.text));
    return all;
}

HANDLER(sqs, ReceiveMessage)
{
    struct receive r = { .j = j,
                         .attributes = param(j->call, "MessageAttributeNames"),
                         .system = system_names(j) };

    if (!sqs_find(j, &r.q) || !in_range(j, "MaxNumberOfMessages", 1, RECEIVE_MOST) ||
        !in_range(j, "WaitTimeSeconds", 0, 20) ||
        !in_range(j, "VisibilityTimeout", 0, SQS_HIDDEN_MOST) || !system_names_ok(&r))
        return j->rc;
    if (job_has(j, "ReceiveRequestAttemptId"))
        return job_refuse(j, "UnsupportedOperation",
                          "mocktrail does not keep ReceiveRequestAttemptId.");
    r.hidden_s =
        param_int(j->call, "VisibilityTimeout", sqs_attribute_int(&r.q, "VisibilityTimeout"));
    j->rc =
        sqs_dead_letters(j->cx->e->store, j->a, &r.q, &r.has_dead, &r.dead, &r.dead_after, j->err);
    if (j->rc < 0)
        return j->rc;
    int64_t most = room(&r, param_int(j->call, "MaxNumberOfMessages", 1));
    return job_stopped(j) ? j->rc : receive(&r, most);
}
