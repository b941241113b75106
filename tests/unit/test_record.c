/* Whole records of hand-made calls, compared with fixtures/golden/record/. */
#include "tests/unit/check.h"

#include "core/codec/json.h"
#include "emulator/identity/identity.h"
#include "emulator/record/record.h"

static struct cat *cat;
static struct recorder *recorder;

#define NOW_MS 1767323045678 /* 2026-01-02T03:04:05.678Z */
#define ALICE                                                                                      \
    {                                                                                              \
        .type = PRINCIPAL_IAM_USER, .account = STR("111122223333"),                                \
        .principal_id = STR("AIDAQRSTUVWX234567ABC"),                                              \
        .arn = STR("arn:aws:iam::111122223333:user/team/alice"),                                   \
        .access_key_id = STR("AKIAQRSTUVWX23456ABC"), .user_name = STR("alice")                    \
    }

static const struct principal alice = ALICE;
static const struct principal alice_session = {
    .type = PRINCIPAL_IAM_USER,
    .account = STR("111122223333"),
    .principal_id = STR("AIDAQRSTUVWX234567ABC"),
    .arn = STR("arn:aws:iam::111122223333:user/team/alice"),
    .access_key_id = STR("ASIAQRSTUVWX23456ABC"),
    .user_name = STR("alice"),
    .is_session = true,
    .mfa = true,
    .session_created_ms = NOW_MS,
};
static const struct principal root = {
    .type = PRINCIPAL_ROOT,
    .account = STR("111122223333"),
    .principal_id = STR("111122223333"),
    .arn = STR("arn:aws:iam::111122223333:root"),
    .access_key_id = STR("ASIAQRSTUVWX23456ABC"),
    .is_session = true,
    .session_created_ms = NOW_MS,
};
static const struct principal role = {
    .type = PRINCIPAL_ASSUMED_ROLE,
    .account = STR("111122223333"),
    .principal_id = STR("AROAQRSTUVWX234567ABC:deploy"),
    .arn = STR("arn:aws:sts::111122223333:assumed-role/Deployer/deploy"),
    .access_key_id = STR("ASIAQRSTUVWX23456ABC"),
    .is_session = true,
    .session_created_ms = NOW_MS,
    .session_name = STR("deploy"),
    .source_identity = STR("alice"),
    .issuer_type = PRINCIPAL_ASSUMED_ROLE,
    .issuer_id = STR("AROAQRSTUVWX234567ABC"),
    .issuer_arn = STR("arn:aws:iam::111122223333:role/ci/Deployer"),
    .issuer_account = STR("111122223333"),
    .issuer_user_name = STR("Deployer"),
    .ec2_role_delivery = true,
};
static const struct principal federated = {
    .type = PRINCIPAL_FEDERATED_USER,
    .account = STR("111122223333"),
    .principal_id = STR("111122223333:Bob"),
    .arn = STR("arn:aws:sts::111122223333:federated-user/Bob"),
    .access_key_id = STR("ASIAQRSTUVWX23456ABC"),
    .is_session = true,
    .session_created_ms = NOW_MS,
    .issuer_type = PRINCIPAL_IAM_USER,
    .issuer_id = STR("AIDAQRSTUVWX234567ABC"),
    .issuer_arn = STR("arn:aws:iam::111122223333:user/team/alice"),
    .issuer_account = STR("111122223333"),
    .issuer_user_name = STR("alice"),
};
static const struct principal web = {
    .type = PRINCIPAL_WEB_IDENTITY,
    .principal_id = STR("arn:aws:iam::111122223333:oidc-provider/id.example:app:repo"),
    .user_name = STR("repo"),
    .identity_provider = STR("arn:aws:iam::111122223333:oidc-provider/id.example"),
};
static const struct principal service = { .type = PRINCIPAL_AWS_SERVICE,
                                          .service = STR("cloudtrail.amazonaws.com") };
static const struct principal stranger = { .type = PRINCIPAL_AWS_ACCOUNT,
                                           .account = STR("444455556666"),
                                           .principal_id = STR("AIDA444455556666AAAAA") };
static const struct principal nobody = { .type = PRINCIPAL_ANONYMOUS };

