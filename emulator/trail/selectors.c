#include "emulator/trail/selectors.h"

#include "core/trail/reader.h"

enum read_write { RW_ALL, RW_READ, RW_WRITE };

/* A list of texts: values of a selector. */
struct texts {
    const struct str *items;
    size_t count;
};

struct basic {
    enum read_write read_write;
    bool management;
    struct texts excluded; /* event sources */
    struct data_resource {
        const struct data_type *type;
        struct texts values;
    } * data;
    size_t data_count;
};

enum field {
    F_CATEGORY,
    F_EVENT_SOURCE,
    F_EVENT_NAME,
    F_READ_ONLY,
    F_RESOURCE_TYPE,
    F_RESOURCE_ARN,
    F_EVENT_TYPE,
    F_IDENTITY_ARN,
    F_CONSOLE,
    F_ERROR_CODE,
    F_VPC_ENDPOINT,
    FIELDS,
};

/* Source: CloudTrail API Reference, "AdvancedFieldSelector", Field: the fields by category. */
static const struct selector_field fields[FIELDS] = {
    [F_CATEGORY] = { "eventCategory", true, true, true, true },
    [F_EVENT_SOURCE] = { "eventSource", true, true, true, false },
    [F_EVENT_NAME] = { "eventName", true, true, true, false },
    [F_READ_ONLY] = { "readOnly", true, true, false, true },
    [F_RESOURCE_TYPE] = { "resources.type", false, true, false, true },
    [F_RESOURCE_ARN] = { "resources.ARN", false, true, false, false },
    [F_EVENT_TYPE] = { "eventType", true, true, false, false },
    [F_IDENTITY_ARN] = { "userIdentity.arn", true, true, true, false },
    [F_CONSOLE] = { "sessionCredentialFromConsole", true, true, false, false },
    [F_ERROR_CODE] = { "errorCode", false, false, true, true },
    [F_VPC_ENDPOINT] = { "vpcEndpointId", false, false, true, false },
};

enum operator{ OP_EQUALS, OP_STARTS, OP_ENDS, OP_NOT_EQUALS, OP_NOT_STARTS, OP_NOT_ENDS, OPS };

static bool text_equals(struct str s, struct str with)
{
    return str_eq(s, with);
}

static const struct op_row {
    const char *name;
    bool (*test)(struct str s, struct str with);
    bool is_positive;
} ops[OPS] = {
    [OP_EQUALS] = { "Equals", text_equals, true },
    [OP_STARTS] = { "StartsWith", str_has_prefix, true },
    [OP_ENDS] = { "EndsWith", str_has_suffix, true },
    [OP_NOT_EQUALS] = { "NotEquals", text_equals, false },
    [OP_NOT_STARTS] = { "NotStartsWith", str_has_prefix, false },
    [OP_NOT_ENDS] = { "NotEndsWith", str_has_suffix, false },
};

struct condition {
    enum field field;
    struct texts values[OPS];
};

struct advanced {
    struct condition *conditions;
    size_t count;
    bool asks_resources; /* a condition on resources.type or resources.ARN */
};

struct selectors {
    struct basic *basic;
    size_t basic_count;
    struct advanced *advanced;
    size_t advanced_count;
};

const struct selector_field *selector_field_find(struct str name)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (str_eq_c(name, fields[i].name))
            return &fields[i];
    return NULL;
}

/* Values of basic selectors are S3 prefixes, function ARNs, table ARNs; the service's own ARN alone
 * means every one of the account. Source: CloudTrail API Reference, "DataResource". */
static const struct data_type {
    const char *type, *all, *all_too;
    bool is_prefix;
    char sub; /* what may follow a whole ARN: a version, a stream */
} data_types[] = {
    { "AWS::S3::Object", "arn:aws:s3", "arn:aws:s3:::", true, 0 },
    { "AWS::Lambda::Function", "arn:aws:lambda", "arn:aws:lambda", false, ':' },
    { "AWS::DynamoDB::Table", "arn:aws:dynamodb", "arn:aws:dynamodb", false, '/' },
};

