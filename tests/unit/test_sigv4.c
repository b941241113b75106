#include "tests/unit/check.h"

#include "core/aws/sigv4.h"
#include "core/base/fs.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

/* Signatures that botocore 1.43.11 makes of these requests at 2026-01-02T03:04:05Z. */
static const struct sign_case {
    const char *name, *method, *path, *query, *headers, *payload_hash, *region, *service;
    bool is_s3;
    const char *signature;
} signs[] = {
    { "a POST of a query service", "POST", "/", "",
      "content-type:application/x-www-form-urlencoded; "
      "charset=utf-8\nhost:127.0.0.1:4566\nx-amz-date:20260102T030405Z",
      "ab821ae955788b0e33ebd34c208442ccfc2d406e2edc5e7a39bd6458fbb4f843", "us-east-1", "sts", false,
      "07b2ac9b8221697517082d9ac0663c80e2eecda4598999c6c6ff67884935b638" },
    { "a path of a REST service is encoded twice", "GET", "/2015-03-31/functions/a%20b%3Ac", "",
      "host:127.0.0.1:4566\nx-amz-date:20260102T030405Z",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "eu-west-1", "lambda",
      false, "33cfea8f3ab6d2104d45bd953ecea02a9721ea4ac352a7c797451c3c3c2a9745" },
    { "a query is sorted by name, then value", "GET", "/x", "b=2&a=2&a=1&c",
      "host:127.0.0.1:4566\nx-amz-date:20260102T030405Z",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "eu-west-1",
      "execute-api", false, "a9984281da7c842471e0af5d93f6263b568e3521d100653eb5cbea608d5646a2" },
    { "an S3 key is encoded once", "GET", "/bkt/a%3Db%26c%20d%2Be/%C3%A9~", "",
      "host:127.0.0.1:4566\nx-amz-content-sha256:"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nx-amz-date:"
      "20260102T030405Z",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "us-east-1", "s3", true,
      "eb3b607c93399265571c8621b5435bb8060f262452303ffda37e4e4e7e096a35" },
    { "an S3 subresource has an empty value", "GET", "/bkt", "acl",
      "host:127.0.0.1:4566\nx-amz-content-sha256:"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nx-amz-date:"
      "20260102T030405Z",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "us-east-1", "s3", true,
      "89a674fcf1e36cec8990953b5e26154c5c37f8cbf02652aaeec31f576c36a156" },
    { "blanks inside a header value collapse", "GET", "/", "",
      "host:127.0.0.1:4566\nx-amz-date:20260102T030405Z\nx-amz-meta:  a   b  ",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "us-east-1", "iam", false,
      "b6b85ffc431244ffdd7fdac3944b5b88d176fc561bcd418cbbf87b4715a1ad60" },
};

static size_t split(struct str text, char by, char inner, struct sigv4_pair *out)
{
    struct str item;
    size_t count = 0;

    while (text.len > 0) {
        (void)str_cut(text, by, &item, &text);
        (void)str_cut(item, inner, &out[count].name, &out[count].value);
        count++;
    }
    return count;
}

static void sign_case(void **state)
{
    const struct sign_case *c = *state;
    struct sigv4_scope scope = { .date = STR("20260102"),
                                 .region = str_c(c->region),
                                 .service = str_c(c->service) };
    struct sigv4_pair query[8], headers[8];
    struct sigv4_request q = { .method = str_c(c->method),
                               .path = str_c(c->path),
                               .query = query,
                               .query_count = split(str_c(c->query), '&', '=', query),
                               .headers = headers,
                               .header_count = split(str_c(c->headers), '\n', ':', headers),
                               .payload_hash = str_c(c->payload_hash),
                               .datetime = STR("20260102T030405Z"),
                               .is_s3 = c->is_s3 };
    struct arena a = { 0 };
    unsigned char key[32];
    char got[65];

    sigv4_key(STR(SECRET), &scope, key);
    sigv4_sign(&a, key, &scope, &q, got);
    assert_string_equal(got, c->signature);
    arena_free(&a);
}

