/* generator/generate - the subcommand `mocktrail generate`: a scenario becomes a dataset.
 */
#pragma once

#include "core/cli/options.h"

extern const struct option_set generate_options; /* for docs/configuration.md */
int generate_main(int argc, char **argv);
