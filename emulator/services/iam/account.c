/* The account as a whole: aliases, summary, authorization details, service-linked roles. */
#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "emulator/services/iam/iam.h"

int iam_CreateAccountAlias(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct str alias = param_str(call, "AccountAlias");
    struct value *doc = value_map(cx->a);
    struct value *taken = NULL;
    struct doc_key global = { .service = STR("iam"), .type = STR("AliasIndex"), .id = alias };

    int rc = store_doc_get(cx->e->store, cx->a, global, &taken, err);
    if (rc == 0)
        outcome_refuse(cx->a, out, 0, "EntityAlreadyExistsException",
                       "The account alias %.*s already exists.", STR_ARG(alias));
    if (rc != E_MISSING)
        return rc;
    struct value *old = NULL; /* an account has one alias: a new one takes its place */
    rc = store_doc_get(cx->e->store, cx->a, iam_key(call, "AccountAlias", STR("alias")), &old, err);
    if (rc == 0) {
        global.id = value_get_str(old, "AccountAlias");
        rc = store_doc_delete(cx->e->store, global, err);
        global.id = alias;
    }
    if (rc < 0 && rc != E_MISSING)
        return rc;
    value_put_str(cx->a, doc, "AccountAlias", alias);
    value_put_str(cx->a, doc, "Account", call->account);
    rc = store_doc_put(cx->e->store, global, doc, err);
    return rc < 0 ? rc : iam_save(cx, call, "AccountAlias", STR("alias"), doc, err);
}

static int alias_load(struct ctx *cx, const struct call *call, struct value **doc, struct err *err)
{
    *doc = NULL;
    int rc =
        store_doc_get(cx->e->store, cx->a, iam_key(call, "AccountAlias", STR("alias")), doc, err);
    return rc == E_MISSING ? 0 : rc;
}

int iam_ListAccountAliases(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct value *doc;
    struct iam_item item;
    int rc = alias_load(cx, call, &doc, err);

    if (rc < 0)
        return rc;
    if (doc)
        item = (struct iam_item){ value_get_str(doc, "AccountAlias"),
                                  value_str(cx->a, value_get_str(doc, "AccountAlias")) };
    return iam_page(cx, call, out, "AccountAliases", &item, doc ? 1 : 0);
}

int iam_DeleteAccountAlias(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct str alias = param_str(call, "AccountAlias");
    struct value *doc;
    int rc = alias_load(cx, call, &doc, err);

    if (rc < 0)
        return rc;
    if (!doc || !str_eq(value_get_str(doc, "AccountAlias"), alias)) {
        iam_missing(cx, out, "The account alias with name %.*s cannot be found.", STR_ARG(alias));
        return 0;
    }
    struct doc_key global = { .service = STR("iam"), .type = STR("AliasIndex"), .id = alias };
    rc = store_doc_delete(cx->e->store, global, err);
    return rc < 0
               ? rc
               : store_doc_delete(cx->e->store, iam_key(call, "AccountAlias", STR("alias")), err);
}

/* Counted things, and quotas. Source: IAM API Reference, GetAccountSummary; IAM User Guide, quotas.
 */
static const struct {
    const char *key, *type;
} summary_counts[] = {
    { "Users", "User" },
    { "Groups", "Group" },
    { "Roles", "Role" },
    { "Policies", "Policy" },
    { "InstanceProfiles", "InstanceProfile" },
    { "MFADevices", "MFADevice" },
};
static const struct {
    const char *key;
    int64_t limit;
} summary_quotas[] = {
    { "UsersQuota", 5000 },
    { "GroupsQuota", 300 },
    { "RolesQuota", 1000 },
    { "PoliciesQuota", 1500 },
    { "InstanceProfilesQuota", 1000 },
    { "ServerCertificatesQuota", 20 },
    { "AccessKeysPerUserQuota", 2 },
    { "AttachedPoliciesPerUserQuota", 10 },
    { "AttachedPoliciesPerGroupQuota", 10 },
    { "AttachedPoliciesPerRoleQuota", 10 },
    { "GroupsPerUserQuota", 10 },
    { "VersionsPerPolicyQuota", 5 },
    { "PolicySizeQuota", 6144 },
    { "UserPolicySizeQuota", 2048 },
    { "GroupPolicySizeQuota", 5120 },
    { "RolePolicySizeQuota", 10240 },
    { "AssumeRolePolicySizeQuota", 2048 },
    { "SigningCertificatesPerUserQuota", 2 },
    { "GlobalEndpointTokenVersion", 1 },
};

