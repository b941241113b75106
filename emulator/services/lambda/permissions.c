/* Resource policies: statements of functions (and their versions and aliases) and of layers. */
#include "emulator/services/lambda/lambda.h"

#include "core/aws/ids.h"
#include "core/codec/json.h"

/* A parameter that becomes a condition. Source: Lambda API Reference, "AddPermission". */
static const struct {
    const char *param, *operator, * key;
} conditions[] = {
    { "EventSourceToken", "StringEquals", "lambda:EventSourceToken" },
    { "FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType" },
    { "InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl" },
    { "OrganizationId", "StringEquals", "aws:PrincipalOrgID" },
    { "PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID" },
    { "SourceAccount", "StringEquals", "AWS:SourceAccount" },
    { "SourceArn", "ArnLike", "AWS:SourceArn" },
};

static struct value *principal_of(struct job *j)
{
    struct str text = job_text(j, "Principal");
    struct value *v = value_map(j->a);

    if (str_eq_c(text, "*"))
        return value_str(j->a, text);
    if (ids_is_account(text))
        value_put_str(j->a, v, "AWS", arena_printf(j->a, "arn:aws:iam::%.*s:root", STR_ARG(text)));
    else
        value_put_str(j->a, v, str_has_prefix(text, STR("arn:")) ? "AWS" : "Service", text);
    return v;
}

struct value *lambda_statement(struct job *j, struct str resource)
{
    struct value *s = value_map(j->a), *all = value_map(j->a);

    value_put_str(j->a, s, "Sid", job_text(j, "StatementId"));
    value_put_c(j->a, s, "Effect", "Allow");
    value_set(s, STR("Principal"), principal_of(j));
    value_put_str(j->a, s, "Action", job_text(j, "Action"));
    value_put_str(j->a, s, "Resource", resource);
    for (size_t i = 0; i < COUNT(conditions); i++) {
        struct value *given = param(j->call, conditions[i].param);
        struct value *group = value_get_c(all, conditions[i].operator);

        if (!given)
            continue;
        if (!group)
            value_set(all, str_c(conditions[i].operator), group = value_map(j->a));
        value_put_str(j->a, group, conditions[i].key, value_to_text(j->a, given));
    }
    if (value_first(all))
        value_set(s, STR("Condition"), all);
    return s;
}

static void answer_json(struct job *j, const char *member, const struct value *v)
{
    struct buf text = { 0 };

    json_write(&text, v);
    value_put_str(j->a, outcome_output(j->cx, j->out), member, buf_view(&text));
    buf_free(&text);
}

/* {RevisionId, Statements} of a layer version, or of a qualifier of a function. */
static int add_statement(struct job *j, struct value *policy, struct str resource)
{
    struct str sid = job_text(j, "StatementId");

    if (list_find(value_get_c(policy, "Statements"), "Sid", sid))
        return lambda_refuse(
            j, "ResourceConflictException",
            "The statement id (%.*s) provided already exists. Please provide a new "
            "statement id, or remove the existing statement.",
            STR_ARG(sid));
    struct value *s = lambda_statement(j, resource);
    job_push(j, policy, "Statements", s);
    value_put_str(j->a, policy, "RevisionId", job_uuid(j));
    answer_json(j, "Statement", s);
    return 0;
}

static int remove_statement(struct job *j, struct value *policy)
{
    struct str sid = job_text(j, "StatementId");
    struct value *list = value_get_c(policy, "Statements");

    if (!list_find(list, "Sid", sid))
        return lambda_refuse(j, "ResourceNotFoundException",
                             "Statement %.*s is not found in resource policy.", STR_ARG(sid));
    value_set(policy, STR("Statements"), list_without(j->a, list, "Sid", sid));
    value_put_str(j->a, policy, "RevisionId", job_uuid(j));
    return 0;
}

static int answer_policy(struct job *j, const struct value *policy, const char *missing)
{
    struct value *list = value_get_c(policy, "Statements"), *document = value_map(j->a);

    if (!value_first(list))
        return lambda_refuse(j, "ResourceNotFoundException", "%s", missing);
    value_put_c(j->a, document, "Version", "2012-10-17");
    value_put_c(j->a, document, "Id", "default");
    value_set(document, STR("Statement"), value_copy(j->a, list));
    answer_json(j, "Policy", document);
    value_put_str(j->a, j->out->output, "RevisionId", value_get_str(policy, "RevisionId"));
    return 0;
}

