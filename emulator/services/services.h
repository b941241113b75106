/* emulator/services - what a generic lifecycle can't say: a file (or folder) a service.
 *
 * A handler is service_Operation(cx, call, out, err), listed in services.def. Below: what most of
 * them need.
 */
#pragma once

#include "emulator/engine/engine.h"
#include "emulator/store/store.h"
#include "emulator/identity/identity.h"

/* A key of the caller's account: region "" for global services. */
struct doc_key service_key(const struct call *call, const char *service, const char *type,
                           struct str id);
struct doc_key service_key_regional(const struct call *call, const char *service, const char *type,
                                    struct str id);

/* Parameters by model member name. */
struct str param_str(const struct call *call, const char *name); /* empty if absent */
bool param_has(const struct call *call, const char *name);
int64_t param_int(const struct call *call, const char *name, int64_t fallback);
bool param_bool(const struct call *call, const char *name, bool fallback);
struct value *param(const struct call *call, const char *name); /* or NULL */

/* Set outcome->output to an empty map (once) and return it. */
struct value *outcome_output(struct ctx *cx, struct outcome *out);
/* Opaque page tokens: after which id, bound to the operation; a token of another call is refused by
 * returning false. */
struct str page_token(struct ctx *cx, const struct call *call, struct str after);
bool page_after(struct ctx *cx, const struct call *call, struct str token, struct str *after);

#define SERVICE_OP(service, operation)          service_fn service##_##operation;
#define SERVICE_OP_UNLOCKED(service, operation) service_fn service##_##operation;
#define SERVICE_OP_PREPARED(service, operation, prepare)                                           \
    service_fn service##_##operation;                                                              \
    service_prepare_fn prepare;
#define SERVICE_OP_WAITING(service, operation, wait)                                               \
    service_fn service##_##operation;                                                              \
    service_wait_fn wait;
#include "emulator/services/services.def"
#undef SERVICE_OP
#undef SERVICE_OP_UNLOCKED
#undef SERVICE_OP_PREPARED
