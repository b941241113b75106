/* emulator/services/subnets - subnets that another service is told of: a group of them for clusters
 * and databases. They must be there, and in one VPC.
 */
#pragma once

#include "emulator/services/services.h"

/* For an operation that can refuse subnets (its model lists InvalidSubnet) and is given SubnetIds:
 * *known is {VpcId, Subnets}, each of these in every form that the services show it, or NULL with
 * the outcome refused. For others NULL, and nothing is refused. */
int subnets_look_up(struct ctx *cx, const struct call *call, struct outcome *out,
                    struct value **known, struct err *err);
