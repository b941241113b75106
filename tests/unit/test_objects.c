/* Keys and file names by rows; objects placed, replaced, removed and moved aside on a real disk. */
#include "tests/unit/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/rng.h"
#include "core/codec/json.h"
#include "emulator/store/whole.h"

#define BUCKET "bkt"

static const struct key_case {
    const char *name, *key, *path;
} key_cases[] = {
    { "a log's key is its path", "AWSLogs/1/CloudTrail/x.json.gz",
      "AWSLogs/1/CloudTrail/x.json.gz" },
    { "blanks, pluses and UTF-8 stay", "a b+c/\xc3\xa9", "a b+c/\xc3\xa9" },
    { "percent is escaped", "100%/x", "100%25/x" },
    { "an escape in a key is escaped", "%2E", "%252E" },
    { "one dot is escaped", "a/./b", "a/%2E/b" },
    { "two dots are escaped", "../../etc/passwd", "%2E./%2E./etc/passwd" },
    { "three dots are a name", ".../x", ".../x" },
    { "hidden files are names", ".git/config", ".git/config" },
    { "a trailing slash is an empty segment", "dir/", "dir/%e" },
    { "a leading slash is an empty segment", "/a", "%e/a" },
    { "two slashes hold an empty segment", "a//b", "a/%e/b" },
    { "a backslash is a letter", "a\\b", "a\\b" },
    { "the place aside can't be named by a key", "%x/a", "%25x/a" },
    { "a piece's mark can't be named by a key", "a%+/b", "a%25+/b" },
};

static void key_maps(void **state)
{
    const struct key_case *c = *state;
    struct arena a = { 0 };
    struct str path, key;

    assert_int_equal(object_path(&a, STR(BUCKET), str_c(c->key), &path, NULL), 0);
    check_str(path, arena_printf(&a, "buckets/" BUCKET "/%s", c->path).ptr);
    assert_int_equal(object_key(&a, str_c(c->path), &key, NULL), 0);
    check_str(key, c->key);
    arena_free(&a);
}

static const struct no_key_case {
    const char *name, *path;
} no_key_cases[] = {
    { "a lone percent is no key's", "100%" },
    { "an unknown escape is no key's", "a%41" },
    { "an escape that is not needed is no key's", "a%2Eb" },
    { "lower case is no escape", "%2e" },
    { "an empty name is no key's", "a//b" },
    { "two dots are no key's", "../x" },
    { "a piece that was not too long is no key's", "a%+/b" },
    { "a folder aside must be marked", "%x/a/b" },
};

static void path_has_no_key(void **state)
{
    const struct no_key_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct str key;

    assert_int_equal(object_key(&a, str_c(c->path), &key, &err), E_PARSE);
    assert_int_equal(err.code, E_PARSE);
    arena_free(&a);
}

/* Random keys of the characters that hurt: each path is legal, and leads back to its key alone. */
static void random_keys_survive(void **state)
{
    const struct str alphabet = STR("ab./%+xde2E5\\ \xc3\xa9");
    struct arena a = { 0 };
    struct rng r;

    (void)state;
    rng_init(&r, 7, 1);
    for (int i = 0; i < 20000; i++) {
        struct arena_mark mark = arena_mark(&a);
        size_t len = 1 + rng_below(&r, i % 50 == 0 ? LIMIT_S3_KEY_BYTES : 12);
        struct str key = rng_chars(&r, &a, alphabet, len), path, back, name, rest;

        assert_int_equal(object_path(&a, STR(BUCKET), key, &path, NULL), 0);
        rest = path;
        for (bool more = true; more;) {
            more = str_cut(rest, '/', &name, &rest);
            assert_true(name.len > 0 && name.len <= 250);
            assert_false(str_eq_c(name, ".") || str_eq_c(name, ".."));
        }
        path = str_sub(path, strlen("buckets/" BUCKET "/"), path.len);
        assert_int_equal(object_key(&a, path, &back, NULL), 0);
        assert_true(str_eq(key, back));
        arena_rewind(&a, mark);
    }
    arena_free(&a);
}

static void limits_hold(void **state)
{
    struct arena a = { 0 };
    char *key = arena_alloc(&a, LIMIT_S3_KEY_BYTES + 2);
    struct str path;

    (void)state;
    memset(key, 'k', LIMIT_S3_KEY_BYTES + 1);
    struct str longest = { key, LIMIT_S3_KEY_BYTES }, longer = { key, LIMIT_S3_KEY_BYTES + 1 };
    assert_int_equal(object_path(&a, STR(BUCKET), longest, &path, NULL), 0);
    assert_int_equal(object_path(&a, STR(BUCKET), longer, &path, NULL), E_LIMIT);
    assert_int_equal(object_path(&a, STR("../x"), STR("k"), &path, NULL), E_PARSE);
    assert_int_equal(object_path(&a, STR(".."), STR("k"), &path, NULL), E_PARSE);
    arena_free(&a);
}

/* ---- on disk ---- */

struct disk {
    struct arena a;
    const char *dir;
    int root;
};

