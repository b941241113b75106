/* Encrypt, Decrypt, ReEncrypt, data keys, random bytes.
 *
 * A symmetric blob: MAGIC, the length of the key's ARN, the ARN, 32 bytes of the material's id,
 * then IV, tag and ciphertext of AES-256-GCM. All before the IV and the encryption context, its
 * pairs in order, are authenticated with it. */
#include "emulator/services/kms/kms.h"

#include "core/codec/uri.h"

/* Real blobs begin so too (base64 "AQICAHh"), and so do tools know them. */
#define MAGIC "\x01\x02\x02\x00\x78"
enum { MAGIC_LEN = 5, MATERIAL_ID_LEN = 32, PLAIN_MOST = 4096, RANDOM_MOST = 1024 };

static struct value **sorted_pairs(struct ctx *cx, const struct value *context)
{
    size_t n = 0;
    struct value **all =
        arena_array(cx->a, (context ? context->count : 0) + 1, sizeof *all); /* NULL-ended */

    for (struct value *m = value_first(context); m; m = m->next, n++) {
        size_t i = n;
        for (; i > 0 && str_cmp(all[i - 1]->name, m->name) > 0; i--)
            all[i] = all[i - 1];
        all[i] = m;
    }
    return all;
}

static void add_sized(struct buf *b, struct str s)
{
    uint32_t n = (uint32_t)s.len;
    const char size[4] = { (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n };

    buf_add(b, (struct str){ size, sizeof size });
    buf_add(b, s);
}

static struct str authenticated(struct ctx *cx, struct str head, const struct value *context)
{
    struct buf b = { 0 };

    add_sized(&b, head);
    for (struct value **m = sorted_pairs(cx, context); *m; m++) {
        add_sized(&b, (*m)->name);
        add_sized(&b, (*m)->kind == VALUE_STRING ? (*m)->u.text : STR(""));
    }
    struct str aad = arena_copy(cx->a, buf_view(&b));
    buf_free(&b);
    return aad;
}

int kms_encrypt(struct ctx *cx, const struct kms_key *k, const struct value *context,
                struct str plain, struct str *blob, struct err *err)
{
    const struct value *m = kms_material(k, STR(""));
    struct str id, sealed;
    char arn_len = (char)k->arn.len;

    if (k->arn.len > 255 || hex_decode(cx->a, value_get_str(m, "Id"), &id, err) < 0)
        return err_set(err, E_PARSE, "kms: a damaged key %.*s", STR_ARG(k->arn));
    const struct str parts[] = { { MAGIC, MAGIC_LEN }, { &arn_len, 1 }, k->arn, id };
    struct str head = arena_join(cx->a, parts, COUNT(parts), STR(""));
    int rc = kms_seal(cx, kms_bytes(m), authenticated(cx, head, context), plain, &sealed, err);
    if (rc == 0)
        *blob = arena_join(cx->a, (struct str[]){ head, sealed }, 2, STR(""));
    return rc;
}

struct str kms_blob_arn(struct str blob)
{
    struct str magic = { MAGIC, MAGIC_LEN };

    if (!str_has_prefix(blob, magic) || blob.len <= MAGIC_LEN)
        return (struct str){ 0 };
    size_t len = (unsigned char)blob.ptr[MAGIC_LEN];
    return blob.len >= MAGIC_LEN + 1 + len + MATERIAL_ID_LEN ? str_sub(blob, MAGIC_LEN + 1, len)
                                                             : (struct str){ 0 };
}

bool kms_decrypt(struct ctx *cx, const struct kms_key *k, const struct value *context,
                 struct str blob, struct str *plain, struct str *material_id)
{
    size_t head_len = MAGIC_LEN + 1 + kms_blob_arn(blob).len + MATERIAL_ID_LEN;
    struct str head = str_sub(blob, 0, head_len);
    struct buf hex = { 0 };

    hex_encode(&hex, str_sub(blob, head_len - MATERIAL_ID_LEN, MATERIAL_ID_LEN));
    *material_id = arena_copy(cx->a, buf_view(&hex));
    buf_free(&hex);
    const struct value *m = kms_material(k, *material_id);
    return m && kms_open(cx, kms_bytes(m), authenticated(cx, head, context),
                         str_sub(blob, head_len, blob.len), plain);
}

static void put_blob(struct ctx *cx, struct outcome *out, const char *name, struct str bytes)
{
    value_set(outcome_output(cx, out), str_c(name), value_blob(cx->a, bytes));
}

/* An algorithm parameter, SYMMETRIC_DEFAULT when absent; refused when it is none of the key's. */
static bool algorithm_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                         const struct kms_key *k, const char *member)
{
    struct str name = param_has(call, member) ? param_str(call, member) : STR("SYMMETRIC_DEFAULT");

    if (!kms_word_in(k->spec->encrypts, name))
        outcome_refuse(cx->a, out, 0, "InvalidKeyUsageException",
                       "Algorithm %.*s is incompatible with key spec %s.", STR_ARG(name),
                       k->spec->name);
    return !outcome_refused(out);
}

