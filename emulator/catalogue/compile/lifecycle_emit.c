/* What was inferred becomes the sections that lifecycle.h reads. */
#include "emulator/catalogue/compile/lifecycle.h"
#include "emulator/catalogue/hints.h"

struct writing {
    struct emitting *e;
    struct infer *in;
    struct strings strings;
    struct pool bindings;
    bool is_laid_out;
};

static uint32_t text_at(struct writing *w, struct str text)
{
    uint32_t number = strings_add(&w->strings, arena_copy(w->in->a, text).ptr);

    return strings_place(&w->strings, number);
}

/* ---- errors ---- */

static uint32_t error_like(const struct writing *w, const struct cat_op *op,
                           const char *const *words, struct str noun)
{
    const struct infer *in = w->in;

    for (; *words; words++)
        for (uint32_t i = 0; i < op->error_count; i++) {
            uint32_t shape =
                *(const uint32_t *)cat_element(in->cat, CAT_SEC_ERRORS, op->first_error + i);
            struct str name = cat_str(in->cat, cat_shape_at(in->cat, shape)->name);

            if (str_find(name, str_c(*words)) >= 0 && str_find(noun_normal(in->a, name), noun) >= 0)
                return shape + 1;
        }
    return 0;
}

static uint32_t error_for(const struct writing *w, const struct cat_op *op,
                          const char *const *words, struct str noun)
{
    uint32_t own = noun.len > 0 ? error_like(w, op, words, noun) : 0;

    return own ? own : error_like(w, op, words, STR(""));
}

static const char *const not_found_words[] = { "NotFound", "NoSuch",   "DoesNotExist", "NotExist",
                                               "Unknown",  "NonExist", "NotDefined",   NULL };
static const char *const exists_words[] = { "AlreadyExist", "Exists",    "Conflict",
                                            "InUse",        "Duplicate", NULL };

/* ---- types ---- */

/* A waiter that waits for the end says nothing about the beginning. */
static bool is_end(struct str waiter)
{
    static const char *const words[] = { "Delet",  "Stop",     "Terminat", "NotExist",
                                         "Disabl", "Deregist", "Cancel",   "Unassigned" };

    for (size_t i = 0; i < COUNT(words); i++)
        if (str_find(waiter, str_c(words[i])) >= 0)
            return true;
    return false;
}

static struct str ready_of(const struct infer *in, const struct type *t)
{
    const struct cat_op *seen[] = { t->get, t->list };

    for (size_t i = 0; i < COUNT(seen); i++) {
        uint32_t count = 0;
        const struct cat_ready *r = seen[i] ? cat_op_ready(in->cat, seen[i], &count) : NULL;

        for (uint32_t j = 0; r && j < count; j++)
            if (!is_end(cat_str(in->cat, r[j].waiter)))
                return cat_str(in->cat, r[j].expected);
    }
    return (struct str){ 0 };
}

static bool fits_status(const void *arg, struct str normal, const struct found *f)
{
    const struct infer *in = arg;

    return (str_has_suffix(normal, STR("status")) || str_has_suffix(normal, STR("state"))) &&
           cat_constraint_at(in->cat, cat_shape_at(in->cat, f->shape)).enum_count > 0;
}

/* 1 + the shape of its status, or 0. */
static uint32_t status_of(struct infer *in, const struct type *t)
{
    const struct cat_op *ops[] = { t->get, t->list, t->create };
    struct found f;

    for (size_t i = 0; i < COUNT(ops); i++)
        if (ops[i] && shape_search(in, cat_op_output(in->cat, ops[i]), 3, fits_status, in, &f))
            return f.shape + 1;
    return 0;
}

static bool is_literal(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!(s.ptr[i] >= 'a' && s.ptr[i] <= 'z') && !(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') &&
            !(s.ptr[i] >= '0' && s.ptr[i] <= '9') && s.ptr[i] != '-' && s.ptr[i] != '_')
            return false;
    return s.len > 0;
}

