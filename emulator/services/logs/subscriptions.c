/* Subscription filters, and the places that their events go to.
 *
 * AWS takes Kinesis streams, Firehose, Lambda and destinations. None of the first three runs here:
 * they are refused in AWS's words for one that can't be reached. In their place a filter, or the
 * targetArn of a destination, may name an SQS queue; a destination also an http URL on loopback,
 * which gets what a Lambda function would. */
#include "core/aws/arn.h"
#include "core/aws/policy.h"
#include "core/codec/gzip.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/services/cloudwatch/metrics.h"
#include "emulator/services/logs/filters.h"
#include "emulator/services/sqs/sqs.h"
#include "emulator/telemetry/outbound.h"

enum { SUBSCRIPTIONS_MOST = 2 }; /* Source: CloudWatch Logs User Guide, "Quotas" */

static const char *const shown[] = {
    "filterName", "logGroupName", "filterPattern", "destinationArn",
    "roleArn",    "distribution", "creationTime",  "applyOnTransformedLogs",
    NULL
};

/* ---- where events go ---- */

static bool is_url(struct str s)
{
    return str_has_prefix(s, STR("http://")) || str_has_prefix(s, STR("https://"));
}

static int queue_find(struct engine *e, struct arena *a, struct str arn_text, struct err *err)
{
    struct value *doc;
    struct arn arn;

    if (arn_parse(arn_text, &arn, NULL) < 0)
        return E_MISSING;
    return store_doc_get(
        e->store, a,
        (struct doc_key){ arn.account, arn.region, STR("sqs"), STR("Queue"), arn.resource }, &doc,
        err);
}

static int destination_get(struct engine *e, struct arena *a, const struct arn *arn,
                           struct value **doc, struct err *err)
{
    struct str kind, name;

    if (!str_cut(arn->resource, ':', &kind, &name) || !str_eq_c(kind, "destination"))
        return E_MISSING;
    return store_doc_get(
        e->store, a,
        (struct doc_key){ arn->account, arn->region, STR("logs"), STR("Destination"), name }, doc,
        err);
}

/* A queue or a URL. */
static int target_find(struct engine *e, struct arena *a, struct str target, struct logs_sink *out,
                       struct err *err)
{
    struct arn arn;

    *out = (struct logs_sink){ 0 };
    if (is_url(target)) {
        out->url = target;
        return 0;
    }
    if (arn_parse(target, &arn, NULL) < 0 || !str_eq_c(arn.service, "sqs"))
        return E_MISSING;
    out->queue_arn = target;
    return queue_find(e, a, target, err);
}

int logs_sink_find(struct engine *e, struct arena *a, struct str destination_arn,
                   struct logs_sink *out, struct err *err)
{
    struct value *doc;
    struct arn arn;

    if (arn_parse(destination_arn, &arn, NULL) < 0 || !str_eq_c(arn.service, "logs"))
        return target_find(e, a, destination_arn, out, err);
    int rc = destination_get(e, a, &arn, &doc, err);
    return rc < 0 ? rc : target_find(e, a, value_get_str(doc, "targetArn"), out, err);
}

/* ---- parcels ---- */

static int zip(struct arena *a, const struct value *payload, struct str *out, struct err *err)
{
    struct buf json = { 0 }, zipped = { 0 }, text = { 0 };

    json_write(&json, payload);
    int rc = gzip_write(&zipped, buf_view(&json), 6, err);
    base64_encode(&text, buf_view(&zipped));
    *out = arena_copy(a, buf_view(&text));
    buf_free(&json);
    buf_free(&zipped);
    buf_free(&text);
    return rc;
}

static int to_queue(const struct logs_parcel *p, const struct logs_sink *sink, struct str data,
                    struct err *err)
{
    struct rng rng;

    /* the same parcel at the same time, the same message id */
    struct str what = arena_printf(p->a, "%.*s %lld %.*s", STR_ARG(p->filter),
                                   (long long)clock_now_ms(&p->e->clock), STR_ARG(data));
    engine_chance(p->e, str_hash(what), &rng);
    return sqs_deliver(
        p->e, p->a,
        &(struct sqs_message){
            .queue_arn = sink->queue_arn,
            .body = data,
            .service = STR("logs.amazonaws.com"),
            .source_arn = logs_group_arn(p->a, p->group.account, p->group.region, p->group.id),
            .rng = &rng },
        err);
}

/* The event that a Lambda function gets. */
static int to_url(const struct logs_parcel *p, const struct logs_sink *sink, struct str data,
                  struct err *err)
{
    static const int64_t delays_ms[] = { 1000, 5000, 30000, 60000, 300000, 900000, 3600000 };
    struct value *headers = value_map(p->a);

