/* The input is a policy and, behind a line feed, a message. A filter policy that is accepted can be
 * asked, the same way twice; a delivery policy that is accepted gives pauses within its limits. */
#include <assert.h>

#include "emulator/services/sns/topic.h"
#include "tests/fuzz/fuzz.h"

static void ask_filter(struct arena *a, struct str policy, const char *scope, struct str message)
{
    struct value *subscription = value_map(a), *attributes = value_map(a), *v = value_map(a);
    struct value *given = value_map(a);
    struct err err = { 0 };

    if (sns_filter_check(a, policy, str_c(scope), &err) < 0) {
        assert(err.code == E_PARSE && err.text[0]);
        return;
    }
    value_put_str(a, attributes, "FilterPolicy", policy);
    value_put_c(a, attributes, "FilterPolicyScope", scope);
    value_set(subscription, STR("Attributes"), attributes);
    value_put_c(a, v, "DataType", "String.Array");
    value_put_str(a, v, "StringValue", message);
    value_set(given, STR("a"), v);
    assert(sns_filter_takes(a, subscription, given, message) ==
           sns_filter_takes(a, subscription, given, message));
}

static void ask_delays(struct arena *a, struct str policy)
{
    struct value *subscription = value_map(a), *attributes = value_map(a), *topic = value_map(a);
    struct sns_topic t = { .doc = topic };
    int64_t delays[SNS_RETRIES_MOST];

    if (sns_policy_check(a, policy, false, NULL) < 0)
        return;
    value_put_str(a, attributes, "DeliveryPolicy", policy);
    value_set(subscription, STR("Attributes"), attributes);
    size_t count = sns_policy_delays(a, &t, subscription, delays);
    assert(count <= SNS_RETRIES_MOST);
    for (size_t i = 0; i < count; i++)
        assert(delays[i] >= 0 && delays[i] <= 3600 * 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str policy, message, input = { (const char *)data, size };
    struct arena a = { 0 };

    (void)str_cut(input, '\n', &policy, &message); /* no message: an empty one */
    ask_filter(&a, policy, "", message);
    ask_filter(&a, policy, "MessageBody", message);
    ask_delays(&a, policy);
    (void)sns_policy_check(&a, policy, true, NULL); /* must only not crash */
    arena_free(&a);
    return 0;
}
