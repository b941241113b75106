/* A catalogue that a disk or a copy has damaged: an error on opening, or wrong answers, never a
 * crash. Runs on a copy of the real one; the sanitizer builds make it sharp. */
#include <stdlib.h>

#include "core/base/fs.h"
#include "core/base/rng.h"
#include "emulator/catalogue/format.h"
#include "emulator/wire/wire.h"
#include "tests/unit/check.h"

static struct arena arena;
static const char *dir, *path;
static struct buf whole;

static int start(void **state)
{
    const char *real = getenv("MOCKTRAIL_CATALOGUE");
    struct err err = { 0 };

    (void)state;
    dir = check_dir(&arena);
    path = arena_printf(&arena, "%s/catalogue.bin", dir).ptr;
    check_ok(fs_read(real ? real : "build/catalogue.bin", &whole, &err), &err);
    return 0;
}
static int end(void **state)
{
    (void)state;
    check_dir_end(dir);
    buf_free(&whole);
    arena_free(&arena);
    return 0;
}

/* Opens bytes as a catalogue; what was said goes to err. */
static int open_bytes(struct str bytes, struct cat **cat, struct err *err)
{
    *err = (struct err){ 0 };
    *cat = NULL;
    assert_int_equal(fs_replace_fast(path, bytes, NULL), 0);
    return cat_open(cat, path, err);
}

static void must_refuse(struct str bytes, const char *why)
{
    struct cat *cat;
    struct err err;

    assert_int_equal(open_bytes(bytes, &cat, &err), E_PARSE);
    assert_null(cat);
    assert_true(str_find(str_c(err.text), str_c(why)) >= 0);
    assert_true(str_find(str_c(err.text), STR("run make")) >= 0);
}

static void every_truncation_is_refused(void **state)
{
    static const size_t lengths[] = { 1, 7, 39, 40, 100, 1000, 100000 };

    (void)state;
    must_refuse((struct str){ whole.ptr, 0 }, "not a catalogue");
    for (size_t i = 0; i < COUNT(lengths); i++)
        must_refuse(str_sub(buf_view(&whole), 0, lengths[i]),
                    lengths[i] < 500 ? "too short" : "truncated");
    must_refuse(str_sub(buf_view(&whole), 0, whole.len - 1), "truncated");
}

static void every_flip_in_the_head_is_refused(void **state)
{
    size_t head = sizeof(struct cat_header) + CAT_SEC_COUNT * sizeof(struct cat_section_row);
    struct cat *cat;
    struct err err;

    (void)state;
    for (size_t i = 0; i < head; i += 3) {
        whole.ptr[i] ^= 0x10;
        assert_int_equal(open_bytes(buf_view(&whole), &cat, &err), E_PARSE);
        whole.ptr[i] ^= 0x10;
    }
}

/* The section table lies, and the checksum agrees with it. */
static void a_section_outside_the_file_is_refused(void **state)
{
    struct cat_header *h = (void *)whole.ptr;
    struct cat_section_row *rows = (void *)(whole.ptr + sizeof *h);
    struct cat_header kept = *h;

    (void)state;
    for (int i = 0; i < CAT_SEC_COUNT; i++) {
        struct cat_section_row row = rows[i];

        rows[i].count = UINT32_MAX;
        h->check = cat_check_sum(h, rows);
        must_refuse(buf_view(&whole), "damaged");
        rows[i] = row;
        rows[i].offset = UINT64_MAX - 15;
        h->check = cat_check_sum(h, rows);
        must_refuse(buf_view(&whole), "damaged");
        rows[i] = row;
        rows[i].element_bytes++;
        h->check = cat_check_sum(h, rows);
        must_refuse(buf_view(&whole), "another version");
        rows[i] = row;
    }
    *h = kept;
}

static size_t look_at_shape(const struct cat *cat, const struct cat_shape *s)
{
    size_t seen = cat_str(cat, s->name).len + cat_constraint_at(cat, s).pattern.len;

    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct cat_member *m = cat_shape_member(cat, s, i);
        const struct cat_shape *target = cat_member_shape(cat, m);

        seen += cat_str(cat, m->wire).len + cat_query_flattened(cat, m);
        seen += cat_str(cat, cat_query_own_wire(cat, m)).len;
        seen += cat_enum_at(cat, target, 1).len + (size_t)cat_constraint_at(cat, target).max;
    }
    return seen;
}

/* Touches whatever an index or offset of the file leads to. */
static size_t look_around(const struct cat *cat)
{
    static const char *const paths[] = { "/", "/b/k", "/2015-03-31/functions/f",
                                         "/portals/a/b/identityProviders", "/v2/apis/a" };
    static const char *const signers[] = { "s3", "lambda", "workspaces-web", "apigateway", "" };
    size_t seen = 0;

    for (uint32_t i = 0; i < cat_op_count(cat); i += 7) {
        const struct cat_op *op = cat_op_at(cat, i);
        const struct cat_service *s = cat_op_service(cat, op);

        seen += cat_op_find(cat, s, cat_str(cat, op->key)) != NULL;
        seen +=
            cat_op_by_target(cat, cat_str(cat, s->target_prefix), cat_str(cat, op->name)) != NULL;
        seen += cat_op_error(cat, op, STR("NoSuchThing")) != NULL;
        if (cat_op_input(cat, op))
            seen += look_at_shape(cat, cat_op_input(cat, op));
        if (cat_op_output(cat, op))
            seen += look_at_shape(cat, cat_op_output(cat, op));
    }
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct http_header sign = { STR("authorization"),
                                    arena_printf(&arena,
                                                 "AWS4-HMAC-SHA256 Credential=A/1/us-east-1/"
                                                 "%s/aws4_request,",
                                                 signers[i]) };
        struct request q = {
            .method = STR("GET"), .path = str_c(paths[i]), .headers = &sign, .header_count = 1
        };
        struct route r;

        wire_identify(&arena, cat, &q, &r);
        seen += r.action.len;
    }
    return seen;
}

static void flips_in_the_body_never_crash(void **state)
{
    size_t head = sizeof(struct cat_header) + CAT_SEC_COUNT * sizeof(struct cat_section_row);
    struct rng rng;
    struct cat *cat;
    struct err err;
    size_t seen = 0;

    (void)state;
    rng_init(&rng, 1, 1);
    for (int round = 0; round < 24; round++) {
        /* each round adds to the damage of the last, up to every hundredth byte */
        for (int i = 0; i < 200 << (round / 3); i++)
            whole.ptr[head + 1 + rng_below(&rng, whole.len - head - 2)] = (char)rng_u64(&rng);
        if (open_bytes(buf_view(&whole), &cat, &err) < 0)
            continue; /* the first and last bytes of the strings are checked */
        seen += look_around(cat);
        cat_close(cat);
    }
    assert_true(seen > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_flip_in_the_head_is_refused),
        cmocka_unit_test(a_section_outside_the_file_is_refused),
        cmocka_unit_test(flips_in_the_body_never_crash),
    };

    return cmocka_run_group_tests_name("catalogue, damaged", tests, start, end);
}
