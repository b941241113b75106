/* emulator/services/resource_policy - what a resource's own policy says of a call. Identity
 * policies are not asked here.
 */
#pragma once

#include "core/aws/policy.h"
#include "emulator/services/services.h"

struct resource_question {
    struct str policy;         /* JSON; one that can't be read says nothing */
    struct str action;         /* "kms:Decrypt" */
    struct str arn;            /* of the resource */
    const struct value *attrs; /* condition keys of the service: a map of strings, or NULL */
};
enum policy_effect resource_policy_judge(struct ctx *cx, const struct call *call,
                                         const struct resource_question *q);
/* Does the policy explicitly deny a service's own delivery? */
struct service_question {
    struct str policy, action, arn;
    struct str service;    /* "sns.amazonaws.com" */
    struct str source_arn; /* aws:SourceArn; its account is aws:SourceAccount */
};
bool resource_policy_denies(struct arena *a, const struct service_question *q);
/* AccessDeniedException, with the words that tell an explicit deny from an absent allow. */
void resource_policy_refuse(struct ctx *cx, const struct call *call, struct outcome *out,
                            const struct resource_question *q, enum policy_effect effect);
