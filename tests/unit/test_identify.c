#include "emulator/wire/wire.h"

#include <stdlib.h>

#include "tests/unit/check.h"

static struct cat *cat;

/* The signature that a case needs: only the scope counts here. */
#define SIGN(region, service)                                                                      \
    "authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/" region "/" service \
    "/aws4_request, SignedHeaders=host, Signature=00\n"
#define FORM   "content-type: application/x-www-form-urlencoded; charset=utf-8\n"
#define TARGET "x-amz-target: "

/* want: "service operation protocol region", or "service action status code"; "-" is empty.
 * Debian's models are older than some cases: "... if SERVICE OPERATION" or "... if TARGETPREFIX"
 * names what must be in the catalogue, else the case is skipped. */
static const struct identify_case {
    const char *name, *method, *target, *headers, *body, *bucket, *want;
} cases[] = {
    /* json */
    { "a target names service and operation", "POST", "/",
      TARGET "DynamoDB_20120810.ListTables\n"
             "content-type: application/x-amz-json-1.0\n" SIGN("eu-west-1", "dynamodb"),
      "{}", "", "dynamodb ListTables json eu-west-1" },
    { "the dots of a target prefix stay in it", "POST", "/",
      TARGET "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents\n", "{}", "",
      "cloudtrail LookupEvents json -" },
    { "the dots of a target prefix stay in it, as newer SDKs name the target", "POST", "/",
      TARGET "CloudTrail_20131101.LookupEvents\n", "{}", "", "cloudtrail LookupEvents json -" },
    { "streams share a signing name with dynamodb", "POST", "/",
      TARGET "DynamoDBStreams_20120810.ListStreams\n" SIGN("us-east-1", "dynamodb"), "{}", "",
      "dynamodbstreams ListStreams json us-east-1" },
    { "timestream query and write share a prefix", "POST", "/",
      TARGET "Timestream_20181101.CreateDatabase\n" SIGN("us-east-1", "timestream"), "{}", "",
      "timestream-write CreateDatabase json us-east-1" },
    { "sqs speaks json", "POST", "/",
      TARGET "AmazonSQS.SendMessage\nx-amzn-query-mode: true\n" SIGN("us-east-1", "sqs"), "{}", "",
      "sqs SendMessage json us-east-1 if AmazonSQS" },
    { "cloudwatch speaks json", "POST", "/",
      TARGET "GraniteServiceVersion20100801.PutMetricData\n" SIGN("us-east-1", "monitoring"), "{}",
      "", "cloudwatch PutMetricData json us-east-1 if GraniteServiceVersion20100801" },
    { "cognito's public calls are unsigned", "POST", "/",
      TARGET "AWSCognitoIdentityProviderService.InitiateAuth\nhost: localhost:4566\n", "{}", "",
      "cognito-idp InitiateAuth json -" },
    { "an unknown operation of a known target", "POST", "/",
      TARGET "DynamoDB_20120810.MakeCoffee\n" SIGN("us-east-1", "dynamodb"), "{}", "",
      "dynamodb MakeCoffee 400 UnknownOperationException" },
    { "an unknown target is named by the signature", "POST", "/",
      TARGET "Nothing_2026.Do\n" SIGN("us-east-1", "kms"), "{}", "",
      "kms Do 400 UnknownOperationException" },
    /* CBOR */
    { "cloudwatch speaks CBOR", "POST",
      "/service/GraniteServiceVersion20100801/operation/PutMetricData",
      "smithy-protocol: rpc-v2-cbor\n" SIGN("us-east-1", "monitoring"), "", "",
      "cloudwatch PutMetricData cbor us-east-1 if GraniteServiceVersion20100801" },
    { "an unknown CBOR operation", "POST",
      "/service/GraniteServiceVersion20100801/operation/MakeCoffee",
      "smithy-protocol: rpc-v2-cbor\n" SIGN("us-east-1", "monitoring"), "", "",
      "cloudwatch MakeCoffee 404 UnknownOperationException if GraniteServiceVersion20100801" },
    { "a bucket may be called service", "GET", "/service/a/operation/b", SIGN("us-east-1", "s3"),
      "", "", "s3 GetObject rest-xml us-east-1" },
    /* query, ec2 */
    { "a form names its action", "POST", "/", FORM SIGN("us-east-1", "iam"),
      "Action=ListUsers&Version=2010-05-08", "", "iam ListUsers query us-east-1" },
    { "elb and elbv2 differ in version: old", "POST", "/",
      FORM SIGN("us-east-1", "elasticloadbalancing"),
      "Action=CreateLoadBalancer&Version=2012-06-01", "",
      "elb CreateLoadBalancer query us-east-1" },
    { "elb and elbv2 differ in version: new", "POST", "/",
      FORM SIGN("us-east-1", "elasticloadbalancing"),
      "Action=CreateLoadBalancer&Version=2015-12-01", "",
      "elbv2 CreateLoadBalancer query us-east-1" },
    { "docdb and neptune are rds", "POST", "/", FORM SIGN("us-east-1", "rds"),
      "Action=CreateDBCluster&Version=2014-10-31", "", "rds CreateDBCluster query us-east-1" },
    { "importexport signs as what it was once called", "POST", "/",
      FORM SIGN("us-east-1", "IngestionService"), "Action=ListJobs&Version=2010-06-01", "",
      "importexport ListJobs query us-east-1" },
    { "an older version of ec2 is ec2", "POST", "/", FORM SIGN("us-east-1", "ec2"),
      "Action=DescribeInstances&Version=2014-10-01", "", "ec2 DescribeInstances ec2 us-east-1" },
    { "sqs speaks query at a queue's url", "POST", "/123456789012/q", FORM SIGN("us-east-1", "sqs"),
      "Action=SendMessage&Version=2012-11-05&MessageBody=x", "",
      "sqs SendMessage query us-east-1" },
    { "cloudwatch speaks query", "POST", "/", FORM SIGN("us-east-1", "monitoring"),
      "Action=PutMetricData&Version=2010-08-01", "", "cloudwatch PutMetricData query us-east-1" },
    { "a presigned GetCallerIdentity", "GET",
      "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&"
      "X-Amz-Credential=AKIA%2F20260101%2Feu-west-1%2Fsts%2Faws4_request",
      "host: sts.eu-west-1.amazonaws.com\n", "", "", "sts GetCallerIdentity query eu-west-1" },
    { "AssumeRoleWithWebIdentity is unsigned", "POST", "/", FORM "host: localhost\n",
      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15", "",
      "sts AssumeRoleWithWebIdentity query -" },
    { "an action without version is found by the signature", "POST", "/",
      FORM SIGN("us-east-1", "sts"), "Action=GetCallerIdentity", "",
      "sts GetCallerIdentity query us-east-1" },
    { "an unknown action", "POST", "/", FORM SIGN("us-east-1", "iam"),
      "Action=MakeCoffee&Version=2010-05-08", "", "iam MakeCoffee 400 InvalidAction" },
    { "an unknown action of ec2", "POST", "/", FORM SIGN("us-east-1", "ec2"),
      "Action=MakeCoffee&Version=2016-11-15", "", "ec2 MakeCoffee 400 InvalidAction" },
    { "an unknown action found by its version alone", "POST", "/", FORM,
      "Action=MakeCoffee&Version=2011-06-15", "", "sts MakeCoffee 400 InvalidAction" },
    { "no action at all", "POST", "/", FORM SIGN("us-east-1", "sts"), "", "",
      "sts - 400 MissingAction" },
    { "a signature for another service is not overruled", "POST", "/",
      FORM SIGN("us-east-1", "iam"), "Action=GetCallerIdentity&Version=2011-06-15", "",
      "iam GetCallerIdentity 400 InvalidAction" },
    /* REST */
    { "a path with a label", "GET", "/2015-03-31/functions/my-fn/configuration",
      SIGN("us-east-1", "lambda"), "", "", "lambda GetFunctionConfiguration rest-json us-east-1" },
    { "an encoded arn is one label", "GET",
      "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Af",
      SIGN("us-east-1", "lambda"), "", "", "lambda GetFunction rest-json us-east-1" },
    { "a slash at the end may lack", "GET", "/2015-03-31/functions", SIGN("us-east-1", "lambda"),
      "", "", "lambda ListFunctions rest-json us-east-1" },
    { "a greedy label goes on", "GET", "/portals/arn:aws:workspaces-web:a/b/c/identityProviders",
      SIGN("us-east-1", "workspaces-web"), "", "",
      "workspaces-web ListIdentityProviders rest-json us-east-1" },
    { "a greedy label ends", "GET", "/portals/arn:aws:workspaces-web:a/b/c",
      SIGN("us-east-1", "workspaces-web"), "", "", "workspaces-web GetPortal rest-json us-east-1" },
    { "apigateway v1", "GET", "/restapis/abc/resources", SIGN("us-east-1", "apigateway"), "", "",
      "apigateway GetResources rest-json us-east-1" },
    { "apigateway v2 shares its signing name", "GET", "/v2/apis/abc",
      SIGN("us-east-1", "apigateway"), "", "", "apigatewayv2 GetApi rest-json us-east-1" },
    { "a literal query key", "POST", "/apikeys?mode=import&format=csv",
      SIGN("us-east-1", "apigateway"), "", "", "apigateway ImportApiKeys rest-json us-east-1" },
    { "without it the other", "POST", "/apikeys", SIGN("us-east-1", "apigateway"), "", "",
      "apigateway CreateApiKey rest-json us-east-1" },
    { "a required query member may lack", "DELETE", "/tags/arn%3Aaws%3Alambda",
      SIGN("us-east-1", "eks"), "", "", "eks UntagResource rest-json us-east-1" },
    { "shared paths go by host", "POST", "/tags?operation=tag-resource",
      SIGN("us-east-1", "chime") "host: voice-chime.us-east-1.amazonaws.com\n", "", "",
      "chime-sdk-voice TagResource rest-json us-east-1 if chime-sdk-voice TagResource" },
    { "shared paths go by user agent", "POST", "/tags?operation=tag-resource",
      SIGN("us-east-1", "chime") "user-agent: aws-sdk-js/3 api/chime-sdk-meetings#3.1 md/x\n", "",
      "", "chime-sdk-meetings TagResource rest-json us-east-1" },
    { "shared paths have a first choice", "POST", "/tagResource",
      SIGN("us-east-1", "bedrock") "host: localhost\n", "", "",
      "bedrock TagResource rest-json us-east-1 if bedrock TagResource" },
    { "only a slash tells these apart: without", "POST", "/agents/a", SIGN("us-east-1", "bedrock"),
      "{}", "",
      "bedrock-agent-runtime InvokeInlineAgent rest-json us-east-1 if bedrock-agent-runtime "
      "InvokeInlineAgent" },
    { "only a slash tells these apart: with", "POST", "/agents/a/", SIGN("us-east-1", "bedrock"),
      "{}", "",
      "bedrock-agent PrepareAgent rest-json us-east-1 if bedrock-agent-runtime InvokeInlineAgent" },
    { "a dated name of cloudfront", "GET", "/2020-05-31/distribution",
      SIGN("us-east-1", "cloudfront"), "", "",
      "cloudfront ListDistributions2020_05_31 rest-xml us-east-1" },
    { "route53 speaks XML", "POST", "/2013-04-01/hostedzone/Z1/rrset", SIGN("us-east-1", "route53"),
      "", "", "route53 ChangeResourceRecordSets rest-xml us-east-1" },
    { "an unknown path", "GET", "/no/such/path", SIGN("us-east-1", "lambda"), "", "",
      "lambda - 404 UnknownOperationException" },
    { "an unknown path where a query service signs alike", "GET", "/v2/email/no-such",
      SIGN("us-east-1", "ses"), "", "", "sesv2 - 404 UnknownOperationException" },
    { "a service that has no paths", "GET", "/some/path", SIGN("us-east-1", "kms"), "", "",
      "kms - 404 UnknownOperationException" },
    { "nothing signs so", "GET", "/", SIGN("us-east-1", "coffee"), "", "",
      "- - 404 UnknownOperationException" },
    { "sso's portal takes its own token", "GET", "/federation/credentials?role_name=r&account_id=1",
      "x-amz-sso_bearer_token: t\nhost: localhost:4566\n", "", "",
      "sso GetRoleCredentials rest-json -" },
    { "sso-oidc is unsigned", "POST", "/client/register", "host: localhost\n", "{}", "",
      "sso-oidc RegisterClient rest-json -" },
    { "a bearer token", "POST", "/model/m/converse", "authorization: Bearer abc\nhost: localhost\n",
      "{}", "", "bedrock-runtime Converse rest-json - if bedrock-runtime Converse" },
    { "an unsigned request goes by host", "GET", "/v2/apis/a",
      "host: apigateway.us-west-2.amazonaws.com\n", "", "",
      "apigatewayv2 GetApi rest-json us-west-2" },
    /* S3 */
    { "s3 lists buckets", "GET", "/", SIGN("us-east-1", "s3"), "", "",
      "s3 ListBuckets rest-xml us-east-1" },
    { "directory buckets have their own list", "GET", "/", SIGN("us-east-1", "s3express"), "", "",
      "s3 ListDirectoryBuckets rest-xml us-east-1 if s3 ListDirectoryBuckets" },
    { "a bucket", "GET", "/b", SIGN("us-east-1", "s3"), "", "",
      "s3 ListObjects rest-xml us-east-1" },
    { "a bucket with a slash", "GET", "/b/?list-type=2&prefix=x", SIGN("us-east-1", "s3"), "", "",
      "s3 ListObjectsV2 rest-xml us-east-1" },
    { "a bucket in the host", "GET", "/", SIGN("us-east-1", "s3"), "", "b",
      "s3 ListObjects rest-xml us-east-1" },
    { "a key under a bucket in the host", "PUT", "/k", SIGN("us-east-1", "s3"), "", "b",
      "s3 PutObject rest-xml us-east-1" },
    { "a key that ends in a slash", "PUT", "/b/dir/", SIGN("us-east-1", "s3"), "", "",
      "s3 PutObject rest-xml us-east-1" },
    { "a key that is a slash", "PUT", "/b//", SIGN("us-east-1", "s3"), "", "",
      "s3 PutObject rest-xml us-east-1" },
    { "a copy", "PUT", "/b/k", SIGN("us-east-1", "s3") "x-amz-copy-source: /b/j\n", "", "",
      "s3 CopyObject rest-xml us-east-1" },
    { "a part", "PUT", "/b/k?partNumber=1&uploadId=u", SIGN("us-east-1", "s3"), "", "",
      "s3 UploadPart rest-xml us-east-1" },
    { "a copied part", "PUT", "/b/k?partNumber=1&uploadId=u",
      SIGN("us-east-1", "s3") "X-Amz-Copy-Source: /b/j\n", "", "",
      "s3 UploadPartCopy rest-xml us-east-1" },
    { "an upload begins", "POST", "/b/k?uploads", SIGN("us-east-1", "s3"), "", "",
      "s3 CreateMultipartUpload rest-xml us-east-1" },
    { "an upload ends", "POST", "/b/k?uploadId=u", SIGN("us-east-1", "s3"), "", "",
      "s3 CompleteMultipartUpload rest-xml us-east-1" },
    { "an upload is given up", "DELETE", "/b/k?uploadId=u", SIGN("us-east-1", "s3"), "", "",
      "s3 AbortMultipartUpload rest-xml us-east-1" },
    { "parts are listed", "GET", "/b/k?uploadId=u", SIGN("us-east-1", "s3"), "", "",
      "s3 ListParts rest-xml us-east-1" },
    { "the newer of two twins: lifecycle", "GET", "/b?lifecycle", SIGN("us-east-1", "s3"), "", "",
      "s3 GetBucketLifecycleConfiguration rest-xml us-east-1" },
    { "the newer of two twins: notification", "PUT", "/b?notification", SIGN("us-east-1", "s3"), "",
      "", "s3 PutBucketNotificationConfiguration rest-xml us-east-1" },
    { "one analytics configuration", "GET", "/b?analytics&id=x", SIGN("us-east-1", "s3"), "", "",
      "s3 GetBucketAnalyticsConfiguration rest-xml us-east-1" },
    { "all analytics configurations", "GET", "/b?analytics", SIGN("us-east-1", "s3"), "", "",
      "s3 ListBucketAnalyticsConfigurations rest-xml us-east-1" },
    { "the JavaScript SDK's x-id is no condition", "GET", "/b/k?x-id=GetObject",
      SIGN("us-east-1", "s3"), "", "", "s3 GetObject rest-xml us-east-1" },
    { "a bucket may be called WriteGetObjectResponse", "POST", "/WriteGetObjectResponse?delete",
      SIGN("us-east-1", "s3"), "", "", "s3 DeleteObjects rest-xml us-east-1" },
    { "s3control by its path and account", "GET", "/v20180820/accesspoint",
      SIGN("us-east-1", "s3") "x-amz-account-id: 123456789012\n", "", "",
      "s3control ListAccessPoints rest-xml us-east-1" },
    { "s3control with the account in the host", "GET", "/v20180820/accesspoint",
      SIGN("us-east-1", "s3") "x-amz-account-id: 123456789012\n", "", "123456789012",
      "s3control ListAccessPoints rest-xml us-east-1" },
    { "a bucket may be called v20180820", "GET", "/v20180820/accesspoint", SIGN("us-east-1", "s3"),
      "", "", "s3 GetObject rest-xml us-east-1" },
    { "a presigned get", "GET",
      "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20260101%2Fus-west-2%2Fs3%2F"
      "aws4_request&X-Amz-Signature=0",
      "", "", "", "s3 GetObject rest-xml us-west-2" },
    { "a presigned get of signature version 2", "GET",
      "/b/k?AWSAccessKeyId=A&Signature=s&Expires=1", "", "", "", "s3 GetObject rest-xml -" },
    { "an unsigned get is S3's", "GET", "/b/some/key", "host: 127.0.0.1:4566\n", "", "",
      "s3 GetObject rest-xml -" },
    { "a form with an Action parameter for S3 stays S3's", "GET", "/b/k?Action=ListUsers",
      SIGN("us-east-1", "s3"), "", "", "s3 GetObject rest-xml us-east-1" },
    { "a method that S3 lacks", "PATCH", "/b/k", SIGN("us-east-1", "s3"), "", "",
      "s3 - 405 MethodNotAllowed" },
    { "a post that says nothing", "POST", "/b/k", SIGN("us-east-1", "s3"), "", "",
      "s3 - 405 MethodNotAllowed" },
    { "a browser's upload", "POST", "/b", "content-type: multipart/form-data; boundary=x\n", "", "",
      "s3 PostObject rest-xml -" },
    { "a browser's upload to a key", "POST", "/b/k",
      "content-type: multipart/form-data; boundary=x\n", "", "", "s3 - 405 MethodNotAllowed" },
    { "a broken escape", "GET", "/b/%zz", SIGN("us-east-1", "s3"), "", "", "s3 - 400 InvalidURI" },
    { "SigV4a has no region in its scope", "PUT", "/b/k",
      "authorization: AWS4-ECDSA-P256-SHA256 Credential=AKIA/20260101/s3/aws4_request, "
      "SignedHeaders=host, Signature=0\nx-amz-region-set: us-east-1,us-west-2\n",
      "", "", "s3 PutObject rest-xml us-east-1" },
};

