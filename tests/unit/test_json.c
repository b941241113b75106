#include "core/codec/json.h"

#include <math.h>
#include <stdio.h>

#include "core/base/limits.h"
#include "tests/unit/check.h"

/* want is what is written for what was read. */
static const struct read_case {
    const char *name, *text, *want;
    int rc;
} reads[] = {
    { "an empty object", "{}", "{}", 0 },
    { "an empty list", " [ ] ", "[]", 0 },
    { "blanks between tokens go", "\t{ \"a\" :\r\n[ 1 , 2 ] }\n", "{\"a\":[1,2]}", 0 },
    { "a string alone is a document", "\"x\"", "\"x\"", 0 },
    { "words", "[true,false,null]", "[true,false,null]", 0 },
    { "the largest int64 stays exact", "9223372036854775807", "9223372036854775807", 0 },
    { "the smallest int64 stays exact", "-9223372036854775808", "-9223372036854775808", 0 },
    { "one more becomes a double", "9223372036854775808", "9.223372036854776e+18", 0 },
    { "a fraction", "0.5", "0.5", 0 },
    { "a whole double keeps its point", "80.0", "80.0", 0 },
    { "an exponent makes a double", "1E2", "100.0", 0 },
    { "a number too small is zero", "1e-400", "0.0", 0 },
    { "escapes are read and written back", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
      "\"\\\"\\\\/\\b\\f\\n\\r\\t\"", 0 },
    { "NUL may stand in a string", "\"a\\u0000b\"", "\"a\\u0000b\"", 0 },
    { "a control is written as \\u00XX", "\"\\u001F\"", "\"\\u001f\"", 0 },
    { "DEL needs no escape", "\"\x7f\"", "\"\x7f\"", 0 },
    { "an escape of two bytes of UTF-8", "\"\\u00e9\"", "\"\xc3\xa9\"", 0 },
    { "an escape of three bytes", "\"\\u20AC\"", "\"\xe2\x82\xac\"", 0 },
    { "a surrogate pair", "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"", 0 },
    { "UTF-8 passes as it is", "\"12345678\xe2\x82\xac 12345678\"",
      "\"12345678\xe2\x82\xac 12345678\"", 0 },
    { "an escape behind a long run", "\"0123456789abcdef\\n0123456789\"",
      "\"0123456789abcdef\\n0123456789\"", 0 },
    { "of duplicates the last wins, in the first's place", "{\"a\":1,\"b\":2,\"a\":[3]}",
      "{\"a\":[3],\"b\":2}", 0 },
    { "three of a name in a row", "{\"a\":1,\"a\":2,\"a\":3,\"b\":4}", "{\"a\":3,\"b\":4}", 0 },
    { "names may need escapes", "{\"\\u0061\":1,\"a\":2}", "{\"a\":2}", 0 },
    { "nothing", "", "json offset 0: expected a value", E_PARSE },
    { "blanks alone", "  ", "json offset 2: expected a value", E_PARSE },
    { "a comma too many in a list", "[1,]", "json offset 3: expected a value", E_PARSE },
    { "a comma too many in an object", "{\"a\":1,}",
      "json offset 7: expected a member's name in quotes", E_PARSE },
    { "a missing colon", "{\"a\" 1}", "json offset 5: expected ':'", E_PARSE },
    { "a missing comma", "[1 2]", "json offset 3: expected ',' or ']'", E_PARSE },
    { "an open object", "{\"a\":1", "json offset 6: expected ',' or '}'", E_PARSE },
    { "an open string", "\"abc", "json offset 4: expected '\"' at the string's end", E_PARSE },
    { "a backslash at the end", "\"abc\\", "json offset 5: expected '\"' at the string's end",
      E_PARSE },
    { "something behind the value", "1 x", "json offset 2: expected the end", E_PARSE },
    { "a leading zero", "01", "json offset 1: expected the end", E_PARSE },
    { "a plus sign", "+1", "json offset 0: expected a value", E_PARSE },
    { "a point without digits", "1.", "json offset 2: expected a digit", E_PARSE },
    { "an exponent without digits", "1e+", "json offset 3: expected a digit", E_PARSE },
    { "a minus alone", "-", "json offset 1: expected a value", E_PARSE },
    { "a number beyond double", "1e400", "json offset 5: expected a number that a double can hold",
      E_PARSE },
    { "NaN is no JSON", "NaN", "json offset 0: expected a value", E_PARSE },
    { "half a word", "tru", "json offset 0: expected a value", E_PARSE },
    { "single quotes", "'a'", "json offset 0: expected a value", E_PARSE },
    { "a comment", "/**/1", "json offset 0: expected a value", E_PARSE },
    { "a byte order mark", "\xef\xbb\xbf{}", "json offset 0: expected a value", E_PARSE },
    { "a line break in a string", "\"a\nb\"",
      "json offset 2: expected no control character in a string", E_PARSE },
    { "an unknown escape", "\"\\x41\"", "json offset 1: expected an escape of JSON", E_PARSE },
    { "an escape cut short", "\"\\u12\"",
      "json offset 3: expected four hex digits, surrogates in pairs", E_PARSE },
    { "a high surrogate alone", "\"\\ud83d!\"",
      "json offset 7: expected four hex digits, surrogates in pairs", E_PARSE },
    { "a low surrogate first", "\"\\ude00\"",
      "json offset 3: expected four hex digits, surrogates in pairs", E_PARSE },
    { "a high surrogate and no low one", "\"\\ud83d\\u0041\"",
      "json offset 7: expected four hex digits, surrogates in pairs", E_PARSE },
    { "a stray continuation byte", "\"\x80\"", "json offset 1: expected valid UTF-8", E_PARSE },
    { "an overlong slash", "\"\xc0\xaf\"", "json offset 1: expected valid UTF-8", E_PARSE },
    { "an encoded surrogate", "\"\xed\xa0\x80\"", "json offset 1: expected valid UTF-8", E_PARSE },
    { "UTF-8 cut short", "\"\xe2\x82\"", "json offset 1: expected valid UTF-8", E_PARSE },
    { "beyond U+10FFFF", "\"\xf4\x90\x80\x80\"", "json offset 1: expected valid UTF-8", E_PARSE },
};

static void check_read(void **state)
{
    const struct read_case *c = *state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct err err = { 0 };
    struct value *v = NULL;

    assert_int_equal(json_parse(&a, str_c(c->text), &v, &err), c->rc);
    assert_int_equal(err.code, c->rc);
    if (c->rc == 0) {
        json_write(&got, v);
        check_str(buf_view(&got), c->want);
    } else {
        check_str(str_c(err.text), c->want);
        assert_null(v);
    }
    buf_free(&got);
    arena_free(&a);
}

static const struct string_case {
    const char *name;
    struct str text;
    const char *want;
} strings[] = {
    { "an empty string", { "", 0 }, "\"\"" },
    { "no pointer is an empty string", { NULL, 0 }, "\"\"" },
    { "a slash stays", { "a/b", 3 }, "\"a/b\"" },
    { "quotes in every place of eight",
      { "\"1234567\"1234567\"", 17 },
      "\"\\\"1234567\\\"1234567\\\"\"" },
    { "a quote among the last bytes, which are looked at once more",
      { "0123456789a\"c", 13 },
      "\"0123456789a\\\"c\"" },
    { "a control in front of plain last bytes",
      { "01\x1f"
        "3456789abc",
        13 },
      "\"01\\u001f3456789abc\"" },
    { "a broken byte becomes U+FFFD",
      { "a\xff"
        "b",
        3 },
      "\"a\xef\xbf\xbd"
      "b\"" },
    { "a NUL", { "\0", 1 }, "\"\\u0000\"" },
};

static void check_string(void **state)
{
    const struct string_case *c = *state;
    struct buf got = { 0 };

    json_add_string(&got, c->text);
    check_str(buf_view(&got), c->want);
    buf_free(&got);
}

/* At each place of a text of each length, whatever step finds it. */
static void check_escaped_places(void **state)
{
    char text[40], want[64];

    (void)state;
    for (size_t len = 1; len <= sizeof text; len++)
        for (size_t at = 0; at < len; at++)
            for (unsigned c = 0; c < 0x80; c++) {
                struct buf got = { 0 };
                bool plain = c >= ' ' && c != '"' && c != '\\';

                memset(text, c % 2 ? '~' : ' ', sizeof text);
                text[at] = (char)c;
                (void)snprintf(want, sizeof want, "\"%.*s\"", (int)len, text);
                json_add_string(&got, (struct str){ text, len });
                assert_true(str_eq_c(buf_view(&got), want) == plain);
                assert_true(plain || got.len > len + 2);
                buf_free(&got);
            }
}

static const struct double_case {
    const char *name;
    double d;
    const char *want;
} doubles[] = {
    { "eighty", 80, "80.0" },
    { "a tenth", 0.1, "0.1" },
    { "a third", 1.0 / 3, "0.3333333333333333" },
    { "seventeen digits", 5e-324 * 3, "1.48219693752374e-323" },
    { "the largest", 1.7976931348623157e308, "1.7976931348623157e+308" },
    { "minus zero", -0.0, "-0.0" },
    { "a negative whole", -3, "-3.0" },
    { "below 1e15 is written out", 999999999999999.0, "999999999999999.0" },
    { "from 1e15 on with an exponent", 1e15, "1e+15" },
    { "not a number", NAN, "\"NaN\"" },
    { "infinity", INFINITY, "\"Infinity\"" },
    { "minus infinity", -INFINITY, "\"-Infinity\"" },
};

static void check_double(void **state)
{
    const struct double_case *c = *state;
    struct buf got = { 0 };

    json_add_double(&got, c->d);
    check_str(buf_view(&got), c->want);
    buf_free(&got);
}

/* RFC 6901, section 5, and what stands beside it. */
static const struct pointer_case {
    const char *name, *pointer, *want; /* want: compact JSON, NULL for none */
} pointers[] = {
    { "the whole", "", "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"m~n\":8,\"01\":3}" },
    { "a member", "/foo", "[\"bar\",\"baz\"]" },
    { "an item", "/foo/0", "\"bar\"" },
    { "an empty name", "/", "0" },
    { "~1 is a slash", "/a~1b", "1" },
    { "~0 is a tilde", "/m~0n", "8" },
    { "a number may be a name", "/01", "3" },
    { "an index has no leading zero", "/foo/01", NULL },
    { "an index has no sign", "/foo/-0", NULL },
    { "past the end", "/foo/2", NULL },
    { "'-' is past the end", "/foo/-", NULL },
    { "below a string", "/foo/0/x", NULL },
    { "absent", "/nowhere", NULL },
    { "no slash in front", "foo", NULL },
};

static void check_pointer(void **state)
{
    const struct pointer_case *c = *state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct value *root;

    assert_int_equal(json_parse(&a, str_c(pointers[0].want), &root, NULL), 0);
    const struct value *found = json_pointer(root, str_c(c->pointer));

    if (c->want) {
        assert_non_null(found);
        json_write(&got, found);
        check_str(buf_view(&got), c->want);
    } else {
        assert_null(found);
    }
    buf_free(&got);
    arena_free(&a);
}

static void check_nesting(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf text = { 0 };
    struct value *v;

    for (int i = 0; i < LIMIT_NESTING; i++)
        buf_add_char(&text, '[');
    for (int i = 0; i < LIMIT_NESTING; i++)
        buf_add_char(&text, ']');
    assert_int_equal(json_parse(&a, buf_view(&text), &v, NULL), 0);
    text.ptr[LIMIT_NESTING] = '['; /* one more */
    assert_int_equal(json_parse(&a, buf_view(&text), &v, NULL), E_LIMIT);
    buf_free(&text);
    arena_free(&a);
}

static void check_too_large(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct value *v;

    assert_int_equal(json_parse(&a, (struct str){ "", LIMIT_JSON_BYTES + 1 }, &v, NULL), E_LIMIT);
}

static void check_many_duplicates(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf text = { 0 };
    struct value *v;

    buf_add_char(&text, '{');
    for (int i = 0; i < 3000; i++)
        buf_printf(&text, "%s\"key-%d\":%d", i ? "," : "", i % 1000, i);
    buf_add_char(&text, '}');
    assert_int_equal(json_parse(&a, buf_view(&text), &v, NULL), 0);
    assert_int_equal(v->count, 1000);
    for (int64_t i = 0; i < 1000; i++)
        assert_int_equal(value_at(v, (size_t)i)->u.integer, 2000 + i);
    value_append(v, STR("last"), value_null(&a)); /* the chain's end is right */
    assert_ptr_equal(value_at(v, 1000), value_get(v, STR("last")));
    buf_free(&text);
    arena_free(&a);
}

static void check_pretty(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct value *v;

    assert_int_equal(json_parse(&a, STR("{\"a\":[1,{}],\"b\":[]}"), &v, NULL), 0);
    json_write_pretty(&got, v, 2);
    check_str(buf_view(&got), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
    buf_free(&got);
    arena_free(&a);
}

static void check_time_and_blob(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct value *v = value_list(&a);

    value_push(v, value_time(&a, 1700000000999));
    value_push(v, value_blob(&a, STR("\xff\0")));
    json_write(&got, v);
    check_str(buf_view(&got), "[\"2023-11-14T22:13:20Z\",\"/wA=\"]");
    buf_free(&got);
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, reads, check_read);
    CHECK_ROWS(&s, strings, check_string);
    CHECK_ROWS(&s, doubles, check_double);
    CHECK_ROWS(&s, pointers, check_pointer);
    check_add(&s, "what needs an escape is found at any place", check_escaped_places);
    check_add(&s, "nesting up to the limit", check_nesting);
    check_add(&s, "a document over the limit is not looked at", check_too_large);
    check_add(&s, "duplicates in a large object", check_many_duplicates);
    check_add(&s, "pretty as Python's json.dumps", check_pretty);
    check_add(&s, "times and blobs", check_time_and_blob);
    return check_run(&s, "json");
}
