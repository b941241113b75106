#include "emulator/services/s3/restore.h"

#include "core/base/clock.h"

#define MINUTE_MS (60 * 1000ll)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* How long a retrieval takes at most; 0: the class has no such tier.
 * Source: S3 User Guide, "Understanding archive retrieval options". */
static const struct retrieval {
    const char *class, *tier;
    int64_t takes_ms;
} retrievals[] = {
    { "GLACIER", "Expedited", 5 * MINUTE_MS },    { "GLACIER", "Standard", 5 * HOUR_MS },
    { "GLACIER", "Bulk", 12 * HOUR_MS },          { "DEEP_ARCHIVE", "Expedited", 0 },
    { "DEEP_ARCHIVE", "Standard", 12 * HOUR_MS }, { "DEEP_ARCHIVE", "Bulk", 48 * HOUR_MS },
};

static bool is_archived(const struct object *o)
{
    struct str class = value_get_str(o->meta, "StorageClass");

    return str_eq_c(class, "GLACIER") || str_eq_c(class, "DEEP_ARCHIVE");
}

static const struct retrieval *retrieval_find(struct str class, struct str tier)
{
    for (size_t i = 0; i < COUNT(retrievals); i++)
        if (str_eq_c(class, retrievals[i].class) && str_eq_c(tier, retrievals[i].tier))
            return &retrievals[i];
    return NULL;
}

/* A time of the metadata, which is JSON on the disk; INT64_MIN: absent. */
static int64_t time_of(const struct object *o, const char *name)
{
    int64_t ms = INT64_MIN;

    (void)clock_parse(value_get_str(o->meta, name), &ms, NULL); /* absent is no time */
    return ms;
}

enum copy_state { COPY_NONE, COPY_COMES, COPY_THERE };

static enum copy_state copy_of(struct op *op, const struct object *o)
{
    if (!is_archived(o) || time_of(o, "RestoreExpiry") <= op->cx->now_ms)
        return COPY_NONE;
    return time_of(o, "RestoreReady") <= op->cx->now_ms ? COPY_THERE : COPY_COMES;
}

bool restore_is_readable(struct op *op, const struct object *o)
{
    return !is_archived(o) || copy_of(op, o) == COPY_THERE;
}

int restore_refuse(struct op *op, const struct object *o, const char *text)
{
    (void)op_refuse_text(op, "InvalidObjectState", "%s", text); /* always 0 */
    if (!op->out->error)
        op->out->error = value_map(op->a);
    value_put_str(op->a, op->out->error, "StorageClass", value_get_str(o->meta, "StorageClass"));
    return 0;
}

struct str restore_header(struct op *op, const struct object *o)
{
    struct str until;

    switch (copy_of(op, o)) {
    case COPY_COMES:
        return STR("ongoing-request=\"true\"");
    case COPY_THERE:
        until = clock_rfc822(op->a, time_of(o, "RestoreExpiry"));
        return arena_printf(op->a, "ongoing-request=\"false\", expiry-date=\"%.*s\"",
                            STR_ARG(until));
    case COPY_NONE:
        break;
    }
    return (struct str){ 0 };
}

struct value *restore_status(struct op *op, const struct object *o)
{
    enum copy_state state = copy_of(op, o);
    struct value *status = value_map(op->a);

    if (state == COPY_NONE)
        return NULL;
    value_put_bool(op->a, status, "IsRestoreInProgress", state == COPY_COMES);
    if (state == COPY_THERE)
        value_put_time(op->a, status, "RestoreExpiryDate", time_of(o, "RestoreExpiry"));
    return status;
}

/* Source: S3 User Guide, "Restoring an archived object": the days are added to the time at which
 * the copy is there, and the sum is rounded up to midnight UTC. */
static int64_t expiry_of(int64_t ready_ms, int64_t days)
{
    return (ready_ms + days * DAY_MS + DAY_MS - 1) / DAY_MS * DAY_MS;
}

struct wish {
    int64_t days;
    struct str tier;
};

/* 1, or 0 refused. */
static int wish_read(struct op *op, struct wish *out)
{
    const struct value *r = value_get_c(op->call->params, "RestoreRequest");
    struct str tier = value_get_str(value_get_c(r, "GlacierJobParameters"), "Tier");

    if (value_get_str(r, "Type").len > 0 || value_get_c(r, "OutputLocation")) {
        outcome_refuse(op->a, op->out, 501, "NotImplemented",
                       "mocktrail does not run queries on archived objects");
        return 0;
    }
    out->days = value_get_int(r, "Days", 0);
    out->tier = tier.len > 0 ? tier : value_get_str(r, "Tier");
    if (out->tier.len == 0)
        out->tier = STR("Standard");
    return out->days < 1 ? op_refuse(op, "MalformedXML") : 1;
}

/* A copy that is there: its days begin anew. */
static int prolong(struct op *op, struct object *o, const struct wish *wish)
{
    value_put_time(op->a, o->meta, "RestoreExpiry", expiry_of(op->cx->now_ms, wish->days));
    return object_update(op, o, o->meta);
}

/* Source: S3 API Reference, RestoreObject: a restore under way may only be made faster. */
static int begin(struct op *op, struct object *o, const struct wish *wish)
{
    const struct retrieval *r = retrieval_find(value_get_str(o->meta, "StorageClass"), wish->tier);

    if (!r)
        return op_refuse(op, "MalformedXML");
    if (r->takes_ms == 0)
        return op_refuse_text(op, "InvalidArgument",
                              "Retrieval option is not supported by this storage class");
    int64_t ready_ms = op->cx->now_ms + r->takes_ms;
    if (copy_of(op, o) == COPY_COMES && ready_ms >= time_of(o, "RestoreReady"))
        return op_refuse(op, "RestoreAlreadyInProgress");
    value_put_time(op->a, o->meta, "RestoreReady", ready_ms);
    value_put_time(op->a, o->meta, "RestoreExpiry", expiry_of(ready_ms, wish->days));
    op->out->status = 202;
    return object_update(op, o, o->meta);
}

int run_RestoreObject(struct op *op)
{
    struct object o = { 0 };
    struct wish wish;
    int rc = wish_read(op, &wish);

    if (rc <= 0)
        return rc;
    op_lock(op, op->key);
    if ((rc = object_need(op, &o)) <= 0)
        return rc;
    if (o.is_marker)
        return op_refuse(op, "MethodNotAllowed");
    if (!is_archived(&o))
        return restore_refuse(op, &o,
                              "Restore is not allowed for the object's current storage class");
    (void)outcome_output(op->cx, op->out); /* an empty answer */
    return copy_of(op, &o) == COPY_THERE ? prolong(op, &o, &wish) : begin(op, &o, &wish);
}
