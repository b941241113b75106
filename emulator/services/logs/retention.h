/* emulator/services/logs/retention - the daily job that takes old events away. */
#pragma once

#include "emulator/engine/engine.h"

int logs_retention_open(struct engine *e, struct err *err);
