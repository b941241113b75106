#include "verify/verify.h"

#include <stdio.h>
#include <string.h>

#include "core/base/str.h"
#include "core/base/version.h"
#include "verify/digests/digests.h"
#include "verify/expect/expect.h"
#include "verify/records/records.h"
#include "verify/run/run.h"

static const struct check {
    const char *name;
    int (*run)(int argc, char **argv); /* NULL: not in this version */
    const char *help;
} checks[] = {
    { "records", records_main, "does each record conform" },
    { "digests", digests_main, "is the chain of digests whole" },
    { "expect", expect_main, "did exactly these calls happen" },
    { "run", run_main, "a tool against a dataset, end to end" },
};

static void help(FILE *to)
{
    (void)fprintf(to, "usage: mocktrail verify CHECK [options] PATH...\n\n");
    for (size_t i = 0; i < COUNT(checks); i++)
        if (checks[i].run)
            (void)fprintf(to, "  %-8s %s\n", checks[i].name, checks[i].help);
    (void)fprintf(
        to, "\nPATH is a file, a directory, a data directory, a copy of a trail's bucket, or\n"
            "s3://BUCKET/PREFIX. 'mocktrail verify CHECK --help' lists the options.\n");
}

int verify_main(int argc, char **argv)
{
    const char *name = argc > 0 ? argv[0] : "";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        help(stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        (void)printf("mocktrail %s\n", MOCKTRAIL_VERSION);
        return 0;
    }
    for (size_t i = 0; i < COUNT(checks); i++) {
        if (strcmp(name, checks[i].name) != 0)
            continue;
        if (checks[i].run)
            return checks[i].run(argc - 1, argv + 1);
        (void)fprintf(stderr, "mocktrail verify %s: not available in this version\n", name);
        return 2;
    }
    if (*name)
        (void)fprintf(stderr, "mocktrail verify: unknown check '%s'\n", name);
    help(stderr);
    return 2;
}
