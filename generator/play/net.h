/* generator/play/net - addresses out of networks. */
#pragma once

#include "core/base/rng.h"
#include "generator/scenario/scenario.h"

/* An address of one of the network's blocks ("203.0.113.0/24", "2001:db8::/32" or a single
 * address). E_PARSE at the network's place when a block is none. */
int net_draw(struct arena *a, struct rng *rng, const struct network *n, struct str *out,
             struct err *err);
