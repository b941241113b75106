/* Targets of rules: put, removed, listed. */
#include "core/aws/arn.h"
#include "emulator/services/events/ops.h"
#include "emulator/services/events/transform.h"

/* Source: EventBridge User Guide, "Quotas": targets a rule. */
#define TARGETS_MOST 5

static bool queue_ok(struct job *j, const struct value *target, const struct arn *arn)
{
    bool has_group = value_get_str(value_get_c(target, "SqsParameters"), "MessageGroupId").len > 0;

    if (str_eq_c(arn->service, "sqs") && str_has_suffix(arn->resource, STR(".fifo")) && !has_group)
        job_refuse(j, "ValidationException",
                   "Parameter(s) SqsParameters must be specified for target: %.*s.",
                   STR_ARG(value_get_str(target, "Id")));
    return !outcome_refused(j->out);
}

/* Source: EventBridge API Reference, "DeadLetterConfig": the ARN of an SQS queue. */
static bool dead_letter_ok(struct job *j, const struct value *target)
{
    struct str text = value_get_str(value_get_c(target, "DeadLetterConfig"), "Arn");
    struct arn arn;

    if (text.len > 0 &&
        (arn_parse(text, &arn, NULL) < 0 || !str_eq_c(arn.service, "sqs") || arn.resource.len == 0))
        job_refuse(j, "ValidationException",
                   "Parameter %.*s is not valid. Reason: Provided Arn is not in correct format.",
                   STR_ARG(text));
    return !outcome_refused(j->out);
}

static bool target_ok(struct job *j, const struct value *target)
{
    struct str text = value_get_str(target, "Arn");
    struct err why = { 0 };
    struct arn arn;

    if (arn_parse(text, &arn, NULL) < 0 || arn.resource.len == 0)
        job_refuse(j, "ValidationException",
                   "Parameter %.*s is not valid. Reason: Provided Arn is not in correct format.",
                   STR_ARG(text));
    else if (transform_check(j->a, target, &why) < 0)
        job_refuse(j, "ValidationException", "Invalid input for target %.*s. Reason: %s.",
                   STR_ARG(value_get_str(target, "Id")), why.text);
    else
        return queue_ok(j, target, &arn) && dead_letter_ok(j, target);
    return false;
}

/* Answers in the form of both operations: nothing fails by itself here. */
static int none_failed(struct job *j)
{
    job_answer(j, "FailedEntryCount", value_int(j->a, 0));
    job_answer(j, "FailedEntries", value_list(j->a));
    return j->rc;
}

HANDLER(events, PutTargets)
{
    struct str bus, name = job_text(j, "Rule");
    struct value *doc;

    if (!events_bus(j, job_text(j, "EventBusName"), &bus) || !(doc = events_rule(j, bus, name)))
        return j->rc;
    struct value *targets = value_get_c(doc, "_targets");
    if (!targets)
        targets = value_list(j->a);
    for (const struct value *t = value_first(param(j->call, "Targets")); t; t = t->next) {
        if (!target_ok(j, t))
            return j->rc;
        targets = list_without(j->a, targets, "Id", value_get_str(t, "Id"));
        value_push(targets, value_copy(j->a, t));
    }
    if (targets->count > TARGETS_MOST)
        return events_too_many(j);
    value_set(doc, STR("_targets"), targets);
    return events_put_rule(j, bus, name, doc) < 0 ? j->rc : none_failed(j);
}

/* Source: EventBridge API Reference, "RemoveTargets": ids that are no targets are entries that
 * failed. */
HANDLER(events, RemoveTargets)
{
    struct str bus, name = job_text(j, "Rule");
    struct value *doc, *failed = value_list(j->a);

    if (!events_bus(j, job_text(j, "EventBusName"), &bus) || !(doc = events_rule(j, bus, name)))
        return j->rc;
    struct value *targets = value_get_c(doc, "_targets");
    for (const struct value *id = value_first(param(j->call, "Ids")); id; id = id->next) {
        if (!list_find(targets, "Id", id->u.text)) {
            struct value *entry = value_map(j->a);
            value_put_str(j->a, entry, "TargetId", id->u.text);
            value_put_c(j->a, entry, "ErrorCode", "ResourceNotFoundException");
            value_put_str(j->a, entry, "ErrorMessage",
                          arena_printf(j->a, "Rule %.*s does not have a target with ID %.*s.",
                                       STR_ARG(name), STR_ARG(id->u.text)));
            value_push(failed, entry);
            continue;
        }
        targets = list_without(j->a, targets, "Id", id->u.text);
        value_set(doc, STR("_targets"), targets);
    }
    job_answer(j, "FailedEntryCount", value_int(j->a, failed->count));
    job_answer(j, "FailedEntries", failed);
    return events_put_rule(j, bus, name, doc);
}

HANDLER(events, ListTargetsByRule)
{
    struct str bus, name = job_text(j, "Rule");
    struct value *doc;
    size_t count = 0;

    if (!events_bus(j, job_text(j, "EventBusName"), &bus) || !(doc = events_rule(j, bus, name)))
        return j->rc;
    const struct value *targets = value_get_c(doc, "_targets");
    struct job_item *items = arena_array(j->a, TARGETS_MOST, sizeof *items);
    for (struct value *t = value_first(targets); t; t = t->next, count++)
        items[count] = (struct job_item){ arena_printf(j->a, "%zu", count), t };
    return job_page(j, &events_paging, "Targets", items, count);
}
