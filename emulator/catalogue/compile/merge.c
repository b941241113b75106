#include <stdlib.h>

#include "emulator/catalogue/compile/compile.h"

/* Record style of the 2014 API, though the actions are not in botocore's model of it.
 * Source: reference records of ImportImage and its siblings in CloudTrail. */
static const char *const also_ec2_2014[] = {
    "ImportImage",      "ImportSnapshot", "DescribeImportImageTasks", "DescribeImportSnapshotTasks",
    "CancelImportTask",
};

struct merging {
    struct build *b;
    uint32_t *paired; /* by shape of the newer model: 1 + shape of the older one */
};

static struct build_shape *shape_at(struct merging *m, uint32_t i)
{
    return &LIST_AT(m->b->shapes, struct build_shape)[i];
}
static struct build_member *member_at(struct merging *m, uint32_t i)
{
    return &LIST_AT(m->b->members, struct build_member)[i];
}

static void pair_shapes(struct merging *m, uint32_t newer, uint32_t older);

static void pair_members(struct merging *m, struct build_member *newer,
                         const struct build_member *older)
{
    const struct build_shape *target = shape_at(m, older->shape);

    newer->has_query = true;
    newer->query_wire = older->own_wire ? older->own_wire : target->location_name;
    newer->query_flattened =
        (older->flags & CAT_M_FLATTENED) != 0 || (target->flags & CAT_S_FLATTENED) != 0;
    pair_shapes(m, newer->shape, older->shape);
}

/* Walk both models at once: where members agree by name, the newer learns the older's wire name,
 * exceptions their code in the query protocol. */
static void pair_shapes(struct merging *m, uint32_t newer, uint32_t older)
{
    struct build_shape *n = shape_at(m, newer);
    const struct build_shape *o = shape_at(m, older);

    if (m->paired[newer] || n->type != o->type)
        return;
    m->paired[newer] = older + 1;
    if (n->flags & CAT_S_EXCEPTION && n->error_code == 0) {
        n->error_code = o->error_code;
        n->flags |= o->flags & CAT_S_SENDER_FAULT;
    }
    if (n->http_status == 0)
        n->http_status = o->http_status;
    for (uint32_t i = 0; i < n->member_count; i++)
        for (uint32_t j = 0; j < o->member_count; j++) {
            struct build_member *a = member_at(m, n->first_member + i);
            const struct build_member *c = member_at(m, o->first_member + j);

            if (n->type == CAT_STRUCTURE ? a->name == c->name : i == j)
                pair_members(m, a, c);
        }
}

static void pair_exceptions(struct merging *m, const struct build_service *newer,
                            const struct build_service *older)
{
    for (uint32_t i = newer->first_shape; i < newer->first_shape + newer->shape_count; i++)
        for (uint32_t j = older->first_shape; j < older->first_shape + older->shape_count; j++)
            if (shape_at(m, i)->flags & shape_at(m, j)->flags & CAT_S_EXCEPTION &&
                shape_at(m, i)->name == shape_at(m, j)->name)
                pair_shapes(m, i, j);
}

static struct build_op *op_find(struct build_op *ops, uint32_t count, uint32_t key)
{
    for (uint32_t i = 0; i < count; i++)
        if (ops[i].key == key)
            return &ops[i];
    return NULL;
}

static void pair_op(struct merging *m, struct build_op *newer, const struct build_op *older)
{
    if (newer->result_wrapper == 0)
        newer->result_wrapper = older->result_wrapper;
    if (newer->input && older->input)
        pair_shapes(m, newer->input - 1, older->input - 1);
    if (newer->output && older->output)
        pair_shapes(m, newer->output - 1, older->output - 1);
}

/* The wrapper of an operation that is newer than the last query model follows the rule of all. */
static void name_wrappers(struct merging *m, struct build_op *ops, uint32_t count)
{
    struct strings *s = &m->b->strings;

    for (uint32_t i = 0; i < count; i++)
        if (ops[i].output && ops[i].result_wrapper == 0)
            ops[i].result_wrapper = strings_add(
                s, arena_printf(&m->b->arena, "%.*sResult", STR_ARG(strings_text(s, ops[i].name)))
                       .ptr);
}

