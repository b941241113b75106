#include "emulator/catalogue/catalogue.h"

#include <stdlib.h>

#include "emulator/catalogue/hints.h"
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
    assert_int_equal(cat_shape_rare(cat, e)->http_status, 409);
}

static const struct cat_member *member_of(const struct cat_shape *s, const char *name)
{
    const struct cat_member *m = cat_member_find(cat, s, str_c(name));

    assert_non_null(m);
    return m;
}

static void lists_without_a_name_are_called_member(void **state)
{
    const struct cat_shape *in =
        cat_op_input(cat, op_of("autoscaling", "DescribeAutoScalingGroups"));
    const struct cat_shape *names = cat_member_shape(cat, member_of(in, "AutoScalingGroupNames"));

    (void)state;
    check_str(cat_str(cat, cat_shape_member(cat, names, 0)->wire), "member");
    assert_int_equal(cat_own_wire(cat_shape_member(cat, names, 0)), 0);
}

static const struct cat_shape *inside(const struct cat_shape *s, const char *name)
{
    return cat_member_shape(cat, member_of(s, name));
}

static void a_member_takes_the_name_of_its_target_shape(void **state)
{
    const struct cat_shape *out =
        cat_op_output(cat, op_of("elasticache", "DescribeReplicationGroups"));
    const struct cat_shape *groups = inside(out, "ReplicationGroups");
    const struct cat_shape *group = cat_member_shape(cat, cat_shape_member(cat, groups, 0));
    const struct cat_member *m =
        member_of(inside(group, "PendingModifiedValues"), "LogDeliveryConfigurations");

    (void)state;
    assert_int_equal(cat_own_wire(m), 0);
    check_str(cat_str(cat, m->wire), "PendingLogDeliveryConfiguration");
}

static void payload_and_locations_are_kept(void **state)
{
    const struct cat_shape *in = cat_op_input(cat, op_of("s3", "PutObject"));

    (void)state;
    assert_true(in->payload > 0);
    check_str(cat_str(cat, cat_shape_member(cat, in, in->payload - 1u)->name), "Body");
    assert_int_equal(member_of(in, "Bucket")->location, CAT_URI);
    assert_int_equal(member_of(in, "ContentType")->location, CAT_HEADER);
    check_str(cat_str(cat, member_of(in, "Metadata")->wire), "x-amz-meta-");
    assert_int_equal(member_of(in, "Metadata")->location, CAT_HEADERS);
}

static void enums_and_numbers_are_kept(void **state)
{
    const struct cat_shape *in = cat_op_input(cat, op_of("kms", "CreateKey"));
    const struct cat_shape *usage = cat_member_shape(cat, member_of(in, "KeyUsage"));
    struct cat_constraint c = cat_constraint_at(cat, usage);

    (void)state;
    assert_true(c.enum_count >= 3);
    check_str(cat_enum_at(cat, usage, 0), "SIGN_VERIFY");
    assert_null(cat_enum_at(cat, usage, c.enum_count).ptr);
    assert_false(c.has_max);
}

static void flags_of_operations_are_kept(void **state)
{
    (void)state;
    assert_true(op_of("sts", "AssumeRoleWithWebIdentity")->flags & CAT_O_NOAUTH);
    assert_true(op_of("s3", "SelectObjectContent")->flags & CAT_O_EVENTSTREAM_OUT);
    assert_true(op_of("ec2", "RunInstances")->flags & CAT_O_EC2_2014);
    assert_true(op_of("ec2", "ImportImage")->flags & CAT_O_EC2_2014);
    assert_false(op_of("ec2", "CreateLaunchTemplate")->flags & CAT_O_EC2_2014);
    assert_int_equal(op_of("lambda", "CreateFunction")->status, 201);
}

