/* verify/expect/expect - mocktrail verify expect: did exactly these calls happen.
 */
#pragma once

#include "core/cli/options.h"

int expect_main(int argc, char **argv);
extern const struct option_set expect_options;
