/* Key material and symmetric ciphers through libcrypto. */
#include "emulator/services/kms/kms.h"

#include <assert.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "core/codec/uri.h"
#include "emulator/services/kms/pkey.h"

enum { IV_LEN = 12, TAG_LEN = 16, MATERIAL_ID_LEN = 32 };

int kms_crypto_fail(struct err *err, const char *what)
{
    char text[160];

    ERR_error_string_n(ERR_get_error(), text, sizeof text);
    ERR_clear_error();
    return err_set(err, E_IO, "kms: %s: %s", what, text);
}

int kms_random(struct ctx *cx, void *out, size_t len, struct err *err)
{
    if (!cx->e->opt.seeded)
        return rng_secret(out, len, err);
    rng_bytes(&cx->rng, out, len);
    return 0;
}

EVP_PKEY *kms_pkey(struct str pkcs8)
{
    const unsigned char *p = (const unsigned char *)pkcs8.ptr;

    return d2i_AutoPrivateKey(NULL, &p, (long)pkcs8.len);
}

static struct str der_take(struct arena *a, unsigned char *der, int len)
{
    struct str copy = arena_copy(a, (struct str){ (const char *)der, (size_t)len });

    OPENSSL_free(der);
    return copy;
}

static int pkcs8_write(struct arena *a, EVP_PKEY *pkey, struct str *out, struct err *err)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    unsigned char *der = NULL;
    int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;

    PKCS8_PRIV_KEY_INFO_free(info);
    if (len <= 0)
        return kms_crypto_fail(err, "write a private key");
    *out = der_take(a, der, len);
    return 0;
}

static bool is_pair(const struct kms_spec *spec)
{
    return spec->form == KMS_RSA || spec->form == KMS_EC;
}

static int pair_new(struct arena *a, const struct kms_spec *spec, struct str *out, struct err *err)
{
    EVP_PKEY *pkey =
        spec->form == KMS_RSA ? EVP_RSA_gen((unsigned)spec->size) : EVP_EC_gen(spec->curve);
    if (!pkey)
        return kms_crypto_fail(err, "generate a key pair");
    int rc = pkcs8_write(a, pkey, out, err);
    EVP_PKEY_free(pkey);
    return rc;
}

/* RSA keys take up to a second. What the call asks for may not be: the handler says so then. */
static int prepare(struct arena *a, struct str spec_name, struct str *out, struct err *err)
{
    const struct kms_spec *spec = kms_spec_find(spec_name);

    return spec && is_pair(spec) ? pair_new(a, spec, out, err) : 0;
}

/* Source: KMS API Reference, "CreateKey": CustomerMasterKeySpec is KeySpec's older name. */
int kms_prepare_key(struct arena *a, const struct call *call, struct str *out, struct err *err)
{
    struct str name = param_str(call, "KeySpec");

    return prepare(a, name.len ? name : param_str(call, "CustomerMasterKeySpec"), out, err);
}

int kms_prepare_pair(struct arena *a, const struct call *call, struct str *out, struct err *err)
{
    return prepare(a, param_str(call, "KeyPairSpec"), out, err);
}

int kms_material_new(struct ctx *cx, const struct kms_spec *spec, struct str prepared,
                     struct str *out, struct err *err)
{
    if (spec->form == KMS_AES || spec->form == KMS_HMAC) {
        char *bytes = arena_alloc(cx->a, (size_t)spec->size);
        *out = (struct str){ bytes, (size_t)spec->size };
        return kms_random(cx, bytes, (size_t)spec->size, err);
    }
    *out = prepared;
    return out->len > 0 ? 0 : pair_new(cx->a, spec, out, err);
}

int kms_public_der(struct ctx *cx, struct str pkcs8, struct str *out, struct err *err)
{
    EVP_PKEY *pkey = kms_pkey(pkcs8);
    unsigned char *der = NULL;
    int len = pkey ? i2d_PUBKEY(pkey, &der) : -1;

    EVP_PKEY_free(pkey);
    if (len <= 0)
        return kms_crypto_fail(err, "write a public key");
    *out = der_take(cx->a, der, len);
    return 0;
}

