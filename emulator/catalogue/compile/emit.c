#include "core/base/fs.h"
#include "core/base/mem.h"
#include "emulator/catalogue/compile/emit.h"
#include "emulator/catalogue/compile/lifecycle.h"

uint32_t place(struct emitting *e, uint32_t string)
{
    return strings_place(&e->b->strings, string);
}
uint32_t place_text(struct emitting *e, struct str chars)
{
    return place(e, strings_add(&e->b->strings, arena_copy(&e->b->arena, chars).ptr));
}
static struct str text(struct emitting *e, uint32_t string)
{
    return strings_text(&e->b->strings, string);
}

/* ---- shapes ---- */

static uint32_t emit_extra(struct emitting *e, const struct build_member *m)
{
    struct cat_extra extra = {
        .query_name = place(e, m->query_name),
        .xml_namespace = place(e, m->xml_namespace),
        .query_wire = place(e, m->query_wire),
        .has_query = m->has_query,
        .query_flattened = m->query_flattened,
    };
    return pool_add(&e->extras, &extra, sizeof extra, sizeof extra);
}

static struct cat_member emit_member(struct emitting *e, const struct build_member *m)
{
    const struct build_shape *target = &LIST_AT(e->b->shapes, struct build_shape)[m->shape];
    uint32_t wire = m->own_wire ? m->own_wire : target->location_name;

    if (wire == 0)
        wire = m->name ? m->name : strings_add(&e->b->strings, "member");
    return (struct cat_member){
        .name = place(e, m->name),
        .wire = place(e, wire),
        .flags = m->flags & 0xfff,
        .has_own_wire = m->own_wire != 0,
        .shape = (target->number - 1) & 0xfffff,
        .extra = emit_extra(e, m) & 0xff,
        .location = m->location & 7,
        .ts = m->ts & 3,
    };
}

static uint32_t emit_members(struct emitting *e, const struct build_shape *s)
{
    struct cat_member *run = mem_alloc((s->member_count + 1) * sizeof *run);

    for (uint32_t i = 0; i < s->member_count; i++)
        run[i] = emit_member(e, &LIST_AT(e->b->members, struct build_member)[s->first_member + i]);
    /* A map's parts are "key" and "value" unless named otherwise. */
    for (uint32_t i = 0; s->type == CAT_MAP && i < s->member_count; i++)
        if (!run[i].has_own_wire)
            run[i].wire = place(e, strings_add(&e->b->strings, i ? "value" : "key"));
    uint32_t first = pool_add(&e->members, run, s->member_count * sizeof *run, sizeof *run);

    mem_free(run);
    return first;
}

static uint32_t emit_number(struct emitting *e, bool has, int64_t number)
{
    return has ? 1 + pool_add(&e->numbers, &number, sizeof number, sizeof number) : 0;
}

static uint32_t emit_constraint(struct emitting *e, const struct build_shape *s)
{
    struct cat_constraint_row row = {
        .pattern = place(e, s->pattern),
        .min = emit_number(e, s->has_min, s->min),
        .max = emit_number(e, s->has_max, s->max),
        .enum_count = s->enum_count,
    };
    uint32_t *run = mem_alloc((s->enum_count + 1) * sizeof *run);

    for (uint32_t i = 0; i < s->enum_count; i++)
        run[i] = place(e, LIST_AT(e->b->enums, uint32_t)[s->first_enum + i]);
    row.first_enum = pool_add(&e->enums, run, s->enum_count * sizeof *run, sizeof *run);
    mem_free(run);
    return pool_add(&e->constraints, &row, sizeof row, sizeof row);
}

static uint32_t emit_rare(struct emitting *e, const struct build_shape *s)
{
    struct cat_rare rare = {
        .location_name = place(e, s->location_name),
        .xml_namespace = place(e, s->xml_namespace),
        .error_code = place(e, s->error_code),
        .http_status = s->http_status,
    };
    return pool_add(&e->rares, &rare, sizeof rare, sizeof rare);
}

