/* What people and machines read of a change of state. */
#include "emulator/services/cloudwatch/alarm.h"

#include "core/base/buf.h"
#include "core/base/embed.h"
#include "core/codec/json.h"

struct str alarm_time(struct arena *a, int64_t ms)
{
    struct str iso = clock_iso_ms(a, ms);

    return arena_printf(a, "%.*s+0000", (int)(iso.len - 1), iso.ptr);
}

/* Source: fixtures/cloudwatch/regions.tsv. */
static struct str region_title(struct str region)
{
    struct str rest = embed_find(STR("cloudwatch/regions.tsv")), line, name, title;

    while (rest.len > 0) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (str_cut(line, '\t', &name, &title) && str_eq(name, region))
            return title;
    }
    return region;
}

struct str alarm_subject(const struct alarm *al)
{
    return arena_printf(al->a, "%.*s: \"%.*s\" in %.*s",
                        STR_ARG(value_get_str(al->doc, "StateValue")), STR_ARG(al->name),
                        STR_ARG(region_title(al->region)));
}

static void copy(struct arena *a, struct value *to, const char *name, const struct value *v)
{
    value_set(to, str_c(name), v ? value_copy(a, v) : value_null(a));
}

/* "Sum" is SUM in messages, "SampleCount" SAMPLE_COUNT. */
static struct str shouted(struct arena *a, struct str name)
{
    struct buf b = { 0 };

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (i > 0 && c >= 'A' && c <= 'Z')
            buf_add_char(&b, '_');
        buf_add_char(&b, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
    struct str text = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return text;
}

static void add_metric(const struct alarm *al, struct value *t)
{
    static const char *const plain[] = { "Unit", "Period" };
    struct arena *a = al->a;
    struct value *dims = value_list(a);
    struct str statistic = value_get_str(al->doc, "Statistic");

    copy(a, t, "MetricName", value_get_c(al->doc, "MetricName"));
    copy(a, t, "Namespace", value_get_c(al->doc, "Namespace"));
    value_put_c(a, t, "StatisticType", statistic.len > 0 ? "Statistic" : "ExtendedStatistic");
    if (statistic.len > 0)
        value_put_str(a, t, "Statistic", shouted(a, statistic));
    else
        copy(a, t, "ExtendedStatistic", value_get_c(al->doc, "ExtendedStatistic"));
    for (const struct value *d = value_first(value_get_c(al->doc, "Dimensions")); d; d = d->next) {
        struct value *one = value_map(a);

        value_put_str(a, one, "value", value_get_str(d, "Value"));
        value_put_str(a, one, "name", value_get_str(d, "Name"));
        value_push(dims, one);
    }
    for (size_t i = 0; i < COUNT(plain); i++) {
        copy(a, t, plain[i], value_get_c(al->doc, plain[i]));
        if (i == 0)
            value_set(t, STR("Dimensions"), dims);
    }
}

static struct value *trigger_of(const struct alarm *al)
{
    static const char *const plain[] = { "EvaluationPeriods", "DatapointsToAlarm",
                                         "ComparisonOperator", "Threshold" };
    struct arena *a = al->a;
    struct value *t = value_map(a);
    const struct value *metrics = value_get_c(al->doc, "Metrics");
    struct str missing = value_get_str(al->doc, "TreatMissingData");

    if (!metrics)
        add_metric(al, t);
    for (size_t i = 0; i < COUNT(plain); i++)
        if (value_get_c(al->doc, plain[i]))
            copy(a, t, plain[i], value_get_c(al->doc, plain[i]));
    value_put_str(a, t, "TreatMissingData", missing.len > 0 ? missing : STR("missing"));
    value_put_str(a, t, "EvaluateLowSampleCountPercentile",
                  value_get_str(al->doc, "EvaluateLowSampleCountPercentile"));
    if (metrics)
        copy(a, t, "Metrics", metrics);
    return t;
}

/* Source: CloudWatch User Guide, "Notify users on alarm changes": the JSON of a notification. */
struct str alarm_message(const struct alarm *al, struct str old_state)
{
    static const char *const lists[] = { "OKActions", "AlarmActions", "InsufficientDataActions" };
    struct arena *a = al->a;
    struct value *m = value_map(a);
    struct buf text = { 0 };
    int64_t changed_ms = value_get_time(al->doc, "StateUpdatedTimestamp", al->now_ms);

