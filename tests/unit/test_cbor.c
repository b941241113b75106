#include "core/codec/cbor.h"

#include "core/base/limits.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "tests/unit/check.h"

/* Source: RFC 8949, appendix A; want is what JSON would be written for it, or the error's text. */
static const struct read_case {
    const char *name, *hex, *want;
    int rc;
} reads[] = {
    { "zero", "00", "0", 0 },
    { "a byte", "1818", "24", 0 },
    { "two bytes", "1903e8", "1000", 0 },
    { "four bytes", "1a000f4240", "1000000", 0 },
    { "eight bytes", "1b000000e8d4a51000", "1000000000000", 0 },
    { "the largest int64", "1b7fffffffffffffff", "9223372036854775807", 0 },
    { "beyond int64 becomes a double", "1bffffffffffffffff", "1.8446744073709552e+19", 0 },
    { "minus one", "20", "-1", 0 },
    { "the smallest int64", "3b7fffffffffffffff", "-9223372036854775808", 0 },
    { "below int64 becomes a double", "3bffffffffffffffff", "-1.8446744073709552e+19", 0 },
    { "a half", "f93e00", "1.5", 0 },
    { "the least half", "f90001", "5.9604644775390625e-08", 0 },
    { "a half's infinity", "f97c00", "\"Infinity\"", 0 },
    { "a half's NaN", "f97e00", "\"NaN\"", 0 },
    { "a single", "fa47c35000", "100000.0", 0 },
    { "a double", "fb3ff199999999999a", "1.1", 0 },
    { "false, true, null", "83f4f5f6", "[false,true,null]", 0 },
    { "undefined is null", "f7", "null", 0 },
    { "text", "6449455446", "\"IETF\"", 0 },
    { "text of two bytes a character", "62c3bc", "\"\xc3\xbc\"", 0 },
    { "bytes", "4401020304", "\"AQIDBA==\"", 0 },
    { "an empty list", "80", "[]", 0 },
    { "lists in lists", "8301820203820405", "[1,[2,3],[4,5]]", 0 },
    { "an empty map", "a0", "{}", 0 },
    { "a map", "a26161016162820203", "{\"a\":1,\"b\":[2,3]}", 0 },
    { "of duplicates the last wins", "a2616101616102", "{\"a\":2}", 0 },
    { "bytes in pieces", "5f42010243030405ff", "\"AQIDBAU=\"", 0 },
    { "text in pieces", "7f657374726561646d696e67ff", "\"streaming\"", 0 },
    { "text in no piece", "7fff", "\"\"", 0 },
    { "lists without a length", "9f018202039f0405ffff", "[1,[2,3],[4,5]]", 0 },
    { "a map without a length", "bf61610161629f0203ffff", "{\"a\":1,\"b\":[2,3]}", 0 },
    { "a key in pieces", "a17f6161ff01", "{\"a\":1}", 0 },
    { "a time", "c11a514b67b0", "\"2013-03-21T20:04:00Z\"", 0 },
    { "a time with a fraction", "c1fb41d452d9ec200000", "\"2013-03-21T20:04:00Z\"", 0 },
    { "a time before 1970", "c120", "\"1969-12-31T23:59:59Z\"", 0 },
    { "other tags are passed over", "d74401020304", "\"AQIDBA==\"", 0 },
    { "tag 1 on text", "c16161", "cbor offset 1: expected a number behind tag 1", E_PARSE },
    { "tag 1 on a list", "c18101", "cbor offset 1: expected a number behind tag 1", E_PARSE },
    { "a time of NaN", "c1f97e00", "cbor offset 1: expected a time that fits", E_PARSE },
    { "nothing", "", "cbor offset 0: truncated", E_PARSE },
    { "a number cut short", "1903", "cbor offset 0: truncated", E_PARSE },
    { "text cut short", "634945", "cbor offset 0: truncated", E_PARSE },
    { "a list cut short",
      "820102"
      "00",
      "cbor offset 3: expected the end", E_PARSE },
    { "a list that wants more", "8201", "cbor offset 2: truncated", E_PARSE },
    { "a map that wants its value", "a16161", "cbor offset 3: truncated", E_PARSE },
    { "a huge list", "9b7fffffffffffffff", "cbor offset 9: truncated", E_PARSE },
    { "a huge map", "bbffffffffffffffff", "cbor offset 9: truncated", E_PARSE },
    { "a huge text", "7b7fffffffffffffff61", "cbor offset 0: truncated", E_PARSE },
    { "a key that is a number", "a10102", "cbor offset 1: expected text as a map's key", E_PARSE },
    { "a key that is a list", "a18001", "cbor offset 1: expected text as a map's key", E_PARSE },
    { "a break at the top", "ff", "cbor offset 0: expected no break", E_PARSE },
    { "a break in a list of known length", "8201ff", "cbor offset 2: expected no break", E_PARSE },
    { "a break instead of a value", "bf6161ff", "cbor offset 3: expected no break", E_PARSE },
    { "a number as a piece of text", "7f01ff", "cbor offset 1: expected a piece", E_PARSE },
    { "bytes as a piece of text", "7f4101ff", "cbor offset 1: expected a piece", E_PARSE },
    { "pieces in pieces", "7f7f6161ffff", "cbor offset 1: expected no string of indefinite length",
      E_PARSE },
    { "text that is no UTF-8", "61ff", "cbor offset 0: expected valid UTF-8", E_PARSE },
    { "a reserved length", "1c", "cbor offset 0: expected an item of CBOR", E_PARSE },
};

