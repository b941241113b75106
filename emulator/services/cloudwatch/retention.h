/* emulator/services/cloudwatch/retention - points grow coarser with age, and go.
 *
 * Readers ask point_granularity, so what is kept too fine or too long is never seen; this job only
 * keeps the store from growing. It runs once a week, and only when there is a metric.
 */
#pragma once

#include "emulator/engine/engine.h"

int retention_open(struct engine *e, struct err *err);
