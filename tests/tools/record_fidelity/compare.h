/* tests/tools/record_fidelity/compare - two records, member by member; differences are counted by
 * event, path and kind.
 */
#pragma once

#include "core/base/arena.h"
#include "core/codec/value.h"

struct tally {
    struct str key; /* event, tab, path, tab, kind */
    struct str example;
    size_t count;
    struct tally *next;
};
struct score {
    struct str event; /* source:name */
    size_t records, leaves, right;
    struct score *next;
};
struct comparison {
    struct arena arena;
    struct tally *tallies[4096];
    struct score *scores[4096];
};

/* Compare member by member, adding to the event's score. */
void compare_records(struct comparison *c, struct str event, const struct value *want,
                     const struct value *got);
/* Scores and the differences that cost most, on stdout. */
void compare_print(const struct comparison *c, size_t limit);
