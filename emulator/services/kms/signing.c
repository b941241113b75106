/* Signatures, MACs, RSA encryption and key agreement through libcrypto. */
#include "emulator/services/kms/kms.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "emulator/services/kms/pkey.h"

/* Source: KMS Developer Guide, "Key spec reference", algorithms of each spec. The salt of PSS is as
 * long as the digest. */
static const struct algorithm {
    const char *name, *digest;
    int padding; /* of RSA, or 0 */
} algorithms[] = {
    { "RSASSA_PKCS1_V1_5_SHA_256", "SHA256", RSA_PKCS1_PADDING },
    { "RSASSA_PKCS1_V1_5_SHA_384", "SHA384", RSA_PKCS1_PADDING },
    { "RSASSA_PKCS1_V1_5_SHA_512", "SHA512", RSA_PKCS1_PADDING },
    { "RSASSA_PSS_SHA_256", "SHA256", RSA_PKCS1_PSS_PADDING },
    { "RSASSA_PSS_SHA_384", "SHA384", RSA_PKCS1_PSS_PADDING },
    { "RSASSA_PSS_SHA_512", "SHA512", RSA_PKCS1_PSS_PADDING },
    { "ECDSA_SHA_256", "SHA256", 0 },
    { "ECDSA_SHA_384", "SHA384", 0 },
    { "ECDSA_SHA_512", "SHA512", 0 },
    { "RSAES_OAEP_SHA_1", "SHA1", RSA_PKCS1_OAEP_PADDING },
    { "RSAES_OAEP_SHA_256", "SHA256", RSA_PKCS1_OAEP_PADDING },
    { "HMAC_SHA_224", "SHA224", 0 },
    { "HMAC_SHA_256", "SHA256", 0 },
    { "HMAC_SHA_384", "SHA384", 0 },
    { "HMAC_SHA_512", "SHA512", 0 },
};

static const struct algorithm *algorithm_find(struct str name)
{
    for (size_t i = 0; i < COUNT(algorithms); i++)
        if (str_eq_c(name, algorithms[i].name))
            return &algorithms[i];
    return NULL;
}

static const EVP_MD *digest_of(const struct algorithm *g)
{
    return EVP_get_digestbyname(g->digest);
}

size_t kms_digest_len(struct str algorithm)
{
    const struct algorithm *g = algorithm_find(algorithm);

    return g ? (size_t)EVP_MD_get_size(digest_of(g)) : 0;
}

static const unsigned char *bytes_of(struct str s)
{
    return (const unsigned char *)(s.ptr ? s.ptr : "");
}

static bool set_padding(EVP_PKEY_CTX *c, const struct algorithm *g)
{
    return EVP_PKEY_CTX_set_signature_md(c, digest_of(g)) == 1 &&
           (g->padding == 0 || EVP_PKEY_CTX_set_rsa_padding(c, g->padding) == 1) &&
           (g->padding != RSA_PKCS1_PSS_PADDING ||
            EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) == 1);
}

/* The digest to be signed: the message itself when it is one. */
static bool digest(const struct kms_message *m, const struct algorithm *g, unsigned char *out,
                   unsigned *len)
{
    if (!m->is_digest)
        return EVP_Digest(bytes_of(m->bytes), m->bytes.len, out, len, digest_of(g), NULL) == 1;
    *len = (unsigned)EVP_MD_get_size(digest_of(g));
    if (m->bytes.len != *len)
        return false;
    memcpy(out, m->bytes.ptr, *len);
    return true;
}

int kms_sign(struct ctx *cx, struct str pkcs8, const struct kms_message *m, struct str *signature,
             struct err *err)
{
    const struct algorithm *g = algorithm_find(m->algorithm);
    EVP_PKEY *pkey = kms_pkey(pkcs8);
    EVP_PKEY_CTX *c = pkey ? EVP_PKEY_CTX_new(pkey, NULL) : NULL;
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned md_len = 0;
    size_t len = pkey ? (size_t)EVP_PKEY_get_size(pkey) : 0;
    unsigned char *o = arena_alloc(cx->a, len + 1);
    bool ok = g && c && digest(m, g, md, &md_len) && EVP_PKEY_sign_init(c) == 1 &&
              set_padding(c, g) && EVP_PKEY_sign(c, o, &len, md, md_len) == 1;

    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(pkey);
    *signature = (struct str){ (const char *)o, len };
    return ok ? 0 : kms_crypto_fail(err, "sign");
}

