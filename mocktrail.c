/* mocktrail - names the subcommand, hands over. */
#include "core/base/str.h"
#include "core/cli/commands.h"
#include "emulator/engine/operations.h"
#include "emulator/http/serve.h"
#include "generator/generate.h"
#include "generator/playing.h"
#include "verify/replay/replay.h"
#include "verify/verify.h"

static const struct command commands[] = {
    { "serve", serve_main, "the emulator: answers AWS API calls, keeps the audit trail of them" },
    { "operations", operations_main, "what is performed, by whom: a row for each operation" },
    { "generate", generate_main, "a scenario becomes a dataset, with the truth beside it" },
    { "play", play_main, "the same scenario as signed HTTP calls against an endpoint" },
    { "replay", replay_main, "deliver again what a trail delivered, with faults on purpose" },
    { "verify", verify_main, "the verifier: records, digests, expectations, tools" },
};

static const struct command_set set = {
    .program = "mocktrail",
    .kind = "command",
    .usage = "COMMAND [options]",
    .about = "A local AWS emulator that keeps a truthful CloudTrail audit trail.",
    .footer = "'mocktrail COMMAND --help' lists its options; --version tells the version.",
    .rows = commands,
    .count = COUNT(commands),
};

int main(int argc, char **argv)
{
    return commands_run(&set, argc - 1, argv + 1);
}
