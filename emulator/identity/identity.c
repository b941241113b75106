#include "emulator/identity/identity.h"

#include "core/aws/arn.h"
#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "core/base/mem.h"
#include "emulator/engine/engine.h"
#include "emulator/identity/claim.h"
#include "emulator/identity/keys.h"

/* Source: General Reference, "Common errors", RequestExpired: 15 minutes either way. */
#define SKEW_MS (15 * 60 * 1000LL)

struct identity {
    struct engine *engine;
    struct keys *keys;
};

enum refusal {
#define REFUSAL(name, ...) REFUSAL_##name,
#include "emulator/identity/refusal.def"
#undef REFUSAL
};

static const struct refusal_row {
    struct {
        int status;
        const char *code, *text;
    } query;
    struct {
        const char *code, *text;
    } json;
    struct {
        int status;
        const char *code, *text;
    } s3, ec2;
} refusals[] = {
#define REFUSAL(name, qs, qc, qt, jc, jt, ss, sc, st, es, ec, et)                                  \
    { { qs, qc, qt }, { jc, jt }, { ss, sc, st }, { es, ec, et } },
#include "emulator/identity/refusal.def"
#undef REFUSAL
};

/* What one authentication needs at hand. */
struct check {
    struct identity *id;
    struct arena *a;
    const struct request *q;
    struct call *call;
    struct outcome *refusal;
    struct claim claim;
    bool is_s3;
};

int identity_open(struct identity **out, struct engine *e, struct err *err)
{
    struct identity *id = mem_alloc(sizeof *id);

    id->engine = e;
    keys_open(&id->keys, e->store);
    *out = id;
    (void)err; /* the store was opened before */
    return 0;
}

void identity_close(struct identity *id)
{
    if (id)
        keys_close(id->keys);
    mem_free(id);
}

void identity_forget(struct identity *id)
{
    keys_forget(id->keys);
}

int identity_put_key(struct identity *id, const struct principal *p, struct err *err)
{
    return keys_put(id->keys, p, err);
}

int identity_drop_key(struct identity *id, struct str access_key_id, struct err *err)
{
    return keys_drop(id->keys, access_key_id, err);
}

static struct principal *believe_nobody(void *arg, struct arena *a, struct str key_id)
{
    (void)arg;
    (void)a;
    (void)key_id; /* only keys that were made count */
    return NULL;
}

int identity_find_key(struct identity *id, struct arena *a, struct str access_key_id,
                      struct principal **out, struct err *err)
{
    return keys_find(id->keys, a, access_key_id, believe_nobody, NULL, out, err);
}

static void refuse_as(struct check *c, int status, const char *code, const char *text,
                      const char *detail)
{
    struct str t = str_c(text);
    ptrdiff_t at = str_find(t, STR("%s"));

    if (at < 0)
        outcome_refuse(c->a, c->refusal, status, code, "%s", text);
    else
        outcome_refuse(c->a, c->refusal, status, code, "%.*s%s%s", (int)at, text, detail,
                       text + at + 2);
}

static void refuse(struct check *c, enum refusal which, const char *detail)
{
    const struct refusal_row *r = &refusals[which];

    if (c->is_s3)
        refuse_as(c, r->s3.status, r->s3.code, r->s3.text, detail);
    else if (c->call->protocol == CAT_EC2)
        refuse_as(c, r->ec2.status, r->ec2.code, r->ec2.text, detail);
    else if (c->call->protocol == CAT_QUERY || c->call->protocol == CAT_REST_XML)
        refuse_as(c, r->query.status, r->query.code, r->query.text, detail);
    else
        refuse_as(c, c->call->protocol == CAT_JSON && r->query.status < 500 ? 400 : r->query.status,
                  r->json.code, r->json.text, detail);
}

/* AUTH_IDENTIFY: whose an unknown key is. */
static struct principal *believe(void *arg, struct arena *a, struct str key_id)
{
    const struct check *c = arg;
    const struct engine_options *opt = &c->id->engine->opt;
    struct principal *p;

