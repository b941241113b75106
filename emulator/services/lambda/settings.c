/* What hangs on a function besides its code: concurrency, URL, asynchronous invocation, tags; and
 * the account's own figures. Invoking itself is refused: nothing here runs code.
 */
#include "emulator/services/lambda/lambda.h"

#include "core/aws/arn.h"

/* ---- concurrency ---- */

/* Source: Lambda Developer Guide, "Lambda quotas" and "Configuring reserved concurrency". */
enum { CONCURRENCY = 1000, CONCURRENCY_LEFT = 100 };

static int64_t reserved_by_others(struct job *j, struct str name)
{
    struct doc *docs;
    size_t count = job_list(j, "Function", STR(""), &docs);
    int64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        if (!str_eq(docs[i].key.id, name))
            sum += value_get_int(docs[i].value, "_reserved", 0);
    return sum;
}

HANDLER(lambda, PutFunctionConcurrency)
{
    int64_t wanted = param_int(j->call, "ReservedConcurrentExecutions", 0);
    struct lambda_ref ref;
    struct value *doc = lambda_ref_function(j, &ref);

    if (!doc)
        return j->rc;
    if (wanted < 0 || wanted + reserved_by_others(j, ref.name) > CONCURRENCY - CONCURRENCY_LEFT)
        return lambda_refuse(
            j, "InvalidParameterValueException",
            "Specified ReservedConcurrentExecutions for function decreases account's "
            "UnreservedConcurrentExecution below its minimum value of [%d].",
            CONCURRENCY_LEFT);
    value_put_int(j->a, doc, "_reserved", wanted);
    value_put_int(j->a, outcome_output(j->cx, j->out), "ReservedConcurrentExecutions", wanted);
    return job_put(j, "Function", ref.name, doc);
}

HANDLER(lambda, GetFunctionConcurrency)
{
    struct lambda_ref ref;
    struct value *doc = lambda_ref_function(j, &ref);

    if (!doc)
        return j->rc;
    (void)outcome_output(j->cx, j->out);
    if (value_get_c(doc, "_reserved"))
        value_put_int(j->a, j->out->output, "ReservedConcurrentExecutions",
                      value_get_int(doc, "_reserved", 0));
    return j->rc;
}

HANDLER(lambda, DeleteFunctionConcurrency)
{
    struct lambda_ref ref;
    struct value *doc = lambda_ref_function(j, &ref);

    if (!doc || !value_remove(doc, STR("_reserved")))
        return j->rc;
    return job_put(j, "Function", ref.name, doc);
}

/* ---- URLs: kept, but nothing answers at them ---- */

static const char *const url_members[] = { "AuthType", "Cors", "InvokeMode", NULL };

/* The document that belongs to what the call names; *exists says if the function does. */
static struct value *part(struct job *j, const char *type, struct lambda_ref *ref, bool *exists)
{
    *ref = lambda_ref(j);
    *exists = lambda_version(j, *ref) != NULL;
    return *exists ? job_get(j, type, lambda_id(j, ref->name, ref->qualifier)) : NULL;
}

static struct value *url_need(struct job *j, struct lambda_ref *ref)
{
    bool exists;
    struct value *doc = part(j, "FunctionUrl", ref, &exists);

    if (!doc && !job_stopped(j))
        lambda_refuse(j, "ResourceNotFoundException", "The resource you requested does not exist.");
    return doc;
}

HANDLER(lambda, CreateFunctionUrlConfig)
{
    struct lambda_ref ref;
    bool exists;
    struct value *old = part(j, "FunctionUrl", &ref, &exists);

    if (!exists || j->rc < 0)
        return j->rc;
    struct str arn = lambda_arn(j, ref.name, ref.qualifier);
    if (old)
        return lambda_refuse(j, "ResourceConflictException",
                             "Failed to create function url config for [functionArn = %.*s]. Error "
                             "message:  FunctionUrlConfig exists for this Lambda function",
                             STR_ARG(arn));
    struct value *doc = outcome_output(j->cx, j->out);
    struct str id = rng_chars(&j->cx->rng, j->a, STR("abcdefghijklmnopqrstuvwxyz234567"), 32);
    value_put_str(j->a, doc, "FunctionUrl",
                  arena_printf(j->a, "https://%.*s.lambda-url.%.*s.on.aws/", STR_ARG(id),
                               STR_ARG(j->region)));
    value_put_str(j->a, doc, "FunctionArn", arn);
    value_put_c(j->a, doc, "InvokeMode", "BUFFERED");
    job_copy(j, doc, j->call->params, url_members);
    value_put_str(j->a, doc, "CreationTime", clock_iso_ms(j->a, j->cx->now_ms));
    value_put_str(j->a, doc, "LastModifiedTime", clock_iso_ms(j->a, j->cx->now_ms));
    return job_put(j, "FunctionUrl", lambda_id(j, ref.name, ref.qualifier), doc);
}

