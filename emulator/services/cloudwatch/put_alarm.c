/* PutMetricAlarm and PutCompositeAlarm: their rules, and the document. */
#include <math.h>

#include "core/aws/arn.h"
#include "core/aws/region.h"
#include "emulator/services/cloudwatch/alarms.h"
#include "emulator/services/cloudwatch/cloudwatch.h"
#include "emulator/services/cloudwatch/query.h"
#include "emulator/services/cloudwatch/rule.h"
#include "emulator/services/cloudwatch/suppress.h"

enum { TAGS_MOST = 50 };
#define DAY_S  86400
#define WEEK_S 604800

static bool invalid(struct job *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool invalid(struct job *j, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct str text = arena_vprintf(j->a, fmt, ap);
    va_end(ap);
    (void)job_refuse(j, "ValidationError", "%.*s", STR_ARG(text));
    return false; /* refused; the caller stops */
}

/* ---- what both have ---- */

static bool actions_ok(struct job *j)
{
    static const char *const lists[] = { "OKActions", "AlarmActions", "InsufficientDataActions" };
    struct arn arn;

    for (size_t i = 0; i < COUNT(lists); i++)
        for (const struct value *v = value_first(param(j->call, lists[i])); v; v = v->next)
            if (arn_parse(v->u.text, &arn, NULL) < 0)
                return invalid(j, "Invalid arn syntax: %.*s", STR_ARG(v->u.text));
    return true;
}

static bool tags_ok(struct job *j)
{
    const struct value *tags = param(j->call, "Tags");

    return !tags || tags->count <= TAGS_MOST ||
           invalid(j, "At most %d tags are allowed.", TAGS_MOST);
}

static const char *const shared[] = { "AlarmDescription", "OKActions", "AlarmActions",
                                      "InsufficientDataActions", NULL };

/* The document with what both kinds have; the state of an alarm that was there stays. */
static struct value *document(struct job *j, const char *type, const struct value *old)
{
    static const char *const kept[] = { "StateValue",
                                        "StateReason",
                                        "StateReasonData",
                                        "StateUpdatedTimestamp",
                                        "StateTransitionedTimestamp",
                                        "Tags",
                                        NULL };
    struct value *d = value_map(j->a);
    struct str name = job_text(j, "AlarmName"), partition = region_partition(j->region);

    value_put_str(j->a, d, "AlarmName", name);
    value_put_str(j->a, d, "AlarmArn",
                  arena_printf(j->a, "arn:%.*s:cloudwatch:%.*s:%.*s:alarm:%.*s", STR_ARG(partition),
                               STR_ARG(j->region), STR_ARG(j->account), STR_ARG(name)));
    value_put_c(j->a, d, "Type", type);
    value_put_bool(j->a, d, "ActionsEnabled", param_bool(j->call, "ActionsEnabled", true));
    for (const char *const *list = shared + 1; *list; list++)
        value_set(d, str_c(*list), value_list(j->a));
    job_copy(j, d, j->call->params, shared);
    value_put_time(j->a, d, "AlarmConfigurationUpdatedTimestamp", j->cx->now_ms);
    if (old) {
        job_copy(j, d, old, kept);
        return d;
    }
    value_put_c(j->a, d, "StateValue", "INSUFFICIENT_DATA");
    value_put_c(j->a, d, "StateReason", "Unchecked: Initial alarm creation");
    value_put_time(j->a, d, "StateUpdatedTimestamp", j->cx->now_ms);
    value_put_time(j->a, d, "StateTransitionedTimestamp", j->cx->now_ms);
    if (param(j->call, "Tags"))
        value_set(d, STR("Tags"), value_copy(j->a, param(j->call, "Tags")));
    return d;
}

/* Source: CloudWatch User Guide, DescribeAlarmHistory's examples: createdAlarm, updatedAlarm. */
static void note_configuration(struct job *j, const struct alarm *al, const struct value *old)
{
    struct value *d = value_map(j->a);

    value_put_c(j->a, d, "version", "1.0");
    value_put_c(j->a, d, "type", old ? "Update" : "Create");
    value_set(d, str_c(old ? "updatedAlarm" : "createdAlarm"), value_copy(j->a, al->doc));
    j->rc = alarm_note(
        al, "ConfigurationUpdate",
        arena_printf(j->a, "Alarm \"%.*s\" %s", STR_ARG(al->name), old ? "updated" : "created"), d,
        j->err);
}

static int put(struct job *j, struct value *doc, const struct value *old)
{
    struct alarm al = { j->cx->e, j->a,         j->account, j->region, job_text(j, "AlarmName"),
                        doc,      j->cx->now_ms };

    note_configuration(j, &al, old);
    if (j->rc == 0)
        j->rc = alarm_save(&al, j->err);
    if (j->rc == 0)
        j->rc = alarms_changed(j->cx->e, j->err);
    return j->rc;
}

/* The alarm that is there; one of the other type is in the way. */
static bool old_alarm(struct job *j, const char *type, struct value **out)
{
    *out = job_get(j, ALARM_TYPE, job_text(j, "AlarmName"));
    if (*out && !str_eq_c(value_get_str(*out, "Type"), type))
        return invalid(j, "An alarm named %.*s and of another type exists already.",
                       STR_ARG(job_text(j, "AlarmName")));
    return j->rc == 0;
}

/* ---- metric alarms ---- */

static const char *const of_one_metric[] = { "Namespace", "Dimensions", "Period",
                                             "Unit",      "Statistic",  "ExtendedStatistic" };

static bool one_metric_ok(struct job *j)
{
    struct statistic s;
    struct str extended = job_text(j, "ExtendedStatistic");
    struct metric_id id;

    if (!job_has(j, "Namespace"))
        return invalid(j, "Namespace is required for an alarm on MetricName.");
    if (!job_has(j, "Period"))
        return invalid(j, "Period is required for an alarm on MetricName.");
    if (job_has(j, "Statistic") == (extended.len > 0))
        return invalid(j, "Exactly one of Statistic and ExtendedStatistic must be specified.");
    if (extended.len > 0 && (!statistic_parse(extended, &s) || statistic_is_basic(&s))) {
        (void)cw_bad_value(j, "The value %.*s for parameter ExtendedStatistic is not supported.",
                           STR_ARG(extended));
        return false;
    }
    return cw_metric(j, j->call->params, &id);
}

static bool has_search(const struct math_node *n)
{
    return n && ((n->kind == MATH_CALL && str_eq_c(n->text, "SEARCH")) || has_search(n->first) ||
                 has_search(n->next));
}

/* Source: CloudWatch API Reference, PutMetricAlarm, Metrics: one item returns data. */
static bool metrics_ok(struct job *j, const struct value *metrics)
{
    struct query_set set = { .e = j->cx->e, .a = j->a, .account = j->account, .region = j->region };
    struct err why = { 0 };
    size_t watched = 0;

    for (size_t i = 0; i < COUNT(of_one_metric); i++)
        if (job_has(j, of_one_metric[i]))
            return invalid(j, "%s must not be set if Metrics is specified.", of_one_metric[i]);
    if (query_load(&set, metrics, &why) < 0)
        return invalid(j, "%s", why.text);
    for (size_t i = 0; i < set.count; i++) {
        watched += set.queries[i].returns;
        if (has_search(set.queries[i].tree))
            return invalid(j, "SEARCH is not supported on alarms.");
    }
    if (watched != 1)
        return invalid(j, "Exactly one element of the metrics list should return data.");
    return true;
}

static bool watched_ok(struct job *j)
{
    const struct value *metrics = param(j->call, "Metrics");
    bool many = metrics && metrics->count > 0, one = job_has(j, "MetricName");

    if (job_has(j, "EvaluationCriteria") || job_has(j, "EvaluationInterval"))
        return invalid(j, "EvaluationCriteria (PromQL alarms) are not supported.");
    if (job_has(j, "ThresholdMetricId"))
        return invalid(j, "ThresholdMetricId (anomaly detection alarms) is not supported.");
    if (one == many)
        return invalid(j, "Exactly one of MetricName and Metrics must be specified.");
    return one ? one_metric_ok(j) : metrics_ok(j, metrics);
}

/* Source: CloudWatch API Reference, PutMetricAlarm, Period, EvaluationPeriods. */
static bool periods_ok(struct job *j)
{
    int64_t n = param_int(j->call, "EvaluationPeriods", 0);
    int64_t m = param_int(j->call, "DatapointsToAlarm", n);
    int64_t period_s = alarm_period(j->call->params) / CW_SECOND_MS;
    int64_t most_s = period_s < 3600 ? DAY_S : WEEK_S;

    if (n < 1)
        return invalid(j, "EvaluationPeriods is required.");
    if (period_s % 60 != 0 && period_s != 10 && period_s != 20 && period_s != 30)
        return invalid(j, "Period must be 10, 20, 30 or a multiple of 60");
    if (m > n)
        return invalid(j, "Number of datapoints to alarm must be less than or equal to number of "
                          "evaluation periods.");
    if (n > most_s || period_s * n > most_s)
        return invalid(j,
                       "Metrics cannot be checked across more than %s (EvaluationPeriods * "
                       "Period must be <= %lld).",
                       most_s == DAY_S ? "a day" : "a week", (long long)most_s);
    return true;
}

static bool threshold_ok(struct job *j)
{
    struct str op = job_text(j, "ComparisonOperator"), treat = job_text(j, "TreatMissingData");
    struct str low = job_text(j, "EvaluateLowSampleCountPercentile");
    enum missing_data unused;
    double threshold;

    if (str_find(op, STR("Lower")) >= 0 || str_find(op, STR("Upper")) >= 0)
        return invalid(j, "The comparison %.*s (anomaly detection alarms) is not supported.",
                       STR_ARG(op));
    if (op.len == 0)
        return invalid(j, "ComparisonOperator is required.");
    if (!cw_number(param(j->call, "Threshold"), &threshold))
        return invalid(j, "Threshold is required for alarms on static thresholds.");
    if (!isfinite(threshold))
        return invalid(j, "Threshold must be a finite number.");
    if (!missing_data_of(treat, &unused))
        return invalid(j,
                       "Option %.*s is not supported. Supported options for parameter "
                       "TreatMissingData are breaching, notBreaching, ignore and missing.",
                       STR_ARG(treat));
    if (low.len > 0 && !str_eq_c(low, "evaluate") && !str_eq_c(low, "ignore"))
        return invalid(j,
                       "Option %.*s is not supported. Supported options for parameter "
                       "EvaluateLowSampleCountPercentile are evaluate and ignore.",
                       STR_ARG(low));
    return true;
}

HANDLER(cloudwatch, PutMetricAlarm)
{
    static const char *const members[] = { "MetricName",
                                           "Namespace",
                                           "Statistic",
                                           "ExtendedStatistic",
                                           "Dimensions",
                                           "Period",
                                           "Unit",
                                           "EvaluationPeriods",
                                           "DatapointsToAlarm",
                                           "Threshold",
                                           "ComparisonOperator",
                                           "TreatMissingData",
                                           "EvaluateLowSampleCountPercentile",
                                           "Metrics",
                                           NULL };
    struct value *old, *doc;

    if (!watched_ok(j) || !periods_ok(j) || !threshold_ok(j) || !actions_ok(j) || !tags_ok(j) ||
        !old_alarm(j, "MetricAlarm", &old))
        return j->rc;
    doc = document(j, "MetricAlarm", old);
    if (job_has(j, "MetricName"))
        value_set(doc, STR("Dimensions"), value_list(j->a));
    job_copy(j, doc, j->call->params, members);
    return put(j, doc, old);
}

/* ---- composite alarms ---- */

struct children {
    struct job *j;
    struct value *missing;
};

/* A rule is of alarms of its own account and region.
 * Source: CloudWatch User Guide, "Create a composite alarm". */
static bool is_here(const struct job *j, struct str name_or_arn)
{
    struct arn arn;

    return arn_parse(name_or_arn, &arn, NULL) < 0 ||
           (str_eq(arn.account, j->account) && str_eq(arn.region, j->region));
}

static int find_child(void *arg, const struct rule *node)
{
    struct children *c = arg;

    if (!is_here(c->j, node->alarm) || !job_get(c->j, ALARM_TYPE, alarm_name_of(node->alarm)))
        value_push(c->missing, value_str(c->j->a, node->alarm));
    return 0;
}

static struct str joined(struct arena *a, const struct value *list)
{
    struct str *parts = arena_array(a, list->count, sizeof *parts);
    size_t n = 0;

    for (const struct value *v = value_first(list); v; v = v->next)
        parts[n++] = v->u.text;
    return arena_join(a, parts, n, STR(", "));
}

static bool rule_ok(struct job *j)
{
    struct children c = { j, value_list(j->a) };
    struct err why = { 0 };
    struct rule *rule;

    if (rule_parse(j->a, job_text(j, "AlarmRule"), &rule, &why) < 0)
        return invalid(j, "AlarmRule must not contain invalid syntax: %s", why.text);
    (void)rule_visit(rule, find_child, &c); /* the failure stands in j->rc */
    if (j->rc == 0 && c.missing->count > 0)
        return invalid(j,
                       "Could not save the composite alarm as alarms [%.*s] in the alarm rule do "
                       "not exist",
                       STR_ARG(joined(j->a, c.missing)));
    return j->rc == 0;
}

static bool suppressor_ok(struct job *j)
{
    static const char *const periods[] = { "ActionsSuppressorWaitPeriod",
                                           "ActionsSuppressorExtensionPeriod" };
    struct str name = job_text(j, "ActionsSuppressor");

    for (size_t i = 0; i < COUNT(periods); i++) {
        if ((name.len > 0) != job_has(j, periods[i]))
            return invalid(j, "ActionsSuppressor, ActionsSuppressorWaitPeriod and "
                              "ActionsSuppressorExtensionPeriod must be specified together.");
        if (param_int(j->call, periods[i], 0) < 0)
            return invalid(j, "%s must not be negative.", periods[i]);
    }
    if (name.len > 0 && (!is_here(j, name) || !job_get(j, ALARM_TYPE, alarm_name_of(name))) &&
        j->rc == 0)
        return invalid(j,
                       "Could not save the composite alarm as the actions suppressor %.*s does "
                       "not exist",
                       STR_ARG(name));
    return j->rc == 0;
}

HANDLER(cloudwatch, PutCompositeAlarm)
{
    static const char *const members[] = { "AlarmRule", "ActionsSuppressor",
                                           "ActionsSuppressorWaitPeriod",
                                           "ActionsSuppressorExtensionPeriod", NULL };
    struct composites all = { j->cx->e, j->a, j->account, j->region, j->cx->now_ms };
    struct value *old, *doc;

    if (!rule_ok(j) || !suppressor_ok(j) || !actions_ok(j) || !tags_ok(j) ||
        !old_alarm(j, "CompositeAlarm", &old))
        return j->rc;
    doc = document(j, "CompositeAlarm", old);
    job_copy(j, doc, j->call->params, members);
    (void)put(j, doc, old);
    if (j->rc == 0)
        j->rc = composites_settle(&all, j->err);
    return j->rc;
}
