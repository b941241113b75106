/* What a claim's signature should be: the second half of claim.h. */
#include <stdlib.h>

#include "emulator/identity/claim.h"
#include "emulator/wire/post_form.h"

int claim_body_hash(struct arena *a, const struct request *q, struct str *out, struct err *err)
{
    char hex[65];

    if (q->sha256_hex.len == 64) {
        *out = q->sha256_hex;
        return 0;
    }
    if (q->body.path) {
        int rc = sha256_file_hex(q->body.path, q->body.offset, q->body.len, hex, err);
        if (rc < 0)
            return rc;
    } else {
        sha256_hex(q->body.text, hex);
    }
    *out = arena_copy(a, str_c(hex));
    return 0;
}

static bool is_hash(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] >= 'a' && s.ptr[i] <= 'f')))
            return false;
    return s.len == 64;
}

int claim_payload_hash(struct arena *a, const struct request *q, const struct claim *c, bool is_s3,
                       struct str *out, struct err *err)
{
    struct str said = request_header(q, "x-amz-content-sha256");

    /* Source: S3 API Reference, "Authenticating requests: using query parameters": the payload of a
     * presigned request isn't known when it is signed. */
    if (is_s3 && c->method == AUTH_QUERY && said.len == 0)
        said = request_param(q, "X-Amz-Content-Sha256");
    if (is_s3 && c->method == AUTH_QUERY && said.len == 0)
        said = STR("UNSIGNED-PAYLOAD");
    /* A hash that S3 was told is checked against the body on its own; other services hash. */
    if (said.len > 0 && (is_s3 || !is_hash(said))) {
        *out = said;
        return 0;
    }
    return claim_body_hash(a, q, out, err);
}

/* The raw query as pairs, without the signature itself. */
static size_t split_query(struct arena *a, const struct request *q, struct sigv4_pair **out)
{
    struct str rest = q->query, item;
    size_t count = 0, cap = 1;

    for (size_t i = 0; i < rest.len; i++)
        cap += rest.ptr[i] == '&';
    *out = arena_array(a, cap, sizeof **out);
    while (rest.len > 0) {
        struct sigv4_pair pair;

        (void)str_cut(rest, '&', &item, &rest);            /* the last has no '&' */
        (void)str_cut(item, '=', &pair.name, &pair.value); /* "acl" counts as "acl=" */
        if (item.len > 0 && !str_eq_c(pair.name, "X-Amz-Signature"))
            (*out)[count++] = pair;
    }
    return count;
}

/* The headers that SignedHeaders names, in its order; a name may stand for several lines. */
static size_t signed_headers(struct arena *a, const struct request *q, const struct claim *c,
                             struct sigv4_pair **out)
{
    struct str rest = c->signed_headers, name;
    size_t count = 0, cap = q->header_count + 1;

    for (size_t i = 0; i < rest.len; i++)
        cap += rest.ptr[i] == ';';
    *out = arena_array(a, cap, sizeof **out);
    while (rest.len > 0 && count < cap) { /* a list that repeats a name is cut at the cap */
        size_t before = count;

        (void)str_cut(rest, ';', &name, &rest); /* the last has no ';' */
        for (size_t i = 0; i < q->header_count && count < cap; i++)
            if (str_eq_nocase(q->headers[i].name, name))
                (*out)[count++] = (struct sigv4_pair){ name, q->headers[i].value };
        if (count == before && count < cap)
            (*out)[count++] = (struct sigv4_pair){ name, { 0 } };
    }
    return count;
}

bool claim_matches_v4(struct arena *a, const struct request *q, const struct claim *c,
                      const unsigned char key[32], struct str payload_hash, bool is_s3)
{
    struct sigv4_request r = { .method = q->method,
                               .path = q->path,
                               .payload_hash = payload_hash,
                               .datetime = c->datetime,
                               .is_s3 = is_s3 };
    struct sigv4_pair *query, *headers;
    char expected[65];

    r.query_count = split_query(a, q, &query);
    r.header_count = signed_headers(a, q, c, &headers);
    r.query = query;
    r.headers = headers;
    sigv4_sign(a, key, &c->scope, &r, expected);
    return sigv4_equal(str_c(expected), c->signature);
}

/* Source: S3 User Guide, "Signing and authenticating REST requests (AWS signature version 2)". */
static const char *const v2_subresources[] = {
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "delete",
    "encryption",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "retention",
    "select",
    "select-type",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
};

static void add_v2_resource(struct buf *out, const struct request *q, const char *slash)
{
    char before = '?';

    if (q->s3_bucket.len > 0) {
        buf_add_char(out, '/');
        buf_add(out, q->s3_bucket);
    }
    buf_add(out, q->path);
    buf_add_c(out, slash);
    for (size_t i = 0; i < COUNT(v2_subresources); i++)
        for (size_t k = 0; k < q->param_count; k++)
            if (str_eq_c(q->params[k].name, v2_subresources[i])) {
                buf_add_char(out, before);
                buf_add_c(out, v2_subresources[i]);
                if (q->params[k].has_value) {
                    buf_add_char(out, '=');
                    buf_add(out, q->params[k].value);
                }
                before = '&';
            }
}

