/* emulator/services/cloudwatch/cloudwatch - what the files of this folder share: parameters of
 * metrics as values, and refusals in CloudWatch's words.
 */
#pragma once

#include "emulator/services/cloudwatch/point.h"
#include "emulator/services/job.h"

#define CW_SECOND_MS 1000ll
#define CW_MINUTE_MS (60 * CW_SECOND_MS)
#define CW_HOUR_MS   (60 * CW_MINUTE_MS)
#define CW_DAY_MS    (24 * CW_HOUR_MS)

/* An integer or a float; false: neither. */
bool cw_number(const struct value *v, double *out);
/* The metric that Namespace, MetricName and Dimensions of a map name, in the job's account and
 * region. False: refused (two dimensions of one name). */
bool cw_metric(struct job *j, const struct value *map, struct metric_id *out);
/* [{Name, Value}] of a metric. */
struct value *cw_dimension_list(struct arena *a, const struct metric_id *id);
/* Is every {Name, Value} of filters (a value may be absent) among the metric's dimensions? */
bool cw_has_dimensions(const struct metric_id *id, const struct value *filters);
/* Down to a multiple; also for times before 1970. */
int64_t cw_floor(int64_t ms, int64_t unit_ms);
/* May a period (s) be asked of a Get operation? */
bool cw_period_ok(int64_t period_s);
/* Where a Get operation begins: the start rounded down as CloudWatch does.
 * Source: CloudWatch API Reference, GetMetricStatistics, StartTime. */
int64_t cw_start(int64_t start_ms, int64_t period_s, int64_t now_ms);

int cw_bad_value(struct job *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int cw_bad_combination(struct job *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int cw_missing(struct job *j, const char *parameter);
