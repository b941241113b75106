#include "verify/verify.h"

#include "core/base/str.h"
#include "core/cli/commands.h"
#include "verify/digests/digests.h"
#include "verify/expect/expect.h"
#include "verify/records/records.h"
#include "verify/run/run.h"

static const struct command checks[] = {
    { "records", records_main, "does each record conform" },
    { "digests", digests_main, "is the chain of digests whole" },
    { "expect", expect_main, "did exactly these calls happen" },
    { "run", run_main, "a tool against a dataset, end to end" },
};

static const struct command_set set = {
    .program = "mocktrail verify",
    .kind = "check",
    .usage = "CHECK [options] PATH...",
    .footer = "PATH is a file, a directory, a data directory, a copy of a trail's bucket, or\n"
              "s3://BUCKET/PREFIX. 'mocktrail verify CHECK --help' lists the options.",
    .rows = checks,
    .count = COUNT(checks),
};

int verify_main(int argc, char **argv)
{
    return commands_run(&set, argc, argv);
}