HANDLER(lambda, GetFunctionUrlConfig)
{
    struct lambda_ref ref;

    j->out->output = url_need(j, &ref);
    return j->rc;
}

HANDLER(lambda, UpdateFunctionUrlConfig)
{
    struct lambda_ref ref;
    struct value *doc = url_need(j, &ref);

    if (!doc)
        return j->rc;
    job_copy(j, doc, j->call->params, url_members);
    value_put_str(j->a, doc, "LastModifiedTime", clock_iso_ms(j->a, j->cx->now_ms));
    j->out->output = doc;
    return job_put(j, "FunctionUrl", lambda_id(j, ref.name, ref.qualifier), doc);
}

HANDLER(lambda, DeleteFunctionUrlConfig)
{
    struct lambda_ref ref;

    if (!url_need(j, &ref))
        return j->rc;
    return job_drop(j, "FunctionUrl", lambda_id(j, ref.name, ref.qualifier));
}

HANDLER(lambda, ListFunctionUrlConfigs)
{
    struct lambda_ref ref;

    if (!lambda_ref_function(j, &ref))
        return j->rc;
    return job_page_docs(j, &lambda_paging, "FunctionUrlConfigs", "FunctionUrl",
                         lambda_prefix(j, ref.name), NULL);
}

/* ---- asynchronous invocation ---- */

static const char *const invoke_members[] = { "MaximumRetryAttempts", "MaximumEventAgeInSeconds",
                                              "DestinationConfig", NULL };

static struct value *invoke_need(struct job *j, struct lambda_ref *ref)
{
    bool exists;
    struct value *doc = part(j, "EventInvokeConfig", ref, &exists);

    if (!doc && !job_stopped(j))
        lambda_refuse(j, "ResourceNotFoundException",
                      "The function %.*s doesn't have an EventInvokeConfig",
                      STR_ARG(lambda_arn(
                          j, ref->name, ref->qualifier.len > 0 ? ref->qualifier : STR("$LATEST"))));
    return doc;
}

static int invoke_put(struct job *j, struct lambda_ref ref, struct value *doc)
{
    struct str qualifier = ref.qualifier.len > 0 ? ref.qualifier : STR("$LATEST");

    value_put_time(j->a, doc, "LastModified", j->cx->now_ms);
    value_put_str(j->a, doc, "FunctionArn", lambda_arn(j, ref.name, qualifier));
    job_copy(j, doc, j->call->params, invoke_members);
    j->out->output = doc;
    return job_put(j, "EventInvokeConfig", lambda_id(j, ref.name, ref.qualifier), doc);
}

HANDLER(lambda, PutFunctionEventInvokeConfig)
{
    struct lambda_ref ref;
    bool exists;

    (void)part(j, "EventInvokeConfig", &ref, &exists); /* put replaces what there was */
    return exists ? invoke_put(j, ref, value_map(j->a)) : j->rc;
}

HANDLER(lambda, UpdateFunctionEventInvokeConfig)
{
    struct lambda_ref ref;
    struct value *doc = invoke_need(j, &ref);

    return doc ? invoke_put(j, ref, doc) : j->rc;
}

HANDLER(lambda, GetFunctionEventInvokeConfig)
{
    struct lambda_ref ref;

    j->out->output = invoke_need(j, &ref);
    return j->rc;
}

