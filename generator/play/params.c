#include "generator/play/params.h"

#include "core/base/clock.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/wire/shape.h"
#include "emulator/wire/wire.h"
#include "generator/scenario/near.h"

/* What is being built: where messages point to, and to which member. */
struct build {
    struct arena *a;
    const struct params *p;
    struct err *err;
    bool names_only;
};

static int build_value(const struct build *b, struct slot s, const struct value *v,
                       struct value **out);

static int wrong(const struct build *b, const struct value *v, struct slot s, const char *want)
{
    struct place at = b->p->at;

    if (v->line > 0)
        at.line = v->line;
    struct str name = v->name.len > 0 ? v->name : slot_name(s);
    return place_fail(at, b->err, "%.*s: expected %s", STR_ARG(name), want);
}

static struct str op_name(const struct params *p)
{
    return cat_str(p->cat, p->op->name);
}

static int no_member(const struct build *b, struct slot s, const struct value *v)
{
    struct near near = near_start(v->name);
    struct place at = b->p->at;

    if (v->line > 0)
        at.line = v->line;
    for (uint32_t i = 0; i < s.shape->member_count; i++)
        near_try(&near, slot_name(slot_at(s, i)));
    struct str best = near_best(&near);
    return place_fail(at, b->err, "'%.*s': expected a parameter of %.*s%s%.*s", STR_ARG(v->name),
                      STR_ARG(op_name(b->p)), best.len > 0 ? "; did you mean " : "", STR_ARG(best));
}

static int build_structure(const struct build *b, struct slot s, const struct value *v,
                           struct value **out)
{
    struct value *map = value_map(b->a);
    uint32_t hint = 0;

    if (v->kind != VALUE_MAP)
        return wrong(b, v, s, "names with values");
    for (const struct value *k = value_first(v); k; k = k->next) {
        struct value *built;
        struct slot member;

        if (!slot_find_name(s, k->name, &hint, &member))
            return no_member(b, s, k);
        if (k->kind == VALUE_NULL)
            continue;
        int rc = build_value(b, member, k, &built);
        if (rc < 0)
            return rc;
        value_set(map, slot_name(member), built);
    }
    *out = map;
    return 0;
}

static int build_list(const struct build *b, struct slot s, const struct value *v,
                      struct value **out)
{
    struct value *list = value_list(b->a);

    if (v->kind != VALUE_LIST)
        return wrong(b, v, s, "a list");
    for (const struct value *k = value_first(v); k; k = k->next) {
        struct value *built;
        int rc = build_value(b, slot_at(s, 0), k, &built);

        if (rc < 0)
            return rc;
        value_push(list, built);
    }
    *out = list;
    return 0;
}

static int build_map(const struct build *b, struct slot s, const struct value *v,
                     struct value **out)
{
    struct value *map = value_map(b->a);

    if (v->kind != VALUE_MAP)
        return wrong(b, v, s, "names with values");
    for (const struct value *k = value_first(v); k; k = k->next) {
        struct value *built;
        int rc = build_value(b, slot_at(s, 1), k, &built);

        if (rc < 0)
            return rc;
        value_set(map, k->name, built);
    }
    *out = map;
    return 0;
}

static int build_string(const struct build *b, struct slot s, const struct value *v,
                        struct value **out)
{
    struct buf text = { 0 };

    (void)s; /* any value has a text */
    if (v->kind == VALUE_STRING)
        *out = value_str(b->a, v->u.text);
    else if (v->kind == VALUE_INT || v->kind == VALUE_BOOL)
        *out = value_str(b->a, value_to_text(b->a, v));
    else {
        json_write(&text, v);
        *out = value_str(b->a, arena_copy(b->a, buf_view(&text)));
        buf_free(&text);
    }
    return 0;
}

static int build_integer(const struct build *b, struct slot s, const struct value *v,
                         struct value **out)
{
    int64_t n;

    if (v->kind != VALUE_INT && (v->kind != VALUE_STRING || !str_to_i64(v->u.text, &n)))
        return wrong(b, v, s, "a whole number");
    *out = value_int(b->a, v->kind == VALUE_INT ? v->u.integer : n);
    return 0;
}

static int build_real(const struct build *b, struct slot s, const struct value *v,
                      struct value **out)
{
    double d = v->kind == VALUE_INT ? (double)v->u.integer : 0;

    if (v->kind == VALUE_FLOAT)
        d = v->u.real;
    else if (v->kind != VALUE_INT && (v->kind != VALUE_STRING || !str_to_f64(v->u.text, &d)))
        return wrong(b, v, s, "a number");
    *out = value_float(b->a, d);
    return 0;
}

static int build_boolean(const struct build *b, struct slot s, const struct value *v,
                         struct value **out)
{
    struct str text = value_to_text(b->a, v);

    if (!str_eq_c(text, "true") && !str_eq_c(text, "false"))
        return wrong(b, v, s, "true or false");
    *out = value_bool(b->a, str_eq_c(text, "true"));
    return 0;
}

static int build_time(const struct build *b, struct slot s, const struct value *v,
                      struct value **out)
{
    int64_t ms;

    if (v->kind == VALUE_INT)
        ms = v->u.integer * 1000;
    else if (v->kind != VALUE_STRING || clock_parse(v->u.text, &ms, NULL) < 0)
        return wrong(b, v, s, "a time such as 2026-01-05T09:00:00Z");
    *out = value_time(b->a, ms);
    return 0;
}

static int build_blob(const struct build *b, struct slot s, const struct value *v,
                      struct value **out)
{
    int rc = build_string(b, s, v, out);

