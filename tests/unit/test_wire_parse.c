#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/codec/json.h"
#include "emulator/wire/wire.h"

/* A request by hand: what it is for, how it comes, and the parameters as JSON or the refusal. */
static const struct parse_case {
    const char *name, *service, *operation;
    enum cat_protocol protocol;
    const char *target;  /* with the query */
    const char *headers; /* "Name: value" lines */
    const char *body;
    const char *params; /* JSON: times ISO, blobs base64; or NULL when refused */
    const char *code, *message;
} cases[] = {
    /* query */
    { "query: plain members", "iam", "CreateUser", CAT_QUERY, "/", "",
      "Action=CreateUser&Version=2010-05-08&UserName=al%20i+ce&Path=%2Fx%2F",
      "{\"Path\":\"/x/\",\"UserName\":\"al i ce\"}", NULL, NULL },
    { "query: a list of structures, more than nine", "iam", "TagUser", CAT_QUERY, "/", "",
      "UserName=u&Tags.member.10.Key=j&Tags.member.2.Key=b&Tags.member.1.Key=a"
      "&Tags.member.1.Value=1",
      "{\"UserName\":\"u\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"1\"},{\"Key\":\"b\"},{\"Key\":"
      "\"j\"}]}",
      NULL, NULL },
    { "query: an empty list", "iam", "TagUser", CAT_QUERY, "/", "",
      "UserName=u&Tags=", "{\"UserName\":\"u\",\"Tags\":[]}", NULL, NULL },
    { "query: a list without .member is read too", "iam", "TagUser", CAT_QUERY, "/", "",
      "Tags.1.Key=a", "{\"Tags\":[{\"Key\":\"a\"}]}", NULL, NULL },
    { "query: a map by entry", "sns", "CreateTopic", CAT_QUERY, "/", "",
      "Name=t&Attributes.entry.1.key=DisplayName&Attributes.entry.1.value=x",
      "{\"Name\":\"t\",\"Attributes\":{\"DisplayName\":\"x\"}}", NULL, NULL },
    { "query: everything in the query string", "sts", "AssumeRole", CAT_QUERY,
      "/?Action=AssumeRole&RoleArn=r&DurationSeconds=900", "", "",
      "{\"RoleArn\":\"r\",\"DurationSeconds\":900}", NULL, NULL },
    { "query: the last of equal names counts", "iam", "GetUser", CAT_QUERY, "/", "",
      "UserName=a&UserName=b", "{\"UserName\":\"b\"}", NULL, NULL },
    { "query: unknown members are ignored", "iam", "GetUser", CAT_QUERY, "/", "",
      "UserName=a&Foo.member.1=b&.=&..1=2", "{\"UserName\":\"a\"}", NULL, NULL },
    { "query: text for a number", "sts", "AssumeRole", CAT_QUERY, "/", "", "DurationSeconds=soon",
      NULL, "MalformedInput", "'soon' can not be converted to Integer" },
    { "query: a text where a list was expected", "iam", "TagUser", CAT_QUERY, "/", "", "Tags=x",
      NULL, "MalformedInput", "Unexpected list element termination" },
    { "query: a list where a text was expected", "iam", "GetUser", CAT_QUERY, "/", "",
      "UserName.1=x", NULL, "MalformedInput", "Start of list found where not expected" },
    { "query: a broken escape", "iam", "GetUser", CAT_QUERY, "/", "", "UserName=%zz", NULL,
      "MalformedQueryString", NULL },
    { "query: no body", "sts", "GetCallerIdentity", CAT_QUERY, "/", "", "", "{}", NULL, NULL },
    /* ec2 */
    { "ec2: flat lists and upper first letters", "ec2", "DescribeInstances", CAT_EC2, "/", "",
      "Action=DescribeInstances&InstanceId.1=i-1&InstanceId.2=i-2&Filter.1.Name=n"
      "&Filter.1.Value.1=v&DryRun=true&MaxResults=5",
      "{\"InstanceIds\":[\"i-1\",\"i-2\"],\"DryRun\":true,\"Filters\":[{\"Name\":\"n\","
      "\"Values\":[\"v\"]}],\"MaxResults\":5}",
      NULL, NULL },
    { "ec2: user data stays as it came", "ec2", "RunInstances", CAT_EC2, "/", "",
      "UserData=aGk%3D&MinCount=1", "{\"MinCount\":1,\"UserData\":\"aGk=\"}", NULL, NULL },
    { "ec2: text for a number", "ec2", "RunInstances", CAT_EC2, "/", "", "MinCount=x", NULL,
      "InvalidParameterValue", NULL },
    /* json */
    { "json: types", "kms", "Encrypt", CAT_JSON, "/", "",
      "{\"KeyId\":\"k\",\"Plaintext\":\"aGk=\",\"EncryptionContext\":{\"a\":\"b\"},\"x\":[1]}",
      "{\"KeyId\":\"k\",\"Plaintext\":\"aGk=\",\"EncryptionContext\":{\"a\":\"b\"}}", NULL, NULL },
    { "json: times as numbers and as text", "cloudtrail", "LookupEvents", CAT_JSON, "/", "",
      "{\"StartTime\":1767323045,\"EndTime\":\"2026-01-02T03:04:06Z\"}",
      "{\"StartTime\":\"2026-01-02T03:04:05Z\",\"EndTime\":\"2026-01-02T03:04:06Z\"}", NULL, NULL },
    { "json: null members are as absent", "cloudtrail", "LookupEvents", CAT_JSON, "/", "",
      "{\"MaxResults\":null}", "{}", NULL, NULL },
    { "json: an empty body", "cloudtrail", "LookupEvents", CAT_JSON, "/", "", "", "{}", NULL,
      NULL },
    { "json: a text for a number", "cloudtrail", "LookupEvents", CAT_JSON, "/", "",
      "{\"MaxResults\":\"5\"}", NULL, "SerializationException",
      "STRING_VALUE can not be converted to an Integer" },
    { "json: a number for a text", "kms", "DescribeKey", CAT_JSON, "/", "", "{\"KeyId\":5}", NULL,
      "SerializationException", "NUMBER_VALUE can not be converted to a String" },
    { "json: a list for a text", "kms", "DescribeKey", CAT_JSON, "/", "", "{\"KeyId\":[]}", NULL,
      "SerializationException", "Start of list found where not expected" },
    { "json: a list at the top", "kms", "DescribeKey", CAT_JSON, "/", "", "[]", NULL,
      "SerializationException", "Start of list found where not expected" },
    { "json: cut off", "kms", "DescribeKey", CAT_JSON, "/", "", "{\"KeyId\":", NULL,
      "SerializationException", NULL },
    { "json: sqs of today", "sqs", "SendMessage", CAT_JSON, "/", "",
      "{\"QueueUrl\":\"q\",\"MessageBody\":\"m\",\"DelaySeconds\":2}",
      "{\"QueueUrl\":\"q\",\"MessageBody\":\"m\",\"DelaySeconds\":2}", NULL, NULL },
    /* rest-json */
    { "rest-json: label, query keys, body", "lambda", "CreateAlias", CAT_REST_JSON,
      "/2015-03-31/functions/a%2Fb%20c/aliases", "Content-Type: application/json",
      "{\"Name\":\"n\",\"FunctionVersion\":\"1\",\"FunctionName\":\"not here\"}",
      "{\"FunctionName\":\"a/b c\",\"Name\":\"n\",\"FunctionVersion\":\"1\"}", NULL, NULL },
    { "rest-json: a raw payload that does not stream is a member", "lambda", "Invoke",
      CAT_REST_JSON, "/2015-03-31/functions/f/invocations?Qualifier=7",
      "X-Amz-Invocation-Type: Event", "{\"not\": parsed",
      "{\"FunctionName\":\"f\",\"InvocationType\":\"Event\",\"Qualifier\":\"7\","
      "\"Payload\":\"eyJub3QiOiBwYXJzZWQ=\"}",
      NULL, NULL },
    { "rest-json: text for a number in the query", "lambda", "ListFunctions", CAT_REST_JSON,
      "/2015-03-31/functions/?MaxItems=x", "", "", NULL, "SerializationException", NULL },
    { "rest-json: a list by repeated key", "lambda", "UntagResource", CAT_REST_JSON,
      "/2017-03-31/tags/arn%3Aaws?tagKeys=a&tagKeys=b", "", "",
      "{\"Resource\":\"arn:aws\",\"TagKeys\":[\"a\",\"b\"]}", NULL, NULL },
    /* rest-xml */
    { "s3: headers, prefixes, label with slashes", "s3", "PutObject", CAT_REST_XML,
      "/b/dir/k%20e+y",
      "x-amz-meta-One: 1\nContent-Type: text/x\nx-amz-acl: private\nExpires: soon", "the object",
      "{\"Bucket\":\"b\",\"Key\":\"dir/k e+y\",\"ACL\":\"private\",\"ContentType\":\"text/x\","
      "\"Expires\":\"soon\",\"Metadata\":{\"One\":\"1\"}}",
      NULL, NULL },
    { "s3: a condition with a date nobody can read", "s3", "HeadObject", CAT_REST_XML, "/b/k",
      "If-Modified-Since: yesterday", "",
      "{\"Bucket\":\"b\",\"Key\":\"k\",\"IfModifiedSince\":\"yesterday\"}", NULL, NULL },
    { "s3: an XML body with a namespace", "s3", "PutBucketTagging", CAT_REST_XML, "/b?tagging", "",
      "<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet><Tag><Key>a</Key>"
      "<Value>&lt;b&gt;</Value></Tag></TagSet></Tagging>",
      "{\"Bucket\":\"b\",\"Tagging\":{\"TagSet\":[{\"Key\":\"a\",\"Value\":\"<b>\"}]}}", NULL,
      NULL },
    { "s3: xsi:type is a member", "s3", "PutBucketAcl", CAT_REST_XML, "/b?acl", "",
      "<AccessControlPolicy><AccessControlList><Grant><Grantee "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"Group\"><URI>u</URI>"
      "</Grantee></Grant></AccessControlList></AccessControlPolicy>",
      "{\"Bucket\":\"b\",\"AccessControlPolicy\":{\"Grants\":[{\"Grantee\":{\"Type\":\"Group\","
      "\"URI\":\"u\"}}]}}",
      NULL, NULL },
    { "s3: flat lists", "s3", "DeleteObjects", CAT_REST_XML, "/b?delete", "",
      "<Delete><Object><Key>a</Key></Object><Quiet>true</Quiet><Object><Key>b</Key></Object>"
      "</Delete>",
      "{\"Bucket\":\"b\",\"Delete\":{\"Objects\":[{\"Key\":\"a\"},{\"Key\":\"b\"}],"
      "\"Quiet\":true}}",
      NULL, NULL },
    { "s3: no body where one is optional", "s3", "CreateBucket", CAT_REST_XML, "/b", "", "",
      "{\"Bucket\":\"b\"}", NULL, NULL },
    { "s3: not XML", "s3", "PutBucketTagging", CAT_REST_XML, "/b?tagging", "", "<Tagging>", NULL,
      "MalformedXML",
      "The XML you provided was not well-formed or did not validate against our published "
      "schema" },
    { "s3: an entity bomb is not XML", "s3", "PutBucketTagging", CAT_REST_XML, "/b?tagging", "",
      "<!DOCTYPE x [<!ENTITY a \"b\">]><Tagging>&a;</Tagging>", NULL, "MalformedXML", NULL },
    { "s3: text for a number in the query", "s3", "ListObjectsV2", CAT_REST_XML,
      "/b?list-type=2&max-keys=many", "", "", NULL, "InvalidArgument", NULL },
    { "cloudfront: not XML", "cloudfront", "CreateInvalidation", CAT_REST_XML,
      "/2020-05-31/distribution/D/invalidation", "", "<", NULL, "MalformedInput", NULL },
};

