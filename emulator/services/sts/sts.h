/* emulator/services/sts - private: what the operations that issue credentials share.
 *
 * Source for texts and limits, unless said otherwise: STS API Reference, the operation's page and
 * "Common errors"; messages as AWS answers them.
 */
#pragma once

#include "core/aws/arn.h"
#include "core/aws/policy.h"
#include "emulator/services/services.h"

/* Fresh credentials for p, valid from now: key, secret, token, times; kept, and put into the
 * output as Credentials. */
int sts_issue(struct ctx *cx, struct principal *p, int64_t duration_s, struct outcome *out,
              struct err *err);

/* Checks of parameters; false: the outcome is refused. */
bool sts_name_ok(struct ctx *cx, const struct call *call, struct outcome *out, const char *member,
                 size_t most);
bool sts_duration_ok(struct ctx *cx, const struct call *call, struct outcome *out, int64_t most_s,
                     int64_t *out_s, int64_t fallback_s);
/* Policy, PolicyArns and Tags: well-formed and not too large; PackedPolicySize into the output when
 * any is there. */
bool sts_policy_ok(struct ctx *cx, const struct call *call, struct outcome *out);
void sts_invalid(struct ctx *cx, struct outcome *out, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void sts_denied(struct ctx *cx, const struct call *call, struct outcome *out, const char *action,
                struct str resource);

/* SerialNumber and TokenCode, when given, are of a device of the caller; else refused (*ok false).
 */
int sts_mfa_ok(struct ctx *cx, const struct call *call, struct outcome *out, bool *ok,
               struct err *err);

/* A role asked for by its ARN. *doc stays NULL when there is no such role. */
struct sts_role {
    struct arn arn;
    struct str name;
    struct value *doc;
    struct policy *trust;
};
int sts_find_role(struct ctx *cx, struct str role_arn, struct sts_role *out, struct err *err);
/* The session of a role: principal and AssumedRoleUser of the output. */
struct principal *sts_role_session(struct ctx *cx, const struct sts_role *role,
                                   struct str session_name, struct outcome *out);
/* Tags parameter as a map name -> text, or NULL. */
struct value *sts_tags(struct ctx *cx, const struct call *call);

/* The context of a request, growing as keys are added. */
struct sts_context {
    struct policy_attr attrs[128];
    size_t count;
};
void sts_context_add(struct ctx *cx, struct sts_context *c, struct str key, struct str value);
void sts_context_of_call(struct ctx *cx, const struct call *call, struct sts_context *c);
