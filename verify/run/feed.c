#include "verify/run/feed.h"

#include <time.h>

#include "core/base/clock.h"
#include "core/codec/json.h"
#include "verify/replay/post.h"
#include "verify/source/aws.h"

#define QUEUE         "mocktrail-feed"
#define GROUP         "CloudTrail/mocktrail"
#define VISIBLE_AGAIN "{\"advance\": \"13h\"}" /* no message is hidden for more than 12 hours */

enum { MESSAGES_MOST = 10, DRAIN_MOST = 1 << 20, CONFIRM_US = 10000000 };

/* ---- what each feed needs ---- */

static int call(struct world *w, struct aws_client *c, const char *target, const struct value *in,
                struct value **out, struct err *err)
{
    bool is_queue = str_has_prefix(str_c(target), STR("AmazonSQS."));

    return aws_json(c, w->arena,
                    &(struct aws_json_call){
                        .service = is_queue ? STR("sqs") : STR("logs"),
                        .target = str_c(target),
                        .content_type = is_queue ? STR("application/x-amz-json-1.0") : STR(""),
                        .body = in },
                    out, err);
}

static int open_queue(struct world *w, struct aws_client *c, struct err *err)
{
    struct value *in = value_map(w->arena), *out;

    value_put_c(w->arena, in, "QueueName", QUEUE);
    int rc = call(w, c, "AmazonSQS.CreateQueue", in, &out, err);

    if (rc < 0)
        return rc;
    w->queue_name = STR(QUEUE);
    w->queue_url = value_get_str(out, "QueueUrl");
    return w->queue_url.len > 0 ? 0 : err_set(err, E_PARSE, "CreateQueue answers no QueueUrl");
}

static int open_group(struct world *w, struct aws_client *c, struct err *err)
{
    struct value *in = value_map(w->arena), *out;

    w->log_group = STR(GROUP);
    value_put_c(w->arena, in, "logGroupName", GROUP);
    return call(w, c, "Logs_20140328.CreateLogGroup", in, &out, err);
}

/* Source: SNS API Reference, CreateTopic, Subscribe, ListSubscriptionsByTopic. */
static int ask_topic(struct world *w, struct aws_client *c, struct value *in, const char *action,
                     struct str *out, struct err *err)
{
    value_put_c(w->arena, in, "Action", action);
    value_put_c(w->arena, in, "Version", "2010-03-31");
    return aws_query(c, w->arena, STR("sns"), in, out, err);
}

static int open_topic(struct world *w, struct aws_client *c, struct err *err)
{
    struct value *in = value_map(w->arena);
    struct str out, head, rest;

    value_put_c(w->arena, in, "Name", QUEUE);
    int rc = ask_topic(w, c, in, "CreateTopic", &out, err);
    ptrdiff_t at = rc == 0 ? str_find(out, STR("<TopicArn>")) : 0;

    if (rc < 0)
        return rc;
    if (at < 0 || !str_cut(str_sub(out, (size_t)at + 10, out.len), '<', &head, &rest))
        return err_set(err, E_PARSE, "CreateTopic answers no TopicArn");
    w->topic_arn = head;
    return 0;
}

static const struct feed_row {
    const char *targets[2]; /* as --to has them, with {places}; NULL: none */
    int (*open)(struct world *w, struct aws_client *c, struct err *err);
    bool goes_first, has_queue;
} rows[FEEDS] = {
    [FEED_S3] = { { "s3:{endpoint}" }, NULL, false, false },
    [FEED_SQS] = { { "s3:{endpoint}", "sqs:{queue_url}" }, open_queue, true, true },
    [FEED_SNS] = { { "s3:{endpoint}", "sns-sqs:{queue_url}" }, open_queue, true, true },
    [FEED_GROUP] = { { "group:{endpoint}/{log_group}" }, open_group, true, false },
    [FEED_HOOK] = { { "s3:{endpoint}", "topic:{endpoint}/{topic_arn}" }, open_topic, false, false },
    [FEED_WEBHOOK] = { { "http:" }, NULL, false, false },
    [FEED_EVENTS] = { { "events:" }, NULL, false, false },
    [FEED_LOGS] = { { "logs:" }, NULL, false, false },
    [FEED_XRAY] = { { "xray:127.0.0.1:{port}" }, NULL, false, false },
};

bool feed_is_delivered(enum suite_feed f)
{
    return rows[f].targets[0] != NULL;
}

bool feed_goes_first(enum suite_feed f)
{
    return rows[f].goes_first;
}

bool feed_has_queue(enum suite_feed f)
{
    return rows[f].has_queue;
}

struct suite_words feed_targets(const struct world *w)
{
    const struct feed_row *row = &rows[w->suite->tool.feed];
    struct suite_words to = { arena_array(w->arena, COUNT(row->targets), sizeof *to.items), 0 };

    for (size_t i = 0; i < COUNT(row->targets) && row->targets[i]; i++) {
        struct str text = world_text(w, str_c(row->targets[i]));

        if (str_has_suffix(text, STR(":"))) /* the tool listens */
            text = arena_printf(w->arena, "%.*s%.*s", STR_ARG(text),
                                STR_ARG(world_text(w, w->suite->tool.url)));
        to.items[to.count++] = text;
    }
    return to;
}

