/* verify/records/duplicates - which event ids came more than once, over any number of records in
 * bounded memory: ids are dealt into parts, which go to a temporary file when there are many.
 *
 * Use:     duplicates_open; duplicates_add for each id; duplicates_find once.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"

struct event_place {
    uint64_t id[2]; /* the 16 bytes of a UUID, or the hash of what is none */
    uint32_t file, record;
};
struct event_place event_place_of(struct str event_id, uint64_t record); /* by hash */

struct duplicates;
struct duplicates *duplicates_open(void);
void duplicates_close(struct duplicates *d);
int duplicates_add(struct duplicates *d, const struct event_place *places, size_t count,
                   struct err *err);

struct duplicate {
    struct event_place first, again;
};
/* All of them, ordered by where they come again. In a. */
int duplicates_find(struct duplicates *d, struct arena *a, struct duplicate **out,
                    size_t *out_count, struct err *err);