/* In use = enabled for somebody. */
static int mfa_in_use(struct ctx *cx, const struct call *call, int64_t *count, struct err *err)
{
    struct doc *docs;
    size_t all;
    int rc = iam_all(cx, call, "MFADevice", &docs, &all, err);

    *count = 0;
    for (size_t i = 0; rc == 0 && i < all; i++)
        *count += value_get_c(docs[i].value, "User") != NULL;
    return rc;
}

int iam_GetAccountSummary(struct ctx *cx, const struct call *call, struct outcome *out,
                          struct err *err)
{
    struct value *map = value_map(cx->a), *policies_used = value_map(cx->a);
    static const char *const holders[] = { "User", "Group", "Role" };
    int64_t in_use = 0, providers = 0, root_keys = 0, versions = 0;
    struct doc *docs;
    size_t count;
    int rc = 0;

    for (size_t i = 0; i < COUNT(summary_counts) && rc == 0; i++) {
        rc = iam_all(cx, call, summary_counts[i].type, &docs, &count, err);
        if (rc == 0)
            value_put_int(cx->a, map, summary_counts[i].key, (int64_t)count);
        for (size_t d = 0; rc == 0 && d < count; d++)
            versions += (int64_t)iam_list_count(docs[d].value, "_versions");
    }
    for (size_t i = 0; i < COUNT(holders) && rc == 0; i++) {
        rc = iam_all(cx, call, holders[i], &docs, &count, err);
        for (size_t d = 0; rc == 0 && d < count; d++)
            for (const struct value *p = value_first(value_get_c(docs[d].value, "_attached")); p;
                 p = p->next)
                value_set(policies_used, p->u.text, value_bool(cx->a, true));
    }
    if (rc == 0)
        rc = iam_all(cx, call, "OIDCProvider", &docs, &count, err), providers += (int64_t)count;
    if (rc == 0)
        rc = iam_all(cx, call, "SAMLProvider", &docs, &count, err), providers += (int64_t)count;
    if (rc == 0)
        rc = iam_all(cx, call, "AccessKey", &docs, &count, err);
    for (size_t d = 0; rc == 0 && d < count; d++)
        root_keys += value_get_bool(docs[d].value, "IsRoot", false);
    if (rc == 0)
        rc = mfa_in_use(cx, call, &in_use, err);
    if (rc < 0)
        return rc;
    value_put_int(cx->a, map, "ServerCertificates", 0);
    value_put_int(cx->a, map, "MFADevicesInUse", in_use);
    value_put_int(cx->a, map, "AccountMFAEnabled", 0);
    value_put_int(cx->a, map, "AccountAccessKeysPresent", root_keys > 0);
    value_put_int(cx->a, map, "AccountSigningCertificatesPresent", 0);
    value_put_int(cx->a, map, "Providers", providers);
    value_put_int(cx->a, map, "PolicyVersionsInUse", versions);
    value_put_int(cx->a, map, "PolicyVersionsInUseQuota", 10000);
    for (size_t i = 0; i < COUNT(summary_quotas); i++)
        value_put_int(cx->a, map, summary_quotas[i].key, summary_quotas[i].limit);
    value_set(outcome_output(cx, out), STR("SummaryMap"), map);
    return 0;
}

static struct value *inline_list(struct ctx *cx, const struct value *doc)
{
    struct value *list = value_list(cx->a);

    for (const struct value *p = value_first(value_get_c(doc, "_inline")); p; p = p->next) {
        struct value *row = value_map(cx->a);
        value_put_str(cx->a, row, "PolicyName", p->name);
        value_put_str(cx->a, row, "PolicyDocument", iam_encode(cx, p->u.text));
        value_push(list, row);
    }
    return list;
}

static struct value *attached_list(struct ctx *cx, const struct value *doc)
{
    struct value *list = value_list(cx->a);

    for (const struct value *p = value_first(value_get_c(doc, "_attached")); p; p = p->next) {
        struct str head, name;
        struct value *row = value_map(cx->a);
        (void)str_rcut(p->u.text, '/', &head, &name);
        value_put_str(cx->a, row, "PolicyName", name);
        value_put_str(cx->a, row, "PolicyArn", p->u.text);
        value_push(list, row);
    }
    return list;
}

