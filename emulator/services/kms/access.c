/* Who may use a key: its policy, and grants. What identity policies say is not asked here. */
#include "emulator/services/kms/kms.h"

#include "core/aws/region.h"
#include "emulator/services/resource_policy.h"

static void add(struct ctx *cx, struct value *attrs, struct str key, struct str value)
{
    if (value.len > 0)
        value_set(attrs, key, value_str(cx->a, value));
}

/* secretsmanager.amazonaws.com is secretsmanager.REGION.amazonaws.com in kms:ViaService. */
static struct str via(struct ctx *cx, const struct call *call)
{
    struct str service, suffix;

    if (call->invoked_by.len == 0 || !str_cut(call->host, '.', &service, &suffix))
        return (struct str){ 0 };
    return arena_printf(cx->a, "%.*s.%.*s.%.*s", STR_ARG(service), STR_ARG(call->region),
                        STR_ARG(suffix));
}

/* Source: KMS Developer Guide, "AWS KMS condition keys". */
static struct value *attrs_of(struct ctx *cx, const struct call *call)
{
    struct value *attrs = value_map(cx->a);

    add(cx, attrs, STR("kms:CallerAccount"), call->who->account);
    add(cx, attrs, STR("kms:ViaService"), via(cx, call));
    add(cx, attrs, STR("kms:GrantIsForAWSResource"),
        call->invoked_by.len ? STR("true") : STR("false"));
    add(cx, attrs, STR("kms:SigningAlgorithm"), param_str(call, "SigningAlgorithm"));
    add(cx, attrs, STR("kms:EncryptionAlgorithm"), param_str(call, "EncryptionAlgorithm"));
    if (str_has_prefix(param_str(call, "KeyId"), STR("alias/")))
        add(cx, attrs, STR("kms:RequestAlias"), param_str(call, "KeyId"));
    for (const struct value *m = value_first(param(call, "EncryptionContext")); m; m = m->next)
        add(cx, attrs, arena_printf(cx->a, "kms:EncryptionContext:%.*s", STR_ARG(m->name)),
            m->kind == VALUE_STRING ? m->u.text : STR(""));
    return attrs;
}

bool kms_policy_lets(struct ctx *cx, const struct call *call, struct str policy, const char *action,
                     struct str key_arn)
{
    const struct resource_question q = { policy, str_c(action), key_arn, attrs_of(cx, call) };

    return resource_policy_judge(cx, call, &q) == POLICY_ALLOW;
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
            (call->invoked_by.len > 0 && str_eq(to, call->host)));
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

int kms_allowed(struct ctx *cx, const struct call *call, struct outcome *out,
                const struct kms_key *k, bool *ok, struct err *err)
{
    struct resource_question q = { value_get_str(k->doc, "Policy"),
                                   arena_printf(cx->a, "kms:%.*s", STR_ARG(call->action)), k->arn,
                                   attrs_of(cx, call) };
    int rc = 0;

    if (str_eq_c(call->action, "ReEncrypt")) /* policies name its two halves */
        q.action = STR("kms:ReEncryptFrom");
    enum policy_effect effect = resource_policy_judge(cx, call, &q);
    *ok = effect == POLICY_ALLOW;
    if (effect == POLICY_NO_MATCH)
        rc = granted(cx, call, k, ok, err);
    if (rc == 0 && !*ok)
        resource_policy_refuse(cx, call, out, &q, effect);
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
