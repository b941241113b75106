/* emulator/services/events/targets - one event to one target of a rule.
 *
 * What can't be delivered goes to the target's dead-letter queue, and is counted; that is no
 * failure. Inside a state transaction, under the store's lock.
 */
#pragma once

#include "emulator/services/events/bus.h"

struct delivery {
    struct engine *e;
    struct arena *a;
    const struct bus_event *ev;
    const struct rule *rule;
    const struct value *target;
    struct str arn;   /* of the target */
    struct str input; /* what it gets */
};
int targets_deliver(struct delivery *d, struct err *err);
/* What failed for good: counted, and put into the dead-letter queue if there is one. */
struct failure {
    const char *code; /* "NO_RESOURCE" */
    struct str message;
    int64_t attempts;      /* that were made after the first */
    const char *exhausted; /* "MaximumRetryAttempts", or NULL */
};
/* RULE_ARN and TARGET_ARN of a dead letter; the event as it came, its body. */
struct value *targets_letter_attributes(struct delivery *d);
struct str targets_event_text(struct delivery *d);
int targets_give_up(struct delivery *d, const struct failure *f, struct err *err);