static void emit_shape(struct emitting *e, const struct build_shape *s)
{
    struct cat_shape row = {
        .name = s->type == CAT_STRUCTURE ? place(e, s->name) : 0,
        .flags = s->flags & 0xfff,
        .type = s->type & 0xf,
        .ts = s->ts & 3,
        .rare = emit_rare(e, s) & 0x3fffff,
        .first_member = emit_members(e, s),
        .member_count = s->member_count & 0xfff,
        .payload = s->payload & 0xfff,
        .constraint = emit_constraint(e, s),
    };
    LIST_ADD(&e->sections[CAT_SEC_SHAPES], struct cat_shape, row);
}

/* ---- operations and services ---- */

static uint32_t shape_number(struct emitting *e, uint32_t shape)
{
    return LIST_AT(e->b->shapes, struct build_shape)[shape].number; /* 1 + index */
}

static void emit_op(struct emitting *e, const struct build_op *op, uint16_t service)
{
    uint32_t *run = mem_alloc((op->error_count + 1) * sizeof *run);

    for (uint32_t i = 0; i < op->error_count; i++)
        run[i] = shape_number(e, LIST_AT(e->b->errors, uint32_t)[op->first_error + i]) - 1;
    struct cat_op row = {
        .name = place(e, op->name),
        .key = place(e, op->key),
        .method = place(e, op->method),
        .uri = place(e, op->uri),
        .host_prefix = place(e, op->host_prefix),
        .result_wrapper = place(e, op->result_wrapper),
        .input = op->input ? shape_number(e, op->input - 1) & 0xfffff : 0,
        .output = op->output ? shape_number(e, op->output - 1) & 0xfffff : 0,
        .first_error = pool_add(&e->errors, run, op->error_count * sizeof *run, sizeof *run),
        .error_count = op->error_count & 0x7f,
        .status = op->status & 0x3ff,
        .flags = op->flags,
        .service = service & 0x3ff,
    };
    mem_free(run);
    LIST_ADD(&e->sections[CAT_SEC_OPS], struct cat_op, row);
}

static void emit_service(struct emitting *e, const struct build_service *s, uint16_t index)
{
    struct cat_service row = s->row;
    uint32_t *strings[] = { &row.name,
                            &row.service_id,
                            &row.signing_name,
                            &row.endpoint_prefix,
                            &row.target_prefix,
                            &row.api_version,
                            &row.xml_namespace,
                            &row.json_version,
                            &row.global_endpoint,
                            &row.uid };

    for (size_t i = 0; i < COUNT(strings); i++)
        *strings[i] = place(e, *strings[i]);
    row.first_op = s->first_op;
    row.op_count = (uint16_t)s->op_count;
    LIST_ADD(&e->sections[CAT_SEC_SERVICES], struct cat_service, row);
    for (uint32_t i = 0; i < s->op_count; i++)
        emit_op(e, &LIST_AT(e->b->service_ops, struct build_op)[s->first_op + i], index);
}

/* ---- hashes ---- */

static void hash_start(struct emitting *e, enum cat_section id, uint32_t entries)
{
    uint32_t count = 16;

    while (count * 3 / 4 < entries)
        count *= 2;
    memset(buf_reserve(&e->sections[id], count * sizeof(cat_slot)), 0, count * sizeof(cat_slot));
    e->sections[id].len = count * sizeof(cat_slot);
}

static void hash_add(struct emitting *e, enum cat_section id, uint64_t hash, uint32_t index)
{
    cat_slot *slots = LIST_AT(e->sections[id], cat_slot);
    uint32_t mask = LIST_COUNT(e->sections[id], cat_slot) - 1;

    while (slots[hash & mask])
        hash++;
    slots[hash & mask] = index + 1;
}

static void hash_op(struct emitting *e, const struct build_service *s, uint32_t service,
                    uint32_t index)
{
    const struct build_op *op = &LIST_AT(e->b->service_ops, struct build_op)[index];
    struct str name = text(e, op->name), key = text(e, op->key);

    hash_add(e, CAT_SEC_BY_OP, cat_hash_two(service, key), index);
    if (op->name != op->key)
        hash_add(e, CAT_SEC_BY_OP, cat_hash_two(service, name), index);
    if (s->row.target_prefix) {
        struct str whole = text(e, s->row.target_prefix), head, tail;

        hash_add(e, CAT_SEC_BY_TARGET, cat_hash_two(str_hash(whole), name), index);
        if (str_rcut(whole, '.', &head, &tail))
            hash_add(e, CAT_SEC_BY_TARGET, cat_hash_two(str_hash(tail), name), index);
    }
    if (s->row.protocols & (1u << CAT_QUERY | 1u << CAT_EC2))
        hash_add(e, CAT_SEC_BY_ACTION, str_hash(name), index);
}