    value_put_c(p->a, headers, "Content-Type", "application/json");
    return outbound_put(
        p->e, p->a,
        &(struct outbound){
            .url = sink->url,
            .headers = headers,
            .body = arena_printf(p->a, "{\"awslogs\":{\"data\":\"%.*s\"}}", STR_ARG(data)),
            .delays_ms = delays_ms,
            .delay_count = COUNT(delays_ms),
            .account = p->group.account,
            .region = p->group.region,
            .service = STR("logs") },
        err);
}

/* Source: CloudWatch Logs User Guide, "CloudWatch Logs metrics". */
static int count_forwarded(const struct logs_parcel *p, const char *kind, bool is_lost,
                           struct err *err)
{
    const struct metric_dimension dimensions[] = { { STR("DestinationType"), str_c(kind) },
                                                   { STR("FilterName"), p->filter },
                                                   { STR("LogGroupName"), p->group.id } };
    double n = (double)p->event_count;
    struct metric_datum d = { .account = p->group.account,
                              .region = p->group.region,
                              .namespace_ = STR("AWS/Logs"),
                              .name = is_lost ? STR("DeliveryErrors") : STR("ForwardedLogEvents"),
                              .dimensions = dimensions,
                              .dimension_count = COUNT(dimensions),
                              .unit = "None",
                              .time_ms = clock_now_ms(&p->e->clock),
                              .count = 1,
                              .sum = n,
                              .least = n,
                              .most = n };

    return logs_metric(p->e, &d, err);
}

int logs_parcel_send(const struct logs_parcel *p, struct err *err)
{
    struct err why = { 0 };
    struct logs_sink sink;
    struct str data;
    int rc = logs_sink_find(p->e, p->a, p->destination_arn, &sink, &why);

    if (rc == 0)
        rc = zip(p->a, p->payload, &data, &why);
    if (rc == 0)
        rc = sink.url.len > 0 ? to_url(p, &sink, data, &why) : to_queue(p, &sink, data, &why);
    if (rc == E_IO || rc == E_CONFLICT)
        return err_set(err, rc, "%s", why.text);
    return p->event_count == 0 ? rc
                               : count_forwarded(p, sink.url.len > 0 ? "HTTP" : "SQS", rc < 0, err);
}

/* ---- operations ---- */

/* Source: CloudWatch Logs User Guide, "Subscription filters": the message that checks a
 * destination. */
static struct value *control_message(struct job *j)
{
    struct value *v = value_map(j->a), *events = value_list(j->a), *event = value_map(j->a);

    value_put_c(j->a, v, "messageType", "CONTROL_MESSAGE");
    value_put_c(j->a, v, "owner", "CloudwatchLogs");
    value_put_c(j->a, v, "logGroup", "");
    value_put_c(j->a, v, "logStream", "");
    value_set(v, STR("subscriptionFilters"), value_list(j->a));
    value_put_c(j->a, event, "id", "");
    value_put_int(j->a, event, "timestamp", j->cx->now_ms);
    value_put_c(j->a, event, "message", "CWL CONTROL MESSAGE: Checking health of destination.");
    value_push(events, event);
    value_set(v, STR("logEvents"), events);
    return v;
}

/* What AWS says of a destination that can't be reached. */
static const struct {
    const char *service, *message;
} unreachable[] = {
    { "kinesis", "Could not deliver test message to specified Kinesis stream. Check if the given "
                 "kinesis stream is in ACTIVE state." },
    { "firehose", "Could not deliver test message to specified Firehose stream. Check if the given "
                  "Firehose stream is in ACTIVE state." },
    { "lambda", "Could not execute the lambda function. Make sure you have given CloudWatch Logs "
                "permission to execute your function." },
    { "logs", "Could not deliver message to specified destination. Check if the destination is "
              "valid." },
    { "sqs", "Could not deliver test message to specified queue. Check that it exists and that its "
             "policy does not deny it." },
};

static int refuse_destination(struct job *j, struct str arn_text)
{
    struct arn arn;

    if (arn_parse(arn_text, &arn, NULL) < 0)
        return logs_invalid(j, "destinationArn is not a valid ARN: %.*s", STR_ARG(arn_text));
    for (size_t i = 0; i < COUNT(unreachable); i++)
        if (str_eq_c(arn.service, unreachable[i].service))
            return logs_invalid(j, "%s", unreachable[i].message);
    return logs_invalid(j,
                        "PutSubscriptionFilter operation cannot work with destinationArn for "
                        "vendor %.*s",
                        STR_ARG(arn.service));
}

/* Source: CloudWatch Logs API Reference, "PutDestinationPolicy": who may subscribe from another
 * account. */
