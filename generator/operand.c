#include "generator/operand.h"

int operand_read(struct arena *a, const struct option_set *set, int argc, char **argv, void *out,
                 const char **operand, struct err *err)
{
    const char *const *sorted = options_first(a, set, argc, (const char *const *)argv);
    int at = 0, count = 0, rc;

    while (sorted[count])
        count++;
    rc = options_read(a, set, count, sorted, out, &at, err);
    if (rc != OPTIONS_GO)
        return rc;
    if (at == count)
        return err_set(err, E_PARSE, "expected a SCENARIO: a file, or a name such as startup");
    if (at + 1 < count)
        return err_set(err, E_PARSE, "'%s': expected one scenario", sorted[at + 1]);
    *operand = sorted[at];
    return OPTIONS_GO;
}
