/* The way of an HTTP request: identify, authenticate, parse, perform, write. */
#include "core/aws/region.h"
#include "core/base/log.h"
#include "emulator/engine/constraints.h"
#include "emulator/engine/faults.h"
#include "emulator/engine/private.h"
#include "emulator/engine/upstream/upstream.h"
#include "emulator/identity/identity.h"
#include "emulator/services/sqs/waiting.h"
#include "emulator/trail/trail.h"
#include "emulator/wire/post_form.h"
#include "emulator/wire/wire.h"

static bool has_streaming_input(const struct cat *cat, const struct cat_op *op)
{
    const struct cat_shape *in = op ? cat_op_input(cat, op) : NULL;

    if (!in || in->payload == 0)
        return false;
    const struct cat_member *m = cat_shape_member(cat, in, in->payload - 1u);
    const struct cat_shape *s = cat_member_shape(cat, m);
    return (m->flags & CAT_M_STREAMING) || (s->flags & CAT_S_STREAMING);
}

static const struct cat_service *service_of(const struct cat *cat, const struct route *route)
{
    if (route->op)
        return cat_op_service(cat, route->op);
    return route->service.len > 0 ? cat_service_find(cat, route->service) : NULL;
}

static void fill_call(struct engine *e, struct arena *a, const struct request *q,
                      const struct route *route, struct call *call)
{
    struct str asked = route->region.len > 0 ? route->region : e->opt.region;

    *call = (struct call){
        .cat = e->cat,
        .op = route->op,
        .service = service_of(e->cat, route),
        .service_name = route->service,
        .action = route->action,
        .protocol = route->protocol,
        .region = region_of_call(route->service, asked),
        .params = value_map(a),
        .source_ip = q->source_ip,
        .user_agent = request_header(q, "user-agent"),
        .host = request_header(q, "host"),
        .trace_header = request_header(q, "x-amzn-trace-id"),
        .door = DOOR_HTTP,
        .may_wait = true,
        .request = q,
    };
    if (has_streaming_input(e->cat, route->op))
        call->body = q->body;
}

/* Parameters and what the model lacks; a malformed request is a refusal. */
static void parse(struct engine *e, struct arena *a, const struct route *route, struct call *call,
                  struct outcome *out)
{
    const struct request *q = call->request;
    struct err err = { 0 };
    struct str code = { 0 };
    struct value *params = NULL;

    if (wire_parse(a, e->cat, q, route, &params, &code, &err) == 0)
        call->params = params;
    else if (!outcome_refused(out))
        outcome_refuse(a, out, 0, arena_copy(a, code).ptr, "%s", err.text);
    call->unmodeled = wire_unmodeled(a, e->cat, q, route);
    if (!outcome_refused(out))
        constraints_check(e->services->constraints, a, call, out);
}

/* Source: General Reference, "Common errors". S3 has a name of its own for it. */
static void fail(struct arena *a, const struct call *call, struct outcome *out)
{
    bool is_s3 = str_eq_c(call->service_name, "s3");

    if (out->release)
        out->release(out->release_arg);
    *out = (struct outcome){ 0 };
    outcome_refuse(a, out, 500, is_s3 ? "InternalError" : "InternalFailure",
                   "We encountered an internal error. Please try again.");
}

/* Ask the upstream, if the call is its. The gate is open meanwhile, so that nobody waits for a slow
 * one; the emulator may be reset in that time, hence the new number. */
static int forward(struct engine *e, struct arena *a, const struct route *route, struct call *call,
                   struct outcome *out, struct err *err)
{
    bool is_claimed;
    int rc = upstream_claims(e, call, route, &is_claimed, err);

    if (rc < 0 || !is_claimed)
        return rc;
    if (call->request->form) { /* nobody would look at its policy */
        outcome_refuse(a, out, 501, "NotImplemented",
                       "mocktrail does not forward uploads by a browser's form");
        return 0;
    }
    pthread_rwlock_unlock(&e->services->gate);
    rc = upstream_forward(e, a, route, call, err);
    pthread_rwlock_rdlock(&e->services->gate);
    struct str request_id = call->request_id, host_id = call->host_id;
    engine_begin(e, a, call);
    call->request_id = request_id;
    call->host_id = host_id;
    return rc;
}

/* What a rule of faults has for this call. The gate is open while it is late, as in forward. */
static void meet_faults(struct engine *e, struct arena *a, struct call *call, struct outcome *out)
{
    struct fault_met met;

    if (!faults_meet(e->services->faults, a, call, &met))
        return;
    call->delay_ms = met.delay_ms;
    if (met.delay_ms > 0) {
        struct timespec nap = { met.delay_ms / 1000, met.delay_ms % 1000 * 1000000 };

        pthread_rwlock_unlock(&e->services->gate);
        (void)nanosleep(&nap, NULL); /* cut short: a little early */
        pthread_rwlock_rdlock(&e->services->gate);
        engine_begin(e, a, call);
    }
    if (met.code.len > 0)
        outcome_refuse(a, out, met.status, met.code.ptr, "%.*s", STR_ARG(met.message));
}