bool kms_verify(struct str pkcs8, const struct kms_message *m, struct str signature)
{
    const struct algorithm *g = algorithm_find(m->algorithm);
    EVP_PKEY *pkey = kms_pkey(pkcs8);
    EVP_PKEY_CTX *c = pkey ? EVP_PKEY_CTX_new(pkey, NULL) : NULL;
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned md_len = 0;
    bool ok = g && c && digest(m, g, md, &md_len) && EVP_PKEY_verify_init(c) == 1 &&
              set_padding(c, g) &&
              EVP_PKEY_verify(c, bytes_of(signature), signature.len, md, md_len) == 1;

    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return ok;
}

int kms_mac(struct ctx *cx, struct str key, struct str algorithm, struct str message,
            struct str *mac, struct err *err)
{
    const struct algorithm *g = algorithm_find(algorithm);
    unsigned char *o = arena_alloc(cx->a, EVP_MAX_MD_SIZE);
    unsigned len = 0;

    if (!g || !HMAC(digest_of(g), key.ptr, (int)key.len, bytes_of(message), message.len, o, &len))
        return kms_crypto_fail(err, "make a MAC");
    *mac = (struct str){ (const char *)o, len };
    return 0;
}

typedef int rsa_init(EVP_PKEY_CTX *c);
typedef int rsa_run(EVP_PKEY_CTX *c, unsigned char *out, size_t *out_len, const unsigned char *in,
                    size_t in_len);
static const struct rsa_way {
    rsa_init *init;
    rsa_run *run;
} rsa_encrypting = { EVP_PKEY_encrypt_init, EVP_PKEY_encrypt },
  rsa_decrypting = { EVP_PKEY_decrypt_init, EVP_PKEY_decrypt };

struct rsa_job {
    struct str pkcs8, algorithm, in;
};

static bool rsa(struct ctx *cx, const struct rsa_way *way, const struct rsa_job *job,
                struct str *out)
{
    const struct algorithm *g = algorithm_find(job->algorithm);
    EVP_PKEY *pkey = kms_pkey(job->pkcs8);
    EVP_PKEY_CTX *c = pkey ? EVP_PKEY_CTX_new(pkey, NULL) : NULL;
    size_t len = pkey ? (size_t)EVP_PKEY_get_size(pkey) : 0;
    unsigned char *o = arena_alloc(cx->a, len + 1);
    bool ok = g && c && way->init(c) == 1 && EVP_PKEY_CTX_set_rsa_padding(c, g->padding) == 1 &&
              EVP_PKEY_CTX_set_rsa_oaep_md(c, digest_of(g)) == 1 &&
              EVP_PKEY_CTX_set_rsa_mgf1_md(c, digest_of(g)) == 1 &&
              way->run(c, o, &len, bytes_of(job->in), job->in.len) == 1;

    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    *out = (struct str){ (const char *)o, len };
    return ok;
}

bool kms_rsa_encrypt(struct ctx *cx, struct str pkcs8, struct str algorithm, struct str in,
                     struct str *out)
{
    return rsa(cx, &rsa_encrypting, &(struct rsa_job){ pkcs8, algorithm, in }, out);
}

bool kms_rsa_decrypt(struct ctx *cx, struct str pkcs8, struct str algorithm, struct str in,
                     struct str *out)
{
    return rsa(cx, &rsa_decrypting, &(struct rsa_job){ pkcs8, algorithm, in }, out);
}

bool kms_agree(struct ctx *cx, struct str pkcs8, struct str peer_der, struct str *secret)
{
    const unsigned char *p = bytes_of(peer_der);
    EVP_PKEY *own = kms_pkey(pkcs8), *peer = d2i_PUBKEY(NULL, &p, (long)peer_der.len);
    EVP_PKEY_CTX *c = own ? EVP_PKEY_CTX_new(own, NULL) : NULL;
    size_t len = 0;
    unsigned char *o = NULL;
    bool ok = c && peer && EVP_PKEY_derive_init(c) == 1 && EVP_PKEY_derive_set_peer(c, peer) == 1 &&
              EVP_PKEY_derive(c, NULL, &len) == 1;

    if (ok) {
        o = arena_alloc(cx->a, len);
        ok = EVP_PKEY_derive(c, o, &len) == 1;
    }
    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(own);
    EVP_PKEY_free(peer);
    ERR_clear_error();
    *secret = (struct str){ (const char *)o, len };
    return ok;
}
