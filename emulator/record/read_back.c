#include "emulator/record/read_back.h"

#include "core/base/clock.h"
#include "emulator/record/plan.h"
#include "emulator/record/resources.h"

/* An operation for which rows say what LookupEvents shows. */
struct known {
    struct str event_source, event_name;
    const struct plan *plan;
};

struct read_back {
    const struct cat *cat;
    struct known *operations;
    size_t count;
};

struct read_back *read_back_new(struct arena *a, struct recorder *r)
{
    struct read_back *rb = arena_alloc(a, sizeof *rb);

    rb->cat = r->cat;
    rb->operations = arena_array(a, r->lookup.count, sizeof *rb->operations);
    for (size_t i = 0; i < r->lookup.count; i++) {
        const struct table_row *row = &r->lookup.rows[i];
        const struct cat_service *service = cat_service_find(r->cat, row->cell[0]);
        const struct cat_op *op = service ? cat_op_find(r->cat, service, row->cell[1]) : NULL;
        const struct plan *p = op ? plan_of(r, op) : NULL;

        if (!p || (rb->count > 0 && rb->operations[rb->count - 1].plan == p))
            continue; /* an operation's rows stand side by side */
        rb->operations[rb->count++] = (struct known){ p->event_source, p->event_name, p };
    }
    return rb;
}

static const struct plan *plan_find(const struct read_back *rb, const struct record_facts *f)
{
    for (size_t i = 0; i < rb->count; i++)
        if (str_eq(rb->operations[i].event_name, f->event_name) &&
            str_eq(rb->operations[i].event_source, f->event_source))
            return rb->operations[i].plan;
    return NULL;
}

/* The same value for a second place; what is below is shared, or each level would double the work.
 */
static struct value *twin_of(struct arena *a, const struct value *v)
{
    struct value *twin = arena_alloc(a, sizeof *twin);

    *twin = *v;
    twin->next = NULL;
    return twin;
}

/* Members also under the model's spelling, which differs in the first letter where it differs. */
static struct value *respelled(struct arena *a, const struct value *v)
{
    struct value *out;

    if (!v || (v->kind != VALUE_MAP && v->kind != VALUE_LIST))
        return v ? value_copy(a, v) : value_map(a);
    out = v->kind == VALUE_MAP ? value_map(a) : value_list(a);
    for (const struct value *m = value_first(v); m; m = m->next) {
        if (v->kind == VALUE_LIST) {
            value_push(out, respelled(a, m));
            continue;
        }
        struct value *item = respelled(a, m);
        value_set(out, m->name, item);
        if (m->name.len > 0 && m->name.ptr[0] >= 'a' && m->name.ptr[0] <= 'z') {
            char *upper = (char *)arena_copy(a, m->name).ptr;
            *upper = (char)(*upper - 'a' + 'A');
            value_set(out, (struct str){ upper, m->name.len }, twin_of(a, item));
        }
    }
    return out;
}

static struct value *shown_by_rows(const struct read_back *rb, struct arena *a,
                                   const struct value *record, const struct record_facts *f)
{
    const struct plan *p = plan_find(rb, f);
    const struct value *parameters = value_get_c(record, "requestParameters");
    const struct value *elements = value_get_c(record, "responseElements");
    struct resource_list none = { .count = 0 };
    struct call call = { .cat = rb->cat, .account = f->account, .region = f->region };
    struct outcome outcome = { 0 };

    if (!p)
        return NULL;
    call.op = p->op;
    call.params = respelled(a, parameters && parameters->kind == VALUE_MAP ? parameters : NULL);
    outcome.output = respelled(a, elements && elements->kind == VALUE_MAP ? elements : NULL);
    return resources_lookup(a, p, &call, &outcome, &none);
}

static enum event_category category_of(const struct value *record)
{
    struct str category = value_get_str(record, "eventCategory");

    if (str_eq_c(category, "NetworkActivity"))
        return EVENT_NETWORK;
    if (str_eq_c(category, "Insight"))
        return EVENT_INSIGHT;
    return value_get_bool(record, "managementEvent", true) ? EVENT_MANAGEMENT : EVENT_DATA;
}

/* resources[] as data selectors match it, and as LookupEvents shows it where no row says more. */
static void own_resources(struct arena *a, const struct value *record, struct record_facts *facts)
{
    const struct value *resource = value_first(value_get_c(record, "resources"));
    bool has_shown = facts->resources != NULL;

    if (!resource)
        return;
    if (!has_shown)
        facts->resources = value_list(a);
    facts->data_resources = value_list(a);
    for (; resource; resource = resource->next) {
        struct str type = value_get_str(resource, "type"), arn = value_get_str(resource, "ARN");
        struct value *shown = value_map(a), *matched = value_map(a);

        value_put_str(a, shown, "ResourceType", type);
        value_put_str(a, shown, "ResourceName", arn);
        if (!has_shown)
            value_push(facts->resources, shown);
        value_put_str(a, matched, "type", type);
        value_put_str(a, matched, "ARN", arn);
        value_push(facts->data_resources, matched);
    }
}

/* LookupEvents' Username: a user's name, root, or the name of a role's session. */
static struct str user_of(const struct value *identity)
{
    struct str type = value_get_str(identity, "type"), head, session;

    if (str_eq_c(type, "Root"))
        return STR("root");
    if (str_eq_c(type, "AssumedRole") &&
        str_rcut(value_get_str(identity, "principalId"), ':', &head, &session))
        return session;
    return value_get_str(identity, "userName");
}

void read_back_facts(const struct read_back *rb, struct arena *a, const struct value *record,
                     struct record_facts *out)
{
    const struct value *identity = value_get_c(record, "userIdentity");
    const struct value *insight = value_get_c(record, "insightDetails");
    const struct value *about = insight ? insight : record;
    struct record_facts f = { .event_id = value_get_str(record, "eventID"),
                              .event_source = value_get_str(about, "eventSource"),
                              .event_name = value_get_str(about, "eventName"),
                              .account = value_get_str(record, "recipientAccountId"),
                              .region = value_get_str(record, "awsRegion"),
                              .user_name = user_of(identity),
                              .access_key_id = value_get_str(identity, "accessKeyId"),
                              .identity_arn = value_get_str(identity, "arn"),
                              .error_code = value_get_str(about, "errorCode"),
                              .category = category_of(record),
                              .read_only = value_get_bool(record, "readOnly", false) };

    if (clock_parse(value_get_str(record, "eventTime"), &f.time_ms, NULL) < 0)
        f.time_ms = 0; /* no time at all: the oldest */
    f.resources = shown_by_rows(rb, a, record, &f);
    own_resources(a, record, &f);
    *out = f;
}
