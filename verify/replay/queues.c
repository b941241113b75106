/* Queues and topics: S3's own notices of objects, and CloudTrail's by way of SNS. */
#include <stdio.h>

#include "core/base/clock.h"
#include "core/codec/json.h"
#include "verify/replay/post.h"
#include "verify/replay/private.h"

static int send_plain(struct target *t, struct str body, struct err *err)
{
    struct value *in = value_map(&t->scratch), *out;

    value_put_str(&t->scratch, in, "QueueUrl", t->place);
    value_put_str(&t->scratch, in, "MessageBody", body);
    return aws_json(t->aws, &t->scratch,
                    &(struct aws_json_call){ .service = STR("sqs"),
                                             .target = STR("AmazonSQS.SendMessage"),
                                             .content_type = STR("application/x-amz-json-1.0"),
                                             .body = in },
                    &out, err);
}

static int send_waiting(struct target *t, struct err *err)
{
    int rc = t->send(t, buf_view(&t->waiting), err);

    buf_clear(&t->waiting);
    t->waiting_count = 0;
    return rc;
}

int queue_open(struct target *t, struct str rest, struct err *err)
{
    ptrdiff_t at = str_find(rest, STR("://"));

    if (at < 0 || !memchr(rest.ptr + at + 3, '/', rest.len - (size_t)at - 3))
        return err_set(err, E_PARSE, "expected a queue's URL, http://HOST:PORT/ACCOUNT/NAME");
    struct str path;

    t->place = rest;
    t->send = send_plain;
    return target_open_url(t, rest, &path, err);
}

static bool tells_of(const struct delivery *d, const struct content *c)
{
    return delivery_is_log(d) && !d->object_only && c;
}

int queue_deliver(struct target *t, const struct delivery *d, const struct content *c,
                  struct err *err)
{
    if (d->message.len > 0)
        return t->send(t, d->message, err);
    if (!tells_of(d, c))
        return 0;
    buf_add_c(&t->waiting, t->waiting_count++ == 0 ? "{\"Records\":[" : ",");
    envelope_notice(&t->waiting, &t->scratch,
                    &(struct envelope_object){ d->file->bucket, d->key, d->file->at.region,
                                               d->at_ms, c->stored.len });
    if (d->notice_waits)
        return 0;
    buf_add_c(&t->waiting, "]}");
    return send_waiting(t, err);
}

/* ---- by way of a topic ---- */

static int send_wrapped(struct target *t, struct str message, struct err *err)
{
    struct buf body = { 0 };
    char id[37];

    rng_uuid(&t->rng, id);
    envelope_topic(&body, &t->scratch,
                   &(struct envelope_message){ id, message, clock_machine_ms(), t->origin });
    int rc = send_plain(t, buf_view(&body), err);

    buf_free(&body);
    return rc;
}

int wrapped_open(struct target *t, struct str rest, struct err *err)
{
    int rc = queue_open(t, rest, err);

    t->send = send_wrapped;
    return rc;
}

/* Source: SNS API Reference, Publish. */
static int publish(struct target *t, struct str message, struct err *err)
{
    struct value *in = value_map(&t->scratch);
    struct str out;

    value_put_c(&t->scratch, in, "Action", "Publish");
    value_put_c(&t->scratch, in, "Version", "2010-03-31");
    value_put_str(&t->scratch, in, "TopicArn", t->place);
    value_put_str(&t->scratch, in, "Message", message);
    return aws_query(t->aws, &t->scratch, STR("sns"), in, &out, err);
}

int topic_open(struct target *t, struct str rest, struct err *err)
{
    t->send = publish;
    if (str_find(rest, STR("/arn:")) < 0)
        return err_set(err, E_PARSE, "expected http://HOST:PORT/TOPIC-ARN");
    return target_open_url(t, rest, &t->place, err);
}

/* Several keys of one bucket in one message. Source: CloudTrail User Guide, "Configuring Amazon SNS
 * notifications for CloudTrail": s3ObjectKey is a list. */
int topic_deliver(struct target *t, const struct delivery *d, const struct content *c,
                  struct err *err)
{
    if (d->message.len > 0)
        return t->send(t, d->message, err);
    if (!tells_of(d, c))
        return 0;
    if (t->waiting_count++ == 0) {
        buf_add_c(&t->waiting, "{\"s3Bucket\":");
        json_add_string(&t->waiting, d->file->bucket);
        buf_add_c(&t->waiting, ",\"s3ObjectKey\":[");
    } else {
        buf_add_char(&t->waiting, ',');
    }
    json_add_string(&t->waiting, d->key);
    if (d->notice_waits)
        return 0;
    buf_add_c(&t->waiting, "]}");
    return send_waiting(t, err);
}

/* ---- expired receipts ---- */

/* The server is asked for it: only mocktrail can be. Source: SQS API Reference, DeleteMessage,
 * ReceiptHandleIsInvalid; SQS Developer Guide, "Visibility timeout". */
int queue_expire_receipts(struct target *t, uint64_t count, struct err *err)
{
    static const char *const operations[] = { "DeleteMessage", "DeleteMessageBatch" };
    struct arena *a = &t->arena;
    struct str url = arena_printf(a, "%.*s/_mocktrail/faults", STR_ARG(t->origin));
    struct buf rules = { 0 };
    struct post *p;
    int rc = post_open(&p, url, err);

    if (rc < 0)
        return rc;
    buf_add_c(&rules, "{\"rules\":[");
    for (size_t i = 0; i < COUNT(operations); i++)
        buf_printf(&rules,
                   "%s{\"service\":\"sqs\",\"operation\":\"%s\",\"count\":%llu,\"error\":"
                   "\"ReceiptHandleIsInvalid\",\"status\":400,\"message\":\"The receipt handle has "
                   "expired.\"}",
                   i ? "," : "", operations[i], (unsigned long long)count);
    buf_add_c(&rules, "]}");
    rc = post_put(p, buf_view(&rules), err);
    buf_free(&rules);
    post_close(p);
    return rc;
}
