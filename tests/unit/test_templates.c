/* Every row of fixtures/lifecycle/answers.tsv and every template of fixtures/templates/ is in
 * order, sourced and reachable: its service, operation or type is in the catalogue, its JSON can be
 * read. */
#include "tests/unit/check.h"

#include "core/base/embed.h"
#include "core/codec/json.h"
#include "emulator/catalogue/lifecycle.h"

#define CELLS 5

static struct cat *cat;

static void check_answer(struct arena *a, const struct str cells[CELLS])
{
    static const char *const when[] = { "always", "unused", "default" };
    const struct cat_service *s = cat_service_find(cat, cells[0]);
    const struct cat_op *op = s ? cat_op_find(cat, s, cells[1]) : NULL;
    struct value *answer;
    struct err err = { 0 };
    bool known = false;

    if (!op)
        fail_msg("no operation %.*s.%.*s", STR_ARG(cells[0]), STR_ARG(cells[1]));
    for (size_t i = 0; i < COUNT(when); i++)
        known = known || str_eq_c(cells[2], when[i]);
    if (!known)
        fail_msg("%.*s: when %.*s?", STR_ARG(cells[1]), STR_ARG(cells[2]));
    assert_true(cells[4].len > 0); /* its source */
    if (str_eq_c(cells[3], "-"))
        return;
    check_ok(json_parse(a, cells[3], &answer, &err), &err);
    for (const struct value *v = value_first(answer); v; v = v->next)
        if (!cat_member_find(cat, cat_op_output(cat, op), v->name))
            fail_msg("%.*s answers no %.*s", STR_ARG(cells[1]), STR_ARG(v->name));
}

static void answers_are_sorted_and_reachable(void **state)
{
    struct str rows = embed_find(STR("lifecycle/answers.tsv")), line, last = { 0 };
    struct arena a = { 0 };
    size_t count = 0;

    (void)state;
    while (rows.len > 0) {
        struct str cells[CELLS];

        (void)str_cut(rows, '\n', &line, &rows);
        if (str_has_prefix(line, STR("#")))
            continue;
        struct str whole = line;
        for (size_t i = 0; i < CELLS; i++)
            (void)str_cut(line, '\t', &cells[i], &line);
        struct str key = str_sub(whole, 0, cells[0].len + 1 + cells[1].len);
        if (count++ > 0 && str_cmp(last, key) >= 0)
            fail_msg("out of order or twice: %.*s", STR_ARG(key));
        last = key;
        check_answer(&a, cells);
    }
    assert_true(count > 100);
    arena_free(&a);
}

static bool is_type(struct str service, struct str name)
{
    const struct cat_service *s = cat_service_find(cat, service);

    for (uint32_t i = 0; s && i < life_type_count(cat); i++) {
        const struct life_type *t = life_type_at(cat, i);

        if (cat_service_at(cat, t->service) == s && str_eq(life_str(cat, t->name), name))
            return true;
    }
    return false;
}

static void check_template(struct arena *a, struct str file)
{
    /* templates/SERVICE.json */
    struct str service = str_sub(file, 10, file.len - 10 - 5);
    struct value *types;
    struct err err = { 0 };

    check_ok(json_parse(a, embed_find(file), &types, &err), &err);
    assert_true(value_get_str(types, "source").len > 0);
    assert_true(types->count > 1);
    for (const struct value *v = value_first(types); v; v = v->next) {
        if (str_eq_c(v->name, "source"))
            continue;
        assert_int_equal(v->kind, VALUE_MAP);
        if (!is_type(service, v->name))
            fail_msg("%.*s has no type %.*s", STR_ARG(service), STR_ARG(v->name));
    }
}

static void templates_are_of_types(void **state)
{
    struct arena a = { 0 };
    struct str name;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; (name = embed_name(i)).ptr; i++)
        if (str_has_prefix(name, STR("templates/"))) {
            check_template(&a, name);
            count++;
        }
    assert_true(count > 10);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_sorted_and_reachable),
        cmocka_unit_test(templates_are_of_types),
    };
    struct err err = { 0 };

    check_ok(cat_open(&cat, "build/catalogue.bin", &err), &err);
    int rc = cmocka_run_group_tests_name("templates", tests, NULL, NULL);
    cat_close(cat);
    return rc;
}