/* A policy's detail has its versions with their texts. */
static struct value *version_list(struct ctx *cx, const struct value *doc)
{
    struct value *list = value_list(cx->a);

    for (const struct value *v = value_first(value_get_c(doc, "_versions")); v; v = v->next) {
        struct value *row = value_copy(cx->a, v);
        value_put_str(cx->a, row, "Document", iam_encode(cx, value_get_str(v, "Document")));
        value_push(list, row);
    }
    return list;
}

/* Source: IAM API Reference, GetAccountAuthorizationDetails: UserDetail, GroupDetail, RoleDetail.
 */
static const struct detail_row {
    const char *filter, *type, *member, *inline_member, *attached_member;
} detail_rows[] = {
    { "User", "User", "UserDetailList", "UserPolicyList", "AttachedManagedPolicies" },
    { "Group", "Group", "GroupDetailList", "GroupPolicyList", "AttachedManagedPolicies" },
    { "Role", "Role", "RoleDetailList", "RolePolicyList", "AttachedManagedPolicies" },
    { "LocalManagedPolicy", "Policy", "Policies", NULL, NULL },
};

static bool filter_takes(const struct value *filter, const char *name)
{
    const struct value *f = value_first(filter);

    for (; f; f = f->next)
        if (str_eq_c(f->u.text, name))
            return true;
    return value_first(filter) == NULL;
}

static int profiles_of_role(struct ctx *cx, const struct call *call, struct str role,
                            struct value **out, struct err *err)
{
    struct doc *docs;
    size_t count;
    int rc = iam_all(cx, call, "InstanceProfile", &docs, &count, err);

    *out = value_list(cx->a);
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (iam_list_has(docs[i].value, "_roles", role))
            value_push(*out, iam_view(cx, docs[i].value, IAM_FULL));
    return rc;
}

static int detail(struct ctx *cx, const struct call *call, const struct detail_row *row,
                  const struct doc *doc, struct value **out, struct err *err)
{
    int rc = 0;

    *out = iam_view(cx, doc->value, IAM_FULL);
    if (!row->inline_member) {
        value_set(*out, STR("PolicyVersionList"), version_list(cx, doc->value));
        return 0;
    }
    value_set(*out, str_c(row->inline_member), inline_list(cx, doc->value));
    value_set(*out, str_c(row->attached_member), attached_list(cx, doc->value));
    if (str_eq_c(str_c(row->type), "User")) {
        struct value *groups = value_get_c(doc->value, "_groups");
        value_set(*out, STR("GroupList"), groups ? value_copy(cx->a, groups) : value_list(cx->a));
    }
    if (str_eq_c(str_c(row->type), "Role")) {
        struct value *profiles;
        rc = profiles_of_role(cx, call, doc->key.id, &profiles, err);
        value_set(*out, STR("InstanceProfileList"), profiles);
    }
    return rc;
}

int iam_GetAccountAuthorizationDetails(struct ctx *cx, const struct call *call, struct outcome *out,
                                       struct err *err)
{
    struct value *output = outcome_output(cx, out);

    for (size_t r = 0; r < COUNT(detail_rows); r++) {
        struct value *list = value_list(cx->a);
        struct doc *docs = NULL;
        size_t count = 0;
        int rc = 0;
        if (filter_takes(param(call, "Filter"), detail_rows[r].filter))
            rc = iam_all(cx, call, detail_rows[r].type, &docs, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            struct value *row;
            rc = detail(cx, call, &detail_rows[r], &docs[i], &row, err);
            if (rc == 0)
                value_push(list, row);
        }
        if (rc < 0)
            return rc;
        value_set(output, str_c(detail_rows[r].member), list);
    }
    value_put_bool(cx->a, output, "IsTruncated", false);
    return 0;
}

/* elasticbeanstalk.amazonaws.com -> AWSServiceRoleForElasticbeanstalk[_suffix]: real names keep
 * each service's own capitals, which no public model has. Source: IAM API Reference,
 * CreateServiceLinkedRole. */
static struct str linked_name(struct ctx *cx, struct str service, struct str suffix)
{
    struct str word, rest;

