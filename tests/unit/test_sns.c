#include "core/codec/json.h"
#include "emulator/services/sns/topic.h"
#include "tests/unit/check.h"

/* Sources, by their letter in a row:
 * F  SNS Developer Guide, "Amazon SNS subscription filter policies": "String value matching",
 *    "Numeric value matching", "Key matching"
 * C  the same, "Filter policy constraints"
 * S  the same, "Filter policy scope"
 * D  the same, "Creating an HTTP/S delivery policy" */

/* Single quotes stand for double ones. */
static struct str quoted(struct arena *a, const char *text)
{
    struct str s = arena_copy(a, str_c(text));

    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '\'')
            ((char *)s.ptr)[i] = '"';
    return s;
}

/* ---- what a subscription takes ---- */

static const struct take_case {
    const char *name, *policy, *scope;
    const char *type, *value; /* of the attribute "a", or NULL: none */
    const char *message;
    bool takes;
} takes[] = {
    { "F no policy takes all", "", "", NULL, NULL, "m", true },
    { "C an empty policy takes all", "{}", "", NULL, NULL, "m", true },
    { "F a text", "{'a':['x','y']}", "", "String", "y", "m", true },
    { "F another text", "{'a':['x']}", "", "String", "z", "m", false },
    { "F no such attribute", "{'a':['x']}", "", NULL, NULL, "m", false },
    { "F a labelled String is a String", "{'a':['x']}", "", "String.mine", "x", "m", true },
    { "F one of an array", "{'a':['x']}", "", "String.Array", "[\"w\",\"x\"]", "m", true },
    { "F none of an array", "{'a':['x']}", "", "String.Array", "[\"w\"]", "m", false },
    { "F an array's number", "{'a':[7]}", "", "String.Array", "[7]", "m", true },
    { "F a number", "{'a':[{'numeric':['=',301.5]}]}", "", "Number", "3.015e2", "m", true },
    { "F a range", "{'a':[{'numeric':['>',0,'<=',150]}]}", "", "Number", "150", "m", true },
    { "F outside of the range", "{'a':[{'numeric':['>',0,'<=',150]}]}", "", "Number", "151", "m",
      false },
    { "F a text is no number", "{'a':[{'numeric':['=',1]}]}", "", "String", "1", "m", false },
    { "F bytes match nothing", "{'a':[{'prefix':''}]}", "", "Binary", "x", "m", false },
    { "F but bytes are no attribute that exists", "{'a':[{'exists':false}]}", "", "Binary", "x",
      "m", true },
    { "F anything but", "{'a':[{'anything-but':['x','y']}]}", "", "String", "z", "m", true },
    { "F anything but a prefix", "{'a':[{'anything-but':{'prefix':'x'}}]}", "", "String", "xy", "m",
      false },
    { "F ignoring case", "{'a':[{'equals-ignore-case':'TeNNis'}]}", "", "String", "tennis", "m",
      true },
    { "F an address", "{'a':[{'cidr':'10.0.0.0/24'}]}", "", "String", "10.0.0.9", "m", true },
    { "F a prefix", "{'a':[{'prefix':'bas'}]}", "", "String", "baseball", "m", true },
    { "F a suffix", "{'a':[{'suffix':'ball'}]}", "", "String", "baseball", "m", true },
    { "F it exists", "{'a':[{'exists':true}]}", "", "String", "x", "m", true },
    { "F either", "{'$or':[{'b':['x']},{'a':['y']}]}", "", "String", "y", "m", true },
    { "S the body", "{'a':{'b':['x']}}", "MessageBody", NULL, NULL, "{'a':{'b':'x'}}", true },
    { "S another body", "{'a':{'b':['x']}}", "MessageBody", NULL, NULL, "{'a':{'b':'y'}}", false },
    { "S attributes do not count then", "{'a':['x']}", "MessageBody", "String", "x", "{}", false },
    { "S a body that is no JSON", "{'a':['x']}", "MessageBody", NULL, NULL, "a: x", false },
    { "S a body that is no object", "{'a':['x']}", "MessageBody", NULL, NULL, "['x']", false },
};

static struct value *attributes_of(struct arena *a, const struct take_case *c)
{
    struct value *all = value_map(a), *v = value_map(a);

    if (!c->type)
        return NULL;
    value_put_c(a, v, "DataType", c->type);
    value_put_c(a, v, "StringValue", c->value);
    value_set(all, STR("a"), v);
    return all;
}

static void check_take(void **state)
{
    const struct take_case *c = *state;
    struct arena a = { 0 };
    struct value *subscription = value_map(&a), *attributes = value_map(&a);

    value_set(subscription, STR("Attributes"), attributes);
    value_put_str(&a, attributes, "FilterPolicy", quoted(&a, c->policy));
    value_put_c(&a, attributes, "FilterPolicyScope", c->scope);
    assert_int_equal(
        sns_filter_takes(&a, subscription, attributes_of(&a, c), quoted(&a, c->message)), c->takes);
    arena_free(&a);
}

/* ---- what is no policy ---- */

