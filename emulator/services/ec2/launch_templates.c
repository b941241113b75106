/* Launch templates and their versions; what RunInstances takes from one.
 *
 * A template holds its versions in _versions, oldest first; numbers are never given twice. Its data
 * is kept as it was sent and looked at when something is launched from it. */
#include "emulator/services/ec2/compute.h"

#include <stdio.h>

#define LATEST  "$Latest"
#define DEFAULT "$Default"

static int by_name(struct ec2 *j, struct str name, struct value **doc)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_LAUNCH_TEMPLATE, &docs);

    *doc = NULL;
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "LaunchTemplateName"), name))
            *doc = docs->of[i];
    return rc;
}

/* The template that a map names by id or by name. */
static int load_named(struct ec2 *j, const struct value *by, struct value **doc)
{
    struct str id = value_get_str(by, "LaunchTemplateId");
    struct str name = value_get_str(by, "LaunchTemplateName");

    if (id.len > 0 && name.len > 0)
        return ec2_refuse(j, "InvalidParameterCombination",
                          "The launch template ID and the launch template name can't both be "
                          "specified");
    if (id.len > 0)
        return ec2_load(j, EC2_LAUNCH_TEMPLATE, id, doc);
    if (name.len == 0)
        return ec2_refuse(j, "MissingParameter",
                          "The request must contain the parameter launch template ID or launch "
                          "template name");
    int rc = by_name(j, name, doc);
    if (rc == 0 && !*doc)
        return ec2_refuse(j, "InvalidLaunchTemplateName.NotFoundException",
                          "The specified launch template, with template name %.*s, does not exist.",
                          STR_ARG(name));
    return rc;
}

static struct value *numbered(const struct value *template, int64_t number)
{
    for (struct value *v = value_first(value_get_c(template, "_versions")); v; v = v->next)
        if (value_get_int(v, "VersionNumber", 0) == number)
            return v;
    return NULL;
}

static struct value *version_named(const struct value *template, struct str which)
{
    int64_t number = 0;

    if (str_eq_c(which, LATEST))
        number = value_get_int(template, "LatestVersionNumber", 0);
    else if (which.len == 0 || str_eq_c(which, DEFAULT))
        number = value_get_int(template, "DefaultVersionNumber", 0);
    else if (!str_to_i64(which, &number))
        return NULL;
    return numbered(template, number);
}

static int load_version(struct ec2 *j, const struct value *template, struct str which,
                        struct value **version)
{
    *version = version_named(template, which);
    if (*version)
        return 0;
    return ec2_refuse(j, "InvalidLaunchTemplateId.VersionNotFound",
                      "Could not find the specified version %.*s for the launch template with ID "
                      "%.*s.",
                      STR_ARG(which), STR_ARG(value_get_str(template, "LaunchTemplateId")));
}

/* A version of the template with this data; the template is not saved. */
static struct value *add_version(struct ec2 *j, struct value *template, const struct value *data)
{
    struct value *v = value_map(j->a), *list = ec2_list(j, template, "_versions");
    const struct value *last = NULL;

    for (const struct value *k = value_first(list); k; k = k->next)
        last = k;
    int64_t number = last ? value_get_int(template, "LatestVersionNumber", 0) + 1 : 1;

    value_put_int(j->a, v, "VersionNumber", number);
    ec2_take(j, v, j->call->params, "VersionDescription");
    value_put_time(j->a, v, "CreateTime", j->cx->now_ms / 1000 * 1000);
    value_put_str(j->a, v, "CreatedBy", j->call->who->arn);
    value_set(v, STR("LaunchTemplateData"), value_copy(j->a, data));
    value_put_int(j->a, template, "LatestVersionNumber", number);
    value_push(list, v);
    return v;
}

/* A version as it is shown. */
static struct value *show_version(struct ec2 *j, const struct value *template,
                                  const struct value *version)
{
    struct value *v = value_map(j->a);
    int64_t number = value_get_int(version, "VersionNumber", 0);

    ec2_take(j, v, template, "LaunchTemplateId LaunchTemplateName");
    ec2_take(j, v, version,
             "VersionNumber VersionDescription CreateTime CreatedBy LaunchTemplateData");
    value_put_bool(j->a, v, "DefaultVersion",
                   number == value_get_int(template, "DefaultVersionNumber", 0));
    ec2_take(j, v, template, "Operator");
    /* the newest version of a template comes first */
    value_put_str(j->a, v, "_place",
                  arena_printf(j->a, "%.*s/%019lld",
                               STR_ARG(value_get_str(template, "LaunchTemplateId")),
                               (long long)(INT64_MAX - number)));
    return v;
}

