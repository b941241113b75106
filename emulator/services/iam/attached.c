/* What a user, a group or a role may do: inline policies, attached policies, permissions
 * boundaries. One piece of logic, three kinds of entity.
 */
#include "emulator/services/iam/iam.h"

#include <stdlib.h>

#define FOR_KIND(operation, logic, kind)                                                           \
    int iam_##operation(struct ctx *cx, const struct call *call, struct outcome *out,              \
                        struct err *err)                                                           \
    {                                                                                              \
        return logic(cx, call, out, &kind, err);                                                   \
    }
#define FOR_ALL(before, after, logic)                                                              \
    FOR_KIND(before##User##after, logic, iam_user)                                                 \
    FOR_KIND(before##Group##after, logic, iam_group)                                               \
    FOR_KIND(before##Role##after, logic, iam_role)

enum { ATTACHED_MAX = 10 }; /* Source: IAM User Guide, "IAM and AWS STS quotas" */

static int save(struct ctx *cx, const struct call *call, const struct iam_kind *kind,
                const struct value *doc, struct err *err)
{
    return iam_save(cx, call, kind->type, param_str(call, kind->name_param), doc, err);
}

/* Service-linked roles are their service's to change. */
static bool is_protected(struct ctx *cx, struct outcome *out, const struct value *doc)
{
    bool is = str_has_prefix(value_get_str(doc, "Path"), STR("/aws-service-role/"));

    if (is)
        outcome_refuse(
            cx->a, out, 0, "UnmodifiableEntityException",
            "Cannot perform the operation on the protected role '%.*s' - this role is only "
            "modifiable by AWS",
            STR_ARG(value_get_str(doc, "RoleName")));
    return is;
}

static int put_inline(struct ctx *cx, const struct call *call, struct outcome *out,
                      const struct iam_kind *kind, struct err *err)
{
    struct value *doc;

    if (!iam_policy_ok(cx, out, param_str(call, "PolicyDocument")))
        return 0;
    int rc = iam_load_named(cx, call, out, kind, &doc, err);
    if (rc < 0 || !doc || is_protected(cx, out, doc))
        return rc;
    if (!value_get_c(doc, "_inline"))
        value_set(doc, STR("_inline"), value_map(cx->a));
    value_set(value_get_c(doc, "_inline"), param_str(call, "PolicyName"),
              value_str(cx->a, param_str(call, "PolicyDocument")));
    return save(cx, call, kind, doc, err);
}
FOR_ALL(Put, Policy, put_inline)

static struct value *inline_named(struct ctx *cx, const struct call *call, struct outcome *out,
                                  const struct iam_kind *kind, const struct value *doc)
{
    struct str name = param_str(call, "PolicyName");
    struct value *text = value_get(value_get_c(doc, "_inline"), name);

    if (!text)
        iam_missing(cx, out, "The %s policy with name %.*s cannot be found.", kind->arn_word,
                    STR_ARG(name));
    return text;
}

static int get_inline(struct ctx *cx, const struct call *call, struct outcome *out,
                      const struct iam_kind *kind, struct err *err)
{
    struct value *doc;
    int rc = iam_load_named(cx, call, out, kind, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    const struct value *text = inline_named(cx, call, out, kind, doc);
    if (!text)
        return 0;
    struct value *output = outcome_output(cx, out);
    value_put_str(cx->a, output, kind->name_param, param_str(call, kind->name_param));
    value_put_str(cx->a, output, "PolicyName", param_str(call, "PolicyName"));
    value_put_str(cx->a, output, "PolicyDocument", iam_encode(cx, text->u.text));
    return 0;
}
FOR_ALL(Get, Policy, get_inline)

static int delete_inline(struct ctx *cx, const struct call *call, struct outcome *out,
                         const struct iam_kind *kind, struct err *err)
{
    struct value *doc;
    int rc = iam_load_named(cx, call, out, kind, &doc, err);

    if (rc < 0 || !doc || is_protected(cx, out, doc))
        return rc;
    if (!inline_named(cx, call, out, kind, doc))
        return 0;
    (void)value_remove(value_get_c(doc, "_inline"),
                       param_str(call, "PolicyName")); /* found above */
    return save(cx, call, kind, doc, err);
}
FOR_ALL(Delete, Policy, delete_inline)

static int by_key(const void *a, const void *b)
{
    return str_cmp(((const struct iam_item *)a)->key, ((const struct iam_item *)b)->key);
}

static int list_inline(struct ctx *cx, const struct call *call, struct outcome *out,
                       const struct iam_kind *kind, struct err *err)
{
    struct value *doc;
    int rc = iam_load_named(cx, call, out, kind, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    size_t n = 0;
    struct iam_item *items = arena_array(cx->a, iam_list_count(doc, "_inline") + 1, sizeof *items);
    for (const struct value *p = value_first(value_get_c(doc, "_inline")); p; p = p->next)
        items[n++] = (struct iam_item){ p->name, value_str(cx->a, p->name) };
    qsort(items, n, sizeof *items, by_key);
    return iam_page(cx, call, out, "PolicyNames", items, n);
}
FOR_KIND(ListUserPolicies, list_inline, iam_user)
FOR_KIND(ListGroupPolicies, list_inline, iam_group)
FOR_KIND(ListRolePolicies, list_inline, iam_role)

/* Refuses when there is no such policy to attach. */
static int attachable(struct ctx *cx, const struct call *call, struct outcome *out, struct str arn,
                      struct err *err)
{
    struct value *policy;
    bool found;
    int rc = iam_policy_find(cx, call, arn, &policy, &found, err);

    if (rc == 0 && !found)
        iam_missing(cx, out, "Policy %.*s does not exist or is not attachable.", STR_ARG(arn));
    return rc;
}

static int attach(struct ctx *cx, const struct call *call, struct outcome *out,
                  const struct iam_kind *kind, struct err *err)
{
    struct str arn = param_str(call, "PolicyArn");
    struct value *doc;
    int rc = iam_load_named(cx, call, out, kind, &doc, err);

    if (rc < 0 || !doc || is_protected(cx, out, doc))
        return rc;
    rc = attachable(cx, call, out, arn, err);
    if (rc < 0 || outcome_refused(out) || iam_list_has(doc, "_attached", arn))
        return rc;
    if (iam_list_count(doc, "_attached") >= ATTACHED_MAX) {
        outcome_refuse(cx->a, out, 0, "LimitExceededException",
                       "Cannot exceed quota for PoliciesPer%s: %d", kind->type, ATTACHED_MAX);
        return 0;
    }
    iam_list_add(cx, doc, "_attached", arn);
    return save(cx, call, kind, doc, err);
}
FOR_ALL(Attach, Policy, attach)

static int detach(struct ctx *cx, const struct call *call, struct outcome *out,
                  const struct iam_kind *kind, struct err *err)
{
    struct str arn = param_str(call, "PolicyArn");
    struct value *doc;
    int rc = iam_load_named(cx, call, out, kind, &doc, err);

    if (rc < 0 || !doc || is_protected(cx, out, doc))
        return rc;
    if (!iam_list_drop(cx, doc, "_attached", arn)) {
        iam_missing(cx, out, "Policy %.*s was not found.", STR_ARG(arn));
        return 0;
    }
    return save(cx, call, kind, doc, err);
}
FOR_ALL(Detach, Policy, detach)

/* arn:aws:iam::aws:policy/service-role/Name -> path and name. */
static struct iam_item attached_item(struct ctx *cx, struct str arn, struct str *path)
{
    struct str head, name,
        resource = str_sub(arn, (size_t)str_find(arn, STR(":policy/")) + 8, arn.len);
    struct value *row = value_map(cx->a);

    *path = STR("/");
    if (str_rcut(resource, '/', &head, &name))
        *path = arena_printf(cx->a, "/%.*s/", STR_ARG(head));
    else
        name = resource;
    value_put_str(cx->a, row, "PolicyName", name);
    value_put_str(cx->a, row, "PolicyArn", arn);
    return (struct iam_item){ name, row };
}

static int list_attached(struct ctx *cx, const struct call *call, struct outcome *out,
                         const struct iam_kind *kind, struct err *err)
{
    struct value *doc;
    int rc = iam_load_named(cx, call, out, kind, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    size_t n = 0;
    struct iam_item *items =
        arena_array(cx->a, iam_list_count(doc, "_attached") + 1, sizeof *items);
    for (const struct value *p = value_first(value_get_c(doc, "_attached")); p; p = p->next) {
        struct str path;
        items[n] = attached_item(cx, p->u.text, &path);
        n += str_has_prefix(path, param_str(call, "PathPrefix"));
    }
    qsort(items, n, sizeof *items, by_key);
    return iam_page(cx, call, out, "AttachedPolicies", items, n);
}
FOR_ALL(ListAttached, Policies, list_attached)

int iam_boundary_set(struct ctx *cx, const struct call *call, struct outcome *out,
                     struct value *doc, struct str policy_arn, struct err *err)
{
    int rc = attachable(cx, call, out, policy_arn, err);

    if (rc < 0 || outcome_refused(out))
        return rc;
    struct value *boundary = value_map(cx->a);
    value_put_c(cx->a, boundary, "PermissionsBoundaryType", "Policy");
    value_put_str(cx->a, boundary, "PermissionsBoundaryArn", policy_arn);
    value_set(doc, STR("PermissionsBoundary"), boundary);
    return 0;
}

static int put_boundary(struct ctx *cx, const struct call *call, struct outcome *out,
                        const struct iam_kind *kind, struct err *err)
{
    struct value *doc;
    int rc = iam_load_named(cx, call, out, kind, &doc, err);

    if (rc < 0 || !doc || is_protected(cx, out, doc))
        return rc;
    rc = iam_boundary_set(cx, call, out, doc, param_str(call, "PermissionsBoundary"), err);
    return rc < 0 || outcome_refused(out) ? rc : save(cx, call, kind, doc, err);
}
FOR_KIND(PutUserPermissionsBoundary, put_boundary, iam_user)
FOR_KIND(PutRolePermissionsBoundary, put_boundary, iam_role)

static int delete_boundary(struct ctx *cx, const struct call *call, struct outcome *out,
                           const struct iam_kind *kind, struct err *err)
{
    struct value *doc;
    int rc = iam_load_named(cx, call, out, kind, &doc, err);

    if (rc < 0 || !doc || is_protected(cx, out, doc))
        return rc;
    if (!value_remove(doc, STR("PermissionsBoundary"))) {
        iam_missing(cx, out, "%s %.*s does not have a permissions boundary.", kind->type,
                    STR_ARG(param_str(call, kind->name_param)));
        return 0;
    }
    return save(cx, call, kind, doc, err);
}
FOR_KIND(DeleteUserPermissionsBoundary, delete_boundary, iam_user)
FOR_KIND(DeleteRolePermissionsBoundary, delete_boundary, iam_role)
