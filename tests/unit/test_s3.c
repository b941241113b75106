/* The parts of S3 that are functions: sums by published check values, ranges, names, the walk. */
#include "tests/unit/check.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/fs.h"
#include "core/codec/uri.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/checksum.h"
#include "emulator/services/s3/conditions.h"
#include "emulator/services/s3/listing.h"
#include "emulator/store/objects.h"

/* Check values of "123456789". Source: reveng's CRC catalogue; FIPS 180-4 and RFC 1321 by
 * sha*sum; python-xxhash 4.1.0. */
static const struct sum_case {
    const char *name;
    enum checksum c;
    const char *hex;
} sum_cases[] = {
    { "CRC32", CHECKSUM_CRC32, "cbf43926" },
    { "CRC32C", CHECKSUM_CRC32C, "e3069283" },
    { "CRC64NVME", CHECKSUM_CRC64NVME, "ae8b14860a799888" },
    { "SHA1", CHECKSUM_SHA1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441" },
    { "SHA256", CHECKSUM_SHA256,
      "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225" },
    { "MD5", CHECKSUM_MD5, "25f9e794323b453885f5181f1b624d0b" },
    { "XXHASH64", CHECKSUM_XXHASH64, "8cb841db40e6ae83" },
    { "XXHASH3", CHECKSUM_XXHASH3, "72dcb18b67a17dff" },
    { "XXHASH128", CHECKSUM_XXHASH128, "33119477ede5dcd5e9716427681d5860" },
};

static void sum_is_the_published_one(void **state)
{
    const struct sum_case *c = *state;
    struct checksum_tables tables = { 0 }, *t = &tables;
    struct arena a = { 0 };
    struct sums sums;
    struct err err = { 0 };

    check_ok(checksum_tables_init(t, &err), &err);
    check_ok(checksum_text(t, STR("123456789"), 1u << c->c, &sums, &err), &err);
    check_str(checksum_hex(&a, &sums, c->c), c->hex);
    assert_int_equal(sums.size, 9);
    assert_int_equal(checksum_find(str_c(c->name)), c->c);
    assert_int_equal(checksum_find_header(checksum_header(c->c)), c->c);
    checksum_tables_free(t);
    arena_free(&a);
}

/* Cut anywhere, the sums of the two runs combine to the sum of the whole. */
static void crcs_combine(void **state)
{
    struct checksum_tables tables = { 0 }, *t = &tables;
    struct str text =
        STR("The quick brown fox jumps over the lazy dog, and then over a second one.");
    const unsigned all = 1u << CHECKSUM_CRC32 | 1u << CHECKSUM_CRC32C | 1u << CHECKSUM_CRC64NVME;
    struct sums whole, head, tail;
    struct err err = { 0 };

    (void)state;
    check_ok(checksum_tables_init(t, &err), &err);
    check_ok(checksum_text(t, text, all, &whole, &err), &err);
    for (size_t cut = 0; cut <= text.len; cut++) {
        check_ok(checksum_text(t, str_sub(text, 0, cut), all, &head, &err), &err);
        check_ok(checksum_text(t, str_sub(text, cut, text.len), all, &tail, &err), &err);
        for (int c = CHECKSUM_CRC32; c <= CHECKSUM_CRC64NVME; c++) {
            checksum_combine((enum checksum)c, head.raw[c], tail.raw[c], tail.size);
            assert_memory_equal(head.raw[c], whole.raw[c], checksum_size((enum checksum)c));
        }
    }
    checksum_tables_free(t);
}

static void unknown_algorithms_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(checksum_find(STR("CRC128")), CHECKSUM_UNKNOWN);
    assert_int_equal(checksum_find_header(STR("x-amz-checksum-crc128")), CHECKSUM_NONE);
}

static const struct range_case {
    const char *name, *header;
    int64_t size;
    enum range want;
    int64_t first, len;
} range_cases[] = {
    { "from and to", "bytes=2-4", 10, RANGE_PART, 2, 3 },
    { "from on", "bytes=7-", 10, RANGE_PART, 7, 3 },
    { "the last bytes", "bytes=-3", 10, RANGE_PART, 7, 3 },
    { "more of the last than there are", "bytes=-99", 10, RANGE_PART, 0, 10 },
    { "an end beyond the end", "bytes=8-99", 10, RANGE_PART, 8, 2 },
    { "a start beyond the end", "bytes=10-", 10, RANGE_BAD, 0, 0 },
    { "anything of nothing", "bytes=0-", 0, RANGE_BAD, 0, 0 },
    { "the last of nothing", "bytes=-1", 0, RANGE_BAD, 0, 0 },
    { "the last zero bytes", "bytes=-0", 10, RANGE_BAD, 0, 0 },
    { "backwards is no range", "bytes=4-2", 10, RANGE_WHOLE, 0, 0 },
    { "another unit is no range", "lines=1-2", 10, RANGE_WHOLE, 0, 0 },
    { "several ranges are none", "bytes=0-1,3-4", 10, RANGE_WHOLE, 0, 0 },
    { "junk is no range", "bytes=x-y", 10, RANGE_WHOLE, 0, 0 },
    { "no header", "", 10, RANGE_WHOLE, 0, 0 },
};

