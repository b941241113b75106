#include "generator/play/people.h"

#include <assert.h>

#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "emulator/identity/identity.h"
#include "generator/play/net.h"
#include "generator/play/params.h"
#include "generator/play/tokens.h"

#define WEEK_MS    (7 * 86400000ll)
#define MARGIN_MS  60000ll          /* a session is renewed that long before it ends */
#define HOP_MS     350              /* between AssumeRole and the call that needs it */
#define CONSOLE_MS (12 * 3600000ll) /* Source: IAM User Guide, console sessions last 12 hours */

/* Documentation and cloud ranges for those who have no network of their own. */
static struct str people_block = { "203.0.113.0/24", 14 };
static struct str cloud_block = { "3.80.0.0/12", 11 };

struct rng play_chance(const struct play *p, struct str what, uint64_t number)
{
    struct rng r;

    rng_init(&r, p->seed ^ str_hash(what), number);
    return r;
}

struct person *play_person(const struct play *p, struct str name)
{
    for (size_t i = 0; i < p->people_count; i++)
        if (str_eq(p->people[i].cast->name, name))
            return &p->people[i];
    return NULL;
}

static const struct tool *tool_of(const struct play *p, struct str step, struct str scene,
                                  const struct person *who)
{
    struct str name = step.len > 0 ? step : scene;

    if (name.len == 0 && who)
        name = who->cast->tool;
    if (name.len == 0 && who && who->cast->kind == KIND_INSTANCE)
        name = STR("boto3");
    const struct tool *t = scenario_tool(p->s, name.len > 0 ? name : STR("cli"));
    assert(t); /* the scenario was checked, and the built-in ones are there */
    return t;
}

static bool is_console(const struct play *p, const struct tool *t)
{
    for (int i = 0; t && i < 8; i++) {
        if (t->console != NOT_SAID)
            return t->console == SAID_YES;
        t = scenario_tool(p->s, t->like);
    }
    return false;
}

static struct str agent_of(const struct play *p, const struct tool *t)
{
    for (int i = 0; t && i < 8; i++) {
        if (t->user_agent.len > 0)
            return t->user_agent;
        t = scenario_tool(p->s, t->like);
    }
    return STR("aws-cli/2.31.13");
}

/* Someone keeps an address in a network for a week. */
static int address_of(struct play *p, struct scene *sc, const struct person *who, struct str name,
                      struct str *out, struct err *err)
{
    struct str *blocks = who && who->cast->kind == KIND_INSTANCE ? &cloud_block : &people_block;
    struct network fallback = { .name = STR("default"), .blocks = { blocks, 1 } };
    const struct network *n = scenario_network(p->s, name);
    struct str owner = who ? who->cast->name : STR("root");
    uint64_t week = (uint64_t)((p->door->now(p->door) - p->s->start_ms) / WEEK_MS);
    struct rng r = play_chance(
        p, arena_printf(sc->a, "address/%.*s/%zu/%.*s", STR_ARG(owner), sc->slot, STR_ARG(name)),
        week);

    return net_draw(sc->a, &r, n ? n : &fallback, out, err);
}

static int origin(struct play *p, struct scene *sc, const struct step *step, struct caller *c,
                  struct err *err)
{
    struct str network = step->network.len > 0 ? step->network : sc->network;

    if (network.len == 0 && c->person)
        network = c->person->cast->network;
    c->tool = tool_of(p, step->tool, sc->tool, c->person ? c->person : sc->actor);
    c->user_agent = step->user_agent.len > 0 ? step->user_agent : agent_of(p, c->tool);
    c->mfa = step->mfa;
    if (step->source_ip.len > 0) {
        struct expr x = scene_expr(p, sc, step->at);

        return expr_text(&x, step->source_ip, &c->source_ip, err);
    }
    return address_of(p, sc, c->person ? c->person : sc->actor, network, &c->source_ip, err);
}

