#include "core/aws/arn.h"
#include "core/codec/json.h"
#include "emulator/services/cloudtrail/cloudtrail.h"
#include "emulator/store/history.h"
#include "emulator/trail/config.h"
#include "emulator/trail/trail.h"

#define PAGE_MAX  50
#define KEPT_MS   (90 * 24 * 3600 * 1000ll)
#define VALUE_MAX 2000

/* Source: CloudTrail API Reference, "LookupAttribute", AttributeKey. */
static const struct {
    const char *key;
    enum history_attribute attribute;
} keys[] = {
    { "EventId", HISTORY_EVENT_ID },           { "EventName", HISTORY_EVENT_NAME },
    { "ReadOnly", HISTORY_READ_ONLY },         { "Username", HISTORY_USERNAME },
    { "ResourceType", HISTORY_RESOURCE_TYPE }, { "ResourceName", HISTORY_RESOURCE_NAME },
    { "EventSource", HISTORY_EVENT_SOURCE },   { "AccessKeyId", HISTORY_ACCESS_KEY_ID },
};

static void bad_attribute(struct ctx *cx, struct outcome *out, const char *text)
{
    outcome_refuse(cx->a, out, 400, "InvalidLookupAttributesException", "%s", text);
}

static void take_attribute(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct history_query *q)
{
    const struct value *list = param(call, "LookupAttributes"), *one = value_first(list);
    struct str key = value_get_str(one, "AttributeKey");

    if (!one)
        return;
    if (one->next) {
        bad_attribute(cx, out, "You can look up events by one attribute only.");
        return;
    }
    for (size_t i = 0; i < COUNT(keys); i++)
        if (str_eq_c(key, keys[i].key))
            q->attribute = keys[i].attribute;
    q->value = value_get_str(one, "AttributeValue");
    if (q->attribute == HISTORY_ANY)
        bad_attribute(cx, out, "The attribute key is not valid.");
    else if (q->value.len == 0 || q->value.len > VALUE_MAX)
        bad_attribute(cx, out, "The attribute value must have 1 to 2000 characters.");
    else if (q->attribute == HISTORY_READ_ONLY && !str_eq(q->value, STR("true")) &&
             !str_eq(q->value, STR("false")))
        bad_attribute(cx, out, "The value of ReadOnly must be true or false.");
}

/* Both ends are inclusive, and count in whole seconds, as EventTime is shown. */
static void take_times(struct ctx *cx, const struct call *call, struct outcome *out,
                       struct history_query *q)
{
    int64_t start = value_get_time(call->params, "StartTime", cx->now_ms - KEPT_MS);
    int64_t end = value_get_time(call->params, "EndTime", cx->now_ms);

    q->start_ms = start - start % 1000;
    q->end_ms = end - end % 1000 + 999;
    if (q->start_ms < cx->now_ms - KEPT_MS)
        q->start_ms = cx->now_ms - KEPT_MS;
    if (start > end)
        outcome_refuse(cx->a, out, 400, "InvalidTimeRangeException",
                       "The start time must not be later than the end time.");
}

static void take_rest(struct ctx *cx, const struct call *call, struct outcome *out,
                      struct history_query *q)
{
    int64_t limit = param_int(call, "MaxResults", PAGE_MAX);
    struct str category = param_str(call, "EventCategory");

    q->limit = (size_t)limit;
    q->is_insight = str_eq(category, STR("insight"));
    if (limit < 1 || limit > PAGE_MAX)
        outcome_refuse(cx->a, out, 400, "InvalidMaxResultsException",
                       "MaxResults must be between 1 and %d.", PAGE_MAX);
    else if (category.len > 0 && !q->is_insight)
        outcome_refuse(cx->a, out, 400, "InvalidEventCategoryException",
                       "The event category %.*s is not valid.", STR_ARG(category));
}

/* All parameters but the token and the page's size: a token is good for the same question only. */
static uint64_t question(struct ctx *cx, const struct call *call)
{
    struct value *params = value_copy(cx->a, call->params);
    struct buf text = { 0 };

    (void)value_remove(params, STR("NextToken"));
    (void)value_remove(params, STR("MaxResults"));
    json_write(&text, params);
    uint64_t hash = str_hash(buf_view(&text)) ^ str_hash(call->region);
    buf_free(&text);
    return hash;
}

static void take_token(struct ctx *cx, const struct call *call, struct outcome *out,
                       struct history_query *q)
{
    struct str after, bond, time, seq;
    struct str want = arena_printf(cx->a, "%016llx", (unsigned long long)question(cx, call));
    int64_t n;

    q->before_time_ms = INT64_MAX;
    q->before_seq = UINT64_MAX;
    if (!param_has(call, "NextToken"))
        return;
    if (page_after(cx, call, param_str(call, "NextToken"), &after) &&
        str_cut(after, '/', &bond, &after) && str_eq(bond, want) &&
        str_cut(after, '/', &time, &seq) && str_to_i64(time, &q->before_time_ms) &&
        str_to_i64(seq, &n)) {
        q->before_seq = (uint64_t)n;
        return;
    }
    outcome_refuse(cx->a, out, 400, "InvalidNextTokenException",
                   "The token is not valid, or the parameters are not those it was given for.");
}

static struct value *show(struct ctx *cx, const struct history_row *row)
{
    struct value *v = value_map(cx->a);

