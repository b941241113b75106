#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/codec/json.h"
#include "emulator/engine/call.h"
#include "emulator/wire/wire.h"

#define S3_NS "http://s3.amazonaws.com/doc/2006-03-01/"
#define XML   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

/* An outcome by hand and the reply it becomes. In output, a text "@N" stands for the time N ms. */
static const struct write_case {
    const char *name, *service, *operation;
    enum cat_protocol protocol;
    const char *method, *output; /* JSON, or NULL */
    const char *code, *members;  /* a refusal, its further members as JSON or NULL */
    int status;
    const char *headers; /* "Name: value" lines that must be there; "Name" alone must not */
    const char *body;
} cases[] = {
    /* query */
    { "query: a result in its wrapper", "sts", "GetCallerIdentity", CAT_QUERY, "POST",
      "{\"UserId\":\"AIDA\",\"Account\":\"1\",\"Arn\":\"a&b\"}", NULL, NULL, 200,
      "Content-Type: text/xml\nx-amzn-RequestId: RID",
      "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
      "<GetCallerIdentityResult><UserId>AIDA</UserId><Account>1</Account><Arn>a&amp;b</Arn>"
      "</GetCallerIdentityResult><ResponseMetadata><RequestId>RID</RequestId></ResponseMetadata>"
      "</GetCallerIdentityResponse>" },
    { "query: an output without members keeps its wrapper", "iam", "CreateUser", CAT_QUERY, "POST",
      NULL, NULL, NULL, 200, "",
      "<CreateUserResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><CreateUserResult>"
      "</CreateUserResult><ResponseMetadata><RequestId>RID</RequestId></ResponseMetadata>"
      "</CreateUserResponse>" },
    { "query: no output, no wrapper", "iam", "DeleteUser", CAT_QUERY, "POST", NULL, NULL, NULL, 200,
      "",
      "<DeleteUserResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ResponseMetadata>"
      "<RequestId>RID</RequestId></ResponseMetadata></DeleteUserResponse>" },
    { "query: lists and times", "iam", "ListUsers", CAT_QUERY, "POST",
      "{\"Users\":[{\"UserName\":\"u\",\"CreateDate\":\"@1767323045000\"}],\"IsTruncated\":false}",
      NULL, NULL, 200, "",
      "<ListUsersResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ListUsersResult>"
      "<Users><member><UserName>u</UserName><CreateDate>2026-01-02T03:04:05Z</CreateDate></member>"
      "</Users><IsTruncated>false</IsTruncated></ListUsersResult><ResponseMetadata><RequestId>RID"
      "</RequestId></ResponseMetadata></ListUsersResponse>" },
    { "query: the wire code stands for the shape's name", "iam", "GetUser", CAT_QUERY, "POST", NULL,
      "NoSuchEntityException", NULL, 404, "Content-Type: text/xml",
      "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender"
      "</Type><Code>NoSuchEntity</Code><Message>why &lt;x&gt;</Message></Error><RequestId>RID"
      "</RequestId></ErrorResponse>" },
    { "query: a code without a shape", "sts", "GetCallerIdentity", CAT_QUERY, "POST", NULL,
      "InvalidClientTokenId", NULL, 403, "", NULL },
    { "query: the server's own fault", "sts", "GetCallerIdentity", CAT_QUERY, "POST", NULL,
      "InternalFailure", NULL, 500, "",
      "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Receiver"
      "</Type><Code>InternalFailure</Code><Message>why &lt;x&gt;</Message></Error><RequestId>RID"
      "</RequestId></ErrorResponse>" },
    /* ec2 */
    { "ec2: items, milliseconds", "ec2", "DescribeVolumes", CAT_EC2, "POST",
      "{\"Volumes\":[{\"VolumeId\":\"v\",\"CreateTime\":\"@1767323045000\"}]}", NULL, NULL, 200, "",
      XML "<DescribeVolumesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>"
          "RID</requestId><volumeSet><item><volumeId>v</volumeId><createTime>"
          "2026-01-02T03:04:05.000Z</createTime></item></volumeSet></DescribeVolumesResponse>" },
    { "ec2: a void operation returns true", "ec2", "DeleteVpc", CAT_EC2, "POST", NULL, NULL, NULL,
      200, "",
      XML "<DeleteVpcResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>RID"
          "</requestId><return>true</return></DeleteVpcResponse>" },
    { "ec2: RequestID of an error has a capital D", "ec2", "DeleteVpc", CAT_EC2, "POST", NULL,
      "InvalidVpcID.NotFound", NULL, 400, "",
      XML "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>why &lt;x&gt;"
          "</Message></Error></Errors><RequestID>RID</RequestID></Response>" },
    /* json */
    { "json: blobs, times, unknown and null members", "kms", "DescribeKey", CAT_JSON, "POST",
      "{\"KeyMetadata\":{\"KeyId\":\"k\",\"CreationDate\":\"@1767323045678\",\"Enabled\":true,"
      "\"Nope\":1,\"Arn\":null}}",
      NULL, NULL, 200, "Content-Type: application/x-amz-json-1.1",
      "{\"KeyMetadata\":{\"KeyId\":\"k\",\"CreationDate\":1767323045.678,\"Enabled\":true}}" },
    { "json: no output is no body", "kms", "EnableKey", CAT_JSON, "POST", NULL, NULL, NULL, 200, "",
      "" },
    { "json: an empty output is an object", "cloudtrail", "StartLogging", CAT_JSON, "POST", NULL,
      NULL, NULL, 200, "", "{}" },
    { "json: a union without its one member is left out", "bedrock-runtime", "Converse",
      CAT_REST_JSON, "POST",
      "{\"output\":{\"message\":{\"content\":[{\"text\":\"t\"},{},{\"text\":\"u\"}]}}}", NULL, NULL,
      200, "", "{\"output\":{\"message\":{\"content\":[{\"text\":\"t\"},{\"text\":\"u\"}]}}}" },
    { "json: the version is the request's, else the service's", "dynamodb", "ListTables", CAT_JSON,
      "POST", "{}", NULL, NULL, 200, "Content-Type: application/x-amz-json-1.0", "{}" },
    { "json: an error has its type twice", "kms", "DescribeKey", CAT_JSON, "POST", NULL,
      "NotFoundException", NULL, 400, "x-amzn-ErrorType: NotFoundException\nx-amzn-query-error",
      "{\"__type\":\"NotFoundException\",\"message\":\"why <x>\"}" },
    { "json: further members of an error", "dynamodb", "PutItem", CAT_JSON, "POST", NULL,
      "ConditionalCheckFailedException", "{\"Item\":{\"a\":{\"N\":\"1\"}}}", 400, "",
      "{\"__type\":\"ConditionalCheckFailedException\",\"message\":\"why <x>\",\"Item\":{\"a\":{"
      "\"N\":\"1\"}}}" },
    { "json: the code of query days goes into a header", "sqs", "PurgeQueue", CAT_JSON, "POST",
      NULL, "QueueDoesNotExist", NULL, 400,
      "x-amzn-query-error: AWS.SimpleQueueService.NonExistentQueue;Sender",
      "{\"__type\":\"QueueDoesNotExist\",\"message\":\"why <x>\"}" },
    { "json: refused as not implemented", "kms", "DescribeKey", CAT_JSON, "POST", NULL,
      "NotImplemented", NULL, 501, "", NULL },
    /* rest-json */
    { "rest-json: the model's status", "lambda", "CreateFunction", CAT_REST_JSON, "POST",
      "{\"FunctionName\":\"f\",\"Timeout\":3}", NULL, NULL, 201,
      "Content-Type: application/json\nx-amzn-RequestId: RID",
      "{\"FunctionName\":\"f\",\"Timeout\":3}" },
    { "rest-json: status and headers from members, a raw payload", "lambda", "Invoke",
      CAT_REST_JSON, "POST",
      "{\"StatusCode\":202,\"FunctionError\":\"a\\r\\nb\",\"Payload\":\"raw\"}", NULL, NULL, 202,
      "X-Amz-Function-Error: a  b", "raw" },
    { "rest-json: an error in the header, its text under the shape's name", "lambda", "GetFunction",
      CAT_REST_JSON, "GET", NULL, "ResourceNotFoundException", "{\"Type\":\"User\"}", 404,
      "x-amzn-ErrorType: ResourceNotFoundException",
      "{\"Message\":\"why <x>\",\"Type\":\"User\"}" },
    { "rest-json: an error's member in a header", "lambda", "Invoke", CAT_REST_JSON, "POST", NULL,
      "TooManyRequestsException", "{\"retryAfterSeconds\":\"5\",\"Reason\":\"r\"}", 429,
      "Retry-After: 5", "{\"message\":\"why <x>\",\"Reason\":\"r\"}" },
    { "rest-json: no content", "lambda", "DeleteAlias", CAT_REST_JSON, "DELETE", NULL, NULL, NULL,
      204, "Content-Type", "" },
    /* rest-xml */
    { "s3: headers alone have no body", "s3", "PutObject", CAT_REST_XML, "PUT",
      "{\"ETag\":\"\\\"e\\\"\",\"VersionId\":\"v\"}", NULL, NULL, 200,
      "ETag: \"e\"\nx-amz-version-id: v\nx-amz-request-id: RID\nx-amz-id-2: HID\nContent-Type",
      "" },
    { "s3: root, flat lists, milliseconds", "s3", "ListObjectsV2", CAT_REST_XML, "GET",
      "{\"Name\":\"b\",\"Contents\":[{\"Key\":\"a\",\"LastModified\":\"@1767323045000\"},{\"Key\":"
      "\"b\"}],\"CommonPrefixes\":[{\"Prefix\":\"p/\"}],\"IsTruncated\":false}",
      NULL, NULL, 200, "Content-Type: application/xml",
      XML "<ListBucketResult xmlns=\"" S3_NS "\"><Name>b</Name><Contents><Key>a</Key><LastModified>"
          "2026-01-02T03:04:05.000Z</LastModified></Contents><Contents><Key>b</Key></Contents>"
          "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes><IsTruncated>false</IsTruncated>"
          "</ListBucketResult>" },
    { "s3: an attribute with its namespace", "s3", "GetBucketAcl", CAT_REST_XML, "GET",
      "{\"Grants\":[{\"Grantee\":{\"ID\":\"i\",\"Type\":\"CanonicalUser\"},\"Permission\":"
      "\"READ\"}]}",
      NULL, NULL, 200, "",
      XML "<AccessControlPolicy xmlns=\"" S3_NS "\"><AccessControlList><Grant><Grantee "
          "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\">"
          "<ID>i</ID></Grantee><Permission>READ</Permission></Grant></AccessControlList>"
          "</AccessControlPolicy>" },
    { "s3: the region is the root's text", "s3", "GetBucketLocation", CAT_REST_XML, "GET",
      "{\"LocationConstraint\":\"eu-west-1\"}", NULL, NULL, 200, "",
      XML "<LocationConstraint xmlns=\"" S3_NS "\">eu-west-1</LocationConstraint>" },
    { "s3: us-east-1 has none", "s3", "GetBucketLocation", CAT_REST_XML, "GET", "{}", NULL, NULL,
      200, "", XML "<LocationConstraint xmlns=\"" S3_NS "\"/>" },
    { "s3: a length only with HEAD", "s3", "HeadObject", CAT_REST_XML, "HEAD",
      "{\"ContentLength\":7,\"LastModified\":\"@1398796238000\",\"Metadata\":{\"a\":\"b\"}}", NULL,
      NULL, 200, "Content-Length: 7\nLast-Modified: Tue, 29 Apr 2014 18:30:38 GMT\nx-amz-meta-a: b",
      "" },
    { "s3: none with GET", "s3", "GetObject", CAT_REST_XML, "GET",
      "{\"ContentLength\":7,\"ContentType\":\"text/y\"}", NULL, NULL, 200,
      "Content-Length\nContent-Type: text/y", "" },
    { "s3: an error without namespace", "s3", "GetObject", CAT_REST_XML, "GET", NULL, "NoSuchKey",
      "{\"Key\":\"k<\"}", 404, "Content-Type: application/xml",
      XML "<Error><Code>NoSuchKey</Code><Message>why &lt;x&gt;</Message><Key>k&lt;</Key><RequestId>"
          "RID</RequestId><HostId>HID</HostId></Error>" },
    { "s3: a code without a shape", "s3", "GetBucketPolicy", CAT_REST_XML, "GET", NULL,
      "NoSuchBucketPolicy", NULL, 404, "", NULL },
    { "s3: HEAD is refused without words", "s3", "HeadObject", CAT_REST_XML, "HEAD", NULL,
      "NoSuchKey", NULL, 404, "x-amz-request-id: RID", "" },
    { "s3: not modified", "s3", "GetObject", CAT_REST_XML, "GET", NULL, "NotModified", NULL, 304,
      "", "" },
    { "route53: an error in its envelope", "route53", "GetHostedZone", CAT_REST_XML, "GET", NULL,
      "NoSuchHostedZone", NULL, 404, "Content-Type: text/xml",
      XML "<ErrorResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Error><Type>"
          "Sender</Type><Code>NoSuchHostedZone</Code><Message>why &lt;x&gt;</Message></Error>"
          "<RequestId>RID</RequestId></ErrorResponse>" },
    /* rpc-v2-cbor */
    { "cbor: an empty answer is an empty map", "cloudwatch", "PutMetricData", CAT_CBOR, "POST",
      NULL, NULL, NULL, 200, "Content-Type: application/cbor\nsmithy-protocol: rpc-v2-cbor",
      "\xa0" },
    { "cbor: a map", "cloudwatch", "ListMetrics", CAT_CBOR, "POST", "{\"NextToken\":\"t\"}", NULL,
      NULL, 200, "", "\xa1\x69NextToken\x61t" },
    { "cbor: an error", "cloudwatch", "DescribeAlarms", CAT_CBOR, "POST", NULL, "Oops", NULL, 400,
      "x-amzn-query-error: Oops;Sender", "\xa2\x66__type\x64Oops\x67message\x67why <x>" },
};

