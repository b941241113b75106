#include "emulator/trail/selectors.h"

#include "emulator/services/cloudtrail/cloudtrail.h"

/* PutEventSelectors and its checks, GetEventSelectors.
 * Source: CloudTrail API Reference, "EventSelector", "DataResource", "AdvancedEventSelector",
 * "AdvancedFieldSelector"; CloudTrail User Guide, "Quotas". */
#define BASIC_LIMIT     5
#define VALUE_LIMIT     250
#define CONDITION_LIMIT 500

static bool refuse(struct ctx *cx, struct outcome *out, const char *text)
{
    outcome_refuse(cx->a, out, 400, "InvalidEventSelectorsException", "%s", text);
    return false;
}

static size_t list_count(const struct value *list)
{
    return list && list->kind == VALUE_LIST ? list->count : 0;
}

static const struct {
    const char *type, *arn;
} data_types[] = {
    { "AWS::S3::Object", "arn:aws:s3" },
    { "AWS::Lambda::Function", "arn:aws:lambda" },
    { "AWS::DynamoDB::Table", "arn:aws:dynamodb" },
};

static const char *arn_of_type(struct str type)
{
    for (size_t i = 0; i < COUNT(data_types); i++)
        if (str_eq_c(type, data_types[i].type))
            return data_types[i].arn;
    return NULL;
}

static bool data_ok(struct ctx *cx, struct outcome *out, const struct value *resource,
                    size_t *values)
{
    const char *arn = arn_of_type(value_get_str(resource, "Type"));
    const struct value *list = value_get_c(resource, "Values");

    if (!arn)
        return refuse(cx, out, "The type of a data resource is not valid.");
    *values += list_count(list);
    for (const struct value *v = value_first(list); v; v = v->next)
        if (v->kind != VALUE_STRING || !str_has_prefix(v->u.text, str_c(arn)))
            return refuse(cx, out, "A value of a data resource is no ARN of its type.");
    return true;
}

static bool is_one_of(struct str s, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_c(s, names[i]))
            return true;
    return false;
}

static bool basic_ok(struct ctx *cx, struct outcome *out, const struct value *v, size_t *values)
{
    static const char *const rw[] = { "ReadOnly", "WriteOnly", "All" };
    static const char *const sources[] = { "kms.amazonaws.com", "rdsdata.amazonaws.com" };
    struct str read_write = value_get_str(v, "ReadWriteType");
    const struct value *excluded = value_get_c(v, "ExcludeManagementEventSources");

    if (read_write.len > 0 && !is_one_of(read_write, rw, COUNT(rw)))
        return refuse(cx, out, "ReadWriteType must be ReadOnly, WriteOnly or All.");
    for (const struct value *s = value_first(excluded); s; s = s->next)
        if (s->kind != VALUE_STRING || !is_one_of(s->u.text, sources, COUNT(sources)))
            return refuse(cx, out,
                          "Only kms.amazonaws.com and rdsdata.amazonaws.com can be "
                          "excluded.");
    if (value_first(excluded) && !value_get_bool(v, "IncludeManagementEvents", true))
        return refuse(cx, out, "Sources can be excluded only with IncludeManagementEvents.");
    for (const struct value *d = value_first(value_get_c(v, "DataResources")); d; d = d->next)
        if (!data_ok(cx, out, d, values))
            return false;
    return true;
}

static bool all_basic_ok(struct ctx *cx, struct outcome *out, const struct value *list)
{
    size_t values = 0;

    if (list_count(list) > BASIC_LIMIT)
        return refuse(cx, out, "A trail has at most 5 event selectors.");
    for (const struct value *v = value_first(list); v; v = v->next)
        if (!basic_ok(cx, out, v, &values))
            return false;
    if (values > VALUE_LIMIT)
        return refuse(cx, out, "A trail has at most 250 data resources.");
    return true;
}

static const char *const operators[] = { "Equals",    "StartsWith",    "EndsWith",
                                         "NotEquals", "NotStartsWith", "NotEndsWith" };

static const struct value *condition_on(const struct value *selector, const char *field)
{
    const struct value *list = value_get_c(selector, "FieldSelectors");

    for (const struct value *c = value_first(list); c; c = c->next)
        if (str_eq_c(value_get_str(c, "Field"), field))
            return c;
    return NULL;
}

/* The one value that a field must equal, or empty. */
static struct str only_value(const struct value *selector, const char *field)
{
    const struct value *equals = value_get_c(condition_on(selector, field), "Equals");
    const struct value *v = value_first(equals);

    return v && !v->next && v->kind == VALUE_STRING ? v->u.text : (struct str){ 0 };
}

static bool fits_category(const struct selector_field *f, struct str category)
{
    return str_eq(category, STR("Management")) ? f->in_management
           : str_eq(category, STR("Data"))     ? f->in_data
                                               : f->in_network;
}

static bool condition_ok(struct ctx *cx, struct outcome *out, const struct value *c,
                         struct str category, size_t *conditions)
{
    const struct selector_field *f = selector_field_find(value_get_str(c, "Field"));
    size_t values = 0, others = 0;

    if (!f || !fits_category(f, category))
        return refuse(cx, out,
                      "A field of an advanced event selector is not valid for its "
                      "event category.");
    for (size_t i = 0; i < COUNT(operators); i++) {
        size_t n = list_count(value_get_c(c, operators[i]));
        values += n;
        others += i > 0 ? n : 0;
    }
    *conditions += values;
    if (values == 0)
        return refuse(cx, out, "A field selector must have an operator with a value.");
    if (others > 0 && f->needs_equals)
        return refuse(cx, out, "A field selector has an operator that its field does not take.");
    return true;
}

