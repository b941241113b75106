/* The view of EventBridge: a record becomes an event on its account's default bus. */
#include <stdatomic.h>

#include "core/aws/region.h"
#include "core/base/mem.h"
#include "core/codec/json.h"
#include "emulator/engine/schedule.h"
#include "emulator/services/events/bus.h"
#include "emulator/services/events/schedules.h"
#include "emulator/services/events/state.h"
#include "emulator/telemetry/telemetry.h"
#include "emulator/trail/trail.h"

struct events_state *events_state(const struct engine *e)
{
    return e->telemetry ? *telemetry_state(e, VIEW_ID_events) : NULL;
}

/* ---- which records ---- */

static int load_trails(struct engine *e, struct events_state *s, struct err *err)
{
    uint64_t generation = trail_generation(e->trail);

    if (s->has_trails && s->trails_generation == generation)
        return 0;
    config_free(&s->trails);
    s->has_trails = false;
    int rc = config_load(e->store, &s->trails, err);
    s->has_trails = rc == 0;
    s->trails_generation = generation;
    return rc;
}

/* Source: EventBridge User Guide, "AWS service events delivered via AWS CloudTrail": only what a
 * trail with logging logs. */
static bool any_trail_takes(const struct events_state *s, const struct journal_entry *entry)
{
    for (size_t i = 0; i < s->trails.count; i++)
        if (config_takes(&s->trails.trails[i], entry))
            return true;
    return false;
}

static bool any_rule_on_bus(const struct rule_set *set, const struct record_facts *f)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct rule *r = &set->rules[i];

        if (r->pattern && str_eq_c(r->bus, EVENTS_DEFAULT_BUS) && str_eq(r->region, f->region) &&
            str_eq(r->account, f->account))
            return true;
    }
    return false;
}

/* Source: EventBridge User Guide, "Receiving read-only management events from AWS services": those
 * that begin with Describe, Get or List, but for two of STS. */
static bool is_read(const struct record_facts *f)
{
    static const char *const verbs[] = { "Describe", "Get", "List" };

    if (f->category != EVENT_MANAGEMENT || str_eq_c(f->event_name, "GetFederationToken") ||
        str_eq_c(f->event_name, "GetSessionToken"))
        return false;
    for (size_t i = 0; i < COUNT(verbs); i++)
        if (str_has_prefix(f->event_name, str_c(verbs[i])))
            return true;
    return false;
}

/* ---- its envelope ---- */

static const struct {
    const char *event_type, *detail_type;
} detail_types[] = {
    { "AwsApiCall", "AWS API Call via CloudTrail" },
    { "AwsConsoleSignIn", "AWS Console Sign In via CloudTrail" },
    { "AwsConsoleAction", "AWS Console Action via CloudTrail" },
    { "AwsServiceEvent", "AWS Service Event via CloudTrail" },
    { "AwsCloudTrailInsight", "AWS Insight via CloudTrail" },
    { "AwsVpceEvent", "AWS Network Activity Event via CloudTrail" },
};

/* NULL: of a kind that EventBridge does not get. */
static const char *detail_type(const struct value *record)
{
    struct str type = value_get_str(record, "eventType");

    for (size_t i = 0; i < COUNT(detail_types); i++)
        if (str_eq_c(type, detail_types[i].event_type))
            return detail_types[i].detail_type;
    return NULL;
}

/* Source: EventBridge Events Reference, "AWS CloudTrail": Insights are events of CloudTrail. */
static struct str source_of(struct arena *a, const struct record_facts *f)
{
    struct str host = STR(".amazonaws.com"), event_source = f->event_source;

    if (f->category == EVENT_INSIGHT)
        return STR("aws.cloudtrail");
    if (str_has_suffix(event_source, host))
        event_source = str_sub(event_source, 0, event_source.len - host.len);
    return arena_printf(a, "aws.%.*s", STR_ARG(event_source));
}

static struct value *envelope(struct pass *p, const struct value *record, const char *type)
{
    const struct record_facts *f = &p->entry->facts;
    struct value *v = bus_envelope(p->a, &(struct events_event){ .account = f->account,
                                                                 .region = f->region,
                                                                 .source = source_of(p->a, f),
                                                                 .detail_type = str_c(type),
                                                                 .detail = record,
                                                                 .time_ms = f->time_ms });
    bus_name_event(p->a, v, &p->rng);
    return v;
}

/* ---- the view ---- */

static int put(struct pass *p, struct err *err)
{
    const struct value *record = pass_record(p);
    const char *type = record ? detail_type(record) : NULL;
    const struct record_facts *f = &p->entry->facts;

    /* Source: EventBridge User Guide, "Quotas": larger events are dropped; the envelope around it
     * has some hundred bytes. */
    if (!type || p->entry->record.len > BUS_EVENT_BYTES_MOST - 512)
        return 0;
    return bus_put(p->e, p->a,
                   &(struct bus_event){ .account = f->account,
                                        .region = f->region,
                                        .bus = STR(EVENTS_DEFAULT_BUS),
                                        .envelope = envelope(p, record, type),
                                        .ingested_ms = p->now_ms,
                                        .is_read = is_read(f),
                                        .rng = &p->rng },
                   err);
}

static int take(struct pass *p, struct err *err)
{
    int rc;

    if (!rules_want_records(p->e))
        return 0;
    const struct rule_set *set = rules_get(p->e, &rc, err);
    if (rc < 0 || !any_rule_on_bus(set, &p->entry->facts))
        return rc;
    struct events_state *s = events_state(p->e);
    rc = load_trails(p->e, s, err);
    return rc == 0 && any_trail_takes(s, p->entry) ? put(p, err) : rc;
}

static void forget(struct engine *e)
{
    rules_stale(e);
}

/* Rules with a schedule wait from the start on. */
static int open_view(struct engine *e, struct err *err)
{
    struct events_state *s = mem_alloc(sizeof *s);
    int rc;

    *telemetry_state(e, VIEW_ID_events) = s;
    s->is_stale = true;
    store_lock(e->store);
    (void)rules_get(e, &rc, err); /* loaded for later */
    store_unlock(e->store);
    return rc;
}

static void close_view(struct engine *e)
{
    struct events_state *s = events_state(e);

    if (!s)
        return;
    schedule_remove(e->schedule, SCHEDULES_JOB);
    config_free(&s->trails);
    arena_free(&s->arena);
    mem_free(s);
    *telemetry_state(e, VIEW_ID_events) = NULL;
}

const struct view view_events = { .name = "events",
                                  .open = open_view,
                                  .close = close_view,
                                  .take = take,
                                  .forget = forget,
                                  .is_prompt = rules_want_records };
