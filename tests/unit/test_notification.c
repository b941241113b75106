#include "core/codec/json.h"
#include "emulator/services/s3/notification_config.h"
#include "tests/unit/check.h"

/* Source of the rows: S3 User Guide, "Configuring event notifications using object key name
 * filtering" and "Supported event types". Single quotes stand for double ones. */
#define QUEUE(events, filter)                                                                      \
    "{'QueueConfigurations':[{'Id':'q','QueueArn':'Q','Events':[" events "]" filter "}]}"
#define KEY(rules) ",'Filter':{'Key':{'FilterRules':[" rules "]}}"

static const struct target_case {
    const char *name, *config, *event, *key;
    const char *targets; /* ARNs; EventBridge is - */
} cases[] = {
    { "no configuration", "{}", "ObjectCreated:Put", "k", "" },
    { "every kind of one", QUEUE("'s3:ObjectCreated:*'", ""), "ObjectCreated:Copy", "k", "Q" },
    { "the very kind", QUEUE("'s3:ObjectCreated:Put'", ""), "ObjectCreated:Put", "k", "Q" },
    { "another kind", QUEUE("'s3:ObjectCreated:Put'", ""), "ObjectCreated:Post", "k", "" },
    { "another kind's all", QUEUE("'s3:ObjectRemoved:*'", ""), "ObjectCreated:Put", "k", "" },
    { "one of several", QUEUE("'s3:ObjectRemoved:*','s3:ObjectCreated:Put'", ""),
      "ObjectCreated:Put", "k", "Q" },
    { "a prefix", QUEUE("'s3:ObjectCreated:*'", KEY("{'Name':'prefix','Value':'logs/'}")),
      "ObjectCreated:Put", "logs/k", "Q" },
    { "another prefix", QUEUE("'s3:ObjectCreated:*'", KEY("{'Name':'prefix','Value':'logs/'}")),
      "ObjectCreated:Put", "log/k", "" },
    { "a suffix, named in capitals",
      QUEUE("'s3:ObjectCreated:*'", KEY("{'Name':'Suffix','Value':'.gz'}")), "ObjectCreated:Put",
      "k.gz", "Q" },
    { "both must hold",
      QUEUE("'s3:ObjectCreated:*'",
            KEY("{'Name':'prefix','Value':'a'},{'Name':'suffix','Value':'z'}")),
      "ObjectCreated:Put", "a-y", "" },
    { "case counts", QUEUE("'s3:ObjectCreated:*'", KEY("{'Name':'suffix','Value':'.gz'}")),
      "ObjectCreated:Put", "k.GZ", "" },
    { "EventBridge takes all", "{'EventBridgeConfiguration':{}}", "ObjectAcl:Put", "k", "-" },
    { "all who ask",
      "{'QueueConfigurations':[{'Id':'q','QueueArn':'Q','Events':['s3:ObjectCreated:*']}],"
      "'TopicConfigurations':[{'Id':'t','TopicArn':'T','Events':['s3:ObjectCreated:*']}],"
      "'EventBridgeConfiguration':{}}",
      "ObjectCreated:Put", "k", "Q T -" },
};

static void check_targets(void **state)
{
    const struct target_case *c = *state;
    struct arena a = { 0 };
    struct str text = arena_copy(&a, str_c(c->config));
    struct value *config;
    struct buf got = { 0 };

    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\'')
            ((char *)text.ptr)[i] = '"';
    assert_int_equal(json_parse(&a, text, &config, NULL), 0);
    const struct value *list = notification_targets(&a, config, c->event, str_c(c->key));
    for (const struct value *t = value_first(list); t; t = t->next) {
        struct str arn = value_get_str(t, "Arn");

        buf_printf(&got, got.len > 0 ? " %.*s" : "%.*s", STR_ARG(arn.len > 0 ? arn : STR("-")));
    }
    check_str(buf_view(&got), c->targets);
    assert_true(list == NULL || list->count > 0);
    buf_free(&got);
    arena_free(&a);
}

int main(void)
{
    struct check_suite suite = { 0 };

    CHECK_ROWS(&suite, cases, check_targets);
    return check_run(&suite, "notification");
}
