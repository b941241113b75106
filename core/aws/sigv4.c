/* SHA-256 through libcrypto's plain functions: no fetch, no allocation, no state that is shared,
 * 0.15 us for a short text. OpenSSL 3 calls them deprecated and keeps them; EVP's one-shot calls
 * cost twice as much and a fetched digest would be a global. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "core/aws/sigv4.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/codec/uri.h"

#define HASH_SIZE  SHA256_DIGEST_LENGTH
#define BLOCK_SIZE SHA256_CBLOCK

static void to_hex(const unsigned char *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

void sha256_hex(struct str bytes, char out[65])
{
    unsigned char hash[HASH_SIZE];
    SHA256_CTX c;

    SHA256_Init(&c);
    SHA256_Update(&c, bytes.ptr, bytes.len);
    SHA256_Final(hash, &c);
    to_hex(hash, sizeof hash, out);
}

int sha256_file_hex(const char *path, int64_t offset, int64_t len, char out[65], struct err *err)
{
    unsigned char hash[HASH_SIZE];
    char block[16384];
    SHA256_CTX c;
    int rc = 0;

    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, "open", path);
    SHA256_Init(&c);
    while (rc == 0 && len > 0) {
        size_t want = len < (int64_t)sizeof block ? (size_t)len : sizeof block;
        ssize_t got = pread(fd, block, want, offset);

        if (got < 0)
            rc = err_sys(err, "read", path);
        else if (got == 0)
            rc = err_set(err, E_IO, "read %s: %lld bytes are missing", path, (long long)len);
        else
            SHA256_Update(&c, block, (size_t)got);
        offset += got;
        len -= got;
    }
    (void)close(fd); /* it was only read */
    if (rc == 0) {
        SHA256_Final(hash, &c);
        to_hex(hash, sizeof hash, out);
    }
    return rc;
}

/* Source: RFC 2104, section 2. */
static void hmac(struct str key, struct str text, unsigned char out[HASH_SIZE])
{
    unsigned char block[BLOCK_SIZE] = { 0 };
    SHA256_CTX c;

    if (key.len > sizeof block)
        SHA256((const unsigned char *)key.ptr, key.len, block);
    else if (key.len > 0)
        memcpy(block, key.ptr, key.len);

    for (size_t i = 0; i < sizeof block; i++)
        block[i] ^= 0x36;
    SHA256_Init(&c);
    SHA256_Update(&c, block, sizeof block);
    SHA256_Update(&c, text.ptr, text.len);
    SHA256_Final(out, &c);

    for (size_t i = 0; i < sizeof block; i++)
        block[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&c);
    SHA256_Update(&c, block, sizeof block);
    SHA256_Update(&c, out, HASH_SIZE);
    SHA256_Final(out, &c);
}

static struct str hash_str(const unsigned char hash[HASH_SIZE])
{
    return (struct str){ (const char *)hash, HASH_SIZE };
}

void sigv4_key(struct str secret, const struct sigv4_scope *scope, unsigned char out[32])
{
    struct buf first = { 0 };
    unsigned char step[HASH_SIZE];

    buf_add_c(&first, "AWS4");
    buf_add(&first, secret);
    hmac(buf_view(&first), scope->date, step);
    hmac(hash_str(step), scope->region, step);
    hmac(hash_str(step), scope->service, step);
    hmac(hash_str(step), STR("aws4_request"), out);
    buf_free(&first);
}

void sigv4_hmac_hex(const unsigned char key[32], struct str text, char out[65])
{
    unsigned char hash[HASH_SIZE];

    hmac(hash_str(key), text, hash);
    to_hex(hash, sizeof hash, out);
}

bool sigv4_equal(struct str a, struct str b)
{
    unsigned char diff = 0;

    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        diff |= (unsigned char)(a.ptr[i] ^ b.ptr[i]);
    return diff == 0;
}

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

/* Cut the last segment off: an access key id may itself hold a slash. */
static bool pop(struct str *rest, struct str *last)
{
    return str_rcut(*rest, '/', rest, last) && rest->len > 0 && last->len > 0;
}

static int parse_scope(struct str credential, bool has_region, struct sigv4_scope *out,
                       struct err *err)
{
    struct sigv4_scope s = { 0 };
    struct str rest = credential, terminator;

    if (!pop(&rest, &terminator) || !str_eq_c(terminator, "aws4_request") ||
        !pop(&rest, &s.service) || (has_region && !pop(&rest, &s.region)) || !pop(&rest, &s.date))
        return err_set(err, E_PARSE,
                       "Credential must have exactly %d slash-delimited elements, e.g. "
                       "keyid/date/%sservice/term, got '%.*s'",
                       has_region ? 5 : 4, has_region ? "region/" : "", STR_ARG(credential));
    if (s.date.len != 8 || !all_digits(s.date))
        return err_set(err, E_PARSE,
                       "Date in Credential scope must be of the form YYYYMMDD, got '%.*s'",
                       STR_ARG(s.date));
    s.access_key_id = rest;
    *out = s;
    return 0;
}

