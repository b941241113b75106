#include "emulator/services/behalf.h"

#include "core/aws/arn.h"
#include "core/aws/policy.h"

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
        inner->host = str_c(b->host);
        inner->invoked_by = inner->source_ip = inner->user_agent =
            str_c(b->seen_as ? b->seen_as : b->host);
        inner->vpc_endpoint_id = inner->trace_header = (struct str){ 0 };
    }
    if (b->is_own) {
        inner->who = principal_service(cx->a, str_c(b->host));
        inner->auth = AUTH_NONE;
        inner->signature_version = (struct str){ 0 };
    }
    inner->parent_seq = call->seq;
    inner->begun_us = inner->delay_ms = 0;
    *out = (struct outcome){ 0 };
    engine_begin(cx->e, cx->a, inner);
    return engine_perform(cx->e, cx->a, inner, out, err);
}

bool behalf_trusted(struct arena *a, const struct value *role, const char *host)
{
    struct str name = str_c(host), text = value_get_str(role, "AssumeRolePolicyDocument");
    struct policy_request q = { .action = STR("sts:AssumeRole"),
                                .principal = {
                                    .kind = STR("Service"), .names = &name, .name_count = 1 } };
    struct policy *policy;

    return policy_parse(a, text, POLICY_TRUST, &policy, NULL) == 0 &&
           policy_eval(a, policy, &q).effect == POLICY_ALLOW;
}

int behalf_assume(struct ctx *cx, const struct call *call, const char *host, struct str role_arn,
                  struct str session_name, struct err *err)
{
    struct value *params = value_map(cx->a), *role = NULL;
    struct str path, name;
    struct outcome out;
    struct arn arn;

    if (arn_parse(role_arn, &arn, NULL) < 0 || !str_rcut(arn.resource, '/', &path, &name) ||
        !str_eq(arn.account, call->account))
        return 0;
    int rc = store_doc_get(cx->e->store, cx->a, service_key(call, "iam", "Role", name), &role, err);
    if (rc == E_MISSING || (rc == 0 && !behalf_trusted(cx->a, role, host)))
        return 0;
    value_put_str(cx->a, params, "RoleArn", role_arn);
    value_put_str(cx->a, params, "RoleSessionName", session_name);
    return rc < 0 ? rc
                  : behalf_call(cx, call,
                                &(struct behalf){ .service = "sts",
                                                  .operation = "AssumeRole",
                                                  .host = host,
                                                  .params = params,
                                                  .is_own = true },
                                &out, err);
}
