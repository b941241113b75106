#include "emulator/record/derived.h"

#include "core/aws/region.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/identity/federated.h"
#include "emulator/record/scalar.h"

struct derivation {
    struct buf *out;
    struct arena *a;
    const struct call *call;
    const struct outcome *outcome;
};
typedef void derive_fn(const struct derivation *d);

/* Source: real S3 Control records: Host stands among the parameters. */
static void s3control_Any(const struct derivation *d)
{
    scalar_put(d->out, "Host", d->call->host);
}

/* The ID attribute of the assertion, which itself is not recorded. */
static struct str assertion_id(const struct derivation *d)
{
    struct str xml, head, id;
    struct str text = value_get_str(d->call->params, "SAMLAssertion");

    if (!text.len || base64_decode(d->a, text, &xml, NULL) < 0)
        return (struct str){ 0 };
    ptrdiff_t tag = str_find(xml, STR("Assertion "));
    struct str rest = tag < 0 ? xml : str_sub(xml, (size_t)tag, xml.len);
    ptrdiff_t at = str_find(rest, STR(" ID=\""));
    if (at < 0)
        return (struct str){ 0 };
    (void)str_cut(str_sub(rest, (size_t)at + 5, rest.len), '"', &id, &head);
    return id;
}

static void put_session(struct buf *out, const struct federated_session *s)
{
    scalar_put(out, "sourceIdentity", s->source_identity);
    if (s->tags) {
        scalar_key(out, STR("principalTags"), LETTER_AS_IS);
        json_write(out, s->tags);
    }
    if (s->transitive_tags) {
        scalar_key(out, STR("transitiveTagKeys"), LETTER_AS_IS);
        json_write(out, s->transitive_tags);
    }
}

/* Source: IAM User Guide, "Logging IAM and AWS STS API calls", AssumeRoleWithSAML; real records. */
static void sts_AssumeRoleWithSAML(const struct derivation *d)
{
    struct str arn = value_get_str(value_get_c(d->outcome->output, "AssumedRoleUser"), "Arn");
    struct str head, session;
    struct federated_saml saml;

    scalar_put(d->out, "sAMLAssertionID", assertion_id(d));
    if (str_rcut(arn, '/', &head, &session))
        scalar_put(d->out, "roleSessionName", session);
    if (federated_saml(d->a, value_get_str(d->call->params, "SAMLAssertion"),
                       value_get_str(d->call->params, "RoleArn"), &saml, NULL) == 0)
        put_session(d->out, &saml.session);
}

/* Source: as before, AssumeRoleWithWebIdentity. */
static void sts_AssumeRoleWithWebIdentity(const struct derivation *d)
{
    struct federated_web web;

    if (federated_web(d->a, value_get_str(d->call->params, "WebIdentityToken"), d->call->account,
                      &web, NULL) == 0)
        put_session(d->out, &web.session);
}

/* Source: real records of UpdateFunctionCode20150331v2. */
static void lambda_UpdateFunctionCode(const struct derivation *d)
{
    scalar_key(d->out, STR("fullyQualifiedArn"), LETTER_AS_IS);
    buf_add(d->out, STR("{\"arnPrefix\":{"));
    scalar_put(d->out, "partition", region_partition(d->call->region));
    scalar_put(d->out, "region", d->call->region);
    scalar_put(d->out, "account", d->call->account);
    buf_add(d->out, STR("},\"relativeId\":{"));
    scalar_put(d->out, "functionName", value_get_str(d->call->params, "FunctionName"));
    buf_add(d->out, STR("},\"functionQualifier\":{}}"));
}

static const struct {
    const char *service, *operation; /* operation NULL: all */
    derive_fn *derive;
} derivations[] = {
    { "lambda", "UpdateFunctionCode", lambda_UpdateFunctionCode },
    { "s3control", NULL, s3control_Any },
    { "sts", "AssumeRoleWithSAML", sts_AssumeRoleWithSAML },
    { "sts", "AssumeRoleWithWebIdentity", sts_AssumeRoleWithWebIdentity },
};

void derived_write(struct buf *out, size_t from, struct arena *a, const struct plan *p,
                   const struct call *call, const struct outcome *outcome)
{
    const struct derivation d = { out, a, call, outcome };
    bool is_null = str_eq((struct str){ out->ptr + from, out->len - from }, STR("null"));

    for (size_t i = 0; i < COUNT(derivations); i++) {
        if (!str_eq_c(p->service_name, derivations[i].service) ||
            (derivations[i].operation && !str_eq_c(p->operation, derivations[i].operation)))
            continue;
        if (is_null)
            out->len = from;
        else
            out->len--; /* its closing brace */
        if (is_null)
            buf_add_char(out, '{');
        derivations[i].derive(&d);
        buf_add_char(out, '}');
        if (out->len == from + 2) {
            out->len = from;
            buf_add(out, STR("null"));
        }
        return;
    }
}
