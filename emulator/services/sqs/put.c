/* A message into a queue: first-in-first-out queues take one of the same id once in five minutes.
 */
#include "core/aws/md5.h"
#include "core/aws/sigv4.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/services/repeats.h"
#include "emulator/services/sqs/message.h"
#include "emulator/services/sqs/metrics.h"
#include "emulator/services/sqs/waiting.h"

static struct repeats repeats_of(struct store *s, const struct sqs_queue *q)
{
    return (struct repeats){ s, q->at, q->series };
}

int sqs_forget_sent(struct store *s, struct arena *a, const struct sqs_queue *q, struct err *err)
{
    struct repeats r = repeats_of(s, q);

    return repeats_forget(&r, a, err);
}

/* Within the group alone, where the queue says so. */
static struct str repeat_id(struct arena *a, const struct sqs_queue *q, const struct sqs_put *put,
                            struct str deduplication_id)
{
    bool by_group = str_eq_c(sqs_attribute(q, "DeduplicationScope"), "messageGroup");

    return arena_printf(a, "%.*s/%.*s", STR_ARG(by_group ? put->group_id : STR("")),
                        STR_ARG(deduplication_id));
}

/* Source: SQS Developer Guide, "Using the message deduplication ID": of the body, not of the
 * attributes. */
static struct str deduplication_id(struct arena *a, const struct sqs_queue *q,
                                   const struct sqs_put *put)
{
    char hex[65];

    if (!q->is_fifo || put->deduplication_id.len > 0)
        return put->deduplication_id;
    sha256_hex(put->body, hex);
    return arena_copy(a, str_c(hex));
}

/* ---- the message ---- */

static struct value *kept_attributes(struct arena *a, const struct value *attributes)
{
    struct value *list = value_list(a);

    for (const struct value *v = value_first(attributes); v; v = v->next) {
        struct value *item = value_map(a), *binary = value_get_c(v, "BinaryValue");

        value_put_str(a, item, "Name", v->name);
        value_put_str(a, item, "DataType", value_get_str(v, "DataType"));
        if (binary && binary->kind == VALUE_BLOB) {
            struct buf text = { 0 };

            base64_encode(&text, binary->u.text);
            value_put_str(a, item, "Binary", buf_view(&text));
            buf_free(&text);
        } else {
            value_put_str(a, item, "StringValue", value_get_str(v, "StringValue"));
        }
        value_push(list, item);
    }
    return list;
}

static void put_text(struct arena *a, struct value *m, const char *name, struct str text)
{
    if (text.len > 0)
        value_put_str(a, m, name, text);
}

static struct value *new_message(struct arena *a, const struct sqs_put *put, struct str repeat)
{
    struct value *m = value_map(a);
    struct str attributes = sqs_md5_attributes(a, put->attributes);
    char uuid[37];

    rng_uuid(put->rng, uuid);
    value_put_str(a, m, "Id", put->id.len > 0 ? put->id : str_c(uuid));
    value_put_str(a, m, "Body", put->body);
    value_put_str(a, m, "Md5", md5_hex(a, put->body));
    if (attributes.len > 0) {
        value_set(m, STR("Attributes"), kept_attributes(a, put->attributes));
        value_put_str(a, m, "AttributesMd5", attributes);
    }
    put_text(a, m, "Trace", put->trace);
    put_text(a, m, "Sender", put->sender);
    put_text(a, m, "Group", put->group_id);
    put_text(a, m, "Dedup", repeat);
    put_text(a, m, "Source", put->source);
    return m;
}

static int64_t due_of(const struct sqs_queue *q, const struct sqs_put *put)
{
    int64_t delay_s = put->delay_s < 0 ? sqs_attribute_int(q, "DelaySeconds") : put->delay_s;

    return put->now_ms + delay_s * 1000;
}

