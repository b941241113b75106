#include "emulator/http/inbound.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <microhttpd.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

static void set_source_ip(struct inbound *in, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *sa = info ? info->client_addr : NULL;
    socklen_t len =
        sa && sa->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

    if (!sa || getnameinfo(sa, len, in->source_ip, sizeof in->source_ip, NULL, 0, NI_NUMERICHOST))
        in->source_ip[0] = '\0';
}

struct inbound *inbound_open(struct staging *staging, struct arenas *arenas,
                             struct MHD_Connection *connection)
{
    struct inbound *in = mem_alloc(sizeof *in);

    body_init(&in->body, staging);
    in->arenas = arenas;
    in->connection = connection;
    set_source_ip(in, connection);
    return in;
}

void inbound_close(struct inbound *in)
{
    if (!in)
        return;
    body_free(&in->body);
    arenas_take_back(in->arenas, &in->arena);
    mem_free(in);
}

void inbound_start(struct inbound *in, const char *target)
{
    body_drop(&in->body);
    if (in->arena.head)
        arena_reset(&in->arena);
    else
        in->arena = arenas_lend(in->arenas);
    in->request = (struct request){ .source_ip = str_c(in->source_ip) };
    in->request.target = arena_copy(&in->arena, str_c(target));
    in->state = INBOUND_LINE;
    in->refusal = in->body.refusal = REFUSE_NOTHING;
    in->hangs_up = in->keeps_arena = false;
    in->dropped_bytes = 0;
}

void inbound_over(struct inbound *in)
{
    body_drop(&in->body);
    if (!in->keeps_arena)
        arenas_take_back(in->arenas, &in->arena);
    in->state = INBOUND_ANSWERED;
}

struct gathering {
    struct request *q;
    size_t room, bytes;
};

static enum MHD_Result add_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                  size_t name_len, const char *value, size_t value_len)
{
    struct gathering *g = cls;

    (void)kind; /* only headers are asked for */
    g->bytes += name_len + value_len + 4;
    if (g->q->header_count < g->room)
        g->q->headers[g->q->header_count++] =
            (struct http_header){ { name, name_len }, { value, value ? value_len : 0 } };
    return MHD_YES;
}

static bool gather_headers(struct inbound *in, struct MHD_Connection *connection)
{
    struct gathering g = { .q = &in->request, .bytes = in->request.target.len };
    int count = MHD_get_connection_values_n(connection, MHD_HEADER_KIND, NULL, NULL);

    g.room = count < 0 ? 0 : (size_t)count;
    if (g.room > LIMIT_HTTP_HEADERS)
        g.room = LIMIT_HTTP_HEADERS;
    in->request.headers = arena_array(&in->arena, g.room + 1, sizeof *in->request.headers);
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_header, &g);
    return (size_t)(count < 0 ? 0 : count) == g.room && g.bytes <= LIMIT_HTTP_HEADER_BYTES;
}

/* Source: RFC 9110, 5.6.2 "Tokens". */
static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-')
            continue;
        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return s.len > 0;
}

static bool is_field_value(struct str s)
{
    if (!str_has_control(s))
        return true;
    for (size_t i = 0; i < s.len; i++)
        if (((unsigned char)s.ptr[i] < ' ' && s.ptr[i] != '\t') || s.ptr[i] == 0x7f)
            return false;
    return true;
}

/* Two of these would be two answers to who asks, for what, and where the body ends. */
static bool is_singular(struct str name)
{
    static const char *const names[] = { "host",
                                         "authorization",
                                         "content-length",
                                         "transfer-encoding",
                                         "x-amz-target",
                                         "x-amz-date",
                                         "x-amz-security-token",
                                         "x-amz-content-sha256",
                                         "content-type",
                                         "content-md5",
                                         "x-amz-decoded-content-length" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq_nocase(name, str_c(names[i])))
            return true;
    return false;
}

static bool is_repeated(const struct request *q, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (str_eq_nocase(q->headers[i].name, q->headers[at].name))
            return is_singular(q->headers[at].name);
    return false;
}

/* Nothing that two readers could read in two ways. Source: RFC 9112, 6.3 "Message Body Length". */
static bool headers_are_plain(const struct request *q)
{
    struct str coding = request_header(q, "transfer-encoding");

    for (size_t i = 0; i < q->header_count; i++)
        if (!is_token(q->headers[i].name) || !is_field_value(q->headers[i].value) ||
            is_repeated(q, i))
            return false;
    return !request_has_header(q, "transfer-encoding") ||
           (str_eq_nocase(coding, STR("chunked")) && !request_has_header(q, "content-length"));
}

