/* emulator/services/kms - keys that really encrypt and sign, by libcrypto.
 *
 * A key is one document: service "kms", type "Key", id the key's id:
 *   KeyMetadata  the model's own, as answered
 *   Policy       text; Tags: list of TagKey, TagValue
 *   Materials    list of { Id (64 hex digits), Bytes, Date, Type }, the current one last. Bytes are
 *                the key itself: AES and HMAC raw, the others PKCS #8 in DER. They lie in state.db
 * in the clear: this is a test tool, no vault. Rotation     { Enabled, PeriodInDays, Since }
 * Aliases ("Alias", id its name) and grants ("Grant", id KEY/GRANT) are documents of the model's
 * members. A key whose deletion is due is gone for every reader, and its documents go at the next
 * listing or creation. libcrypto's types end in material.c and signing.c.
 */
#pragma once

#include "emulator/services/services.h"

enum kms_form { KMS_AES, KMS_RSA, KMS_EC, KMS_HMAC };

/* A KeySpec. Source: KMS Developer Guide, "Key spec reference". */
struct kms_spec {
    const char *name;
    enum kms_form form;
    int size;             /* bytes of AES and HMAC, bits of RSA */
    const char *curve;    /* libcrypto's name */
    const char *usages;   /* blank-separated; one alone is the default of CreateKey */
    const char *encrypts; /* blank-separated algorithms of each usage, or "" */
    const char *signs, *macs, *agrees;
};
const struct kms_spec *kms_spec_find(struct str name); /* NULL: none that we make */
bool kms_word_in(const char *words, struct str word);
struct value *kms_words(struct ctx *cx, const char *words); /* as a list of strings */

struct kms_key {
    struct doc_key at;
    struct value *doc; /* NULL: refused, the outcome says why */
    struct value *meta;
    struct str arn;
    const struct kms_spec *spec;
};

/* The key that a parameter names: id, ARN or alias as the operation allows (rules.def), in a state
 * that it allows, of the usage that it needs, by a caller whom the key's policy or a grant lets in.
 */
int kms_find(struct ctx *cx, const struct call *call, struct outcome *out, const char *member,
             struct kms_key *k, struct err *err);
/* The same for the key of a ciphertext: never an alias. Absent: AccessDeniedException, as KMS. */
int kms_find_by_arn(struct ctx *cx, const struct call *call, struct outcome *out, struct str arn,
                    struct kms_key *k, struct err *err);
/* Which key an identifier names, without any judgement: k->doc NULL and the outcome refused when
 * none. */
int kms_locate(struct ctx *cx, const struct call *call, struct outcome *out, struct str id,
               struct kms_key *k, struct err *err);
int kms_save(struct ctx *cx, const struct kms_key *k, struct err *err);
struct str kms_blob(const struct call *call, const char *name); /* a parameter; empty if absent */
/* May the caller do this to the key? Else refused. */
int kms_allowed(struct ctx *cx, const struct call *call, struct outcome *out,
                const struct kms_key *k, bool *ok, struct err *err);
/* Does a policy let the caller perform an action ("kms:PutKeyPolicy")? */
bool kms_policy_lets(struct ctx *cx, const struct call *call, struct str policy, const char *action,
                     struct str key_arn);
/* Remove keys whose deletion is due, with their aliases and grants. */
int kms_sweep(struct ctx *cx, const struct call *call, struct err *err);
bool kms_is_gone(const struct ctx *cx, const struct value *doc);

/* A new key's document, not saved. The caller has checked what it asks for. */
struct kms_new {
    const struct kms_spec *spec;
    struct str usage, description, policy, manager;
    const struct value *tags;
    bool multi_region;
};
int kms_make(struct ctx *cx, const struct call *call, const struct kms_new *n, struct kms_key *k,
             struct err *err);
struct str kms_default_policy(struct ctx *cx, const struct call *call);
bool kms_policy_ok(struct ctx *cx, const struct call *call, struct outcome *out, struct str policy,
                   struct str key_arn);
bool kms_tags_ok(struct ctx *cx, struct outcome *out, const struct value *tags);
/* Into a map, the algorithms that a key of this usage offers. */
void kms_offer(struct ctx *cx, const struct kms_spec *spec, struct str usage, struct value *into);
struct str kms_arn(struct ctx *cx, const struct call *call, const char *word, struct str id);

