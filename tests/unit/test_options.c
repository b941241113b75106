#include "core/cli/options.h"

#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/fs.h"
#include "tests/unit/check.h"

struct mine {
    struct str name, config;
    uint64_t count;
    int64_t every_ms;
    bool quick;
    struct option_list tags;
};

static const struct option rows[] = {
    { "name", "NAME", "nobody", "whose", option_text, offsetof(struct mine, name) },
    { "config", "FILE", NULL, "which file", option_text, offsetof(struct mine, config) },
    { "count", "N", NULL, "how many", option_u64, offsetof(struct mine, count) },
    { "every-so", "DURATION", "5s", "how often", option_duration_ms,
      offsetof(struct mine, every_ms) },
    { "quick", NULL, NULL, "in haste", NULL, offsetof(struct mine, quick) },
    { "tags", "A,B", NULL, "which", option_text_list, offsetof(struct mine, tags) },
};
static const struct option_set set = { "test", "About.", rows, COUNT(rows), NULL, NULL };

static const struct options_case {
    const char *name, *file, *environment; /* environment: MOCKTRAIL_NAME */
    const char *argv[4];
    int rc;
    const char *error; /* as a pattern */
    const char *want_name;
    uint64_t want_count;
    int64_t want_ms;
    bool want_quick;
    const char *want_tags;
} cases[] = {
    { "defaults stand where nothing is said", "", NULL, { 0 }, 0, "", "nobody", 0, 5000, 0, "" },
    { "the file is over the defaults",
      "name: file\ncount: 7\nquick: true\n",
      NULL,
      { 0 },
      0,
      "",
      "file",
      7,
      5000,
      1,
      "" },
    { "the environment is over the file",
      "name: file\n",
      "env",
      { 0 },
      0,
      "",
      "env",
      0,
      5000,
      0,
      "" },
    { "the command line is over all",
      "name: file\n",
      "env",
      { "--name", "line" },
      0,
      "",
      "line",
      0,
      5000,
      0,
      "" },
    { "a value may stand behind =",
      "",
      NULL,
      { "--name=line", "--every-so=2m" },
      0,
      "",
      "line",
      0,
      120000,
      0,
      "" },
    { "a flag takes no value",
      "",
      NULL,
      { "--quick", "--count", "3" },
      0,
      "",
      "nobody",
      3,
      5000,
      1,
      "" },
    { "a flag can be switched off",
      "quick: true\n",
      NULL,
      { "--quick=false" },
      0,
      "",
      "nobody",
      0,
      5000,
      0,
      "" },
    { "a list gathers",
      "",
      NULL,
      { "--tags", "a,b", "--tags=c" },
      0,
      "",
      "nobody",
      0,
      5000,
      0,
      "a+b+c" },
    { "a list of the command line replaces that of the file",
      "tags: [x, y]\n",
      NULL,
      { "--tags", "c" },
      0,
      "",
      "nobody",
      0,
      5000,
      0,
      "c" },
    { "a list in the file", "tags: [x, y]\n", NULL, { 0 }, 0, "", "nobody", 0, 5000, 0, "x+y" },
    { "an unknown option is named",
      "",
      NULL,
      { "--nmae", "x" },
      E_PARSE,
      "unknown option --nmae ('mocktrail test --help' lists them)",
      0,
      0,
      0,
      0,
      0 },
    { "a missing value is named",
      "",
      NULL,
      { "--name" },
      E_PARSE,
      "--name: expected NAME behind it",
      0,
      0,
      0,
      0,
      0 },
    { "a bad value says what was expected",
      "",
      NULL,
      { "--count", "many" },
      E_PARSE,
      "--count 'many': expected a number from 0 to *",
      0,
      0,
      0,
      0,
      0 },
    { "a bad duration says what was expected",
      "",
      NULL,
      { "--every-so", "0s" },
      E_PARSE,
      "--every-so '0s': expected a duration above zero*",
      0,
      0,
      0,
      0,
      0 },
    { "an operand is refused where none is taken",
      "",
      NULL,
      { "what" },
      E_PARSE,
      "'what': expected an option, such as --name",
      0,
      0,
      0,
      0,
      0 },
    { "the file's line is named",
      "name: x\ncount: many\n",
      NULL,
      { 0 },
      E_PARSE,
      "*.yaml:2: count 'many': expected a number*",
      0,
      0,
      0,
      0,
      0 },
    { "an unknown key's line is named",
      "name: x\n\nnmae: y\n",
      NULL,
      { 0 },
      E_PARSE,
      "*.yaml:3: 'nmae': expected an option of 'mocktrail test'",
      0,
      0,
      0,
      0,
      0 },
    { "a list where one value belongs",
      "name: [a, b]\n",
      NULL,
      { 0 },
      E_PARSE,
      "*.yaml:1: name: expected one value",
      0,
      0,
      0,
      0,
      0 },
    { "a file that is no map",
      "- name\n",
      NULL,
      { 0 },
      E_PARSE,
      "*.yaml:1: expected 'option: *",
      0,
      0,
      0,
      0,
      0 },
};

