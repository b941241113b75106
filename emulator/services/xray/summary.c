#include "emulator/services/xray/summary.h"

#include "core/codec/json.h"
#include "emulator/services/xray/cause.h"

/* ---- services ---- */

struct value *summary_service(struct arena *a, const struct trace_node *segment)
{
    struct value *v = value_map(a), *names = value_list(a);

    value_put_str(a, v, "Name", segment->name);
    value_push(names, value_str(a, segment->name));
    value_set(v, STR("Names"), names);
    if (segment->account.len > 0)
        value_put_str(a, v, "AccountId", segment->account);
    if (segment->type.len > 0)
        value_put_str(a, v, "Type", segment->type);
    return v;
}

bool summary_same_service(const struct trace_node *x, const struct trace_node *y)
{
    return str_eq(x->name, y->name) && str_eq(x->type, y->type) && str_eq(x->account, y->account);
}

static bool is_first_of_service(const struct trace *t, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (t->nodes[i]->is_segment && summary_same_service(t->nodes[i], t->nodes[at]))
            return false;
    return t->nodes[at]->is_segment;
}

static struct value *services(struct arena *a, const struct trace *t)
{
    struct value *list = value_list(a);

    for (size_t i = 0; i < t->count; i++)
        if (is_first_of_service(t, i))
            value_push(list, summary_service(a, t->nodes[i]));
    return list;
}

/* ---- members of segments ---- */

static struct str text_at(const struct value *doc, const char *pointer)
{
    const struct value *v = json_pointer(doc, str_c(pointer));

    return v && v->kind == VALUE_STRING ? v->u.text : (struct str){ "", 0 };
}

struct str summary_instance(const struct trace_node *n)
{
    return text_at(n->doc, "/aws/ec2/instance_id");
}

struct str summary_zone(const struct trace_node *n)
{
    return text_at(n->doc, "/aws/ec2/availability_zone");
}

struct str summary_resource(const struct trace_node *n)
{
    static const char *const places[] = { "/resource_arn", "/aws/resource_arn", "/aws/function_arn",
                                          "/aws/ecs/container_arn" };
    struct str found = { "", 0 };

    for (size_t i = 0; found.len == 0 && i < COUNT(places); i++)
        found = text_at(n->doc, places[i]);
    return found;
}

/* [{member: text}] of the different texts that the nodes have. */
static struct value *different(struct arena *a, const struct trace *t, const char *member,
                               struct str (*text)(const struct trace_node *n))
{
    struct value *list = value_list(a);

    for (size_t i = 0; i < t->count; i++) {
        struct str s = text(t->nodes[i]);
        bool is_new = s.len > 0;

        for (const struct value *v = value_first(list); v && is_new; v = v->next)
            is_new = !str_eq(value_get_str(v, member), s);
        if (is_new) {
            struct value *v = value_map(a);
            value_put_str(a, v, member, s);
            value_push(list, v);
        }
    }
    return list;
}

static void add_service_once(struct arena *a, struct value *list, const struct trace_node *segment)
{
    struct value *service = summary_service(a, segment);

    for (const struct value *v = value_first(list); v; v = v->next)
        if (value_equal(v, service))
            return;
    value_push(list, service);
}

/* The item of a list that has the same member, or a new one of it. */
static struct value *item_with(struct arena *a, struct value *list, const char *member,
                               struct value *key)
{
    for (struct value *v = value_first(list); v; v = v->next)
        if (value_equal(value_get_c(v, member), key))
            return v;
    struct value *v = value_map(a);
    value_set(v, str_c(member), key);
    value_set(v, STR("ServiceIds"), value_list(a));
    value_push(list, v);
    return v;
}

static struct value *users(struct arena *a, const struct trace *t)
{
    struct value *list = value_list(a);

    for (size_t i = 0; i < t->count; i++) {
        const struct trace_node *n = t->nodes[i];
        struct str name = value_get_str(n->doc, "user");

        if (name.len > 0)
            add_service_once(
                a, value_get_c(item_with(a, list, "UserName", value_str(a, name)), "ServiceIds"),
                n->segment);
    }
    return list;
}

static struct value *annotation_value(struct arena *a, const struct value *v)
{
    struct value *out = value_map(a);

    if (v->kind == VALUE_STRING)
        value_put_str(a, out, "StringValue", v->u.text);
    else if (v->kind == VALUE_BOOL)
        value_put_bool(a, out, "BooleanValue", v->u.boolean);
    else if (v->kind == VALUE_INT || v->kind == VALUE_FLOAT)
        value_set(out, STR("NumberValue"),
                  value_float(a, v->kind == VALUE_INT ? (double)v->u.integer : v->u.real));
    return out;
}

