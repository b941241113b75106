#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/codec/json.h"
#include "core/trail/scan.h"
#include "tests/unit/check.h"

static void load(struct buf *b, const char *text)
{
    buf_clear(b);
    buf_add_c(b, text);
    scan_pad(b);
}

/* Every step's letter: r a record, x a broken one, and how it ended. */
static void steps_of(struct scan *s, char out[64])
{
    struct scan_record r;
    enum scan_step step;
    size_t n = 0;

    while ((step = scan_next(s, &r)) != SCAN_END && step != SCAN_MORE && n < 62)
        out[n++] = step == SCAN_RECORD ? 'r' : 'x';
    out[n++] = step == SCAN_END ? '.' : '+';
    out[n] = '\0';
}

static const struct shape_case {
    const char *name, *text, *steps;
    enum scan_shape shape;
    bool has_more;
} shapes[] = {
    { "an envelope", "{\"Records\":[{\"a\":1},{\"b\":[]}]}", "rr.", SCAN_ENVELOPE, false },
    { "an empty envelope", "{\"Records\":[]}", ".", SCAN_ENVELOPE, false },
    { "an envelope with blanks", " { \"Records\" : [ {} , { } ] } \n", "rr.", SCAN_ENVELOPE,
      false },
    { "members before Records", "{\"x\":{\"y\":[1]},\"Records\":[{}]}", "r.", SCAN_ENVELOPE, true },
    { "members behind Records", "{\"Records\":[{}],\"x\":1}", "r.", SCAN_ENVELOPE, true },
    { "two envelopes", "{\"Records\":[{}]}\n{\"Records\":[{},{}]}", "rrr.", SCAN_ENVELOPE, false },
    { "a bare list", "[{\"a\":1},{}]", "rr.", SCAN_BARE_LIST, false },
    { "lines", "{\"a\":1}\n{\"b\":2}\n", "rr.", SCAN_LINES, false },
    { "one object", "{\"a\":\n1}", "r.", SCAN_LINES, false },
    { "nothing", " \n", ".", SCAN_NOTHING, false },
    { "a broken line among good ones", "{\"a\":1}\n{\"b\":}\n{\"c\":3}", "rxr.", SCAN_LINES,
      false },
    { "text that is no record", "hello\n{}", "xr.", SCAN_LINES, false },
    { "a broken record ends a list", "{\"Records\":[{},{\"a\":tru},{}]}", "rx.", SCAN_ENVELOPE,
      false },
    { "a record that is no object", "{\"Records\":[1]}", "x.", SCAN_ENVELOPE, false },
    { "a cut envelope", "{\"Records\":[{\"a\":1}", "rx.", SCAN_ENVELOPE, false },
    { "text behind a list", "[{}] x", "rx.", SCAN_BARE_LIST, false },
};

static void check_shape(void **state)
{
    const struct shape_case *c = *state;
    struct scan *s = scan_open();
    struct buf b = { 0 };
    char steps[64];

    load(&b, c->text);
    scan_start(s, b.ptr, b.len, SCAN_WHOLE);
    steps_of(s, steps);
    assert_string_equal(steps, c->steps);
    assert_int_equal(scan_shape(s), c->shape);
    assert_int_equal(scan_envelope_has_more(s), c->has_more);
    buf_free(&b);
    scan_close(s);
}

static const struct json_case {
    const char *text;
    bool is_good;
} jsons[] = {
    { "{}", true },
    { "{\"a\":[{\"b\":null},[],{},\"\",-0.5e+3,true,false]}", true },
    { "{\"a\\\\\":\"\\\"\\u00e9\\n\"}", true },
    { "{\"a\":\"\xc3\xa9\"}", true },
    { "{\"a\":\"\xc3\"}", false },
    { "{\"a\":\"\\x\"}", false },
    { "{\"a\":\"\\u12g4\"}", false },
    { "{\"a\":\"\t\"}", false },
    { "{\"a\":01}", false },
    { "{\"a\":1.}", false },
    { "{\"a\":.5}", false },
    { "{\"a\":+1}", false },
    { "{\"a\":1e}", false },
    { "{\"a\":True}", false },
    { "{\"a\":1,}", false },
    { "{\"a\":[1,]}", false },
    { "{\"a\":[1 2]}", false },
    { "{\"a\" 1}", false },
    { "{\"a\":1]", false },
    { "{\"a\":[1}}", false },
    { "{a:1}", false },
    { "{\"a\":1", false },
    { "{\"a", false },
    { "{\"a\":nul", false },
    { "{,}", false },
    { "{\"a\":{,}}", false },
    { "{\"a\":}", false },
};