int sigv4_parse_credential(struct str credential, struct sigv4_scope *out, struct err *err)
{
    struct str head, tail;

    if (str_cut(credential, '=', &head, &tail) && str_eq_c(head, "Credential"))
        credential = tail;
    return parse_scope(credential, true, out, err);
}

static const struct part {
    const char *name;
    size_t offset;
} parts[] = {
    { "Credential", 0 },
    { "SignedHeaders", offsetof(struct sigv4_authorization, signed_headers) },
    { "Signature", offsetof(struct sigv4_authorization, signature) },
};

static void take_part(struct str item, struct sigv4_authorization *out, struct str *credential)
{
    struct str name, value;

    if (!str_cut(str_trim(item), '=', &name, &value))
        return;
    for (size_t i = 0; i < COUNT(parts); i++)
        if (str_eq_c(name, parts[i].name)) {
            if (i == 0)
                *credential = value;
            else
                *(struct str *)((char *)out + parts[i].offset) = value;
        }
}

/* Source: the error texts are those of AWS's front ends for a header that lacks a part. */
int sigv4_parse_authorization(struct str header, struct sigv4_authorization *out, struct err *err)
{
    struct sigv4_authorization auth = { 0 };
    struct str algorithm, rest, item, credential = { 0 };

    (void)str_cut(header, ' ', &algorithm, &rest); /* without a blank there are no parts either */
    auth.is_v4a = str_eq_c(algorithm, "AWS4-ECDSA-P256-SHA256");
    if (!auth.is_v4a && !str_eq_c(algorithm, "AWS4-HMAC-SHA256"))
        return err_set(err, E_PARSE, "Unsupported AWS 'algorithm': '%.*s'", STR_ARG(algorithm));
    while (rest.len > 0) {
        (void)str_cut(rest, ',', &item, &rest); /* the last item has no comma */
        take_part(item, &auth, &credential);
    }
    if (credential.len == 0)
        return err_set(err, E_PARSE, "Authorization header requires 'Credential' parameter.");
    if (auth.signature.len == 0)
        return err_set(err, E_PARSE, "Authorization header requires 'Signature' parameter.");
    if (auth.signed_headers.len == 0)
        return err_set(err, E_PARSE, "Authorization header requires 'SignedHeaders' parameter.");
    int rc = parse_scope(credential, !auth.is_v4a, &auth.scope, err);
    if (rc == 0)
        *out = auth;
    return rc;
}

static void normalise_segments(struct buf *out, struct str path)
{
    struct str segment, rest = path;
    size_t start = out->len;

    while (rest.len > 0) {
        (void)str_cut(rest, '/', &segment, &rest); /* the last segment has no slash */
        if (segment.len == 0 || str_eq_c(segment, "."))
            continue;
        if (str_eq_c(segment, "..")) {
            while (out->len > start && out->ptr[--out->len] != '/')
                ;
            continue;
        }
        buf_add_char(out, '/');
        uri_encode(out, segment, URI_KEEP_NONE);
    }
    if (out->len == start || (path.len > 0 && path.ptr[path.len - 1] == '/'))
        buf_add_char(out, '/');
}

/* S3: the one canonical encoding of the key, however the client wrote it. Others: the path as
 * sent, normalised and encoded once more. */
static void add_path(struct arena *a, struct buf *out, const struct sigv4_request *q)
{
    struct str plain;

    if (!q->is_s3)
        normalise_segments(out, q->path);
    else if (uri_decode(a, q->path, URI_PLUS_IS_PLUS, &plain, NULL) == 0 && plain.len > 0)
        uri_encode(out, plain, URI_KEEP_SLASH);
    else
        buf_add(out, q->path.len > 0 ? q->path : STR("/"));
}

static int compare_pairs(const void *left, const void *right)
{
    const struct sigv4_pair *a = left, *b = right;
    int order = str_cmp(a->name, b->name);

    return order != 0 ? order : str_cmp(a->value, b->value);
}

static struct str recode(struct arena *a, struct str s)
{
    struct buf b = { .arena = a };
    struct str plain;
    bool is_plain = true;

    for (size_t i = 0; i < s.len && is_plain; i++) {
        char c = s.ptr[i];
        is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '-' || c == '.' || c == '_' || c == '~';
    }
    if (is_plain || uri_decode(a, s, URI_PLUS_IS_PLUS, &plain, NULL) < 0)
        return s;
    uri_encode(&b, plain, URI_KEEP_NONE);
    return buf_view(&b);
}