static void check_read(void **state)
{
    const struct read_case *c = *state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct err err = { 0 };
    struct value *v = NULL;
    struct str bytes;

    assert_int_equal(hex_decode(&a, str_c(c->hex), &bytes, NULL), 0);
    assert_int_equal(cbor_parse(&a, bytes, &v, &err), c->rc);
    assert_int_equal(err.code, c->rc);
    if (c->rc == 0)
        json_write(&got, v);
    else
        assert_null(v);
    check_str(c->rc == 0 ? buf_view(&got) : str_c(err.text), c->want);
    buf_free(&got);
    arena_free(&a);
}

static const struct write_case {
    const char *name, *json, *hex;
} writes[] = {
    { "integers take the fewest bytes", "[0,23,24,255,256,65536,4294967296]",
      "8700171818"
      "18ff"
      "190100"
      "1a00010000"
      "1b0000000100000000" },
    { "negative ones too", "[-1,-24,-25,-257,-9223372036854775808]",
      "8520373818390100"
      "3b7fffffffffffffff" },
    { "a double", "1.5", "fb3ff8000000000000" },
    { "words", "[true,false,null]", "83f5f4f6" },
    { "a map in its order", "{\"b\":\"x\",\"a\":{}}",
      "a261626178"
      "6161a0" },
};

static void check_write(void **state)
{
    const struct write_case *c = *state;
    struct arena a = { 0 };
    struct buf got = { 0 }, hex = { 0 };
    struct value *v;

    assert_int_equal(json_parse(&a, str_c(c->json), &v, NULL), 0);
    cbor_write(&got, v);
    hex_encode(&hex, buf_view(&got));
    check_str(buf_view(&hex), c->hex);
    buf_free(&got);
    buf_free(&hex);
    arena_free(&a);
}

static void check_times_and_blobs(void **state)
{
    (void)state;
    static const int64_t times[] = {
        0, 1, -1, 999, 1700000000123, 253402300799999, -62167219200000
    };
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct value *v = value_list(&a), *back;

    for (size_t i = 0; i < COUNT(times); i++)
        value_push(v, value_time(&a, times[i]));
    value_push(v, value_blob(&a, STR("\xff\0x")));
    cbor_write(&got, v);
    assert_int_equal(cbor_parse(&a, buf_view(&got), &back, NULL), 0);
    assert_true(value_equal(v, back));
    buf_free(&got);
    arena_free(&a);
}

static void check_nesting(void **state)
{
    (void)state;
    struct arena a = { 0 };
    char deep[LIMIT_NESTING + 1];
    struct value *v;

    memset(deep, 0x81, sizeof deep); /* a list of one */
    deep[LIMIT_NESTING - 1] = (char)0x80;
    assert_int_equal(cbor_parse(&a, (struct str){ deep, LIMIT_NESTING }, &v, NULL), 0);
    deep[LIMIT_NESTING - 1] = (char)0x81;
    deep[LIMIT_NESTING] = (char)0x80;
    assert_int_equal(cbor_parse(&a, (struct str){ deep, sizeof deep }, &v, NULL), E_LIMIT);
    deep[LIMIT_NESTING] = 0x7f; /* text in pieces is a level too */
    assert_int_equal(cbor_parse(&a, (struct str){ deep, sizeof deep }, &v, NULL), E_LIMIT);
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, reads, check_read);
    CHECK_ROWS(&s, writes, check_write);
    check_add(&s, "times and blobs come back to the millisecond", check_times_and_blobs);
    check_add(&s, "nesting up to the limit", check_nesting);
    return check_run(&s, "cbor");
}