static struct str next_line(struct str *rest)
{
    struct str line;

    (void)str_cut(*rest, '\n', &line, rest);
    return line;
}

static void make_request(struct arena *a, const struct identify_case *c, struct request *q)
{
    struct str headers = str_c(c->headers), line;

    *q = (struct request){ .method = str_c(c->method), .target = str_c(c->target) };
    (void)str_cut(q->target, '?', &q->path, &q->query);
    assert_int_equal(uri_parse_query(a, q->query, &q->params, &q->param_count, NULL), 0);
    q->headers = arena_array(a, 16, sizeof *q->headers);
    while (headers.len > 0) {
        struct http_header *h = &q->headers[q->header_count++];

        line = next_line(&headers);
        assert_true(str_cut(line, ':', &h->name, &h->value));
        h->value = str_trim(h->value);
    }
    q->body.text = str_c(c->body);
    q->s3_bucket = str_c(c->bucket);
}

static const char *or_dash(struct arena *a, struct str s)
{
    return s.len ? arena_copy(a, s).ptr : "-";
}

static bool has_what_it_needs(struct str needs)
{
    struct str service, op;

    if (needs.len == 0)
        return true;
    if (!str_cut(needs, ' ', &service, &op))
        return cat_service_by_target(cat, service) != NULL;
    const struct cat_service *s = cat_service_find(cat, service);

    return s && cat_op_find(cat, s, op);
}

