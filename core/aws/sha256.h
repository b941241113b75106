/* core/aws/sha256 - SHA-256 over bytes that come in pieces (uploads, chunks). For bytes that are
 * all there: sha256_hex in core/aws/sigv4.h. libcrypto does the hashing.
 *
 * Use:     sha256_init, sha256_add ..., sha256_end (starts the next one), sha256_free.
 */
#pragma once

#include "core/base/str.h"

struct sha256 {
    void *state; /* NULL: nothing held */
};

void sha256_init(struct sha256 *h); /* or starts anew */
void sha256_add(struct sha256 *h, struct str bytes);
/* Lower-case hex and NUL of all since init, then as after sha256_init. */
void sha256_end(struct sha256 *h, char out[65]);
void sha256_free(struct sha256 *h); /* twice is harmless */