static struct value *annotations(struct arena *a, const struct trace *t)
{
    struct value *all = value_map(a);

    for (size_t i = 0; i < t->count; i++) {
        const struct trace_node *n = t->nodes[i];
        const struct value *k = value_first(value_get_c(n->doc, "annotations"));

        for (; k; k = k->next) {
            struct value *list = value_get(all, k->name);

            if (!list) {
                list = value_list(a);
                value_set(all, k->name, list);
            }
            add_service_once(
                a,
                value_get_c(item_with(a, list, "AnnotationValue", annotation_value(a, k)),
                            "ServiceIds"),
                n->segment);
        }
    }
    return all;
}

static struct value *http(struct arena *a, const struct value *doc)
{
    static const struct {
        const char *from, *to;
    } members[] = { { "url", "HttpURL" },
                    { "method", "HttpMethod" },
                    { "user_agent", "UserAgent" },
                    { "client_ip", "ClientIp" } };
    const struct value *all = value_get_c(doc, "http"), *request = value_get_c(all, "request");
    int64_t status = value_get_int(value_get_c(all, "response"), "status", 0);
    struct value *v = value_map(a);

    for (size_t i = 0; i < COUNT(members); i++)
        if (value_get_str(request, members[i].from).len > 0)
            value_put_str(a, v, members[i].to, value_get_str(request, members[i].from));
    if (status != 0)
        value_put_int(a, v, "HttpStatus", status);
    return v;
}

/* ---- the whole ---- */

int64_t summary_ms(double s)
{
    return s > -1e12 && s < 1e12 ? (int64_t)(s * 1000 + 0.5) : 0;
}

/* Source: X-Ray API Reference, "TraceSummary": fault and error are the root segment's, throttle is
 * that of any. */
static void add_state(struct arena *a, struct value *v, const struct trace *t)
{
    unsigned root = t->root ? t->root->flags : 0, any = 0;

    for (size_t i = 0; i < t->count; i++)
        any |= t->nodes[i]->is_segment ? t->nodes[i]->flags : 0;
    value_put_bool(a, v, "HasFault", root & TRACE_FAULT);
    value_put_bool(a, v, "HasError", root & TRACE_ERROR);
    value_put_bool(a, v, "HasThrottle", any & TRACE_THROTTLE);
    value_put_bool(a, v, "IsPartial", t->is_partial);
}

struct value *summary_of(struct arena *a, const struct trace *t)
{
    struct value *v = value_map(a);

    value_put_str(a, v, "Id", t->id);
    value_put_time(a, v, "StartTime", summary_ms(t->start_s));
    value_set(v, STR("Duration"), value_float(a, t->end_s - t->start_s));
    if (t->root)
        value_set(v, STR("ResponseTime"), value_float(a, trace_node_seconds(t->root)));
    add_state(a, v, t);
    value_set(v, STR("Http"), http(a, t->root ? t->root->doc : NULL));
    value_set(v, STR("Annotations"), annotations(a, t));
    value_set(v, STR("Users"), users(a, t));
    value_set(v, STR("ServiceIds"), services(a, t));
    value_set(v, STR("ResourceARNs"), different(a, t, "ARN", summary_resource));
    value_set(v, STR("InstanceIds"), different(a, t, "Id", summary_instance));
    value_set(v, STR("AvailabilityZones"), different(a, t, "Name", summary_zone));
    if (t->root)
        value_set(v, STR("EntryPoint"), summary_service(a, t->root));
    value_set(v, STR("FaultRootCauses"), cause_answer(a, t, CAUSE_FAULT));
    value_set(v, STR("ErrorRootCauses"), cause_answer(a, t, CAUSE_ERROR));
    value_set(v, STR("ResponseTimeRootCauses"), cause_answer(a, t, CAUSE_TIME));
    value_put_int(a, v, "Revision", t->revision);
    return v;
}

struct value *summary_trace(struct arena *a, const struct trace *t)
{
    struct value *v = value_map(a), *segments = value_list(a);
    struct buf text = { 0 };

    for (size_t i = 0; i < t->count; i++) {
        struct value *s = value_map(a);

        if (!t->nodes[i]->is_segment)
            continue;
        buf_clear(&text);
        json_write(&text, t->nodes[i]->doc);
        value_put_str(a, s, "Id", t->nodes[i]->id);
        value_put_str(a, s, "Document", buf_view(&text));
        value_push(segments, s);
    }
    buf_free(&text);
    value_put_str(a, v, "Id", t->id);
    value_set(v, STR("Duration"), value_float(a, t->end_s - t->start_s));
    value_put_bool(a, v, "LimitExceeded", t->limit_exceeded);
    value_set(v, STR("Segments"), segments);
    return v;
}