static void check_case(void **state)
{
    static const char *const protocols[] = {
        "json", "rest-json", "rest-xml", "query", "ec2", "cbor"
    };
    const struct identify_case *c = *state;
    struct arena a = { 0 };
    struct request q;
    struct route r;

    struct str want = str_c(c->want);
    ptrdiff_t condition = str_find(want, STR(" if "));

    if (condition >= 0 &&
        !has_what_it_needs(str_sub(want, (size_t)condition + strlen(" if "), want.len)))
        skip();
    make_request(&a, c, &q);
    wire_identify(&a, cat, &q, &r);
    struct str got =
        r.op ? arena_printf(&a, "%s %s %s %s", or_dash(&a, r.service), or_dash(&a, r.action),
                            protocols[r.protocol], or_dash(&a, r.region))
             : arena_printf(&a, "%s %s %d %s", or_dash(&a, r.service), or_dash(&a, r.action),
                            r.status, or_dash(&a, r.code));
    want = str_sub(want, 0, condition >= 0 ? (size_t)condition : want.len);
    check_str(got, arena_copy(&a, want).ptr);
    arena_free(&a);
}

static const struct key_case {
    const char *name, *path, *bucket, *want_bucket, *want_key; /* want_key NULL: none */
} keys[] = {
    { "path style", "/b/k", "", "b", "k" },
    { "host style", "/a/b", "b", "b", "a/b" },
    { "a bucket alone", "/b", "", "b", NULL },
    { "a bucket and a slash", "/b/", "", "b", NULL },
    { "a plus is a plus", "/b/a+b%20c", "", "b", "a+b c" },
    { "decoded once", "/b/a%2525", "", "b", "a%25" },
    { "slashes are kept", "/b//x//", "", "b", "/x//" },
    { "a key with a broken escape is none", "/b/a%zz", "", "b", NULL },
    { "an encoded slash is a slash of the key", "/b/a%2Fb", "", "b", "a/b" },
};

static void check_key(void **state)
{
    const struct key_case *c = *state;
    struct identify_case as_case = { .method = "GET",
                                     .target = c->path,
                                     .headers = SIGN("us-east-1", "s3"),
                                     .body = "",
                                     .bucket = c->bucket };
    struct arena a = { 0 };
    struct request q;
    struct route r;

    make_request(&a, &as_case, &q);
    wire_identify(&a, cat, &q, &r);
    check_str(r.s3_bucket, c->want_bucket);
    assert_int_equal(r.s3_has_key, c->want_key != NULL);
    if (c->want_key)
        check_str(r.s3_key, c->want_key);
    arena_free(&a);
}

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

int main(void)
{
    struct CMUnitTest tests[COUNT(cases) + COUNT(keys)];

    for (size_t i = 0; i < COUNT(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, check_case, NULL, NULL, (void *)&cases[i] };
    for (size_t i = 0; i < COUNT(keys); i++)
        tests[COUNT(cases) + i] =
            (struct CMUnitTest){ keys[i].name, check_key, NULL, NULL, (void *)&keys[i] };
    return cmocka_run_group_tests_name("identify", tests, open_it, close_it);
}
