#include "emulator/services/events/ops.h"

#include "emulator/services/resource_policy.h"

const struct paging events_paging = { "Limit", "NextToken", "NextToken",          1,
                                      100,     100,         "ValidationException" };

int events_missing(struct job *j, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct str text = arena_vprintf(j->a, fmt, ap);
    va_end(ap);
    return job_refuse(j, "ResourceNotFoundException", "%.*s", STR_ARG(text));
}

int events_too_many(struct job *j)
{
    return job_refuse(j, "LimitExceededException",
                      "The requested resource exceeds the maximum number allowed.");
}

static struct value *default_bus(struct job *j)
{
    struct value *doc = value_map(j->a);

    value_put_c(j->a, doc, "Name", EVENTS_DEFAULT_BUS);
    return doc;
}

/* Another account's bus must let the caller in. */
static bool lets_in(struct job *j, const struct value *bus, struct str name)
{
    const struct resource_question q = {
        value_get_str(bus, "Policy"), arena_printf(j->a, "events:%.*s", STR_ARG(j->call->action)),
        events_bus_arn(j->a, j->account, j->region, name), NULL
    };

    if (str_eq(j->account, j->call->account))
        return true;
    enum policy_effect effect = resource_policy_judge(j->cx, j->call, &q);
    if (effect != POLICY_ALLOW)
        resource_policy_refuse(j->cx, j->call, j->out, &q, effect);
    return effect == POLICY_ALLOW;
}

struct value *events_bus(struct job *j, struct str name_or_arn, struct str *name)
{
    struct bus_event at = { .account = j->account, .region = j->region, .bus = name_or_arn };

    if (name_or_arn.len == 0)
        at.bus = STR(EVENTS_DEFAULT_BUS);
    else if (str_has_prefix(name_or_arn, STR("arn:")) && !bus_of_arn(name_or_arn, &at))
        return NULL; /* the model's pattern lets none through */
    j->account = at.account;
    j->region = at.region;
    *name = at.bus;
    struct value *doc = job_get(j, "EventBus", at.bus);
    if (!doc && j->rc == 0 && str_eq_c(at.bus, EVENTS_DEFAULT_BUS))
        doc = default_bus(j);
    if (!doc && j->rc == 0)
        events_missing(j, "Event bus %.*s does not exist.", STR_ARG(at.bus));
    return doc && lets_in(j, doc, at.bus) ? doc : NULL;
}

struct value *events_rule(struct job *j, struct str bus, struct str name)
{
    struct value *doc = job_get(j, "Rule", events_rule_id(j->a, bus, name));

    if (!doc && !job_stopped(j))
        events_missing(j, "Rule %.*s does not exist on EventBus %.*s.", STR_ARG(name),
                       STR_ARG(bus));
    return doc;
}

int events_put_rule(struct job *j, struct str bus, struct str name, struct value *doc)
{
    if (job_put(j, "Rule", events_rule_id(j->a, bus, name), doc) == 0)
        rules_stale(j->cx->e);
    return j->rc;
}

bool events_pattern_ok(struct job *j, struct str text)
{
    const struct event_pattern *pattern;
    struct err why = { 0 };
    int rc = event_pattern_parse(j->a, text, &pattern, &why);

    if (rc == E_LIMIT)
        job_refuse(j, "LimitExceededException", "%s.", why.text);
    else if (rc < 0)
        job_refuse(j, "InvalidEventPatternException", "Event pattern is not valid. Reason: %s",
                   why.text);
    return rc == 0;
}
