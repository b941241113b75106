/* emulator/services/events/bus - an event is put on a bus: which rules match, what their targets
 * get.
 *
 * Inside a state transaction, under the store's lock.
 */
#pragma once

#include "emulator/services/cloudwatch/metrics.h"
#include "emulator/services/events/events.h"
#include "emulator/services/events/rules.h"

/* Source: EventBridge User Guide, "Quotas": size of an event. */
#define BUS_EVENT_BYTES_MOST (256u << 10)

struct bus_event {
    struct str account, region, bus; /* where it is put: not always whence it comes */
    struct value *envelope;
    int64_t ingested_ms;
    bool is_read;             /* a management event that only some rules take */
    bool is_forwarded;        /* from another bus: it goes no further */
    const struct value *only; /* a replay: ARNs of rules; or NULL */
    struct rng *rng;
};

/* Everything but the id, which is empty. */
struct value *bus_envelope(struct arena *a, const struct events_event *event);
void bus_name_event(struct arena *a, struct value *envelope, struct rng *rng);
/* To the targets of each rule that matches, and into the bus's archives. */
int bus_put(struct engine *e, struct arena *a, const struct bus_event *ev, struct err *err);
/* To the targets of a rule that is known to match. */
int bus_trigger(struct engine *e, struct arena *a, const struct bus_event *ev, const struct rule *r,
                struct err *err);
/* Does the bus exist, and does no policy of it forbid what comes from another account? E_MISSING,
 * E_DENIED. */
int bus_check(struct engine *e, struct arena *a, const struct bus_event *ev, struct err *err);
/* Account, region and name of a bus's ARN; false: none. */
bool bus_of_arn(struct str arn, struct bus_event *ev);

/* A metric of AWS/Events, of a rule; and the dimensions that such have, in order: how many. */
size_t bus_dimensions(const struct rule *r, struct metric_dimension out[2]);
int bus_count(struct engine *e, const struct rule *r, const char *metric, struct err *err);
