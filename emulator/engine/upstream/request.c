/* The request that an upstream gets: the client's, addressed and signed anew. */
#include <stdlib.h>

#include "core/aws/sigv4.h"
#include "core/base/clock.h"
#include "emulator/engine/upstream/private.h"

#define UNSIGNED "UNSIGNED-PAYLOAD"

bool upstream_is_hop_header(struct str name)
{
    static const char *const names[] = {
        "Connection",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
    };

    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq_nocase(name, str_c(names[i])))
            return true;
    return false;
}

struct outgoing {
    struct arena *a;
    const struct call *call;
    const struct route *route;
    const struct request *q;
    struct http_header *headers;
    size_t count;
    struct str host, path, query;
    bool is_s3, is_signed_anew;
};

static bool is_one_of(struct str name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(name, str_c(names[i])))
            return true;
    return false;
}

/* Made anew, or by libcurl. */
static bool is_replaced(const struct outgoing *o, struct str name)
{
    static const char *const always[] = { "Host",
                                          "Content-Length",
                                          "Expect",
                                          "x-amz-content-sha256",
                                          "x-amz-decoded-content-length",
                                          "x-amz-trailer" };
    static const char *const when_signed[] = { "Authorization", "X-Amz-Date", "Date",
                                               "X-Amz-Security-Token" };

    return is_one_of(name, always, COUNT(always)) ||
           (o->is_signed_anew && is_one_of(name, when_signed, COUNT(when_signed)));
}

static bool is_named_by_connection(const struct request *q, struct str name)
{
    struct str rest = request_header(q, "Connection"), item;

    while (rest.len > 0) {
        (void)str_cut(rest, ',', &item, &rest); /* the last has no ',' */
        if (str_eq_nocase(str_trim(item), name))
            return true;
    }
    return false;
}

static void add(struct outgoing *o, const char *name, struct str value)
{
    o->headers[o->count++] = (struct http_header){ str_c(name), value };
}

/* "aws-chunked,gzip" -> "gzip": the framing was taken off. */
static struct str without_chunks(struct arena *a, struct str encodings)
{
    struct buf kept = { 0 };
    struct str item, out;

    while (encodings.len > 0) {
        (void)str_cut(encodings, ',', &item, &encodings); /* the last has no ',' */
        item = str_trim(item);
        if (str_eq_nocase(item, STR("aws-chunked")) || item.len == 0)
            continue;
        if (kept.len)
            buf_add_char(&kept, ',');
        buf_add(&kept, item);
    }
    out = arena_copy(a, buf_view(&kept));
    buf_free(&kept);
    return out;
}

static void copy_headers(struct outgoing *o)
{
    for (size_t i = 0; i < o->q->header_count; i++) {
        struct http_header h = o->q->headers[i];

        if (upstream_is_hop_header(h.name) || is_replaced(o, h.name) ||
            is_named_by_connection(o->q, h.name))
            continue;
        if (str_eq_nocase(h.name, STR("Content-Encoding")))
            h.value = without_chunks(o->a, h.value);
        if (h.value.len > 0 || !str_eq_nocase(h.name, STR("Content-Encoding")))
            o->headers[o->count++] = h;
    }
    if (o->q->trailer_checksum_name.len > 0)
        o->headers[o->count++] =
            (struct http_header){ o->q->trailer_checksum_name, o->q->trailer_checksum };
}

/* --- the payload's hash --- */

static bool is_streaming_hash(struct str said)
{
    return str_has_prefix(said, STR("STREAMING-"));
}

/* S3 takes the client's word, other services want the hash of the body. */
static struct str payload_hash(const struct outgoing *o)
{
    struct str said = request_header(o->q, "x-amz-content-sha256");
    char hex[65];

    if (o->is_s3)
        return said.len > 0 && !is_streaming_hash(said) ? said : STR(UNSIGNED);
    sha256_hex(o->q->body.text, hex);
    return arena_copy(o->a, str_c(hex));
}

/* --- the query --- */

/* What a presigned URL is signed with. */
static bool is_credential(struct str name)
{
    static const char *const names[] = {
        "X-Amz-Algorithm",     "X-Amz-Credential", "X-Amz-Date",           "X-Amz-Expires",
        "X-Amz-SignedHeaders", "X-Amz-Signature",  "X-Amz-Security-Token", "AWSAccessKeyId",
        "Signature",           "Expires"
    };

    return is_one_of(name, names, COUNT(names));
}

static struct str without_credentials(struct arena *a, struct str query)
{
    struct buf kept = { 0 };
    struct str item, name, value, out;

    while (query.len > 0) {
        (void)str_cut(query, '&', &item, &query); /* the last has no '&' */
        (void)str_cut(item, '=', &name, &value);
        if (is_credential(name) || item.len == 0)
            continue;
        if (kept.len)
            buf_add_char(&kept, '&');
        buf_add(&kept, item);
    }
    out = arena_copy(a, buf_view(&kept));
    buf_free(&kept);
    return out;
}

static size_t split_query(const struct outgoing *o, struct sigv4_pair **out)
{
    struct str rest = o->query, item;
    size_t count = 0, cap = 1;

    for (size_t i = 0; i < rest.len; i++)
        cap += rest.ptr[i] == '&';
    *out = arena_array(o->a, cap, sizeof **out);
    while (rest.len > 0) {
        struct sigv4_pair *pair = &(*out)[count++];

        (void)str_cut(rest, '&', &item, &rest);              /* the last has no '&' */
        (void)str_cut(item, '=', &pair->name, &pair->value); /* "acl" counts as "acl=" */
    }
    return count;
}

