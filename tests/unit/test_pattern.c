#include "emulator/engine/pattern.h"
#include "tests/unit/check.h"

static const struct pattern_case {
    const char *name, *pattern, *text;
    bool matches;
} cases[] = {
    { "a set repeats", "[a-z]{2,4}", "abc", true },
    { "the whole text counts", "[a-z]{2,4}", "abcde", false },
    { "anchors are allowed", "^vpc-[0-9a-f]+$", "vpc-0af", true },
    { "alternatives", "(Active|Archived)", "Archived", true },
    { "none of the alternatives", "(Active|Archived)", "archived", false },
    { "groups repeat", "^([a-z]+/)*[a-z]+$", "a/bc/d", true },
    { "groups that may be empty end", "^(a*)*b$", "aaab", true },
    { "an inverted set", "[^:]+", "a:b", false },
    { "classes in sets", "[\\w+=,.@-]+", "al+ice=x,@-", true },
    { "letters above ASCII", "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*",
      "Gr\xc3\xbc\xc3\x9f"
      "e 1",
      true },
    { "a character above ASCII counts once", "^.{1,2}$", "\xc3\xbc\xc3\xbc", true },
    { "escapes", "\\d{12}", "123456789012", true },
    { "no blank", "\\S+", "a b", false },
    { "an ARN", "^arn:aws(-[\\w]+)*:iam::[0-9]{12}:role/.+$", "arn:aws:iam::111122223333:role/x",
      true },
    { "lazy is greedy for us", "a+?b", "aab", true },
    { "backtracking", "[a-z-]*-[0-9]", "a-b-7", true },
};

static void check_case(void **state)
{
    const struct pattern_case *c = *state;
    struct arena a = { 0 };
    const struct pattern *p = pattern_parse(&a, str_c(c->pattern));

    assert_non_null(p);
    assert_int_equal(pattern_match(p, str_c(c->text)), c->matches);
    arena_free(&a);
}

static void what_is_unknown_is_not_enforced(void **state)
{
    static const char *const unknown[] = { "(?!aws)[a-z]+", "(a)\\1", "[a-z", "(", "*", "a{2" };
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT(unknown); i++)
        if (pattern_parse(&a, str_c(unknown[i])))
            fail_msg("%s was taken for known", unknown[i]);
    arena_free(&a);
}

static void bad_patterns_end(void **state)
{
    struct arena a = { 0 };
    const struct pattern *p = pattern_parse(&a, STR("^(a|aa)+$"));

    (void)state;
    assert_non_null(p);
    (void)pattern_match(p, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
    arena_free(&a);
}

static void what_is_made_matches(void **state)
{
    static const char *const patterns[] = { "^d-[0-9a-f]{10}$", "[a-z0-9]{8}",
                                            "^arn:aws:x:[a-z]{2}-\\d:thing/(a|b)/[^/]+$",
                                            "[A-Z][A-Za-z0-9_-]*" };
    struct arena a = { 0 };
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, 1);
    for (size_t i = 0; i < COUNT(patterns); i++) {
        const struct pattern *p = pattern_parse(&a, str_c(patterns[i]));

        assert_non_null(p);
        assert_true(pattern_match(p, pattern_make(&a, p, &rng, 12)));
    }
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(cases) + 3] = {
        cmocka_unit_test(what_is_unknown_is_not_enforced),
        cmocka_unit_test(bad_patterns_end),
        cmocka_unit_test(what_is_made_matches),
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        tests[3 + i] =
            (struct CMUnitTest){ cases[i].name, check_case, NULL, NULL, (void *)&cases[i] };
    return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
