/* Who am I, and sessions for users: GetCallerIdentity, GetSessionToken, GetFederationToken. */
#include "emulator/services/sts/sts.h"

#include "core/aws/ids.h"
#include "core/aws/region.h"

#define HOUR_S 3600

int sts_GetCallerIdentity(struct ctx *cx, const struct call *call, struct outcome *out,
                          struct err *err)
{
    struct value *o = outcome_output(cx, out);

    (void)err;
    value_put_str(cx->a, o, "UserId", call->who->principal_id);
    value_put_str(cx->a, o, "Account", call->who->account);
    value_put_str(cx->a, o, "Arn", call->who->arn);
    return 0;
}

/* The account stands in the key id itself; STS answers for keys of any account. */
int sts_GetAccessKeyInfo(struct ctx *cx, const struct call *call, struct outcome *out,
                         struct err *err)
{
    struct str id = param_str(call, "AccessKeyId"), account = ids_account(cx->a, id);

    (void)err;
    if (account.len == 0)
        sts_invalid(cx, out, "Invalid access key id: %.*s", STR_ARG(id));
    else
        value_put_str(cx->a, outcome_output(cx, out), "Account", account);
    return 0;
}

/* As in an account that has not enabled it; IAM enables it for none: iam/providers.c. */
int sts_GetWebIdentityToken(struct ctx *cx, const struct call *call, struct outcome *out,
                            struct err *err)
{
    (void)call, (void)err;
    outcome_refuse(cx->a, out, 0, "OutboundWebIdentityFederationDisabledException",
                   "The outbound web identity federation feature is not enabled for this account. "
                   "To use this feature, you must first enable it through the AWS Management "
                   "Console or API.");
    return 0;
}

/* No message was ever encoded here: EC2's refusals carry none. */
int sts_DecodeAuthorizationMessage(struct ctx *cx, const struct call *call, struct outcome *out,
                                   struct err *err)
{
    (void)call, (void)err;
    outcome_refuse(cx->a, out, 400, "InvalidAuthorizationMessageException", "Message is not valid");
    return 0;
}

static bool is_long_lived(struct ctx *cx, const struct call *call, struct outcome *out)
{
    if (!call->who->is_session &&
        (call->who->type == PRINCIPAL_IAM_USER || call->who->type == PRINCIPAL_ROOT))
        return true;
    outcome_refuse(cx->a, out, 403, "AccessDenied", "Cannot call %.*s with session credentials",
                   STR_ARG(call->action));
    return false;
}

/* Root's sessions end after an hour. */
static bool user_duration(struct ctx *cx, const struct call *call, struct outcome *out,
                          int64_t *duration_s)
{
    bool is_root = call->who->type == PRINCIPAL_ROOT;

    if (!sts_duration_ok(cx, call, out, 36 * HOUR_S, duration_s, (is_root ? 1 : 12) * HOUR_S))
        return false;
    if (is_root && *duration_s > HOUR_S)
        *duration_s = HOUR_S;
    return true;
}

int sts_GetSessionToken(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct err *err)
{
    struct principal session = *call->who;
    int64_t duration_s;
    bool ok = false;

    if (!is_long_lived(cx, call, out) || !user_duration(cx, call, out, &duration_s))
        return 0;
    int rc = sts_mfa_ok(cx, call, out, &ok, err);
    if (rc < 0 || !ok)
        return rc;
    session.mfa = param_has(call, "SerialNumber");
    return sts_issue(cx, &session, duration_s, out, err);
}

static struct principal *federated_user(struct ctx *cx, const struct call *call, struct str name)
{
    struct principal *p = arena_alloc(cx->a, sizeof *p);
    const struct principal *who = call->who;

    p->type = PRINCIPAL_FEDERATED_USER;
    p->account = who->account;
    p->session_name = name;
    p->principal_id = arena_printf(cx->a, "%.*s:%.*s", STR_ARG(who->account), STR_ARG(name));
    p->arn =
        arena_printf(cx->a, "arn:%.*s:sts::%.*s:federated-user/%.*s",
                     STR_ARG(region_partition(call->region)), STR_ARG(who->account), STR_ARG(name));
    p->issuer_type = who->type;
    p->issuer_id = who->principal_id;
    p->issuer_arn = who->arn;
    p->issuer_account = who->account;
    p->issuer_user_name = who->user_name;
    p->session_tags = sts_tags(cx, call);
    p->session_policy = param_str(call, "Policy");
    return p;
}

int sts_GetFederationToken(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct value *user = value_map(cx->a);
    int64_t duration_s;

    if (!sts_name_ok(cx, call, out, "Name", 32) || !is_long_lived(cx, call, out) ||
        !user_duration(cx, call, out, &duration_s) || !sts_policy_ok(cx, call, out))
        return 0;
    struct principal *p = federated_user(cx, call, param_str(call, "Name"));
    value_put_str(cx->a, user, "FederatedUserId", p->principal_id);
    value_put_str(cx->a, user, "Arn", p->arn);
    value_set(outcome_output(cx, out), STR("FederatedUser"), user);
    return sts_issue(cx, p, duration_s, out, err);
}