static void emit_hashes(struct emitting *e)
{
    uint32_t services = LIST_COUNT(e->b->services, struct build_service);
    uint32_t ops = LIST_COUNT(e->b->service_ops, struct build_op);

    hash_start(e, CAT_SEC_BY_NAME, services);
    hash_start(e, CAT_SEC_BY_PREFIX, services);
    hash_start(e, CAT_SEC_BY_ENDPOINT, services);
    hash_start(e, CAT_SEC_BY_SIGNING, LIST_COUNT(e->b->routes->groups, struct route_group));
    hash_start(e, CAT_SEC_BY_OP, ops + ops / 50);
    hash_start(e, CAT_SEC_BY_TARGET, ops / 2);
    hash_start(e, CAT_SEC_BY_ACTION, ops / 4);
    for (uint32_t i = 0; i < services; i++) {
        const struct build_service *s = &LIST_AT(e->b->services, struct build_service)[i];

        hash_add(e, CAT_SEC_BY_NAME, str_hash(text(e, s->row.name)), i);
        hash_add(e, CAT_SEC_BY_ENDPOINT, str_hash(text(e, s->row.endpoint_prefix)), i);
        if (s->row.target_prefix) {
            struct str whole = text(e, s->row.target_prefix), head, tail;

            hash_add(e, CAT_SEC_BY_PREFIX, str_hash(whole), i);
            if (str_rcut(whole, '.', &head, &tail))
                hash_add(e, CAT_SEC_BY_PREFIX, str_hash(tail), i);
        }
        for (uint32_t j = 0; j < s->op_count; j++)
            hash_op(e, s, i, s->first_op + j);
    }
    for (uint32_t i = 0; i < LIST_COUNT(e->b->routes->groups, struct route_group); i++)
        hash_add(e, CAT_SEC_BY_SIGNING,
                 str_hash(text(e, LIST_AT(e->b->routes->groups, struct route_group)[i].signing)),
                 i);
}

/* ---- the file ---- */

static void emit_sections(struct emitting *e)
{
    static const struct cat_extra no_extra;
    static const struct cat_rare no_rare;
    static const struct cat_constraint_row no_constraint;
    struct build *b = e->b;

    (void)pool_add(&e->extras, &no_extra, sizeof no_extra, sizeof no_extra);
    (void)pool_add(&e->rares, &no_rare, sizeof no_rare, sizeof no_rare);
    (void)pool_add(&e->constraints, &no_constraint, sizeof no_constraint, sizeof no_constraint);
    for (uint32_t i = 0; i < LIST_COUNT(b->order, uint32_t); i++)
        emit_shape(e, &LIST_AT(b->shapes, struct build_shape)[LIST_AT(b->order, uint32_t)[i]]);
    for (uint32_t i = 0; i < LIST_COUNT(b->services, struct build_service); i++)
        emit_service(e, &LIST_AT(b->services, struct build_service)[i], (uint16_t)i);
    for (uint32_t i = 0; i < LIST_COUNT(b->exceptions, uint32_t); i++)
        LIST_ADD(&e->sections[CAT_SEC_EXCEPTIONS], uint32_t,
                 shape_number(e, LIST_AT(b->exceptions, uint32_t)[i]) - 1);
    emit_routes(e);
    hints_place(b, &e->sections[CAT_SEC_PAGES], &e->sections[CAT_SEC_READIES]);
    e->sections[CAT_SEC_MEMBERS] = buf_take(&e->members.out);
    e->sections[CAT_SEC_RARES] = buf_take(&e->rares.out);
    e->sections[CAT_SEC_EXTRAS] = buf_take(&e->extras.out);
    e->sections[CAT_SEC_CONSTRAINTS] = buf_take(&e->constraints.out);
    e->sections[CAT_SEC_NUMBERS] = buf_take(&e->numbers.out);
    e->sections[CAT_SEC_ENUMS] = buf_take(&e->enums.out);
    e->sections[CAT_SEC_ERRORS] = buf_take(&e->errors.out);
}

