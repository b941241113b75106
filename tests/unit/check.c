#include "tests/unit/check.h"

#include <assert.h>
#include <stdlib.h>

#include "core/base/fs.h"
#include "emulator/store/store.h"

void check_str(struct str got, const char *want)
{
    if (!str_eq_c(got, want))
        fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(got), want);
}

void check_ok(int rc, const struct err *err)
{
    if (rc != 0)
        fail_msg("returned %d: %s", rc, err->text);
}

void golden_check(const char *name, struct str got)
{
    struct arena a = { 0 };
    struct buf want = { 0 };
    const char *path = arena_printf(&a, "fixtures/golden/%s", name).ptr;

    if (getenv("GOLDEN_WRITE")) {
        struct err err = { 0 };

        check_ok(fs_mkdirs_for(path, &err), &err);
        check_ok(fs_replace(path, got, &err), &err);
    } else if (fs_read(path, &want, NULL) < 0 || !str_eq(buf_view(&want), got)) {
        const char *seen = arena_printf(&a, "build/golden/%s.got", name).ptr;

        (void)fs_mkdirs_for(seen, NULL); /* the message below is the failure */
        (void)fs_replace(seen, got, NULL);
        fail_msg("differs: diff -u %s %s", path, seen);
    }
    buf_free(&want);
    arena_free(&a);
}

const char *check_dir(struct arena *a)
{
    struct err err = { 0 };

    check_ok(fs_mkdirs("build/tmp", &err), &err);

    char *dir = (char *)arena_copy(a, STR("build/tmp/XXXXXX")).ptr;

    if (!mkdtemp(dir))
        fail_msg("%s: no directory", dir);
    return dir;
}

void check_dir_end(const char *dir)
{
    struct err err = { 0 };

    check_ok(fs_remove_tree(dir, &err), &err);
}

int check_store_open(void **state)
{
    struct check_store *f = test_calloc(1, sizeof *f);
    struct err err = { 0 };

    f->dir = check_dir(&f->a);
    check_ok(store_open(&f->s, f->dir, false, &err), &err);
    *state = f;
    return 0;
}

int check_store_close(void **state)
{
    struct check_store *f = *state;

    store_close(f->s);
    check_dir_end(f->dir);
    arena_free(&f->a);
    test_free(f);
    return 0;
}

void check_add_rows(struct check_suite *s, CMUnitTestFunction run, const void *rows, size_t count,
                    size_t row_bytes)
{
    for (size_t i = 0; i < count; i++) {
        void *row = (char *)rows + i * row_bytes;

        check_add(s, *(const char *const *)row, run);
        s->tests[s->count - 1].initial_state = row;
    }
}

void check_add(struct check_suite *s, const char *name, CMUnitTestFunction run)
{
    assert(s->count < COUNT(s->tests));
    s->tests[s->count++] = (struct CMUnitTest){ .name = name, .test_func = run };
}

int check_run(struct check_suite *s, const char *name)
{
    return _cmocka_run_group_tests(name, s->tests, s->count, NULL, NULL);
}
