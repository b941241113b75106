#include "core/base/str.h"

#include <float.h>
#include <locale.h>
#include <math.h>

#include "tests/unit/check.h"

static const struct int_case {
    const char *name, *text;
    bool is_ok;
    int64_t want;
} ints[] = {
    { "zero", "0", true, 0 },
    { "leading zeros", "007", true, 7 },
    { "the largest", "9223372036854775807", true, INT64_MAX },
    { "one more", "9223372036854775808", false, 0 },
    { "the smallest", "-9223372036854775808", true, INT64_MIN },
    { "one less", "-9223372036854775809", false, 0 },
    { "twenty digits", "18446744073709551616", false, 0 },
    { "nothing", "", false, 0 },
    { "a minus alone", "-", false, 0 },
    { "a plus", "+1", false, 0 },
    { "a blank", " 1", false, 0 },
    { "junk behind", "1x", false, 0 },
};

static void check_int(void **state)
{
    const struct int_case *c = *state;
    int64_t got = 42;

    assert_int_equal(str_to_i64(str_c(c->text), &got), c->is_ok);
    assert_int_equal(got, c->is_ok ? c->want : 42);
}

static const struct double_case {
    const char *name, *text;
    bool is_ok;
    double want;
} doubles[] = {
    { "zero", "0", true, 0 },
    { "a fraction", "1.5", true, 1.5 },
    { "no digit before the point", ".5", true, 0.5 },
    { "no digit behind it", "5.", true, 5 },
    { "a negative", "-0.25", true, -0.25 },
    { "a tenth, correctly rounded", "0.1", true, 0.1 },
    { "an exponent", "1e22", true, 1e22 },
    { "an exponent with a plus", "1E+2", true, 100 },
    { "a negative exponent", "25e-2", true, 0.25 },
    { "seventeen digits", "0.30000000000000004", true, 0.30000000000000004 },
    { "more digits than count", "3.14159265358979323846264338327950288419716939937510582097494459",
      true, 3.14159265358979323846 },
    { "zeros that don't count", "0.000000000000000000000000001", true, 1e-27 },
    { "the largest", "1.7976931348623157e308", true, DBL_MAX },
    { "the least", "4.9406564584124654e-324", true, 4.9406564584124654e-324 },
    { "too small is zero", "1e-999999999999999999", true, 0 },
    { "too large", "1e309", false, 0 },
    { "far too large", "1e999999999999999999", false, 0 },
    { "nothing", "", false, 0 },
    { "a point alone", ".", false, 0 },
    { "a minus alone", "-", false, 0 },
    { "no exponent behind e", "1e", false, 0 },
    { "two signs", "1e+-2", false, 0 },
    { "two points", "1.2.3", false, 0 },
    { "a comma", "1,5", false, 0 },
    { "hex", "0x10", false, 0 },
    { "a word", "nan", false, 0 },
    { "a blank", " 1", false, 0 },
};

static void check_double(void **state)
{
    const struct double_case *c = *state;
    double got = 42;

    assert_int_equal(str_to_f64(str_c(c->text), &got), c->is_ok);
    assert_true(got == (c->is_ok ? c->want : 42));
}

