/* AssumeRoot: a short session of a member account's root user, for one privileged task.
 * That root access has been centralized (IAM, EnableOrganizationsRootSessions) is not asked for: no
 * state of ours says so. */
#include "emulator/services/sts/sts.h"

#include "core/aws/ids.h"
#include "emulator/trail/config.h"

#define MOST_ROOT_S 900

/* Source: STS API Reference, AssumeRoot, TaskPolicyArn. */
static const char *const tasks[] = { "IAMAuditRootUserCredentials", "IAMCreateRootUserPassword",
                                     "IAMDeleteRootUserCredentials", "S3UnlockBucketPolicy",
                                     "SQSUnlockQueuePolicy" };

static bool is_task(struct str arn)
{
    struct str prefix = STR("arn:aws:iam::aws:policy/root-task/");

    for (size_t i = 0; i < COUNT(tasks); i++)
        if (str_has_prefix(arn, prefix) && str_eq_c(str_sub(arn, prefix.len, arn.len), tasks[i]))
            return true;
    return false;
}

/* "111122223333" or "arn:aws:iam::111122223333:root"; empty: neither. */
static struct str target_account(struct str target)
{
    struct arn arn;

    if (ids_is_account(target))
        return target;
    if (arn_parse(target, &arn, NULL) == 0 && str_eq_c(arn.service, "iam") &&
        str_eq_c(arn.resource, "root"))
        return arn.account;
    return (struct str){ 0 };
}

/* May the caller's account act for the organization that the target is a member of? */
static int may_assume(struct ctx *cx, const struct call *call, struct str target, bool *ok,
                      struct err *err)
{
    struct store *s = cx->e->store;
    struct str account = call->who->account, management, id;
    struct value *delegate;

    *ok = false;
    int rc = config_organization(s, cx->a, target, &management, &id, err);
    if (rc < 0 || id.len == 0 || str_eq(target, management))
        return rc;
    *ok = str_eq(account, management);
    if (*ok)
        return 0;
    struct doc_key key = { .account = management,
                           .service = STR("organizations"),
                           .type = STR("DelegatedAdministrator"),
                           .id = account };
    rc = store_doc_get(s, cx->a, key, &delegate, err);
    const struct value *services = rc == 0 ? value_get_c(delegate, "_services") : NULL;
    for (const struct value *v = value_first(services); v; v = v->next)
        *ok |= str_eq_c(value_get_str(v, "ServicePrincipal"), "iam.amazonaws.com");
    return rc == E_MISSING ? 0 : rc;
}

static bool params_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                      struct str *account)
{
    int64_t s = param_int(call, "DurationSeconds", MOST_ROOT_S);
    struct str task = value_get_str(param(call, "TaskPolicyArn"), "arn");

    *account = target_account(param_str(call, "TargetPrincipal"));
    if (account->len == 0)
        sts_invalid(cx, out, "%.*s is invalid", STR_ARG(param_str(call, "TargetPrincipal")));
    else if (!is_task(task))
        sts_invalid(cx, out, "The policy %.*s is not a valid root task policy.", STR_ARG(task));
    else if (s < 0 || s > MOST_ROOT_S)
        sts_invalid(cx, out,
                    "1 validation error detected: Value '%lld' at 'durationSeconds' failed to "
                    "satisfy constraint: Member must have value less than or equal to 900",
                    (long long)s);
    return !outcome_refused(out);
}

int sts_AssumeRoot(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str account;
    bool ok;

    if (!params_ok(cx, call, out, &account))
        return 0;
    int rc = may_assume(cx, call, account, &ok, err);
    if (rc < 0)
        return rc;
    /* Whoever is only believed to be root may stand in for any caller, as for AssumeRole. */
    if (!ok || (call->who->type == PRINCIPAL_ROOT && cx->e->opt.auth != AUTH_IDENTIFY)) {
        sts_denied(cx, call, out, "AssumeRoot",
                   arena_printf(cx->a, "arn:aws:iam::%.*s:root", STR_ARG(account)));
        return 0;
    }
    struct principal *p = principal_root(cx->a, account);
    p->assumed_root = true;
    p->source_identity = call->who->source_identity;
    if (p->source_identity.len > 0)
        value_put_str(cx->a, outcome_output(cx, out), "SourceIdentity", p->source_identity);
    return sts_issue(cx, p, param_int(call, "DurationSeconds", MOST_ROOT_S), out, err);
}