static const struct data_type *data_type_find(struct str name)
{
    for (size_t i = 0; i < COUNT(data_types); i++)
        if (str_eq_c(name, data_types[i].type))
            return &data_types[i];
    return NULL;
}

static size_t list_count(const struct value *list)
{
    return list && list->kind == VALUE_LIST ? list->count : 0;
}

static struct texts texts_of(struct arena *a, const struct value *list)
{
    struct str *items = arena_array(a, list_count(list), sizeof *items);
    struct texts t = { items, 0 };

    for (const struct value *v = value_first(list); v; v = v->next)
        if (v->kind == VALUE_STRING)
            items[t.count++] = v->u.text;
    return t;
}

static bool texts_have(const struct texts *t, struct str s)
{
    for (size_t i = 0; i < t->count; i++)
        if (str_eq(t->items[i], s))
            return true;
    return false;
}

static struct basic basic_compile(struct arena *a, const struct value *v)
{
    struct str rw = value_get_str(v, "ReadWriteType");
    const struct value *data = value_get_c(v, "DataResources");
    struct basic b = {
        .read_write = str_eq_c(rw, "ReadOnly")    ? RW_READ
                      : str_eq_c(rw, "WriteOnly") ? RW_WRITE
                                                  : RW_ALL,
        .management = value_get_bool(v, "IncludeManagementEvents", true),
        .excluded = texts_of(a, value_get_c(v, "ExcludeManagementEventSources")),
        .data = arena_array(a, list_count(data), sizeof *b.data),
    };

    for (const struct value *d = value_first(data); d; d = d->next) {
        const struct data_type *type = data_type_find(value_get_str(d, "Type"));
        if (type)
            b.data[b.data_count++] =
                (struct data_resource){ type, texts_of(a, value_get_c(d, "Values")) };
    }
    return b;
}

static enum field field_of(const struct value *v)
{
    const struct selector_field *f = selector_field_find(value_get_str(v, "Field"));

    return f ? (enum field)(f - fields) : FIELDS;
}

static struct advanced advanced_compile(struct arena *a, const struct value *v)
{
    const struct value *list = value_get_c(v, "FieldSelectors");
    struct advanced s = { .conditions = arena_array(a, list_count(list), sizeof *s.conditions) };

    for (const struct value *c = value_first(list); c; c = c->next) {
        struct condition *to = &s.conditions[s.count++];
        to->field = field_of(c);
        if (to->field == F_RESOURCE_TYPE || to->field == F_RESOURCE_ARN)
            s.asks_resources = true;
        for (size_t op = 0; op < OPS; op++)
            to->values[op] = texts_of(a, value_get_c(c, ops[op].name));
    }
    return s;
}

struct selectors *selectors_compile(struct arena *a, const struct value *trail)
{
    const struct value *basic = value_get_c(trail, "EventSelectors");
    const struct value *advanced = value_get_c(trail, "AdvancedEventSelectors");
    struct selectors *s = arena_alloc(a, sizeof *s);

    if (list_count(advanced) > 0) {
        s->advanced = arena_array(a, advanced->count, sizeof *s->advanced);
        for (const struct value *v = value_first(advanced); v; v = v->next)
            s->advanced[s->advanced_count++] = advanced_compile(a, v);
        return s;
    }
    /* A new trail takes all management events. Source: CloudTrail User Guide, "Logging management
     * events". */
    s->basic = arena_array(a, list_count(basic) + 1, sizeof *s->basic);
    if (list_count(basic) == 0)
        s->basic[s->basic_count++] = basic_compile(a, NULL);
    for (const struct value *v = value_first(basic); v; v = v->next)
        s->basic[s->basic_count++] = basic_compile(a, v);
    return s;
}

static bool arn_fits(const struct data_type *type, struct str arn, struct str value)
{
    if (str_eq_c(value, type->all) || str_eq_c(value, type->all_too))
        return true;
    if (!str_has_prefix(arn, value))
        return false;
    return type->is_prefix || arn.len == value.len || arn.ptr[value.len] == type->sub;
}

