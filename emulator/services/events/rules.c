#include "emulator/services/events/rules.h"

#include <stdatomic.h>

#include "core/aws/region.h"
#include "core/base/mem.h"
#include "emulator/services/events/schedules.h"
#include "emulator/services/events/state.h"

struct doc_key events_key(struct str account, struct str region, const char *type, struct str id)
{
    return (struct doc_key){ account, region, STR("events"), str_c(type), id };
}

struct str events_rule_id(struct arena *a, struct str bus, struct str name)
{
    return arena_printf(a, "%.*s/%.*s", STR_ARG(bus), STR_ARG(name));
}

/* Source: EventBridge User Guide, "Rules": ARNs of rules of the default bus name no bus. */
struct str events_rule_arn(struct arena *a, const struct doc_key *key)
{
    struct str bus, name, id = key->id;

    if (str_rcut(key->id, '/', &bus, &name) && str_eq_c(bus, EVENTS_DEFAULT_BUS))
        id = name;
    return arena_printf(a, "arn:%.*s:events:%.*s:%.*s:rule/%.*s",
                        STR_ARG(region_partition(key->region)), STR_ARG(key->region),
                        STR_ARG(key->account), STR_ARG(id));
}

struct str events_bus_arn(struct arena *a, struct str account, struct str region, struct str bus)
{
    return arena_printf(a, "arn:%.*s:events:%.*s:%.*s:event-bus/%.*s",
                        STR_ARG(region_partition(region)), STR_ARG(region), STR_ARG(account),
                        STR_ARG(bus));
}

static void load_one(struct arena *a, const struct doc *doc, struct rule *r)
{
    struct str pattern = value_get_str(doc->value, "EventPattern");
    struct str schedule = value_get_str(doc->value, "ScheduleExpression");

    *r = (struct rule){ .account = doc->key.account,
                        .region = doc->key.region,
                        .arn = events_rule_arn(a, &doc->key),
                        .takes_reads = str_eq_c(value_get_str(doc->value, "State"),
                                                "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"),
                        .targets = value_get_c(doc->value, "_targets"),
                        .next_ms = INT64_MAX };
    (void)str_rcut(doc->key.id, '/', &r->bus, &r->name); /* events_rule_id made it */
    /* PutRule has tried both */
    if (pattern.len > 0 && event_pattern_parse(a, pattern, &r->pattern, NULL) < 0)
        r->pattern = NULL;
    r->has_schedule = schedule.len > 0 && cron_parse(schedule, &r->schedule, NULL) == 0;
    if (r->has_schedule)
        r->since_ms = value_get_time(doc->value, "_since", 0);
}

static int load(struct engine *e, struct events_state *s, struct err *err)
{
    struct doc *docs;
    size_t count;
    bool wants = false;

    arena_reset(&s->arena);
    s->set = (struct rule_set){ .generation = s->set.generation + 1 };
    int rc = store_doc_list(e->store, &s->arena, events_key(STR(""), STR(""), "Rule", STR("")),
                            STR(""), 0, &docs, &count, err);
    if (rc < 0)
        return rc;
    s->set.rules = arena_array(&s->arena, count + 1, sizeof *s->set.rules);
    for (size_t i = 0; i < count; i++) {
        struct rule *r = &s->set.rules[s->set.count];

        if (str_eq_c(value_get_str(docs[i].value, "State"), "DISABLED"))
            continue;
        load_one(&s->arena, &docs[i], r);
        wants |= r->pattern && str_eq_c(r->bus, EVENTS_DEFAULT_BUS);
        s->set.count++;
    }
    atomic_store(&s->wants_records, wants);
    s->is_stale = false;
    return schedules_loaded(e, &s->set, err);
}

struct rule_set *rules_get_to_change(struct engine *e, int *rc, struct err *err)
{
    struct events_state *s = events_state(e);

    *rc = s && s->is_stale ? load(e, s, err) : 0;
    return s && *rc == 0 ? &s->set : NULL;
}

const struct rule_set *rules_get(struct engine *e, int *rc, struct err *err)
{
    return rules_get_to_change(e, rc, err);
}

void rules_stale(struct engine *e)
{
    struct events_state *s = events_state(e);

    if (!s)
        return;
    s->is_stale = true;
    atomic_store(&s->wants_records, true); /* perhaps; the next load tells */
}

bool rules_want_records(const struct engine *e)
{
    const struct events_state *s = events_state(e);

    return s && atomic_load(&s->wants_records);
}
