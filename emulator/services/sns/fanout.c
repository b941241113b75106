/* One message to many subscriptions. */
#include "core/aws/sigv4.h"
#include "core/codec/json.h"
#include "emulator/services/cloudwatch/metrics.h"
#include "emulator/services/repeats.h"
#include "emulator/services/sns/topic.h"
#include "emulator/services/sqs/sqs.h"
#include "emulator/telemetry/outbound.h"

struct fan {
    struct engine *e;
    struct arena *a;
    const struct sns_topic *t;
    const struct sns_publication *p;
    int64_t delivered, failed, filtered, buried, lost;
};

/* ---- metrics ---- */

static struct metric_dimension topic_dimension(const struct fan *f)
{
    return (struct metric_dimension){ STR("TopicName"), f->t->at.id };
}

/* Source: SNS Developer Guide, "Monitoring Amazon SNS topics using CloudWatch", metrics. */
static int count(struct fan *f, const char *name, const char *unit, double value, struct err *err)
{
    struct metric_dimension topic = topic_dimension(f);
    struct metric_datum d = { .account = f->t->at.account,
                              .region = f->t->at.region,
                              .namespace_ = STR("AWS/SNS"),
                              .name = str_c(name),
                              .dimensions = &topic,
                              .dimension_count = 1,
                              .unit = unit,
                              .time_ms = f->p->now_ms,
                              .count = 1,
                              .sum = value,
                              .least = value,
                              .most = value };

    return value > 0 ? metrics_add(f->e, &d, err) : 0;
}

static int count_all(struct fan *f, struct err *err)
{
    const struct {
        const char *name;
        int64_t count;
    } rows[] = { { "NumberOfMessagesPublished", 1 },
                 { "NumberOfNotificationsDelivered", f->delivered },
                 { "NumberOfNotificationsFailed", f->failed },
                 { "NumberOfNotificationsFilteredOut", f->filtered },
                 { "NumberOfNotificationsRedrivenToDlq", f->buried },
                 { "NumberOfNotificationsFailedToRedriveToDlq", f->lost } };
    int rc = count(f, "PublishSize", "Bytes", (double)f->p->message.len, err);

    for (size_t i = 0; rc == 0 && i < COUNT(rows); i++)
        rc = count(f, rows[i].name, "Count", (double)rows[i].count, err);
    return rc;
}

/* ---- what a subscription gets ---- */

/* Of a structured message the text for its protocol, else the default. */
static struct str text_for(struct fan *f, struct str protocol)
{
    struct value *texts;

    if (!f->p->is_structured || json_parse(f->a, f->p->message, &texts, NULL) < 0)
        return f->p->message;
    const struct value *own = value_get(texts, protocol);
    return own && own->kind == VALUE_STRING ? own->u.text : value_get_str(texts, "default");
}

static struct str unsubscribe_url(struct fan *f, const struct value *subscription)
{
    struct str base = sns_base(f->a, value_get_str(subscription, "Host"), f->t->at.region);

    return arena_printf(f->a, "%.*s/?Action=Unsubscribe&SubscriptionArn=%.*s", STR_ARG(base),
                        STR_ARG(value_get_str(subscription, "Arn")));
}

static bool is_raw(const struct value *subscription)
{
    return str_eq_c(sns_setting(subscription, "RawMessageDelivery"), "true");
}

static int body_for(struct fan *f, const struct value *subscription, struct str text,
                    struct str *out, struct err *err)
{
    struct sns_envelope n = {
        .type = "Notification",
        .message_id = f->p->message_id,
        .topic_arn = f->t->arn,
        .subject = f->p->subject,
        .message = text,
        .sequence = f->p->sequence,
        .unsubscribe_url = unsubscribe_url(f, subscription),
        .base = sns_base(f->a, value_get_str(subscription, "Host"), f->t->at.region),
        .region = f->t->at.region,
        .attributes = f->p->attributes,
        .now_ms = f->p->now_ms,
        .is_sha256 = str_eq_c(sns_attribute(f->t, "SignatureVersion"), "2"),
    };

    if (is_raw(subscription)) {
        *out = text;
        return 0;
    }
    return sns_envelope_write(f->e, f->a, &n, out, err);
}

/* Source: SNS Developer Guide, "Amazon SNS dead-letter queues". */
static struct str dead_letter_queue(struct arena *a, const struct value *subscription)
{
    struct str text = sns_setting(subscription, "RedrivePolicy");
    struct value *policy;

    if (text.len == 0 || json_parse(a, text, &policy, NULL) < 0)
        return (struct str){ 0 };
    return value_get_str(policy, "deadLetterTargetArn");
}