static struct cat *cat;

static void read_headers(struct arena *a, const char *text, struct request *q)
{
    struct str line, rest = str_c(text), name, value;

    q->headers = arena_array(a, 16, sizeof *q->headers);
    while (rest.len) {
        (void)str_cut(rest, '\n', &line, &rest);
        (void)str_cut(line, ':', &name, &value);
        q->headers[q->header_count++] = (struct http_header){ name, str_trim(value) };
    }
}

static void check_case(void **state)
{
    const struct parse_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct request q = { .method = STR("POST"), .target = str_c(c->target) };
    struct route route = { .protocol = c->protocol, .service = str_c(c->service) };
    struct value *params = NULL;
    struct str code = { 0 };
    struct buf seen = { 0 };

    (void)str_cut(q.target, '?', &q.path, &q.query);
    assert_int_equal(uri_parse_query(&a, q.query, &q.params, &q.param_count, NULL), 0);
    read_headers(&a, c->headers, &q);
    q.body.text = str_c(c->body);
    route.op = cat_op_find_c(cat, c->service, c->operation);
    assert_non_null(route.op);
    if (c->params) {
        check_ok(wire_parse(&a, cat, &q, &route, &params, &code, &err), &err);
        json_write(&seen, params);
        check_str(buf_view(&seen), c->params);
    } else {
        assert_int_equal(wire_parse(&a, cat, &q, &route, &params, &code, &err), E_PARSE);
        check_str(code, c->code);
        assert_int_not_equal(err.text[0], 0);
        if (c->message)
            assert_string_equal(err.text, c->message);
    }
    buf_free(&seen);
    arena_free(&a);
}

