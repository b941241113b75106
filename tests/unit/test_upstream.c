#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/aws/sigv4.h"
#include "emulator/engine/upstream/private.h"

/* --- rules --- */

static const struct rule_case {
    const char *name, *text;
    const char *service, *base; /* NULL: refused */
} rules[] = {
    { "a URL is for every service", "http://127.0.0.1:5000", "", "http://127.0.0.1:5000" },
    { "a service has one of its own", "s3=https://minio.test", "s3", "https://minio.test" },
    { "a last slash is nothing", " sqs = http://h:1/ ", "sqs", "http://h:1" },
    { "an address of six", "http://[::1]:5000", "", "http://[::1]:5000" },
    { "a host alone is no URL", "127.0.0.1:5000", NULL, NULL },
    { "nor is a path", "http://h/path", NULL, NULL },
    { "a query", "http://h?x", NULL, NULL },
    { "a name and password", "http://me@h", NULL, NULL },
    { "another scheme", "file:///etc/passwd", NULL, NULL },
    { "no host", "http://", NULL, NULL },
    { "no service", "=http://h", NULL, NULL },
    { "nothing", "", NULL, NULL },
};

static void check_rule(void **state)
{
    const struct rule_case *c = *state;
    struct upstream_rule rule = { 0 };
    struct arena a = { 0 };
    struct err err = { 0 };
    int rc = upstream_rule_parse(&a, str_c(c->text), &rule, &err);

    assert_int_equal(rc, c->base ? 0 : E_PARSE);
    assert_int_equal(err.code, rc);
    if (c->base) {
        check_str(rule.service, c->service);
        check_str(rule.base, c->base);
    }
    arena_free(&a);
}

static struct cat *cat;

static void the_own_rule_wins_and_cloudtrail_stays(void **state)
{
    struct upstream_rule both[] = { { STR("s3"), STR("http://a") }, { STR(""), STR("http://b") } };
    struct engine_options opt = { .upstreams = both, .upstream_count = 1, .data_dir = "." };
    struct upstream *u = NULL;
    struct err err = { 0 };

    (void)state; /* one test, no rows */
    check_ok(upstream_open(&u, &opt, cat, &err), &err);
    assert_true(upstream_serves(u, STR("s3")));
    assert_false(upstream_serves(u, STR("sqs")));
    upstream_close(u);
    opt.upstream_count = 2;
    check_ok(upstream_open(&u, &opt, cat, &err), &err);
    assert_true(upstream_serves(u, STR("sqs")));
    assert_false(upstream_serves(u, STR("cloudtrail")));
    assert_false(upstream_serves(u, STR("")));
    upstream_close(u);
    opt.upstream_count = 0;
    check_ok(upstream_open(&u, &opt, cat, &err), &err);
    assert_null(u);
    assert_false(upstream_serves(u, STR("s3")));
}

/* --- requests --- */

/* What a client sent and what of it the upstream gets. */
static const struct request_case {
    const char *name;
    const char *service, *operation;
    enum auth_method auth;
    const char *secret, *token; /* of the caller; "" unknown */
    const char *bucket;         /* the Host named it */
    const char *path, *query;
    const char *headers; /* the client's lines */
    const char *target;
    const char *sent; /* lines that must be there; "Name" alone must not */
} requests[] = {
    { "an unknown secret: the client's signature goes along", "sqs", "ListQueues", AUTH_HEADER, "",
      "", "", "/", "", "Host: here:4566\nAuthorization: AWS4 x\nX-Amz-Date: d\nUser-Agent: u", "/",
      "Host: up:1\nAuthorization: AWS4 x\nX-Amz-Date: d\nUser-Agent: u" },
    { "a neighbour's headers end here", "sqs", "ListQueues", AUTH_HEADER, "", "", "", "/", "",
      "Connection: close, X-Mine\nX-Mine: 1\nTE: trailers\nTransfer-Encoding: chunked\n"
      "Content-Length: 5\nExpect: 100-continue\nX-Other: 2",
      "/", "Connection\nX-Mine\nTE\nTransfer-Encoding\nContent-Length\nExpect\nX-Other: 2" },
    { "the framing of a body ends here", "s3", "PutObject", AUTH_HEADER, "", "", "", "/b/k", "",
      "Content-Encoding: aws-chunked,gzip\nx-amz-trailer: x-amz-checksum-crc32\n"
      "x-amz-decoded-content-length: 5\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      "/b/k",
      "Content-Encoding: gzip\nx-amz-trailer\nx-amz-decoded-content-length\n"
      "x-amz-content-sha256: UNSIGNED-PAYLOAD\nx-amz-checksum-crc32: AAAAAA==" },
    { "aws-chunked alone is no encoding", "s3", "PutObject", AUTH_HEADER, "", "", "", "/b/k", "",
      "Content-Encoding: aws-chunked", "/b/k", "Content-Encoding" },
    { "a bucket of the Host moves into the path", "s3", "GetObject", AUTH_HEADER, "", "", "b",
      "/k%20k", "versionId=v", "Host: b.s3.localhost", "/b/k%20k?versionId=v", "Host: up:1" },
    { "a known secret signs anew", "sts", "GetCallerIdentity", AUTH_HEADER, "secret", "token", "",
      "/", "", "Authorization: AWS4 x\nX-Amz-Date: d\nX-Amz-Security-Token: old", "/",
      "X-Amz-Security-Token: token" },
    { "a presigned URL becomes a signed request", "s3", "GetObject", AUTH_QUERY, "secret", "", "",
      "/b/k", "X-Amz-Algorithm=A&versionId=v&X-Amz-Signature=S&X-Amz-Expires=1", "",
      "/b/k?versionId=v", "x-amz-content-sha256: UNSIGNED-PAYLOAD\nX-Amz-Security-Token" },
    { "one of an unknown secret stays", "s3", "GetObject", AUTH_QUERY, "", "", "", "/b/k",
      "X-Amz-Signature=S", "", "/b/k?X-Amz-Signature=S", "Authorization" },
};