/* Source: AWS Signature Version 4 test suite, get-vanilla. */
static void the_published_vector_get_vanilla(void **state)
{
    struct sigv4_scope scope = { .date = STR("20150830"),
                                 .region = STR("us-east-1"),
                                 .service = STR("service") };
    struct sigv4_pair headers[] = { { STR("host"), STR("example.amazonaws.com") },
                                    { STR("x-amz-date"), STR("20150830T123600Z") } };
    struct sigv4_request q = { .method = STR("GET"),
                               .path = STR("/"),
                               .headers = headers,
                               .header_count = 2,
                               .payload_hash = STR(SIGV4_EMPTY_HASH),
                               .datetime = STR("20150830T123600Z") };
    struct arena a = { 0 };
    unsigned char key[32];
    struct str canonical;
    char got[65];

    (void)state;
    sigv4_key(STR(SECRET), &scope, key);
    sigv4_sign(&a, key, &scope, &q, got);
    assert_string_equal(got, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    (void)sigv4_string_to_sign(&a, &scope, &q, &canonical);
    check_str(canonical, "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
                         "host;x-amz-date\n" SIGV4_EMPTY_HASH);
    arena_free(&a);
}

/* Source: S3 API Reference, "Signature calculations: transferring payload in multiple chunks", the
 * example of 65 KiB + 1 KiB of 'a'. */
static void the_published_chunk_signatures(void **state)
{
    struct sigv4_scope scope = { .date = STR("20130524"),
                                 .region = STR("us-east-1"),
                                 .service = STR("s3") };
    static const struct {
        size_t len;
        const char *signature;
    } chunks[] = {
        { 65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648" },
        { 1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497" },
        { 0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9" },
    };
    struct sigv4_chunk chunk = {
        .datetime = STR("20130524T000000Z"),
        .previous = STR("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")
    };
    static char data[65536];
    unsigned char key[32];
    char got[65], hash[65];

    (void)state;
    memset(data, 'a', sizeof data);
    sigv4_key(STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), &scope, key);
    for (size_t i = 0; i < COUNT(chunks); i++) {
        sha256_hex((struct str){ data, chunks[i].len }, hash);
        chunk.chunk_hash = str_c(hash);
        sigv4_sign_chunk(key, &scope, &chunk, got);
        assert_string_equal(got, chunks[i].signature);
        chunk.previous = str_c(chunks[i].signature);
    }
}

/* Source: S3 User Guide, "Signing and authenticating REST requests", the object GET. */
static void the_published_v2_signature(void **state)
{
    struct arena a = { 0 };

    (void)state;
    check_str(sigv2_sign(&a, STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                         STR("GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n"
                             "/awsexamplebucket1/photos/puppy.jpg")),
              "qgk2+6Sv9/oM7G3qLEjTH1a1l1g=");
    arena_free(&a);
}

static const struct header_case {
    const char *name, *header;
    int rc;
    const char *key, *region, *signature;
} headers[] = {
    { "an authorization header",
      "AWS4-HMAC-SHA256 Credential=AK/20260102/eu-west-1/s3/aws4_request,"
      " SignedHeaders=host;x-amz-date, Signature=abc",
      0, "AK", "eu-west-1", "abc" },
    { "blanks may be missing",
      "AWS4-HMAC-SHA256 Credential=AK/20260102/eu-west-1/s3/aws4_request,"
      "SignedHeaders=host,Signature=abc",
      0, "AK", "eu-west-1", "abc" },
    { "a key id may hold a slash",
      "AWS4-HMAC-SHA256 Credential=A/K/20260102/r/s/aws4_request,SignedHeaders=h,Signature=x", 0,
      "A/K", "r", "x" },
    { "SigV4a names no region",
      "AWS4-ECDSA-P256-SHA256 Credential=AK/20260102/s3/aws4_request,SignedHeaders=h,Signature=x",
      0, "AK", "", "x" },
    { "no signature", "AWS4-HMAC-SHA256 Credential=AK/20260102/r/s/aws4_request,SignedHeaders=h",
      E_PARSE, NULL, NULL, NULL },
    { "no signed headers", "AWS4-HMAC-SHA256 Credential=AK/20260102/r/s/aws4_request,Signature=h",
      E_PARSE, NULL, NULL, NULL },
    { "a scope of another end",
      "AWS4-HMAC-SHA256 Credential=AK/20260102/r/s/aws5,SignedHeaders=h,Signature=x", E_PARSE, NULL,
      NULL, NULL },
    { "a date that is none",
      "AWS4-HMAC-SHA256 Credential=AK/2026010x/r/s/aws4_request,SignedHeaders=h,Signature=x",
      E_PARSE, NULL, NULL, NULL },
    { "an empty key id",
      "AWS4-HMAC-SHA256 Credential=/20260102/r/s/aws4_request,SignedHeaders=h,Signature=x", E_PARSE,
      NULL, NULL, NULL },
    { "another algorithm", "AWS4-HMAC-MD5 Credential=AK/20260102/r/s/aws4_request", E_PARSE, NULL,
      NULL, NULL },
    { "nothing", "", E_PARSE, NULL, NULL, NULL },
};

static void header_case(void **state)
{
    const struct header_case *c = *state;
    struct sigv4_authorization auth = { 0 };
    struct err err = { 0 };

    assert_int_equal(sigv4_parse_authorization(str_c(c->header), &auth, &err), c->rc);
    assert_int_equal(err.code, c->rc);
    if (c->rc == 0) {
        check_str(auth.scope.access_key_id, c->key);
        check_str(auth.scope.region, c->region);
        check_str(auth.signature, c->signature);
    }
}

static void a_file_hashes_like_its_bytes(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    const char *path = arena_printf(&a, "%s/x", dir).ptr;
    struct err err = { 0 };
    char got[65], want[65];

    (void)state;
    check_ok(fs_replace(path, STR("0123456789"), &err), &err);
    check_ok(sha256_file_hex(path, 2, 5, got, &err), &err);
    sha256_hex(STR("23456"), want);
    assert_string_equal(got, want);
    assert_int_equal(sha256_file_hex(path, 2, 50, got, &err), E_IO);
    check_dir_end(dir);
    arena_free(&a);
}

static void only_equal_texts_are_equal(void **state)
{
    (void)state;
    assert_true(sigv4_equal(STR("abc"), STR("abc")));
    assert_false(sigv4_equal(STR("abc"), STR("abd")));
    assert_false(sigv4_equal(STR("abc"), STR("ab")));
}

int main(void)
{
    struct CMUnitTest tests[COUNT(signs) + COUNT(headers) + 5];
    size_t n = 0;

    for (size_t i = 0; i < COUNT(signs); i++)
        tests[n++] = (struct CMUnitTest){ signs[i].name, sign_case, NULL, NULL, (void *)&signs[i] };
    for (size_t i = 0; i < COUNT(headers); i++)
        tests[n++] =
            (struct CMUnitTest){ headers[i].name, header_case, NULL, NULL, (void *)&headers[i] };
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(the_published_vector_get_vanilla);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(the_published_chunk_signatures);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(the_published_v2_signature);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_file_hashes_like_its_bytes);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(only_equal_texts_are_equal);
    return cmocka_run_group_tests_name("sigv4", tests, NULL, NULL);
}