static bool repeats_a_field(const struct value *selector)
{
    const struct value *list = value_get_c(selector, "FieldSelectors");

    for (const struct value *c = value_first(list); c; c = c->next) {
        struct str field = value_get_str(c, "Field");
        for (const struct value *d = c->next; d; d = d->next)
            if (str_eq(field, value_get_str(d, "Field")))
                return true;
    }
    return false;
}

static bool advanced_ok(struct ctx *cx, struct outcome *out, const struct value *v,
                        size_t *conditions)
{
    static const char *const categories[] = { "Management", "Data", "NetworkActivity" };
    struct str category = only_value(v, "eventCategory");
    struct str read_only = only_value(v, "readOnly");

    if (!is_one_of(category, categories, COUNT(categories)))
        return refuse(cx, out,
                      "An advanced event selector must say eventCategory Equals "
                      "Management, Data or NetworkActivity.");
    if (repeats_a_field(v))
        return refuse(cx, out, "An advanced event selector names a field twice.");
    const struct value *list = value_get_c(v, "FieldSelectors");
    for (const struct value *c = value_first(list); c; c = c->next)
        if (!condition_ok(cx, out, c, category, conditions))
            return false;
    if (str_eq(category, STR("Data")) && only_value(v, "resources.type").len == 0)
        return refuse(cx, out, "A selector of data events must say resources.type Equals.");
    if (str_eq(category, STR("NetworkActivity")) && only_value(v, "eventSource").len == 0)
        return refuse(cx, out, "A selector of network activity must say eventSource Equals.");
    if (condition_on(v, "readOnly") && !str_eq(read_only, STR("true")) &&
        !str_eq(read_only, STR("false")))
        return refuse(cx, out, "readOnly must equal true or false.");
    return true;
}

static bool all_advanced_ok(struct ctx *cx, struct outcome *out, const struct value *list)
{
    size_t conditions = 0;

    for (const struct value *v = value_first(list); v; v = v->next)
        if (!advanced_ok(cx, out, v, &conditions))
            return false;
    if (conditions > CONDITION_LIMIT)
        return refuse(cx, out, "A trail has at most 500 conditions in its event selectors.");
    return true;
}

/* A basic selector with the members that the caller left out. */
static void fill_in(struct arena *a, struct value *v)
{
    if (!value_get_c(v, "ReadWriteType"))
        value_put_c(a, v, "ReadWriteType", "All");
    if (!value_get_c(v, "IncludeManagementEvents"))
        value_put_bool(a, v, "IncludeManagementEvents", true);
    if (!value_get_c(v, "DataResources"))
        value_set(v, STR("DataResources"), value_list(a));
    if (!value_get_c(v, "ExcludeManagementEventSources"))
        value_set(v, STR("ExcludeManagementEventSources"), value_list(a));
}

static const char *const kinds[] = { "EventSelectors", "AdvancedEventSelectors" };

/* Setting one kind takes the other away. */
static void keep(struct ctx *cx, struct value *doc, const char *kind, const struct value *list)
{
    struct value *copy = value_copy(cx->a, list);

    for (size_t i = 0; i < COUNT(kinds); i++)
        (void)value_remove(doc, str_c(kinds[i]));
    if (kind == kinds[0])
        for (struct value *v = value_first(copy); v; v = v->next)
            fill_in(cx->a, v);
    value_set(doc, str_c(kind), copy);
}

static void answer(struct ctx *cx, struct outcome *out, const struct value *doc)
{
    struct value *v = outcome_output(cx, out);

    value_put_str(cx->a, v, "TrailARN", value_get_str(doc, "TrailARN"));
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (value_get_c(doc, kinds[i]))
            value_set(v, str_c(kinds[i]), value_copy(cx->a, value_get_c(doc, kinds[i])));
}

int cloudtrail_PutEventSelectors(struct ctx *cx, const struct call *call, struct outcome *out,
                                 struct err *err)
{
    const struct value *basic = param(call, kinds[0]), *advanced = param(call, kinds[1]);
    struct ct_trail t;
    int rc = ct_find(cx, call, out, param_str(call, "TrailName"), CT_CHANGE, &t, err);

    if (rc < 0 || !t.doc)
        return rc;
    if ((list_count(basic) > 0) == (list_count(advanced) > 0)) {
        (void)refuse(cx, out, "Either event selectors or advanced event selectors are required.");
        return 0;
    }
    bool is_basic = list_count(basic) > 0;
    if (!(is_basic ? all_basic_ok(cx, out, basic) : all_advanced_ok(cx, out, advanced)))
        return 0;
    keep(cx, t.doc, kinds[is_basic ? 0 : 1], is_basic ? basic : advanced);
    out->changed = true;
    answer(cx, out, t.doc);
    return ct_save(cx, call, &t, err);
}

int cloudtrail_GetEventSelectors(struct ctx *cx, const struct call *call, struct outcome *out,
                                 struct err *err)
{
    struct ct_trail t;
    int rc = ct_find(cx, call, out, param_str(call, "TrailName"), CT_READ, &t, err);

    if (rc < 0 || !t.doc)
        return rc;
    if (!value_get_c(t.doc, kinds[0]) && !value_get_c(t.doc, kinds[1])) {
        struct value *list = value_list(cx->a), *all = value_map(cx->a);
        fill_in(cx->a, all);
        value_push(list, all);
        value_set(t.doc, str_c(kinds[0]), list);
    }
    answer(cx, out, t.doc);
    return 0;
}
