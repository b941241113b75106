#include "emulator/services/sns/topic.h"

#include "core/aws/arn.h"
#include "core/aws/region.h"
#include "emulator/services/resource_policy.h"

struct sns_topic sns_topic_of(struct arena *a, struct doc_key at, struct value *doc)
{
    return (struct sns_topic){
        .at = at,
        .arn = arena_printf(a, "arn:%.*s:sns:%.*s:%.*s:%.*s", STR_ARG(region_partition(at.region)),
                            STR_ARG(at.region), STR_ARG(at.account), STR_ARG(at.id)),
        .doc = doc,
        .is_fifo = str_has_suffix(at.id, STR(".fifo")),
    };
}

int sns_topic_load(struct store *s, struct arena *a, struct str arn, struct sns_topic *out,
                   struct err *err)
{
    struct arn parts;
    struct value *doc;

    if (arn_parse(arn, &parts, NULL) < 0 || !str_eq_c(parts.service, "sns"))
        return E_MISSING;
    struct doc_key at = { parts.account, parts.region, STR("sns"), STR("Topic"), parts.resource };
    int rc = store_doc_get(s, a, at, &doc, err);
    if (rc == 0)
        *out = sns_topic_of(a, at, doc);
    return rc;
}

struct str sns_attribute(const struct sns_topic *t, const char *name)
{
    return value_get_str(value_get_c(t->doc, "Attributes"), name);
}

/* Source: SNS API Reference, PublishBatch: sns:Publish is what it needs. */
static bool is_denied(struct job *j, const struct sns_topic *t)
{
    struct str action = j->call->action;

    if (str_eq_c(action, "PublishBatch"))
        action = STR("Publish");
    struct resource_question q = { .policy = sns_attribute(t, "Policy"),
                                   .action = arena_printf(j->a, "SNS:%.*s", STR_ARG(action)),
                                   .arn = t->arn };
    if (resource_policy_judge(j->cx, j->call, &q) != POLICY_DENY)
        return false;
    (void)job_refuse(j, "AuthorizationErrorException",
                     "User: %.*s is not authorized to perform: %.*s on resource: %.*s with an "
                     "explicit deny in a resource-based policy",
                     STR_ARG(j->call->who->arn), STR_ARG(q.action), STR_ARG(t->arn));
    return true;
}

bool sns_find(struct job *j, const char *member, struct sns_topic *t)
{
    struct str arn = job_text(j, member);
    struct arn parts;

    if (arn_parse(arn, &parts, NULL) < 0 || !str_eq_c(parts.service, "sns")) {
        (void)sns_refuse(j, "Invalid parameter: %s", member);
        return false;
    }
    if (!str_eq(parts.region, j->region)) {
        (void)sns_refuse(j, "Invalid parameter: %s", member);
        return false;
    }
    int rc = sns_topic_load(j->cx->e->store, j->a, arn, t, j->err);
    if (rc == E_MISSING)
        (void)job_refuse(j, "NotFoundException", "Topic does not exist");
    else
        j->rc = rc;
    if (rc < 0)
        return false;
    j->out->owner = t->at.account;
    return !is_denied(j, t);
}

int sns_save(struct job *j, const struct sns_topic *t)
{
    j->out->changed = true;
    j->rc = store_doc_put(j->cx->e->store, t->at, t->doc, j->err);
    return j->rc;
}

int sns_subscriptions(struct store *s, struct arena *a, const struct sns_topic *t, struct doc **out,
                      size_t *count, struct err *err)
{
    struct doc_key at = t->at;

    at.type = STR("Subscription");
    at.id = arena_printf(a, "%.*s/", STR_ARG(t->at.id));
    return store_doc_list(s, a, at, STR(""), 0, out, count, err);
}

bool sns_is_pending(const struct value *subscription)
{
    return value_get_str(subscription, "Token").len > 0;
}

struct str sns_setting(const struct value *subscription, const char *name)
{
    return value_get_str(value_get_c(subscription, "Attributes"), name);
}

struct str sns_base(struct arena *a, struct str host, struct str region)
{
    if (host.len > 0)
        return arena_printf(a, "http://%.*s", STR_ARG(host));
    return arena_printf(a, "https://sns.%.*s.amazonaws.com", STR_ARG(region));
}
