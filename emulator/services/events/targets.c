#include "emulator/services/events/targets.h"

#include "core/aws/arn.h"
#include "core/codec/json.h"
#include "emulator/services/events/destinations.h"
#include "emulator/services/events/responders.h"
#include "emulator/services/events/transform.h"
#include "emulator/services/logs/logs.h"
#include "emulator/services/sns/sns.h"
#include "emulator/services/sqs/sqs.h"

/* ---- kinds of targets ---- */

typedef int deliver_fn(struct delivery *d, const struct arn *arn, struct err *err);

static int to_queue(struct delivery *d, const struct arn *arn, struct err *err)
{
    const struct sqs_message m = {
        .queue_arn = d->arn,
        .body = d->input,
        .group_id = value_get_str(value_get_c(d->target, "SqsParameters"), "MessageGroupId"),
        .service = STR("events.amazonaws.com"),
        .source_arn = d->rule->arn,
        .rng = d->ev->rng,
    };

    (void)arn; /* the queue's own is enough */
    return sqs_deliver(d->e, d->a, &m, err);
}

static int to_topic(struct delivery *d, const struct arn *arn, struct err *err)
{
    const struct sns_notification n = { .topic_arn = d->arn,
                                        .message = d->input,
                                        .service = STR("events.amazonaws.com"),
                                        .source_arn = d->rule->arn,
                                        .rng = d->ev->rng };

    (void)arn; /* the topic's own is enough */
    return sns_deliver(d->e, d->a, &n, NULL, err);
}

/* What a transformer makes for a log group: {"timestamp": ..., "message": ...}.
 * Source: EventBridge User Guide, "Input transformation", example "Amazon CloudWatch log group". */
static struct logs_event log_event(struct delivery *d)
{
    struct logs_event event = { clock_now_ms(&d->e->clock), d->input };
    const struct value *message, *time;
    struct value *v;
    int64_t ms;

    if (!value_get_c(d->target, "InputTransformer") || json_parse(d->a, d->input, &v, NULL) < 0)
        return event;
    message = value_get_c(v, "message");
    time = value_get_c(v, "timestamp");
    if (!message || message->kind != VALUE_STRING || !time)
        return event;
    event.message = message->u.text;
    if (time->kind == VALUE_INT)
        event.time_ms = time->u.integer;
    else if (time->kind == VALUE_STRING && clock_parse(time->u.text, &ms, NULL) == 0)
        event.time_ms = ms;
    return event;
}

/* Each event gets a stream of its own name. Source: seen of AWS: streams under a group that a rule
 * writes to are named by UUIDs. */
static int to_log_group(struct delivery *d, const struct arn *arn, struct err *err)
{
    struct str kind, group, rest;
    struct logs_target to = {
        .account = arn->account, .region = arn->region, .makes_stream = true, .rng = d->ev->rng
    };
    struct logs_event event = log_event(d);
    char stream[37];

    if (!str_cut(arn->resource, ':', &kind, &group) || !str_eq_c(kind, "log-group"))
        return err_set(err, E_MISSING, "%.*s is no log group", STR_ARG(d->arn));
    (void)str_cut(group, ':', &to.group, &rest); /* ":*" at the end, or nothing */
    rng_uuid(d->ev->rng, stream);
    to.stream = str_c(stream);
    return logs_append(d->e, d->a, &to, &event, 1, err);
}

/* Source: EventBridge User Guide, "Sending and receiving events between event buses": what was
 * forwarded once is not forwarded again. */
static int to_bus(struct delivery *d, struct err *err)
{
    struct bus_event ev = *d->ev;

    if (d->ev->is_forwarded)
        return 0;
    if (!bus_of_arn(d->arn, &ev))
        return err_set(err, E_MISSING, "%.*s is no event bus", STR_ARG(d->arn));
    ev.is_forwarded = true;
    ev.is_read = false; /* the bus that received it from CloudTrail has judged */
    ev.only = NULL;
    int rc = bus_check(d->e, d->a, &ev, err);
    return rc < 0 ? rc : bus_put(d->e, d->a, &ev, err);
}

static int to_events(struct delivery *d, const struct arn *arn, struct err *err)
{
    return str_has_prefix(arn->resource, STR("api-destination/")) ? destinations_deliver(d, err)
                                                                  : to_bus(d, err);
}

static int to_function(struct delivery *d, const struct arn *arn, struct err *err)
{
    return responders_accept(d, arn, err);
}

/* By the service in the target's ARN. What is not here is no target that this program has. */
static const struct {
    const char *service;
    deliver_fn *deliver;
} kinds[] = {
    { "sqs", to_queue },     { "sns", to_topic },       { "logs", to_log_group },
    { "events", to_events }, { "lambda", to_function },
};

