/* The SNS topic of a trail, which is told of each log file. */
#include "core/aws/region.h"
#include "emulator/services/cloudtrail/cloudtrail.h"
#include "emulator/services/messaging.h"
#include "emulator/services/sns/sns.h"

#define NAME_MOST 256

/* Source: CloudTrail API Reference, CreateTrail, "SnsTopicName": a name, or the topic's ARN where
 * it is another region's or account's. */
static struct str topic_arn(struct ctx *cx, const struct call *call, struct str topic)
{
    struct str partition = region_partition(call->region);

    if (str_has_prefix(topic, STR("arn:")))
        return topic;
    return arena_printf(cx->a, "arn:%.*s:sns:%.*s:%.*s:%.*s", STR_ARG(partition),
                        STR_ARG(call->region), STR_ARG(call->account), STR_ARG(topic));
}

static bool is_name(struct str topic)
{
    return topic.len <= NAME_MOST &&
           messaging_is_plain(topic, str_has_prefix(topic, STR("arn:")) ? "-_:" : "-_");
}

/* Whoever reads the queue behind the topic finds this text first, and deletes it.
 * Source: aws-cloudtrail-processing-library, which knows it. */
static int greet(struct ctx *cx, struct str arn, const struct value *trail, struct err *why)
{
    return sns_deliver(cx->e, cx->a,
                       &(struct sns_notification){ .topic_arn = arn,
                                                   .message = STR("CloudTrail validation message."),
                                                   .service = STR("cloudtrail.amazonaws.com"),
                                                   .source_arn = value_get_str(trail, "TrailARN"),
                                                   .rng = &cx->rng },
                       NULL, why);
}

int ct_topic_ok(struct ctx *cx, const struct call *call, struct outcome *out, struct value *trail,
                struct err *err)
{
    struct str topic = value_get_str(trail, "SnsTopicName"), arn = topic_arn(cx, call, topic);
    struct err why = { 0 };

    (void)value_remove(trail, STR("SnsTopicARN")); /* or it was not there */
    if (topic.len == 0)
        return 1;
    if (!is_name(topic)) {
        outcome_refuse(cx->a, out, 400, "InvalidSnsTopicNameException",
                       "SNS Topic name contains invalid characters: %.*s", STR_ARG(topic));
        return 0;
    }
    int rc = greet(cx, arn, trail, &why);
    if (rc == E_MISSING || rc == E_DENIED) {
        outcome_refuse(cx->a, out, 400, "InsufficientSnsTopicPolicyException",
                       "SNS Topic does not exist or the topic policy is incorrect!");
        return 0;
    }
    value_put_str(cx->a, trail, "SnsTopicARN", arn);
    return rc < 0 ? err_set(err, rc, "%s", why.text) : 1;
}