static struct str current(const struct kms_key *k)
{
    return kms_bytes(kms_material(k, STR("")));
}

/* The parameters of one side of a call. */
struct half {
    const char *key, *algorithm, *context;
};
static const struct half plain_half = { "KeyId", "EncryptionAlgorithm", "EncryptionContext" };

struct sealing {
    const struct half *half;
    struct str plain, blob;
};

static int encrypt(struct ctx *cx, const struct call *call, struct outcome *out,
                   const struct kms_key *k, struct sealing *s, struct err *err)
{
    const struct half *h = s->half;

    if (!algorithm_ok(cx, call, out, k, h->algorithm))
        return 0;
    if (k->spec->form == KMS_AES)
        return kms_encrypt(cx, k, param(call, h->context), s->plain, &s->blob, err);
    if (!kms_rsa_encrypt(cx, current(k), param_str(call, h->algorithm), s->plain, &s->blob))
        outcome_refuse(cx->a, out, 400, "ValidationException",
                       "The plaintext is too long for the algorithm %.*s and key spec %s.",
                       STR_ARG(param_str(call, h->algorithm)), k->spec->name);
    return 0;
}

int kms_Encrypt(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct sealing s = { .half = &plain_half, .plain = kms_blob(call, "Plaintext") };
    struct kms_key k;

    if (s.plain.len == 0 || s.plain.len > PLAIN_MOST) {
        outcome_refuse(cx->a, out, 400, "ValidationException",
                       "1 validation error detected: Value at 'plaintext' failed to satisfy "
                       "constraint: Member must have length %s",
                       s.plain.len ? "less than or equal to 4096" : "greater than or equal to 1");
        return 0;
    }
    int rc = kms_find(cx, call, out, "KeyId", &k, err);
    if (rc < 0 || !k.doc)
        return rc;
    rc = encrypt(cx, call, out, &k, &s, err);
    if (rc < 0 || outcome_refused(out) || kms_is_dry(cx, call, out))
        return rc;
    put_blob(cx, out, "CiphertextBlob", s.blob);
    value_put_str(cx->a, out->output, "KeyId", k.arn);
    value_put_str(cx->a, out->output, "EncryptionAlgorithm",
                  param_has(call, plain_half.algorithm) ? param_str(call, plain_half.algorithm)
                                                        : STR("SYMMETRIC_DEFAULT"));
    return 0;
}

struct opened {
    struct kms_key key;
    struct str plain, material_id, algorithm;
};

static void not_ours(struct ctx *cx, struct outcome *out)
{
    outcome_refuse(cx->a, out, 0, "InvalidCiphertextException", "%s", "");
}

/* Source: KMS API Reference, "Decrypt": KeyId is needed for asymmetric keys alone; where it is
 * given it must be the key of the ciphertext. */
static int open_symmetric(struct ctx *cx, const struct call *call, struct outcome *out,
                          const struct half *h, struct opened *o, struct err *err)
{
    struct str blob = kms_blob(call, "CiphertextBlob");
    struct kms_key named = { 0 };
    int rc;

    if (kms_blob_arn(blob).len == 0) {
        not_ours(cx, out);
        return 0;
    }
    if (param_has(call, h->key)) {
        rc = kms_locate(cx, call, out, param_str(call, h->key), &named, err);
        if (rc < 0 || !named.doc)
            return rc;
    }
    rc = kms_find_by_arn(cx, call, out, kms_blob_arn(blob), &o->key, err);
    if (rc < 0 || !o->key.doc)
        return rc;
    if (param_has(call, h->key) && !str_eq(named.arn, o->key.arn)) {
        outcome_refuse(cx->a, out, 0, "IncorrectKeyException",
                       "The key ID in the request does not identify a CMK that can perform this "
                       "operation.");
        return 0;
    }
    o->algorithm = STR("SYMMETRIC_DEFAULT");
    if (!kms_decrypt(cx, &o->key, param(call, h->context), blob, &o->plain, &o->material_id))
        not_ours(cx, out);
    return 0;
}

