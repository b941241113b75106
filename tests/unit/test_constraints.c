#include "tests/unit/check.h"

#include "core/base/str.h"
#include "emulator/engine/constraints.h"

static const struct fits_case {
    const char *name, *pattern, *text;
    bool fits;
} cases[] = {
    { "word characters and some more", "[\\w+=,.@-]+", "al+ice=x,@-.", true },
    { "a blank is no word character", "[\\w+=,.@-]+", "a b", false },
    { "a slash is no word character", "[\\w+=,.@-]+", "../x", false },
    { "nor is a letter beyond ASCII", "[\\w+=,.@-]+", "\xc3\xa9", false },
    { "code points by number", "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+", "{\n\xc3\xbf}", true },
    { "above the range", "[\\u0020-\\u00FF]+", "\xe6\x97\xa5", false },
    { "below the range", "[\\u0020-\\u00FF]+", "\x01", false },
    { "anchors change nothing", "^[a-zA-Z0-9:_.-]+$", "a:b_c.D-9", true },
    { "digits", "[\\d]+", "12a", false },
    { "blank to tilde", "[ -~]+", "A 'name'", true },
    { "the empty text", "[\\w]*", "", true },
    { "classes of Unicode are not read", "[\\p{L}\\p{Z}_.]*", "\xe6\x97\xa5", true },
    { "several parts are not read", "(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)", "x", true },
    { "an exclusion is not read", "[^a]+", "a", true },
};

static void check_case(void **state)
{
    const struct fits_case *c = *state;

    assert_int_equal(constraints_fits(str_c(c->pattern), str_c(c->text)), c->fits);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(cases)];

    for (size_t i = 0; i < COUNT(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, check_case, NULL, NULL, (void *)&cases[i] };
    return cmocka_run_group_tests_name("constraints", tests, NULL, NULL);
}
