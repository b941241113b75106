#include "emulator/services/s3/notification.h"

#include "core/aws/arn.h"
#include "core/aws/ids.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/services/events/events.h"
#include "emulator/services/job.h"
#include "emulator/services/s3.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/notification_config.h"
#include "emulator/services/sns/sns.h"
#include "emulator/services/sqs/sqs.h"
#include "emulator/telemetry/telemetry.h"

#define HOST "s3.amazonaws.com"

/* One event, and everything that its messages say. */
struct happening {
    struct str name;                  /* "ObjectCreated:Put" */
    struct str bucket, owner, region; /* of the bucket */
    struct str key, etag, version, sequencer;
    int64_t size, time_ms; /* size -1: the object is gone */
    struct str principal, ip, request_id, host_id, requester;
    const char *reason; /* EventBridge's: "PutObject" */
};

/* ---- messages ---- */

/* AWS's are arbitrary; ours is drawn from the account's number, so that it repeats. */
static struct str owner_id(struct arena *a, struct str account)
{
    static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    uint64_t h = str_hash(account);
    char text[15] = "A";

    for (size_t i = 1; i < 14; i++, h /= 36)
        text[i] = alphabet[h % 36];
    return arena_copy(a, str_c(text));
}

/* Source: "Event message structure": the key is URL-encoded, a blank is a plus sign. */
static struct str encoded(struct arena *a, struct str key)
{
    struct buf text = { 0 };

    for (size_t i = 0; i < key.len; i++) {
        if (key.ptr[i] == ' ')
            buf_add_char(&text, '+');
        else
            uri_encode(&text, str_sub(key, i, 1), URI_KEEP_SLASH);
    }
    struct str code = arena_copy(a, buf_view(&text));
    buf_free(&text);
    return code;
}

static struct value *map_of(struct arena *a, struct value *in, const char *name)
{
    struct value *m = value_map(a);

    value_set(in, str_c(name), m);
    return m;
}

static struct value *object_of(struct arena *a, const struct happening *h, struct value *in)
{
    struct value *o = map_of(a, in, "object");

    value_put_str(a, o, "key", encoded(a, h->key));
    if (h->size >= 0) {
        value_put_int(a, o, "size", h->size);
        value_put_str(a, o, "eTag", h->etag);
    }
    if (h->version.len > 0)
        value_put_str(a, o, "versionId", h->version);
    value_put_str(a, o, "sequencer", h->sequencer);
    return o;
}

static struct value *record_of(struct arena *a, const struct happening *h, struct str id)
{
    struct value *r = value_map(a), *s3, *bucket, *m;

    value_put_c(a, r, "eventVersion", "2.1");
    value_put_c(a, r, "eventSource", "aws:s3");
    value_put_str(a, r, "awsRegion", h->region);
    value_put_str(a, r, "eventTime", clock_iso_ms(a, h->time_ms));
    value_put_str(a, r, "eventName", h->name);
    value_put_str(a, map_of(a, r, "userIdentity"), "principalId", h->principal);
    value_put_str(a, map_of(a, r, "requestParameters"), "sourceIPAddress", h->ip);
    m = map_of(a, r, "responseElements");
    value_put_str(a, m, "x-amz-request-id", h->request_id);
    value_put_str(a, m, "x-amz-id-2", h->host_id);
    s3 = map_of(a, r, "s3");
    value_put_c(a, s3, "s3SchemaVersion", "1.0");
    value_put_str(a, s3, "configurationId", id);
    bucket = map_of(a, s3, "bucket");
    value_put_str(a, bucket, "name", h->bucket);
    value_put_str(a, map_of(a, bucket, "ownerIdentity"), "principalId", owner_id(a, h->owner));
    value_put_str(a, bucket, "arn", arena_printf(a, "arn:aws:s3:::%.*s", STR_ARG(h->bucket)));
    (void)object_of(a, h, s3);
    return r;
}

