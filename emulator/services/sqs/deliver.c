/* What other services put into queues. */
#include "emulator/services/sqs/sqs.h"

#include "core/aws/region.h"
#include "emulator/identity/identity.h"
#include "emulator/services/resource_policy.h"
#include "emulator/services/sqs/gauges.h"
#include "emulator/services/sqs/message.h"

static int check(struct arena *a, const struct sqs_queue *q, const struct sqs_message *m,
                 struct err *err)
{
    struct service_question question = { .policy = sqs_attribute(q, "Policy"),
                                         .action = STR("sqs:SendMessage"),
                                         .arn = q->arn,
                                         .service = m->service,
                                         .source_arn = m->source_arn };

    if (resource_policy_denies(a, &question))
        return err_set(err, E_DENIED, "the policy of %.*s denies %.*s", STR_ARG(q->arn),
                       STR_ARG(m->service));
    if (q->is_fifo && m->group_id.len == 0)
        return err_set(err, E_DENIED, "%.*s takes messages of a group only", STR_ARG(q->arn));
    if (q->is_fifo && m->deduplication_id.len == 0 &&
        !sqs_attribute_is(q, "ContentBasedDeduplication"))
        return err_set(err, E_DENIED, "%.*s wants a deduplication id", STR_ARG(q->arn));
    if ((int64_t)m->body.len > sqs_attribute_int(q, "MaximumMessageSize"))
        return err_set(err, E_DENIED, "a message of %zu bytes is too long for %.*s", m->body.len,
                       STR_ARG(q->arn));
    return 0;
}

int sqs_deliver(struct engine *e, struct arena *a, const struct sqs_message *m, struct err *err)
{
    struct sqs_queue q;
    struct value *sent;
    int rc = sqs_queue_load_arn(e->store, a, m->queue_arn, &q, err);

    if (rc == E_MISSING)
        return err_set(err, E_MISSING, "no queue %.*s", STR_ARG(m->queue_arn));
    if (rc == 0)
        rc = check(a, &q, m, err);
    if (rc < 0)
        return rc;
    struct sqs_put put = { .body = m->body,
                           .attributes = m->attributes,
                           .sender = principal_believed_id(a, q.at.account, m->service),
                           .group_id = m->group_id,
                           .deduplication_id = q.is_fifo ? m->deduplication_id : STR(""),
                           .delay_s = -1,
                           .now_ms = clock_now_ms(&e->clock),
                           .rng = m->rng };
    rc = sqs_put(e, a, &q, &put, &sent, err);
    return rc < 0 ? rc : sqs_gauges_wake(e, err);
}

/* "sqs.REGION.amazonaws.com" and "REGION.queue.amazonaws.com" say the region; our own do not. */
static struct str region_of(const struct engine *e, struct str url)
{
    ptrdiff_t after = str_find(url, STR("://"));
    struct str host, rest, word;

    (void)str_cut(str_sub(url, after < 0 ? 0 : (size_t)after + 3, url.len), '/', &host, &rest);
    while (host.len > 0) {
        (void)str_cut(host, '.', &word, &host); /* without '.' all of it is the word */
        if (region_find(word))
            return word;
    }
    return e->opt.region;
}

struct str sqs_arn_of_url(struct arena *a, const struct engine *e, struct str url)
{
    struct str account, name, region;

    if (str_has_prefix(url, STR("arn:")))
        return url;
    if (!sqs_url_parts(url, &account, &name) || account.len == 0)
        return (struct str){ 0 };
    region = region_of(e, url);
    return sqs_queue_of(a, (struct doc_key){ account, region, STR("sqs"), STR("Queue"), name },
                        NULL)
        .arn;
}
