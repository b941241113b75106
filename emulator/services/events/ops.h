/* emulator/services/events/ops - what the handlers of EventBridge's operations share. */
#pragma once

#include "emulator/services/events/bus.h"
#include "emulator/services/job.h"

/* Pages of every list. Source: EventBridge API Reference, "ListRules", Limit and NextToken. */
extern const struct paging events_paging;

/* The bus that a call means by its EventBusName (or Name): a name or an ARN, the default one where
 * it names none. It exists; else refused and NULL. An ARN may name another account's: then the
 * job's account and region are those, and the bus's policy must allow the call. The default bus has
 * no document until it is changed. */
struct value *events_bus(struct job *j, struct str name_or_arn, struct str *name);
/* ResourceNotFoundException, and NULL, when it is not there. */
struct value *events_rule(struct job *j, struct str bus, struct str name);
int events_put_rule(struct job *j, struct str bus, struct str name, struct value *doc);
int events_missing(struct job *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* LimitExceededException. */
int events_too_many(struct job *j);
/* InvalidEventPatternException; true: it is one. */
bool events_pattern_ok(struct job *j, struct str text);
