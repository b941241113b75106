/* Which key is meant, may it be used: what every operation begins with. */
#include "emulator/services/kms/kms.h"

#include "core/aws/arn.h"
#include "core/aws/region.h"

static const struct kms_spec specs[] = {
#define KMS_SPEC(...) { __VA_ARGS__ },
#include "emulator/services/kms/specs.def"
#undef KMS_SPEC
};

enum naming { BY_ID, BY_ALIAS };
enum state_need { STATE_ANY, STATE_ALIVE, STATE_ENABLED, STATE_PENDING };
static const struct rule {
    const char *operation;
    enum naming naming;
    enum state_need state;
    const char *usage;
} rules[] = {
#define KMS_RULE(operation, naming, state, usage) { #operation, naming, state, usage },
#include "emulator/services/kms/rules.def"
#undef KMS_RULE
}, no_rule = { "", BY_ID, STATE_ANY, "" };

static const struct rule *rule_of(const struct call *call)
{
    for (size_t i = 0; i < COUNT(rules); i++)
        if (str_eq_c(call->action, rules[i].operation))
            return &rules[i];
    return &no_rule;
}

const struct kms_spec *kms_spec_find(struct str name)
{
    for (size_t i = 0; i < COUNT(specs); i++)
        if (str_eq_c(name, specs[i].name))
            return &specs[i];
    return NULL;
}

struct doc_key kms_at(const struct call *call, const char *type, struct str id)
{
    return service_key_regional(call, "kms", type, id);
}

int kms_all(struct ctx *cx, const struct call *call, const char *type, struct str prefix,
            struct doc **docs, size_t *count, struct err *err)
{
    return store_doc_list(cx->e->store, cx->a, kms_at(call, type, prefix), STR(""), 0, docs, count,
                          err);
}

struct str kms_arn(struct ctx *cx, const struct call *call, const char *word, struct str id)
{
    struct str partition = region_partition(call->region);

    return arena_printf(cx->a, "arn:%.*s:kms:%.*s:%.*s:%s%.*s", STR_ARG(partition),
                        STR_ARG(call->region), STR_ARG(call->account), word, STR_ARG(id));
}

static void not_found(struct ctx *cx, struct outcome *out, const char *before, struct str what,
                      const char *after)
{
    outcome_refuse(cx->a, out, 0, "NotFoundException", "%s%.*s%s", before, STR_ARG(what), after);
}

bool kms_is_gone(const struct ctx *cx, const struct value *doc)
{
    const struct value *meta = value_get_c(doc, "KeyMetadata");

    return str_eq_c(value_get_str(meta, "KeyState"), "PendingDeletion") &&
           value_get_time(meta, "DeletionDate", INT64_MAX) <= cx->now_ms;
}

static bool is_key_id(struct str id)
{
    if (str_has_prefix(id, STR("mrk-")))
        return id.len == 36;
    bool ok = id.len == 36;
    for (size_t i = 0; ok && i < id.len; i++)
        ok = (i == 8 || i == 13 || i == 18 || i == 23)
                 ? id.ptr[i] == '-'
                 : strchr("0123456789abcdef", id.ptr[i]) && id.ptr[i];
    return ok;
}

/* The fields of *k from its document. */
static void take(struct kms_key *k, struct doc_key at, struct value *doc)
{
    k->at = at;
    k->doc = doc;
    k->meta = value_get_c(doc, "KeyMetadata");
    k->arn = value_get_str(k->meta, "Arn");
    k->spec = kms_spec_find(value_get_str(k->meta, "KeySpec"));
}

static int load(struct ctx *cx, struct doc_key at, struct kms_key *k, struct err *err)
{
    struct value *doc;
    int rc = store_doc_get(cx->e->store, cx->a, at, &doc, err);

    if (rc == E_MISSING || (rc == 0 && kms_is_gone(cx, doc)))
        return E_MISSING;
    if (rc == 0)
        take(k, at, doc);
    return rc;
}

