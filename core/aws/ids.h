/* core/aws/ids - AWS's own forms of ids. Source: IAM User Guide, "IAM identifiers", unique IDs;
 * account number inside key ids: shared reference, verified against real records.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/rng.h"

/* prefix (AIDA, AROA, AGPA, AIPA, ANPA, ANVA: 21 characters; AKIA, ASIA: 20) + base32 that holds
 * the 12-digit account in its first 48 bits, the rest drawn from r. */
struct str ids_unique(struct arena *a, struct rng *r, const char *prefix, struct str account);
/* The account inside such an id, or empty when it holds none. */
struct str ids_account(struct arena *a, struct str id);
struct str ids_secret_key(struct arena *a, struct rng *r);    /* 40 of [A-Za-z0-9/+] */
struct str ids_session_token(struct arena *a, struct rng *r); /* base64, as long as real ones */
struct str ids_s3_request(struct arena *a, struct rng *r);    /* 16 of [0-9A-Z] */
struct str ids_s3_host(struct arena *a, struct rng *r); /* x-amz-id-2: base64, 76 characters */
struct str ids_hex(struct arena *a, struct rng *r, const char *prefix,
                   size_t digits); /* i-0abc... */
bool ids_is_account(struct str s); /* 12 digits */