static struct str message_of(struct arena *a, const struct happening *h, struct str id)
{
    struct value *doc = value_map(a), *records = value_list(a);
    struct buf text = { 0 };

    value_push(records, record_of(a, h, id));
    value_set(doc, STR("Records"), records);
    json_write(&text, doc);
    struct str message = arena_copy(a, buf_view(&text));
    buf_free(&text);
    return message;
}

/* ---- EventBridge ---- */

static const struct {
    const char *prefix, *detail_type;
} detail_types[] = {
    { "ObjectCreated:", "Object Created" },       { "ObjectRemoved:", "Object Deleted" },
    { "ObjectTagging:Put", "Object Tags Added" }, { "ObjectTagging:Delete", "Object Tags Deleted" },
    { "ObjectAcl:", "Object ACL Updated" },
};

static struct value *detail_of(struct arena *a, const struct happening *h)
{
    struct value *d = value_map(a), *o;

    value_put_c(a, d, "version", "0");
    value_put_str(a, map_of(a, d, "bucket"), "name", h->bucket);
    o = map_of(a, d, "object");
    value_put_str(a, o, "key", h->key);
    if (h->size >= 0) {
        value_put_int(a, o, "size", h->size);
        value_put_str(a, o, "etag", h->etag);
    }
    if (h->version.len > 0)
        value_put_str(a, o, "version-id", h->version);
    value_put_str(a, o, "sequencer", h->sequencer);
    value_put_str(a, d, "request-id", h->request_id);
    value_put_str(a, d, "requester", h->requester);
    value_put_str(a, d, "source-ip-address", h->ip);
    if (str_has_prefix(h->name, STR("ObjectCreated:")) ||
        str_has_prefix(h->name, STR("ObjectRemoved:")))
        value_put_c(a, d, "reason", h->reason);
    if (str_has_prefix(h->name, STR("ObjectRemoved:")))
        value_put_c(a, d, "deletion-type",
                    str_eq_c(h->name, "ObjectRemoved:Delete") ? "Permanently Deleted"
                                                              : "Delete Marker Created");
    return d;
}

static int emit(struct engine *e, struct arena *a, const struct happening *h, struct rng *rng,
                struct err *err)
{
    struct value *resources = value_list(a);
    const char *type = "Object Created";

    for (size_t i = 0; i < COUNT(detail_types); i++)
        if (str_has_prefix(h->name, str_c(detail_types[i].prefix)))
            type = detail_types[i].detail_type;
    value_push(resources, value_str(a, arena_printf(a, "arn:aws:s3:::%.*s", STR_ARG(h->bucket))));
    return events_emit(e, a,
                       &(struct events_event){ .account = h->owner,
                                               .region = h->region,
                                               .source = STR("aws.s3"),
                                               .detail_type = str_c(type),
                                               .resources = resources,
                                               .detail = detail_of(a, h),
                                               .time_ms = h->time_ms,
                                               .rng = rng },
                       err);
}

/* ---- to a destination ---- */

/* 0; E_MISSING, E_DENIED: nothing was put. */
static int send(struct engine *e, struct arena *a, struct str arn, struct str text,
                struct str bucket, const char *subject, struct rng *rng, struct err *err)
{
    struct str source = arena_printf(a, "arn:aws:s3:::%.*s", STR_ARG(bucket));

    if (str_has_prefix(arn, STR("arn:")) && str_find(arn, STR(":sqs:")) > 0)
        return sqs_deliver(e, a,
                           &(struct sqs_message){ .queue_arn = arn,
                                                  .body = text,
                                                  .service = STR(HOST),
                                                  .source_arn = source,
                                                  .rng = rng },
                           err);
    return sns_deliver(e, a,
                       &(struct sns_notification){ .topic_arn = arn,
                                                   .subject = str_c(subject),
                                                   .message = text,
                                                   .service = STR(HOST),
                                                   .source_arn = source,
                                                   .rng = rng },
                       NULL, err);
}

