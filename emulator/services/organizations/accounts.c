/* Accounts: made, invited members joining, moved, closed, gone. An account is there as soon as
 * CreateAccount was asked for; its answer says IN_PROGRESS, as AWS's does, the next question finds
 * how it ended. */
#include "emulator/services/organizations/organizations.h"

#include "core/aws/ids.h"
#include "emulator/trail/trail.h"

int org_join(struct job *j, struct str org, struct value *account, const char *method)
{
    struct str id = value_get_str(account, "Id");

    value_put_str(j->a, account, "Arn", org_arn(j, "account", org, id));
    value_put_c(j->a, account, "Status", "ACTIVE");
    value_put_c(j->a, account, "State", "ACTIVE");
    value_put_c(j->a, account, "JoinedMethod", method);
    value_put_time(j->a, account, "JoinedTimestamp", j->cx->now_ms);
    value_put_str(j->a, account, "_parent", org_root(j));
    trail_members_changed(j->cx->e->trail);
    j->out->changed = true;
    job_put(j, "Account", id, account);
    return org_attach_defaults(j, id);
}

int org_leave(struct job *j, struct str account)
{
    org_detach_all(j, account);
    job_drop(j, "DelegatedAdministrator", account);
    trail_members_changed(j->cx->e->trail);
    return job_drop(j, "Account", account);
}

/* The role by which the management account gets into a new one.
 * Source: Organizations User Guide, "Accessing member accounts with
 * OrganizationAccountAccessRole". */
static int access_role(struct job *j, struct str account)
{
    struct str name =
        job_has(j, "RoleName") ? job_text(j, "RoleName") : STR("OrganizationAccountAccessRole");
    struct str trust = arena_printf(
        j->a,
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":"
        "\"arn:aws:iam::%.*s:root\"},\"Action\":\"sts:AssumeRole\"}]}",
        STR_ARG(j->account));
    struct outcome unseen = { 0 };
    struct call iam = *j->call;

    iam.account = account;
    iam.params = value_map(j->a);
    value_put_str(j->a, iam.params, "RoleName", name);
    value_put_str(j->a, iam.params, "AssumeRolePolicyDocument", trust);
    value_put_c(j->a, iam.params, "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess");
    j->rc = iam_CreateRole(j->cx, &iam, &unseen, j->err);
    if (j->rc == 0 && !outcome_refused(&unseen))
        j->rc = iam_AttachRolePolicy(j->cx, &iam, &unseen, j->err);
    if (j->rc == 0 && outcome_refused(&unseen)) /* a name that is none for a role */
        job_refuse(j, "InvalidInputException", "%.*s", STR_ARG(unseen.message));
    return j->rc;
}

static bool email_is_taken(struct job *j, struct str email)
{
    struct doc *docs;
    size_t count = job_list(j, "Account", STR(""), &docs);

    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(value_get_str(docs[i].value, "Email"), email))
            return true;
    return false;
}

static int make_account(struct job *j, struct str org, struct value *status)
{
    struct value *account = value_map(j->a);
    struct str digits = rng_chars(&j->cx->rng, j->a, STR("0123456789"), 11);
    struct str id =
        arena_printf(j->a, "%c%.*s", (char)('1' + rng_below(&j->cx->rng, 9)), STR_ARG(digits));

    value_put_time(j->a, status, "CompletedTimestamp", j->cx->now_ms);
    if (email_is_taken(j, job_text(j, "Email"))) {
        value_put_c(j->a, status, "State", "FAILED");
        value_put_c(j->a, status, "FailureReason", "EMAIL_ALREADY_EXISTS");
        return j->rc;
    }
    value_put_c(j->a, status, "State", "SUCCEEDED");
    value_put_str(j->a, status, "AccountId", id);
    value_put_str(j->a, account, "Id", id);
    value_put_str(j->a, account, "Email", job_text(j, "Email"));
    value_put_str(j->a, account, "Name", job_text(j, "AccountName"));
    org_take_tags(j, account);
    org_join(j, org, account, "CREATED");
    return j->rc < 0 ? j->rc : access_role(j, id);
}

