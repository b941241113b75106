/* What a delivered object means to others: the trail's SNS topic is told of a log file, and whoever
 * the bucket notifies of both logs and digests. Inside the transaction that marks the object done:
 * once. */
#include "core/codec/json.h"
#include "emulator/services/s3.h"
#include "emulator/services/sns/sns.h"
#include "emulator/store/objects.h"
#include "emulator/trail/state.h"

#define SERVICE "cloudtrail.amazonaws.com"

static int to_bucket(struct trail *t, struct arena *a, const struct announced *o, struct err *err)
{
    if (o->etag.len == 0)
        return 0;
    return s3_notify_placed(t->e, a,
                            &(struct s3_placed){ .bucket = o->bucket,
                                                 .key = o->key,
                                                 .etag = o->etag,
                                                 .size = o->size,
                                                 .at_ms = o->at_ms,
                                                 .service = STR(SERVICE) },
                            err);
}

/* Source: CloudTrail User Guide, "Configuring Amazon SNS notifications for CloudTrail". */
static struct str message_of(struct arena *a, const struct announced *o)
{
    struct value *m = value_map(a), *keys = value_list(a);
    struct buf text = { 0 };

    value_push(keys, value_str(a, o->key));
    value_put_str(a, m, "s3Bucket", o->bucket);
    value_set(m, STR("s3ObjectKey"), keys);
    json_write(&text, m);
    struct str message = arena_copy(a, buf_view(&text));
    buf_free(&text);
    return message;
}

static int save_status(struct trail *t, struct arena *a, const struct trail_config *c,
                       const struct announced *o, int failure, struct err *err)
{
    struct value *status = value_map(a);

    value_put_time(a, status, "LatestNotificationAttempt", o->at_ms);
    if (failure == 0) {
        value_put_time(a, status, "LatestNotificationTime", o->at_ms);
        value_set(status, STR("LatestNotificationError"), value_null(a));
    } else { /* SNS's codes */
        value_put_c(a, status, "LatestNotificationError",
                    failure == E_MISSING ? "NotFound" : "AuthorizationError");
    }
    return trail_status_put(t, c, status, err);
}

static int to_topic(struct trail *t, struct arena *a, const struct trail_config *c,
                    const struct announced *o, struct err *err)
{
    struct err why = { 0 };
    struct rng rng;

    if (o->topic.len == 0)
        return 0;
    engine_chance(t->e, str_hash(o->key) ^ str_hash(c->arn), &rng);
    int rc = sns_deliver(t->e, a,
                         &(struct sns_notification){ .topic_arn = o->topic,
                                                     .message = message_of(a, o),
                                                     .service = STR(SERVICE),
                                                     .source_arn = c->arn,
                                                     .rng = &rng },
                         NULL, &why);
    if (rc == 0 || rc == E_MISSING || rc == E_DENIED)
        return save_status(t, a, c, o, rc, err);
    return err_set(err, rc, "%s", why.text);
}

int announce(struct trail *t, struct arena *a, const struct trail_config *c,
             const struct announced *o, struct err *err)
{
    int rc = to_bucket(t, a, o, err);

    return rc < 0 ? rc : to_topic(t, a, c, o, err);
}

bool announce_is_heard(struct trail *t, struct str bucket)
{
    return s3_has_notifications(t->e, bucket);
}
