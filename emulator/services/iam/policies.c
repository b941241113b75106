/* Managed policies and their versions. */
#include "core/aws/ids.h"
#include "core/base/embed.h"
#include "emulator/services/iam/iam.h"

enum { VERSIONS_MAX = 5 }; /* Source: IAM User Guide, "Versioning IAM policies" */

#define AWS_POLICY STR("arn:aws:iam::aws:policy/")

/* A document for an AWS-managed policy: its name is in the list, its text is AWS's own. */
static struct value *managed_view(struct ctx *cx, struct str line)
{
    struct value *doc = value_map(cx->a);
    struct str path, name;

    if (!str_rcut(line, '/', &path, &name))
        name = line, path = (struct str){ 0 };
    value_put_str(cx->a, doc, "PolicyName", name);
    value_put_str(cx->a, doc, "Arn",
                  arena_printf(cx->a, "arn:aws:iam::aws:policy/%.*s", STR_ARG(line)));
    value_put_str(cx->a, doc, "Path",
                  path.len ? arena_printf(cx->a, "/%.*s/", STR_ARG(path)) : STR("/"));
    value_put_c(cx->a, doc, "DefaultVersionId", "v1");
    value_put_bool(cx->a, doc, "IsAttachable", true);
    return doc;
}

/* The next name of the list of AWS-managed policies; false at its end. */
static bool managed_next(struct str *rest, struct str *line)
{
    while (rest->len > 0) {
        (void)str_cut(*rest, '\n', line, rest);
        if (line->len > 0 && line->ptr[0] != '#')
            return true;
    }
    return false;
}

static struct str managed_list(void)
{
    return embed_find(STR("iam/managed-policies.txt"));
}

int iam_policy_find(struct ctx *cx, const struct call *call, struct str arn, struct value **doc,
                    bool *found, struct err *err)
{
    *found = false;
    *doc = NULL;
    if (!str_has_prefix(arn, AWS_POLICY)) {
        int rc = store_doc_get(cx->e->store, cx->a, iam_key(call, "Policy", arn), doc, err);
        *found = rc == 0;
        return rc == E_MISSING ? 0 : rc;
    }
    struct str rest = managed_list(), line, name = str_sub(arn, AWS_POLICY.len, arn.len);
    while (!*found && managed_next(&rest, &line))
        *found = str_eq(line, name);
    if (*found)
        *doc = managed_view(cx, line);
    return 0;
}

/* How many users, groups and roles have the policy attached, or as their boundary. */
static int usage(struct ctx *cx, const struct call *call, struct str arn, int64_t *attached,
                 int64_t *boundaries, struct err *err)
{
    static const char *const types[] = { "User", "Group", "Role" };
    int rc = 0;

    *attached = *boundaries = 0;
    for (size_t t = 0; t < COUNT(types) && rc == 0; t++) {
        struct doc *docs;
        size_t count;
        rc = iam_all(cx, call, types[t], &docs, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            const struct value *boundary = value_get_c(docs[i].value, "PermissionsBoundary");
            *attached += iam_list_has(docs[i].value, "_attached", arn);
            *boundaries += str_eq(value_get_str(boundary, "PermissionsBoundaryArn"), arn);
        }
    }
    return rc;
}

static int policy_view(struct ctx *cx, const struct call *call, const struct value *doc,
                       enum iam_view view, struct value **out, struct err *err)
{
    int64_t attached, boundaries;
    int rc = usage(cx, call, value_get_str(doc, "Arn"), &attached, &boundaries, err);

    if (rc < 0)
        return rc;
    *out = iam_view(cx, doc, view);
    value_put_int(cx->a, *out, "AttachmentCount", attached);
    value_put_int(cx->a, *out, "PermissionsBoundaryUsageCount", boundaries);
    return 0;
}

static struct value *version_new(struct ctx *cx, int64_t number, struct str text, bool is_default)
{
    struct value *v = value_map(cx->a);

    value_put_str(cx->a, v, "Document", text);
    value_put_str(cx->a, v, "VersionId", arena_printf(cx->a, "v%lld", (long long)number));
    value_put_bool(cx->a, v, "IsDefaultVersion", is_default);
    value_put_time(cx->a, v, "CreateDate", iam_now(cx));
    return v;
}

/* A version as answers show it; lists leave the text out. */
static struct value *version_view(struct ctx *cx, const struct value *version, bool with_text)
{
    struct value *seen = value_copy(cx->a, version);

