#include "emulator/engine/upstream/upstream.h"

#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "emulator/engine/upstream/private.h"
#include "emulator/services/s3.h"

struct upstream {
    const struct upstream_rule *rules;
    size_t count;
    struct exchange_pool *pool;
    int64_t patience_ms;
};

/* --- rules --- */

static int parse_url(struct str url, struct err *err)
{
    struct str scheme, host;
    ptrdiff_t at = str_find(url, STR("://"));

    scheme = str_sub(url, 0, at < 0 ? 0 : (size_t)at);
    host = str_sub(url, (size_t)at + 3, url.len);
    if (at < 0 || (!str_eq_c(scheme, "http") && !str_eq_c(scheme, "https")) || host.len == 0)
        return err_set(err, E_PARSE, "http://HOST:PORT, or SERVICE=http://HOST:PORT");
    for (size_t i = 0; i < host.len; i++)
        if (strchr("/?#@ ", host.ptr[i]))
            return err_set(err, E_PARSE, "a URL of scheme, host and port alone");
    return 0;
}

int upstream_rule_parse(struct arena *a, struct str text, struct upstream_rule *out,
                        struct err *err)
{
    struct str service = { 0 }, url = str_trim(text), head, tail;

    if (str_cut(url, '=', &head, &tail)) {
        service = str_trim(head);
        url = str_trim(tail);
        if (service.len == 0)
            return err_set(err, E_PARSE, "a service before '='");
    }
    if (str_has_suffix(url, STR("/")))
        url.len--;
    if (parse_url(url, err) < 0)
        return E_PARSE;
    *out = (struct upstream_rule){ arena_copy(a, service), arena_copy(a, url) };
    return 0;
}

static int check_rules(const struct upstream *u, const struct cat *cat, struct err *err)
{
    for (size_t i = 0; i < u->count; i++) {
        struct str name = u->rules[i].service;

        if (str_eq_c(name, "cloudtrail"))
            return err_set(err, E_PARSE, "--upstream: cloudtrail is always answered here");
        if (name.len > 0 && !cat_service_find(cat, name))
            return err_set(err, E_PARSE,
                           "--upstream: '%.*s' is no service (names are boto3's, such as s3)",
                           STR_ARG(name));
    }
    return 0;
}

int upstream_open(struct upstream **out, const struct engine_options *opt, const struct cat *cat,
                  struct err *err)
{
    struct exchange_options pool = { .data_dir = opt->data_dir,
                                     .patience_ms = opt->upstream_timeout_ms };
    struct upstream *u;
    int rc;

    *out = NULL;
    if (opt->upstream_count == 0)
        return 0;
    u = mem_alloc(sizeof *u);
    u->rules = opt->upstreams;
    u->count = opt->upstream_count;
    u->patience_ms = opt->upstream_timeout_ms;
    rc = check_rules(u, cat, err);
    if (rc == 0)
        rc = exchange_pool_open(&u->pool, &pool, err);
    if (rc < 0) {
        mem_free(u);
        return rc;
    }
    *out = u;
    return 0;
}

void upstream_close(struct upstream *u)
{
    if (!u)
        return;
    exchange_pool_close(u->pool);
    mem_free(u);
}

void upstream_stop(struct upstream *u)
{
    if (u)
        exchange_pool_stop(u->pool);
}

/* The service's own rule, else the one for all; of two the later one. */
static struct str base_of(const struct upstream *u, struct str service)
{
    struct str own = { 0 }, any = { 0 };

    if (str_eq_c(service, "cloudtrail"))
        return own;
    for (size_t i = 0; i < u->count; i++) {
        if (u->rules[i].service.len == 0)
            any = u->rules[i].base;
        else if (str_eq(u->rules[i].service, service))
            own = u->rules[i].base;
    }
    return own.len > 0 ? own : any;
}

bool upstream_serves(const struct upstream *u, struct str service)
{
    return u && service.len > 0 && base_of(u, service).len > 0;
}

int upstream_claims(const struct engine *e, const struct call *call, const struct route *route,
                    bool *out, struct err *err)
{
    bool is_ours = false;
    int rc = 0;

    *out = false;
    if (!call->op || !call->request || !upstream_serves(e->upstream, route->service))
        return 0;
    if (route->s3_bucket.len > 0)
        rc = s3_has_bucket(e, route->s3_bucket, &is_ours, err);
    *out = rc == 0 && !is_ours;
    return rc;
}

/* --- forwarding --- */

