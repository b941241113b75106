/* Filters of the Describe operations: values of one filter: any; filters: all. Wildcards * and ?.
 * Source: EC2 API Reference, "Filter". */
#include "emulator/services/ec2/ec2.h"

struct filter_row {
    const char *type, *filter, *path;
};

static const struct filter_row rows[] = {
#define FILTER(type, filter, path) { type, filter, path },
#include "emulator/services/ec2/filters.def"
#undef FILTER
};

static const struct filter_row *row_find(const char *type, struct str name)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].type, type) == 0 && str_eq_c(name, rows[i].filter))
            return &rows[i];
    return NULL;
}

static const struct value *filters_of(const struct ec2 *j)
{
    const struct value *f = param(j->call, "Filters");

    return f ? f : param(j->call, "Filter");
}

static bool is_tag_filter(struct str name)
{
    return str_has_prefix(name, STR("tag:")) || str_eq_c(name, "tag-key") ||
           str_eq_c(name, "tag-value");
}

int ec2_filters_ok(struct ec2 *j, const char *type)
{
    for (const struct value *f = value_first(filters_of(j)); f; f = f->next) {
        struct str name = value_get_str(f, "Name");
        if (!is_tag_filter(name) && !row_find(type, name))
            return ec2_refuse(j, "InvalidParameterValue", "The filter '%.*s' is invalid",
                              STR_ARG(name));
    }
    return 0;
}

struct str ec2_text(struct ec2 *j, const struct value *v)
{
    if (v->kind == VALUE_TIME)
        return clock_iso_ms(j->a, v->u.time_ms);
    if (v->kind == VALUE_FLOAT)
        return arena_printf(j->a, "%g", v->u.real);
    return value_to_text(j->a, v);
}

/* Does any scalar at the path match? */
static bool path_match(struct ec2 *j, const struct value *v, struct str path, struct str pattern)
{
    struct str head, tail;

    if (!v)
        return false;
    if (v->kind == VALUE_LIST) {
        for (const struct value *k = value_first(v); k; k = k->next)
            if (path_match(j, k, path, pattern))
                return true;
        return false;
    }
    if (v->kind != VALUE_MAP)
        return path.len == 0 && str_match(pattern, ec2_text(j, v));
    (void)str_cut(path, '.', &head, &tail); /* without a dot all of it is the head */
    return path.len > 0 && path_match(j, value_get(v, head), tail, pattern);
}

bool ec2_path_is(struct ec2 *j, const struct value *doc, const char *path, struct str text)
{
    return text.len > 0 && path_match(j, doc, str_c(path), text);
}

static bool tag_match(const struct value *tags, struct str name, struct str pattern)
{
    bool by_key = str_eq_c(name, "tag-key"), by_value = str_eq_c(name, "tag-value");
    struct str key = str_sub(name, sizeof "tag:" - 1, name.len);

    for (const struct value *t = value_first(tags); t; t = t->next) {
        if (by_key ? str_match(pattern, value_get_str(t, "Key"))
                   : (by_value || str_eq(key, value_get_str(t, "Key"))) &&
                         str_match(pattern, value_get_str(t, "Value")))
            return true;
    }
    return false;
}

bool ec2_filters_pass(struct ec2 *j, const char *type, const char *tags, const struct value *doc)
{
    for (const struct value *f = value_first(filters_of(j)); f; f = f->next) {
        struct str name = value_get_str(f, "Name");
        const struct filter_row *row = row_find(type, name);
        bool hit = false;
        for (const struct value *v = value_first(value_get_c(f, "Values")); v && !hit; v = v->next)
            if (v->kind == VALUE_STRING)
                hit = row ? path_match(j, doc, str_c(row->path), v->u.text)
                          : tag_match(value_get_c(doc, tags), name, v->u.text);
        if (!hit)
            return false;
    }
    return true;
}
