/* Tags, retention and legal hold of an object; calls on objects that need what we have not. */
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/object.h"
#include "emulator/services/s3/upload.h"

#define OBJECT_TAGS_MAX 10 /* Source: S3 User Guide, "Categorizing your storage using tags" */

/* The object of a call, locked for a change of its metadata. 1, 0 refused, < 0. */
static int need_live(struct op *op, struct object *o)
{
    int rc = object_need(op, o);

    return rc > 0 && o->is_marker ? op_refuse(op, "MethodNotAllowed") : rc;
}

static void answer_version(struct op *op, const struct object *o)
{
    struct value *output = outcome_output(op->cx, op->out);

    if (object_shows_version(op->bucket))
        value_put_str(op->a, output, "VersionId", o->version);
}

int run_GetObjectTagging(struct op *op)
{
    struct object o = { 0 };
    int rc = need_live(op, &o);

    if (rc <= 0)
        return rc;
    struct value *tags = value_get_c(o.meta, "TagSet");
    answer_version(op, &o);
    value_set(op->out->output, STR("TagSet"), tags ? value_copy(op->a, tags) : value_list(op->a));
    return 0;
}

int run_PutObjectTagging(struct op *op)
{
    struct value *tags = value_get_c(value_get_c(op->call->params, "Tagging"), "TagSet");
    struct object o = { 0 };
    int rc;

    if (!tags)
        return op_refuse(op, "MalformedXML");
    if ((rc = tags_check(op, tags, OBJECT_TAGS_MAX)) <= 0)
        return rc;
    op_lock(op, op->key);
    if ((rc = need_live(op, &o)) <= 0)
        return rc;
    value_set(o.meta, STR("TagSet"), tags ? value_copy(op->a, tags) : value_list(op->a));
    answer_version(op, &o);
    return object_update(op, &o, o.meta);
}

int run_DeleteObjectTagging(struct op *op)
{
    struct object o = { 0 };
    int rc;

    op_lock(op, op->key);
    if ((rc = need_live(op, &o)) <= 0)
        return rc;
    (void)value_remove(o.meta, STR("TagSet")); /* true when there were tags */
    answer_version(op, &o);
    return object_update(op, &o, o.meta);
}

/* ---- object lock ---- */

static int need_locking(struct op *op, struct object *o)
{
    if (!op->bucket->object_lock)
        return op_refuse_text(op, "InvalidRequest", "Bucket is missing Object Lock Configuration");
    return need_live(op, o);
}

int run_GetObjectRetention(struct op *op)
{
    struct value *retention = value_map(op->a);
    struct object o = { 0 };
    int64_t until_ms;
    int rc = need_locking(op, &o);

    if (rc <= 0)
        return rc;
    if (clock_parse(value_get_str(o.meta, "ObjectLockRetainUntilDate"), &until_ms, NULL) < 0)
        return op_refuse(op, "NoSuchObjectLockConfiguration");
    value_put_str(op->a, retention, "Mode", value_get_str(o.meta, "ObjectLockMode"));
    value_put_time(op->a, retention, "RetainUntilDate", until_ms);
    value_set(outcome_output(op->cx, op->out), STR("Retention"), retention);
    return 0;
}

/* Longer is always allowed; COMPLIANCE gets neither shorter nor weaker, GOVERNANCE with a bypass.
 * Source: S3 User Guide, "Retention modes". */
static bool may_change(struct op *op, const struct object *o, struct str mode, int64_t until_ms)
{
    struct str now = value_get_str(o->meta, "ObjectLockMode");
    bool bypass = value_get_bool(op->call->params, "BypassGovernanceRetention", false);
    int64_t old_ms = 0;

    if (now.len == 0 ||
        clock_parse(value_get_str(o->meta, "ObjectLockRetainUntilDate"), &old_ms, NULL) < 0 ||
        old_ms <= op->cx->now_ms)
        return true;
    if (str_eq_c(now, "GOVERNANCE") && bypass)
        return true;
    return str_eq(now, mode) && until_ms >= old_ms;
}

int run_PutObjectRetention(struct op *op)
{
    const struct value *want = value_get_c(op->call->params, "Retention");
    struct str mode = value_get_str(want, "Mode");
    int64_t until_ms = value_get_time(want, "RetainUntilDate", 0);
    struct object o = { 0 };
    int rc;

    op_lock(op, op->key);
    if ((rc = need_locking(op, &o)) <= 0)
        return rc;
    if ((mode.len > 0) != (until_ms > 0))
        return op_refuse(op, "MalformedXML");
    if (until_ms > 0 && until_ms <= op->cx->now_ms)
        return op_refuse_text(op, "InvalidArgument",
                              "The retain until date must be in the future!");
    if (!may_change(op, &o, mode, until_ms))
        return op_refuse_text(op, "AccessDenied",
                              "Access Denied because object protected by object lock.");
    if (mode.len > 0) {
        value_put_str(op->a, o.meta, "ObjectLockMode", mode);
        value_put_time(op->a, o.meta, "ObjectLockRetainUntilDate", until_ms);
    } else {
        (void)value_remove(o.meta, STR("ObjectLockMode")); /* true when there was a retention */
        (void)value_remove(o.meta, STR("ObjectLockRetainUntilDate"));
    }
    (void)outcome_output(op->cx, op->out); /* an empty answer */
    return object_update(op, &o, o.meta);
}

int run_GetObjectLegalHold(struct op *op)
{
    struct value *hold = value_map(op->a);
    struct object o = { 0 };
    int rc = need_locking(op, &o);

    if (rc <= 0)
        return rc;
    struct str status = value_get_str(o.meta, "ObjectLockLegalHoldStatus");
    if (status.len == 0)
        return op_refuse(op, "NoSuchObjectLockConfiguration");
    value_put_str(op->a, hold, "Status", status);
    value_set(outcome_output(op->cx, op->out), STR("LegalHold"), hold);
    return 0;
}

int run_PutObjectLegalHold(struct op *op)
{
    struct str status = value_get_str(value_get_c(op->call->params, "LegalHold"), "Status");
    struct object o = { 0 };
    int rc;

    op_lock(op, op->key);
    if ((rc = need_locking(op, &o)) <= 0)
        return rc;
    if (!str_eq_c(status, "ON") && !str_eq_c(status, "OFF"))
        return op_refuse(op, "MalformedXML");
    value_put_str(op->a, o.meta, "ObjectLockLegalHoldStatus", status);
    (void)outcome_output(op->cx, op->out); /* an empty answer */
    return object_update(op, &o, o.meta);
}
