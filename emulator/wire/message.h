/* emulator/wire/message - one HTTP request and one reply as the wire floor sees them: no socket.
 *
 * emulator/http fills a request and sends a reply; tests and the upstream proxy make their own.
 * Memory: everything lives in the request's arena, or is a file under the data directory.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/codec/uri.h"

struct http_header {
    struct str name, value; /* name as received; compare with str_eq_nocase */
};

/* Bytes in memory, or a file (S3 objects, parts): exactly one of text.ptr and path is set, or none.
 */
struct body {
    struct str text;
    const char *path; /* NUL-terminated, relative to the data directory */
    int64_t offset, len;
};

/* One chunk of a signed aws-chunked body: what identity/ needs to check the chain of signatures.
 * Source: S3 API Reference, "Signature calculations: chunked upload". */
struct chunk_signature {
    char signature[65], sha256[65]; /* lower-case hex, NUL-terminated; sha256 of the chunk's data */
};

struct post_form;

struct request {
    struct str method;
    struct str target; /* as on the request line: path?query, still encoded */
    struct str path;   /* encoded, without the query */
    struct str query;  /* encoded, without '?' */
    struct http_header *headers;
    size_t header_count;
    struct uri_param *params; /* the query, decoded */
    size_t param_count;
    struct body body; /* after aws-chunked was taken off */
    struct str source_ip;
    const struct post_form *form; /* S3: an upload by a form, whose file is the body; or NULL */
    struct str s3_bucket; /* decoded, when the host named it (virtual-host style); else empty */
    bool body_is_chunk_signed;
    struct str sha256_hex; /* of the body as received, when http/ has computed it; else empty */
    struct str trailer_checksum_name,
        trailer_checksum;                 /* x-amz-checksum-... of an aws-chunked trailer */
    const struct chunk_signature *chunks; /* in order, the empty last one included */
    size_t chunk_count;
    struct str trailer_text, trailer_signature; /* "name:value\n" as signed; hex, or empty */
    /* The body could not be taken whole (too large, broken framing) and is not here: the call is to
     * be refused with this, and recorded so. refused_code empty: nothing is wrong. */
    int refused_status;
    struct str refused_code, refused_message;
};

/* NULL when absent. These are inline: the length of a literal name is then known to the compiler,
 * and a request is asked some fifty of them. */
static inline const struct http_header *request_find_header(const struct request *q,
                                                            struct str name)
{
    for (size_t i = 0; i < q->header_count; i++)
        if (str_eq_nocase(q->headers[i].name, name))
            return &q->headers[i];
    return NULL;
}
static inline const struct uri_param *request_find_param(const struct request *q, struct str name)
{
    for (size_t i = 0; i < q->param_count; i++)
        if (str_eq(q->params[i].name, name))
            return &q->params[i];
    return NULL;
}
static inline struct str request_header(const struct request *q, const char *name) /* or empty */
{
    const struct http_header *h = request_find_header(q, str_c(name));

    return h ? h->value : (struct str){ 0 };
}
static inline bool request_has_header(const struct request *q, const char *name)
{
    return request_find_header(q, str_c(name)) != NULL;
}
/* Decoded; empty if absent. */
static inline struct str request_param(const struct request *q, const char *name)
{
    const struct uri_param *p = request_find_param(q, str_c(name));

    return p ? p->value : (struct str){ 0 };
}
static inline bool request_has_param(const struct request *q, const char *name)
{
    return request_find_param(q, str_c(name)) != NULL;
}

struct reply {
    int status;
    struct http_header *headers; /* in the arena; grow with reply_header */
    size_t header_count, header_cap;
    struct body body;
    bool body_is_spooled; /* body.path is this reply's alone: to be removed once it is open */
    bool waits;           /* not to be sent before the journal is on the disk */
};
/* Set a header (replaces one of the same name). name and value are borrowed. */
void reply_header(struct arena *a, struct reply *r, const char *name, struct str value);
