/* emulator/services/logs/memory - private to this folder: what the view keeps in memory. All of it
 * can be built again from the store. Under the store's lock, but for the atomic. */
#pragma once

#include <stdatomic.h>

#include "emulator/services/logs/intake.h"
#include "emulator/trail/config.h"

struct logs_filters;
struct logs_open_intake;
struct logs_delivered;

struct logs_memory {
    struct arena filters_arena;
    struct logs_filters *filters; /* of the groups that had events */
    struct config_set trails;
    _Atomic uint64_t generation;   /* of trails; UINT64_MAX: not loaded yet */
    _Atomic bool has_routes;       /* a trail has a group, or had */
    struct logs_open_intake *open; /* of the batch under way */
    struct logs_delivered *delivered;
};
/* NULL: with a sink. */
struct logs_memory *logs_memory(struct engine *e);
/* Before others write to groups inside a batch: what the view has open is closed. */
int logs_settle(struct engine *e, struct err *err);
