#include "core/base/mem.h"
#include "emulator/catalogue/compile/compile.h"

/* Shapes are equal when no one can tell them apart by walking them: the coarsest partition in
 * which equal shapes have equal contents and equal targets. Found by refinement: begin with the
 * contents alone, then tell apart what leads to different classes, until nothing changes. */
struct folding {
    struct build *b;
    struct buf used;      /* uint32_t: shapes in use, in order of first use */
    struct buf signature; /* of one shape */
    struct pool pool;     /* signatures of a round */
    uint32_t *next;       /* class in the coming round, by place in used */
};

static void use(struct folding *f, uint32_t index)
{
    struct build_shape *s = &LIST_AT(f->b->shapes, struct build_shape)[index];

    if (s->number)
        return;
    s->number = 1; /* seen; the real numbers come later */
    LIST_ADD(&f->used, uint32_t, index);
    for (uint32_t i = 0; i < s->member_count; i++)
        use(f, LIST_AT(f->b->members, struct build_member)[s->first_member + i].shape);
}

static void use_service(struct folding *f, struct build_service *s)
{
    const struct build_shape *shapes = LIST_AT(f->b->shapes, struct build_shape);
    const struct build_op *ops = LIST_AT(f->b->service_ops, struct build_op);

    for (uint32_t i = s->first_op; i < s->first_op + s->op_count; i++) {
        if (ops[i].input)
            use(f, ops[i].input - 1);
        if (ops[i].output)
            use(f, ops[i].output - 1);
        for (uint32_t j = 0; j < ops[i].error_count; j++)
            use(f, LIST_AT(f->b->errors, uint32_t)[ops[i].first_error + j]);
    }
    s->row.first_exception = LIST_COUNT(f->b->exceptions, uint32_t);
    for (uint32_t i = s->first_shape; i < s->first_shape + s->shape_count; i++) {
        if (!(shapes[i].flags & CAT_S_EXCEPTION))
            continue;
        use(f, i);
        LIST_ADD(&f->b->exceptions, uint32_t, i);
    }
    s->row.exception_count =
        (uint16_t)(LIST_COUNT(f->b->exceptions, uint32_t) - s->row.first_exception);
}

static void sign(struct folding *f, uint64_t number)
{
    buf_add(&f->signature, (struct str){ (const char *)&number, sizeof number });
}

static void sign_contents(struct folding *f, const struct build_shape *s)
{
    const struct build_member *members =
        LIST_AT(f->b->members, struct build_member) + s->first_member;

    sign(f, s->type | s->ts << 8u | (uint64_t)s->flags << 16 | (uint64_t)s->payload << 32);
    sign(f, s->type == CAT_STRUCTURE ? s->name : 0); /* names of other shapes say nothing */
    sign(f, s->location_name | (uint64_t)s->xml_namespace << 32);
    sign(f, s->error_code | (uint64_t)s->http_status << 32);
    sign(f, s->pattern | (uint64_t)s->has_min << 32 | (uint64_t)s->has_max << 33);
    sign(f, (uint64_t)s->min);
    sign(f, (uint64_t)s->max);
    sign(f, s->member_count | (uint64_t)s->enum_count << 32);
    for (uint32_t i = 0; i < s->enum_count; i++)
        sign(f, LIST_AT(f->b->enums, uint32_t)[s->first_enum + i]);
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct build_member *m = &members[i];

        sign(f, m->name | (uint64_t)m->own_wire << 32);
        sign(f, m->query_name | (uint64_t)m->xml_namespace << 32);
        sign(f, m->query_wire | (uint64_t)m->has_query << 32 | (uint64_t)m->query_flattened << 33);
        sign(f, m->flags | (uint64_t)m->location << 32 | (uint64_t)m->ts << 40);
    }
}

static void sign_targets(struct folding *f, const struct build_shape *s)
{
    sign(f, s->class);
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct build_member *m =
            &LIST_AT(f->b->members, struct build_member)[s->first_member + i];
        sign(f, LIST_AT(f->b->shapes, struct build_shape)[m->shape].class);
    }
}

/* One round; returns how many classes there are now. */
static uint32_t refine(struct folding *f,
                       void (*sign_shape)(struct folding *, const struct build_shape *))
{
    struct build_shape *shapes = LIST_AT(f->b->shapes, struct build_shape);
    const uint32_t *used = LIST_AT(f->used, uint32_t);
    uint32_t count = LIST_COUNT(f->used, uint32_t);

    pool_free(&f->pool);
    for (uint32_t i = 0; i < count; i++) {
        buf_clear(&f->signature);
        sign_shape(f, &shapes[used[i]]);
        f->next[i] = pool_add(&f->pool, f->signature.ptr, f->signature.len, 1);
    }
    for (uint32_t i = 0; i < count; i++)
        shapes[used[i]].class = f->next[i];
    return pool_count(&f->pool);
}

/* The first shape of a class gives all of it its number. */
static void number_classes(struct folding *f)
{
    struct build_shape *shapes = LIST_AT(f->b->shapes, struct build_shape);
    uint32_t *number = mem_alloc((f->pool.out.len + 1) * sizeof *number);

    for (uint32_t i = 0; i < LIST_COUNT(f->used, uint32_t); i++) {
        uint32_t index = LIST_AT(f->used, uint32_t)[i], class = shapes[index].class;

        if (number[class] == 0) {
            LIST_ADD(&f->b->order, uint32_t, index);
            number[class] = LIST_COUNT(f->b->order, uint32_t);
        }
        shapes[index].number = number[class];
    }
    mem_free(number);
}

void fold(struct build *b)
{
    struct folding f = { .b = b };
    uint32_t classes, before = 0;

    for (uint32_t i = 0; i < LIST_COUNT(b->services, struct build_service); i++)
        use_service(&f, &LIST_AT(b->services, struct build_service)[i]);
    f.next = mem_alloc((LIST_COUNT(f.used, uint32_t) + 1) * sizeof *f.next);
    for (classes = refine(&f, sign_contents); classes != before;) {
        before = classes;
        classes = refine(&f, sign_targets);
    }
    number_classes(&f);
    mem_free(f.next);
    pool_free(&f.pool);
    buf_free(&f.signature);
    buf_free(&f.used);
}
