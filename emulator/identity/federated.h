/* emulator/identity/federated - callers who bring a token of somebody else instead of a key: the
 * web identity and SAML callers of STS. Tokens are read here, not checked.
 */
#pragma once

#include "core/base/err.h"
#include "emulator/engine/call.h"

/* AssumeRoleWithWebIdentity and AssumeRoleWithSAML: the caller is who the token names, the account
 * is the role's. Other calls are left alone. */
void federated_claim(struct arena *a, struct call *call);

/* What a token says of the session that it is for. */
struct federated_session {
    struct str source_identity;
    struct value *tags;            /* name -> text, or NULL */
    struct value *transitive_tags; /* names, or NULL */
};

struct federated_web {
    struct str issuer; /* without https:// */
    struct str subject, audience;
    struct str provider; /* the OIDC provider's ARN in that account; a well-known issuer itself */
    bool is_well_known;
    int64_t expires_ms; /* far away when the token does not say */
    struct federated_session session;
};
/* A JSON web token. E_PARSE with AWS's text. */
int federated_web(struct arena *a, struct str token, struct str account, struct federated_web *out,
                  struct err *err);
/* Its claims. E_PARSE. */
int federated_jwt(struct arena *a, struct str token, struct value **claims, struct err *err);

struct federated_saml {
    struct str issuer, subject, subject_type, audience;
    struct str role_arn, provider_arn; /* the pair that holds the role asked for; else empty */
    struct str session_name;
    struct federated_session session;
    int64_t session_s;    /* SessionDuration; 0: none */
    int64_t not_after_ms; /* INT64_MAX: none */
};
/* A base64 SAML response. E_PARSE with AWS's text. */
int federated_saml(struct arena *a, struct str assertion, struct str wanted_role,
                   struct federated_saml *out, struct err *err);
/* base64(SHA-1(issuer + account + "/" + provider name)). */
struct str federated_name_qualifier(struct arena *a, struct str issuer, struct str provider_arn);
