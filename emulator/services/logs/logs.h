/* emulator/services/logs - CloudWatch Logs: what other services need of it.
 */
#pragma once

#include "emulator/engine/engine.h"

struct logs_event {
    int64_t time_ms;
    struct str message;
};
struct logs_target {
    struct str account, region, group, stream;
    bool makes_stream; /* the stream is made when it is not there (the group never is) */
    struct rng *rng;
};
/* Inside a state transaction: ingest, in order of time; metric filters and subscriptions see them.
 * 0; E_MISSING: no such group (or stream). */
int logs_append(struct engine *e, struct arena *a, const struct logs_target *to,
                const struct logs_event *events, size_t count, struct err *err);
