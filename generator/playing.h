/* generator/playing - the subcommand `mocktrail play`: a scenario as signed HTTP calls.
 */
#pragma once

#include "core/cli/options.h"

extern const struct option_set play_options; /* for docs/configuration.md */
int play_main(int argc, char **argv);
