/* Times, coerced text, redaction, names from templates, limits and facts. */
#include "tests/unit/check.h"

#include "core/base/limits.h"
#include "core/codec/json.h"
#include "emulator/identity/identity.h"
#include "emulator/record/names.h"
#include "emulator/record/record.h"
#include "emulator/record/scalar.h"

#define NOW_MS 1767323045678 /* 2026-01-02T03:04:05.678Z */

static struct cat *cat;
static struct recorder *recorder;

static const struct time_case {
    const char *name;
    int64_t ms;
    enum time_form form;
    const char *json;
} times[] = {
    { "java has no leading zeros", NOW_MS, TIME_JAVA, "\"Jan 2, 2026, 3:04:05 AM\"" },
    { "java's midnight is twelve", 0, TIME_JAVA, "\"Jan 1, 1970, 12:00:00 AM\"" },
    { "java's noon is twelve", 43200000, TIME_JAVA, "\"Jan 1, 1970, 12:00:00 PM\"" },
    { "java 17 puts a narrow blank", NOW_MS, TIME_JAVA17,
      "\"Jan 2, 2026, 3:04:05\xe2\x80\xaf"
      "AM\"" },
    { "iso drops the fraction", NOW_MS, TIME_ISO, "\"2026-01-02T03:04:05Z\"" },
    { "iso with milliseconds", NOW_MS, TIME_ISO_MS, "\"2026-01-02T03:04:05.678Z\"" },
    { "iso with microseconds", NOW_MS, TIME_MICROS, "\"2026-01-02T03:04:05.678000Z\"" },
    { "lambda's offset", NOW_MS, TIME_LAMBDA, "\"2026-01-02T03:04:05.678+0000\"" },
    { "epoch seconds", NOW_MS, TIME_EPOCH, "1767323045.678" },
    { "epoch milliseconds", NOW_MS, TIME_EPOCH_MS, "1767323045678" },
};

static void check_time(void **state)
{
    const struct time_case *c = *state;
    struct buf out = { 0 };

    scalar_time(&out, c->ms, c->form);
    check_str(buf_view(&out), c->json);
    buf_free(&out);
}

static const struct text_case {
    const char *name, *text, *json;
} coerced[] = {
    { "true is a boolean", "true", "true" },
    { "True is text", "True", "\"True\"" },
    { "a number is a number", "100", "100" },
    { "a negative one too", "-1.5", "-1.5" },
    { "a leading zero is text", "007", "\"007\"" },
    { "zero is a number", "0", "0" },
    { "minus zero is text", "-0", "\"-0\"" },
    { "a trailing zero is text", "1.50", "\"1.50\"" },
    { "a version is text", "1.2.3", "\"1.2.3\"" },
    { "a point alone is text", "1.", "\"1.\"" },
    { "twelve digits are a number", "123456789012", "123456789012" },
    { "twenty digits are text", "12345678901234567890", "\"12345678901234567890\"" },
    { "nothing is text", "", "\"\"" },
    { "a dash is text", "-", "\"-\"" },
};

static void check_coerced(void **state)
{
    const struct text_case *c = *state;
    struct buf out = { 0 };

    scalar_coerced_text(&out, str_c(c->text));
    check_str(buf_view(&out), c->json);
    buf_free(&out);
}

static const struct text_case redacted[] = {
    { "a quoted literal is redacted", "SELECT * FROM M WHERE a = 'secret' AND b = 42",
      "\"SELECT * FROM M WHERE a = ***(Redacted) AND b = ***(Redacted)\"" },
    { "a doubled quote stays inside", "UPDATE M SET a = 'it''s' WHERE b = 'x'",
      "\"UPDATE M SET a = ***(Redacted) WHERE b = ***(Redacted)\"" },
    { "a tuple's names stay", "INSERT INTO M VALUE {'a' : 'x', 'b': 1.5}",
      "\"INSERT INTO M VALUE {'a' : ***(Redacted), 'b': ***(Redacted)}\"" },
    { "digits in names stay", "SELECT a1 FROM T2", "\"SELECT a1 FROM T2\"" },
    { "an open literal is redacted to the end", "x = 'abc", "\"x = ***(Redacted)\"" },
};

static void check_redacted(void **state)
{
    const struct text_case *c = *state;
    struct buf out = { 0 };

    scalar_redacted(&out, str_c(c->text));
    check_str(buf_view(&out), c->json);
    buf_free(&out);
}

