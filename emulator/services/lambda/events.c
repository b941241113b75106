/* Event source mappings: kept, but nothing polls. The answer to a change says on its way; from then
 * on a mapping is Disabled, whatever was asked for, with the reason beside it. */
#include "emulator/services/lambda/lambda.h"

#include "core/aws/region.h"

static const char *const mapping_members[] = { "EventSourceArn",
                                               "BatchSize",
                                               "FilterCriteria",
                                               "MaximumBatchingWindowInSeconds",
                                               "ParallelizationFactor",
                                               "StartingPosition",
                                               "StartingPositionTimestamp",
                                               "DestinationConfig",
                                               "MaximumRecordAgeInSeconds",
                                               "BisectBatchOnFunctionError",
                                               "MaximumRetryAttempts",
                                               "TumblingWindowInSeconds",
                                               "Topics",
                                               "Queues",
                                               "SourceAccessConfigurations",
                                               "SelfManagedEventSource",
                                               "FunctionResponseTypes",
                                               "AmazonManagedKafkaEventSourceConfig",
                                               "SelfManagedKafkaEventSourceConfig",
                                               "ScalingConfig",
                                               "DocumentDBEventSourceConfig",
                                               "KMSKeyArn",
                                               "MetricsConfig",
                                               "LoggingConfig",
                                               "ProvisionedPollerConfig",
                                               NULL };

/* Defaults of a kind of source, told by its ARN. Source: Lambda Developer Guide, "Event source
 * mapping", parameters by service. */
static const struct {
    const char *service;
    int64_t batch;
    bool stream; /* records wait in shards, so they age, are retried, and have windows */
} sources[] = {
    { ":sqs:", 10, false },
    { ":kinesis:", 100, true },
    { ":dynamodb:", 100, true },
};

static void default_members(struct job *j, struct value *doc)
{
    struct str source = job_text(j, "EventSourceArn");

    for (size_t i = 0; i < COUNT(sources); i++) {
        if (str_find(source, str_c(sources[i].service)) < 0)
            continue;
        value_put_int(j->a, doc, "BatchSize", sources[i].batch);
        if (!sources[i].stream)
            continue;
        value_put_int(j->a, doc, "ParallelizationFactor", 1);
        value_put_int(j->a, doc, "MaximumRecordAgeInSeconds", -1);
        value_put_int(j->a, doc, "MaximumRetryAttempts", -1);
        value_put_int(j->a, doc, "TumblingWindowInSeconds", 0);
        value_put_bool(j->a, doc, "BisectBatchOnFunctionError", false);
        value_set(doc, STR("DestinationConfig"), value_map(j->a));
    }
}

/* Keep the mapping as it is from now on, and answer with the state that it passes through. */
static int settle(struct job *j, struct value *doc, const char *passing)
{
    value_put_time(j->a, doc, "LastModified", j->cx->now_ms);
    value_put_c(j->a, doc, "State", "Disabled");
    value_put_c(j->a, doc, "StateTransitionReason", "mocktrail polls no event sources");
    job_put(j, "EventSourceMapping", value_get_str(doc, "UUID"), doc);
    struct value *seen = value_copy(j->a, doc);
    value_put_c(j->a, seen, "State", passing);
    value_put_c(j->a, seen, "StateTransitionReason", "User action");
    j->out->output = seen;
    return j->rc;
}

static int conflict(struct job *j, struct str source, struct str function_arn)
{
    struct doc *docs;
    size_t count = job_list(j, "EventSourceMapping", STR(""), &docs);

    for (size_t i = 0; source.len > 0 && i < count; i++)
        if (str_eq(value_get_str(docs[i].value, "EventSourceArn"), source) &&
            str_eq(value_get_str(docs[i].value, "FunctionArn"), function_arn))
            return lambda_refuse(
                j, "ResourceConflictException",
                "The event source arn (\" %.*s \") and function (\" %.*s \") provided mapping "
                "already exists. Please update or delete the existing mapping with UUID %.*s",
                STR_ARG(source), STR_ARG(value_get_str(docs[i].value, "_function")),
                STR_ARG(docs[i].key.id));
    return j->rc;
}

/* The function that a mapping calls. */
static bool point_at(struct job *j, struct value *doc)
{
    struct lambda_ref ref = lambda_ref(j);

    if (!lambda_version(j, ref))
        return false;
    value_put_str(j->a, doc, "FunctionArn", lambda_arn(j, ref.name, ref.qualifier));
    value_put_str(j->a, doc, "_function", ref.name);
    return true;
}

HANDLER(lambda, CreateEventSourceMapping)
{
    struct value *doc = job_template(j, "lambda/event-source-mapping.json");

    if (!point_at(j, doc) ||
        conflict(j, job_text(j, "EventSourceArn"), value_get_str(doc, "FunctionArn")) < 0 ||
        outcome_refused(j->out))
        return j->rc;
    struct str uuid = job_uuid(j);
    value_put_str(j->a, doc, "UUID", uuid);
    value_put_str(j->a, doc, "EventSourceMappingArn",
                  arena_printf(j->a, "arn:%.*s:lambda:%.*s:%.*s:event-source-mapping:%.*s",
                               STR_ARG(region_partition(j->region)), STR_ARG(j->region),
                               STR_ARG(j->account), STR_ARG(uuid)));
    default_members(j, doc);
    job_copy(j, doc, j->call->params, mapping_members);
    if (value_first(param(j->call, "Tags")))
        value_set(doc, STR("_tags"), value_copy(j->a, param(j->call, "Tags")));
    return settle(j, doc, "Creating");
}

static struct value *mapping_need(struct job *j)
{
    struct value *doc = job_get(j, "EventSourceMapping", job_text(j, "UUID"));

    if (!doc && j->rc == 0)
        lambda_refuse(j, "ResourceNotFoundException", "The resource you requested does not exist.");
    return doc;
}

HANDLER(lambda, GetEventSourceMapping)
{
    j->out->output = mapping_need(j);
    return j->rc;
}

HANDLER(lambda, UpdateEventSourceMapping)
{
    struct value *doc = mapping_need(j);

    if (!doc || (job_has(j, "FunctionName") && !point_at(j, doc)))
        return j->rc;
    job_copy(j, doc, j->call->params, mapping_members);
    return settle(j, doc, "Updating");
}

HANDLER(lambda, DeleteEventSourceMapping)
{
    struct value *doc = mapping_need(j);

    if (!doc)
        return j->rc;
    value_put_c(j->a, doc, "State", "Deleting");
    j->out->output = doc;
    return job_drop(j, "EventSourceMapping", job_text(j, "UUID"));
}

static bool is_asked_for(const struct job *j, const struct doc *doc)
{
    struct str source = job_text(j, "EventSourceArn"), function = job_text(j, "FunctionName");
    struct str own = value_get_str(doc->value, "_function");

    return (source.len == 0 || str_eq(source, value_get_str(doc->value, "EventSourceArn"))) &&
           (function.len == 0 || str_eq(function, own) ||
            str_eq(function, value_get_str(doc->value, "FunctionArn")));
}

HANDLER(lambda, ListEventSourceMappings)
{
    return job_page_docs(j, &lambda_paging, "EventSourceMappings", "EventSourceMapping", STR(""),
                         is_asked_for);
}
