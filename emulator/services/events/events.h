/* emulator/services/events - EventBridge: what other services need of it.
 */
#pragma once

#include "emulator/engine/engine.h"

/* An event that a service puts on the default bus of an account and region. */
struct events_event {
    struct str account, region;
    struct str source, detail_type; /* "aws.cloudwatch", "CloudWatch Alarm State Change" */
    const struct value *resources;  /* list of ARNs, or NULL */
    const struct value *detail;     /* a map */
    int64_t time_ms;
    struct rng *rng; /* for its id */
};
/* Inside a state transaction: matched against every enabled rule of the bus, handed to the targets
 * of those that match. A target that fails is retried and goes to its dead-letter queue; that is no
 * failure here. */
int events_emit(struct engine *e, struct arena *a, const struct events_event *event,
                struct err *err);
