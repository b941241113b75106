/* Published versions and aliases. */
#include "emulator/services/lambda/lambda.h"

struct value *lambda_publish(struct job *j, struct value *function, struct str description)
{
    struct str name = value_get_str(function, "FunctionName");
    int64_t last = value_get_int(function, "_versions", 0);

    if (value_get_bool(function, "_published", false)) {
        struct value *same = job_get(j, "FunctionVersion", lambda_version_id(j, name, last));

        if (same || j->rc < 0)
            return same;
    }
    struct value *doc = value_copy(j->a, function);
    struct str number = arena_printf(j->a, "%lld", (long long)++last);
    struct value *snap = value_get_c(doc, "SnapStart");
    value_put_str(j->a, doc, "Version", number);
    value_put_str(j->a, doc, "FunctionArn", lambda_arn(j, name, number));
    value_put_str(j->a, doc, "Description", description);
    value_put_str(j->a, doc, "RevisionId", job_uuid(j));
    if (str_eq_c(value_get_str(snap, "ApplyOn"), "PublishedVersions"))
        value_put_c(j->a, snap, "OptimizationStatus", "On");
    value_put_int(j->a, function, "_versions", last);
    value_put_bool(j->a, function, "_published", true);
    (void)job_put(j, "FunctionVersion", lambda_version_id(j, name, last), doc); /* j->rc says */
    return doc;
}

HANDLER(lambda, PublishVersion)
{
    struct lambda_ref ref;
    struct value *function = lambda_ref_function(j, &ref);
    struct str wanted = job_text(j, "CodeSha256");

    if (!function || lambda_is_stale(j, function))
        return j->rc;
    if (wanted.len > 0 && !str_eq(wanted, value_get_str(function, "CodeSha256")))
        return lambda_refuse(j, "InvalidParameterValueException",
                             "CodeSHA256 (%.*s) is different from current CodeSHA256 in $LATEST "
                             "(%.*s). Please try again with the CodeSHA256 in $LATEST.",
                             STR_ARG(wanted), STR_ARG(value_get_str(function, "CodeSha256")));
    struct str description = job_has(j, "Description") ? job_text(j, "Description")
                                                       : value_get_str(function, "Description");
    bool is_new = !value_get_bool(function, "_published", false);
    struct value *version = lambda_publish(j, function, description);
    if (job_stopped(j))
        return j->rc;
    j->out->output = is_new ? lambda_pending(j, version) : version;
    return job_put(j, "Function", ref.name, function);
}

HANDLER(lambda, ListVersionsByFunction)
{
    struct lambda_ref ref;
    struct value *function = lambda_ref_function(j, &ref);
    struct doc *docs;

    if (!function)
        return j->rc;
    size_t count = job_list(j, "FunctionVersion", lambda_prefix(j, ref.name), &docs);
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);
    value_put_str(j->a, function, "FunctionArn", lambda_arn(j, ref.name, STR("$LATEST")));
    items[0] = (struct job_item){ lambda_version_id(j, ref.name, 0), function };
    for (size_t i = 0; i < count; i++)
        items[i + 1] = (struct job_item){ docs[i].key.id, docs[i].value };
    return job_page(j, &lambda_paging, "Versions", items, count + 1);
}

/* ---- aliases ---- */

static const char *const alias_members[] = { "FunctionVersion", "Description", "RoutingConfig",
                                             NULL };

/* The version that an alias is to point at. */
static bool version_exists(struct job *j, struct str name, struct str version)
{
    struct lambda_ref ref = { name, version };

    return lambda_version(j, ref) != NULL;
}

static struct value *alias_need(struct job *j, struct lambda_ref ref, struct str alias)
{
    struct value *doc = job_get(j, "Alias", lambda_id(j, ref.name, alias));

    if (!doc && !job_stopped(j))
        lambda_refuse(j, "ResourceNotFoundException", "Cannot find alias arn: %.*s",
                      STR_ARG(lambda_arn(j, ref.name, alias)));
    return doc;
}

static bool alias_name_ok(struct job *j, struct str name)
{
    int64_t number;
    bool ok = name.len > 0 && !str_eq_c(name, "$LATEST") && !str_to_i64(name, &number);

    if (!ok)
        lambda_refuse(j, "ValidationException",
                      "1 validation error detected: Value '%.*s' at 'name' failed to satisfy "
                      "constraint: Member must satisfy regular expression pattern: "
                      "(?!^[0-9]+$)([a-zA-Z0-9-_]+)",
                      STR_ARG(name));
    return ok;
}

HANDLER(lambda, CreateAlias)
{
    struct lambda_ref ref;
    struct str name = job_text(j, "Name");

    if (!lambda_ref_function(j, &ref) || !alias_name_ok(j, name))
        return j->rc;
    struct str arn = lambda_arn(j, ref.name, name);
    if (job_get(j, "Alias", lambda_id(j, ref.name, name)))
        return lambda_refuse(j, "ResourceConflictException", "Alias already exists: %.*s",
                             STR_ARG(arn));
    if (!version_exists(j, ref.name, job_text(j, "FunctionVersion")))
        return j->rc;
    struct value *alias = outcome_output(j->cx, j->out);
    value_put_str(j->a, alias, "AliasArn", arn);
    value_put_str(j->a, alias, "Name", name);
    value_put_c(j->a, alias, "Description", "");
    job_copy(j, alias, j->call->params, alias_members);
    value_put_str(j->a, alias, "RevisionId", job_uuid(j));
    return job_put(j, "Alias", lambda_id(j, ref.name, name), alias);
}

HANDLER(lambda, GetAlias)
{
    struct lambda_ref ref;

    if (lambda_ref_function(j, &ref))
        j->out->output = alias_need(j, ref, job_text(j, "Name"));
    return j->rc;
}

HANDLER(lambda, UpdateAlias)
{
    struct lambda_ref ref;
    struct str name = job_text(j, "Name");
    struct value *alias = lambda_ref_function(j, &ref) ? alias_need(j, ref, name) : NULL;

    if (!alias || lambda_is_stale(j, alias))
        return j->rc;
    if (job_has(j, "FunctionVersion") &&
        !version_exists(j, ref.name, job_text(j, "FunctionVersion")))
        return j->rc;
    job_copy(j, alias, j->call->params, alias_members);
    value_put_str(j->a, alias, "RevisionId", job_uuid(j));
    j->out->output = alias;
    return job_put(j, "Alias", lambda_id(j, ref.name, name), alias);
}

/* An alias that is not there is deleted all the same. */
HANDLER(lambda, DeleteAlias)
{
    struct lambda_ref ref;

    if (!lambda_ref_function(j, &ref))
        return j->rc;
    return job_drop(j, "Alias", lambda_id(j, ref.name, job_text(j, "Name")));
}

static bool is_of_version(const struct job *j, const struct doc *doc)
{
    struct str version = job_text(j, "FunctionVersion");

    return version.len == 0 || str_eq(value_get_str(doc->value, "FunctionVersion"), version);
}

HANDLER(lambda, ListAliases)
{
    struct lambda_ref ref;

    if (!lambda_ref_function(j, &ref))
        return j->rc;
    return job_page_docs(j, &lambda_paging, "Aliases", "Alias", lambda_prefix(j, ref.name),
                         is_of_version);
}