static void add_query(struct arena *a, struct buf *out, const struct sigv4_request *q)
{
    struct sigv4_pair *sorted = arena_array(a, q->query_count + 1, sizeof *sorted);

    for (size_t i = 0; i < q->query_count; i++)
        sorted[i] =
            (struct sigv4_pair){ recode(a, q->query[i].name), recode(a, q->query[i].value) };
    qsort(sorted, q->query_count, sizeof *sorted, compare_pairs);
    for (size_t i = 0; i < q->query_count; i++) {
        if (i > 0)
            buf_add_char(out, '&');
        buf_add(out, sorted[i].name);
        buf_add_char(out, '=');
        buf_add(out, sorted[i].value);
    }
}

/* Trimmed, runs of blanks become one. */
static void add_header_value(struct buf *out, struct str value)
{
    value = str_trim(value);
    if (str_find(value, STR("  ")) < 0) {
        buf_add(out, value);
        return;
    }
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] != ' ' || value.ptr[i - 1] != ' ')
            buf_add_char(out, value.ptr[i]);
}

/* Headers of one name are one line, their values joined by commas in the order received. */
static void add_headers(struct arena *a, struct buf *out, const struct sigv4_request *q)
{
    struct buf names = { .arena = a };

    for (size_t i = 0; i < q->header_count; i++) {
        bool again = i > 0 && str_eq(q->headers[i].name, q->headers[i - 1].name);

        if (again) {
            out->len--; /* the line's end */
            buf_add_char(out, ',');
        } else {
            buf_add(out, q->headers[i].name);
            buf_add_char(out, ':');
            if (names.len > 0)
                buf_add_char(&names, ';');
            buf_add(&names, q->headers[i].name);
        }
        add_header_value(out, q->headers[i].value);
        buf_add_char(out, '\n');
    }
    buf_add_char(out, '\n');
    buf_add(out, buf_view(&names));
}

static void add_scope(struct buf *out, const struct sigv4_scope *scope)
{
    buf_add(out, scope->date);
    buf_add_char(out, '/');
    buf_add(out, scope->region);
    buf_add_char(out, '/');
    buf_add(out, scope->service);
    buf_add_c(out, "/aws4_request");
}

static void add_canonical(struct arena *a, struct buf *out, const struct sigv4_request *q)
{
    buf_reserve(out, 1024);
    buf_add(out, q->method);
    buf_add_char(out, '\n');
    add_path(a, out, q);
    buf_add_char(out, '\n');
    add_query(a, out, q);
    buf_add_char(out, '\n');
    add_headers(a, out, q);
    buf_add_char(out, '\n');
    buf_add(out, q->payload_hash);
}

static void add_string_to_sign(struct buf *out, const struct sigv4_scope *scope,
                               struct str datetime, struct str canonical)
{
    char hash[65];

    sha256_hex(canonical, hash);
    buf_add_c(out, "AWS4-HMAC-SHA256\n");
    buf_add(out, datetime);
    buf_add_char(out, '\n');
    add_scope(out, scope);
    buf_add_char(out, '\n');
    buf_add_c(out, hash);
}

struct str sigv4_string_to_sign(struct arena *a, const struct sigv4_scope *scope,
                                const struct sigv4_request *q, struct str *canonical_out)
{
    struct buf canonical = { .arena = a }, text = { .arena = a };

    add_canonical(a, &canonical, q);
    add_string_to_sign(&text, scope, q->datetime, buf_view(&canonical));
    if (canonical_out)
        *canonical_out = buf_text(&canonical);
    return buf_text(&text);
}

void sigv4_sign(struct arena *a, const unsigned char key[32], const struct sigv4_scope *scope,
                const struct sigv4_request *q, char out[65])
{
    sigv4_hmac_hex(key, sigv4_string_to_sign(a, scope, q, NULL), out);
}

/* Source: S3 API Reference, "Signature calculations: transferring payload in multiple chunks". */
void sigv4_sign_chunk(const unsigned char key[32], const struct sigv4_scope *scope,
                      const struct sigv4_chunk *chunk, char out[65])
{
    struct buf text = { 0 };

    buf_add_c(&text,
              chunk->is_trailer ? "AWS4-HMAC-SHA256-TRAILER\n" : "AWS4-HMAC-SHA256-PAYLOAD\n");
    buf_add(&text, chunk->datetime);
    buf_add_char(&text, '\n');
    add_scope(&text, scope);
    buf_add_char(&text, '\n');
    buf_add(&text, chunk->previous);
    if (!chunk->is_trailer)
        buf_add_c(&text, "\n" SIGV4_EMPTY_HASH);
    buf_add_char(&text, '\n');
    buf_add(&text, chunk->chunk_hash);
    sigv4_hmac_hex(key, buf_view(&text), out);
    buf_free(&text);
}

struct str sigv2_sign(struct arena *a, struct str secret, struct str string_to_sign)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    struct buf b = { 0 };

    HMAC(EVP_sha1(), secret.ptr, (int)secret.len, (const unsigned char *)string_to_sign.ptr,
         string_to_sign.len, hash, &len);
    base64_encode(&b, (struct str){ (const char *)hash, len });
    struct str out = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return out;
}
