/* Sign, Verify, GenerateMac, VerifyMac, GetPublicKey, DeriveSharedSecret. */
#include "emulator/services/kms/kms.h"

enum { MESSAGE_MOST = 4096 };

static struct str current(const struct kms_key *k)
{
    return kms_bytes(kms_material(k, STR("")));
}

static bool message_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    size_t len = kms_blob(call, "Message").len;

    if (len == 0 || len > MESSAGE_MOST)
        outcome_refuse(cx->a, out, 400, "ValidationException",
                       "1 validation error detected: Value at 'message' failed to satisfy "
                       "constraint: Member must have length %s",
                       len ? "less than or equal to 4096" : "greater than or equal to 1");
    return !outcome_refused(out);
}

/* The key of a call about a message, and its algorithm checked against the key's words. */
static int find(struct ctx *cx, const struct call *call, struct outcome *out, const char *member,
                struct kms_key *k, struct err *err)
{
    struct str algorithm = param_str(call, member);

    *k = (struct kms_key){ 0 };
    if (!message_ok(cx, call, out))
        return 0;
    int rc = kms_find(cx, call, out, "KeyId", k, err);
    if (rc < 0 || !k->doc)
        return rc;
    if (kms_word_in(k->spec->signs, algorithm) || kms_word_in(k->spec->macs, algorithm))
        return 0;
    outcome_refuse(cx->a, out, 0, "InvalidKeyUsageException",
                   "Algorithm %.*s is incompatible with key spec %s.", STR_ARG(algorithm),
                   k->spec->name);
    k->doc = NULL;
    return 0;
}

static bool message_of(struct ctx *cx, const struct call *call, struct outcome *out,
                       struct kms_message *m)
{
    *m = (struct kms_message){ kms_blob(call, "Message"), param_str(call, "SigningAlgorithm"),
                               str_eq_c(param_str(call, "MessageType"), "DIGEST") };
    if (m->is_digest && m->bytes.len != kms_digest_len(m->algorithm))
        outcome_refuse(cx->a, out, 400, "ValidationException",
                       "Digest is invalid length for algorithm %.*s.", STR_ARG(m->algorithm));
    return !outcome_refused(out);
}

static struct value *answer(struct ctx *cx, const struct call *call, struct outcome *out,
                            const struct kms_key *k, const char *algorithm)
{
    struct value *o = outcome_output(cx, out);

    value_put_str(cx->a, o, "KeyId", k->arn);
    value_put_str(cx->a, o, algorithm, param_str(call, algorithm));
    return o;
}

int kms_Sign(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct kms_message m;
    struct str signature;
    struct kms_key k;
    int rc = find(cx, call, out, "SigningAlgorithm", &k, err);

    if (rc < 0 || !k.doc || !message_of(cx, call, out, &m) || kms_is_dry(cx, call, out))
        return rc;
    rc = kms_sign(cx, current(&k), &m, &signature, err);
    value_set(answer(cx, call, out, &k, "SigningAlgorithm"), STR("Signature"),
              value_blob(cx->a, signature));
    return rc;
}

int kms_Verify(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct kms_message m;
    struct kms_key k;
    int rc = find(cx, call, out, "SigningAlgorithm", &k, err);

    if (rc < 0 || !k.doc || !message_of(cx, call, out, &m))
        return rc;
    if (!kms_verify(current(&k), &m, kms_blob(call, "Signature")))
        outcome_refuse(cx->a, out, 0, "KMSInvalidSignatureException", "%s", "");
    else if (!kms_is_dry(cx, call, out))
        value_put_bool(cx->a, answer(cx, call, out, &k, "SigningAlgorithm"), "SignatureValid",
                       true);
    return 0;
}

int kms_GenerateMac(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str mac;
    struct kms_key k;
    int rc = find(cx, call, out, "MacAlgorithm", &k, err);

    if (rc < 0 || !k.doc || kms_is_dry(cx, call, out))
        return rc;
    rc = kms_mac(cx, current(&k), param_str(call, "MacAlgorithm"), kms_blob(call, "Message"), &mac,
                 err);
    if (rc == 0)
        value_set(answer(cx, call, out, &k, "MacAlgorithm"), STR("Mac"), value_blob(cx->a, mac));
    return rc;
}

int kms_VerifyMac(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str mac;
    struct kms_key k;
    int rc = find(cx, call, out, "MacAlgorithm", &k, err);

    if (rc < 0 || !k.doc)
        return rc;
    rc = kms_mac(cx, current(&k), param_str(call, "MacAlgorithm"), kms_blob(call, "Message"), &mac,
                 err);
    if (rc < 0)
        return rc;
    if (!str_eq(mac, kms_blob(call, "Mac")))
        outcome_refuse(cx->a, out, 0, "KMSInvalidMacException", "%s", "");
    else if (!kms_is_dry(cx, call, out))
        value_put_bool(cx->a, answer(cx, call, out, &k, "MacAlgorithm"), "MacValid", true);
    return 0;
}

int kms_GetPublicKey(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str der;
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    if (rc < 0 || !k.doc)
        return rc;
    if (k.spec->form == KMS_AES || k.spec->form == KMS_HMAC) {
        outcome_refuse(cx->a, out, 0, "UnsupportedOperationException",
                       "%.*s key usage is %.*s which is not valid for GetPublicKey.",
                       STR_ARG(k.arn), STR_ARG(value_get_str(k.meta, "KeyUsage")));
        return 0;
    }
    if ((rc = kms_public_der(cx, current(&k), &der, err)) < 0)
        return rc;
    struct value *o = outcome_output(cx, out);
    struct str usage = value_get_str(k.meta, "KeyUsage");
    value_put_str(cx->a, o, "KeyId", k.arn);
    value_set(o, STR("PublicKey"), value_blob(cx->a, der));
    value_put_c(cx->a, o, "CustomerMasterKeySpec", k.spec->name);
    value_put_c(cx->a, o, "KeySpec", k.spec->name);
    value_put_str(cx->a, o, "KeyUsage", usage);
    kms_offer(cx, k.spec, usage, o);
    return 0;
}

int kms_DeriveSharedSecret(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct str secret;
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    if (rc < 0 || !k.doc)
        return rc;
    if (param_has(call, "Recipient")) {
        kms_no_enclave(cx, out);
    } else if (!kms_agree(cx, current(&k), kms_blob(call, "PublicKey"), &secret)) {
        outcome_refuse(cx->a, out, 400, "ValidationException",
                       "The public key is not valid for key spec %s.", k.spec->name);
    } else if (!kms_is_dry(cx, call, out)) {
        struct value *o = answer(cx, call, out, &k, "KeyAgreementAlgorithm");
        value_set(o, STR("SharedSecret"), value_blob(cx->a, secret));
        value_put_c(cx->a, o, "KeyOrigin", "AWS_KMS");
    }
    return 0;
}
