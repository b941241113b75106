/* Services that may act in the organization, and accounts that administer for them. */
#include "emulator/services/organizations/organizations.h"

/* ---- trusted access ---- */

HANDLER(organizations, EnableAWSServiceAccess)
{
    struct str org, principal = job_text(j, "ServicePrincipal");
    struct value *v = value_map(j->a);

    if (!org_manager(j, &org) || job_get(j, "ServiceAccess", principal))
        return j->rc;
    value_put_str(j->a, v, "ServicePrincipal", principal);
    value_put_time(j->a, v, "DateEnabled", j->cx->now_ms);
    return job_put(j, "ServiceAccess", principal, v);
}

HANDLER(organizations, DisableAWSServiceAccess)
{
    struct str org;

    if (!org_manager(j, &org))
        return j->rc;
    return job_drop(j, "ServiceAccess", job_text(j, "ServicePrincipal"));
}

HANDLER(organizations, ListAWSServiceAccessForOrganization)
{
    struct str org;

    if (!org_manager(j, &org))
        return j->rc;
    return job_page_docs(j, &org_paging, "EnabledServicePrincipals", "ServiceAccess", STR(""),
                         NULL);
}

/* ---- delegated administrators ---- */

HANDLER(organizations, RegisterDelegatedAdministrator)
{
    struct str org, id = job_text(j, "AccountId"), principal = job_text(j, "ServicePrincipal");

    if (!org_manager(j, &org) || !org_account(j))
        return j->rc;
    if (str_eq(id, j->account))
        return job_refuse(j, "ConstraintViolationException",
                          "You cannot register master account/yourself as delegated administrator "
                          "for your organization.");
    struct value *doc = job_get(j, "DelegatedAdministrator", id), *row = value_map(j->a);
    if (list_find(value_get_c(doc, "_services"), "ServicePrincipal", principal))
        return org_refuse(j, "AccountAlreadyRegisteredException");
    if (!doc) {
        doc = value_map(j->a);
        value_put_time(j->a, doc, "DelegationEnabledDate", j->cx->now_ms);
    }
    value_put_str(j->a, row, "ServicePrincipal", principal);
    value_put_time(j->a, row, "DelegationEnabledDate", j->cx->now_ms);
    job_push(j, doc, "_services", row);
    return job_put(j, "DelegatedAdministrator", id, doc);
}

static struct value *delegate_need(struct job *j)
{
    struct str org;

    if (!org_manager(j, &org) || !org_account(j))
        return NULL;
    struct value *doc = job_get(j, "DelegatedAdministrator", job_text(j, "AccountId"));
    if (!doc && j->rc == 0)
        org_refuse(j, "AccountNotRegisteredException");
    return doc;
}

HANDLER(organizations, DeregisterDelegatedAdministrator)
{
    struct value *doc = delegate_need(j), *services = value_get_c(doc, "_services");
    struct str id = job_text(j, "AccountId"), principal = job_text(j, "ServicePrincipal");

    if (!doc)
        return j->rc;
    if (!list_find(services, "ServicePrincipal", principal))
        return org_refuse(j, "AccountNotRegisteredException");
    services = list_without(j->a, services, "ServicePrincipal", principal);
    value_set(doc, STR("_services"), services);
    return value_first(services) ? job_put(j, "DelegatedAdministrator", id, doc)
                                 : job_drop(j, "DelegatedAdministrator", id);
}

HANDLER(organizations, ListDelegatedAdministrators)
{
    struct str org, principal = job_text(j, "ServicePrincipal");
    struct doc *docs;
    size_t n = 0;

    if (!org_manager(j, &org))
        return j->rc;
    size_t count = job_list(j, "DelegatedAdministrator", STR(""), &docs);
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        const struct value *services = value_get_c(docs[i].value, "_services");
        struct value *row = job_get(j, "Account", docs[i].key.id);

        if (!row || (principal.len > 0 && !list_find(services, "ServicePrincipal", principal)))
            continue;
        value_put_time(j->a, row, "DelegationEnabledDate",
                       value_get_time(docs[i].value, "DelegationEnabledDate", 0));
        items[n++] = (struct job_item){ docs[i].key.id, row };
    }
    return job_page(j, &org_paging, "DelegatedAdministrators", items, n);
}

HANDLER(organizations, ListDelegatedServicesForAccount)
{
    struct value *doc = delegate_need(j), *services = value_get_c(doc, "_services");
    size_t n = 0;

    if (!doc)
        return j->rc;
    struct job_item *items = arena_array(j->a, services->count + 1, sizeof *items);
    for (struct value *s = value_first(services); s; s = s->next, n++)
        items[n] = (struct job_item){ arena_printf(j->a, "%08zu", n + 1), s };
    return job_page(j, &org_paging, "DelegatedServices", items, n);
}
