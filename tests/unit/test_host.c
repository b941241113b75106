#include "emulator/http/host.h"

#include "tests/unit/check.h"

static const struct bucket_case {
    const char *name, *host, *bucket;
} buckets[] = {
    { "a label before localhost", "logs.localhost:4566", "logs" },
    { "without a port", "logs.localhost", "logs" },
    { "with the s3 label", "logs.s3.localhost:4566", "logs" },
    { "with the s3 label and a region", "logs.s3.eu-west-1.localhost", "logs" },
    { "dual stack", "logs.s3.dualstack.eu-west-1.amazonaws.com", "logs" },
    { "the old dash form", "logs.s3-eu-west-1.amazonaws.com", "logs" },
    { "dots in the bucket's name", "my.logs.2026.s3.amazonaws.com", "my.logs.2026" },
    { "localstack's name", "logs.localhost.localstack.cloud:4566", "logs" },
    { "localstack's name with s3", "logs.s3.localhost.localstack.cloud", "logs" },
    { "a further suffix", "logs.aws.test:80", "logs" },
    { "case does not matter in the suffix", "logs.LocalHost", "logs" },
    { "the name itself is no bucket", "localhost:4566", "" },
    { "S3's own host is no bucket", "s3.localhost", "" },
    { "S3's own regional host is no bucket", "s3.eu-west-1.amazonaws.com", "" },
    { "another service's host is no bucket", "iam.amazonaws.com", "" },
    { "another service's regional host is no bucket", "sqs.us-east-1.localhost", "" },
    { "an account's S3 Control host is no bucket", "123456789012.s3-control.localhost", "" },
    { "an access point is no bucket", "ap-1.s3-accesspoint.eu-west-1.amazonaws.com", "" },
    { "an address is no bucket", "127.0.0.1:4566", "" },
    { "an IPv6 address is no bucket", "[::1]:4566", "" },
    { "a foreign name is no bucket", "logs.example.com", "" },
    { "an empty label is no bucket", ".localhost", "" },
    { "nothing is no bucket", "", "" },
};

static void check_bucket(void **state)
{
    static const struct str suffixes[] = { { "aws.test", 8 } };
    const struct bucket_case *c = *state;

    check_str(host_bucket(str_c(c->host), &(struct host_names){ suffixes, 1 }), c->bucket);
}

static const struct local_case {
    const char *name, *host;
    bool is_local;
} locals[] = {
    { "localhost is local", "localhost:4566", true },
    { "below localhost is local", "a.b.localhost", true },
    { "loopback is local", "127.0.0.1:4566", true },
    { "all of 127/8 is local", "127.9.8.7", true },
    { "IPv6 loopback is local", "[::1]:4566", true },
    { "the listening host is local", "mocktrail.test:4566", true },
    { "another name is not", "example.com", false },
    { "a name that begins so is not", "localhost.example.com", false },
    { "a name that ends so is not", "notlocalhost", false },
    { "another address is not", "10.0.0.1", false },
    { "an address in a name is not", "127.0.0.1.example.com", false },
    { "nothing is not", "", false },
    { "an open bracket is not", "[::1", false },
};

static void check_local(void **state)
{
    const struct local_case *c = *state;

    assert_int_equal(host_is_local(str_c(c->host), STR("mocktrail.test")), c->is_local);
}

static void an_origin_is_a_url_of_this_machine(void **state)
{
    (void)state; /* one test, no rows */
    assert_true(host_origin_is_local(STR("http://localhost:3000"), STR("")));
    assert_true(host_origin_is_local(STR("https://127.0.0.1"), STR("")));
    assert_false(host_origin_is_local(STR("null"), STR("")));
    assert_false(host_origin_is_local(STR("http://evil.example"), STR("")));
    assert_false(host_origin_is_local(STR("localhost"), STR("")));
}

static const struct s3_case {
    const char *name, *path, *header, *value;
    bool is_s3;
} s3_cases[] = {
    { "an unsigned GET may be S3's", "/b/k", "accept", "*/*", true },
    { "signed as s3", "/b/k", "Authorization",
      "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, "
      "Signature=0",
      true },
    { "signed as iam", "/", "Authorization",
      "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, "
      "Signature=0",
      false },
    { "signed the old way", "/b/k", "Authorization", "AWS AKIA:sig", true },
    { "a target is JSON's", "/", "X-Amz-Target", "DynamoDB_20120810.ListTables", false },
    { "a form is query's", "/", "Content-Type", "application/x-www-form-urlencoded", false },
    { "S3 Control signs as s3 and is not", "/v20180820/jobs", "Authorization",
      "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, "
      "Signature=0",
      false },
};

static void check_s3(void **state)
{
    const struct s3_case *c = *state;
    struct http_header header = { str_c(c->header), str_c(c->value) };
    struct request q = {
        .method = STR("GET"), .path = str_c(c->path), .headers = &header, .header_count = 1
    };

    assert_int_equal(host_request_is_s3(&q), c->is_s3);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(buckets) + COUNT(locals) + COUNT(s3_cases) + 1];
    size_t n = 0;

    for (size_t i = 0; i < COUNT(buckets); i++)
        tests[n++] =
            (struct CMUnitTest){ buckets[i].name, check_bucket, NULL, NULL, (void *)&buckets[i] };
    for (size_t i = 0; i < COUNT(locals); i++)
        tests[n++] =
            (struct CMUnitTest){ locals[i].name, check_local, NULL, NULL, (void *)&locals[i] };
    for (size_t i = 0; i < COUNT(s3_cases); i++)
        tests[n++] =
            (struct CMUnitTest){ s3_cases[i].name, check_s3, NULL, NULL, (void *)&s3_cases[i] };
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(an_origin_is_a_url_of_this_machine);
    return _cmocka_run_group_tests("host", tests, n, NULL, NULL);
}