/* A destination that is gone or refuses gets nothing, as S3 does: the user's to mend. */
static int tell(struct engine *e, struct arena *a, const struct happening *h,
                const struct value *targets, struct rng *rng, struct err *err)
{
    int rc = 0;

    for (const struct value *t = value_first(targets); rc == 0 && t; t = t->next) {
        struct str arn = value_get_str(t, "Arn");
        struct err why = { 0 };

        rc = arn.len == 0 ? emit(e, a, h, rng, &why)
                          : send(e, a, arn, message_of(a, h, value_get_str(t, "Id")), h->bucket,
                                 "Amazon S3 Notification", rng, &why);
        if (rc == E_MISSING || rc == E_DENIED)
            rc = 0;
        else if (rc < 0)
            (void)err_set(err, rc, "%s", why.text); /* rc goes up */
    }
    return rc;
}

/* ---- set-up ---- */

static bool has_destination(const struct value *config, struct str arn)
{
    for (size_t k = 0; k < NOTIFY_WAYS; k++)
        if (list_find(value_get_c(config, notify_kinds[k].list), notify_kinds[k].arn, arn))
            return true;
    return false;
}

static struct str test_event(struct op *op)
{
    struct value *m = value_map(op->a);
    struct buf text = { 0 };

    value_put_c(op->a, m, "Service", "Amazon S3");
    value_put_c(op->a, m, "Event", "s3:TestEvent");
    value_put_str(op->a, m, "Time", clock_iso_ms(op->a, op->cx->now_ms));
    value_put_str(op->a, m, "Bucket", op->bucket->name);
    value_put_str(op->a, m, "RequestId", op->call->request_id);
    value_put_str(op->a, m, "HostId", op->call->host_id);
    json_write(&text, m);
    struct str event = arena_copy(op->a, buf_view(&text));
    buf_free(&text);
    return event;
}

static int refuse_destination(struct op *op, struct str arn, const char *why)
{
    (void)op_refuse_text(op, "InvalidArgument",
                         "Unable to validate the following destination configurations");
    if (!op->out->error)
        op->out->error = value_map(op->a);
    value_put_str(op->a, op->out->error, "ArgumentName1", arn);
    value_put_c(op->a, op->out->error, "ArgumentValue1", why);
    return 0;
}

/* The test event shows whether the destination is there. 1, 0 refused, < 0. */
static int check_destination(struct op *op, const struct notify_kind *kind, struct str arn)
{
    const struct value *old = value_get_c(op->bucket->doc, "Notification");
    struct err why = { 0 };
    struct arn parts;

    if (arn_parse(arn, &parts, NULL) < 0 || !str_eq_c(parts.service, kind->service))
        return op_refuse_text(op, "InvalidArgument", "The ARN is not well formed");
    if (str_has_suffix(arn, STR(".fifo")))
        return op_refuse_text(op, "InvalidArgument",
                              "FIFO destinations are not supported for notifications");
    if (!str_eq(parts.region, op->bucket->region))
        return op_refuse_text(op, "InvalidArgument",
                              "The notification destination service region is not valid for the "
                              "bucket location constraint");
    if (has_destination(old, arn))
        return 1;
    int rc = send(op->cx->e, op->a, arn, test_event(op), op->bucket->name, "Amazon S3 Notification",
                  &op->cx->rng, &why);
    if (rc == E_MISSING)
        return refuse_destination(op, arn, "The destination does not exist");
    if (rc == E_DENIED)
        return refuse_destination(op, arn,
                                  "Permissions on the destination do not allow S3 to publish");
    return rc < 0 ? err_set(op->err, rc, "%s", why.text) : 1;
}

int notification_check(struct op *op, struct value *config)
{
    int rc = notification_check_text(op, config);

    if (value_get_bool(op->call->params, "SkipDestinationValidation", false))
        return rc;
    for (size_t k = 0; rc > 0 && k < NOTIFY_WAYS; k++)
        for (const struct value *c = value_first(value_get_c(config, notify_kinds[k].list));
             rc > 0 && c; c = c->next)
            rc = check_destination(op, &notify_kinds[k], value_get_str(c, notify_kinds[k].arn));
    return rc;
}

