#include "emulator/services/sqs/metrics.h"

#include "emulator/services/cloudwatch/metrics.h"

int sqs_count(struct engine *e, const struct sqs_queue *q, const char *metric, const char *unit,
              double value, struct err *err)
{
    struct metric_dimension queue = { STR("QueueName"), q->at.id };
    struct metric_datum d = { .account = q->at.account,
                              .region = q->at.region,
                              .namespace_ = STR("AWS/SQS"),
                              .name = str_c(metric),
                              .dimensions = &queue,
                              .dimension_count = 1,
                              .unit = unit,
                              .time_ms = clock_now_ms(&e->clock),
                              .count = 1,
                              .sum = value,
                              .least = value,
                              .most = value };

    return metrics_add(e, &d, err);
}
