/* core/aws/sigv4 - AWS Signature Version 4: signing keys, string to sign, signatures; and SigV2 for
 * S3 presigned URLs. libcrypto does the hashing. Source: AWS General Reference, "Signature Version
 * 4 signing process"; S3 API Reference, "Authenticating Requests".
 */
#pragma once

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/err.h"

#define SIGV4_EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct sigv4_scope {
    struct str access_key_id, date, region, service; /* date: YYYYMMDD */
};
/* "Credential=AKID/DATE/REGION/SERVICE/aws4_request" -> parts (borrowed). E_PARSE. */
int sigv4_parse_credential(struct str credential, struct sigv4_scope *out, struct err *err);

/* What an Authorization header says. SigV4a names no region in its credential. */
struct sigv4_authorization {
    struct sigv4_scope scope;
    struct str signed_headers, signature; /* "host;x-amz-date"; hex */
    bool is_v4a;
};
/* "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=..." -> parts (borrowed). E_PARSE
 * with AWS's own text when one is missing or malformed. */
int sigv4_parse_authorization(struct str header, struct sigv4_authorization *out, struct err *err);

struct sigv4_pair {
    struct str name, value; /* headers: lower-case name, raw value; query: still encoded */
};
struct sigv4_request {
    struct str method, path; /* path as sent, encoded */
    const struct sigv4_pair *query;
    size_t query_count;
    const struct sigv4_pair *headers; /* the signed ones */
    size_t header_count;
    struct str payload_hash, datetime; /* hex or UNSIGNED-PAYLOAD ...; 20260102T030405Z */
    bool is_s3;                        /* path encoded once, not normalised */
};
void sigv4_key(struct str secret, const struct sigv4_scope *scope, unsigned char out[32]);
/* Lower-case hex signature of the request, 64 characters and NUL. */
void sigv4_sign(struct arena *a, const unsigned char key[32], const struct sigv4_scope *scope,
                const struct sigv4_request *q, char out[65]);
/* The canonical request and string to sign, for error messages and chunk signatures. */
struct str sigv4_string_to_sign(struct arena *a, const struct sigv4_scope *scope,
                                const struct sigv4_request *q, struct str *canonical_out);
void sigv4_hmac_hex(const unsigned char key[32], struct str text, char out[65]);
void sha256_hex(struct str bytes, char out[65]);
/* The same of len bytes of a file from offset on. E_IO. */
int sha256_file_hex(const char *path, int64_t offset, int64_t len, char out[65], struct err *err);
bool sigv4_equal(struct str a, struct str b); /* constant time */
/* One signed chunk of an aws-chunked body (of the trailer, when is_trailer: chunk_hash is that of
 * its lines): the signature that must follow previous. */
struct sigv4_chunk {
    struct str datetime, previous, chunk_hash;
    bool is_trailer;
};
void sigv4_sign_chunk(const unsigned char key[32], const struct sigv4_scope *scope,
                      const struct sigv4_chunk *chunk, char out[65]);
/* Signature Version 2 of S3: base64 of HMAC-SHA1. */
struct str sigv2_sign(struct arena *a, struct str secret, struct str string_to_sign);
