/* Opting in and out of regions. AWS takes minutes for either; here it is done when it is answered.
 */
#include "emulator/services/account/account.h"

#include "emulator/services/job.h"

int account_has_region(struct ctx *cx, const struct call *call, const struct region *r, bool *out,
                       struct err *err)
{
    struct value *doc;
    int rc = 0;

    if (!r->enabled_by_default)
        rc = store_doc_get(cx->e->store, cx->a,
                           service_key(call, "account", "Region", str_c(r->name)), &doc, err);
    *out = rc == 0;
    return rc == E_MISSING ? 0 : rc;
}

/* The region that the call names; NULL: refused. Another account's regions are its own affair here.
 * Source: Account Management API Reference, EnableRegion. */
static const struct region *region_asked(struct job *j)
{
    const struct region *r = region_find(job_text(j, "RegionName"));
    struct str account = job_text(j, "AccountId");

    j->region = STR("");
    if (account.len > 0 && !str_eq(account, j->account)) {
        (void)job_refuse(j, "AccessDeniedException",
                         "User does not have permissions to access the regions of account %.*s.",
                         STR_ARG(account));
        return NULL;
    }
    if (!r)
        (void)job_refuse(j, "ValidationException", "The region name %.*s is not valid.",
                         STR_ARG(job_text(j, "RegionName")));
    return r;
}

static int refuse_default(struct job *j, const struct region *r)
{
    return job_refuse(j, "ValidationException",
                      "The region %s is enabled by default and can not be changed.", r->name);
}

HANDLER(account, EnableRegion)
{
    const struct region *r = region_asked(j);

    if (!r)
        return j->rc;
    if (r->enabled_by_default)
        return refuse_default(j, r);
    return job_put(j, "Region", str_c(r->name), value_map(j->a));
}

HANDLER(account, DisableRegion)
{
    const struct region *r = region_asked(j);

    if (!r)
        return j->rc;
    if (r->enabled_by_default)
        return refuse_default(j, r);
    return job_drop(j, "Region", str_c(r->name));
}

static const char *status_word(const struct region *r, bool has)
{
    if (r->enabled_by_default)
        return "ENABLED_BY_DEFAULT";
    return has ? "ENABLED" : "DISABLED";
}

static struct value *status_of(struct job *j, const struct region *r)
{
    struct value *row = value_map(j->a);
    bool has = false;

    if (j->rc == 0)
        j->rc = account_has_region(j->cx, j->call, r, &has, j->err);
    value_put_c(j->a, row, "RegionName", r->name);
    value_put_c(j->a, row, "RegionOptStatus", status_word(r, has));
    return row;
}

HANDLER(account, GetRegionOptStatus)
{
    const struct region *r = region_asked(j);

    if (r)
        j->out->output = status_of(j, r);
    return j->rc;
}

HANDLER(account, ListRegions)
{
    static const struct paging paging = { "MaxResults", "NextToken", "NextToken",          1,
                                          50,           50,          "ValidationException" };
    const struct value *wanted = param(j->call, "RegionOptStatusContains");
    struct str partition = region_partition(j->call->region);
    const struct region *r;
    size_t count = 0, all = 0;

    while (region_at(all))
        all++;
    struct job_item *items = arena_array(j->a, all + 1, sizeof *items);
    for (size_t i = 0; (r = region_at(i)) != NULL; i++) {
        struct value *row = status_of(j, r);
        if (str_eq_c(partition, r->partition) &&
            (!value_first(wanted) || list_has(wanted, value_get_str(row, "RegionOptStatus"))))
            items[count++] = (struct job_item){ str_c(r->name), row };
    }
    return job_page(j, &paging, "Regions", items, count);
}