static const struct name_case {
    const char *name, *template, *params, *output, *want; /* want: joined by blanks */
} expanded[] = {
    { "fixed parts come from the call", "arn:{partition}:sqs:{region}:{account}:{Q}",
      "{\"Q\":\"a\"}", NULL, "arn:aws:sqs:eu-west-1:111122223333:a" },
    { "an ARN replaces the whole", "arn:aws:x:{account}:{Q}", "{\"Q\":\"arn:aws:y\"}", NULL,
      "arn:aws:y" },
    { "a part that is not given gives nothing", "x/{Q}", "{}", NULL, "" },
    { "a list gives one name each", "x/{A.B}",
      "{\"A\":[{\"B\":\"1\"},{\"B\":\"2\"},{\"B\":\"1\"}]}", NULL, "x/1 x/2" },
    { "alternatives are tried in order", "x/{A|>B}", "{}", "{\"B\":\"out\"}", "x/out" },
    { "two slashes make one", "parameter/{N}", "{\"N\":\"/a/b\"}", NULL, "parameter/a/b" },
    { "an URL's last part", "{U/}", "{\"U\":\"http://h/1/q\"}", NULL, "q" },
    { "a map's keys", "t/{M#}", "{\"M\":{\"a\":1,\"b\":2}}", NULL, "t/a t/b" },
    { "the table of a statement", "t/{S$}",
      "{\"S\":\"select * from \\\"M\\\".\\\"ix\\\" where 1\"}", NULL, "t/M" },
    { "an alias is no key", "key/{K|>K}", "{\"K\":\"alias/a\"}", NULL, "" },
};

static struct value *tree(struct arena *a, const char *json)
{
    struct value *v = value_map(a);

    if (json)
        check_ok(json_parse(a, str_c(json), &v, NULL), NULL);
    return v;
}

static void check_expanded(void **state)
{
    const struct name_case *c = *state;
    struct arena a = { 0 };
    struct names names = { 0 };
    struct call call = { .region = STR("eu-west-1"),
                         .account = STR("111122223333"),
                         .params = tree(&a, c->params) };
    struct outcome outcome = { .output = tree(&a, c->output) };

    names_expand(&names, &a, str_c(c->template), &call, &outcome);
    check_str(arena_join(&a, names.items, names.count, STR(" ")), c->want);
    arena_free(&a);
}

static const struct principal alice = { .type = PRINCIPAL_IAM_USER,
                                        .account = STR("111122223333"),
                                        .principal_id = STR("AIDA"),
                                        .arn = STR("arn:aws:iam::111122223333:user/alice"),
                                        .access_key_id = STR("AKIA"),
                                        .user_name = STR("alice") };

static struct call call_of(struct arena *a, const char *service, const char *op, const char *params)
{
    return (struct call){ .cat = cat,
                          .op = cat_op_find_c(cat, service, op),
                          .service_name = str_c(service),
                          .action = str_c(op),
                          .region = STR("us-east-1"),
                          .account = STR("111122223333"),
                          .who = &alice,
                          .params = tree(a, params),
                          .request_id = STR("r"),
                          .event_id = STR("e") };
}

static void a_long_parameter_is_left_out_with_a_note(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf out = { 0 };
    struct record_facts facts;
    struct call call = call_of(&a, "iam", "CreatePolicy", "{}");
    struct outcome outcome = { 0 };
    char *text = arena_alloc(&a, LIMIT_RECORD_FIELD_BYTES);
    struct value *record;

    memset(text, 'x', LIMIT_RECORD_FIELD_BYTES);
    value_set(call.params, STR("PolicyDocument"),
              value_str(&a, (struct str){ text, LIMIT_RECORD_FIELD_BYTES }));
    assert_int_equal(record_build(recorder, &a, &call, &outcome, 0, &out, &facts, NULL), 1);
    check_ok(json_parse(&a, buf_view(&out), &record, NULL), NULL);
    assert_true(value_get_bool(value_get_c(record, "requestParameters"), "omitted", false));
    assert_true(out.len < 2048);
    buf_free(&out);
    arena_free(&a);
}

static void facts_tell_what_lookup_shows(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf out = { 0 }, list = { 0 };
    struct record_facts facts;
    struct call call = call_of(&a, "iam", "CreateAccessKey", "{\"UserName\":\"bob\"}");
    struct outcome outcome = { .output = tree(&a, "{\"AccessKey\":{\"AccessKeyId\":\"AKIA2\"}}") };

    assert_int_equal(record_build(recorder, &a, &call, &outcome, 0, &out, &facts, NULL), 1);
    check_str(facts.event_source, "iam.amazonaws.com");
    check_str(facts.event_name, "CreateAccessKey");
    check_str(facts.user_name, "alice");
    check_str(facts.access_key_id, "AKIA");
    check_str(facts.account, "111122223333");
    assert_false(facts.read_only);
    assert_int_equal(facts.category, EVENT_MANAGEMENT);
    assert_null(facts.data_resources);
    json_write(&list, facts.resources);
    check_str(buf_view(&list),
              "[{\"ResourceType\":\"AWS::IAM::User\",\"ResourceName\":\"bob\"},"
              "{\"ResourceType\":\"AWS::IAM::AccessKey\",\"ResourceName\":\"AKIA2\"}]");
    buf_free(&list);
    buf_free(&out);
    arena_free(&a);
}