int people_request(struct play *p, struct arena *a, const struct caller *c,
                   const struct request_of *r, const struct tag *tag, struct answer *out,
                   struct err *err)
{
    struct errand e = { .by = &c->cred,
                        .region = r->region,
                        .account = c->cred.account,
                        .source_ip = c->source_ip,
                        .user_agent = c->user_agent,
                        .tag = tag };
    struct str call = arena_printf(a, "%s.%s", r->service, r->operation);
    struct params params = { .cat = p->door->cat, .at = r->at };
    int rc = params_find_op(p->door->cat, r->at, call, &params.op, err);

    e.op = params.op;
    if (rc == 0)
        rc = params_build(a, &params, r->with, &e.params, &e.body, err);
    if (rc == 0)
        rc = p->door->perform(p->door, a, &e, out, err);
    p->errands += rc == 0;
    return rc;
}

static struct held *held_find(struct person *who, struct str name)
{
    for (struct held *h = who->sessions; h; h = h->next)
        if (str_eq(h->name, name))
            return h;
    return NULL;
}

/* The credential that an answer of STS brought, as the door knows it; in arena a. */
static int take_session(struct play *p, struct arena *a, const struct answer *answer,
                        struct place at, struct credential *out, struct err *err)
{
    struct str key = value_get_str(value_get_c(answer->output, "Credentials"), "AccessKeyId");
    bool is_known = false;

    if (answer->code.len > 0)
        return place_fail(at, err, "a session was refused: %.*s: %.*s", STR_ARG(answer->code),
                          STR_ARG(answer->message));
    int rc = p->door->find(p->door, a, key, out, &is_known, err);
    if (rc == 0 && !is_known)
        rc = place_fail(at, err, "the answer of STS brought no credentials");
    return rc;
}

static void hop(struct play *p, struct err *err, int *rc)
{
    if (*rc == 0)
        *rc = p->door->advance(p->door, p->door->now(p->door) + HOP_MS, err);
}

static int role_credential(struct play *p, struct scene *sc, struct person *role,
                           const struct caller *origin_of, struct str session,
                           struct credential *out, struct err *err);
static int credential_of(struct play *p, struct scene *sc, struct person *who, struct caller *c,
                         bool *is_known, struct err *err);

static struct value *assume_params(struct arena *a, const struct person *role, struct str session)
{
    struct value *with = value_map(a);

    value_put_str(a, with, "RoleArn", role->arn);
    value_put_str(a, with, "RoleSessionName", session);
    if (role->cast->duration_ms > 0 && role->cast->duration_ms != 3600000)
        value_put_int(a, with, "DurationSeconds", role->cast->duration_ms / 1000);
    return with;
}

bool people_service(struct play *p, struct arena *a, struct str host, struct str account,
                    struct credential *out)
{
    if (p->door->service(p->door, a, host, out))
        return true;
    for (const struct stand_in *k = p->stand_ins; k; k = k->next)
        if (str_eq(k->cred.account, account)) {
            *out = k->cred;
            return true;
        }
    return false;
}

/* Who assumes the role: `by`, else the first that it trusts. */
static struct str assumer(const struct cast *role)
{
    if (role->by.len > 0)
        return role->by;
    return role->trust.count > 0 ? role->trust.items[0] : (struct str){ 0 };
}

/* The caller of AssumeRole for this role. */
static int assuming(struct play *p, struct scene *sc, struct person *role,
                    const struct caller *origin_of, struct caller *out, bool *is_known,
                    struct err *err)
{
    struct str by = assumer(role->cast);
    struct person *who = play_person(p, by);

    *out = *origin_of;
    out->person = who;
    if (who)
        return credential_of(p, sc, who, out, is_known, err);
    *is_known = str_has_suffix(by, STR(".amazonaws.com"))
                    ? people_service(p, sc->a, by, role->account, &out->cred)
                    : p->door->root(p->door, sc->a, role->account, &out->cred);
    if (*is_known && out->cred.account.len == 0)
        out->cred.account = role->account;
    return 0;
}

/* Does the scene's person of that name hold a session that lasts? */
static bool still_holds(const struct play *p, const struct held *h)
{
    return h && h->cred.expires_ms > p->door->now(p->door) + MARGIN_MS;
}

