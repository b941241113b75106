/* AddPermission, RemovePermission: statements of the queue's policy, by label. */
#include "core/aws/region.h"
#include "core/codec/json.h"
#include "emulator/services/sqs/queue.h"

#define ACTIONS_MOST 7 /* Source: SQS API Reference, AddPermission, "OverLimit" */

/* Source: SQS API Reference, AddPermission, "Actions". */
static const char *const grantable[] = {
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
    "ListDeadLetterSourceQueues",
};

static struct value *policy_of(struct job *j, const struct sqs_queue *q)
{
    struct str text = sqs_attribute(q, "Policy");
    struct value *policy;

    if (text.len > 0 && json_parse(j->a, text, &policy, NULL) == 0 && policy->kind == VALUE_MAP)
        return policy;
    policy = value_map(j->a);
    value_put_c(j->a, policy, "Version", "2012-10-17");
    value_set(policy, STR("Id"),
              value_str(j->a, arena_printf(j->a, "%.*s/SQSDefaultPolicy", STR_ARG(q->arn))));
    return policy;
}

/* A policy may have one statement that is no list. */
static struct value *statements_of(struct job *j, struct value *policy)
{
    struct value *old = value_get_c(policy, "Statement"), *list = value_list(j->a);

    if (old && old->kind == VALUE_LIST)
        return old;
    if (old)
        value_push(list, value_copy(j->a, old));
    value_set(policy, STR("Statement"), list);
    return list;
}

static int save_policy(struct job *j, struct sqs_queue *q, const struct value *policy)
{
    struct buf text = { 0 };

    json_write(&text, policy);
    value_put_str(j->a, value_get_c(q->doc, "Attributes"), "Policy", buf_view(&text));
    buf_free(&text);
    value_put_time(j->a, q->doc, "Modified", j->cx->now_ms);
    return sqs_save(j, q);
}

static bool check_actions(struct job *j, const struct value *actions)
{
    if (!value_first(actions)) {
        (void)sqs_refuse_missing(j, "Actions");
        return false;
    }
    if (actions->count > ACTIONS_MOST) {
        (void)job_refuse(j, "OverLimit", "%u Actions were found, maximum allowed is 7.",
                         actions->count);
        return false;
    }
    for (const struct value *v = value_first(actions); v; v = v->next) {
        bool known = false;

        for (size_t i = 0; i < COUNT(grantable); i++)
            known |= str_eq_c(v->u.text, grantable[i]);
        if (!known) {
            (void)sqs_refuse_value(j,
                                   "Value SQS:%.*s for parameter ActionName is invalid. Reason: "
                                   "Only the queue owner is allowed to invoke this action.",
                                   STR_ARG(v->u.text));
            return false;
        }
    }
    return true;
}

/* One stands alone, several in a list: as SQS writes them. */
static struct value *one_or_list(struct arena *a, struct value *list)
{
    return list->count == 1 ? value_str(a, value_first(list)->u.text) : list;
}

static struct value *statement_of(struct job *j, const struct sqs_queue *q)
{
    struct value *s = value_map(j->a), *who = value_map(j->a), *arns = value_list(j->a);
    struct value *actions = value_list(j->a);

    for (const struct value *v = value_first(param(j->call, "AWSAccountIds")); v; v = v->next)
        value_push(arns, value_str(j->a, arena_printf(j->a, "arn:%.*s:iam::%.*s:root",
                                                      STR_ARG(region_partition(j->region)),
                                                      STR_ARG(v->u.text))));
    for (const struct value *v = value_first(param(j->call, "Actions")); v; v = v->next)
        value_push(actions, value_str(j->a, arena_printf(j->a, "SQS:%.*s", STR_ARG(v->u.text))));
    value_put_str(j->a, s, "Sid", job_text(j, "Label"));
    value_put_c(j->a, s, "Effect", "Allow");
    value_set(who, STR("AWS"), one_or_list(j->a, arns));
    value_set(s, STR("Principal"), who);
    value_set(s, STR("Action"), one_or_list(j->a, actions));
    value_put_str(j->a, s, "Resource", q->arn);
    return s;
}

HANDLER(sqs, AddPermission)
{
    struct str label = job_text(j, "Label");
    struct sqs_queue q;

    if (!sqs_find(j, &q) || !check_actions(j, param(j->call, "Actions")))
        return j->rc;
    if (!value_first(param(j->call, "AWSAccountIds")))
        return sqs_refuse_value(j, "Value [] for parameter PrincipalId is invalid. Reason: Unable "
                                   "to verify.");
    struct value *policy = policy_of(j, &q), *statements = statements_of(j, policy);
    if (list_find(statements, "Sid", label))
        return sqs_refuse_value(j,
                                "Value %.*s for parameter Label is invalid. Reason: Already "
                                "exists.",
                                STR_ARG(label));
    value_push(statements, statement_of(j, &q));
    return save_policy(j, &q, policy);
}

HANDLER(sqs, RemovePermission)
{
    struct str label = job_text(j, "Label");
    struct sqs_queue q;

    if (!sqs_find(j, &q))
        return j->rc;
    struct value *policy = policy_of(j, &q), *statements = statements_of(j, policy);
    if (!list_find(statements, "Sid", label))
        return sqs_refuse_value(j,
                                "Value %.*s for parameter Label is invalid. Reason: can't find "
                                "label on existing policy.",
                                STR_ARG(label));
    value_set(policy, STR("Statement"), list_without(j->a, statements, "Sid", label));
    return save_policy(j, &q, policy);
}
