/* The CloudWatch Logs log group of a trail, and the role by which CloudTrail writes to it. */
#include "core/aws/arn.h"
#include "emulator/services/behalf.h"
#include "emulator/services/cloudtrail/cloudtrail.h"

/* arn:PARTITION:logs:REGION:ACCOUNT:log-group:NAME:* of the trail's account and home region.
 * Source: CloudTrail User Guide, "Sending events to CloudWatch Logs". */
static struct str group_name(const struct call *call, struct str text)
{
    struct arn arn;
    struct str kind, name;

    if (arn_parse(text, &arn, NULL) < 0 || !str_eq(arn.service, STR("logs")) ||
        !str_eq(arn.account, call->account) || !str_eq(arn.region, call->region) ||
        !str_cut(arn.resource, ':', &kind, &name) || !str_eq(kind, STR("log-group")) ||
        !str_has_suffix(name, STR(":*")))
        return (struct str){ 0 };
    return str_sub(name, 0, name.len - 2);
}

static int group_exists(struct ctx *cx, const struct call *call, struct str text, bool *out,
                        struct err *err)
{
    struct str name = group_name(call, text);
    struct value *doc;
    int rc = name.len == 0
                 ? E_MISSING
                 : store_doc_get(cx->e->store, cx->a,
                                 service_key_regional(call, "logs", "LogGroup", name), &doc, err);

    *out = rc == 0;
    return rc == E_MISSING ? 0 : rc;
}

static int role_trusts(struct ctx *cx, const struct call *call, struct str text, bool *out,
                       struct err *err)
{
    struct value *role;
    struct str path, name;
    struct arn arn;

    *out = false;
    if (arn_parse(text, &arn, NULL) < 0 || !str_eq(arn.service, STR("iam")) ||
        !str_eq(arn.account, call->account) || !str_has_prefix(arn.resource, STR("role/")) ||
        !str_rcut(arn.resource, '/', &path, &name))
        return 0;
    int rc = store_doc_get(cx->e->store, cx->a, service_key(call, "iam", "Role", name), &role, err);
    *out = rc == 0 && behalf_trusted(cx->a, role, "cloudtrail.amazonaws.com");
    return rc == E_MISSING ? 0 : rc;
}

int ct_log_group_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                    const struct value *trail, struct err *err)
{
    struct str group = value_get_str(trail, "CloudWatchLogsLogGroupArn");
    struct str role = value_get_str(trail, "CloudWatchLogsRoleArn");
    bool exists, trusts;
    int rc;

    if (group.len == 0 && role.len == 0)
        return 1;
    if (role.len == 0)
        outcome_refuse(cx->a, out, 400, "InvalidCloudWatchLogsRoleArnException",
                       "You must specify a role ARN as well as a log group.");
    else if (group.len == 0)
        outcome_refuse(cx->a, out, 400, "InvalidCloudWatchLogsLogGroupArnException",
                       "You must specify a log group as well as a role ARN.");
    if (outcome_refused(out))
        return 0;
    if ((rc = group_exists(cx, call, group, &exists, err)) < 0 ||
        (rc = role_trusts(cx, call, role, &trusts, err)) < 0)
        return rc;
    if (!exists)
        outcome_refuse(cx->a, out, 400, "InvalidCloudWatchLogsLogGroupArnException",
                       "CloudTrail cannot validate the specified log group ARN.");
    else if (!trusts)
        outcome_refuse(cx->a, out, 400, "InvalidCloudWatchLogsRoleArnException",
                       "Access denied. Check the trust relationships for your role.");
    return !outcome_refused(out);
}