static int open_blob(struct ctx *cx, const struct call *call, struct outcome *out,
                     const struct half *h, struct opened *o, struct err *err)
{
    struct str algorithm = param_str(call, h->algorithm);

    *o = (struct opened){ .algorithm = algorithm };
    if (kms_blob(call, "CiphertextBlob").len == 0) {
        outcome_refuse(cx->a, out, 400, "ValidationException",
                       "1 validation error detected: Value null at 'ciphertextBlob' failed to "
                       "satisfy constraint: Member must not be null");
        return 0;
    }
    if (algorithm.len == 0 || str_eq_c(algorithm, "SYMMETRIC_DEFAULT"))
        return open_symmetric(cx, call, out, h, o, err);
    int rc = kms_find(cx, call, out, h->key, &o->key, err);
    if (rc < 0 || !o->key.doc || !algorithm_ok(cx, call, out, &o->key, h->algorithm))
        return rc;
    if (!kms_rsa_decrypt(cx, current(&o->key), algorithm, kms_blob(call, "CiphertextBlob"),
                         &o->plain))
        not_ours(cx, out);
    return 0;
}

int kms_Decrypt(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct opened o;

    if (param_has(call, "Recipient")) {
        kms_no_enclave(cx, out);
        return 0;
    }
    int rc = open_blob(cx, call, out, &plain_half, &o, err);
    if (rc < 0 || outcome_refused(out) || kms_is_dry(cx, call, out))
        return rc;
    put_blob(cx, out, "Plaintext", o.plain);
    value_put_str(cx->a, out->output, "KeyId", o.key.arn);
    value_put_str(cx->a, out->output, "EncryptionAlgorithm", o.algorithm);
    if (o.material_id.len > 0)
        value_put_str(cx->a, out->output, "KeyMaterialId", o.material_id);
    return 0;
}

int kms_ReEncrypt(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    static const struct half from = { "SourceKeyId", "SourceEncryptionAlgorithm",
                                      "SourceEncryptionContext" };
    static const struct half to = { "DestinationKeyId", "DestinationEncryptionAlgorithm",
                                    "DestinationEncryptionContext" };
    struct sealing s = { .half = &to };
    struct opened o;
    struct kms_key k;
    int rc = open_blob(cx, call, out, &from, &o, err);

    if (rc < 0 || outcome_refused(out))
        return rc;
    rc = kms_find(cx, call, out, to.key, &k, err);
    if (rc < 0 || !k.doc)
        return rc;
    s.plain = o.plain;
    rc = encrypt(cx, call, out, &k, &s, err);
    if (rc < 0 || outcome_refused(out) || kms_is_dry(cx, call, out))
        return rc;
    put_blob(cx, out, "CiphertextBlob", s.blob);
    struct value *v = out->output;
    value_put_str(cx->a, v, "SourceKeyId", o.key.arn);
    value_put_str(cx->a, v, "KeyId", k.arn);
    value_put_str(cx->a, v, "SourceEncryptionAlgorithm", o.algorithm);
    value_put_str(cx->a, v, "DestinationEncryptionAlgorithm",
                  param_has(call, to.algorithm) ? param_str(call, to.algorithm)
                                                : STR("SYMMETRIC_DEFAULT"));
    if (o.material_id.len > 0)
        value_put_str(cx->a, v, "SourceKeyMaterialId", o.material_id);
    if (k.spec->form == KMS_AES)
        value_put_str(cx->a, v, "DestinationKeyMaterialId",
                      value_get_str(kms_material(&k, STR("")), "Id"));
    return 0;
}

void kms_no_enclave(struct ctx *cx, struct outcome *out)
{
    outcome_refuse(cx->a, out, 501, "NotImplemented",
                   "mocktrail answers no attestation document (Recipient).");
}

static int64_t data_key_len(struct ctx *cx, const struct call *call, struct outcome *out)
{
    struct str spec = param_str(call, "KeySpec");
    int64_t bytes = param_int(call, "NumberOfBytes", 0);

    if ((spec.len > 0) == param_has(call, "NumberOfBytes"))
        outcome_refuse(cx->a, out, 400, "ValidationException",
                       "Please specify either number of bytes or key spec.");
    else if (spec.len > 0)
        return str_eq_c(spec, "AES_128") ? 16 : 32;
    else if (bytes < 1 || bytes > RANDOM_MOST)
        kms_invalid(cx, out, arena_printf(cx->a, "%lld", (long long)bytes), "numberOfBytes",
                    bytes < 1 ? "have value greater than or equal to 1"
                              : "have value less than or equal to 1024");
    return bytes;
}

/* A data key encrypts with symmetric keys alone. */
static int find_symmetric(struct ctx *cx, const struct call *call, struct outcome *out,
                          struct kms_key *k, struct err *err)
{
    int rc = kms_find(cx, call, out, "KeyId", k, err);

    if (rc < 0 || !k->doc || k->spec->form == KMS_AES)
        return rc;
    outcome_refuse(cx->a, out, 0, "InvalidKeyUsageException", "%s", "");
    k->doc = NULL;
    return 0;
}

