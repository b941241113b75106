/* What EventBridge hears of instances: each state that one enters, by a call at once, by the clock
 * alone when it is due. Source: EC2 User Guide, "Automate Amazon EC2 using EventBridge", events of
 * state changes.
 *
 * A change to come is a point of the series "ec2.next" at its time: {Account, Region, Id}. What
 * happened to the instance meanwhile is seen when the time has come. */
#include "core/aws/region.h"
#include "core/codec/json.h"
#include "emulator/engine/schedule.h"
#include "emulator/services/ec2/compute.h"
#include "emulator/services/ec2/events.h"
#include "emulator/services/events/events.h"
#include "emulator/store/series.h"

#define JOB  "ec2.instances"
#define PAGE 100

static const struct series_key coming = { "ec2.next", { "instance", 8 } };

static schedule_fn run;

static int tell(struct engine *e, struct arena *a, const struct doc *instance, int64_t at_ms,
                struct rng *rng, struct err *err)
{
    const struct doc_key *key = &instance->key;
    struct value *detail = value_map(a), *resources = value_list(a);
    struct str partition = region_partition(key->region);

    value_put_str(a, detail, "instance-id", key->id);
    value_put_str(a, detail, "state", ec2_state(EC2_INSTANCE, instance->value));
    value_push(resources, value_str(a, arena_printf(a, "arn:%.*s:ec2:%.*s:%.*s:instance/%.*s",
                                                    STR_ARG(partition), STR_ARG(key->region),
                                                    STR_ARG(key->account), STR_ARG(key->id))));
    return events_emit(
        e, a,
        &(struct events_event){ .account = key->account,
                                .region = key->region,
                                .source = STR("aws.ec2"),
                                .detail_type = STR("EC2 Instance State-change Notification"),
                                .resources = resources,
                                .detail = detail,
                                .time_ms = at_ms,
                                .rng = rng },
        err);
}

static int next_due(struct engine *e, int64_t *out, struct err *err)
{
    struct series_span span = { .from_ms = INT64_MIN, .to_ms = INT64_MAX, .limit = 1 };
    struct arena a = { 0 };
    struct series_point *points;
    size_t count = 0;
    int rc = series_list(e->store, &a, coming, &span, &points, &count, err);

    *out = rc == 0 && count > 0 ? points[0].time_ms : INT64_MAX;
    arena_free(&a);
    return rc;
}

/* A change that comes sooner than the one that is waited for must not be missed. */
static int wait_for_next(struct engine *e, struct err *err)
{
    int64_t due_ms;
    int rc = next_due(e, &due_ms, err);

    return rc < 0 || due_ms == INT64_MAX ? rc : schedule_add(e->schedule, JOB, due_ms, run, e, err);
}

static int expect(struct engine *e, struct arena *a, const struct doc *instance, struct err *err)
{
    int64_t due_ms = ec2_next_change(EC2_INSTANCE, instance->value);
    struct value *m = value_map(a);
    struct buf text = { 0 };

    if (due_ms == INT64_MAX)
        return 0;
    value_put_str(a, m, "Account", instance->key.account);
    value_put_str(a, m, "Region", instance->key.region);
    value_put_str(a, m, "Id", instance->key.id);
    json_write(&text, m);
    int rc = series_put(
        e->store, coming,
        &(struct series_point){ due_ms, str_hash(instance->key.id) >> 1, buf_view(&text) }, err);
    buf_free(&text);
    return rc;
}

int ec2_instance_entered(struct ec2 *j, struct value *instance)
{
    struct engine *e = j->cx->e;
    const struct doc doc = { { j->call->account, j->call->region, STR("ec2"),
                               str_c(ec2_kinds[EC2_INSTANCE].type),
                               value_get_str(instance, "InstanceId") },
                             instance };

    if (!e->telemetry) /* with a sink nobody hears of it */
        return 0;
    int rc = tell(e, j->a, &doc, j->cx->now_ms, j->rng, j->err);
    if (rc == 0)
        rc = expect(e, j->a, &doc, j->err);
    return rc < 0 ? rc : wait_for_next(e, j->err);
}

/* ---- by the clock ---- */

/* Nothing, when another change came before this one. */
static int arrive(struct engine *e, struct arena *a, const struct series_point *p, struct err *err)
{
    struct value *m;
    struct rng rng;
    int rc = json_parse(a, p->data, &m, err);

    if (rc < 0)
        return rc;
    struct doc doc = { .key = { value_get_str(m, "Account"), value_get_str(m, "Region"), STR("ec2"),
                                str_c(ec2_kinds[EC2_INSTANCE].type), value_get_str(m, "Id") } };
    rc = store_doc_get(e->store, a, doc.key, &doc.value, err);
    if (rc < 0)
        return rc == E_MISSING ? 0 : rc;
    if (!ec2_settle_at(a, EC2_INSTANCE, doc.value, p->time_ms) ||
        value_get_time(doc.value, "_since", 0) != p->time_ms)
        return 0;
    engine_chance(e, str_hash(doc.key.id) ^ (uint64_t)p->time_ms, &rng);
    rc = tell(e, a, &doc, p->time_ms, &rng, err);
    return rc < 0 ? rc : expect(e, a, &doc, err);
}

struct arrival {
    struct engine *e;
    int64_t due_ms, *next_ms;
};

static int arrive_all(void *arg, struct err *err)
{
    const struct arrival *r = arg;
    struct series_span span = { .from_ms = INT64_MIN, .to_ms = r->due_ms + 1, .limit = PAGE };
    struct arena a = { 0 };
    struct series_point *points;
    size_t count = PAGE;
    int rc = 0;

    while (rc == 0 && count == PAGE) {
        rc = series_list(r->e->store, &a, coming, &span, &points, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            rc = series_remove(r->e->store, coming, points[i].time_ms, points[i].number, err);
            if (rc == 0)
                rc = arrive(r->e, &a, &points[i], err);
        }
    }
    arena_free(&a);
    return rc < 0 ? rc : next_due(r->e, r->next_ms, err);
}

static int run(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    struct arrival r = { arg, due_ms, next_ms };

    return store_transact(r.e->store, arrive_all, &r, err);
}

int ec2_events_open(struct engine *e, struct err *err)
{
    return e->telemetry ? wait_for_next(e, err) : 0;
}
