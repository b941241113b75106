/* emulator/services/behalf - what a service does at another one for its caller: a call of its own,
 * on record with invokedBy, inside the caller's transaction.
 */
#pragma once

#include "emulator/services/services.h"

struct behalf {
    const char *service, *operation; /* botocore's names */
    const char *host;                /* "secretsmanager.amazonaws.com"; NULL: as if the caller had
                                      * made the call */
    struct value *params;
    const char *seen_as; /* on record in place of the host: "AWS Internal"; or NULL */
    bool is_own;         /* the service calls for itself: userIdentity names it alone */
};
/* 0: out is set, success or refusal. */
int behalf_call(struct ctx *cx, const struct call *call, const struct behalf *b,
                struct outcome *out, struct err *err);

/* Does the trust policy of an IAM role document let the service have it? */
bool behalf_trusted(struct arena *a, const struct value *role, const char *host);
/* The service of that host assumes a role of the call's account, as it does before it acts by it
 * for the first time. Where the role is absent or does not trust the service, nothing happens. */
int behalf_assume(struct ctx *cx, const struct call *call, const char *host, struct str role_arn,
                  struct str session_name, struct err *err);
