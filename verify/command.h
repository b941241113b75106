/* verify/command - what the verifier's commands share: options and operands in any order, help, the
 * one line of a failure, exit codes.
 */
#pragma once

#include "core/cli/options.h"

struct command {
    const struct option_set *set;
    void *asked; /* the struct that the options go to */
    /* Returns an exit code, 0 or more, or an enum fail with why. */
    int (*run)(struct arena *a, void *asked, const struct str *operands, size_t count,
               struct err *err);
};
/* What main returns: run's, 0 for --help and --version, 2 for a failure. */
int command_run(const struct command *c, int argc, char **argv);
