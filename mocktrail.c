/* mocktrail - names the subcommand, hands over. */
#include <stdio.h>
#include <string.h>

#include "core/base/str.h"
#include "core/base/version.h"
#include "emulator/engine/operations.h"
#include "emulator/http/serve.h"
#include "generator/generate.h"
#include "generator/playing.h"
#include "verify/replay/replay.h"
#include "verify/verify.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* NULL: not in this version */
    const char *help;
} commands[] = {
    { "serve", serve_main, "the emulator: answers AWS API calls, keeps the audit trail of them" },
    { "operations", operations_main, "what is performed, by whom: a row for each operation" },
    { "generate", generate_main, "a scenario becomes a dataset, with the truth beside it" },
    { "play", play_main, "the same scenario as signed HTTP calls against an endpoint" },
    { "replay", replay_main, "deliver again what a trail delivered, with faults on purpose" },
    { "verify", verify_main, "the verifier: records, digests, expectations" },
};

static void help(FILE *to)
{
    (void)fprintf(to, "usage: mocktrail COMMAND [options]\n\n"
                      "A local AWS emulator that keeps a truthful CloudTrail audit trail.\n\n");
    for (size_t i = 0; i < COUNT(commands); i++)
        if (commands[i].run)
            (void)fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
    (void)fprintf(to,
                  "\n'mocktrail COMMAND --help' lists its options; --version tells the version.\n");
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        help(stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        (void)printf("mocktrail %s\n", MOCKTRAIL_VERSION);
        return 0;
    }
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (strcmp(name, commands[i].name) != 0)
            continue;
        if (commands[i].run)
            return commands[i].run(argc - 2, argv + 2);
        (void)fprintf(stderr, "mocktrail %s: not available in this version\n", name);
        return 2;
    }
    if (*name)
        (void)fprintf(stderr, "mocktrail: unknown command '%s'\n", name);
    help(stderr);
    return 2;
}
