#include "tests/unit/check.h"

#include "core/trail/reader.h"

static const struct file_case {
    const char *name, *text;
    int rc;
    unsigned count;
    const char *last;
} files[] = {
    { "a file of two", "{\"Records\":[{\"a\":1},{\"b\":[2,\"}\"]}]}", 0, 2, "{\"b\":[2,\"}\"]}" },
    { "blanks everywhere", " { \"Records\" : [ {} , { } ] } \n", 0, 2, "{ }" },
    { "an empty file of records", "{\"Records\":[]}", 0, 0, NULL },
    { "members before and behind", "{\"x\":{\"y\":[]},\"Records\":[{}],\"z\":\"]\"}", 0, 1, "{}" },
    { "one record a line", "{\"a\":1}\n{\"a\":2}\n\n{\"a\":3}", 0, 3, "{\"a\":3}" },
    { "nothing at all", "", 0, 0, NULL },
    { "an escaped quote does not end a string", "{\"Records\":[{\"a\":\"\\\\\\\"}\"}]}", 0, 1,
      "{\"a\":\"\\\\\\\"}\"}" },
    { "cut inside a record", "{\"Records\":[{\"a\":1},{\"b\":", E_PARSE, 1, "{\"a\":1}" },
    { "cut behind a record", "{\"Records\":[{\"a\":1}", E_PARSE, 1, "{\"a\":1}" },
    { "a string is no record", "{\"Records\":[\"a\"]}", E_PARSE, 0, NULL },
    { "brackets that do not pair", "{\"Records\":[{\"a\":[}]}", E_PARSE, 0, NULL },
    { "a comma too many", "{\"Records\":[{},]}", E_PARSE, 1, "{}" },
    { "text behind the end", "{\"Records\":[{}]} x", E_PARSE, 1, "{}" },
    { "a line that is no object", "{}\nhello\n", E_PARSE, 1, "{}" },
};

static void reads_a_file(void **state)
{
    const struct file_case *c = *state;
    struct err err = { 0 };
    struct str record = { 0 };
    struct record_iter it = record_iter_start(str_c(c->text));
    unsigned n = 0;

    while (record_iter_next(&it, &record))
        n++;
    assert_int_equal(n, c->count);
    assert_int_equal(record_iter_end(&it, &err), c->rc);
    assert_int_equal(err.code, c->rc);
    if (c->last)
        check_str(record, c->last);
}

static const char record[] =
    "{\"eventName\":\"PutObject\",\"userIdentity\":{\"type\":\"IAMUser\",\"sessionContext\":{"
    "\"mfa\":\"false\"}},\"text\":\"a\\u00e9\\ud83d\\ude00\\n\\\"q\\/\\ud800x\",\"n\":-1.5e3,"
    "\"list\":[{\"eventName\":\"not this\"}],\"null\":null}";

static const struct member_case {
    const char *path, *raw, *text;
} members[] = {
    { "eventName", "\"PutObject\"", "PutObject" },
    { "userIdentity.type", "\"IAMUser\"", "IAMUser" },
    { "userIdentity.sessionContext.mfa", "\"false\"", "false" },
    { "userIdentity.sessionContext", "{\"mfa\":\"false\"}", "" },
    { "n", "-1.5e3", "" },
    { "null", "null", "" },
    { "absent", "", "" },
    { "userIdentity.absent", "", "" },
    { "eventName.type", "", "" },
    { "list.eventName", "", "" },
    { "text", "\"a\\u00e9\\ud83d\\ude00\\n\\\"q\\/\\ud800x\"",
      "a\xc3\xa9\xf0\x9f\x98\x80\n\"q/\xef\xbf\xbdx" },
};

static void finds_members(void **state)
{
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT(members); i++) {
        check_str(record_member(str_c(record), str_c(members[i].path)), members[i].raw);
        check_str(record_text(&a, str_c(record), str_c(members[i].path)), members[i].text);
    }
    arena_free(&a);
}

static void deep_nesting_is_refused(void **state)
{
    static char text[100000];
    struct str got;

    (void)state;
    memset(text, '[', sizeof text - 1);
    memcpy(text, "{\"Records\":[{\"a\":", 17);
    struct record_iter it = record_iter_start(str_c(text));
    assert_false(record_iter_next(&it, &got));
    assert_int_equal(record_iter_end(&it, NULL), E_PARSE);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(files) + 2];

    for (size_t i = 0; i < COUNT(files); i++)
        tests[i] =
            (struct CMUnitTest){ files[i].name, reads_a_file, NULL, NULL, (void *)&files[i] };
    tests[COUNT(files)] = (struct CMUnitTest)cmocka_unit_test(finds_members);
    tests[COUNT(files) + 1] = (struct CMUnitTest)cmocka_unit_test(deep_nesting_is_refused);
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
