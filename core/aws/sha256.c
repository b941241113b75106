#include "core/aws/sha256.h"

#include <assert.h>

#include <openssl/evp.h>

/* libcrypto fails here only when memory ends or SHA-256 is compiled out: both end the program. */
static void must(int ok)
{
    assert(ok == 1);
    (void)ok;
}

void sha256_init(struct sha256 *h)
{
    if (!h->state)
        h->state = EVP_MD_CTX_new();
    assert(h->state);
    must(EVP_DigestInit_ex(h->state, EVP_sha256(), NULL));
}

void sha256_add(struct sha256 *h, struct str bytes)
{
    must(EVP_DigestUpdate(h->state, bytes.ptr, bytes.len));
}

void sha256_end(struct sha256 *h, char out[65])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char md[EVP_MAX_MD_SIZE];

    must(EVP_DigestFinal_ex(h->state, md, NULL));
    for (size_t i = 0; i < 32; i++) {
        out[2 * i] = digits[md[i] >> 4];
        out[2 * i + 1] = digits[md[i] & 15];
    }
    out[64] = '\0';
    must(EVP_DigestInit_ex(h->state, EVP_sha256(), NULL));
}

void sha256_free(struct sha256 *h)
{
    EVP_MD_CTX_free(h->state);
    h->state = NULL;
}
