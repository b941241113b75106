#include "emulator/catalogue/compile/lifecycle.h"

static bool has_collection(struct infer *in, const struct cat_op *op)
{
    const struct cat_shape *out = cat_op_output(in->cat, op);

    for (uint32_t i = 0; out && i < out->member_count; i++) {
        const struct cat_shape *s = cat_member_shape(in->cat, cat_shape_member(in->cat, out, i));

        if (s->type == CAT_LIST || s->type == CAT_MAP)
            return true;
        /* One structure deeper: CloudFront. */
        for (uint32_t j = 0;
             out->member_count == 1 && s->type == CAT_STRUCTURE && j < s->member_count; j++)
            if (cat_member_shape(in->cat, cat_shape_member(in->cat, s, j))->type == CAT_LIST)
                return true;
    }
    return false;
}

static bool is_free(const struct life *op)
{
    return op->role == LIFE_NONE && !op->is_fixed && op->noun.len > 0 && !op->is_batch;
}

static bool any_with(const struct infer *in, struct str normal, unsigned classes)
{
    for (uint32_t i = 0; i < in->op_count; i++)
        if (is_free(&in->ops[i]) && in->ops[i].classes & classes &&
            noun_meets(in->ops[i].normal, normal))
            return true;
    return false;
}

static struct type *type_meeting(struct infer *in, struct str normal)
{
    for (uint32_t i = 0; i < in->type_count; i++)
        if (str_eq(in->types[i].normal, normal))
            return &in->types[i];
    for (uint32_t i = 0; i < in->type_count; i++)
        if (noun_meets(in->types[i].normal, normal))
            return &in->types[i];
    return NULL;
}

static struct type *type_add(struct infer *in, struct str name)
{
    struct type *t = &in->types[in->type_count++];

    *t = (struct type){ .name = name, .normal = noun_normal(in->a, name) };
    return t;
}

/* CreateVolumeFromSnapshot creates a Volume, if that is a type. */
static struct str before_preposition(struct str noun)
{
    static const char *const words[] = { "From", "To", "With", "For" };
    ptrdiff_t at = -1;

    for (size_t i = 0; i < COUNT(words); i++) {
        ptrdiff_t here = str_find(noun, str_c(words[i]));

        if (here > 0 && (at < 0 || here < at))
            at = here;
    }
    return at > 0 ? str_sub(noun, 0, (size_t)at) : (struct str){ 0 };
}

/* RunInstances makes an Instance; CreateDhcpOptions keeps its name: DescribeDhcpOptions has it. */
static struct str singular(struct infer *in, struct str noun)
{
    for (uint32_t i = 0; i < in->op_count; i++) {
        const struct life *op = &in->ops[i];

        if (is_free(op) && op->classes & (VERB_DELETE | VERB_UPDATE | VERB_GET) &&
            op->noun.len < noun.len && noun_meets(op->normal, noun_normal(in->a, noun)))
            return op->noun;
    }
    return noun;
}

static bool makes_type(struct infer *in, const struct life *op)
{
    if (op->classes & VERB_CREATE)
        return any_with(in, op->normal, VERB_DELETE | VERB_UNDO | VERB_GET | VERB_LIST);
    if (!(op->classes & VERB_MAYBE))
        return false;
    return any_with(in, op->normal, VERB_GET) ||
           (any_with(in, op->normal, VERB_DELETE | VERB_UNDO) &&
            any_with(in, op->normal, VERB_LIST));
}

static void add_creators(struct infer *in, unsigned classes)
{
    for (uint32_t i = 0; i < in->op_count; i++) {
        struct life *op = &in->ops[i];

        if (!is_free(op) || !(op->classes & classes))
            continue;
        struct type *t = type_meeting(in, op->normal);

        if (t && !(op->classes & (VERB_CREATE | VERB_AGAIN)))
            continue;
        if (!t && !makes_type(in, op))
            continue;
        if (!t)
            t = type_add(in, singular(in, op->noun));
        op->role = LIFE_CREATE;
        op->type = (int)(t - in->types);
    }
}

