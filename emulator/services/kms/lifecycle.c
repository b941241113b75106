/* Keys come, rest, and go. */
#include "emulator/services/kms/kms.h"

#include "core/aws/ids.h"

#define DAY_MS (24 * 3600 * 1000ll)
/* Source: KMS API Reference, "ScheduleKeyDeletion", PendingWindowInDays. */
enum { WINDOW_LEAST = 7, WINDOW_MOST = 30 };
enum { DESCRIPTION_MOST = 8192, LIST_KEYS_DEFAULT = 100 };

bool kms_word_in(const char *words, struct str word)
{
    struct str rest = str_c(words), head;

    while (rest.len > 0) {
        (void)str_cut(rest, ' ', &head, &rest); /* no blank: the last word */
        if (str_eq(head, word))
            return true;
    }
    return false;
}

struct value *kms_words(struct ctx *cx, const char *words)
{
    struct value *list = value_list(cx->a);
    struct str rest = str_c(words), head;

    while (rest.len > 0) {
        (void)str_cut(rest, ' ', &head, &rest);
        value_push(list, value_str(cx->a, head));
    }
    return list;
}

/* Which algorithms the metadata of a key names, by its usage. */
static const struct {
    const char *usage, *member;
    size_t words;
} offers[] = {
    { "ENCRYPT_DECRYPT", "EncryptionAlgorithms", offsetof(struct kms_spec, encrypts) },
    { "SIGN_VERIFY", "SigningAlgorithms", offsetof(struct kms_spec, signs) },
    { "GENERATE_VERIFY_MAC", "MacAlgorithms", offsetof(struct kms_spec, macs) },
    { "KEY_AGREEMENT", "KeyAgreementAlgorithms", offsetof(struct kms_spec, agrees) },
};

void kms_offer(struct ctx *cx, const struct kms_spec *spec, struct str usage, struct value *into)
{
    for (size_t i = 0; i < COUNT(offers); i++)
        if (str_eq_c(usage, offers[i].usage))
            value_set(into, str_c(offers[i].member),
                      kms_words(cx, *(const char *const *)((const char *)spec + offers[i].words)));
}

static struct value *metadata(struct ctx *cx, const struct call *call, const struct kms_new *n,
                              struct str id)
{
    struct value *m = value_map(cx->a);
    struct arena *a = cx->a;

    value_put_str(a, m, "AWSAccountId", call->account);
    value_put_str(a, m, "KeyId", id);
    value_put_str(a, m, "Arn", kms_arn(cx, call, "key/", id));
    value_put_time(a, m, "CreationDate", cx->now_ms);
    value_put_bool(a, m, "Enabled", true);
    value_put_str(a, m, "Description", n->description);
    value_put_str(a, m, "KeyUsage", n->usage);
    value_put_c(a, m, "KeyState", "Enabled");
    value_put_c(a, m, "Origin", "AWS_KMS");
    value_put_str(a, m, "KeyManager", n->manager);
    value_put_c(a, m, "CustomerMasterKeySpec", n->spec->name);
    value_put_c(a, m, "KeySpec", n->spec->name);
    kms_offer(cx, n->spec, n->usage, m);
    value_put_bool(a, m, "MultiRegion", n->multi_region);
    if (n->multi_region) {
        struct value *c = value_map(a), *primary = value_map(a);
        value_put_c(a, c, "MultiRegionKeyType", "PRIMARY");
        value_put_str(a, primary, "Arn", kms_arn(cx, call, "key/", id));
        value_put_str(a, primary, "Region", call->region);
        value_set(c, STR("PrimaryKey"), primary);
        value_set(c, STR("ReplicaKeys"), value_list(a));
        value_set(m, STR("MultiRegionConfiguration"), c);
    }
    return m;
}

int kms_make(struct ctx *cx, const struct call *call, const struct kms_new *n, struct kms_key *k,
             struct err *err)
{
    char uuid[37];

