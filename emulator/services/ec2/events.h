/* emulator/services/ec2/events - what the engine needs of EC2: events of instances go on after a
 * start.
 */
#pragma once

#include "core/base/err.h"

struct engine;

/* Once the store is open: states that the clock brings are told when they come. */
int ec2_events_open(struct engine *e, struct err *err);
