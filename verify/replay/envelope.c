#include "verify/replay/envelope.h"

#include "core/base/clock.h"
#include "core/codec/gzip.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"

enum { GZIP_LEVEL = 6 };

static void member(struct buf *out, const char *name, struct str text)
{
    buf_printf(out, ",\"%s\":", name);
    json_add_string(out, text);
}

static struct str top(struct arena *a, const struct scan_record *r, enum scan_member m)
{
    const struct scan_node *n = scan_top(r, m);

    return scan_is(n, SCAN_STRING) ? scan_text(a, n) : STR("");
}

/* How EventBridge calls what CloudTrail calls so. Source: EventBridge User Guide, "AWS service
 * events delivered via AWS CloudTrail". */
static const struct {
    const char *event_type, *detail_type;
} detail_types[] = {
    { "AwsConsoleSignIn", "AWS Console Sign In via CloudTrail" },
    { "AwsServiceEvent", "AWS Service Event via CloudTrail" },
    { "AwsConsoleAction", "AWS Console Action via CloudTrail" },
    { "AwsCloudTrailInsight", "AWS Insight via CloudTrail" },
};

static const char *detail_type(struct str event_type)
{
    for (size_t i = 0; i < COUNT(detail_types); i++)
        if (str_eq_c(event_type, detail_types[i].event_type))
            return detail_types[i].detail_type;
    return "AWS API Call via CloudTrail";
}

void envelope_event(struct buf *out, struct arena *a, const struct scan_record *r, const char *id)
{
    struct str service, rest;

    (void)str_cut(top(a, r, SCAN_EVENT_SOURCE), '.', &service, &rest);
    buf_printf(out, "{\"version\":\"0\",\"id\":\"%s\"", id);
    member(out, "detail-type", str_c(detail_type(top(a, r, SCAN_EVENT_TYPE))));
    member(out, "source", arena_printf(a, "aws.%.*s", STR_ARG(service)));
    member(out, "account", top(a, r, SCAN_RECIPIENT_ACCOUNT_ID));
    member(out, "time", top(a, r, SCAN_EVENT_TIME));
    member(out, "region", top(a, r, SCAN_AWS_REGION));
    buf_add_c(out, ",\"resources\":[],\"detail\":");
    buf_add(out, r->text);
    buf_add_char(out, '}');
}

/* Nothing when the text is empty. */
static void member_if(struct buf *out, const char *name, struct str text)
{
    if (text.len > 0)
        member(out, name, text);
}

void envelope_segment(struct buf *out, struct arena *a, const struct scan_record *r,
                      struct rng *rng)
{
    struct str source = top(a, r, SCAN_EVENT_SOURCE), error = top(a, r, SCAN_ERROR_CODE);
    struct str service, rest;
    int64_t at_ms = 0;
    uint64_t high = rng_u64(rng), low = rng_u64(rng);

    (void)clock_parse(top(a, r, SCAN_EVENT_TIME), &at_ms, NULL); /* else 1970 */
    (void)str_cut(source, '.', &service, &rest);                 /* no dot: all of it */
    buf_add_c(out, "{\"format\":\"json\",\"version\":1}\n");
    buf_printf(out, "{\"trace_id\":\"1-%08llx-%08llx%016llx\",\"id\":\"%016llx\"",
               (unsigned long long)at_ms / 1000, (unsigned long long)high >> 32,
               (unsigned long long)low, (unsigned long long)rng_u64(rng));
    member(out, "name", service);
    buf_printf(out, ",\"start_time\":%lld,\"end_time\":%lld", (long long)at_ms / 1000,
               (long long)at_ms / 1000);
    buf_add_c(out, ",\"http\":{\"request\":{\"url\":");
    json_add_string(out, arena_printf(a, "https://%.*s/", STR_ARG(source)));
    member_if(out, "user_agent", top(a, r, SCAN_USER_AGENT));
    member_if(out, "client_ip", top(a, r, SCAN_SOURCE_IP_ADDRESS));
    buf_add_c(out, "}},\"aws\":{\"operation\":");
    json_add_string(out, top(a, r, SCAN_EVENT_NAME));
    member(out, "region", top(a, r, SCAN_AWS_REGION));
    member_if(out, "account_id", top(a, r, SCAN_RECIPIENT_ACCOUNT_ID));
    member_if(out, "request_id", top(a, r, SCAN_REQUEST_ID));
    buf_add_c(out, "},\"annotations\":{\"event_id\":");
    json_add_string(out, top(a, r, SCAN_EVENT_ID));
    buf_add_char(out, '}');
    if (error.len > 0) {
        buf_printf(out, ",\"error\":true,\"cause\":{\"exceptions\":[{\"id\":\"%016llx\"",
                   (unsigned long long)rng_u64(rng));
        member(out, "type", error);
        member_if(out, "message", top(a, r, SCAN_ERROR_MESSAGE));
        buf_add_c(out, "}]}");
    }
    buf_add_char(out, '}');
}