static struct str joined(struct arena *a, struct option_list list)
{
    return arena_join(a, list.items, list.count, STR("+"));
}

static void check_case(void **state)
{
    const struct options_case *c = *state;
    struct arena a = { 0 };
    struct mine mine = { 0 };
    struct err err = { 0 };
    const char *dir = check_dir(&a);
    const char *file = arena_printf(&a, "%s/my.yaml", dir).ptr;
    const char *argv[6] = { "--config", file };
    int argc = 2, start;

    for (size_t i = 0; i < COUNT(c->argv) && c->argv[i]; i++)
        argv[argc++] = c->argv[i];
    check_ok(fs_replace_fast(file, str_c(c->file), &err), &err);
    (void)unsetenv("MOCKTRAIL_NAME");
    if (c->environment)
        assert_int_equal(setenv("MOCKTRAIL_NAME", c->environment, 1), 0);

    assert_int_equal(options_read(&a, &set, argc, argv, &mine, &start, &err), c->rc);
    if (!str_match(str_c(c->error), str_c(err.text)))
        fail_msg("'%s' is not like '%s'", err.text, c->error);
    if (c->rc == 0) {
        check_str(mine.name, c->want_name);
        assert_int_equal(mine.count, c->want_count);
        assert_int_equal(mine.every_ms, c->want_ms);
        assert_int_equal(mine.quick, c->want_quick);
        check_str(joined(&a, mine.tags), c->want_tags);
        assert_int_equal(start, argc);
    }
    check_dir_end(dir);
    arena_free(&a);
}

static void help_and_version_come_before_mistakes(void **state)
{
    struct arena a = { 0 };
    struct mine mine = { 0 };
    int start;

    (void)state; /* one test, no rows */
    assert_int_equal(
        options_read(&a, &set, 2, (const char *const[]){ "--nmae", "--help" }, &mine, &start, NULL),
        OPTIONS_HELP);
    assert_int_equal(
        options_read(&a, &set, 1, (const char *const[]){ "--version" }, &mine, &start, NULL),
        OPTIONS_VERSION);
    arena_free(&a);
}

static void a_named_file_must_be_there(void **state)
{
    struct arena a = { 0 };
    struct mine mine = { 0 };
    int start;

    (void)state; /* one test, no rows */
    assert_int_equal(options_read(&a, &set, 2,
                                  (const char *const[]){ "--config", "build/none.yaml" }, &mine,
                                  &start, NULL),
                     E_MISSING);
    arena_free(&a);
}

