/* Topics made, set, listed, deleted; their permissions and tags. */
#include "core/aws/policy.h"
#include "core/aws/region.h"
#include "core/codec/json.h"
#include "emulator/services/messaging.h"
#include "emulator/services/sns/topic.h"

#define NAME_MOST 256
#define TAGS_MOST 50
#define PAGE      100 /* Source: SNS API Reference, ListTopics: 100 a call */

/* ---- attributes ---- */

enum kind { TEXT, POLICY, RETRIES, FIFO_BOOL, IS_FIFO, VERSION, TRACING, SCOPE, UNABLE };

/* Source: SNS API Reference, CreateTopic and SetTopicAttributes, "Attributes". */
static const struct row {
    const char *name;
    enum kind kind;
} rows[] = {
    { "ArchivePolicy", UNABLE },      { "ContentBasedDeduplication", FIFO_BOOL },
    { "DeliveryPolicy", RETRIES },    { "DisplayName", TEXT },
    { "FifoThroughputScope", SCOPE }, { "FifoTopic", IS_FIFO },
    { "KmsMasterKeyId", TEXT },       { "Policy", POLICY },
    { "SignatureVersion", VERSION },  { "TracingConfig", TRACING },
};

static const struct row *row_find(struct str name)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (str_eq_c(name, rows[i].name))
            return &rows[i];
    return NULL;
}

static bool is_one_of(struct str text, const char *one, const char *other)
{
    return str_eq_c(text, one) || str_eq_c(text, other);
}

static bool is_valid(struct job *j, const struct sns_topic *t, const struct row *row,
                     struct str text, struct err *why)
{
    struct policy *policy;

    switch (row->kind) {
    case POLICY:
        return policy_parse(j->a, text, POLICY_RESOURCE, &policy, why) == 0;
    case RETRIES:
        return sns_policy_check(j->a, text, true, why) == 0;
    case FIFO_BOOL:
        return is_one_of(text, "true", "false") && t->is_fifo;
    case IS_FIFO:
        return t->is_fifo ? str_eq_c(text, "true") : str_eq_c(text, "false");
    case VERSION:
        return is_one_of(text, "1", "2");
    case TRACING:
        return is_one_of(text, "PassThrough", "Active");
    case SCOPE:
        return is_one_of(text, "Topic", "MessageGroup") && t->is_fifo;
    case TEXT:
        return text.len <= 2048;
    case UNABLE:
        break;
    }
    return false;
}

static int set_attribute(struct job *j, struct sns_topic *t, struct str name, struct str text)
{
    const struct row *row = row_find(name);
    struct value *all = value_get_c(t->doc, "Attributes");
    struct err why = { 0 };

    if (str_has_suffix(name, STR("FeedbackRoleArn")) ||
        str_has_suffix(name, STR("FeedbackSampleRate")) || (row && row->kind == UNABLE))
        return sns_refuse(j, "Invalid parameter: Attributes Reason: mocktrail does not do %.*s",
                          STR_ARG(name));
    if (!row)
        return sns_refuse(j, "Invalid parameter: AttributeName");
    if (text.len == 0 && row->kind != IS_FIFO) {
        (void)value_remove(all, name); /* absent is no error */
        return j->rc;
    }
    if (!is_valid(j, t, row, text, &why))
        return sns_refuse(j, "Invalid parameter: Attributes Reason: %s: %s", row->name,
                          why.text[0] ? why.text : "Invalid value");
    if (row->kind != IS_FIFO || t->is_fifo)
        value_put_str(j->a, all, row->name, text);
    return j->rc;
}

HANDLER(sns, SetTopicAttributes)
{
    struct sns_topic t;

    if (!sns_find(j, "TopicArn", &t))
        return j->rc;
    if (str_eq_c(job_text(j, "AttributeName"), "FifoTopic"))
        return sns_refuse(j, "Invalid parameter: AttributeName");
    if (set_attribute(j, &t, job_text(j, "AttributeName"), job_text(j, "AttributeValue")) < 0 ||
        job_stopped(j))
        return j->rc;
    (void)outcome_output(j->cx, j->out);
    return sns_save(j, &t);
}

