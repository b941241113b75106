/* Commands: kept, listed, cancelled. No agent answers here, so a command stays Pending until it is
 * cancelled or its time is over; none ever succeeds. */
#include "emulator/services/ssm/ssm.h"

#include "core/base/clock.h"

/* Source: Systems Manager API Reference, "SendCommand": TimeoutSeconds default; real records of it:
 * ExpiresAfter lies an hour of execution behind the timeout. */
enum { TIMEOUT_DEFAULT_S = 3600, EXECUTION_S = 3600, LIST_DEFAULT = 50, INSTANCES_MOST = 50 };

static bool is_expired(const struct ctx *cx, const struct value *command)
{
    return value_get_time(command, "ExpiresAfter", INT64_MAX) <= cx->now_ms;
}

static bool list_has(const struct value *list, struct str text)
{
    for (const struct value *v = value_first(list); v; v = v->next)
        if (str_eq(v->u.text, text))
            return true;
    return false;
}

static const char *status_of(const struct ctx *cx, const struct value *command, struct str instance)
{
    if (list_has(value_get_c(command, "Cancelled"), instance))
        return "Cancelled";
    return is_expired(cx, command) ? "TimedOut" : "Pending";
}

/* A command is Cancelled when all of its instances are. */
static const char *status_of_all(const struct ctx *cx, const struct value *command)
{
    const struct value *gone = value_get_c(command, "Cancelled");
    const struct value *ids = value_get_c(command, "InstanceIds");

    if (gone && gone->count > 0 && gone->count >= (ids ? ids->count : 0))
        return "Cancelled";
    return is_expired(cx, command) ? "TimedOut" : "Pending";
}

static struct value *shown(struct ctx *cx, const struct value *command)
{
    struct value *v = value_copy(cx->a, command);
    const char *status = status_of_all(cx, command);

    (void)value_remove(v, STR("Cancelled")); /* it has its word in the status */
    value_put_c(cx->a, v, "Status", status);
    value_put_c(cx->a, v, "StatusDetails",
                strcmp(status, "TimedOut") == 0 ? "DeliveryTimedOut" : status);
    return v;
}

static bool instances_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    const struct value *ids = param(call, "InstanceIds"), *targets = param(call, "Targets");

    if (!value_first(ids) && !value_first(targets))
        ssm_invalid(cx, out, "Either the InstanceIds or the Targets parameter must be specified.");
    else if (value_first(ids) && value_first(targets))
        ssm_invalid(cx, out, "InstanceIds and Targets can't both be specified.");
    else if (ids && ids->count > INSTANCES_MOST)
        ssm_invalid(cx, out, "A command can name 50 instances at most.");
    for (const struct value *v = value_first(ids); v && !outcome_refused(out); v = v->next) {
        if (!str_has_prefix(v->u.text, STR("i-")) && !str_has_prefix(v->u.text, STR("mi-")))
            outcome_refuse(cx->a, out, 0, "InvalidInstanceId",
                           "Instances [[%.*s]] not in a valid state for account %.*s",
                           STR_ARG(v->u.text), STR_ARG(call->account));
        for (const struct value *u = v->next; u && !outcome_refused(out); u = u->next)
            if (str_eq(u->u.text, v->u.text))
                outcome_refuse(cx->a, out, 0, "DuplicateInstanceId",
                               "You can't specify an instance ID in more than one association.");
    }
    return !outcome_refused(out);
}

/* Members of a Command as they come, or as they stand in real answers when they do not. */
static const struct member {
    const char *name, *asked, *text;
} texts[] = {
    { "DocumentName", "DocumentName", "" },
    { "DocumentVersion", "DocumentVersion", "$DEFAULT" },
    { "Comment", "Comment", "" },
    { "OutputS3BucketName", "OutputS3BucketName", "" },
    { "OutputS3KeyPrefix", "OutputS3KeyPrefix", "" },
    { "MaxConcurrency", "MaxConcurrency", "50" },
    { "MaxErrors", "MaxErrors", "0" },
    { "ServiceRole", "ServiceRoleArn", "" },
    { "Status", "", "Pending" },
    { "StatusDetails", "", "Pending" },
};
static const char *const counts[] = { "CompletedCount", "ErrorCount", "DeliveryTimedOutCount" };

static struct value *nested(struct ctx *cx, const struct call *call, const char *member)
{
    struct value *v = value_map(cx->a);

    if (param_has(call, member))
        return value_copy(cx->a, param(call, member));
    if (strcmp(member, "NotificationConfig") == 0) {
        value_put_c(cx->a, v, "NotificationArn", "");
        value_set(v, STR("NotificationEvents"), value_list(cx->a));
        value_put_c(cx->a, v, "NotificationType", "");
    } else if (strcmp(member, "CloudWatchOutputConfig") == 0) {
        value_put_c(cx->a, v, "CloudWatchLogGroupName", "");
        value_put_bool(cx->a, v, "CloudWatchOutputEnabled", false);
    } else {
        value_put_bool(cx->a, v, "IgnorePollAlarmFailure", false);
        value_set(v, STR("Alarms"), value_list(cx->a));
    }
    return v;
}

