/* generator/scenario/near - which known name was probably meant. */
#pragma once

#include "core/base/str.h"

struct near {
    struct str wanted, best;
    size_t distance; /* of best */
};

struct near near_start(struct str wanted);
void near_try(struct near *n, struct str candidate);
/* The nearest one if it is near enough to be meant, else empty. */
struct str near_best(const struct near *n);
