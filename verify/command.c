#include "verify/command.h"

#include "core/base/version.h"

static int call(struct arena *a, const struct command *c, int argc, const char *const *argv,
                int first, struct err *err)
{
    size_t count = (size_t)(argc - first);
    struct str *operands = arena_array(a, count + 1, sizeof *operands);

    for (size_t i = 0; i < count; i++)
        operands[i] = str_c(argv[first + (int)i]);
    return c->run(a, c->asked, operands, count, err);
}

int command_run(const struct command *c, int argc, char **argv)
{
    struct arena a = { 0 };
    struct err err = { 0 };
    const char *const *sorted = options_first(&a, c->set, argc, (const char *const *)argv);
    int count = 0, first, rc;

    while (sorted[count])
        count++;
    rc = options_read(&a, c->set, count, sorted, c->asked, &first, &err);
    if (rc == OPTIONS_GO) {
        rc = call(&a, c, count, sorted, first, &err);
    } else if (rc == OPTIONS_HELP) {
        options_help(c->set, stdout);
        rc = 0;
    } else if (rc == OPTIONS_VERSION) {
        (void)printf("mocktrail %s\n", MOCKTRAIL_VERSION);
        rc = 0;
    }
    if (rc < 0)
        (void)fprintf(stderr, "mocktrail %s: %s\n", c->set->command, err.text);
    arena_free(&a);
    return rc < 0 ? 2 : rc;
}
