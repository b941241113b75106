/* emulator/services/s3/notification_config - what a bucket's notification configuration says of an
 * event, and what may not be said. Private to this folder.
 */
#pragma once

#include "emulator/services/s3/op.h"

enum notify_way { NOTIFY_QUEUE, NOTIFY_TOPIC, NOTIFY_WAYS };
struct notify_kind {
    const char *list, *arn; /* members: "QueueConfigurations", "QueueArn" */
    const char *service;    /* of the ARN: "sqs" */
};
extern const struct notify_kind notify_kinds[NOTIFY_WAYS];

/* The destinations of an event, such as "ObjectCreated:Put": a list of {Id, Arn}, with an empty Arn
 * for EventBridge; NULL: none. */
struct value *notification_targets(struct arena *a, const struct value *config, const char *event,
                                   struct str key);
/* Refuses what S3 refuses of the text alone. 1 go on, 0 refused. */
int notification_check_text(struct op *op, struct value *config);
