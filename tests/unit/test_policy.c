#include "tests/unit/check.h"

#include "core/aws/policy.h"

#define ALLOW(rest)    "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\"," rest "}}"
#define ANYBODY        "\"Principal\":\"*\",\"Resource\":\"*\","
#define GET            "\"Action\":\"s3:Get*\""
#define ON(conditions) ALLOW(ANYBODY GET ",\"Condition\":{" conditions "}")
#define BY(principal)  ALLOW("\"Principal\":" principal ",\"Resource\":\"*\"," GET)
#define OF(resource)   ALLOW("\"Principal\":\"*\",\"Resource\":" resource "," GET)

/* Always asked: s3:GetObject of arn:aws:s3:::b/home/alice/x by user alice of 111122223333, from
 * 10.1.2.3, with tags team=red and team=blue. */
static const struct eval_case {
    const char *name, *policy;
    enum policy_effect effect;
} evals[] = {
    { "an action with a wildcard", ALLOW(ANYBODY "\"Action\":\"s3:Get*\""), POLICY_ALLOW },
    { "actions match in any case", ALLOW(ANYBODY "\"Action\":\"S3:getobject\""), POLICY_ALLOW },
    { "another action", ALLOW(ANYBODY "\"Action\":\"s3:PutObject\""), POLICY_NO_MATCH },
    { "NotAction", ALLOW(ANYBODY "\"NotAction\":[\"iam:*\"]"), POLICY_ALLOW },
    { "NotAction names it", ALLOW(ANYBODY "\"NotAction\":[\"s3:*\"]"), POLICY_NO_MATCH },
    { "a deny wins",
      "{\"Statement\":[{\"Effect\":\"Allow\"," ANYBODY GET "},{\"Effect\":\"Deny\"," ANYBODY GET
      "}]}",
      POLICY_DENY },
    { "the user by ARN", BY("{\"AWS\":\"arn:aws:iam::111122223333:user/alice\"}"), POLICY_ALLOW },
    { "another user", BY("{\"AWS\":\"arn:aws:iam::111122223333:user/al*\"}"), POLICY_NO_MATCH },
    { "the account by number", BY("{\"AWS\":[\"999999999999\",\"111122223333\"]}"), POLICY_ALLOW },
    { "the account by root", BY("{\"AWS\":\"arn:aws:iam::111122223333:root\"}"), POLICY_ALLOW },
    { "another account", BY("{\"AWS\":\"arn:aws:iam::999999999999:root\"}"), POLICY_NO_MATCH },
    { "a service is no user", BY("{\"Service\":\"ec2.amazonaws.com\"}"), POLICY_NO_MATCH },
    { "everybody by kind", BY("{\"AWS\":\"*\"}"), POLICY_ALLOW },
    { "NotPrincipal names the user",
      ALLOW("\"NotPrincipal\":{\"AWS\":\"arn:aws:iam::111122223333:user/alice\"},"
            "\"Resource\":\"*\"," GET),
      POLICY_NO_MATCH },
    { "a resource with wildcards", OF("\"arn:aws:s3:::b/home/*\""), POLICY_ALLOW },
    { "a policy variable", OF("\"arn:aws:s3:::b/home/${aws:username}/*\""), POLICY_ALLOW },
    { "a variable without a value", OF("\"arn:aws:s3:::b/${aws:nobody}*\""), POLICY_NO_MATCH },
    { "a variable with a default", OF("\"arn:aws:s3:::b/${aws:nobody, 'home'}/*\""), POLICY_ALLOW },
    { "an escaped star is a star", OF("\"arn:aws:s3:::b/${*}\""), POLICY_NO_MATCH },
    { "NotResource", ALLOW("\"Principal\":\"*\",\"NotResource\":\"arn:aws:s3:::c/*\"," GET),
      POLICY_ALLOW },
    { "StringEquals", ON("\"StringEquals\":{\"aws:username\":[\"bob\",\"alice\"]}"), POLICY_ALLOW },
    { "keys match in any case", ON("\"StringEquals\":{\"AWS:UserName\":\"alice\"}"), POLICY_ALLOW },
    { "StringEquals of an absent key", ON("\"StringEquals\":{\"aws:x\":\"\"}"), POLICY_NO_MATCH },
    { "StringNotEquals of an absent key", ON("\"StringNotEquals\":{\"aws:x\":\"y\"}"),
      POLICY_ALLOW },
    { "IfExists of an absent key", ON("\"StringEqualsIfExists\":{\"aws:x\":\"y\"}"), POLICY_ALLOW },
    { "IfExists of another value", ON("\"StringEqualsIfExists\":{\"aws:username\":\"y\"}"),
      POLICY_NO_MATCH },
    { "StringLike", ON("\"StringLike\":{\"aws:username\":\"a?ic*\"}"), POLICY_ALLOW },
    { "StringNotLike", ON("\"StringNotLike\":{\"aws:username\":\"a*\"}"), POLICY_NO_MATCH },
    { "two operators must both hold",
      ON("\"StringLike\":{\"aws:username\":\"a*\"},\"Bool\":{\"aws:secure\":\"true\"}"),
      POLICY_NO_MATCH },
    { "Null asks for absence", ON("\"Null\":{\"aws:x\":\"true\"}"), POLICY_ALLOW },
    { "Null asks for presence", ON("\"Null\":{\"aws:x\":\"false\"}"), POLICY_NO_MATCH },
    { "IpAddress in a network", ON("\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}"),
      POLICY_ALLOW },
    { "IpAddress beside it", ON("\"IpAddress\":{\"aws:SourceIp\":\"10.1.2.0/29\"}"), POLICY_ALLOW },
    { "IpAddress outside", ON("\"IpAddress\":{\"aws:SourceIp\":\"10.1.2.4/31\"}"),
      POLICY_NO_MATCH },
    { "NotIpAddress", ON("\"NotIpAddress\":{\"aws:SourceIp\":[\"::/0\",\"10.0.0.0/8\"]}"),
      POLICY_NO_MATCH },
    { "NumericLessThan", ON("\"NumericLessThan\":{\"n\":100}"), POLICY_ALLOW },
    { "NumericGreaterThanEquals", ON("\"NumericGreaterThanEquals\":{\"n\":\"42.5\"}"),
      POLICY_NO_MATCH },
    { "DateLessThan", ON("\"DateLessThan\":{\"aws:CurrentTime\":\"2026-01-02T00:00:00Z\"}"),
      POLICY_ALLOW },
    { "DateGreaterThan", ON("\"DateGreaterThan\":{\"aws:CurrentTime\":\"2026-01-02T00:00:00Z\"}"),
      POLICY_NO_MATCH },
    { "ArnLike", ON("\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:user/a*\"}"),
      POLICY_ALLOW },
    { "a star of an ARN stays in its part",
      ON("\"ArnLike\":{\"aws:PrincipalArn\":\"arn:*:user/alice\"}"), POLICY_NO_MATCH },
    { "ForAnyValue", ON("\"ForAnyValue:StringEquals\":{\"team\":[\"red\"]}"), POLICY_ALLOW },
    { "ForAllValues", ON("\"ForAllValues:StringEquals\":{\"team\":[\"red\"]}"), POLICY_NO_MATCH },
    { "ForAllValues of nothing", ON("\"ForAllValues:StringEquals\":{\"none\":[\"red\"]}"),
      POLICY_ALLOW },
    { "ForAnyValue of nothing", ON("\"ForAnyValue:StringEquals\":{\"none\":[\"red\"]}"),
      POLICY_NO_MATCH },
};

