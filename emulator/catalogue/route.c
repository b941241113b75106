#include "emulator/catalogue/route.h"

#include "emulator/catalogue/file.h"

/* Far deeper than any requestUri; a damaged file can't lead further. */
#define DEPTH_MAX 64

struct walk {
    const struct cat *cat;
    const struct cat_asked *asked;
    const struct cat_op *weak; /* first that fits but for its conditions */
};

const struct cat_group *cat_group_find(const struct cat *cat, struct str signing)
{
    struct probe p = probe_start(cat, CAT_SEC_BY_SIGNING, str_hash(signing));
    uint32_t i;

    while (probe_next(&p, &i)) {
        const struct cat_group *group = cat_element(cat, CAT_SEC_GROUPS, i);

        if (str_eq(cat_str(cat, group->signing), signing))
            return group;
    }
    return NULL;
}

bool cat_group_same(const struct cat_group *a, const struct cat_group *b)
{
    return a && b && a->root == b->root;
}

const struct cat_service *cat_service_next_of_endpoint(const struct cat *cat, struct str prefix,
                                                       uint32_t *from)
{
    struct probe p = probe_start(cat, CAT_SEC_BY_ENDPOINT, str_hash(prefix));
    uint32_t i, passed = 0;

    while (probe_next(&p, &i)) {
        if (passed++ < *from ||
            !str_eq(cat_str(cat, cat_service_at(cat, i)->endpoint_prefix), prefix))
            continue;
        *from = passed;
        return cat_service_at(cat, i);
    }
    return NULL;
}

/* ---- conditions ---- */

enum verdict { FITS, LACKS, NO };

static enum verdict judge(struct walk *w, const struct cat_route *route)
{
    const struct cat_asked *asked = w->asked;
    enum verdict verdict = FITS;

    for (uint32_t i = 0; i < route->condition_count; i++) {
        const struct cat_condition *c =
            cat_element(w->cat, CAT_SEC_CONDITIONS, route->first_condition + i);
        struct str name = cat_str(w->cat, c->name);

        if (c->kind == CAT_LITERAL_PARAM && !asked->has_param(asked->request, name))
            return NO;
        if (c->kind == CAT_LITERAL_VALUE &&
            !asked->has_value(asked->request, name, cat_str(w->cat, c->value)))
            return NO;
        if (c->kind == CAT_NEEDS_PARAM && !asked->has_param(asked->request, name))
            verdict = LACKS;
        if (c->kind == CAT_NEEDS_HEADER && !asked->has_header(asked->request, name))
            verdict = LACKS;
    }
    return verdict;
}

static bool is_meant(struct walk *w, const struct cat_op *op)
{
    return w->asked->is_meant && w->asked->is_meant(w->asked->request, cat_op_service(w->cat, op));
}

static const struct cat_op *choose(struct walk *w, const struct cat_node *node)
{
    bool slash = str_has_suffix(w->asked->path, STR("/"));
    const struct cat_op *first = NULL, *alike = NULL;

    for (uint32_t i = 0; i < node->route_count; i++) {
        const struct cat_route *route = cat_element(w->cat, CAT_SEC_ROUTES, node->first_route + i);

        if (!str_eq(cat_str(w->cat, route->method), w->asked->method))
            continue;
        const struct cat_op *op = cat_op_at(w->cat, route->op);
        enum verdict verdict = judge(w, route);

        if (route->is_alone && verdict == FITS)
            return op;
        if (route->is_alone && verdict == LACKS && !w->weak)
            w->weak = op;
        if (verdict == FITS && is_meant(w, op))
            return op;
        if (verdict == FITS && !first)
            first = op;
        if (verdict == FITS && !alike && (route->has_slash != 0) == slash)
            alike = op;
    }
    return alike ? alike : first;
}

/* ---- the trie ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Compares a literal with a segment that may be percent-encoded. */
static int segment_cmp(struct str literal, struct str segment)
{
    size_t i = 0, j = 0;

    while (i < literal.len && j < segment.len) {
        unsigned char c = (unsigned char)segment.ptr[j++];

        if (c == '%' && j + 1 < segment.len && hex_digit(segment.ptr[j]) >= 0 &&
            hex_digit(segment.ptr[j + 1]) >= 0) {
            c = (unsigned char)(hex_digit(segment.ptr[j]) << 4 | hex_digit(segment.ptr[j + 1]));
            j += 2;
        }
        if ((unsigned char)literal.ptr[i] != c)
            return (unsigned char)literal.ptr[i] < c ? -1 : 1;
        i++;
    }
    return (i < literal.len) - (j < segment.len);
}

static const struct cat_node *node_at(const struct walk *w, uint32_t i)
{
    return cat_element(w->cat, CAT_SEC_NODES, i);
}

static const struct cat_node *literal_child(const struct walk *w, const struct cat_node *node,
                                            struct str segment)
{
    uint32_t low = 0, high = node->literal_count;

    while (low < high) {
        uint32_t mid = (low + high) / 2;
        const struct cat_node *child = node_at(w, node->first_child + mid);
        int order = segment_cmp(cat_str(w->cat, child->text), segment);

        if (order == 0)
            return child;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

static const struct cat_op *walk(struct walk *w, const struct cat_node *node, struct str path,
                                 int depth);

/* {greedy+} takes one segment or more; what follows it in the requestUri goes before taking all. */
static const struct cat_op *walk_greedy(struct walk *w, const struct cat_node *node,
                                        struct str path, int depth)
{
    bool goes_on = node->literal_count || node->has_label || node->has_greedy;
    const struct cat_op *op = NULL;
    struct str segment;

    while (!op && goes_on && str_cut(path, '/', &segment, &path))
        op = walk(w, node, path, depth);
    return op ? op : choose(w, node);
}

/* path: what is left, without a slash before or after it. */
static const struct cat_op *walk(struct walk *w, const struct cat_node *node, struct str path,
                                 int depth)
{
    const struct cat_op *op = NULL;
    const struct cat_node *child;
    struct str segment, rest;

    if (path.ptr == NULL)
        return choose(w, node);
    if (depth == DEPTH_MAX)
        return NULL;
    if (!str_cut(path, '/', &segment, &rest))
        rest.ptr = NULL; /* the last segment: an empty one may stand before it */
    child = literal_child(w, node, segment);
    if (child)
        op = walk(w, child, rest, depth + 1);
    if (!op && node->has_label && segment.len > 0)
        op = walk(w, node_at(w, node->first_child + node->literal_count), rest, depth + 1);
    if (!op && node->has_greedy)
        op = walk_greedy(w, node_at(w, node->first_child + node->literal_count + node->has_label),
                         path, depth + 1);
    return op;
}

const struct cat_op *cat_route_find(const struct cat *cat, const struct cat_group *group,
                                    const struct cat_asked *asked, enum cat_strictness strictness)
{
    struct walk w = { .cat = cat, .asked = asked };
    struct str path = asked->path;

    if (str_has_prefix(path, STR("/")))
        path = str_sub(path, 1, path.len);
    if (path.len > 0 && path.ptr[path.len - 1] == '/')
        path.len--;
    if (path.len == 0)
        path.ptr = NULL;
    const struct cat_op *op = walk(&w, node_at(&w, group->root), path, 0);

    return op || strictness == CAT_STRICT ? op : w.weak;
}
