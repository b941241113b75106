/* generator/operand - the scenario on a command line: in front of the options or behind them.
 */
#pragma once

#include "core/cli/options.h"

/* options_read, and the one operand. */
int operand_read(struct arena *a, const struct option_set *set, int argc, char **argv, void *out,
                 const char **operand, struct err *err);
