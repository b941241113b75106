#include "emulator/services/sns/signature.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "core/aws/sigv4.h"
#include "core/base/embed.h"
#include "core/codec/uri.h"
#include "emulator/store/store.h"

#define KEY_BITS   2048
#define NOT_BEFORE "20200101000000Z"
#define NOT_AFTER  "20491231235959Z"
#define FACT       "sns.key"

static struct str bio_text(struct arena *a, BIO *bio)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);

    return arena_copy(a, (struct str){ bytes, len > 0 ? (size_t)len : 0 });
}

static EVP_PKEY *parse_key(struct str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    return key;
}

static int make_key(struct engine *e, struct arena *a, struct str *pem, struct err *err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    EVP_PKEY *key = NULL;
    int rc = 0;

    *pem = embed_find(STR("keys/test-0.pem"));
    if (!e->opt.seeded) {
        key = EVP_RSA_gen(KEY_BITS);
        if (!key || !bio || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
            rc = err_set(err, E_IO, "libcrypto could not make a key to sign notifications");
        else
            *pem = bio_text(a, bio);
    }
    EVP_PKEY_free(key);
    BIO_free(bio);
    return rc < 0 ? rc : store_fact_put(e->store, FACT, *pem, err);
}

static int key_of(struct engine *e, struct arena *a, EVP_PKEY **out, struct err *err)
{
    struct str pem;
    int rc = store_fact_get(e->store, a, FACT, &pem, err);

    if (rc == 0 && !(*out = parse_key(pem)))
        rc = err_set(err, E_PARSE, "state.db: %s is no private key", FACT);
    return rc;
}

static int key_to_sign(struct engine *e, struct arena *a, EVP_PKEY **out, struct err *err)
{
    struct str pem;
    int rc = key_of(e, a, out, err);

    if (rc != E_MISSING)
        return rc;
    rc = make_key(e, a, &pem, err);
    if (rc == 0 && !(*out = parse_key(pem)))
        rc = err_set(err, E_PARSE, "the key that signs notifications can't be read");
    return rc;
}

static bool sign(EVP_PKEY *key, struct str text, bool is_sha256, unsigned char *to, size_t *len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done =
        ctx &&
        EVP_DigestSignInit(ctx, NULL, is_sha256 ? EVP_sha256() : EVP_sha1(), NULL, key) == 1 &&
        EVP_DigestSign(ctx, to, len, (const unsigned char *)text.ptr, text.len) == 1;

    EVP_MD_CTX_free(ctx);
    return done;
}

int sns_sign(struct engine *e, struct arena *a, struct str text, bool is_sha256, struct str *out,
             struct err *err)
{
    unsigned char bytes[KEY_BITS / 8];
    size_t len = sizeof bytes;
    struct buf base64 = { 0 };
    EVP_PKEY *key = NULL;
    int rc = key_to_sign(e, a, &key, err);

    if (rc == 0 && !sign(key, text, is_sha256, bytes, &len))
        rc = err_set(err, E_IO, "libcrypto could not sign a notification");
    if (rc == 0) {
        base64_encode(&base64, (struct str){ (const char *)bytes, len });
        *out = arena_copy(a, buf_view(&base64));
    }
    buf_free(&base64);
    EVP_PKEY_free(key);
    return rc;
}

/* ---- the certificate ---- */

static bool fill(X509 *x, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(x);

    return X509_set_version(x, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notBefore(x), NOT_BEFORE) == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notAfter(x), NOT_AFTER) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                      (const unsigned char *)"sns.amazonaws.com", -1, -1, 0) == 1 &&
           X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
                                      (const unsigned char *)"mocktrail (not Amazon)", -1, -1,
                                      0) == 1 &&
           X509_set_issuer_name(x, name) == 1 && X509_set_pubkey(x, key) == 1 &&
           X509_sign(x, key, EVP_sha256()) > 0;
}

static int certify(struct arena *a, EVP_PKEY *key, struct str *pem, struct err *err)
{
    X509 *x = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    int rc = 0;

    if (!x || !bio || !fill(x, key) || PEM_write_bio_X509(bio, x) != 1)
        rc = err_set(err, E_IO, "libcrypto could not write a certificate");
    else
        *pem = bio_text(a, bio);
    X509_free(x);
    BIO_free(bio);
    return rc;
}

static struct str name_of(struct arena *a, struct str pem)
{
    char hex[65];

    sha256_hex(pem, hex);
    return arena_printf(a, "SimpleNotificationService-%.32s.pem", hex);
}

static int make(struct engine *e, struct arena *a, struct str *pem, struct err *err)
{
    EVP_PKEY *key = NULL;
    int rc = key_of(e, a, &key, err);

    if (rc == 0)
        rc = certify(a, key, pem, err);
    EVP_PKEY_free(key);
    return rc;
}

int sns_certificate_name(struct engine *e, struct arena *a, struct str *out, struct err *err)
{
    struct str pem = { 0 };
    int rc = make(e, a, &pem, err);

    if (rc == 0)
        *out = name_of(a, pem);
    return rc;
}

int sns_certificate(struct engine *e, struct arena *a, struct str name, struct str *pem,
                    struct err *err)
{
    int rc = make(e, a, pem, err);

    return rc == 0 && !str_eq(name, name_of(a, *pem)) ? E_MISSING : rc;
}
