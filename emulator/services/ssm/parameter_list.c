/* Parameters by path, by filter, through their history; labels. */
#include "emulator/services/ssm/ssm.h"

/* Source: Systems Manager API Reference, MaxResults of each; "LabelParameterVersion". */
enum { PATH_DEFAULT = 10, LIST_DEFAULT = 50, LABELS_MOST = 10, LABEL_LEN_MOST = 100 };

static bool is_below(struct str name, struct str path, bool deep)
{
    struct str prefix = str_has_suffix(path, STR("/")) ? str_sub(path, 0, path.len - 1) : path;

    if (!str_has_prefix(name, prefix) || name.len <= prefix.len + 1 || name.ptr[prefix.len] != '/')
        return false;
    return deep || str_find(str_sub(name, prefix.len + 1, name.len), STR("/")) < 0;
}

/* One value of a filter: Equals, BeginsWith, Contains. */
static bool compare(struct str have, struct str want, struct str option)
{
    if (str_eq_c(option, "BeginsWith"))
        return str_has_prefix(have, want);
    if (str_eq_c(option, "Contains"))
        return str_find(have, want) >= 0;
    return str_eq(have, want);
}

static bool tag_fits(const struct value *doc, struct str key, const struct value *values)
{
    for (const struct value *t = value_first(value_get_c(doc, "Tags")); t; t = t->next) {
        if (!str_eq(value_get_str(t, "Key"), key))
            continue;
        if (!value_first(values))
            return true;
        for (const struct value *v = value_first(values); v; v = v->next)
            if (str_eq(v->u.text, value_get_str(t, "Value")))
                return true;
    }
    return false;
}

static bool label_fits(const struct value *doc, struct str want)
{
    for (const struct value *v = value_first(value_get_c(doc, "Versions")); v; v = v->next)
        if (ssm_has_label(v, want))
            return true;
    return false;
}

static struct str text_of(const struct value *doc, struct str member)
{
    const struct value *v = value_get(ssm_latest(doc), member);

    return v && v->kind == VALUE_STRING ? v->u.text : (struct str){ 0 };
}

static bool filter_fits(const struct value *doc, const struct value *f)
{
    struct str key = value_get_str(f, "Key"), option = value_get_str(f, "Option");
    const struct value *values = value_get_c(f, "Values");
    struct str name = value_get_str(doc, "Name");

    if (str_has_prefix(key, STR("tag:")))
        return tag_fits(doc, str_sub(key, 4, key.len), values);
    for (const struct value *v = value_first(values); v; v = v->next) {
        struct str want = v->u.text;
        bool fits;
        if (str_eq_c(key, "Path"))
            fits = is_below(name, want, str_eq_c(option, "Recursive"));
        else if (str_eq_c(key, "Label"))
            fits = label_fits(doc, want);
        else if (str_eq_c(key, "Name"))
            fits = compare(name, want, option) ||
                   compare(name, str_has_prefix(want, STR("/")) ? str_sub(want, 1, want.len) : want,
                           option);
        else
            fits = compare(text_of(doc, key), want, option);
        if (fits)
            return true;
    }
    return false;
}

/* Source: Systems Manager API Reference, "ParameterStringFilter", Key and Option; by path only some
 * are taken. */
static const struct key {
    const char *name, *options;
    bool by_path;
} keys[] = {
    { "Name", "Equals BeginsWith Contains", false },
    { "Path", "Recursive OneLevel", false },
    { "Type", "Equals BeginsWith", true },
    { "KeyId", "Equals BeginsWith", true },
    { "Tier", "Equals", false },
    { "DataType", "Equals", false },
    { "Label", "Equals", true },
};

static const struct key *key_find(struct str name)
{
    for (size_t i = 0; i < COUNT(keys); i++)
        if (str_eq_c(name, keys[i].name))
            return &keys[i];
    return NULL;
}

static bool word_in(struct str words, struct str word)
{
    struct str head;

    while (words.len > 0) {
        (void)str_cut(words, ' ', &head, &words); /* no blank: the last word */
        if (str_eq(head, word))
            return true;
    }
    return false;
}

static void key_wrong(struct ctx *cx, struct outcome *out, struct str key, bool by_path)
{
    outcome_refuse(cx->a, out, 0, "InvalidFilterKey",
                   "The following filter key is not valid: %.*s. Valid filter keys include: %s.",
                   STR_ARG(key), by_path ? "[Type, KeyId]" : "[Path, Name, Type, KeyId, Tier]");
}

