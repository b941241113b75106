/* emulator/services/sqs - queues: what other services need of them.
 */
#pragma once

#include "emulator/engine/engine.h"

/* A message that a service puts into a queue: SNS, EventBridge, S3, a dead letter. */
struct sqs_message {
    struct str queue_arn;
    struct str body;
    const struct value *attributes; /* {name: {DataType, StringValue | BinaryValue}}, or NULL */
    struct str group_id, deduplication_id; /* FIFO queues; else empty */
    struct str service;                    /* "sns.amazonaws.com": asked of the queue's policy */
    struct str source_arn;                 /* aws:SourceArn, of the topic, rule or bucket */
    struct rng *rng;                       /* for the message's id */
};
/* Inside a state transaction, at the clock's now. 0; E_MISSING: no such queue; E_DENIED: its policy
 * denies it (nothing was put, err tells). */
int sqs_deliver(struct engine *e, struct arena *a, const struct sqs_message *m, struct err *err);
/* The queue's ARN of its URL, or of what is already an ARN; empty: neither. */
struct str sqs_arn_of_url(struct arena *a, const struct engine *e, struct str url);
