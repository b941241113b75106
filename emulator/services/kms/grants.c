/* Grants: made, listed, retired, revoked. */
#include "emulator/services/kms/kms.h"

#include "core/aws/ids.h"
#include "core/codec/uri.h"

enum { ID_DIGITS = 64, TOKEN_BYTES = 96, LIST_DEFAULT = 50 };

static struct str grant_id_of(struct ctx *cx, const struct kms_key *k, struct str grant)
{
    return arena_printf(cx->a, "%.*s/%.*s", STR_ARG(k->at.id), STR_ARG(grant));
}

static struct doc_key grant_at(struct ctx *cx, const struct kms_key *k, struct str grant)
{
    struct doc_key at = k->at;

    at.type = STR("Grant");
    at.id = grant_id_of(cx, k, grant);
    return at;
}

bool kms_is_dry(struct ctx *cx, const struct call *call, struct outcome *out)
{
    if (param_bool(call, "DryRun", false))
        outcome_refuse(cx->a, out, 0, "DryRunOperationException",
                       "The request would have succeeded, but the DryRun option is set.");
    return outcome_refused(out);
}

static struct str token_new(struct ctx *cx)
{
    char bytes[TOKEN_BYTES];
    struct buf b = { 0 };

    rng_bytes(&cx->rng, bytes, sizeof bytes);
    base64_encode(&b, (struct str){ bytes, sizeof bytes });
    struct str token = arena_copy(cx->a, buf_view(&b));
    buf_free(&b);
    return token;
}

static const char *const asked[] = { "Name", "GranteePrincipal", "RetiringPrincipal", "Operations",
                                     "Constraints" };

static struct value *grant_new(struct ctx *cx, const struct call *call, const struct kms_key *k)
{
    struct value *g = value_map(cx->a);

    value_put_str(cx->a, g, "KeyId", k->arn);
    value_put_str(cx->a, g, "GrantId", ids_hex(cx->a, &cx->rng, "", ID_DIGITS));
    for (size_t i = 0; i < COUNT(asked); i++)
        if (param_has(call, asked[i]))
            value_set(g, str_c(asked[i]), value_copy(cx->a, param(call, asked[i])));
    value_put_time(cx->a, g, "CreationDate", cx->now_ms);
    value_put_str(cx->a, g, "IssuingAccount",
                  arena_printf(cx->a, "arn:aws:iam::%.*s:root", STR_ARG(call->account)));
    value_put_str(cx->a, g, "_Token", token_new(cx));
    return g;
}

static bool same_request(const struct call *call, const struct value *g)
{
    for (size_t i = 0; i < COUNT(asked); i++)
        if (!value_equal(param(call, asked[i]), value_get_c(g, asked[i])))
            return false;
    return true;
}

static int grants_of(struct ctx *cx, const struct kms_key *k, struct doc **docs, size_t *count,
                     struct err *err)
{
    return store_doc_list(cx->e->store, cx->a, grant_at(cx, k, STR("")), STR(""), 0, docs, count,
                          err);
}

/* Source: KMS API Reference, "CreateGrant", Name: the same request with a name gives the grant that
 * there is, with a new token. */
static int named_before(struct ctx *cx, const struct call *call, const struct kms_key *k,
                        struct value **g, struct err *err)
{
    struct doc *docs;
    size_t count;

    *g = NULL;
    if (!param_has(call, "Name"))
        return 0;
    int rc = grants_of(cx, k, &docs, &count, err);
    for (size_t i = 0; rc == 0 && i < count && !*g; i++)
        if (same_request(call, docs[i].value))
            *g = docs[i].value;
    return rc;
}

int kms_CreateGrant(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct value *g, *o;
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    if (rc < 0 || !k.doc || kms_is_dry(cx, call, out))
        return rc;
    if ((rc = named_before(cx, call, &k, &g, err)) < 0)
        return rc;
    if (!g)
        g = grant_new(cx, call, &k);
    o = outcome_output(cx, out);
    value_put_str(cx->a, o, "GrantToken", value_get_str(g, "_Token"));
    value_put_str(cx->a, o, "GrantId", value_get_str(g, "GrantId"));
    return store_doc_put(cx->e->store, grant_at(cx, &k, value_get_str(g, "GrantId")), g, err);
}