static void operands_begin_behind_the_options(void **state)
{
    const struct option_set with = { "test", "About.", rows, COUNT(rows), "PATH...", NULL };
    struct arena a = { 0 };
    struct mine mine = { 0 };
    int start = 0;

    (void)state; /* one test, no rows */
    check_ok(options_read(&a, &with, 3, (const char *const[]){ "--quick", "a", "b" }, &mine, &start,
                          NULL),
             NULL);
    assert_int_equal(start, 1);
    check_ok(options_read(&a, &with, 3, (const char *const[]){ "--quick", "--", "--b" }, &mine,
                          &start, NULL),
             NULL);
    assert_int_equal(start, 2);
    arena_free(&a);
}

static void options_come_first_wherever_they_stand(void **state)
{
    const struct option_set with = { "test", "About.", rows, COUNT(rows), "PATH...", NULL };
    const char *const given[] = { "a", "--quick", "b", "--count", "7", "--", "--c" };
    const char *const wanted[] = { "--quick", "--count", "7", "--", "a", "b", "--c", NULL };
    struct arena a = { 0 };
    const char *const *sorted = options_first(&a, &with, COUNT(given), given);

    (void)state; /* one test, no rows */
    for (size_t i = 0; i + 1 < COUNT(wanted); i++)
        assert_string_equal(sorted[i], wanted[i]);
    assert_null(sorted[COUNT(wanted) - 1]);
    arena_free(&a);
}

/* The "--" that parts options and operands must not become the value that is missing. */
static void an_option_whose_value_is_missing_stays_last(void **state)
{
    const struct option_set with = { "test", "About.", rows, COUNT(rows), "PATH...", NULL };
    const char *const given[] = { "a", "--quick", "--count" };
    struct arena a = { 0 };
    const char *const *sorted = options_first(&a, &with, COUNT(given), given);
    struct mine mine = { 0 };
    struct err err = { 0 };
    int start = 0;

    (void)state; /* one test, no rows */
    assert_string_equal(sorted[1], "--count");
    assert_null(sorted[2]);
    assert_int_equal(options_read(&a, &with, 2, sorted, &mine, &start, &err), E_PARSE);
    assert_non_null(strstr(err.text, "--count: expected"));
    arena_free(&a);
}

/* What is meant for serve is not a section's: neither in the file nor in the environment. */
static void a_section_is_apart(void **state)
{
    const struct option_set with = { "test", "About.", rows, COUNT(rows), NULL, "verify-x" };
    struct arena a = { 0 };
    struct mine mine = { 0 };
    int start;

    (void)state; /* one test, no rows */
    assert_int_equal(fs_mkdirs("build/tmp", NULL), 0);
    assert_int_equal(fs_replace("build/tmp/section.yaml",
                                STR("count: 1\nlisten: x\nverify-x:\n  count: 2\n"), NULL),
                     0);
    assert_int_equal(setenv("MOCKTRAIL_COUNT", "3", 1), 0);
    check_ok(options_read(&a, &with, 2,
                          (const char *const[]){ "--config", "build/tmp/section.yaml" }, &mine,
                          &start, NULL),
             NULL);
    assert_int_equal(mine.count, 2);
    assert_int_equal(setenv("MOCKTRAIL_VERIFY_X_COUNT", "4", 1), 0);
    check_ok(options_read(&a, &with, 2,
                          (const char *const[]){ "--config", "build/tmp/section.yaml" }, &mine,
                          &start, NULL),
             NULL);
    assert_int_equal(mine.count, 4);
    assert_int_equal(unsetenv("MOCKTRAIL_COUNT"), 0);
    assert_int_equal(unsetenv("MOCKTRAIL_VERIFY_X_COUNT"), 0);
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(cases) + 5] = {
        cmocka_unit_test(help_and_version_come_before_mistakes),
        cmocka_unit_test(a_named_file_must_be_there),
        cmocka_unit_test(operands_begin_behind_the_options),
        cmocka_unit_test(options_come_first_wherever_they_stand),
        cmocka_unit_test(an_option_whose_value_is_missing_stays_last),
        cmocka_unit_test(a_section_is_apart),
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        tests[i + 5] =
            (struct CMUnitTest){ cases[i].name, check_case, NULL, NULL, (void *)&cases[i] };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
