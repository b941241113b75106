/* emulator/services/sqs/gauges - how full a queue is, told to CloudWatch each minute while the
 * queue is active: it has messages, or was asked for something within six hours.
 *
 * Not with a sink: nobody can ask for metrics of a time that is not waited for.
 * Source: SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS"; "Monitoring Amazon
 * SQS queues using CloudWatch": one-minute intervals, up to six hours.
 */
#pragma once

#include "emulator/services/sqs/queue.h"

/* With the data directory: queues that are there already may be active. */
int sqs_gauges_open(struct engine *e, struct err *err);
/* A message came into a queue: from the next minute on it is told. */
int sqs_gauges_wake(struct engine *e, struct err *err);
/* A call asked for the queue; inside its transaction. Returns j->rc. */
int sqs_gauges_used(struct job *j, struct sqs_queue *q);
