/* Functions: create, read, change, delete. */
#include "emulator/services/lambda/lambda.h"

#include "core/aws/sigv4.h"
#include "emulator/services/behalf.h"

enum { TIMEOUT_MAX_S = 900 }; /* Source: Lambda Developer Guide, "Lambda quotas" */

/* Members that an answer has as the request said them. */
static const char *const plain_members[] = {
    "Runtime",           "Role",        "Handler",       "Description",
    "Timeout",           "MemorySize",  "VpcConfig",     "DeadLetterConfig",
    "Environment",       "KMSKeyArn",   "TracingConfig", "EphemeralStorage",
    "FileSystemConfigs", "PackageType", "Architectures", "DurableConfig",
    "TenancyConfig",     NULL
};

/* Source: Lambda Developer Guide, "Working with Lambda environment variables", reserved. */
static const char *const reserved_variables[] = { "_HANDLER",
                                                  "_X_AMZN_TRACE_ID",
                                                  "AWS_ACCESS_KEY",
                                                  "AWS_ACCESS_KEY_ID",
                                                  "AWS_DEFAULT_REGION",
                                                  "AWS_EXECUTION_ENV",
                                                  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                                  "AWS_LAMBDA_FUNCTION_NAME",
                                                  "AWS_LAMBDA_FUNCTION_VERSION",
                                                  "AWS_LAMBDA_INITIALIZATION_TYPE",
                                                  "AWS_LAMBDA_LOG_GROUP_NAME",
                                                  "AWS_LAMBDA_LOG_STREAM_NAME",
                                                  "AWS_LAMBDA_RUNTIME_API",
                                                  "AWS_REGION",
                                                  "AWS_SECRET_ACCESS_KEY",
                                                  "AWS_SESSION_TOKEN",
                                                  "LAMBDA_RUNTIME_DIR",
                                                  "LAMBDA_TASK_ROOT",
                                                  NULL };

static bool environment_ok(struct job *j)
{
    const struct value *variables = value_get_c(param(j->call, "Environment"), "Variables");

    for (const char *const *r = reserved_variables; *r; r++)
        if (value_get_c(variables, *r)) {
            lambda_refuse(j, "InvalidParameterValueException",
                          "Lambda was unable to configure your environment variables because the "
                          "environment variables you have provided contains reserved keys that are "
                          "currently not supported for modification. Reserved keys used in this "
                          "request: %s",
                          *r);
            return false;
        }
    return true;
}

/* What nothing here could keep the promise of. */
static bool is_performed(struct job *j)
{
    static const char *const refused[] = { "CodeSigningConfigArn", "CapacityProviderConfig",
                                           "PublishTo" };

    for (size_t i = 0; i < COUNT(refused); i++)
        if (job_has(j, refused[i])) {
            outcome_refuse(j->a, j->out, 501, "NotImplemented",
                           "mocktrail does not perform lambda:%.*s with %s.",
                           STR_ARG(j->call->action), refused[i]);
            return false;
        }
    return true;
}

static bool settings_ok(struct job *j)
{
    int64_t timeout = param_int(j->call, "Timeout", TIMEOUT_MAX_S);

    if (timeout > TIMEOUT_MAX_S)
        lambda_refuse(j, "ValidationException",
                      "1 validation error detected: Value '%lld' at 'timeout' failed to satisfy "
                      "constraint: Member must have value less than or equal to %d",
                      (long long)timeout, TIMEOUT_MAX_S);
    return !outcome_refused(j->out) && environment_ok(j);
}

/* Groups of settings of which a request may give a part. */
static void merge(struct job *j, struct value *doc, const char *member)
{
    struct value *own = value_get_c(doc, member);

    for (const struct value *m = value_first(param(j->call, member)); own && m; m = m->next)
        value_set(own, arena_copy(j->a, m->name), value_copy(j->a, m));
}

static void configure(struct job *j, struct value *doc)
{
    job_copy(j, doc, j->call->params, plain_members);
    merge(j, doc, "SnapStart");
    merge(j, doc, "LoggingConfig");
    if (job_has(j, "ImageConfig")) {
        struct value *response = value_map(j->a);

        value_set(response, STR("ImageConfig"), value_copy(j->a, param(j->call, "ImageConfig")));
        value_set(doc, STR("ImageConfigResponse"), response);
    }
    if (job_has(j, "Layers"))
        value_set(doc, STR("Layers"), lambda_layers(j, param(j->call, "Layers")));
    if (job_has(j, "Runtime")) {
        struct value *version = value_map(j->a);
        char hex[65];

        sha256_hex(job_text(j, "Runtime"), hex); /* AWS's is a hash, too, of what we can't see */
        value_put_str(
            j->a, version, "RuntimeVersionArn",
            arena_printf(j->a, "arn:aws:lambda:%.*s::runtime:%s", STR_ARG(j->region), hex));
        value_set(doc, STR("RuntimeVersionConfig"), version);
    }
}

struct value *lambda_pending(struct job *j, const struct value *doc)
{
    struct value *seen = value_copy(j->a, doc);