static int add(struct engine *e, struct arena *a, const struct sqs_queue *q,
               const struct sqs_put *put, struct value *m, struct err *err)
{
    struct sqs_message_at at = { .sent_ms = put->now_ms, .m = m };
    int rc = sqs_message_add(e->store, a, q, &at, due_of(q, put), err);

    if (rc == 0)
        rc = sqs_count(e, q, "NumberOfMessagesSent", "Count", 1, err);
    if (rc == 0)
        rc = sqs_count(e, q, "SentMessageSize", "Bytes", (double)put->body.len, err);
    if (rc == 0)
        sqs_stir(e);
    return rc;
}

static int add_once(struct engine *e, struct arena *a, const struct sqs_queue *q,
                    const struct sqs_put *put, struct value **out, struct err *err)
{
    static const char *const members[] = { "Id", "Md5", "AttributesMd5", "Sequence" };
    struct repeats r = repeats_of(e->store, q);
    struct str dedup = deduplication_id(a, q, put), id = repeat_id(a, q, put, dedup);
    struct value *sent = value_map(a);
    int rc = repeats_find(&r, a, id, put->now_ms, out, err);

    if (rc != E_MISSING)
        return rc; /* sent already: answered as it was then */
    *out = new_message(a, put, dedup);
    if ((rc = add(e, a, q, put, *out, err)) < 0)
        return rc;
    for (size_t i = 0; i < COUNT(members); i++)
        put_text(a, sent, members[i], value_get_str(*out, members[i]));
    return repeats_keep(&r, a, id, put->now_ms, sent, err);
}

int sqs_put(struct engine *e, struct arena *a, const struct sqs_queue *q, const struct sqs_put *put,
            struct value **out, struct err *err)
{
    if (q->is_fifo)
        return add_once(e, a, q, put, out, err);
    *out = new_message(a, put, put->deduplication_id);
    return add(e, a, q, put, *out, err);
}

/* ---- dead letters ---- */

int sqs_dead_letters(struct store *s, struct arena *a, const struct sqs_queue *q, bool *has,
                     struct sqs_queue *dead, int64_t *most, struct err *err)
{
    struct str text = sqs_attribute(q, "RedrivePolicy");
    struct value *policy;

    *has = false;
    if (text.len == 0 || json_parse(a, text, &policy, NULL) < 0)
        return 0;
    struct str count = value_to_text(a, value_get_c(policy, "maxReceiveCount"));
    if (!str_to_i64(count, most))
        return 0;
    int rc = sqs_queue_load_arn(s, a, value_get_str(policy, "deadLetterTargetArn"), dead, err);
    *has = rc == 0;
    return rc == E_MISSING ? 0 : rc; /* deleted since: messages stay where they are */
}

int sqs_requeue(struct engine *e, struct arena *a, const struct sqs_queue *to,
                struct sqs_message_at *moved, struct err *err)
{
    static const char *const per_queue[] = { "Count", "First", "Received", "Due", "Sequence" };

    for (size_t i = 0; i < COUNT(per_queue); i++)
        (void)value_remove(moved->m, str_c(per_queue[i])); /* absent for one never received */
    int rc = sqs_message_add(e->store, a, to, moved, clock_now_ms(&e->clock), err);
    if (rc == 0)
        sqs_stir(e);
    return rc;
}

/* Source: SQS Developer Guide, "Dead-letter queues", message retention: in a standard queue the
 * time that counts stays the one at which it was first sent; in a FIFO queue it is the move's. */
int sqs_bury(struct engine *e, struct arena *a, const struct sqs_queue *q,
             const struct sqs_message_at *at, const struct sqs_queue *dead, struct err *err)
{
    struct sqs_message_at moved = { .sent_ms = q->is_fifo ? clock_now_ms(&e->clock) : at->sent_ms,
                                    .m = value_copy(a, at->m) };
    int rc = sqs_message_remove(e->store, q, at, err);

    value_put_str(a, moved.m, "Source", q->arn);
    value_put_int(a, moved.m, "Moved", clock_now_ms(&e->clock));
    return rc < 0 ? rc : sqs_requeue(e, a, dead, &moved, err);
}
