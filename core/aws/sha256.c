/* libcrypto's plain functions, as in sigv4.c: no fetch for each use. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "core/aws/sha256.h"

#include <openssl/sha.h>

#include "core/base/mem.h"

void sha256_init(struct sha256 *h)
{
    if (!h->state)
        h->state = mem_alloc(sizeof(SHA256_CTX));
    SHA256_Init(h->state);
}

void sha256_add(struct sha256 *h, struct str bytes)
{
    SHA256_Update(h->state, bytes.ptr, bytes.len);
}

void sha256_end(struct sha256 *h, char out[65])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[SHA256_DIGEST_LENGTH];

    SHA256_Final(hash, h->state);
    for (size_t i = 0; i < sizeof hash; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[64] = '\0';
    SHA256_Init(h->state);
}

void sha256_free(struct sha256 *h)
{
    mem_free(h->state);
    h->state = NULL;
}