static void data_events_name_what_selectors_match(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf out = { 0 }, list = { 0 };
    struct record_facts facts;
    struct call call = call_of(&a, "s3", "PutObject", "{\"Bucket\":\"b\",\"Key\":\"k/1\"}");
    struct outcome outcome = { 0 };

    assert_int_equal(record_build(recorder, &a, &call, &outcome, 0, &out, &facts, NULL), 1);
    assert_int_equal(facts.category, EVENT_DATA);
    json_write(&list, facts.data_resources);
    check_str(buf_view(&list), "[{\"type\":\"AWS::S3::Object\",\"ARN\":\"arn:aws:s3:::b/k/1\"},"
                               "{\"type\":\"AWS::S3::Bucket\",\"ARN\":\"arn:aws:s3:::b\"}]");
    buf_free(&list);
    buf_free(&out);
    arena_free(&a);
}

static struct str s3_params(struct arena *a, struct request *q, const char *unmodeled)
{
    struct buf out = { 0 };
    struct record_facts facts;
    struct value *record;
    struct call call = call_of(a, "s3", "GetObject", "{\"Bucket\":\"b\",\"Key\":\"k\"}");
    struct outcome outcome = { 0 };
    struct buf text = { 0 };

    call.request = q;
    call.unmodeled = tree(a, unmodeled);
    assert_int_equal(record_build(recorder, a, &call, &outcome, 0, &out, &facts, NULL), 1);
    check_ok(json_parse(a, buf_view(&out), &record, NULL), NULL);
    json_write(&text, value_get_c(record, "requestParameters"));
    struct str copy = arena_copy(a, buf_view(&text));
    buf_free(&text);
    buf_free(&out);
    return copy;
}

static void unmodeled_headers_are_not_shown_but_queries_are(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct uri_param params[] = { { .name = STR("X-Amz-Date") },
                                  { .name = STR("X-Amz-Signature") } };
    struct request presigned = { .params = params, .param_count = COUNT(params) };

    check_str(
        s3_params(&a, NULL, "{\"X-Amz-Date\":\"d\",\"x-amz-meta-a\":\"b\",\"x-id\":\"GetObject\"}"),
        "{\"bucketName\":\"b\",\"key\":\"k\",\"x-id\":\"GetObject\"}");
    check_str(s3_params(&a, &presigned, "{\"X-Amz-Date\":\"d\",\"X-Amz-Signature\":\"s\"}"),
              "{\"X-Amz-Date\":\"d\",\"bucketName\":\"b\",\"key\":\"k\"}");
    arena_free(&a);
}

/* Something for every member down to depth levels; times, numbers and text by the shape's type. */
static struct value *sample(struct arena *a, const struct cat_shape *s, unsigned depth)
{
    struct value *v;

    switch ((enum cat_type)s->type) {
    case CAT_STRUCTURE:
        v = value_map(a);
        for (uint32_t i = 0; depth > 0 && i < s->member_count; i++) {
            const struct cat_member *m = cat_shape_member(cat, s, i);

            value_append(v, cat_str(cat, m->name), sample(a, cat_member_shape(cat, m), depth - 1));
        }
        return v;
    case CAT_LIST:
        v = value_list(a);
        for (unsigned i = 0; depth > 0 && i < 2; i++)
            value_push(v, sample(a, cat_member_shape(cat, cat_shape_member(cat, s, 0)), depth - 1));
        return v;
    case CAT_MAP:
        v = value_map(a);
        if (depth > 0)
            value_append(v, STR("k\"\\"),
                         sample(a, cat_member_shape(cat, cat_shape_member(cat, s, 1)), depth - 1));
        return v;
    case CAT_BLOB:
        return value_blob(a, STR("\x00secret"));
    case CAT_BOOLEAN:
        return value_bool(a, true);
    case CAT_INTEGER:
    case CAT_LONG:
        return value_int(a, -7);
    case CAT_FLOAT:
    case CAT_DOUBLE:
        return value_float(a, 0.5);
    case CAT_TIMESTAMP:
        return value_time(a, NOW_MS);
    case CAT_STRING:
        break;
    }
    return value_str(a, STR("a \"quoted\"\n\xc3\xa9 text"));
}

