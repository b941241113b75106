/* Buses: made, shown, changed, removed; who else may put events on them. */
#include "core/codec/json.h"
#include "core/aws/policy.h"
#include "core/aws/region.h"
#include "emulator/services/events/ops.h"

/* Source: EventBridge User Guide, "Quotas": buses an account and region; bytes of a policy. */
#define BUSES_MOST  100
#define POLICY_MOST 10240

static const char *const settings[] = { "Description", "KmsKeyIdentifier", "DeadLetterConfig",
                                        "LogConfig", NULL };

static struct str arn_of(struct job *j, struct str name)
{
    return events_bus_arn(j->a, j->account, j->region, name);
}

static int put_bus(struct job *j, struct str name, struct value *doc)
{
    value_put_time(j->a, doc, "LastModifiedTime", j->cx->now_ms);
    return job_put(j, "EventBus", name, doc);
}

static bool may_create(struct job *j, struct str name)
{
    struct doc *docs;

    if (job_has(j, "EventSourceName"))
        events_missing(j, "Event source %.*s does not exist.",
                       STR_ARG(job_text(j, "EventSourceName")));
    else if (memchr(name.ptr, '/', name.len))
        job_refuse(j, "ValidationException", "Event bus name must not contain '/'.");
    else if (str_eq_c(name, EVENTS_DEFAULT_BUS) || job_get(j, "EventBus", name))
        job_refuse(j, "ResourceAlreadyExistsException", "Event bus %.*s already exists.",
                   STR_ARG(name));
    else if (job_list(j, "EventBus", STR(""), &docs) >= BUSES_MOST)
        events_too_many(j);
    return !job_stopped(j);
}

HANDLER(events, CreateEventBus)
{
    struct str name = job_text(j, "Name");
    struct value *doc = value_map(j->a);

    if (!may_create(j, name))
        return j->rc;
    value_put_str(j->a, doc, "Name", name);
    job_copy(j, doc, j->call->params, settings);
    job_copy(j, doc, j->call->params, (const char *const[]){ "Tags", NULL });
    value_put_time(j->a, doc, "CreationTime", j->cx->now_ms);
    job_answer(j, "EventBusArn", value_str(j->a, arn_of(j, name)));
    job_copy(j, j->out->output, j->call->params, settings);
    return put_bus(j, name, doc);
}

HANDLER(events, UpdateEventBus)
{
    struct str name;
    struct value *doc = events_bus(j, job_text(j, "Name"), &name);

    if (!doc)
        return j->rc;
    job_copy(j, doc, j->call->params, settings);
    job_answer(j, "Arn", value_str(j->a, arn_of(j, name)));
    value_put_str(j->a, j->out->output, "Name", name);
    job_copy(j, j->out->output, doc, settings);
    return put_bus(j, name, doc);
}

static struct value *row_of(struct job *j, struct str name, const struct value *doc)
{
    static const char *const shown[] = { "Description", "Policy", "CreationTime",
                                         "LastModifiedTime", NULL };
    struct value *row = value_map(j->a);

    value_put_str(j->a, row, "Name", name);
    value_put_str(j->a, row, "Arn", arn_of(j, name));
    job_copy(j, row, doc, shown);
    return row;
}

HANDLER(events, DescribeEventBus)
{
    struct str name;
    struct value *doc = events_bus(j, job_text(j, "Name"), &name);

    if (!doc)
        return j->rc;
    j->out->output = row_of(j, name, doc);
    job_copy(j, j->out->output, doc, settings);
    return 0;
}

/* The default one is there, whether it has a document or not. */
HANDLER(events, ListEventBuses)
{
    struct str prefix = job_text(j, "NamePrefix");
    struct doc *docs;
    size_t count = job_list(j, "EventBus", STR(""), &docs), kept = 0;
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);
    bool has_default = !str_has_prefix(STR(EVENTS_DEFAULT_BUS), prefix);

    for (size_t i = 0; i <= count; i++) {
        struct str name = i < count ? docs[i].key.id : STR(EVENTS_DEFAULT_BUS);

        if (!has_default && str_cmp(name, STR(EVENTS_DEFAULT_BUS)) >= 0) {
            has_default = true;
            if (i == count || !str_eq_c(name, EVENTS_DEFAULT_BUS))
                items[kept++] = (struct job_item){ STR(EVENTS_DEFAULT_BUS),
                                                   row_of(j, STR(EVENTS_DEFAULT_BUS), NULL) };
        }
        if (i < count && str_has_prefix(name, prefix))
            items[kept++] = (struct job_item){ name, row_of(j, name, docs[i].value) };
    }
    return job_page(j, &events_paging, "EventBuses", items, kept);
}

HANDLER(events, DeleteEventBus)
{
    struct str name = job_text(j, "Name");
    struct doc *docs;

    if (str_eq_c(name, EVENTS_DEFAULT_BUS))
        return job_refuse(j, "ValidationException", "Cannot delete event bus default.");
    if (job_list(j, "Rule", events_rule_id(j->a, name, STR("")), &docs) > 0)
        return job_refuse(j, "ValidationException",
                          "Event bus %.*s can't be deleted since it has rules.", STR_ARG(name));
    return job_drop(j, "EventBus", name);
}

