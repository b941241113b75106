#include "generator/play/door_http.h"

#include <time.h>

#include "core/aws/arn.h"
#include "core/aws/region.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "emulator/engine/upstream/exchange.h"
#include "emulator/identity/identity.h"
#include "emulator/wire/request.h"
#include "emulator/wire/wire.h"

#define PATIENCE_MS 60000
#define SESSION_MS  3600000ll /* a session that does not say lives that long */

struct made { /* a user, and the id that the endpoint gave it */
    struct made *next;
    struct str arn, id;
};

struct known { /* credentials that an answer brought */
    struct known *next;
    struct credential cred;
};

struct door_http {
    struct door door;
    struct door_http_options opt;
    struct str host;
    struct arena arena;
    struct exchange_pool *pool;
    struct known *known;
    struct made *made;
    int64_t now_ms, started_us; /* started_us 0: not at the start yet */
    uint64_t left_out;
    bool is_moved; /* the endpoint's clock, once */
};

static struct door_http *self(struct door *d)
{
    return (struct door_http *)d;
}

static int64_t now(struct door *d)
{
    return self(d)->now_ms;
}

/* A call of the endpoint's control API. */
static int control(struct door_http *d, const char *path, struct str body, struct err *err)
{
    const struct http_header headers[] = { { STR("Host"), d->host } };
    struct arena a = { 0 };
    struct reply reply = { 0 };
    struct str why = { 0 };
    enum exchange_end end;
    struct exchange x = { .base = d->opt.base,
                          .target = str_c(path),
                          .method = STR("POST"),
                          .headers = headers,
                          .header_count = COUNT(headers),
                          .body = { .text = body, .len = (int64_t)body.len } };
    int rc = exchange_run(d->pool, &a, &x, &reply, &end, &why, err);

    if (rc == 0 && end != EXCHANGE_DONE)
        rc = err_set(err, E_IO, "%.*s: %.*s", STR_ARG(d->opt.base), STR_ARG(why));
    if (rc == 0 && reply.status != 200)
        rc = err_set(err, E_CONFLICT, "%.*s%s answers %d: %.*s", STR_ARG(d->opt.base), path,
                     reply.status, STR_ARG(str_trim(reply.body.text)));
    arena_free(&a);
    return rc;
}

/* Move the endpoint's clock to the scenario's time. */
static int move_clock(struct door_http *d, struct err *err)
{
    struct arena a = { 0 };
    struct str iso = clock_iso_ms(&a, d->now_ms);
    int rc =
        control(d, "/_mocktrail/clock", arena_printf(&a, "{\"set\":\"%.*s\"}", STR_ARG(iso)), err);

    arena_free(&a);
    return rc;
}

/* Wait until the scenario's time has come, on our clock. */
static int advance(struct door *door, int64_t to_ms, struct err *err)
{
    struct door_http *d = self(door);
    int64_t due_us, wait_us;
    struct timespec t;

    if (to_ms > d->now_ms || !d->is_moved) {
        d->now_ms = to_ms > d->now_ms ? to_ms : d->now_ms;
        d->is_moved = true;
        int rc = d->opt.controls ? move_clock(d, err) : 0;
        if (rc < 0)
            return rc;
    }
    if (d->opt.speed <= 0 || d->now_ms < d->opt.start_ms)
        return 0;
    if (d->started_us == 0)
        d->started_us = clock_monotonic_us();
    due_us = d->started_us + (int64_t)((double)(d->now_ms - d->opt.start_ms) * 1000 / d->opt.speed);
    wait_us = due_us - clock_monotonic_us();
    if (wait_us > 0) {
        t = (struct timespec){ wait_us / 1000000, wait_us % 1000000 * 1000 };
        (void)nanosleep(&t, NULL); /* a signal ends the program */
    }
    return 0;
}

static struct known *known_find(const struct door_http *d, struct str key)
{
    for (struct known *k = d->known; k; k = k->next)
        if (str_eq(k->cred.key, key))
            return k;
    return NULL;
}

static void keep(struct door_http *d, const struct value *v, struct credential about)
{
    struct arena *a = &d->arena;
    struct str key = value_get_str(v, "AccessKeyId");
    struct str secret = value_get_str(v, "SecretAccessKey");

    if (key.len == 0 || secret.len == 0 || known_find(d, key))
        return;
    struct known *k = arena_alloc(a, sizeof *k);
    k->cred = (struct credential){ .key = arena_copy(a, key),
                                   .secret = arena_copy(a, secret),
                                   .token = arena_copy(a, value_get_str(v, "SessionToken")),
                                   .account = arena_copy(a, about.account),
                                   .arn = arena_copy(a, about.arn),
                                   .name = arena_copy(a, about.name),
                                   .expires_ms = about.expires_ms,
                                   .shown = about.shown };
    k->next = d->known;
    d->known = k;
}

