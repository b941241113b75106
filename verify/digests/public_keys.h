/* verify/digests/public_keys - the keys that digests are verified with: from files, or asked for
 * with ListPublicKeys.
 */
#pragma once

#include "core/trail/digest.h"
#include "verify/source/aws.h"

struct public_key {
    struct str fingerprint;
    struct digest_key *key; /* NULL: its bytes are no PKCS#1 key */
    struct public_key *next;
};
struct public_keys {
    struct arena arena;
    struct public_key *first;
    size_t count;
};
void public_keys_free(struct public_keys *k); /* twice is harmless */
/* PATH is a directory of *.pem, a PEM file, or what `aws cloudtrail list-public-keys` printed. */
int public_keys_load(struct public_keys *k, struct str path, struct err *err);
/* What ListPublicKeys of a region answers for a range of time; added to what is there. */
int public_keys_ask(struct public_keys *k, struct aws_client *c, struct str region,
                    int64_t start_ms, int64_t end_ms, struct err *err);
const struct public_key *public_keys_find(const struct public_keys *k, struct str fingerprint);
