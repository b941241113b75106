/* The organization itself, its root, its resource policy, and tags of all that is in it. */
#include "emulator/services/organizations/organizations.h"

#include "core/codec/json.h"
#include "emulator/trail/config.h"
#include "emulator/trail/trail.h"

static struct value *organization_new(struct job *j, struct str org)
{
    struct value *v = value_map(j->a), *types = value_list(j->a), *scp = value_map(j->a);
    struct str set = job_text(j, "FeatureSet");

    value_put_str(j->a, v, "Id", org);
    value_put_str(j->a, v, "Arn",
                  arena_printf(j->a, "arn:aws:organizations::%.*s:organization/%.*s",
                               STR_ARG(j->account), STR_ARG(org)));
    value_put_str(j->a, v, "FeatureSet", set.len ? set : STR("ALL"));
    value_put_str(j->a, v, "MasterAccountArn", org_arn(j, "account", org, j->account));
    value_put_str(j->a, v, "MasterAccountId", j->account);
    value_put_str(j->a, v, "MasterAccountEmail",
                  arena_printf(j->a, "root+%.*s@example.com", STR_ARG(j->account)));
    if (str_eq_c(value_get_str(v, "FeatureSet"), "ALL")) {
        value_put_c(j->a, scp, "Type", "SERVICE_CONTROL_POLICY");
        value_put_c(j->a, scp, "Status", "ENABLED");
        value_push(types, scp);
    }
    value_set(v, STR("AvailablePolicyTypes"), types);
    return v;
}

static int root_new(struct job *j, struct str org)
{
    struct value *v = value_map(j->a);
    struct str id = org_id(j, "r-", 4);

    value_put_str(j->a, v, "Id", id);
    value_put_str(j->a, v, "Arn", org_arn(j, "root", org, id));
    value_put_c(j->a, v, "Name", "Root");
    value_set(v, STR("PolicyTypes"), value_list(j->a));
    return job_put(j, "Root", id, v);
}

HANDLER(organizations, CreateOrganization)
{
    struct str management, org;

    j->region = STR("");
    j->rc = config_organization(j->cx->e->store, j->a, j->account, &management, &org, j->err);
    if (j->rc < 0 || org.len > 0)
        return j->rc < 0 ? j->rc : org_refuse(j, "AlreadyInOrganizationException");
    org = org_id(j, "o-", 10);
    struct value *v = organization_new(j, org), *own = value_map(j->a);
    value_put_str(j->a, own, "Id", j->account);
    value_put_c(j->a, own, "Name", "management");
    value_put_str(j->a, own, "Email", value_get_str(v, "MasterAccountEmail"));
    job_answer(j, "Organization", v);
    job_put(j, "Organization", org, v);
    root_new(j, org);
    org_put_managed(j, STR("SERVICE_CONTROL_POLICY"));
    return org_join(j, org, own, "INVITED");
}

HANDLER(organizations, DescribeOrganization)
{
    struct str org;

    if (org_member(j, &org))
        job_answer(j, "Organization", job_get(j, "Organization", org));
    return j->rc;
}

HANDLER(organizations, DeleteOrganization)
{
    static const char *const parts[] = { "Attachment",    "CreateAccountStatus",
                                         "Handshake",     "DelegatedAdministrator",
                                         "ServiceAccess", "ResourcePolicy",
                                         "Policy",        "OrganizationalUnit",
                                         "Root",          "Account",
                                         "Organization" };
    struct str org;
    struct doc *docs;

    if (!org_manager(j, &org))
        return j->rc;
    if (job_list(j, "Account", STR(""), &docs) > 1)
        return org_refuse(j, "OrganizationNotEmptyException");
    for (size_t i = 0; i < COUNT(parts); i++)
        for (size_t k = job_list(j, parts[i], STR(""), &docs); k > 0; k--)
            job_drop(j, parts[i], docs[k - 1].key.id);
    trail_members_changed(j->cx->e->trail);
    return j->rc;
}

HANDLER(organizations, ListRoots)
{
    struct str org;

    if (!org_manager(j, &org))
        return j->rc;
    return job_page_docs(j, &org_paging, "Roots", "Root", STR(""), NULL);
}

/* ---- resource policy ---- */

HANDLER(organizations, PutResourcePolicy)
{
    struct str org;
    struct value *parsed;

    if (!org_manager(j, &org))
        return j->rc;
    if (json_parse(j->a, job_text(j, "Content"), &parsed, NULL) < 0 || parsed->kind != VALUE_MAP)
        return org_refuse(j, "MalformedPolicyDocumentException");
    struct value *doc = job_get(j, "ResourcePolicy", STR("policy"));
    if (!doc) {
        struct value *summary = value_map(j->a);
        struct str id = org_id(j, "rp-", 8);

        doc = value_map(j->a);
        value_put_str(j->a, summary, "Id", id);
        value_put_str(j->a, summary, "Arn", org_arn(j, "resourcepolicy", org, id));
        value_set(doc, STR("ResourcePolicySummary"), summary);
    }
    value_put_str(j->a, doc, "Content", job_text(j, "Content"));
    org_take_tags(j, doc);
    job_answer(j, "ResourcePolicy", doc);
    return job_put(j, "ResourcePolicy", STR("policy"), doc);
}

static struct value *resource_policy(struct job *j)
{
    struct str org;
    struct value *doc = org_manager(j, &org) ? job_get(j, "ResourcePolicy", STR("policy")) : NULL;

    if (!doc && !job_stopped(j))
        org_refuse(j, "ResourcePolicyNotFoundException");
    return doc;
}

HANDLER(organizations, DescribeResourcePolicy)
{
    struct value *doc = resource_policy(j);

    if (doc)
        job_answer(j, "ResourcePolicy", doc);
    return j->rc;
}

HANDLER(organizations, DeleteResourcePolicy)
{
    return resource_policy(j) ? job_drop(j, "ResourcePolicy", STR("policy")) : j->rc;
}

/* ---- tags ---- */

static struct value *tagged(struct job *j, const char **type, struct str *id)
{
    struct str org;
    struct value *doc;

    *id = job_text(j, "ResourceId");
    if (!org_manager(j, &org))
        return NULL;
    *type = org_type(*id);
    if (*type && strcmp(*type, "ResourcePolicy") == 0)
        *id = STR("policy");
    doc = *type ? job_get(j, *type, *id) : NULL;
    if (!doc && j->rc == 0)
        org_refuse(j, "TargetNotFoundException");
    return doc;
}

HANDLER(organizations, TagResource)
{
    const char *type;
    struct str id;
    struct value *doc = tagged(j, &type, &id);

    if (!doc)
        return j->rc;
    org_take_tags(j, doc);
    return job_put(j, type, id, doc);
}

HANDLER(organizations, UntagResource)
{
    const char *type;
    struct str id;
    struct value *doc = tagged(j, &type, &id);

    for (const struct value *k = value_first(param(j->call, "TagKeys")); doc && k; k = k->next)
        value_set(doc, STR("_tags"),
                  list_without(j->a, value_get_c(doc, "_tags"), "Key", k->u.text));
    return doc ? job_put(j, type, id, doc) : j->rc;
}

HANDLER(organizations, ListTagsForResource)
{
    const char *type;
    struct str id;
    struct value *doc = tagged(j, &type, &id), *tags = value_get_c(doc, "_tags");

    if (doc)
        job_answer(j, "Tags", tags ? value_copy(j->a, tags) : value_list(j->a));
    return j->rc;
}
