/* Insights by hand-worked numbers: what is unusual, how long it lasts, what its records say; and
 * that saving and loading at any place changes nothing. */
#include <stdio.h>

#include "core/codec/json.h"
#include "emulator/trail/insight_kinds.h"
#include "emulator/trail/insights.h"
#include "tests/unit/check.h"

#define MINUTE  INSIGHT_MINUTE_MS
#define HOUR    (60 * MINUTE)
#define START   1767603600000ll /* 2026-01-05T09:00:00Z */
#define ACCOUNT "111122223333"
#define TRAIL   "arn:aws:cloudtrail:us-east-1:111122223333:trail/t"

/* The trail t of ACCOUNT, that logs everything, in all regions, since START. */
struct bench {
    struct arena a;
    struct insights *in;
    struct config_set set;
    struct trail_config trail;
    struct trail_epoch epoch;
    struct str account;
    struct value *told; /* records, in their order */
    const char *dir;    /* of a store, where one is used */
    struct store *store;
};

static const char selectors[] =
    "{\"AdvancedEventSelectors\":["
    "{\"FieldSelectors\":[{\"Field\":\"eventCategory\",\"Equals\":[\"Management\"]}]},"
    "{\"FieldSelectors\":[{\"Field\":\"eventCategory\",\"Equals\":[\"Data\"]},"
    "{\"Field\":\"resources.type\",\"Equals\":[\"AWS::S3::Object\"]}]}]}";

static int open_bench(void **state)
{
    struct bench *b = test_calloc(1, sizeof *b);
    struct value *doc;

    assert_int_equal(json_parse(&b->a, str_c(selectors), &doc, NULL), 0);
    b->account = STR(ACCOUNT);
    b->epoch = (struct trail_epoch){ .exists = true,
                                     .logging = true,
                                     .multi_region = true,
                                     .global_events = true,
                                     .insights = INSIGHT_BIT(INSIGHT_CALL_RATE, false) |
                                                 INSIGHT_BIT(INSIGHT_ERROR_RATE, false),
                                     .insights_since_ms = START };
    b->epoch.selectors = selectors_compile(&b->a, doc);
    b->trail = (struct trail_config){ .owner = STR(ACCOUNT),
                                      .home = STR("us-east-1"),
                                      .name = STR("t"),
                                      .arn = STR(TRAIL),
                                      .accounts = &b->account,
                                      .account_count = 1,
                                      .epochs = &b->epoch,
                                      .epoch_count = 1 };
    b->set = (struct config_set){ .trails = &b->trail, .count = 1 };
    b->in = insights_new(7);
    b->told = value_list(&b->a);
    *state = b;
    return 0;
}

static int close_bench(void **state)
{
    struct bench *b = *state;

    insights_free(b->in);
    store_close(b->store);
    if (b->dir)
        check_dir_end(b->dir);
    arena_free(&b->a);
    test_free(b);
    return 0;
}

struct calls {
    const char *user, *agent, *error; /* NULL: alice, aws-cli, none */
    bool reads, is_data;
};

static void call(struct bench *b, int64_t at_ms, int times, const struct calls *c)
{
    struct arena a = { 0 };
    const char *user = c->user ? c->user : "arn:aws:iam::" ACCOUNT ":user/alice";
    struct str record = arena_printf(&a, "{\"userIdentity\":{\"arn\":\"%s\"},\"userAgent\":\"%s\"}",
                                     user, c->agent ? c->agent : "aws-cli");
    struct value *data = value_list(&a), *object = value_map(&a);
    struct journal_entry entry = {
        .record = record,
        .facts = { .account = STR(ACCOUNT),
                   .region = STR("eu-west-1"),
                   .event_source = c->is_data ? STR("s3.amazonaws.com") : STR("ec2.amazonaws.com"),
                   .event_name = c->is_data ? STR("GetObject") : STR("RunInstances"),
                   .identity_arn = str_c(user),
                   .error_code = str_c(c->error),
                   .data_resources = c->is_data ? data : NULL,
                   .category = c->is_data ? EVENT_DATA : EVENT_MANAGEMENT,
                   .read_only = c->reads || c->is_data },
    };

    value_put_c(&a, object, "type", "AWS::S3::Object");
    value_put_c(&a, object, "ARN", "arn:aws:s3:::b/k");
    value_push(data, object);
    for (int i = 0; i < times; i++) {
        struct arena scratch = { 0 };

        entry.facts.time_ms = at_ms + i;
        insights_take(b->in, &b->set, &entry, &scratch);
        arena_free(&scratch);
    }
    arena_free(&a);
}