bool ssm_filters_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    bool by_path = str_eq_c(call->action, "GetParametersByPath");

    if (value_first(param(call, "Filters")) && value_first(param(call, "ParameterFilters"))) {
        ssm_invalid(cx, out, "You can use either Filters or ParameterFilters in a single request.");
        return false;
    }
    for (const struct value *f = value_first(param(call, "ParameterFilters")); f; f = f->next) {
        struct str key = value_get_str(f, "Key"), option = value_get_str(f, "Option");
        const struct key *k = key_find(key);
        bool is_tag = !by_path && str_has_prefix(key, STR("tag:"));

        if (!is_tag && (!k || (by_path && !k->by_path) || (!by_path && str_eq_c(key, "Label"))))
            key_wrong(cx, out, key, by_path);
        else if (option.len > 0 && !word_in(str_c(k ? k->options : "Equals"), option))
            outcome_refuse(cx->a, out, 0, "InvalidFilterOption",
                           "The following filter option is not valid: %.*s. Valid options include: "
                           "[%s].",
                           STR_ARG(option), k ? k->options : "Equals");
        else if (!is_tag && !value_first(value_get_c(f, "Values")))
            outcome_refuse(cx->a, out, 0, "InvalidFilterValue",
                           "The following filter values are missing : null for filter key %.*s",
                           STR_ARG(key));
        if (outcome_refused(out))
            return false;
    }
    return true;
}

bool ssm_filters_pass(const struct call *call, const struct value *doc)
{
    static const char *const lists[] = { "ParameterFilters", "Filters" };

    for (size_t i = 0; i < COUNT(lists); i++)
        for (const struct value *f = value_first(param(call, lists[i])); f; f = f->next)
            if (!filter_fits(doc, f))
                return false;
    return true;
}

int ssm_DescribeParameters(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    static const char *const members[] = {
        "Type",    "KeyId", "LastModifiedDate", "Description", "LastModifiedUser", "AllowedPattern",
        "Version", "Tier",  "DataType"
    };
    struct value *list = value_list(cx->a);
    struct doc *docs;
    size_t count;

    if (!ssm_filters_ok(cx, call, out))
        return 0;
    int rc = ssm_all(cx, call, "Parameter", STR(""), &docs, &count, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count; i++) {
        if (!ssm_filters_pass(call, docs[i].value))
            continue;
        struct value *row = value_map(cx->a);
        value_put_str(cx->a, row, "Name", docs[i].key.id);
        value_put_str(cx->a, row, "ARN", ssm_parameter_arn(cx, docs[i].key));
        ssm_copy(cx, ssm_latest(docs[i].value), row, members, COUNT(members));
        value_set(row, STR("Policies"), value_list(cx->a));
        value_push(list, row);
    }
    ssm_page(cx, call, out, &(struct ssm_list){ "Parameters", list, LIST_DEFAULT });
    return 0;
}

/* Names on this page, then their values: what is not shown is not decrypted. */
static int show_page(struct ctx *cx, const struct call *call, struct outcome *out,
                     const struct value *names, struct err *err)
{
    struct value *shown = value_list(cx->a), *one = NULL;
    struct ssm_parameter p;

    ssm_page(cx, call, out, &(struct ssm_list){ "Parameters", names, PATH_DEFAULT });
    if (outcome_refused(out))
        return 0;
    for (const struct value *n = value_first(value_get_c(out->output, "Parameters")); n;
         n = n->next) {
        int rc = ssm_parameter_find(cx, call, n->u.text, &p, err);
        if (rc == 0)
            rc = ssm_parameter_show(cx, call, out, &p, &one, err);
        if (rc < 0 || outcome_refused(out))
            return rc;
        value_push(shown, one);
    }
    value_set(out->output, STR("Parameters"), shown);
    return 0;
}

int ssm_GetParametersByPath(struct ctx *cx, const struct call *call, struct outcome *out,
                            struct err *err)
{
    struct str path = param_str(call, "Path");
    struct value *names = value_list(cx->a);
    struct doc *docs;
    size_t count;

    if (!str_has_prefix(path, STR("/"))) {
        ssm_invalid(cx, out,
                    "The parameter doesn't meet the parameter name requirements. The parameter "
                    "name must begin with a forward slash \"/\". It can't be prefixed with "
                    "\"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, or "
                    "the following symbols: . (period), - (hyphen), _ (underscore). Special "
                    "characters are not allowed. All sub-paths, if specified, must use the forward "
                    "slash symbol \"/\". Valid example: /get/parameters2-/by1./path0_.");
        return 0;
    }
    if (!ssm_filters_ok(cx, call, out))
        return 0;
    int rc = ssm_all(cx, call, "Parameter", path, &docs, &count, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count; i++)
        if (is_below(docs[i].key.id, path, param_bool(call, "Recursive", false)) &&
            ssm_filters_pass(call, docs[i].value))
            value_push(names, value_str(cx->a, docs[i].key.id));
    return show_page(cx, call, out, names, err);
}

/* By its name alone; absent: refused. */
static int find(struct ctx *cx, const struct call *call, struct outcome *out,
                struct ssm_parameter *p, struct err *err)
{
    int rc = ssm_parameter_find(cx, call, param_str(call, "Name"), p, err);

    if (rc == 0 && !p->doc)
        outcome_refuse(cx->a, out, 0, "ParameterNotFound", "%s", "");
    return rc;
}