    if (ids_is_account(key_id)) {
        p = principal_root(a, key_id);
        p->access_key_id = p->account;
        p->secret = opt->root_secret.len > 0 ? opt->root_secret : STR("test");
        return p;
    }
    if (opt->auth != AUTH_IDENTIFY)
        return NULL;
    p = arena_alloc(a, sizeof *p);
    p->type = PRINCIPAL_IAM_USER;
    p->account = opt->account;
    p->access_key_id = p->user_name = key_id;
    p->principal_id = principal_believed_id(a, opt->account, key_id);
    p->arn =
        arena_printf(a, "arn:%.*s:iam::%.*s:user/%.*s", STR_ARG(region_partition(c->call->region)),
                     STR_ARG(opt->account), STR_ARG(key_id));
    return p;
}

static const struct principal *nobody(struct arena *a, enum principal_type type, struct str key_id)
{
    struct principal *p = arena_alloc(a, sizeof *p);

    p->type = type;
    p->access_key_id = key_id;
    return p;
}

/* A link in a message of SNS is followed without a key: the account is the topic's.
 * Source: SNS API Reference, ConfirmSubscription and Unsubscribe. */
static struct str link_account(struct check *c)
{
    static const char *const links[][2] = { { "ConfirmSubscription", "TopicArn" },
                                            { "Unsubscribe", "SubscriptionArn" } };
    struct arn arn;

    for (size_t i = 0; i < COUNT(links); i++)
        if (str_eq_c(c->call->service_name, "sns") && str_eq_c(c->call->action, links[i][0]) &&
            arn_parse(request_param(c->q, links[i][1]), &arn, NULL) == 0 &&
            ids_is_account(arn.account))
            return arn.account;
    return (struct str){ 0 };
}

/* Nobody signed: S3 asks the bucket's policy, some operations ask for no signature. Others can't
 * be recorded either: nobody's account is known. */
static void admit_anonymous(struct check *c)
{
    struct call *call = c->call;
    bool is_open = call->op && (call->op->flags & CAT_O_NOAUTH);
    struct str linked = link_account(c);

    call->auth = AUTH_NONE;
    call->who = nobody(c->a, PRINCIPAL_ANONYMOUS, (struct str){ 0 });
    if (linked.len > 0)
        call->account = linked;
    else if (is_open || c->is_s3)
        call->account = c->id->engine->opt.account;
    else
        refuse(c, REFUSAL_MISSING_TOKEN, "");
}

static struct str skew_text(struct check *c, int64_t limit_ms, int64_t now_ms)
{
    bool is_late = now_ms > c->claim.signed_at_ms;
    int64_t bound_ms = is_late ? now_ms - limit_ms : now_ms + limit_ms;

    return arena_printf(
        c->a, "Signature %s: %.*s is %s %.*s (%.*s %c %lld min.)",
        is_late ? "expired" : "not yet current", STR_ARG(c->claim.datetime),
        is_late ? "now earlier than" : "still later than", STR_ARG(clock_iso_basic(c->a, bound_ms)),
        STR_ARG(clock_iso_basic(c->a, now_ms)), is_late ? '-' : '+', (long long)(limit_ms / 60000));
}

/* Measured on the machine's clock: clients sign by theirs. */
static bool is_current(struct check *c)
{
    const struct claim *claim = &c->claim;
    int64_t now_ms = clock_machine_ms(), limit_ms = SKEW_MS;
    bool is_presigned = claim->method == AUTH_QUERY;

    if (claim->method == AUTH_POST_FORM) /* its policy says until when: services/s3 looks */
        return true;
    if (claim->kind == CLAIM_V2 && is_presigned) {
        if (claim->expires_s >= now_ms / 1000)
            return true;
        refuse(c, REFUSAL_PRESIGN_EXPIRED, "Request has expired");
        return false;
    }
    if (claim->signed_at_ms == INT64_MIN) {
        refuse(c, REFUSAL_INCOMPLETE, "the request carries no date");
        return false;
    }
    if (is_presigned)
        limit_ms = claim->expires_s * 1000;
    if (claim->signed_at_ms < now_ms - limit_ms || claim->signed_at_ms > now_ms + SKEW_MS) {
        bool is_late = claim->signed_at_ms < now_ms;
        refuse(c, is_presigned && is_late ? REFUSAL_PRESIGN_EXPIRED : REFUSAL_SKEWED,
               skew_text(c, is_late ? limit_ms : SKEW_MS, now_ms).ptr);
        return false;
    }
    return true;
}

