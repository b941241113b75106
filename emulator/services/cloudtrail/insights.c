#include "emulator/trail/insight_kinds.h"

#include "emulator/services/cloudtrail/cloudtrail.h"

/* Put and GetInsightSelectors of trails; what follows from them is emulator/trail/insights'.
 * Source: CloudTrail API Reference, "PutInsightSelectors", "GetInsightSelectors",
 * "InsightSelector", "InvalidInsightSelectorsException". */

static bool refuse(struct ctx *cx, struct outcome *out, const char *text)
{
    outcome_refuse(cx->a, out, 400, "InvalidInsightSelectorsException", "%s", text);
    return false;
}

/* Event data stores are not kept, so neither are their selectors. */
static bool names_trail(struct ctx *cx, const struct call *call, struct outcome *out)
{
    if (!param_has(call, "EventDataStore") && !param_has(call, "InsightsDestination"))
        return true;
    if (param_has(call, "TrailName"))
        outcome_refuse(cx->a, out, 400, "InvalidParameterCombinationException",
                       "TrailName cannot be used with EventDataStore or InsightsDestination.");
    else
        outcome_refuse(cx->a, out, 400, "UnsupportedOperationException",
                       "mocktrail does not keep event data stores yet.");
    return false;
}

static bool is_in(const struct value *list, const char *text)
{
    for (const struct value *v = value_first(list); v; v = v->next)
        if (v->kind == VALUE_STRING && str_eq_c(v->u.text, text))
            return true;
    return false;
}

static const struct value *condition_on(const struct value *selector, const char *field)
{
    const struct value *list = value_get_c(selector, "FieldSelectors");

    for (const struct value *c = value_first(list); c; c = c->next)
        if (str_eq_c(value_get_str(c, "Field"), field))
            return c;
    return NULL;
}

static bool advanced_logs(const struct value *s, bool is_data, bool writes_only)
{
    const struct value *category = value_get_c(condition_on(s, "eventCategory"), "Equals");
    const struct value *read_only = value_get_c(condition_on(s, "readOnly"), "Equals");

    return is_in(category, is_data ? "Data" : "Management") &&
           !(writes_only && is_in(read_only, "true"));
}

static bool basic_logs(const struct value *s, bool is_data, bool writes_only)
{
    if (is_data)
        return value_first(value_get_c(s, "DataResources")) != NULL;
    return value_get_bool(s, "IncludeManagementEvents", true) &&
           !(writes_only && str_eq_c(value_get_str(s, "ReadWriteType"), "ReadOnly"));
}

/* Does the trail log any such event? Without selectors it logs all management events. */
static bool trail_logs(const struct value *trail, bool is_data, bool writes_only)
{
    const struct value *basic = value_get_c(trail, "EventSelectors");
    const struct value *advanced = value_get_c(trail, "AdvancedEventSelectors");
    bool any = !basic && !advanced && !is_data;

    for (const struct value *s = value_first(basic); s; s = s->next)
        any |= basic_logs(s, is_data, writes_only);
    for (const struct value *s = value_first(advanced); s; s = s->next)
        any |= advanced_logs(s, is_data, writes_only);
    return any;
}

static bool form_ok(struct ctx *cx, struct outcome *out, const struct value *selector,
                    unsigned *kinds)
{
    const struct value *categories = value_get_c(selector, "EventCategories");
    enum insight_kind kind;

    if (!insight_kind_find(value_get_str(selector, "InsightType"), &kind))
        return refuse(cx, out,
                      "Insight type is not valid. Valid values are ApiCallRateInsight and "
                      "ApiErrorRateInsight.");
    if (*kinds & 1u << kind)
        return refuse(cx, out, "An Insight type is selected twice.");
    *kinds |= 1u << kind;
    for (const struct value *v = value_first(categories); v; v = v->next)
        if (v->kind != VALUE_STRING ||
            (!str_eq_c(v->u.text, "Management") && !str_eq_c(v->u.text, "Data")))
            return refuse(cx, out,
                          "Event category is not valid. Valid values are Management and Data.");
    return true;
}

/* Source: CloudTrail API Reference, "PutInsightSelectors": what the trail must log. */
static bool selectors_ok(struct ctx *cx, struct outcome *out, const struct value *trail,
                         const struct value *selectors)
{
    unsigned kinds = 0, bits = insight_bits(selectors);

    for (const struct value *s = value_first(selectors); s; s = s->next)
        if (!form_ok(cx, out, s, &kinds))
            return false;
    if ((bits & INSIGHT_BIT(INSIGHT_CALL_RATE, false)) && !trail_logs(trail, false, true))
        return refuse(cx, out,
                      "To log Insights events on the API call rate, the trail must log write "
                      "management events.");
    if ((bits & INSIGHT_BIT(INSIGHT_ERROR_RATE, false)) && !trail_logs(trail, false, false))
        return refuse(cx, out,
                      "To log Insights events on the API error rate, the trail must log read or "
                      "write management events.");
    if ((bits & INSIGHT_DATA_BITS) && !trail_logs(trail, true, false))
        return refuse(cx, out,
                      "To log Insights events on data events, the trail must log data events.");
    return true;
}

/* Who had Insights before goes on counting from where he began. */
static void keep(struct ctx *cx, struct value *trail, const struct value *selectors)
{
    bool had = value_first(value_get_c(trail, "InsightSelectors")) != NULL;

    if (!value_first(selectors)) {
        (void)value_remove(trail, STR("InsightSelectors")); /* or there were none */
        (void)value_remove(trail, STR("InsightsSince"));
        return;
    }
    value_set(trail, STR("InsightSelectors"), value_copy(cx->a, selectors));
    if (!had)
        value_put_time(cx->a, trail, "InsightsSince", cx->now_ms);
}

static void answer(struct ctx *cx, struct outcome *out, const struct value *trail,
                   const struct value *selectors)
{
    struct value *v = outcome_output(cx, out);

    value_put_str(cx->a, v, "TrailARN", value_get_str(trail, "TrailARN"));
    value_set(v, STR("InsightSelectors"),
              selectors ? value_copy(cx->a, selectors) : value_list(cx->a));
}

int cloudtrail_PutInsightSelectors(struct ctx *cx, const struct call *call, struct outcome *out,
                                   struct err *err)
{
    const struct value *selectors = param(call, "InsightSelectors");
    struct ct_trail t;

    if (!names_trail(cx, call, out))
        return 0;
    int rc = ct_find(cx, call, out, param_str(call, "TrailName"), CT_CHANGE, &t, err);
    if (rc < 0 || !t.doc || !selectors_ok(cx, out, t.doc, selectors))
        return rc;
    keep(cx, t.doc, selectors);
    out->changed = true;
    answer(cx, out, t.doc, selectors);
    return ct_save(cx, call, &t, err);
}

int cloudtrail_GetInsightSelectors(struct ctx *cx, const struct call *call, struct outcome *out,
                                   struct err *err)
{
    struct ct_trail t;

    if (!names_trail(cx, call, out))
        return 0;
    int rc = ct_find(cx, call, out, param_str(call, "TrailName"), CT_READ, &t, err);
    if (rc < 0 || !t.doc)
        return rc;
    if (value_get_c(t.doc, "InsightSelectors"))
        answer(cx, out, t.doc, value_get_c(t.doc, "InsightSelectors"));
    else
        outcome_refuse(cx->a, out, 400, "InsightNotEnabledException",
                       "Trail %.*s does not have Insights enabled. Edit the trail settings to "
                       "enable Insights, and then try the operation again.",
                       STR_ARG(value_get_str(t.doc, "TrailARN")));
    return 0;
}
