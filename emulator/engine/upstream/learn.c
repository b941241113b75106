/* What an upstream's answers say of credentials: who its users are, whose its keys and sessions. */
#include "core/aws/arn.h"
#include "core/aws/region.h"
#include "core/base/clock.h"
#include "emulator/engine/upstream/private.h"
#include "emulator/store/store.h"

static struct doc_key user_key(const struct call *call, struct str name)
{
    return (struct doc_key){
        .account = call->account, .service = STR("upstream"), .type = STR("User"), .id = name
    };
}

/* CreateUser and GetUser tell id and ARN, which CreateAccessKey does not. */
static int learn_user(struct ctx *cx, const struct call *call, const struct value *output,
                      struct err *err)
{
    const struct value *user = value_get_c(output, "User");
    struct str name = value_get_str(user, "UserName");
    struct value *doc = value_map(cx->a);

    if (name.len == 0 || value_get_str(user, "Arn").len == 0)
        return 0;
    value_put_str(cx->a, doc, "Arn", value_get_str(user, "Arn"));
    value_put_str(cx->a, doc, "UserId", value_get_str(user, "UserId"));
    return store_doc_put(cx->e->store, user_key(call, name), doc, err);
}

static int learn_key(struct ctx *cx, const struct call *call, const struct value *output,
                     struct err *err)
{
    const struct value *key = value_get_c(output, "AccessKey");
    struct value *user = NULL;
    struct principal p = { .type = PRINCIPAL_IAM_USER,
                           .account = call->account,
                           .user_name = value_get_str(key, "UserName"),
                           .access_key_id = value_get_str(key, "AccessKeyId"),
                           .secret = value_get_str(key, "SecretAccessKey") };
    struct arn arn;

    if (p.access_key_id.len == 0 || p.user_name.len == 0)
        return 0;
    int rc = store_doc_get(cx->e->store, cx->a, user_key(call, p.user_name), &user, err);
    if (rc < 0 && rc != E_MISSING)
        return rc;
    p.principal_id = value_get_str(user, "UserId");
    p.arn = value_get_str(user, "Arn");
    if (arn_parse(p.arn, &arn, NULL) == 0)
        p.account = arn.account; /* the upstream's, should it differ from ours */
    if (p.principal_id.len == 0)
        p.principal_id = principal_believed_id(cx->a, p.account, p.user_name);
    if (p.arn.len == 0)
        p.arn = arena_printf(cx->a, "arn:%.*s:iam::%.*s:user/%.*s",
                             STR_ARG(region_partition(call->region)), STR_ARG(p.account),
                             STR_ARG(p.user_name));
    return identity_put_key(cx->e->identity, &p, err);
}

static int forget_key(struct ctx *cx, const struct call *call, const struct value *output,
                      struct err *err)
{
    int rc;

    (void)output; /* it has none */
    rc = identity_drop_key(cx->e->identity, value_get_str(call->params, "AccessKeyId"), err);
    return rc == E_MISSING ? 0 : rc;
}

/* Credentials of an answer into p, alive on our clock as long as they are on the upstream's. */
static int put_session(struct ctx *cx, struct principal *p, const struct value *output,
                       struct err *err)
{
    const struct value *c = value_get_c(output, "Credentials");
    int64_t machine_ms = clock_machine_ms();
    int64_t expires_ms = value_get_time(c, "Expiration", machine_ms + 3600 * 1000LL);

    p->is_session = true;
    p->access_key_id = value_get_str(c, "AccessKeyId");
    p->secret = value_get_str(c, "SecretAccessKey");
    p->session_token = value_get_str(c, "SessionToken");
    p->session_created_ms = cx->now_ms - cx->now_ms % 1000; /* STS knows whole seconds */
    p->session_expires_ms = cx->now_ms + (expires_ms - machine_ms);
    return p->access_key_id.len > 0 ? identity_put_key(cx->e->identity, p, err) : 0;
}

static int learn_role_session(struct ctx *cx, const struct call *call, const struct value *output,
                              struct err *err)
{
    const struct value *user = value_get_c(output, "AssumedRoleUser");
    struct str role_arn = value_get_str(call->params, "RoleArn"), head;
    struct principal p = { .type = PRINCIPAL_ASSUMED_ROLE,
                           .principal_id = value_get_str(user, "AssumedRoleId"),
                           .arn = value_get_str(user, "Arn"),
                           .session_name = value_get_str(call->params, "RoleSessionName"),
                           .source_identity = value_get_str(output, "SourceIdentity"),
                           .issuer_type = PRINCIPAL_ASSUMED_ROLE,
                           .issuer_arn = role_arn };
    struct arn arn;

    if (arn_parse(role_arn, &arn, NULL) < 0 || p.arn.len == 0)
        return 0;
    p.account = p.issuer_account = arn.account;
    (void)str_cut(p.principal_id, ':', &p.issuer_id, &head);
    if (!str_rcut(arn.resource, '/', &head, &p.issuer_user_name))
        p.issuer_user_name = arn.resource;
    return put_session(cx, &p, output, err);
}

/* The caller's own session: who it is stays, what issued it is the caller. */
static int learn_own_session(struct ctx *cx, const struct call *call, const struct value *output,
                             struct err *err)
{
    struct principal p = *call->who;

    p.mfa = value_get_str(call->params, "SerialNumber").len > 0;
    return put_session(cx, &p, output, err);
}

static int learn_federated(struct ctx *cx, const struct call *call, const struct value *output,
                           struct err *err)
{
    const struct value *user = value_get_c(output, "FederatedUser");
    const struct principal *who = call->who;
    struct principal p = { .type = PRINCIPAL_FEDERATED_USER,
                           .account = who->account,
                           .principal_id = value_get_str(user, "FederatedUserId"),
                           .arn = value_get_str(user, "Arn"),
                           .session_name = value_get_str(call->params, "Name"),
                           .issuer_type = who->type,
                           .issuer_id = who->principal_id,
                           .issuer_arn = who->arn,
                           .issuer_account = who->account,
                           .issuer_user_name = who->user_name };

    return p.arn.len > 0 ? put_session(cx, &p, output, err) : 0;
}

static const struct lesson {
    const char *service, *operation;
    int (*learn)(struct ctx *cx, const struct call *call, const struct value *output,
                 struct err *err);
} lessons[] = {
    { "iam", "CreateUser", learn_user },
    { "iam", "GetUser", learn_user },
    { "iam", "CreateAccessKey", learn_key },
    { "iam", "DeleteAccessKey", forget_key },
    { "sts", "AssumeRole", learn_role_session },
    { "sts", "AssumeRoleWithSAML", learn_role_session },
    { "sts", "AssumeRoleWithWebIdentity", learn_role_session },
    { "sts", "GetSessionToken", learn_own_session },
    { "sts", "GetFederationToken", learn_federated },
};

static const struct lesson *lesson_of(const struct call *call)
{
    for (size_t i = 0; i < COUNT(lessons); i++)
        if (str_eq_c(call->service_name, lessons[i].service) &&
            str_eq_c(call->action, lessons[i].operation))
            return &lessons[i];
    return NULL;
}

bool upstream_teaches(const struct call *call)
{
    return lesson_of(call) && !outcome_refused(&call->answer->outcome);
}

int upstream_learn(struct ctx *cx, const struct call *call, const struct outcome *out,
                   struct err *err)
{
    const struct lesson *l = lesson_of(call);

    return l ? l->learn(cx, call, out->output, err) : 0;
}