static void note_user(struct door_http *d, const struct value *output)
{
    const struct value *user = value_get_c(output, "User");
    struct str arn = value_get_str(user, "Arn"), id = value_get_str(user, "UserId");

    if (arn.len == 0 || id.len == 0)
        return;
    struct made *m = arena_alloc(&d->arena, sizeof *m);
    *m = (struct made){ d->made, arena_copy(&d->arena, arn), arena_copy(&d->arena, id) };
    d->made = m;
}

static const struct principal *shown_user(struct door_http *d, struct str account, struct str name)
{
    struct principal *p = arena_alloc(&d->arena, sizeof *p);

    *p = (struct principal){ .type = PRINCIPAL_IAM_USER,
                             .account = arena_copy(&d->arena, account),
                             .user_name = arena_copy(&d->arena, name) };
    p->arn =
        arena_printf(&d->arena, "arn:aws:iam::%.*s:user/%.*s", STR_ARG(account), STR_ARG(name));
    struct str folder = str_sub(p->arn, 0, p->arn.len - name.len); /* a path may come behind it */
    struct str end = arena_printf(&d->arena, "/%.*s", STR_ARG(name));
    for (const struct made *m = d->made; m && p->principal_id.len == 0; m = m->next)
        if (str_has_prefix(m->arn, folder) && str_has_suffix(m->arn, end)) {
            p->principal_id = m->id;
            p->arn = m->arn;
        }
    if (p->principal_id.len == 0)
        p->principal_id = principal_believed_id(&d->arena, p->account, p->user_name);
    return p;
}

static const struct principal *shown_session(struct door_http *d, const struct value *user,
                                             const struct credential *about)
{
    struct principal *p = arena_alloc(&d->arena, sizeof *p);
    struct str role, session, id;

    *p = (struct principal){ .type = PRINCIPAL_ASSUMED_ROLE,
                             .account = arena_copy(&d->arena, about->account),
                             .arn = arena_copy(&d->arena, about->arn),
                             .is_session = true,
                             .session_created_ms = d->now_ms,
                             .session_expires_ms = about->expires_ms,
                             .issuer_type = PRINCIPAL_ASSUMED_ROLE };
    p->principal_id = arena_copy(&d->arena, value_get_str(user, "AssumedRoleId"));
    p->issuer_account = p->account;
    (void)str_cut(p->principal_id, ':', &p->issuer_id, &id);
    (void)str_rcut(p->arn, '/', &role, &session);
    (void)str_rcut(role, '/', &id, &role);
    p->session_name = session;
    p->issuer_user_name = role;
    p->issuer_arn =
        arena_printf(&d->arena, "arn:aws:iam::%.*s:role/%.*s", STR_ARG(p->account), STR_ARG(role));
    return p;
}

/* Who the new credentials are: as the answer says, else the caller. */
static void learn(struct door_http *d, struct arena *a, const struct errand *e,
                  const struct value *output)
{
    static const char *const users[] = { "AssumedRoleUser", "FederatedUser" };
    const struct value *key = value_get_c(output, "AccessKey");
    struct credential about = *e->by;
    struct str head, name;
    struct arn arn;

    about.expires_ms = INT64_MAX;
    note_user(d, output);
    if (key) {
        about.name = value_get_str(key, "UserName");
        about.shown = shown_user(d, about.account, about.name);
        about.arn = arena_printf(a, "arn:aws:iam::%.*s:user/%.*s", STR_ARG(about.account),
                                 STR_ARG(about.name));
        keep(d, key, about);
    }
    for (size_t i = 0; i < COUNT(users); i++) {
        struct str text = value_get_str(value_get_c(output, users[i]), "Arn");

        if (arn_parse(text, &arn, NULL) < 0)
            continue;
        about.arn = text;
        about.account = arn.account;
        about.name = str_rcut(text, '/', &head, &name) ? name : text;
        about.expires_ms =
            d->now_ms + value_get_int(e->params, "DurationSeconds", SESSION_MS / 1000) * 1000;
        if (i == 0)
            about.shown = shown_session(d, value_get_c(output, users[i]), &about);
    }
    if (about.expires_ms == INT64_MAX)
        about.expires_ms =
            d->now_ms + value_get_int(e->params, "DurationSeconds", SESSION_MS / 1000) * 1000;
    keep(d, value_get_c(output, "Credentials"), about);
}

static void set_request(struct door_http *d, struct arena *a, const struct errand *e,
                        struct request *q, struct route *route)
{
    const struct cat *cat = d->opt.cat;
    const struct cat_service *service = cat_op_service(cat, e->op);
    struct str name = cat_str(cat, service->name);
    struct wire_signer by = { .access_key_id = e->by->key,
                              .secret = e->by->secret,
                              .token = e->by->token,
                              .region = region_of_call(name, e->region),
                              .service = cat_str(cat, service->signing_name),
                              .host = d->host,
                              .now_ms = clock_machine_ms() };

