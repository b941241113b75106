/* emulator/services/cloudwatch/point - what is kept of a metric: points, and how they add up.
 *
 * A metric is (account, region, namespace, name, exact set of dimensions). Its points lie in the
 * series "metric" of emulator/store/series, named by metric_series; one point holds what came in
 * for one second or minute (or what retention made of several), one point a unit. The values
 * themselves are kept beside the set while there are at most POINT_VALUES_MOST different ones; with
 * more they are rounded to two significant digits (CloudWatch keeps a sketch there as well).
 * Threads: as emulator/store/store.h.
 */
#pragma once

#include "emulator/services/cloudwatch/metrics.h"

#define METRIC_KIND       "metric"
#define POINT_VALUES_MOST 500
#define POINT_ANY_UNIT    (-1) /* for readers: units are added up */

struct value_count {
    double value, count;
};
struct point {
    int64_t time_ms;
    int unit; /* metric_unit_name */
    double count, sum, least, most;
    bool is_exact; /* values are known, ascending: percentiles can be had */
    struct value_count *values;
    size_t value_count;
};
/* A point of one datum. values may be NULL: then the set says what is known. */
struct point point_of_set(struct arena *a, double count, double sum, double least, double most);
struct point point_of_values(struct arena *a, const struct value_count *values, size_t count);
void point_merge(struct arena *a, struct point *into, const struct point *from);
struct str point_encode(struct arena *a, const struct point *p);
/* time and unit are the caller's. E_PARSE: damaged. */
int point_decode(struct arena *a, struct str data, struct point *out, struct err *err);

/* Units in CloudWatch's spelling. */
int metric_unit(struct str name); /* -1: none such; empty: None's */
const char *metric_unit_name(int unit);

struct metric_id {
    struct str account, region, namespace_, name;
    const struct metric_dimension *dimensions; /* in order of name */
    size_t dimension_count;
};
struct str metric_series(struct arena *a, const struct metric_id *id);
/* A series of the account and region, narrowed by what is not empty: a prefix of the names. */
struct str metric_prefix(struct arena *a, struct str account, struct str region,
                         struct str namespace_, struct str name);
bool metric_of_series(struct arena *a, struct str series, struct metric_id *out);

/* Inside a state transaction. */
int point_add(struct engine *e, const struct metric_id *id, const struct point *p, struct err *err);

struct point_query {
    struct str series;
    int unit; /* or POINT_ANY_UNIT */
    int64_t from_ms, to_ms, period_ms, now_ms;
};
/* One point a period that has data, ascending, each timed at its period's start; periods are
 * counted from from_ms. What is too old for the period is not there.
 * Source: CloudWatch API Reference, GetMetricStatistics, "Period" and data retention. */
int points_read(struct engine *e, struct arena *a, const struct point_query *q, struct point **out,
                size_t *count, struct err *err);
/* Which units the points between the two have: bit i for unit i. */
int points_units(struct engine *e, struct arena *a, const struct point_query *q, uint32_t *out,
                 struct err *err);
/* The least period (ms) at which a point of that age is kept; INT64_MAX: no more at all. */
int64_t point_granularity(int64_t age_ms);
