/* Layers: named packages in numbered versions. */
#include "emulator/services/lambda/lambda.h"

#include "core/aws/region.h"

static const char *const layer_members[] = { "Description", "CompatibleRuntimes", "LicenseInfo",
                                             "CompatibleArchitectures", NULL };

/* LayerName is a name or the layer's ARN. */
static struct str layer_name(struct str text)
{
    struct str head, name;

    return str_has_prefix(text, STR("arn:")) && str_rcut(text, ':', &head, &name) ? name : text;
}

static struct str layer_arn(struct job *j, struct str name)
{
    return arena_printf(j->a, "arn:%.*s:lambda:%.*s:%.*s:layer:%.*s",
                        STR_ARG(region_partition(j->region)), STR_ARG(j->region),
                        STR_ARG(j->account), STR_ARG(name));
}

HANDLER(lambda, PublishLayerVersion)
{
    struct str name = layer_name(job_text(j, "LayerName"));
    struct value *layer = job_get(j, "Layer", name), *doc = value_map(j->a);
    struct value *content = value_map(j->a);

    if (j->rc < 0)
        return j->rc;
    j->rc = lambda_code(j, param(j->call, "Content"), content);
    if (job_stopped(j))
        return j->rc;
    if (!layer)
        layer = value_map(j->a);
    int64_t version = value_get_int(layer, "_versions", 0) + 1;
    struct str arn = layer_arn(j, name);
    value_put_int(j->a, layer, "_versions", version);
    value_set(doc, STR("Content"), content);
    value_put_str(j->a, doc, "LayerArn", arn);
    value_put_str(j->a, doc, "LayerVersionArn",
                  arena_printf(j->a, "%.*s:%lld", STR_ARG(arn), (long long)version));
    value_put_c(j->a, doc, "Description", "");
    value_put_str(j->a, doc, "CreatedDate", lambda_time(j));
    value_put_int(j->a, doc, "Version", version);
    job_copy(j, doc, j->call->params, layer_members);
    j->out->output = doc;
    job_put(j, "Layer", name, layer);
    return job_put(j, "LayerVersion", lambda_version_id(j, name, version), doc);
}

static int get_version(struct job *j, struct str name, int64_t version)
{
    struct value *doc = job_get(j, "LayerVersion", lambda_version_id(j, name, version));

    if (!doc && j->rc == 0)
        return lambda_refuse(j, "ResourceNotFoundException",
                             "The resource you requested does not exist.");
    j->out->output = doc;
    return j->rc;
}

HANDLER(lambda, GetLayerVersion)
{
    return get_version(j, layer_name(job_text(j, "LayerName")),
                       param_int(j->call, "VersionNumber", 0));
}

HANDLER(lambda, GetLayerVersionByArn)
{
    struct str head, version;
    int64_t number = 0;

    if (!str_rcut(job_text(j, "Arn"), ':', &head, &version) || !str_to_i64(version, &number))
        return lambda_refuse(j, "InvalidParameterValueException", "Invalid layer version ARN: %.*s",
                             STR_ARG(job_text(j, "Arn")));
    return get_version(j, layer_name(head), number);
}

/* A version that is not there is deleted all the same; its number is not given again. */
HANDLER(lambda, DeleteLayerVersion)
{
    return job_drop(j, "LayerVersion",
                    lambda_version_id(j, layer_name(job_text(j, "LayerName")),
                                      param_int(j->call, "VersionNumber", 0)));
}

static bool is_compatible(const struct job *j, const struct doc *doc)
{
    struct str runtime = job_text(j, "CompatibleRuntime"),
               architecture = job_text(j, "CompatibleArchitecture");

    return (runtime.len == 0 || list_has(value_get_c(doc->value, "CompatibleRuntimes"), runtime)) &&
           (architecture.len == 0 ||
            list_has(value_get_c(doc->value, "CompatibleArchitectures"), architecture));
}

/* Newest first. */
HANDLER(lambda, ListLayerVersions)
{
    struct doc *docs;
    struct str name = layer_name(job_text(j, "LayerName"));
    size_t count = job_list(j, "LayerVersion", lambda_prefix(j, name), &docs), n = 0;
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);

    for (size_t i = count; i > 0; i--)
        if (is_compatible(j, &docs[i - 1]))
            items[n] = (struct job_item){ arena_printf(j->a, "%08zu", n + 1), docs[i - 1].value },
            n++;
    return job_page(j, &lambda_paging, "LayerVersions", items, n);
}

/* A layer is listed by its newest version that fits; one without versions is gone. */
HANDLER(lambda, ListLayers)
{
    struct doc *docs;
    size_t count = job_list(j, "LayerVersion", STR(""), &docs), n = 0;
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);

    for (size_t i = 0; i < count; i++) {
        struct str name, version;

        if (!is_compatible(j, &docs[i]))
            continue;
        (void)str_cut(docs[i].key.id, ':', &name, &version); /* ids are NAME:VERSION */
        if (n == 0 || !str_eq(items[n - 1].key, name)) {
            items[n] = (struct job_item){ name, value_map(j->a) };
            value_put_str(j->a, items[n].value, "LayerName", name);
            value_put_str(j->a, items[n].value, "LayerArn", layer_arn(j, name));
            n++;
        }
        value_set(items[n - 1].value, STR("LatestMatchingVersion"), docs[i].value);
    }
    return job_page(j, &lambda_paging, "Layers", items, n);
}