HANDLER(organizations, CreateAccount)
{
    struct value *status = value_map(j->a);
    struct str org;

    if (!org_manager(j, &org))
        return j->rc;
    struct str id = org_id(j, "car-", 32);
    value_put_str(j->a, status, "Id", id);
    value_put_str(j->a, status, "AccountName", job_text(j, "AccountName"));
    value_put_c(j->a, status, "State", "IN_PROGRESS");
    value_put_time(j->a, status, "RequestedTimestamp", j->cx->now_ms);
    job_answer(j, "CreateAccountStatus", value_copy(j->a, status));
    make_account(j, org, status);
    return job_stopped(j) ? j->rc : job_put(j, "CreateAccountStatus", id, status);
}

HANDLER(organizations, DescribeCreateAccountStatus)
{
    struct str org;

    if (!org_manager(j, &org))
        return j->rc;
    struct value *v = job_get(j, "CreateAccountStatus", job_text(j, "CreateAccountRequestId"));
    if (!v)
        return j->rc < 0 ? j->rc : org_refuse(j, "CreateAccountStatusNotFoundException");
    job_answer(j, "CreateAccountStatus", v);
    return 0;
}

static bool is_in_state(const struct job *j, const struct doc *doc)
{
    const struct value *states = param(j->call, "States");

    return !value_first(states) || list_has(states, value_get_str(doc->value, "State"));
}

HANDLER(organizations, ListCreateAccountStatus)
{
    struct str org;

    if (!org_manager(j, &org))
        return j->rc;
    return job_page_docs(j, &org_paging, "CreateAccountStatuses", "CreateAccountStatus", STR(""),
                         is_in_state);
}

HANDLER(organizations, DescribeAccount)
{
    struct str org;
    struct value *v = org_manager(j, &org) ? org_account(j) : NULL;

    if (v)
        job_answer(j, "Account", v);
    return j->rc;
}

HANDLER(organizations, ListAccounts)
{
    struct str org;

    if (!org_manager(j, &org))
        return j->rc;
    return job_page_docs(j, &org_paging, "Accounts", "Account", STR(""), NULL);
}

HANDLER(organizations, CloseAccount)
{
    struct str org;
    struct value *v = org_manager(j, &org) ? org_account(j) : NULL;

    if (!v)
        return j->rc;
    if (str_eq(job_text(j, "AccountId"), j->account))
        return job_refuse(j, "ConstraintViolationException",
                          "You cannot close the management account of an organization.");
    if (!str_eq_c(value_get_str(v, "Status"), "ACTIVE"))
        return org_refuse(j, "AccountAlreadyClosedException");
    value_put_c(j->a, v, "Status", "SUSPENDED");
    value_put_c(j->a, v, "State", "SUSPENDED");
    return job_put(j, "Account", job_text(j, "AccountId"), v);
}

HANDLER(organizations, RemoveAccountFromOrganization)
{
    struct str org;

    if (!org_manager(j, &org) || !org_account(j))
        return j->rc;
    if (str_eq(job_text(j, "AccountId"), j->account))
        return org_refuse(j, "MasterCannotLeaveOrganizationException");
    return org_leave(j, job_text(j, "AccountId"));
}

HANDLER(organizations, LeaveOrganization)
{
    struct str org;

    if (!org_member(j, &org))
        return j->rc;
    if (str_eq(j->call->account, j->account))
        return org_refuse(j, "MasterCannotLeaveOrganizationException");
    return org_leave(j, j->call->account);
}

HANDLER(organizations, MoveAccount)
{
    struct str org, from = job_text(j, "SourceParentId"), to = job_text(j, "DestinationParentId");
    struct value *v = org_manager(j, &org) ? org_account(j) : NULL;

    if (!v || !org_parent(j, from, "SourceParentNotFoundException") ||
        !org_parent(j, to, "DestinationParentNotFoundException"))
        return j->rc;
    if (str_eq(value_get_str(v, "_parent"), to))
        return org_refuse(j, "DuplicateAccountException");
    if (!str_eq(value_get_str(v, "_parent"), from))
        return org_refuse(j, "AccountNotFoundException");
    value_put_str(j->a, v, "_parent", to);
    return job_put(j, "Account", job_text(j, "AccountId"), v);
}