static void answer_template(struct ec2 *j, const struct value *template)
{
    value_set(ec2_output(j), STR("LaunchTemplate"), value_copy(j->a, template));
}

int ec2_create_launch_template(struct ec2 *j)
{
    struct value *template = NULL;
    int rc = by_name(j, param_str(j->call, "LaunchTemplateName"), &template);

    if (rc == 0 && template)
        return ec2_refuse(j, "InvalidLaunchTemplateName.AlreadyExistsException",
                          "Launch template name already in use.");
    if (rc == 0)
        rc = ec2_new(j, EC2_LAUNCH_TEMPLATE, &template);
    if (rc != 0)
        return rc;
    value_put_str(j->a, template, "CreatedBy", j->call->who->arn);
    (void)add_version(j, template, param(j->call, "LaunchTemplateData"));
    rc = ec2_save(j, EC2_LAUNCH_TEMPLATE, template);
    answer_template(j, template);
    return rc;
}

/* With a source version, what is not given is taken from it. */
int ec2_create_launch_template_version(struct ec2 *j)
{
    struct value *template = NULL, *source = NULL, *data;
    int rc = load_named(j, j->call->params, &template);

    if (rc == 0 && param_has(j->call, "SourceVersion"))
        rc = load_version(j, template, param_str(j->call, "SourceVersion"), &source);
    if (rc != 0)
        return rc;
    data = source ? value_copy(j->a, value_get_c(source, "LaunchTemplateData")) : value_map(j->a);
    for (const struct value *m = value_first(param(j->call, "LaunchTemplateData")); m; m = m->next)
        value_set(data, m->name, value_copy(j->a, m));
    struct value *version = add_version(j, template, data);
    rc = ec2_save(j, EC2_LAUNCH_TEMPLATE, template);
    value_set(ec2_output(j), STR("LaunchTemplateVersion"), show_version(j, template, version));
    return rc;
}

int ec2_modify_launch_template(struct ec2 *j)
{
    struct value *template = NULL, *version = NULL;
    int rc = load_named(j, j->call->params, &template);

    if (rc == 0 && !param_has(j->call, "DefaultVersion"))
        return ec2_refuse(j, "MissingParameter",
                          "The request must contain the parameter DefaultVersion");
    if (rc == 0)
        rc = load_version(j, template, param_str(j->call, "DefaultVersion"), &version);
    if (rc != 0)
        return rc;
    value_put_int(j->a, template, "DefaultVersionNumber",
                  value_get_int(version, "VersionNumber", 1));
    rc = ec2_save(j, EC2_LAUNCH_TEMPLATE, template);
    answer_template(j, template);
    return rc;
}

int ec2_delete_launch_template(struct ec2 *j)
{
    struct value *template = NULL;
    int rc = load_named(j, j->call->params, &template);

    if (rc != 0)
        return rc;
    answer_template(j, template);
    return ec2_drop(j, EC2_LAUNCH_TEMPLATE, value_get_str(template, "LaunchTemplateId"));
}

/* Source: EC2 API Reference, DeleteLaunchTemplateVersions: the default version stays; codes of
 * ResponseError. */
static void delete_version(struct ec2 *j, struct value *template, struct str which)
{
    struct value *version = version_named(template, which), *row = value_map(j->a);
    struct value *error = value_map(j->a);
    int64_t number = value_get_int(version, "VersionNumber", 0);
    bool is_default = number == value_get_int(template, "DefaultVersionNumber", 0);

    ec2_take(j, row, template, "LaunchTemplateId LaunchTemplateName");
    if (version && !is_default) {
        value_put_int(j->a, row, "VersionNumber", number);
        value_push(ec2_list(j, ec2_output(j), "SuccessfullyDeletedLaunchTemplateVersions"), row);
        ec2_list_remove(j, template, "_versions", version);
        return;
    }
    (void)str_to_i64(which, &number); /* "$Latest" was found: it is the default's number */
    value_put_int(j->a, row, "VersionNumber", number);
    value_put_c(j->a, error, "Code",
                version ? "unexpectedError" : "launchTemplateVersionDoesNotExist");
    value_put_c(j->a, error, "Message",
                version ? "The default version of a launch template can't be deleted."
                        : "The specified launch template version does not exist.");
    value_set(row, STR("ResponseError"), error);
    value_push(ec2_list(j, ec2_output(j), "UnsuccessfullyDeletedLaunchTemplateVersions"), row);
}