static void disk_init(struct disk *d)
{
    struct err err = { 0 };

    *d = (struct disk){ .root = -1 };
    d->dir = check_dir(&d->a);
    check_ok(fs_mkdirs(arena_printf(&d->a, "%s/buckets/" BUCKET, d->dir).ptr, &err), &err);
    check_ok(object_root(d->dir, &d->root, &err), &err);
}

static void disk_free(struct disk *d)
{
    (void)close(d->root);
    check_dir_end(d->dir);
    arena_free(&d->a);
}

static void put(struct disk *d, const char *key, const char *bytes)
{
    struct err err = { 0 };
    struct str path;

    check_ok(object_path(&d->a, STR(BUCKET), str_c(key), &path, &err), &err);
    check_ok(object_stage(d->root, STR("staging/t"), str_c(bytes), 1000, false, &err), &err);
    check_ok(object_place(d->root, STR("staging/t"), path, &err), &err);
}

static void drop(struct disk *d, const char *key)
{
    struct err err = { 0 };
    struct str path;

    check_ok(object_path(&d->a, STR(BUCKET), str_c(key), &path, &err), &err);
    check_ok(object_place(d->root, path, STR(""), &err), &err);
}

/* bytes NULL: must not be there. */
static void expect(struct disk *d, const char *key, const char *bytes)
{
    struct buf got = { 0 };
    struct str path;
    int rc;

    assert_int_equal(object_path(&d->a, STR(BUCKET), str_c(key), &path, NULL), 0);
    rc = object_read(d->root, path, &got, NULL);
    if (bytes) {
        assert_int_equal(rc, 0);
        check_str(buf_view(&got), bytes);
    } else {
        assert_int_equal(rc, E_MISSING);
    }
    buf_free(&got);
}

static void prefixes_of_each_other_coexist(void **state)
{
    struct disk d;

    (void)state;
    disk_init(&d);
    put(&d, "a", "1");
    put(&d, "a/b", "2"); /* its folder's name is taken by a file */
    put(&d, "a/b/c", "3");
    put(&d, "x/y/z", "4");
    put(&d, "x/y", "5"); /* its name is taken by a folder */
    put(&d, "x", "6");
    expect(&d, "a", "1");
    expect(&d, "a/b", "2");
    expect(&d, "a/b/c", "3");
    expect(&d, "x/y/z", "4");
    expect(&d, "x/y", "5");
    expect(&d, "x", "6");
    put(&d, "x/y", "7");
    expect(&d, "x/y", "7");
    drop(&d, "x/y/z");
    expect(&d, "x/y", "7");
    put(&d, "x/y", "8"); /* the folder is empty now: back to the plain place */
    expect(&d, "x/y", "8");
    assert_false(fs_is_file(arena_printf(&d.a, "%s/buckets/" BUCKET "/%%x/x%%d/y", d.dir).ptr));
    for (size_t i = 0; i < 6; i++)
        drop(&d, (const char *[]){ "a", "a/b", "a/b/c", "x/y", "x", "x/y/z" }[i]);
    expect(&d, "a/b", NULL);
    struct object_entry *list;
    size_t count = 9;
    assert_int_equal(object_list(&d.a, d.root, STR("buckets/" BUCKET), &list, &count, NULL), 0);
    assert_int_equal(count, 0); /* no empty folder is left */
    disk_free(&d);
}

static void placing_again_is_harmless(void **state)
{
    struct disk d;
    struct err err = { 0 };
    struct str path;

    (void)state;
    disk_init(&d);
    put(&d, "k", "1");
    assert_int_equal(object_path(&d.a, STR(BUCKET), STR("k"), &path, NULL), 0);
    check_ok(object_place(d.root, STR("staging/t"), path, &err), &err);
    expect(&d, "k", "1");
    drop(&d, "k");
    drop(&d, "k");
    expect(&d, "k", NULL);
    disk_free(&d);
}

static void links_are_not_followed(void **state)
{
    struct disk d;
    struct err err = { 0 };
    struct str path;

    (void)state;
    disk_init(&d);
    const char *outside = arena_printf(&d.a, "%s/outside", d.dir).ptr;
    check_ok(fs_mkdirs(outside, &err), &err);
    check_ok(fs_replace_fast(arena_printf(&d.a, "%s/secret", outside).ptr, STR("s"), &err), &err);
    assert_int_equal(symlink(outside, arena_printf(&d.a, "%s/buckets/" BUCKET "/l", d.dir).ptr), 0);
    expect(&d, "l/secret", NULL);
    expect(&d, "l", NULL);
    drop(&d, "l/secret");
    assert_true(fs_is_file(arena_printf(&d.a, "%s/secret", outside).ptr));
    /* A write goes aside rather than through the link. */
    assert_int_equal(object_path(&d.a, STR(BUCKET), STR("l/new"), &path, NULL), 0);
    put(&d, "l/new", "n");
    expect(&d, "l/new", "n");
    assert_false(fs_is_file(arena_printf(&d.a, "%s/new", outside).ptr));
    disk_free(&d);
}

