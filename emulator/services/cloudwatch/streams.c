/* Metric streams: kept as they are configured. No Firehose takes what they would send; the same
 * JSON is in the tree (deliver.c). */
#include "core/aws/region.h"
#include "emulator/services/cloudwatch/cloudwatch.h"

#define TYPE "MetricStream"

static bool filters_ok(struct job *j)
{
    static const char *const lists[] = { "IncludeFilters", "ExcludeFilters" };
    size_t given = 0;

    for (size_t i = 0; i < COUNT(lists); i++) {
        const struct value *list = param(j->call, lists[i]);

        given += list && list->count > 0;
        for (const struct value *f = value_first(list); f; f = f->next)
            if (value_get_str(f, "Namespace").len == 0) {
                (void)cw_bad_value(j, "%s: each filter needs a Namespace.", lists[i]);
                return false;
            }
    }
    if (given > 1)
        (void)cw_bad_combination(j, "IncludeFilters and ExcludeFilters can't be specified "
                                    "together.");
    return given <= 1;
}

HANDLER(cloudwatch, PutMetricStream)
{
    static const char *const members[] = {
        "Name",    "IncludeFilters", "ExcludeFilters",           "FirehoseArn",
        "RoleArn", "OutputFormat",   "StatisticsConfigurations", "IncludeLinkedAccountsMetrics",
        NULL
    };
    static const char *const kept[] = { "State", "CreationDate", "Tags", NULL };
    struct str name = job_text(j, "Name"), partition = region_partition(j->region);
    struct value *doc = value_map(j->a), *old;

    if (!filters_ok(j))
        return j->rc;
    old = job_get(j, TYPE, name);
    job_copy(j, doc, j->call->params, members);
    value_put_str(j->a, doc, "Arn",
                  arena_printf(j->a, "arn:%.*s:cloudwatch:%.*s:%.*s:metric-stream/%.*s",
                               STR_ARG(partition), STR_ARG(j->region), STR_ARG(j->account),
                               STR_ARG(name)));
    value_put_c(j->a, doc, "State", "running");
    value_put_time(j->a, doc, "CreationDate", j->cx->now_ms);
    value_put_time(j->a, doc, "LastUpdateDate", j->cx->now_ms);
    if (param(j->call, "Tags"))
        value_set(doc, STR("Tags"), value_copy(j->a, param(j->call, "Tags")));
    if (old)
        job_copy(j, doc, old, kept);
    job_answer(j, "Arn", value_str(j->a, value_get_str(doc, "Arn")));
    return job_put(j, TYPE, name, doc);
}

HANDLER(cloudwatch, GetMetricStream)
{
    struct value *doc = job_get(j, TYPE, job_text(j, "Name"));

    if (!doc)
        return j->rc < 0 ? j->rc
                         : job_refuse(j, "ResourceNotFoundException",
                                      "The metric stream %.*s does not exist",
                                      STR_ARG(job_text(j, "Name")));
    (void)value_remove(doc, STR("Tags")); /* told by ListTagsForResource */
    j->out->output = doc;
    return 0;
}

HANDLER(cloudwatch, ListMetricStreams)
{
    static const char *const told[] = { "Arn",         "CreationDate", "LastUpdateDate", "Name",
                                        "FirehoseArn", "State",        "OutputFormat",   NULL };
    static const struct paging paging = {
        "MaxResults", "NextToken", "NextToken", 1, 500, 500, "InvalidParameterValueException"
    };
    struct doc *docs;
    size_t count = job_list(j, TYPE, STR(""), &docs);
    struct job_item *items = arena_array(j->a, count, sizeof *items);

    for (size_t i = 0; i < count; i++) {
        struct value *entry = value_map(j->a);

        job_copy(j, entry, docs[i].value, told);
        items[i] = (struct job_item){ docs[i].key.id, entry };
    }
    return job_page(j, &paging, "Entries", items, count);
}

HANDLER(cloudwatch, DeleteMetricStream)
{
    return job_drop(j, TYPE, job_text(j, "Name"));
}

static int set_states(struct job *j, const char *state)
{
    const struct value *names = param(j->call, "Names");

    for (const struct value *n = value_first(names); n; n = n->next)
        if (!job_get(j, TYPE, n->u.text))
            return j->rc < 0 ? j->rc
                             : cw_bad_value(j, "The metric stream %.*s does not exist",
                                            STR_ARG(n->u.text));
    for (const struct value *n = value_first(names); n && j->rc == 0; n = n->next) {
        struct value *doc = job_get(j, TYPE, n->u.text);

        value_put_c(j->a, doc, "State", state);
        value_put_time(j->a, doc, "LastUpdateDate", j->cx->now_ms);
        (void)job_put(j, TYPE, n->u.text, doc); /* the failure stands in j->rc */
    }
    return j->rc;
}

HANDLER(cloudwatch, StartMetricStreams)
{
    return set_states(j, "running");
}

HANDLER(cloudwatch, StopMetricStreams)
{
    return set_states(j, "stopped");
}
