/* AssumeRoleWithWebIdentity and AssumeRoleWithSAML. Tokens are read as they are: nobody asks the
 * issuer for its keys, so only --auth identify answers them. */
#include "emulator/services/sts/sts.h"

#include "emulator/identity/federated.h"

#define HOUR_S      3600
#define MOST_ROLE_S (12 * HOUR_S)

static void refuse_token(struct ctx *cx, struct outcome *out, const char *code, const char *text)
{
    outcome_refuse(cx->a, out, 400, code, "%s", text);
}

static bool is_believing(struct ctx *cx, const struct call *call, struct outcome *out)
{
    if (cx->e->opt.auth == AUTH_IDENTIFY)
        return true;
    outcome_refuse(cx->a, out, 501, "NotImplemented",
                   "mocktrail can't check the signature of a federated token: %.*s is answered "
                   "with --auth identify only.",
                   STR_ARG(call->action));
    return false;
}

/* What both ways of coming in share: who the trust policy may name, and what it may ask. */
struct entry {
    const char *action;
    struct str provider;
    struct sts_context context;
    struct str session_name;
    struct federated_session session;
    int64_t duration_s;
    struct value *attributes; /* of the record's webIdFederationData, or NULL */
};

static bool trusts(struct ctx *cx, const struct sts_role *role, const struct entry *e,
                   const char *action)
{
    struct policy_request q = {
        .action = arena_printf(cx->a, "sts:%s", action),
        .principal = { .kind = STR("Federated"), .names = &e->provider, .name_count = 1 },
        .attrs = e->context.attrs,
        .attr_count = e->context.count,
    };

    return role->trust && policy_eval(cx->a, role->trust, &q).effect == POLICY_ALLOW;
}

/* What the token asks for beyond the session itself needs a permission of its own. Source: IAM User
 * Guide, "Passing session tags in AWS STS", "Permissions required to add session tags". */
static const char *not_trusted(struct ctx *cx, const struct sts_role *role, const struct entry *e)
{
    if (!trusts(cx, role, e, e->action))
        return e->action;
    if (e->session.tags && !trusts(cx, role, e, "TagSession"))
        return "TagSession";
    if (e->session.source_identity.len > 0 && !trusts(cx, role, e, "SetSourceIdentity"))
        return "SetSourceIdentity";
    return NULL;
}

static void context_of_session(struct ctx *cx, struct entry *e)
{
    for (const struct value *t = value_first(e->session.tags); t; t = t->next)
        sts_context_add(cx, &e->context,
                        arena_printf(cx->a, "aws:RequestTag/%.*s", STR_ARG(t->name)), t->u.text);
    if (e->session.source_identity.len > 0)
        sts_context_add(cx, &e->context, STR("sts:SourceIdentity"), e->session.source_identity);
}

/* The session, once the token was found in order. */
static int enter(struct ctx *cx, const struct call *call, struct entry *e, struct outcome *out,
                 struct err *err)
{
    struct sts_role role;
    int rc = sts_find_role(cx, param_str(call, "RoleArn"), &role, err);

    if (rc < 0)
        return rc;
    context_of_session(cx, e);
    const char *missing = not_trusted(cx, &role, e);
    if (missing) {
        outcome_refuse(cx->a, out, 403, "AccessDenied", "Not authorized to perform sts:%s",
                       missing);
        return 0;
    }
    if (e->duration_s > value_get_int(role.doc, "MaxSessionDuration", HOUR_S)) {
        sts_invalid(cx, out,
                    "The requested DurationSeconds exceeds the MaxSessionDuration set for "
                    "this role.");
        return 0;
    }
    struct principal *p = sts_role_session(cx, &role, e->session_name, out);
    p->session_policy = param_str(call, "Policy");
    p->source_identity = e->session.source_identity;
    p->session_tags = e->session.tags;
    p->transitive_tags = e->session.transitive_tags;
    if (e->attributes) {
        p->federated_provider = e->provider;
        p->federated_attributes = e->attributes;
    }
    if (e->session.source_identity.len > 0)
        value_put_str(cx->a, outcome_output(cx, out), "SourceIdentity", e->session.source_identity);
    return sts_issue(cx, p, e->duration_s, out, err);
}

