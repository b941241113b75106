#include "core/aws/arn.h"

#include "tests/unit/check.h"

static const struct arn_case {
    const char *name, *text;
    int rc;
    const char *partition, *service, *region, *account, *resource;
} cases[] = {
    { "a user", "arn:aws:iam::123456789012:user/alice", 0, "aws", "iam", "", "123456789012",
      "user/alice" },
    { "a bucket has no account", "arn:aws:s3:::audit-logs", 0, "aws", "s3", "", "", "audit-logs" },
    { "colons stay in the resource", "arn:aws:logs:eu-west-1:1:group:g:*", 0, "aws", "logs",
      "eu-west-1", "1", "group:g:*" },
    { "another partition", "arn:aws-cn:sns:cn-north-1:123456789012:t", 0, "aws-cn", "sns",
      "cn-north-1", "123456789012", "t" },
    { "five fields are too few", "arn:aws:iam::123456789012", E_PARSE, 0, 0, 0, 0, 0 },
    { "no resource", "arn:aws:iam::123456789012:", E_PARSE, 0, 0, 0, 0, 0 },
    { "no service", "arn:aws::us-east-1:123456789012:x", E_PARSE, 0, 0, 0, 0, 0 },
    { "no partition", "arn::s3:::x", E_PARSE, 0, 0, 0, 0, 0 },
    { "no arn", "urn:aws:s3:::x", E_PARSE, 0, 0, 0, 0, 0 },
    { "a star is no ARN", "*", E_PARSE, 0, 0, 0, 0, 0 },
    { "nothing", "", E_PARSE, 0, 0, 0, 0, 0 },
};

static void check_case(void **state)
{
    const struct arn_case *c = *state;
    struct err err = { 0 };
    struct arn arn = { 0 };

    assert_int_equal(arn_parse(str_c(c->text), &arn, &err), c->rc);
    assert_int_equal(err.code, c->rc);
    if (c->rc == 0) {
        check_str(arn.partition, c->partition);
        check_str(arn.service, c->service);
        check_str(arn.region, c->region);
        check_str(arn.account, c->account);
        check_str(arn.resource, c->resource);
    } else {
        assert_null(arn.service.ptr);
        assert_non_null(strstr(err.text, c->text));
    }
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, cases, check_case);
    return check_run(&s, "arn");
}
