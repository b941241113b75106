/* Publish, PublishBatch. */
#include "core/codec/json.h"
#include "emulator/services/messaging.h"
#include "emulator/services/sns/topic.h"

#define SUBJECT_MOST 100
#define BATCH_MOST   10

#define bad(f, a, ...) fault_set(f, a, "InvalidParameterException", __VA_ARGS__)

/* Source: SNS API Reference, Publish, "Subject": ASCII, begins with a visible character, no control
 * characters, less than 100. */
static bool is_subject(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < ' ' || s.ptr[i] > '~')
            return false;
    return s.len == 0 || (s.len <= SUBJECT_MOST && s.ptr[0] != ' ');
}

static bool check_structure(struct arena *a, const struct value *entry, struct fault *f)
{
    struct str structure = value_get_str(entry, "MessageStructure");
    struct value *texts;

    if (structure.len == 0)
        return true;
    if (!str_eq_c(structure, "json"))
        return bad(f, a, "Invalid parameter: Message Structure - Only json is supported");
    if (json_parse(a, value_get_str(entry, "Message"), &texts, NULL) < 0 ||
        texts->kind != VALUE_MAP)
        return bad(f, a,
                   "Invalid parameter: Message Structure - JSON message body failed to parse");
    const struct value *fallback = value_get_c(texts, "default");
    if (!fallback || fallback->kind != VALUE_STRING)
        return bad(f, a,
                   "Invalid parameter: Message Structure - No default entry in JSON message "
                   "body");
    return true;
}

static bool is_list(struct arena *a, struct str text)
{
    struct value *v;

    return json_parse(a, text, &v, NULL) == 0 && v->kind == VALUE_LIST;
}

/* Source: SNS API Reference, MessageAttributeValue; SNS Developer Guide, "Message attribute data
 * types and validation". */
static bool check_attributes(struct arena *a, const struct value *attributes, struct fault *f)
{
    for (const struct value *v = value_first(attributes); v; v = v->next) {
        struct str type = value_get_str(v, "DataType"), text = value_get_str(v, "StringValue");
        const struct value *binary = value_get_c(v, "BinaryValue");
        double number;

        if (!messaging_is_kind(type, "String") && !messaging_is_kind(type, "Number") &&
            !messaging_is_kind(type, "Binary"))
            return bad(f, a,
                       "The message attribute '%.*s' has an invalid message attribute type, "
                       "the set of supported type prefixes is Binary, Number, and String.",
                       STR_ARG(v->name));
        if (messaging_is_kind(type, "Binary") ? !binary || binary->u.text.len == 0 : text.len == 0)
            return bad(f, a,
                       "The message attribute '%.*s' must contain non-empty message attribute "
                       "value for message attribute type '%.*s'.",
                       STR_ARG(v->name), STR_ARG(type));
        if (messaging_is_kind(type, "Number") && !str_to_f64(text, &number))
            return bad(f, a, "Could not cast message attribute '%.*s' value to number.",
                       STR_ARG(v->name));
        if (str_eq_c(type, "String.Array") && !is_list(a, text))
            return bad(f, a, "Invalid parameter: Message attribute '%.*s' is no JSON array.",
                       STR_ARG(v->name));
    }
    return true;
}

static bool check_order(struct arena *a, const struct sns_topic *t, const struct value *entry,
                        struct fault *f)
{
    struct str group = value_get_str(entry, "MessageGroupId");
    struct str dedup = value_get_str(entry, "MessageDeduplicationId");

    if (!t->is_fifo && dedup.len > 0)
        return bad(f, a,
                   "Invalid parameter: MessageDeduplicationId Reason: The request includes "
                   "MessageDeduplicationId parameter that is not valid for this topic type");
    if (!t->is_fifo)
        return true;
    if (group.len == 0)
        return bad(f, a,
                   "Invalid parameter: The MessageGroupId parameter is required for FIFO "
                   "topics");
    if (dedup.len == 0 && !str_eq_c(sns_attribute(t, "ContentBasedDeduplication"), "true"))
        return bad(f, a,
                   "Invalid parameter: The topic should either have ContentBasedDeduplication "
                   "enabled or MessageDeduplicationId provided explicitly");
    return true;
}

static bool check(struct arena *a, const struct sns_topic *t, const struct value *entry,
                  struct fault *f)
{
    struct str message = value_get_str(entry, "Message");

    if (message.len == 0)
        return bad(f, a, "Invalid parameter: Empty message");
    if (message.len > SNS_BYTES_MOST)
        return bad(f, a, "Invalid parameter: Message too long");
    if (!is_subject(value_get_str(entry, "Subject")))
        return bad(f, a, "Invalid parameter: Subject");
    return check_structure(a, entry, f) &&
           check_attributes(a, value_get_c(entry, "MessageAttributes"), f) &&
           check_order(a, t, entry, f);
}