struct doc_key kms_at(const struct call *call, const char *type, struct str id);
/* All documents of a type in the caller's account and region whose ids begin so. */
int kms_all(struct ctx *cx, const struct call *call, const char *type, struct str prefix,
            struct doc **docs, size_t *count, struct err *err);
/* Page through a list: Limit, Marker -> member, Truncated, NextMarker. */
struct kms_list {
    const char *member, *key; /* of the output; what names an item */
    const struct value *items;
    int64_t limit; /* when the call says none */
};
void kms_page(struct ctx *cx, const struct call *call, struct outcome *out,
              const struct kms_list *l);
/* "1 validation error detected: Value 'v' at 'm' failed to satisfy constraint: Member must ..." */
void kms_invalid(struct ctx *cx, struct outcome *out, struct str value, const char *member,
                 const char *must);
/* Recipient: an attestation document of an enclave, refused. */
void kms_no_enclave(struct ctx *cx, struct outcome *out);
/* DryRun: refused as having succeeded, when it was asked for. */
bool kms_is_dry(struct ctx *cx, const struct call *call, struct outcome *out);
/* Put a key or alias on record as what the call concerned. */
void kms_note(struct ctx *cx, struct outcome *out, struct str arn, struct str account);
/* The alias document behind alias/aws/SERVICE; its key is made the first time that it is asked for.
 * E_MISSING: no such service. */
int kms_managed_alias(struct ctx *cx, const struct call *call, struct str name,
                      struct value **alias, struct err *err);
/* Yearly rotation, judged by the clock whenever the key is looked at. */
int kms_rotate_if_due(struct ctx *cx, struct kms_key *k, struct err *err);
/* Secret bytes: the kernel's, or with --seed the call's own chance. */
int kms_random(struct ctx *cx, void *out, size_t len, struct err *err);

/* ---- material.c, signing.c: bytes in, bytes out ---- */

/* A new key; of a pair, the one that was prepared for the call, if any. */
int kms_material_new(struct ctx *cx, const struct kms_spec *spec, struct str prepared,
                     struct str *out, struct err *err);
int kms_public_der(struct ctx *cx, struct str pkcs8, struct str *out, struct err *err);
const struct value *kms_material(const struct kms_key *k, struct str id); /* empty: the current */
struct str kms_bytes(const struct value *material);
int kms_material_add(struct ctx *cx, struct kms_key *k, const char *type, int64_t at_ms,
                     struct str prepared, struct err *err);

/* AES-256-GCM: out is iv, tag, ciphertext. open: false when it does not fit. */
int kms_seal(struct ctx *cx, struct str key, struct str aad, struct str plain, struct str *out,
             struct err *err);
bool kms_open(struct ctx *cx, struct str key, struct str aad, struct str sealed, struct str *plain);
/* RSA-OAEP by AWS's algorithm names; false when it does not fit. */
bool kms_rsa_encrypt(struct ctx *cx, struct str pkcs8, struct str algorithm, struct str in,
                     struct str *out);
bool kms_rsa_decrypt(struct ctx *cx, struct str pkcs8, struct str algorithm, struct str in,
                     struct str *out);
struct kms_message {
    struct str bytes, algorithm;
    bool is_digest;
};
size_t kms_digest_len(struct str algorithm); /* bytes; 0: unknown algorithm */
int kms_sign(struct ctx *cx, struct str pkcs8, const struct kms_message *m, struct str *signature,
             struct err *err);
bool kms_verify(struct str pkcs8, const struct kms_message *m, struct str signature);
int kms_mac(struct ctx *cx, struct str key, struct str algorithm, struct str message,
            struct str *mac, struct err *err);
/* ECDH; false: the public key is none of this curve. */
bool kms_agree(struct ctx *cx, struct str pkcs8, struct str peer_der, struct str *secret);

/* A symmetric ciphertext that says whose it is. */
int kms_encrypt(struct ctx *cx, const struct kms_key *k, const struct value *context,
                struct str plain, struct str *blob, struct err *err);
/* The ARN of the key that made a blob; empty: not one of ours. */
struct str kms_blob_arn(struct str blob);
bool kms_decrypt(struct ctx *cx, const struct kms_key *k, const struct value *context,
                 struct str blob, struct str *plain, struct str *material_id);