/* Source: real default policies, as moto has them. */
static struct str default_policy(struct job *j, const struct sns_topic *t)
{
    return arena_printf(
        j->a,
        "{\"Version\":\"2008-10-17\",\"Id\":\"__default_policy_ID\",\"Statement\":[{\"Sid\":"
        "\"__default_statement_ID\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"},\"Action\":["
        "\"SNS:GetTopicAttributes\",\"SNS:SetTopicAttributes\",\"SNS:AddPermission\","
        "\"SNS:RemovePermission\",\"SNS:DeleteTopic\",\"SNS:Subscribe\","
        "\"SNS:ListSubscriptionsByTopic\",\"SNS:Publish\"],\"Resource\":\"%.*s\",\"Condition\":{"
        "\"StringEquals\":{\"AWS:SourceOwner\":\"%.*s\"}}}]}",
        STR_ARG(t->arn), STR_ARG(t->at.account));
}

static void put_number(struct job *j, struct value *all, const char *name, int64_t n)
{
    value_put_str(j->a, all, name, arena_printf(j->a, "%lld", (long long)n));
}

static int count_subscriptions(struct job *j, const struct sns_topic *t, struct value *all)
{
    struct doc *docs;
    size_t count = 0;
    int64_t pending = 0;

    j->rc = sns_subscriptions(j->cx->e->store, j->a, t, &docs, &count, j->err);
    for (size_t i = 0; j->rc == 0 && i < count; i++)
        pending += sns_is_pending(docs[i].value);
    put_number(j, all, "SubscriptionsPending", pending);
    put_number(j, all, "SubscriptionsConfirmed", (int64_t)count - pending);
    put_number(j, all, "SubscriptionsDeleted", value_get_int(t->doc, "Deleted", 0));
    return j->rc;
}

HANDLER(sns, GetTopicAttributes)
{
    struct value *all = value_map(j->a);
    struct sns_topic t;

    if (!sns_find(j, "TopicArn", &t) || count_subscriptions(j, &t, all) < 0)
        return j->rc;
    value_put_str(j->a, all, "TopicArn", t.arn);
    value_put_str(j->a, all, "Owner", t.at.account);
    value_put_str(j->a, all, "Policy", default_policy(j, &t));
    value_put_c(j->a, all, "DisplayName", "");
    value_put_str(j->a, all, "EffectiveDeliveryPolicy",
                  sns_attribute(&t, "DeliveryPolicy").len > 0 ? sns_attribute(&t, "DeliveryPolicy")
                                                              : str_c(sns_policy_default));
    for (const struct value *v = value_first(value_get_c(t.doc, "Attributes")); v; v = v->next)
        value_set(all, v->name, value_copy(j->a, v));
    job_answer(j, "Attributes", all);
    return 0;
}

/* ---- topics ---- */

static bool is_name(struct str name)
{
    struct str stem = name;

    if (str_has_suffix(name, STR(".fifo")))
        stem.len -= strlen(".fifo");
    return stem.len > 0 && messaging_is_plain(stem, "-_") && name.len <= NAME_MOST;
}

static bool check_name(struct job *j, struct str name)
{
    bool wants_fifo = str_eq_c(value_get_str(param(j->call, "Attributes"), "FifoTopic"), "true");

    if (!is_name(name) || (!wants_fifo && str_has_suffix(name, STR(".fifo"))))
        (void)sns_refuse(j, "Invalid parameter: Topic Name");
    else if (wants_fifo && !str_has_suffix(name, STR(".fifo")))
        (void)sns_refuse(j, "Invalid parameter: Fifo Topic names must end with .fifo and must be "
                            "made up of only uppercase and lowercase ASCII letters, numbers, "
                            "underscores, and hyphens, and must be between 1 and 256 characters "
                            "long.");
    return !job_stopped(j);
}

/* Source: SNS API Reference, CreateTopic: the same again is answered with the topic's ARN. */
static int answer_existing(struct job *j, const struct sns_topic *old)
{
    const struct value *given = param(j->call, "Attributes"), *tags = param(j->call, "Tags");

    for (const struct value *v = value_first(given); v; v = v->next) {
        struct str now = sns_attribute(old, arena_copy(j->a, v->name).ptr);

        if (!str_eq(now, v->u.text) && !(now.len == 0 && str_eq_c(v->u.text, "false")))
            return sns_refuse(j, "Invalid parameter: Attributes Reason: Topic already exists with "
                                 "different attributes");
    }
    for (const struct value *t = value_first(tags); t; t = t->next) {
        const struct value *now =
            list_find(value_get_c(old->doc, "Tags"), "Key", value_get_str(t, "Key"));

        if (!now || !str_eq(value_get_str(now, "Value"), value_get_str(t, "Value")))
            return sns_refuse(j, "Invalid parameter: Tags Reason: Topic already exists with "
                                 "different tags");
    }
    job_answer(j, "TopicArn", value_str(j->a, old->arn));
    return 0;
}

