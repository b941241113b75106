/* Organizational units, and the tree that they and the accounts make. */
#include "emulator/services/organizations/organizations.h"

enum { DEPTH_MAX = 5 }; /* Source: Organizations User Guide, "Quotas": OUs nested five deep */

static bool is_child(const struct doc *doc, struct str parent)
{
    return str_eq(value_get_str(doc->value, "_parent"), parent);
}

static bool name_is_taken(struct job *j, struct str parent, struct str name)
{
    struct doc *docs;
    size_t count = job_list(j, "OrganizationalUnit", STR(""), &docs);

    for (size_t i = 0; i < count; i++)
        if (is_child(&docs[i], parent) && str_eq_nocase(value_get_str(docs[i].value, "Name"), name))
            return true;
    return false;
}

static int depth_of(struct job *j, struct str unit)
{
    int depth = 0;

    while (str_has_prefix(unit, STR("ou-")) && depth <= DEPTH_MAX) {
        unit = value_get_str(job_get(j, "OrganizationalUnit", unit), "_parent");
        depth++;
    }
    return depth;
}

HANDLER(organizations, CreateOrganizationalUnit)
{
    struct str org, parent = job_text(j, "ParentId"), name = job_text(j, "Name");

    if (!org_manager(j, &org) || !org_parent(j, parent, "ParentNotFoundException"))
        return j->rc;
    if (name_is_taken(j, parent, name))
        return org_refuse(j, "DuplicateOrganizationalUnitException");
    if (depth_of(j, parent) >= DEPTH_MAX)
        return job_refuse(j, "ConstraintViolationException",
                          "You have exceeded the maximum depth of organizational units.");
    struct value *v = value_map(j->a);
    struct str root = org_root(j), start = str_sub(root, 2, root.len);
    struct str id = org_id(j, arena_printf(j->a, "ou-%.*s-", STR_ARG(start)).ptr, 8);
    value_put_str(j->a, v, "Id", id);
    value_put_str(j->a, v, "Arn", org_arn(j, "ou", org, id));
    value_put_str(j->a, v, "Name", name);
    value_put_str(j->a, v, "_parent", parent);
    org_take_tags(j, v);
    job_answer(j, "OrganizationalUnit", v);
    job_put(j, "OrganizationalUnit", id, v);
    return org_attach_defaults(j, id);
}

static struct value *unit_need(struct job *j)
{
    struct str org;
    struct value *v = org_manager(j, &org)
                          ? job_get(j, "OrganizationalUnit", job_text(j, "OrganizationalUnitId"))
                          : NULL;

    if (!v && !job_stopped(j))
        org_refuse(j, "OrganizationalUnitNotFoundException");
    return v;
}

HANDLER(organizations, DescribeOrganizationalUnit)
{
    struct value *v = unit_need(j);

    if (v)
        job_answer(j, "OrganizationalUnit", v);
    return j->rc;
}

HANDLER(organizations, UpdateOrganizationalUnit)
{
    struct value *v = unit_need(j);
    struct str name = job_text(j, "Name");

    if (!v)
        return j->rc;
    if (name.len > 0 && !str_eq(name, value_get_str(v, "Name"))) {
        if (name_is_taken(j, value_get_str(v, "_parent"), name))
            return org_refuse(j, "DuplicateOrganizationalUnitException");
        value_put_str(j->a, v, "Name", name);
    }
    job_answer(j, "OrganizationalUnit", v);
    return job_put(j, "OrganizationalUnit", value_get_str(v, "Id"), v);
}

static bool has_children(struct job *j, const char *type, struct str parent)
{
    struct doc *docs;
    size_t count = job_list(j, type, STR(""), &docs);

    for (size_t i = 0; i < count; i++)
        if (is_child(&docs[i], parent))
            return true;
    return false;
}

HANDLER(organizations, DeleteOrganizationalUnit)
{
    struct str id = job_text(j, "OrganizationalUnitId");

    if (!unit_need(j))
        return j->rc;
    if (has_children(j, "OrganizationalUnit", id) || has_children(j, "Account", id))
        return org_refuse(j, "OrganizationalUnitNotEmptyException");
    org_detach_all(j, id);
    return job_drop(j, "OrganizationalUnit", id);
}

/* ---- the tree ---- */

static bool is_below_asked(const struct job *j, const struct doc *doc)
{
    return is_child(doc, job_text(j, "ParentId"));
}

static int list_below(struct job *j, const char *type, const char *member)
{
    struct str org;

    if (!org_manager(j, &org) || !org_parent(j, job_text(j, "ParentId"), "ParentNotFoundException"))
        return j->rc;
    return job_page_docs(j, &org_paging, member, type, STR(""), is_below_asked);
}

HANDLER(organizations, ListOrganizationalUnitsForParent)
{
    return list_below(j, "OrganizationalUnit", "OrganizationalUnits");
}

HANDLER(organizations, ListAccountsForParent)
{
    return list_below(j, "Account", "Accounts");
}

HANDLER(organizations, ListChildren)
{
    struct str org, kind = job_text(j, "ChildType");
    const char *type = str_eq_c(kind, "ACCOUNT") ? "Account" : "OrganizationalUnit";
    struct doc *docs;
    size_t n = 0;

    if (!org_manager(j, &org) || !org_parent(j, job_text(j, "ParentId"), "ParentNotFoundException"))
        return j->rc;
    size_t count = job_list(j, type, STR(""), &docs);
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        if (!is_below_asked(j, &docs[i]))
            continue;
        struct value *row = value_map(j->a);
        value_put_str(j->a, row, "Id", docs[i].key.id);
        value_put_str(j->a, row, "Type", kind);
        items[n++] = (struct job_item){ docs[i].key.id, row };
    }
    return job_page(j, &org_paging, "Children", items, n);
}

HANDLER(organizations, ListParents)
{
    struct value *list = value_list(j->a), *row = value_map(j->a);
    struct str org;
    const char *type;

    if (!org_manager(j, &org))
        return j->rc;
    struct str parent = value_get_str(org_find(j, job_text(j, "ChildId"), &type), "_parent");
    if (parent.len == 0)
        return j->rc < 0 ? j->rc : org_refuse(j, "ChildNotFoundException");
    value_put_str(j->a, row, "Id", parent);
    value_put_c(j->a, row, "Type",
                str_has_prefix(parent, STR("r-")) ? "ROOT" : "ORGANIZATIONAL_UNIT");
    value_push(list, row);
    job_answer(j, "Parents", list);
    return 0;
}