    (void)value_remove(seen, STR("Document"));
    if (with_text)
        value_set(seen, STR("Document"),
                  value_str(cx->a, iam_encode(cx, value_get_str(version, "Document"))));
    return seen;
}

static struct value *version_find(const struct value *doc, struct str id)
{
    for (struct value *v = value_first(value_get_c(doc, "_versions")); v; v = v->next)
        if (str_eq(value_get_str(v, "VersionId"), id))
            return v;
    return NULL;
}

static void touch(struct ctx *cx, struct value *doc)
{
    value_put_time(cx->a, doc, "UpdateDate", iam_now(cx));
}

int iam_CreatePolicy(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str name = param_str(call, "PolicyName"), text = param_str(call, "PolicyDocument");
    struct str path = param_has(call, "Path") ? param_str(call, "Path") : STR("/");
    struct str arn = iam_arn(cx, call, "policy", path, name);
    struct value *doc = NULL, *seen;

    if (!iam_policy_ok(cx, out, text))
        return 0;
    int rc = store_doc_get(cx->e->store, cx->a, iam_key(call, "Policy", arn), &doc, err);
    if (rc == 0)
        outcome_refuse(cx->a, out, 0, "EntityAlreadyExistsException",
                       "A policy called %.*s already exists. Duplicate names are not allowed.",
                       STR_ARG(name));
    if (rc != E_MISSING)
        return rc;

    doc = value_map(cx->a);
    value_put_str(cx->a, doc, "PolicyName", name);
    value_put_str(cx->a, doc, "PolicyId", ids_unique(cx->a, &cx->rng, "ANPA", call->account));
    value_put_str(cx->a, doc, "Arn", arn);
    value_put_str(cx->a, doc, "Path", path);
    value_put_c(cx->a, doc, "DefaultVersionId", "v1");
    value_put_bool(cx->a, doc, "IsAttachable", true);
    value_put_time(cx->a, doc, "CreateDate", iam_now(cx));
    touch(cx, doc);
    if (value_first(param(call, "Tags")))
        value_set(doc, STR("Tags"), value_copy(cx->a, param(call, "Tags")));
    struct value *versions = value_list(cx->a);
    value_push(versions, version_new(cx, 1, text, true));
    value_set(doc, STR("_versions"), versions);
    value_put_int(cx->a, doc, "_next", 2);
    rc =
        policy_view(cx, call, doc, IAM_FULL, &seen, err); /* Description: only GetPolicy shows it */
    if (rc < 0)
        return rc;
    value_set(outcome_output(cx, out), STR("Policy"), seen);
    if (param_has(call, "Description"))
        value_put_str(cx->a, doc, "Description", param_str(call, "Description"));
    return iam_save(cx, call, "Policy", arn, doc, err);
}

/* The policy PolicyArn names, AWS's own included; refused when absent. */
static int load_any(struct ctx *cx, const struct call *call, struct outcome *out,
                    struct value **doc, struct err *err)
{
    struct str arn = param_str(call, "PolicyArn");
    bool found;
    int rc = iam_policy_find(cx, call, arn, doc, &found, err);

    if (rc == 0 && !found)
        iam_missing(cx, out, iam_policy.missing, STR_ARG(arn));
    return rc;
}

/* Nobody but AWS changes AWS's policies. */
static int load_own(struct ctx *cx, const struct call *call, struct outcome *out,
                    struct value **doc, struct err *err)
{
    *doc = NULL;
    if (str_has_prefix(param_str(call, "PolicyArn"), AWS_POLICY)) {
        outcome_refuse(cx->a, out, 403, "AccessDenied",
                       "Policy is not owned by the caller: AWS managed policies can't be changed.");
        return 0;
    }
    return iam_load_named(cx, call, out, &iam_policy, doc, err);
}

