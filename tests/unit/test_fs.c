#include "core/base/fs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/limits.h"
#include "core/base/mem.h"
#include "tests/unit/check.h"

/* A directory of the test's own, and paths in it. */
struct place {
    struct arena a;
    const char *dir;
};

static int open_place(void **state)
{
    struct place *p = mem_alloc(sizeof *p);

    p->dir = check_dir(&p->a);
    *state = p;
    return 0;
}

static int close_place(void **state)
{
    struct place *p = *state;

    check_dir_end(p->dir);
    assert_false(fs_is_dir(p->dir));
    arena_free(&p->a);
    mem_free(p);
    return 0;
}

static const char *in(struct place *p, const char *name)
{
    return arena_printf(&p->a, "%s/%s", p->dir, name).ptr;
}

static void write_file(struct place *p, const char *name, const char *text)
{
    struct err err = { 0 };

    check_ok(fs_mkdirs_for(in(p, name), &err), &err);
    check_ok(fs_replace(in(p, name), str_c(text), &err), &err);
}

static void check_file(struct place *p, const char *name, const char *want)
{
    struct buf got = { 0 };
    struct err err = { 0 };

    check_ok(fs_read(in(p, name), &got, &err), &err);
    check_str(buf_view(&got), want);
    buf_free(&got);
}

static void check_replace(void **state)
{
    struct place *p = *state;
    struct err err = { 0 };

    write_file(p, "a", "old");
    write_file(p, "a", "new");
    check_file(p, "a", "new");
    check_ok(fs_replace_fast(in(p, "a"), STR("fast"), &err), &err);
    check_file(p, "a", "fast");
}

static void check_whole_bytes(void **state)
{
    struct place *p = *state;
    struct buf got = { 0 };
    struct stat st;

    assert_int_equal(fs_replace_fast(in(p, "a"), STR("x\0y"), NULL), 0);
    buf_add_c(&got, "before ");
    assert_int_equal(fs_read(in(p, "a"), &got, NULL), 0);
    assert_int_equal(got.len, 10);
    assert_memory_equal(got.ptr, "before x\0y", 10);
    assert_int_equal(stat(in(p, "a"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    buf_free(&got);
}

static void check_refusals(void **state)
{
    struct place *p = *state;
    struct err err = { 0 };
    struct buf got = { 0 };
    struct fs_entry *entries;
    size_t count;

    assert_int_equal(fs_read(in(p, "absent"), &got, &err), E_MISSING);
    check_str(str_c(err.text),
              arena_printf(&p->a, "open %s/absent: No such file or directory", p->dir).ptr);
    assert_int_equal(fs_read(p->dir, &got, NULL), E_IO);
    assert_int_equal(got.len, 0);
    assert_int_equal(fs_list(&p->a, in(p, "absent"), &entries, &count, NULL), E_MISSING);
    assert_int_equal(fs_replace(in(p, "no/such/folder"), STR("x"), NULL), E_MISSING);
    write_file(p, "file", "x");
    assert_int_equal(fs_mkdirs(in(p, "file/below"), NULL), E_IO);
    assert_int_equal(fs_mkdirs("", NULL), E_LIMIT);
    assert_int_equal(fs_sync_dir(in(p, "absent"), NULL), E_MISSING);
    assert_int_equal(fs_sync_dir(p->dir, NULL), 0);
    buf_free(&got);
}

/* A file too large is refused by its size as read, and nothing of it is kept. */
static void check_too_large(void **state)
{
    struct place *p = *state;
    struct buf got = { 0 };
    int fd = open(in(p, "sparse"), O_WRONLY | O_CREAT, 0644);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)LIMIT_FILE_BYTES + 1), 0);
    (void)close(fd);
    assert_int_equal(fs_read(in(p, "sparse"), &got, NULL), E_LIMIT);
    assert_int_equal(got.len, 0);
    assert_true(got.cap < 1 << 20); /* refused before memory was asked for */
    buf_free(&got);
}

static void check_list(void **state)
{
    static const char *const want[] = { "B", "a", "a-b", "a.b", "ab" };
    struct place *p = *state;
    struct err err = { 0 };
    struct fs_entry *entries;
    size_t count;

    write_file(p, "ab", "12345");
    write_file(p, "a.b", "");
    write_file(p, "a/x", "");
    write_file(p, "B", "");
    write_file(p, "a-b", "");
    write_file(p, FS_TEMP_PREFIX "left", "a crash left it");
    check_ok(fs_list(&p->a, p->dir, &entries, &count, &err), &err);
    assert_int_equal(count, COUNT(want));
    for (size_t i = 0; i < count; i++)
        check_str(entries[i].name, want[i]);
    assert_true(entries[1].is_dir);
    assert_false(entries[4].is_dir);
    assert_int_equal(entries[4].size_bytes, 5);
    assert_true(entries[4].mtime_ns > 0);
}

static void check_mkdirs(void **state)
{
    struct place *p = *state;
    struct err err = { 0 };

    check_ok(fs_mkdirs(in(p, "a/b//c/"), &err), &err);
    check_ok(fs_mkdirs(in(p, "a/b/c"), &err), &err);
    assert_true(fs_is_dir(in(p, "a/b/c")));
    check_ok(fs_mkdirs_for("a-file-without-a-folder", &err), &err);
    assert_false(fs_is_file(in(p, "a")));
}

static void check_remove(void **state)
{
    struct place *p = *state;
    struct err err = { 0 };

    write_file(p, "kept/file", "x");
    write_file(p, "tree/a/b/c", "x");
    write_file(p, "tree/" FS_TEMP_PREFIX "left", "x");
    assert_int_equal(symlink("../kept", in(p, "tree/link")), 0);
    check_ok(fs_remove_tree(in(p, "tree"), &err), &err);
    assert_false(fs_is_dir(in(p, "tree")));
    check_file(p, "kept/file", "x"); /* what a link led to stays */
    check_ok(fs_remove_tree(in(p, "tree"), &err), &err);
    check_ok(fs_remove(in(p, "kept/file"), &err), &err);
    check_ok(fs_remove(in(p, "kept/file"), &err), &err);
    assert_false(fs_is_file(in(p, "kept/file")));
}

static void check_copy(void **state)
{
    struct place *p = *state;
    struct err err = { 0 };
    struct stat from, to;

    write_file(p, "from/a/b", "deep");
    write_file(p, "from/c", "flat");
    check_ok(fs_copy_tree(in(p, "from"), in(p, "to"), &err), &err);
    check_file(p, "to/a/b", "deep");
    check_file(p, "to/c", "flat");
    assert_int_equal(stat(in(p, "from/c"), &from), 0);
    assert_int_equal(stat(in(p, "to/c"), &to), 0);
    assert_int_equal(from.st_mtim.tv_nsec, to.st_mtim.tv_nsec);
    assert_int_equal(fs_copy_tree(in(p, "absent"), in(p, "to2"), NULL), E_MISSING);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        { "a file is replaced whole", check_replace, open_place, close_place, NULL },
        { "bytes are bytes", check_whole_bytes, open_place, close_place, NULL },
        { "what can't be done says which", check_refusals, open_place, close_place, NULL },
        { "a file over the limit", check_too_large, open_place, close_place, NULL },
        { "a listing in byte order", check_list, open_place, close_place, NULL },
        { "folders above and below", check_mkdirs, open_place, close_place, NULL },
        { "trees go, but not through links", check_remove, open_place, close_place, NULL },
        { "a copy keeps its dates", check_copy, open_place, close_place, NULL },
    };

    return cmocka_run_group_tests_name("fs", tests, NULL, NULL);
}
