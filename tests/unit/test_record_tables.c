/* Every row of fixtures/record/ is in order, sourced and reachable: its service and operation are
 * in the catalogue, its path leads to a member, its words are known. */
#include "tests/unit/check.h"

#include "core/base/embed.h"
#include "core/codec/json.h"
#include "emulator/record/plan.h"
#include "emulator/record/record.h"

static struct cat *cat;
static struct recorder *recorder;

static const struct file_case {
    const char *name;
    size_t columns;
    bool has_operations; /* the first two cells are a service and an operation */
    bool one_per_key;
} files[] = {
    { "services.tsv", 8, false, true },  { "names.tsv", 5, true, true },
    { "read_only.tsv", 3, true, true },  { "responses.tsv", 3, true, true },
    { "members.tsv", 6, true, false },   { "defaults.tsv", 5, true, false },
    { "resources.tsv", 6, true, false }, { "lookup.tsv", 4, true, false },
    { "ec2_sets.tsv", 6, false, true },  { "errors.tsv", 4, false, true },
};

static bool is_same_row(const struct table_row *a, const struct table_row *b, size_t cells)
{
    for (size_t i = 0; i < cells; i++)
        if (!str_eq(a->cell[i], b->cell[i]))
            return false;
    return true;
}

static void check_operation(const char *file, const struct table_row *row)
{
    const struct cat_service *s = cat_service_find(cat, row->cell[0]);

    if (str_eq(row->cell[0], STR("*")))
        return;
    if (!s)
        fail_msg("%s: no service %.*s", file, STR_ARG(row->cell[0]));
    else if (!str_eq(row->cell[1], STR("*")) && !cat_op_find(cat, s, row->cell[1]))
        fail_msg("%s: no operation %.*s.%.*s", file, STR_ARG(row->cell[0]), STR_ARG(row->cell[1]));
}

static void check_file(void **state)
{
    const struct file_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct table t;

    check_ok(table_load(&t, &a, c->name, c->columns, &err), &err);
    assert_true(t.count > 0);
    assert_true(str_find(embed_find(arena_printf(&a, "record/%s", c->name)), STR("# Source: ")) >=
                0);
    for (size_t i = 0; i < t.count; i++) {
        if (i > 0 && is_same_row(&t.rows[i - 1], &t.rows[i], c->one_per_key ? 2 : c->columns))
            fail_msg("%s: two rows for %.*s %.*s", c->name, STR_ARG(t.rows[i].cell[0]),
                     STR_ARG(t.rows[i].cell[1]));
        if (c->has_operations)
            check_operation(c->name, &t.rows[i]);
    }
    arena_free(&a);
}

static void each_service_row_names_a_service(void **state)
{
    (void)state;
    for (size_t i = 0; i < recorder->services.count; i++)
        if (!cat_service_find(cat, recorder->services.rows[i].cell[0]))
            fail_msg("no service %.*s", STR_ARG(recorder->services.rows[i].cell[0]));
}

/* Is a member called name at most depth levels below the shape? */
static bool has_member(const struct cat_shape *s, struct str name, unsigned depth)
{
    uint32_t count = s->type == CAT_LIST ? 1 : s->type == CAT_MAP ? 2 : s->member_count;

    for (uint32_t i = 0; depth > 0 && i < count; i++) {
        const struct cat_member *m = cat_shape_member(cat, s, i);

        if (str_eq(cat_str(cat, m->name), name) ||
            has_member(cat_member_shape(cat, m), name, depth - 1))
            return true;
    }
    return false;
}

static bool is_anywhere(const struct cat_op *op, struct str name)
{
    const struct cat_shape *in = cat_op_input(cat, op), *out = cat_op_output(cat, op);

    return (in && has_member(in, name, 6)) || (out && has_member(out, name, 6));
}

/* Has the plan a rule that the row made? */
static bool has_rule(const struct plan *p, const struct table_row *row)
{
    for (size_t i = 0; i < p->rule_count; i++)
        if (p->rules[i].row == row)
            return true;
    return false;
}