HANDLER(sns, CreateTopic)
{
    struct str name = job_text(j, "Name");
    const struct value *tags = param(j->call, "Tags");
    struct sns_topic t = sns_topic_of(j->a, job_key(j, "Topic", name), value_map(j->a));

    if (!check_name(j, name))
        return j->rc;
    struct value *old = job_get(j, "Topic", name);
    if (j->rc < 0)
        return j->rc;
    if (old) {
        t.doc = old;
        return answer_existing(j, &t);
    }
    if (tags && tags->count > TAGS_MOST)
        return job_refuse(j, "TagLimitExceededException",
                          "Could not complete request: tag quota of per resource exceeded");
    value_set(t.doc, STR("Attributes"), value_map(j->a));
    value_set(t.doc, STR("Tags"), tags_merge(j->a, NULL, tags));
    value_put_time(j->a, t.doc, "Created", j->cx->now_ms);
    if (job_has(j, "DataProtectionPolicy"))
        return sns_refuse(j, "Invalid parameter: DataProtectionPolicy Reason: mocktrail does not "
                             "inspect messages");
    const struct value *given = param(j->call, "Attributes");
    for (const struct value *v = value_first(given); v && !job_stopped(j); v = v->next)
        (void)set_attribute(j, &t, v->name, v->u.text); /* j tells */
    if (job_stopped(j))
        return j->rc;
    if (t.is_fifo && sns_attribute(&t, "ContentBasedDeduplication").len == 0)
        value_put_c(j->a, value_get_c(t.doc, "Attributes"), "ContentBasedDeduplication", "false");
    job_answer(j, "TopicArn", value_str(j->a, t.arn));
    return sns_save(j, &t);
}

/* Source: SNS API Reference, DeleteTopic: deleting what is not there succeeds; subscriptions go. */
HANDLER(sns, DeleteTopic)
{
    struct sns_topic t;
    struct doc *docs;
    size_t count;

    if (!sns_find(j, "TopicArn", &t)) {
        if (str_eq_c(j->out->code, "NotFoundException"))
            j->out->code = j->out->message = (struct str){ 0 };
        return j->rc;
    }
    j->out->changed = true;
    j->rc = sns_subscriptions(j->cx->e->store, j->a, &t, &docs, &count, j->err);
    for (size_t i = 0; j->rc == 0 && i < count; i++)
        j->rc = store_doc_delete(j->cx->e->store, docs[i].key, j->err);
    if (j->rc == 0)
        j->rc = store_doc_delete(j->cx->e->store, t.at, j->err);
    return j->rc;
}

static const struct paging pages = { .limit = "MaxResults",
                                     .token = "NextToken",
                                     .next = "NextToken",
                                     .least = 1,
                                     .most = PAGE,
                                     .fallback = PAGE,
                                     .code = "InvalidParameterException" };

HANDLER(sns, ListTopics)
{
    struct doc *docs;
    size_t count = job_list(j, "Topic", STR(""), &docs);
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);

    for (size_t i = 0; i < count; i++) {
        items[i] = (struct job_item){ docs[i].key.id, value_map(j->a) };
        value_put_str(j->a, items[i].value, "TopicArn", sns_topic_of(j->a, docs[i].key, NULL).arn);
    }
    return job_page(j, &pages, "Topics", items, count);
}

/* ---- permissions ---- */

static struct value *statement_of(struct job *j, const struct sns_topic *t)
{
    struct value *s = value_map(j->a), *who = value_map(j->a), *arns = value_list(j->a);
    struct value *actions = value_list(j->a);

    for (const struct value *v = value_first(param(j->call, "AWSAccountId")); v; v = v->next)
        value_push(arns, value_str(j->a, arena_printf(j->a, "arn:%.*s:iam::%.*s:root",
                                                      STR_ARG(region_partition(j->region)),
                                                      STR_ARG(v->u.text))));
    for (const struct value *v = value_first(param(j->call, "ActionName")); v; v = v->next)
        value_push(actions, value_str(j->a, arena_printf(j->a, "SNS:%.*s", STR_ARG(v->u.text))));
    value_put_str(j->a, s, "Sid", job_text(j, "Label"));
    value_put_c(j->a, s, "Effect", "Allow");
    value_set(who, STR("AWS"), arns);
    value_set(s, STR("Principal"), who);
    value_set(s, STR("Action"), actions);
    value_put_str(j->a, s, "Resource", t->arn);
    return s;
}

