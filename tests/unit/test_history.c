#include "tests/unit/check.h"

#include "core/base/buf.h"
#include "emulator/store/history.h"

static struct value *resource(struct arena *a, const char *type, const char *name)
{
    struct value *list = value_list(a), *r = value_map(a);

    value_put_c(a, r, "ResourceType", type);
    value_put_c(a, r, "ResourceName", name);
    value_push(list, r);
    return list;
}

/* Six events: e1 to e4 at 1000, 2000, 2000, 3000; e5 in another region; e6 an insight. */
static int open_history(void **state)
{
    struct err err = { 0 };
    static const char *const ids[] = { "e1", "e2", "e3", "e4", "e5", "e6" };
    static const int64_t times[] = { 1000, 2000, 2000, 3000, 3000, 3000 };
    struct history_row rows[6];

    (void)check_store_open(state); /* it asserts */
    struct check_store *f = *state;
    for (size_t i = 0; i < COUNT(rows); i++)
        rows[i] = (struct history_row){
            .seq = i + 1,
            .time_ms = times[i],
            .account = STR("111122223333"),
            .region = i == 4 ? STR("eu-west-1") : STR("us-east-1"),
            .event_id = str_c(ids[i]),
            .event_name = i % 2 ? STR("CreateUser") : STR("ListUsers"),
            .event_source = STR("iam.amazonaws.com"),
            .user_name = i == 0 ? STR("alice") : STR("bob"),
            .access_key_id = STR("AKIA1"),
            .read_only = i % 2 == 0,
            .is_insight = i == 5,
            .resources = i == 1 ? resource(&f->a, "AWS::IAM::User", "carol") : NULL,
            .record = STR("{\"x\":1}"),
        };
    check_ok(history_add(f->s, rows, COUNT(rows), &err), &err);
    check_ok(history_add(f->s, rows, 3, &err), &err); /* again, as after a crash: no twins */
    return 0;
}

static struct history_query all(void)
{
    return (struct history_query){ .account = STR("111122223333"),
                                   .region = STR("us-east-1"),
                                   .end_ms = INT64_MAX,
                                   .limit = 50,
                                   .before_time_ms = INT64_MAX,
                                   .before_seq = UINT64_MAX };
}

static void check_found(struct check_store *f, const struct history_query *q, const char *want)
{
    struct history_row *rows;
    struct err err = { 0 };
    struct buf b = { 0 };
    size_t count;
    bool more;

    check_ok(history_find(f->s, &f->a, q, &rows, &count, &more, &err), &err);
    for (size_t i = 0; i < count; i++) {
        buf_add(&b, rows[i].event_id);
        buf_add_char(&b, ' ');
    }
    buf_add_c(&b, more ? "..." : "");
    check_str(buf_view(&b), want);
    buf_free(&b);
}

static void the_newest_comes_first(void **state)
{
    struct history_query q = all();

    check_found(*state, &q, "e4 e3 e2 e1 ");
}