static void a_queue_has_its_names_in_the_query_protocol(void **state)
{
    const struct cat_op *op = op_of("sqs", "SendMessageBatch");
    const struct cat_member *entries = member_of(cat_op_input(cat, op), "Entries");
    const struct cat_member *element = cat_shape_member(cat, cat_member_shape(cat, entries), 0);

    (void)state;
    if (!(cat_op_service(cat, op)->protocols & 1u << CAT_QUERY))
        skip(); /* only botocore before 1.31.81 knows them */
    assert_true(cat_query_flattened(cat, entries));
    check_str(cat_str(cat, cat_query_own_wire(cat, element)), "SendMessageBatchRequestEntry");
    check_str(cat_str(cat, op->result_wrapper), "SendMessageBatchResult");
    const struct cat_shape *e =
        cat_op_error(cat, op_of("sqs", "GetQueueUrl"), STR("QueueDoesNotExist"));
    check_str(cat_str(cat, cat_shape_rare(cat, e)->error_code),
              "AWS.SimpleQueueService.NonExistentQueue");
}

static void an_error_is_found_by_name_and_by_code(void **state)
{
    const struct cat_op *op = op_of("iam", "GetUser");

    (void)state;
    assert_ptr_equal(cat_op_error(cat, op, STR("NoSuchEntity")),
                     cat_op_error(cat, op, STR("NoSuchEntityException")));
    assert_non_null(cat_op_error(cat, op, STR("LimitExceeded"))); /* the service's, not listed */
    assert_null(cat_op_error(cat, op, STR("NoSuchBucket")));
    assert_null(cat_op_error(cat, op, STR("")));
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    assert_null(cat_service_find(cat, STR("coffee")));
    assert_null(cat_op_find_c(cat, "iam", "MakeCoffee"));
    assert_null(cat_op_by_target(cat, STR("DynamoDB_20120810"), STR("MakeCoffee")));
    assert_null(cat_service_by_target(cat, STR("")));
    assert_null(cat_op_by_action(cat, STR("iam"), STR("2010-05-08"), STR("GetCallerIdentity")));
    assert_int_equal(cat_str(cat, UINT32_MAX).len, 0);
}

static void pages_and_waiters_are_kept(void **state)
{
    const struct cat_page *page = cat_op_page(cat, op_of("iam", "ListUsers"));
    uint32_t count;
    const struct cat_ready *ready = cat_op_ready(cat, op_of("dynamodb", "DescribeTable"), &count);

    (void)state;
    assert_non_null(page);
    check_str(cat_str(cat, page->input_token), "Marker");
    check_str(cat_str(cat, page->result_key), "Users");
    check_str(cat_str(cat, page->more_results), "IsTruncated");
    assert_null(cat_op_page(cat, op_of("iam", "CreateUser")));
    assert_int_equal(count, 1);
    check_str(cat_str(cat, ready->path), "Table.TableStatus");
    check_str(cat_str(cat, ready->expected), "ACTIVE");
    assert_null(cat_op_ready(cat, op_of("iam", "CreateUser"), &count));
    assert_int_equal(count, 0);
}

static void a_missing_file_says_so(void **state)
{
    struct cat *none = NULL;
    struct err err = { 0 };

    (void)state;
    assert_int_equal(cat_open(&none, "build/tmp/no-such-catalogue.bin", &err), E_MISSING);
    assert_true(str_find(str_c(err.text), STR("no-such-catalogue.bin")) >= 0);
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_is_found_by_its_names),
        cmocka_unit_test(facts_of_an_operation_are_the_models),
        cmocka_unit_test(lists_without_a_name_are_called_member),
        cmocka_unit_test(a_member_takes_the_name_of_its_target_shape),
        cmocka_unit_test(payload_and_locations_are_kept),
        cmocka_unit_test(enums_and_numbers_are_kept),
        cmocka_unit_test(flags_of_operations_are_kept),
        cmocka_unit_test(a_queue_has_its_names_in_the_query_protocol),
        cmocka_unit_test(an_error_is_found_by_name_and_by_code),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(pages_and_waiters_are_kept),
        cmocka_unit_test(a_missing_file_says_so),
    };

    return cmocka_run_group_tests_name("catalogue", tests, open_it, close_it);
}
