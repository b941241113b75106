#include "emulator/identity/federated.h"

#define OPENSSL_SUPPRESS_DEPRECATED /* as core/aws/sigv4.c: a plain hash without a fetch */
#include <openssl/sha.h>

#include "core/aws/arn.h"
#include "core/base/clock.h"
#include "core/codec/json.h"
#include "core/codec/xml.h"
#include "emulator/engine/engine.h"
#include "emulator/identity/identity.h"

#define MOST_TOKEN_BYTES (1u << 20) /* far above STS's own limits of 20,000 and 100,000 */

/* base64url without padding -> base64. */
static struct str plain_base64(struct arena *a, struct str s)
{
    static const char *const padding[] = { "", "===", "==", "=" };
    struct str out = arena_printf(a, "%.*s%s", STR_ARG(s), padding[s.len % 4]);
    char *p = (char *)out.ptr;

    for (size_t i = 0; i < out.len; i++)
        p[i] = p[i] == '-' ? '+' : p[i] == '_' ? '/' : p[i];
    return out;
}

int federated_jwt(struct arena *a, struct str token, struct value **claims, struct err *err)
{
    struct str header, rest, payload, signature, text;
    struct value *v;

    if (token.len > MOST_TOKEN_BYTES || !str_cut(token, '.', &header, &rest) ||
        !str_cut(rest, '.', &payload, &signature))
        return err_set(err, E_PARSE,
                       "The ID Token provided is not a valid JWT. (You may see this "
                       "error if you sent an Access Token)");
    if (base64_decode(a, plain_base64(a, payload), &text, NULL) < 0 ||
        json_parse(a, text, &v, NULL) < 0 || v->kind != VALUE_MAP)
        return err_set(err, E_PARSE, "The payload of the ID Token is no JSON object");
    *claims = v;
    return 0;
}

static struct str claim_audience(const struct value *claims)
{
    const struct value *aud = value_get_c(claims, "aud");

    if (aud && aud->kind == VALUE_LIST)
        aud = value_first(aud);
    return aud && aud->kind == VALUE_STRING ? aud->u.text : (struct str){ 0 };
}

static struct str without_scheme(struct str url)
{
    return str_has_prefix(url, STR("https://")) ? str_sub(url, strlen("https://"), url.len) : url;
}

/* Source: IAM User Guide, "Creating a role for web identity": these four need no provider of the
 * account's own. */
static bool is_well_known(struct str issuer)
{
    return str_eq_c(issuer, "accounts.google.com") || str_eq_c(issuer, "graph.facebook.com") ||
           str_eq_c(issuer, "www.amazon.com") || str_eq_c(issuer, "cognito-identity.amazonaws.com");
}

/* A principal tag's value stands alone or in a list of one. Source: IAM User Guide, "Passing
 * session tags in AWS STS", AssumeRoleWithWebIdentity; "Monitor and control actions taken with
 * assumed roles", sourceIdentity. */
#define AWS_CLAIM "https://aws.amazon.com/"

static void take_claims(struct arena *a, const struct value *claims, struct federated_session *out)
{
    const struct value *all = value_get_c(claims, AWS_CLAIM "tags");
    const struct value *tags = value_get_c(all, "principal_tags");
    const struct value *keys = value_get_c(all, "transitive_tag_keys");

    out->source_identity = value_get_str(claims, AWS_CLAIM "source_identity");
    for (const struct value *t = value_first(tags); t; t = t->next) {
        const struct value *text = t->kind == VALUE_LIST ? value_first(t) : t;

        if (!text || text->kind != VALUE_STRING)
            continue;
        if (!out->tags)
            out->tags = value_map(a);
        value_set(out->tags, t->name, value_str(a, text->u.text));
    }
    for (const struct value *k = value_first(keys); k; k = k->next) {
        if (k->kind != VALUE_STRING)
            continue;
        if (!out->transitive_tags)
            out->transitive_tags = value_list(a);
        value_push(out->transitive_tags, value_str(a, k->u.text));
    }
}

int federated_web(struct arena *a, struct str token, struct str account, struct federated_web *out,
                  struct err *err)
{
    struct value *claims = NULL;
    int rc = federated_jwt(a, token, &claims, err);
    int64_t far_s = INT64_MAX / 1000, expires_s;