/* ---- what handlers note ---- */

/* Source: "Supported event types". */
static const struct {
    const char *action, *event;
} by_action[] = {
    { "PutObject", "ObjectCreated:Put" },
    { "CopyObject", "ObjectCreated:Copy" },
    { "CompleteMultipartUpload", "ObjectCreated:CompleteMultipartUpload" },
    { "PutObjectTagging", "ObjectTagging:Put" },
    { "DeleteObjectTagging", "ObjectTagging:Delete" },
    { "PutObjectAcl", "ObjectAcl:Put" },
};

static const char *event_of(const struct op *op)
{
    if (op->call->request && op->call->request->form)
        return "ObjectCreated:Post";
    for (size_t i = 0; i < COUNT(by_action); i++)
        if (str_eq_c(op->call->action, by_action[i].action))
            return by_action[i].event;
    return NULL;
}

/* Increases with time for each key. */
static struct str sequencer(struct arena *a, int64_t time_ms, uint64_t number)
{
    return arena_printf(a, "00%016llX",
                        (unsigned long long)time_ms << 16 | (unsigned long long)(number & 0xffff));
}

static void note(struct op *op, const char *event, struct str key, const struct value *meta,
                 struct str version)
{
    struct value *targets =
        notification_targets(op->a, value_get_c(op->bucket->doc, "Notification"), event, key);
    struct value *n = value_map(op->a);

    if (!targets)
        return;
    value_put_c(op->a, n, "Event", event);
    value_put_str(op->a, n, "Key", key);
    if (meta) {
        value_put_int(op->a, n, "Size", value_get_int(meta, "Size", 0));
        value_put_str(op->a, n, "ETag", value_get_str(meta, "ETag"));
    }
    if (version.len > 0)
        value_put_str(op->a, n, "Version", version);
    value_set(n, STR("To"), targets);
    if (!op->notes)
        op->notes = value_list(op->a);
    value_push(op->notes, n);
}

void notification_created(struct op *op, const struct value *meta)
{
    const char *event = event_of(op);

    if (event && value_get_c(op->bucket->doc, "Notification"))
        note(op, event, op->key, meta, value_get_str(meta, "VersionId"));
}

void notification_removed(struct op *op, struct str key, struct str version,
                          const struct removal *gone)
{
    bool makes_marker = gone->is_marker && version.len == 0;

    if (value_get_c(op->bucket->doc, "Notification"))
        note(op, makes_marker ? "ObjectRemoved:DeleteMarkerCreated" : "ObjectRemoved:Delete", key,
             NULL, gone->version);
}

static struct str principal_of(struct op *op)
{
    const struct principal *who = op->call->who;

    return who->principal_id.len > 0 ? arena_printf(op->a, "AWS:%.*s", STR_ARG(who->principal_id))
                                     : STR("Anonymous");
}

void notification_finish(struct op *op)
{
    struct value *d;
    struct buf text = { 0 };

    if (!op->notes || outcome_refused(op->out))
        return;
    d = value_map(op->a);
    value_put_str(op->a, d, "Bucket", op->bucket->name);
    value_put_str(op->a, d, "Owner", op->bucket->owner);
    value_put_str(op->a, d, "Region", op->bucket->region);
    value_put_str(op->a, d, "Principal", principal_of(op));
    value_put_str(op->a, d, "Requester", op->call->who->account);
    value_put_str(op->a, d, "Ip", op->call->source_ip);
    value_put_str(op->a, d, "HostId", op->call->host_id);
    value_put_str(op->a, d, "Reason", op->call->action);
    value_set(d, STR("Events"), op->notes);
    json_write(&text, d);
    op->out->detail = arena_copy(op->a, buf_view(&text));
    buf_free(&text);
    atomic_store(&op->s3->notifies, true);
}

