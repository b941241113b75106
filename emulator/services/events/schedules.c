#include "emulator/services/events/schedules.h"

#include <stdio.h>

#include "emulator/engine/schedule.h"
#include "emulator/services/events/bus.h"
#include "emulator/services/events/responders.h"
#include "emulator/services/events/state.h"

#define POSITION "events.scheduled" /* every due time up to here has been fired */

static int get_position(struct engine *e, int64_t *out, struct err *err)
{
    struct arena a = { 0 };
    struct str text;
    int rc = store_fact_get(e->store, &a, POSITION, &text, err);

    *out = 0;
    if (rc == 0 && !str_to_i64(text, out))
        rc = err_set(err, E_PARSE, "state.db: %s is no time", POSITION);
    arena_free(&a);
    return rc == E_MISSING ? 0 : rc;
}

static int put_position(struct engine *e, int64_t ms, struct err *err)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%lld", (long long)ms);

    return store_fact_put(e->store, POSITION, (struct str){ text, (size_t)len }, err);
}

static int64_t first_due(const struct rule_set *set)
{
    int64_t first_ms = INT64_MAX;

    for (size_t i = 0; i < set->count; i++)
        if (set->rules[i].next_ms < first_ms)
            first_ms = set->rules[i].next_ms;
    return first_ms;
}

/* Source: EventBridge User Guide, "Scheduled events": detail is empty, resources name the rule. */
static struct value *envelope(struct arena *a, const struct rule *r, int64_t due_ms)
{
    struct value *resources = value_list(a);

    value_push(resources, value_str(a, r->arn));
    return bus_envelope(a, &(struct events_event){ .account = r->account,
                                                   .region = r->region,
                                                   .source = STR("aws.events"),
                                                   .detail_type = STR("Scheduled Event"),
                                                   .resources = resources,
                                                   .detail = value_map(a),
                                                   .time_ms = due_ms });
}

static int fire(struct engine *e, struct arena *a, struct rule *r, struct err *err)
{
    struct str what = arena_printf(a, "%.*s@%lld", STR_ARG(r->arn), (long long)r->next_ms);
    struct bus_event ev = { .account = r->account,
                            .region = r->region,
                            .bus = r->bus,
                            .envelope = envelope(a, r, r->next_ms),
                            .ingested_ms = r->next_ms };
    struct rng rng;

    engine_chance(e, str_hash(what), &rng);
    ev.rng = &rng;
    bus_name_event(a, ev.envelope, &rng);
    r->next_ms = cron_next(&r->schedule, r->since_ms, r->next_ms);
    return bus_trigger(e, a, &ev, r, err);
}

static int fire_due(struct engine *e, struct rule_set *set, int64_t due_ms, struct err *err)
{
    struct arena a = { 0 };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < set->count; i++) {
        if (set->rules[i].next_ms > due_ms)
            continue;
        rc = fire(e, &a, &set->rules[i], err);
        arena_reset(&a);
    }
    arena_free(&a);
    return rc < 0 ? rc : put_position(e, due_ms, err);
}

static int run(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    struct engine *e = arg;
    int rc;

    store_lock(e->store);
    struct rule_set *set = rules_get_to_change(e, &rc, err);
    if (rc == 0)
        rc = store_begin(e->store, err);
    if (rc == 0) {
        rc = fire_due(e, set, due_ms, err);
        if (rc == 0)
            rc = store_commit(e->store, err);
        if (rc < 0) {
            store_rollback(e->store);
            rules_stale(e);
        }
    }
    *next_ms = rc == 0 ? first_due(set) : INT64_MAX;
    store_unlock(e->store);
    /* a clock that stands waits for the answers, so that they have the due time, too */
    return rc == 0 && clock_is_frozen(&e->clock) ? responders_settle(e, err) : rc;
}

#define MISSED_MOST 200000 /* times of a cron that are looked through: months of minutes */

/* The last time that is due by now, or else the next one. */
static int64_t settle(const struct rule *r, int64_t position_ms, int64_t now_ms)
{
    int64_t after_ms = position_ms > r->since_ms ? position_ms : r->since_ms;
    int64_t due_ms = cron_next(&r->schedule, r->since_ms, after_ms);

    if (r->schedule.rate_ms > 0 && due_ms <= now_ms)
        return now_ms - (now_ms - r->since_ms) % r->schedule.rate_ms;
    for (int i = 0; due_ms <= now_ms && i < MISSED_MOST; i++) {
        int64_t next_ms = cron_next(&r->schedule, r->since_ms, due_ms);
        if (next_ms > now_ms)
            return due_ms;
        due_ms = next_ms;
    }
    return due_ms <= now_ms ? cron_next(&r->schedule, r->since_ms, now_ms) : due_ms;
}

int schedules_look(struct engine *e, struct err *err)
{
    return events_state(e)
               ? schedule_add(e->schedule, SCHEDULES_JOB, clock_now_ms(&e->clock), run, e, err)
               : 0;
}

int schedules_loaded(struct engine *e, struct rule_set *set, struct err *err)
{
    int64_t position_ms, now_ms = clock_now_ms(&e->clock);
    int rc = get_position(e, &position_ms, err);

    for (size_t i = 0; rc == 0 && i < set->count; i++)
        if (set->rules[i].has_schedule)
            set->rules[i].next_ms = settle(&set->rules[i], position_ms, now_ms);
    int64_t due_ms = first_due(set);
    if (rc == 0 && due_ms != INT64_MAX)
        return schedule_add(e->schedule, SCHEDULES_JOB, due_ms, run, e, err);
    if (rc == 0)
        schedule_remove(e->schedule, SCHEDULES_JOB);
    return rc;
}