/* RestoreDBInstanceFromS3: a second way to create a known type. */
static void add_from(struct infer *in)
{
    for (uint32_t i = 0; i < in->op_count; i++) {
        struct life *op = &in->ops[i];
        struct str noun = before_preposition(op->noun);
        struct type *t = noun.len > 0 ? type_meeting(in, noun_normal(in->a, noun)) : NULL;

        if (!is_free(op) || !(op->classes & (VERB_CREATE | VERB_AGAIN)) ||
            op->classes & VERB_UPSERT || !t)
            continue;
        op->role = LIFE_CREATE;
        op->type = (int)(t - in->types);
    }
}

/* A type whose noun begins this one, and whose key this operation takes: then it is a part. */
static bool is_part(struct infer *in, const struct life *op)
{
    for (uint32_t i = 0; i < in->type_count; i++) {
        struct type *t = &in->types[i];
        struct life trial = *op;

        if (t->normal.len >= op->normal.len || !str_has_prefix(op->normal, t->normal))
            continue;
        if (!t->is_resolved)
            keys_find(in, t);
        if (t->key_count > 0 && bind_keys(in, t, &trial) >= t->key_count)
            return true;
    }
    return false;
}

static void add_upserts(struct infer *in)
{
    for (uint32_t i = 0; i < in->op_count; i++) {
        struct life *op = &in->ops[i];
        struct type *t;

        if (!is_free(op) || !(op->classes & VERB_UPSERT) || op->classes & VERB_CREATE)
            continue;
        t = type_meeting(in, op->normal);
        if (t || is_part(in, op) || !any_with(in, op->normal, VERB_GET | VERB_LIST | VERB_DELETE))
            continue;
        t = type_add(in, op->noun);
        op->role = LIFE_CREATE;
        op->type = (int)(t - in->types);
    }
}

static bool asks_for_none(const struct infer *in, const struct cat_op *op)
{
    const struct cat_shape *input = cat_op_input(in->cat, op);

    for (uint32_t i = 0; input && i < input->member_count; i++)
        if (cat_shape_member(in->cat, input, i)->flags & CAT_M_REQUIRED)
            return false;
    return true;
}

static bool is_list_of(struct infer *in, const struct life *op, const struct type *t)
{
    if (str_eq_c(op->verb, "List") || str_eq_c(op->verb, "Search"))
        return true;
    if (str_eq(op->normal, t->normal)) /* DescribeHosts of the type Hosts */
        return str_has_suffix(op->normal, STR("s")) && op->classes & VERB_LIST &&
               asks_for_none(in, op->op) && has_collection(in, op->op);
    return !str_eq(op->normal, t->normal) && op->classes & VERB_LIST &&
           has_collection(in, op->op) && op->normal.len >= t->normal.len;
}

static void take(struct life *op, enum life_role role, int type, const struct cat_op **first)
{
    op->role = role;
    op->type = type;
    if (!*first)
        *first = op->op;
}

/* What was not attached is not deleted by detaching it. */
static bool is_undone(const struct infer *in, const struct type *t, const struct life *op)
{
    if (!(op->classes & VERB_UNRELATE) || op->classes & VERB_DELETE)
        return true;
    for (uint32_t i = 0; i < in->op_count; i++)
        if (in->ops[i].op == t->create)
            return (in->ops[i].classes & VERB_RELATE) != 0;
    return true;
}

static void take_delete(struct infer *in, struct type *t, unsigned class)
{
    for (uint32_t i = 0; i < in->op_count && !t->delete; i++) {
        struct life *op = &in->ops[i];

        if (is_free(op) && op->classes & class && noun_meets(op->normal, t->normal) &&
            is_undone(in, t, op))
            take(op, LIFE_DELETE, (int)(t - in->types), &t->delete);
    }
}

