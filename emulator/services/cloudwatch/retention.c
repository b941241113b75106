#include "emulator/services/cloudwatch/retention.h"

#include "emulator/engine/schedule.h"
#include "emulator/services/cloudwatch/cloudwatch.h"
#include "emulator/store/series.h"

#define JOB     "cloudwatch.retention"
#define FACT    "metrics.coarsened" /* the due time of the last run */
#define WEEK_MS (7 * CW_DAY_MS)
#define LIFE_MS (455 * CW_DAY_MS)

/* At this age points of a finer period become one of a coarser.
 * Source: CloudWatch API Reference, GetMetricData: "CloudWatch retains metric data as follows". */
static const struct {
    int64_t age_ms, unit_ms;
} steps[] = {
    { 3 * CW_HOUR_MS, CW_MINUTE_MS },
    { 15 * CW_DAY_MS, 5 * CW_MINUTE_MS },
    { 63 * CW_DAY_MS, CW_HOUR_MS },
};

struct run {
    struct engine *e;
    int64_t last_ms, now_ms;
    struct err *err;
};

static int put_group(struct run *r, struct arena *a, struct series_key key, const struct point *p)
{
    struct series_point at = { p->time_ms, (uint64_t)p->unit, point_encode(a, p) };

    return series_put(r->e->store, key, &at, r->err);
}

/* The points of one span become one for each unit and each whole unit_ms. */
static int coarsen_span(struct run *r, struct arena *a, struct series_key key,
                        struct series_point *points, size_t count, int64_t unit_ms)
{
    struct point *sums = arena_array(a, count, sizeof *sums);
    size_t n = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct point one = { 0 };
        int64_t at = cw_floor(points[i].time_ms, unit_ms);
        size_t k = n;

        while (k > 0 && sums[k - 1].time_ms == at && sums[k - 1].unit != (int)points[i].number)
            k--;
        if (k == 0 || sums[k - 1].time_ms != at) {
            k = ++n;
            sums[k - 1] = (struct point){ .time_ms = at, .unit = (int)points[i].number };
        }
        rc = point_decode(a, points[i].data, &one, r->err);
        point_merge(a, &sums[k - 1], &one);
    }
    for (size_t i = 0; rc == 0 && n < count && i < count; i++)
        rc = series_remove(r->e->store, key, points[i].time_ms, points[i].number, r->err);
    for (size_t i = 0; rc == 0 && n < count && i < n; i++)
        rc = put_group(r, a, key, &sums[i]);
    return rc;
}

static int coarsen(struct run *r, struct str series)
{
    struct series_key key = { METRIC_KIND, series };
    struct arena a = { 0 };
    int rc = series_prune(r->e->store, key, r->now_ms - LIFE_MS, r->err);

    for (size_t i = 0; rc == 0 && i < COUNT(steps); i++) {
        struct series_span span = { .from_ms = r->last_ms - steps[i].age_ms,
                                    .to_ms = r->now_ms - steps[i].age_ms };
        struct series_point *points;
        size_t count = 0;

        rc = series_list(r->e->store, &a, key, &span, &points, &count, r->err);
        if (rc == 0 && count > 0)
            rc = coarsen_span(r, &a, key, points, count, steps[i].unit_ms);
        arena_reset(&a);
    }
    arena_free(&a);
    return rc;
}

static int load_last(struct run *r, struct arena *a)
{
    struct str text;
    int rc = store_fact_get(r->e->store, a, FACT, &text, r->err);

    r->last_ms = 0;
    if (rc == 0 && !str_to_i64(text, &r->last_ms))
        rc = err_set(r->err, E_PARSE, "state.db: %s is no time", FACT);
    return rc == E_MISSING ? 0 : rc;
}

static int run_all(void *arg, struct err *err)
{
    struct run *r = arg;
    struct arena a = { 0 };
    struct str *names;
    size_t count = 0;
    int rc = load_last(r, &a);

    if (rc == 0)
        rc = series_names(r->e->store, &a, (struct series_key){ METRIC_KIND, STR("") }, STR(""), 0,
                          &names, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = coarsen(r, names[i]);
    if (rc == 0 && count > 0)
        rc = store_fact_put(r->e->store, FACT, arena_printf(&a, "%lld", (long long)r->now_ms), err);
    arena_free(&a);
    return rc;
}

static int run_job(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    struct run r = { .e = arg, .now_ms = due_ms, .err = err };

    *next_ms = due_ms + WEEK_MS;
    return store_transact(r.e->store, run_all, &r, err);
}

int retention_open(struct engine *e, struct err *err)
{
    int64_t now_ms = clock_now_ms(&e->clock);

    return schedule_add(e->schedule, JOB, cw_floor(now_ms, WEEK_MS) + WEEK_MS, run_job, e, err);
}
