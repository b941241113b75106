#include "emulator/http/server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/aws/sigv4.h"
#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "tests/unit/check.h"

#define DEADLINE_MS 10000
#define LARGE_BYTES (3u << 20)

struct fixture {
    struct arena arena;
    const char *dir;
    struct server *server;
    struct hub *hub;
};

static void add_body(struct fixture *f, struct buf *out, const struct request *q)
{
    const char *path = arena_printf(&f->arena, "%s/%s", f->dir, q->body.path).ptr;
    struct buf bytes = { 0 };
    char hash[65];

    if (!q->body.path) {
        buf_add(out, q->body.text);
        return;
    }
    check_ok(fs_read(path, &bytes, NULL), NULL);
    sha256_hex(buf_view(&bytes), hash);
    buf_printf(out, "file of %zu bytes, %s", bytes.len,
               str_eq_c(q->sha256_hex, hash) ? "hash agrees" : "hash absent or wrong");
    buf_free(&bytes);
}

/* Answers what it was asked; /file serves bytes 2-5 of a file, /follow a stream. */
static struct stream *answer(void *arg, struct arena *a, const struct request *q, struct reply *r)
{
    struct fixture *f = arg;
    struct buf out = { 0 };

    *r = (struct reply){ .status = 200 };
    reply_header(a, r, "Content-Type", STR("text/plain"));
    if (q->refused_code.len) {
        r->status = q->refused_status;
        r->body.text = arena_printf(a, "<Code>%.*s</Code>", STR_ARG(q->refused_code));
        r->body.len = (int64_t)r->body.text.len;
        return NULL;
    }
    if (str_eq_c(q->path, "/follow"))
        return hub_follow(f->hub);
    if (str_eq_c(q->path, "/file")) {
        r->body = (struct body){ .path = "file", .offset = 2, .len = 4 };
        return NULL;
    }
    if (str_eq_c(q->path, "/gone"))
        r->body = (struct body){ .path = "gone", .len = 4 };
    if (str_eq_c(q->path, "/length"))
        reply_header(a, r, "Content-Length", STR("12345"));
    if (r->body.path || str_eq_c(q->method, "HEAD"))
        return NULL;
    buf_printf(&out, "%.*s path=%.*s query=%.*s ip=%.*s bucket=%.*s trailer=%.*s body=",
               STR_ARG(q->method), STR_ARG(q->path), STR_ARG(q->query), STR_ARG(q->source_ip),
               STR_ARG(q->s3_bucket), STR_ARG(q->trailer_checksum));
    add_body(f, &out, q);
    r->body.text = arena_copy(a, buf_view(&out));
    r->body.len = (int64_t)out.len;
    buf_free(&out);
    return NULL;
}

static int set_up(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    struct err err = { 0 };

    f->dir = check_dir(&f->arena);
    f->hub = hub_open();
    check_ok(
        fs_replace_fast(arena_printf(&f->arena, "%s/file", f->dir).ptr, STR("0123456789"), &err),
        &err);
    check_ok(server_open(&f->server,
                         &(struct server_options){ .host = STR("127.0.0.1"),
                                                   .threads = 2,
                                                   .data_dir = f->dir,
                                                   .answer = answer,
                                                   .answer_arg = f },
                         &err),
             &err);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    hub_end(f->hub);
    server_close(f->server);
    hub_close(f->hub);
    check_dir_end(f->dir);
    arena_free(&f->arena);
    mem_free(f);
    return 0;
}