/* The document of an OIDC or SAML provider; NULL when there is none. */
static int find_provider(struct ctx *cx, const char *type, struct str arn_text, struct value **out,
                         struct err *err)
{
    struct arn arn;

    *out = NULL;
    if (arn_parse(arn_text, &arn, NULL) < 0)
        return 0;
    struct doc_key key = {
        .account = arn.account, .service = STR("iam"), .type = str_c(type), .id = arn_text
    };
    int rc = store_doc_get(cx->e->store, cx->a, key, out, err);
    return rc == E_MISSING ? 0 : rc;
}

static bool lists(const struct value *list, struct str text)
{
    for (const struct value *k = value_first(list); k; k = k->next)
        if (k->kind == VALUE_STRING && str_eq(k->u.text, text))
            return true;
    return false;
}

static int check_web(struct ctx *cx, const struct federated_web *web, struct outcome *out,
                     struct err *err)
{
    struct value *provider = NULL;
    int rc = 0;

    if (web->expires_ms <= cx->now_ms) {
        outcome_refuse(cx->a, out, 400, "ExpiredTokenException",
                       "Token expired: current date/time %lld must be before the expiration "
                       "date/time %lld",
                       (long long)(cx->now_ms / 1000), (long long)(web->expires_ms / 1000));
        return 0;
    }
    if (!web->is_well_known)
        rc = find_provider(cx, "OIDCProvider", web->provider, &provider, err);
    if (rc < 0 || web->is_well_known)
        return rc;
    if (!provider)
        outcome_refuse(cx->a, out, 400, "InvalidIdentityTokenException",
                       "No OpenIDConnect provider found in your account for https://%.*s",
                       STR_ARG(web->issuer));
    else if (!lists(value_get_c(provider, "ClientIDList"), web->audience))
        refuse_token(cx, out, "InvalidIdentityTokenException", "Incorrect token audience");
    return 0;
}

static void claims_of_web(struct ctx *cx, const struct federated_web *web, struct entry *e)
{
    struct str aud = arena_printf(cx->a, "%.*s:aud", STR_ARG(web->issuer));
    struct str sub = arena_printf(cx->a, "%.*s:sub", STR_ARG(web->issuer));

    e->provider = web->provider;
    e->session = web->session;
    e->attributes = value_map(cx->a);
    value_set(e->attributes, aud, value_str(cx->a, web->audience));
    value_set(e->attributes, sub, value_str(cx->a, web->subject));
    sts_context_add(cx, &e->context, aud, web->audience);
    sts_context_add(cx, &e->context, sub, web->subject);
}

int sts_AssumeRoleWithWebIdentity(struct ctx *cx, const struct call *call, struct outcome *out,
                                  struct err *err)
{
    struct entry e = { .action = "AssumeRoleWithWebIdentity" };
    struct federated_web web;
    struct err why = { 0 };

    if (!sts_name_ok(cx, call, out, "RoleSessionName", 64) ||
        !sts_duration_ok(cx, call, out, MOST_ROLE_S, &e.duration_s, HOUR_S) ||
        !sts_policy_ok(cx, call, out) || !is_believing(cx, call, out))
        return 0;
    if (federated_web(cx->a, param_str(call, "WebIdentityToken"), call->account, &web, &why) < 0) {
        refuse_token(cx, out, "InvalidIdentityTokenException", why.text);
        return 0;
    }
    int rc = check_web(cx, &web, out, err);
    if (rc < 0 || outcome_refused(out))
        return rc;
    sts_context_of_call(cx, call, &e.context);
    claims_of_web(cx, &web, &e);
    e.session_name = param_str(call, "RoleSessionName");
    rc = enter(cx, call, &e, out, err);
    if (rc == 0 && !outcome_refused(out)) {
        value_put_str(cx->a, out->output, "SubjectFromWebIdentityToken", web.subject);
        value_put_str(cx->a, out->output, "Provider", web.provider);
        value_put_str(cx->a, out->output, "Audience", web.audience);
    }
    return rc;
}

