#include "emulator/services/sqs/message.h"
#include "tests/unit/check.h"

/* ---- URLs ---- */

static const struct url_case {
    const char *name, *url, *account, *queue; /* queue NULL: no address */
} urls[] = {
    { "ours", "http://127.0.0.1:4566/111122223333/q", "111122223333", "q" },
    { "AWS's", "https://sqs.eu-west-1.amazonaws.com/111122223333/q.fifo", "111122223333",
      "q.fifo" },
    { "a path, as a query call has it", "/111122223333/q", "111122223333", "q" },
    { "a slash at the end", "http://h/111122223333/q/", "111122223333", "q" },
    { "something before the account", "http://h/queue/us-east-1/111122223333/q", "111122223333",
      "q" },
    { "a bare name", "q", "", "q" },
    { "no account", "http://h/q", NULL, NULL },
    { "an account of letters", "http://h/default/q", NULL, NULL },
    { "no name", "http://h/", NULL, NULL },
    { "nothing", "", NULL, NULL },
};

static void check_url(void **state)
{
    const struct url_case *c = *state;
    struct str account, name;

    assert_int_equal(sqs_url_parts(str_c(c->url), &account, &name), c->queue != NULL);
    if (c->queue) {
        check_str(account, c->account);
        check_str(name, c->queue);
    }
}

/* ---- sums of attributes ---- */

static const struct sum_case {
    const char *name, *attribute, *type, *text, *sum;
} sums[] = {
    /* Source: moto's tests, sums that AWS answered. */
    { "a number", "timestamp", "Number", "1493147359900", "235c5c510d26fb653d073faed50ae77c" },
    { "a number with a label", "timestamp", "Number.java.lang.Long", "1493147359900",
      "2e2e4876d8e0bd6b8c2c8f556831c349" },
};

static void check_sum(void **state)
{
    const struct sum_case *c = *state;
    struct arena a = { 0 };
    struct value *all = value_map(&a), *v = value_map(&a);

    value_put_c(&a, v, "DataType", c->type);
    value_put_c(&a, v, "StringValue", c->text);
    value_set(all, str_c(c->attribute), v);
    check_str(sqs_md5_attributes(&a, all), c->sum);
    assert_int_equal(sqs_md5_attributes(&a, value_map(&a)).len, 0);
    arena_free(&a);
}

/* ---- receipt handles ---- */

static struct sqs_queue queue_of(struct arena *a, const char *name, int64_t created_ms)
{
    struct value *doc = value_map(a);

    value_put_time(a, doc, "Created", created_ms);
    return sqs_queue_of(a,
                        (struct doc_key){ STR("111122223333"), STR("us-east-1"), STR("sqs"),
                                          STR("Queue"), str_c(name) },
                        doc);
}

static void a_handle_names_one_receive_of_one_queue(void **state)
{
    struct arena a = { 0 };
    struct rng rng;
    struct sqs_queue q = queue_of(&a, "q", 1), other = queue_of(&a, "other", 1);
    struct sqs_queue later = queue_of(&a, "q", 2);
    struct sqs_handle h = { .sent_ms = 1767603600000, .number = 42, .count = 3 }, got;

    (void)state;
    rng_init(&rng, 1, 1);
    struct str text = sqs_handle_write(&a, &q, &h, &rng);
    assert_true(sqs_handle_read(&a, &q, text, &got));
    assert_int_equal(got.sent_ms, h.sent_ms);
    assert_int_equal(got.number, h.number);
    assert_int_equal(got.count, h.count);
    assert_false(sqs_handle_read(&a, &other, text, &got));
    assert_false(sqs_handle_read(&a, &later, text, &got));
    assert_false(str_eq(text, sqs_handle_write(&a, &q, &h, &rng)));
    for (size_t i = 0; i < text.len; i += 7) /* cut anywhere: refused, or what was written */
        if (sqs_handle_read(&a, &q, str_sub(text, 0, i), &got))
            assert_int_equal(got.number, h.number);
    arena_free(&a);
}

/* ---- defaults ---- */

static void attributes_have_defaults(void **state)
{
    struct arena a = { 0 };
    struct sqs_queue q = queue_of(&a, "q", 1), fifo = queue_of(&a, "q.fifo", 1);

    (void)state;
    check_str(sqs_attribute(&q, "VisibilityTimeout"), "30");
    check_str(sqs_attribute(&q, "FifoQueue"), "");
    check_str(sqs_attribute(&fifo, "FifoQueue"), "true");
    check_str(sqs_attribute(&fifo, "ContentBasedDeduplication"), "false");
    check_str(sqs_attribute(&q, "KmsDataKeyReusePeriodSeconds"), "");
    assert_int_equal(sqs_attribute_int(&q, "MessageRetentionPeriod"), 345600);
    assert_true(sqs_attribute_is(&q, "SqsManagedSseEnabled"));
    check_str(q.arn, "arn:aws:sqs:us-east-1:111122223333:q");
    arena_free(&a);
}

int main(void)
{
    struct check_suite suite = { 0 };

    CHECK_ROWS(&suite, urls, check_url);
    CHECK_ROWS(&suite, sums, check_sum);
    check_add(&suite, "a handle names one receive of one queue",
              a_handle_names_one_receive_of_one_queue);
    check_add(&suite, "attributes have defaults", attributes_have_defaults);
    return check_run(&suite, "sqs");
}
