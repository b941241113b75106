/* Subscriptions: asked for, confirmed, set, listed, ended. */
#include "core/aws/arn.h"
#include "core/codec/json.h"
#include "emulator/identity/identity.h"
#include "emulator/services/sns/topic.h"
#include "emulator/telemetry/outbound.h"

#define TOKEN_LIFE_MS                                                                              \
    (3 * 86400000ll)    /* Source: SNS API Reference, ConfirmSubscription: 3 days                  \
                         */
#define TOKEN_CHARS 224 /* as long as real ones */
#define PAGE        100 /* Source: SNS API Reference, ListSubscriptions */

/* ---- where to ---- */

enum way { AT_ONCE, BY_TOKEN, NOT_DONE };

/* Source: SNS API Reference, Subscribe, "Protocol". email is kept, and stays pending for ever:
 * nothing here sends mail. */
static const struct {
    const char *name;
    enum way way;
} protocols[] = {
    { "http", BY_TOKEN },   { "https", BY_TOKEN },      { "sqs", AT_ONCE },
    { "email", BY_TOKEN },  { "email-json", BY_TOKEN }, { "sms", NOT_DONE },
    { "lambda", NOT_DONE }, { "firehose", NOT_DONE },   { "application", NOT_DONE },
};

static bool check_url(struct job *j, struct str protocol, struct str endpoint)
{
    struct err why = { 0 };

    if (!str_has_prefix(endpoint, arena_printf(j->a, "%.*s://", STR_ARG(protocol))))
        (void)sns_refuse(j, "Invalid parameter: Endpoint must match the specified protocol");
    else if (outbound_check(j->cx->e, endpoint, &why) < 0)
        (void)sns_refuse(j, "Invalid parameter: Endpoint Reason: %s", why.text);
    return !job_stopped(j);
}

static bool check_queue(struct job *j, const struct sns_topic *t, struct str endpoint)
{
    struct arn parts;

    if (arn_parse(endpoint, &parts, NULL) < 0 || !str_eq_c(parts.service, "sqs"))
        (void)sns_refuse(j, "Invalid parameter: SQS endpoint ARN");
    else if (!t->is_fifo && str_has_suffix(endpoint, STR(".fifo")))
        (void)sns_refuse(j, "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS "
                            "Queues can not be subscribed to standard SNS topics");
    return !job_stopped(j);
}

static bool check_endpoint(struct job *j, const struct sns_topic *t)
{
    struct str protocol = job_text(j, "Protocol"), endpoint = job_text(j, "Endpoint");
    size_t i = 0;

    while (i < COUNT(protocols) && !str_eq_c(protocol, protocols[i].name))
        i++;
    if (i == COUNT(protocols))
        (void)sns_refuse(j,
                         "Invalid parameter: Amazon SNS does not support this protocol string: "
                         "%.*s",
                         STR_ARG(protocol));
    else if (protocols[i].way == NOT_DONE)
        outcome_refuse(j->a, j->out, 501, "NotImplemented",
                       "mocktrail delivers to http, https and sqs, not to %.*s", STR_ARG(protocol));
    else if (endpoint.len == 0)
        (void)sns_refuse(j, "Invalid parameter: Endpoint");
    else if (t->is_fifo && !str_eq_c(protocol, "sqs"))
        (void)sns_refuse(j,
                         "Invalid parameter: Invalid parameter: Endpoint Reason: Please use FIFO "
                         "SQS queue");
    else if (str_eq_c(protocol, "sqs"))
        return check_queue(j, t, endpoint);
    else if (str_has_prefix(protocol, STR("http")))
        return check_url(j, protocol, endpoint);
    else if (str_find(endpoint, STR("@")) <= 0)
        (void)sns_refuse(j, "Invalid parameter: Email address");
    return !job_stopped(j);
}

/* ---- attributes ---- */

static bool is_queue(struct arena *a, struct str text)
{
    struct value *policy;
    struct arn parts;

    return json_parse(a, text, &policy, NULL) == 0 && policy->kind == VALUE_MAP &&
           arn_parse(value_get_str(policy, "deadLetterTargetArn"), &parts, NULL) == 0 &&
           str_eq_c(parts.service, "sqs");
}

static int refuse_attribute(struct job *j, const char *reason)
{
    return sns_refuse(j, "Invalid parameter: Attributes Reason: %s", reason);
}

