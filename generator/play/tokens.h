/* generator/play/tokens - what federated people bring to STS: SAML assertions and web tokens, made
 * as their providers would; and the providers' own descriptions.
 */
#pragma once

#include "generator/play/people.h"

/* AssumeRoleWithSAML or AssumeRoleWithWebIdentity for this person: service, operation, with. */
void tokens_request(struct play *p, struct scene *sc, const struct person *who,
                    struct request_of *out);
/* The provider that the person comes from: the name of a SAML provider, the URL of a web one. */
struct str tokens_provider(struct arena *a, const struct cast *who);
/* The name of the role in IAM: SSO's have a prefix and a hash. */
struct str tokens_role(struct arena *a, const struct cast *who, struct str account);
/* A SAML provider's metadata. */
struct str tokens_metadata(struct arena *a, struct str provider);
/* The SHA-1 of a web identity provider's certificate, in hex. */
struct str tokens_thumbprint(struct arena *a, struct str provider);