static void keep(struct play *p, struct person *who, struct str name, struct credential cred)
{
    struct held *h = held_find(who, name);

    if (!h) {
        h = arena_alloc(p->a, sizeof *h);
        h->name = arena_copy(p->a, name);
        h->next = who->sessions;
        who->sessions = h;
    }
    h->cred = cred;
}

static int assume_as(struct play *p, struct scene *sc, struct person *role, const struct caller *by,
                     struct str session, struct credential *out, struct err *err)
{
    struct answer answer = { 0 };
    struct tag tag;
    struct step none = { .at = role->cast->at, .id = STR("session"), .malicious = SAID_NO };
    struct request_of r = { "sts", "AssumeRole", assume_params(sc->a, role, session),
                            role->cast->region.len > 0 ? role->cast->region : p->s->home_region,
                            role->cast->at };
    bool is_told = people_tag(sc, &none, by, &tag);
    int rc = people_request(p, sc->a, by, &r, is_told ? &tag : NULL, &answer, err);

    if (rc == 0)
        rc = take_session(p, p->a, &answer, role->cast->at, out, err);
    hop(p, err, &rc);
    return rc;
}

static int role_credential(struct play *p, struct scene *sc, struct person *role,
                           const struct caller *origin_of, struct str session,
                           struct credential *out, struct err *err)
{
    struct held *h = held_find(role, session);
    struct caller by;
    bool is_known = true;

    if (still_holds(p, h)) {
        *out = h->cred;
        return 0;
    }
    int rc = assuming(p, sc, role, origin_of, &by, &is_known, err);
    if (rc == 0 && !is_known)
        rc = place_fail(role->cast->at, err, "role '%.*s': nobody here can assume it",
                        STR_ARG(role->cast->name));
    if (rc == 0)
        rc = assume_as(p, sc, role, &by, session, out, err);
    if (rc == 0)
        keep(p, role, session, *out);
    return rc;
}

static struct str session_name(const struct play *p, const struct person *role)
{
    struct str by = assumer(role->cast);

    if (role->cast->session.len > 0)
        return role->cast->session;
    return play_person(p, by) ? by : role->cast->name;
}

/* A console session of a user or of root: temporary credentials that nobody asked STS for. */
static void console_session(struct play *p, struct scene *sc, const struct caller *c,
                            struct credential *out)
{
    struct principal *who = arena_alloc(sc->a, sizeof *who);

    *who = *c->cred.who;
    who->is_session = true;
    who->mfa = c->person ? c->person->cast->mfa : false;
    who->session_created_ms = p->door->now(p->door);
    who->session_expires_ms = who->session_created_ms + CONSOLE_MS;
    who->access_key_id = ids_unique(sc->a, &sc->rng, "ASIA", who->account);
    *out = c->cred;
    out->key = who->access_key_id;
    out->expires_ms = who->session_expires_ms;
    out->who = who;
}

static int user_credential(struct play *p, struct scene *sc, struct caller *c, struct err *err)
{
    bool is_long = c->person->key.who && !c->person->key.who->is_session;

    c->cred = c->person->key;
    if (c->person->cast->access_key == SAID_NO && !is_console(p, c->tool))
        return place_fail(c->person->cast->at, err,
                          "'%.*s' has no access key: expected a console's tool",
                          STR_ARG(c->person->cast->name));
    if (!is_long || !is_console(p, c->tool))
        return 0;
    if (sc->console.key.len == 0 || !str_eq(sc->console.arn, c->cred.arn) ||
        sc->console.expires_ms <= p->door->now(p->door))
        console_session(p, sc, c, &sc->console);
    c->cred = sc->console;
    return 0;
}

static int instance_credential(struct play *p, struct scene *sc, struct caller *c, bool *is_known,
                               struct err *err)
{
    struct person *who = c->person;
    struct str id =
        who->instance_count > 0 ? who->instances[sc->slot % who->instance_count] : who->cast->name;
    struct held *h = held_find(who, id);
    struct caller by = *c;