/* Returns j->rc; the policy is checked with the scope that holds in the end. */
static int set_attribute(struct job *j, struct value *s, struct str name, struct str text)
{
    struct value *all = value_get_c(s, "Attributes");
    struct err why = { 0 };

    if (str_eq_c(name, "RawMessageDelivery")) {
        if (!str_eq_c(text, "true") && !str_eq_c(text, "false"))
            return refuse_attribute(j, "RawMessageDelivery: Invalid value, must be true or false");
    } else if (str_eq_c(name, "FilterPolicyScope")) {
        if (!str_eq_c(text, "MessageAttributes") && !str_eq_c(text, "MessageBody"))
            return refuse_attribute(j,
                                    "FilterPolicyScope: Invalid value, must be MessageAttributes "
                                    "or MessageBody");
    } else if (str_eq_c(name, "DeliveryPolicy")) {
        if (text.len > 0 && sns_policy_check(j->a, text, false, &why) < 0)
            return refuse_attribute(j, why.text);
    } else if (str_eq_c(name, "RedrivePolicy")) {
        if (text.len > 0 && !is_queue(j->a, text))
            return refuse_attribute(j, "RedrivePolicy: deadLetterTargetArn is an invalid arn");
    } else if (str_eq_c(name, "ReplayPolicy") || str_eq_c(name, "SubscriptionRoleArn")) {
        return refuse_attribute(j, "mocktrail does neither replay nor Firehose");
    } else if (!str_eq_c(name, "FilterPolicy")) {
        return sns_refuse(j, "Invalid parameter: AttributeName");
    }
    if (text.len == 0)
        (void)value_remove(all, name); /* absent is no error */
    else
        value_put_str(j->a, all, arena_copy(j->a, name).ptr, text);
    return j->rc;
}

static int check_filter(struct job *j, const struct value *s)
{
    struct str text = sns_setting(s, "FilterPolicy");
    struct err why = { 0 };

    if (!job_stopped(j) && text.len > 0 &&
        sns_filter_check(j->a, text, sns_setting(s, "FilterPolicyScope"), &why) < 0)
        return sns_refuse(j, "Invalid parameter: %s", why.text);
    return j->rc;
}

/* ---- Subscribe ---- */

static struct value *find_same(struct job *j, const struct sns_topic *t)
{
    struct doc *docs;
    size_t count = 0;

    j->rc = sns_subscriptions(j->cx->e->store, j->a, t, &docs, &count, j->err);
    for (size_t i = 0; j->rc == 0 && i < count; i++)
        if (str_eq(value_get_str(docs[i].value, "Protocol"), job_text(j, "Protocol")) &&
            str_eq(value_get_str(docs[i].value, "Endpoint"), job_text(j, "Endpoint")))
            return docs[i].value;
    return NULL;
}

static int save(struct job *j, const struct sns_topic *t, const struct value *s)
{
    struct doc_key at = t->at;
    struct str arn = value_get_str(s, "Arn"), topic, id;

    (void)str_rcut(arn, ':', &topic, &id); /* written so */
    at.type = STR("Subscription");
    at.id = arena_printf(j->a, "%.*s/%.*s", STR_ARG(t->at.id), STR_ARG(id));
    j->out->changed = true;
    j->rc = store_doc_put(j->cx->e->store, at, s, j->err);
    return j->rc;
}

/* A queue of the caller's own account says yes by itself. */
static bool needs_token(struct job *j)
{
    struct arn parts;

    return !str_eq_c(job_text(j, "Protocol"), "sqs") ||
           arn_parse(job_text(j, "Endpoint"), &parts, NULL) < 0 ||
           !str_eq(parts.account, j->account);
}

static struct value *new_subscription(struct job *j, const struct sns_topic *t)
{
    struct value *s = value_map(j->a);

    value_put_str(j->a, s, "Arn",
                  arena_printf(j->a, "%.*s:%.*s", STR_ARG(t->arn), STR_ARG(job_uuid(j))));
    value_put_str(j->a, s, "TopicArn", t->arn);
    value_put_str(j->a, s, "Owner", j->account);
    value_put_str(j->a, s, "Principal", j->call->who->arn);
    value_put_str(j->a, s, "Protocol", job_text(j, "Protocol"));
    value_put_str(j->a, s, "Endpoint", job_text(j, "Endpoint"));
    value_put_time(j->a, s, "Created", j->cx->now_ms);
    if (j->call->door == DOOR_HTTP)
        value_put_str(j->a, s, "Host", j->call->host);
    value_set(s, STR("Attributes"), value_map(j->a));
    if (needs_token(j))
        value_put_str(j->a, s, "Token",
                      rng_chars(&j->cx->rng, j->a, STR("0123456789abcdef"), TOKEN_CHARS));
    return s;
}

