/* Roles and instance profiles. */
#include "emulator/services/iam/iam.h"

enum { SESSION_DEFAULT_S = 3600, SESSION_MAX_S = 43200, ROLES_PER_PROFILE = 1 };

static bool session_ok(struct ctx *cx, struct outcome *out, int64_t seconds)
{
    bool ok = seconds >= SESSION_DEFAULT_S && seconds <= SESSION_MAX_S;

    if (!ok)
        outcome_refuse(
            cx->a, out, 400, "ValidationError",
            "1 validation error detected: Value '%lld' at 'maxSessionDuration' failed to "
            "satisfy constraint: Member must have value %s %d",
            (long long)seconds,
            seconds < SESSION_DEFAULT_S ? "greater than or equal to" : "less than or equal to",
            seconds < SESSION_DEFAULT_S ? SESSION_DEFAULT_S : SESSION_MAX_S);
    return ok;
}

int iam_CreateRole(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    int64_t seconds = param_int(call, "MaxSessionDuration", SESSION_DEFAULT_S);
    struct str trust = param_str(call, "AssumeRolePolicyDocument");
    struct value *doc;

    if (!iam_policy_ok(cx, out, trust) || !session_ok(cx, out, seconds))
        return 0;
    int rc = iam_new(cx, call, out, &iam_role, &doc, err);
    if (rc < 0 || !doc)
        return rc;
    value_put_str(cx->a, doc, "AssumeRolePolicyDocument", trust);
    if (param_has(call, "Description"))
        value_put_str(cx->a, doc, "Description", param_str(call, "Description"));
    value_put_int(cx->a, doc, "MaxSessionDuration", seconds);
    struct str boundary = param_str(call, "PermissionsBoundary");
    if (boundary.len > 0) {
        rc = iam_boundary_set(cx, call, out, doc, boundary, err);
        if (rc < 0 || outcome_refused(out))
            return rc;
    }
    struct value *seen = iam_view(cx, doc, IAM_FULL);
    if (!param_has(call, "MaxSessionDuration"))
        (void)value_remove(seen, STR("MaxSessionDuration")); /* only GetRole shows the default */
    (void)value_remove(seen, STR("Description"));
    if (param_has(call, "Description"))
        value_put_str(cx->a, seen, "Description", param_str(call, "Description"));
    value_set(outcome_output(cx, out), STR("Role"), seen);
    return iam_save(cx, call, "Role", param_str(call, "RoleName"), doc, err);
}