static const struct match_case {
    const char *name, *pattern, *text;
    bool is_match;
} matches[] = {
    { "the same", "abc", "abc", true },
    { "another", "abc", "abd", false },
    { "a prefix is not enough", "abc", "abcd", false },
    { "a star for the rest", "ab*", "abcd", true },
    { "a star for nothing", "ab*", "ab", true },
    { "stars around", "*b*", "abc", true },
    { "a star that must go back", "*ab", "aab", true },
    { "two stars that must go back", "a*b*c", "axbxbxc", true },
    { "a question mark for one", "a?c", "abc", true },
    { "a question mark is not none", "ab?", "ab", false },
    { "stars alone", "***", "", true },
    { "nothing for nothing", "", "", true },
    { "nothing for something", "", "a", false },
    { "an ARN", "arn:aws:iam::*:user/*", "arn:aws:iam::123456789012:user/a/b", true },
    { "a star is a byte of the text too", "a*b", "a*b", true },
    { "many stars stay quick", "*a*a*a*a*a*a*a*a*a*a*a*a*b",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
};

static void check_match(void **state)
{
    const struct match_case *c = *state;

    assert_int_equal(str_match(str_c(c->pattern), str_c(c->text)), c->is_match);
}

/* Source: Unicode Standard, table 3-7. */
static const struct utf8_case {
    const char *name, *bytes;
    size_t len;
} sequences[] = {
    { "ASCII", "a", 1 },
    { "two bytes, least", "\xc2\x80", 2 },
    { "two bytes, overlong", "\xc1\xbf", 0 },
    { "three bytes, least", "\xe0\xa0\x80", 3 },
    { "three bytes, overlong", "\xe0\x9f\xbf", 0 },
    { "before the surrogates", "\xed\x9f\xbf", 3 },
    { "a surrogate", "\xed\xa0\x80", 0 },
    { "behind the surrogates", "\xee\x80\x80", 3 },
    { "four bytes, least", "\xf0\x90\x80\x80", 4 },
    { "four bytes, overlong", "\xf0\x8f\xbf\xbf", 0 },
    { "the last", "\xf4\x8f\xbf\xbf", 4 },
    { "beyond the last", "\xf4\x90\x80\x80", 0 },
    { "a first byte that is none", "\xf5\x80\x80\x80", 0 },
    { "a byte of the middle", "\x80", 0 },
    { "cut short", "\xe2\x82", 0 },
    { "a wrong third byte", "\xe2\x82\x41", 0 },
    { "nothing", "", 0 },
};

static void check_utf8(void **state)
{
    const struct utf8_case *c = *state;

    assert_int_equal(str_utf8_len(str_c(c->bytes)), c->len);
    assert_int_equal(str_is_utf8(str_c(c->bytes)), c->len > 0 || c->bytes[0] == '\0');
}

static const struct cut_case {
    const char *name, *text;
    bool is_last, is_cut;
    const char *head, *tail;
} cuts[] = {
    { "at the first", "a:b:c", false, true, "a", "b:c" },
    { "at the last", "a:b:c", true, true, "a:b", "c" },
    { "at the start", ":b", false, true, "", "b" },
    { "at the end", "a:", true, true, "a", "" },
    { "nowhere", "abc", false, false, "abc", "" },
    { "nowhere from behind", "abc", true, false, "abc", "" },
    { "in nothing", "", false, false, "", "" },
};

static void check_cut(void **state)
{
    const struct cut_case *c = *state;
    struct str head, tail;
    bool is_cut = c->is_last ? str_rcut(str_c(c->text), ':', &head, &tail)
                             : str_cut(str_c(c->text), ':', &head, &tail);

    assert_int_equal(is_cut, c->is_cut);
    check_str(head, c->head);
    check_str(tail, c->tail);
}

static void check_compare(void **state)
{
    (void)state;
    assert_true(str_eq(STR(""), (struct str){ 0 }));
    assert_true(str_eq_c(STR("a"), "a"));
    assert_false(str_eq_c(STR("a"), "ab"));
    assert_true(str_eq_nocase(STR("X-Amz"), STR("x-aMZ")));
    assert_false(str_eq_nocase(STR("@"), STR("`"))); /* 32 apart, and no letters */
    assert_true(str_eq_nocase(STR("X-Amz-Content-SHA256"), STR("x-amz-content-sha256")));
    assert_false(str_eq_nocase(STR("X-Amz-Content-SHA256"), STR("x-amz-content-sha257")));
    assert_false(str_eq_nocase(STR("X-Amz-[ontent"), STR("x-amz-{ontent")));
    assert_false(str_eq_nocase(STR("X-Amz_Date"), STR("x-amz\x7f"
                                                      "date")));
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("b"), STR("ab")) > 0);
    assert_true(str_cmp(STR("\xff"), STR("a")) > 0); /* bytes are unsigned */
    assert_int_equal(str_cmp(STR("a"), STR("a")), 0);
    assert_true(str_has_prefix(STR("abc"), STR("ab")));
    assert_false(str_has_prefix(STR("a"), STR("ab")));
    assert_true(str_has_suffix(STR("abc"), STR("bc")));
    assert_false(str_has_suffix(STR("c"), STR("bc")));
    assert_true(str_has_suffix(STR("c"), STR("")));
}

