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
};
/* 0: out is set, success or refusal. */
int behalf_call(struct ctx *cx, const struct call *call, const struct behalf *b,
                struct outcome *out, struct err *err);
