/* core/trail/digest - digest files: written, read, signed, verified (RSA-2048, SHA-256, libcrypto).
 * Source: CloudTrail User Guide, "CloudTrail digest file structure"; awscli validation.py.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"

struct digest_log {
    struct str bucket, key;
    struct str hash_hex; /* SHA-256 of the uncompressed log, lower-case hex */
    int64_t newest_ms, oldest_ms;
};
struct digest {
    struct str account, bucket, key, fingerprint;
    int64_t start_ms, end_ms;
    bool has_events; /* newest_ms, oldest_ms mean something */
    int64_t newest_ms, oldest_ms;
    bool has_previous;
    struct str previous_bucket, previous_key, previous_hash_hex, previous_signature_hex;
    const struct digest_log *logs;
    size_t log_count;
    struct str end_text; /* set by digest_parse: digestEndTime exactly as written */
};
/* JSON in AWS's member order, uncompressed. */
void digest_write(struct buf *out, const struct digest *d);
int digest_parse(struct arena *a, struct str json, struct digest *out, struct err *err);
/* The four lines that are signed. hash_hex: of the uncompressed digest bytes. */
struct str digest_string_to_sign(struct arena *a, const struct digest *d, struct str hash_hex);

struct digest_key; /* one RSA key pair or public key */
int digest_key_generate(struct digest_key **out, struct err *err);
int digest_key_read_pem(struct digest_key **out, struct str pem,
                        struct err *err); /* private or public */
int digest_key_read_der(struct digest_key **out, struct str pkcs1,
                        struct err *err); /* RSAPublicKey */
void digest_key_free(struct digest_key *k);
int digest_key_private_pem(const struct digest_key *k, struct buf *out, struct err *err);
int digest_key_public_pem(const struct digest_key *k, struct buf *out, struct err *err);
int digest_key_public_der(const struct digest_key *k, struct buf *out,
                          struct err *err); /* PKCS#1 */
/* MD5 of the PKCS#1 DER, lower-case hex, 32 characters and NUL. */
int digest_key_fingerprint(const struct digest_key *k, char out[33], struct err *err);
int digest_sign(const struct digest_key *k, struct str text, struct arena *a, struct str *out_hex,
                struct err *err);
/* 0 valid, E_PARSE not valid (or not hex). */
int digest_verify(const struct digest_key *k, struct str text, struct str signature_hex,
                  struct err *err);