static bool destination_lets_in(struct job *j, struct str arn_text)
{
    struct value *doc;
    struct policy *policy;
    struct arn arn;

    if (arn_parse(arn_text, &arn, NULL) < 0 || !str_eq_c(arn.service, "logs") ||
        str_eq(arn.account, j->account))
        return true;
    int rc = destination_get(j->cx->e, j->a, &arn, &doc, j->err);
    if (rc < 0)
        return rc == E_MISSING; /* refused by who looks for it */
    struct str self = j->account;
    struct policy_request q = { .action = STR("logs:PutSubscriptionFilter"),
                                .resource = arn_text,
                                .principal = { STR("AWS"), self, &self, 1 } };
    return policy_parse(j->a, value_get_str(doc, "accessPolicy"), POLICY_RESOURCE, &policy, NULL) ==
               0 &&
           policy_eval(j->a, policy, &q).effect == POLICY_ALLOW;
}

static int check_destination(struct job *j, const struct logs_group *g, struct str arn_text)
{
    struct logs_parcel p = { .e = j->cx->e,
                             .a = j->a,
                             .group = job_key(j, "LogGroup", g->name),
                             .filter = job_text(j, "filterName"),
                             .destination_arn = arn_text,
                             .payload = control_message(j) };

    if (is_url(arn_text))
        return logs_invalid(j, "destinationArn is not a valid ARN: %.*s", STR_ARG(arn_text));
    if (!destination_lets_in(j, arn_text))
        return job_refuse(j, "AccessDeniedException",
                          "User with accountId: %.*s is not authorized to perform "
                          "PutSubscriptionFilter on resource %.*s",
                          STR_ARG(j->account), STR_ARG(arn_text));
    int rc = logs_parcel_send(&p, j->err);
    if (rc == E_MISSING || rc == E_DENIED || rc == E_LIMIT || rc == E_PARSE)
        return refuse_destination(j, arn_text);
    j->rc = rc;
    return rc;
}

static bool options_ok(struct job *j)
{
    static const char *const unknown[] = { "fieldSelectionCriteria", "emitSystemFields" };

    for (size_t i = 0; i < COUNT(unknown); i++)
        if (job_has(j, unknown[i]))
            outcome_refuse(j->a, j->out, 501, "NotImplemented",
                           "mocktrail does not perform %s of filters.", unknown[i]);
    return !job_stopped(j);
}

HANDLER(logs, PutSubscriptionFilter)
{
    static const char *const taken[] = { "filterName", "filterPattern", "destinationArn",
                                         "roleArn",    "distribution",  "applyOnTransformedLogs",
                                         NULL };
    struct str name = job_text(j, "filterName"), arn = job_text(j, "destinationArn");
    struct value *doc = value_map(j->a);
    struct log_pattern *p;
    struct logs_group g;

    if (logs_group_find(j, &g) < 0 || !g.doc || !options_ok(j) ||
        logs_pattern_take(j, job_text(j, "filterPattern"), &p) < 0 ||
        !logs_filter_room(
            j, &g,
            &(struct logs_new_filter){ "SubscriptionFilter", name, p, SUBSCRIPTIONS_MOST }) ||
        check_destination(j, &g, arn) < 0 || job_stopped(j))
        return j->rc;
    value_put_c(j->a, doc, "distribution", "ByLogStream");
    job_copy(j, doc, j->call->params, taken);
    value_put_str(j->a, doc, "logGroupName", g.name);
    value_put_int(j->a, doc, "creationTime", j->cx->now_ms);
    logs_filters_forget(j->cx->e);
    return job_put(j, "SubscriptionFilter", logs_part_id(j->a, g.name, name), doc);
}

HANDLER(logs, DeleteSubscriptionFilter)
{
    struct logs_group g;

    if (logs_group_find(j, &g) < 0 || !g.doc)
        return j->rc;
    struct str id = logs_part_id(j->a, g.name, job_text(j, "filterName"));
    if (!job_get(j, "SubscriptionFilter", id))
        return job_refuse(j, "ResourceNotFoundException",
                          "The specified subscription filter does not exist.");
    logs_filters_forget(j->cx->e);
    return job_drop(j, "SubscriptionFilter", id);
}

HANDLER(logs, DescribeSubscriptionFilters)
{
    struct logs_group g;
    struct doc *docs;

    if (logs_group_find(j, &g) < 0 || !g.doc)
        return j->rc;
    size_t count = job_list(j, "SubscriptionFilter",
                            logs_part_id(j->a, g.name, job_text(j, "filterNamePrefix")), &docs);
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct job_item){ docs[i].key.id, value_map(j->a) };
        job_copy(j, items[i].value, docs[i].value, shown);
    }
    return logs_page(j, &(struct logs_paging){ "limit", "subscriptionFilters", 50, false }, items,
                     count);
}