/* What a queue got wrong is not tried again: the message goes to the dead letters, or is lost. */
static int to_queue(struct fan *f, const struct value *subscription, struct str body,
                    struct err *err)
{
    struct str dead = dead_letter_queue(f->a, subscription);
    struct sqs_message m = { .queue_arn = value_get_str(subscription, "Endpoint"),
                             .body = body,
                             .attributes = is_raw(subscription) ? f->p->attributes : NULL,
                             .group_id = f->p->group_id,
                             .deduplication_id = f->p->deduplication_id,
                             .service = STR("sns.amazonaws.com"),
                             .source_arn = f->t->arn,
                             .rng = f->p->rng };
    struct err why = { 0 };
    int rc = m.attributes && m.attributes->count > 10
                 ? E_DENIED /* Source: SNS Developer Guide, "raw message delivery": at most 10 */
                 : sqs_deliver(f->e, f->a, &m, &why);

    f->delivered += rc == 0;
    if (rc != E_MISSING && rc != E_DENIED)
        return rc < 0 ? err_set(err, rc, "%s", why.text) : 0;
    f->failed++;
    m.queue_arn = dead;
    if (dead.len == 0)
        return 0;
    rc = sqs_deliver(f->e, f->a, &m, &why);
    f->buried += rc == 0;
    f->lost += rc == E_MISSING || rc == E_DENIED;
    return rc == E_MISSING || rc == E_DENIED ? 0 : rc;
}

static void put_header(struct fan *f, struct value *headers, const char *name, struct str text)
{
    value_put_str(f->a, headers, name, text);
}

/* Source: SNS Developer Guide, "HTTP/HTTPS headers". */
static struct value *headers_of(struct fan *f, const struct value *subscription, const char *type,
                                struct str message_id)
{
    struct value *h = value_map(f->a);

    put_header(f, h, "x-amz-sns-message-type", str_c(type));
    put_header(f, h, "x-amz-sns-message-id", message_id);
    put_header(f, h, "x-amz-sns-topic-arn", f->t->arn);
    if (value_get_str(subscription, "Token").len == 0)
        put_header(f, h, "x-amz-sns-subscription-arn", value_get_str(subscription, "Arn"));
    if (is_raw(subscription) && strcmp(type, "Notification") == 0)
        put_header(f, h, "x-amz-sns-rawdelivery", STR("true"));
    put_header(f, h, "Content-Type", STR("text/plain; charset=UTF-8"));
    put_header(f, h, "User-Agent", STR("Amazon Simple Notification Service Agent"));
    return h;
}

static int to_http(struct fan *f, const struct value *subscription, const char *type,
                   struct str message_id, struct str body, struct err *err)
{
    int64_t delays[SNS_RETRIES_MOST];
    struct metric_dimension topic = topic_dimension(f);
    struct outbound o = { .url = value_get_str(subscription, "Endpoint"),
                          .headers = headers_of(f, subscription, type, message_id),
                          .body = body,
                          .delays_ms = delays,
                          .dead_letter_queue = dead_letter_queue(f->a, subscription),
                          .account = f->t->at.account,
                          .region = f->t->at.region,
                          .service = STR("sns"),
                          .metrics = { .namespace_ = "AWS/SNS",
                                       .delivered = "NumberOfNotificationsDelivered",
                                       .failed = "NumberOfNotificationsFailed",
                                       .buried = "NumberOfNotificationsRedrivenToDlq",
                                       .lost = "NumberOfNotificationsFailedToRedriveToDlq",
                                       .dimensions = &topic,
                                       .dimension_count = 1 } };
    struct err why = { 0 };

    o.delay_count = sns_policy_delays(f->a, f->t, subscription, delays);
    int rc = outbound_put(f->e, f->a, &o, &why);
    if (rc == E_PARSE || rc == E_DENIED) { /* allowed once, when it was subscribed */
        f->failed++;
        return 0;
    }
    return rc < 0 ? err_set(err, rc, "%s", why.text) : 0;
}

static int deliver(struct fan *f, const struct value *subscription, struct err *err)
{
    struct str protocol = value_get_str(subscription, "Protocol");
    struct str text = text_for(f, protocol), body;

    if (sns_is_pending(subscription))
        return 0;
    if (!sns_filter_takes(f->a, subscription, f->p->attributes, f->p->message)) {
        f->filtered++;
        return 0;
    }
    int rc = body_for(f, subscription, text, &body, err);
    if (rc < 0)
        return rc;
    return str_eq_c(protocol, "sqs")
               ? to_queue(f, subscription, body, err)
               : to_http(f, subscription, "Notification", f->p->message_id, body, err);
}

/* ---- FIFO topics ---- */

static struct repeats repeats_of(struct fan *f)
{
    return (struct repeats){ f->e->store, f->t->at,
                             arena_printf(f->a, "sns/%.*s", STR_ARG(f->t->arn)) };
}

static int next_sequence(struct fan *f, struct str *out, struct err *err)
{
    struct doc_key at = f->t->at;
    struct value *doc;

    at.type = STR("Counter");
    int rc = store_doc_get(f->e->store, f->a, at, &doc, err);
    if (rc == E_MISSING) {
        doc = value_map(f->a);
        rc = 0;
    }
    if (rc < 0)
        return rc;
    int64_t n = value_get_int(doc, "Next", 0);
    *out = arena_printf(f->a, "1%019lld", (long long)n * 1000); /* Source: real ones, as of a new
                                                                 * topic: 10000000000000000000 */
    value_put_int(f->a, doc, "Next", n + 1);
    return store_doc_put(f->e->store, at, doc, err);
}