static struct cat *cat;

static void set_times(struct value *v)
{
    int64_t ms;

    for (struct value *kid = value_first(v); kid; kid = kid->next) {
        if (kid->kind == VALUE_STRING && str_has_prefix(kid->u.text, STR("@")) &&
            str_to_i64(str_sub(kid->u.text, 1, 20), &ms)) {
            kid->kind = VALUE_TIME;
            kid->u.time_ms = ms;
        }
        set_times(kid);
    }
}

static struct value *tree(struct arena *a, const char *json)
{
    struct err err = { 0 };
    struct value *v = NULL;

    if (!json)
        return NULL;
    check_ok(json_parse(a, str_c(json), &v, &err), &err);
    set_times(v);
    return v;
}

static const struct http_header *find_header(const struct reply *r, struct str name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (str_eq_nocase(r->headers[i].name, name))
            return &r->headers[i];
    return NULL;
}

static void check_headers(const struct reply *r, const char *want)
{
    struct str line, rest = str_c(want), name, value;

    while (rest.len) {
        (void)str_cut(rest, '\n', &line, &rest);
        bool present = str_cut(line, ':', &name, &value);
        const struct http_header *h = find_header(r, name);

        if (present != (h != NULL))
            fail_msg("%.*s: %s", STR_ARG(name), h ? "is there" : "is missing");
        if (h && !str_eq(h->value, str_trim(value)))
            fail_msg("%.*s: '%.*s'", STR_ARG(name), STR_ARG(h->value));
    }
}