    rng_uuid(&cx->rng, uuid);
    /* Source: KMS Developer Guide, "Multi-Region keys": mrk- and 32 hex digits. */
    struct str id =
        n->multi_region ? ids_hex(cx->a, &cx->rng, "mrk-", 32) : arena_copy(cx->a, str_c(uuid));
    k->at = kms_at(call, "Key", id);
    k->doc = value_map(cx->a);
    k->spec = n->spec;
    k->meta = metadata(cx, call, n, id);
    k->arn = value_get_str(k->meta, "Arn");
    value_set(k->doc, STR("KeyMetadata"), k->meta);
    value_put_str(cx->a, k->doc, "Policy", n->policy);
    value_set(k->doc, STR("Tags"), n->tags ? value_copy(cx->a, n->tags) : value_list(cx->a));
    return kms_material_add(cx, k, "", cx->now_ms, call->prepared, err);
}

void kms_invalid(struct ctx *cx, struct outcome *out, struct str value, const char *member,
                 const char *must)
{
    outcome_refuse(cx->a, out, 400, "ValidationException",
                   "1 validation error detected: Value '%.*s' at '%s' failed to satisfy "
                   "constraint: Member must %s",
                   STR_ARG(value), member, must);
}

static void unsupported(struct ctx *cx, struct outcome *out, const char *text)
{
    outcome_refuse(cx->a, out, 0, "UnsupportedOperationException", "%s", text);
}

/* KeySpec, or its old name; then the usage, which symmetric and HMAC keys have one of. */
static bool spec_ok(struct ctx *cx, const struct call *call, struct outcome *out, struct kms_new *n)
{
    struct str spec = param_str(call, "KeySpec"), origin = param_str(call, "Origin");

    if (spec.len == 0)
        spec = param_str(call, "CustomerMasterKeySpec");
    if (spec.len == 0)
        spec = STR("SYMMETRIC_DEFAULT");
    n->spec = kms_spec_find(spec);
    n->usage = param_has(call, "KeyUsage") ? param_str(call, "KeyUsage") : STR("ENCRYPT_DECRYPT");
    if (!n->spec)
        outcome_refuse(cx->a, out, 501, "NotImplemented", "mocktrail makes no keys of spec %.*s.",
                       STR_ARG(spec));
    else if (origin.len > 0 && !str_eq_c(origin, "AWS_KMS"))
        outcome_refuse(cx->a, out, 501, "NotImplemented", "mocktrail makes no keys of origin %.*s.",
                       STR_ARG(origin));
    else if (param_has(call, "CustomKeyStoreId") || param_has(call, "XksKeyId"))
        unsupported(cx, out, "mocktrail has no custom key stores.");
    else if (!param_has(call, "KeyUsage") && n->spec->form != KMS_AES)
        outcome_refuse(cx->a, out, 400, "ValidationException",
                       "You must specify a KeyUsage value for all KMS keys except for symmetric "
                       "encryption keys.");
    else if (!kms_word_in(n->spec->usages, n->usage))
        outcome_refuse(cx->a, out, 400, "ValidationException",
                       "The operation failed because the KeyUsage value of the KMS key is %.*s. "
                       "To perform this operation, the KeyUsage value must be %s.",
                       STR_ARG(n->usage), n->spec->usages);
    return !outcome_refused(out);
}

int kms_CreateKey(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct kms_new n = {
        .description = param_str(call, "Description"),
        .manager = STR("CUSTOMER"),
        .policy =
            param_has(call, "Policy") ? param_str(call, "Policy") : kms_default_policy(cx, call),
        .tags = param(call, "Tags"),
        .multi_region = param_bool(call, "MultiRegion", false),
    };
    struct kms_key k;
    int rc;

    if (n.description.len > DESCRIPTION_MOST) {
        kms_invalid(cx, out, n.description, "description",
                    "have length less than or equal to 8192");
        return 0;
    }
    if (!spec_ok(cx, call, out, &n) || !kms_tags_ok(cx, out, n.tags) ||
        !kms_policy_ok(cx, call, out, n.policy, STR("*")))
        return 0;
    if ((rc = kms_sweep(cx, call, err)) < 0 || (rc = kms_make(cx, call, &n, &k, err)) < 0 ||
        (rc = kms_save(cx, &k, err)) < 0)
        return rc;
    kms_note(cx, out, k.arn, k.at.account);
    value_set(outcome_output(cx, out), STR("KeyMetadata"), value_copy(cx->a, k.meta));
    return 0;
}