    value_put_str(cx->a, v, "EventId", row->event_id);
    value_put_str(cx->a, v, "EventName", row->event_name);
    if (!row->is_insight)
        value_put_c(cx->a, v, "ReadOnly", row->read_only ? "true" : "false");
    if (row->access_key_id.len > 0)
        value_put_str(cx->a, v, "AccessKeyId", row->access_key_id);
    value_put_time(cx->a, v, "EventTime", row->time_ms - row->time_ms % 1000);
    value_put_str(cx->a, v, "EventSource", row->event_source);
    if (row->user_name.len > 0)
        value_put_str(cx->a, v, "Username", row->user_name);
    value_set(v, STR("Resources"),
              row->resources ? value_copy(cx->a, row->resources) : value_list(cx->a));
    value_put_str(cx->a, v, "CloudTrailEvent", row->record);
    return v;
}

typedef void take_fn(struct ctx *, const struct call *, struct outcome *, struct history_query *);

/* Does not lock: the history takes up what the journal has first, and that waits for no other call.
 */
static int find(struct ctx *cx, const struct call *call, struct outcome *out,
                take_fn *const steps[4], struct err *err)
{
    struct history_query q = { .account = call->account, .region = call->region };
    struct value *list = value_list(cx->a);
    struct history_row *rows;
    size_t count;
    bool more;

    for (size_t i = 0; i < 4; i++) {
        steps[i](cx, call, out, &q);
        if (outcome_refused(out))
            return 0;
    }
    int rc = trail_sync_history(cx->e->trail, err);
    if (rc == 0)
        rc = history_find(cx->e->store, cx->a, &q, &rows, &count, &more, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count; i++)
        value_push(list, show(cx, &rows[i]));
    value_set(outcome_output(cx, out), STR("Events"), list);
    if (more) {
        const struct history_row *last = &rows[count - 1];
        struct str after =
            arena_printf(cx->a, "%016llx/%lld/%llu", (unsigned long long)question(cx, call),
                         (long long)last->time_ms, (unsigned long long)last->seq);
        value_put_str(cx->a, out->output, "NextToken", page_token(cx, call, after));
    }
    return 0;
}

int cloudtrail_LookupEvents(struct ctx *cx, const struct call *call, struct outcome *out,
                            struct err *err)
{
    static take_fn *const steps[4] = { take_attribute, take_times, take_rest, take_token };

    return find(cx, call, out, steps, err);
}

/* Source: CloudTrail API Reference, "ListInsightsData", Dimensions: at most one. */
static void take_dimension(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct history_query *q)
{
    const struct value *one = value_first(param(call, "Dimensions"));

    (void)cx;
    (void)out; /* the model has checked the key */
    for (size_t i = 0; one && i < COUNT(keys); i++)
        if (str_eq_c(one->name, keys[i].key)) {
            q->attribute = keys[i].attribute;
            q->value = one->u.text;
        }
}

static void take_source(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct history_query *q)
{
    int64_t limit = param_int(call, "MaxResults", PAGE_MAX);
    struct arn arn;

    q->is_insight = true;
    q->insight_source = param_str(call, "InsightSource");
    q->limit = (size_t)limit;
    if (arn_parse(q->insight_source, &arn, NULL) < 0 || !str_eq(arn.service, STR("cloudtrail")))
        outcome_refuse(cx->a, out, 400, "InvalidParameterException",
                       "InsightSource must be the ARN of a trail.");
    else if (limit < 1 || limit > PAGE_MAX)
        outcome_refuse(cx->a, out, 400, "InvalidParameterException",
                       "MaxResults must be between 1 and %d.", PAGE_MAX);
}

/* Insights events about a trail's data events; those about management events are LookupEvents'.
 * Source: CloudTrail API Reference, "ListInsightsData". */
int cloudtrail_ListInsightsData(struct ctx *cx, const struct call *call, struct outcome *out,
                                struct err *err)
{
    static take_fn *const steps[4] = { take_dimension, take_times, take_source, take_token };

    return find(cx, call, out, steps, err);
}

int cloudtrail_ListInsightsMetricData(struct ctx *cx, const struct call *call, struct outcome *out,
                                      struct err *err)
{
    (void)call;
    (void)err;
    outcome_refuse(cx->a, out, 400, "UnsupportedOperationException",
                   "mocktrail keeps no time series of Insights: the metrics of each call are in "
                   "CloudWatch, AWS/Usage.");
    return 0;
}

/* Source: CloudTrail API Reference, "ListPublicKeys": keys whose validity overlaps the range; the
 * default range is the present. */
int cloudtrail_ListPublicKeys(struct ctx *cx, const struct call *call, struct outcome *out,
                              struct err *err)
{
    int64_t start = value_get_time(call->params, "StartTime", cx->now_ms);
    int64_t end = value_get_time(call->params, "EndTime", cx->now_ms);
    struct value *list = value_list(cx->a);
    struct doc *docs;
    size_t count;

    if (param_has(call, "NextToken")) { /* all stand on the first page: no token was ever given */
        outcome_refuse(cx->a, out, 400, "InvalidTokenException", "The token is not valid.");
        return 0;
    }
    if (start > end) {
        outcome_refuse(cx->a, out, 400, "InvalidTimeRangeException",
                       "The start time must not be later than the end time.");
        return 0;
    }
    int rc = trail_public_key(cx->e->trail, call->region, err);
    if (rc == 0)
        rc = store_doc_list(cx->e->store, cx->a,
                            config_key(STR(""), call->region, "PublicKey", STR("")), STR(""), 0,
                            &docs, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct value *v = value_copy(cx->a, docs[i].value);
        if (value_get_time(v, "ValidityStartTime", 0) > end ||
            value_get_time(v, "ValidityEndTime", 0) < start)
            continue;
        (void)value_remove(v, STR("Window"));
        v->name = (struct str){ 0 };
        value_push(list, v);
    }
    value_set(outcome_output(cx, out), STR("PublicKeyList"), list);
    return rc;
}
