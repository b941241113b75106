/* Tags of alarms, dashboards and metric streams; and what CloudWatch has and this program has not.
 */
#include "core/aws/arn.h"
#include "emulator/engine/generic/generic.h"
#include "emulator/services/cloudwatch/cloudwatch.h"

#define TAGS_MOST 50

/* Source: Service Authorization Reference, "Resource types defined by Amazon CloudWatch". */
static const struct {
    const char *prefix, *type;
    bool is_global;
} kinds[] = {
    { "alarm:", "Alarm", false },
    { "dashboard/", "Dashboard", true },
    { "metric-stream/", "MetricStream", false },
};

struct tagged {
    const char *type;
    struct str id;
    struct value *doc;
};

/* False: refused, or j->rc says why. */
static bool find(struct job *j, struct tagged *out)
{
    struct str text = job_text(j, "ResourceARN");
    struct arn arn;

    if (arn_parse(text, &arn, NULL) < 0 || !str_eq_c(arn.service, "cloudwatch")) {
        (void)cw_bad_value(j, "The value %.*s for parameter ResourceARN is invalid.",
                           STR_ARG(text));
        return false;
    }
    *out = (struct tagged){ 0 };
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_has_prefix(arn.resource, str_c(kinds[i].prefix)) &&
            str_eq(arn.account, j->account) &&
            (kinds[i].is_global || str_eq(arn.region, j->region))) {
            if (kinds[i].is_global)
                j->region = STR("");
            out->type = kinds[i].type;
            out->id = str_sub(arn.resource, strlen(kinds[i].prefix), arn.resource.len);
            out->doc = job_get(j, out->type, out->id);
        }
    if (!out->doc && j->rc == 0)
        (void)job_refuse(j, "ResourceNotFoundException", "Unknown");
    return out->doc != NULL;
}

HANDLER(cloudwatch, ListTagsForResource)
{
    struct tagged t;

    if (!find(j, &t))
        return j->rc;
    const struct value *tags = value_get_c(t.doc, "Tags");
    job_answer(j, "Tags", tags ? value_copy(j->a, tags) : value_list(j->a));
    return 0;
}

HANDLER(cloudwatch, TagResource)
{
    struct tagged t;

    if (!find(j, &t))
        return j->rc;
    struct value *all = tags_merge(j->a, value_get_c(t.doc, "Tags"), param(j->call, "Tags"));
    if (all->count > TAGS_MOST)
        return cw_bad_value(j, "A resource can have at most %d tags.", TAGS_MOST);
    value_set(t.doc, STR("Tags"), all);
    return job_put(j, t.type, t.id, t.doc);
}

HANDLER(cloudwatch, UntagResource)
{
    const struct value *keys = param(j->call, "TagKeys");
    struct tagged t;

    if (!find(j, &t))
        return j->rc;
    struct value *rest = value_list(j->a);
    for (const struct value *tag = value_first(value_get_c(t.doc, "Tags")); tag; tag = tag->next)
        if (!list_has(keys, value_get_str(tag, "Key")))
            value_push(rest, value_copy(j->a, tag));
    value_set(t.doc, STR("Tags"), rest);
    return job_put(j, t.type, t.id, t.doc);
}

/* ---- what is not here ---- */

#define REFUSED(operation, why)                                                                    \
    HANDLER(cloudwatch, operation)                                                                 \
    {                                                                                              \
        generic_refuse(j->a, j->call, j->out, why);                                                \
        return 0;                                                                                  \
    }
/* Nothing of the kind can be made, so there is none. */
#define NONE(operation, member)                                                                    \
    HANDLER(cloudwatch, operation)                                                                 \
    {                                                                                              \
        job_answer(j, member, value_list(j->a));                                                   \
        return j->rc;                                                                              \
    }
REFUSED(DeleteAlarmMuteRule, "alarms are not muted by rules")
REFUSED(DeleteAnomalyDetector, "no anomaly is detected")
REFUSED(DeleteInsightRules, "no Contributor Insights")
REFUSED(DisableInsightRules, "no Contributor Insights")
REFUSED(EnableInsightRules, "no Contributor Insights")
REFUSED(GetAlarmMuteRule, "alarms are not muted by rules")
REFUSED(GetInsightRuleReport, "no Contributor Insights")
REFUSED(GetMetricWidgetImage, "no image is drawn; dashboards are pages under /_mocktrail/ui")
REFUSED(GetOTelEnrichment, "no OpenTelemetry enrichment")
REFUSED(PutAlarmMuteRule, "alarms are not muted by rules")
REFUSED(PutAnomalyDetector, "no anomaly is detected")
REFUSED(PutInsightRule, "no Contributor Insights")
REFUSED(PutManagedInsightRules, "no Contributor Insights")
REFUSED(StartOTelEnrichment, "no OpenTelemetry enrichment")
REFUSED(StopOTelEnrichment, "no OpenTelemetry enrichment")
NONE(DescribeAnomalyDetectors, "AnomalyDetectors")
NONE(DescribeInsightRules, "InsightRules")
NONE(ListAlarmMuteRules, "AlarmMuteRuleSummaries")
NONE(ListManagedInsightRules, "ManagedRules")
