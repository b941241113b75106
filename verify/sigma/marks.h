/* verify/sigma/marks - what a matcher keeps for correlations: one mark for each match of each rule
 * that a correlation asks for. Private to this folder.
 */
#pragma once

#include "verify/sigma/private.h"

struct mark {
    size_t correlation; /* number of the rule that correlates */
    size_t rule;        /* which of its rules matched */
    int64_t time_ms;    /* eventTime */
    struct str group;   /* its group-by values, as a JSON list */
    struct str counted; /* VALUE_COUNT: the value */
    struct str event_id;
};

struct sigma_matcher {
    const struct sigma *s;
    struct arena scratch, kept;
    struct mark *marks;
    size_t mark_count, mark_room;
};
