#include "generator/play/events.h"

#include "core/base/clock.h"
#include "core/codec/json.h"
#include "emulator/identity/identity.h"
#include "emulator/record/user_identity.h"
#include "generator/scenario/near.h"

#define VERSION "1.08" /* of sign-in and service events. Source: real records of 2023 to 2026 */

/* One event being made. */
struct making {
    struct play *p;
    struct scene *sc;
    const struct event_of *e;
    const struct value *row;
    struct value *names; /* parameters, and the words that only an event knows */
    struct str region;
    struct err *err;
};

static struct expr surroundings(const struct making *m)
{
    struct expr x = scene_expr(m->p, m->sc, m->e->step->at);

    for (size_t i = EXPR_SCOPES - 1; i > 0; i--)
        x.scopes[i] = x.scopes[i - 1];
    x.scopes[0] = m->names;
    x.scope_count++;
    x.raw_from++;
    return x;
}

static int check_names(const struct making *m)
{
    const struct value *known = value_get_c(m->row, "parameters");
    const struct value *needed = value_get_c(m->row, "needed");
    const struct step *step = m->e->step;

    for (const struct value *k = value_first(step->with); k; k = k->next) {
        struct near near = near_start(k->name);
        bool is_known = value_get(known, k->name) != NULL;

        for (const struct value *n = value_first(needed); n; n = n->next)
            is_known = is_known || str_eq(n->u.text, k->name);
        for (const struct value *n = value_first(known); n; n = n->next)
            near_try(&near, n->name);
        struct str best = near_best(&near);
        if (!is_known)
            return place_fail(step->at, m->err, "'%.*s': expected a member of %.*s%s%.*s",
                              STR_ARG(k->name), STR_ARG(step->event),
                              best.len > 0 ? "; did you mean " : "", STR_ARG(best));
    }
    for (const struct value *n = value_first(needed); n; n = n->next)
        if (!value_get(step->with, n->u.text))
            return place_fail(step->at, m->err, "expected 'with: {%.*s: ...}' of %.*s",
                              STR_ARG(n->u.text), STR_ARG(step->event));
    return 0;
}

static void put_name(const struct making *m, struct str name, struct value *v)
{
    struct value *own = arena_alloc(m->sc->a, sizeof *own);

    *own = *v;
    own->next = NULL;
    value_set(m->names, name, own);
}

/* What an event may say of its caller, then what the step says, then the row's defaults. */
static int settle_names(struct making *m)
{
    const struct person *who = m->e->caller->person;
    bool mfa = who && who->cast->mfa;
    int rc = 0;

    m->names = value_map(m->sc->a);
    if (m->e->caller->mfa != NOT_SAID)
        mfa = m->e->caller->mfa == SAID_YES;
    put_name(m, STR("mfa_used"), value_c(m->sc->a, mfa ? "Yes" : "No"));
    put_name(m, STR("mfa_serial"),
             mfa && who && who->mfa_serial.len > 0 ? value_str(m->sc->a, who->mfa_serial)
                                                   : value_null(m->sc->a));
    put_name(m, STR("region"), value_str(m->sc->a, m->region));
    put_name(m, STR("account"), value_str(m->sc->a, m->e->caller->cred.account));
    if (m->e->caller->cred.arn.len > 0)
        put_name(m, STR("arn"), value_str(m->sc->a, m->e->caller->cred.arn));
    const struct value *sources[] = { m->e->step->with, value_get_c(m->row, "parameters") };
    for (size_t i = 0; i < COUNT(sources); i++)
        for (const struct value *k = value_first(sources[i]); rc == 0 && k; k = k->next) {
            struct expr x = surroundings(m);
            struct value *v;

            if (i > 0 && value_get(m->e->step->with, k->name))
                continue;
            rc = expr_value(&x, k, &v, m->err);
            if (rc == 0)
                put_name(m, k->name, v);
        }
    return rc;
}

/* Members that are null are left out, at any depth of maps. */
static void drop_nulls(struct value *v)
{
    if (v->kind != VALUE_MAP)
        return;
    for (struct value *k = value_first(v), *next; k; k = next) {
        next = k->next;
        if (k->kind == VALUE_NULL)
            (void)value_remove(v, k->name);
        else
            drop_nulls(k);
    }
}