static int keep(void *arg, const struct record_facts *facts, struct str record, struct err *err)
{
    struct bench *b = arg;
    struct value *v;
    char time[CLOCK_ISO_SIZE];

    check_ok(json_parse(&b->a, arena_copy(&b->a, record), &v, err), err);
    clock_iso(facts->time_ms, time);
    check_str(value_get_str(v, "eventTime"), time);
    check_str(facts->event_id, arena_copy(&b->a, value_get_str(v, "eventID")).ptr);
    assert_int_equal(facts->category, EVENT_INSIGHT);
    value_push(b->told, v);
    return 0;
}

static void settle(struct bench *b, int64_t now_ms)
{
    struct err err = { 0 };

    check_ok(insights_settle(b->in, now_ms, keep, b, &err), &err);
}

static const struct value *told(const struct bench *b, size_t i)
{
    return value_at(b->told, i);
}

static struct str text_at(const struct value *record, const char *pointer)
{
    struct value *v = json_pointer(record, str_c(pointer));

    return v && v->kind == VALUE_STRING ? v->u.text : (struct str){ 0 };
}

static void check_number(const struct value *record, const char *pointer, double want)
{
    const struct value *v = json_pointer(record, str_c(pointer));

    assert_non_null(v);
    double got = v->kind == VALUE_INT ? (double)v->u.integer : v->u.real;
    assert_true(got == want);
}

#define STATISTICS "/insightDetails/insightContext/statistics"
#define SHARES     "/insightDetails/insightContext/attributions"

/* A call an hour from START on, for so many hours: settled as the emulator would. */
static void live(struct bench *b, int hours)
{
    for (int i = 0; i < hours; i++) {
        call(b, START + i * HOUR + 30 * MINUTE, 1, &(struct calls){ 0 });
        settle(b, START + i * HOUR + 40 * MINUTE);
    }
}

static void a_burst_starts_and_ends(void **state)
{
    struct bench *b = *state;
    int64_t burst = START + 192 * HOUR + 20 * MINUTE;

    live(b, 192); /* eight days; the seven before the burst have 168 hours and 20 minutes */
    call(b, burst, 10, &(struct calls){ 0 });
    call(b, burst + 20, 2, &(struct calls){ .user = "arn:aws:sts::" ACCOUNT ":assumed-role/r/s1" });
    call(b, burst + 40, 3,
         &(struct calls){ .user = "arn:aws:sts::" ACCOUNT ":assumed-role/r/s2", .agent = "boto" });
    settle(b, burst + 2 * MINUTE - 1);
    assert_int_equal(b->told->count, 0); /* its minute and the grace are not over */
    settle(b, burst + 2 * MINUTE);
    assert_int_equal(b->told->count, 1);
    call(b, burst + 2 * MINUTE, 12, &(struct calls){ 0 });
    settle(b, burst + 9 * MINUTE - 1);
    assert_int_equal(b->told->count, 1); /* four usual minutes are not enough */
    settle(b, burst + 9 * MINUTE);
    assert_int_equal(b->told->count, 2);

    const struct value *start = told(b, 0), *end = told(b, 1);
    check_str(value_get_str(start, "eventTime"), "2026-01-13T09:20:00Z");
    check_str(value_get_str(end, "eventTime"), "2026-01-13T09:23:00Z");
    check_str(text_at(start, "/insightDetails/state"), "Start");
    check_str(text_at(end, "/insightDetails/state"), "End");
    check_str(text_at(start, "/insightDetails/insightType"), "ApiCallRateInsight");
    check_str(text_at(start, "/insightDetails/sourceEventCategory"), "Management");
    assert_true(str_eq(value_get_str(start, "sharedEventID"), value_get_str(end, "sharedEventID")));
    assert_false(str_eq(value_get_str(start, "eventID"), value_get_str(end, "eventID")));
    assert_null(value_get_c(start, "userIdentity"));
    /* 168 calls in 10080 + 20 minutes */
    check_number(start, STATISTICS "/baseline/average", 0.0166336634);
    check_number(end, STATISTICS "/baseline/average", 0.0166336634);
    check_number(start, STATISTICS "/baselineDuration", 10100);
    check_number(start, STATISTICS "/insight/average", 15);
    check_number(start, STATISTICS "/insightDuration", 1);
    check_number(end, STATISTICS "/insight/average", 9); /* 27 in three minutes */
    check_number(end, STATISTICS "/insightDuration", 3);

    /* The most first; sessions of a role are the role. */
    check_str(text_at(start, SHARES "/0/attribute"), "userIdentityArn");
    check_str(text_at(start, SHARES "/0/insight/0/value"), "arn:aws:iam::" ACCOUNT ":user/alice");
    check_number(start, SHARES "/0/insight/0/average", 10);
    check_str(text_at(start, SHARES "/0/insight/1/value"),
              "arn:aws:sts::" ACCOUNT ":assumed-role/r");
    check_number(start, SHARES "/0/insight/1/average", 5);
    check_number(start, SHARES "/0/baseline/0/average", 0.0166336634);
    check_str(text_at(start, SHARES "/1/insight/1/value"), "boto");
    check_number(end, SHARES "/1/insight/1/average", 1);
    check_str(text_at(start, SHARES "/2/insight/0/value"), "null");
    check_number(end, SHARES "/2/insight/0/average", 9);
}

