/* emulator/services/cloudwatch/query - MetricDataQueries: metrics and expressions that refer to
 * each other by id, evaluated over one span. GetMetricData, alarms and dashboards ask here.
 */
#pragma once

#include "emulator/services/cloudwatch/math.h"
#include "emulator/services/cloudwatch/statistic.h"

struct query;
struct query_set {
    struct engine *e;
    struct arena *a;
    struct str account, region;
    int64_t from_ms, to_ms, now_ms;
    bool exact; /* periods are counted from from_ms as it is (alarms); else it is rounded */
    struct query *queries;
    size_t count;
};
struct query {
    struct query_set *set;
    struct str id, label;
    bool returns;
    int64_t period_ms; /* a metric's own; an expression's, or 0 */
    bool is_metric;
    struct metric_id metric;
    struct statistic statistic;
    int unit; /* or POINT_ANY_UNIT */
    struct math_node *tree;
    enum { QUERY_NEW, QUERY_RUNNING, QUERY_DONE } state;
    struct math_value value;
};
/* From [{Id, MetricStat | Expression, ...}]; the fields before queries are the caller's. E_PARSE:
 * a text for ValidationError. */
int query_load(struct query_set *set, const struct value *list, struct err *err);
struct query *query_find(struct query_set *set, struct str id);
/* Evaluate one; its value stays. E_PARSE as above. */
int query_run(struct query *q, struct err *err);
/* Points of one metric query, for those who want more than its values: counts of samples. */
int query_points(struct query *q, struct point **out, size_t *count, struct err *err);
/* The greatest period (ms) of the metrics that q needs, itself included; 60 s when there is none.
 */
int64_t query_period(const struct query *q);
