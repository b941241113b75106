#include "check.h"

#include "core/base/embed.h"
#include "core/codec/json.h"
#include "emulator/engine/constraints.h"

static struct cat *cat;
static struct constraints *constraints;

/* What is refused, under which code and in which words; code NULL: it is not. */
static const struct refusal_case {
    const char *name, *service, *operation, *params, *code, *message;
} cases[] = {
    { "a required member", "dynamodb", "DescribeTable", "{}", "ValidationException",
      "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member "
      "must not be null" },
    { "a pattern, and the code that the operation lists", "logs", "CreateLogGroup",
      "{\"logGroupName\":\"a b\"}", "InvalidParameterException",
      "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: "
      "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+" },
    { "a length; the service's words of the query protocol", "autoscaling",
      "DeleteAutoScalingGroup", "{\"AutoScalingGroupName\":\"\"}", "ValidationError",
      "1 validation error detected: Value '' at 'autoScalingGroupName' failed to satisfy "
      "constraint: Member must have length greater than or equal to 1" },
    { "a range", "kms", "ListKeys", "{\"Limit\":1001}", "ValidationException",
      "1 validation error detected: Value '1001' at 'limit' failed to satisfy constraint: Member "
      "must have value less than or equal to 1000" },
    { "a value set", "dynamodb", "UpdateTable", "{\"TableName\":\"abc\",\"BillingMode\":\"FREE\"}",
      "ValidationException",
      "1 validation error detected: Value 'FREE' at 'billingMode' failed to satisfy constraint: "
      "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]" },
    { "several at once", "iam", "CreateUser", "{\"UserName\":\"\"}", "ValidationError",
      "2 validation errors detected: Value '' at 'userName' failed to satisfy constraint: Member "
      "must have length greater than or equal to 1; Value '' at 'userName' failed to satisfy "
      "constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+" },
    { "inside of a list of structures", "dynamodb", "TagResource",
      "{\"ResourceArn\":\"arn\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"b\"},{\"Value\":\"c\"}]}",
      "ValidationException",
      "1 validation error detected: Value null at 'tags.2.member.key' failed to satisfy "
      "constraint: Member must not be null" },
    { "one word for all elements of a list", "ecr", "DescribeRepositories",
      "{\"repositoryNames\":[\"ok\",\"A\"]}", "InvalidParameterException",
      "1 validation error detected: Value '[ok, A]' at 'repositoryNames' failed to satisfy "
      "constraint: Member must satisfy constraint: [Member must have length less than or equal to "
      "256, Member must have length greater than or equal to 2, Member must satisfy regular "
      "expression pattern: "
      "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*]" },
    { "a secret is not shown", "cognito-idp", "ChangePassword",
      "{\"ProposedPassword\":\"x\",\"AccessToken\":\" secret \"}", "InvalidParameterException",
      "1 validation error detected: Value at 'accessToken' failed to satisfy constraint: Member "
      "must satisfy regular expression pattern: [A-Za-z0-9-_=.]+" },
    { "the words of EC2", "ec2", "CreateSubnet", "{}", "MissingParameter",
      "The request must contain the parameter VpcId" },
    { "those of RDS", "rds", "DeleteDBInstance", "{}", "MissingParameter",
      "The request must contain the parameter DBInstanceIdentifier" },
    { "those of a newer framework", "verifiedpermissions", "GetPolicyStore", "{}",
      "ValidationException",
      "1 validation error detected. Value at '/policyStoreId' failed to satisfy constraint: Member "
      "must not be null" },
    { "both bounds in them", "verifiedpermissions", "GetPolicyStore", "{\"policyStoreId\":\"\"}",
      "ValidationException",
      "1 validation error detected. Value with length 0 at '/policyStoreId' failed to satisfy "
      "constraint: Member must have length between 1 and 200, inclusive" },
    { "values that their service does not tell", "sesv2", "DeleteEmailTemplate",
      "{\"TemplateName\":\"\"}", "BadRequestException",
      "1 validation error detected: Value at 'templateName' failed to satisfy constraint: Member "
      "must have length greater than or equal to 1" },
    { "a service that words it itself is left alone", "cloudtrail", "CreateTrail", "{}", NULL,
      NULL },
    { "long value sets grow: they are not held", "ec2", "RunInstances",
      "{\"MinCount\":1,\"MaxCount\":1,\"InstanceType\":\"z99.nano\"}", NULL, NULL },
    { "an idempotency token is the client's affair", "ecs", "CreateService",
      "{\"serviceName\":\"s\"}", NULL, NULL },
    { "what is empty and not required is absent", "eks", "CreateCluster",
      "{\"name\":\"c\",\"roleArn\":\"r\",\"resourcesVpcConfig\":{},\"tags\":{}}", NULL, NULL },
    { "a member that AWS takes against its model", "cloudwatch", "DescribeAlarms",
      "{\"MaxRecords\":1000}", NULL, NULL },
};

