/* A request signed with Signature Version 4, all of its headers and its body. */
#include <stdlib.h>

#include "core/aws/sigv4.h"
#include "core/base/clock.h"
#include "emulator/wire/request.h"

static void header(struct arena *a, struct request *q, const char *name, struct str value)
{
    struct http_header *grown = arena_array(a, q->header_count + 1, sizeof *grown);

    if (q->header_count > 0)
        memcpy(grown, q->headers, q->header_count * sizeof *grown);
    grown[q->header_count++] = (struct http_header){ str_c(name), value };
    q->headers = grown;
}

static struct str lower(struct arena *a, struct str s)
{
    struct str copy = arena_copy(a, s);
    char *p = (char *)copy.ptr; /* our own */

    for (size_t i = 0; i < copy.len; i++)
        p[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] + 32) : p[i];
    return copy;
}

static int compare(const void *left, const void *right)
{
    const struct sigv4_pair *a = left, *b = right;

    return str_cmp(a->name, b->name);
}

static size_t pairs_of_query(struct arena *a, struct str query, struct sigv4_pair **out)
{
    size_t count = 0, most = 1;
    struct str item;

    for (size_t i = 0; i < query.len; i++)
        most += query.ptr[i] == '&';
    *out = arena_array(a, most, sizeof **out);
    while (query.len > 0) {
        struct sigv4_pair *pair = &(*out)[count++];

        (void)str_cut(query, '&', &item, &query);            /* the last has no '&' */
        (void)str_cut(item, '=', &pair->name, &pair->value); /* "acl" counts as "acl=" */
    }
    return count;
}

static struct str names_of(struct arena *a, const struct sigv4_pair *pairs, size_t count)
{
    struct str *names = arena_array(a, count, sizeof *names);

    for (size_t i = 0; i < count; i++)
        names[i] = pairs[i].name;
    return arena_join(a, names, count, STR(";"));
}

void wire_sign(struct arena *a, const struct wire_signer *by, struct request *q)
{
    struct str datetime = clock_iso_basic(a, by->now_ms);
    struct sigv4_scope scope = { by->access_key_id, str_sub(datetime, 0, 8), by->region,
                                 by->service };
    struct sigv4_request r = {
        .method = q->method, .path = q->path, .datetime = datetime, .is_s3 = by->is_s3
    };
    struct sigv4_pair *query, *headers;
    unsigned char key[32];
    char hash[65], signature[65];

    sha256_hex(q->body.text, hash);
    r.payload_hash = arena_copy(a, str_c(hash));
    header(a, q, "Host", by->host);
    header(a, q, "X-Amz-Date", datetime);
    if (by->is_s3)
        header(a, q, "X-Amz-Content-SHA256", r.payload_hash);
    if (by->token.len > 0)
        header(a, q, "X-Amz-Security-Token", by->token);
    r.query_count = pairs_of_query(a, q->query, &query);
    r.query = query;
    headers = arena_array(a, q->header_count, sizeof *headers);
    for (; r.header_count < q->header_count; r.header_count++)
        headers[r.header_count] = (struct sigv4_pair){ lower(a, q->headers[r.header_count].name),
                                                       q->headers[r.header_count].value };
    qsort(headers, r.header_count, sizeof *headers, compare);
    r.headers = headers;
    sigv4_key(by->secret, &scope, key);
    sigv4_sign(a, key, &scope, &r, signature);
    header(a, q, "Authorization",
           arena_printf(a,
                        "AWS4-HMAC-SHA256 Credential=%.*s/%.*s/%.*s/%.*s/aws4_request, "
                        "SignedHeaders=%.*s, Signature=%s",
                        STR_ARG(by->access_key_id), STR_ARG(scope.date), STR_ARG(by->region),
                        STR_ARG(by->service), STR_ARG(names_of(a, headers, r.header_count)),
                        signature));
}
