/* catalogue-compile -o FILE DIR[:DIR]... - compiles botocore's data directories into FILE.
 *
 * The newest botocore comes first whatever the order given, unless a version can't be told.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/embed.h"
#include "core/base/fs.h"
#include "emulator/catalogue/compile/compile.h"

struct data_set {
    const char *dir;
    uint64_t version;
};

static int newest_first(const void *left, const void *right)
{
    const struct data_set *a = left, *b = right;

    return a->version != b->version ? (a->version < b->version ? 1 : -1) : strcmp(a->dir, b->dir);
}

/* Directories may be given several times, with colons or apart; those that are absent are not
 * counted, the same version counts once. */
static uint32_t find_sets(struct arena *a, char **args, struct data_set *sets, uint32_t cap)
{
    uint32_t count = 0, kept = 0;

    for (; *args; args++) {
        struct str rest = str_c(*args), dir;

        while (rest.len > 0 && count < cap) {
            (void)str_cut(rest, ':', &dir, &rest);
            const char *path = arena_copy(a, dir).ptr;

            if (dir.len > 0 && fs_is_dir(path))
                sets[count++] = (struct data_set){ path, sets_version(path) };
        }
    }
    /* cppcheck-suppress uninitvar ; the first count are set */
    qsort(sets, count, sizeof *sets, newest_first);
    for (uint32_t i = 0; i < count; i++)
        if (kept == 0 || sets[i].version == 0 || sets[i].version != sets[kept - 1].version)
            sets[kept++] = sets[i];
    return kept;
}

/* Hints come from the newest set alone: older ones would repeat them. */
static int load_model(struct build *b, const struct model_file *file, uint32_t set, struct err *err)
{
    int rc = model_load(b, file, set, err);

    return rc == 0 && set == 0 ? hints_load(b, file, err) : rc;
}

static int load_set(struct build *b, const struct data_set *set, uint32_t number, struct err *err)
{
    struct buf files = { 0 };
    struct arena a = { 0 };
    int rc = sets_list(&a, set->dir, &files, err);

    for (uint32_t i = 0; rc == 0 && i < LIST_COUNT(files, struct model_file); i++)
        rc = load_model(b, &LIST_AT(files, struct model_file)[i], number, err);
    if (rc == 0)
        rc = model_load_old_ec2(b, set->dir, err);
    buf_free(&files);
    arena_free(&a);
    return rc;
}

static int compile(const char *out, char **args, struct err *err)
{
    struct data_set sets[16];
    struct arena a = { 0 };
    static struct build b; /* freed by the end of the program */
    uint32_t count = find_sets(&a, args, sets, COUNT(sets));
    int rc = 0;

    if (count == 0)
        return err_set(err, E_MISSING,
                       "no AWS API models found: apt-get install python3-botocore, or pip install "
                       "botocore, or set BOTOCORE_DATA=DIR to a botocore/data directory");
    for (uint32_t i = 0; rc == 0 && i < count; i++)
        rc = load_set(&b, &sets[i], i, err);
    if (rc == 0 && LIST_COUNT(b.models, struct build_service) == 0)
        rc = err_set(err, E_MISSING, "%s: no service-2.json in it", sets[0].dir);
    if (rc < 0)
        return rc;
    merge(&b);
    fold(&b);
    rc = routes_make(&b, embed_find(STR("catalogue/signing.tsv")), err);
    if (rc == 0)
        rc = emit_file(&b, out, err);
    if (rc == 0)
        printf("%s: %u services, %u operations, %u shapes from %u data sets\n", out,
               LIST_COUNT(b.services, struct build_service),
               LIST_COUNT(b.service_ops, struct build_op), LIST_COUNT(b.order, uint32_t), count);
    arena_free(&a);
    return rc;
}

int main(int argc, char **argv)
{
    struct err err = { 0 };

    if (argc < 3 || strcmp(argv[1], "-o") != 0) {
        (void)fputs("usage: catalogue-compile -o FILE DIR[:DIR]...\n", stderr);
        return 2;
    }
    if (compile(argv[2], argv + 3, &err) < 0) {
        fprintf(stderr, "catalogue-compile: %s\n", err.text);
        return 1;
    }
    return 0;
}