static void deliveries_carry_their_metadata(void **state)
{
    struct disk d;
    struct err err = { 0 };
    struct buf text = { 0 };
    struct value *meta, *back;
    struct stat st;

    (void)state;
    disk_init(&d);
    meta = value_map(&d.a);
    value_put_c(&d.a, meta, "ContentType", "application/json");
    value_put_time(&d.a, meta, "LastModified", 1767225600123);
    check_ok(object_write(d.dir, STR(BUCKET), STR("AWSLogs/1/x"), STR("hello"), meta, &err), &err);
    expect(&d, "AWSLogs/1/x", "hello");
    check_ok(object_read(d.root, STR("meta/" BUCKET "/AWSLogs/1/x.json"), &text, &err), &err);
    check_ok(json_parse(&d.a, buf_view(&text), &back, &err), &err);
    check_str(value_get_str(back, "ETag"), "5d41402abc4b2a76b9719d911017c592");
    check_str(value_get_str(back, "LastModified"), "2026-01-01T00:00:00.123Z");
    assert_int_equal(value_get_int(back, "Size", 0), 5);
    assert_int_equal(object_stat(d.root, STR("buckets/" BUCKET "/AWSLogs/1/x"), &st), 0);
    assert_int_equal(st.st_mtim.tv_sec, 1767225600);
    assert_int_equal(st.st_mtim.tv_nsec, 123000000);
    assert_int_equal(object_write(d.dir, STR("none"), STR("k"), STR(""), NULL, &err), E_MISSING);
    buf_free(&text);
    disk_free(&d);
}

static void many_are_placed_at_once_and_again(void **state)
{
    struct disk d;
    struct err err = { 0 };
    struct object_move moves[24];
    const size_t count = COUNT(moves) / WHOLE_MOVES;

    (void)state;
    disk_init(&d);
    for (size_t i = 0; i < count; i++) {
        struct whole w = { .bucket = STR(BUCKET), .bytes = STR("x") };
        w.key = arena_printf(&d.a, "%zu/k", i);
        check_ok(whole_stage(d.root, &d.a, &w, &moves[WHOLE_MOVES * i], &err), &err);
    }
    assert_false(fs_is_dir(arena_printf(&d.a, "%s/buckets/" BUCKET "/3", d.dir).ptr));
    for (int again = 0; again < 2; again++) {
        check_ok(whole_place(d.root, moves, COUNT(moves), &err), &err);
        for (size_t i = 0; i < count; i++)
            expect(&d, arena_printf(&d.a, "%zu/k", i).ptr, "x");
    }
    disk_free(&d);
}

static void a_bucket_that_went_takes_what_was_staged(void **state)
{
    struct disk d;
    struct err err = { 0 };
    struct object_move moves[WHOLE_MOVES];
    struct whole w = { STR(BUCKET), STR("k"), STR("x"), NULL };
    struct stat st;

    (void)state;
    disk_init(&d);
    check_ok(whole_stage(d.root, &d.a, &w, moves, &err), &err);
    check_ok(fs_remove_tree(arena_printf(&d.a, "%s/buckets/" BUCKET, d.dir).ptr, &err), &err);
    check_ok(whole_place(d.root, moves, COUNT(moves), &err), &err);
    assert_false(fs_is_dir(arena_printf(&d.a, "%s/buckets/" BUCKET, d.dir).ptr));
    assert_int_equal(object_stat(d.root, moves[0].from, &st), E_MISSING);
    disk_free(&d);
}

static void folders_go_with_their_uploads(void **state)
{
    struct disk d;
    struct err err = { 0 };

    (void)state;
    disk_init(&d);
    check_ok(object_stage(d.root, STR("uploads/" BUCKET "/ID/1"), STR("p"), 0, false, &err), &err);
    check_ok(object_place(d.root, STR("uploads/" BUCKET "/ID"), STR(""), &err), &err);
    assert_false(fs_is_dir(arena_printf(&d.a, "%s/uploads/" BUCKET "/ID", d.dir).ptr));
    put(&d, "k", "kept");
    /* A bucket's folder only goes when no file is in it. */
    assert_int_equal(object_place(d.root, STR("buckets/" BUCKET), STR(""), NULL), E_IO);
    expect(&d, "k", "kept");
    disk_free(&d);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(key_cases) + COUNT(no_key_cases) + 9];
    size_t n = 0;

    for (size_t i = 0; i < COUNT(key_cases); i++)
        tests[n++] =
            (struct CMUnitTest){ key_cases[i].name, key_maps, NULL, NULL, (void *)&key_cases[i] };
    for (size_t i = 0; i < COUNT(no_key_cases); i++)
        tests[n++] = (struct CMUnitTest){ no_key_cases[i].name, path_has_no_key, NULL, NULL,
                                          (void *)&no_key_cases[i] };
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(random_keys_survive);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(limits_hold);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(prefixes_of_each_other_coexist);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(placing_again_is_harmless);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(links_are_not_followed);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(deliveries_carry_their_metadata);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(many_are_placed_at_once_and_again);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_bucket_that_went_takes_what_was_staged);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(folders_go_with_their_uploads);
    return cmocka_run_group_tests_name("objects", tests, NULL, NULL);
}