    if (rc == 0)
        *out = value_blob(b->a, (*out)->u.text);
    return rc;
}

static int build_value(const struct build *b, struct slot s, const struct value *v,
                       struct value **out)
{
    static int (*const builders[])(const struct build *, struct slot, const struct value *,
                                   struct value **) = {
        [CAT_STRUCTURE] = build_structure,
        [CAT_LIST] = build_list,
        [CAT_MAP] = build_map,
        [CAT_STRING] = build_string,
        [CAT_BLOB] = build_blob,
        [CAT_BOOLEAN] = build_boolean,
        [CAT_INTEGER] = build_integer,
        [CAT_LONG] = build_integer,
        [CAT_FLOAT] = build_real,
        [CAT_DOUBLE] = build_real,
        [CAT_TIMESTAMP] = build_time,
    };
    bool is_open = v->kind == VALUE_STRING && str_find(v->u.text, STR("${")) >= 0;

    if (slot_is_document(s) || (b->names_only && is_open)) {
        *out = value_copy(b->a, v);
        return 0;
    }
    return builders[s.shape->type](b, s, v, out);
}

/* What a client makes up when it is not given. Source: Smithy 2.0 specification,
 * "idempotencyToken trait". */
static void draw_tokens(const struct build *b, struct slot root, struct value *params)
{
    char uuid[37];

    for (uint32_t i = 0; b->p->rng && i < root.shape->member_count; i++) {
        struct slot m = slot_at(root, i);

        if (!(m.member->flags & CAT_M_IDEMPOTENCY) || value_get(params, slot_name(m)))
            continue;
        rng_uuid(b->p->rng, uuid);
        value_put_c(b->a, params, arena_copy(b->a, slot_name(m)).ptr, uuid);
    }
}

static int check_needed(const struct build *b, struct slot root, const struct value *params)
{
    for (uint32_t i = 0; i < root.shape->member_count; i++) {
        struct slot m = slot_at(root, i);

        if ((m.member->flags & CAT_M_REQUIRED) && !(m.member->flags & CAT_M_IDEMPOTENCY) &&
            !value_get(params, slot_name(m)))
            return place_fail(b->p->at, b->err, "%.*s: expected the parameter '%.*s'",
                              STR_ARG(op_name(b->p)), STR_ARG(slot_name(m)));
    }
    return 0;
}

/* The payload of a streaming input is the body. */
static void split_body(const struct build *b, struct slot root, struct value *params,
                       struct body *body)
{
    struct slot payload;

    if (!wire_streams_input(b->p->cat, b->p->op) || !slot_payload(root, &payload))
        return;
    const struct value *v = value_get(params, slot_name(payload));
    if (v)
        *body = (struct body){ .text = v->u.text, .len = (int64_t)v->u.text.len };
    (void)value_remove(params, slot_name(payload)); /* absent is an empty body */
}

static int build_all(const struct build *b, const struct value *with, struct value **out,
                     struct body *body)
{
    const struct cat_shape *input = cat_op_input(b->p->cat, b->p->op);
    struct value *params = value_map(b->a);
    int rc = 0;

    if (!input) {
        if (value_first(with))
            return place_fail(b->p->at, b->err, "%.*s: expected no parameters",
                              STR_ARG(op_name(b->p)));
        *out = params;
        return 0;
    }
    struct slot root = slot_root(b->p->cat, input);
    if (with)
        rc = build_structure(b, root, with, &params);
    if (rc == 0)
        rc = check_needed(b, root, params);
    if (rc < 0)
        return rc;
    draw_tokens(b, root, params);
    if (body)
        split_body(b, root, params, body);
    *out = params;
    return 0;
}

int params_build(struct arena *a, const struct params *p, const struct value *with,
                 struct value **out, struct body *body, struct err *err)
{
    *body = (struct body){ 0 };
    return build_all(&(struct build){ .a = a, .p = p, .err = err }, with, out, body);
}

int params_check(struct arena *a, const struct params *p, const struct value *with, struct err *err)
{
    struct value *out;

    return build_all(&(struct build){ .a = a, .p = p, .err = err, .names_only = true }, with, &out,
                     NULL);
}

static int no_service(const struct cat *cat, struct place at, struct str name, struct err *err)
{
    struct near near = near_start(name);

    for (uint32_t i = 0; i < cat_service_count(cat); i++)
        near_try(&near, cat_str(cat, cat_service_at(cat, i)->name));
    struct str best = near_best(&near);
    return place_fail(at, err, "'%.*s': expected a service as boto3 names it%s%.*s", STR_ARG(name),
                      best.len > 0 ? "; did you mean " : "", STR_ARG(best));
}

int params_find_op(const struct cat *cat, struct place at, struct str call,
                   const struct cat_op **out, struct err *err)
{
    struct str service_name, action;
    const struct cat_service *service = NULL;

    if (str_cut(call, '.', &service_name, &action))
        service = cat_service_find(cat, service_name);
    if (!service)
        return no_service(cat, at, service_name, err);
    *out = cat_op_find(cat, service, action);
    if (*out)
        return 0;
    struct near near = near_start(action);
    for (uint32_t i = 0; i < service->op_count; i++)
        near_try(&near, cat_str(cat, cat_op_at(cat, service->first_op + i)->name));
    struct str best = near_best(&near);
    return place_fail(at, err, "'%.*s': expected an operation of %.*s%s%.*s", STR_ARG(action),
                      STR_ARG(service_name), best.len > 0 ? "; did you mean " : "", STR_ARG(best));
}
