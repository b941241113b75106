#include "generator/play/tokens.h"

#include "core/base/clock.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"

#define TOKEN_LIFE_MS (15 * 60000ll)

struct str tokens_provider(struct arena *a, const struct cast *who)
{
    struct str left, right;
    bool has_domain = str_cut(who->user, '@', &left, &right);

    if (who->provider == PROVIDER_SSO)
        return arena_printf(a, "AWSSSO_%016llx_DO_NOT_DELETE",
                            (unsigned long long)str_hash(who->account));
    if (who->provider == PROVIDER_SAML)
        return STR("corporate-idp");
    return arena_printf(a, "https://%.*s", STR_ARG(has_domain ? right : STR("idp.example.com")));
}

/* Source: IAM Identity Center User Guide, "Permission sets": AWSReservedSSO_NAME_HASH. */
struct str tokens_role(struct arena *a, const struct cast *who, struct str account)
{
    uint64_t hash = str_hash(account) ^ str_hash(who->role);

    return who->provider == PROVIDER_SSO
               ? arena_printf(a, "AWSReservedSSO_%.*s_%016llx", STR_ARG(who->role),
                              (unsigned long long)hash)
               : who->role;
}

struct str tokens_metadata(struct arena *a, struct str provider)
{
    struct rng rng;
    struct str alphabet = STR("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    rng_init(&rng, str_hash(provider), 0);
    return arena_printf(
        a,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><md:EntityDescriptor "
        "xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"https://%.*s.example/saml\">"
        "<md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">"
        "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo "
        "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>%s"
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" "
        "Location=\"https://%.*s.example/sso\"/></md:IDPSSODescriptor></md:EntityDescriptor>",
        STR_ARG(provider), rng_chars(&rng, a, alphabet, 1024).ptr, STR_ARG(provider));
}

/* The SHA-1 of its certificate, as tools that create a provider give it. */
struct str tokens_thumbprint(struct arena *a, struct str provider)
{
    struct rng rng;

    rng_init(&rng, str_hash(provider), 1);
    return rng_chars(&rng, a, STR("0123456789abcdef"), 40);
}

static struct str base64_of(struct arena *a, struct str text)
{
    struct buf b = { 0 };

    base64_encode(&b, text);
    struct str out = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return out;
}

static struct str session_of(const struct cast *who)
{
    struct str name = who->session.len > 0 ? who->session : who->user;

    return name.len > 0 ? name : who->name;
}

/* The time that whoever reads the token goes by. */
static int64_t now_of(const struct play *p)
{
    return p->door->has_own_clock ? clock_machine_ms() : p->door->now(p->door);
}

static struct str assertion(struct play *p, struct scene *sc, const struct person *who)
{
    char until[CLOCK_ISO_SIZE], id[37];
    struct str provider = tokens_provider(sc->a, who->cast), name = session_of(who->cast);

    clock_iso(now_of(p) + TOKEN_LIFE_MS, until);
    rng_uuid(&sc->rng, id);
    return base64_of(
        sc->a,
        arena_printf(
            sc->a,
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">"
            "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_%s\">"
            "<saml:Issuer>https://%.*s.example/saml</saml:Issuer><saml:Subject><saml:NameID "
            "Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">%.*s</saml:NameID>"
            "<saml:SubjectConfirmation><saml:SubjectConfirmationData NotOnOrAfter=\"%s\" "
            "Recipient=\"https://signin.aws.amazon.com/saml\"/></saml:SubjectConfirmation>"
            "</saml:Subject><saml:AttributeStatement>"
            "<saml:Attribute Name=\"https://aws.amazon.com/SAML/Attributes/Role\">"
            "<saml:AttributeValue>%.*s,%.*s</saml:AttributeValue></saml:Attribute>"
            "<saml:Attribute Name=\"https://aws.amazon.com/SAML/Attributes/RoleSessionName\">"
            "<saml:AttributeValue>%.*s</saml:AttributeValue></saml:Attribute>"
            "</saml:AttributeStatement></saml:Assertion></samlp:Response>",
            id, STR_ARG(provider), STR_ARG(name), until, STR_ARG(who->arn),
            STR_ARG(who->provider_arn), STR_ARG(name)));
}

/* base64url without padding. */
static struct str url_base64(struct arena *a, struct str text)
{
    struct str out = base64_of(a, text);
    char *p = (char *)out.ptr; /* our own */

    for (size_t i = 0; i < out.len; i++)
        p[i] = (char)(p[i] == '+' ? '-' : p[i] == '/' ? '_' : p[i]);
    while (out.len > 0 && out.ptr[out.len - 1] == '=')
        out.len--;
    return out;
}

static struct str web_token(struct play *p, struct scene *sc, const struct person *who)
{
    int64_t now_s = now_of(p) / 1000;
    struct value *claims = value_map(sc->a);
    struct buf text = { 0 };

    value_put_str(sc->a, claims, "iss", tokens_provider(sc->a, who->cast));
    value_put_str(sc->a, claims, "sub",
                  who->cast->user.len > 0 ? who->cast->user : who->cast->name);
    value_put_c(sc->a, claims, "aud", "sts.amazonaws.com");
    value_put_int(sc->a, claims, "iat", now_s);
    value_put_int(sc->a, claims, "exp", now_s + TOKEN_LIFE_MS / 1000);
    json_write(&text, claims);
    struct str body = url_base64(sc->a, buf_view(&text));
    buf_free(&text);
    struct str head = url_base64(sc->a, STR("{\"alg\":\"RS256\",\"typ\":\"JWT\"}"));
    return arena_printf(sc->a, "%.*s.%.*s.c2lnbmF0dXJl", STR_ARG(head), STR_ARG(body));
}

void tokens_request(struct play *p, struct scene *sc, const struct person *who,
                    struct request_of *out)
{
    struct value *with = value_map(sc->a);
    int64_t life_s = who->cast->duration_ms / 1000;

    value_put_str(sc->a, with, "RoleArn", who->arn);
    out->service = "sts";
    out->with = with;
    if (life_s > 0 && life_s != 3600)
        value_put_int(sc->a, with, "DurationSeconds", life_s);
    if (who->cast->provider == PROVIDER_WEB_IDENTITY) {
        out->operation = "AssumeRoleWithWebIdentity";
        value_put_str(sc->a, with, "RoleSessionName",
                      who->cast->session.len > 0 ? who->cast->session : who->cast->name);
        value_put_str(sc->a, with, "WebIdentityToken", web_token(p, sc, who));
        return;
    }
    out->operation = "AssumeRoleWithSAML";
    value_put_str(sc->a, with, "PrincipalArn", who->provider_arn);
    value_put_str(sc->a, with, "SAMLAssertion", assertion(p, sc, who));
}