/* Source: the text of AWS's front ends for a scope that names another day. */
static bool scope_holds(struct check *c)
{
    const struct sigv4_scope *scope = &c->claim.scope;

    if (str_eq(str_sub(clock_iso_basic(c->a, c->claim.signed_at_ms), 0, 8), scope->date))
        return true;
    refuse(c, REFUSAL_SCOPE,
           arena_printf(c->a,
                        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                        "date from HTTP: '%.*s' != '%.*s', from '%.*s'.",
                        STR_ARG(scope->date), STR_ARG(str_sub(c->claim.datetime, 0, 8)),
                        STR_ARG(c->claim.datetime))
               .ptr);
    return false;
}

static void check_form(struct check *c, const struct principal *p)
{
    unsigned char key[32];
    bool matches;

    if (c->claim.kind == CLAIM_V2) {
        matches = claim_matches_form_v2(c->a, c->q, &c->claim, p->secret);
    } else {
        if (!scope_holds(c))
            return;
        keys_signing(c->id->keys, p->secret, &c->claim.scope, key);
        matches = claim_matches_form(c->q, &c->claim, key);
    }
    if (!matches)
        refuse(c, REFUSAL_BAD_SIGNATURE, "");
}

static int check_v4(struct check *c, const struct principal *p, struct err *err)
{
    unsigned char key[32];
    struct str hash;
    int rc = claim_payload_hash(c->a, c->q, &c->claim, c->is_s3, &hash, err);

    if (rc < 0 || !scope_holds(c))
        return rc;
    keys_signing(c->id->keys, p->secret, &c->claim.scope, key);
    if (!claim_matches_v4(c->a, c->q, &c->claim, key, hash, c->is_s3) ||
        !claim_matches_chunks(c->q, &c->claim, key))
        refuse(c, REFUSAL_BAD_SIGNATURE, "");
    return 0;
}

/* AUTH_VERIFY: 0 with or without a refusal. */
static int verify(struct check *c, const struct principal *p, struct err *err)
{
    if (p->is_session ? !sigv4_equal(c->claim.token, p->session_token) : c->claim.token.len > 0) {
        refuse(c, REFUSAL_BAD_TOKEN, "");
        return 0;
    }
    if (c->claim.kind == CLAIM_V4A) {
        refuse(c, REFUSAL_NOT_CHECKED, "SigV4a signatures are believed with --auth identify only");
        return 0;
    }
    if (!is_current(c))
        return 0;
    if (c->claim.method == AUTH_POST_FORM) {
        check_form(c, p);
        return 0;
    }
    if (c->claim.kind == CLAIM_V4)
        return check_v4(c, p, err);
    if (!c->is_s3 || !claim_matches_v2(c->a, c->q, &c->claim, p->secret))
        refuse(c, REFUSAL_BAD_SIGNATURE, "");
    return 0;
}

/* S3 compares the hash that a client names with the body, whoever it is. */
static int check_hash(struct check *c, struct err *err)
{
    struct str said = request_header(c->q, "x-amz-content-sha256"), is;

    if (!c->is_s3 || said.len != 64 || c->q->body_is_chunk_signed)
        return 0;
    int rc = claim_body_hash(c->a, c->q, &is, err);
    if (rc == 0 && !str_eq(said, is)) {
        refuse(c, REFUSAL_BAD_HASH, "");
        c->refusal->error = value_map(c->a);
        value_put_str(c->a, c->refusal->error, "ClientComputedContentSHA256", said);
        value_put_str(c->a, c->refusal->error, "S3ComputedContentSHA256", is);
    }
    return rc;
}

