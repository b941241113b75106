/* emulator/services/sns - topics: what other services need of them.
 */
#pragma once

#include "emulator/engine/engine.h"

/* A notification that a service publishes: an alarm, CloudTrail, EventBridge, S3. */
struct sns_notification {
    struct str topic_arn;
    struct str subject; /* or empty */
    struct str message;
    const struct value *attributes; /* {name: {DataType, StringValue}}, or NULL */
    struct str service;             /* "cloudwatch.amazonaws.com" */
    struct str source_arn;
    struct str group_id, deduplication_id; /* FIFO topics; else empty */
    struct rng *rng;
};
/* Inside a state transaction: to every confirmed subscription whose filter takes it. *message_id
 * (may be NULL) lives in a. 0; E_MISSING: no such topic; E_DENIED: its policy denies it. */
int sns_deliver(struct engine *e, struct arena *a, const struct sns_notification *n,
                struct str *message_id, struct err *err);
