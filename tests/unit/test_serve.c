#include "emulator/http/serve.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/fs.h"
#include "tests/unit/check.h"

/* What print writes, as text. The caller frees it. */
static char *printed(void (*print)(const struct option_set *set, FILE *to))
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    assert_non_null(to);
    print(&serve_options, to);
    assert_int_equal(fclose(to), 0);
    return text;
}

static void the_manual_shows_the_rows(void **state)
{
    struct buf doc = { 0 };
    char *table = printed(options_markdown);

    (void)state; /* one test, no rows */
    check_ok(fs_read("docs/configuration.md", &doc, NULL), NULL);
    if (str_find(buf_view(&doc), str_c(table)) < 0)
        fail_msg("docs/configuration.md does not hold this table:\n%s", table);
    free(table);
    buf_free(&doc);
}

static void help_fits_a_screen_of_80_columns(void **state)
{
    char *text = printed(options_help);
    struct str rest = str_c(text), line;

    (void)state; /* one test, no rows */
    while (rest.len > 0) {
        (void)str_cut(rest, '\n', &line, &rest); /* the last line ends the loop */
        if (line.len > 80)
            fail_msg("over 80 columns: %.*s", STR_ARG(line));
    }
    free(text);
}

static void rows_have_names_of_their_own(void **state)
{
    (void)state; /* one test, no rows */
    for (size_t i = 0; i < serve_options.count; i++) {
        assert_true(strlen(serve_options.rows[i].help) > 0);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(serve_options.rows[i].name, serve_options.rows[k].name);
    }
}

static const struct usage_case {
    const char *name, *option, *value;
} refused[] = {
    { "an account has 12 digits", "--account", "12345" },
    { "a region is known", "--region", "moon-1" },
    { "a clock is real or virtual", "--clock", "fake" },
    { "a virtual clock has a start", "--clock", "virtual:yesterday" },
    { "a port is a number", "--listen", "127.0.0.1:http" },
    { "a port has 16 bits", "--listen", "127.0.0.1:65536" },
    { "a host stands before the port", "--listen", ":4566" },
    { "a seed is a number", "--seed", "lucky" },
    { "a delivery takes time", "--deliver-every", "0s" },
    { "durability is os or disk", "--durability", "cloud" },
    { "enforce is not there yet", "--auth", "enforce" },
    { "an upstream is a URL", "--upstream", "127.0.0.1:5000" },
    { "an upstream has no path", "--upstream", "http://127.0.0.1:5000/sub" },
    { "an upstream speaks HTTP", "--upstream", "s3=ftp://127.0.0.1" },
    { "an upstream's service has a name", "--upstream", "=http://127.0.0.1" },
    { "an upstream's service is known", "--upstream", "s4=http://127.0.0.1:5000" },
    { "cloudtrail stays here", "--upstream", "cloudtrail=http://127.0.0.1:5000" },
    { "there is at least one thread", "--threads", "0" },
    { "an unknown option is refused", "--no-such-thing", "x" },
};

static void check_refused(void **state)
{
    const struct usage_case *c = *state;

    assert_int_equal(serve_main(2, (char *[]){ (char *)c->option, (char *)c->value }), 2);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(refused) + 3] = {
        cmocka_unit_test(the_manual_shows_the_rows),
        cmocka_unit_test(help_fits_a_screen_of_80_columns),
        cmocka_unit_test(rows_have_names_of_their_own),
    };

    for (size_t i = 0; i < COUNT(refused); i++)
        tests[i + 3] =
            (struct CMUnitTest){ refused[i].name, check_refused, NULL, NULL, (void *)&refused[i] };
    return cmocka_run_group_tests_name("serve", tests, NULL, NULL);
}
