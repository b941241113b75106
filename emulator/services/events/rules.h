/* emulator/services/events/rules - what every bus does with an event: its rules, compiled, kept in
 * memory.
 *
 * Rules are documents (type "Rule", id BUS/NAME, with their targets); this is the cache of all of
 * them, loaded again after each change. Everything here runs under the store's lock.
 */
#pragma once

#include "emulator/engine/engine.h"
#include "emulator/services/events/cron.h"
#include "emulator/services/events/pattern.h"
#include "emulator/store/store.h"

#define EVENTS_DEFAULT_BUS "default"

struct rule {
    struct str account, region, bus, name, arn;
    bool takes_reads;                    /* ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS */
    const struct event_pattern *pattern; /* or NULL */
    bool has_schedule;
    struct cron schedule;
    int64_t since_ms;            /* a rate counts from here */
    int64_t next_ms;             /* of the schedule: kept by schedules.c; INT64_MAX: never */
    const struct value *targets; /* a list, or NULL */
};
/* Rules that are not disabled, in order of account, region, bus and name. */
struct rule_set {
    struct rule *rules;
    size_t count;
    uint64_t generation; /* another one after each load */
};

/* Something was changed, or what memory holds is wrong: load before the next look. */
void rules_stale(struct engine *e);
/* NULL: there are none (or there is no telemetry at all); rc of a failure in *rc. */
const struct rule_set *rules_get(struct engine *e, int *rc, struct err *err);
/* The schedule's times are kept in the set itself. */
struct rule_set *rules_get_to_change(struct engine *e, int *rc, struct err *err);
/* One load: false when no rule of a default bus can match a record. */
bool rules_want_records(const struct engine *e);

/* Key of a document of this service. */
struct doc_key events_key(struct str account, struct str region, const char *type, struct str id);
struct str events_rule_id(struct arena *a, struct str bus, struct str name);
struct str events_rule_arn(struct arena *a, const struct doc_key *key); /* key of its document */
struct str events_bus_arn(struct arena *a, struct str account, struct str region, struct str bus);
