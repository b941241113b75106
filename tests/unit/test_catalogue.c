#include "emulator/catalogue/catalogue.h"

#include <stdlib.h>

#include "tests/unit/check.h"

static struct cat *cat;

static int open_it(void **state)
{
    const char *path = getenv("MOCKTRAIL_CATALOGUE");
    struct err err = { 0 };

    (void)state;
    check_ok(cat_open(&cat, path ? path : "build/catalogue.bin", &err), &err);
    return 0;
}
static int close_it(void **state)
{
    (void)state;
    cat_close(cat);
    return 0;
}

static const struct cat_op *op_of(const char *service, const char *name)
{
    const struct cat_op *op = cat_op_find_c(cat, service, name);

    assert_non_null(op);
    return op;
}

static void every_op_is_found_by_its_names(void **state)
{
    (void)state;
    assert_true(cat_service_count(cat) > 300);
    assert_true(cat_op_count(cat) > 12000);
    for (uint32_t i = 0; i < cat_op_count(cat); i++) {
        const struct cat_op *op = cat_op_at(cat, i);
        const struct cat_service *s = cat_op_service(cat, op);

        assert_ptr_equal(cat_op_find(cat, s, cat_str(cat, op->key)), op);
        assert_ptr_equal(cat_op_find(cat, s, cat_str(cat, op->name)), op);
        assert_ptr_equal(cat_service_find(cat, cat_str(cat, s->name)), s);
        assert_int_equal(cat_op_index(cat, op), i);
    }
}

static void facts_of_an_operation_are_the_models(void **state)
{
    const struct cat_op *op = op_of("iam", "CreateUser");
    const struct cat_shape *in = cat_op_input(cat, op);
    const struct cat_member *m = cat_member_find(cat, in, STR("UserName"));

    (void)state;
    check_str(cat_str(cat, op->result_wrapper), "CreateUserResult");
    assert_int_equal(cat_op_service(cat, op)->protocol, CAT_QUERY);
    check_str(cat_str(cat, in->name), "CreateUserRequest");
    assert_true(m->flags & CAT_M_REQUIRED);
    struct cat_constraint c = cat_constraint_at(cat, cat_member_shape(cat, m));
    assert_true(c.has_max && c.max == 64);
    check_str(c.pattern, "[\\w+=,.@-]+");
    const struct cat_shape *e = cat_op_error(cat, op, STR("EntityAlreadyExists"));
    check_str(cat_str(cat, e->name), "EntityAlreadyExistsException");
    assert_int_equal(e->http_status, 409);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_is_found_by_its_names),
        cmocka_unit_test(facts_of_an_operation_are_the_models),
    };

    return cmocka_run_group_tests_name("catalogue", tests, open_it, close_it);
}