/* "http://host/path" (a client that believes in a proxy) -> "/path". */
static struct str without_authority(struct str target)
{
    ptrdiff_t scheme = str_find(target, STR("://"));
    const char *slash;
    struct str rest;

    if (str_has_prefix(target, STR("/")) || scheme < 0)
        return target;
    rest = str_sub(target, (size_t)scheme + 3, target.len);
    slash = memchr(rest.ptr, '/', rest.len);
    return slash ? str_sub(rest, (size_t)(slash - rest.ptr), rest.len) : STR("/");
}

/* Every escape whole, no raw control byte, UTF-8. What an escaped control means is S3's to say.
 * Source: S3 User Guide, "Naming Amazon S3 objects": a key is UTF-8. */
static bool is_clean(struct arena *a, struct str encoded)
{
    struct str plain = encoded;

    if (str_has_control(encoded) || memchr(encoded.ptr, ' ', encoded.len))
        return false;
    if (memchr(encoded.ptr, '%', encoded.len) &&
        uri_decode(a, encoded, URI_PLUS_IS_PLUS, &plain, NULL) < 0)
        return false;
    return str_is_utf8(plain);
}

static bool split_target(struct inbound *in)
{
    struct request *q = &in->request;
    struct str target = without_authority(q->target);

    (void)str_cut(target, '?', &q->path, &q->query); /* without '?' all of it is the path */
    if (!str_has_prefix(q->path, STR("/")) || !is_clean(&in->arena, target))
        return false;
    return uri_parse_query(&in->arena, q->query, &q->params, &q->param_count, NULL) == 0;
}

/* More than is read of a refused body. A number that is no int64_t is larger still. */
static bool declares_too_much(const struct request *q)
{
    struct str text = request_header(q, "content-length");
    int64_t declared;

    return text.len > 0 &&
           (!str_to_i64(text, &declared) || (uint64_t)declared > LIMIT_HTTP_DROPPED_BYTES);
}

bool inbound_has_body(const struct inbound *in)
{
    return request_has_header(&in->request, "transfer-encoding") ||
           (request_has_header(&in->request, "content-length") &&
            !str_eq_c(request_header(&in->request, "content-length"), "0"));
}

/* Source: RFC 9112, 3.2 "Request Target": a request of HTTP/1.1 without Host is answered 400. */
static bool lacks_host(const struct request *q, const char *version)
{
    return strcmp(version, "HTTP/1.1") == 0 && !request_has_header(q, "host");
}

bool inbound_headers(struct inbound *in, struct MHD_Connection *connection, const char *method,
                     const char *version, const struct host_names *names)
{
    struct request *q = &in->request;

    in->state = INBOUND_BODY;
    in->began_us = clock_monotonic_us();
    q->method = str_c(method);
    if (!gather_headers(in, connection))
        in->refusal = REFUSE_HEADERS_TOO_LARGE;
    else if (!headers_are_plain(q))
        in->refusal = REFUSE_BAD_HEADERS;
    else if (lacks_host(q, version))
        in->refusal = REFUSE_NO_HOST;
    else if (!split_target(in))
        in->refusal = REFUSE_BAD_URI;
    in->hangs_up = in->refusal == REFUSE_BAD_HEADERS || declares_too_much(q);
    if (in->refusal != REFUSE_NOTHING)
        return false;
    bool is_s3 = host_request_is_s3(q);
    if (is_s3)
        q->s3_bucket = host_bucket(request_header(q, "host"), names);
    return body_begin(&in->body, &in->arena, q, is_s3);
}

/* A refused body is read to its end, for a client that is still sending would not see the answer.
 */
bool inbound_body(struct inbound *in, struct str bytes)
{
    if (in->refusal == REFUSE_NOTHING && in->body.refusal == REFUSE_NOTHING)
        body_add(&in->body, bytes);
    else
        in->dropped_bytes += bytes.len;
    return in->dropped_bytes <= LIMIT_HTTP_DROPPED_BYTES;
}

void inbound_complete(struct inbound *in)
{
    if (in->refusal == REFUSE_NOTHING)
        body_end(&in->body, &in->request);
}
