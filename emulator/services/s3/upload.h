/* emulator/services/s3/upload - what PutObject, CopyObject and the multipart calls share: the
 * members of a new object's metadata, and the sums of a body.
 */
#pragma once

#include "emulator/services/s3/checksum.h"
#include "emulator/services/s3/op.h"

/* Metadata from the request's headers: type, user metadata, class, encryption, tags, ACL, lock.
 * 1, or 0 refused, < 0 failure. */
int upload_meta(struct op *op, struct value **meta);

struct upload_sums {
    struct sums sums;
    enum checksum algorithm; /* the one asked for, or the default */
    bool was_asked;
};
/* Sum the body and compare with Content-MD5, x-amz-checksum-* and the trailer. Returns as above. */
int upload_sum_body(struct op *op, enum checksum fallback, struct upload_sums *out);

/* An algorithm that S3 does not have; returns 0. */
int upload_refuse_algorithm(struct op *op);

/* The same for an operation's XML or JSON: nothing else of it has been compared with a sum. */
int upload_check_document(struct op *op);

/* Size, ETag and Checksums into the metadata. */
void upload_describe(struct op *op, struct value *meta, const struct upload_sums *sums);
/* The Checksums of metadata as members of an answer. */
void upload_answer_sums(struct op *op, const struct value *checksums, struct value *output,
                        bool with_type);
/* Encryption members of an answer. */
void upload_answer_sse(struct op *op, const struct value *meta, struct value *output);

/* Tags of x-amz-tagging ("a=b&c=d"). 1, 0 refused. */
int tags_from_header(struct op *op, struct str header, struct value **out);
/* At most max tags, lengths, no key twice. 1, 0 refused. */
int tags_check(struct op *op, const struct value *tags, size_t max);