static void forget(struct emitting *e)
{
    pool_free(&e->members);
    pool_free(&e->extras);
    pool_free(&e->rares);
    pool_free(&e->constraints);
    pool_free(&e->numbers);
    pool_free(&e->enums);
    pool_free(&e->errors);
    for (int i = 0; i < CAT_SEC_COUNT; i++)
        buf_free(&e->sections[i]);
}

/* What the bit-fields of catalogue.h can hold. */
static int check_widths(const struct emitting *e, struct err *err)
{
    static const struct {
        enum cat_section id;
        uint32_t limit;
        const char *what;
    } widths[] = {
        { CAT_SEC_STRINGS, 1u << 24, "bytes of strings" },
        { CAT_SEC_SHAPES, 1u << 20, "shapes" },
        { CAT_SEC_MEMBERS, 1u << 20, "members" },
        { CAT_SEC_RARES, 1u << 22, "shapes with something rare" },
        { CAT_SEC_EXTRAS, 1u << 8, "extras" },
        { CAT_SEC_CONSTRAINTS, 1u << 20, "constraints" },
        { CAT_SEC_SERVICES, 1u << 10, "services" },
        { CAT_SEC_ERRORS, 1u << 17, "errors" },
        { CAT_SEC_LIFE_STRINGS, 1u << 21, "bytes of nouns and paths" },
        { CAT_SEC_LIFE_TYPES, 1u << 14, "types" },
        { CAT_SEC_LIFE_BINDINGS, 1u << 20, "bindings" },
    };
    for (size_t i = 0; i < COUNT(widths); i++) {
        size_t count = e->sections[widths[i].id].len / cat_element_bytes(widths[i].id);

        if (count >= widths[i].limit)
            return err_set(err, E_LIMIT, "%zu %s: the format holds %u", count, widths[i].what,
                           widths[i].limit);
    }
    return 0;
}

static void join_sections(struct emitting *e, struct buf *file)
{
    struct cat_header h = { .version = CAT_VERSION, .order = CAT_ORDER, .sizes = cat_sizes() };
    struct cat_section_row rows[CAT_SEC_COUNT] = { 0 };
    size_t offset = sizeof h + sizeof rows;

    for (int i = 0; i < CAT_SEC_COUNT; i++) {
        offset = (offset + 15) & ~(size_t)15;
        rows[i].offset = offset;
        rows[i].element_bytes = cat_element_bytes((enum cat_section)i);
        rows[i].count = (uint32_t)(e->sections[i].len / rows[i].element_bytes);
        offset += e->sections[i].len;
    }
    memcpy(h.magic, CAT_MAGIC, sizeof h.magic);
    h.file_bytes = offset;
    h.check = cat_check_sum(&h, rows);
    buf_add(file, (struct str){ (const char *)&h, sizeof h });
    buf_add(file, (struct str){ (const char *)rows, sizeof rows });
    for (int i = 0; i < CAT_SEC_COUNT; i++) {
        while (file->len < rows[i].offset)
            buf_add_char(file, 0);
        buf_add(file, buf_view(&e->sections[i]));
    }
}

int emit_file(struct build *b, const char *path, struct err *err)
{
    struct emitting e = { .b = b };
    struct buf file = { 0 };

    emit_sections(&e);
    forget(&e);
    strings_lay_out(&b->strings, &e.sections[CAT_SEC_STRINGS]);
    emit_sections(&e);
    emit_hashes(&e);
    int rc = lifecycle_emit(&e, err);

    if (rc == 0)
        rc = check_widths(&e, err);
    if (rc == 0) {
        join_sections(&e, &file);
        rc = fs_replace_fast(path, buf_view(&file), err);
    }
    buf_free(&file);
    forget(&e);
    return rc;
}