static int compare_names(const void *left, const void *right)
{
    const struct sigv4_pair *a = left, *b = right;

    return str_cmp(a->name, b->name);
}

static struct str lower(struct arena *a, struct str s)
{
    struct str copy = arena_copy(a, s);
    char *p = (char *)copy.ptr;

    for (size_t i = 0; i < copy.len; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + ('a' - 'A'));
    return copy;
}

/* x-amz-... of the headers, and of the query, where a presigned request carries them. */
static void add_v2_headers(struct arena *a, struct buf *out, const struct request *q)
{
    struct sigv4_pair *p = arena_array(a, q->header_count + q->param_count + 1, sizeof *p);
    size_t count = 0;

    for (size_t i = 0; i < q->param_count; i++)
        if (str_has_prefix(q->params[i].name, STR("x-amz-")))
            p[count++] = (struct sigv4_pair){ q->params[i].name, q->params[i].value };
    for (size_t i = 0; i < q->header_count; i++) {
        struct str name = lower(a, q->headers[i].name);
        if (str_has_prefix(name, STR("x-amz-")))
            p[count++] = (struct sigv4_pair){ name, str_trim(q->headers[i].value) };
    }
    qsort(p, count, sizeof *p, compare_names);
    for (size_t i = 0; i < count; i++) {
        buf_add(out, p[i].name);
        buf_add_char(out, ':');
        buf_add(out, p[i].value);
        buf_add_char(out, '\n');
    }
}

/* A header, or for a presigned request the query parameter that stands for it. */
static struct str v2_line(const struct request *q, const struct claim *c, const char *name)
{
    struct str value = request_header(q, name);

    return value.len == 0 && c->method == AUTH_QUERY ? request_param(q, name) : value;
}

static bool matches_v2(struct arena *a, const struct request *q, const struct claim *c,
                       struct str secret, const char *slash)
{
    struct buf text = { 0 };

    buf_add(&text, q->method);
    buf_add_char(&text, '\n');
    buf_add(&text, v2_line(q, c, "content-md5"));
    buf_add_char(&text, '\n');
    buf_add(&text, v2_line(q, c, "content-type"));
    buf_add_char(&text, '\n');
    if (c->method == AUTH_QUERY)
        buf_add_i64(&text, c->expires_s);
    else if (!request_has_header(q, "x-amz-date"))
        buf_add(&text, request_header(q, "date"));
    buf_add_char(&text, '\n');
    add_v2_headers(a, &text, q);
    add_v2_resource(&text, q, slash);
    bool ok = sigv4_equal(sigv2_sign(a, secret, buf_view(&text)), c->signature);
    buf_free(&text);
    return ok;
}

/* botocore sends "/bucket" and signs "/bucket/"; S3 takes either. */
bool claim_matches_v2(struct arena *a, const struct request *q, const struct claim *c,
                      struct str secret)
{
    bool is_bucket = q->path.len > 1 && str_find(str_sub(q->path, 1, q->path.len), STR("/")) < 0;

    return matches_v2(a, q, c, secret, "") || (is_bucket && matches_v2(a, q, c, secret, "/"));
}

/* Source: S3 API Reference, "Calculating a signature" (browser-based uploads): the policy in base64
 * is the string to sign. */
bool claim_matches_form(const struct request *q, const struct claim *c, const unsigned char key[32])
{
    char expected[65];

    sigv4_hmac_hex(key, post_form_field(q->form, "policy"), expected);
    return sigv4_equal(str_c(expected), c->signature);
}

bool claim_matches_form_v2(struct arena *a, const struct request *q, const struct claim *c,
                           struct str secret)
{
    return sigv4_equal(sigv2_sign(a, secret, post_form_field(q->form, "policy")), c->signature);
}

bool claim_matches_chunks(const struct request *q, const struct claim *c,
                          const unsigned char key[32])
{
    struct sigv4_chunk chunk = { .datetime = c->datetime, .previous = c->signature };
    char expected[65], hash[65];

    for (size_t i = 0; i < q->chunk_count; i++) {
        chunk.chunk_hash = str_c(q->chunks[i].sha256);
        sigv4_sign_chunk(key, &c->scope, &chunk, expected);
        if (!sigv4_equal(str_c(expected), str_c(q->chunks[i].signature)))
            return false;
        chunk.previous = str_c(q->chunks[i].signature);
    }
    if (q->trailer_signature.len == 0)
        return true;
    sha256_hex(q->trailer_text, hash);
    chunk.chunk_hash = str_c(hash);
    chunk.is_trailer = true;
    sigv4_sign_chunk(key, &c->scope, &chunk, expected);
    return sigv4_equal(str_c(expected), q->trailer_signature);
}
