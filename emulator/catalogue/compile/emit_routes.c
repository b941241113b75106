#include <stdlib.h>

#include "core/base/mem.h"
#include "emulator/catalogue/compile/emit.h"

/* ---- the order in which the operations of one path are tried ---- */

/* Fewer is tried first, field by field. */
struct route_rank {
    struct str method;
    uint32_t literals, needs; /* counted down from many */
    uint32_t old, service_rank, op;
};
struct ranked {
    struct route_rank rank;
    struct route_end end;
};

static int compare(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}
/* More conditions are more specific; deprecated twins (GetBucketLifecycle) and retired ones come
 * last. Source: reference model-driven, "Identifying service and operation of a request", rule 5.
 */
static int by_rank(const void *left, const void *right)
{
    const struct route_rank *a = &((const struct ranked *)left)->rank;
    const struct route_rank *b = &((const struct ranked *)right)->rank;
    int order = str_cmp(a->method, b->method);

    if (order == 0)
        order = compare(b->literals, a->literals);
    if (order == 0)
        order = compare(b->needs, a->needs);
    if (order == 0)
        order = compare(a->old, b->old);
    if (order == 0)
        order = compare(a->service_rank, b->service_rank);
    return order ? order : compare(a->op, b->op);
}

static const struct build_op *op_at(struct emitting *e, uint32_t op)
{
    return &LIST_AT(e->b->service_ops, struct build_op)[op];
}

static struct str literal_query(struct emitting *e, const struct build_op *op)
{
    struct str path, query;

    (void)str_cut(strings_text(&e->b->strings, op->uri), '?', &path, &query);
    return query;
}

/* Required members that stand in the query string or in headers. */
static const struct build_member *next_need(struct emitting *e, const struct build_op *op,
                                            uint32_t *i)
{
    if (op->input == 0)
        return NULL;
    const struct build_shape *s = &LIST_AT(e->b->shapes, struct build_shape)[op->input - 1];

    while (*i < s->member_count) {
        const struct build_member *m =
            &LIST_AT(e->b->members, struct build_member)[s->first_member + (*i)++];

        if (m->flags & CAT_M_REQUIRED &&
            (m->location == CAT_QUERYSTRING || m->location == CAT_HEADER))
            return m;
    }
    return NULL;
}

static struct ranked rank_of(struct emitting *e, struct route_end end)
{
    const struct build_op *op = op_at(e, end.op);
    struct str query = literal_query(e, op), part;
    struct ranked r = { .end = end };
    uint32_t i = 0;

    r.rank.method = strings_text(&e->b->strings, op->method);
    while (query.len > 0) {
        (void)str_cut(query, '&', &part, &query);
        r.rank.literals++;
    }
    while (next_need(e, op, &i))
        r.rank.needs++;
    r.rank.old = op->deprecated + 2u * ((op->flags & CAT_O_RETIRED) != 0);
    r.rank.service_rank = LIST_AT(e->b->services, struct build_service)[end.service].rank;
    r.rank.op = end.op;
    return r;
}

/* ---- conditions ---- */

static uint32_t add_conditions(struct emitting *e, const struct build_op *op)
{
    struct buf *out = &e->sections[CAT_SEC_CONDITIONS];
    struct str query = literal_query(e, op), part, name, value;
    const struct build_member *m;
    uint32_t i = 0, count = 0;

    for (; query.len > 0; count++) {
        (void)str_cut(query, '&', &part, &query);
        bool has_value = str_cut(part, '=', &name, &value);

        LIST_ADD(out, struct cat_condition,
                 { has_value ? CAT_LITERAL_VALUE : CAT_LITERAL_PARAM, place_text(e, name),
                   place_text(e, value) });
    }
    for (; (m = next_need(e, op, &i)) != NULL; count++)
        LIST_ADD(out, struct cat_condition,
                 { m->location == CAT_HEADER ? CAT_NEEDS_HEADER : CAT_NEEDS_PARAM,
                   place(e, m->own_wire ? m->own_wire : m->name), 0 });
    return count;
}

static bool ends_in_slash(struct emitting *e, const struct build_op *op)
{
    struct str path, query;

    (void)str_cut(strings_text(&e->b->strings, op->uri), '?', &path, &query);
    return str_has_suffix(path, STR("/"));
}

