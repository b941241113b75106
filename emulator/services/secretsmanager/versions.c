/* Versions and stages; values sealed and opened through KMS. */
#include "emulator/services/secretsmanager/secretsmanager.h"

#include "emulator/services/behalf.h"
#include "emulator/services/kms/kms.h"

#define HOST    "secretsmanager.amazonaws.com"
#define OWN_KEY "alias/aws/secretsmanager"
#define VALUE_MOST                                                                                 \
    65536 /* Source: Secrets Manager User Guide, "Quotas", size of a secret value                  \
           */
/* Source: the same: versions without stages are kept up to about 100. */
enum { VERSIONS_MOST = 100, TOKEN_LEAST = 32, TOKEN_MOST = 64 };

struct value *sm_version(const struct value *doc, struct str id)
{
    for (struct value *v = value_first(value_get_c(doc, "Versions")); v; v = v->next)
        if (str_eq(value_get_str(v, "VersionId"), id))
            return v;
    return NULL;
}

bool sm_has_stage(const struct value *version, struct str stage)
{
    for (const struct value *g = value_first(value_get_c(version, "VersionStages")); g; g = g->next)
        if (str_eq(g->u.text, stage))
            return true;
    return false;
}

struct value *sm_staged(const struct value *doc, const char *stage)
{
    for (struct value *v = value_first(value_get_c(doc, "Versions")); v; v = v->next)
        if (sm_has_stage(v, str_c(stage)))
            return v;
    return NULL;
}

void sm_take_stage(struct ctx *cx, struct value *version, struct str stage)
{
    struct value *left = value_list(cx->a);

    for (const struct value *g = value_first(value_get_c(version, "VersionStages")); g; g = g->next)
        if (!str_eq(g->u.text, stage))
            value_push(left, value_copy(cx->a, g));
    value_set(version, STR("VersionStages"), left);
}

static void take_from_all(struct ctx *cx, struct value *doc, struct str stage)
{
    for (struct value *v = value_first(value_get_c(doc, "Versions")); v; v = v->next)
        if (sm_has_stage(v, stage))
            sm_take_stage(cx, v, stage);
}

static void put_stage(struct ctx *cx, struct value *version, struct str stage)
{
    value_push(value_get_c(version, "VersionStages"), value_str(cx->a, arena_copy(cx->a, stage)));
}

void sm_move_stage(struct ctx *cx, struct value *doc, struct value *version, struct str stage)
{
    struct value *old = sm_staged(doc, stage.len > 0 ? arena_copy(cx->a, stage).ptr : "");

    if (old == version)
        return;
    take_from_all(cx, doc, stage);
    if (str_eq_c(stage, "AWSCURRENT")) {
        take_from_all(cx, doc, STR("AWSPREVIOUS"));
        if (old)
            put_stage(cx, old, STR("AWSPREVIOUS"));
    }
    put_stage(cx, version, stage);
}

struct value *sm_stages(struct ctx *cx, const struct value *doc)
{
    struct value *map = value_map(cx->a);

    for (const struct value *v = value_first(value_get_c(doc, "Versions")); v; v = v->next)
        if (value_get_c(v, "VersionStages")->count > 0)
            value_set(map, value_get_str(v, "VersionId"),
                      value_copy(cx->a, value_get_c(v, "VersionStages")));
    return map;
}

/* Source: real records of KMS calls that Secrets Manager makes: the encryption context. */
static struct value *context_of(struct ctx *cx, const struct sm_secret *s, struct str version_id)
{
    struct value *context = value_map(cx->a);

    value_put_str(cx->a, context, "SecretARN", s->arn);
    value_put_str(cx->a, context, "SecretVersionId", version_id);
    return context;
}

/* What KMS refused, in Secrets Manager's words.
 * Source: Secrets Manager API Reference, "CreateSecret" and "GetSecretValue", errors. */
static void kms_refused(struct ctx *cx, struct outcome *out, const struct outcome *kms,
                        const char *code)
{
    if (str_eq_c(kms->code, "AccessDeniedException") || str_eq_c(kms->code, "NotFoundException"))
        outcome_refuse(cx->a, out, 400, "AccessDeniedException", "Access to KMS is not allowed");
    else
        outcome_refuse(cx->a, out, 0, code,
                       "Secrets Manager can't %s the protected secret text using the provided KMS "
                       "key.",
                       strcmp(code, "DecryptionFailure") == 0 ? "decrypt" : "encrypt");
}

static struct str blob_of(const struct value *map, const char *name)
{
    const struct value *v = value_get_c(map, name);

    return v && v->kind == VALUE_BLOB ? v->u.text : (struct str){ 0 };
}

static int seal(struct ctx *cx, const struct call *call, struct outcome *out,
                const struct sm_secret *s, struct value *version, struct err *err)
{
    struct value *params = value_map(cx->a);
    struct str id = value_get_str(version, "VersionId"), key = value_get_str(s->doc, "KmsKeyId");
    const struct value *binary = param(call, "SecretBinary");
    struct str plain =
        binary ? blob_of(call->params, "SecretBinary") : param_str(call, "SecretString");
    struct outcome kms;
    struct str sealed;

    value_put_str(cx->a, params, "KeyId", key.len ? key : STR(OWN_KEY));
    value_put_c(cx->a, params, "KeySpec", "AES_256");
    value_set(params, STR("EncryptionContext"), context_of(cx, s, id));
    int rc = behalf_call(
        cx, call,
        &(struct behalf){
            .service = "kms", .operation = "GenerateDataKey", .host = HOST, .params = params },
        &kms, err);
    if (rc < 0)
        return rc;
    if (outcome_refused(&kms)) {
        kms_refused(cx, out, &kms, "EncryptionFailure");
        return 0;
    }
    rc = kms_seal(cx, blob_of(kms.output, "Plaintext"), id, plain, &sealed, err);
    value_put_bool(cx->a, version, "IsBinary", binary != NULL);
    value_set(version, STR("DataKey"), value_blob(cx->a, blob_of(kms.output, "CiphertextBlob")));
    value_set(version, STR("Sealed"), value_blob(cx->a, sealed));
    return rc;
}

