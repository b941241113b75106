/* core/cli/commands - a word of the command line that names what to do: rows, and their help.
 */
#pragma once

#include <stddef.h>

struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* with what stands behind the name */
    const char *help;                  /* one line */
};
struct command_set {
    const char *program;        /* "mocktrail verify" */
    const char *kind;           /* what a name is called: "check" */
    const char *usage;          /* "CHECK [options] PATH..." */
    const char *about, *footer; /* above and below the list; about may be NULL */
    const struct command *rows;
    size_t count;
};
/* Hand over to the row named by argv[0], or answer --help, -h and --version. Returns the exit code:
 * 2 with the list on stderr for a name that no row has. */
int commands_run(const struct command_set *set, int argc, char **argv);
