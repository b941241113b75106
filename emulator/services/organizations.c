#include "core/aws/ids.h"
#include "emulator/services/services.h"
#include "emulator/trail/config.h"
#include "emulator/trail/trail.h"

/* An organization and its accounts, as far as organization trails need them. Documents of the
 * management account: "Organization" (id: o-...), "Account" (id: the account's number), and
 * "CreateAccountStatus" (id: car-...). */

static struct doc_key key_of(struct str management, const char *type, struct str id)
{
    return (struct doc_key){ management, STR(""), STR("organizations"), str_c(type), id };
}

/* The caller's organization; refused when it is in none (*management stays empty). */
static int need_organization(struct ctx *cx, const struct call *call, struct outcome *out,
                             struct str *management, struct str *org, struct err *err)
{
    int rc = config_organization(cx->e->store, cx->a, call->account, management, org, err);

    if (rc == 0 && org->len == 0)
        outcome_refuse(cx->a, out, 400, "AWSOrganizationsNotInUseException",
                       "Your account is not a member of an organization.");
    return rc;
}

/* The same for what only the management account may do. */
static int need_management(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct str *org, struct err *err)
{
    struct str management;
    int rc = need_organization(cx, call, out, &management, org, err);

    if (rc == 0 && !outcome_refused(out) && !str_eq(management, call->account))
        outcome_refuse(cx->a, out, 400, "AccessDeniedException",
                       "You don't have permissions to access this resource.");
    return rc;
}

static struct value *account_new(struct ctx *cx, struct str management, struct str org,
                                 struct str id, const char *how)
{
    struct value *v = value_map(cx->a);

    value_put_str(cx->a, v, "Id", id);
    value_put_str(cx->a, v, "Arn",
                  arena_printf(cx->a, "arn:aws:organizations::%.*s:account/%.*s/%.*s",
                               STR_ARG(management), STR_ARG(org), STR_ARG(id)));
    value_put_c(cx->a, v, "Status", "ACTIVE");
    value_put_c(cx->a, v, "State", "ACTIVE");
    value_put_c(cx->a, v, "JoinedMethod", how);
    value_put_time(cx->a, v, "JoinedTimestamp", cx->now_ms);
    return v;
}

static struct value *organization_new(struct ctx *cx, const struct call *call, struct str org)
{
    struct value *v = value_map(cx->a);
    struct str account = call->account, set = param_str(call, "FeatureSet");

    value_put_str(cx->a, v, "Id", org);
    value_put_str(cx->a, v, "Arn",
                  arena_printf(cx->a, "arn:aws:organizations::%.*s:organization/%.*s",
                               STR_ARG(account), STR_ARG(org)));
    value_put_str(cx->a, v, "FeatureSet", set.len ? set : STR("ALL"));
    value_put_str(cx->a, v, "MasterAccountArn",
                  arena_printf(cx->a, "arn:aws:organizations::%.*s:account/%.*s/%.*s",
                               STR_ARG(account), STR_ARG(org), STR_ARG(account)));
    value_put_str(cx->a, v, "MasterAccountId", account);
    value_put_str(cx->a, v, "MasterAccountEmail",
                  arena_printf(cx->a, "root+%.*s@example.com", STR_ARG(account)));
    return v;
}

int organizations_CreateOrganization(struct ctx *cx, const struct call *call, struct outcome *out,
                                     struct err *err)
{
    struct str management, org;
    int rc = config_organization(cx->e->store, cx->a, call->account, &management, &org, err);

    if (rc == 0 && org.len > 0)
        outcome_refuse(cx->a, out, 400, "AlreadyInOrganizationException",
                       "The AWS account is already a member of an organization.");
    if (rc < 0 || outcome_refused(out))
        return rc;
    org = arena_printf(
        cx->a, "o-%.*s",
        STR_ARG(rng_chars(&cx->rng, cx->a, STR("abcdefghijklmnopqrstuvwxyz0123456789"), 10)));
    struct value *v = organization_new(cx, call, org);
    struct value *own = account_new(cx, call->account, org, call->account, "INVITED");
    value_put_c(cx->a, own, "Name", "management");
    value_put_str(cx->a, own, "Email", value_get_str(v, "MasterAccountEmail"));
    rc = store_doc_put(cx->e->store, key_of(call->account, "Organization", org), v, err);
    if (rc == 0)
        rc = store_doc_put(cx->e->store, key_of(call->account, "Account", call->account), own, err);
    trail_members_changed(cx->e->trail);
    out->changed = true;
    value_set(outcome_output(cx, out), STR("Organization"), v);
    return rc;
}

int organizations_DescribeOrganization(struct ctx *cx, const struct call *call, struct outcome *out,
                                       struct err *err)
{
    struct str management, org;
    struct value *v;
    int rc = need_organization(cx, call, out, &management, &org, err);