/* The next part of a pattern up to a colon outside of brackets. */
static struct str next_part(struct str *pattern)
{
    int depth = 0;
    size_t i = 0;

    for (; i < pattern->len; i++) {
        char c = pattern->ptr[i];

        if (c == '\\')
            i++;
        else if (c == '[' || c == '(')
            depth++;
        else if (c == ']' || c == ')')
            depth--;
        else if (c == ':' && depth <= 0)
            break;
    }
    struct str part = str_sub(*pattern, 0, i < pattern->len ? i : pattern->len);

    *pattern = str_sub(*pattern, part.len + 1, pattern->len);
    return part;
}

/* ^arn:aws[a-z-]*:ecs:[^:]+:[0-9]{12}:cluster/.+$ -> "ecs:cluster/"; empty when it says less. */
static struct str arn_of_pattern(struct infer *in, struct str pattern)
{
    struct str parts[7];
    ptrdiff_t at = str_find(pattern, STR("arn:"));

    if (at < 0)
        return (struct str){ 0 };
    pattern = str_sub(pattern, (size_t)at, pattern.len);
    for (size_t i = 0; i < COUNT(parts); i++)
        parts[i] = next_part(&pattern);
    if (!is_literal(parts[2]))
        parts[2] = cat_str(in->cat, in->service->signing_name);
    if (is_literal(parts[5]) && parts[6].len > 0)
        return arena_printf(in->a, "%.*s:%.*s:", STR_ARG(parts[2]), STR_ARG(parts[5]));
    struct str kind, rest;

    if (parts[5].len > 0 && parts[5].ptr[0] == '/')
        parts[5] = str_sub(parts[5], 1, parts[5].len);
    if (str_cut(parts[5], '/', &kind, &rest) && is_literal(kind))
        return arena_printf(in->a, "%.*s:%.*s/", STR_ARG(parts[2]), STR_ARG(kind));
    return (struct str){ 0 };
}

static bool fits_arn(const void *arg, struct str normal, const struct found *f)
{
    const struct type *t = arg;

    (void)f;
    return str_eq_c(noun_identity(t->normal, normal), "arn");
}

static struct str arn_of(struct infer *in, const struct type *t)
{
    const struct cat_op *ops[] = { t->create, t->get, t->list };
    struct found f;

    for (size_t i = 0; i < COUNT(ops); i++) {
        if (!ops[i] || !shape_search(in, cat_op_output(in->cat, ops[i]), 3, fits_arn, t, &f))
            continue;
        struct str arn =
            arn_of_pattern(in, cat_constraint_at(in->cat, cat_shape_at(in->cat, f.shape)).pattern);

        if (arn.len > 0)
            return arn;
    }
    return (struct str){ 0 };
}

static void write_type(struct writing *w, const struct type *t)
{
    struct buf *keys = &w->e->sections[CAT_SEC_LIFE_KEYS];
    struct life_type row = {
        .name = text_at(w, t->name),
        .service = (uint32_t)(w->in->service - cat_service_at(w->in->cat, 0)),
        .first_key = LIST_COUNT(*keys, struct life_key),
        .key_count = t->key_count,
        .ready = text_at(w, ready_of(w->in, t)),
        .arn = text_at(w, arn_of(w->in, t)),
        .status = status_of(w->in, t),
        .create = t->create ? cat_op_index(w->in->cat, t->create) : UINT32_MAX,
    };
    for (uint32_t i = 0; i < t->key_count; i++)
        LIST_ADD(keys, struct life_key,
                 { .name = text_at(w, t->keys[i].name) & 0xffffff,
                   .source = (uint32_t)t->keys[i].source & 0xff,
                   .path = text_at(w, t->keys[i].path),
                   .shape = t->keys[i].shape,
                   .shown = text_at(w, t->keys[i].shown) });
    LIST_ADD(&w->e->sections[CAT_SEC_LIFE_TYPES], struct life_type, row);
}