static struct value *list_of(struct ctx *cx, const struct call *call, const char *member)
{
    return param_has(call, member) ? value_copy(cx->a, param(call, member)) : value_list(cx->a);
}

static struct value *command_new(struct ctx *cx, const struct call *call)
{
    static const char *const maps[] = { "NotificationConfig", "CloudWatchOutputConfig",
                                        "AlarmConfiguration" };
    int64_t timeout_s = param_int(call, "TimeoutSeconds", TIMEOUT_DEFAULT_S);
    struct value *c = value_map(cx->a);
    char id[37];

    rng_uuid(&cx->rng, id);
    value_put_c(cx->a, c, "CommandId", id);
    for (size_t i = 0; i < COUNT(texts); i++)
        value_put_str(cx->a, c, texts[i].name,
                      param_has(call, texts[i].asked) ? param_str(call, texts[i].asked)
                                                      : str_c(texts[i].text));
    value_put_time(cx->a, c, "RequestedDateTime", cx->now_ms);
    value_put_time(cx->a, c, "ExpiresAfter", cx->now_ms + (timeout_s + EXECUTION_S) * 1000);
    value_set(c, STR("Parameters"),
              param_has(call, "Parameters") ? value_copy(cx->a, param(call, "Parameters"))
                                            : value_map(cx->a));
    value_set(c, STR("InstanceIds"), list_of(cx, call, "InstanceIds"));
    value_set(c, STR("Targets"), list_of(cx, call, "Targets"));
    value_put_str(cx->a, c, "OutputS3Region",
                  param_has(call, "OutputS3Region") ? param_str(call, "OutputS3Region")
                                                    : call->region);
    value_put_int(cx->a, c, "TargetCount", value_get_c(c, "InstanceIds")->count);
    for (size_t i = 0; i < COUNT(counts); i++)
        value_put_int(cx->a, c, counts[i], 0);
    for (size_t i = 0; i < COUNT(maps); i++)
        value_set(c, str_c(maps[i]), nested(cx, call, maps[i]));
    value_put_int(cx->a, c, "TimeoutSeconds", timeout_s);
    value_set(c, STR("TriggeredAlarms"), value_list(cx->a));
    return c;
}

int ssm_SendCommand(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct doc_key at;
    struct value *doc;

    if (!instances_ok(cx, call, out))
        return 0;
    int rc = ssm_document_find(cx, call, out, &at, &doc, err);
    if (rc < 0 || !doc)
        return rc;
    if (value_get_c(doc, "Versions") &&
        !ssm_document_version(cx, call, out, doc, "DocumentVersion"))
        return 0;
    if (!str_eq_c(value_get_str(doc, "DocumentType"), "Command")) {
        outcome_refuse(cx->a, out, 0, "InvalidDocument", "Document %.*s is not a Command document.",
                       STR_ARG(param_str(call, "DocumentName")));
        return 0;
    }
    struct value *command = command_new(cx, call);
    value_set(outcome_output(cx, out), STR("Command"), value_copy(cx->a, command));
    return store_doc_put(cx->e->store, ssm_at(call, "Command", value_get_str(command, "CommandId")),
                         command, err);
}

static bool invoked_within(const struct value *command, struct str key, struct str text)
{
    int64_t at_ms = value_get_time(command, "RequestedDateTime", 0), limit_ms;

    if (clock_parse(text, &limit_ms, NULL) < 0)
        return false;
    return str_eq_c(key, "InvokedAfter") ? at_ms >= limit_ms : at_ms < limit_ms;
}

/* Source: Systems Manager API Reference, "CommandFilter". */
static bool passes(struct ctx *cx, const struct call *call, const struct value *command)
{
    if (param_has(call, "CommandId") &&
        !str_eq(param_str(call, "CommandId"), value_get_str(command, "CommandId")))
        return false;
    if (param_has(call, "InstanceId") &&
        !list_has(value_get_c(command, "InstanceIds"), param_str(call, "InstanceId")))
        return false;
    for (const struct value *f = value_first(param(call, "Filters")); f; f = f->next) {
        struct str key = value_get_str(f, "key"), want = value_get_str(f, "value");
        bool fits = str_has_prefix(key, STR("Invoked")) ? invoked_within(command, key, want)
                    : str_eq_c(key, "Status")           ? str_eq_c(want, status_of_all(cx, command))
                    : str_eq_c(key, "DocumentName")
                        ? str_eq(want, value_get_str(command, "DocumentName"))
                        : str_eq_c(want, "Executing") == !is_expired(cx, command);
        if (!fits)
            return false;
    }
    return true;
}

static bool missing_ok(struct ctx *cx, const struct call *call, struct outcome *out, size_t found)
{
    if (param_has(call, "CommandId") && found == 0)
        outcome_refuse(cx->a, out, 0, "InvalidCommandId", "%s", "");
    return !outcome_refused(out);
}