static void take_operation(struct infer *in, struct type *t, struct life *op)
{
    int index = (int)(t - in->types);

    if (op->classes & VERB_DELETE)
        take(op, LIFE_DELETE, index, &t->delete);
    else if (op->classes & (VERB_GET | VERB_LIST) && is_list_of(in, op, t))
        take(op, LIFE_LIST, index, &t->list);
    else if (op->classes & VERB_GET)
        take(op, LIFE_GET, index, &t->get);
    else if (op->classes & VERB_UPDATE)
        take(op, LIFE_UPDATE, index, &t->update);
}

/* Of several that make a type, CreateProduct says more of it than CopyProduct. */
static int create_rank(const struct life *op)
{
    if (str_eq_c(op->verb, "Create"))
        return 0;
    if (op->classes & VERB_AGAIN)
        return 3;
    return op->classes & VERB_CREATE ? 1 : 2;
}

static void take_operations(struct infer *in, struct type *t)
{
    int best = 0;

    for (uint32_t i = 0; i < in->op_count; i++) {
        struct life *op = &in->ops[i];

        if (op->role == LIFE_CREATE && op->type == (int)(t - in->types) &&
            (!t->create || create_rank(op) < best)) {
            t->create = op->op;
            best = create_rank(op);
        }
        if (is_free(op) && type_meeting(in, op->normal) == t)
            take_operation(in, t, op);
    }
    take_delete(in, t, VERB_UNDO);
    for (uint32_t i = 0; i < in->op_count; i++) {
        struct life *op = &in->ops[i];

        if (is_free(op) && op->classes & VERB_STATE && type_meeting(in, op->normal) == t) {
            op->role = LIFE_STATE;
            op->type = (int)(t - in->types);
            op->text = op->verb;
        }
    }
}

/* Rows come first: what they name is a type whatever the rules say. */
static void add_fixed(struct infer *in)
{
    for (uint32_t i = 0; i < in->op_count; i++) {
        struct life *op = &in->ops[i];
        const struct life_row *row = words_row(in, op->name);

        if (!row)
            continue;
        op->is_fixed = true;
        (void)words_role(row->role, &op->role);
        op->text = row->text;
        if (row->type.len == 0 || str_eq_c(row->type, "-"))
            continue;
        struct type *t = type_meeting(in, noun_normal(in->a, row->type));

        if (!t)
            t = type_add(in, row->type);
        op->type = (int)(t - in->types);
    }
}

static void note_fixed(struct infer *in)
{
    for (uint32_t i = 0; i < in->op_count; i++) {
        const struct life *op = &in->ops[i];

        if (!op->is_fixed || op->type < 0)
            continue;
        struct type *t = &in->types[op->type];
        const struct cat_op **slots[LIFE_ROLES] = { [LIFE_CREATE] = &t->create,
                                                    [LIFE_GET] = &t->get,
                                                    [LIFE_LIST] = &t->list,
                                                    [LIFE_UPDATE] = &t->update,
                                                    [LIFE_DELETE] = &t->delete };

        if (slots[op->role] && !*slots[op->role])
            *slots[op->role] = op->op;
    }
}

void types_find(struct infer *in)
{
    add_fixed(in);
    note_fixed(in);
    add_creators(in, VERB_CREATE);
    add_creators(in, VERB_MAYBE | VERB_AGAIN);
    add_from(in);
    for (uint32_t i = 0; i < in->type_count; i++)
        take_operations(in, &in->types[i]);
    uint32_t known = in->type_count;

    add_upserts(in);
    for (uint32_t i = known; i < in->type_count; i++)
        take_operations(in, &in->types[i]);
    for (uint32_t i = 0; i < in->type_count; i++)
        if (!in->types[i].is_resolved || i < known)
            keys_find(in, &in->types[i]);
}