static void range_parses(void **state)
{
    const struct range_case *c = *state;
    int64_t first = 0, len = 0;

    assert_int_equal(range_parse(str_c(c->header), c->size, &first, &len), c->want);
    if (c->want == RANGE_PART) {
        assert_int_equal(first, c->first);
        assert_int_equal(len, c->len);
    }
}

static const struct name_case {
    const char *name;
    bool valid;
} name_cases[] = {
    { "abc", true },          { "my.bucket-1", true }, { "a23", true },
    { "ab", false },          { "Abc", false },        { "a_b", false },
    { "-abc", false },        { "abc-", false },       { "a..b", false },
    { "192.168.5.4", false }, { "1.2.3.4.5", true },   { "xn--abc", false },
    { "abc-s3alias", false }, { "abc--ol-s3", false }, { "abc--x-s3", false },
    { "../abc", false },      { "sthree-abc", false },
};

static void bucket_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(name_cases); i++)
        if (bucket_name_is_valid(str_c(name_cases[i].name)) != name_cases[i].valid)
            fail_msg("%s", name_cases[i].name);
}

/* ---- the walk ---- */

static const char *const keys[] = { "%",   "-",     "a",          "a-b",     "a.b",  "a/",
                                    "a/1", "a/2/x", "a/2/y",      "a0",      "b//c", "b/c",
                                    "x/y", "x/y/z", "x/y/z/deep", "\xc3\xa9" };

static void make_tree(struct arena *a, const char *dir, int *root)
{
    struct err err = { 0 };
    struct str path;

    check_ok(object_root(dir, root, &err), &err);
    for (size_t i = 0; i < COUNT(keys); i++) {
        check_ok(object_path(a, STR("bkt"), str_c(keys[i]), &path, &err), &err);
        check_ok(object_stage(*root, STR("staging/t"), str_c(keys[i]), 0, false, &err), &err);
        check_ok(object_place(*root, STR("staging/t"), path, &err), &err);
    }
}

static void check_walk(struct arena *a, int root, const char *prefix, const char *after)
{
    struct walk w = { .bucket = STR("bkt"), .prefix = str_c(prefix), .after = str_c(after) };
    struct err err = { 0 };
    struct str key;

    check_ok(walk_start(&w, a, root, &err), &err);
    for (size_t i = 0; i < COUNT(keys); i++) {
        if (!str_has_prefix(str_c(keys[i]), str_c(prefix)) || strcmp(keys[i], after) <= 0)
            continue;
        assert_int_equal(walk_next(&w, &key, &err), 1);
        check_str(key, keys[i]);
    }
    assert_int_equal(walk_next(&w, &key, &err), 0);
}

/* For every prefix and every marker: the keys a plain filter gives, in byte order. */
static void walk_is_sorted_and_filtered(void **state)
{
    static const char *const prefixes[] = { "",    "a",    "a/",   "a/2",   "a/2/", "b/",  "b//",
                                            "x/y", "x/y/", "none", "none/", "%",    "\xc3" };
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    int root;

    (void)state;
    make_tree(&a, dir, &root);
    for (size_t p = 0; p < COUNT(prefixes); p++) {
        check_walk(&a, root, prefixes[p], "");
        for (size_t m = 0; m < COUNT(keys); m++)
            check_walk(&a, root, prefixes[p], keys[m]);
    }
    (void)close(root);
    check_dir_end(dir);
    arena_free(&a);
}

static void walk_skips(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct walk w = { .bucket = STR("bkt"), .after = STR("a.b") };
    static const char *const want[] = { "a/", "a0", "b//c", "x/y", "\xc3\xa9" };
    struct str key;
    int root;

    (void)state;
    make_tree(&a, dir, &root);
    assert_int_equal(walk_start(&w, &a, root, NULL), 0);
    for (size_t i = 0; i < COUNT(want); i++) {
        struct str head, tail;
        assert_int_equal(walk_next(&w, &key, NULL), 1);
        check_str(key, want[i]);
        if (str_cut(key, '/', &head, &tail))
            walk_skip(&w, str_sub(key, 0, head.len + 1));
    }
    assert_int_equal(walk_next(&w, &key, NULL), 0);
    (void)close(root);
    check_dir_end(dir);
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(sum_cases) + COUNT(range_cases) + 5];
    size_t n = 0;

    for (size_t i = 0; i < COUNT(sum_cases); i++)
        tests[n++] = (struct CMUnitTest){ sum_cases[i].name, sum_is_the_published_one, NULL, NULL,
                                          (void *)&sum_cases[i] };
    for (size_t i = 0; i < COUNT(range_cases); i++)
        tests[n++] = (struct CMUnitTest){ range_cases[i].name, range_parses, NULL, NULL,
                                          (void *)&range_cases[i] };
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(crcs_combine);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(unknown_algorithms_are_told_apart);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(bucket_names);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(walk_is_sorted_and_filtered);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(walk_skips);
    return cmocka_run_group_tests_name("s3", tests, NULL, NULL);
}