/* The policy as it is, its statements a list. */
static struct value *policy_of(struct job *j, const struct sns_topic *t, struct value **statements)
{
    struct str text = sns_attribute(t, "Policy");
    struct value *policy;

    if (text.len == 0)
        text = default_policy(j, t);
    if (json_parse(j->a, text, &policy, NULL) < 0 || policy->kind != VALUE_MAP)
        policy = value_map(j->a); /* checked when it was set */
    *statements = value_get_c(policy, "Statement");
    if (!*statements || (*statements)->kind != VALUE_LIST) {
        struct value *list = value_list(j->a);

        if (*statements)
            value_push(list, value_copy(j->a, *statements));
        value_set(policy, STR("Statement"), list);
        *statements = list;
    }
    return policy;
}

static int save_policy(struct job *j, struct sns_topic *t, const struct value *policy)
{
    struct buf text = { 0 };

    json_write(&text, policy);
    value_put_str(j->a, value_get_c(t->doc, "Attributes"), "Policy", buf_view(&text));
    buf_free(&text);
    return sns_save(j, t);
}

HANDLER(sns, AddPermission)
{
    struct value *statements, *policy;
    struct sns_topic t;

    if (!sns_find(j, "TopicArn", &t))
        return j->rc;
    policy = policy_of(j, &t, &statements);
    if (list_find(statements, "Sid", job_text(j, "Label")))
        return sns_refuse(j, "Invalid parameter: Statement already exists");
    if (!value_first(param(j->call, "AWSAccountId")) || !value_first(param(j->call, "ActionName")))
        return sns_refuse(j, "Invalid parameter: Policy statement action out of service scope!");
    value_push(statements, statement_of(j, &t));
    return save_policy(j, &t, policy);
}

HANDLER(sns, RemovePermission)
{
    struct value *statements, *policy;
    struct sns_topic t;

    if (!sns_find(j, "TopicArn", &t))
        return j->rc;
    policy = policy_of(j, &t, &statements);
    if (!list_find(statements, "Sid", job_text(j, "Label")))
        return job_refuse(j, "NotFoundException", "Statement does not exist");
    value_set(policy, STR("Statement"),
              list_without(j->a, statements, "Sid", job_text(j, "Label")));
    return save_policy(j, &t, policy);
}

/* ---- tags ---- */

static bool find_tagged(struct job *j, struct sns_topic *t)
{
    int rc = sns_topic_load(j->cx->e->store, j->a, job_text(j, "ResourceArn"), t, j->err);

    if (rc == E_MISSING)
        (void)job_refuse(j, "ResourceNotFoundException", "Resource does not exist");
    else
        j->rc = rc;
    return rc == 0;
}

HANDLER(sns, TagResource)
{
    struct sns_topic t;

    if (!find_tagged(j, &t))
        return j->rc;
    struct value *tags = tags_merge(j->a, value_get_c(t.doc, "Tags"), param(j->call, "Tags"));
    if (tags->count > TAGS_MOST)
        return job_refuse(j, "TagLimitExceededException",
                          "Could not complete request: tag quota of per resource exceeded");
    value_set(t.doc, STR("Tags"), tags);
    (void)outcome_output(j->cx, j->out);
    return sns_save(j, &t);
}

HANDLER(sns, UntagResource)
{
    struct sns_topic t;

    if (!find_tagged(j, &t))
        return j->rc;
    const struct value *keys = param(j->call, "TagKeys");
    for (const struct value *k = value_first(keys); k; k = k->next)
        value_set(t.doc, STR("Tags"),
                  list_without(j->a, value_get_c(t.doc, "Tags"), "Key", k->u.text));
    (void)outcome_output(j->cx, j->out);
    return sns_save(j, &t);
}

HANDLER(sns, ListTagsForResource)
{
    struct sns_topic t;

    if (!find_tagged(j, &t))
        return j->rc;
    job_answer(j, "Tags", value_copy(j->a, value_get_c(t.doc, "Tags")));
    return 0;
}

/* Policies that inspect messages would have to be obeyed. */
HANDLER(sns, PutDataProtectionPolicy)
{
    return sns_refuse(j, "Invalid parameter: DataProtectionPolicy Reason: mocktrail does not "
                         "inspect messages");
}

HANDLER(sns, GetDataProtectionPolicy)
{
    struct sns_topic t;

    if (sns_find(j, "ResourceArn", &t))
        (void)outcome_output(j->cx, j->out);
    return j->rc;
}
