/* Dashboards: of an account, whatever the region.
 * Source: CloudWatch User Guide, "Using dashboards": dashboards are global. */
#include "core/aws/region.h"
#include "core/base/buf.h"
#include "core/codec/json.h"
#include "emulator/services/cloudwatch/cloudwatch.h"
#include "emulator/services/cloudwatch/dashboard_body.h"

#define TYPE "Dashboard"

static void be_global(struct job *j)
{
    j->region = STR("");
}

static struct str arn_of(struct job *j, struct str name)
{
    struct str partition = region_partition(j->call->region);

    return arena_printf(j->a, "arn:%.*s:cloudwatch::%.*s:dashboard/%.*s", STR_ARG(partition),
                        STR_ARG(j->account), STR_ARG(name));
}

static bool name_ok(struct job *j, struct str name)
{
    bool ok = name.len > 0 && name.len <= 255;

    for (size_t i = 0; ok && i < name.len; i++) {
        char c = name.ptr[i];

        ok = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
             c == '-' || c == '_';
    }
    if (!ok)
        (void)job_refuse(j, "DashboardInvalidInputError",
                         "The field DashboardName contains invalid characters. It can only contain "
                         "alphanumerics, dash (-) and underscore (_).");
    return ok;
}

static int refuse_body(struct job *j, struct value *messages, size_t errors)
{
    struct buf text = { 0 };

    json_write(&text, messages);
    (void)job_refuse(j, "DashboardInvalidInputError",
                     "The dashboard body is invalid, there are %zu validation errors:\n%.*s",
                     errors, (int)text.len, text.ptr);
    buf_free(&text);
    j->out->error = value_map(j->a);
    value_set(j->out->error, STR("dashboardValidationMessages"), messages);
    return j->rc;
}

HANDLER(cloudwatch, PutDashboard)
{
    struct value *messages = value_list(j->a), *body, *doc = value_map(j->a), *old;
    struct str name = job_text(j, "DashboardName"), text = job_text(j, "DashboardBody");
    struct err why = { 0 };
    size_t errors = 0;

    be_global(j);
    if (!name_ok(j, name))
        return j->rc;
    if (dashboard_check(j->a, text, messages, &errors, &body, &why) < 0)
        return job_refuse(j, "DashboardInvalidInputError", "%s", why.text);
    if (errors > 0)
        return refuse_body(j, messages, errors);
    old = job_get(j, TYPE, name);
    value_put_str(j->a, doc, "DashboardName", name);
    value_put_str(j->a, doc, "DashboardArn", arn_of(j, name));
    value_put_str(j->a, doc, "DashboardBody", text);
    value_put_time(j->a, doc, "LastModified", j->cx->now_ms);
    const struct value *tags = old ? value_get_c(old, "Tags") : param(j->call, "Tags");
    if (tags)
        value_set(doc, STR("Tags"), value_copy(j->a, tags));
    job_answer(j, "DashboardValidationMessages", messages);
    return job_put(j, TYPE, name, doc);
}

static int no_dashboard(struct job *j, struct str name)
{
    return j->rc < 0 ? j->rc
                     : job_refuse(j, "DashboardNotFoundError", "Dashboard %.*s does not exist",
                                  STR_ARG(name));
}

HANDLER(cloudwatch, GetDashboard)
{
    static const char *const told[] = { "DashboardArn", "DashboardBody", "DashboardName", NULL };
    struct str name = job_text(j, "DashboardName");

    be_global(j);
    struct value *doc = job_get(j, TYPE, name);
    if (!doc)
        return no_dashboard(j, name);
    job_copy(j, outcome_output(j->cx, j->out), doc, told);
    return 0;
}

HANDLER(cloudwatch, ListDashboards)
{
    static const char *const told[] = { "DashboardName", "DashboardArn", "LastModified", NULL };
    static const struct paging paging = {
        "MaxRecords", "NextToken", "NextToken", 1, 1000, 1000, "InvalidParameterValueException"
    };
    struct doc *docs;

    be_global(j);
    size_t count = job_list(j, TYPE, job_text(j, "DashboardNamePrefix"), &docs);
    struct job_item *items = arena_array(j->a, count, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        struct value *entry = value_map(j->a);

        job_copy(j, entry, docs[i].value, told);
        value_put_int(j->a, entry, "Size",
                      (int64_t)value_get_str(docs[i].value, "DashboardBody").len);
        items[i] = (struct job_item){ docs[i].key.id, entry };
    }
    return job_page(j, &paging, "DashboardEntries", items, count);
}

/* All or none. */
HANDLER(cloudwatch, DeleteDashboards)
{
    const struct value *names = param(j->call, "DashboardNames");

    be_global(j);
    if (!names || names->count == 0)
        return cw_bad_value(j, "At least one dashboard name is required.");
    for (const struct value *n = value_first(names); n; n = n->next)
        if (!job_get(j, TYPE, n->u.text))
            return no_dashboard(j, n->u.text);
    for (const struct value *n = value_first(names); n && j->rc == 0; n = n->next)
        (void)job_drop(j, TYPE, n->u.text); /* the failure stands in j->rc */
    return j->rc;
}