static void check_parts(void **state)
{
    (void)state;
    check_str(str_sub(STR("abc"), 1, 1), "b");
    check_str(str_sub(STR("abc"), 1, SIZE_MAX), "bc");
    check_str(str_sub(STR("abc"), 9, 1), "");
    check_str(str_trim(STR(" \t\r\na b\f\v ")), "a b");
    check_str(str_trim(STR("  ")), "");
    check_str(str_c(NULL), "");
    assert_int_equal(str_find(STR("aab"), STR("ab")), 1);
    assert_int_equal(str_find(STR("aab"), STR("")), 0);
    assert_int_equal(str_find(STR("aab"), STR("abc")), -1);
    assert_int_equal(str_find(STR("a"), STR("ab")), -1);
    assert_int_equal(str_find(STR("a\0b"), STR("b")), 2);
}

/* Of two letters, so that beginnings of the needle stand everywhere. */
static void check_find_in_long(void **state)
{
    char text[300], needle[256];
    uint64_t bits = 1;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        size_t len = 6 + (size_t)round % 16, at = 0;

        for (size_t i = 0; i < sizeof text; i++, bits = bits * 6364136223846793005u + 1)
            text[i] = bits >> 62 == 0 ? 'b' : 'a';
        for (size_t i = 0; i < len; i++, bits = bits * 6364136223846793005u + 1)
            needle[i] = bits >> 62 == 0 ? 'b' : 'a';
        while (at + len <= sizeof text && memcmp(text + at, needle, len) != 0)
            at++;
        assert_int_equal(str_find((struct str){ text, sizeof text }, (struct str){ needle, len }),
                         at + len <= sizeof text ? (ptrdiff_t)at : -1);
    }
    memset(text, 'a', sizeof text);
    memset(needle, 'a', sizeof needle); /* longer than a move of the table */
    assert_int_equal(
        str_find((struct str){ text, sizeof text }, (struct str){ needle, sizeof needle }), 0);
    needle[0] = 'b';
    assert_int_equal(
        str_find((struct str){ text, sizeof text }, (struct str){ needle, sizeof needle }), -1);
}

static void check_hash(void **state)
{
    (void)state;
    /* Stable: these numbers may lie in files. */
    assert_true(str_hash(STR("")) == 0xfdbdf6ac4fc52e7fu);
    assert_true(str_hash(STR("a\xff")) == 0xb0cc7b73e0598459u);
}

static void check_locale(void **state)
{
    (void)state;
    double got;

    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8"))
        skip();
    assert_true(str_to_f64(STR("0.30000000000000004"), &got) && got == 0.30000000000000004);
    (void)setlocale(LC_NUMERIC, "C");
}

static void check_controls(void **state)
{
    char text[40];

    (void)state;
    for (size_t len = 0; len <= sizeof text; len++)
        for (size_t at = 0; at < len; at++)
            for (unsigned c = 0; c < 256; c++) {
                memset(text, c % 2 ? '~' : (int)0x80, sizeof text);
                text[at] = (char)c;
                assert_true(str_has_control((struct str){ text, len }) == (c < ' ' || c == 0x7f));
            }
    assert_false(str_has_control(STR("")));
}

static bool is_letter(unsigned c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Each pair of bytes that differ in the bit of case, at each place of names of all lengths. */
static void check_nocase(void **state)
{
    char one[24], other[24];

    (void)state;
    for (size_t len = 1; len <= sizeof one; len++)
        for (size_t at = 0; at < len; at++)
            for (unsigned c = 0; c < 256; c++) {
                memset(one, 'x', sizeof one);
                memset(other, 'X', sizeof other);
                one[at] = (char)c;
                other[at] = (char)(c ^ 0x20);
                assert_true(str_eq_nocase((struct str){ one, len }, (struct str){ other, len }) ==
                            is_letter(c));
                other[at] = (char)(c ^ 0x21);
                assert_false(str_eq_nocase((struct str){ one, len }, (struct str){ other, len }));
            }
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, ints, check_int);
    CHECK_ROWS(&s, doubles, check_double);
    CHECK_ROWS(&s, matches, check_match);
    CHECK_ROWS(&s, sequences, check_utf8);
    CHECK_ROWS(&s, cuts, check_cut);
    check_add(&s, "comparing", check_compare);
    check_add(&s, "case is no difference in letters alone", check_nocase);
    check_add(&s, "parts of a str", check_parts);
    check_add(&s, "a long needle is found where a plain search finds it", check_find_in_long);
    check_add(&s, "controls are found at any place", check_controls);
    check_add(&s, "the hash stays what it is", check_hash);
    check_add(&s, "numbers whatever the locale", check_locale);
    return check_run(&s, "str");
}
