/* Default values of metric filters: published for each minute in which events came and none
 * matched, once the minute is over. Source: CloudWatch Logs User Guide, "Setting how the metric
 * value changes when matches are found".
 *
 * A minute that waits is a document "FilterMinute", id GROUP:FILTER/MINUTE, with Matched. */
#include "emulator/engine/schedule.h"
#include "emulator/services/cloudwatch/metrics.h"
#include "emulator/services/logs/filters.h"

/* Jobs that are due together run in order of name: before alarms look. */
#define JOB       "aws.logs.defaults"
#define MINUTE_MS 60000

static int job(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err);

static int64_t minute_end(int64_t ms)
{
    return (ms / MINUTE_MS + 1) * MINUTE_MS;
}

static struct doc_key minute_key(struct arena *a, struct doc_key filter, int64_t minute)
{
    filter.type = STR("FilterMinute");
    filter.id = arena_printf(a, "%.*s/%lld", STR_ARG(filter.id), (long long)minute);
    return filter;
}

int logs_default_note(struct engine *e, struct arena *a, struct doc_key filter, int64_t time_ms,
                      bool matched, struct err *err)
{
    struct doc_key key = minute_key(a, filter, time_ms / MINUTE_MS);
    struct value *doc;
    int rc = store_doc_get(e->store, a, key, &doc, err);

    if (rc == 0 && (value_get_bool(doc, "Matched", false) || !matched))
        return 0;
    if (rc < 0 && rc != E_MISSING)
        return rc;
    doc = value_map(a);
    value_put_bool(a, doc, "Matched", matched);
    rc = store_doc_put(e->store, key, doc, err);
    return rc < 0 || !e->telemetry
               ? rc
               : schedule_add(e->schedule, JOB, minute_end(clock_now_ms(&e->clock)), job, e, err);
}

static int publish(struct engine *e, struct arena *a, const struct doc *minute, struct str filter,
                   int64_t time_ms, struct err *err)
{
    struct doc_key key = minute->key;
    struct value *doc;

    key.type = STR("MetricFilter");
    key.id = filter;
    int rc = store_doc_get(e->store, a, key, &doc, err);
    const struct value *t = rc == 0 ? value_at(value_get_c(doc, "metricTransformations"), 0) : NULL;
    const struct value *v = value_get_c(t, "defaultValue");
    if (!v) /* the filter is gone, or has none any more */
        return rc == E_MISSING ? 0 : rc;
    double number = v->kind == VALUE_INT ? (double)v->u.integer : v->u.real;
    struct str unit = value_get_str(t, "unit");
    struct metric_datum d = { .account = key.account,
                              .region = key.region,
                              .namespace_ = value_get_str(t, "metricNamespace"),
                              .name = value_get_str(t, "metricName"),
                              .unit = unit.len > 0 ? arena_copy(a, unit).ptr : "None",
                              .time_ms = time_ms,
                              .count = 1,
                              .sum = number,
                              .least = number,
                              .most = number };
    return logs_metric(e, &d, err);
}

static int settle_one(struct engine *e, struct arena *a, const struct doc *minute, struct err *err)
{
    struct str filter, digits;
    int64_t number = 0;
    int rc = 0;

    if (str_rcut(minute->key.id, '/', &filter, &digits) && str_to_i64(digits, &number) &&
        !value_get_bool(minute->value, "Matched", false))
        rc = publish(e, a, minute, filter, number * MINUTE_MS, err);
    return rc < 0 ? rc : store_doc_delete(e->store, minute->key, err);
}

/* Every minute that waits is over when the job runs: events of minutes to come (two hours ahead
 * at most) count as matched or not by what came until now. */
static int settle_all(void *arg, struct err *err)
{
    struct engine *e = arg;
    struct arena a = { 0 };
    struct doc *docs;
    size_t count;
    int rc = store_doc_list(e->store, &a,
                            (struct doc_key){ .service = STR("logs"), .type = STR("FilterMinute") },
                            STR(""), 0, &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = settle_one(e, &a, &docs[i], err);
    arena_free(&a);
    return rc;
}

static int job(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    struct engine *e = arg;

    (void)due_ms;
    *next_ms = INT64_MAX; /* the next event adds it again */
    return store_transact(e->store, settle_all, e, err);
}

int logs_defaults_open(struct engine *e, struct err *err)
{
    struct arena a = { 0 };
    struct doc *docs;
    size_t count = 0;
    int rc = store_doc_list(e->store, &a,
                            (struct doc_key){ .service = STR("logs"), .type = STR("FilterMinute") },
                            STR(""), 1, &docs, &count, err);

    arena_free(&a);
    return rc < 0 || count == 0
               ? rc
               : schedule_add(e->schedule, JOB, minute_end(clock_now_ms(&e->clock)), job, e, err);
}