static uint16_t add_routes(struct emitting *e, uint32_t route)
{
    const struct route_end *ends = LIST_AT(e->b->routes->routes, struct route_end);
    uint32_t count = 0, filled = 0;

    for (uint32_t at = route; at; at = ends[at - 1].next)
        count++;
    struct ranked *found = mem_alloc((count + 1) * sizeof *found);

    for (; route; route = ends[route - 1].next)
        found[filled++] = rank_of(e, ends[route - 1]);
    qsort(found, count, sizeof *found, by_rank);
    for (uint32_t i = 0; i < count; i++) {
        const struct build_op *op = op_at(e, found[i].end.op);
        bool as_before = i > 0 && str_eq(found[i - 1].rank.method, found[i].rank.method);
        bool as_next = i + 1 < count && str_eq(found[i + 1].rank.method, found[i].rank.method);
        uint32_t first = LIST_COUNT(e->sections[CAT_SEC_CONDITIONS], struct cat_condition);
        struct cat_route row = {
            .op = found[i].end.op,
            .method = place(e, op->method),
            .first_condition = first,
            .condition_count = (uint16_t)add_conditions(e, op),
            .is_alone = !as_before && !as_next,
            .has_slash = ends_in_slash(e, op),
        };
        LIST_ADD(&e->sections[CAT_SEC_ROUTES], struct cat_route, row);
    }
    mem_free(found);
    return (uint16_t)count;
}

/* ---- nodes: breadth first, so that children stand side by side ---- */

struct child {
    struct str text;
    int kind;
    uint32_t node;
};
static int by_kind_then_text(const void *left, const void *right)
{
    const struct child *a = left, *b = right;

    return a->kind != b->kind ? a->kind - b->kind : str_cmp(a->text, b->text);
}

/* queue holds, for each row made so far, the linked node it stands for. */
static void add_children(struct emitting *e, struct buf *queue, uint32_t row)
{
    const struct route_node *nodes = LIST_AT(e->b->routes->nodes, struct route_node);
    const struct route_node *n = &nodes[LIST_AT(*queue, uint32_t)[row]];
    struct buf children = { 0 };
    struct cat_node made = { .text = place(e, n->text) };

    made.first_route = LIST_COUNT(e->sections[CAT_SEC_ROUTES], struct cat_route);
    made.route_count = add_routes(e, n->route);
    made.first_child = LIST_COUNT(*queue, uint32_t);
    for (uint32_t i = n->child; i; i = nodes[i - 1].sibling)
        LIST_ADD(&children, struct child,
                 { strings_text(&e->b->strings, nodes[i - 1].text), nodes[i - 1].kind, i - 1 });
    if (children.len)
        qsort(children.ptr, LIST_COUNT(children, struct child), sizeof(struct child),
              by_kind_then_text);
    for (uint32_t i = 0; i < LIST_COUNT(children, struct child); i++) {
        const struct child *c = &LIST_AT(children, struct child)[i];

        made.literal_count += c->kind == NODE_LITERAL;
        made.has_label |= c->kind == NODE_LABEL;
        made.has_greedy |= c->kind == NODE_GREEDY;
        LIST_ADD(queue, uint32_t, c->node);
    }
    buf_free(&children);
    LIST_ADD(&e->sections[CAT_SEC_NODES], struct cat_node, made);
}

void emit_routes(struct emitting *e)
{
    const struct routes *r = e->b->routes;
    struct buf queue = { 0 };

    for (uint32_t i = 0; i < LIST_COUNT(r->groups, struct route_group); i++) {
        const struct route_group *g = &LIST_AT(r->groups, struct route_group)[i];
        uint32_t root = LIST_COUNT(queue, uint32_t);

        for (uint32_t j = 0; j < i; j++) /* another name of a group that is there */
            if (LIST_AT(r->groups, struct route_group)[j].root == g->root)
                root = LIST_AT(e->sections[CAT_SEC_GROUPS], struct cat_group)[j].root;
        LIST_ADD(&e->sections[CAT_SEC_GROUPS], struct cat_group, { place(e, g->signing), root });
        if (root < LIST_COUNT(queue, uint32_t))
            continue;
        LIST_ADD(&queue, uint32_t, g->root);
        for (uint32_t row = root; row < LIST_COUNT(queue, uint32_t); row++)
            add_children(e, &queue, row);
    }
    buf_free(&queue);
}
