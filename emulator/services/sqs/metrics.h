/* emulator/services/sqs/metrics - what CloudWatch is told of a queue. Private to this folder.
 * Source: SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS".
 */
#pragma once

#include "emulator/services/sqs/queue.h"

/* Inside a state transaction, at the clock's now. */
int sqs_count(struct engine *e, const struct sqs_queue *q, const char *metric, const char *unit,
              double value, struct err *err);
