/* emulator/trail/bucket - what CloudTrail sees of an S3 bucket: whether it is there, and what its
 * policy lets cloudtrail.amazonaws.com do. Reads the documents of services/s3.
 */
#pragma once

#include "core/aws/policy.h"
#include "emulator/store/store.h"

struct bucket_view {
    bool exists;
    struct str owner, region; /* owner: an account */
    struct policy *policy;    /* NULL: none, or none that can be read */
};
int bucket_view(struct store *s, struct arena *a, struct str name, struct bucket_view *out,
                struct err *err);
/* What the policy says to CloudTrail doing action on resource for this trail. */
enum policy_effect bucket_ask(struct arena *a, const struct bucket_view *b, const char *action,
                              struct str resource, struct str trail_arn, struct str account);