static void eval_case(void **state)
{
    const struct eval_case *c = *state;
    static const struct str alice = { "arn:aws:iam::111122223333:user/alice", 36 };
    static const struct str user = { "alice", 5 }, ip = { "10.1.2.3", 8 }, number = { "42", 2 };
    static const struct str now = { "2026-01-01T00:00:00Z", 20 };
    static const struct str teams[] = { { "red", 3 }, { "blue", 4 } };
    const struct policy_attr attrs[] = {
        { STR("aws:username"), &user, 1 }, { STR("aws:SourceIp"), &ip, 1 },
        { STR("n"), &number, 1 },          { STR("aws:CurrentTime"), &now, 1 },
        { STR("team"), teams, 2 },         { STR("aws:PrincipalArn"), &alice, 1 },
    };
    struct policy_request q = { .action = STR("s3:GetObject"),
                                .resource = STR("arn:aws:s3:::b/home/alice/x"),
                                .principal = { STR("AWS"), STR("111122223333"), &alice, 1 },
                                .attrs = attrs,
                                .attr_count = COUNT(attrs) };
    struct arena a = { 0 };
    struct err err = { 0 };
    struct policy *p;

    check_ok(policy_parse(&a, str_c(c->policy), POLICY_RESOURCE, &p, &err), &err);
    assert_int_equal(policy_eval(&a, p, &q).effect, c->effect);
    arena_free(&a);
}

