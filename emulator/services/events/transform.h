/* emulator/services/events/transform - what a target gets of an event: Input, InputPath,
 * InputTransformer.
 *
 * Source of the whole: EventBridge User Guide, "Input transformation", its table of examples and
 * "Common issues with transforming input".
 */
#pragma once

#include "core/base/err.h"
#include "core/codec/value.h"

struct transform_of {
    const struct value *event;
    struct str rule_arn, rule_name;
    int64_t ingested_ms;
};
/* The text that the target gets, by its Input, InputPath or InputTransformer; in a. E_PARSE: a
 * template of JSON became none, for values are not escaped. */
int transform(struct arena *a, const struct value *target, const struct transform_of *of,
              struct str *out, struct err *err);
/* Can it be done? 0, or E_PARSE with what is wrong: at most one of the three, JSON, paths that are
 * known. */
int transform_check(struct arena *a, const struct value *target, struct err *err);
/* $.detail.state, $.resources[0], $.detail['x y']: E_PARSE for what is none of these. *out is NULL
 * where the event has nothing there. */
int transform_path(const struct value *event, struct str path, const struct value **out,
                   struct err *err);
