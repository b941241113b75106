/* verify/records/names - a set of known names, from a list that is linked in.
 */
#pragma once

#include "core/base/arena.h"

struct names {
    struct str *slots; /* by hash, open addressing */
    size_t mask;
};
/* From fixtures: a name a line, '#' begins a comment. In a. */
struct names names_load(struct arena *a, struct str fixture);
bool names_has(const struct names *n, struct str name);