static void put_key(struct ctx *cx, struct outcome *out, const struct kms_key *k)
{
    struct value *o = outcome_output(cx, out);

    value_put_str(cx->a, o, "KeyId", k->arn);
    value_put_str(cx->a, o, "KeyMaterialId", value_get_str(kms_material(k, STR("")), "Id"));
}

static int data_key(struct ctx *cx, const struct call *call, struct outcome *out, struct str *plain,
                    struct err *err)
{
    struct kms_key k;
    struct str blob;

    if (param_has(call, "Recipient")) {
        kms_no_enclave(cx, out);
        return 0;
    }
    int64_t len = data_key_len(cx, call, out);
    if (outcome_refused(out))
        return 0;
    int rc = find_symmetric(cx, call, out, &k, err);
    if (rc < 0 || !k.doc || kms_is_dry(cx, call, out))
        return rc;
    char *bytes = arena_alloc(cx->a, (size_t)len);
    *plain = (struct str){ bytes, (size_t)len };
    if ((rc = kms_random(cx, bytes, (size_t)len, err)) < 0 ||
        (rc = kms_encrypt(cx, &k, param(call, "EncryptionContext"), *plain, &blob, err)) < 0)
        return rc;
    put_blob(cx, out, "CiphertextBlob", blob);
    put_key(cx, out, &k);
    return 0;
}

int kms_GenerateDataKey(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct err *err)
{
    struct str plain = { 0 };
    int rc = data_key(cx, call, out, &plain, err);

    if (rc == 0 && !outcome_refused(out))
        put_blob(cx, out, "Plaintext", plain);
    return rc;
}

int kms_GenerateDataKeyWithoutPlaintext(struct ctx *cx, const struct call *call,
                                        struct outcome *out, struct err *err)
{
    struct str plain;

    return data_key(cx, call, out, &plain, err);
}

static int key_pair(struct ctx *cx, const struct call *call, struct outcome *out,
                    struct str *private_der, struct err *err)
{
    const struct kms_spec *spec = kms_spec_find(param_str(call, "KeyPairSpec"));
    struct str blob = { 0 }, public_der = { 0 };
    struct kms_key k;

    if (param_has(call, "Recipient")) {
        kms_no_enclave(cx, out);
        return 0;
    }
    int rc = find_symmetric(cx, call, out, &k, err);
    if (rc < 0 || !k.doc || kms_is_dry(cx, call, out))
        return rc;
    if (!spec || spec->form == KMS_AES || spec->form == KMS_HMAC) {
        outcome_refuse(cx->a, out, 501, "NotImplemented",
                       "mocktrail makes no key pairs of spec %.*s.",
                       STR_ARG(param_str(call, "KeyPairSpec")));
        return 0;
    }
    if ((rc = kms_material_new(cx, spec, call->prepared, private_der, err)) < 0 ||
        (rc = kms_public_der(cx, *private_der, &public_der, err)) < 0 ||
        (rc = kms_encrypt(cx, &k, param(call, "EncryptionContext"), *private_der, &blob, err)) < 0)
        return rc;
    put_blob(cx, out, "PrivateKeyCiphertextBlob", blob);
    put_blob(cx, out, "PublicKey", public_der);
    put_key(cx, out, &k);
    value_put_c(cx->a, out->output, "KeyPairSpec", spec->name);
    return 0;
}

int kms_GenerateDataKeyPair(struct ctx *cx, const struct call *call, struct outcome *out,
                            struct err *err)
{
    struct str private_der = { 0 };
    int rc = key_pair(cx, call, out, &private_der, err);

    if (rc == 0 && !outcome_refused(out))
        put_blob(cx, out, "PrivateKeyPlaintext", private_der);
    return rc;
}

int kms_GenerateDataKeyPairWithoutPlaintext(struct ctx *cx, const struct call *call,
                                            struct outcome *out, struct err *err)
{
    struct str private_der = { 0 };

    return key_pair(cx, call, out, &private_der, err);
}

int kms_GenerateRandom(struct ctx *cx, const struct call *call, struct outcome *out,
                       struct err *err)
{
    int64_t len = param_int(call, "NumberOfBytes", 0);

    if (param_has(call, "Recipient") || param_has(call, "CustomKeyStoreId")) {
        kms_no_enclave(cx, out);
        return 0;
    }
    if (len < 1 || len > RANDOM_MOST) {
        kms_invalid(cx, out, arena_printf(cx->a, "%lld", (long long)len), "numberOfBytes",
                    len < 1 ? "have value greater than or equal to 1"
                            : "have value less than or equal to 1024");
        return 0;
    }
    char *bytes = arena_alloc(cx->a, (size_t)len);
    int rc = kms_random(cx, bytes, (size_t)len, err);
    put_blob(cx, out, "Plaintext", (struct str){ bytes, (size_t)len });
    return rc;
}