int sm_open(struct ctx *cx, const struct call *call, struct outcome *out, const struct sm_secret *s,
            const struct value *version, struct value *into, struct err *err)
{
    struct value *params = value_map(cx->a);
    struct str id = value_get_str(version, "VersionId"), plain;
    struct outcome kms;

    value_set(params, STR("CiphertextBlob"), value_blob(cx->a, blob_of(version, "DataKey")));
    value_set(params, STR("EncryptionContext"), context_of(cx, s, id));
    value_put_c(cx->a, params, "EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
    int rc =
        behalf_call(cx, call,
                    &(struct behalf){
                        .service = "kms", .operation = "Decrypt", .host = HOST, .params = params },
                    &kms, err);
    if (rc < 0)
        return rc;
    if (outcome_refused(&kms))
        kms_refused(cx, out, &kms, "DecryptionFailure");
    else if (!kms_open(cx, blob_of(kms.output, "Plaintext"), id, blob_of(version, "Sealed"),
                       &plain))
        return err_set(err, E_PARSE, "a damaged version of secret %.*s", STR_ARG(s->arn));
    else if (value_get_bool(version, "IsBinary", false))
        value_set(into, STR("SecretBinary"), value_blob(cx->a, plain));
    else
        value_put_str(cx->a, into, "SecretString", plain);
    return 0;
}

static bool value_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    struct str token = param_str(call, "ClientRequestToken");
    size_t len = param_str(call, "SecretString").len + blob_of(call->params, "SecretBinary").len;

    if (param_has(call, "SecretString") && param_has(call, "SecretBinary"))
        sm_bad_parameter(cx, out,
                         "You can't specify both a binary secret value and a string secret value "
                         "in the same secret.");
    else if (param_has(call, "ClientRequestToken") &&
             (token.len < TOKEN_LEAST || token.len > TOKEN_MOST))
        sm_bad_parameter(cx, out, "ClientRequestToken must be 32-64 characters long.");
    else if (len > VALUE_MOST)
        sm_bad_parameter(cx, out, "The secret value is longer than 65536 bytes.");
    return !outcome_refused(out);
}

/* The token names a version already: fine when it has this very value. */
static int compare(struct ctx *cx, const struct call *call, struct outcome *out,
                   const struct sm_secret *s, const struct value *version, struct err *err)
{
    struct value *had = value_map(cx->a);
    int rc = sm_open(cx, call, out, s, version, had, err);

    if (rc < 0 || outcome_refused(out))
        return rc;
    if (!value_equal(value_get_c(had, "SecretString"), param(call, "SecretString")) ||
        !value_equal(value_get_c(had, "SecretBinary"), param(call, "SecretBinary")))
        outcome_refuse(cx->a, out, 0, "ResourceExistsException",
                       "You can't use ClientRequestToken %.*s because that value is already in use "
                       "for a version of secret %.*s.",
                       STR_ARG(value_get_str(version, "VersionId")), STR_ARG(s->arn));
    return 0;
}

static void prune(struct ctx *cx, struct value *doc)
{
    const struct value *all = value_get_c(doc, "Versions");
    struct value *left = value_list(cx->a);
    size_t surplus = all->count > VERSIONS_MOST ? all->count - VERSIONS_MOST : 0;

    for (const struct value *v = value_first(all); v; v = v->next) {
        bool goes = surplus > 0 && value_get_c(v, "VersionStages")->count == 0;
        surplus -= goes;
        if (!goes)
            value_push(left, value_copy(cx->a, v));
    }
    value_set(doc, STR("Versions"), left);
}

static void stage_new(struct ctx *cx, const struct call *call, struct value *doc,
                      struct value *version)
{
    const struct value *stages = param(call, "VersionStages");

    for (const struct value *g = value_first(stages); g; g = g->next)
        sm_move_stage(cx, doc, version, g->u.text);
    if (!value_first(stages) || !sm_staged(doc, "AWSCURRENT")) /* the first one is current */
        sm_move_stage(cx, doc, version, STR("AWSCURRENT"));
}

int sm_add_version(struct ctx *cx, const struct call *call, struct outcome *out,
                   struct sm_secret *s, struct str *id, struct err *err)
{
    char uuid[37];

    *id = (struct str){ 0 };
    if (!value_ok(cx, call, out) ||
        (!param_has(call, "SecretString") && !param_has(call, "SecretBinary")))
        return 0;
    rng_uuid(&cx->rng, uuid);
    *id = param_has(call, "ClientRequestToken") ? param_str(call, "ClientRequestToken")
                                                : arena_copy(cx->a, str_c(uuid));
    struct value *version = sm_version(s->doc, *id);
    if (version)
        return compare(cx, call, out, s, version, err);
    version = value_map(cx->a);
    value_put_str(cx->a, version, "VersionId", *id);
    value_set(version, STR("VersionStages"), value_list(cx->a));
    value_put_time(cx->a, version, "CreatedDate", cx->now_ms);
    int rc = seal(cx, call, out, s, version, err);
    if (rc < 0 || outcome_refused(out))
        return rc;
    value_push(value_get_c(s->doc, "Versions"), version);
    stage_new(cx, call, s->doc, version);
    prune(cx, s->doc);
    return 0;
}