static int dial(struct fixture *f)
{
    struct sockaddr_in sa = { .sin_family = AF_INET,
                              .sin_port = htons(server_port(f->server)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    return fd;
}

static void put(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

        assert_true(n > 0);
        bytes = str_sub(bytes, (size_t)n, bytes.len);
    }
}

/* Read until until has been seen (NULL: until the server hangs up). */
static struct str get(struct fixture *f, int fd, const char *until)
{
    struct buf in = { 0 };
    struct pollfd p = { .fd = fd, .events = POLLIN };
    struct str out;
    ssize_t n = 1;

    while (n > 0 && (!until || str_find(buf_view(&in), str_c(until)) < 0)) {
        assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
        n = recv(fd, buf_reserve(&in, 4096), 4096, 0);
        in.len += n > 0 ? (size_t)n : 0;
    }
    out = arena_copy(&f->arena, buf_view(&in));
    buf_free(&in);
    return out;
}

/* One request on a connection of its own; the whole answer. */
static struct str ask(struct fixture *f, struct str request)
{
    int fd = dial(f);
    struct str out;

    put(fd, request);
    out = get(f, fd, NULL);
    (void)close(fd); /* a socket that was read to its end */
    return out;
}

static void check_like(struct str got, const char *pattern)
{
    if (!str_match(str_c(pattern), got))
        fail_msg("got:\n%.*s\nwanted something like:\n%s", STR_ARG(got), pattern);
}

static size_t staged_count(struct fixture *f)
{
    struct fs_entry *entries;
    size_t count = 0;

    check_ok(fs_list(&f->arena, arena_printf(&f->arena, "%s/staging", f->dir).ptr, &entries, &count,
                     NULL),
             NULL);
    return count;
}

/* Whatever the client's thread sees, the server removes the file a moment later. */
static void wait_unstaged(struct fixture *f)
{
    for (int i = 0; i < DEADLINE_MS && staged_count(f) > 0; i++)
        (void)poll(NULL, 0, 1);
    assert_int_equal(staged_count(f), 0);
}

#define S3_SCOPE                                                                                   \
    "Authorization: AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/s3/aws4_request, "            \
    "SignedHeaders=host, Signature=0\r\n"
#define END "Host: localhost\r\nConnection: close\r\n\r\n"

static const struct ask_case {
    const char *name, *request, *reply; /* reply: a pattern */
} asks[] = {
    { "the target comes as it was sent", "GET /a%20b/%2F?x=%41&y HTTP/1.1\r\n" END,
      "HTTP/1.1 200 OK\r\n*GET path=/a%20b/%2F query=x=%41&y ip=127.0.0.1 bucket= *" },
    { "a target with a host loses it", "GET http://localhost/a HTTP/1.1\r\n" END,
      "HTTP/1.1 200 *GET path=/a query= *" },
    { "a body comes whole", "POST / HTTP/1.1\r\nContent-Length: 5\r\n" END "hello", "*body=hello" },
    { "a body in HTTP chunks comes whole",
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
      "*body=hello" },
    { "a Host names a bucket",
      "GET /k HTTP/1.1\r\nConnection: close\r\nHost: logs.localhost:1\r\n\r\n",
      "*path=/k query= ip=127.0.0.1 bucket=logs *" },
    { "aws-chunked framing is taken off",
      "PUT /b/k HTTP/1.1\r\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
      "x-amz-decoded-content-length: 5\r\nX-Amz-Trailer: x-amz-checksum-crc32\r\n"
      "Content-Encoding: aws-chunked\r\nContent-Length: 48\r\n" END
      "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n\r\n",
      "HTTP/1.1 400 *<Code>InvalidRequest</Code>*" },
    { "the trailer of an aws-chunked body is kept",
      "PUT /b/k HTTP/1.1\r\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
      "x-amz-decoded-content-length: 5\r\nX-Amz-Trailer: x-amz-checksum-crc32\r\n"
      "Content-Encoding: aws-chunked\r\nContent-Length: 46\r\n" END
      "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
      "HTTP/1.1 200 *trailer=NhCmhg== body=hello" },
    { "an announced trailer must come",
      "PUT /b/k HTTP/1.1\r\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
      "x-amz-decoded-content-length: 5\r\nX-Amz-Trailer: x-amz-checksum-crc32\r\n"
      "Content-Length: 15\r\n" END "5\r\nhello\r\n0\r\n\r\n",
      "HTTP/1.1 400 *<Code>MalformedTrailerError</Code>*" },
    { "the decoded length is checked",
      "PUT /b/k HTTP/1.1\r\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
      "x-amz-decoded-content-length: 6\r\nContent-Length: 15\r\n" END "5\r\nhello\r\n0\r\n\r\n",
      "HTTP/1.1 400 *<Code>IncompleteBody</Code>*" },
    { "the decoded length must be told",
      "PUT /b/k HTTP/1.1\r\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
      "Content-Length: 15\r\n" END "5\r\nhello\r\n0\r\n\r\n",
      "HTTP/1.1 411 *<Code>MissingContentLength</Code>*" },
    { "a chunked body without its last chunk is incomplete",
      "PUT /b/k HTTP/1.1\r\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
      "x-amz-decoded-content-length: 5\r\nContent-Length: 10\r\n" END "5\r\nhello\r\n",
      "HTTP/1.1 400 *<Code>IncompleteBody</Code>*" },
    { "an unknown streaming form is refused",
      "PUT /b/k HTTP/1.1\r\nx-amz-content-sha256: STREAMING-NONSENSE\r\nContent-Length: 0\r\n" END,
      "HTTP/1.1 400 *<Code>InvalidArgument</Code>*" },
    { "a broken escape is refused as S3 does", "GET /a%zz HTTP/1.1\r\n" END,
      "HTTP/1.1 400 *<Error><Code>InvalidURI</Code>*<RequestId>*" },
    { "a broken escape is refused as JSON services do",
      "POST /%z HTTP/1.1\r\nX-Amz-Target: A.B\r\nContent-Length: 0\r\n" END,
      "HTTP/1.1 400 *x-amzn-RequestId: *{\"__type\":\"BadRequestException\",*" },
    { "a broken escape is refused as query services do",
      "POST /%z?Action=X HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
      "Content-Length: 0\r\n" END,
      "HTTP/1.1 400 *<ErrorResponse><Error><Type>Sender</Type><Code>BadRequestException</Code>*" },
    { "an object beyond S3's limit is refused before it is sent",
      "PUT /b/k HTTP/1.1\r\nContent-Length: 9000000000\r\nExpect: 100-continue\r\n" END,
      "HTTP/1.1 400 *<Code>EntityTooLarge</Code>*" },
    { "a document beyond the limit is refused before it is sent",
      "POST / HTTP/1.1\r\nX-Amz-Target: A.B\r\nContent-Length: 900000000\r\n"
      "Expect: 100-continue\r\n" END,
      "HTTP/1.1 413 *RequestEntityTooLargeException*" },
    { "a part of a file is served", "GET /file HTTP/1.1\r\n" END,
      "HTTP/1.1 200 *Content-Length: 4\r\n*\r\n2345" },
    { "a file that is gone is an internal error", "GET /gone HTTP/1.1\r\n" END,
      "HTTP/1.1 500 *<Code>InternalError</Code>*" },
    { "HEAD tells the length of what it does not send", "HEAD /length HTTP/1.1\r\n" END,
      "HTTP/1.1 200 *Content-Length: 12345\r\n*\r\n" },
};

static void check_ask(void **state)
{
    const struct ask_case *c = *state;
    void *fixture;

    assert_int_equal(set_up(&fixture), 0);
    check_like(ask(fixture, str_c(c->request)), c->reply);
    wait_unstaged(fixture);
    assert_int_equal(tear_down(&fixture), 0);
}

static struct str large_upload(struct fixture *f, const char *hash)
{
    struct buf out = { 0 };
    struct str text;

    buf_printf(&out,
               "PUT /b/k HTTP/1.1\r\n" S3_SCOPE "x-amz-content-sha256: %s\r\n"
               "Content-Length: %u\r\n" END,
               hash, LARGE_BYTES);
    memset(buf_reserve(&out, LARGE_BYTES), 'x', LARGE_BYTES);
    out.len += LARGE_BYTES;
    text = arena_copy(&f->arena, buf_view(&out));
    buf_free(&out);
    return text;
}

static void a_large_object_goes_through_a_file(void **state)
{
    struct fixture *f = *state;
    char *bytes = arena_alloc(&f->arena, LARGE_BYTES), hash[65];

    memset(bytes, 'x', LARGE_BYTES);
    sha256_hex((struct str){ bytes, LARGE_BYTES }, hash);
    check_like(ask(f, large_upload(f, hash)),
               "HTTP/1.1 200 *body=file of 3145728 bytes, hash agrees");
    wait_unstaged(f);
}

static void an_aborted_upload_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);

    put(fd, str_sub(large_upload(f, "UNSIGNED-PAYLOAD"), 0, LARGE_BYTES / 2 + (1u << 20)));
    for (int i = 0; i < DEADLINE_MS && staged_count(f) == 0; i++)
        (void)poll(NULL, 0, 1);
    assert_int_equal(staged_count(f), 1);
    (void)close(fd); /* in the middle */
    wait_unstaged(f);
}

