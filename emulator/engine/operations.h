/* emulator/engine/operations - the subcommand `mocktrail operations`: what is performed, and how.
 *
 * A row for each operation of the catalogue: "own" (a handler of its own), "generic" (the generic
 * lifecycle, with its role and type), "refused" (501, or an upstream's). With --json also the types
 * and where their keys come from; --summary counts them by service, as docs/operations.md shows.
 */
#pragma once

int operations_main(int argc, char **argv);
