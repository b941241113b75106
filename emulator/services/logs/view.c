/* Trails that deliver into log groups: each record that a trail takes is one event of the stream
 * ACCOUNT_CloudTrail_REGION, at the record's own time.
 * Source: CloudTrail User Guide, "Sending events to CloudWatch Logs". */
#include "core/aws/arn.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "emulator/services/logs/memory.h"
#include "emulator/services/logs/retention.h"
#include "emulator/telemetry/telemetry.h"
#include "emulator/trail/trail.h"

#define TOO_OLD_MS (14 * DAY_MS) /* Source: CloudWatch Logs API Reference, "PutLogEvents" */

/* A stream that gets events in this batch. */
struct logs_open_intake {
    struct logs_open_intake *next;
    struct str group_arn, stream;
    struct logs_intake in;
    bool is_missing; /* no such group */
};

/* A trail that delivered in this batch, or could not. */
struct logs_delivered {
    struct logs_delivered *next;
    const struct trail_config *trail;
    struct arena *batch;
    bool is_missing;
};

struct logs_memory *logs_memory(struct engine *e)
{
    return e->telemetry ? *telemetry_state(e, VIEW_ID_logs) : NULL;
}

static int view_open(struct engine *e, struct err *err)
{
    struct logs_memory *m = mem_alloc(sizeof *m);

    atomic_store(&m->generation, UINT64_MAX);
    *telemetry_state(e, VIEW_ID_logs) = m;
    int rc = logs_defaults_open(e, err);

    return rc < 0 ? rc : logs_retention_open(e, err);
}

static void view_forget(struct engine *e)
{
    struct logs_memory *m = logs_memory(e);

    logs_filters_forget(e);
    m->open = NULL; /* they lived in the batch */
    m->delivered = NULL;
}

static void view_close(struct engine *e)
{
    struct logs_memory *m = logs_memory(e);

    if (!m)
        return;
    view_forget(e);
    config_free(&m->trails);
    mem_free(m);
    *telemetry_state(e, VIEW_ID_logs) = NULL;
}

static bool has_route(const struct trail_config *t)
{
    for (size_t i = 0; i < t->epoch_count; i++)
        if (t->epochs[i].log_group.len > 0)
            return true;
    return false;
}

/* The trails as they are now, and were while records waited for this drain. */
static int load_trails(struct logs_memory *m, struct engine *e, struct err *err)
{
    uint64_t generation = trail_generation(e->trail);
    struct config_set fresh = { .count = 0 };
    bool any = false;

    if (atomic_load(&m->generation) == generation)
        return 0;
    int rc = logs_settle(e, err); /* it knows the old ones */
    if (rc == 0)
        rc = config_load(e->store, &fresh, err);
    if (rc < 0)
        return rc;
    config_free(&m->trails);
    m->trails = fresh;
    atomic_store(&m->generation, generation);
    for (size_t i = 0; i < fresh.count; i++)
        any |= has_route(&fresh.trails[i]);
    atomic_store(&m->has_routes, any);
    return 0;
}

/* arn:PARTITION:logs:REGION:ACCOUNT:log-group:NAME:* */
static bool target_read(struct str group_arn, struct logs_target *to)
{
    struct arn arn;
    struct str kind, name;

    if (arn_parse(group_arn, &arn, NULL) < 0 || !str_cut(arn.resource, ':', &kind, &name))
        return false;
    to->account = arn.account;
    to->region = arn.region;
    to->group = str_has_suffix(name, STR(":*")) ? str_sub(name, 0, name.len - 2) : name;
    return true;
}

/* Source: CloudTrail User Guide, "CloudWatch log group and log stream naming for CloudTrail". */
static struct str stream_name(struct arena *a, const struct trail_config *t,
                              const struct record_facts *f)
{
    bool is_org = t->org_id.len > 0;

    return arena_printf(a, "%.*s%s%.*s_CloudTrail_%.*s", STR_ARG(is_org ? t->org_id : STR("")),
                        is_org ? "_" : "", STR_ARG(f->account), STR_ARG(f->region));
}

static int open_new(struct logs_memory *m, struct pass *p, struct logs_open_intake *o,
                    struct err *err)
{
    struct logs_target to = { .stream = o->stream, .makes_stream = true, .rng = &p->rng };
    const struct logs_intake *sibling = NULL;
    int rc = target_read(o->group_arn, &to) ? 0 : E_MISSING;

    for (const struct logs_open_intake *other = m->open; other && !sibling; other = other->next)
        if (str_eq(other->group_arn, o->group_arn) && !other->is_missing)
            sibling = &other->in;
    if (rc == 0)
        rc = logs_intake_open(&o->in, p->e, p->batch, &to, sibling, NULL);
    if (rc < 0 && rc != E_MISSING)
        return err_set(err, rc, "log group %.*s can't be read", STR_ARG(o->group_arn));
    o->is_missing = rc == E_MISSING;
    o->next = m->open;
    m->open = o;
    return 0;
}