/* account and region say where; an alias of another account is found by its ARN. */
static int locate_alias(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct doc_key at, struct kms_key *k, struct err *err)
{
    struct value *alias;
    int rc = store_doc_get(cx->e->store, cx->a, at, &alias, err);

    if (rc == E_MISSING && str_eq(at.account, call->account))
        rc = kms_managed_alias(cx, call, at.id, &alias, err);
    if (rc == 0) {
        at.type = STR("Key");
        at.id = value_get_str(alias, "TargetKeyId");
        rc = load(cx, at, k, err);
    }
    if (rc != E_MISSING)
        return rc;
    struct str arn =
        arena_printf(cx->a, "arn:%.*s:kms:%.*s:%.*s:%.*s", STR_ARG(region_partition(at.region)),
                     STR_ARG(at.region), STR_ARG(at.account), STR_ARG(at.id));
    not_found(cx, out, "Alias ", arn, " is not found.");
    return 0;
}

static int locate_id(struct ctx *cx, struct outcome *out, struct doc_key at, struct kms_key *k,
                     struct err *err)
{
    if (!is_key_id(at.id)) {
        not_found(cx, out, "Invalid keyId '", at.id, "'");
        return 0;
    }
    int rc = load(cx, at, k, err);
    if (rc != E_MISSING)
        return rc;
    struct str arn =
        arena_printf(cx->a, "arn:%.*s:kms:%.*s:%.*s:key/%.*s", STR_ARG(region_partition(at.region)),
                     STR_ARG(at.region), STR_ARG(at.account), STR_ARG(at.id));
    not_found(cx, out, "Key '", arn, "' does not exist");
    return 0;
}

int kms_locate(struct ctx *cx, const struct call *call, struct outcome *out, struct str id,
               struct kms_key *k, struct err *err)
{
    struct doc_key at = kms_at(call, "Key", id);
    struct arn arn;

    *k = (struct kms_key){ 0 };
    if (str_has_prefix(id, STR("arn:"))) {
        if (arn_parse(id, &arn, NULL) < 0 || !str_eq_c(arn.service, "kms")) {
            outcome_refuse(cx->a, out, 0, "InvalidArnException", "Invalid arn %.*s", STR_ARG(id));
            return 0;
        }
        if (!str_eq(arn.region, call->region)) {
            not_found(cx, out, "Invalid arn ", arn.region, "");
            return 0;
        }
        at.account = arn.account;
        at.id = arn.resource;
        if (str_has_prefix(arn.resource, STR("key/")))
            at.id = str_sub(arn.resource, 4, arn.resource.len);
    }
    if (!str_has_prefix(at.id, STR("alias/")))
        return locate_id(cx, out, at, k, err);
    at.type = STR("Alias");
    return locate_alias(cx, call, out, at, k, err);
}

static bool state_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                     const struct kms_key *k)
{
    enum state_need need = rule_of(call)->state;
    bool pending = str_eq_c(value_get_str(k->meta, "KeyState"), "PendingDeletion");
    const char *wrong = NULL;

    if (need == STATE_PENDING && !pending)
        wrong = "is not pending deletion.";
    else if ((need == STATE_ALIVE || need == STATE_ENABLED) && pending)
        wrong = "is pending deletion.";
    if (wrong)
        outcome_refuse(cx->a, out, 0, "KMSInvalidStateException", "%.*s %s", STR_ARG(k->arn),
                       wrong);
    else if (need == STATE_ENABLED && !value_get_bool(k->meta, "Enabled", false))
        outcome_refuse(cx->a, out, 0, "DisabledException", "%.*s is disabled.", STR_ARG(k->arn));
    return !outcome_refused(out);
}

static bool usage_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                     const struct kms_key *k)
{
    const char *need = rule_of(call)->usage;
    struct str usage = value_get_str(k->meta, "KeyUsage");

    if (need[0] == '\0' || str_eq_c(usage, need))
        return true;
    outcome_refuse(cx->a, out, 0, "InvalidKeyUsageException",
                   "%.*s key usage is %.*s which is not valid for %.*s.", STR_ARG(k->arn),
                   STR_ARG(usage), STR_ARG(call->action));
    return false;
}

void kms_note(struct ctx *cx, struct outcome *out, struct str arn, struct str account)
{
    struct value *row = value_map(cx->a);

    if (!out->resources)
        out->resources = value_list(cx->a);
    value_put_str(cx->a, row, "accountId", account);
    value_put_c(cx->a, row, "type", "AWS::KMS::Key");
    value_put_str(cx->a, row, "ARN", arn);
    value_push(out->resources, row);
}

/* Whose key it is has the use on record, too.
 * Source: KMS Developer Guide, "Allowing users in other accounts to use a KMS key", logging. */
static void note_use(struct ctx *cx, struct outcome *out, const struct kms_key *k)
{
    kms_note(cx, out, k->arn, k->at.account);
    out->owner = k->at.account;
}

