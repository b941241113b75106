/* Tokens of somebody else: the input as a JSON web token, as the claims of one, as a SAML response.
 * What is taken names an issuer and a caller, and times that may be reckoned with. */
#include <assert.h>

#include "core/codec/uri.h"
#include "emulator/identity/federated.h"
#include "tests/fuzz/fuzz.h"

static void read_web(struct arena *a, struct str token)
{
    struct federated_web web;
    struct err err = { 0 };
    int rc = federated_web(a, token, STR("111122223333"), &web, &err);

    assert(err.code == rc);
    if (rc == 0)
        assert(web.issuer.len > 0 && web.subject.len > 0 && web.expires_ms >= 0);
}

static void read_saml(struct arena *a, struct str assertion)
{
    struct federated_saml saml;
    struct err err = { 0 };
    int rc = federated_saml(a, assertion, STR("arn:aws:iam::1:role/r"), &saml, &err);

    assert(err.code == rc);
    if (rc == 0 && saml.role_arn.len > 0)
        assert(federated_name_qualifier(a, saml.issuer, saml.provider_arn).len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct buf base64 = { 0 };
    struct arena a = { 0 };

    read_web(&a, text);
    read_saml(&a, text);
    base64_encode(&base64, text);
    read_web(&a, arena_printf(&a, "e30.%.*s.", STR_ARG(buf_view(&base64))));
    read_saml(&a, buf_view(&base64));
    buf_free(&base64);
    arena_free(&a);
    return 0;
}
