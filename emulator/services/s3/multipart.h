/* emulator/services/s3/multipart - uploads in parts, as files below uploads/BUCKET/ID/
 * (docs/formats.md): found, read, listed. The calls are in multipart.c and complete.c.
 */
#pragma once

#include "emulator/services/s3/checksum.h"
#include "emulator/services/s3/op.h"

struct upload {
    struct str id, key, folder; /* folder: uploads/BUCKET/ID */
    struct value *doc;          /* upload.json: Key, Initiated, Meta, ChecksumAlgorithm ... */
    struct str initiated_iso;
    enum checksum algorithm;
    bool is_composite; /* ChecksumType */
};
/* The upload that a call names. 1, or 0 refused (NoSuchUpload), < 0 failure. */
int upload_need(struct op *op, struct upload *out);

/* The metadata that the object of the upload will have, before the call enters its bucket; *meta
 * NULL: there is no such upload. */
int upload_object_meta(struct op *op, struct str bucket, struct value **meta);

struct part {
    int64_t number, size, modified_ms;
    struct str etag;
    struct value *doc; /* N.json: PartNumber, Size, ETag, LastModified, Checksums */
};
/* All parts by number. */
int upload_parts(struct op *op, const struct upload *u, struct part **out, size_t *count);