/* Access, usage and state of a key that was found; else k->doc becomes NULL. */
static int judge(struct ctx *cx, const struct call *call, struct outcome *out, struct kms_key *k,
                 struct err *err)
{
    bool ok;
    int rc = kms_allowed(cx, call, out, k, &ok, err);

    if (rc < 0)
        return rc;
    if (!ok || !usage_ok(cx, call, out, k) || !state_ok(cx, call, out, k))
        k->doc = NULL;
    else
        note_use(cx, out, k);
    return k->doc ? kms_rotate_if_due(cx, k, err) : 0;
}

int kms_find(struct ctx *cx, const struct call *call, struct outcome *out, const char *member,
             struct kms_key *k, struct err *err)
{
    struct str id = param_str(call, member);

    *k = (struct kms_key){ 0 };
    if (rule_of(call)->naming == BY_ID && str_find(id, STR("alias/")) >= 0) {
        if (str_has_prefix(id, STR("arn:")))
            outcome_refuse(cx->a, out, 0, "InvalidArnException", "Invalid arn %.*s", STR_ARG(id));
        else
            not_found(cx, out, "Invalid keyId '", id, "'");
        return 0;
    }
    int rc = kms_locate(cx, call, out, id, k, err);
    return rc < 0 || !k->doc ? rc : judge(cx, call, out, k, err);
}

/* A blob made by one key of a multi-Region set is opened by any of them. */
static struct str own_replica(struct ctx *cx, const struct call *call, const struct arn *arn)
{
    struct str id = str_sub(arn->resource, 4, arn->resource.len);

    if (str_eq(arn->region, call->region) || !str_has_prefix(id, STR("mrk-")))
        return (struct str){ 0 };
    return arena_printf(cx->a, "arn:%.*s:kms:%.*s:%.*s:key/%.*s", STR_ARG(arn->partition),
                        STR_ARG(call->region), STR_ARG(arn->account), STR_ARG(id));
}

int kms_find_by_arn(struct ctx *cx, const struct call *call, struct outcome *out, struct str text,
                    struct kms_key *k, struct err *err)
{
    struct outcome missing = { 0 };
    struct arn arn;

    *k = (struct kms_key){ 0 };
    if (arn_parse(text, &arn, NULL) == 0 && own_replica(cx, call, &arn).len > 0)
        text = own_replica(cx, call, &arn);
    int rc = kms_locate(cx, call, &missing, text, k, err);
    if (rc < 0)
        return rc;
    if (k->doc)
        return judge(cx, call, out, k, err);
    /* Source: KMS, Decrypt of a blob whose key is gone, as the service words it. */
    outcome_refuse(cx->a, out, 400, "AccessDeniedException",
                   "The ciphertext refers to a customer master key that does not exist, does not "
                   "exist in this region, or you are not allowed to access.");
    return 0;
}

struct str kms_blob(const struct call *call, const char *name)
{
    const struct value *v = param(call, name);

    return v && v->kind == VALUE_BLOB ? v->u.text : (struct str){ 0 };
}

int kms_save(struct ctx *cx, const struct kms_key *k, struct err *err)
{
    return store_doc_put(cx->e->store, k->at, k->doc, err);
}

static int drop_all(struct ctx *cx, struct doc_key prefix, struct str target, struct err *err)
{
    struct doc *docs;
    size_t count;
    int rc = store_doc_list(cx->e->store, cx->a, prefix, STR(""), 0, &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (target.len == 0 || str_eq(value_get_str(docs[i].value, "TargetKeyId"), target))
            rc = store_doc_delete(cx->e->store, docs[i].key, err);
    return rc;
}

int kms_sweep(struct ctx *cx, const struct call *call, struct err *err)
{
    struct doc *docs;
    size_t count;
    int rc = kms_all(cx, call, "Key", STR(""), &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct str id = docs[i].key.id;
        if (!kms_is_gone(cx, docs[i].value))
            continue;
        rc = store_doc_delete(cx->e->store, docs[i].key, err);
        if (rc == 0)
            rc = drop_all(cx, kms_at(call, "Alias", STR("")), id, err);
        if (rc == 0)
            rc = drop_all(cx, kms_at(call, "Grant", arena_printf(cx->a, "%.*s/", STR_ARG(id))),
                          STR(""), err);
    }
    return rc;
}
