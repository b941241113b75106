#include "emulator/services/resource_policy.h"

#include "core/aws/arn.h"
#include "core/base/clock.h"

enum { ATTRS_MAX = 64 };

struct context {
    struct policy_attr attrs[ATTRS_MAX];
    size_t count;
};

static void add(struct ctx *cx, struct context *c, struct str key, struct str value)
{
    if (value.len == 0 || c->count == ATTRS_MAX)
        return;
    struct str *copy = arena_alloc(cx->a, sizeof *copy);
    *copy = value;
    c->attrs[c->count++] = (struct policy_attr){ key, copy, 1 };
}

/* Source: IAM User Guide, "AWS global condition context keys". */
static void collect(struct ctx *cx, const struct call *call, const struct value *more,
                    struct context *c)
{
    const struct principal *who = call->who;
    bool is_role = who->type == PRINCIPAL_ASSUMED_ROLE;
    char now[CLOCK_ISO_SIZE];

    clock_iso(cx->now_ms, now);
    add(cx, c, STR("aws:CurrentTime"), arena_copy(cx->a, str_c(now)));
    add(cx, c, STR("aws:PrincipalArn"), is_role ? who->issuer_arn : who->arn);
    add(cx, c, STR("aws:PrincipalAccount"), who->account);
    add(cx, c, STR("aws:SourceIp"), call->invoked_by.len ? STR("") : call->source_ip);
    add(cx, c, STR("aws:userid"), who->principal_id);
    add(cx, c, STR("aws:RequestedRegion"), call->region);
    add(cx, c, STR("aws:ViaAWSService"), call->invoked_by.len ? STR("true") : STR("false"));
    for (const struct value *m = value_first(more); m; m = m->next)
        add(cx, c, m->name, m->u.text);
}

enum policy_effect resource_policy_judge(struct ctx *cx, const struct call *call,
                                         const struct resource_question *q)
{
    const struct principal *who = call->who;
    const struct str names[] = { who->arn, who->issuer_arn };
    bool is_service = who->type == PRINCIPAL_AWS_SERVICE;
    struct policy *policy;
    struct context c = { .count = 0 };

    if (q->policy.len == 0 || policy_parse(cx->a, q->policy, POLICY_RESOURCE, &policy, NULL) < 0)
        return POLICY_NO_MATCH;
    collect(cx, call, q->attrs, &c);
    struct policy_request asked = {
        .action = q->action,
        .resource = q->arn,
        .principal = { .kind = is_service ? STR("Service") : STR("AWS"),
                       .account = who->account,
                       .names = is_service ? &who->service : names,
                       .name_count = is_service || who->issuer_arn.len == 0 ? 1 : 2 },
        .attrs = c.attrs,
        .attr_count = c.count,
    };
    return policy_eval(cx->a, policy, &asked).effect;
}

bool resource_policy_denies(struct arena *a, const struct service_question *q)
{
    struct policy *policy;
    struct arn source = { 0 };

    if (q->policy.len == 0 || policy_parse(a, q->policy, POLICY_RESOURCE, &policy, NULL) < 0)
        return false;
    (void)arn_parse(q->source_arn, &source, NULL); /* none: no account */
    const struct policy_attr attrs[] = {
        { STR("aws:SourceArn"), &q->source_arn, q->source_arn.len > 0 },
        { STR("aws:SourceAccount"), &source.account, source.account.len > 0 },
    };
    struct policy_request asked = {
        .action = q->action,
        .resource = q->arn,
        .principal = { .kind = STR("Service"), .names = &q->service, .name_count = 1 },
        .attrs = attrs,
        .attr_count = COUNT(attrs),
    };
    return policy_eval(a, policy, &asked).effect == POLICY_DENY;
}

/* Source: IAM User Guide, "Troubleshoot access denied error messages", examples. */
void resource_policy_refuse(struct ctx *cx, const struct call *call, struct outcome *out,
                            const struct resource_question *q, enum policy_effect effect)
{
    struct str why =
        effect == POLICY_DENY
            ? STR("with an explicit deny in a resource-based policy")
            : arena_printf(cx->a, "because no resource-based policy allows the %.*s action",
                           STR_ARG(q->action));

    outcome_refuse(cx->a, out, 400, "AccessDeniedException",
                   "User: %.*s is not authorized to perform: %.*s on resource: %.*s %.*s",
                   STR_ARG(call->who->arn), STR_ARG(q->action), STR_ARG(q->arn), STR_ARG(why));
}
