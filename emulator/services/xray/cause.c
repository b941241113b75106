#include "emulator/services/xray/cause.h"

#include "emulator/services/xray/summary.h"

static struct cause path_to(struct arena *a, const struct trace_node *last)
{
    struct cause c = { 0 };

    for (const struct trace_node *n = last; n; n = n->parent)
        c.count++;
    c.path = arena_array(a, c.count, sizeof(const struct trace_node *));
    for (size_t i = c.count; i > 0; i--, last = last->parent)
        c.path[i - 1] = last;
    return c;
}

static const struct trace_node *longest_child(const struct trace *t, const struct trace_node *of)
{
    const struct trace_node *longest = NULL;

    for (size_t i = 0; i < t->count; i++) {
        const struct trace_node *n = t->nodes[i];

        if (n->parent == of && (!longest || trace_node_seconds(n) > trace_node_seconds(longest)))
            longest = n;
    }
    return longest;
}

static size_t find_slow(struct arena *a, const struct trace *t, struct cause **out)
{
    const struct trace_node *n = t->root, *next;

    if (!n || n->in_progress)
        return 0;
    while ((next = longest_child(t, n)))
        n = next;
    *out = arena_alloc(a, sizeof **out);
    **out = path_to(a, n);
    return 1;
}

size_t cause_find(struct arena *a, const struct trace *t, enum cause_kind kind, struct cause **out)
{
    unsigned flag = kind == CAUSE_FAULT ? TRACE_FAULT : TRACE_ERROR;
    size_t count = 0;

    if (kind == CAUSE_TIME)
        return find_slow(a, t, out);
    *out = arena_array(a, t->count, sizeof **out);
    for (size_t i = 0; i < t->count; i++)
        if ((t->nodes[i]->flags & flag) && !(t->nodes[i]->below & flag))
            (*out)[count++] = path_to(a, t->nodes[i]);
    return count;
}

double cause_coverage(const struct trace *t, const struct trace_node *n)
{
    double whole = t->root ? trace_node_seconds(t->root) : 0;

    return whole > 0 ? trace_node_seconds(n) / whole : 1;
}

const struct value *cause_exceptions(const struct trace_node *n)
{
    return value_get_c(value_get_c(n->doc, "cause"), "exceptions");
}

/* ---- as an answer ---- */

static struct value *exceptions(struct arena *a, const struct trace_node *n)
{
    struct value *list = value_list(a);

    for (const struct value *x = value_first(cause_exceptions(n)); x; x = x->next) {
        struct value *v = value_map(a);

        value_put_str(a, v, "Name", value_get_str(x, "type"));
        value_put_str(a, v, "Message", value_get_str(x, "message"));
        value_push(list, v);
    }
    return list;
}

static struct value *entity(struct arena *a, const struct trace *t, const struct trace_node *n,
                            enum cause_kind kind)
{
    struct value *v = value_map(a);

    value_put_str(a, v, "Name", n->name);
    if (kind == CAUSE_TIME)
        value_set(v, STR("Coverage"), value_float(a, cause_coverage(t, n)));
    else
        value_set(v, STR("Exceptions"), exceptions(a, n));
    value_put_bool(a, v, "Remote", n->is_remote);
    return v;
}

static struct value *services(struct arena *a, const struct trace *t, const struct cause *c,
                              enum cause_kind kind)
{
    struct value *list = value_list(a), *entities = NULL;

    for (size_t i = 0; i < c->count; i++) {
        const struct trace_node *n = c->path[i];

        if (i == 0 || n->segment != c->path[i - 1]->segment) {
            struct value *service = summary_service(a, n->segment);
            entities = value_list(a);
            value_set(service, STR("EntityPath"), entities);
            value_put_bool(a, service, "Inferred", n->segment->is_inferred);
            value_push(list, service);
        }
        value_push(entities, entity(a, t, n, kind));
    }
    return list;
}

struct value *cause_answer(struct arena *a, const struct trace *t, enum cause_kind kind)
{
    struct value *list = value_list(a);
    struct cause *causes;
    size_t count = cause_find(a, t, kind, &causes);

    for (size_t i = 0; i < count; i++) {
        struct value *v = value_map(a);
        unsigned flag = kind == CAUSE_FAULT ? TRACE_FAULT : TRACE_ERROR;

        value_set(v, STR("Services"), services(a, t, &causes[i], kind));
        value_put_bool(a, v, "ClientImpacting",
                       kind == CAUSE_TIME || (t->root && (t->root->flags & flag)));
        value_push(list, v);
    }
    return list;
}