int feed_open(struct world *w, struct err *err)
{
    const struct feed_row *row = &rows[w->suite->tool.feed];
    struct aws_client *c = NULL;

    if (!row->open)
        return 0;
    int rc = aws_open(&c, &(struct aws_options){ w->endpoint, w->region }, err);

    if (rc == 0)
        rc = row->open(w, c, err);
    aws_close(c);
    return rc;
}

/* Until the tool has confirmed it, or some seconds have passed: then all is missed, and says so. */
static int await_confirmation(struct world *w, struct aws_client *c, int64_t deadline_us,
                              struct err *err)
{
    int64_t until_us = clock_monotonic_us() + CONFIRM_US;
    const struct timespec nap = { 0, 50000000 };
    struct str out = STR("PendingConfirmation");
    int rc = 0;

    while (rc == 0 && str_find(out, STR("PendingConfirmation")) >= 0 &&
           clock_monotonic_us() < until_us && clock_monotonic_us() < deadline_us) {
        struct value *in = value_map(w->arena);

        (void)nanosleep(&nap, NULL); /* cut short: asked a little early */
        value_put_str(w->arena, in, "TopicArn", w->topic_arn);
        rc = ask_topic(w, c, in, "ListSubscriptionsByTopic", &out, err);
    }
    return rc;
}

int feed_subscribe(struct world *w, int64_t deadline_us, struct err *err)
{
    struct aws_client *c = NULL;
    struct value *in = value_map(w->arena);
    struct str out;

    if (w->topic_arn.len == 0)
        return 0;
    int rc = aws_open(&c, &(struct aws_options){ w->endpoint, w->region }, err);

    value_put_str(w->arena, in, "TopicArn", w->topic_arn);
    value_put_c(w->arena, in, "Protocol", "http");
    value_put_str(w->arena, in, "Endpoint", world_text(w, w->suite->tool.url));
    if (rc == 0)
        rc = ask_topic(w, c, in, "Subscribe", &out, err);
    if (rc == 0)
        rc = await_confirmation(w, c, deadline_us, err);
    aws_close(c);
    return rc;
}

/* ---- what is left in the queue ---- */

/* Every text in it that is a file's key; the notices hold JSON in texts, some twice. */
static void mark_left(struct arena *a, struct truth *t, const struct value *v)
{
    struct value *inner;

    if (v->kind == VALUE_MAP || v->kind == VALUE_LIST) {
        for (const struct value *m = value_first(v); m; m = m->next)
            mark_left(a, t, m);
    } else if (v->kind == VALUE_STRING) {
        struct truth_file *f = truth_file(t, v->u.text);

        if (f)
            f->is_left = true;
        else if (str_has_prefix(v->u.text, STR("{")) && json_parse(a, v->u.text, &inner, NULL) == 0)
            mark_left(a, t, inner);
    }
}

/* Up to ten messages, gone from the queue then. */
static int take_some(struct world *w, struct aws_client *c, struct truth *t, size_t *count,
                     struct err *err)
{
    struct arena *a = w->arena;
    struct value *in = value_map(a), *out, *gone;

    value_put_str(a, in, "QueueUrl", w->queue_url);
    value_put_int(a, in, "MaxNumberOfMessages", MESSAGES_MOST);
    int rc = call(w, c, "AmazonSQS.ReceiveMessage", in, &out, err);

    *count = 0;
    for (const struct value *m = rc == 0 ? value_first(value_get_c(out, "Messages")) : NULL;
         m && rc == 0; m = m->next) {
        struct value *body = value_map(a);

        mark_left(a, t, value_get_c(m, "Body"));
        value_put_str(a, body, "QueueUrl", w->queue_url);
        value_put_str(a, body, "ReceiptHandle", value_get_str(m, "ReceiptHandle"));
        rc = call(w, c, "AmazonSQS.DeleteMessage", body, &gone, err);
        ++*count;
    }
    return rc;
}

/* No faults any more, and later: what the tool has received and kept is there again. */
static int show_all_again(struct world *w, struct err *err)
{
    static const struct {
        const char *path, *body;
        int (*send)(struct post *, struct str, struct err *);
    } steps[] = { { "faults", "{\"rules\":[]}", post_put }, { "clock", VISIBLE_AGAIN, post_send } };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < COUNT(steps); i++) {
        struct post *p;

        rc = post_open(
            &p, arena_printf(w->arena, "%.*s/_mocktrail/%s", STR_ARG(w->endpoint), steps[i].path),
            err);
        if (rc < 0)
            return rc;
        rc = steps[i].send(p, str_c(steps[i].body), err);
        post_close(p);
    }
    return rc;
}

int feed_close(struct world *w, struct truth *t, struct err *err)
{
    struct aws_client *c = NULL;
    size_t count = 1;

    if (!feed_has_queue(w->suite->tool.feed) || w->queue_url.len == 0)
        return 0;
    int rc = show_all_again(w, err);

    if (rc == 0)
        rc = aws_open(&c, &(struct aws_options){ w->endpoint, w->region }, err);
    for (size_t all = 0; rc == 0 && count > 0 && all < DRAIN_MOST; all += count)
        rc = take_some(w, c, t, &count, err);
    aws_close(c);
    return rc;
}
