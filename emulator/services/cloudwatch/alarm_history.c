/* What happened to alarms: a series for each account and region. */
#include "emulator/services/cloudwatch/alarm.h"
#include "emulator/services/cloudwatch/cloudwatch.h"

#include "core/base/buf.h"
#include "core/codec/json.h"
#include "emulator/store/series.h"

#define KIND    "alarm-history"
#define COUNTER "alarm.history"
/* Source: CloudWatch API Reference, DescribeAlarmHistory: two weeks. */
#define LIFE_MS (14 * CW_DAY_MS)

static struct series_key key_of(struct arena *a, struct str account, struct str region)
{
    return (struct series_key){ KIND, metric_prefix(a, account, region, STR(""), STR("")) };
}

static struct str text_of(struct arena *a, const struct value *v)
{
    struct buf b = { 0 };

    json_write(&b, v);
    struct str text = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return text;
}

/* Items of one moment keep their order. */
int alarm_next_number(const struct alarm *al, uint64_t *out, struct err *err)
{
    struct str text;
    int64_t n = 0;
    int rc = store_fact_get(al->e->store, al->a, COUNTER, &text, err);

    if (rc == 0 && !str_to_i64(text, &n))
        rc = err_set(err, E_PARSE, "state.db: %s is no number", COUNTER);
    if (rc < 0 && rc != E_MISSING)
        return rc;
    *out = (uint64_t)n + 1;
    return store_fact_put(al->e->store, COUNTER, arena_printf(al->a, "%lld", (long long)n + 1),
                          err);
}

int alarm_note(const struct alarm *al, const char *type, struct str summary,
               const struct value *data, struct err *err)
{
    struct arena *a = al->a;
    struct value *item = value_map(a);
    struct series_key key = key_of(a, al->account, al->region);
    struct series_point point = { .time_ms = al->now_ms };
    int rc = alarm_next_number(al, &point.number, err);

    value_put_str(a, item, "AlarmName", al->name);
    value_put_str(a, item, "AlarmType", value_get_str(al->doc, "Type"));
    value_put_c(a, item, "HistoryItemType", type);
    value_put_str(a, item, "HistorySummary", str_sub(summary, 0, 255));
    value_put_str(a, item, "HistoryData", str_sub(text_of(a, data), 0, 4095));
    point.data = text_of(a, item);
    if (rc == 0)
        rc = series_put(al->e->store, key, &point, err);
    return rc < 0 ? rc : series_prune(al->e->store, key, al->now_ms - LIFE_MS, err);
}

/* ---- reading ---- */

static bool is_wanted(struct job *j, const struct value *item)
{
    static const struct {
        const char *parameter, *member;
    } filters[] = { { "AlarmName", "AlarmName" }, { "HistoryItemType", "HistoryItemType" } };
    const struct value *types = param(j->call, "AlarmTypes");

    for (size_t i = 0; i < COUNT(filters); i++)
        if (job_has(j, filters[i].parameter) &&
            !str_eq(job_text(j, filters[i].parameter), value_get_str(item, filters[i].member)))
            return false;
    return !types || types->count == 0 || list_has(types, value_get_str(item, "AlarmType"));
}

/* A token says behind which point a page begins. */
static bool read_token(struct job *j, struct series_span *span)
{
    struct str after, ms, number;
    int64_t n = 0;

    if (!page_after(j->cx, j->call, job_text(j, "NextToken"), &after))
        return false;
    span->has_after = after.len > 0;
    bool ok = after.len == 0 || (str_cut(after, ' ', &ms, &number) &&
                                 str_to_i64(ms, &span->after_ms) && str_to_i64(number, &n));
    span->after_number = (uint64_t)n;
    return ok;
}

static void add_page(struct job *j, struct series_point *points, size_t count)
{
    struct value *list = value_list(j->a);
    int64_t most = param_int(j->call, "MaxRecords", 100);
    size_t i = 0, last = 0;

    for (; i < count && j->rc == 0; i++) {
        struct value *item = NULL;

        j->rc = json_parse(j->a, points[i].data, &item, j->err);
        if (j->rc < 0 || !is_wanted(j, item))
            continue;
        if ((int64_t)list->count == most)
            break;
        value_put_time(j->a, item, "Timestamp", points[i].time_ms);
        value_push(list, item);
        last = i;
    }
    job_answer(j, "AlarmHistoryItems", list);
    if (i < count && j->rc == 0)
        value_put_str(j->a, j->out->output, "NextToken",
                      page_token(j->cx, j->call,
                                 arena_printf(j->a, "%lld %llu", (long long)points[last].time_ms,
                                              (unsigned long long)points[last].number)));
}

HANDLER(cloudwatch, DescribeAlarmHistory)
{
    int64_t start_ms = value_get_time(j->call->params, "StartDate", INT64_MIN);
    int64_t end_ms = value_get_time(j->call->params, "EndDate", INT64_MAX - 1);
    struct series_span span = {
        .from_ms = start_ms > j->cx->now_ms - LIFE_MS ? start_ms : j->cx->now_ms - LIFE_MS,
        .to_ms = end_ms + 1,
        .newest_first = !str_eq_c(job_text(j, "ScanBy"), "TimestampAscending")
    };
    struct series_point *points;
    size_t count = 0;

    if (!read_token(j, &span))
        return job_refuse(j, "InvalidNextToken", "Invalid NextToken");
    j->rc = series_list(j->cx->e->store, j->a, key_of(j->a, j->account, j->region), &span, &points,
                        &count, j->err);
    if (j->rc == 0)
        add_page(j, points, count);
    return j->rc;
}
