/* emulator/services/s3/notification - a bucket's events: to queues, topics and EventBridge.
 *
 * Which destinations an event has is decided when it happens, by the bucket's configuration then,
 * and goes into the journal with the record (outcome.detail); the view "notification" of
 * emulator/telemetry delivers it. So nothing is lost by a crash, and a bucket without a
 * configuration costs nothing.
 * Source of the whole: S3 User Guide, "Amazon S3 Event Notifications", "Event message structure"
 * and "EventBridge event message structure".
 */
#pragma once

#include "emulator/services/s3/object.h"

/* What Put refuses: 1 go on, 0 refused, < 0. A new destination gets s3:TestEvent. */
int notification_check(struct op *op, struct value *config);

/* op->key was written or changed as the call says: meta has ETag, Size and VersionId. */
void notification_created(struct op *op, const struct value *meta);
/* version: the one that was asked for, or empty. */
void notification_removed(struct op *op, struct str key, struct str version,
                          const struct removal *gone);
/* After the handler: what there is to tell goes into the outcome. */
void notification_finish(struct op *op);