static int check_saml(struct ctx *cx, const struct call *call, const struct federated_saml *saml,
                      struct outcome *out, struct err *err)
{
    struct value *provider;
    int rc = find_provider(cx, "SAMLProvider", param_str(call, "PrincipalArn"), &provider, err);

    if (rc < 0)
        return rc;
    if (!provider)
        refuse_token(cx, out, "InvalidIdentityTokenException", "Specified provider doesn't exist");
    else if (saml->not_after_ms <= cx->now_ms)
        refuse_token(cx, out, "ExpiredTokenException",
                     "Token must be redeemed within 5 minutes of issuance");
    else if (!str_eq(saml->provider_arn, param_str(call, "PrincipalArn")))
        outcome_refuse(cx->a, out, 403, "AccessDenied",
                       "Not authorized to perform sts:AssumeRoleWithSAML");
    else if (saml->session_name.len < 2)
        refuse_token(cx, out, "InvalidIdentityTokenException",
                     "RoleSessionName is required in AuthnResponse");
    return 0;
}

static void claims_of_saml(struct ctx *cx, const struct federated_saml *saml, struct str qualifier,
                           struct entry *e)
{
    sts_context_add(cx, &e->context, STR("SAML:aud"), saml->audience);
    sts_context_add(cx, &e->context, STR("SAML:iss"), saml->issuer);
    sts_context_add(cx, &e->context, STR("SAML:sub"), saml->subject);
    sts_context_add(cx, &e->context, STR("SAML:sub_type"), saml->subject_type);
    sts_context_add(cx, &e->context, STR("SAML:namequalifier"), qualifier);
}

/* Without DurationSeconds the assertion's SessionDuration counts, else an hour. */
static int64_t saml_duration(const struct call *call, const struct federated_saml *saml,
                             int64_t asked_s)
{
    return param_has(call, "DurationSeconds") || saml->session_s == 0 ? asked_s : saml->session_s;
}

int sts_AssumeRoleWithSAML(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct entry e = { .action = "AssumeRoleWithSAML" };
    struct federated_saml saml;
    struct err why = { 0 };

    if (!sts_duration_ok(cx, call, out, MOST_ROLE_S, &e.duration_s, HOUR_S) ||
        !sts_policy_ok(cx, call, out) || !is_believing(cx, call, out))
        return 0;
    if (federated_saml(cx->a, param_str(call, "SAMLAssertion"), param_str(call, "RoleArn"), &saml,
                       &why) < 0) {
        refuse_token(cx, out, "InvalidIdentityTokenException", why.text);
        return 0;
    }
    int rc = check_saml(cx, call, &saml, out, err);
    if (rc < 0 || outcome_refused(out))
        return rc;
    struct str qualifier =
        federated_name_qualifier(cx->a, saml.issuer, param_str(call, "PrincipalArn"));
    sts_context_of_call(cx, call, &e.context);
    claims_of_saml(cx, &saml, qualifier, &e);
    e.provider = param_str(call, "PrincipalArn");
    e.session_name = saml.session_name;
    e.session = saml.session;
    e.duration_s = saml_duration(call, &saml, e.duration_s);
    rc = enter(cx, call, &e, out, err);
    if (rc == 0 && !outcome_refused(out)) {
        value_put_str(cx->a, out->output, "Subject", saml.subject);
        value_put_str(cx->a, out->output, "SubjectType", saml.subject_type);
        value_put_str(cx->a, out->output, "Issuer", saml.issuer);
        value_put_str(cx->a, out->output, "Audience", saml.audience);
        value_put_str(cx->a, out->output, "NameQualifier", qualifier);
    }
    return rc;
}
