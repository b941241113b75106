#include "emulator/http/multipart.h"

#include "core/base/limits.h"
#include "tests/unit/check.h"

#define TYPE "multipart/form-data; boundary=B"
#define PART "--B\r\nContent-Disposition: form-data; name=\""
#define FILE PART "file\"; filename=\"a.txt\"\r\n\r\n"

static const struct multipart_case {
    const char *name, *body;
    int rc; /* of next or of end, whichever fails first */
    const char *fields, *file, *file_name;
} cases[] = {
    { "a field and the file", PART "key\"\r\n\r\nk\r\n" FILE "hello\r\n--B--\r\n", 0, "key=k;",
      "hello", "a.txt" },
    { "an empty field, an empty file", PART "key\"\r\n\r\n\r\n" FILE "\r\n--B--", 0, "key=;", "",
      "a.txt" },
    { "what only looks like a delimiter is the file's", FILE "\r\r\n\r\n-\r\n--C\r\n--\r\n--B--", 0,
      "", "\r\r\n\r\n-\r\n--C\r\n--", "a.txt" },
    { "fields behind the file are not looked at", FILE "x\r\n" PART "key\"\r\n\r\nk\r\n--B--", 0,
      "", "x", "a.txt" },
    { "what stands before the first delimiter is not looked at", "hi\r\n" FILE "x\r\n--B--", 0, "",
      "x", "a.txt" },
    { "names without quotes, blanks behind the delimiter",
      "--B \r\ncontent-disposition:form-data;name=a\r\n\r\nb\r\n" FILE "x\r\n--B--", 0, "a=b;", "x",
      "a.txt" },
    { "a semicolon in quotes", PART "a;name=b\"\r\n\r\nc\r\n" FILE "x\r\n--B--", 0, "a;name=b=c;",
      "x", "a.txt" },
    { "no file", PART "key\"\r\n\r\nk\r\n--B--", E_MISSING, "", "", "" },
    { "an end in the file", FILE "hello", E_PARSE, "", "hello", "" },
    { "an end in the last delimiter", FILE "hello\r\n--B", E_PARSE, "", "hello", "" },
    { "nothing", "", E_PARSE, "", "", "" },
    { "a part without a name", "--B\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--", E_PARSE, "", "",
      "" },
    { "a header without a colon", "--B\r\nname\r\n\r\nx\r\n--B--", E_PARSE, "", "", "" },
    { "a line that ends in LF alone", "--B\nname: x\r\n", E_PARSE, "", "", "" },
    { "a field that is not UTF-8", PART "a\"\r\n\r\n\xff\r\n--B--", E_PARSE, "", "", "" },
};

static int take_apart(struct arena *a, struct str body, size_t step, struct buf *file,
                      struct post_form *form)
{
    struct multipart m;
    struct str out;
    int rc = 0;

    assert_true(multipart_init(&m, a, STR(TYPE)));
    for (size_t at = 0; at < body.len && rc == 0; at += step) {
        struct str in = str_sub(body, at, step);

        while ((rc = multipart_next(&m, &in, &out, NULL)) == 1)
            buf_add(file, out);
    }
    if (rc == 0)
        rc = multipart_end(&m, form, NULL);
    multipart_free(&m);
    return rc;
}

static void check_case(void **state)
{
    const struct multipart_case *c = *state;

    for (size_t step = 1; step < 100; step += 7) {
        struct arena a = { 0 };
        struct buf file = { 0 }, fields = { 0 };
        struct post_form form = { 0 };

        assert_int_equal(take_apart(&a, str_c(c->body), step, &file, &form), c->rc);
        for (size_t i = 0; i < form.field_count; i++)
            buf_printf(&fields, "%.*s=%.*s;", STR_ARG(form.fields[i].name),
                       STR_ARG(form.fields[i].value));
        check_str(buf_view(&fields), c->fields);
        check_str(buf_view(&file), c->file);
        check_str(form.file_name, c->file_name);
        buf_free(&fields);
        buf_free(&file);
        arena_free(&a);
    }
}

static void check_limit(void **state)
{
    struct arena a = { 0 };
    struct buf body = { 0 }, file = { 0 };
    struct post_form form = { 0 };

    (void)state; /* no fixture */
    buf_add_c(&body, PART "a\"\r\n\r\n");
    for (size_t i = 0; i < LIMIT_S3_FORM_BYTES; i++)
        buf_add_char(&body, 'x');
    assert_int_equal(take_apart(&a, buf_view(&body), 1000, &file, &form), E_LIMIT);
    buf_free(&body);
    buf_free(&file);
    arena_free(&a);
}

static void check_types(void **state)
{
    static const struct {
        const char *type;
        bool is_form;
    } rows[] = {
        { "multipart/form-data; boundary=B", true },
        { "Multipart/Form-Data;boundary=\"a b\"", true },
        { "multipart/form-data; charset=utf-8; boundary=B", true },
        { "multipart/form-data", false },
        { "multipart/form-data; boundary=", false },
        { "multipart/form-data; boundary=\"a\rb\"", false },
        { "multipart/mixed; boundary=B", false },
        { "multipart/form-data; boundary="
          "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
          false },
    };
    struct arena a = { 0 };
    struct multipart m;

    (void)state; /* no fixture */
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(multipart_init(&m, &a, str_c(rows[i].type)), rows[i].is_form);
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(cases) + 2];

    for (size_t i = 0; i < COUNT(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, check_case, NULL, NULL, (void *)&cases[i] };
    tests[COUNT(cases)] = (struct CMUnitTest)cmocka_unit_test(check_limit);
    tests[COUNT(cases) + 1] = (struct CMUnitTest)cmocka_unit_test(check_types);
    return cmocka_run_group_tests_name("multipart", tests, NULL, NULL);
}