    if (rc < 0)
        return rc;
    expires_s = value_get_int(claims, "exp", far_s);
    *out = (struct federated_web){
        .issuer = without_scheme(value_get_str(claims, "iss")),
        .subject = value_get_str(claims, "sub"),
        .audience = claim_audience(claims),
        .expires_ms = expires_s < 0       ? 0
                      : expires_s < far_s ? expires_s * 1000
                                          : INT64_MAX,
    };
    if (out->issuer.len == 0 || out->subject.len == 0)
        return err_set(err, E_PARSE, "The ID Token names no issuer or no subject");
    take_claims(a, claims, &out->session);
    out->is_well_known = is_well_known(out->issuer);
    out->provider = out->is_well_known ? out->issuer
                                       : arena_printf(a, "arn:aws:iam::%.*s:oidc-provider/%.*s",
                                                      STR_ARG(account), STR_ARG(out->issuer));
    return 0;
}

/* Depth first, the first element of that local name. */
static const struct xml_node *find_node(const struct xml_node *n, const char *name)
{
    if (str_eq_c(n->local, name))
        return n;
    for (const struct xml_node *k = n->first; k; k = k->next) {
        const struct xml_node *found = find_node(k, name);
        if (found)
            return found;
    }
    return NULL;
}

static struct str text_of(const struct xml_node *root, const char *name)
{
    const struct xml_node *n = root ? find_node(root, name) : NULL;

    return n ? str_trim(n->text) : (struct str){ 0 };
}

/* "role ARN,provider ARN" in either order. */
static void take_role(struct str pair, struct str wanted, struct federated_saml *out)
{
    struct str left, right;

    (void)str_cut(pair, ',', &left, &right); /* a lone ARN matches nothing below */
    left = str_trim(left);
    right = str_trim(right);
    if (str_eq(left, wanted)) {
        out->role_arn = left;
        out->provider_arn = right;
    } else if (str_eq(right, wanted)) {
        out->role_arn = right;
        out->provider_arn = left;
    }
}

/* Source: IAM User Guide, "Configure SAML assertions for the authentication response". */
#define SAML_ATTRIBUTES "https://aws.amazon.com/SAML/Attributes/"

static void take_attribute(struct arena *a, const struct xml_node *n, struct str wanted_role,
                           struct federated_saml *out)
{
    struct str name = xml_attr_get(n, STR("Name"));

    if (!str_has_prefix(name, STR(SAML_ATTRIBUTES)))
        return;
    name = str_sub(name, strlen(SAML_ATTRIBUTES), name.len);
    for (const struct xml_node *v = n->first; v; v = v->next) {
        struct str text = str_trim(v->text);

        if (str_eq_c(name, "Role")) {
            take_role(text, wanted_role, out);
        } else if (str_eq_c(name, "RoleSessionName")) {
            out->session_name = text;
        } else if (str_eq_c(name, "SourceIdentity")) {
            out->session.source_identity = text;
        } else if (str_eq_c(name, "SessionDuration")) {
            (void)str_to_i64(text, &out->session_s); /* no number: the role's own limit counts */
        } else if (str_has_prefix(name, STR("PrincipalTag:"))) {
            if (!out->session.tags)
                out->session.tags = value_map(a);
            value_set(out->session.tags, str_sub(name, strlen("PrincipalTag:"), name.len),
                      value_str(a, text));
        } else if (str_eq_c(name, "TransitiveTagKeys")) {
            if (!out->session.transitive_tags)
                out->session.transitive_tags = value_list(a);
            value_push(out->session.transitive_tags, value_str(a, text));
        }
    }
}

static void take_attributes(struct arena *a, const struct xml_node *n, struct str wanted_role,
                            struct federated_saml *out)
{
    if (str_eq_c(n->local, "Attribute"))
        take_attribute(a, n, wanted_role, out);
    for (const struct xml_node *k = n->first; k; k = k->next)
        take_attributes(a, k, wanted_role, out);
}

int federated_saml(struct arena *a, struct str assertion, struct str wanted_role,
                   struct federated_saml *out, struct err *err)
{
    struct xml_node *root;
    struct str text;

