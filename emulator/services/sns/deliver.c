/* What other services publish. */
#include "emulator/services/resource_policy.h"
#include "emulator/services/sns/topic.h"

int sns_deliver(struct engine *e, struct arena *a, const struct sns_notification *n,
                struct str *message_id, struct err *err)
{
    struct sns_topic t;
    int rc = sns_topic_load(e->store, a, n->topic_arn, &t, err);

    if (rc == E_MISSING)
        return err_set(err, E_MISSING, "no topic %.*s", STR_ARG(n->topic_arn));
    if (rc < 0)
        return rc;
    struct service_question question = { .policy = sns_attribute(&t, "Policy"),
                                         .action = STR("SNS:Publish"),
                                         .arn = t.arn,
                                         .service = n->service,
                                         .source_arn = n->source_arn };
    if (resource_policy_denies(a, &question))
        return err_set(err, E_DENIED, "the policy of %.*s denies %.*s", STR_ARG(t.arn),
                       STR_ARG(n->service));
    if (t.is_fifo && n->group_id.len == 0)
        return err_set(err, E_DENIED, "%.*s takes messages of a group only", STR_ARG(t.arn));
    struct sns_publication p = { .message = n->message,
                                 .subject = n->subject,
                                 .attributes = n->attributes,
                                 .group_id = n->group_id,
                                 .deduplication_id = n->deduplication_id,
                                 .now_ms = clock_now_ms(&e->clock),
                                 .rng = n->rng };
    if (n->message.len > SNS_BYTES_MOST)
        return err_set(err, E_DENIED, "a message of %zu bytes is too long for %.*s", n->message.len,
                       STR_ARG(t.arn));
    rc = sns_publish(e, a, &t, &p, err);
    if (rc == 0 && message_id)
        *message_id = p.message_id;
    return rc;
}
