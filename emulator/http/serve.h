/* emulator/http/serve - the subcommand `mocktrail serve`: options, engine, server, until a signal.
 */
#pragma once

#include "core/cli/options.h"

/* Its rows: serve.def. */
extern const struct option_set serve_options;
/* argv: what stands behind "serve". Returns the exit code: 0 after SIGTERM or SIGINT with all
 * delivered, 1 a failure (disk, port in use), 2 bad usage or input. */
int serve_main(int argc, char **argv);
