/* verify/records/names - a set of known names, from a list that is linked in; they may stand in
 * groups.
 */
#pragma once

#include "core/base/arena.h"

struct name {
    struct str group, text; /* group is empty for those of none */
};
struct names {
    struct name *slots; /* by hash, open addressing */
    size_t mask;
};
/* From fixtures: a name a line, one that ends in ':' begins a group, '#' a comment. In a. */
struct names names_load(struct arena *a, struct str fixture);
bool names_has(const struct names *n, struct str name); /* of no group */
bool names_has_in(const struct names *n, struct str group, struct str name);
/* Is there a group of that name? */
bool names_has_group(const struct names *n, struct str group);