static void take_principal(struct check *c, const struct principal *p)
{
    static const char *const versions[] = { "", "SigV4", "SigV4A", "SigV2" };

    c->call->who = p;
    c->call->account = p->account;
    c->call->auth = c->claim.method;
    c->call->signature_version = str_c(versions[c->claim.kind]);
}

static int admit_signed(struct check *c, struct err *err)
{
    struct principal *p;
    int rc = keys_find(c->id->keys, c->a, c->claim.scope.access_key_id, believe, c, &p, err);

    if (rc < 0)
        return rc;
    if (!p || p->is_inactive) {
        take_principal(c, p ? p : nobody(c->a, PRINCIPAL_UNKNOWN, c->claim.scope.access_key_id));
        refuse(c, REFUSAL_UNKNOWN_KEY, "");
        return 0;
    }
    take_principal(c, p);
    if (p->is_session && p->session_expires_ms <= c->call->time_ms) {
        refuse(c, REFUSAL_EXPIRED_TOKEN, "");
        return 0;
    }
    if (c->id->engine->opt.auth != AUTH_IDENTIFY)
        rc = verify(c, p, err);
    if (rc == 0 && !outcome_refused(c->refusal))
        rc = check_hash(c, err);
    return rc;
}

/* What is wrong with the way of signing, whoever signs; *which is untouched otherwise. */
static bool is_malformed(const struct check *c, const struct request *q, struct str region,
                         enum refusal *which)
{
    bool has_header = request_has_header(q, "authorization");
    bool is_bearer = str_has_prefix(request_header(q, "authorization"), STR("Bearer "));

    if (region.len > 0 && !region_find(region) && !region_is_pseudo(region))
        *which = REFUSAL_REGION;
    else if (has_header && c->claim.kind == CLAIM_NONE && (c->is_s3 || !is_bearer))
        *which = REFUSAL_AUTH_TYPE;
    else if (has_header && !is_bearer && request_has_param(q, "X-Amz-Credential"))
        *which = REFUSAL_TWO_WAYS;
    else
        return false;
    return true;
}

/* Clients of S3 (s3cmd) go on with the region that the answer names. */
static void refuse_malformed(struct check *c, enum refusal which, struct str region)
{
    struct str right = c->id->engine->opt.region;

    refuse(c, which,
           arena_printf(c->a, "'%.*s' is wrong; expecting '%.*s'", STR_ARG(region), STR_ARG(right))
               .ptr);
    if (which != REFUSAL_REGION || !c->is_s3)
        return;
    c->refusal->error = value_map(c->a);
    value_put_str(c->a, c->refusal->error, "Region", right);
}

int identity_authenticate(struct identity *id, struct arena *a, const struct request *q,
                          const struct route *route, struct call *call, struct outcome *refusal,
                          struct err *err)
{
    struct check c = { .id = id, .a = a, .q = q, .call = call, .refusal = refusal };
    struct err why = { 0 };
    enum refusal malformed;

    c.is_s3 = str_eq_c(route->service, "s3") || str_eq_c(route->service, "s3control");
    if (claim_parse(q, &c.claim, &why) < 0) {
        call->who = nobody(a, PRINCIPAL_UNKNOWN, (struct str){ 0 });
        refuse(&c, q->form ? REFUSAL_FORM : REFUSAL_INCOMPLETE, why.text);
        return 0;
    }
    if (is_malformed(&c, q, route->region, &malformed)) {
        call->who = nobody(a, PRINCIPAL_UNKNOWN, (struct str){ 0 });
        refuse_malformed(&c, malformed, route->region);
        return 0;
    }
    if (c.claim.kind == CLAIM_NONE) {
        admit_anonymous(&c);
        return 0;
    }
    return admit_signed(&c, err);
}
