#include "core/trail/digest.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "core/base/mem.h"
#include "core/codec/uri.h"

struct digest_key {
    EVP_PKEY *pkey;
    bool is_private;
};

static int crypto_fail(struct err *err, int code, const char *what)
{
    char text[160];

    ERR_error_string_n(ERR_get_error(), text, sizeof text);
    ERR_clear_error();
    return err_set(err, code, "%s: %s", what, text);
}

static struct digest_key *key_new(EVP_PKEY *pkey, bool is_private)
{
    struct digest_key *k = mem_alloc(sizeof *k);

    k->pkey = pkey;
    k->is_private = is_private;
    return k;
}

/* Source: CloudTrail User Guide, "Validating CloudTrail log file integrity": SHA-256 with RSA, keys
 * of 2048 bits. */
int digest_key_generate(struct digest_key **out, struct err *err)
{
    EVP_PKEY *pkey = EVP_RSA_gen(2048);

    if (!pkey)
        return crypto_fail(err, E_IO, "generate an RSA key");
    *out = key_new(pkey, true);
    return 0;
}

static bool is_rsa_2048(EVP_PKEY *pkey)
{
    return EVP_PKEY_base_id(pkey) == EVP_PKEY_RSA && EVP_PKEY_bits(pkey) == 2048;
}

static int take_key(EVP_PKEY *pkey, bool is_private, struct digest_key **out, struct err *err)
{
    if (!pkey)
        return crypto_fail(err, E_PARSE, "read a key");
    if (!is_rsa_2048(pkey)) {
        EVP_PKEY_free(pkey);
        return err_set(err, E_PARSE, "the key is no RSA key of 2048 bits");
    }
    *out = key_new(pkey, is_private);
    return 0;
}

/* A key under a password is refused, never asked for on the terminal. */
static int no_password(char *buf, int size, int rwflag, void *arg)
{
    (void)buf, (void)size, (void)rwflag, (void)arg;
    return -1;
}

int digest_key_read_pem(struct digest_key **out, struct str pem, struct err *err)
{
    bool is_private = str_find(pem, STR("PRIVATE KEY-----")) >= 0;

    if (pem.len > 64 * 1024)
        return err_set(err, E_LIMIT, "a key file of %zu bytes", pem.len);
    BIO *bio = BIO_new_mem_buf(pem.ptr ? pem.ptr : "", (int)pem.len);
    if (!bio)
        return crypto_fail(err, E_IO, "read a key");
    EVP_PKEY *pkey = is_private ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL)
                                : PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
    BIO_free(bio);
    return take_key(pkey, is_private, out, err);
}

int digest_key_read_der(struct digest_key **out, struct str pkcs1, struct err *err)
{
    const unsigned char *p = (const unsigned char *)pkcs1.ptr;

    if (pkcs1.len > 64 * 1024)
        return err_set(err, E_LIMIT, "a key of %zu bytes", pkcs1.len);
    EVP_PKEY *pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)pkcs1.len);
    if (pkey && p != (const unsigned char *)pkcs1.ptr + pkcs1.len) {
        EVP_PKEY_free(pkey);
        return err_set(err, E_PARSE, "bytes behind the key");
    }
    return take_key(pkey, false, out, err);
}

void digest_key_free(struct digest_key *k)
{
    if (!k)
        return;
    EVP_PKEY_free(k->pkey);
    mem_free(k);
}

enum pem_half { PEM_PRIVATE, PEM_PUBLIC };

static int pem_write(const struct digest_key *k, enum pem_half half, struct buf *out,
                     struct err *err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;

    if (!bio)
        return crypto_fail(err, E_IO, "write a key");
    int ok = half == PEM_PRIVATE ? PEM_write_bio_PrivateKey(bio, k->pkey, NULL, NULL, 0, NULL, NULL)
                                 : PEM_write_bio_PUBKEY(bio, k->pkey);
    long len = BIO_get_mem_data(bio, &bytes);
    if (ok == 1)
        buf_add(out, (struct str){ bytes, (size_t)len });
    BIO_free(bio);
    return ok == 1 ? 0 : crypto_fail(err, E_IO, "write a key");
}

int digest_key_private_pem(const struct digest_key *k, struct buf *out, struct err *err)
{
    if (!k->is_private)
        return err_set(err, E_MISSING, "a public key has no private half");
    return pem_write(k, PEM_PRIVATE, out, err);
}

int digest_key_public_pem(const struct digest_key *k, struct buf *out, struct err *err)
{
    return pem_write(k, PEM_PUBLIC, out, err);
}

/* i2d_PublicKey gives PKCS#1 RSAPublicKey for RSA: what ListPublicKeys hands out and the
 * fingerprint is made of. A SubjectPublicKeyInfo is refused by validate-logs. */
int digest_key_public_der(const struct digest_key *k, struct buf *out, struct err *err)
{
    unsigned char *der = NULL;
    int len = i2d_PublicKey(k->pkey, &der);

    if (len < 0)
        return crypto_fail(err, E_IO, "encode a public key");
    buf_add(out, (struct str){ (const char *)der, (size_t)len });
    OPENSSL_free(der);
    return 0;
}

int digest_key_fingerprint(const struct digest_key *k, char out[33], struct err *err)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned int md_len = 0;
    struct buf der = { 0 }, hex = { 0 };
    int rc = digest_key_public_der(k, &der, err);

    if (rc == 0 && EVP_Digest(der.ptr, der.len, md, &md_len, EVP_md5(), NULL) != 1)
        rc = crypto_fail(err, E_IO, "MD5 of a public key");
    if (rc == 0) {
        hex_encode(&hex, (struct str){ (const char *)md, 16 });
        memcpy(out, hex.ptr, 32);
        out[32] = '\0';
    }
    buf_free(&der);
    buf_free(&hex);
    return rc;
}

int digest_sign(const struct digest_key *k, struct str text, struct arena *a, struct str *out_hex,
                struct err *err)
{
    unsigned char sig[256];
    size_t len = sizeof sig;
    struct buf hex = { 0 };

    if (!k->is_private)
        return err_set(err, E_MISSING, "a public key can't sign");
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, k->pkey) == 1 &&
              EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text.ptr, text.len) == 1;
    EVP_MD_CTX_free(ctx);
    if (!ok)
        return crypto_fail(err, E_IO, "sign a digest");
    hex_encode(&hex, (struct str){ (const char *)sig, len });
    *out_hex = arena_copy(a, buf_view(&hex));
    buf_free(&hex);
    return 0;
}

int digest_verify(const struct digest_key *k, struct str text, struct str signature_hex,
                  struct err *err)
{
    struct arena a = { 0 };
    struct str sig;

    if (signature_hex.len > 4096)
        return err_set(err, E_PARSE, "a signature of %zu digits", signature_hex.len);
    int rc = hex_decode(&a, signature_hex, &sig, err);
    if (rc == 0) {
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        bool ok = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, k->pkey) == 1 &&
                  EVP_DigestVerify(ctx, (const unsigned char *)sig.ptr, sig.len,
                                   (const unsigned char *)text.ptr, text.len) == 1;
        EVP_MD_CTX_free(ctx);
        ERR_clear_error();
        if (!ok)
            rc = err_set(err, E_PARSE, "the signature does not fit");
    }
    arena_free(&a);
    return rc;
}