static const struct parse_case {
    const char *name, *policy;
    enum policy_kind kind;
    const char *text; /* of the error; NULL: it is well-formed */
} parses[] = {
    { "an identity policy", ALLOW("\"Action\":\"*\",\"Resource\":\"*\""), POLICY_IDENTITY, NULL },
    { "a trust policy", ALLOW("\"Action\":\"sts:AssumeRole\",\"Principal\":\"*\""), POLICY_TRUST,
      NULL },
    { "no JSON", "{", POLICY_TRUST, "" },
    { "no object", "[]", POLICY_TRUST, "a policy must be an object" },
    { "no statement", "{\"Version\":\"2012-10-17\"}", POLICY_TRUST,
      "Missing required field Statement" },
    { "an unknown version", "{\"Version\":\"2020-01-01\",\"Statement\":[]}", POLICY_TRUST,
      "Version must be 2012-10-17 or 2008-10-17" },
    { "an unknown element", ALLOW("\"Verb\":\"x\""), POLICY_TRUST,
      "a statement has no element Verb" },
    { "an effect that is none", "{\"Statement\":[{\"Effect\":\"Maybe\"}]}", POLICY_TRUST,
      "Effect must be Allow or Deny" },
    { "no effect", "{\"Statement\":[{\"Action\":\"*\"}]}", POLICY_TRUST,
      "Missing required field Effect" },
    { "no action", ALLOW("\"Principal\":\"*\""), POLICY_TRUST, "Missing required field Action" },
    { "an action without a vendor", ALLOW("\"Action\":\"Get\",\"Resource\":\"*\""), POLICY_IDENTITY,
      "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc." },
    { "a principal in an identity policy", ALLOW(ANYBODY GET), POLICY_IDENTITY,
      "Policy document should not specify a principal." },
    { "a resource in a trust policy", ALLOW(ANYBODY GET), POLICY_TRUST,
      "Has prohibited field Resource" },
    { "an unknown principal type", BY("{\"Human\":\"x\"}"), POLICY_RESOURCE,
      "Principal type Human is unknown" },
    { "an unknown operator", ON("\"StringIs\":{\"a\":\"b\"}"), POLICY_RESOURCE,
      "Condition operator StringIs is unknown" },
    { "a condition value that is no text", ON("\"Bool\":{\"a\":{}}"), POLICY_RESOURCE,
      "Condition values of a must be texts, numbers or booleans" },
};

static void parse_case(void **state)
{
    const struct parse_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct policy *p;
    int rc = policy_parse(&a, str_c(c->policy), c->kind, &p, &err);

    assert_int_equal(rc, c->text ? E_PARSE : 0);
    assert_int_equal(err.code, rc);
    if (c->text && c->text[0])
        assert_string_equal(err.text, c->text);
    arena_free(&a);
}

static void an_answer_says_how_it_came(void **state)
{
    const struct str alice = STR("arn:aws:iam::111122223333:user/alice");
    struct policy_request q = { .action = STR("s3:GetObject"),
                                .principal = { STR("AWS"), STR("111122223333"), &alice, 1 } };
    struct arena a = { 0 };
    struct policy *p;

    (void)state;
    assert_int_equal(
        policy_parse(&a, STR(BY("{\"AWS\":\"111122223333\"}")), POLICY_RESOURCE, &p, NULL), 0);
    assert_true(policy_eval(&a, p, &q).by_account);
    assert_false(policy_is_public(p));
    assert_int_equal(
        policy_parse(&a, STR(ON("\"Bool\":{\"a\":\"true\"}")), POLICY_RESOURCE, &p, NULL), 0);
    assert_true(policy_eval(&a, p, &q).by_condition);
    assert_false(policy_is_public(p));
    assert_int_equal(policy_parse(&a, STR(BY("\"*\"")), POLICY_RESOURCE, &p, NULL), 0);
    assert_true(policy_is_public(p));
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(evals) + COUNT(parses) + 1];
    size_t n = 0;

    for (size_t i = 0; i < COUNT(evals); i++)
        tests[n++] = (struct CMUnitTest){ evals[i].name, eval_case, NULL, NULL, (void *)&evals[i] };
    for (size_t i = 0; i < COUNT(parses); i++)
        tests[n++] =
            (struct CMUnitTest){ parses[i].name, parse_case, NULL, NULL, (void *)&parses[i] };
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(an_answer_says_how_it_came);
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