int ssm_ListCommands(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct value *list = value_list(cx->a);
    struct doc *docs;
    size_t count;
    int rc = ssm_all(cx, call, "Command", STR(""), &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (passes(cx, call, docs[i].value))
            value_push(list, shown(cx, docs[i].value));
    if (rc == 0 && missing_ok(cx, call, out, list->count))
        ssm_page(cx, call, out, &(struct ssm_list){ "Commands", list, LIST_DEFAULT });
    return rc;
}

static struct value *invocation(struct ctx *cx, const struct value *command, struct str instance)
{
    static const char *const members[] = { "CommandId",          "Comment",
                                           "DocumentName",       "DocumentVersion",
                                           "RequestedDateTime",  "ServiceRole",
                                           "NotificationConfig", "CloudWatchOutputConfig" };
    const char *status = status_of(cx, command, instance);
    struct value *v = value_map(cx->a);

    ssm_copy(cx, command, v, members, COUNT(members));
    value_put_str(cx->a, v, "InstanceId", instance);
    value_put_c(cx->a, v, "InstanceName", "");
    value_put_c(cx->a, v, "Status", status);
    value_put_c(cx->a, v, "StatusDetails",
                strcmp(status, "TimedOut") == 0 ? "DeliveryTimedOut" : status);
    value_put_c(cx->a, v, "StandardOutputUrl", "");
    value_put_c(cx->a, v, "StandardErrorUrl", "");
    value_set(v, STR("CommandPlugins"), value_list(cx->a));
    return v;
}

int ssm_ListCommandInvocations(struct ctx *cx, const struct call *call, struct outcome *out,
                               struct err *err)
{
    struct str only = param_str(call, "InstanceId");
    struct value *list = value_list(cx->a);
    struct doc *docs;
    size_t count, found = 0;
    int rc = ssm_all(cx, call, "Command", STR(""), &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct value *ids = value_get_c(docs[i].value, "InstanceIds");
        if (!passes(cx, call, docs[i].value))
            continue;
        found++;
        for (const struct value *id = value_first(ids); id; id = id->next)
            if (only.len == 0 || str_eq(id->u.text, only))
                value_push(list, invocation(cx, docs[i].value, id->u.text));
    }
    if (rc == 0 && missing_ok(cx, call, out, found))
        ssm_page(cx, call, out, &(struct ssm_list){ "CommandInvocations", list, LIST_DEFAULT });
    return rc;
}

int ssm_GetCommandInvocation(struct ctx *cx, const struct call *call, struct outcome *out,
                             struct err *err)
{
    static const char *const members[] = { "CommandId", "Comment", "DocumentName",
                                           "DocumentVersion", "CloudWatchOutputConfig" };
    static const char *const empty[] = {
        "PluginName",           "ExecutionStartDateTime", "ExecutionElapsedTime",
        "ExecutionEndDateTime", "StandardOutputContent",  "StandardOutputUrl",
        "StandardErrorContent", "StandardErrorUrl",
    };
    struct str instance = param_str(call, "InstanceId");
    struct value *command;
    int rc = store_doc_get(cx->e->store, cx->a,
                           ssm_at(call, "Command", param_str(call, "CommandId")), &command, err);

    if (rc == E_MISSING || (rc == 0 && !list_has(value_get_c(command, "InstanceIds"), instance))) {
        outcome_refuse(cx->a, out, 0, "InvocationDoesNotExist", "%s", "");
        return 0;
    }
    if (rc < 0)
        return rc;
    const char *status = status_of(cx, command, instance);
    struct value *o = outcome_output(cx, out);
    ssm_copy(cx, command, o, members, COUNT(members));
    value_put_str(cx->a, o, "InstanceId", instance);
    for (size_t i = 0; i < COUNT(empty); i++)
        value_put_c(cx->a, o, empty[i], "");
    value_put_int(cx->a, o, "ResponseCode", -1); /* Source: the same, ResponseCode: not yet run */
    value_put_c(cx->a, o, "Status", status);
    value_put_c(cx->a, o, "StatusDetails",
                strcmp(status, "TimedOut") == 0 ? "Delivery Timed Out" : status);
    return 0;
}

int ssm_CancelCommand(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct doc_key at = ssm_at(call, "Command", param_str(call, "CommandId"));
    struct value *command, *gone;
    int rc = store_doc_get(cx->e->store, cx->a, at, &command, err);

    if (rc == E_MISSING) {
        outcome_refuse(cx->a, out, 0, "InvalidCommandId", "%s", "");
        return 0;
    }
    if (rc < 0)
        return rc;
    if (!value_get_c(command, "Cancelled"))
        value_set(command, STR("Cancelled"), value_list(cx->a));
    gone = value_get_c(command, "Cancelled");
    const struct value *all = value_get_c(command, "InstanceIds");
    const struct value *asked =
        value_first(param(call, "InstanceIds")) ? param(call, "InstanceIds") : all;
    for (const struct value *id = value_first(asked); id; id = id->next) {
        if (!list_has(all, id->u.text)) {
            outcome_refuse(cx->a, out, 0, "InvalidInstanceId", "%s", "");
            return 0;
        }
        if (!list_has(gone, id->u.text) && !is_expired(cx, command))
            value_push(gone, value_copy(cx->a, id));
    }
    (void)outcome_output(cx, out);
    return store_doc_put(cx->e->store, at, command, err);
}
