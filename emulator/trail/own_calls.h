/* emulator/trail/own_calls - what CloudTrail itself does in S3 and KMS when it delivers, on record.
 *
 * For each delivery a GetBucketAcl and a PutObject a file, made by cloudtrail.amazonaws.com and
 * read by the bucket's owner. Not here: the files themselves (delivery.c). Threads: under the drain
 * lock.
 */
#pragma once

#include "emulator/trail/state.h"

struct own_file {
    struct own_file *next;
    struct str key, kms_key; /* kms_key: ARN, or empty */
    int64_t bytes;
};
/* Inside engine_own_begin: the files that a trail put into a bucket are on record. The default
 * trail's own into its own bucket are not, nor is anything in a bucket that is gone. */
int own_calls_record(struct trail *t, struct arena *a, const struct trail_config *trail,
                     struct str bucket, const struct own_file *files, struct err *err);
/* Would KMS give the trail a data key now? *out_code: NULL, or what it refuses with. */
int own_calls_may_seal(struct trail *t, struct arena *a, const struct trail_config *trail,
                       struct str bucket, const char **out_code, struct err *err);
/* Does nothing but records of these lie in the journal from position on? */
bool own_calls_alone(struct trail *t, uint64_t position);
