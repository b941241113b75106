/* Destinations: a name for a queue or an HTTP endpoint that subscription filters can send to, also
 * from other accounts. Documents "Destination", id the name: the model's members, Tags. */
#include "core/aws/policy.h"
#include "core/aws/region.h"
#include "emulator/services/logs/filters.h"

static const char *const shown[] = {
    "destinationName", "targetArn", "roleArn", "accessPolicy", "arn", "creationTime", NULL
};

static struct value *show(struct job *j, const struct value *doc)
{
    struct value *v = value_map(j->a);

    job_copy(j, v, doc, shown);
    return v;
}

/* A destination of a destination is none. */
static bool target_ok(struct job *j, struct str target)
{
    struct logs_sink sink;
    int rc = str_find(target, STR(":logs:")) >= 0
                 ? E_MISSING
                 : logs_sink_find(j->cx->e, j->a, target, &sink, j->err);

    if (rc < 0 && rc != E_MISSING)
        j->rc = rc;
    else if (rc < 0)
        (void)logs_invalid(j, /* the outcome is refused */
                           "Could not deliver test message to specified destination target "
                           "%.*s. Here it is an SQS queue, or an http URL on loopback.",
                           STR_ARG(target));
    return !job_stopped(j);
}

HANDLER(logs, PutDestination)
{
    static const char *const taken[] = { "destinationName", "targetArn", "roleArn", NULL };
    struct str name = job_text(j, "destinationName");
    struct value *doc = job_get(j, "Destination", name);

    if (job_stopped(j) || !logs_tags_ok(j) || !target_ok(j, job_text(j, "targetArn")))
        return j->rc;
    if (!doc) {
        doc = value_map(j->a);
        value_put_int(j->a, doc, "creationTime", j->cx->now_ms);
        value_put_str(j->a, doc, "arn",
                      arena_printf(j->a, "arn:%.*s:logs:%.*s:%.*s:destination:%.*s",
                                   STR_ARG(region_partition(j->region)), STR_ARG(j->region),
                                   STR_ARG(j->account), STR_ARG(name)));
        if (job_has(j, "tags"))
            value_set(doc, STR("Tags"), value_copy(j->a, param(j->call, "tags")));
    }
    job_copy(j, doc, j->call->params, taken);
    job_answer(j, "destination", show(j, doc));
    return job_put(j, "Destination", name, doc);
}

static struct value *find(struct job *j)
{
    struct value *doc = job_get(j, "Destination", job_text(j, "destinationName"));

    if (!doc && j->rc == 0)
        (void)job_refuse(j, "ResourceNotFoundException", /* the caller looks at the outcome */
                         "The specified destination does not exist.");
    return doc;
}

HANDLER(logs, PutDestinationPolicy)
{
    struct str text = job_text(j, "accessPolicy");
    struct value *doc = find(j);
    struct policy *policy;

    if (!doc)
        return j->rc;
    if (policy_parse(j->a, text, POLICY_RESOURCE, &policy, NULL) < 0)
        return logs_invalid(j, "The access policy is not a valid policy document.");
    value_put_str(j->a, doc, "accessPolicy", text);
    return job_put(j, "Destination", job_text(j, "destinationName"), doc);
}

HANDLER(logs, DeleteDestination)
{
    return find(j) ? job_drop(j, "Destination", job_text(j, "destinationName")) : j->rc;
}

HANDLER(logs, DescribeDestinations)
{
    struct doc *docs;
    size_t count = job_list(j, "Destination", job_text(j, "DestinationNamePrefix"), &docs);
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);

    for (size_t i = 0; i < count; i++)
        items[i] = (struct job_item){ docs[i].key.id, show(j, docs[i].value) };
    return logs_page(j, &(struct logs_paging){ "limit", "destinations", 50, false }, items, count);
}