int ssm_GetParameterHistory(struct ctx *cx, const struct call *call, struct outcome *out,
                            struct err *err)
{
    static const char *const members[] = {
        "Type",           "KeyId",   "LastModifiedDate", "Description", "LastModifiedUser",
        "AllowedPattern", "Version", "Labels",           "Tier",        "DataType"
    };
    struct value *list = value_list(cx->a);
    struct ssm_parameter p;
    int rc = find(cx, call, out, &p, err);

    if (rc < 0 || !p.doc)
        return rc;
    for (struct value *v = value_first(value_get_c(p.doc, "Versions")); v; v = v->next) {
        struct value *row = value_map(cx->a);
        value_put_str(cx->a, row, "Name", p.at.id);
        ssm_copy(cx, v, row, members, COUNT(members));
        p.version = v;
        rc = ssm_put_value(cx, call, out, &p, row, err);
        if (rc < 0 || outcome_refused(out))
            return rc;
        value_set(row, STR("Policies"), value_list(cx->a));
        value_push(list, row);
    }
    ssm_page(cx, call, out, &(struct ssm_list){ "Parameters", list, LIST_DEFAULT });
    return 0;
}

static bool label_ok(struct str label)
{
    bool ok = label.len > 0 && label.len <= LABEL_LEN_MOST &&
              !(label.ptr[0] >= '0' && label.ptr[0] <= '9') &&
              !str_eq_nocase(str_sub(label, 0, 3), STR("aws")) &&
              !str_eq_nocase(str_sub(label, 0, 3), STR("ssm"));

    for (size_t i = 0; ok && i < label.len; i++) {
        char c = label.ptr[i];
        ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             (c && strchr("._-", c));
    }
    return ok;
}

static bool unlabel(struct ctx *cx, struct value *version, struct str label)
{
    struct value *left = value_list(cx->a);
    bool had = ssm_has_label(version, label);

    for (const struct value *l = value_first(value_get_c(version, "Labels")); l; l = l->next)
        if (!str_eq(l->u.text, label))
            value_push(left, value_copy(cx->a, l));
    if (had)
        value_set(version, STR("Labels"), left);
    return had;
}

/* The version that ParameterVersion names, the latest when it is not given; else refused. */
static struct value *version_of(struct ctx *cx, const struct call *call, struct outcome *out,
                                const struct ssm_parameter *p)
{
    int64_t number = param_int(call, "ParameterVersion", 0);
    struct value *v = number ? ssm_numbered(p->doc, number) : ssm_latest(p->doc);

    if (!v)
        outcome_refuse(cx->a, out, 0, "ParameterVersionNotFound",
                       "Systems Manager could not find version %lld of %.*s. Verify the version "
                       "and try again.",
                       (long long)number, STR_ARG(p->at.id));
    return v;
}

int ssm_LabelParameterVersion(struct ctx *cx, const struct call *call, struct outcome *out,
                              struct err *err)
{
    struct value *invalid = value_list(cx->a), *version;
    struct ssm_parameter p;
    int rc = find(cx, call, out, &p, err);

    if (rc < 0 || !p.doc || !(version = version_of(cx, call, out, &p)))
        return rc;
    for (const struct value *l = value_first(param(call, "Labels")); l; l = l->next) {
        if (!label_ok(l->u.text)) {
            value_push(invalid, value_copy(cx->a, l));
            continue;
        }
        for (struct value *v = value_first(value_get_c(p.doc, "Versions")); v; v = v->next)
            (void)unlabel(cx, v, l->u.text); /* a label stands at one version */
        value_push(value_get_c(version, "Labels"), value_copy(cx->a, l));
    }
    if (value_get_c(version, "Labels")->count > LABELS_MOST) {
        outcome_refuse(cx->a, out, 0, "ParameterVersionLabelLimitExceeded",
                       "An error occurred (ParameterVersionLabelLimitExceeded) when calling the "
                       "LabelParameterVersion operation: A parameter version can have maximum 10 "
                       "labels.Move one or more labels to another version and try again.");
        return 0;
    }
    value_set(outcome_output(cx, out), STR("InvalidLabels"), invalid);
    value_put_int(cx->a, out->output, "ParameterVersion", value_get_int(version, "Version", 0));
    return ssm_parameter_save(cx, &p, err);
}

int ssm_UnlabelParameterVersion(struct ctx *cx, const struct call *call, struct outcome *out,
                                struct err *err)
{
    struct value *removed = value_list(cx->a), *invalid = value_list(cx->a), *version;
    struct ssm_parameter p;
    int rc = find(cx, call, out, &p, err);

    if (rc < 0 || !p.doc || !(version = version_of(cx, call, out, &p)))
        return rc;
    for (const struct value *l = value_first(param(call, "Labels")); l; l = l->next)
        value_push(unlabel(cx, version, l->u.text) ? removed : invalid, value_copy(cx->a, l));
    value_set(outcome_output(cx, out), STR("RemovedLabels"), removed);
    value_set(out->output, STR("InvalidLabels"), invalid);
    return ssm_parameter_save(cx, &p, err);
}