void envelope_log_event(struct buf *out, struct arena *a, const struct scan_record *r)
{
    int64_t at_ms = 0;

    (void)clock_parse(top(a, r, SCAN_EVENT_TIME), &at_ms, NULL); /* else 1970 */
    /* An id of 56 digits, as CloudWatch Logs makes them. */
    buf_printf(out, "{\"id\":\"%028lld%028llu\",\"timestamp\":%lld", (long long)at_ms,
               (unsigned long long)str_hash(r->text), (long long)at_ms);
    member(out, "message", r->text);
    buf_add_char(out, '}');
}

int envelope_logs(struct buf *out, const struct envelope_stream *at, struct str events,
                  struct err *err)
{
    struct buf message = { 0 }, packed = { 0 };

    buf_printf(&message,
               "{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"%.*s\",\"logGroup\":\"%.*s\","
               "\"logStream\":\"%.*s_CloudTrail_%.*s\",\"subscriptionFilters\":[\"mocktrail\"],"
               "\"logEvents\":[%.*s]}",
               STR_ARG(at->account), STR_ARG(at->group), STR_ARG(at->account), STR_ARG(at->region),
               STR_ARG(events));
    int rc = gzip_write(&packed, buf_view(&message), GZIP_LEVEL, err);

    if (rc == 0) {
        buf_add_c(out, "{\"awslogs\":{\"data\":\"");
        base64_encode(out, buf_view(&packed));
        buf_add_c(out, "\"}}");
    }
    buf_free(&message);
    buf_free(&packed);
    return rc;
}

void envelope_notice(struct buf *out, struct arena *a, const struct envelope_object *o)
{
    struct buf key = { 0 };

    uri_encode(&key, o->key, URI_KEEP_SLASH);
    buf_add_c(out, "{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\"");
    member(out, "awsRegion", o->region);
    member(out, "eventTime", clock_iso_ms(a, o->at_ms));
    buf_add_c(out, ",\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"s3SchemaVersion\":\"1.0\","
                   "\"configurationId\":\"mocktrail\",\"bucket\":{\"name\":");
    json_add_string(out, o->bucket);
    member(out, "arn", arena_printf(a, "arn:aws:s3:::%.*s", STR_ARG(o->bucket)));
    buf_add_c(out, "},\"object\":{\"key\":");
    json_add_string(out, buf_view(&key));
    buf_printf(out, ",\"size\":%zu,\"sequencer\":\"%016llX\"}}}", o->size_bytes,
               (unsigned long long)o->at_ms);
    buf_free(&key);
}

void envelope_topic(struct buf *out, struct arena *a, const struct envelope_message *m)
{
    struct str topic = STR("arn:aws:sns:us-east-1:000000000000:mocktrail");

    buf_printf(out, "{\"Type\":\"Notification\",\"MessageId\":\"%s\"", m->id);
    member(out, "TopicArn", topic);
    member(out, "Message", m->text);
    member(out, "Timestamp", clock_iso_ms(a, m->at_ms));
    buf_add_c(out, ",\"SignatureVersion\":\"1\",\"Signature\":\"\"");
    member(out, "SigningCertURL",
           arena_printf(a, "%.*s/SimpleNotificationService.pem", STR_ARG(m->origin)));
    member(out, "UnsubscribeURL", arena_printf(a, "%.*s/?Action=Unsubscribe", STR_ARG(m->origin)));
    buf_add_char(out, '}');
}
