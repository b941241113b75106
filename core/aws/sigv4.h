/* core/aws/sigv4 - AWS Signature Version 4: signing keys, string to sign, signatures; and SigV2 for
 * S3 presigned URLs. libcrypto does the hashing. Source: AWS General Reference, "Signature Version
 * 4 signing process"; S3 API Reference, "Authenticating Requests".
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"

struct sigv4_scope {
    struct str access_key_id, date, region, service; /* date: YYYYMMDD */
};
/* "Credential=AKID/DATE/REGION/SERVICE/aws4_request" -> parts (borrowed). E_PARSE. */
int sigv4_parse_credential(struct str credential, struct sigv4_scope *out, struct err *err);

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
bool sigv4_equal(struct str a, struct str b); /* constant time */
