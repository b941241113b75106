/* Points in the store: added to, and read by periods. */
#include "emulator/services/cloudwatch/point.h"

#include "emulator/services/cloudwatch/alarms.h"
#include "emulator/services/cloudwatch/cloudwatch.h"
#include "emulator/services/cloudwatch/deliver.h"
#include "emulator/store/series.h"

#define SECOND_MS 1000ll
#define HOUR_MS   (3600 * SECOND_MS)
#define DAY_MS    (24 * HOUR_MS)

/* Source: CloudWatch API Reference, GetMetricData: "CloudWatch retains metric data as follows". */
static const struct {
    int64_t age_ms, granularity_ms;
} kept[] = {
    { 3 * HOUR_MS, SECOND_MS },
    { 15 * DAY_MS, 60 * SECOND_MS },
    { 63 * DAY_MS, 300 * SECOND_MS },
    { 455 * DAY_MS, HOUR_MS },
};

int64_t point_granularity(int64_t age_ms)
{
    for (size_t i = 0; i < COUNT(kept); i++)
        if (age_ms <= kept[i].age_ms)
            return kept[i].granularity_ms;
    return INT64_MAX;
}

static struct series_key key_of(struct str series)
{
    return (struct series_key){ METRIC_KIND, series };
}

int point_add(struct engine *e, const struct metric_id *id, const struct point *p, struct err *err)
{
    struct arena a = { 0 };
    struct str series = metric_series(&a, id);
    struct series_point at = { .time_ms = p->time_ms, .number = (uint64_t)p->unit };
    struct point sum = { 0 };
    int rc = series_get(e->store, &a, key_of(series), &at, err);

    if (rc == 0)
        rc = point_decode(&a, at.data, &sum, err);
    else if (rc == E_MISSING)
        rc = 0;
    if (rc == 0) {
        point_merge(&a, &sum, p);
        at.data = point_encode(&a, &sum);
        rc = series_put(e->store, key_of(series), &at, err);
    }
    if (rc == 0 && e->telemetry) { /* with a sink nothing is delivered or evaluated from here */
        alarms_touch(e);
        rc = deliver_note(e, id, series, p, err);
    }
    arena_free(&a);
    return rc;
}

int metrics_add(struct engine *e, const struct metric_datum *d, struct err *err)
{
    struct arena a = { 0 };
    struct metric_id id = { d->account, d->region,     d->namespace_,
                            d->name,    d->dimensions, d->dimension_count };
    struct point p = point_of_set(&a, d->count, d->sum, d->least, d->most);
    int rc;

    p.time_ms = d->time_ms - d->time_ms % (60 * SECOND_MS);
    p.unit = metric_unit(str_c(d->unit));
    rc = p.unit < 0 ? err_set(err, E_PARSE, "%s is no unit of a metric", d->unit)
                    : point_add(e, &id, &p, err);
    arena_free(&a);
    return rc;
}

static int list_points(struct engine *e, struct arena *a, const struct point_query *q,
                       struct series_point **out, size_t *count, struct err *err)
{
    struct series_span span = { .from_ms = q->from_ms, .to_ms = q->to_ms };

    return series_list(e->store, a, key_of(q->series), &span, out, count, err);
}

static bool is_wanted(const struct point_query *q, const struct series_point *p)
{
    int64_t least_ms = point_granularity(q->now_ms - p->time_ms);

    return (q->unit == POINT_ANY_UNIT || (uint64_t)q->unit == p->number) && least_ms != INT64_MAX &&
           q->period_ms % least_ms == 0;
}

int points_read(struct engine *e, struct arena *a, const struct point_query *q, struct point **out,
                size_t *count, struct err *err)
{
    struct series_point *raw;
    size_t raw_count = 0, n = 0;
    int rc = list_points(e, a, q, &raw, &raw_count, err);

    if (rc < 0)
        return rc;
    struct point *points = arena_array(a, raw_count, sizeof *points);
    for (size_t i = 0; rc == 0 && i < raw_count; i++) {
        int64_t into = raw[i].time_ms - q->from_ms, start = raw[i].time_ms - into % q->period_ms;
        struct point one = { 0 };

        if (!is_wanted(q, &raw[i]))
            continue;
        rc = point_decode(a, raw[i].data, &one, err);
        if (n == 0 || points[n - 1].time_ms != start)
            points[n++] = (struct point){ .time_ms = start, .unit = (int)raw[i].number };
        point_merge(a, &points[n - 1], &one);
    }
    *out = points;
    *count = n;
    return rc;
}

int points_units(struct engine *e, struct arena *a, const struct point_query *q, uint32_t *out,
                 struct err *err)
{
    struct series_point *raw;
    size_t count = 0;
    int rc = list_points(e, a, q, &raw, &count, err);

    *out = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        *out |= 1u << raw[i].number;
    return rc;
}
