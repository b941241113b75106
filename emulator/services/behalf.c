#include "emulator/services/behalf.h"

int behalf_call(struct ctx *cx, const struct call *call, const struct behalf *b,
                struct outcome *out, struct err *err)
{
    struct call *inner = arena_alloc(cx->a, sizeof *inner);

    *inner = *call;
    inner->op = cat_op_find_c(call->cat, b->service, b->operation);
    if (!inner->op)
        return err_set(err, E_MISSING, "the catalogue has no %s:%s", b->service, b->operation);
    inner->service = cat_op_service(call->cat, inner->op);
    inner->service_name = str_c(b->service);
    inner->action = str_c(b->operation);
    inner->params = b->params;
    inner->unmodeled = NULL;
    inner->body = (struct body){ 0 };
    inner->door = DOOR_SERVICE;
    inner->request = NULL;
    /* Source: CloudTrail User Guide, "CloudTrail record contents": sourceIPAddress and userAgent of
     * calls that a service makes. */
    if (b->host) {
        inner->invoked_by = inner->source_ip = inner->user_agent = inner->host = str_c(b->host);
        inner->vpc_endpoint_id = inner->trace_header = (struct str){ 0 };
    }
    *out = (struct outcome){ 0 };
    engine_begin(cx->e, cx->a, inner);
    return engine_perform(cx->e, cx->a, inner, out, err);
}