static int answer(struct job *j, const struct value *s)
{
    const struct value *asked = param(j->call, "ReturnSubscriptionArn");
    bool shows = !sns_is_pending(s) || (asked && asked->kind == VALUE_BOOL && asked->u.boolean);

    job_answer(j, "SubscriptionArn",
               shows ? value_str(j->a, value_get_str(s, "Arn"))
                     : value_c(j->a, "pending confirmation"));
    return j->rc;
}

static int answer_same(struct job *j, const struct sns_topic *t, struct value *same)
{
    const struct value *given = param(j->call, "Attributes");

    for (const struct value *v = value_first(given); v; v = v->next)
        if (!str_eq(sns_setting(same, arena_copy(j->a, v->name).ptr), v->u.text))
            return sns_refuse(j, "Invalid parameter: Attributes Reason: Subscription already "
                                 "exists with different attributes");
    /* Asked again, it is told again. */
    if (sns_is_pending(same) && !str_has_prefix(value_get_str(same, "Protocol"), STR("email"))) {
        j->out->changed = true;
        j->rc = sns_tell(j->cx->e, j->a, t, same, SNS_CONFIRM, &j->cx->rng, j->err);
    }
    return answer(j, same);
}

HANDLER(sns, Subscribe)
{
    const struct value *given = param(j->call, "Attributes");
    struct sns_topic t;

    if (!sns_find(j, "TopicArn", &t) || !check_endpoint(j, &t))
        return j->rc;
    struct value *same = find_same(j, &t);
    if (j->rc < 0 || same)
        return j->rc < 0 ? j->rc : answer_same(j, &t, same);
    struct value *s = new_subscription(j, &t);
    for (const struct value *v = value_first(given); v && !job_stopped(j); v = v->next)
        (void)set_attribute(j, s, v->name, v->u.text); /* j tells */
    if (check_filter(j, s) < 0 || job_stopped(j) || save(j, &t, s) < 0)
        return j->rc;
    if (sns_is_pending(s) && !str_has_prefix(value_get_str(s, "Protocol"), STR("email")))
        j->rc = sns_tell(j->cx->e, j->a, &t, s, SNS_CONFIRM, &j->cx->rng, j->err);
    return answer(j, s);
}

/* Whoever has the token may. Source: SNS API Reference, ConfirmSubscription. */
HANDLER(sns, ConfirmSubscription)
{
    struct sns_topic t;
    struct doc *docs;
    size_t count = 0;

    if (!sns_find(j, "TopicArn", &t))
        return j->rc;
    j->rc = sns_subscriptions(j->cx->e->store, j->a, &t, &docs, &count, j->err);
    for (size_t i = 0; j->rc == 0 && i < count; i++) {
        struct value *s = docs[i].value;

        if (!sns_is_pending(s) || !str_eq(value_get_str(s, "Token"), job_text(j, "Token")))
            continue;
        if (value_get_time(s, "Created", 0) + TOKEN_LIFE_MS < j->cx->now_ms)
            break;
        (void)value_remove(s, STR("Token")); /* it was there */
        value_put_bool(j->a, s, "Guarded",
                       str_eq_c(job_text(j, "AuthenticateOnUnsubscribe"), "true"));
        value_put_bool(j->a, s, "Authenticated", j->call->auth != AUTH_NONE);
        return save(j, &t, s) < 0 ? j->rc : answer(j, s);
    }
    return j->rc < 0 ? j->rc : sns_refuse(j, "Invalid token");
}

/* ---- one of them ---- */

struct found {
    struct sns_topic t;
    struct value *s; /* NULL: there is none */
    struct doc_key at;
};

/* arn:aws:sns:REGION:ACCOUNT:TOPIC:UUID. False: refused as no ARN, or failed. */
static bool find(struct job *j, struct found *f)
{
    struct str arn = job_text(j, "SubscriptionArn"), topic, id;

    *f = (struct found){ .s = NULL };
    if (!str_rcut(arn, ':', &topic, &id) || id.len != 36) {
        (void)sns_refuse(j, "Invalid parameter: SubscriptionId");
        return false;
    }
    int rc = sns_topic_load(j->cx->e->store, j->a, topic, &f->t, j->err);
    if (rc == 0) {
        f->at = f->t.at;
        f->at.type = STR("Subscription");
        f->at.id = arena_printf(j->a, "%.*s/%.*s", STR_ARG(f->t.at.id), STR_ARG(id));
        rc = store_doc_get(j->cx->e->store, j->a, f->at, &f->s, j->err);
    }
    j->rc = rc == E_MISSING ? 0 : rc;
    return j->rc == 0;
}