static void each_attribute_finds_its_own(void **state)
{
    static const struct {
        enum history_attribute attribute;
        const char *value, *want;
    } rows[] = {
        { HISTORY_EVENT_ID, "e3", "e3 " },
        { HISTORY_EVENT_NAME, "CreateUser", "e4 e2 " },
        { HISTORY_READ_ONLY, "true", "e3 e1 " },
        { HISTORY_READ_ONLY, "false", "e4 e2 " },
        { HISTORY_USERNAME, "alice", "e1 " },
        { HISTORY_RESOURCE_TYPE, "AWS::IAM::User", "e2 " },
        { HISTORY_RESOURCE_NAME, "carol", "e2 " },
        { HISTORY_EVENT_SOURCE, "iam.amazonaws.com", "e4 e3 e2 e1 " },
        { HISTORY_ACCESS_KEY_ID, "AKIA2", "" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct history_query q = all();

        q.attribute = rows[i].attribute;
        q.value = str_c(rows[i].value);
        check_found(*state, &q, rows[i].want);
    }
}

static void a_page_goes_on_where_the_last_one_ended(void **state)
{
    struct history_query q = all();

    q.limit = 2;
    check_found(*state, &q, "e4 e3 ...");
    q.before_time_ms = 2000;
    q.before_seq = 3;
    check_found(*state, &q, "e2 e1 ");
}

static void both_ends_of_a_time_are_in_it(void **state)
{
    struct history_query q = all();

    q.start_ms = 1000;
    q.end_ms = 2000;
    check_found(*state, &q, "e3 e2 e1 ");
    q.start_ms = 1001;
    check_found(*state, &q, "e3 e2 ");
}

static void regions_and_insights_keep_apart(void **state)
{
    struct history_query q = all();

    q.is_insight = true;
    check_found(*state, &q, "e6 ");
    q.is_insight = false;
    q.region = STR("eu-west-1");
    check_found(*state, &q, "e5 ");
}

static void a_row_comes_back_whole(void **state)
{
    struct check_store *f = *state;
    struct history_query q = all();
    struct history_row *rows;
    size_t count;
    bool more;

    q.attribute = HISTORY_EVENT_ID;
    q.value = STR("e2");
    assert_int_equal(history_find(f->s, &f->a, &q, &rows, &count, &more, NULL), 0);
    assert_int_equal(count, 1);
    check_str(rows[0].record, "{\"x\":1}");
    check_str(rows[0].user_name, "bob");
    check_str(value_get_str(value_at(rows[0].resources, 0), "ResourceName"), "carol");
    assert_int_equal(rows[0].seq, 2);
    assert_false(rows[0].read_only);
}

static void what_is_too_old_goes(void **state)
{
    struct check_store *f = *state;
    struct history_query q = all();

    assert_int_equal(history_prune(f->s, 2000, NULL), 0);
    check_found(f, &q, "e4 e3 e2 ");
    assert_int_equal(history_prune(f->s, 2001, NULL), 0);
    q.attribute = HISTORY_RESOURCE_NAME;
    q.value = STR("carol");
    check_found(f, &q, "");
}

static void a_call_undone_leaves_the_history_alone(void **state)
{
    struct check_store *f = *state;
    struct history_row row = { .seq = 9,
                               .time_ms = 9000,
                               .account = STR("111122223333"),
                               .region = STR("us-east-1"),
                               .event_id = STR("e9"),
                               .record = STR("{}") };
    struct history_query q = all();

    store_lock(f->s);
    assert_int_equal(store_begin(f->s, NULL), 0);
    assert_int_equal(history_add(f->s, &row, 1, NULL), 0);
    assert_false(store_dirty(f->s));
    store_rollback(f->s);
    store_unlock(f->s);
    check_found(f, &q, "e9 e4 e3 e2 e1 ");
}

enum { MANY = 1000, MANY_BATCH = 37, MANY_PAGE = 50 };

/* Batches whose times overlap, every third event by dave: pages through them all, in order. */
static void pages_run_through_many_batches(void **state)
{
    struct check_store *f = *state;
    struct history_row *rows = arena_array(&f->a, MANY, sizeof *rows), *page;
    struct history_query q = all();
    size_t count, seen = 0;
    bool more = true;

    for (size_t i = 0; i < MANY; i++)
        rows[i] = (struct history_row){ .seq = 100 + i,
                                        .time_ms = 10000 + (int64_t)(i * 7919 % 401),
                                        .account = STR("111122223333"),
                                        .region = i % 5 ? STR("us-east-1") : STR("eu-west-1"),
                                        .event_id = arena_printf(&f->a, "m%zu", i),
                                        .user_name = i % 3 ? STR("erin") : STR("dave"),
                                        .record = STR("{}") };
    for (size_t i = 0; i < MANY; i += MANY_BATCH)
        assert_int_equal(
            history_add(f->s, &rows[i], MANY - i < MANY_BATCH ? MANY - i : MANY_BATCH, NULL), 0);
    q.attribute = HISTORY_USERNAME;
    q.value = STR("dave");
    q.limit = MANY_PAGE;
    while (more) {
        assert_int_equal(history_find(f->s, &f->a, &q, &page, &count, &more, NULL), 0);
        assert_true(more ? count == MANY_PAGE : count <= MANY_PAGE);
        for (size_t i = 0; i < count; i++, seen++) {
            assert_true(page[i].time_ms < q.before_time_ms ||
                        (page[i].time_ms == q.before_time_ms && page[i].seq < q.before_seq));
            check_str(page[i].user_name, "dave");
            q.before_time_ms = page[i].time_ms;
            q.before_seq = page[i].seq;
        }
    }
    assert_int_equal(seen, MANY / 3 + 1 - (MANY / 15 + 1)); /* less those of the other region */

    struct history_span span = { .last = history_reached(f->s), .limit = MANY_PAGE };
    struct history_line *lines;
    for (seen = 0, count = 1; count > 0; seen += count) {
        assert_int_equal(history_page(f->s, &f->a, &span, &lines, &count, NULL), 0);
        for (size_t i = 0; i < count; i++) { /* of both regions, in the order they came */
            assert_true(lines[i].number > span.after);
            span.after = lines[i].number;
        }
    }
    assert_int_equal(seen, MANY + 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_history, check_store_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_newest_comes_first),
        TEST(each_attribute_finds_its_own),
        TEST(a_page_goes_on_where_the_last_one_ended),
        TEST(both_ends_of_a_time_are_in_it),
        TEST(regions_and_insights_keep_apart),
        TEST(a_row_comes_back_whole),
        TEST(pages_run_through_many_batches),
        TEST(what_is_too_old_goes),
        TEST(a_call_undone_leaves_the_history_alone),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