    if (rc < 0 || outcome_refused(out))
        return rc;
    rc = store_doc_get(cx->e->store, cx->a, key_of(management, "Organization", org), &v, err);
    if (rc == 0)
        value_set(outcome_output(cx, out), STR("Organization"), v);
    return rc;
}

int organizations_DescribeAccount(struct ctx *cx, const struct call *call, struct outcome *out,
                                  struct err *err)
{
    struct str org;
    struct value *v;
    int rc = need_management(cx, call, out, &org, err);

    if (rc < 0 || outcome_refused(out))
        return rc;
    rc = store_doc_get(cx->e->store, cx->a,
                       key_of(call->account, "Account", param_str(call, "AccountId")), &v, err);
    if (rc == E_MISSING) {
        outcome_refuse(cx->a, out, 400, "AccountNotFoundException",
                       "You specified an account that doesn't exist.");
        return 0;
    }
    if (rc == 0)
        value_set(outcome_output(cx, out), STR("Account"), v);
    return rc;
}

#define PAGE 20 /* Source: Organizations API Reference, "ListAccounts", MaxResults: 1 to 20 */

int organizations_ListAccounts(struct ctx *cx, const struct call *call, struct outcome *out,
                               struct err *err)
{
    int64_t limit = param_int(call, "MaxResults", PAGE);
    struct value *list = value_list(cx->a);
    struct str org, after;
    struct doc *docs;
    size_t count;
    int rc = need_management(cx, call, out, &org, err);

    if (rc < 0 || outcome_refused(out))
        return rc;
    if (limit < 1 || limit > PAGE || !page_after(cx, call, param_str(call, "NextToken"), &after)) {
        outcome_refuse(cx->a, out, 400, "InvalidInputException", "You specified an invalid value.");
        return 0;
    }
    rc = store_doc_list(cx->e->store, cx->a, key_of(call->account, "Account", STR("")), after,
                        (size_t)limit + 1, &docs, &count, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count && i < (size_t)limit; i++)
        value_push(list, docs[i].value);
    value_set(outcome_output(cx, out), STR("Accounts"), list);
    if (count > (size_t)limit)
        value_put_str(cx->a, out->output, "NextToken",
                      page_token(cx, call, docs[limit - 1].key.id));
    return 0;
}

/* The account is there at once, so the status says SUCCEEDED from the first answer on. */
int organizations_CreateAccount(struct ctx *cx, const struct call *call, struct outcome *out,
                                struct err *err)
{
    struct value *status = value_map(cx->a);
    struct str org;
    int rc = need_management(cx, call, out, &org, err);

    if (rc < 0 || outcome_refused(out))
        return rc;
    struct str digits = rng_chars(&cx->rng, cx->a, STR("0123456789"), 11);
    struct str id =
        arena_printf(cx->a, "%c%.*s", (char)('1' + rng_below(&cx->rng, 9)), STR_ARG(digits));
    struct str request = arena_printf(cx->a, "car-%.*s", STR_ARG(ids_hex(cx->a, &cx->rng, "", 32)));
    struct value *account = account_new(cx, call->account, org, id, "CREATED");
    value_put_str(cx->a, account, "Name", param_str(call, "AccountName"));
    value_put_str(cx->a, account, "Email", param_str(call, "Email"));
    value_put_str(cx->a, status, "Id", request);
    value_put_str(cx->a, status, "AccountName", param_str(call, "AccountName"));
    value_put_c(cx->a, status, "State", "SUCCEEDED");
    value_put_time(cx->a, status, "RequestedTimestamp", cx->now_ms);
    value_put_time(cx->a, status, "CompletedTimestamp", cx->now_ms);
    value_put_str(cx->a, status, "AccountId", id);
    rc = store_doc_put(cx->e->store, key_of(call->account, "Account", id), account, err);
    if (rc == 0)
        rc = store_doc_put(cx->e->store, key_of(call->account, "CreateAccountStatus", request),
                           status, err);
    trail_members_changed(cx->e->trail);
    out->changed = true;
    value_set(outcome_output(cx, out), STR("CreateAccountStatus"), status);
    return rc;
}

int organizations_DescribeCreateAccountStatus(struct ctx *cx, const struct call *call,
                                              struct outcome *out, struct err *err)
{
    struct str org, id = param_str(call, "CreateAccountRequestId");
    struct value *v;
    int rc = need_management(cx, call, out, &org, err);

    if (rc < 0 || outcome_refused(out))
        return rc;
    rc = store_doc_get(cx->e->store, cx->a, key_of(call->account, "CreateAccountStatus", id), &v,
                       err);
    if (rc == E_MISSING) {
        outcome_refuse(cx->a, out, 400, "CreateAccountStatusNotFoundException",
                       "You specified a create account status that doesn't exist.");
        return 0;
    }
    if (rc == 0)
        value_set(outcome_output(cx, out), STR("CreateAccountStatus"), v);
    return rc;
}
