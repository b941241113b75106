#include "emulator/services/lambda/lambda.h"

#include "core/aws/arn.h"
#include "core/aws/region.h"

/* Source: Lambda API Reference, "ListFunctions", MaxItems: 1 to 10000, at most 50 are returned. */
const struct paging lambda_paging = {
    "MaxItems", "Marker", "NextMarker", 1, 10000, 50, "InvalidParameterValueException"
};

int lambda_refuse(struct job *j, const char *code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct str text = arena_vprintf(j->a, fmt, ap);
    va_end(ap);
    j->out->error = value_map(j->a);
    value_put_c(j->a, j->out->error, "Type", "User");
    return job_refuse(j, code, "%.*s", STR_ARG(text));
}

int lambda_missing(struct job *j, struct str function_arn)
{
    return lambda_refuse(j, "ResourceNotFoundException", "Function not found: %.*s",
                         STR_ARG(function_arn));
}

struct str lambda_arn(struct job *j, struct str name, struct str qualifier)
{
    return arena_printf(j->a, "arn:%.*s:lambda:%.*s:%.*s:function:%.*s%s%.*s",
                        STR_ARG(region_partition(j->region)), STR_ARG(j->region),
                        STR_ARG(j->account), STR_ARG(name), qualifier.len > 0 ? ":" : "",
                        STR_ARG(qualifier));
}

struct str lambda_id(struct job *j, struct str name, struct str qualifier)
{
    return arena_printf(j->a, "%.*s:%.*s", STR_ARG(name),
                        STR_ARG(qualifier.len > 0 ? qualifier : STR("$LATEST")));
}

struct str lambda_prefix(struct job *j, struct str name)
{
    return arena_printf(j->a, "%.*s:", STR_ARG(name));
}

struct str lambda_version_id(struct job *j, struct str name, int64_t version)
{
    return arena_printf(j->a, "%.*s:%08lld", STR_ARG(name), (long long)version);
}

struct str lambda_time(struct job *j)
{
    struct str iso = clock_iso_ms(j->a, j->cx->now_ms);

    return arena_printf(j->a, "%.*s+0000", STR_ARG(str_sub(iso, 0, iso.len - 1)));
}

/* NAME, NAME:QUALIFIER, ACCOUNT:function:NAME[:QUALIFIER] or the whole ARN.
 * Source: Lambda API Reference, "Invoke", FunctionName, name formats. */
static struct str ref_resource(struct job *j, struct str text)
{
    ptrdiff_t at = str_find(text, STR("function:"));
    struct arn arn;

    if (arn_parse(text, &arn, NULL) == 0) {
        if (!str_eq(arn.region, j->region))
            lambda_refuse(j, "ResourceNotFoundException",
                          "Functions from '%.*s' are not reachable in this region ('%.*s')",
                          STR_ARG(arn.region), STR_ARG(j->region));
        else if (!str_eq(arn.account, j->account))
            job_refuse(j, "AccessDeniedException",
                       "User: %.*s is not authorized to perform: lambda:%.*s on resource: %.*s",
                       STR_ARG(j->call->who->arn), STR_ARG(j->call->action), STR_ARG(text));
    }
    return at >= 0 ? str_sub(text, (size_t)at + 9, text.len) : text;
}

struct lambda_ref lambda_ref(struct job *j)
{
    struct lambda_ref ref = { .qualifier = job_text(j, "Qualifier") };
    struct str in_name, text = ref_resource(j, job_text(j, "FunctionName"));

    if (str_cut(text, ':', &ref.name, &in_name) && ref.qualifier.len == 0)
        ref.qualifier = in_name;
    if (ref.name.len == 0 && !outcome_refused(j->out))
        lambda_refuse(j, "InvalidParameterValueException", "FunctionName must not be empty.");
    return ref;
}

struct value *lambda_function(struct job *j, struct str name)
{
    struct value *doc = outcome_refused(j->out) ? NULL : job_get(j, "Function", name);

    if (!doc && !job_stopped(j))
        lambda_missing(j, lambda_arn(j, name, STR("")));
    return doc;
}

struct value *lambda_ref_function(struct job *j, struct lambda_ref *ref)
{
    *ref = lambda_ref(j);
    return lambda_function(j, ref->name);
}

struct value *lambda_version(struct job *j, struct lambda_ref ref)
{
    struct value *doc = lambda_function(j, ref.name);
    struct str version = ref.qualifier;
    int64_t number;

    if (!doc)
        return NULL;
    struct value *alias = job_get(j, "Alias", lambda_id(j, ref.name, ref.qualifier));
    if (alias)
        version = value_get_str(alias, "FunctionVersion");
    if (version.len > 0 && !str_eq_c(version, "$LATEST"))
        doc = str_to_i64(version, &number)
                  ? job_get(j, "FunctionVersion", lambda_version_id(j, ref.name, number))
                  : NULL;
    if (!doc && !job_stopped(j))
        lambda_missing(j, lambda_arn(j, ref.name, ref.qualifier));
    if (doc)
        value_put_str(j->a, doc, "FunctionArn", lambda_arn(j, ref.name, ref.qualifier));
    return doc;
}

bool lambda_is_stale(struct job *j, const struct value *doc)
{
    struct str wanted = job_text(j, "RevisionId");
    bool is = wanted.len > 0 && !str_eq(wanted, value_get_str(doc, "RevisionId"));

    if (is)
        lambda_refuse(j, "PreconditionFailedException",
                      "The Revision Id provided does not match the latest Revision Id. Call the "
                      "GetFunction/GetAlias API to retrieve the latest Revision Id");
    return is;
}

void lambda_touch(struct job *j, struct value *doc)
{
    value_put_str(j->a, doc, "LastModified", lambda_time(j));
    value_put_str(j->a, doc, "RevisionId", job_uuid(j));
}
