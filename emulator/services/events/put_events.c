/* PutEvents: events of users' own. */
#include "core/codec/json.h"
#include "emulator/services/events/ops.h"
#include "emulator/services/resource_policy.h"

/* Source: EventBridge User Guide, "Calculating PutEvents event entry size". */
static size_t entry_bytes(const struct value *entry)
{
    size_t size = value_get_c(entry, "Time") ? 14 : 0;

    size += value_get_str(entry, "Source").len + value_get_str(entry, "DetailType").len +
            value_get_str(entry, "Detail").len;
    for (const struct value *r = value_first(value_get_c(entry, "Resources")); r; r = r->next)
        size += r->u.text.len;
    return size;
}

struct verdict {
    const char *code, *text;
};

static struct verdict judge(struct job *j, const struct value *entry, struct value **detail)
{
    static const char *const required[] = { "Source", "DetailType", "Detail" };

    for (size_t i = 0; i < COUNT(required); i++)
        if (value_get_str(entry, required[i]).len == 0)
            return (struct verdict){
                "InvalidArgument",
                arena_printf(j->a, "Parameter %s is not valid. Reason: %s is a required argument.",
                             required[i], required[i])
                    .ptr
            };
    /* Source: EventBridge API Reference, "PutEventsRequestEntry", Source. */
    if (str_has_prefix(value_get_str(entry, "Source"), STR("aws.")))
        return (struct verdict){ "NotAuthorizedForSourceException",
                                 "Not authorized for the source." };
    if (json_parse(j->a, value_get_str(entry, "Detail"), detail, NULL) < 0 ||
        (*detail)->kind != VALUE_MAP)
        return (struct verdict){ "MalformedDetail", "Detail is malformed." };
    return (struct verdict){ NULL, NULL };
}

/* Another account's bus must let the caller in. The call as a whole is refused, as AWS does. */
static bool may_put(struct job *j, const struct bus_event *ev)
{
    struct doc_key key = events_key(ev->account, ev->region, "EventBus", ev->bus);
    struct value *doc = NULL;

    if (str_eq(ev->account, j->call->account))
        return true;
    int rc = store_doc_get(j->cx->e->store, j->a, key, &doc, j->err);
    if (rc < 0 && rc != E_MISSING) {
        j->rc = rc;
        return false;
    }
    const struct resource_question q = { value_get_str(doc, "Policy"), STR("events:PutEvents"),
                                         events_bus_arn(j->a, ev->account, ev->region, ev->bus),
                                         NULL };
    enum policy_effect effect = resource_policy_judge(j->cx, j->call, &q);
    if (effect != POLICY_ALLOW)
        resource_policy_refuse(j->cx, j->call, j->out, &q, effect);
    return effect == POLICY_ALLOW;
}

static struct bus_event where(struct job *j, const struct value *entry)
{
    struct bus_event ev = { .account = j->call->account,
                            .region = j->call->region,
                            .bus = value_get_str(entry, "EventBusName"),
                            .ingested_ms = j->cx->now_ms,
                            .rng = &j->cx->rng };

    if (ev.bus.len == 0)
        ev.bus = STR(EVENTS_DEFAULT_BUS);
    (void)bus_of_arn(ev.bus, &ev); /* no ARN: a name */
    return ev;
}

static struct value *envelope(struct job *j, const struct value *entry, const struct value *detail)
{
    struct value *v =
        bus_envelope(j->a, &(struct events_event){
                               .account = j->call->account,
                               .region = j->call->region,
                               .source = value_get_str(entry, "Source"),
                               .detail_type = value_get_str(entry, "DetailType"),
                               .resources = value_get_c(entry, "Resources"),
                               .detail = detail,
                               .time_ms = value_get_time(entry, "Time", j->cx->now_ms),
                           });

    bus_name_event(j->a, v, &j->cx->rng);
    return v;
}

static void add_failure(struct job *j, struct value *entries, const char *code, struct str text)
{
    struct value *row = value_map(j->a);
    int64_t failed = value_get_int(j->out->output, "FailedEntryCount", 0);

    value_put_c(j->a, row, "ErrorCode", code);
    value_put_str(j->a, row, "ErrorMessage", text);
    value_push(entries, row);
    value_put_int(j->a, j->out->output, "FailedEntryCount", failed + 1);
}

static int put_entry(struct job *j, const struct value *entry, struct value *entries)
{
    struct bus_event ev = where(j, entry);
    struct value *detail, *row = value_map(j->a);
    struct verdict v = judge(j, entry, &detail);
    struct err why = { 0 };

    if (v.code) {
        add_failure(j, entries, v.code, str_c(v.text));
        return 0;
    }
    ev.envelope = envelope(j, entry, detail);
    int rc = bus_check(j->cx->e, j->a, &ev, &why);
    if (rc == E_MISSING) { /* AWS drops such an event without a word: we say it */
        add_failure(j, entries, "ResourceNotFoundException", arena_copy(j->a, str_c(why.text)));
        return 0;
    }
    if (rc < 0)
        return err_set(j->err, rc, "%s", why.text);
    value_put_str(j->a, row, "EventId", value_get_str(ev.envelope, "id"));
    value_push(entries, row);
    return bus_put(j->cx->e, j->a, &ev, j->err);
}

HANDLER(events, PutEvents)
{
    const struct value *first = value_first(param(j->call, "Entries"));
    struct value *entries = value_list(j->a);
    size_t bytes = 0;

    if (job_has(j, "EndpointId")) {
        outcome_refuse(j->a, j->out, 501, "NotImplemented",
                       "mocktrail puts events on buses, not on global endpoints.");
        return 0;
    }
    for (const struct value *e = first; e; e = e->next)
        bytes += entry_bytes(e);
    if (bytes > BUS_EVENT_BYTES_MOST)
        return job_refuse(j, "ValidationException",
                          "Total size of the entries in the request is over the limit.");
    for (const struct value *e = first; e; e = e->next) {
        const struct bus_event ev = where(j, e);
        if (!may_put(j, &ev))
            return j->rc;
    }
    job_answer(j, "FailedEntryCount", value_int(j->a, 0));
    job_answer(j, "Entries", entries);
    for (const struct value *e = first; j->rc == 0 && e; e = e->next)
        j->rc = put_entry(j, e, entries);
    return j->rc;
}