static bool data_takes(const struct data_resource *d, const struct record_facts *f)
{
    for (const struct value *r = value_first(f->data_resources); r; r = r->next) {
        if (!str_eq_c(value_get_str(r, "type"), d->type->type))
            continue;
        for (size_t i = 0; i < d->values.count; i++)
            if (arn_fits(d->type, value_get_str(r, "ARN"), d->values.items[i]))
                return true;
    }
    return false;
}

static bool basic_takes(const struct basic *b, const struct record_facts *f)
{
    if (b->read_write != RW_ALL && (b->read_write == RW_READ) != f->read_only)
        return false;
    if (f->category == EVENT_MANAGEMENT)
        return b->management && !texts_have(&b->excluded, f->event_source);
    if (f->category != EVENT_DATA)
        return false;
    for (size_t i = 0; i < b->data_count; i++)
        if (data_takes(&b->data[i], f))
            return true;
    return false;
}

static bool condition_holds(const struct condition *c, struct str s)
{
    bool asks = false, fits = false;

    for (size_t op = 0; op < OPS; op++) {
        for (size_t i = 0; i < c->values[op].count; i++) {
            bool hit = ops[op].test(s, c->values[op].items[i]);
            if (hit && !ops[op].is_positive)
                return false;
            asks |= ops[op].is_positive;
            fits |= hit;
        }
    }
    return !asks || fits;
}

static const char *const categories[] = {
    [EVENT_MANAGEMENT] = "Management",
    [EVENT_DATA] = "Data",
    [EVENT_INSIGHT] = "Insight",
    [EVENT_NETWORK] = "NetworkActivity",
};

/* What an event shows in a field, but for its resources. Members that facts do not carry are looked
 * up in the record: only selectors that ask for them pay. */
static struct str field_text(enum field field, const struct record_facts *f, struct str record,
                             struct arena *a)
{
    switch (field) {
    case F_CATEGORY:
        return str_c(categories[f->category]);
    case F_EVENT_SOURCE:
        return f->event_source;
    case F_EVENT_NAME:
        return f->event_name;
    case F_READ_ONLY:
        return f->read_only ? STR("true") : STR("false");
    case F_IDENTITY_ARN:
        return f->identity_arn;
    case F_ERROR_CODE:
        return f->error_code;
    case F_EVENT_TYPE:
    case F_CONSOLE:
    case F_VPC_ENDPOINT:
        return record_text(a, record, str_c(fields[field].name));
    default:
        return (struct str){ 0 };
    }
}

static bool is_resource_field(enum field field)
{
    return field == F_RESOURCE_TYPE || field == F_RESOURCE_ARN;
}

/* All conditions on resources must hold for one and the same resource. */
static bool resource_takes(const struct advanced *s, const struct value *resource)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct condition *c = &s->conditions[i];
        if (is_resource_field(c->field) &&
            !condition_holds(c,
                             value_get_str(resource, c->field == F_RESOURCE_TYPE ? "type" : "ARN")))
            return false;
    }
    return true;
}

static bool any_resource_takes(const struct advanced *s, const struct record_facts *f)
{
    for (const struct value *r = value_first(f->data_resources); r; r = r->next)
        if (resource_takes(s, r))
            return true;
    return false;
}

static bool advanced_takes(const struct advanced *s, const struct record_facts *f,
                           struct str record)
{
    struct arena a = { 0 };
    bool takes = true;

    for (size_t i = 0; takes && i < s->count; i++) {
        const struct condition *c = &s->conditions[i];
        if (c->field == FIELDS)
            takes = false;
        else if (!is_resource_field(c->field))
            takes = condition_holds(c, field_text(c->field, f, record, &a));
    }
    if (takes && s->asks_resources)
        takes = any_resource_takes(s, f);
    arena_free(&a);
    return takes;
}

bool selectors_take(const struct selectors *s, const struct record_facts *f, struct str record)
{
    for (size_t i = 0; i < s->basic_count; i++)
        if (basic_takes(&s->basic[i], f))
            return true;
    for (size_t i = 0; i < s->advanced_count; i++)
        if (advanced_takes(&s->advanced[i], f, record))
            return true;
    return false;
}