static int publish(struct job *j, const struct sns_topic *t, const struct value *entry,
                   struct value *answer)
{
    struct sns_publication p = {
        .message = value_get_str(entry, "Message"),
        .subject = value_get_str(entry, "Subject"),
        .group_id = value_get_str(entry, "MessageGroupId"),
        .deduplication_id = value_get_str(entry, "MessageDeduplicationId"),
        .is_structured = value_get_str(entry, "MessageStructure").len > 0,
        .attributes = value_get_c(entry, "MessageAttributes"),
        .now_ms = j->cx->now_ms,
        .rng = &j->cx->rng,
    };

    j->out->changed = true;
    j->rc = sns_publish(j->cx->e, j->a, t, &p, j->err);
    if (j->rc < 0)
        return j->rc;
    value_put_str(j->a, answer, "MessageId", p.message_id);
    if (t->is_fifo)
        value_put_str(j->a, answer, "SequenceNumber", p.sequence);
    return 0;
}

HANDLER(sns, Publish)
{
    struct fault f = { 0 };
    struct sns_topic t;
    struct str target = job_text(j, "TargetArn");

    if (job_has(j, "PhoneNumber") || str_find(target, STR(":endpoint/")) >= 0) {
        outcome_refuse(j->a, j->out, 501, "NotImplemented",
                       "mocktrail publishes to topics: it sends no SMS and no push notifications");
        return 0;
    }
    if (job_has(j, "TopicArn") == (target.len > 0))
        return sns_refuse(j, "Invalid parameter: TopicArn or TargetArn Reason: %s",
                          target.len > 0 ? "both were given" : "no value for required parameter");
    if (!sns_find(j, target.len > 0 ? "TargetArn" : "TopicArn", &t))
        return j->rc;
    if (!check(j->a, &t, j->call->params, &f))
        return job_refuse(j, f.code, "%.*s", STR_ARG(f.message));
    return publish(j, &t, j->call->params, outcome_output(j->cx, j->out));
}

/* ---- batches ---- */

static bool check_batch(struct job *j, const struct value *entries)
{
    size_t size = 0;

    if (!value_first(entries))
        (void)job_refuse(j, "EmptyBatchRequestException",
                         "The batch request doesn't contain any entries.");
    else if (entries->count > BATCH_MOST)
        (void)job_refuse(j, "TooManyEntriesInBatchRequestException",
                         "The batch request contains more entries than permissible.");
    for (const struct value *v = value_first(entries); v && !job_stopped(j); v = v->next) {
        if (!messaging_is_entry_id(value_get_str(v, "Id")))
            (void)job_refuse(j, "InvalidBatchEntryIdException",
                             "The Id of a batch entry in a batch request doesn't abide by the "
                             "specification.");
        for (const struct value *w = v->next; w && !job_stopped(j); w = w->next)
            if (str_eq(value_get_str(v, "Id"), value_get_str(w, "Id")))
                (void)job_refuse(j, "BatchEntryIdsNotDistinctException",
                                 "Two or more batch entries in the request have the same Id.");
        size += value_get_str(v, "Message").len;
    }
    if (!job_stopped(j) && size > SNS_BYTES_MOST)
        (void)job_refuse(j, "BatchRequestTooLongException",
                         "The length of all the batch messages put together is more than the "
                         "limit.");
    return !job_stopped(j);
}

static struct value *failed_entry(struct job *j, const struct value *entry, const struct fault *f)
{
    struct value *v = value_map(j->a);

    value_put_str(j->a, v, "Id", value_get_str(entry, "Id"));
    value_put_c(j->a, v, "Code", "InvalidParameter");
    value_put_str(j->a, v, "Message", f->message);
    value_put_bool(j->a, v, "SenderFault", true);
    return v;
}

HANDLER(sns, PublishBatch)
{
    const struct value *entries = param(j->call, "PublishBatchRequestEntries");
    struct value *good = value_list(j->a), *failed = value_list(j->a);
    struct sns_topic t;

    if (!sns_find(j, "TopicArn", &t) || !check_batch(j, entries))
        return j->rc;
    for (const struct value *v = value_first(entries); v && j->rc == 0; v = v->next) {
        struct value *answer = value_map(j->a);
        struct fault f = { 0 };

        value_put_str(j->a, answer, "Id", value_get_str(v, "Id"));
        if (!check(j->a, &t, v, &f))
            value_push(failed, failed_entry(j, v, &f));
        else if (publish(j, &t, v, answer) == 0)
            value_push(good, answer);
    }
    job_answer(j, "Successful", good);
    job_answer(j, "Failed", failed);
    return j->rc;
}