static const struct record_case {
    const char *name; /* of the golden file, and the test's sentence */
    const char *service, *operation;
    const struct principal *who;
    const char *params, *output; /* JSON by model names; "@..." is a time; NULL: none */
    const char *code, *message;
    int recipient;
} cases[] = {
    { "query-names-get-a-lower-first-letter", "iam", "CreateUser", &alice,
      "{\"UserName\":\"bob\",\"Path\":\"/\"}",
      "{\"User\":{\"Path\":\"/\",\"UserName\":\"bob\",\"UserId\":\"AIDAQ\",\"Arn\":\"a\","
      "\"CreateDate\":\"@\"}}",
      NULL, NULL, 0 },
    { "a-denied-call-loses-its-parameters", "iam", "CreateUser", &alice, "{\"UserName\":\"bob\"}",
      NULL, "AccessDenied", "User: x is not authorized", 0 },
    { "an-error-is-its-exception-shape", "iam", "GetUser", &alice, "{\"UserName\":\"bob\"}", NULL,
      "NoSuchEntity", "The user with name bob cannot be found.", 0 },
    { "an-old-session-shows-empty-members", "configservice", "DescribeConfigRules", &alice_session,
      "{}", NULL, NULL, NULL, 0 },
    { "caller-identity-is-answered-although-a-read", "sts", "GetCallerIdentity", &root, "{}",
      "{\"UserId\":\"111122223333\",\"Account\":\"111122223333\",\"Arn\":\"arn:aws:iam::1:root\"}",
      NULL, NULL, 0 },
    { "a-role-session-names-its-issuer", "cloudtrail", "StopLogging", &role, "{\"Name\":\"trail\"}",
      "{}", NULL, NULL, 0 },
    { "a-federated-user-names-its-issuer", "sqs", "CreateQueue", &federated,
      "{\"QueueName\":\"q\",\"Attributes\":{\"VisibilityTimeout\":\"30\"}}",
      "{\"QueueUrl\":\"http://q\"}", NULL, NULL, 0 },
    { "a-web-identity-assumes-a-role", "sts", "AssumeRoleWithWebIdentity", &web,
      "{\"RoleArn\":\"arn:aws:iam::111122223333:role/ci\",\"RoleSessionName\":\"run\","
      "\"WebIdentityToken\":\"secret\"}",
      "{\"Credentials\":{\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"hush\","
      "\"SessionToken\":\"tok\",\"Expiration\":\"@\"}}",
      NULL, NULL, 0 },
    { "another-account-assumes-a-role-own-record", "sts", "AssumeRole", &alice,
      "{\"RoleArn\":\"arn:aws:iam::444455556666:role/r\",\"RoleSessionName\":\"s\"}",
      "{\"AssumedRoleUser\":{\"AssumedRoleId\":\"AROA:s\",\"Arn\":\"arn\"}}", NULL, NULL, 0 },
    { "another-account-assumes-a-role-their-record", "sts", "AssumeRole", &alice,
      "{\"RoleArn\":\"arn:aws:iam::444455556666:role/r\",\"RoleSessionName\":\"s\"}",
      "{\"AssumedRoleUser\":{\"AssumedRoleId\":\"AROA:s\",\"Arn\":\"arn\"}}", NULL, NULL, 1 },
    { "a-service-puts-an-object", "s3", "PutObject", &service,
      "{\"Bucket\":\"b\",\"Key\":\"AWSLogs/x\",\"ACL\":\"bucket-owner-full-control\","
      "\"ServerSideEncryption\":\"AES256\",\"ContentType\":\"application/json\"}",
      "{\"ServerSideEncryption\":\"AES256\",\"ETag\":\"e\"}", NULL, NULL, 0 },
    { "a-bucket-of-another-account-is-listed", "s3", "ListObjectsV2", &stranger,
      "{\"Bucket\":\"b\",\"MaxKeys\":10,\"Prefix\":\"a/\"}", "{\"KeyCount\":0}", NULL, NULL, 0 },
    { "nobody-gets-an-object", "s3", "GetObject", &nobody,
      "{\"Bucket\":\"b\",\"Key\":\"k\",\"VersionId\":\"null\"}", NULL, "AccessDenied",
      "Access Denied", 0 },
    { "grants-of-s3-stand-together", "s3", "PutBucketAcl", &alice,
      "{\"Bucket\":\"b\",\"GrantWriteACP\":\"uri=http://everybody\",\"GrantRead\":\"id=1\"}", NULL,
      NULL, NULL, 0 },
    { "a-body-of-pinpoint-stands-beside-the-path", "pinpoint", "CreateCampaign", &alice,
      "{\"ApplicationId\":\"app\",\"WriteCampaignRequest\":{\"Name\":\"n\",\"SegmentId\":\"s\","
      "\"Schedule\":{\"StartTime\":\"t\",\"Timezone\":\"utc\"}}}",
      NULL, NULL, NULL, 0 },
    { "a-bucket-configuration-is-read-as-xml", "s3", "PutBucketTagging", &alice,
      "{\"Bucket\":\"b\",\"Tagging\":{\"TagSet\":[{\"Key\":\"cost\",\"Value\":\"42\"}]}}", NULL,
      NULL, NULL, 0 },
    { "a-bucket-policy-is-an-object", "s3", "PutBucketPolicy", &alice,
      "{\"Bucket\":\"b\",\"Policy\":\"{\\\"Version\\\":\\\"2012-10-17\\\"}\"}", NULL, NULL, NULL,
      0 },
    { "ec2-style-a-runs-instances", "ec2", "RunInstances", &alice,
      "{\"ImageId\":\"ami-1\",\"MinCount\":1,\"MaxCount\":1,\"InstanceType\":\"t3.micro\","
      "\"UserData\":\"secret\",\"SecurityGroupIds\":[\"sg-1\"],"
      "\"TagSpecifications\":[{\"ResourceType\":\"instance\",\"Tags\":[{\"Key\":\"a\","
      "\"Value\":\"b\"}]}],\"Placement\":{\"AvailabilityZone\":\"us-east-1a\"}}",
      "{\"ReservationId\":\"r-1\",\"Groups\":[],\"Instances\":[{\"InstanceId\":\"i-1\","
      "\"LaunchTime\":\"@\"}]}",
      NULL, NULL, 0 },
    { "ec2-style-a-shows-lists-not-given", "ec2", "DescribeInstances", &alice,
      "{\"Filters\":[{\"Name\":\"vpc-id\",\"Values\":[\"vpc-1\"]}]}", NULL, NULL, NULL, 0 },
    { "ec2-style-a-ingress-by-permissions", "ec2", "AuthorizeSecurityGroupIngress", &alice,
      "{\"GroupId\":\"sg-1\",\"IpPermissions\":[{\"IpProtocol\":\"tcp\",\"FromPort\":22,"
      "\"ToPort\":22,\"IpRanges\":[{\"CidrIp\":\"0.0.0.0/0\"}]}]}",
      "{\"Return\":true}", NULL, NULL, 0 },
    { "ec2-refusals-say-whose-fault", "ec2", "StopInstances", &alice, "{\"InstanceIds\":[\"i-1\"]}",
      NULL, "UnauthorizedOperation", "You are not authorized to perform this operation.", 0 },
    { "ec2-style-b-is-an-xml-tree", "ec2", "CreateNatGateway", &alice,
      "{\"SubnetId\":\"subnet-1\",\"TagSpecifications\":[{\"ResourceType\":\"natgateway\","
      "\"Tags\":[{\"Key\":\"n\",\"Value\":\"100\"},{\"Key\":\"m\",\"Value\":\"true\"}]}]}",
      "{\"NatGateway\":{\"NatGatewayId\":\"nat-1\",\"CreateTime\":\"@\"}}", NULL, NULL, 0 },
    { "ec2-style-b-without-parameters", "ec2", "DescribeNatGateways", &alice, "{}", NULL, NULL,
      NULL, 0 },
    { "wire-names-stay-in-dialect-w", "ce", "GetCostAndUsage", &alice,
      "{\"TimePeriod\":{\"Start\":\"2026-01-01\",\"End\":\"2026-02-01\"},\"Metrics\":[]}", NULL,
      NULL, NULL, 0 },
    { "a-refused-eks-write-answers-its-message", "eks", "CreateCluster", &alice, "{\"name\":\"c\"}",
      NULL, "AccessDeniedException", "User: x is not authorized", 0 },
    { "a-wrapper-is-taken-off", "rds", "CreateDBInstance", &alice,
      "{\"DBInstanceIdentifier\":\"d\",\"MasterUserPassword\":\"hush\",\"AllocatedStorage\":20}",
      "{\"DBInstance\":{\"DBInstanceIdentifier\":\"d\",\"PendingModifiedValues\":"
      "{\"MasterUserPassword\":\"hush\"}}}",
      NULL, NULL, 0 },
    { "lambda-events-carry-a-date", "lambda", "CreateFunction", &alice,
      "{\"FunctionName\":\"f\",\"Environment\":{\"Variables\":{\"A\":\"secret\"}},"
      "\"Code\":{\"S3Bucket\":\"b\"}}",
      "{\"FunctionName\":\"f\",\"LastModified\":\"2026-01-02T03:04:05.000+0000\"}", NULL, NULL, 0 },
    { "an-updated-function-is-spelled-out", "lambda", "UpdateFunctionCode", &alice,
      "{\"FunctionName\":\"f\",\"S3Bucket\":\"b\"}", "{\"FunctionName\":\"f\"}", NULL, NULL, 0 },
    { "an-assertion-shows-its-id-only", "sts", "AssumeRoleWithSAML", &web,
      /* <saml2:Assertion Version="2.0" ID="_7"> */
      "{\"RoleArn\":\"arn:aws:iam::111122223333:role/r\",\"PrincipalArn\":"
      "\"arn:aws:iam::111122223333:saml-provider/p\","
      "\"SAMLAssertion\":\"PHNhbWwyOkFzc2VydGlvbiBWZXJzaW9uPSIyLjAiIElEPSJfNyI+\"}",
      "{\"AssumedRoleUser\":{\"Arn\":\"arn:aws:sts::111122223333:assumed-role/r/bob\"}}", NULL,
      NULL, 0 },
    { "account-wide-s3-calls-name-their-host", "s3control", "GetPublicAccessBlock", &alice,
      "{\"AccountId\":\"111122223333\"}", "{}", NULL, NULL, 0 },
    { "an-invocation-is-a-data-event", "lambda", "Invoke", &alice, "{\"FunctionName\":\"f\"}",
      "{\"StatusCode\":200}", NULL, NULL, 0 },
    { "an-item-is-named-by-its-attributes", "dynamodb", "PutItem", &alice,
      "{\"TableName\":\"t\",\"Item\":{\"id\":{\"S\":\"secret\"},\"n\":{\"N\":\"1\"}}}", "{}", NULL,
      NULL, 0 },
    { "secrets-are-hidden-or-left-out", "ssm", "PutParameter", &alice,
      "{\"Name\":\"/a/b\",\"Value\":\"hush\",\"Type\":\"SecureString\"}",
      "{\"Version\":1,\"Tier\":\"Standard\"}", NULL, NULL, 0 },
    { "a-distribution-has-no-date-when-accepted", "cloudfront", "GetDistribution", &alice,
      "{\"Id\":\"E1\"}", NULL, NULL, NULL, 0 },
    { "a-distribution-has-a-date-when-refused", "cloudfront", "GetDistribution", &alice,
      "{\"Id\":\"E1\"}", NULL, "AccessDenied", "no", 0 },
    { "an-operation-nobody-knows", "nosuch", "Frobnicate", &alice, "{}", NULL, "NotImplemented",
      "not known", 0 },
};