    value_put_str(a, m, "AlarmName", al->name);
    copy(a, m, "AlarmDescription", value_get_c(al->doc, "AlarmDescription"));
    if (alarm_is_composite(al->doc))
        copy(a, m, "AlarmRule", value_get_c(al->doc, "AlarmRule"));
    value_put_str(a, m, "AWSAccountId", al->account);
    value_put_str(a, m, "AlarmConfigurationUpdatedTimestamp",
                  alarm_time(a, value_get_time(al->doc, "AlarmConfigurationUpdatedTimestamp", 0)));
    copy(a, m, "NewStateValue", value_get_c(al->doc, "StateValue"));
    copy(a, m, "NewStateReason", value_get_c(al->doc, "StateReason"));
    value_put_str(a, m, "StateChangeTime", alarm_time(a, changed_ms));
    value_put_str(a, m, "Region", region_title(al->region));
    copy(a, m, "AlarmArn", value_get_c(al->doc, "AlarmArn"));
    value_put_str(a, m, "OldStateValue", old_state);
    for (size_t i = 0; i < COUNT(lists); i++)
        copy(a, m, lists[i], value_get_c(al->doc, lists[i]));
    if (!alarm_is_composite(al->doc))
        value_set(m, STR("Trigger"), trigger_of(al));
    json_write(&text, m);
    struct str out = arena_copy(a, buf_view(&text));
    buf_free(&text);
    return out;
}

/* ---- the event ---- */

static struct value *state_of(const struct alarm *al, const struct value *doc)
{
    struct value *s = value_map(al->a);
    struct str data = value_get_str(doc, "StateReasonData");

    value_put_str(al->a, s, "value", value_get_str(doc, "StateValue"));
    value_put_str(al->a, s, "reason", value_get_str(doc, "StateReason"));
    if (data.len > 0)
        value_put_str(al->a, s, "reasonData", data);
    value_put_str(al->a, s, "timestamp",
                  alarm_time(al->a, value_get_time(doc, "StateUpdatedTimestamp", al->now_ms)));
    return s;
}

static struct value *metric_of(struct arena *a, const struct value *from)
{
    struct value *m = value_map(a), *dims = value_map(a);

    value_put_str(a, m, "namespace", value_get_str(from, "Namespace"));
    value_put_str(a, m, "name", value_get_str(from, "MetricName"));
    for (const struct value *d = value_first(value_get_c(from, "Dimensions")); d; d = d->next)
        value_set(dims, value_get_str(d, "Name"), value_str(a, value_get_str(d, "Value")));
    value_set(m, STR("dimensions"), dims);
    return m;
}

static struct value *metric_stat(struct arena *a, const struct value *metric,
                                 const struct value *period, struct str stat)
{
    struct value *s = value_map(a);

    value_set(s, STR("metric"), metric_of(a, metric));
    copy(a, s, "period", period);
    value_put_str(a, s, "stat", stat);
    return s;
}

static struct value *configured_metric(const struct alarm *al)
{
    struct arena *a = al->a;
    struct value *m = value_map(a);
    struct str stat = value_get_str(al->doc, "Statistic");
    char id[37];
    struct rng rng;

    engine_chance(al->e, str_hash(value_get_str(al->doc, "AlarmArn")), &rng);
    rng_uuid(&rng, id);
    value_put_str(a, m, "id", arena_copy(a, str_c(id)));
    value_set(m, STR("metricStat"),
              metric_stat(a, al->doc, value_get_c(al->doc, "Period"),
                          stat.len > 0 ? stat : value_get_str(al->doc, "ExtendedStatistic")));
    value_put_bool(a, m, "returnData", true);
    return m;
}

static struct value *configured_query(struct arena *a, const struct value *q)
{
    struct value *m = value_map(a);
    const struct value *stat = value_get_c(q, "MetricStat");

    value_put_str(a, m, "id", value_get_str(q, "Id"));
    if (stat)
        value_set(m, STR("metricStat"),
                  metric_stat(a, value_get_c(stat, "Metric"), value_get_c(stat, "Period"),
                              value_get_str(stat, "Stat")));
    else
        value_put_str(a, m, "expression", value_get_str(q, "Expression"));
    if (value_get_str(q, "Label").len > 0)
        value_put_str(a, m, "label", value_get_str(q, "Label"));
    value_put_bool(a, m, "returnData", value_get_bool(q, "ReturnData", true));
    return m;
}

static struct value *configuration(const struct alarm *al)
{
    struct arena *a = al->a;
    struct value *c = value_map(a), *list = value_list(a);
    const struct value *metrics = value_get_c(al->doc, "Metrics");

    if (alarm_is_composite(al->doc)) {
        value_put_str(a, c, "alarmRule", value_get_str(al->doc, "AlarmRule"));
        return c;
    }
    for (const struct value *q = value_first(metrics); q; q = q->next)
        value_push(list, configured_query(a, q));
    if (!metrics)
        value_push(list, configured_metric(al));
    value_set(c, STR("metrics"), list);
    if (value_get_str(al->doc, "AlarmDescription").len > 0)
        value_put_str(a, c, "description", value_get_str(al->doc, "AlarmDescription"));
    return c;
}

/* Source: CloudWatch User Guide, "Alarm events and EventBridge": sample events. */
struct value *alarm_event(const struct alarm *al, const struct value *before)
{
    struct value *d = value_map(al->a);

    value_put_str(al->a, d, "alarmName", al->name);
    value_set(d, STR("state"), state_of(al, al->doc));
    value_set(d, STR("previousState"), state_of(al, before));
    value_set(d, STR("configuration"), configuration(al));
    return d;
}