/* A duplicate gets the answer of the first: *known. */
static int admit(struct fan *f, struct sns_publication *p, bool *known, struct err *err)
{
    struct repeats r = repeats_of(f);
    struct value *sent = NULL;
    struct str id = p->deduplication_id;

    if (str_eq_c(sns_attribute(f->t, "FifoThroughputScope"), "MessageGroup"))
        id = arena_printf(f->a, "%.*s/%.*s", STR_ARG(p->group_id), STR_ARG(id));
    int rc = repeats_find(&r, f->a, id, p->now_ms, &sent, err);
    *known = rc == 0;
    if (rc == 0) {
        p->message_id = value_get_str(sent, "Id");
        p->sequence = value_get_str(sent, "Sequence");
    }
    if (rc != E_MISSING)
        return rc;
    if ((rc = next_sequence(f, &p->sequence, err)) < 0)
        return rc;
    sent = value_map(f->a);
    value_put_str(f->a, sent, "Id", p->message_id);
    value_put_str(f->a, sent, "Sequence", p->sequence);
    return repeats_keep(&r, f->a, id, p->now_ms, sent, err);
}

static struct str hash_of(struct arena *a, struct str message)
{
    char hex[65];

    sha256_hex(message, hex);
    return arena_copy(a, str_c(hex));
}

int sns_publish(struct engine *e, struct arena *a, const struct sns_topic *t,
                struct sns_publication *p, struct err *err)
{
    struct fan f = { .e = e, .a = a, .t = t, .p = p };
    struct doc *docs;
    size_t count_docs;
    bool known = false;
    char uuid[37];
    int rc = 0;

    rng_uuid(p->rng, uuid);
    p->message_id = arena_copy(a, str_c(uuid));
    /* Source: SNS Developer Guide, "Message deduplication for FIFO topics": of the body alone. */
    if (t->is_fifo && p->deduplication_id.len == 0)
        p->deduplication_id = hash_of(a, p->message);
    if (t->is_fifo)
        rc = admit(&f, p, &known, err);
    if (rc < 0 || known)
        return rc;
    rc = sns_subscriptions(e->store, a, t, &docs, &count_docs, err);
    for (size_t i = 0; rc == 0 && i < count_docs; i++)
        rc = deliver(&f, docs[i].value, err);
    return rc < 0 ? rc : count_all(&f, err);
}

/* ---- to one alone ---- */

/* Source: SNS Developer Guide, "HTTP/HTTPS subscription confirmation JSON format". */
static struct str notice_text(struct arena *a, enum sns_notice what, struct str of)
{
    return what == SNS_CONFIRM
               ? arena_printf(a,
                              "You have chosen to subscribe to the topic %.*s.\nTo confirm the "
                              "subscription, visit the SubscribeURL included in this message.",
                              STR_ARG(of))
               : arena_printf(a,
                              "You have chosen to deactivate subscription %.*s.\nTo cancel this "
                              "operation and restore the subscription, visit the SubscribeURL "
                              "included in this message.",
                              STR_ARG(of));
}

int sns_tell(struct engine *e, struct arena *a, const struct sns_topic *t,
             const struct value *subscription, enum sns_notice what, struct rng *rng,
             struct err *err)
{
    struct sns_publication p = { .now_ms = clock_now_ms(&e->clock), .rng = rng };
    struct fan f = { .e = e, .a = a, .t = t, .p = &p };
    struct str base = sns_base(a, value_get_str(subscription, "Host"), t->at.region), body;
    struct str of = what == SNS_CONFIRM ? t->arn : value_get_str(subscription, "Arn");
    struct str token = value_get_str(subscription, "Token");
    char uuid[37];

    rng_uuid(rng, uuid);
    struct sns_envelope n = {
        .type = what == SNS_CONFIRM ? "SubscriptionConfirmation" : "UnsubscribeConfirmation",
        .message_id = str_c(uuid),
        .topic_arn = t->arn,
        .message = notice_text(a, what, of),
        .token = token,
        .subscribe_url =
            arena_printf(a, "%.*s/?Action=ConfirmSubscription&TopicArn=%.*s&Token=%.*s",
                         STR_ARG(base), STR_ARG(t->arn), STR_ARG(token)),
        .base = base,
        .region = t->at.region,
        .now_ms = p.now_ms,
        .is_sha256 = str_eq_c(sns_attribute(t, "SignatureVersion"), "2"),
    };
    int rc = sns_envelope_write(e, a, &n, &body, err);
    if (rc < 0)
        return rc;
    return str_eq_c(value_get_str(subscription, "Protocol"), "sqs")
               ? to_queue(&f, subscription, body, err)
               : to_http(&f, subscription, n.type, n.message_id, body, err);
}
