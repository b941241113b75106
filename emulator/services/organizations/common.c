#include "emulator/services/organizations/organizations.h"

#include "core/aws/ids.h"
#include "emulator/trail/config.h"

/* Source: Organizations API Reference, "ListAccounts", MaxResults: 1 to 20. */
const struct paging org_paging = { "MaxResults",           "NextToken", "NextToken", 1, 20, 20,
                                   "InvalidInputException" };

int org_refuse(struct job *j, const char *code)
{
    static const struct {
        const char *code, *message;
    } errors[] = {
#define ORG_ERROR(name, text) { #name, text },
#include "emulator/services/organizations/errors.def"
#undef ORG_ERROR
    };

    for (size_t i = 0; i < COUNT(errors); i++)
        if (strcmp(errors[i].code, code) == 0)
            return job_refuse(j, code, "%s", errors[i].message);
    return job_refuse(j, code, "The request is not valid.");
}

bool org_member(struct job *j, struct str *org)
{
    struct str management;

    j->region = STR("");
    j->rc = config_organization(j->cx->e->store, j->a, j->call->account, &management, org, j->err);
    if (j->rc == 0 && org->len == 0)
        org_refuse(j, "AWSOrganizationsNotInUseException");
    j->account = management;
    return !job_stopped(j);
}

/* Source: Organizations User Guide, "Delegated administrator for AWS services": may read. */
static bool may_read(struct job *j)
{
    return (str_has_prefix(j->call->action, STR("List")) ||
            str_has_prefix(j->call->action, STR("Describe"))) &&
           job_get(j, "DelegatedAdministrator", j->call->account) != NULL;
}

bool org_manager(struct job *j, struct str *org)
{
    if (!org_member(j, org))
        return false;
    if (!str_eq(j->account, j->call->account) && !may_read(j))
        org_refuse(j, "AccessDeniedException");
    return !job_stopped(j);
}

struct str org_arn(struct job *j, const char *kind, struct str org, struct str id)
{
    return arena_printf(j->a, "arn:aws:organizations::%.*s:%s/%.*s/%.*s", STR_ARG(j->account), kind,
                        STR_ARG(org), STR_ARG(id));
}

struct str org_id(struct job *j, const char *prefix, size_t len)
{
    struct str tail =
        rng_chars(&j->cx->rng, j->a, STR("abcdefghijklmnopqrstuvwxyz0123456789"), len);

    return arena_printf(j->a, "%s%.*s", prefix, STR_ARG(tail));
}

const char *org_type(struct str id)
{
    static const struct {
        const char *prefix, *type;
    } types[] = {
        { "ou-", "OrganizationalUnit" },
        { "p-", "Policy" },
        { "r-", "Root" },
        { "rp-", "ResourcePolicy" },
    };

    for (size_t i = 0; i < COUNT(types); i++)
        if (str_has_prefix(id, str_c(types[i].prefix)))
            return types[i].type;
    return ids_is_account(id) ? "Account" : NULL;
}

struct value *org_find(struct job *j, struct str id, const char **type)
{
    *type = org_type(id);
    return *type ? job_get(j, *type, id) : NULL;
}

struct str org_root(struct job *j)
{
    struct doc *docs;

    return job_list(j, "Root", STR(""), &docs) > 0 ? docs[0].key.id : STR("");
}

struct value *org_parent(struct job *j, struct str id, const char *code)
{
    const char *type;
    struct value *doc = org_find(j, id, &type);

    if (doc && (strcmp(type, "Root") == 0 || strcmp(type, "OrganizationalUnit") == 0))
        return doc;
    if (j->rc == 0)
        org_refuse(j, code);
    return NULL;
}

struct value *org_account(struct job *j)
{
    struct value *doc = job_get(j, "Account", job_text(j, "AccountId"));

    if (!doc && j->rc == 0)
        org_refuse(j, "AccountNotFoundException");
    return doc;
}

void org_take_tags(struct job *j, struct value *doc)
{
    if (value_first(param(j->call, "Tags")))
        value_set(doc, STR("_tags"),
                  tags_merge(j->a, value_get_c(doc, "_tags"), param(j->call, "Tags")));
}
