#include "verify/source/aws.h"

#include <stdlib.h>

#include <curl/curl.h>

#include "core/aws/sigv4.h"
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/version.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "core/codec/xml.h"

enum { CONNECT_MS = 10000, IDLE_S = 60, MOST_QUERY = 8, MOST_HEADERS = 12, TRIES = 4 };

struct aws_client {
    CURL *curl;
    struct arena arena; /* of the client's own strings */
    struct str endpoint, region, key_id, secret, token;
};

struct call {
    struct str service, region, method, path; /* path: encoded */
    struct sigv4_pair query[MOST_QUERY];      /* encoded, sorted by name */
    size_t query_count;
    struct str target, body;
    struct str content_type, content_encoding; /* empty: none */
    const struct value *metadata;              /* x-amz-meta-...; NULL: none */
};

struct answer {
    long status;
    struct buf *body;
    struct buf refusal; /* the body of what is no success */
    struct arena *a;
    struct value *metadata;
    struct str bucket_region; /* where S3 says that the bucket is */
    CURL *curl;
    bool is_too_large;
};

static struct str environment(struct arena *a, const char *name)
{
    const char *text = getenv(name);

    return text ? arena_copy(a, str_c(text)) : STR("");
}

static struct str first_of(struct str a, struct str b)
{
    return a.len ? a : b;
}

