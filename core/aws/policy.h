/* core/aws/policy - policy documents: parsed, matched, decided.
 *
 * Knows trust policies, bucket and other resource policies, identity and session policies as
 * documents; not which documents apply to a call nor how their answers are combined.
 * Source: IAM User Guide, "IAM JSON policy element reference" and "Policy evaluation logic".
 *
 * Use:     policy_parse once, policy_eval for each request. Read-only after parsing: any thread.
 * Memory:  everything lives in the arena and borrows the text.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/codec/value.h"

struct policy;

/* Which elements a document must or must not have. */
enum policy_kind {
    POLICY_IDENTITY, /* no Principal, Resource required */
    POLICY_RESOURCE, /* Principal required, Resource required */
    POLICY_TRUST,    /* Principal required, no Resource */
};

/* E_PARSE with one line that says which element is wrong; E_LIMIT for a document over 1 MiB. */
int policy_parse(struct arena *a, struct str text, enum policy_kind kind, struct policy **out,
                 struct err *err);

/* Who asks, as a Principal element may name them. */
struct policy_principal {
    struct str kind;         /* "AWS", "Service", "Federated", "CanonicalUser"; empty: anonymous */
    struct str account;      /* AWS: 12 digits, matched by the number and by its root ARN */
    const struct str *names; /* AWS: user ARN, or session ARN and role ARN; else host, provider */
    size_t name_count;
};

/* A condition key and its values: "aws:SourceIp", "s3:prefix" (case does not matter). */
struct policy_attr {
    struct str key;
    const struct str *values;
    size_t value_count;
};

struct policy_request {
    struct str action;   /* "s3:GetObject": the prefix and the operation, case does not matter */
    struct str resource; /* ARN; ignored by a trust policy */
    struct policy_principal principal; /* ignored by an identity policy */
    const struct policy_attr *attrs;
    size_t attr_count;
};

enum policy_effect { POLICY_NO_MATCH, POLICY_ALLOW, POLICY_DENY };

struct policy_answer {
    enum policy_effect effect;
    struct str sid;    /* of the statement that decided; may be empty */
    bool by_account;   /* ALLOW only because the principal's whole account is named */
    bool by_condition; /* NO_MATCH: a statement would have allowed but for its Condition */
};

/* An explicit Deny wins over any Allow. The arena holds what policy variables need meanwhile. */
struct policy_answer policy_eval(struct arena *a, const struct policy *p,
                                 const struct policy_request *q);

/* True if the document names "*" as a principal in an Allow statement without a Condition. */
bool policy_is_public(const struct policy *p);
