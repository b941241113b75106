/* AssumeRole: what the role's trust says, and a session of it. */
#include "emulator/services/sts/sts.h"

#define HOUR_S      3600
#define MOST_ROLE_S (12 * HOUR_S)

static bool is_code(struct str code)
{
    for (size_t i = 0; i < code.len; i++)
        if (code.ptr[i] < '0' || code.ptr[i] > '9')
            return false;
    return code.len == 6;
}

/* A code is checked for its form only, as iam does when a device is enabled. */
int sts_mfa_ok(struct ctx *cx, const struct call *call, struct outcome *out, bool *ok,
               struct err *err)
{
    struct str serial = param_str(call, "SerialNumber"), code = param_str(call, "TokenCode");
    struct doc_key key = {
        .account = call->who->account, .service = STR("iam"), .type = STR("MFADevice"), .id = serial
    };
    struct value *device = NULL;
    int rc = 0;

    *ok = serial.len == 0 && code.len == 0;
    if (*ok)
        return 0;
    if (serial.len > 0)
        rc = store_doc_get(cx->e->store, cx->a, key, &device, err);
    if (rc < 0 && rc != E_MISSING)
        return rc;
    struct str owner = value_get_str(value_get_c(device, "User"), "UserName");
    *ok = owner.len > 0 && str_eq(owner, call->who->user_name) && is_code(code);
    if (!*ok)
        outcome_refuse(cx->a, out, 403, "AccessDenied",
                       is_code(code) ? "MultiFactorAuthentication failed, unable to validate MFA "
                                       "code.  Please verify your MFA serial number is valid and "
                                       "associated with this user."
                                     : "MultiFactorAuthentication failed with invalid MFA one time "
                                       "pass code. ");
    return 0;
}

/* Who asks, as a trust policy may name them. */
static struct policy_principal principal_of(struct ctx *cx, const struct call *call)
{
    const struct principal *who = call->who;
    struct str *names = arena_array(cx->a, 2, sizeof *names);
    struct policy_principal p = { .kind = STR("AWS"), .account = who->account, .names = names };

    if (who->type == PRINCIPAL_AWS_SERVICE) {
        p.kind = STR("Service");
        names[p.name_count++] = who->service;
        return p;
    }
    names[p.name_count++] = who->arn;
    if (who->type == PRINCIPAL_ASSUMED_ROLE)
        names[p.name_count++] = who->issuer_arn;
    return p;
}

static bool trusts(struct ctx *cx, const struct sts_role *role, const char *action,
                   const struct policy_principal *who, const struct sts_context *context)
{
    struct policy_request q = { .action = arena_printf(cx->a, "sts:%s", action),
                                .principal = *who,
                                .attrs = context->attrs,
                                .attr_count = context->count };

    return role->trust && policy_eval(cx->a, role->trust, &q).effect == POLICY_ALLOW;
}

/* A session of a role that assumes another brings its transitive tags and its source identity. */
static void inherit(struct ctx *cx, const struct call *call, struct principal *session)
{
    const struct principal *who = call->who;
    struct value *keys = param(call, "TransitiveTagKeys");

    session->session_tags = sts_tags(cx, call);
    session->transitive_tags = keys && keys->count > 0 ? value_copy(cx->a, keys) : NULL;
    session->source_identity = param_has(call, "SourceIdentity") ? param_str(call, "SourceIdentity")
                                                                 : who->source_identity;
    for (const struct value *k = value_first(who->transitive_tags); k; k = k->next) {
        struct value *tag = value_get(who->session_tags, k->u.text);

        if (!tag)
            continue;
        if (!session->session_tags)
            session->session_tags = value_map(cx->a);
        if (!session->transitive_tags)
            session->transitive_tags = value_list(cx->a);
        value_set(session->session_tags, k->u.text, value_copy(cx->a, tag));
        value_push(session->transitive_tags, value_str(cx->a, k->u.text));
    }
}

static bool chain_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    const struct principal *who = call->who;
    struct str source = param_str(call, "SourceIdentity");

    for (const struct value *k = value_first(who->transitive_tags); k; k = k->next)
        if (value_get(sts_tags(cx, call), k->u.text)) {
            outcome_refuse(cx->a, out, 400, "InvalidParameterValue",
                           "One of the specified transitive tag keys can't be set because it "
                           "conflicts with a transitive tag key from the calling session.");
            return false;
        }
    if (source.len > 0 && who->source_identity.len > 0 && !str_eq(source, who->source_identity)) {
        sts_denied(cx, call, out, "SetSourceIdentity", param_str(call, "RoleArn"));
        return false;
    }
    return true;
}