/* A name of 200 parts is refused, one of 100,000 names is read in time. */
static void check_deep_and_wide(void **state)
{
    struct arena a = { 0 };
    struct err err = { 0 };
    struct request q = { .method = STR("POST"), .path = STR("/") };
    struct route route = { .protocol = CAT_QUERY };
    struct value *params;
    struct str code;
    struct buf body = { 0 };

    (void)state;
    route.op = cat_op_find_c(cat, "iam", "TagUser");
    for (int i = 0; i < 19999; i++)
        buf_printf(&body, "Tags.member.%d.Key=k%d&", 20000 - i, i);
    q.body.text = buf_view(&body);
    check_ok(wire_parse(&a, cat, &q, &route, &params, &code, &err), &err);
    assert_int_equal(value_get_c(params, "Tags")->count, 19999);
    buf_clear(&body);
    buf_add_c(&body, "Tags.member.1");
    for (int i = 0; i < 50000; i++)
        buf_add_c(&body, ".Key");
    buf_add_c(&body, "=x");
    q.body.text = buf_view(&body);
    assert_int_equal(wire_parse(&a, cat, &q, &route, &params, &code, &err), E_PARSE);
    buf_free(&body);
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(cases) + 1];
    struct err err = { 0 };

    if (cat_open(&cat, getenv("MOCKTRAIL_CATALOGUE") ? NULL : "build/catalogue.bin", &err) < 0) {
        printf("test_wire_parse: skipped: %s\n", err.text);
        return 77;
    }
    for (size_t i = 0; i < COUNT(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, check_case, NULL, NULL, (void *)&cases[i] };
    tests[COUNT(cases)] =
        (struct CMUnitTest){ "form: deep and wide", check_deep_and_wide, NULL, NULL, NULL };
    int failed = cmocka_run_group_tests_name("wire_parse", tests, NULL, NULL);
    cat_close(cat);
    return failed;
}
