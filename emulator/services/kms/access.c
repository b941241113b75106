/* Who may use a key: its policy, and grants. What identity policies say is not asked here. */
#include "emulator/services/kms/kms.h"

#include "core/aws/policy.h"
#include "core/aws/region.h"
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

/* Source: KMS Developer Guide, "AWS KMS condition keys"; IAM User Guide, "AWS global condition
 * context keys". */
static void collect(struct ctx *cx, const struct call *call, struct context *c)
{
    const struct principal *who = call->who;
    bool is_role = who->type == PRINCIPAL_ASSUMED_ROLE;
    char now[CLOCK_ISO_SIZE];

    clock_iso(cx->now_ms, now);
    add(cx, c, STR("aws:CurrentTime"), arena_copy(cx->a, str_c(now)));
    add(cx, c, STR("aws:PrincipalArn"), is_role ? who->issuer_arn : who->arn);
    add(cx, c, STR("aws:PrincipalAccount"), who->account);
    add(cx, c, STR("aws:SourceIp"), call->source_ip);
    add(cx, c, STR("aws:userid"), who->principal_id);
    add(cx, c, STR("aws:RequestedRegion"), call->region);
    add(cx, c, STR("kms:CallerAccount"), who->account);
    add(cx, c, STR("kms:ViaService"), call->invoked_by);
    add(cx, c, STR("kms:GrantIsForAWSResource"), call->invoked_by.len ? STR("true") : STR("false"));
    add(cx, c, STR("kms:SigningAlgorithm"), param_str(call, "SigningAlgorithm"));
    add(cx, c, STR("kms:EncryptionAlgorithm"), param_str(call, "EncryptionAlgorithm"));
    if (str_has_prefix(param_str(call, "KeyId"), STR("alias/")))
        add(cx, c, STR("kms:RequestAlias"), param_str(call, "KeyId"));
    for (const struct value *m = value_first(param(call, "EncryptionContext")); m; m = m->next)
        add(cx, c, arena_printf(cx->a, "kms:EncryptionContext:%.*s", STR_ARG(m->name)), m->u.text);
}

static enum policy_effect judge(struct ctx *cx, const struct call *call, struct str text,
                                struct str action, struct str key_arn)
{
    const struct principal *who = call->who;
    const struct str names[] = { who->arn, who->issuer_arn };
    struct policy *policy;
    struct context c = { .count = 0 };

    if (policy_parse(cx->a, text, POLICY_RESOURCE, &policy, NULL) < 0)
        return POLICY_NO_MATCH;
    collect(cx, call, &c);
    bool is_service = who->type == PRINCIPAL_AWS_SERVICE;
    struct policy_request q = {
        .action = action,
        .resource = key_arn,
        .principal = { .kind = is_service ? STR("Service") : STR("AWS"),
                       .account = who->account,
                       .names = is_service ? &who->service : names,
                       .name_count = is_service || who->issuer_arn.len == 0 ? 1 : 2 },
        .attrs = c.attrs,
        .attr_count = c.count,
    };
    return policy_eval(cx->a, policy, &q).effect;
}

bool kms_policy_lets(struct ctx *cx, const struct call *call, struct str policy, const char *action,
                     struct str key_arn)
{
    return judge(cx, call, policy, str_c(action), key_arn) == POLICY_ALLOW;
}

/* EncryptionContextEquals: the same pairs; EncryptionContextSubset: at least these. */
static bool context_fits(const struct value *grant, const struct value *context)
{
    const struct value *constraints = value_get_c(grant, "Constraints");
    const struct value *equals = value_get_c(constraints, "EncryptionContextEquals");
    const struct value *subset = value_get_c(constraints, "EncryptionContextSubset");

    if (equals && (!context || !value_equal(equals, context)))
        return false;
    for (const struct value *m = value_first(subset); m; m = m->next)
        if (!value_equal(value_get(context, m->name), m))
            return false;
    return true;
}