/* ---- the view ---- */

static int tell_one(struct pass *p, const struct value *d, const struct value *n, uint64_t number,
                    struct err *err)
{
    struct happening h = {
        .name = value_get_str(n, "Event"),
        .bucket = value_get_str(d, "Bucket"),
        .owner = value_get_str(d, "Owner"),
        .region = value_get_str(d, "Region"),
        .key = value_get_str(n, "Key"),
        .etag = value_get_str(n, "ETag"),
        .version = value_get_str(n, "Version"),
        .sequencer = sequencer(p->a, p->entry->facts.time_ms, p->entry->seq + number),
        .size = value_get_int(n, "Size", -1),
        .time_ms = p->entry->facts.time_ms,
        .principal = value_get_str(d, "Principal"),
        .ip = value_get_str(d, "Ip"),
        .request_id = p->entry->facts.request_id,
        .host_id = value_get_str(d, "HostId"),
        .requester = value_get_str(d, "Requester"),
        .reason = arena_copy(p->a, value_get_str(d, "Reason")).ptr,
    };

    return tell(p->e, p->a, &h, value_get_c(n, "To"), &p->rng, err);
}

static int take(struct pass *p, struct err *err)
{
    const struct record_facts *f = &p->entry->facts;
    struct value *d;
    uint64_t number = 0;
    int rc = 0;

    if (f->detail.len == 0 || p->entry->recipient > 0 ||
        !str_eq_c(f->event_source, "s3.amazonaws.com") || json_parse(p->a, f->detail, &d, NULL) < 0)
        return 0;
    for (const struct value *n = value_first(value_get_c(d, "Events")); rc == 0 && n; n = n->next)
        rc = tell_one(p, d, n, number++, err);
    return rc;
}

static bool is_prompt(const struct engine *e)
{
    return atomic_load(&e->s3->notifies);
}

const struct view view_notification = { .name = "notification",
                                        .take = take,
                                        .is_prompt = is_prompt };

/* ---- objects that no call made ---- */

/* A trail delivers what a crash cut short before the service is open: past its cache. */
bool s3_has_notifications(struct engine *e, struct str bucket)
{
    struct arena a = { 0 };
    struct value *doc;
    struct str owner;
    bool has = s3_bucket_document(e->store, &a, bucket, &owner, &doc, NULL) == 0 &&
               value_get_c(doc, "Notification") != NULL;

    arena_free(&a);
    return has;
}

static int tell_placed(struct engine *e, struct arena *a, const struct s3_placed *p,
                       struct happening *h, const struct value *targets, struct err *err)
{
    struct rng rng;

    engine_chance(e, str_hash(p->bucket) ^ str_hash(p->key), &rng);
    h->name = STR("ObjectCreated:Put");
    h->bucket = p->bucket;
    h->key = p->key;
    h->etag = p->etag;
    h->sequencer = sequencer(a, p->at_ms, str_hash(p->key));
    h->size = p->size;
    h->time_ms = p->at_ms;
    h->principal = arena_printf(a, "AWS:%.*s", STR_ARG(p->service));
    h->ip = h->requester = p->service;
    h->request_id = ids_s3_request(a, &rng);
    h->host_id = ids_s3_host(a, &rng);
    h->reason = "PutObject";
    return tell(e, a, h, targets, &rng, err);
}

int s3_notify_placed(struct engine *e, struct arena *a, const struct s3_placed *p, struct err *err)
{
    struct happening h = { .size = -1 };
    struct value *doc;
    int rc = s3_bucket_document(e->store, a, p->bucket, &h.owner, &doc, err);

    if (rc < 0)
        return rc == E_MISSING ? 0 : rc;
    h.region = value_get_str(doc, "Region");
    const struct value *targets =
        notification_targets(a, value_get_c(doc, "Notification"), "ObjectCreated:Put", p->key);
    return targets ? tell_placed(e, a, p, &h, targets, err) : 0;
}
