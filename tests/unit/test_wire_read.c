#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/codec/json.h"
#include "emulator/engine/call.h"
#include "emulator/wire/wire.h"

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

/* Another emulator's answer and the outcome it is read as. */
static const struct read_case {
    const char *name, *service, *operation;
    enum cat_protocol protocol;
    int status;
    const char *headers; /* "Name: value" lines */
    const char *body;
    const char *output;         /* JSON, times as ISO; NULL: none */
    const char *code, *message; /* a refusal; NULL: none */
    const char *id;             /* NULL: unreadable */
} cases[] = {
    /* query */
    { "query: the result in its wrapper", "sts", "GetCallerIdentity", CAT_QUERY, 200,
      "x-amzn-RequestId: header",
      "<GetCallerIdentityResponse xmlns=\"x\"><GetCallerIdentityResult><Account>1</Account>"
      "<Arn>a&amp;b</Arn></GetCallerIdentityResult><ResponseMetadata><RequestId>body</RequestId>"
      "</ResponseMetadata></GetCallerIdentityResponse>",
      "{\"Account\":\"1\",\"Arn\":\"a&b\"}", NULL, NULL, "body" },
    { "query: lists and times; what is not of its type is left out", "iam", "ListUsers", CAT_QUERY,
      200, "",
      "<ListUsersResponse><ListUsersResult><Users><member><UserName>u</UserName><CreateDate>"
      "2026-01-02T03:04:05.5Z</CreateDate><PasswordLastUsed>never</PasswordLastUsed></member>"
      "</Users><IsTruncated>maybe</IsTruncated></ListUsersResult></ListUsersResponse>",
      "{\"Users\":[{\"UserName\":\"u\",\"CreateDate\":\"2026-01-02T03:04:05Z\"}]}", NULL, NULL,
      "" },
    { "query: no output", "iam", "DeleteUser", CAT_QUERY, 200, "",
      "<DeleteUserResponse><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
      "</DeleteUserResponse>",
      NULL, NULL, NULL, "r" },
    { "query: an error", "iam", "GetUser", CAT_QUERY, 404, "",
      "<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>who?</Message>"
      "</Error><RequestId>r</RequestId></ErrorResponse>",
      NULL, "NoSuchEntity", "who?", "r" },
    { "query: a web page", "iam", "ListUsers", CAT_QUERY, 200, "", "<html><body/></html>", NULL,
      NULL, NULL, NULL },
    { "query: not even XML", "iam", "ListUsers", CAT_QUERY, 200, "", "ok", NULL, NULL, NULL, NULL },
    { "query: an error without a code", "iam", "GetUser", CAT_QUERY, 500, "",
      "<ErrorResponse><Error><Message>m</Message></Error></ErrorResponse>", NULL, NULL, NULL,
      NULL },
    { "query: JSON names of a service that moved away do not count", "sqs", "ListQueues", CAT_QUERY,
      200, "",
      "<ListQueuesResponse><ListQueuesResult><QueueUrl>u1</QueueUrl><QueueUrl>u2</QueueUrl>"
      "</ListQueuesResult></ListQueuesResponse>",
      "{\"QueueUrls\":[\"u1\",\"u2\"]}", NULL, NULL, "" },
    /* ec2 */
    { "ec2: items", "ec2", "DescribeVolumes", CAT_EC2, 200, "",
      XML "<DescribeVolumesResponse><requestId>r</requestId><volumeSet><item><volumeId>v</volumeId>"
          "<size>8</size></item><item/></volumeSet></DescribeVolumesResponse>",
      "{\"Volumes\":[{\"VolumeId\":\"v\",\"Size\":8},{}]}", NULL, NULL, "r" },
    { "ec2: an error", "ec2", "DeleteVpc", CAT_EC2, 400, "",
      XML "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>m</Message></Error>"
          "</Errors><RequestID>r</RequestID></Response>",
      NULL, "InvalidVpcID.NotFound", "m", "r" },
    /* json */
    { "json: times, numbers and texts of other types", "kms", "DescribeKey", CAT_JSON, 200,
      "x-amzn-requestid: r",
      "{\"KeyMetadata\":{\"KeyId\":7,\"CreationDate\":1767323045.678,\"Enabled\":\"true\","
      "\"Nope\":1,\"Arn\":null,\"Description\":[1],\"EncryptionAlgorithms\":[\"a\",{},\"b\"]}}",
      "{\"KeyMetadata\":{\"KeyId\":\"7\",\"CreationDate\":\"2026-01-02T03:04:05Z\","
      "\"Enabled\":true,\"EncryptionAlgorithms\":[\"a\",\"b\"]}}",
      NULL, NULL, "r" },
    { "json: nothing is an empty output", "logs", "DescribeLogGroups", CAT_JSON, 200, "", "", "{}",
      NULL, NULL, "" },
    { "json: a list is no output", "logs", "DescribeLogGroups", CAT_JSON, 200, "", "[1]", NULL,
      NULL, NULL, NULL },
    { "json: an error with its namespace", "dynamodb", "DescribeTable", CAT_JSON, 400,
      "x-amzn-RequestId: r",
      "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\","
      "\"message\":\"m\"}",
      NULL, "ResourceNotFoundException", "m", "r" },
    { "json: the header's word comes first", "kms", "DescribeKey", CAT_JSON, 400,
      "x-amzn-ErrorType: NotFoundException:http://x/", "{\"__type\":\"Other\",\"Message\":\"m\"}",
      NULL, "NotFoundException", "m", "" },
    { "json: an error that says nothing", "kms", "DescribeKey", CAT_JSON, 500, "", "{}", NULL, NULL,
      NULL, NULL },
    { "json: compressed", "kms", "ListKeys", CAT_JSON, 200, "Content-Encoding: gzip", "not gzip",
      NULL, NULL, NULL, NULL },
    { "a status that ends nothing", "lambda", "Invoke", CAT_REST_JSON, 0, "", "", NULL, NULL, NULL,
      NULL },
    { "json: a stream of events is not looked into", "kinesis", "SubscribeToShard", CAT_JSON, 200,
      "", "\x01\x02frames", "{}", NULL, NULL, "" },
    /* rest-json */
    { "rest-json: headers and status are members", "lambda", "Invoke", CAT_REST_JSON, 202,
      "X-Amz-Function-Error: Unhandled\nx-amzn-RequestId: r", "bytes",
      "{\"StatusCode\":202,\"FunctionError\":\"Unhandled\",\"Payload\":\"Ynl0ZXM=\"}", NULL, NULL,
      "r" },
    { "rest-json: a body", "lambda", "GetAlias", CAT_REST_JSON, 200, "",
      "{\"Name\":\"live\",\"FunctionVersion\":\"1\"}",
      "{\"Name\":\"live\",\"FunctionVersion\":\"1\"}", NULL, NULL, "" },
    { "rest-json: an error", "lambda", "GetFunction", CAT_REST_JSON, 404,
      "x-amzn-ErrorType: ResourceNotFoundException", "{\"Message\":\"m\"}", NULL,
      "ResourceNotFoundException", "m", "" },
    { "rest-json: an error's code in the body", "lambda", "GetFunction", CAT_REST_JSON, 404, "",
      "{\"code\":\"ResourceNotFoundException\"}", NULL, "ResourceNotFoundException", "", "" },
    /* rest-xml */
    { "s3: headers", "s3", "PutObject", CAT_REST_XML, 200,
      "ETag: \"e\"\nx-amz-version-id: v\nx-amz-request-id: r\nx-amz-bucket-key-enabled: perhaps",
      "", "{\"ETag\":\"\\\"e\\\"\",\"VersionId\":\"v\"}", NULL, NULL, "r" },
    { "s3: flat lists", "s3", "ListObjectsV2", CAT_REST_XML, 200, "",
      XML "<ListBucketResult><Name>b</Name><Contents><Key>a</Key></Contents><Contents><Key>b</Key>"
          "</Contents><KeyCount>2</KeyCount></ListBucketResult>",
      "{\"Name\":\"b\",\"Contents\":[{\"Key\":\"a\"},{\"Key\":\"b\"}],\"KeyCount\":2}", NULL, NULL,
      "" },
    { "s3: the location is the root's text", "s3", "GetBucketLocation", CAT_REST_XML, 200, "",
      "<LocationConstraint>eu-west-1</LocationConstraint>",
      "{\"LocationConstraint\":\"eu-west-1\"}", NULL, NULL, "" },
    { "s3: an object is not looked into", "s3", "GetObject", CAT_REST_XML, 200,
      "Content-Length: 7\nx-amz-meta-a: b", "<Error>",
      "{\"ContentLength\":7,\"Metadata\":{\"a\":\"b\"}}", NULL, NULL, "" },
    { "s3: an error", "s3", "GetObject", CAT_REST_XML, 404, "x-amz-request-id: r",
      XML "<Error><Code>NoSuchKey</Code><Message>m</Message><RequestId>b</RequestId></Error>", NULL,
      "NoSuchKey", "m", "r" },
    { "s3: an error after 200", "s3", "CompleteMultipartUpload", CAT_REST_XML, 200, "",
      XML "\n<Error><Code>InternalError</Code><Message>m</Message></Error>", NULL, "InternalError",
      "m", "" },
    { "s3: HEAD is refused without words", "s3", "HeadObject", CAT_REST_XML, 404, "", "", NULL,
      "NoSuchKey", "The specified key does not exist.", "" },
    { "s3: nor is there a bucket", "s3", "HeadBucket", CAT_REST_XML, 404, "", "", NULL,
      "NoSuchBucket", "The specified bucket does not exist", "" },
    { "s3: not modified", "s3", "GetObject", CAT_REST_XML, 304, "", "", NULL, "NotModified",
      "Not Modified", "" },
    { "s3: a status that S3 does not use", "s3", "HeadObject", CAT_REST_XML, 418, "", "", NULL,
      NULL, NULL, NULL },
    { "route53: an error in its envelope", "route53", "GetHostedZone", CAT_REST_XML, 404, "",
      "<ErrorResponse><Error><Code>NoSuchHostedZone</Code><Message>m</Message></Error><RequestId>r"
      "</RequestId></ErrorResponse>",
      NULL, "NoSuchHostedZone", "m", "r" },
    /* rpc-v2-cbor */
    { "cbor: a map", "cloudwatch", "ListMetrics", CAT_CBOR, 200, "", "\xa1\x69NextToken\x61t",
      "{\"NextToken\":\"t\"}", NULL, NULL, "" },
    { "cbor: an error", "cloudwatch", "DescribeAlarms", CAT_CBOR, 400, "",
      "\xa2\x66__type\x64Oops\x67message\x61m", NULL, "Oops", "m", "" },
    { "cbor: not CBOR", "cloudwatch", "ListMetrics", CAT_CBOR, 200, "", "{}", NULL, NULL, NULL,
      NULL },
};