/* ---- policies ---- */

static struct value *policy_of(struct job *j, const struct value *bus)
{
    struct value *policy = NULL;

    if (value_get_str(bus, "Policy").len > 0)
        (void)json_parse(j->a, value_get_str(bus, "Policy"), &policy, NULL); /* we wrote it */
    if (!policy) {
        policy = value_map(j->a);
        value_put_c(j->a, policy, "Version", "2012-10-17");
        value_set(policy, STR("Statement"), value_list(j->a));
    }
    return policy;
}

static int put_policy(struct job *j, struct str name, struct value *bus, struct str text)
{
    if (text.len > POLICY_MOST)
        return job_refuse(j, "PolicyLengthExceededException",
                          "The size of the policy exceeds the limit.");
    if (text.len > 0)
        value_put_str(j->a, bus, "Policy", text);
    else
        (void)value_remove(bus, STR("Policy")); /* it may have had none */
    return put_bus(j, name, bus);
}

static int put_statements(struct job *j, struct str name, struct value *bus, struct value *list)
{
    struct value *policy = policy_of(j, bus);
    struct buf json = { 0 };

    value_set(policy, STR("Statement"), list);
    if (list->count > 0)
        json_write(&json, policy);
    struct str text = arena_copy(j->a, buf_view(&json));
    buf_free(&json);
    return put_policy(j, name, bus, text);
}

/* Source: EventBridge API Reference, "PutPermission", Principal and Condition. */
static bool permission_ok(struct job *j)
{
    struct str principal = job_text(j, "Principal");

    if (principal.len == 0)
        job_refuse(j, "ValidationException", "Parameter Principal must be specified.");
    else if (job_has(j, "Condition") && !str_eq_c(principal, "*"))
        job_refuse(j, "ValidationException",
                   "Value of the parameter 'principal' must be '*' when the parameter 'condition' "
                   "is set.");
    else if (!str_eq_c(job_text(j, "Action"), "events:PutEvents"))
        job_refuse(j, "ValidationException",
                   "Provided value in parameter 'action' is not supported.");
    else if (job_text(j, "StatementId").len == 0)
        job_refuse(j, "ValidationException", "Parameter StatementId must be specified.");
    return !outcome_refused(j->out);
}

static struct value *statement(struct job *j, struct str bus)
{
    struct str principal = job_text(j, "Principal");
    const struct value *condition = param(j->call, "Condition");
    struct value *s = value_map(j->a), *who = value_map(j->a), *test = value_map(j->a);

    value_put_str(j->a, s, "Sid", job_text(j, "StatementId"));
    value_put_c(j->a, s, "Effect", "Allow");
    value_put_str(j->a, who, "AWS",
                  arena_printf(j->a, "arn:%.*s:iam::%.*s:root",
                               STR_ARG(region_partition(j->region)), STR_ARG(principal)));
    value_set(s, STR("Principal"), str_eq_c(principal, "*") ? value_c(j->a, "*") : who);
    value_put_c(j->a, s, "Action", "events:PutEvents");
    value_put_str(j->a, s, "Resource", arn_of(j, bus));
    if (condition) {
        value_set(test, value_get_str(condition, "Key"),
                  value_str(j->a, value_get_str(condition, "Value")));
        struct value *by = value_map(j->a);
        value_set(by, value_get_str(condition, "Type"), test);
        value_set(s, STR("Condition"), by);
    }
    return s;
}

HANDLER(events, PutPermission)
{
    struct str name, text = job_text(j, "Policy");
    struct value *bus = events_bus(j, job_text(j, "EventBusName"), &name);
    struct policy *parsed;

    if (!bus)
        return j->rc;
    if (text.len > 0 && policy_parse(j->a, text, POLICY_RESOURCE, &parsed, NULL) < 0)
        return job_refuse(j, "ValidationException", "This policy contains invalid Json");
    if (text.len > 0)
        return put_policy(j, name, bus, text);
    if (!permission_ok(j))
        return j->rc;
    struct value *list = list_without(j->a, value_get_c(policy_of(j, bus), "Statement"), "Sid",
                                      job_text(j, "StatementId"));
    value_push(list, statement(j, name));
    return put_statements(j, name, bus, list);
}

HANDLER(events, RemovePermission)
{
    struct str name, sid = job_text(j, "StatementId");
    struct value *bus = events_bus(j, job_text(j, "EventBusName"), &name);

    if (!bus)
        return j->rc;
    if (param_bool(j->call, "RemoveAllPermissions", false))
        return put_policy(j, name, bus, STR(""));
    if (value_get_str(bus, "Policy").len == 0)
        return events_missing(j, "EventBus does not have a policy.");
    struct value *list = value_get_c(policy_of(j, bus), "Statement");
    if (!list_find(list, "Sid", sid))
        return events_missing(j, "Statement with the provided id does not exist.");
    return put_statements(j, name, bus, list_without(j->a, list, "Sid", sid));
}