int iam_GetPolicy(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct value *doc, *seen;
    int rc = load_any(cx, call, out, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    rc = policy_view(cx, call, doc, IAM_FULL, &seen, err);
    if (rc == 0)
        value_set(outcome_output(cx, out), STR("Policy"), seen);
    return rc;
}

int iam_ListPolicies(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str scope = param_str(call, "Scope"), prefix = param_str(call, "PathPrefix"), line;
    bool own = !str_eq_c(scope, "AWS"), aws = !str_eq_c(scope, "Local");
    bool only_attached = param_bool(call, "OnlyAttached", false);
    struct doc *docs = NULL;
    size_t local = 0, managed = 0, count = 0;
    int rc = own ? iam_all(cx, call, "Policy", &docs, &local, err) : 0;

    if (rc < 0)
        return rc;
    for (struct str rest = managed_list(); aws && managed_next(&rest, &line);)
        managed++;
    struct iam_item *items = arena_array(cx->a, local + managed + 1, sizeof *items);
    for (size_t i = 0; i < local; i++)
        items[count++] = (struct iam_item){ docs[i].key.id, docs[i].value };
    for (struct str rest = managed_list(); aws && managed_next(&rest, &line);) {
        struct value *doc = managed_view(cx, line);
        items[count++] = (struct iam_item){ value_get_str(doc, "Arn"), doc };
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!str_has_prefix(value_get_str(items[i].value, "Path"), prefix))
            continue;
        if (only_attached || str_has_prefix(items[i].key, STR("arn:aws:iam::aws:")) == false) {
            struct value *seen;
            rc = policy_view(cx, call, items[i].value, IAM_BRIEF, &seen, err);
            if (rc < 0)
                return rc;
            if (only_attached && value_get_int(seen, "AttachmentCount", 0) == 0)
                continue;
            (void)value_remove(seen, STR("Description")); /* lists don't show it */
            items[i].value = seen;
        }
        items[kept++] = items[i];
    }
    return iam_page(cx, call, out, "Policies", items, kept);
}