static int open_for(struct pass *p, const struct trail_config *t, struct str group_arn,
                    struct logs_open_intake **out, struct err *err)
{
    struct logs_memory *m = logs_memory(p->e);
    struct arena_mark mark = arena_mark(p->batch);
    struct str stream = stream_name(p->batch, t, &p->entry->facts);

    for (struct logs_open_intake *o = m->open; o; o = o->next)
        if (str_eq(o->group_arn, group_arn) && str_eq(o->stream, stream)) {
            arena_rewind(p->batch, mark);
            *out = o;
            return 0;
        }
    *out = arena_alloc(p->batch, sizeof **out);
    **out = (struct logs_open_intake){ .group_arn = group_arn, .stream = stream };
    return open_new(m, p, *out, err);
}

/* Whether the trail could deliver, for its status at the end of the batch. */
static void note(struct pass *p, const struct trail_config *t, bool is_missing)
{
    struct logs_memory *m = logs_memory(p->e);
    struct logs_delivered *d = m->delivered;

    while (d && d->trail != t)
        d = d->next;
    if (!d) {
        d = arena_alloc(p->batch, sizeof *d);
        *d = (struct logs_delivered){ .next = m->delivered, .trail = t, .batch = p->batch };
        m->delivered = d;
    }
    d->is_missing = is_missing;
}

/* CloudTrail sends no record of over 256 KiB, Logs takes none that is too old. */
static int deliver(struct pass *p, const struct trail_config *t, const struct trail_epoch *epoch,
                   struct err *err)
{
    const struct record_facts *f = &p->entry->facts;
    struct logs_event event = { f->time_ms, p->entry->record };
    struct logs_open_intake *o;

    if (event.message.len > LIMIT_RECORD_BYTES || f->time_ms < p->now_ms - TOO_OLD_MS)
        return 0;
    int rc = open_for(p, t, epoch->log_group, &o, err);
    if (rc < 0)
        return rc;
    note(p, t, o->is_missing);
    if (o->is_missing || f->time_ms < logs_oldest_ms(o->in.group_doc, p->now_ms))
        return 0;
    return logs_intake_take(&o->in, p->a, &event, pass_record(p), err);
}

static int view_take(struct pass *p, struct err *err)
{
    struct logs_memory *m = logs_memory(p->e);
    int rc = load_trails(m, p->e, err);

    if (rc < 0 || !atomic_load(&m->has_routes))
        return rc;
    for (size_t i = 0; rc == 0 && i < m->trails.count; i++) {
        const struct trail_config *t = &m->trails.trails[i];
        const struct trail_epoch *epoch = has_route(t) ? config_takes(t, p->entry) : NULL;
        if (epoch && epoch->log_group.len > 0)
            rc = deliver(p, t, epoch, err);
    }
    return rc;
}

/* Source: CloudTrail API Reference, "GetTrailStatus": LatestCloudWatchLogsDeliveryTime, -Error. */
static int note_delivery(struct engine *e, const struct logs_delivered *d, struct err *err)
{
    struct doc_key key = config_key(d->trail->owner, d->trail->home, "TrailStatus", d->trail->name);
    struct value *status;
    int rc = store_doc_get(e->store, d->batch, key, &status, err);

    if (rc < 0)
        return rc == E_MISSING ? 0 : rc; /* the trail is gone */
    if (d->is_missing) {
        value_put_c(d->batch, status, "LatestCloudWatchLogsDeliveryError",
                    "ResourceNotFoundException");
    } else {
        value_put_time(d->batch, status, "LatestCloudWatchLogsDeliveryTime",
                       clock_now_ms(&e->clock));
        (void)value_remove(status, STR("LatestCloudWatchLogsDeliveryError")); /* or none */
    }
    return store_doc_put(e->store, key, status, err);
}

int logs_settle(struct engine *e, struct err *err)
{
    struct logs_memory *m = logs_memory(e);
    int rc = 0;

    if (!m)
        return 0;
    for (struct logs_open_intake *o = m->open; rc == 0 && o; o = o->next)
        if (!o->is_missing)
            rc = logs_intake_close(&o->in, err);
    for (const struct logs_delivered *d = m->delivered; rc == 0 && d; d = d->next)
        rc = note_delivery(e, d, err);
    m->open = NULL;
    m->delivered = NULL;
    return rc;
}

static int view_end(struct pass *p, struct err *err)
{
    return logs_settle(p->e, err);
}

static bool view_is_prompt(const struct engine *e)
{
    const struct logs_memory *m = *telemetry_state(e, VIEW_ID_logs);

    return m && (atomic_load(&m->has_routes) ||
                 atomic_load(&m->generation) != trail_generation(e->trail));
}

const struct view view_logs = { .name = "logs",
                                .open = view_open,
                                .close = view_close,
                                .take = view_take,
                                .end = view_end,
                                .forget = view_forget,
                                .is_prompt = view_is_prompt };