/* The gate is open meanwhile, as in forward; what comes then is the call's own time. */
static void await(struct engine *e, struct arena *a, struct call *call)
{
    struct handler h = handler_of(e, call->op);

    if (!h.wait)
        return;
    pthread_rwlock_unlock(&e->services->gate);
    h.wait(e, a, call);
    pthread_rwlock_rdlock(&e->services->gate);
    engine_begin(e, a, call);
}

static int decide(struct engine *e, struct arena *a, const struct route *route, struct call *call,
                  struct outcome *out, struct err *err)
{
    const struct request *q = call->request;
    int rc = identity_authenticate(e->identity, a, q, route, call, out, err);

    if (rc < 0)
        return rc;
    if (!route->op) { /* AWS tells of an unknown operation before it looks at the signature */
        *out = (struct outcome){ 0 };
        outcome_refuse(a, out, route->status, arena_copy(a, route->code).ptr, "%.*s",
                       STR_ARG(route->message));
    } else {
        if (q->refused_code.len > 0 && !outcome_refused(out))
            outcome_refuse(a, out, q->refused_status, arena_copy(a, q->refused_code).ptr, "%.*s",
                           STR_ARG(q->refused_message));
        parse(e, a, route, call, out);
    }
    if (route->op && q->refused_code.len > 0) { /* the front door could not take the body whole */
        *out = (struct outcome){ 0 };
        outcome_refuse(a, out, q->refused_status, arena_copy(a, q->refused_code).ptr, "%.*s",
                       STR_ARG(q->refused_message));
    }
    if (!outcome_refused(out))
        meet_faults(e, a, call, out);
    if (!outcome_refused(out)) {
        rc = forward(e, a, route, call, out, err);
        if (rc == 0 && !outcome_refused(out) && !call->answer)
            await(e, a, call);
        if (rc < 0 || !outcome_refused(out))
            return rc < 0 ? rc : engine_perform(e, a, call, out, err);
    }
    /* Nobody's trail: the sender's account or the service asked for can't be told. */
    if (call->account.len == 0 || !call->service)
        return 0;
    return engine_record_refused(e, a, call, out, err);
}

void engine_answer(struct engine *e, struct arena *a, const struct request *q, struct reply *reply)
{
    struct outcome out = { 0 };
    struct err err = { 0 };
    struct route route;
    struct call call;

    if (q->form)
        q = post_form_as_put(a, q);
    wire_identify(a, e->cat, q, &route);
    fill_call(e, a, q, &route, &call);
    pthread_rwlock_rdlock(&e->services->gate);
    engine_begin(e, a, &call);
    if (decide(e, a, &route, &call, &out, &err) < 0) {
        log_write(LOG_ERROR, "%.*s: %s", STR_ARG(call.action), err.text);
        fail(a, &call, &out);
        upstream_discard(e, a, &call);
    }
    pthread_rwlock_unlock(&e->services->gate);
    if (call.answer && !call.answer->is_failure)
        *reply = call.answer->reply;
    else
        wire_write(a, e->cat, q, &route, &out, call.request_id, call.host_id, reply);
    reply->waits = out.waits;
}

/* Is the operation prepared, or may it wait? All that are speak JSON; the one of the query protocol
 * is told by its name in the form. */
static bool is_prepared(const struct engine *e, const struct request *q)
{
    struct str prefix, name;
    const struct cat_op *op = str_rcut(request_header(q, "x-amz-target"), '.', &prefix, &name)
                                  ? cat_op_by_target(e->cat, prefix, name)
                                  : NULL;

    if (!op)
        return str_find(q->query, STR("ReceiveMessage")) >= 0 ||
               (str_has_prefix(request_header(q, "content-type"),
                               STR("application/x-www-form-urlencoded")) &&
                str_find(q->body.text, STR("Action=ReceiveMessage")) >= 0);
    return handler_of(e, op).prepare || handler_of(e, op).wait;
}

bool engine_may_wait(const struct engine *e, struct arena *a, const struct request *q)
{
    struct route route;

    if (faults_may_delay(e->services->faults))
        return true;
    if (!e->upstream)
        return is_prepared(e, q);
    wire_identify(a, e->cat, q, &route);
    return upstream_serves(e->upstream, route.service) || is_prepared(e, q);
}

void engine_end_polls(struct engine *e)
{
    sqs_waiting_stop(e);
}

void engine_stop_waiting(struct engine *e)
{
    upstream_stop(e->upstream);
}

void engine_when_durable(struct engine *e, struct journal_waiter *waiter)
{
    pthread_rwlock_rdlock(&e->services->gate);
    if (e->trail)
        journal_when_durable(trail_journal(e->trail), waiter);
    else /* a reset that failed: who knows what became of the records */
        waiter->tell(waiter->arg, E_IO);
    pthread_rwlock_unlock(&e->services->gate);
}
