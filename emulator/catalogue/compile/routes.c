#include <stdlib.h>

#include "emulator/catalogue/compile/compile.h"

static uint32_t new_node(struct routes *r, uint32_t text, enum route_kind kind)
{
    LIST_ADD(&r->nodes, struct route_node, { .text = text, .kind = kind });
    return LIST_COUNT(r->nodes, struct route_node) - 1;
}

static uint32_t find_child(struct routes *r, uint32_t parent, uint32_t text, enum route_kind kind)
{
    struct route_node *nodes = LIST_AT(r->nodes, struct route_node);
    uint32_t child = nodes[parent].child;

    for (; child; child = nodes[child - 1].sibling)
        if (nodes[child - 1].kind == kind && nodes[child - 1].text == text)
            return child - 1;
    child = new_node(r, text, kind);
    nodes = LIST_AT(r->nodes, struct route_node);
    nodes[child].sibling = nodes[parent].child;
    nodes[parent].child = child + 1;
    return child;
}

/* The node at the end of a requestUri's path; one slash at its end does not count. */
static uint32_t find_path(struct build *b, struct routes *r, uint32_t root, struct str uri)
{
    struct str path, query, segment;

    (void)str_cut(uri, '?', &path, &query);
    path = str_sub(path, 1, path.len);
    if (path.len > 0 && path.ptr[path.len - 1] == '/')
        path.len--;
    while (path.len > 0) {
        (void)str_cut(path, '/', &segment, &path);
        enum route_kind kind = !str_has_prefix(segment, STR("{"))   ? NODE_LITERAL
                               : str_has_suffix(segment, STR("+}")) ? NODE_GREEDY
                                                                    : NODE_LABEL;
        uint32_t text =
            kind == NODE_LITERAL ? strings_add(&b->strings, arena_copy(&b->arena, segment).ptr) : 0;

        root = find_child(r, root, text, kind);
    }
    return root;
}

static void add_route(struct build *b, struct routes *r, uint32_t root, struct route_end end)
{
    const struct build_op *op = &LIST_AT(b->service_ops, struct build_op)[end.op];
    uint32_t node = find_path(b, r, root, strings_text(&b->strings, op->uri));
    struct route_node *at = &LIST_AT(r->nodes, struct route_node)[node];

    end.next = at->route;
    LIST_ADD(&r->routes, struct route_end, end);
    at->route = LIST_COUNT(r->routes, struct route_end);
}

static uint32_t find_group(struct build *b, struct routes *r, const char *signing)
{
    uint32_t name = strings_add(&b->strings, signing);

    for (uint32_t i = 0; i < LIST_COUNT(r->groups, struct route_group); i++)
        if (LIST_AT(r->groups, struct route_group)[i].signing == name)
            return LIST_AT(r->groups, struct route_group)[i].root;
    uint32_t root = new_node(r, 0, NODE_LITERAL);

    LIST_ADD(&r->groups, struct route_group, { name, root });
    return root;
}

enum route_which { WHICH_ALL, WHICH_NOAUTH };

static void add_ops(struct build *b, struct routes *r, uint32_t service, const char *signing,
                    enum route_which which)
{
    const struct build_service *s = &LIST_AT(b->services, struct build_service)[service];
    uint32_t root = find_group(b, r, signing);

    for (uint32_t i = s->first_op; i < s->first_op + s->op_count; i++)
        if (which == WHICH_ALL || LIST_AT(b->service_ops, struct build_op)[i].flags & CAT_O_NOAUTH)
            add_route(b, r, root, (struct route_end){ .op = i, .service = service });
}

static void add_service(struct build *b, struct routes *r, uint32_t service)
{
    const struct build_service *s = &LIST_AT(b->services, struct build_service)[service];

    if (!(s->row.protocols & (1u << CAT_REST_JSON | 1u << CAT_REST_XML)))
        return;
    add_ops(b, r, service, strings_text(&b->strings, s->row.signing_name).ptr, WHICH_ALL);
    add_ops(b, r, service, "", WHICH_NOAUTH);
    if (s->row.flags & CAT_SV_BEARER)
        add_ops(b, r, service, ":bearer", WHICH_ALL);
    for (uint32_t i = 0; i < LIST_COUNT(b->old_signings, struct old_signing); i++) {
        const struct old_signing *old = &LIST_AT(b->old_signings, struct old_signing)[i];

        if (old->service == s->row.name)
            add_ops(b, r, service, strings_text(&b->strings, old->signing).ptr, WHICH_ALL);
    }
}

/* Models before 2023 don't say which operations go unsigned. */
static bool mark_unsigned(struct build *b, struct str service, struct str op)
{
    for (uint32_t i = 0; i < LIST_COUNT(b->services, struct build_service); i++) {
        const struct build_service *s = &LIST_AT(b->services, struct build_service)[i];
        struct build_op *ops = LIST_AT(b->service_ops, struct build_op) + s->first_op;

        if (!str_eq(strings_text(&b->strings, s->row.name), service))
            continue;
        for (uint32_t j = 0; j < s->op_count; j++)
            if (str_eq(strings_text(&b->strings, ops[j].key), op))
                ops[j].flags |= CAT_O_NOAUTH;
        return true;
    }
    return false;
}

/* One row of fixtures/catalogue/signing.tsv: kind, name, value, source. */
static int add_row(struct build *b, struct routes *r, struct str row, struct err *err)
{
    struct str kind, name, value, source;
    int64_t rank;

    (void)str_cut(row, '\t', &kind, &row);
    (void)str_cut(row, '\t', &name, &row);
    (void)str_cut(row, '\t', &value, &source);
    uint32_t number = strings_add(&b->strings, arena_copy(&b->arena, name).ptr);

    if (source.len == 0)
        return err_set(err, E_PARSE, "catalogue/signing.tsv: \"%.*s\" has no source",
                       STR_ARG(name));
    if (str_eq(kind, STR("group"))) {
        uint32_t root = find_group(b, r, arena_copy(&b->arena, value).ptr);

        LIST_ADD(&r->groups, struct route_group, { number, root });
        return 0;
    }
    if (str_eq(kind, STR("unsigned")) && mark_unsigned(b, name, value))
        return 0;
    if (!str_eq(kind, STR("rank")) || !str_to_i64(value, &rank) || rank < 0 || rank > 99)
        return err_set(err, E_PARSE,
                       "catalogue/signing.tsv: \"%.*s\" is no group, rank or unsigned",
                       STR_ARG(name));
    for (uint32_t i = 0; i < LIST_COUNT(b->services, struct build_service); i++)
        if (LIST_AT(b->services, struct build_service)[i].row.name == number)
            LIST_AT(b->services, struct build_service)[i].rank = (uint32_t)rank;
    return 0;
}

int routes_make(struct build *b, struct str rows, struct err *err)
{
    struct routes *r = b->routes = arena_alloc(&b->arena, sizeof *r);
    struct str row;
    int rc = 0;

    for (uint32_t i = 0; i < LIST_COUNT(b->services, struct build_service); i++) {
        LIST_AT(b->services, struct build_service)[i].rank = 50;
        add_service(b, r, i);
    }
    while (rc == 0 && rows.len > 0) {
        (void)str_cut(rows, '\n', &row, &rows);
        if (row.len > 0 && row.ptr[0] != '#')
            rc = add_row(b, r, row, err);
    }
    return rc;
}