const struct value *kms_material(const struct kms_key *k, struct str id)
{
    const struct value *found = NULL;

    for (const struct value *m = value_first(value_get_c(k->doc, "Materials")); m; m = m->next)
        if (id.len == 0 || str_eq(value_get_str(m, "Id"), id))
            found = m;
    return found;
}

struct str kms_bytes(const struct value *material)
{
    const struct value *v = value_get_c(material, "Bytes");

    assert(v && v->kind == VALUE_BLOB); /* every material has them */
    return v->u.text;
}

int kms_material_add(struct ctx *cx, struct kms_key *k, const char *type, int64_t at_ms,
                     struct str prepared, struct err *err)
{
    struct value *m = value_map(cx->a), *all = value_get_c(k->doc, "Materials");
    char id[MATERIAL_ID_LEN];
    struct buf hex = { 0 };
    struct str bytes = { 0 };
    int rc = kms_material_new(cx, k->spec, prepared, &bytes, err);

    if (rc < 0)
        return rc;
    if (!all) {
        all = value_list(cx->a);
        value_set(k->doc, STR("Materials"), all);
    }
    rng_bytes(&cx->rng, id, sizeof id);
    hex_encode(&hex, (struct str){ id, sizeof id });
    value_put_str(cx->a, m, "Id", buf_view(&hex));
    buf_free(&hex);
    value_set(m, STR("Bytes"), value_blob(cx->a, bytes));
    value_put_time(cx->a, m, "Date", at_ms);
    value_put_c(cx->a, m, "Type", type);
    value_push(all, m);
    if (k->spec->form == KMS_AES)
        value_put_str(cx->a, k->meta, "CurrentKeyMaterialId", value_get_str(m, "Id"));
    return 0;
}

static const unsigned char *bytes_of(struct str s)
{
    return (const unsigned char *)(s.ptr ? s.ptr : "");
}

int kms_seal(struct ctx *cx, struct str key, struct str aad, struct str plain, struct str *out,
             struct err *err)
{
    unsigned char *o = arena_alloc(cx->a, IV_LEN + TAG_LEN + plain.len + 1);
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0, rc = kms_random(cx, o, IV_LEN, err);

    if (rc == 0 &&
        !(c && EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, bytes_of(key), o) == 1 &&
          EVP_EncryptUpdate(c, NULL, &n, bytes_of(aad), (int)aad.len) == 1 &&
          EVP_EncryptUpdate(c, o + IV_LEN + TAG_LEN, &n, bytes_of(plain), (int)plain.len) == 1 &&
          EVP_EncryptFinal_ex(c, o + IV_LEN + TAG_LEN + n, &n) == 1 &&
          EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_LEN, o + IV_LEN) == 1))
        rc = kms_crypto_fail(err, "encrypt");
    EVP_CIPHER_CTX_free(c);
    *out = (struct str){ (const char *)o, IV_LEN + TAG_LEN + plain.len };
    return rc;
}

bool kms_open(struct ctx *cx, struct str key, struct str aad, struct str sealed, struct str *plain)
{
    if (sealed.len < IV_LEN + TAG_LEN)
        return false;
    const unsigned char *in = bytes_of(sealed);
    size_t len = sealed.len - IV_LEN - TAG_LEN;
    unsigned char *o = arena_alloc(cx->a, len + 1);
    unsigned char tag[TAG_LEN];
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0;

    memcpy(tag, in + IV_LEN, TAG_LEN);
    bool ok = c && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, bytes_of(key), in) == 1 &&
              EVP_DecryptUpdate(c, NULL, &n, bytes_of(aad), (int)aad.len) == 1 &&
              EVP_DecryptUpdate(c, o, &n, in + IV_LEN + TAG_LEN, (int)len) == 1 &&
              EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1 &&
              EVP_DecryptFinal_ex(c, o + n, &n) == 1;
    EVP_CIPHER_CTX_free(c);
    ERR_clear_error();
    *plain = (struct str){ (const char *)o, len };
    return ok;
}