    *out = (struct federated_saml){ .not_after_ms = INT64_MAX };
    if (assertion.len > MOST_TOKEN_BYTES || base64_decode(a, assertion, &text, NULL) < 0 ||
        xml_parse(a, text, &root, NULL) < 0)
        return err_set(err, E_PARSE, "Invalid base64 SAMLResponse");
    const struct xml_node *node = find_node(root, "Assertion");
    const struct xml_node *name_id = node ? find_node(node, "NameID") : NULL;
    if (!name_id)
        return err_set(err, E_PARSE, "Response is missing an assertion with a NameID");
    struct str type = xml_attr_get(name_id, STR("Format")), head, tail;
    (void)str_rcut(type, ':', &head, &tail); /* without a colon there is no type */
    out->subject = str_trim(name_id->text);
    out->subject_type = tail;
    out->issuer = text_of(node, "Issuer");
    out->audience = text_of(node, "Recipient");
    const struct xml_node *data = find_node(node, "SubjectConfirmationData");
    if (data) {
        out->audience = xml_attr_get(data, STR("Recipient"));
        (void)clock_parse(xml_attr_get(data, STR("NotOnOrAfter")), &out->not_after_ms,
                          NULL); /* none: it does not end */
    }
    take_attributes(a, node, wanted_role, out);
    return 0;
}

/* Source: STS API Reference, AssumeRoleWithSAML, NameQualifier. */
struct str federated_name_qualifier(struct arena *a, struct str issuer, struct str provider_arn)
{
    unsigned char hash[SHA_DIGEST_LENGTH];
    struct arn arn = { 0 };
    struct str head, name = { 0 };
    struct buf b = { 0 };

    if (arn_parse(provider_arn, &arn, NULL) == 0)
        (void)str_cut(arn.resource, '/', &head, &name); /* saml-provider/NAME */
    struct str text =
        arena_printf(a, "%.*s%.*s/%.*s", STR_ARG(issuer), STR_ARG(arn.account), STR_ARG(name));
    SHA1((const unsigned char *)text.ptr, text.len, hash);
    base64_encode(&b, (struct str){ (const char *)hash, sizeof hash });
    struct str out = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return out;
}

static struct principal *web_caller(struct arena *a, const struct call *call)
{
    struct principal *p = arena_alloc(a, sizeof *p);
    struct federated_web web;

    if (federated_web(a, value_get_str(call->params, "WebIdentityToken"), call->account, &web,
                      NULL) < 0)
        return NULL;
    p->type = PRINCIPAL_WEB_IDENTITY;
    p->principal_id = arena_printf(a, "%.*s:%.*s:%.*s", STR_ARG(web.provider),
                                   STR_ARG(web.audience), STR_ARG(web.subject));
    p->user_name = web.subject;
    p->identity_provider = web.provider;
    return p;
}

static struct principal *saml_caller(struct arena *a, const struct call *call)
{
    struct principal *p = arena_alloc(a, sizeof *p);
    struct federated_saml saml;

    if (federated_saml(a, value_get_str(call->params, "SAMLAssertion"),
                       value_get_str(call->params, "RoleArn"), &saml, NULL) < 0)
        return NULL;
    p->type = PRINCIPAL_SAML;
    p->user_name = saml.subject;
    p->identity_provider =
        federated_name_qualifier(a, saml.issuer, value_get_str(call->params, "PrincipalArn"));
    p->principal_id =
        arena_printf(a, "%.*s:%.*s", STR_ARG(p->identity_provider), STR_ARG(saml.subject));
    return p;
}

void federated_claim(struct arena *a, struct call *call)
{
    bool is_web = str_eq_c(call->action, "AssumeRoleWithWebIdentity");
    bool is_saml = str_eq_c(call->action, "AssumeRoleWithSAML");
    struct arn role;

    if (!str_eq_c(call->service_name, "sts") || (!is_web && !is_saml))
        return;
    if (arn_parse(value_get_str(call->params, "RoleArn"), &role, NULL) == 0 &&
        role.account.len == 12)
        call->account = role.account;
    struct principal *p = is_web ? web_caller(a, call) : saml_caller(a, call);
    if (p)
        call->who = p;
}