/* calls in the last minute, after so many hours of `an hour` calls each in a minute of its own. */
static const struct bound_case {
    const char *name;
    int hours, an_hour, calls;
    const char *error;
    bool reads;
    size_t told;
} bounds[] = {
    { "nine calls are too few", 48, 0, 9, NULL, false, 0 },
    { "ten calls of what was never called", 48, 0, 10, NULL, false, 1 },
    { "reads have no rate", 48, 0, 50, NULL, true, 0 },
    { "five errors of a read", 48, 0, 5, "AccessDenied", true, 1 },
    { "four errors", 48, 0, 4, "AccessDenied", true, 0 },
    { "errors of a write are calls, too", 48, 0, 10, "AccessDenied", false, 2 },
    { "35 hours are too soon", 35, 0, 100, NULL, false, 0 },
    { "36 hours are enough", 36, 0, 100, NULL, false, 1 },
    /* 4 a minute: 4 + 6 * 2 */
    { "sixteen are within chance of four", 48, 240, 16, NULL, false, 0 },
    { "seventeen are not", 48, 240, 17, NULL, false, 1 },
};

static void check_bound(void **state)
{
    const struct bound_case *c = *state;
    struct bench *b;
    void *opened = NULL;

    (void)open_bench(&opened);
    b = opened;
    for (int i = 0; i < c->hours; i++)
        for (int m = 0; c->an_hour > 0 && m < 60; m++)
            call(b, START + i * HOUR + m * MINUTE, c->an_hour / 60, &(struct calls){ 0 });
    settle(b, START + c->hours * HOUR);
    call(b, START + c->hours * HOUR, c->calls,
         &(struct calls){ .error = c->error, .reads = c->reads });
    settle(b, START + c->hours * HOUR + 3 * MINUTE);
    assert_int_equal(b->told->count, c->told);
    (void)close_bench(&opened);
}

static void an_error_rate_names_its_error(void **state)
{
    struct bench *b = *state;
    int64_t burst = START + 48 * HOUR;

    call(b, burst, 6, &(struct calls){ .error = "AccessDenied", .reads = true });
    call(b, burst, 4, &(struct calls){ .error = "Throttling", .reads = true });
    settle(b, burst + 5 * MINUTE);
    assert_int_equal(b->told->count, 1);
    check_str(text_at(told(b, 0), "/insightDetails/errorCode"), "AccessDenied");
    check_number(told(b, 0), STATISTICS "/baseline/average", 0);
    check_number(told(b, 0), STATISTICS "/baselineDuration", 48 * 60);
    assert_int_equal(json_pointer(told(b, 0), STR(SHARES))->count, 2);
}

static void data_events_are_one_trails(void **state)
{
    struct bench *b = *state;
    int64_t burst = START + 48 * HOUR;

    call(b, burst, 40, &(struct calls){ .is_data = true });
    settle(b, burst + 5 * MINUTE);
    assert_int_equal(b->told->count, 0); /* not asked for */
    b->epoch.insights |= INSIGHT_BIT(INSIGHT_CALL_RATE, true);
    call(b, burst + HOUR, 40, &(struct calls){ .is_data = true });
    settle(b, burst + HOUR + 5 * MINUTE);
    assert_int_equal(b->told->count, 1);
    check_str(text_at(told(b, 0), "/insightDetails/insightSource"), TRAIL);
    check_str(text_at(told(b, 0), "/insightDetails/sourceEventCategory"), "Data");
}

static void no_time_is_unusual_for_ever(void **state)
{
    struct bench *b = *state;
    int64_t at = START + 48 * HOUR;

    for (int i = 0; i < 30 * 60; i++)
        call(b, at + i * MINUTE, 20, &(struct calls){ 0 });
    settle(b, at + 40 * HOUR);
    assert_int_equal(b->told->count, 2);
    check_number(told(b, 1), STATISTICS "/insightDuration", 1440);
    /* then 20 a minute are 28800 of the 72 hours: 6.67, and 20 is not above 6.67 + 6 * 2.58 */
}

