/* SendMessage, SendMessageBatch. */
#include "core/base/limits.h"
#include "emulator/services/messaging.h"
#include "emulator/services/sqs/batch.h"
#include "emulator/services/sqs/message.h"

#define ATTRIBUTES_MOST 10 /* Source: SQS Developer Guide, "Message metadata" */
#define NAME_BYTES_MOST 256
#define DELAY_MOST      900
#define bad(f, a, ...)  fault_set(f, a, "InvalidParameterValue", __VA_ARGS__)

/* ---- what is refused: false, and the reason in *why ---- */

/* Source: SQS API Reference, SendMessage: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD |
 * #x10000 to #x10FFFF. The body is UTF-8 already. */
static bool is_sendable(struct str body)
{
    for (size_t i = 0; i < body.len; i++) {
        unsigned char c = (unsigned char)body.ptr[i];

        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
            return false;
        if (c == 0xef && i + 2 < body.len && (unsigned char)body.ptr[i + 1] == 0xbf &&
            (unsigned char)body.ptr[i + 2] >= 0xbe)
            return false; /* U+FFFE, U+FFFF */
    }
    return true;
}

static bool is_attribute_name(struct str name)
{
    if (name.len == 0 || name.len > NAME_BYTES_MOST || name.ptr[0] == '.' ||
        name.ptr[name.len - 1] == '.' || str_find(name, STR("..")) >= 0)
        return false;
    if (!messaging_is_plain(name, "-_."))
        return false;
    return !str_eq_nocase(str_sub(name, 0, 4), STR("AWS.")) &&
           !str_eq_nocase(str_sub(name, 0, 7), STR("Amazon."));
}

static bool check_attribute_value(struct arena *a, const struct value *v, struct fault *f)
{
    struct str type = value_get_str(v, "DataType"), text = value_get_str(v, "StringValue");
    const struct value *binary = value_get_c(v, "BinaryValue");
    bool is_binary = messaging_is_kind(type, "Binary");
    double number;

    if (value_get_c(v, "StringListValues") || value_get_c(v, "BinaryListValues"))
        return bad(f, a,
                   "Message attribute list values in SendMessage operation are not "
                   "supported.");
    if (!is_binary && !messaging_is_kind(type, "String") && !messaging_is_kind(type, "Number"))
        return bad(f, a,
                   "The message attribute '%.*s' has an invalid message attribute type, the "
                   "set of supported type prefixes is Binary, Number, and String.",
                   STR_ARG(v->name));
    if (is_binary ? !binary || binary->u.text.len == 0 : text.len == 0)
        return bad(f, a,
                   "The message attribute '%.*s' must contain non-empty message attribute "
                   "value for message attribute type '%.*s'.",
                   STR_ARG(v->name), STR_ARG(type));
    if (messaging_is_kind(type, "Number") && !str_to_f64(text, &number))
        return bad(f, a, "Could not cast message attribute '%.*s' value to number.",
                   STR_ARG(v->name));
    if (!is_sendable(text))
        return bad(f, a, "The message attribute '%.*s' value contains invalid characters.",
                   STR_ARG(v->name));
    return true;
}

static bool check_attributes(struct arena *a, const struct value *attributes, struct fault *f)
{
    if (attributes && attributes->count > ATTRIBUTES_MOST)
        return bad(f, a, "Number of message attributes [%u] exceeds the allowed maximum [10].",
                   attributes->count);
    for (const struct value *v = value_first(attributes); v; v = v->next) {
        if (!is_attribute_name(v->name))
            return bad(f, a,
                       "The message attribute name '%.*s' is invalid. Attribute name can "
                       "contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) "
                       "characters.",
                       STR_ARG(v->name));
        if (!check_attribute_value(a, v, f))
            return false;
    }
    return true;
}

/* Source: SQS API Reference, SendMessage, "MessageSystemAttributes": AWSTraceHeader alone, a
 * String. */
static bool check_system(struct arena *a, const struct value *system, struct fault *f)
{
    for (const struct value *v = value_first(system); v; v = v->next) {
        if (!str_eq_c(v->name, "AWSTraceHeader"))
            return bad(f, a, "Message system attribute name '%.*s' is invalid.", STR_ARG(v->name));
        if (!str_eq_c(value_get_str(v, "DataType"), "String") ||
            value_get_str(v, "StringValue").len == 0)
            return bad(f, a,
                       "Message system attribute 'AWSTraceHeader' must be a non-empty "
                       "String.");
    }
    return true;
}

static bool missing(struct fault *f, struct arena *a, const char *name)
{
    return fault_set(f, a, "MissingParameter", "The request must contain the parameter %s.", name);
}

/* Source: SQS API Reference, SendMessage, "MessageDeduplicationId", "MessageGroupId". */
static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~')
            return false;
    return s.len <= 128;
}

static bool check_order(struct arena *a, const struct sqs_queue *q, const struct value *entry,
                        struct fault *f)
{
    struct str group = value_get_str(entry, "MessageGroupId");
    struct str dedup = value_get_str(entry, "MessageDeduplicationId");
    int64_t delay_s = value_get_int(entry, "DelaySeconds", -1);