static void check_operation(const struct cat_op *op)
{
    const struct cat_shape *in = cat_op_input(cat, op), *out_shape = cat_op_output(cat, op);
    struct str service = cat_str(cat, cat_op_service(cat, op)->name);
    struct str name = cat_str(cat, op->key);
    struct arena a = { 0 };
    struct buf out = { 0 };
    struct record_facts facts;
    struct value *record;
    struct call call = call_of(&a, "iam", "GetUser", "{}");
    struct outcome outcome = { .output = out_shape ? sample(&a, out_shape, 4) : NULL };

    call.op = op;
    call.service_name = service;
    call.action = name;
    if (in)
        call.params = sample(&a, in, 4);
    if (record_build(recorder, &a, &call, &outcome, 0, &out, &facts, NULL) < 1 ||
        json_parse(&a, buf_view(&out), &record, NULL) < 0)
        fail_msg("%.*s.%.*s: %.*s", STR_ARG(service), STR_ARG(name), STR_ARG(buf_view(&out)));
    if (str_find(buf_view(&out), STR("AHNlY3JldA==")) >= 0)
        fail_msg("%.*s.%.*s shows a blob: %.*s", STR_ARG(service), STR_ARG(name),
                 STR_ARG(buf_view(&out)));
    assert_true(facts.event_name.len > 0 && facts.event_source.len > 0);
    buf_free(&out);
    arena_free(&a);
}

static void every_operation_gives_a_record_that_parses(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < cat_op_count(cat); i++)
        check_operation(cat_op_at(cat, i));
}

static void the_same_call_gives_the_same_bytes(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf one = { 0 }, two = { 0 };
    struct record_facts facts;
    struct call call =
        call_of(&a, "sts", "AssumeRole", "{\"RoleArn\":\"arn:aws:iam::444455556666:role/r\"}");
    struct outcome outcome = { .output = tree(&a, "{}") };

    assert_int_equal(record_build(recorder, &a, &call, &outcome, 1, &one, &facts, NULL), 2);
    check_str(facts.account, "444455556666");
    check_str(facts.user_name, "");
    assert_int_equal(record_build(recorder, &a, &call, &outcome, 1, &two, &facts, NULL), 2);
    assert_true(str_eq(buf_view(&one), buf_view(&two)));
    buf_free(&one);
    buf_free(&two);
    arena_free(&a);
}

static int open_all(void **state)
{
    (void)state;
    struct err err = { 0 };

    check_ok(cat_open(&cat, "build/catalogue.bin", &err), &err);
    check_ok(recorder_open(&recorder, cat, &err), &err);
    return 0;
}

static void bytes_are_written_as_a_java_buffer(void **state)
{
    struct buf out = { 0 };

    (void)state;
    scalar_byte_buffer(&out, (struct str){ "-\n\xff", 3 });
    check_str(buf_view(&out), "{\"hb\":[45,10,-1],\"offset\":0,\"isReadOnly\":false,"
                              "\"bigEndian\":true,\"nativeByteOrder\":false,\"mark\":-1,"
                              "\"position\":3,\"limit\":3,\"capacity\":3,\"address\":0}");
    buf_free(&out);
}

static int close_all(void **state)
{
    (void)state;
    recorder_close(recorder);
    cat_close(cat);
    return 0;
}

#define ROW(rows, check)                                                                           \
    for (size_t i = 0; i < COUNT(rows); i++)                                                       \
        tests[n++] = (struct CMUnitTest){ rows[i].name, check, NULL, NULL, (void *)&rows[i] };

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(bytes_are_written_as_a_java_buffer),
        cmocka_unit_test(a_long_parameter_is_left_out_with_a_note),
        cmocka_unit_test(facts_tell_what_lookup_shows),
        cmocka_unit_test(data_events_name_what_selectors_match),
        cmocka_unit_test(unmodeled_headers_are_not_shown_but_queries_are),
        cmocka_unit_test(every_operation_gives_a_record_that_parses),
        cmocka_unit_test(the_same_call_gives_the_same_bytes),
    };
    struct CMUnitTest
        tests[COUNT(times) + COUNT(coerced) + COUNT(redacted) + COUNT(expanded) + COUNT(others)];
    size_t n = 0;

    ROW(times, check_time)
    ROW(coerced, check_coerced)
    ROW(redacted, check_redacted)
    ROW(expanded, check_expanded)
    memcpy(tests + n, others, sizeof others);
    return cmocka_run_group_tests_name("record values", tests, open_all, close_all);
}
