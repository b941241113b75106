/* verify/records/records - mocktrail verify records: does each record conform.
 */
#pragma once

#include "core/cli/options.h"

int records_main(int argc, char **argv);
extern const struct option_set records_options;