static bool duration_fits(struct ctx *cx, const struct call *call, struct outcome *out,
                          const struct sts_role *role, int64_t duration_s)
{
    if (duration_s > value_get_int(role->doc, "MaxSessionDuration", HOUR_S))
        sts_invalid(cx, out,
                    "The requested DurationSeconds exceeds the MaxSessionDuration set for "
                    "this role.");
    else if (call->who->type == PRINCIPAL_ASSUMED_ROLE && duration_s > HOUR_S)
        sts_invalid(cx, out,
                    "The requested DurationSeconds exceeds the 1 hour session limit for "
                    "roles assumed by role chaining");
    return !outcome_refused(out);
}

/* Source: IAM User Guide, "Passing session tags in AWS STS" and "Monitor and control actions taken
 * with assumed roles": each needs an action of its own in the trust policy. */
static bool admitted(struct ctx *cx, const struct call *call, struct outcome *out,
                     const struct sts_role *role, bool mfa)
{
    struct policy_principal who = principal_of(cx, call);
    struct sts_context context = { 0 };
    const char *missing = NULL;

    sts_context_of_call(cx, call, &context);
    sts_context_add(cx, &context, STR("sts:SourceIdentity"), param_str(call, "SourceIdentity"));
    if (mfa && !call->who->is_session)
        sts_context_add(cx, &context, STR("aws:MultiFactorAuthPresent"), STR("true"));
    if (!role->doc || !trusts(cx, role, "AssumeRole", &who, &context))
        missing = "AssumeRole";
    else if (value_first(param(call, "Tags")) && !trusts(cx, role, "TagSession", &who, &context))
        missing = "TagSession";
    else if (param_has(call, "SourceIdentity") &&
             !trusts(cx, role, "SetSourceIdentity", &who, &context))
        missing = "SetSourceIdentity";
    if (missing)
        sts_denied(cx, call, out, missing, param_str(call, "RoleArn"));
    return !missing;
}

static bool params_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                      int64_t *duration_s)
{
    struct arn arn;

    if (!sts_name_ok(cx, call, out, "RoleSessionName", 64) ||
        (param_has(call, "SourceIdentity") && !sts_name_ok(cx, call, out, "SourceIdentity", 64)) ||
        !sts_duration_ok(cx, call, out, MOST_ROLE_S, duration_s, HOUR_S) ||
        !sts_policy_ok(cx, call, out))
        return false;
    if (arn_parse(param_str(call, "RoleArn"), &arn, NULL) < 0) {
        sts_invalid(cx, out, "%.*s is invalid", STR_ARG(param_str(call, "RoleArn")));
        return false;
    }
    /* Whoever is only believed to be root (a 12-digit key id) may stand in for any caller. */
    if (call->who->type == PRINCIPAL_ROOT && cx->e->opt.auth != AUTH_IDENTIFY) {
        outcome_refuse(cx->a, out, 403, "AccessDenied",
                       "Roles may not be assumed by root accounts.");
        return false;
    }
    return true;
}

int sts_AssumeRole(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct sts_role role;
    int64_t duration_s;
    bool mfa_ok;

    if (!params_ok(cx, call, out, &duration_s))
        return 0;
    int rc = sts_find_role(cx, param_str(call, "RoleArn"), &role, err);
    if (rc == 0)
        rc = sts_mfa_ok(cx, call, out, &mfa_ok, err);
    if (rc < 0 || outcome_refused(out))
        return rc;
    bool mfa = param_has(call, "SerialNumber");
    if (!admitted(cx, call, out, &role, mfa) || !chain_ok(cx, call, out) ||
        !duration_fits(cx, call, out, &role, duration_s))
        return 0;

    struct principal *p = sts_role_session(cx, &role, param_str(call, "RoleSessionName"), out);
    p->mfa = mfa;
    p->session_policy = param_str(call, "Policy");
    inherit(cx, call, p);
    if (p->source_identity.len > 0)
        value_put_str(cx->a, outcome_output(cx, out), "SourceIdentity", p->source_identity);
    return sts_issue(cx, p, duration_s, out, err);
}
