#include "core/codec/uri.h"

#include "core/base/limits.h"
#include "tests/unit/check.h"

static const struct code_case {
    const char *name;
    enum { PERCENT, PERCENT_SLASH, PLUS, BASE64, HEX } code;
    struct str plain;
    const char *coded;
} codes[] = {
    { "unreserved characters stay", PERCENT, { "AZaz09-._~", 10 }, "AZaz09-._~" },
    { "all else is escaped in upper case",
      PERCENT,
      { " /+%\xc3\xa9\0", 7 },
      "%20%2F%2B%25%C3%A9%00" },
    { "a key keeps its slashes", PERCENT_SLASH, { "a/b c", 5 }, "a/b%20c" },
    { "nothing", PERCENT, { "", 0 }, "" },
    /* Source: RFC 4648, 10 "Test Vectors" */
    { "base64 of nothing", BASE64, { "", 0 }, "" },
    { "base64 of one byte", BASE64, { "f", 1 }, "Zg==" },
    { "base64 of two bytes", BASE64, { "fo", 2 }, "Zm8=" },
    { "base64 of three bytes", BASE64, { "foo", 3 }, "Zm9v" },
    { "base64 of six bytes", BASE64, { "foobar", 6 }, "Zm9vYmFy" },
    { "base64 of high bytes", BASE64, { "\xff\xef\xbe", 3 }, "/+++" },
    { "hex is lower case", HEX, { "\0\xabz", 3 }, "00ab7a" },
};

static int decode(struct arena *a, const struct code_case *c, struct str *out)
{
    struct str text = str_c(c->coded);

    if (c->code == BASE64)
        return base64_decode(a, text, out, NULL);
    return c->code == HEX ? hex_decode(a, text, out, NULL)
                          : uri_decode(a, text, URI_PLUS_IS_PLUS, out, NULL);
}

static void check_code(void **state)
{
    const struct code_case *c = *state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct str back = { 0 };

    if (c->code == BASE64)
        base64_encode(&got, c->plain);
    else if (c->code == HEX)
        hex_encode(&got, c->plain);
    else
        uri_encode(&got, c->plain, c->code == PERCENT_SLASH ? URI_KEEP_SLASH : URI_KEEP_NONE);
    check_str(buf_view(&got), c->coded);
    assert_int_equal(decode(&a, c, &back), 0);
    assert_true(str_eq(back, c->plain));
    buf_free(&got);
    arena_free(&a);
}

/* want: what it decodes to, or the error's text. */
static const struct decode_case {
    const char *name;
    int code;
    const char *text, *want;
    int rc;
} decodes[] = {
    { "small hex digits in escapes", PERCENT, "%2f%c3%A9", "/\xc3\xa9", 0 },
    { "plus stays a plus in a path", PERCENT, "a+b", "a+b", 0 },
    { "plus is a blank in a form", PLUS, "a+b%2B", "a b+", 0 },
    { "a percent at the end", PERCENT, "ab%", "uri offset 2: expected two hex digits behind %",
      E_PARSE },
    { "one digit only", PERCENT, "%4", "uri offset 0: expected two hex digits behind %", E_PARSE },
    { "no hex digit", PERCENT, "x%4g", "uri offset 1: expected two hex digits behind %", E_PARSE },
    { "base64 without padding", BASE64, "Zm8", "fo", 0 },
    { "base64 of a length that none has", BASE64, "Zm9vY", "base64: 5 digits make no whole bytes",
      E_PARSE },
    { "padding that is not enough", BASE64, "Zg=", "base64 offset 2: expected a digit of base64",
      E_PARSE },
    { "padding in the middle", BASE64, "Zg==Zg==", "base64 offset 2: expected a digit of base64",
      E_PARSE },
    { "padding alone", BASE64, "====", "base64 offset 0: expected a digit of base64", E_PARSE },
    { "a blank", BASE64, "Zm9 ", "base64 offset 3: expected a digit of base64", E_PARSE },
    { "the alphabet of URLs", BASE64, "_-==", "base64 offset 0: expected a digit of base64",
      E_PARSE },
    { "hex in both cases", HEX, "aBAb", "\xab\xab", 0 },
    { "half a byte", HEX, "abc", "hex: 3 digits make no whole bytes", E_PARSE },
    { "no hex", HEX, "0g", "hex offset 0: expected two hex digits", E_PARSE },
};

static void check_decode(void **state)
{
    const struct decode_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct str text = str_c(c->text), got = { 0 };
    int rc = c->code == BASE64 ? base64_decode(&a, text, &got, &err)
             : c->code == HEX
                 ? hex_decode(&a, text, &got, &err)
                 : uri_decode(&a, text, c->code == PLUS ? URI_PLUS_IS_SPACE : URI_PLUS_IS_PLUS,
                              &got, &err);

    assert_int_equal(rc, c->rc);
    assert_int_equal(err.code, c->rc);
    check_str(rc == 0 ? got : str_c(err.text), c->want);
    arena_free(&a);
}

/* want: name=value of each, name alone when it has none, joined by '|'. */
static const struct query_case {
    const char *name, *query, *want;
    int rc;
} queries[] = {
    { "nothing", "", "", 0 },
    { "one", "a=1", "a=1", 0 },
    { "order and repetition stay", "b=1&a=2&b=3", "b=1|a=2|b=3", 0 },
    { "no value and an empty one differ", "acl&x=", "acl|x=", 0 },
    { "empty pieces go", "&&a=1&&", "a=1", 0 },
    { "only the first = cuts", "a=b=c", "a=b=c", 0 },
    { "names are decoded too", "a%3D+b=c%26", "a= b=c&", 0 },
    { "a broken escape", "a=1&b=%", "uri offset 0: expected two hex digits behind %", E_PARSE },
};

static void check_query(void **state)
{
    const struct query_case *c = *state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct err err = { 0 };
    struct uri_param *params = NULL;
    size_t count = 0;

    assert_int_equal(uri_parse_query(&a, str_c(c->query), &params, &count, &err), c->rc);
    for (size_t i = 0; i < count; i++)
        buf_printf(&got, "%s%.*s%s%.*s", i ? "|" : "", STR_ARG(params[i].name),
                   params[i].has_value ? "=" : "", STR_ARG(params[i].value));
    check_str(c->rc == 0 ? buf_view(&got) : str_c(err.text), c->want);
    buf_free(&got);
    arena_free(&a);
}

static void check_too_many(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf query = { 0 };
    struct uri_param *params;
    size_t count;

    for (int i = 0; i < LIMIT_QUERY_PARAMS; i++)
        buf_add_c(&query, "a&");
    assert_int_equal(uri_parse_query(&a, buf_view(&query), &params, &count, NULL), 0);
    assert_int_equal(count, LIMIT_QUERY_PARAMS);
    buf_add_c(&query, "a");
    assert_int_equal(uri_parse_query(&a, buf_view(&query), &params, &count, NULL), E_LIMIT);
    buf_free(&query);
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, codes, check_code);
    CHECK_ROWS(&s, decodes, check_decode);
    CHECK_ROWS(&s, queries, check_query);
    check_add(&s, "more parameters than the limit", check_too_many);
    return check_run(&s, "uri");
}