    value_put_c(j->a, seen, "State", "Pending");
    value_put_c(j->a, seen, "StateReason", "The function is being created.");
    value_put_c(j->a, seen, "StateReasonCode", "Creating");
    (void)value_remove(seen, STR("LastUpdateStatus"));
    return seen;
}

/* The answer to a change: on its way; the next question finds it done. */
static struct value *updating(struct job *j, const struct value *doc)
{
    struct value *seen = value_copy(j->a, doc);

    value_put_c(j->a, seen, "LastUpdateStatus", "InProgress");
    value_put_c(j->a, seen, "LastUpdateStatusReason", "The function is being created.");
    value_put_c(j->a, seen, "LastUpdateStatusReasonCode", "Creating");
    return seen;
}

static struct value *new_function(struct job *j, struct str name)
{
    struct value *doc = job_template(j, "lambda/function.json");

    value_put_str(j->a, doc, "FunctionName", name);
    value_put_str(j->a, doc, "FunctionArn", lambda_arn(j, name, STR("")));
    value_put_str(j->a, value_get_c(doc, "LoggingConfig"), "LogGroup",
                  arena_printf(j->a, "/aws/lambda/%.*s", STR_ARG(name)));
    configure(j, doc);
    if (value_first(param(j->call, "Tags")))
        value_set(doc, STR("_tags"), value_copy(j->a, param(j->call, "Tags")));
    lambda_touch(j, doc);
    return doc;
}

static bool package_ok(struct job *j)
{
    bool image = str_eq_c(job_text(j, "PackageType"), "Image");

    if (!image && (!job_has(j, "Runtime") || !job_has(j, "Handler")))
        lambda_refuse(j, "InvalidParameterValueException",
                      "Runtime and Handler are mandatory parameters for functions created with "
                      "deployment packages.");
    else if (image && (job_has(j, "Runtime") || job_has(j, "Handler") || job_has(j, "Layers")))
        lambda_refuse(j, "InvalidParameterValueException",
                      "Please don't provide Handler or Runtime or Layer when the intent is to "
                      "create a function using a container image.");
    return !outcome_refused(j->out);
}

/* Lambda tries the role of a new function: "awslambda_291_20230710122648994".
 * Source: real records of AssumeRole by lambda.amazonaws.com. */
static int assume_role(struct job *j)
{
    struct clock_parts t = clock_split(j->cx->now_ms);
    struct str session = arena_printf(j->a, "awslambda_%u_%04d%02d%02d%02d%02d%02d%03d",
                                      (unsigned)rng_below(&j->cx->rng, 1000), t.year, t.month,
                                      t.day, t.hour, t.minute, t.second, t.ms);

    return behalf_assume(j->cx, j->call, "lambda.amazonaws.com", job_text(j, "Role"), session,
                         j->err);
}

HANDLER(lambda, CreateFunction)
{
    struct lambda_ref ref = lambda_ref(j);

    if (outcome_refused(j->out) || !is_performed(j) || !package_ok(j) || !settings_ok(j))
        return j->rc;
    if (job_get(j, "Function", ref.name))
        return lambda_refuse(j, "ResourceConflictException", "Function already exist: %.*s",
                             STR_ARG(ref.name));
    if (j->rc < 0 || !lambda_role_ok(j, job_text(j, "Role")))
        return j->rc;
    struct value *doc = new_function(j, ref.name), *seen = doc;
    if (!job_stopped(j))
        j->rc = lambda_code(j, param(j->call, "Code"), doc);
    if (job_stopped(j))
        return j->rc;
    if (param_bool(j->call, "Publish", false))
        seen = lambda_publish(j, doc, job_text(j, "Description"));
    j->out->output = lambda_pending(j, seen);
    j->rc = job_put(j, "Function", ref.name, doc);
    return j->rc < 0 ? j->rc : assume_role(j);
}

HANDLER(lambda, GetFunction)
{
    struct lambda_ref ref = lambda_ref(j);
    struct value *doc = lambda_version(j, ref);
    struct value *function = doc ? lambda_function(j, ref.name) : NULL;

    if (!function)
        return j->rc;
    struct value *code = value_get_c(doc, "_repository");
    job_answer(j, "Configuration", doc);
    job_answer(j, "Code", code ? value_copy(j->a, code) : value_map(j->a));
    if (value_first(value_get_c(function, "_tags")))
        job_answer(j, "Tags", value_copy(j->a, value_get_c(function, "_tags")));
    if (value_get_c(function, "_reserved")) {
        struct value *concurrency = value_map(j->a);

        value_put_int(j->a, concurrency, "ReservedConcurrentExecutions",
                      value_get_int(function, "_reserved", 0));
        job_answer(j, "Concurrency", concurrency);
    }
    return j->rc;
}

HANDLER(lambda, GetFunctionConfiguration)
{
    j->out->output = lambda_version(j, lambda_ref(j));
    return j->rc;
}