static const struct failing {
    int status;
    const char *code, *s3_code, *text;
} failings[] = {
    [EXCHANGE_DOWN] = { 503, "ServiceUnavailable", "ServiceUnavailable", "can't be reached" },
    [EXCHANGE_SLOW] = { 504, "GatewayTimeout", "GatewayTimeout", "did not answer in time" },
    [EXCHANGE_BROKEN] = { 502, "InternalFailure", "InternalError", "gave no answer of AWS's form" },
    [EXCHANGE_ENDED] = { 503, "ServiceUnavailable", "ServiceUnavailable",
                         "was not waited for: mocktrail is stopping" },
};

static void fail(struct arena *a, const struct call *call, struct str base, enum exchange_end end,
                 struct str why)
{
    const struct failing *f = &failings[end];
    bool is_s3 = str_eq_c(call->service_name, "s3");
    struct upstream_answer *answer = call->answer;

    answer->is_failure = true;
    answer->outcome = (struct outcome){ 0 };
    outcome_refuse(a, &answer->outcome, f->status, is_s3 ? f->s3_code : f->code,
                   "The upstream %.*s %s: %.*s", STR_ARG(base), f->text, STR_ARG(why));
    log_write(LOG_WARN, "%.*s: %.*s", STR_ARG(call->action), STR_ARG(answer->outcome.message));
}

/* A header of the answer, added where it has none. */
static struct str settle_header(struct arena *a, struct reply *reply, const char *name,
                                struct str fallback)
{
    for (size_t i = 0; i < reply->header_count; i++)
        if (str_eq_nocase(reply->headers[i].name, str_c(name)))
            return reply->headers[i].value;
    reply_header(a, reply, name, fallback);
    return fallback;
}

/* The ids that the client sees are the upstream's where it has any, else ours. S3's clients look
 * into headers of its own. */
static void settle_ids(struct arena *a, struct call *call, struct str request_id)
{
    struct reply *reply = &call->answer->reply;

    if (request_id.len > 0)
        call->request_id = arena_copy(a, request_id);
    if (call->host_id.len > 0) {
        (void)settle_header(a, reply, "x-amz-request-id", call->request_id);
        call->host_id = settle_header(a, reply, "x-amz-id-2", call->host_id);
    } else if (request_id.len == 0) {
        reply_header(a, reply, "x-amzn-RequestId", call->request_id);
    }
}

static void drop_hop_headers(struct reply *r)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->header_count; i++)
        if (!upstream_is_hop_header(r->headers[i].name))
            r->headers[kept++] = r->headers[i];
    r->header_count = kept;
}

static void read_answer(struct arena *a, const struct route *route, struct call *call,
                        struct str base)
{
    struct upstream_answer *answer = call->answer;
    struct str request_id = { 0 };
    struct err why = { 0 };

    drop_hop_headers(&answer->reply);
    if (wire_read(a, call->cat, call->request, route, &answer->reply, &answer->outcome, &request_id,
                  &why) < 0) {
        fail(a, call, base, EXCHANGE_BROKEN, str_c(why.text));
        return;
    }
    settle_ids(a, call, request_id);
    answer->outcome.bytes_in = call->body.len;
    if (!outcome_refused(&answer->outcome) && wire_streams_output(call->cat, call->op))
        answer->outcome.bytes_out = answer->reply.body.len;
}

int upstream_forward(struct engine *e, struct arena *a, const struct route *route,
                     struct call *call, struct err *err)
{
    struct str base = base_of(e->upstream, route->service), why = { 0 };
    enum exchange_end end = EXCHANGE_BROKEN;
    struct exchange x;
    int rc;

    call->answer = arena_alloc(a, sizeof *call->answer);
    upstream_request(a, call, route, base, &x);
    rc = exchange_run(e->upstream->pool, a, &x, &call->answer->reply, &end, &why, err);
    if (rc < 0)
        return rc;
    if (end == EXCHANGE_DONE)
        read_answer(a, route, call, base);
    else
        fail(a, call, base, end, why);
    return 0;
}

void upstream_discard(const struct engine *e, struct arena *a, struct call *call)
{
    const struct upstream_answer *answer = call->answer;

    call->answer = NULL;
    if (answer && answer->reply.body_is_spooled)
        (void)unlink(arena_printf(a, "%s/%s", e->opt.data_dir, answer->reply.body.path).ptr);
}

int upstream_conclude(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    *out = call->answer->outcome;
    return outcome_refused(out) ? 0 : upstream_learn(cx, call, out, err);
}
