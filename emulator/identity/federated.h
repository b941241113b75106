/* emulator/identity/federated - callers who bring a token of somebody else instead of a key: the
 * web identity and SAML callers of STS.
 */
#pragma once

#include "core/base/err.h"
#include "emulator/engine/call.h"

struct engine;

/* AssumeRoleWithWebIdentity and AssumeRoleWithSAML: the caller is who the token names (read, not
 * checked: sts does that), the account is the role's. Other calls are left alone. */
void federated_claim(struct engine *e, struct arena *a, struct call *call);

/* The claims of a JSON web token, unverified. E_PARSE. */
int federated_jwt(struct arena *a, struct str token, struct value **claims, struct err *err);

struct federated_saml {
    struct str issuer, subject, subject_type, audience, role_arn, provider_arn, session_name;
    int64_t session_s;    /* SessionDuration attribute; 0: none */
    int64_t not_after_ms; /* INT64_MAX: none */
    struct value *tags;   /* PrincipalTag:... attributes, or NULL */
};
/* A base64 SAML response, unverified. E_PARSE. role_arn is the one asked for, when the assertion
 * lists it (with its provider); else empty. */
int federated_saml(struct arena *a, struct str assertion, struct str wanted_role,
                   struct federated_saml *out, struct err *err);
