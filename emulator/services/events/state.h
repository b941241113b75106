/* emulator/services/events/state - what the service keeps in memory, for the files of this folder.
 *
 * A cache: everything can be loaded again from the store. Under the store's lock.
 */
#pragma once

#include "core/base/arena.h"
#include "emulator/services/events/rules.h"
#include "emulator/trail/config.h"

struct events_state {
    _Atomic bool wants_records; /* rules_want_records */
    bool is_stale;
    struct arena arena; /* of the rules */
    struct rule_set set;
    bool has_trails;
    uint64_t trails_generation;
    struct config_set trails; /* which records any trail takes */
};

/* NULL: the generator plays, nobody follows. */
struct events_state *events_state(const struct engine *e);