static bool leads_somewhere(const struct table_row *row)
{
    const struct cat_service *s = cat_service_find(cat, row->cell[0]);
    bool is_any = str_has_prefix(row->cell[3], STR("*."));

    for (uint32_t i = 0; s && i < s->op_count; i++) {
        const struct cat_op *op = cat_op_at(cat, s->first_op + i);

        if (!str_eq(row->cell[1], STR("*")) && !str_eq(row->cell[1], cat_str(cat, op->key)))
            continue;
        if (is_any ? is_anywhere(op, str_sub(row->cell[3], 2, row->cell[3].len))
                   : has_rule(plan_of(recorder, op), row))
            return true;
    }
    return false;
}

static void each_member_row_leads_to_a_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < recorder->members.count; i++) {
        const struct table_row *row = &recorder->members.rows[i];

        if (!leads_somewhere(row))
            fail_msg("members.tsv: %.*s.%.*s has no %.*s", STR_ARG(row->cell[0]),
                     STR_ARG(row->cell[1]), STR_ARG(row->cell[3]));
    }
}

static void an_operation_may_have_a_source_of_its_own(void **state)
{
    const struct cat_op *op = cat_op_find_c(cat, "s3", "ListDirectoryBuckets");

    (void)state;
    check_str(plan_of(recorder, op)->event_source, "s3express.amazonaws.com");
    op = cat_op_find_c(cat, "s3", "ListBuckets");
    check_str(plan_of(recorder, op)->event_source, "s3.amazonaws.com");
}

static void each_action_is_known(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < cat_op_count(cat); i++) {
        const struct plan *p = plan_of(recorder, cat_op_at(cat, i));

        for (size_t k = 0; k < p->rule_count; k++)
            if (p->rules[k].action == RULE_NONE)
                fail_msg("%.*s: a rule without an action", STR_ARG(p->service_name));
    }
}

static void each_default_is_json(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct value *v;

    for (size_t i = 0; i < recorder->defaults.count; i++)
        assert_int_equal(json_parse(&a, recorder->defaults.rows[i].cell[4], &v, NULL), 0);
    arena_free(&a);
}

/* Rows of the table text, and the failure that names the line. */
static void a_table_says_which_line_is_wrong(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct table t;

    assert_int_equal(table_parse(&t, &a, STR("# x\na\tb\tc\na\t-\n"), "t", 3, &err), E_PARSE);
    check_str(str_c(err.text), "record/t line 3: 2 cells where 3 belong");
    err = (struct err){ 0 };
    assert_int_equal(table_parse(&t, &a, STR("b\tb\na\tb"), "t", 2, &err), E_PARSE);
    check_str(str_c(err.text), "record/t line 2: out of order");
    arena_free(&a);
}

static void a_table_finds_all_rows_of_a_key(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct table t;
    size_t count;

    check_ok(table_parse(&t, &a, STR("a\tx\t1\na\ty\t2\na\ty\t-\nb\t*\t3"), "t", 3, NULL), NULL);
    const struct table_row *row = table_find(&t, STR("a"), STR("y"), &count);
    assert_int_equal(count, 2);
    check_str(row[0].cell[2], "2");
    check_str(row[1].cell[2], "");
    assert_null(table_find(&t, STR("a"), STR("z"), &count));
    check_str(table_find1(&t, STR("b"))->cell[2], "3");
    assert_null(table_find1(&t, STR("c")));
    arena_free(&a);
}

static int open_all(void **state)
{
    (void)state;
    struct err err = { 0 };

    check_ok(cat_open(&cat, "build/catalogue.bin", &err), &err);
    check_ok(recorder_open(&recorder, cat, &err), &err);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    recorder_close(recorder);
    cat_close(cat);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(each_service_row_names_a_service),
        cmocka_unit_test(each_member_row_leads_to_a_member),
        cmocka_unit_test(an_operation_may_have_a_source_of_its_own),
        cmocka_unit_test(each_action_is_known),
        cmocka_unit_test(each_default_is_json),
        cmocka_unit_test(a_table_says_which_line_is_wrong),
        cmocka_unit_test(a_table_finds_all_rows_of_a_key),
    };
    struct CMUnitTest tests[COUNT(files) + COUNT(others)];

    for (size_t i = 0; i < COUNT(files); i++)
        tests[i] = (struct CMUnitTest){ files[i].name, check_file, NULL, NULL, (void *)&files[i] };
    memcpy(tests + COUNT(files), others, sizeof others);
    return cmocka_run_group_tests_name("record tables", tests, open_all, close_all);
}