    (void)str_cut(service, '.', &word, &rest);
    struct str name =
        arena_printf(cx->a, "AWSServiceRoleFor%c%.*s%s%.*s", word.ptr[0] & ~0x20,
                     STR_ARG(str_sub(word, 1, word.len)), suffix.len ? "_" : "", STR_ARG(suffix));
    return name;
}

int iam_CreateServiceLinkedRole(struct ctx *cx, const struct call *call, struct outcome *out,
                                struct err *err)
{
    struct str service = param_str(call, "AWSServiceName"),
               suffix = param_str(call, "CustomSuffix");
    struct value *old = NULL;

    if (!str_has_suffix(service, STR(".amazonaws.com")) || service.ptr[0] == '.') {
        outcome_refuse(cx->a, out, 0, "InvalidInputException",
                       "Service linked role service name %.*s is not valid.", STR_ARG(service));
        return 0;
    }
    struct str name = linked_name(cx, service, suffix);
    struct str path = arena_printf(cx->a, "/aws-service-role/%.*s/", STR_ARG(service));
    int rc = store_doc_get(cx->e->store, cx->a, iam_key(call, "Role", name), &old, err);
    if (rc == 0)
        outcome_refuse(
            cx->a, out, 0, "InvalidInputException",
            "Service role name %.*s has been taken in this account, please try a different "
            "suffix.",
            STR_ARG(name));
    if (rc != E_MISSING)
        return rc;
    struct value *role = value_map(cx->a);
    value_put_str(cx->a, role, "Path", path);
    value_put_str(cx->a, role, "RoleName", name);
    value_put_str(cx->a, role, "RoleId", ids_unique(cx->a, &cx->rng, "AROA", call->account));
    value_put_str(cx->a, role, "Arn", iam_arn(cx, call, "role", path, name));
    value_put_time(cx->a, role, "CreateDate", iam_now(cx));
    value_put_str(
        cx->a, role, "AssumeRolePolicyDocument",
        arena_printf(cx->a,
                     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Action\":[\"sts:AssumeRole\"],"
                     "\"Effect\":\"Allow\",\"Principal\":{\"Service\":[\"%.*s\"]}}]}",
                     STR_ARG(service)));
    if (param_has(call, "Description"))
        value_put_str(cx->a, role, "Description", param_str(call, "Description"));
    value_put_int(cx->a, role, "MaxSessionDuration", 3600);
    value_set(outcome_output(cx, out), STR("Role"), iam_view(cx, role, IAM_FULL));
    return iam_save(cx, call, "Role", name, role, err);
}

int iam_DeleteServiceLinkedRole(struct ctx *cx, const struct call *call, struct outcome *out,
                                struct err *err)
{
    struct str name = param_str(call, "RoleName");
    struct value *role, *task = value_map(cx->a);
    char uuid[37];
    int rc = iam_load(cx, call, out, &iam_role, name, &role, err);

    if (rc < 0 || !role)
        return rc;
    if (!str_has_prefix(value_get_str(role, "Path"), STR("/aws-service-role/"))) {
        iam_missing(cx, out, "The role with name %.*s cannot be found.", STR_ARG(name));
        return 0;
    }
    rng_uuid(&cx->rng, uuid);
    struct str id = arena_printf(cx->a, "task%.*s%.*s/%s", STR_ARG(value_get_str(role, "Path")),
                                 STR_ARG(name), uuid);
    value_put_c(cx->a, task, "Status", "SUCCEEDED");
    rc = iam_save(cx, call, "DeletionTask", id, task, err);
    if (rc == 0)
        rc = store_doc_delete(cx->e->store, iam_key(call, "Role", name), err);
    value_put_str(cx->a, outcome_output(cx, out), "DeletionTaskId", id);
    return rc;
}

int iam_GetServiceLinkedRoleDeletionStatus(struct ctx *cx, const struct call *call,
                                           struct outcome *out, struct err *err)
{
    struct str id = param_str(call, "DeletionTaskId");
    struct value *task = NULL;
    int rc = store_doc_get(cx->e->store, cx->a, iam_key(call, "DeletionTask", id), &task, err);

    if (rc == E_MISSING) {
        iam_missing(cx, out, "Deletion Task %.*s not found.", STR_ARG(id));
        return 0;
    }
    if (rc == 0)
        value_put_c(cx->a, outcome_output(cx, out), "Status", "SUCCEEDED");
    return rc;
}
