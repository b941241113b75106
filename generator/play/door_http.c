#include "generator/play/door_http.h"

#include <time.h>

#include "core/aws/arn.h"
#include "core/aws/region.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "emulator/engine/upstream/exchange.h"
#include "emulator/wire/request.h"
#include "emulator/wire/wire.h"

#define PATIENCE_MS 60000
#define SESSION_MS  3600000ll /* a session that does not say lives that long */

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
    int64_t now_ms, started_us; /* started_us 0: not at the start yet */
    uint64_t left_out;
};

static struct door_http *self(struct door *d)
{
    return (struct door_http *)d;
}

static int64_t now(struct door *d)
{
    return self(d)->now_ms;
}

/* Wait until the scenario's time has come, on our clock. */
static int advance(struct door *door, int64_t to_ms, struct err *err)
{
    struct door_http *d = self(door);
    int64_t due_us, wait_us;
    struct timespec t;

    (void)err; /* nothing here can fail */
    if (to_ms > d->now_ms)
        d->now_ms = to_ms;
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
                                   .expires_ms = about.expires_ms };
    k->next = d->known;
    d->known = k;
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
    if (key) {
        about.name = value_get_str(key, "UserName");
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
    }
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
    (void)a;
    (void)record;
    (void)tag;
    (void)err; /* no API call makes such an event */
    self(door)->left_out++;
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
                             .has_own_clock = true,
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
