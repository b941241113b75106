/* emulator/services/cloudwatch/metrics - datapoints: what other services publish.
 */
#pragma once

#include "emulator/engine/engine.h"

struct metric_dimension {
    struct str name, value;
};
#define METRIC_DIMENSIONS_MOST 30
/* One value, or a statistic set: count values between least and most that add up to sum. */
struct metric_datum {
    struct str account, region, namespace_, name;
    const struct metric_dimension *dimensions; /* in order of name */
    size_t dimension_count;
    const char *unit; /* "Count", "Milliseconds", "None" */
    int64_t time_ms;
    double count, sum, least, most;
};
/* Inside a state transaction; adds to the minute's datapoint. */
int metrics_add(struct engine *e, const struct metric_datum *d, struct err *err);