int aws_open(struct aws_client **out, const struct aws_options *opt, struct err *err)
{
    struct aws_client *c = mem_alloc(sizeof *c);
    struct arena *a = &c->arena;

    c->endpoint = arena_copy(a, opt->endpoint);
    while (str_has_suffix(c->endpoint, STR("/")))
        c->endpoint.len--;
    c->region = first_of(arena_copy(a, opt->region), environment(a, "AWS_REGION"));
    c->region = first_of(c->region, environment(a, "AWS_DEFAULT_REGION"));
    c->region = first_of(c->region, STR("us-east-1"));
    c->key_id = environment(a, "AWS_ACCESS_KEY_ID");
    c->secret = environment(a, "AWS_SECRET_ACCESS_KEY");
    c->token = environment(a, "AWS_SESSION_TOKEN");
    if (c->key_id.len == 0 && c->endpoint.len > 0)
        c->key_id = c->secret = STR("test");
    if (c->key_id.len == 0 || c->secret.len == 0) {
        aws_close(c);
        return err_set(err, E_MISSING,
                       "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    }
    c->curl = curl_easy_init();
    if (!c->curl) {
        aws_close(c);
        return err_set(err, E_IO, "libcurl could not be set up");
    }
    *out = c;
    return 0;
}

void aws_close(struct aws_client *c)
{
    if (!c)
        return;
    if (c->curl)
        curl_easy_cleanup(c->curl);
    arena_free(&c->arena);
    mem_free(c);
}

/* ---- the answer ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct answer *r = arg;
    long status = 0;

    (void)curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &status); /* 0 then: no success */
    struct buf *to = status == 200 ? r->body : &r->refusal;

    r->is_too_large = to->len + size * count > LIMIT_FILE_BYTES;
    if (r->is_too_large)
        return 0;
    buf_add(to, (struct str){ bytes, size * count });
    return size * count;
}

static size_t on_header(char *text, size_t size, size_t count, void *arg)
{
    struct answer *r = arg;
    struct str line = str_trim((struct str){ text, size * count }), name, value;
    struct str meta = STR("x-amz-meta-");

    if (!str_cut(line, ':', &name, &value))
        return size * count;
    value = arena_copy(r->a, str_trim(value));
    if (str_eq_nocase(name, STR("x-amz-bucket-region")))
        r->bucket_region = value;
    if (str_eq_nocase(str_sub(name, 0, meta.len), meta)) {
        struct str lower = arena_copy(r->a, str_sub(name, meta.len, name.len));

        for (size_t i = 0; i < lower.len; i++)
            if (lower.ptr[i] >= 'A' && lower.ptr[i] <= 'Z')
                ((char *)lower.ptr)[i] |= 0x20; /* the arena's copy */
        value_set(r->metadata, lower, value_str(r->a, value));
    }
    return size * count;
}

/* ---- signing and sending ---- */

static struct str host_of(struct str url)
{
    ptrdiff_t at = str_find(url, STR("://"));
    struct str host, rest;

    if (at >= 0)
        url = str_sub(url, (size_t)at + 3, url.len);
    (void)str_cut(url, '/', &host, &rest); /* no slash: all of it */
    return host;
}

static struct str base_url(struct arena *a, const struct aws_client *c, const struct call *q)
{
    if (c->endpoint.len)
        return c->endpoint;
    return arena_printf(a, "https://%.*s.%.*s.amazonaws.com%s", STR_ARG(q->service),
                        STR_ARG(q->region), str_has_prefix(q->region, STR("cn-")) ? ".cn" : "");
}

static struct str whole_url(struct arena *a, struct str base, const struct call *q)
{
    struct str url = arena_printf(a, "%.*s%.*s", STR_ARG(base), STR_ARG(q->path));

    for (size_t i = 0; i < q->query_count; i++)
        url = arena_printf(a, "%.*s%c%.*s=%.*s", STR_ARG(url), i ? '&' : '?',
                           STR_ARG(q->query[i].name), STR_ARG(q->query[i].value));
    return url;
}

struct headers {
    struct sigv4_pair pairs[MOST_HEADERS]; /* signed: sorted, lower case */
    size_t count;
};

static void header(struct headers *h, const char *name, struct str value)
{
    if (value.len)
        h->pairs[h->count++] = (struct sigv4_pair){ str_c(name), value };
}

static struct str authorization(struct arena *a, const struct aws_client *c, const struct call *q,
                                const struct headers *h, const char *payload_hash,
                                struct str datetime)
{
    struct sigv4_scope scope = { c->key_id, str_sub(datetime, 0, 8), q->region, q->service };
    struct sigv4_request signed_part = {
        .method = q->method,
        .path = q->path,
        .query = q->query,
        .query_count = q->query_count,
        .headers = h->pairs,
        .header_count = h->count,
        .payload_hash = str_c(payload_hash),
        .datetime = datetime,
        .is_s3 = str_eq_c(q->service, "s3"),
    };
    unsigned char key[32];
    char signature[65];
    struct str names = STR("");

    for (size_t i = 0; i < h->count; i++)
        names =
            arena_printf(a, "%.*s%s%.*s", STR_ARG(names), i ? ";" : "", STR_ARG(h->pairs[i].name));
    sigv4_key(c->secret, &scope, key);
    sigv4_sign(a, key, &scope, &signed_part, signature);
    return arena_printf(a,
                        "Authorization: AWS4-HMAC-SHA256 Credential=%.*s/%.*s/%.*s/%.*s/"
                        "aws4_request, SignedHeaders=%.*s, Signature=%s",
                        STR_ARG(c->key_id), STR_ARG(scope.date), STR_ARG(scope.region),
                        STR_ARG(scope.service), STR_ARG(names), signature);
}

static struct curl_slist *add_line(struct curl_slist *list, struct str line)
{
    struct curl_slist *grown = curl_slist_append(list, line.ptr);

    return grown ? grown : list; /* out of memory: the signature will not fit, and AWS says so */
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct sigv4_pair *)a)->name, ((const struct sigv4_pair *)b)->name);
}

/* Sorted, as what is signed must be. */
static void metadata_headers(struct arena *a, struct headers *h, const struct value *metadata)
{
    size_t first = h->count;

    for (const struct value *v = value_first(metadata); v && h->count + 2 < MOST_HEADERS;
         v = v->next)
        header(h, arena_printf(a, "x-amz-meta-%.*s", STR_ARG(v->name)).ptr,
               v->kind == VALUE_STRING ? v->u.text : STR(""));
    if (h->count > first)
        qsort(&h->pairs[first], h->count - first, sizeof h->pairs[0], by_name);
}