/* What an older model of the service knows that the newer has lost: operations, protocols. */
static void add_older(struct merging *m, struct build_service *s, const struct build_service *older)
{
    struct buf *out = &m->b->service_ops;
    const struct build_op *theirs = LIST_AT(m->b->ops, struct build_op) + older->first_op;
    uint32_t known = LIST_COUNT(*out, struct build_op) - s->first_op;
    bool was_query = older->row.protocol == CAT_QUERY && s->row.protocol != CAT_QUERY;

    for (uint32_t i = 0; i < older->op_count; i++) {
        struct build_op op = theirs[i];
        struct build_op *ours =
            op_find(LIST_AT(*out, struct build_op) + s->first_op, known, op.key);

        if (ours && was_query)
            pair_op(m, ours, &op);
        if (ours)
            continue;
        op.flags |= CAT_O_RETIRED;
        LIST_ADD(out, struct build_op, op);
    }
    if (was_query)
        pair_exceptions(m, s, older);
    if (s->row.xml_namespace == 0)
        s->row.xml_namespace = older->row.xml_namespace;
    if (s->row.target_prefix == 0)
        s->row.target_prefix = older->row.target_prefix;
    s->row.protocols |= older->row.protocols;
    if (s->row.signing_name != older->row.signing_name)
        LIST_ADD(&m->b->old_signings, struct old_signing, { s->row.name, older->row.signing_name });
}

static void mark_ec2(struct build *b, struct build_op *ops, uint32_t count)
{
    for (uint32_t i = 0; i < LIST_COUNT(b->old_ec2, uint32_t); i++) {
        struct build_op *op = op_find(ops, count, LIST_AT(b->old_ec2, uint32_t)[i]);

        if (op)
            op->flags |= CAT_O_EC2_2014;
    }
    for (size_t i = 0; i < COUNT(also_ec2_2014); i++) {
        struct build_op *op = op_find(ops, count, strings_add(&b->strings, also_ec2_2014[i]));

        if (op)
            op->flags |= CAT_O_EC2_2014;
    }
}

/* Operation keys are unique, so the order by key is total. qsort has no context: sort pairs. */
struct op_key {
    struct str key;
    struct build_op op;
};
static int by_key(const void *left, const void *right)
{
    return str_cmp(((const struct op_key *)left)->key, ((const struct op_key *)right)->key);
}
static void sort_ops(struct build *b, struct build_op *ops, uint32_t count)
{
    struct op_key *keys = arena_array(&b->arena, count, sizeof *keys);

    for (uint32_t i = 0; i < count; i++)
        keys[i] = (struct op_key){ strings_text(&b->strings, ops[i].key), ops[i] };
    qsort(keys, count, sizeof *keys, by_key);
    for (uint32_t i = 0; i < count; i++)
        ops[i] = keys[i].op;
}

/* first .. first + count are the models of one service, newest first. */
static void merge_service(struct merging *m, const struct build_service **models, uint32_t count)
{
    struct build *b = m->b;
    struct build_service s = *models[0];
    const struct build_op *ops = LIST_AT(b->ops, struct build_op) + s.first_op;

    s.first_op = LIST_COUNT(b->service_ops, struct build_op);
    for (uint32_t i = 0; i < s.op_count; i++)
        LIST_ADD(&b->service_ops, struct build_op, ops[i]);
    for (uint32_t i = 1; i < count; i++)
        add_older(m, &s, models[i]);
    s.op_count = LIST_COUNT(b->service_ops, struct build_op) - s.first_op;
    struct build_op *merged = LIST_AT(b->service_ops, struct build_op) + s.first_op;

    if (s.set > 0) {
        s.row.flags |= CAT_SV_RETIRED;
        for (uint32_t i = 0; i < s.op_count; i++)
            merged[i].flags |= CAT_O_RETIRED;
    }
    if (s.row.protocols & 1u << CAT_QUERY)
        name_wrappers(m, merged, s.op_count);
    if (s.row.protocol == CAT_EC2)
        mark_ec2(b, merged, s.op_count);
    sort_ops(b, merged, s.op_count);
    LIST_ADD(&b->services, struct build_service, s);
}

struct service_key {
    struct str name;
    const struct build_service *model;
};
static int by_name_then_set(const void *left, const void *right)
{
    const struct service_key *a = left, *c = right;
    int order = str_cmp(a->name, c->name);

    return order ? order : (a->model->set > c->model->set) - (a->model->set < c->model->set);
}

void merge(struct build *b)
{
    uint32_t count = LIST_COUNT(b->models, struct build_service);
    struct service_key *keys = arena_array(&b->arena, count, sizeof *keys);
    const struct build_service **models = arena_array(&b->arena, count, sizeof *models);
    struct merging m = { .b = b };

    m.paired = arena_array(&b->arena, LIST_COUNT(b->shapes, struct build_shape), sizeof *m.paired);
    for (uint32_t i = 0; i < count; i++) {
        keys[i].model = &LIST_AT(b->models, struct build_service)[i];
        keys[i].name = strings_text(&b->strings, keys[i].model->row.name);
    }
    qsort(keys, count, sizeof *keys, by_name_then_set);
    for (uint32_t i = 0, end; i < count; i = end) {
        for (end = i; end < count && str_eq(keys[end].name, keys[i].name); end++)
            models[end] = keys[end].model;
        merge_service(&m, models + i, end - i);
    }
}
