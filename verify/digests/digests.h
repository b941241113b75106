/* verify/digests/digests - mocktrail verify digests: is each chain of digests whole, in the words
 * of `aws cloudtrail validate-logs`.
 */
#pragma once

#include "core/cli/options.h"

int digests_main(int argc, char **argv);
extern const struct option_set digests_options;
