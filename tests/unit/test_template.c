#include "emulator/identity/identity.h"
#include "emulator/record/record.h"
#include "generator/dataset/template.h"
#include "tests/unit/check.h"

#define RECORD(identity, time, address, request, event)                                            \
    "{\"eventVersion\":\"1.11\",\"userIdentity\":" identity ",\"eventTime\":\"" time               \
    "\",\"eventName\":\"ListKeys\",\"sourceIPAddress\":\"" address                                 \
    "\",\"responseElements\":{\"requestId\":\"" request "\"},\"requestID\":\"" request             \
    "\",\"eventID\":\"" event "\",\"readOnly\":true}"

#define ID_1 "11111111-1111-4111-8111-111111111111"
#define ID_2 "22222222-2222-4222-8222-222222222222"
#define ID_3 "33333333-3333-4333-8333-333333333333"
#define ID_4 "44444444-4444-4444-8444-444444444444"

static const struct principal alice = { .type = PRINCIPAL_IAM_USER };

static void check_filled(const char *record, const struct call *first, const struct call *second,
                         const char *identity, const char *time, const char *want)
{
    struct template *t;
    struct arena a = { 0 };
    struct buf out = { 0 };
    struct err err = { 0 };

    check_ok(template_make(&t, str_c(record), first, &err), &err);
    template_write(t,
                   &(struct template_fill){
                       .call = second, .identity = str_c(identity), .time = time, .a = &a },
                   &out, NULL);
    check_str(buf_view(&out), want);
    template_free(t);
    buf_free(&out);
    arena_free(&a);
}

static void slots_stand_where_the_call_stood(void **state)
{
    const struct call first = { .who = &alice,
                                .source_ip = STR("203.0.113.7"),
                                .request_id = STR(ID_1),
                                .event_id = STR(ID_2),
                                .region = STR("us-east-1") };
    struct call second = first;

    (void)state;
    second.source_ip = STR("198.51.100.200");
    second.request_id = STR(ID_3);
    second.event_id = STR(ID_4);
    check_filled(
        RECORD("{\"type\":\"IAMUser\",\"arn\":\"a\"}", "2026-01-05T09:00:00Z", "203.0.113.7", ID_1,
               ID_2),
        &first, &second, "{\"type\":\"Root\"}", "2026-01-06T10:11:12Z",
        RECORD("{\"type\":\"Root\"}", "2026-01-06T10:11:12Z", "198.51.100.200", ID_3, ID_4));
}

/* A hint stands at the same text in both records, or at an id. */
static void hints_move_with_the_slots(void **state)
{
    const char *from = RECORD("{\"type\":\"IAMUser\",\"arn\":\"a\"}", "2026-01-05T09:00:00Z",
                              "203.0.113.7", ID_1, ID_2);
    const struct call call = { .who = &alice,
                               .source_ip = STR("203.0.113.7"),
                               .request_id = STR(ID_1),
                               .event_id = STR(ID_2),
                               .region = STR("us-east-1") };
    const struct str identity = STR("{\"type\":\"AssumedRole\",\"accountId\":\"111122223333\"}");
    struct call second = call;
    struct template *t;
    struct arena a = { 0 };
    struct buf out = { 0 };
    struct hints voice = { 0 }, hints = { 0 };
    size_t ids = 0;

    (void)state;
    second.source_ip = STR("10.0.0.1");
    hints_find_all(&voice, identity, 0);
    assert_int_equal(template_make(&t, str_c(from), &call, NULL), 0);
    buf_add(&out, STR("before"));
    template_write(t,
                   &(struct template_fill){ .call = &second,
                                            .identity = identity,
                                            .identity_hints = &voice,
                                            .time = "2026-01-05T09:00:00Z",
                                            .a = &a },
                   &out, &hints);
    for (size_t i = 0; i < hints.count; i++) {
        const char *p = out.ptr + hints.items[i].at;

        assert_true(i == 0 || hints.items[i].at > hints.items[i - 1].at);
        if (hints.items[i].tag == HINT_CHANCE)
            ids += strncmp(p, ID_1, 36) == 0 || strncmp(p, ID_2, 36) == 0;
        else
            assert_true(*p == '"' && (p[-1] == '{' || p[-1] == ','));
    }
    assert_int_equal(ids, 3);
    assert_true(hints.count > voice.count + ids + 5);
    template_free(t);
    buf_free(&out);
    hints_free(&voice);
    hints_free(&hints);
    arena_free(&a);
}

/* What a service calls has the service's name for an address: that is no slot. */
static void another_address_stays(void **state)
{
    const struct call call = { .who = &alice,
                               .source_ip = STR("203.0.113.7"),
                               .request_id = STR(ID_1),
                               .event_id = STR(ID_2),
                               .region = STR("us-east-1") };

    (void)state;
    check_filled(RECORD("{}", "2026-01-05T09:00:00Z", "config.amazonaws.com", ID_1, ID_2), &call,
                 &call, "{}", "2026-01-05T09:00:01Z",
                 RECORD("{}", "2026-01-05T09:00:01Z", "config.amazonaws.com", ID_1, ID_2));
}

/* GetCallerIdentity: the session's own names come again in the answer. */
static void a_session_is_named_outside_its_identity(void **state)
{
    struct principal one = { .type = PRINCIPAL_ASSUMED_ROLE,
                             .is_session = true,
                             .principal_id = STR("AROAEXAMPLE:one"),
                             .arn = STR("arn:aws:sts::111122223333:assumed-role/r/one") };
    struct principal two = one;
    struct call first = {
        .who = &one, .request_id = STR(ID_1), .event_id = STR(ID_2), .region = STR("us-east-1")
    };
    struct call second = first;

    (void)state;
    two.principal_id = STR("AROAEXAMPLE:another");
    two.arn = STR("arn:aws:sts::111122223333:assumed-role/r/another");
    second.who = &two;
    check_filled("{\"userIdentity\":{\"arn\":\"arn:aws:sts::111122223333:assumed-role/r/one\"},"
                 "\"eventTime\":\"2026-01-05T09:00:00Z\",\"userId\":\"AROAEXAMPLE:one\","
                 "\"arn\":\"arn:aws:sts::111122223333:assumed-role/r/one\"}",
                 &first, &second, "{\"x\":1}", "2026-01-05T09:00:00Z",
                 "{\"userIdentity\":{\"x\":1},\"eventTime\":\"2026-01-05T09:00:00Z\","
                 "\"userId\":\"AROAEXAMPLE:another\","
                 "\"arn\":\"arn:aws:sts::111122223333:assumed-role/r/another\"}");
}

static void a_record_without_time_is_none(void **state)
{
    const struct call call = { .who = &alice, .event_id = STR(ID_1) };
    struct template *t;
    struct err err = { 0 };

    (void)state;
    assert_int_equal(template_make(&t, STR("{\"userIdentity\":{}}"), &call, &err), E_PARSE);
    assert_int_equal(err.code, E_PARSE);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_stand_where_the_call_stood),
        cmocka_unit_test(hints_move_with_the_slots),
        cmocka_unit_test(another_address_stays),
        cmocka_unit_test(a_session_is_named_outside_its_identity),
        cmocka_unit_test(a_record_without_time_is_none),
    };

    return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