static void write_op(struct writing *w, const struct life *op, uint32_t first_type)
{
    struct life_binding run[KEYS_MOST];
    struct str noun = op->type < 0 ? STR("") : w->in->types[op->type].normal;

    for (uint32_t i = 0; i < op->bound_count; i++)
        run[i] = (struct life_binding){ text_at(w, op->bound[i].path) & 0xffffff,
                                        op->bound[i].key & 0xff };
    struct life_op row = {
        .op = cat_op_index(w->in->cat, op->op) & 0xfffff,
        .type = op->type < 0 ? 0 : (first_type + (uint32_t)op->type + 1) & 0x3fff,
        .role = (unsigned)op->role & 0x1f,
        .binding_count = op->bound_count & 0xf,
        .text = text_at(w, op->text) & 0x1fffff,
        .first_binding =
            pool_add(&w->bindings, run, op->bound_count * sizeof *run, sizeof *run) & 0xfffff,
        .not_found = error_for(w, op->op, not_found_words, noun) & 0xfffff,
        .exists = error_for(w, op->op, exists_words, noun) & 0xfffff,
    };
    LIST_ADD(&w->e->sections[CAT_SEC_LIFE_OPS], struct life_op, row);
}

/* ---- services ---- */

static void read_service(struct infer *in, const struct cat_service *s)
{
    in->service = s;
    in->service_name = cat_str(in->cat, s->name);
    in->op_count = s->op_count;
    in->ops = arena_array(in->a, s->op_count + 1u, sizeof *in->ops);
    in->types = arena_array(in->a, s->op_count + 1u, sizeof *in->types);
    in->type_count = 0;
    for (uint32_t i = 0; i < s->op_count; i++) {
        struct life *op = &in->ops[i];

        op->op = cat_op_at(in->cat, s->first_op + i);
        op->name = cat_str(in->cat, op->op->key);
        op->type = -1;
        words_split(in, op);
    }
    rest_tags(in);
    types_find(in);
    bind_all(in);
    rest_all(in);
}

/* Types and operations of all services, as emit_sections does: twice, for the strings. */
static void write_all(struct writing *w)
{
    struct infer *in = w->in;

    for (uint32_t i = 0; i < cat_service_count(in->cat); i++) {
        struct arena_mark mark = arena_mark(in->a);
        uint32_t first_type = LIST_COUNT(w->e->sections[CAT_SEC_LIFE_TYPES], struct life_type);

        read_service(in, cat_service_at(in->cat, i));
        for (uint32_t j = 0; j < in->type_count; j++)
            write_type(w, &in->types[j]);
        for (uint32_t j = 0; j < in->op_count; j++)
            if (in->ops[j].role != LIFE_NONE)
                write_op(w, &in->ops[j], first_type);
        arena_rewind(in->a, mark);
    }
}

static void view_sections(const struct emitting *e, struct cat *cat)
{
    for (int i = 0; i < CAT_SEC_COUNT; i++)
        cat->sections[i] = (struct cat_view){ e->sections[i].ptr,
                                              (uint32_t)(e->sections[i].len / cat_element_bytes(i)),
                                              cat_element_bytes(i) };
}

int lifecycle_emit(struct emitting *e, struct err *err)
{
    struct cat cat = { 0 };
    struct arena a = { 0 };
    struct infer in = { .cat = &cat, .a = &a };
    struct writing w = { .e = e, .in = &in };
    int rc = words_load(&in, err);

    view_sections(e, &cat);
    if (rc == 0) {
        write_all(&w);
        strings_lay_out(&w.strings, &e->sections[CAT_SEC_LIFE_STRINGS]);
        buf_clear(&e->sections[CAT_SEC_LIFE_TYPES]);
        buf_clear(&e->sections[CAT_SEC_LIFE_KEYS]);
        buf_clear(&e->sections[CAT_SEC_LIFE_OPS]);
        pool_free(&w.bindings);
        write_all(&w);
        e->sections[CAT_SEC_LIFE_BINDINGS] = buf_take(&w.bindings.out);
        pool_free(&w.bindings);
    }
    arena_free(&a);
    return rc;
}
