/* Rules: made, shown, switched on and off, removed. */
#include "core/codec/json.h"
#include "emulator/services/events/ops.h"
#include "emulator/services/events/schedules.h"

/* Source: EventBridge User Guide, "Quotas": rules a bus. */
#define RULES_MOST 300

static const char *const given[] = { "EventPattern", "ScheduleExpression", "Description", "RoleArn",
                                     NULL };
static const char *const shown[] = { "Name",        "EventPattern",       "State",
                                     "Description", "ScheduleExpression", "RoleArn",
                                     "ManagedBy",   "EventBusName",       NULL };

static struct str arn_of(struct job *j, struct str bus, struct str name)
{
    struct doc_key key = job_key(j, "Rule", events_rule_id(j->a, bus, name));

    return events_rule_arn(j->a, &key);
}

/* Source: EventBridge API Reference, "PutRule": a pattern, a schedule or both; schedules on the
 * default bus only. */
static bool rule_ok(struct job *j, struct str bus)
{
    struct str pattern = job_text(j, "EventPattern"), schedule = job_text(j, "ScheduleExpression");
    struct cron when;

    if (pattern.len == 0 && schedule.len == 0)
        job_refuse(j, "ValidationException",
                   "Parameter(s) EventPattern or ScheduleExpression must be specified.");
    else if (schedule.len > 0 && !str_eq_c(bus, EVENTS_DEFAULT_BUS))
        job_refuse(j, "ValidationException",
                   "ScheduleExpression is supported only on the default event bus.");
    else if (schedule.len > 0 && cron_parse(schedule, &when, NULL) < 0)
        job_refuse(j, "ValidationException", "Parameter ScheduleExpression is not valid.");
    else if (pattern.len > 0)
        return events_pattern_ok(j, pattern);
    return !outcome_refused(j->out);
}

static bool has_room(struct job *j, struct str bus)
{
    struct doc *docs;

    if (job_list(j, "Rule", events_rule_id(j->a, bus, STR("")), &docs) >= RULES_MOST)
        events_too_many(j);
    return !job_stopped(j);
}

/* A rate counts from when the schedule was set, or switched on. */
static bool starts_anew(struct job *j, const struct value *old, struct str state)
{
    return !old ||
           !str_eq(value_get_str(old, "ScheduleExpression"), job_text(j, "ScheduleExpression")) ||
           (str_eq_c(value_get_str(old, "State"), "DISABLED") && !str_eq_c(state, "DISABLED"));
}

HANDLER(events, PutRule)
{
    struct str bus, name = job_text(j, "Name"), state = job_text(j, "State");
    struct value *old, *doc = value_map(j->a);

    if (!events_bus(j, job_text(j, "EventBusName"), &bus) || !rule_ok(j, bus))
        return j->rc;
    old = job_get(j, "Rule", events_rule_id(j->a, bus, name));
    if (job_stopped(j) || (!old && !has_room(j, bus)))
        return j->rc;
    if (state.len == 0)
        state = STR("ENABLED");
    value_put_str(j->a, doc, "Name", name);
    value_put_str(j->a, doc, "EventBusName", bus);
    value_put_str(j->a, doc, "State", state);
    job_copy(j, doc, j->call->params, given);
    if (old)
        job_copy(j, doc, old,
                 (const char *const[]){ "_targets", "_since", "Tags", "CreatedBy", NULL });
    else
        value_put_str(j->a, doc, "CreatedBy", j->call->who->account);
    if (!old && job_has(j, "Tags"))
        value_set(doc, STR("Tags"), value_copy(j->a, param(j->call, "Tags")));
    if (starts_anew(j, old, state))
        value_put_time(j->a, doc, "_since", j->cx->now_ms / 1000 * 1000);
    job_answer(j, "RuleArn", value_str(j->a, arn_of(j, bus, name)));
    if (events_put_rule(j, bus, name, doc) == 0)
        j->rc = schedules_look(j->cx->e, j->err);
    return j->rc;
}

HANDLER(events, DescribeRule)
{
    struct str bus, name = job_text(j, "Name");
    struct value *doc;

    if (!events_bus(j, job_text(j, "EventBusName"), &bus) || !(doc = events_rule(j, bus, name)))
        return j->rc;
    struct value *out = outcome_output(j->cx, j->out);
    job_copy(j, out, doc, shown);
    job_copy(j, out, doc, (const char *const[]){ "CreatedBy", NULL });
    value_put_str(j->a, out, "Arn", arn_of(j, bus, name));
    return 0;
}

