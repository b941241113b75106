/* Requests as clients write them, read again: every operation of the catalogue, with a value for
 * each of its parameters, comes back as it went. */
#include "check.h"

#include <stdio.h>

#include "core/codec/json.h"
#include "emulator/wire/request.h"
#include "emulator/wire/shape.h"
#include "emulator/wire/wire.h"

#define DEPTH_MOST 4
#define NOW_MS     1767603600000ll /* 2026-01-05T09:00:00Z */

static struct cat *cat;

static int open_catalogue(void **state)
{
    struct err err = { 0 };

    (void)state;
    check_ok(cat_open(&cat, NULL, &err), &err);
    return 0;
}

static int close_catalogue(void **state)
{
    (void)state;
    cat_close(cat);
    return 0;
}

static struct value *sample(struct arena *a, struct slot s, int depth);

static struct value *sample_structure(struct arena *a, struct slot s, int depth)
{
    struct value *map = value_map(a);

    for (uint32_t i = 0; i < s.shape->member_count; i++) {
        struct slot m = slot_at(s, i);
        struct value *v = sample(a, m, depth + 1);

        if (v)
            value_append(map, slot_name(m), v);
        if (v && s.shape->flags & CAT_S_UNION)
            break;
    }
    return map->count == 0 && depth > 0 ? NULL : map; /* a form can't say that there is nothing */
}

static bool is_in_header(struct slot s)
{
    return s.member && (s.member->location == CAT_HEADER || s.member->location == CAT_HEADERS);
}

static struct value *sample_text(struct arena *a, struct slot s)
{
    if (s.member && s.member->flags & CAT_M_JSONVALUE)
        return NULL; /* a document in a header: its own codec's business */
    if (s.member && s.member->name && str_eq_c(slot_name(s), "Bucket"))
        return value_c(a, "bucket-1");
    return value_c(a, is_in_header(s) ? "plain text" : "a <b> & \"c\", d/e+f=%20 \xc3\xa9");
}

/* NULL: too deep, or nothing that could be compared. */
static struct value *sample(struct arena *a, struct slot s, int depth)
{
    struct value *kid, *all;

    if (slot_is_document(s) || s.shape->flags & (CAT_S_STREAMING | CAT_S_EVENTSTREAM) ||
        (s.member && s.member->flags & CAT_M_STREAMING))
        return NULL;
    switch ((enum cat_type)s.shape->type) {
    case CAT_STRUCTURE:
        return depth > DEPTH_MOST ? NULL : sample_structure(a, s, depth);
    case CAT_LIST:
        kid = sample(a, slot_at(s, 0), depth + 1);
        all = value_list(a);
        for (int i = 0; kid && i < 2; i++)
            value_push(all, value_copy(a, kid));
        return kid ? all : NULL;
    case CAT_MAP:
        kid = sample(a, slot_at(s, 1), depth + 1);
        all = value_map(a);
        if (kid)
            value_append(all, STR("some-key"), kid);
        return kid ? all : NULL;
    case CAT_STRING:
        return sample_text(a, s);
    case CAT_BLOB:
        return value_blob(a, STR("bytes \x01\x02"));
    case CAT_BOOLEAN:
        return value_bool(a, true);
    case CAT_INTEGER:
    case CAT_LONG:
        return value_int(a, 42);
    case CAT_FLOAT:
    case CAT_DOUBLE:
        return value_float(a, 2.5);
    case CAT_TIMESTAMP:
        return value_time(a, NOW_MS);
    }
    return NULL;
}

static struct str json_of(struct arena *a, const struct value *v)
{
    struct buf text = { 0 };

    json_write(&text, v);
    struct str out = arena_copy(a, buf_view(&text));
    buf_free(&text);
    return out;
}

/* What S3's addressing takes out of the path. */
static bool is_same(struct arena *a, const struct value *sent, const struct value *got)
{
    return value_equal(sent, got) || str_eq(json_of(a, sent), json_of(a, got));
}

static const char twin[] = "a twin";

/* Do both look the same on the wire? Services that share a signing name and their operations' names
 * (rds, docdb and neptune) or paths (wisdom and qconnect) can't be told apart by anybody. */
static bool is_twin(const struct cat_op *a, const struct cat_op *b)
{
    const struct cat_service *x = cat_op_service(cat, a), *y = cat_op_service(cat, b);
    bool same_name = str_eq(cat_str(cat, a->name), cat_str(cat, b->name));
    bool same_path = a->method == b->method && str_eq(cat_str(cat, a->uri), cat_str(cat, b->uri));

    return str_eq(cat_str(cat, x->signing_name), cat_str(cat, y->signing_name)) &&
           (same_name || (x == y && same_path));
}

/* Send it and read it. NULL: well; else what went wrong. */
static const char *round_trip(struct arena *a, const struct cat_op *op)
{
    const struct cat_service *service = cat_op_service(cat, op);
    const struct cat_shape *input = cat_op_input(cat, op);
    struct slot root = slot_root(cat, input);
    struct value *params = input ? sample_structure(a, root, 0) : value_map(a), *got = NULL;
    struct wire_signer by = { .access_key_id = STR("AKIAIOSFODNN7EXAMPLE"),
                              .secret = STR("secret"),
                              .region = STR("eu-west-1"),
                              .service = cat_str(cat, service->signing_name),
                              .host = arena_printf(a, "%.*s.eu-west-1.amazonaws.com",
                                                   STR_ARG(cat_str(cat, service->endpoint_prefix))),
                              .now_ms = NOW_MS };
    struct request q;
    struct route route;
    struct str code = { 0 };
    struct err err = { 0 };

    by.is_s3 = str_eq_c(by.service, "s3");
    wire_request(a, cat, op, params, (struct body){ 0 }, &q);
    wire_sign(a, &by, &q);
    wire_identify(a, cat, &q, &route);
    if (route.op && route.op != op && is_twin(route.op, op))
        return twin;
    if (route.op != op)
        return "another operation";
    if (wire_parse(a, cat, &q, &route, &got, &code, &err) < 0)
        return arena_printf(a, "%.*s: %s", STR_ARG(code), err.text).ptr;
    if (!is_same(a, params, got))
        return arena_printf(a, "sent %.*s\n  got  %.*s", STR_ARG(json_of(a, params)),
                            STR_ARG(json_of(a, got)))
            .ptr;
    return NULL;
}

static void every_operation_comes_back(void **state)
{
    struct arena a = { 0 };
    uint32_t good = 0, bad = 0, twins = 0;

    (void)state;
    for (uint32_t i = 0; i < cat_op_count(cat); i++) {
        const struct cat_op *op = cat_op_at(cat, i);

        if (op->flags & (CAT_O_RETIRED | CAT_O_NOAUTH) || wire_is_event_stream(op))
            continue;
        const char *wrong = round_trip(&a, op);
        bool is_well = !wrong || wrong == twin;
        if (!is_well && bad < 20)
            print_message("%.*s.%.*s: %.600s\n",
                          STR_ARG(cat_str(cat, cat_op_service(cat, op)->name)),
                          STR_ARG(cat_str(cat, op->name)), wrong);
        good += !wrong;
        twins += wrong == twin;
        bad += !is_well;
        arena_reset(&a);
    }
    arena_free(&a);
    print_message("%u operations came back, %u as their twins, %u did not\n", good, twins, bad);
    assert_true(good > 10000);
    assert_true(twins < good / 50);
    assert_true(bad == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_operation_comes_back) };

    return cmocka_run_group_tests_name("wire_request", tests, open_catalogue, close_catalogue);
}
