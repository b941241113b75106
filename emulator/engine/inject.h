/* emulator/engine/inject - back-dated records, given whole: validated, then accepted like any
 * other.
 *
 * They reach trails, event history and followers as the records of calls do; nothing is performed.
 */
#pragma once

#include "emulator/engine/engine.h"

/* text: {"Records":[...]}, an array, one record, or one record a line. All are accepted or none: a
 * record that does not conform is E_PARSE ("record 3: eventTime: expected ..."), an eventID that is
 * known already (or twice in text) is E_CONFLICT. *out_count: how many were accepted. */
int engine_inject(struct engine *e, struct arena *a, struct str text, size_t *out_count,
                  struct err *err);