/* ---- functions ---- */

/* The policy of what the call names, made when there is none; *function holds it. */
static struct value *function_policy(struct job *j, struct lambda_ref *ref, struct value **function)
{
    *ref = lambda_ref(j);
    *function = NULL;
    if (!lambda_version(j, *ref))
        return NULL;
    *function = lambda_function(j, ref->name);
    struct value *policies = value_get_c(*function, "_policies");
    struct str qualifier = ref->qualifier.len > 0 ? ref->qualifier : STR("$LATEST");
    if (!policies)
        value_set(*function, STR("_policies"), policies = value_map(j->a));
    if (!value_get(policies, qualifier))
        value_set(policies, qualifier, value_map(j->a));
    return value_get(policies, qualifier);
}

HANDLER(lambda, AddPermission)
{
    struct lambda_ref ref;
    struct value *function, *policy = function_policy(j, &ref, &function);

    if (!policy || lambda_is_stale(j, policy))
        return j->rc;
    j->rc = add_statement(j, policy, lambda_arn(j, ref.name, ref.qualifier));
    return job_stopped(j) ? j->rc : job_put(j, "Function", ref.name, function);
}

HANDLER(lambda, RemovePermission)
{
    struct lambda_ref ref;
    struct value *function, *policy = function_policy(j, &ref, &function);

    if (!policy || lambda_is_stale(j, policy))
        return j->rc;
    j->rc = remove_statement(j, policy);
    return job_stopped(j) ? j->rc : job_put(j, "Function", ref.name, function);
}

HANDLER(lambda, GetPolicy)
{
    struct lambda_ref ref;
    struct value *function, *policy = function_policy(j, &ref, &function);

    return policy ? answer_policy(j, policy, "The resource you requested does not exist.") : j->rc;
}

/* ---- layers ---- */

static struct value *layer_policy(struct job *j, struct str *id)
{
    struct str arn_head, name = job_text(j, "LayerName");
    int64_t version = param_int(j->call, "VersionNumber", 0);

    if (str_has_prefix(name, STR("arn:")))
        (void)str_rcut(name, ':', &arn_head, &name); /* it has one */
    *id = lambda_version_id(j, name, version);
    struct value *doc = job_get(j, "LayerVersion", *id);
    if (!doc && j->rc == 0)
        lambda_refuse(j, "ResourceNotFoundException",
                      "Layer version arn:aws:lambda:%.*s:%.*s:layer:%.*s:%lld does not exist.",
                      STR_ARG(j->region), STR_ARG(j->account), STR_ARG(name), (long long)version);
    else if (doc && !value_get_c(doc, "_policy"))
        value_set(doc, STR("_policy"), value_map(j->a));
    return doc;
}

HANDLER(lambda, AddLayerVersionPermission)
{
    struct str id;
    struct value *doc = layer_policy(j, &id), *policy = value_get_c(doc, "_policy");

    if (!doc || lambda_is_stale(j, policy))
        return j->rc;
    j->rc = add_statement(j, policy, value_get_str(doc, "LayerVersionArn"));
    if (job_stopped(j))
        return j->rc;
    value_put_str(j->a, j->out->output, "RevisionId", value_get_str(policy, "RevisionId"));
    return job_put(j, "LayerVersion", id, doc);
}

HANDLER(lambda, RemoveLayerVersionPermission)
{
    struct str id;
    struct value *doc = layer_policy(j, &id), *policy = value_get_c(doc, "_policy");

    if (!doc || lambda_is_stale(j, policy))
        return j->rc;
    j->rc = remove_statement(j, policy);
    return job_stopped(j) ? j->rc : job_put(j, "LayerVersion", id, doc);
}

HANDLER(lambda, GetLayerVersionPolicy)
{
    struct str id;
    struct value *doc = layer_policy(j, &id);

    return doc ? answer_policy(j, value_get_c(doc, "_policy"),
                               "No policy is associated with the given resource.")
               : j->rc;
}