static struct curl_slist *signed_headers(struct arena *a, const struct aws_client *c,
                                         const struct call *q, struct str host)
{
    struct headers h = { .count = 0 };
    struct curl_slist *list = NULL;
    char hash[65];
    struct str datetime = clock_iso_basic(a, clock_machine_ms());

    sha256_hex(q->body, hash);
    header(&h, "content-encoding", q->content_encoding);
    header(&h, "content-type", q->content_type);
    header(&h, "host", host);
    header(&h, "x-amz-content-sha256", str_c(hash));
    header(&h, "x-amz-date", datetime);
    metadata_headers(a, &h, q->metadata);
    header(&h, "x-amz-security-token", c->token);
    header(&h, "x-amz-target", q->target);
    for (size_t i = 0; i < h.count; i++)
        if (!str_eq_c(h.pairs[i].name, "host"))
            list = add_line(list, arena_printf(a, "%.*s: %.*s", STR_ARG(h.pairs[i].name),
                                               STR_ARG(h.pairs[i].value)));
    return add_line(list, authorization(a, c, q, &h, hash, datetime));
}

static void prepare(struct aws_client *c, const struct call *q, struct answer *r)
{
    curl_easy_reset(c->curl); /* connections stay */
    /* None of these can fail but for want of memory, which then shows in the transfer. */
    (void)curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_TIME, (long)IDLE_S);
    (void)curl_easy_setopt(c->curl, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(c->curl, CURLOPT_USERAGENT, "mocktrail/" MOCKTRAIL_VERSION);
    (void)curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, r);
    (void)curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, r);
    if (q->body.len) {
        (void)curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, q->method.ptr);
        (void)curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.len);
        (void)curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, q->body.ptr);
    }
}

static int send_once(struct aws_client *c, struct arena *a, const struct call *q, struct answer *r,
                     struct err *err)
{
    struct str base = base_url(a, c, q), url = whole_url(a, base, q);
    struct curl_slist *list = signed_headers(a, c, q, host_of(base));

    prepare(c, q, r);
    (void)curl_easy_setopt(c->curl, CURLOPT_URL, url.ptr);
    (void)curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, list);
    CURLcode rc = curl_easy_perform(c->curl);

    curl_slist_free_all(list);
    if (r->is_too_large)
        return err_set(err, E_LIMIT, "%.*s: over %llu bytes", STR_ARG(url), LIMIT_FILE_BYTES);
    if (rc != CURLE_OK)
        return err_set(err, E_IO, "%.*s: %s", STR_ARG(base), curl_easy_strerror(rc));
    (void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &r->status); /* it was answered */
    return 0;
}

/* Throttled, or the server's own trouble: asked again at once, a few times. The answer's start in
 * r->body is the caller's; a refusal never got there. */
static int send_call(struct aws_client *c, struct arena *a, struct call *q, struct answer *r,
                     struct err *err)
{
    struct buf *body = r->body;
    int rc = 0;

    for (int i = 0; i < TRIES; i++) {
        buf_free(&r->refusal);
        *r = (struct answer){ .body = body, .a = a, .metadata = value_map(a), .curl = c->curl };
        rc = send_once(c, a, q, r, err);
        if (rc < 0 || r->status == 200)
            break;
        bool is_elsewhere = r->bucket_region.len && !str_eq(r->bucket_region, q->region);

        if (is_elsewhere)
            q->region = r->bucket_region;
        else if (r->status < 500 && r->status != 429)
            break;
    }
    return rc;
}

/* ---- S3 ---- */