int iam_DeletePolicy(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str arn = param_str(call, "PolicyArn");
    struct value *doc;
    int64_t attached, boundaries;
    int rc = load_own(cx, call, out, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    rc = usage(cx, call, arn, &attached, &boundaries, err);
    if (rc < 0)
        return rc;
    if (attached + boundaries > 0)
        iam_conflict(cx, out, "Cannot delete a policy attached to entities.");
    else if (iam_list_count(doc, "_versions") > 1)
        iam_conflict(
            cx, out,
            "This policy has more than one version. Before you delete a policy, you must "
            "delete the policy's versions. The default version is deleted with the policy.");
    else
        return store_doc_delete(cx->e->store, iam_key(call, "Policy", arn), err);
    return 0;
}

static void make_default(struct ctx *cx, struct value *doc, struct str id)
{
    for (struct value *v = value_first(value_get_c(doc, "_versions")); v; v = v->next)
        value_put_bool(cx->a, v, "IsDefaultVersion", str_eq(value_get_str(v, "VersionId"), id));
    value_put_str(cx->a, doc, "DefaultVersionId", id);
}

int iam_CreatePolicyVersion(struct ctx *cx, const struct call *call, struct outcome *out,
                            struct err *err)
{
    struct str text = param_str(call, "PolicyDocument");
    struct value *doc;

    if (!iam_policy_ok(cx, out, text))
        return 0;
    int rc = load_own(cx, call, out, &doc, err);
    if (rc < 0 || !doc)
        return rc;
    if (iam_list_count(doc, "_versions") >= VERSIONS_MAX) {
        outcome_refuse(
            cx->a, out, 0, "LimitExceededException",
            "A managed policy can have up to 5 versions. Before you create a new version, "
            "you must delete an existing version.");
        return 0;
    }
    int64_t number = value_get_int(doc, "_next", 2);
    struct value *version = version_new(cx, number, text, false);
    value_push(value_get_c(doc, "_versions"), version);
    value_put_int(cx->a, doc, "_next", number + 1);
    if (param_bool(call, "SetAsDefault", false))
        make_default(cx, doc, value_get_str(version, "VersionId"));
    touch(cx, doc);
    value_set(outcome_output(cx, out), STR("PolicyVersion"), version_view(cx, version, false));
    return iam_save(cx, call, "Policy", param_str(call, "PolicyArn"), doc, err);
}

static struct value *version_named(struct ctx *cx, const struct call *call, struct outcome *out,
                                   const struct value *doc)
{
    struct str id = param_str(call, "VersionId");
    struct value *version = version_find(doc, id);

    if (!version)
        iam_missing(cx, out, "Policy %.*s version %.*s does not exist or is not attachable.",
                    STR_ARG(param_str(call, "PolicyArn")), STR_ARG(id));
    return version;
}

int iam_GetPolicyVersion(struct ctx *cx, const struct call *call, struct outcome *out,
                         struct err *err)
{
    struct value *doc;
    int rc = load_any(cx, call, out, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    if (str_has_prefix(param_str(call, "PolicyArn"), AWS_POLICY)) {
        outcome_refuse(
            cx->a, out, 501, "NotImplemented",
            "The text of AWS managed policies is not part of mocktrail; only their names are.");
        return 0;
    }
    struct value *version = version_named(cx, call, out, doc);
    if (version)
        value_set(outcome_output(cx, out), STR("PolicyVersion"), version_view(cx, version, true));
    return 0;
}

int iam_ListPolicyVersions(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct value *doc;
    int rc = load_any(cx, call, out, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    size_t n = iam_list_count(doc, "_versions"), i = n;
    struct iam_item *items = arena_array(cx->a, n + 1, sizeof *items);
    for (struct value *v = value_first(value_get_c(doc, "_versions")); v; v = v->next) {
        i--; /* newest first; the key only orders pages */
        items[i] = (struct iam_item){ arena_printf(cx->a, "%08zu", i), version_view(cx, v, false) };
    }
    return iam_page(cx, call, out, "Versions", items, n);
}

int iam_DeletePolicyVersion(struct ctx *cx, const struct call *call, struct outcome *out,
                            struct err *err)
{
    struct value *doc;
    int rc = load_own(cx, call, out, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    struct value *version = version_named(cx, call, out, doc);
    if (!version)
        return 0;
    if (value_get_bool(version, "IsDefaultVersion", false)) {
        iam_conflict(cx, out, "Cannot delete the default version of a policy.");
        return 0;
    }
    struct value *rest = value_list(cx->a);
    for (struct value *v = value_first(value_get_c(doc, "_versions")); v; v = v->next)
        if (v != version)
            value_push(rest, value_copy(cx->a, v));
    value_set(doc, STR("_versions"), rest);
    return iam_save(cx, call, "Policy", param_str(call, "PolicyArn"), doc, err);
}

int iam_SetDefaultPolicyVersion(struct ctx *cx, const struct call *call, struct outcome *out,
                                struct err *err)
{
    struct value *doc;
    int rc = load_own(cx, call, out, &doc, err);

    if (rc < 0 || !doc || !version_named(cx, call, out, doc))
        return rc;
    make_default(cx, doc, param_str(call, "VersionId"));
    touch(cx, doc);
    return iam_save(cx, call, "Policy", param_str(call, "PolicyArn"), doc, err);
}

/* Which entities: EntityFilter's words, the document types, where the answer lists them. */
static const struct {
    const char *filter, *type, *member, *name, *id;
} entity_rows[] = {
    { "Group", "Group", "PolicyGroups", "GroupName", "GroupId" },
    { "User", "User", "PolicyUsers", "UserName", "UserId" },
    { "Role", "Role", "PolicyRoles", "RoleName", "RoleId" },
};

int iam_ListEntitiesForPolicy(struct ctx *cx, const struct call *call, struct outcome *out,
                              struct err *err)
{
    struct str arn = param_str(call, "PolicyArn"), filter = param_str(call, "EntityFilter");
    bool boundary = str_eq_c(param_str(call, "PolicyUsageFilter"), "PermissionsBoundary");
    struct value *doc, *output;
    int rc = load_any(cx, call, out, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    output = outcome_output(cx, out);
    for (size_t r = 0; r < COUNT(entity_rows); r++) {
        struct value *list = value_list(cx->a);
        struct doc *docs = NULL;
        size_t count = 0;
        if (filter.len == 0 || str_eq_c(filter, entity_rows[r].filter))
            rc = iam_all(cx, call, entity_rows[r].type, &docs, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            const struct value *v = docs[i].value;
            struct str limit =
                value_get_str(value_get_c(v, "PermissionsBoundary"), "PermissionsBoundaryArn");
            if (!(boundary ? str_eq(limit, arn) : iam_list_has(v, "_attached", arn)) ||
                !str_has_prefix(value_get_str(v, "Path"), param_str(call, "PathPrefix")))
                continue;
            struct value *row = value_map(cx->a);
            value_put_str(cx->a, row, entity_rows[r].name, docs[i].key.id);
            value_put_str(cx->a, row, entity_rows[r].id, value_get_str(v, entity_rows[r].id));
            value_push(list, row);
        }
        value_set(output, str_c(entity_rows[r].member), list);
    }
    value_put_bool(cx->a, output, "IsTruncated", false);
    return rc;
}
