/* rules: Sigma rules over a tree of log files, and how often they hit.
 *
 *     rules own TREE     -> hits: the rules that the program carries
 *     rules PATH TREE    -> hits: those of a file or folder
 */
#include <stdio.h>
#include <string.h>

#include "verify/run/builtin.h"

int main(int argc, char **argv)
{
    struct err err = { 0 };
    struct sigma *s = NULL;
    struct got_list got = { .count = 0 };
    int rc = -1;

    if (argc == 3) {
        rc = builtin_load(&s, strcmp(argv[1], "own") == 0 ? STR("") : str_c(argv[1]), &err);
        if (rc == 0)
            rc = builtin_run(s, str_c(argv[2]), &got, &err);
    }
    if (rc < 0)
        (void)fprintf(stderr, "rules: %s\n", argc == 3 ? err.text : "expected own|PATH and TREE");
    else
        (void)printf("%zu\n", got.count);
    got_free(&got);
    sigma_free(s);
    return rc < 0;
}