static const struct policy_case {
    const char *name, *policy, *scope;
    int rc;
} policies[] = {
    { "F the guide's own", "{'store':['example_corp'],'event':[{'anything-but':'x'}]}", "", 0 },
    { "S nested, of the body", "{'a':{'b':{'c':['x']}}}", "MessageBody", 0 },
    { "S nested, of attributes", "{'a':{'b':['x']}}", "", E_PARSE },
    { "C five keys", "{'a':[1],'b':[1],'c':[1],'d':[1],'e':[1]}", "", 0 },
    { "C six keys", "{'a':[1],'b':[1],'c':[1],'d':[1],'e':[1],'f':[1]}", "", E_PARSE },
    { "C 150 combinations",
      "{'a':[1,2,3,4,5,6,7,8,9,10],'b':[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]}", "", 0 },
    { "C 156 combinations",
      "{'a':[1,2,3,4,5,6,7,8,9,10,11,12,13],'b':[1,2,3,4,5,6,7,8,9,10,11,12]}", "", E_PARSE },
    { "C depth counts", "{'a':{'b':{'c':[1,2,3,4,5,6,7,8,9,10]}},'d':[1,2,3,4,5,6]}", "MessageBody",
      E_PARSE },
    { "F wildcards are EventBridge's", "{'a':[{'wildcard':'x*'}]}", "", E_PARSE },
    { "F an unknown comparison", "{'a':[{'like':'x'}]}", "", E_PARSE },
    { "F a value outside of a list", "{'a':'x'}", "", E_PARSE },
    { "F an empty list", "{'a':[]}", "", E_PARSE },
    { "F a range without a number", "{'a':[{'numeric':['<','1']}]}", "", E_PARSE },
    { "F no object", "['a']", "", E_PARSE },
    { "F no JSON", "{", "", E_PARSE },
};

static void check_policy(void **state)
{
    const struct policy_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };

    assert_int_equal(sns_filter_check(&a, quoted(&a, c->policy), str_c(c->scope), &err), c->rc);
    assert_int_equal(err.code, c->rc);
    arena_free(&a);
}

/* ---- retries ---- */

static const struct retry_case {
    const char *name, *topics, *subscriptions;
    const char *delays; /* seconds */
} retries[] = {
    { "D by default three, each after 20 seconds", "", "", "20 20 20" },
    { "D the subscription's own", "", "{'healthyRetryPolicy':{'numRetries':1}}", "20" },
    { "D none", "", "{'healthyRetryPolicy':{'numRetries':0}}", "" },
    { "D the topic's", "{'http':{'defaultHealthyRetryPolicy':{'numRetries':2,'minDelayTarget':5}}}",
      "", "5 20" },
    { "D the topic may forbid the subscription's",
      "{'http':{'defaultHealthyRetryPolicy':{'numRetries':1},'disableSubscriptionOverrides':true}}",
      "{'healthyRetryPolicy':{'numRetries':2}}", "20" },
    { "D the four phases", "",
      "{'healthyRetryPolicy':{'numRetries':9,'numNoDelayRetries':2,'numMinDelayRetries':1,"
      "'numMaxDelayRetries':2,'minDelayTarget':1,'maxDelayTarget':13}}",
      "0 0 1 1 5 9 13 13 13" },
    { "D a geometric backoff", "",
      "{'healthyRetryPolicy':{'numRetries':5,'minDelayTarget':1,'maxDelayTarget':16,"
      "'backoffFunction':'geometric'}}",
      "1 2 4 8 16" },
};

static void check_retry(void **state)
{
    const struct retry_case *c = *state;
    struct arena a = { 0 };
    struct value *topic = value_map(&a), *subscription = value_map(&a), *v = value_map(&a);
    struct sns_topic t = { .doc = topic };
    int64_t delays[SNS_RETRIES_MOST];
    struct buf got = { 0 };

    value_put_str(&a, v, "DeliveryPolicy", quoted(&a, c->topics));
    value_set(topic, STR("Attributes"), v);
    v = value_map(&a);
    value_put_str(&a, v, "DeliveryPolicy", quoted(&a, c->subscriptions));
    value_set(subscription, STR("Attributes"), v);
    size_t count = sns_policy_delays(&a, &t, subscription, delays);
    for (size_t i = 0; i < count; i++)
        buf_printf(&got, i == 0 ? "%lld" : " %lld", (long long)((delays[i] + 500) / 1000));
    check_str(buf_view(&got), c->delays);
    buf_free(&got);
    arena_free(&a);
}

static const struct refused_case {
    const char *name, *policy;
    bool is_topics;
    int rc;
} refused[] = {
    { "D the default is good", sns_policy_default, true, 0 },
    { "D a good one", "{'healthyRetryPolicy':{'numRetries':50}}", false, 0 },
    { "D more than 100 retries", "{'healthyRetryPolicy':{'numRetries':101}}", false, E_PARSE },
    { "D a delay of nothing", "{'healthyRetryPolicy':{'minDelayTarget':0}}", false, E_PARSE },
    { "D the least above the greatest", "{'healthyRetryPolicy':{'minDelayTarget':30}}", false,
      E_PARSE },
    { "D phases longer than the whole",
      "{'healthyRetryPolicy':{'numRetries':1,'numNoDelayRetries':2}}", false, E_PARSE },
    { "D an unknown backoff", "{'healthyRetryPolicy':{'backoffFunction':'random'}}", false,
      E_PARSE },
    { "D throttling is not done", "{'throttlePolicy':{'maxReceivesPerSecond':1}}", false, E_PARSE },
    { "D a topic's throttling neither", "{'http':{'defaultThrottlePolicy':{}}}", true, E_PARSE },
    { "D no JSON", "{", false, E_PARSE },
};

static void check_refused(void **state)
{
    const struct refused_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };

    assert_int_equal(sns_policy_check(&a, quoted(&a, c->policy), c->is_topics, &err), c->rc);
    assert_int_equal(err.code, c->rc);
    arena_free(&a);
}

int main(void)
{
    struct check_suite suite = { 0 };

    CHECK_ROWS(&suite, takes, check_take);
    CHECK_ROWS(&suite, policies, check_policy);
    CHECK_ROWS(&suite, retries, check_retry);
    CHECK_ROWS(&suite, refused, check_refused);
    return check_run(&suite, "sns");
}