static int s3_refusal(struct arena *a, const struct answer *r, struct str what, struct err *err)
{
    struct xml_node *n = NULL, *code = NULL, *message = NULL;

    if (xml_parse(a, buf_view(&r->refusal), &n, NULL) == 0) {
        code = xml_child(n, STR("Code"));
        message = xml_child(n, STR("Message"));
    }
    if (code && str_eq_c(code->text, "NoSuchKey"))
        return err_set(err, E_MISSING, "%.*s: no such key", STR_ARG(what));
    if (!code)
        return err_set(err, E_IO, "%.*s: HTTP status %ld", STR_ARG(what), r->status);
    struct str text = message ? message->text : STR("");

    return err_set(err, E_IO, "%.*s: %.*s: %.*s", STR_ARG(what), STR_ARG(code->text),
                   STR_ARG(text));
}

static struct str encoded(struct arena *a, struct str text, enum uri_keep keep)
{
    struct buf b = { 0 };

    uri_encode(&b, text, keep);
    struct str s = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return s;
}

static void add_query(struct arena *a, struct call *q, const char *name, struct str value)
{
    q->query[q->query_count++] =
        (struct sigv4_pair){ str_c(name), encoded(a, value, URI_KEEP_NONE) };
}

static int read_page(struct arena *a, struct str xml, struct aws_page *out, struct err *err)
{
    struct xml_node *root, *next;
    size_t n = 0;
    int rc = xml_parse(a, xml, &root, err);

    if (rc < 0)
        return rc;
    for (struct xml_node *x = root->first; x; x = x->next)
        n += str_eq_c(x->local, "Contents");
    *out = (struct aws_page){ arena_array(a, n + 1, sizeof *out->keys),
                              arena_array(a, n + 1, sizeof *out->sizes), 0, STR("") };
    for (struct xml_node *x = root->first; x && rc == 0; x = x->next) {
        struct xml_node *key = xml_child(x, STR("Key")), *size = xml_child(x, STR("Size"));

        if (!str_eq_c(x->local, "Contents") || !key)
            continue;
        out->sizes[out->count] = -1;
        if (size)
            (void)str_to_i64(size->text, &out->sizes[out->count]); /* else unknown */
        rc = uri_decode(a, key->text, URI_PLUS_IS_SPACE, &out->keys[out->count++], err);
    }
    next = xml_child(root, STR("NextContinuationToken"));
    if (next)
        out->next = next->text;
    return rc;
}

int aws_s3_list(struct aws_client *c, struct arena *a, struct str bucket, struct str prefix,
                struct str next, struct aws_page *out, struct err *err)
{
    struct buf body = { 0 };
    struct answer r = { .body = &body };
    struct call q = { .service = STR("s3"), .region = c->region, .method = STR("GET") };

    q.path = arena_printf(a, "/%.*s", STR_ARG(encoded(a, bucket, URI_KEEP_NONE)));
    if (next.len)
        add_query(a, &q, "continuation-token", next);
    add_query(a, &q, "encoding-type", STR("url"));
    add_query(a, &q, "list-type", STR("2"));
    add_query(a, &q, "prefix", prefix);
    int rc = send_call(c, a, &q, &r, err);

    if (rc == 0 && r.status != 200)
        rc = s3_refusal(a, &r, arena_printf(a, "s3://%.*s", STR_ARG(bucket)), err);
    if (rc == 0)
        rc = read_page(a, arena_copy(a, buf_view(&body)), out, err);
    buf_free(&body);
    buf_free(&r.refusal);
    return rc;
}

int aws_s3_get(struct aws_client *c, struct arena *a, struct str bucket, struct str key,
               struct buf *out, struct value **out_metadata, struct err *err)
{
    struct answer r = { .body = out };
    struct call q = { .service = STR("s3"), .region = c->region, .method = STR("GET") };
    size_t start = out->len;

    q.path = arena_printf(a, "/%.*s/%.*s", STR_ARG(encoded(a, bucket, URI_KEEP_NONE)),
                          STR_ARG(encoded(a, key, URI_KEEP_SLASH)));
    int rc = send_call(c, a, &q, &r, err);