static void check_case(void **state)
{
    const struct write_case *c = *state;
    bool s3 = strcmp(c->service, "s3") == 0;
    struct arena a = { 0 };
    struct request q = { .method = str_c(c->method) };
    struct route route = { .protocol = c->protocol, .service = str_c(c->service) };
    struct outcome out = { 0 };
    struct reply reply = { 0 };

    route.op = cat_op_find_c(cat, c->service, c->operation);
    assert_non_null(route.op);
    out.output = tree(&a, c->output);
    if (c->code)
        outcome_refuse(&a, &out, 0, c->code, "why <%s>", "x");
    out.error = tree(&a, c->members);
    wire_write(&a, cat, &q, &route, &out, STR("RID"), s3 ? STR("HID") : STR(""), &reply);
    assert_int_equal(reply.status, c->status);
    check_headers(&reply, c->headers);
    if (c->body)
        check_str(reply.body.text, c->body);
    arena_free(&a);
}

/* What was never identified is refused all the same, in the protocol it seemed to speak. */
static void check_unknown_operation(void **state)
{
    struct arena a = { 0 };
    struct request q = { .method = STR("POST") };
    struct route route = { .protocol = CAT_JSON, .json_version = STR("1.0") };
    struct outcome out = { 0 };
    struct reply reply = { 0 };

    (void)state;
    outcome_refuse(&a, &out, 400, "UnknownOperationException", "none");
    wire_write(&a, cat, &q, &route, &out, STR("RID"), STR(""), &reply);
    assert_int_equal(reply.status, 400);
    check_headers(&reply, "Content-Type: application/x-amz-json-1.0");
    check_str(reply.body.text, "{\"__type\":\"UnknownOperationException\",\"message\":\"none\"}");
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(cases) + 1];
    struct err err = { 0 };

    if (cat_open(&cat, getenv("MOCKTRAIL_CATALOGUE") ? NULL : "build/catalogue.bin", &err) < 0) {
        printf("test_wire_write: skipped: %s\n", err.text);
        return 77;
    }
    for (size_t i = 0; i < COUNT(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, check_case, NULL, NULL, (void *)&cases[i] };
    tests[COUNT(cases)] =
        (struct CMUnitTest){ "an unknown operation", check_unknown_operation, NULL, NULL, NULL };
    int failed = cmocka_run_group_tests_name("wire_write", tests, NULL, NULL);
    cat_close(cat);
    return failed;
}