static void times_of(struct value *v)
{
    if (v->kind == VALUE_STRING && str_eq(v->u.text, STR("@"))) {
        v->kind = VALUE_TIME;
        v->u.time_ms = NOW_MS;
    }
    for (struct value *kid = value_first(v); kid; kid = kid->next)
        times_of(kid);
}

static struct value *tree(struct arena *a, const char *json)
{
    struct err err = { 0 };
    struct value *v = value_map(a);

    if (json)
        check_ok(json_parse(a, str_c(json), &v, &err), &err);
    times_of(v);
    return v;
}

static struct call call_of(struct arena *a, const struct record_case *c)
{
    struct call call = {
        .cat = cat,
        .op = cat_op_find_c(cat, c->service, c->operation),
        .service_name = str_c(c->service),
        .action = str_c(c->operation),
        .region = STR("us-east-1"),
        .account = c->who == &alice || !c->who->account.len ? STR("111122223333") : c->who->account,
        .who = c->who,
        .params = tree(a, c->params),
        .time_ms = NOW_MS,
        .request_id = STR("59dbff89-35bd-4eac-99ed-be587EXAMPLE"),
        .event_id = STR("e5c8b1b6-0b4c-4c1c-9f53-2f4d3d2a1b0c"),
        .source_ip = STR("198.51.100.7"),
        .user_agent = STR("aws-cli/2.22.0"),
        .host = STR("localhost:4566"),
        .auth = AUTH_HEADER,
        .signature_version = STR("SigV4"),
    };
    return call;
}

static void check_case(void **state)
{
    const struct record_case *c = *state;
    struct arena a = { 0 };
    struct buf out = { 0 };
    struct err err = { 0 };
    struct record_facts facts;
    struct call call = call_of(&a, c);
    struct outcome outcome = { .output = c->output ? tree(&a, c->output) : NULL,
                               .code = str_c(c->code),
                               .message = str_c(c->message) };
    struct value *parsed;

    int rc = record_build(recorder, &a, &call, &outcome, c->recipient, &out, &facts, &err);
    assert_true(rc > c->recipient);
    check_ok(json_parse(&a, arena_copy(&a, buf_view(&out)), &parsed, &err), &err);
    buf_add_char(&out, '\n'); /* the bytes, and below them the same for a reader's eye */
    json_write_pretty(&out, parsed, 2);
    buf_add_char(&out, '\n');
    golden_check(arena_printf(&a, "record/%s.json", c->name).ptr, buf_view(&out));
    buf_free(&out);
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
    struct CMUnitTest tests[COUNT(cases)];

    for (size_t i = 0; i < COUNT(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, check_case, NULL, NULL, (void *)&cases[i] };
    return cmocka_run_group_tests_name("record", tests, open_all, close_all);
}