static void what_was_switched_off_is_forgotten(void **state)
{
    struct bench *b = *state;
    int64_t again = START + 100 * HOUR;

    live(b, 100);
    b->epoch.insights_since_ms = again;
    call(b, again + HOUR, 50, &(struct calls){ 0 });
    settle(b, again + HOUR + 5 * MINUTE);
    assert_int_equal(b->told->count, 0);
    call(b, again + 36 * HOUR, 60, &(struct calls){ 0 });
    settle(b, again + 36 * HOUR + 5 * MINUTE);
    assert_int_equal(b->told->count, 1);
    check_number(told(b, 0), STATISTICS "/baselineDuration", 36 * 60);
    check_number(told(b, 0), STATISTICS "/baseline/average", 0.0231481481); /* 50 in 2160 */
}

/* A first trail stops; the second has asked for less long, but all the while. */
static void a_second_trail_keeps_what_it_counted(void **state)
{
    struct bench *b = *state;
    int64_t second = START + 20 * HOUR, burst = START + 100 * HOUR;

    live(b, 90);
    b->epoch.insights_since_ms = second;
    for (int i = 90; i < 100; i++)
        call(b, START + i * HOUR + 30 * MINUTE, 1, &(struct calls){ 0 });
    call(b, burst, 20, &(struct calls){ 0 });
    settle(b, burst + 5 * MINUTE);
    assert_int_equal(b->told->count, 1);
    check_number(told(b, 0), STATISTICS "/baselineDuration", 80 * 60);
    check_number(told(b, 0), STATISTICS "/baseline/average", 0.0166666667); /* 80 in 4800 */
}

static void reload(struct bench *b)
{
    struct err err = { 0 };

    check_ok(store_begin(b->store, &err), &err);
    check_ok(insights_save(b->in, b->store, &err), &err);
    check_ok(store_commit(b->store, &err), &err);
    insights_free(b->in);
    b->in = insights_new(7);
    check_ok(insights_load(b->in, b->store, &err), &err);
}

static struct str play(struct bench *b, bool reloads)
{
    int64_t burst = START + 60 * HOUR;
    struct buf text = { 0 };

    live(b, 60);
    for (int i = 0; i < 12; i++) {
        call(b, burst + i * MINUTE, i % 3 ? 30 : 2, &(struct calls){ .agent = "boto" });
        if (reloads)
            reload(b);
        settle(b, burst + i * MINUTE + 30000);
        if (reloads)
            reload(b);
    }
    settle(b, burst + HOUR);
    json_write(&text, b->told);
    struct str all = arena_copy(&b->a, buf_view(&text));
    buf_free(&text);
    return all;
}

static void a_restart_changes_nothing(void **state)
{
    struct bench *b = *state, *other;
    struct err err = { 0 };
    void *opened = NULL;

    (void)open_bench(&opened);
    other = opened;
    other->dir = check_dir(&other->a);
    check_ok(store_open(&other->store, other->dir, false, &err), &err);
    struct str whole = play(b, false), pieces = play(other, true);
    assert_int_equal(b->told->count, 2);
    check_str(pieces, whole.ptr);
    (void)close_bench(&opened);
}

static void silence_is_forgotten(void **state)
{
    struct bench *b = *state;
    struct err err = { 0 };
    struct doc *docs;
    size_t count;

    b->dir = check_dir(&b->a);
    check_ok(store_open(&b->store, b->dir, false, &err), &err);
    live(b, 2);
    reload(b);
    call(b, START + 200 * HOUR, 1, &(struct calls){ .error = "AccessDenied", .reads = true });
    settle(b, START + 200 * HOUR + 5 * MINUTE);
    reload(b);
    check_ok(store_doc_list(b->store, &b->a, config_key(STR(""), STR(""), "InsightCounts", STR("")),
                            STR(""), 0, &docs, &count, &err),
             &err);
    assert_int_equal(count, 1); /* the read's error alone */
    check_str(value_get_str(docs[0].value, "Error"), "AccessDenied");
}

int main(void)
{
    static const struct {
        const char *name;
        CMUnitTestFunction run;
    } whole[] = {
        { "a burst starts and ends", a_burst_starts_and_ends },
        { "an error rate names its error", an_error_rate_names_its_error },
        { "data events are one trail's", data_events_are_one_trails },
        { "no time is unusual for ever", no_time_is_unusual_for_ever },
        { "what was switched off is forgotten", what_was_switched_off_is_forgotten },
        { "a second trail keeps what it counted", a_second_trail_keeps_what_it_counted },
        { "a restart changes nothing", a_restart_changes_nothing },
        { "silence is forgotten", silence_is_forgotten },
    };
    struct check_suite s = { 0 };

    for (size_t i = 0; i < COUNT(whole); i++)
        s.tests[s.count++] =
            (struct CMUnitTest){ whole[i].name, whole[i].run, open_bench, close_bench, NULL };
    CHECK_ROWS(&s, bounds, check_bound);
    return check_run(&s, "trail_insights");
}