    if (!is_token(group))
        return bad(f, a,
                   "Value %.*s for parameter MessageGroupId is invalid. Reason: "
                   "MessageGroupId can only include alphanumeric and punctuation characters. "
                   "1 to 128 in length.",
                   STR_ARG(group));
    if (!is_token(dedup))
        return bad(f, a,
                   "Value %.*s for parameter MessageDeduplicationId is invalid. Reason: "
                   "MessageDeduplicationId can only include alphanumeric and punctuation "
                   "characters. 1 to 128 in length.",
                   STR_ARG(dedup));
    if (!q->is_fifo)
        return dedup.len == 0 ||
               bad(f, a,
                   "Value %.*s for parameter MessageDeduplicationId is invalid. Reason: The "
                   "request include parameter that is not valid for this queue type.",
                   STR_ARG(dedup));
    if (group.len == 0)
        return missing(f, a, "MessageGroupId");
    if (dedup.len == 0 && !sqs_attribute_is(q, "ContentBasedDeduplication"))
        return bad(f, a,
                   "The queue should either have ContentBasedDeduplication enabled or "
                   "MessageDeduplicationId provided explicitly");
    return delay_s <= 0 ||
           bad(f, a,
               "Value %lld for parameter DelaySeconds is invalid. Reason: The request include "
               "parameter that is not valid for this queue type.",
               (long long)delay_s);
}

static int64_t size_of(const struct value *entry)
{
    int64_t size = (int64_t)value_get_str(entry, "MessageBody").len;

    for (const struct value *v = value_first(value_get_c(entry, "MessageAttributes")); v;
         v = v->next) {
        const struct value *binary = value_get_c(v, "BinaryValue");

        size += (int64_t)(v->name.len + value_get_str(v, "DataType").len +
                          (binary ? binary->u.text.len : value_get_str(v, "StringValue").len));
    }
    return size;
}

static bool check_entry(struct arena *a, const struct sqs_queue *q, const struct value *entry,
                        struct fault *f)
{
    struct str body = value_get_str(entry, "MessageBody");
    int64_t delay_s = value_get_int(entry, "DelaySeconds", 0);
    int64_t most = sqs_attribute_int(q, "MaximumMessageSize");

    if (body.len == 0)
        return missing(f, a, "MessageBody");
    if (!is_sendable(body))
        return fault_set(f, a, "InvalidMessageContents",
                         "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | "
                         "#x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF");
    if (size_of(entry) > most)
        return bad(f, a,
                   "One or more parameters are invalid. Reason: Message must be shorter than "
                   "%lld bytes.",
                   (long long)most);
    if (delay_s < 0 || delay_s > DELAY_MOST)
        return bad(f, a,
                   "Value %lld for parameter DelaySeconds is invalid. Reason: DelaySeconds "
                   "must be >= 0 and <= 900.",
                   (long long)delay_s);
    return check_attributes(a, value_get_c(entry, "MessageAttributes"), f) &&
           check_system(a, value_get_c(entry, "MessageSystemAttributes"), f) &&
           check_order(a, q, entry, f);
}

/* ---- sending ---- */

static int send_entry(struct job *j, const struct sqs_queue *q, const struct value *entry,
                      struct value *answer)
{
    const struct value *system =
        value_get_c(value_get_c(entry, "MessageSystemAttributes"), "AWSTraceHeader");
    struct sqs_put put = { .body = value_get_str(entry, "MessageBody"),
                           .attributes = value_get_c(entry, "MessageAttributes"),
                           .trace = value_get_str(system, "StringValue"),
                           .sender = j->call->who->principal_id,
                           .group_id = value_get_str(entry, "MessageGroupId"),
                           .deduplication_id = value_get_str(entry, "MessageDeduplicationId"),
                           .delay_s = value_get_int(entry, "DelaySeconds", -1),
                           .now_ms = j->cx->now_ms,
                           .rng = &j->cx->rng };
    struct value *sent = NULL;

    if (q->is_fifo)
        put.delay_s = -1; /* 0 may be given, and means nothing */
    j->rc = sqs_put(j->cx->e, j->a, q, &put, &sent, j->err);
    if (j->rc < 0)
        return j->rc;
    value_put_str(j->a, answer, "MessageId", value_get_str(sent, "Id"));
    value_put_str(j->a, answer, "MD5OfMessageBody", value_get_str(sent, "Md5"));
    if (value_get_c(sent, "AttributesMd5"))
        value_put_str(j->a, answer, "MD5OfMessageAttributes", value_get_str(sent, "AttributesMd5"));
    if (put.trace.len > 0)
        value_put_str(j->a, answer, "MD5OfMessageSystemAttributes",
                      sqs_md5_attributes(j->a, value_get_c(entry, "MessageSystemAttributes")));
    if (q->is_fifo)
        value_put_str(j->a, answer, "SequenceNumber", value_get_str(sent, "Sequence"));
    j->out->changed = true;
    return 0;
}

HANDLER(sqs, SendMessage)
{
    struct fault f = { 0 };
    struct sqs_queue q;

    if (!sqs_find(j, &q))
        return j->rc;
    if (!check_entry(j->a, &q, j->call->params, &f))
        return job_refuse(j, f.code, "%.*s", STR_ARG(f.message));
    return send_entry(j, &q, j->call->params, outcome_output(j->cx, j->out));
}

static int send_one(struct batch *b, const struct value *entry, struct value *answer,
                    struct fault *f)
{
    return check_entry(b->j->a, b->q, entry, f) ? send_entry(b->j, b->q, entry, answer) : 0;
}

HANDLER(sqs, SendMessageBatch)
{
    struct sqs_queue q;
    struct batch b = { .j = j, .q = &q, .kind = "Send", .run = send_one };
    int64_t size = 0;

    if (!sqs_find(j, &q) || !batch_check(&b))
        return j->rc;
    for (const struct value *v = value_first(param(j->call, "Entries")); v; v = v->next)
        size += size_of(v);
    if (size > SQS_BYTES_MOST)
        return job_refuse(j, "BatchRequestTooLong",
                          "Batch requests cannot be longer than %d bytes. You have sent %lld "
                          "bytes.",
                          SQS_BYTES_MOST, (long long)size);
    return batch_run(&b);
}
