#include "emulator/services/events/bus.h"

#include "core/aws/arn.h"
#include "core/aws/policy.h"
#include "core/codec/json.h"
#include "emulator/services/events/targets.h"
#include "emulator/services/job.h"

/* ---- envelopes ---- */

/* Source: EventBridge User Guide, "Events", event structure. */
struct value *bus_envelope(struct arena *a, const struct events_event *event)
{
    struct value *v = value_map(a);
    char time[CLOCK_ISO_SIZE];

    clock_iso(event->time_ms, time);
    value_put_c(a, v, "version", "0");
    value_put_c(a, v, "id", "");
    value_put_str(a, v, "detail-type", event->detail_type);
    value_put_str(a, v, "source", event->source);
    value_put_str(a, v, "account", event->account);
    value_put_c(a, v, "time", time);
    value_put_str(a, v, "region", event->region);
    value_set(v, STR("resources"),
              event->resources ? value_copy(a, event->resources) : value_list(a));
    value_set(v, STR("detail"), event->detail ? value_copy(a, event->detail) : value_map(a));
    return v;
}

void bus_name_event(struct arena *a, struct value *envelope, struct rng *rng)
{
    char id[37];

    rng_uuid(rng, id);
    value_put_c(a, envelope, "id", id);
}

int events_emit(struct engine *e, struct arena *a, const struct events_event *event,
                struct err *err)
{
    struct bus_event ev = { .account = event->account,
                            .region = event->region,
                            .bus = STR(EVENTS_DEFAULT_BUS),
                            .ingested_ms = clock_now_ms(&e->clock),
                            .rng = event->rng };
    int rc;
    const struct rule_set *set = rules_get(e, &rc, err);

    if (!set || set->count == 0)
        return rc;
    ev.envelope = bus_envelope(a, event);
    bus_name_event(a, ev.envelope, event->rng);
    return bus_put(e, a, &ev, err);
}

/* ---- metrics ---- */

/* Source: EventBridge User Guide, "Monitoring Amazon EventBridge", metrics and dimensions. */
size_t bus_dimensions(const struct rule *r, struct metric_dimension out[2])
{
    size_t n = 0;

    if (!str_eq_c(r->bus, EVENTS_DEFAULT_BUS))
        out[n++] = (struct metric_dimension){ STR("EventBusName"), r->bus };
    out[n++] = (struct metric_dimension){ STR("RuleName"), r->name };
    return n;
}

int bus_count(struct engine *e, const struct rule *r, const char *metric, struct err *err)
{
    struct metric_dimension dimensions[2];
    struct metric_datum d = { .account = r->account,
                              .region = r->region,
                              .namespace_ = STR("AWS/Events"),
                              .name = str_c(metric),
                              .dimensions = dimensions,
                              .dimension_count = bus_dimensions(r, dimensions),
                              .unit = "Count",
                              .time_ms = clock_now_ms(&e->clock),
                              .count = 1,
                              .sum = 1,
                              .least = 1,
                              .most = 1 };

    return metrics_add(e, &d, err);
}

/* ---- buses ---- */

bool bus_of_arn(struct str text, struct bus_event *ev)
{
    struct str kind, name;
    struct arn arn;

    if (arn_parse(text, &arn, NULL) < 0 || !str_eq_c(arn.service, "events") ||
        !str_cut(arn.resource, '/', &kind, &name) || !str_eq_c(kind, "event-bus") || name.len == 0)
        return false;
    ev->account = arn.account;
    ev->region = arn.region;
    ev->bus = name;
    return true;
}

/* What another account sends is believed to be allowed, unless the bus's policy denies it. */
static bool is_denied(struct arena *a, const struct value *bus, const struct bus_event *ev)
{
    struct str from = value_get_str(ev->envelope, "account"), text = value_get_str(bus, "Policy");
    struct policy_request q = { .action = STR("events:PutEvents"),
                                .resource = events_bus_arn(a, ev->account, ev->region, ev->bus),
                                .principal = { .kind = STR("AWS"), .account = from } };
    struct str root = arena_printf(a, "arn:aws:iam::%.*s:root", STR_ARG(from));
    struct policy *policy;

    q.principal.names = &root;
    q.principal.name_count = 1;
    return text.len > 0 && !str_eq(from, ev->account) &&
           policy_parse(a, text, POLICY_RESOURCE, &policy, NULL) == 0 &&
           policy_eval(a, policy, &q).effect == POLICY_DENY;
}

int bus_check(struct engine *e, struct arena *a, const struct bus_event *ev, struct err *err)
{
    struct value *doc = NULL;
    int rc = store_doc_get(e->store, a, events_key(ev->account, ev->region, "EventBus", ev->bus),
                           &doc, err);

    if (rc == E_MISSING && str_eq_c(ev->bus, EVENTS_DEFAULT_BUS))
        return 0;
    if (rc == E_MISSING)
        return err_set(err, E_MISSING, "Event bus %.*s does not exist.", STR_ARG(ev->bus));
    if (rc == 0 && is_denied(a, doc, ev))
        return err_set(err, E_DENIED, "The policy of event bus %.*s denies it.", STR_ARG(ev->bus));
    return rc;
}

/* ---- rules ---- */

int bus_trigger(struct engine *e, struct arena *a, const struct bus_event *ev, const struct rule *r,
                struct err *err)
{
    int rc = bus_count(e, r, "MatchedEvents", err);

    if (rc == 0)
        rc = bus_count(e, r, "TriggeredRules", err);
    for (const struct value *t = value_first(r->targets); rc == 0 && t; t = t->next) {
        struct delivery d = { .e = e, .a = a, .ev = ev, .rule = r, .target = t };
        rc = targets_deliver(&d, err);
    }
    return rc;
}

static bool is_on_bus(const struct rule *r, const struct bus_event *ev)
{
    return str_eq(r->bus, ev->bus) && str_eq(r->region, ev->region) &&
           str_eq(r->account, ev->account);
}

static bool takes(const struct rule *r, const struct bus_event *ev)
{
    return r->pattern && is_on_bus(r, ev) && (!ev->is_read || r->takes_reads) &&
           (!ev->only || list_has(ev->only, r->arn)) &&
           event_pattern_matches(r->pattern, ev->envelope);
}

int bus_put(struct engine *e, struct arena *a, const struct bus_event *ev, struct err *err)
{
    int rc;
    const struct rule_set *set = rules_get(e, &rc, err);

    for (size_t i = 0; rc == 0 && set && i < set->count; i++)
        if (takes(&set->rules[i], ev))
            rc = bus_trigger(e, a, ev, &set->rules[i], err);
    return rc;
}