    by.is_s3 = str_eq_c(by.service, "s3");
    wire_request(a, cat, e->op, e->params, e->body, q);
    q->headers[q->header_count++] = (struct http_header){ STR("User-Agent"), e->user_agent };
    if (by.access_key_id.len > 0)
        wire_sign(a, &by, q);
    else
        q->headers[q->header_count++] = (struct http_header){ STR("Host"), d->host };
    *route = (struct route){ .op = e->op,
                             .protocol = (enum cat_protocol)service->protocol,
                             .signing = by.service,
                             .region = by.region,
                             .json_version = cat_str(cat, service->json_version),
                             .service = name,
                             .action = cat_str(cat, e->op->name) };
}

static int perform(struct door *door, struct arena *a, const struct errand *e, struct answer *out,
                   struct err *err)
{
    struct door_http *d = self(door);
    struct outcome outcome = { 0 };
    struct reply reply = { 0 };
    struct str why = { 0 }, request_id;
    enum exchange_end end;
    struct request q;
    struct route route;

    *out = (struct answer){ .is_known = true };
    if (e->invoked_by.len > 0) { /* no key makes one a service that calls for somebody */
        d->left_out++;
        return 0;
    }
    set_request(d, a, e, &q, &route);
    struct exchange x = { .base = d->opt.base,
                          .target = q.target,
                          .method = q.method,
                          .headers = q.headers,
                          .header_count = q.header_count,
                          .body = q.body };
    int rc = exchange_run(d->pool, a, &x, &reply, &end, &why, err);
    if (rc == 0 && end != EXCHANGE_DONE)
        rc = err_set(err, E_IO, "%.*s: %.*s", STR_ARG(d->opt.base), STR_ARG(why));
    if (rc == 0)
        rc = wire_read(a, d->opt.cat, &q, &route, &reply, &outcome, &request_id, err);
    if (rc < 0)
        return rc;
    *out = (struct answer){
        .output = outcome.output, .code = outcome.code, .message = outcome.message, .is_known = true
    };
    if (outcome.code.len == 0)
        learn(d, a, e, outcome.output);
    return 0;
}

static int inject(struct door *door, struct arena *a, struct str record, const struct tag *tag,
                  struct err *err)
{
    struct door_http *d = self(door);

    (void)a;
    (void)tag;
    if (d->opt.controls)
        return control(d, "/_mocktrail/events", record, err);
    d->left_out++; /* no API call makes such an event */
    return 0;
}

static int find(struct door *door, struct arena *a, struct str key, struct credential *out,
                bool *is_known, struct err *err)
{
    const struct known *k = known_find(self(door), key);

    (void)a;
    (void)err; /* what answers brought is at hand */
    *is_known = k != NULL;
    if (k)
        *out = k->cred;
    return 0;
}

static bool root(struct door *door, struct arena *a, struct str account, struct credential *out)
{
    *out = (struct credential){
        .key = account,
        .secret = self(door)->opt.root_secret,
        .account = account,
        .arn = arena_printf(a, "arn:aws:iam::%.*s:root", STR_ARG(account)),
        .name = STR("root"),
        .expires_ms = INT64_MAX,
        .shown = principal_root(a, account),
    };
    return true;
}

static bool service(struct door *door, struct arena *a, struct str host, struct credential *out)
{
    (void)door;
    (void)a;
    (void)host;
    (void)out; /* no key makes one a service */
    return false;
}

bool door_http_is_loopback(struct str base)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
    ptrdiff_t scheme = str_find(base, STR("://"));
    struct str host = str_sub(base, scheme < 0 ? 0 : (size_t)scheme + 3, base.len), head, tail;

    if (str_cut(host, '/', &head, &tail))
        host = head;
    if (!str_has_suffix(host, STR("]")) && str_rcut(host, ':', &head, &tail))
        host = head;
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq_nocase(host, str_c(names[i])))
            return true;
    return false;
}

int door_http_open(struct door **out, const struct door_http_options *opt, struct err *err)
{
    struct door_http *d = mem_alloc(sizeof *d);
    struct str scheme;

    d->door = (struct door){ .cat = opt->cat,
                             .has_own_clock = !opt->controls,
                             .now = now,
                             .advance = advance,
                             .perform = perform,
                             .inject = inject,
                             .find = find,
                             .root = root,
                             .service = service };
    d->opt = *opt;
    d->now_ms = opt->begin_ms;
    (void)str_rcut(opt->base, '/', &scheme, &d->host); /* it has a scheme: the options said so */
    int rc = exchange_pool_open(
        &d->pool, &(struct exchange_options){ .data_dir = ".", .patience_ms = PATIENCE_MS }, err);
    if (rc < 0) {
        mem_free(d);
        return rc;
    }
    *out = &d->door;
    return 0;
}

uint64_t door_http_left_out(const struct door *d)
{
    return ((const struct door_http *)d)->left_out;
}

void door_http_close(struct door *d)
{
    if (!d)
        return;
    exchange_pool_close(self(d)->pool);
    arena_free(&self(d)->arena);
    mem_free(d);
}
