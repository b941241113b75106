/* emulator/services/cloudwatch/statistic - what is asked of the values of a period: Average, p99,
 * TM(10%:90%), PR(:300).
 */
#pragma once

#include "emulator/services/cloudwatch/point.h"

enum statistic_kind {
    STATISTIC_COUNT,
    STATISTIC_SUM,
    STATISTIC_AVERAGE,
    STATISTIC_MINIMUM,
    STATISTIC_MAXIMUM,
    STATISTIC_PERCENTILE,      /* high */
    STATISTIC_TRIMMED_MEAN,    /* of what lies between low and high */
    STATISTIC_WINSORIZED_MEAN, /* what lies outside counts as the bound */
    STATISTIC_TRIMMED_COUNT,
    STATISTIC_TRIMMED_SUM,
    STATISTIC_RANK, /* how many per cent lie between two values */
};
struct statistic {
    enum statistic_kind kind;
    bool by_value;    /* bounds are values; else per cent */
    double low, high; /* infinite: no bound */
};
/* Source: CloudWatch User Guide, "CloudWatch statistics definitions". False: no statistic. */
bool statistic_parse(struct str text, struct statistic *out);
/* One of the five that need no values (GetMetricStatistics' Statistics). */
bool statistic_is_basic(const struct statistic *s);
/* False: it needs values that are not known (a statistic set). */
bool statistic_of(const struct statistic *s, const struct point *p, double *out);