static void read_headers(struct arena *a, struct request *q, const char *lines)
{
    struct str line, rest = str_c(lines), value;

    q->headers = arena_array(a, 16, sizeof *q->headers);
    while (rest.len) {
        struct http_header *h = &q->headers[q->header_count++];

        (void)str_cut(rest, '\n', &line, &rest); /* the last has no newline */
        (void)str_cut(line, ':', &h->name, &value);
        h->value = str_trim(value);
    }
}

static const struct http_header *sent_header(const struct exchange *x, struct str name)
{
    const struct http_header *found = NULL;

    for (size_t i = 0; i < x->header_count; i++)
        if (str_eq_nocase(x->headers[i].name, name)) {
            assert_null(found); /* none twice */
            found = &x->headers[i];
        }
    return found;
}

static void check_sent(const struct exchange *x, const char *lines)
{
    struct str line, rest = str_c(lines), name, value;

    while (rest.len) {
        (void)str_cut(rest, '\n', &line, &rest); /* the last has no newline */
        bool present = str_cut(line, ':', &name, &value);
        const struct http_header *h = sent_header(x, name);

        if (present != (h != NULL))
            fail_msg("%.*s: %s", STR_ARG(name), h ? "is there" : "is missing");
        if (h && !str_eq(h->value, str_trim(value)))
            fail_msg("%.*s: '%.*s'", STR_ARG(name), STR_ARG(h->value));
    }
}

static void check_request(void **state)
{
    const struct request_case *c = *state;
    struct arena a = { 0 };
    struct request q = { .method = STR("PUT"), .path = str_c(c->path), .query = str_c(c->query) };
    struct route route = { .service = str_c(c->service), .signing = str_c(c->service) };
    struct principal who = { .access_key_id = STR("AKID"),
                             .secret = str_c(c->secret),
                             .session_token = str_c(c->token) };
    struct call call = { .cat = cat, .who = &who, .auth = c->auth, .request = &q };
    struct exchange x;

    call.op = route.op = cat_op_find_c(cat, c->service, c->operation);
    assert_non_null(call.op);
    call.service = cat_op_service(cat, call.op);
    call.region = STR("eu-west-1");
    q.s3_bucket = str_c(c->bucket);
    read_headers(&a, &q, c->headers);
    if (request_has_header(&q, "x-amz-trailer")) {
        q.trailer_checksum_name = STR("x-amz-checksum-crc32");
        q.trailer_checksum = STR("AAAAAA==");
    }
    upstream_request(&a, &call, &route, STR("http://up:1"), &x);
    check_str(x.target, c->target);
    check_sent(&x, c->sent);
    if (who.secret.len > 0) {
        const struct http_header *h = sent_header(&x, STR("Authorization"));
        struct sigv4_authorization signature;

        assert_non_null(h);
        check_ok(sigv4_parse_authorization(h->value, &signature, NULL), NULL);
        check_str(signature.scope.access_key_id, "AKID");
        check_str(signature.scope.region, "eu-west-1");
        check_str(signature.scope.service, c->service);
    }
    arena_free(&a);
}

int main(void)
{
    struct check_suite suite = { 0 };
    struct err err = { 0 };

    if (cat_open(&cat, getenv("MOCKTRAIL_CATALOGUE") ? NULL : "build/catalogue.bin", &err) < 0) {
        printf("test_upstream: skipped: %s\n", err.text);
        return 77;
    }
    CHECK_ROWS(&suite, rules, check_rule);
    CHECK_ROWS(&suite, requests, check_request);
    check_add(&suite, "the own rule wins, cloudtrail stays",
              the_own_rule_wins_and_cloudtrail_stays);
    int failed = check_run(&suite, "upstream");
    cat_close(cat);
    return failed;
}