/* The scan and the JSON reader judge alike. */
static void grammar(void **state)
{
    struct scan *s = scan_open();
    struct buf b = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT(jsons); i++) {
        struct arena a = { 0 };
        struct value *v;
        struct scan_record r;

        load(&b, jsons[i].text);
        scan_start(s, b.ptr, b.len, SCAN_WHOLE);
        bool is_good = scan_next(s, &r) == SCAN_RECORD;
        if (is_good != jsons[i].is_good)
            fail_msg("%s: %s", jsons[i].text, is_good ? "accepted" : scan_why(s));
        assert_int_equal(json_parse(&a, str_c(jsons[i].text), &v, NULL) == 0, is_good);
        arena_free(&a);
    }
    buf_free(&b);
    scan_close(s);
}

static void members(void **state)
{
    static const char text[] =
        "{\"eventName\":\"Get\\u0041\",\"x\":{\"eventName\":1},\"userIdentity\":{\"arn\":\"a:b\","
        "\"l\":[{\"k\":7},\"z\"]},\"readOnly\":true,\"requestParameters\":null,\"eventName\":"
        "\"B\"}";
    struct scan *s = scan_open();
    struct buf b = { 0 };
    struct arena a = { 0 };
    struct scan_record r;

    (void)state;
    load(&b, text);
    scan_start(s, b.ptr, b.len, SCAN_WHOLE);
    assert_int_equal(scan_next(s, &r), SCAN_RECORD);
    check_str(r.text, text);
    assert_true(r.top_twice);
    check_str(scan_top_str(&r, SCAN_EVENT_NAME), "B");
    check_str(scan_value(scan_find(&r, STR("userIdentity.arn"))), "a:b");
    check_str(scan_json(scan_find(&r, STR("userIdentity.arn"))), "\"a:b\"");
    check_str(scan_json(scan_find(&r, STR("userIdentity.l"))), "[{\"k\":7},\"z\"]");
    check_str(scan_value(scan_find(&r, STR("userIdentity.l.0.k"))), "7");
    check_str(scan_value(scan_find(&r, STR("userIdentity.l.1"))), "z");
    assert_null(scan_find(&r, STR("userIdentity.l.2")));
    assert_null(scan_find(&r, STR("eventName.x")));
    assert_true(scan_is(scan_top(&r, SCAN_READ_ONLY), SCAN_TRUE));
    assert_true(scan_is(scan_top(&r, SCAN_REQUEST_PARAMETERS), SCAN_NULL));
    assert_null(scan_top(&r, SCAN_EVENT_TIME));
    assert_int_equal(scan_first(r.nodes)->escaped, true);
    check_str(scan_text(&a, scan_first(r.nodes)), "GetA");
    assert_int_equal(scan_next(s, &r), SCAN_END);
    arena_free(&a);
    buf_free(&b);
    scan_close(s);
}

/* Quotes, backslashes and the ends of words of 64 bytes meet at every offset. */
static void every_offset(void **state)
{
    struct scan *s = scan_open();
    struct buf b = { 0 };

    (void)state;
    for (size_t pad = 0; pad < 200; pad++) {
        struct scan_record r;

        buf_clear(&b);
        for (size_t i = 0; i < pad; i++)
            buf_add_char(&b, ' ');
        buf_add_c(&b, "{\"k\":\"\\\\\\\"\\\\\",\"eventName\":\"x\"}");
        scan_pad(&b);
        scan_start(s, b.ptr, b.len, SCAN_WHOLE);
        assert_int_equal(scan_next(s, &r), SCAN_RECORD);
        check_str(scan_value(scan_find(&r, STR("k"))), "\\\\\\\"\\\\");
        check_str(scan_top_str(&r, SCAN_EVENT_NAME), "x");
        assert_int_equal(r.offset, pad);
    }
    buf_free(&b);
    scan_close(s);
}

/* A file that comes in pieces gives what it gives whole, wherever it is cut. */
static void pieces(void **state)
{
    static const char text[] = "{\"v\":[1,{}],\"Records\":[{\"a\":\"\\\"}\"}, {\"b\":12.5},{\"c\":"
                               "[true,null]}],\"t\":{}}\n";
    struct scan *s = scan_open();
    struct buf b = { 0 };

    (void)state;
    for (size_t cut = 0; cut < sizeof text; cut++) {
        struct scan_record r;
        char steps[64];
        uint64_t offset = 0;
        size_t records = 0;

        buf_clear(&b);
        buf_add(&b, (struct str){ text, cut });
        scan_pad(&b);
        scan_start(s, b.ptr, b.len, SCAN_PART);
        while (scan_next(s, &r) == SCAN_RECORD)
            records++;
        struct str rest = scan_rest(s);
        size_t kept = rest.len;

        memmove(b.ptr, rest.ptr, kept);
        b.len = kept;
        buf_add(&b, (struct str){ text + cut, sizeof text - 1 - (cut < sizeof text ? cut : 0) });
        scan_pad(&b);
        scan_go_on(s, b.ptr, b.len, SCAN_WHOLE);
        while (scan_next(s, &r) == SCAN_RECORD) {
            records++;
            offset = r.offset;
        }
        assert_int_equal(records, 3);
        if (offset)
            assert_int_equal(offset, strstr(text, "{\"c\"") - text);
        steps_of(s, steps);
        assert_string_equal(steps, ".");
    }
    buf_free(&b);
    scan_close(s);
}

