/* emulator/trail/unique - the part of a log file's name that no other file has. */
#pragma once

#include "core/base/arena.h"

/* 16 characters that the same records give again after a crash, in a repeated run, in any shard and
 * in a generated dataset: drawn from the file's first event, which stands in no other file of the
 * trail. */
struct str unique_of_file(struct arena *a, uint64_t seed, struct str trail_arn, struct str bucket,
                          struct str first_event_id);