int ec2_delete_launch_template_versions(struct ec2 *j)
{
    struct value *template = NULL;
    int rc = load_named(j, j->call->params, &template);

    if (rc != 0)
        return rc;
    (void)ec2_list(j, ec2_output(j), "SuccessfullyDeletedLaunchTemplateVersions");
    (void)ec2_list(j, ec2_output(j), "UnsuccessfullyDeletedLaunchTemplateVersions");
    for (const struct value *v = value_first(param(j->call, "Versions")); v; v = v->next)
        if (v->kind == VALUE_STRING)
            delete_version(j, template, v->u.text);
    return ec2_save(j, EC2_LAUNCH_TEMPLATE, template);
}

int ec2_describe_launch_templates(struct ec2 *j)
{
    const struct value *names = param(j->call, "LaunchTemplateNames");
    struct value *list, *found = value_list(j->a), *one;
    int rc = ec2_select(j, EC2_LAUNCH_TEMPLATE, &list);

    for (const struct value *n = value_first(names); rc == 0 && n; n = n->next) {
        rc = by_name(j, n->kind == VALUE_STRING ? n->u.text : (struct str){ 0 }, &one);
        if (rc == 0 && !one)
            return ec2_refuse(j, "InvalidLaunchTemplateName.NotFoundException",
                              "At least one of the launch templates specified in the request does "
                              "not exist.");
    }
    for (const struct value *t = value_first(list); rc == 0 && t; t = t->next)
        if (!value_first(names) || ec2_list_has(names, value_get_str(t, "LaunchTemplateName")))
            value_push(found, value_copy(j->a, t));
    return rc != 0 ? rc : ec2_page(j, "LaunchTemplates", found, "LaunchTemplateId");
}

/* Is the version within MinVersion and MaxVersion, and one of Versions? */
static bool is_wanted(struct ec2 *j, const struct value *template, const struct value *version)
{
    const struct value *versions = param(j->call, "Versions");
    int64_t number = value_get_int(version, "VersionNumber", 0), least = 0, most = INT64_MAX;

    (void)str_to_i64(param_str(j->call, "MinVersion"), &least); /* no number: no bound */
    (void)str_to_i64(param_str(j->call, "MaxVersion"), &most);
    for (const struct value *v = value_first(versions); v; v = v->next)
        if (v->kind == VALUE_STRING && version_named(template, v->u.text) == version)
            return true;
    return !value_first(versions) && number >= least && number <= most;
}

static int show_versions(struct ec2 *j, const struct value *template, struct value *list)
{
    const struct value *versions = value_get_c(template, "_versions");
    struct value **newest = arena_array(j->a, versions ? versions->count + 1 : 1, sizeof *newest);
    size_t count = 0;

    for (struct value *v = value_first(versions); v; v = v->next)
        newest[count++] = v;
    while (count-- > 0) {
        struct value *row = show_version(j, template, newest[count]);
        if (is_wanted(j, template, newest[count]) &&
            ec2_filters_pass(j, "launch-template-version", "Tags", row))
            value_push(list, row);
    }
    return 0;
}

/* Source: EC2 API Reference, DescribeLaunchTemplateVersions: of all templates only the latest and
 * the default versions can be asked for. */
static int show_all(struct ec2 *j, struct value *list)
{
    const struct value *versions = param(j->call, "Versions");
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_LAUNCH_TEMPLATE, &docs);

    for (const struct value *v = value_first(versions); rc == 0 && v; v = v->next)
        if (!str_eq_c(v->u.text, LATEST) && !str_eq_c(v->u.text, DEFAULT))
            versions = NULL;
    if (rc == 0 && !value_first(versions))
        return ec2_refuse(j, "MissingParameter",
                          "The request must contain the parameter launch template ID or launch "
                          "template name");
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        rc = show_versions(j, docs->of[i], list);
    return rc;
}