/* --- the signature --- */

static struct str lower(struct arena *a, struct str s)
{
    struct str copy = arena_copy(a, s);
    char *p = (char *)copy.ptr;

    for (size_t i = 0; i < copy.len; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] | 0x20);
    return copy;
}

static int compare_names(const void *left, const void *right)
{
    const struct sigv4_pair *a = left, *b = right;

    return str_cmp(a->name, b->name);
}

/* Host and all that is AWS's must be signed, the rest need not be.
 * Source: General Reference, "Create a signed AWS API request", canonical headers. */
static size_t signed_headers(const struct outgoing *o, struct sigv4_pair **out)
{
    size_t count = 0;

    *out = arena_array(o->a, o->count, sizeof **out);
    for (size_t i = 0; i < o->count; i++) {
        struct str name = lower(o->a, o->headers[i].name);

        if (str_eq_c(name, "host") || str_eq_c(name, "content-type") ||
            str_has_prefix(name, STR("x-amz-")))
            (*out)[count++] = (struct sigv4_pair){ name, o->headers[i].value };
    }
    qsort(*out, count, sizeof **out, compare_names);
    return count;
}

static struct str join_names(struct arena *a, const struct sigv4_pair *pairs, size_t count)
{
    struct str *names = arena_array(a, count, sizeof *names);
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        if (i == 0 || !str_eq(pairs[i].name, pairs[i - 1].name))
            names[n++] = pairs[i].name;
    return arena_join(a, names, n, STR(";"));
}

static struct str signing_name(const struct outgoing *o)
{
    return o->route->signing.len > 0 ? o->route->signing
                                     : cat_str(o->call->cat, o->call->service->signing_name);
}

static void sign(struct outgoing *o)
{
    const struct principal *who = o->call->who;
    struct str datetime = clock_iso_basic(o->a, clock_machine_ms());
    struct sigv4_scope scope = { .access_key_id = who->access_key_id,
                                 .date = str_sub(datetime, 0, 8),
                                 .region = o->call->region,
                                 .service = signing_name(o) };
    struct sigv4_pair *query, *headers;
    struct sigv4_request r = { .method = o->q->method, .path = o->path, .is_s3 = o->is_s3 };
    unsigned char key[32];
    char signature[65];

    add(o, "X-Amz-Date", datetime);
    if (who->session_token.len > 0)
        add(o, "X-Amz-Security-Token", who->session_token);
    r.datetime = datetime;
    r.payload_hash = payload_hash(o);
    r.query_count = split_query(o, &query);
    r.query = query;
    r.header_count = signed_headers(o, &headers);
    r.headers = headers;
    sigv4_key(who->secret, &scope, key);
    sigv4_sign(o->a, key, &scope, &r, signature);
    add(o, "Authorization",
        arena_printf(o->a,
                     "AWS4-HMAC-SHA256 Credential=%.*s/%.*s/%.*s/%.*s/aws4_request, "
                     "SignedHeaders=%.*s, Signature=%s",
                     STR_ARG(scope.access_key_id), STR_ARG(scope.date), STR_ARG(scope.region),
                     STR_ARG(scope.service), STR_ARG(join_names(o->a, headers, r.header_count)),
                     signature));
}

/* --- all of it --- */

/* A bucket in the Host header moves into the path: the upstream has another name. */
static struct str path_of(struct arena *a, const struct request *q)
{
    return q->s3_bucket.len > 0
               ? arena_printf(a, "/%.*s%.*s", STR_ARG(q->s3_bucket), STR_ARG(q->path))
               : q->path;
}

static bool can_sign(const struct call *call)
{
    return call->who->secret.len > 0 && call->service &&
           (call->auth == AUTH_HEADER || call->auth == AUTH_QUERY);
}

void upstream_request(struct arena *a, const struct call *call, const struct route *route,
                      struct str base, struct exchange *out)
{
    const struct request *q = call->request;
    struct outgoing o = { .a = a, .call = call, .route = route, .q = q };
    struct str scheme;

    o.is_s3 = str_eq_c(route->service, "s3");
    o.is_signed_anew = can_sign(call);
    o.headers = arena_array(a, q->header_count + 8, sizeof *o.headers);
    o.path = path_of(a, q);
    o.query =
        o.is_signed_anew && call->auth == AUTH_QUERY ? without_credentials(a, q->query) : q->query;
    (void)str_rcut(base, '/', &scheme, &o.host); /* upstream_rule_parse has seen to it */
    add(&o, "Host", o.host);
    copy_headers(&o);
    if (o.is_s3 || request_has_header(q, "x-amz-content-sha256"))
        add(&o, "x-amz-content-sha256", payload_hash(&o));
    if (o.is_signed_anew)
        sign(&o);
    *out = (struct exchange){ .base = base,
                              .target = o.path,
                              .method = q->method,
                              .headers = o.headers,
                              .header_count = o.count,
                              .body = q->body,
                              .may_spool = wire_streams_output(call->cat, call->op) };
    if (o.query.len > 0)
        out->target = arena_printf(a, "%.*s?%.*s", STR_ARG(o.path), STR_ARG(o.query));
    if (!q->body.path)
        out->body.len = (int64_t)q->body.text.len;
}