static bool grant_asked_for(const struct call *call, const struct value *g)
{
    static const char *const filters[] = { "GrantId", "GranteePrincipal", "RetiringPrincipal" };

    for (size_t i = 0; i < COUNT(filters); i++)
        if (param_has(call, filters[i]) &&
            !str_eq(param_str(call, filters[i]), value_get_str(g, filters[i])))
            return false;
    return true;
}

static void page(struct ctx *cx, const struct call *call, struct outcome *out,
                 const struct doc *docs, size_t count)
{
    struct value *list = value_list(cx->a);

    for (size_t i = 0; i < count; i++)
        if (grant_asked_for(call, docs[i].value)) {
            (void)value_remove(docs[i].value, STR("_Token")); /* each grant has one */
            value_push(list, docs[i].value);
        }
    kms_page(cx, call, out, &(struct kms_list){ "Grants", "GrantId", list, LIST_DEFAULT });
}

int kms_ListGrants(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct doc *docs;
    size_t count;
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    if (rc < 0 || !k.doc)
        return rc;
    rc = grants_of(cx, &k, &docs, &count, err);
    if (rc == 0)
        page(cx, call, out, docs, count);
    return rc;
}

int kms_ListRetirableGrants(struct ctx *cx, const struct call *call, struct outcome *out,
                            struct err *err)
{
    struct doc *docs;
    size_t count;
    int rc = kms_sweep(cx, call, err);

    if (rc == 0)
        rc = kms_all(cx, call, "Grant", STR(""), &docs, &count, err);
    if (rc == 0)
        page(cx, call, out, docs, count);
    return rc;
}

/* The grant by its id; absent: refused. */
static int drop(struct ctx *cx, const struct call *call, struct outcome *out,
                const struct kms_key *k, struct err *err)
{
    struct str id = param_str(call, "GrantId");
    struct doc_key at = grant_at(cx, k, id);
    struct value *g;
    int rc = store_doc_get(cx->e->store, cx->a, at, &g, err);

    if (rc == E_MISSING) {
        outcome_refuse(cx->a, out, 0, "NotFoundException", "Grant ID %.*s not found", STR_ARG(id));
        return 0;
    }
    if (rc < 0 || kms_is_dry(cx, call, out))
        return rc;
    return store_doc_delete(cx->e->store, at, err);
}

int kms_RevokeGrant(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    return rc < 0 || !k.doc ? rc : drop(cx, call, out, &k, err);
}

static int retire_by_token(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct str token = param_str(call, "GrantToken");
    struct doc *docs;
    size_t count;
    int rc = kms_all(cx, call, "Grant", STR(""), &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (!str_eq(value_get_str(docs[i].value, "_Token"), token))
            continue;
        kms_note(cx, out, value_get_str(docs[i].value, "KeyId"), docs[i].key.account);
        return kms_is_dry(cx, call, out) ? 0 : store_doc_delete(cx->e->store, docs[i].key, err);
    }
    if (rc == 0)
        outcome_refuse(cx->a, out, 0, "InvalidGrantTokenException", "Invalid grant token.");
    return rc;
}

/* Source: KMS API Reference, "RetireGrant": by token, or by key ARN and grant id. The grantee, who
 * needs no key policy for it, may name it too. */
int kms_RetireGrant(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct kms_key k;

    if (param_has(call, "GrantToken"))
        return retire_by_token(cx, call, out, err);
    if (!param_has(call, "KeyId") || !param_has(call, "GrantId")) {
        outcome_refuse(cx->a, out, 400, "ValidationException",
                       "Must specify either a grant token or a key ARN and a grant ID.");
        return 0;
    }
    int rc = kms_locate(cx, call, out, param_str(call, "KeyId"), &k, err);
    if (rc < 0 || !k.doc)
        return rc;
    kms_note(cx, out, k.arn, k.at.account);
    return drop(cx, call, out, &k, err);
}
