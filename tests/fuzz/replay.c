/* Runs a fuzz target once on every file of the directories named: a seed that crashed stays fixed,
 * without clang and in every build. */
#include <stdio.h>

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "tests/fuzz/fuzz.h"

/* A copy cut to size: a sanitizer sees one byte read beyond it. */
static void run_one(struct str bytes)
{
    uint8_t *data = mem_realloc(NULL, bytes.len);

    if (bytes.len)
        memcpy(data, bytes.ptr, bytes.len);
    (void)LLVMFuzzerTestOneInput(data, bytes.len); /* always 0 */
    mem_free(data);
}

static int run_dir(const char *dir, size_t *count, struct err *err)
{
    struct arena a = { 0 };
    struct buf bytes = { 0 };
    struct fs_entry *entries;
    size_t entry_count;
    int rc = fs_list(&a, dir, &entries, &entry_count, err);

    for (size_t i = 0; rc == 0 && i < entry_count; i++) {
        buf_clear(&bytes);
        rc = fs_read(arena_printf(&a, "%s/%s", dir, entries[i].name.ptr).ptr, &bytes, err);
        if (rc == 0)
            run_one(buf_view(&bytes));
        *count += rc == 0;
    }
    buf_free(&bytes);
    arena_free(&a);
    return rc;
}

int main(int argc, char **argv)
{
    struct err err = { 0 };
    size_t count = 0;

    for (int i = 1; i < argc; i++) {
        if (run_dir(argv[i], &count, &err) < 0) {
            (void)fprintf(stderr, "%s: %s\n", argv[0], err.text);
            return 1;
        }
    }
    if (count == 0) {
        (void)fprintf(stderr, "%s: no seeds: expected directories that hold some\n", argv[0]);
        return 1;
    }
    (void)printf("%s: %zu seeds\n", argv[0], count);
    return 0;
}