static void nesting(void **state)
{
    struct scan *s = scan_open();
    struct buf b = { 0 };
    struct scan_record r;

    (void)state;
    for (int depth = 126; depth < 130; depth++) {
        buf_clear(&b);
        buf_add_c(&b, "{\"a\":");
        for (int i = 0; i < depth; i++)
            buf_add_char(&b, '[');
        for (int i = 0; i < depth; i++)
            buf_add_char(&b, ']');
        buf_add_char(&b, '}');
        scan_pad(&b);
        scan_start(s, b.ptr, b.len, SCAN_WHOLE);
        assert_int_equal(scan_next(s, &r), depth < 128 ? SCAN_RECORD : SCAN_BROKEN);
    }
    buf_free(&b);
    scan_close(s);
}

/* Strings longer than what is mapped at once, with what makes them odd in front, or broken. */
static const struct long_case {
    const char *front;
    bool is_good, is_escaped;
} longs[] = {
    { "", true, false },         { "\\\\", true, true },   { "\\\"", true, true },
    { "\\x", false, false },     { "\x01", false, false }, { "\xc3", false, false },
    { "\xc3\xa9", true, false },
};

static void long_strings(void **state)
{
    struct scan *s = scan_open();
    struct buf b = { 0 };
    struct scan_record r;

    (void)state;
    for (size_t i = 0; i < COUNT(longs); i++)
        for (size_t len = 30000; len < 140000; len += 32700) {
            buf_clear(&b);
            buf_add_c(&b, "{\"k\":\"");
            buf_add_c(&b, longs[i].front);
            for (size_t n = 0; n < len; n++)
                buf_add_char(&b, 'x');
            buf_add_c(&b, "\",\"eventName\":\"y\"}\n{\"z\":1}");
            scan_pad(&b);
            scan_start(s, b.ptr, b.len, SCAN_WHOLE);
            assert_int_equal(scan_next(s, &r), longs[i].is_good ? SCAN_RECORD : SCAN_BROKEN);
            if (longs[i].is_good) {
                assert_int_equal(scan_get(r.nodes, STR("k"))->escaped, longs[i].is_escaped);
                assert_int_equal(scan_value(scan_get(r.nodes, STR("k"))).len,
                                 len + strlen(longs[i].front));
                check_str(scan_top_str(&r, SCAN_EVENT_NAME), "y");
            }
            assert_int_equal(scan_next(s, &r), SCAN_RECORD);
            assert_non_null(scan_get(r.nodes, STR("z")));
            assert_int_equal(scan_next(s, &r), SCAN_END);
        }
    buf_free(&b);
    scan_close(s);
}

/* Where a string is left open, the quotes of later lines are read twice. */
static void broken_lines(void **state)
{
    struct scan *s = scan_open();
    struct buf b = { 0 };
    char steps[64];

    (void)state;
    for (size_t pad = 0; pad < 70000; pad += 6999) {
        buf_clear(&b);
        buf_add_c(&b, "{\"a\":\"b}\n{\"c\":\"");
        for (size_t n = 0; n < pad; n++)
            buf_add_char(&b, 'x');
        buf_add_c(&b, "\"}\n{\"Records\":[{\"d\":\"\\\"\"}]}\n");
        scan_pad(&b);
        scan_start(s, b.ptr, b.len, SCAN_WHOLE);
        steps_of(s, steps);
        assert_string_equal(steps, "xrr.");
    }
    buf_free(&b);
    scan_close(s);
}

static void names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SCAN_MEMBERS; i++)
        assert_int_equal(scan_member_of(str_c(scan_member_name((enum scan_member)i))), i);
    assert_int_equal(scan_member_of(STR("eventname")), SCAN_MEMBERS);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(shapes) + 8];
    size_t n = 0;

    for (; n < COUNT(shapes); n++)
        tests[n] =
            (struct CMUnitTest){ shapes[n].name, check_shape, NULL, NULL, (void *)&shapes[n] };
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(grammar);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(members);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(every_offset);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(pieces);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(nesting);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(long_strings);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(broken_lines);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(names);
    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