int iam_GetRole(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct value *doc;
    int rc = iam_load_named(cx, call, out, &iam_role, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    struct value *seen = iam_view(cx, doc, IAM_FULL);
    if (!value_get_c(seen, "RoleLastUsed"))
        value_set(seen, STR("RoleLastUsed"), value_map(cx->a));
    value_set(outcome_output(cx, out), STR("Role"), seen);
    return 0;
}

int iam_ListRoles(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    return iam_list(cx, call, out, "Role", "Roles", NULL, err);
}

/* Service-linked roles belong to their service. Source: IAM User Guide, "Service-linked roles". */
static bool modifiable(struct ctx *cx, struct outcome *out, const struct value *role)
{
    bool linked = str_has_prefix(value_get_str(role, "Path"), STR("/aws-service-role/"));

    if (linked)
        outcome_refuse(
            cx->a, out, 0, "UnmodifiableEntityException",
            "Cannot perform the operation on the protected role '%.*s' - this role is only "
            "modifiable by AWS",
            STR_ARG(value_get_str(role, "RoleName")));
    return !linked;
}

static int load_modifiable(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct value **role, struct err *err)
{
    int rc = iam_load_named(cx, call, out, &iam_role, role, err);

    if (rc == 0 && *role && !modifiable(cx, out, *role))
        *role = NULL;
    return rc;
}

static int profiles_of(struct ctx *cx, const struct call *call, struct str role, struct doc *found,
                       size_t *count, struct err *err)
{
    struct doc *docs;
    size_t all;
    int rc = iam_all(cx, call, "InstanceProfile", &docs, &all, err);

    *count = 0;
    for (size_t i = 0; rc == 0 && i < all; i++)
        if (iam_list_has(docs[i].value, "_roles", role)) {
            if (found)
                found[*count] = docs[i];
            (*count)++;
        }
    return rc;
}

int iam_DeleteRole(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str name = param_str(call, "RoleName");
    struct value *doc;
    size_t profiles;
    int rc = load_modifiable(cx, call, out, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    rc = profiles_of(cx, call, name, NULL, &profiles, err);
    if (rc < 0)
        return rc;
    if (profiles > 0)
        iam_conflict(cx, out,
                     "Cannot delete entity, must remove roles from instance profile first.");
    else if (iam_list_count(doc, "_inline") > 0)
        iam_conflict(cx, out, "Cannot delete entity, must delete policies first.");
    else if (iam_list_count(doc, "_attached") > 0)
        iam_conflict(cx, out, "Cannot delete entity, must detach all policies first.");
    else
        return store_doc_delete(cx->e->store, iam_key(call, "Role", name), err);
    return 0;
}

int iam_UpdateRole(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    int64_t seconds = param_int(call, "MaxSessionDuration", SESSION_DEFAULT_S);
    struct value *doc;

    if (!session_ok(cx, out, seconds))
        return 0;
    int rc = load_modifiable(cx, call, out, &doc, err);
    if (rc < 0 || !doc)
        return rc;
    value_put_int(cx->a, doc, "MaxSessionDuration", seconds);
    (void)value_remove(doc, STR("Description")); /* what UpdateRole is not given it clears */
    if (param_has(call, "Description"))
        value_put_str(cx->a, doc, "Description", param_str(call, "Description"));
    (void)outcome_output(cx, out);
    return iam_save(cx, call, "Role", param_str(call, "RoleName"), doc, err);
}

int iam_UpdateRoleDescription(struct ctx *cx, const struct call *call, struct outcome *out,
                              struct err *err)
{
    struct value *doc;
    int rc = load_modifiable(cx, call, out, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    value_put_str(cx->a, doc, "Description", param_str(call, "Description"));
    value_set(outcome_output(cx, out), STR("Role"), iam_view(cx, doc, IAM_FULL));
    return iam_save(cx, call, "Role", param_str(call, "RoleName"), doc, err);
}

int iam_UpdateAssumeRolePolicy(struct ctx *cx, const struct call *call, struct outcome *out,
                               struct err *err)
{
    struct value *doc;

    if (!iam_policy_ok(cx, out, param_str(call, "PolicyDocument")))
        return 0;
    int rc = load_modifiable(cx, call, out, &doc, err);
    if (rc < 0 || !doc)
        return rc;
    value_put_str(cx->a, doc, "AssumeRolePolicyDocument", param_str(call, "PolicyDocument"));
    return iam_save(cx, call, "Role", param_str(call, "RoleName"), doc, err);
}

/* An instance profile as answers show it: with its roles whole. */
static int profile_view(struct ctx *cx, const struct call *call, const struct value *profile,
                        struct value **out, struct err *err)
{
    struct value *roles = value_list(cx->a);
    int rc = 0;

    *out = iam_view(cx, profile, IAM_FULL);
    for (const struct value *r = value_first(value_get_c(profile, "_roles")); r && rc == 0;
         r = r->next) {
        struct value *role = NULL;
        rc = store_doc_get(cx->e->store, cx->a, iam_key(call, "Role", r->u.text), &role, err);
        if (rc == 0)
            value_push(roles, iam_view(cx, role, IAM_BRIEF));
    }
    value_set(*out, STR("Roles"), roles);
    return rc;
}

int iam_CreateInstanceProfile(struct ctx *cx, const struct call *call, struct outcome *out,
                              struct err *err)
{
    struct value *doc, *seen;
    int rc = iam_new(cx, call, out, &iam_profile, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    rc = profile_view(cx, call, doc, &seen, err);
    if (rc < 0)
        return rc;
    value_set(outcome_output(cx, out), STR("InstanceProfile"), seen);
    return iam_save(cx, call, "InstanceProfile", param_str(call, "InstanceProfileName"), doc, err);
}

int iam_GetInstanceProfile(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct value *doc, *seen;
    int rc = iam_load_named(cx, call, out, &iam_profile, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    rc = profile_view(cx, call, doc, &seen, err);
    if (rc == 0)
        value_set(outcome_output(cx, out), STR("InstanceProfile"), seen);
    return rc;
}

static int page_profiles(struct ctx *cx, const struct call *call, struct outcome *out,
                         const struct doc *docs, size_t count, struct err *err)
{
    struct iam_item *items = arena_array(cx->a, count + 1, sizeof *items);
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (!str_has_prefix(value_get_str(docs[i].value, "Path"), param_str(call, "PathPrefix")))
            continue;
        items[kept].key = docs[i].key.id;
        int rc = profile_view(cx, call, docs[i].value, &items[kept].value, err);
        if (rc < 0)
            return rc;
        kept++;
    }
    return iam_page(cx, call, out, "InstanceProfiles", items, kept);
}

int iam_ListInstanceProfiles(struct ctx *cx, const struct call *call, struct outcome *out,
                             struct err *err)
{
    struct doc *docs;
    size_t count;
    int rc = iam_all(cx, call, "InstanceProfile", &docs, &count, err);

    return rc < 0 ? rc : page_profiles(cx, call, out, docs, count, err);
}

int iam_ListInstanceProfilesForRole(struct ctx *cx, const struct call *call, struct outcome *out,
                                    struct err *err)
{
    struct value *role;
    size_t count;
    int rc = iam_load_named(cx, call, out, &iam_role, &role, err);

    if (rc < 0 || !role)
        return rc;
    rc = profiles_of(cx, call, param_str(call, "RoleName"), NULL, &count, err);
    if (rc < 0)
        return rc;
    struct doc *found = arena_array(cx->a, count + 1, sizeof *found);
    rc = profiles_of(cx, call, param_str(call, "RoleName"), found, &count, err);
    return rc < 0 ? rc : page_profiles(cx, call, out, found, count, err);
}

int iam_DeleteInstanceProfile(struct ctx *cx, const struct call *call, struct outcome *out,
                              struct err *err)
{
    struct str name = param_str(call, "InstanceProfileName");
    struct value *doc;
    int rc = iam_load(cx, call, out, &iam_profile, name, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    if (iam_list_count(doc, "_roles") > 0) {
        iam_conflict(cx, out,
                     "Cannot delete entity, must remove roles from instance profile first.");
        return 0;
    }
    return store_doc_delete(cx->e->store, iam_key(call, "InstanceProfile", name), err);
}

int iam_AddRoleToInstanceProfile(struct ctx *cx, const struct call *call, struct outcome *out,
                                 struct err *err)
{
    struct value *profile, *role = NULL;
    int rc = iam_load_named(cx, call, out, &iam_profile, &profile, err);

    if (rc < 0 || !profile)
        return rc;
    rc = load_modifiable(cx, call, out, &role, err);
    if (rc < 0 || !role)
        return rc;
    if (iam_list_count(profile, "_roles") >= ROLES_PER_PROFILE) {
        outcome_refuse(cx->a, out, 0, "LimitExceededException",
                       "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
        return 0;
    }
    iam_list_add(cx, profile, "_roles", param_str(call, "RoleName"));
    return iam_save(cx, call, "InstanceProfile", param_str(call, "InstanceProfileName"), profile,
                    err);
}

int iam_RemoveRoleFromInstanceProfile(struct ctx *cx, const struct call *call, struct outcome *out,
                                      struct err *err)
{
    struct str name = param_str(call, "InstanceProfileName"),
               role_name = param_str(call, "RoleName");
    struct value *profile;
    int rc = iam_load_named(cx, call, out, &iam_profile, &profile, err);

    if (rc < 0 || !profile)
        return rc;
    if (!iam_list_drop(cx, profile, "_roles", role_name)) {
        iam_missing(cx, out, iam_role.missing, STR_ARG(role_name));
        return 0;
    }
    return iam_save(cx, call, "InstanceProfile", name, profile, err);
}