/* A member of the row, resolved; NULL when the row has none or nothing is left of it. */
static int member(const struct making *m, const char *name, struct value **out)
{
    const struct value *v = value_get_c(m->row, name);
    struct expr x = surroundings(m);

    *out = NULL;
    if (!v)
        return 0;
    int rc = expr_value(&x, v, out, m->err);
    if (rc == 0)
        drop_nulls(*out);
    return rc;
}

static bool is_failure(const struct making *m)
{
    return str_eq_c(value_get_str(m->names, "ConsoleLogin"), "Failure");
}

static const struct principal *who_of(const struct making *m)
{
    const struct credential *c = &m->e->caller->cred;

    return c->who ? c->who : c->shown;
}

/* Who signs in has no key yet. Source: real ConsoleLogin records; of a failure: CloudTrail User
 * Guide, "AWS Management Console sign-in events". */
static struct value *caller_identity(const struct making *m)
{
    const struct credential *c = &m->e->caller->cred;
    const struct principal *who = who_of(m);
    struct value *v = value_map(m->sc->a);
    bool is_root = who && who->type == PRINCIPAL_ROOT;
    struct arena *a = m->sc->a;

    value_put_c(a, v, "type", is_root ? "Root" : "IAMUser");
    if (who)
        value_put_str(a, v, "principalId", who->principal_id);
    if (who && !is_failure(m))
        value_put_str(a, v, "arn", who->arn);
    value_put_str(a, v, "accountId", c->account);
    if (is_root || is_failure(m))
        value_put_c(a, v, "accessKeyId", "");
    if (who && !is_root)
        value_put_str(a, v, "userName", who->user_name);
    return v;
}

static int session_identity(const struct making *m, struct value **out)
{
    static const struct plan plain = { 0 };
    struct call call = { .who = who_of(m) };
    struct buf text = { 0 };
    int rc;

    user_identity_write(&text, &plain, &call, VIEW_OWN);
    rc = json_parse(m->sc->a, arena_copy(m->sc->a, buf_view(&text)), out, m->err);
    buf_free(&text);
    return rc;
}

/* Source: CloudTrail User Guide, "userIdentity element", IdentityCenterUser. */
static struct value *center_identity(const struct making *m)
{
    struct arena *a = m->sc->a;
    struct value *v = value_map(a), *behalf = value_map(a);
    struct str account = m->e->caller->cred.account;
    struct rng r = play_chance(m->p, account, 0);
    char uuid[37];

    value_put_c(a, v, "type", "IdentityCenterUser");
    value_put_str(a, v, "accountId", account);
    rng_uuid(&r, uuid);
    value_put_c(a, behalf, "userId", uuid);
    value_put_str(a, behalf, "identityStoreArn",
                  arena_printf(a, "arn:aws:identitystore::%.*s:identitystore/d-%010llx",
                               STR_ARG(account),
                               (unsigned long long)(str_hash(account) & 0xffffffffffull)));
    value_set(v, STR("onBehalfOf"), behalf);
    rng_uuid(&m->sc->rng, uuid);
    value_put_c(a, v, "credentialId", uuid);
    return v;
}

static int identity(const struct making *m, struct value **out)
{
    struct str kind = value_get_str(m->row, "identity");
    struct arena *a = m->sc->a;

    const struct principal *who = who_of(m);

    if (who && (str_eq_c(kind, "session") ||
                (str_eq_c(kind, "caller") && who->type == PRINCIPAL_ASSUMED_ROLE)))
        return session_identity(m, out);
    if (str_eq_c(kind, "identity-center"))
        *out = center_identity(m);
    else if (str_eq_c(kind, "service")) {
        *out = value_map(a);
        value_put_str(a, *out, "accountId", m->e->caller->cred.account);
        value_put_str(a, *out, "invokedBy", value_get_str(m->row, "invoked_by"));
    } else {
        *out = caller_identity(m);
    }
    return 0;
}

static void put_or_null(struct arena *a, struct value *record, const char *name, struct value *v)
{
    value_set(record, str_c(name), v ? v : value_null(a));
}

static void put_uuid(const struct making *m, struct value *record, const char *name)
{
    char uuid[37];

    rng_uuid(&m->sc->rng, uuid);
    value_put_c(m->sc->a, record, name, uuid);
}

/* Address and agent: the caller's, or twice the service's name. */
static void put_origin(const struct making *m, struct value *record)
{
    bool is_service = str_eq_c(value_get_str(m->row, "identity"), "service");
    struct str service = value_get_str(m->row, "invoked_by");

    value_put_str(m->sc->a, record, "sourceIPAddress",
                  is_service ? service : m->e->caller->source_ip);
    value_put_str(m->sc->a, record, "userAgent", is_service ? service : m->e->caller->user_agent);
}