static deliver_fn *deliver_of(const struct arn *arn)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_eq_c(arn->service, kinds[i].service))
            return kinds[i].deliver;
    return NULL;
}

/* ---- dead letters ---- */

static void attribute(struct delivery *d, struct value *map, const char *name, struct str text,
                      const char *type)
{
    struct value *v = value_map(d->a);

    value_put_c(d->a, v, "DataType", type);
    value_put_str(d->a, v, "StringValue", text);
    value_set(map, str_c(name), v);
}

/* Source: EventBridge User Guide, "Using dead-letter queues to process undelivered events", message
 * attributes. */
struct value *targets_letter_attributes(struct delivery *d)
{
    struct value *map = value_map(d->a);

    attribute(d, map, "RULE_ARN", d->rule->arn, "String");
    attribute(d, map, "TARGET_ARN", d->arn, "String");
    return map;
}

static struct value *all_attributes(struct delivery *d, const struct failure *f)
{
    struct value *map = targets_letter_attributes(d);

    attribute(d, map, "ERROR_CODE", str_c(f->code), "String");
    attribute(d, map, "ERROR_MESSAGE", f->message, "String");
    if (f->exhausted) {
        attribute(d, map, "RETRY_ATTEMPTS", arena_printf(d->a, "%lld", (long long)f->attempts),
                  "Number");
        attribute(d, map, "EXHAUSTED_RETRY_CONDITION", str_c(f->exhausted), "String");
    }
    return map;
}

struct str targets_event_text(struct delivery *d)
{
    struct buf json = { 0 };

    json_write(&json, d->ev->envelope);
    struct str text = arena_copy(d->a, buf_view(&json));
    buf_free(&json);
    return text;
}

static int bury(struct delivery *d, struct str queue, const struct failure *f, struct err *err)
{
    const struct sqs_message m = { .queue_arn = queue,
                                   .body = targets_event_text(d),
                                   .attributes = all_attributes(d, f),
                                   .service = STR("events.amazonaws.com"),
                                   .source_arn = d->rule->arn,
                                   .rng = d->ev->rng };
    struct err why = { 0 };
    int rc = sqs_deliver(d->e, d->a, &m, &why);

    if (rc == E_MISSING || rc == E_DENIED)
        return bus_count(d->e, d->rule, "InvocationsFailedToBeSentToDlq", err);
    return rc < 0 ? err_set(err, rc, "%s", why.text)
                  : bus_count(d->e, d->rule, "InvocationsSentToDlq", err);
}

int targets_give_up(struct delivery *d, const struct failure *f, struct err *err)
{
    struct str queue = value_get_str(value_get_c(d->target, "DeadLetterConfig"), "Arn");
    int rc = bus_count(d->e, d->rule, "FailedInvocations", err);

    return rc == 0 && queue.len > 0 ? bury(d, queue, f, err) : rc;
}

/* ---- delivery ---- */

/* Source: the same, "ERROR_CODE": what no retry can mend is not retried. */
static const struct {
    int rc;
    const char *code;
} fatal[] = { { E_MISSING, "NO_RESOURCE" },
              { E_DENIED, "NO_PERMISSIONS" },
              { E_PARSE, "INVALID_JSON" } };

static int give_up_at_once(struct delivery *d, int rc, const struct err *why, struct err *err)
{
    size_t i = 0;

    while (i < COUNT(fatal) && fatal[i].rc != rc)
        i++;
    if (i == COUNT(fatal))
        return err_set(err, rc, "%s", why->text);
    const struct failure f = { .code = fatal[i].code,
                               .message = arena_copy(d->a, str_c(why->text)) };

    return targets_give_up(d, &f, err);
}

static int deliver(struct delivery *d, struct err *err)
{
    const struct transform_of of = { d->ev->envelope, d->rule->arn, d->rule->name,
                                     d->ev->ingested_ms };
    struct arn arn;
    deliver_fn *run = arn_parse(d->arn, &arn, NULL) == 0 ? deliver_of(&arn) : NULL;
    int rc = transform(d->a, d->target, &of, &d->input, err);

    if (rc < 0)
        return rc;
    return run ? run(d, &arn, err)
               : err_set(err, E_MISSING, "mocktrail has no target of this kind: %.*s",
                         STR_ARG(d->arn));
}

int targets_deliver(struct delivery *d, struct err *err)
{
    struct err why = { 0 };

    d->arn = value_get_str(d->target, "Arn");
    int rc = bus_count(d->e, d->rule, "Invocations", err);
    if (rc < 0)
        return rc;
    rc = deliver(d, &why);
    return rc < 0 ? give_up_at_once(d, rc, &why, err) : 0;
}
