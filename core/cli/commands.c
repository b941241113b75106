#include "core/cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "core/base/version.h"

static int name_width(const struct command_set *set)
{
    size_t width = 0;

    for (size_t i = 0; i < set->count; i++)
        if (strlen(set->rows[i].name) > width)
            width = strlen(set->rows[i].name);
    return (int)width;
}

static void help(const struct command_set *set, FILE *to)
{
    int width = name_width(set);

    (void)fprintf(to, "usage: %s %s\n\n", set->program, set->usage);
    if (set->about)
        (void)fprintf(to, "%s\n\n", set->about);
    for (size_t i = 0; i < set->count; i++)
        (void)fprintf(to, "  %-*s  %s\n", width, set->rows[i].name, set->rows[i].help);
    (void)fprintf(to, "\n%s\n", set->footer);
}

int commands_run(const struct command_set *set, int argc, char **argv)
{
    const char *name = argc > 0 ? argv[0] : "";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        help(set, stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        (void)printf("mocktrail %s\n", MOCKTRAIL_VERSION);
        return 0;
    }
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(name, set->rows[i].name) == 0)
            return set->rows[i].run(argc - 1, argv + 1);
    if (*name)
        (void)fprintf(stderr, "%s: unknown %s '%s'\n", set->program, set->kind, name);
    help(set, stderr);
    return 2;
}