static void leftovers_are_removed_at_start(void **state)
{
    struct fixture *f = *state;
    struct err err = { 0 };

    server_close(f->server);
    check_ok(
        fs_replace_fast(arena_printf(&f->arena, "%s/staging/http-1", f->dir).ptr, STR("x"), &err),
        &err);
    check_ok(server_open(&f->server,
                         &(struct server_options){ .host = STR("127.0.0.1"),
                                                   .threads = 1,
                                                   .data_dir = f->dir,
                                                   .answer = answer,
                                                   .answer_arg = f },
                         &err),
             &err);
    assert_int_equal(staged_count(f), 0);
}

static void requests_may_be_pipelined(void **state)
{
    struct fixture *f = *state;

    check_like(ask(f, STR("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
                          "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
                          "GET /3 HTTP/1.1\r\n" END)),
               "*GET path=/1 *POST path=/2 *body=hi*GET path=/3 *");
}

static void expect_is_answered_before_the_body(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);

    put(fd, STR("PUT /b/k HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n" END));
    check_like(get(f, fd, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    put(fd, STR("hello"));
    check_like(get(f, fd, NULL), "HTTP/1.1 200 *body=hello");
    (void)close(fd); /* read to its end */
}

static void many_headers_are_refused(void **state)
{
    struct fixture *f = *state;
    struct buf out = { 0 };

    buf_add_c(&out, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < 150; i++)
        buf_printf(&out, "x-amz-meta-%d: %0100d\r\n", i, i);
    buf_add_c(&out, END);
    check_like(ask(f, buf_view(&out)), "HTTP/1.1 400 *<Code>RequestHeaderSectionTooLarge</Code>*");
    buf_free(&out);
}

static void a_stream_brings_lines_as_they_come(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);

    put(fd, STR("GET /follow HTTP/1.1\r\n" END));
    check_like(get(f, fd, "\r\n\r\n"), "HTTP/1.1 200 *");
    hub_put(f->hub, STR("{\"n\":1}"));
    check_like(get(f, fd, "}\n"), "*{\"n\":1}\n*");
    hub_put(f->hub, STR("{\"n\":2}"));
    check_like(get(f, fd, "}\n"), "*{\"n\":2}\n*");
    hub_end(f->hub);
    (void)get(f, fd, NULL);
    (void)close(fd); /* read to its end */
}

static void a_port_in_use_is_a_failure(void **state)
{
    struct fixture *f = *state;
    struct server *other = NULL;
    struct err err = { 0 };

    assert_int_equal(server_open(&other,
                                 &(struct server_options){ .host = STR("127.0.0.1"),
                                                           .port = server_port(f->server),
                                                           .threads = 1,
                                                           .data_dir = f->dir,
                                                           .answer = answer },
                                 &err),
                     E_IO);
    assert_null(other);
    check_like(str_c(err.text), "listen on 127.0.0.1:*: Address already in use");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    struct CMUnitTest tests[COUNT(asks) + 8] = {
        TEST(a_large_object_goes_through_a_file), TEST(an_aborted_upload_leaves_nothing),
        TEST(leftovers_are_removed_at_start),     TEST(requests_may_be_pipelined),
        TEST(expect_is_answered_before_the_body), TEST(many_headers_are_refused),
        TEST(a_stream_brings_lines_as_they_come), TEST(a_port_in_use_is_a_failure),
    };

    for (size_t i = 0; i < COUNT(asks); i++)
        tests[i + 8] = (struct CMUnitTest){ asks[i].name, check_ask, NULL, NULL, (void *)&asks[i] };
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