int kms_DescribeKey(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    if (rc == 0 && k.doc)
        value_set(outcome_output(cx, out), STR("KeyMetadata"), value_copy(cx->a, k.meta));
    return rc;
}

int kms_ListKeys(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct value *keys = value_list(cx->a);
    struct doc *docs;
    size_t count;
    int rc = kms_sweep(cx, call, err);

    if (rc < 0 || (rc = kms_all(cx, call, "Key", STR(""), &docs, &count, err)) < 0)
        return rc;
    for (size_t i = 0; i < count; i++) {
        struct value *row = value_map(cx->a);
        value_put_str(cx->a, row, "KeyId", docs[i].key.id);
        value_put_str(cx->a, row, "KeyArn",
                      value_get_str(value_get_c(docs[i].value, "KeyMetadata"), "Arn"));
        value_push(keys, row);
    }
    kms_page(cx, call, out, &(struct kms_list){ "Keys", "KeyId", keys, LIST_KEYS_DEFAULT });
    return 0;
}

static void set_state(struct ctx *cx, struct kms_key *k, const char *state)
{
    value_put_c(cx->a, k->meta, "KeyState", state);
    value_put_bool(cx->a, k->meta, "Enabled", strcmp(state, "Enabled") == 0);
}

static bool is_managed(struct ctx *cx, struct outcome *out, const struct kms_key *k)
{
    bool managed = str_eq_c(value_get_str(k->meta, "KeyManager"), "AWS");

    if (managed)
        outcome_refuse(cx->a, out, 400, "AccessDeniedException",
                       "User is not authorized to change the AWS managed key %.*s",
                       STR_ARG(k->arn));
    return managed;
}

static int switch_to(struct ctx *cx, const struct call *call, struct outcome *out,
                     const char *state, struct err *err)
{
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    if (rc < 0 || !k.doc || is_managed(cx, out, &k))
        return rc;
    set_state(cx, &k, state);
    return kms_save(cx, &k, err);
}

int kms_EnableKey(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    return switch_to(cx, call, out, "Enabled", err);
}

int kms_DisableKey(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    return switch_to(cx, call, out, "Disabled", err);
}

int kms_ScheduleKeyDeletion(struct ctx *cx, const struct call *call, struct outcome *out,
                            struct err *err)
{
    int64_t days = param_int(call, "PendingWindowInDays", WINDOW_MOST);
    struct kms_key k;

    if (days < WINDOW_LEAST || days > WINDOW_MOST) {
        kms_invalid(cx, out, arena_printf(cx->a, "%lld", (long long)days), "pendingWindowInDays",
                    days < WINDOW_LEAST ? "have value greater than or equal to 7"
                                        : "have value less than or equal to 30");
        return 0;
    }
    int rc = kms_find(cx, call, out, "KeyId", &k, err);
    if (rc < 0 || !k.doc || is_managed(cx, out, &k))
        return rc;
    set_state(cx, &k, "PendingDeletion");
    value_put_time(cx->a, k.meta, "DeletionDate", cx->now_ms + days * DAY_MS);
    struct value *o = outcome_output(cx, out);
    value_put_str(cx->a, o, "KeyId", k.arn);
    value_put_time(cx->a, o, "DeletionDate", cx->now_ms + days * DAY_MS);
    value_put_c(cx->a, o, "KeyState", "PendingDeletion");
    value_put_int(cx->a, o, "PendingWindowInDays", days);
    return kms_save(cx, &k, err);
}

int kms_CancelKeyDeletion(struct ctx *cx, const struct call *call, struct outcome *out,
                          struct err *err)
{
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    if (rc < 0 || !k.doc)
        return rc;
    set_state(cx, &k, "Disabled");
    (void)value_remove(k.meta, STR("DeletionDate")); /* it was there: the key was pending */
    value_put_str(cx->a, outcome_output(cx, out), "KeyId", k.arn);
    return kms_save(cx, &k, err);
}

int kms_UpdateKeyDescription(struct ctx *cx, const struct call *call, struct outcome *out,
                             struct err *err)
{
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    if (rc < 0 || !k.doc || is_managed(cx, out, &k))
        return rc;
    value_put_str(cx->a, k.meta, "Description", param_str(call, "Description"));
    return kms_save(cx, &k, err);
}
