/* emulator/services/s3/copy_source - x-amz-copy-source: named, found, allowed, copied. */
#pragma once

#include "emulator/services/s3/object.h"

struct copy_source {
    struct str bucket, key, version;
    struct object object;
    bool is_itself, shows_version;
    struct str path; /* the staged copy */
};
/* 1, or 0 refused (malformed, absent, denied, a condition fails), < 0 failure. */
int copy_source_open(struct op *op, struct copy_source *out);
/* The source as it stands, before the call enters its own bucket, refusing nothing. 1, or 0: it
 * will not be copied, < 0 failure. */
int copy_source_peek(struct op *op, struct copy_source *out);
/* Copy its bytes (len < 0: to the end) to a new staging file. The call must hold no lock. 1, 0 or <
 * 0 as above. */
int copy_source_stage(struct op *op, struct copy_source *from, int64_t first, int64_t len);
/* Append len bytes (< 0: all) of fd in to fd out. */
int copy_bytes(struct op *op, int in, int out, int64_t len);

/* VersionId of an answer, when the bucket is versioned. */
void op_answer_version(struct op *op, const struct value *meta, struct value *output);
