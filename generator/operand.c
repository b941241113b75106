#include "generator/operand.h"

int operand_read(struct arena *a, const struct option_set *set, int argc, char **argv, void *out,
                 const char **operand, struct err *err)
{
    bool is_first = argc > 0 && argv[0][0] != '-';
    const char *const *rest = (const char *const *)argv + is_first;
    int at = 0, count = argc - is_first;
    int rc = options_read(a, set, count, rest, out, &at, err);

    if (rc != OPTIONS_GO)
        return rc;
    if (is_first)
        *operand = argv[0];
    else if (at < count)
        *operand = rest[at++];
    else
        return err_set(err, E_PARSE, "expected a SCENARIO: a file, or a name such as startup");
    return at < count ? err_set(err, E_PARSE, "'%s': expected one scenario", rest[at]) : OPTIONS_GO;
}