    if (still_holds(p, h)) {
        c->cred = h->cred;
        return 0;
    }
    *is_known = people_service(p, sc->a, STR("ec2.amazonaws.com"), who->account, &by.cred);
    if (!*is_known)
        return 0;
    by.cred.account = who->account;
    by.person = NULL;
    int rc = assume_as(p, sc, who, &by, id, &c->cred, err);
    if (rc == 0 && c->cred.who) {
        struct principal *own = arena_alloc(p->a, sizeof *own);

        *own = *c->cred.who;
        own->ec2_role_delivery = true;
        c->cred.who = own;
    }
    if (rc == 0)
        keep(p, who, id, c->cred);
    return rc;
}

static int federated_credential(struct play *p, struct scene *sc, struct caller *c, struct err *err)
{
    struct held *h = held_find(c->person, STR(""));
    struct answer answer = { 0 };
    struct request_of r = { .region = p->s->home_region, .at = c->person->cast->at };
    struct caller by = *c;

    if (still_holds(p, h)) {
        c->cred = h->cred;
        return 0;
    }
    tokens_request(p, sc, c->person, &r);
    by.cred = (struct credential){ .account = c->person->account, .name = c->person->cast->name };
    int rc = people_request(p, sc->a, &by, &r, NULL, &answer, err);
    if (rc == 0)
        rc = take_session(p, p->a, &answer, c->person->cast->at, &c->cred, err);
    if (rc == 0)
        keep(p, c->person, STR(""), c->cred);
    hop(p, err, &rc);
    return rc;
}

/* c->person and its origin are set; c->cred is what comes out. */
static int credential_of(struct play *p, struct scene *sc, struct person *who, struct caller *c,
                         bool *is_known, struct err *err)
{
    c->person = who;
    switch (who->cast->kind) {
    case KIND_ROLE:
        return role_credential(p, sc, who, c, session_name(p, who), &c->cred, err);
    case KIND_INSTANCE:
        return instance_credential(p, sc, c, is_known, err);
    case KIND_FEDERATED:
        return federated_credential(p, sc, c, err);
    case KIND_SERVICE:
        *is_known = p->door->service(p->door, sc->a, who->cast->service, &c->cred);
        c->cred.account = who->account;
        return 0;
    default:
        return user_credential(p, sc, c, err);
    }
}

/* "key:ID", "session:ID": a credential that a step brought. */
static int captured(struct play *p, struct scene *sc, const struct step *step, struct str id,
                    struct caller *c, struct err *err)
{
    bool is_known = false;
    int rc = p->door->find(p->door, sc->a, id, &c->cred, &is_known, err);

    if (rc == 0 && !is_known)
        rc = place_fail(step->at, err, "as: '%.*s': expected an access key id that was made before",
                        STR_ARG(id));
    if (rc == 0 && c->cred.expires_ms <= p->door->now(p->door))
        rc = place_fail(step->at, err, "as: '%.*s': expected credentials that are still valid",
                        STR_ARG(id));
    return rc;
}

static struct str account_id(const struct play *p, struct str alias)
{
    const struct account *k = scenario_account(p->s, alias);

    return k ? k->id : alias;
}

/* The role that the actor of the scene took on; taken on anew when that session runs out. */
static int assumed_caller(struct play *p, struct scene *sc, struct caller *c, struct err *err)
{
    struct person *role = sc->assumed;
    int rc = 0;

    if (sc->assumed_by.expires_ms <= p->door->now(p->door) + MARGIN_MS) {
        sc->assumed = NULL;
        rc = people_assume(p, sc, role, err);
    }
    c->person = role;
    c->cred = sc->assumed_by;
    return rc;
}

static int named_caller(struct play *p, struct scene *sc, const struct step *step, struct str as,
                        struct caller *c, bool *is_known, struct err *err)
{
    bool is_named = as.len > 0 && !str_eq_c(as, "actor");
    struct person *who = is_named ? play_person(p, as) : sc->actor;

    if (as.len == 0 && sc->as_root)
        who = NULL;
    if (is_named && !who)
        return place_fail(step->at, err, "as: '%.*s': expected a principal of this scenario",
                          STR_ARG(as));
    if (!who) { /* set-up: root of the account */
        struct str account = account_id(p, step->account.len > 0 ? step->account : sc->account);

        *is_known = p->door->root(p->door, sc->a, account, &c->cred);
        return 0;
    }
    if (who == sc->actor && sc->assumed && sc->assumed_by.key.len > 0)
        return assumed_caller(p, sc, c, err);
    return credential_of(p, sc, who, c, is_known, err);
}