/* FunctionVersion=ALL: $LATEST and then the versions of each function. */
static size_t all_versions(struct job *j, struct job_item *items, const struct doc *functions,
                           size_t count)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        struct str name = functions[i].key.id;
        struct doc *versions;
        size_t more = job_list(j, "FunctionVersion", lambda_prefix(j, name), &versions);

        value_put_str(j->a, functions[i].value, "FunctionArn", lambda_arn(j, name, STR("$LATEST")));
        items[n++] = (struct job_item){ lambda_version_id(j, name, 0), functions[i].value };
        for (size_t k = 0; k < more; k++)
            items[n++] = (struct job_item){ versions[k].key.id, versions[k].value };
    }
    return n;
}

HANDLER(lambda, ListFunctions)
{
    struct doc *functions, *versions;

    if (!str_eq_c(job_text(j, "FunctionVersion"), "ALL"))
        return job_page_docs(j, &lambda_paging, "Functions", "Function", STR(""), NULL);
    size_t count = job_list(j, "Function", STR(""), &functions);
    size_t most = count + job_list(j, "FunctionVersion", STR(""), &versions);
    struct job_item *items = arena_array(j->a, most + 1, sizeof *items);
    return job_page(j, &lambda_paging, "Functions", items,
                    all_versions(j, items, functions, count));
}

HANDLER(lambda, UpdateFunctionCode)
{
    struct lambda_ref ref;
    struct value *doc = lambda_ref_function(j, &ref), *seen;

    if (!doc || lambda_is_stale(j, doc) || !is_performed(j))
        return j->rc;
    struct str before = value_get_str(doc, "CodeSha256");
    job_copy(j, doc, j->call->params, (const char *const[]){ "Architectures", NULL });
    j->rc = lambda_code(j, j->call->params, doc);
    if (job_stopped(j))
        return j->rc;
    lambda_touch(j, doc);
    if (!str_eq(before, value_get_str(doc, "CodeSha256")))
        value_put_bool(j->a, doc, "_published", false);
    if (param_bool(j->call, "DryRun", false)) {
        j->out->output = doc;
        return 0;
    }
    if (param_bool(j->call, "Publish", false)) {
        seen = lambda_publish(j, doc, value_get_str(doc, "Description"));
        j->out->output = lambda_pending(j, seen);
    } else {
        j->out->output = updating(j, doc);
    }
    return job_put(j, "Function", ref.name, doc);
}

HANDLER(lambda, UpdateFunctionConfiguration)
{
    struct lambda_ref ref;
    struct value *doc = lambda_ref_function(j, &ref);

    if (!doc || lambda_is_stale(j, doc) || !is_performed(j) || !settings_ok(j))
        return j->rc;
    if (job_has(j, "Role") && !lambda_role_ok(j, job_text(j, "Role")))
        return j->rc;
    configure(j, doc);
    if (job_stopped(j))
        return j->rc;
    lambda_touch(j, doc);
    value_put_bool(j->a, doc, "_published", false);
    j->out->output = updating(j, doc);
    return job_put(j, "Function", ref.name, doc);
}

static int drop_all(struct job *j, const char *type, struct str prefix)
{
    struct doc *docs;
    size_t count = job_list(j, type, prefix, &docs);

    for (size_t i = 0; i < count; i++)
        job_drop(j, type, docs[i].key.id);
    return j->rc;
}

static bool is_aliased(struct job *j, struct str name, struct str version)
{
    struct doc *aliases;
    size_t count = job_list(j, "Alias", lambda_prefix(j, name), &aliases);

    for (size_t i = 0; i < count; i++)
        if (str_eq(value_get_str(aliases[i].value, "FunctionVersion"), version))
            return true;
    return false;
}

static int delete_version(struct job *j, struct lambda_ref ref)
{
    int64_t number;

    if (str_eq_c(ref.qualifier, "$LATEST"))
        return lambda_refuse(j, "InvalidParameterValueException",
                             "$LATEST version cannot be deleted without deleting the function.");
    if (!str_to_i64(ref.qualifier, &number))
        return lambda_refuse(j, "InvalidParameterValueException",
                             "Deletion of aliases is not currently supported.");
    if (is_aliased(j, ref.name, ref.qualifier))
        return lambda_refuse(j, "ResourceConflictException",
                             "Version %.*s can't be deleted because it is referenced by an alias.",
                             STR_ARG(ref.qualifier));
    return job_drop(j, "FunctionVersion", lambda_version_id(j, ref.name, number));
}

HANDLER(lambda, DeleteFunction)
{
    static const char *const parts[] = { "FunctionVersion", "Alias", "FunctionUrl",
                                         "EventInvokeConfig" };
    struct lambda_ref ref;

    if (!lambda_ref_function(j, &ref))
        return j->rc;
    value_put_int(j->a, outcome_output(j->cx, j->out), "StatusCode", 204);
    if (ref.qualifier.len > 0)
        return delete_version(j, ref);
    for (size_t i = 0; i < COUNT(parts); i++)
        drop_all(j, parts[i], lambda_prefix(j, ref.name));
    return job_drop(j, "Function", ref.name);
}
