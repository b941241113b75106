/* emulator/services/cloudwatch/widget - the metrics of a dashboard's widget as time series.
 *
 * A widget's "metrics" is written in a shorthand: [Namespace, MetricName, DimensionName, Value ...,
 * {options}], where "." stands for what is there in the row before, "..." for all that is before
 * what follows it; [{expression}] is metric math over the others' ids.
 * Source: CloudWatch API Reference, "Dashboard body structure and syntax", "Metrics array format".
 */
#pragma once

#include "emulator/services/cloudwatch/math.h"
#include "core/codec/value.h"
#include "emulator/engine/engine.h"

struct widget_ask {
    struct engine *e;
    struct str account, region;     /* the properties' region, or what the page has */
    const struct value *properties; /* of the widget: metrics, period, stat */
    int64_t from_ms, to_ms, now_ms;
};
struct widget_line {
    struct str label, color; /* color: as the options say, or empty */
    bool is_right;           /* its axis */
    struct math_series series;
};
/* The lines to be drawn, in order of the rows (a SEARCH gives several). E_PARSE: what is wrong with
 * the rows, for the reader of the page. */
int widget_lines(struct arena *a, const struct widget_ask *ask, struct widget_line **out,
                 size_t *count, struct err *err);
/* The rows as MetricDataQueries, one each, Ids made up where none is given. */
int widget_queries(struct arena *a, const struct value *properties, struct value **out,
                   struct err *err);