/* A session may say that MFA was used, or that it was not. */
static void settle_mfa(struct scene *sc, struct caller *c)
{
    struct principal *own;

    if (c->mfa == NOT_SAID || !c->cred.who || !c->cred.who->is_session)
        return;
    own = arena_alloc(sc->a, sizeof *own);
    *own = *c->cred.who;
    own->mfa = c->mfa == SAID_YES;
    c->cred.who = own;
}

int people_caller(struct play *p, struct scene *sc, const struct step *step, struct caller *out,
                  bool *is_known, struct err *err)
{
    struct str as = step->as, id;
    struct expr x = scene_expr(p, sc, step->at);
    int rc = expr_text(&x, step->as, &as, err);

    *out = (struct caller){ 0 };
    *is_known = true;
    if (rc < 0)
        return rc;
    if (str_eq_c(step->event, "signin.ConsoleLogin")) /* each sign-in begins a session of its own */
        sc->console = (struct credential){ 0 };
    bool is_key = str_has_prefix(as, STR("key:")) || str_has_prefix(as, STR("session:"));
    out->person = is_key ? NULL : play_person(p, as);
    if (!out->person && !is_key)
        out->person = sc->actor;
    rc = origin(p, sc, step, out, err);
    if (rc == 0 && is_key)
        rc = str_cut(as, ':', &as, &id) ? captured(p, sc, step, id, out, err) : 0;
    else if (rc == 0)
        rc = named_caller(p, sc, step, as, out, is_known, err);
    if (rc == 0)
        settle_mfa(sc, out);
    if (rc == 0 && out->cred.account.len == 0)
        out->cred.account = account_id(p, step->account.len > 0 ? step->account : sc->account);
    return rc;
}

int people_assume(struct play *p, struct scene *sc, struct person *role, struct err *err)
{
    struct step none = { .at = role->cast->at, .malicious = SAID_NO };
    struct caller by;
    bool is_known;
    int rc = people_caller(p, sc, &none, &by, &is_known, err);

    if (rc < 0 || !is_known)
        return rc;
    struct str session = role->cast->session.len > 0 ? role->cast->session : by.cred.name;
    rc = assume_as(p, sc, role, &by, session, &sc->assumed_by, err);
    if (rc == 0)
        sc->assumed = role;
    return rc;
}

int people_region(struct play *p, struct scene *sc, const struct step *step, const struct caller *c,
                  struct str *out, struct err *err)
{
    struct str region = step->region.len > 0 ? step->region : sc->region;
    struct expr x = scene_expr(p, sc, step->at);

    if (region.len == 0 && c->person)
        region = c->person->cast->region;
    if (region.len == 0)
        region = p->s->home_region;
    if (str_eq_c(region, "*")) {
        *out = p->s->regions.items[rng_below(&sc->rng, p->s->regions.count)];
        return 0;
    }
    int rc = expr_text(&x, region, out, err);
    if (rc == 0 && !region_find(*out))
        rc = place_fail(step->at, err, "region: '%.*s': expected an AWS region", STR_ARG(*out));
    return rc;
}

bool people_tag(const struct scene *sc, const struct step *step, const struct caller *c,
                struct tag *out)
{
    const struct technique *t = sc->technique;
    bool is_attack = t && (t->id.len > 0 || t->findings) && !sc->benign;

    if (sc->story.len == 0)
        return false;
    *out = (struct tag){ .story = sc->story,
                         .step = step->id,
                         .technique = step->label.len > 0 ? step->label
                                      : t                 ? t->id
                                                          : (struct str){ 0 },
                         .actor = c->person ? c->person->cast->name : c->cred.name };
    out->malicious = step->malicious == NOT_SAID ? is_attack : step->malicious == SAID_YES;
    if (sc->benign)
        out->malicious = false;
    return true;
}
