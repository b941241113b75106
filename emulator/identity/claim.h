/* emulator/identity/claim - private: what a request says about its sender, before it is believed
 * or checked; and the check of its signature.
 */
#pragma once

#include "core/aws/sigv4.h"
#include "emulator/engine/call.h"
#include "emulator/wire/wire.h"

enum claim_kind { CLAIM_NONE, CLAIM_V4, CLAIM_V4A, CLAIM_V2 };

struct claim {
    enum claim_kind kind;
    enum auth_method method;
    struct sigv4_scope scope; /* V2: the key id alone */
    struct str signed_headers, signature, token;
    struct str datetime;  /* V4: 20260102T030405Z as sent */
    int64_t signed_at_ms; /* INT64_MIN: the request does not say */
    int64_t expires_s;    /* V4 presigned: lifetime; V2 presigned: epoch seconds; else -1 */
};

/* Authorization header, X-Amz-... or AWSAccessKeyId... in the query, or nothing (CLAIM_NONE).
 * E_PARSE with AWS's text for a claim that is there and incomplete. */
int claim_parse(const struct request *q, struct claim *out, struct err *err);

/* The hash that a V4 signature covers: the header's word for it, else the body's. < 0: the body's
 * file can't be read. */
int claim_payload_hash(struct arena *a, const struct request *q, const struct claim *c, bool is_s3,
                       struct str *out, struct err *err);
/* The SHA-256 of the body, 64 characters. */
int claim_body_hash(struct arena *a, const struct request *q, struct str *out, struct err *err);

/* Is the signature the one that this key makes? */
bool claim_matches_v4(struct arena *a, const struct request *q, const struct claim *c,
                      const unsigned char key[32], struct str payload_hash, bool is_s3);
/* The same for a form, whose policy is what is signed. */
bool claim_matches_form(const struct request *q, const struct claim *c,
                        const unsigned char key[32]);
bool claim_matches_form_v2(struct arena *a, const struct request *q, const struct claim *c,
                           struct str secret);
bool claim_matches_v2(struct arena *a, const struct request *q, const struct claim *c,
                      struct str secret);
/* Of an aws-chunked body: each chunk's signature and the trailer's, each made over the one before
 * it, the first over the request's own. True for a body that has none. */
bool claim_matches_chunks(const struct request *q, const struct claim *c,
                          const unsigned char key[32]);