static int switch_rule(struct job *j, const char *state)
{
    struct str bus, name = job_text(j, "Name");
    struct value *doc;

    if (!events_bus(j, job_text(j, "EventBusName"), &bus) || !(doc = events_rule(j, bus, name)))
        return j->rc;
    if (str_eq_c(value_get_str(doc, "State"), state))
        return 0;
    value_put_c(j->a, doc, "State", state);
    value_put_time(j->a, doc, "_since", j->cx->now_ms / 1000 * 1000);
    if (events_put_rule(j, bus, name, doc) == 0)
        j->rc = schedules_look(j->cx->e, j->err);
    return j->rc;
}

HANDLER(events, EnableRule)
{
    return switch_rule(j, "ENABLED");
}

HANDLER(events, DisableRule)
{
    return switch_rule(j, "DISABLED");
}

/* Source: EventBridge API Reference, "DeleteRule": targets are removed before; an absent rule is no
 * error. */
HANDLER(events, DeleteRule)
{
    struct str bus, name = job_text(j, "Name");

    if (!events_bus(j, job_text(j, "EventBusName"), &bus))
        return j->rc;
    struct value *doc = job_get(j, "Rule", events_rule_id(j->a, bus, name));
    if (!doc)
        return j->rc;
    const struct value *targets = value_get_c(doc, "_targets");
    if (targets && targets->count > 0)
        return job_refuse(j, "ValidationException", "Rule can't be deleted since it has targets.");
    rules_stale(j->cx->e);
    return job_drop(j, "Rule", events_rule_id(j->a, bus, name));
}

/* ---- lists ---- */

static struct value *row_of(struct job *j, struct str bus, const struct value *doc)
{
    struct value *row = value_map(j->a);

    job_copy(j, row, doc, shown);
    value_put_str(j->a, row, "Arn", arn_of(j, bus, value_get_str(doc, "Name")));
    return row;
}

HANDLER(events, ListRules)
{
    struct str bus;
    struct doc *docs;

    if (!events_bus(j, job_text(j, "EventBusName"), &bus))
        return j->rc;
    size_t count = job_list(j, "Rule", events_rule_id(j->a, bus, job_text(j, "NamePrefix")), &docs);
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct job_item){ docs[i].key.id, row_of(j, bus, docs[i].value) };
    return job_page(j, &events_paging, "Rules", items, count);
}

HANDLER(events, ListRuleNamesByTarget)
{
    struct str bus;
    struct doc *docs;
    size_t kept = 0;

    if (!events_bus(j, job_text(j, "EventBusName"), &bus))
        return j->rc;
    size_t count = job_list(j, "Rule", events_rule_id(j->a, bus, STR("")), &docs);
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++)
        if (list_find(value_get_c(docs[i].value, "_targets"), "Arn", job_text(j, "TargetArn")))
            items[kept++] =
                (struct job_item){ docs[i].key.id,
                                   value_str(j->a, value_get_str(docs[i].value, "Name")) };
    return job_page(j, &events_paging, "RuleNames", items, kept);
}

/* ---- trying a pattern ---- */

/* Source: EventBridge API Reference, "TestEventPattern", Event: the mandatory fields. */
static bool is_event(const struct value *event)
{
    static const char *const members[] = { "id",     "account",   "source",     "time",
                                           "region", "resources", "detail-type" };

    for (size_t i = 0; i < COUNT(members); i++)
        if (!value_get_c(event, members[i]))
            return false;
    return true;
}

HANDLER(events, TestEventPattern)
{
    const struct event_pattern *pattern;
    struct value *event;

    if (!events_pattern_ok(j, job_text(j, "EventPattern")))
        return j->rc;
    if (json_parse(j->a, job_text(j, "Event"), &event, NULL) < 0 || !is_event(event))
        return job_refuse(j, "ValidationException", "Parameter Event is not valid.");
    j->rc = event_pattern_parse(j->a, job_text(j, "EventPattern"), &pattern, j->err);
    if (j->rc == 0)
        job_answer(j, "Result", value_bool(j->a, event_pattern_matches(pattern, event)));
    return j->rc;
}