static void put_head(const struct making *m, struct value *record, struct value *who)
{
    char now[CLOCK_ISO_SIZE];
    struct arena *a = m->sc->a;
    struct str failure = value_get_str(m->names, "errorMessage");

    clock_iso(m->p->door->now(m->p->door), now);
    value_put_c(a, record, "eventVersion", VERSION);
    value_set(record, STR("userIdentity"), who);
    value_put_c(a, record, "eventTime", now);
    value_put_str(a, record, "eventSource", value_get_str(m->row, "source"));
    value_put_str(a, record, "eventName", value_get_str(m->row, "name"));
    value_put_str(a, record, "awsRegion", m->region);
    put_origin(m, record);
    if (is_failure(m))
        value_put_str(a, record, "errorMessage",
                      failure.len > 0 ? failure : STR("Failed authentication"));
}

static void put_tls(const struct making *m, struct value *record, struct value *host)
{
    struct arena *a = m->sc->a;
    struct value *tls = value_map(a);

    if (!host)
        return;
    value_put_c(a, tls, "tlsVersion", "TLSv1.3");
    value_put_c(a, tls, "cipherSuite", "TLS_AES_128_GCM_SHA256");
    value_set(tls, STR("clientProvidedHostHeader"), value_copy(a, host));
    value_set(record, STR("tlsDetails"), tls);
}

/* The members in the order of real records. */
static int build(const struct making *m, struct value *record)
{
    struct arena *a = m->sc->a;
    struct value *who = NULL, *request, *response, *additional, *details, *resources, *host;
    int rc = identity(m, &who);

    if (rc < 0 || (rc = member(m, "requestParameters", &request)) < 0 ||
        (rc = member(m, "responseElements", &response)) < 0 ||
        (rc = member(m, "additionalEventData", &additional)) < 0 ||
        (rc = member(m, "serviceEventDetails", &details)) < 0 ||
        (rc = member(m, "resources", &resources)) < 0 || (rc = member(m, "host", &host)) < 0)
        return rc;
    put_head(m, record, who);
    put_or_null(a, record, "requestParameters", request);
    put_or_null(a, record, "responseElements", response);
    if (additional)
        value_set(record, STR("additionalEventData"), additional);
    if (value_get_bool(m->row, "request", false))
        put_uuid(m, record, "requestID");
    put_uuid(m, record, "eventID");
    value_put_bool(a, record, "readOnly", value_get_bool(m->row, "read_only", false));
    if (resources)
        value_set(record, STR("resources"), resources);
    value_put_str(a, record, "eventType", value_get_str(m->row, "type"));
    value_put_bool(a, record, "managementEvent", true);
    value_put_str(a, record, "recipientAccountId", m->e->caller->cred.account);
    if (value_get_bool(m->row, "shared", false))
        put_uuid(m, record, "sharedEventID");
    if (details)
        value_set(record, STR("serviceEventDetails"), details);
    value_put_c(a, record, "eventCategory", "Management");
    put_tls(m, record, host);
    return 0;
}

/* Source: CloudTrail User Guide, "AWS Management Console sign-in events": root's are in us-east-1,
 * others' where the sign-in endpoint is. */
static struct str region_of(const struct making *m)
{
    const struct principal *who = who_of(m);

    if (!str_eq_c(value_get_str(m->row, "region"), "signin"))
        return m->e->region;
    return who && who->type == PRINCIPAL_ROOT ? STR("us-east-1") : m->p->s->home_region;
}

int events_make(struct play *p, struct scene *sc, const struct event_of *e, const struct tag *tag,
                struct str *out_id, struct err *err)
{
    struct making m = { .p = p, .sc = sc, .e = e, .err = err };
    struct value *record = value_map(sc->a);
    struct buf text = { 0 };

    m.row = value_get(p->s->events_table, e->step->event);
    m.region = region_of(&m);
    int rc = check_names(&m);
    if (rc == 0)
        rc = settle_names(&m);
    if (rc == 0)
        rc = build(&m, record);
    if (rc < 0)
        return rc;
    json_write(&text, record);
    rc = p->door->inject(p->door, sc->a, buf_view(&text), tag, err);
    buf_free(&text);
    *out_id = value_get_str(record, "eventID");
    return rc < 0 ? rc : 0;
}