HANDLER(lambda, DeleteFunctionEventInvokeConfig)
{
    struct lambda_ref ref;

    if (!invoke_need(j, &ref))
        return j->rc;
    return job_drop(j, "EventInvokeConfig", lambda_id(j, ref.name, ref.qualifier));
}

HANDLER(lambda, ListFunctionEventInvokeConfigs)
{
    struct lambda_ref ref;

    if (!lambda_ref_function(j, &ref))
        return j->rc;
    return job_page_docs(j, &lambda_paging, "FunctionEventInvokeConfigs", "EventInvokeConfig",
                         lambda_prefix(j, ref.name), NULL);
}

/* ---- tags ---- */

/* Which document an ARN of Resource means. Source: Lambda API Reference, "TagResource". */
static const struct {
    const char *prefix, *type;
} taggable[] = {
    { "function:", "Function" },
    { "event-source-mapping:", "EventSourceMapping" },
};

static struct value *tagged(struct job *j, const char **type, struct str *id)
{
    struct str text = job_text(j, "Resource"), rest;
    struct value *doc = NULL;
    struct arn arn;

    *type = NULL;
    if (arn_parse(text, &arn, NULL) == 0 && str_eq(arn.account, j->account))
        for (size_t i = 0; i < COUNT(taggable); i++)
            if (str_has_prefix(arn.resource, str_c(taggable[i].prefix))) {
                *type = taggable[i].type;
                *id = str_sub(arn.resource, strlen(taggable[i].prefix), arn.resource.len);
            }
    if (*type && str_cut(*id, ':', id, &rest)) {
        lambda_refuse(j, "InvalidParameterValueException",
                      "Tags on function aliases and versions are not supported. Please specify a "
                      "function ARN.");
        return NULL;
    }
    if (*type)
        doc = job_get(j, *type, *id);
    if (!doc && j->rc == 0)
        lambda_missing(j, text);
    return doc;
}

HANDLER(lambda, TagResource)
{
    const char *type;
    struct str id;
    struct value *doc = tagged(j, &type, &id);

    if (!doc)
        return j->rc;
    if (!value_get_c(doc, "_tags"))
        value_set(doc, STR("_tags"), value_map(j->a));
    for (const struct value *t = value_first(param(j->call, "Tags")); t; t = t->next)
        value_set(value_get_c(doc, "_tags"), t->name, value_copy(j->a, t));
    return job_put(j, type, id, doc);
}

HANDLER(lambda, UntagResource)
{
    const char *type;
    struct str id;
    struct value *doc = tagged(j, &type, &id), *tags = value_get_c(doc, "_tags");

    if (!doc || !tags)
        return j->rc;
    for (const struct value *k = value_first(param(j->call, "TagKeys")); k; k = k->next)
        (void)value_remove(tags, k->u.text); /* an absent one is no error */
    return job_put(j, type, id, doc);
}

HANDLER(lambda, ListTags)
{
    const char *type;
    struct str id;
    struct value *doc = tagged(j, &type, &id), *tags = value_get_c(doc, "_tags");

    if (doc)
        job_answer(j, "Tags", tags ? value_copy(j->a, tags) : value_map(j->a));
    return j->rc;
}

/* ---- the account; invoking ---- */

HANDLER(lambda, GetAccountSettings)
{
    struct value *answer = job_template(j, "lambda/account.json");
    struct doc *docs;
    size_t count = job_list(j, "Function", STR(""), &docs);
    int64_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += value_get_int(docs[i].value, "CodeSize", 0);
    value_put_int(j->a, value_get_c(answer, "AccountLimit"), "UnreservedConcurrentExecutions",
                  CONCURRENCY - reserved_by_others(j, STR("")));
    value_put_int(j->a, value_get_c(answer, "AccountUsage"), "TotalCodeSize", bytes);
    value_put_int(j->a, value_get_c(answer, "AccountUsage"), "FunctionCount", (int64_t)count);
    j->out->output = answer;
    return j->rc;
}

HANDLER(lambda, Invoke)
{
    if (lambda_version(j, lambda_ref(j)))
        outcome_refuse(j->a, j->out, 501, "NotImplemented",
                       "mocktrail runs no functions: start it with --upstream lambda=URL to "
                       "forward lambda:Invoke.");
    return j->rc;
}