int ec2_describe_launch_template_versions(struct ec2 *j)
{
    struct value *list = value_list(j->a), *template = NULL, *version = NULL;
    bool is_one =
        param_has(j->call, "LaunchTemplateId") || param_has(j->call, "LaunchTemplateName");
    int rc = ec2_filters_ok(j, "launch-template-version");

    if (rc == 0 && is_one)
        rc = load_named(j, j->call->params, &template);
    for (const struct value *v = value_first(param(j->call, "Versions")); rc == 0 && is_one && v;
         v = v->next)
        rc = load_version(j, template, v->u.text, &version);
    if (rc == 0)
        rc = is_one ? show_versions(j, template, list) : show_all(j, list);
    return rc != 0 ? rc : ec2_page(j, "LaunchTemplateVersions", list, "_place");
}

/* --- RunInstances --- */

/* The template's items, then the call's, which change them or come beside them. */
static void join(struct ec2 *j, struct value *params, const struct value *data, const char *member)
{
    struct value *all = value_list(j->a);
    const struct value *halves[] = { value_get_c(data, member), value_get_c(params, member) };

    for (size_t i = 0; i < COUNT(halves); i++)
        for (const struct value *v = value_first(halves[i]); v; v = v->next)
            value_push(all, value_copy(j->a, v));
    if (value_first(all))
        value_set(params, str_c(member), all);
}

/* A launch tags instances, volumes and interfaces; a template may name more. */
static struct value *launched_tags(struct ec2 *j, const struct value *data)
{
    static const char *const types[] = { "instance", "volume", "network-interface" };
    struct value *kept = value_list(j->a);

    for (const struct value *s = value_first(value_get_c(data, "TagSpecifications")); s;
         s = s->next)
        for (size_t i = 0; i < COUNT(types); i++)
            if (str_eq_c(value_get_str(s, "ResourceType"), types[i]))
                value_push(kept, value_copy(j->a, s));
    return kept;
}

/* Source: EC2 User Guide, "Launch instances from a launch template": what the call says goes before
 * what the template says. */
static struct value *merged(struct ec2 *j, const struct value *data)
{
    struct value *params = value_copy(j->a, j->call->params), *own = value_copy(j->a, data);
    bool has_groups =
        value_get_c(params, "SecurityGroupIds") || value_get_c(params, "SecurityGroups");

    value_set(own, STR("TagSpecifications"), launched_tags(j, data));
    join(j, params, own, "TagSpecifications");
    join(j, params, own, "BlockDeviceMappings");
    for (const struct value *m = value_first(own); m; m = m->next)
        if (!value_get(params, m->name) &&
            !(has_groups && str_has_prefix(m->name, STR("SecurityGroup"))))
            value_set(params, m->name, value_copy(j->a, m));
    (void)value_remove(params, STR("LaunchTemplate"));
    return params;
}

int ec2_template_apply(struct ec2 *j, struct value **tags)
{
    const struct value *asked = param(j->call, "LaunchTemplate");
    struct value *template = NULL, *version = NULL;
    char number[24];

    *tags = NULL;
    if (!asked)
        return 0;
    int rc = load_named(j, asked, &template);
    if (rc == 0)
        rc = load_version(j, template, value_get_str(asked, "Version"), &version);
    if (rc != 0)
        return rc;
    struct call *call = arena_alloc(j->a, sizeof *call);
    *call = *j->call;
    call->params = merged(j, value_get_c(version, "LaunchTemplateData"));
    j->call = call;
    (void)snprintf(number, sizeof number, "%lld",
                   (long long)value_get_int(version, "VersionNumber", 1));
    const struct {
        const char *key;
        struct str value;
    } own[] = { { "aws:ec2launchtemplate:id", value_get_str(template, "LaunchTemplateId") },
                { "aws:ec2launchtemplate:version", arena_copy(j->a, str_c(number)) } };
    *tags = value_list(j->a);
    for (size_t i = 0; i < COUNT(own); i++) {
        struct value *tag = value_map(j->a);
        value_put_c(j->a, tag, "Key", own[i].key);
        value_put_str(j->a, tag, "Value", own[i].value);
        value_push(*tags, tag);
    }
    return 0;
}
