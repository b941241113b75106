/* emulator/engine/generic - performs an operation by its role (emulator/catalogue/lifecycle.h) on
 * stored state: any type of any service can be made, found again, changed, tagged and removed.
 *
 * Never a success without a stored effect: what has no role, reads what was never written, or asks
 * for what can't be told (a filter that no member answers) is refused with 501.
 */
#pragma once

#include "emulator/engine/engine.h"

/* The handler of every operation with a role and no handler of its own. */
service_fn generic_perform;
/* The operations with an answer that needs no role (fixtures/lifecycle/answers.tsv), one by one. */
struct str answers_rows(void);
bool answers_next(struct str *rows, struct str *service, struct str *operation);
/* 501, with what to do about it. */
void generic_refuse(struct arena *a, const struct call *call, struct outcome *out,
                    const char *reason);