static bool find_or_refuse(struct job *j, struct found *f)
{
    if (!find(j, f))
        return false;
    if (!f->s)
        (void)job_refuse(j, "NotFoundException", "Subscription does not exist");
    return f->s != NULL;
}

/* Ending what is not there succeeds. */
HANDLER(sns, Unsubscribe)
{
    struct found f;

    if (!find(j, &f) || !f.s)
        return j->rc;
    if (value_get_bool(f.s, "Guarded", false) && j->call->auth == AUTH_NONE)
        return job_refuse(j, "AuthorizationErrorException",
                          "User: anonymous is not authorized to unsubscribe.");
    j->out->changed = true;
    value_put_int(j->a, f.t.doc, "Deleted", value_get_int(f.t.doc, "Deleted", 0) + 1);
    if ((j->rc = store_doc_delete(j->cx->e->store, f.at, j->err)) < 0 || sns_save(j, &f.t) < 0)
        return j->rc;
    if (str_has_prefix(value_get_str(f.s, "Protocol"), STR("http")) && !sns_is_pending(f.s))
        j->rc = sns_tell(j->cx->e, j->a, &f.t, f.s, SNS_GONE, &j->cx->rng, j->err);
    return j->rc;
}

HANDLER(sns, SetSubscriptionAttributes)
{
    struct found f;

    if (!find_or_refuse(j, &f) ||
        set_attribute(j, f.s, job_text(j, "AttributeName"), job_text(j, "AttributeValue")) < 0 ||
        check_filter(j, f.s) < 0 || job_stopped(j))
        return j->rc;
    return save(j, &f.t, f.s);
}

static void put_flag(struct job *j, struct value *all, const char *name, bool is_so)
{
    value_put_c(j->a, all, name, is_so ? "true" : "false");
}

HANDLER(sns, GetSubscriptionAttributes)
{
    static const char *const members[] = { "TopicArn", "Owner", "Protocol", "Endpoint" };
    struct value *all = value_map(j->a);
    struct found f;

    if (!find_or_refuse(j, &f))
        return j->rc;
    value_put_str(j->a, all, "SubscriptionArn", value_get_str(f.s, "Arn"));
    for (size_t i = 0; i < COUNT(members); i++)
        value_put_str(j->a, all, members[i], value_get_str(f.s, members[i]));
    value_put_str(j->a, all, "SubscriptionPrincipal", value_get_str(f.s, "Principal"));
    put_flag(j, all, "PendingConfirmation", sns_is_pending(f.s));
    put_flag(j, all, "ConfirmationWasAuthenticated",
             value_get_bool(f.s, "Authenticated", !sns_is_pending(f.s)));
    put_flag(j, all, "RawMessageDelivery", false);
    for (const struct value *v = value_first(value_get_c(f.s, "Attributes")); v; v = v->next)
        value_set(all, v->name, value_copy(j->a, v));
    if (value_get_c(all, "FilterPolicy") && !value_get_c(all, "FilterPolicyScope"))
        value_put_c(j->a, all, "FilterPolicyScope", "MessageAttributes");
    job_answer(j, "Attributes", all);
    return 0;
}

/* ---- lists ---- */

static const struct paging pages = { .limit = "MaxResults",
                                     .token = "NextToken",
                                     .next = "NextToken",
                                     .least = 1,
                                     .most = PAGE,
                                     .fallback = PAGE,
                                     .code = "InvalidParameterException" };

static struct value *row_of(struct job *j, const struct value *s)
{
    static const char *const members[] = { "Owner", "Protocol", "Endpoint", "TopicArn", NULL };
    struct value *row = value_map(j->a);

    value_put_str(j->a, row, "SubscriptionArn",
                  sns_is_pending(s) ? STR("PendingConfirmation") : value_get_str(s, "Arn"));
    job_copy(j, row, s, members);
    return row;
}

static int list(struct job *j, const struct doc *docs, size_t count)
{
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);

    for (size_t i = 0; i < count; i++)
        items[i] = (struct job_item){ docs[i].key.id, row_of(j, docs[i].value) };
    return j->rc < 0 ? j->rc : job_page(j, &pages, "Subscriptions", items, count);
}

HANDLER(sns, ListSubscriptions)
{
    struct doc *docs;
    size_t count = job_list(j, "Subscription", STR(""), &docs);

    return list(j, docs, count);
}

HANDLER(sns, ListSubscriptionsByTopic)
{
    struct sns_topic t;
    struct doc *docs;
    size_t count = 0;

    if (!sns_find(j, "TopicArn", &t))
        return j->rc;
    j->rc = sns_subscriptions(j->cx->e->store, j->a, &t, &docs, &count, j->err);
    return list(j, docs, count);
}