static void refuse(struct arena *a, const struct refusal_case *c, struct outcome *out)
{
    struct call call = { .cat = cat, .op = cat_op_find_c(cat, c->service, c->operation) };
    struct err err = { 0 };

    assert_non_null(call.op);
    call.service = cat_op_service(cat, call.op);
    call.service_name = str_c(c->service);
    call.action = str_c(c->operation);
    call.protocol = (enum cat_protocol)call.service->protocol;
    check_ok(json_parse(a, str_c(c->params), &call.params, &err), &err);
    constraints_check(constraints, a, &call, out);
}

static void check_case(void **state)
{
    const struct refusal_case *c = *state;
    struct outcome out = { 0 };
    struct arena a = { 0 };

    refuse(&a, c, &out);
    check_str(out.message, c->message ? c->message : "");
    check_str(out.code, c->code ? c->code : "");
    arena_free(&a);
}

static void the_fields_are_told_beside_the_message(void **state)
{
    static const struct refusal_case grafana = { "", "grafana", "DeleteWorkspace", "{}", "", "" };
    struct outcome out = { 0 };
    struct arena a = { 0 };

    (void)state;
    refuse(&a, &grafana, &out);
    check_str(value_get_str(out.error, "reason"), "FIELD_VALIDATION_FAILED");
    const struct value *field = value_first(value_get_c(out.error, "fieldList"));

    assert_non_null(field);
    check_str(value_get_str(field, "name"), "workspaceId");
    arena_free(&a);
}

/* Each row is a service or a protocol, once, in order; each has a source. */
static void rows_are_in_order(void **state)
{
    static const struct {
        const char *file;
        size_t cells, keys;
    } files[] = { { "lifecycle/validation.tsv", 6, 1 },
                  { "lifecycle/unvalidated.tsv", 4, 3 },
                  { "lifecycle/filters.tsv", 5, 3 },
                  { "lifecycle/keys.tsv", 7, 3 } };

    (void)state;
    for (size_t f = 0; f < COUNT(files); f++) {
        struct str rest = embed_find(str_c(files[f].file)), line, cell, before = { 0 };

        assert_non_null(rest.ptr);
        while (rest.len > 0) {
            size_t cells = 1, key_len = 0;

            (void)str_cut(rest, '\n', &line, &rest);
            if (line.len == 0 || line.ptr[0] == '#')
                continue;
            for (struct str tail = line; str_cut(tail, '\t', &cell, &tail); cells++)
                if (cells <= files[f].keys)
                    key_len = (size_t)(cell.ptr + cell.len - line.ptr);
            assert_int_equal(cells, files[f].cells);
            struct str key = str_sub(line, 0, key_len);
            if (before.len > 0 && str_cmp(before, key) >= 0)
                fail_msg("%s: %.*s is out of order", files[f].file, STR_ARG(key));
            before = key;
        }
    }
}

static void many_bad_patterns_end(void **state)
{
    static char text[200000];
    struct arena a = { 0 };
    struct value *params = value_map(&a), *names = value_list(&a);
    struct call call = { .cat = cat,
                         .op = cat_op_find_c(cat, "ecr", "DescribeRepositories"),
                         .service_name = STR("ecr"),
                         .params = params };
    struct outcome out = { 0 };

    (void)state;
    call.service = cat_op_service(cat, call.op);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = 'a';
    for (int i = 0; i < 5000; i++)
        value_push(names, value_str(&a, (struct str){ text, 250 }));
    value_push(names, value_str(&a, (struct str){ text, sizeof text }));
    value_set(params, STR("repositoryNames"), names);
    constraints_check(constraints, &a, &call, &out);
    assert_true(outcome_refused(&out)); /* for its length, whatever became of the patterns */
    assert_true(out.message.len < 4096);
    arena_free(&a);
}

int main(void)
{
    struct check_suite suite = { 0 };
    struct err err = { 0 };

    if (cat_open(&cat, NULL, &err) < 0 || constraints_open(&constraints, cat, &err) < 0) {
        print_error("%s\n", err.text);
        return 1;
    }
    CHECK_ROWS(&suite, cases, check_case);
    check_add(&suite, "the fields are told beside the message",
              the_fields_are_told_beside_the_message);
    check_add(&suite, "rows are in order", rows_are_in_order);
    check_add(&suite, "many bad patterns end", many_bad_patterns_end);
    int rc = check_run(&suite, "constraints");

    constraints_close(constraints);
    cat_close(cat);
    return rc;
}