    if (rc == 0 && r.status != 200)
        rc = s3_refusal(a, &r, arena_printf(a, "s3://%.*s/%.*s", STR_ARG(bucket), STR_ARG(key)),
                        err);
    buf_free(&r.refusal);
    if (rc < 0) {
        out->len = start;
        return rc;
    }
    if (out_metadata)
        *out_metadata = r.metadata;
    return 0;
}

int aws_s3_put(struct aws_client *c, struct arena *a, const struct aws_object *o, struct err *err)
{
    struct buf body = { 0 };
    struct answer r = { .body = &body };
    struct call q = { .service = STR("s3"),
                      .region = c->region,
                      .method = STR("PUT"),
                      .body = o->bytes,
                      .content_type = o->content_type,
                      .content_encoding = o->content_encoding,
                      .metadata = o->metadata };

    q.path = arena_printf(a, "/%.*s/%.*s", STR_ARG(encoded(a, o->bucket, URI_KEEP_NONE)),
                          STR_ARG(encoded(a, o->key, URI_KEEP_SLASH)));
    int rc = send_call(c, a, &q, &r, err);

    if (rc == 0 && r.status != 200)
        rc = s3_refusal(
            a, &r, arena_printf(a, "s3://%.*s/%.*s", STR_ARG(o->bucket), STR_ARG(o->key)), err);
    buf_free(&body);
    buf_free(&r.refusal);
    return rc;
}

/* ---- JSON and Query services ---- */

int aws_json(struct aws_client *c, struct arena *a, const struct aws_json_call *call,
             struct value **out, struct err *err)
{
    struct buf body = { 0 }, text = { 0 };
    struct answer r = { .body = &text };

    json_write(&body, call->body);
    struct call q = {
        .service = call->service,
        .region = first_of(call->region, c->region),
        .method = STR("POST"),
        .path = STR("/"),
        .target = call->target,
        .body = buf_view(&body),
        .content_type =
            call->content_type.len ? call->content_type : STR("application/x-amz-json-1.1"),
    };
    int rc = send_call(c, a, &q, &r, err);

    if (rc == 0 && r.status != 200)
        rc = err_set(err, E_IO, "%.*s: HTTP status %ld: %.*s", STR_ARG(call->target), r.status,
                     STR_ARG(str_sub(buf_view(&r.refusal), 0, 200)));
    if (rc == 0 && text.len == 0)
        *out = value_map(a); /* an operation without an output */
    else if (rc == 0)
        rc = json_parse(a, arena_copy(a, buf_view(&text)), out, err);
    buf_free(&body);
    buf_free(&text);
    buf_free(&r.refusal);
    return rc;
}

int aws_query(struct aws_client *c, struct arena *a, struct str service, const struct value *params,
              struct str *out, struct err *err)
{
    struct buf body = { 0 }, text = { 0 };
    struct answer r = { .body = &text };

    for (const struct value *p = value_first(params); p; p = p->next) {
        buf_printf(&body, "%s%.*s=", body.len ? "&" : "", STR_ARG(p->name));
        uri_encode(&body, value_to_text(a, p), URI_KEEP_NONE);
    }
    struct call q = { .service = service,
                      .region = c->region,
                      .method = STR("POST"),
                      .path = STR("/"),
                      .body = buf_view(&body),
                      .content_type = STR("application/x-www-form-urlencoded; charset=utf-8") };
    int rc = send_call(c, a, &q, &r, err);

    if (rc == 0 && r.status != 200)
        rc = err_set(err, E_IO, "%.*s: HTTP status %ld: %.*s", STR_ARG(service), r.status,
                     STR_ARG(str_sub(buf_view(&r.refusal), 0, 200)));
    if (rc == 0)
        *out = arena_copy(a, buf_view(&text));
    buf_free(&body);
    buf_free(&text);
    buf_free(&r.refusal);
    return rc;
}