static struct cat *cat;

static void add_headers(struct arena *a, struct reply *r, const char *lines)
{
    struct str line, rest = str_c(lines), name, value;

    while (rest.len) {
        (void)str_cut(rest, '\n', &line, &rest); /* the last has no newline */
        assert_true(str_cut(line, ':', &name, &value));
        reply_header(a, r, arena_copy(a, name).ptr, str_trim(value));
    }
}

static void check_output(const struct value *output, const char *want)
{
    struct buf text = { 0 };

    if (!want) {
        assert_null(output);
        return;
    }
    assert_non_null(output);
    json_write(&text, output);
    check_str(buf_view(&text), want);
    buf_free(&text);
}

static void check_case(void **state)
{
    const struct read_case *c = *state;
    struct arena a = { 0 };
    struct request q = { .method = STR("GET") };
    struct route route = { .protocol = c->protocol,
                           .service = str_c(c->service),
                           .action = str_c(c->operation) };
    struct reply answer = { .status = c->status, .body = { .text = str_c(c->body) } };
    struct outcome out = { 0 };
    struct str id = { 0 };
    struct err err = { 0 };

    route.op = cat_op_find_c(cat, c->service, c->operation);
    assert_non_null(route.op);
    add_headers(&a, &answer, c->headers);
    int rc = wire_read(&a, cat, &q, &route, &answer, &out, &id, &err);
    assert_int_equal(rc, c->id ? 0 : E_PARSE);
    assert_int_equal(err.code, rc);
    if (c->id) {
        check_str(id, c->id);
        check_str(out.code, c->code ? c->code : "");
        check_str(out.message, c->message ? c->message : "");
        assert_int_equal(out.status, c->code ? c->status : 0);
        check_output(out.output, c->output);
    }
    arena_free(&a);
}

int main(void)
{
    struct check_suite suite = { 0 };
    struct err err = { 0 };

    if (cat_open(&cat, getenv("MOCKTRAIL_CATALOGUE") ? NULL : "build/catalogue.bin", &err) < 0) {
        printf("test_wire_read: skipped: %s\n", err.text);
        return 77;
    }
    CHECK_ROWS(&suite, cases, check_case);
    int failed = check_run(&suite, "wire_read");
    cat_close(cat);
    return failed;
}
