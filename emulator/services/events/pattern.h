/* emulator/services/events/pattern - event patterns: the JSON by which a rule of EventBridge picks
 * events, and by which a subscription of SNS picks messages.
 *
 * A pattern is compiled once and asked often; matching neither allocates nor fails. It knows
 * nothing of envelopes or attributes: what is matched is a tree of values.
 *
 * Use:     event_pattern_parse(a, text, &p, err), then event_pattern_matches(p, event).
 * Memory:  the compiled pattern lives in the arena and borrows the text.
 * Threads: a compiled pattern is read-only.
 * Source of the whole: EventBridge User Guide, "Comparison operators for use in event patterns";
 * github.com/aws/event-ruler, the matcher that AWS published, README and its refusals' words.
 */
#pragma once

#include "core/base/err.h"
#include "core/codec/value.h"

struct event_pattern;

/* Source: EventBridge User Guide, "Or matching": more combinations than these are refused. */
#define EVENT_PATTERN_COMBINATIONS_MOST 1000

/* 0; E_PARSE: no pattern, err says why in event-ruler's words ("Empty arrays are not allowed");
 * E_LIMIT: too many combinations of $or. */
int event_pattern_parse(struct arena *a, struct str text, const struct event_pattern **out,
                        struct err *err);
/* The same of a tree that was parsed already. */
int event_pattern_compile(struct arena *a, const struct value *tree,
                          const struct event_pattern **out, struct err *err);
/* event: a map, such as an envelope, or {attribute: value}. */
bool event_pattern_matches(const struct event_pattern *p, const struct value *event);