static bool grant_lets(const struct call *call, const struct value *grant)
{
    struct str to = value_get_str(grant, "GranteePrincipal");
    bool is_operation = false;

    for (const struct value *o = value_first(value_get_c(grant, "Operations")); o; o = o->next)
        is_operation =
            is_operation || str_eq(o->u.text, call->action) ||
            (str_eq_c(call->action, "ReEncrypt") && str_has_prefix(o->u.text, call->action));
    return is_operation && context_fits(grant, param(call, "EncryptionContext")) &&
           (str_eq(to, call->who->arn) || str_eq(to, call->who->issuer_arn) ||
            (call->invoked_by.len > 0 && str_eq(to, call->invoked_by)));
}

static int granted(struct ctx *cx, const struct call *call, const struct kms_key *k, bool *ok,
                   struct err *err)
{
    struct doc_key at = k->at;
    struct doc *docs;
    size_t count;

    at.type = STR("Grant");
    at.id = arena_printf(cx->a, "%.*s/", STR_ARG(k->at.id));
    int rc = store_doc_list(cx->e->store, cx->a, at, STR(""), 0, &docs, &count, err);
    *ok = false;
    for (size_t i = 0; rc == 0 && i < count && !*ok; i++)
        *ok = grant_lets(call, docs[i].value);
    return rc;
}

/* Source: KMS Developer Guide, "Troubleshooting key access"; IAM User Guide, "Access denied error
 * message format". */
int kms_allowed(struct ctx *cx, const struct call *call, struct outcome *out,
                const struct kms_key *k, bool *ok, struct err *err)
{
    struct str action = arena_printf(cx->a, "kms:%.*s", STR_ARG(call->action));

    if (str_eq_c(call->action, "ReEncrypt")) /* policies name its two halves */
        action = STR("kms:ReEncryptFrom");
    enum policy_effect effect = judge(cx, call, value_get_str(k->doc, "Policy"), action, k->arn);
    int rc = 0;
    *ok = effect == POLICY_ALLOW;
    if (effect == POLICY_NO_MATCH)
        rc = granted(cx, call, k, ok, err);
    if (rc == 0 && !*ok)
        outcome_refuse(cx->a, out, 400, "AccessDeniedException",
                       "User: %.*s is not authorized to perform: %.*s on resource: %.*s %s",
                       STR_ARG(call->who->arn), STR_ARG(action), STR_ARG(k->arn),
                       effect == POLICY_DENY
                           ? "with an explicit deny in a resource-based policy"
                           : arena_printf(cx->a,
                                          "because no resource-based policy allows the %.*s action",
                                          STR_ARG(action))
                                 .ptr);
    return rc;
}

/* Source: KMS Developer Guide, "Default key policy", of a key made by an API call. */
struct str kms_default_policy(struct ctx *cx, const struct call *call)
{
    struct str root = arena_printf(cx->a, "arn:%.*s:iam::%.*s:root",
                                   STR_ARG(region_partition(call->region)), STR_ARG(call->account));

    return arena_printf(cx->a,
                        "{\n  \"Version\" : \"2012-10-17\",\n"
                        "  \"Id\" : \"key-default-1\",\n"
                        "  \"Statement\" : [ {\n"
                        "    \"Sid\" : \"Enable IAM User Permissions\",\n"
                        "    \"Effect\" : \"Allow\",\n"
                        "    \"Principal\" : {\n"
                        "      \"AWS\" : \"%.*s\"\n"
                        "    },\n"
                        "    \"Action\" : \"kms:*\",\n"
                        "    \"Resource\" : \"*\"\n"
                        "  } ]\n}",
                        STR_ARG(root));
}

bool kms_policy_ok(struct ctx *cx, const struct call *call, struct outcome *out, struct str policy,
                   struct str key_arn)
{
    struct policy *parsed;
    struct err why = { 0 };

    if (policy_parse(cx->a, policy, POLICY_RESOURCE, &parsed, &why) < 0)
        outcome_refuse(cx->a, out, 0, "MalformedPolicyDocumentException", "%s", why.text);
    else if (!param_bool(call, "BypassPolicyLockoutSafetyCheck", false) &&
             !kms_policy_lets(cx, call, policy, "kms:PutKeyPolicy", key_arn))
        outcome_refuse(cx->a, out, 0, "MalformedPolicyDocumentException",
                       "The new key policy will not allow you to update the key policy in the "
                       "future.");
    return !outcome_refused(out);
}
