/* How often a delivery by HTTP is tried again, and after which pauses.
 * Source: SNS Developer Guide, "Creating an HTTP/S delivery policy". */
#include <math.h>

#include "core/codec/json.h"
#include "emulator/services/sns/topic.h"

const char sns_policy_default[] =
    "{\"http\":{\"defaultHealthyRetryPolicy\":{\"minDelayTarget\":20,\"maxDelayTarget\":20,"
    "\"numRetries\":3,\"numMaxDelayRetries\":0,\"numNoDelayRetries\":0,\"numMinDelayRetries\":0,"
    "\"backoffFunction\":\"linear\"},\"disableSubscriptionOverrides\":false}}";

static const struct {
    const char *name;
    int64_t least, most, fallback;
} numbers[] = {
    { "minDelayTarget", 1, 3600, 20 },   { "maxDelayTarget", 1, 3600, 20 },
    { "numRetries", 0, 100, 3 },         { "numNoDelayRetries", 0, 100, 0 },
    { "numMinDelayRetries", 0, 100, 0 }, { "numMaxDelayRetries", 0, 100, 0 },
};
enum { MIN_DELAY, MAX_DELAY, RETRIES, NO_DELAY, AT_MIN, AT_MAX };

static int64_t number(const struct value *policy, int which)
{
    return value_get_int(policy, numbers[which].name, numbers[which].fallback);
}

static const char *const functions[] = { "linear", "arithmetic", "geometric", "exponential" };

static int check_members(const struct value *map, const char *const *known, size_t count,
                         struct err *err)
{
    for (const struct value *v = value_first(map); v; v = v->next) {
        bool found = false;

        for (size_t i = 0; i < count; i++)
            found |= str_eq_c(v->name, known[i]);
        if (!found)
            return err_set(err, E_PARSE, "DeliveryPolicy: mocktrail does not do %.*s.",
                           STR_ARG(v->name));
    }
    return 0;
}

static int check_retry(const struct value *retry, struct err *err)
{
    struct str function = value_get_str(retry, "backoffFunction");
    const char *members[COUNT(numbers) + 1] = { "backoffFunction" };
    bool known = function.len == 0;

    for (size_t i = 0; i < COUNT(numbers); i++)
        members[i + 1] = numbers[i].name;
    int rc = check_members(retry, members, COUNT(members), err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        int64_t n = number(retry, (int)i);

        if (n < numbers[i].least || n > numbers[i].most)
            return err_set(err, E_PARSE, "DeliveryPolicy: %s must be between %lld and %lld.",
                           numbers[i].name, (long long)numbers[i].least,
                           (long long)numbers[i].most);
    }
    for (size_t i = 0; i < COUNT(functions); i++)
        known |= str_eq_c(function, functions[i]);
    if (!known)
        return err_set(err, E_PARSE, "DeliveryPolicy: backoffFunction is not known.");
    if (number(retry, MIN_DELAY) > number(retry, MAX_DELAY))
        return err_set(err, E_PARSE,
                       "DeliveryPolicy: minDelayTarget must be less than maxDelayTarget.");
    if (number(retry, NO_DELAY) + number(retry, AT_MIN) + number(retry, AT_MAX) >
        number(retry, RETRIES))
        return err_set(err, E_PARSE,
                       "DeliveryPolicy: numRetries must be at least the sum of the "
                       "retries without delay, at the least and at the greatest.");
    return 0;
}

int sns_policy_check(struct arena *a, struct str text, bool is_topics, struct err *err)
{
    static const char *const topics[] = { "defaultHealthyRetryPolicy",
                                          "disableSubscriptionOverrides" };
    static const char *const protocols[] = { "http" };
    static const char *const subscriptions[] = { "healthyRetryPolicy" };
    struct value *policy;
    int rc;

    if (json_parse(a, text, &policy, NULL) < 0 || policy->kind != VALUE_MAP)
        return err_set(err, E_PARSE, "DeliveryPolicy: failed to parse JSON.");
    if (!is_topics) {
        rc = check_members(policy, subscriptions, COUNT(subscriptions), err);
        return rc < 0 ? rc : check_retry(value_get_c(policy, "healthyRetryPolicy"), err);
    }
    const struct value *http = value_get_c(policy, "http");
    rc = check_members(policy, protocols, COUNT(protocols), err);
    if (rc == 0)
        rc = check_members(http, topics, COUNT(topics), err);
    return rc < 0 ? rc : check_retry(value_get_c(http, "defaultHealthyRetryPolicy"), err);
}

static const struct value *parse(struct arena *a, struct str text)
{
    struct value *v = NULL;

    return text.len > 0 && json_parse(a, text, &v, NULL) == 0 ? v : NULL;
}

/* Between the retries at the least delay and those at the greatest it grows: in equal steps, or by
 * an equal factor. What AWS calls arithmetic and exponential is not defined: the same two. */
static int64_t growing(const struct value *retry, int64_t i, int64_t count)
{
    double least = (double)number(retry, MIN_DELAY), most = (double)number(retry, MAX_DELAY);
    struct str function = value_get_str(retry, "backoffFunction");
    double part = count > 1 ? (double)i / (double)(count - 1) : 0;

    if (str_eq_c(function, "geometric") || str_eq_c(function, "exponential"))
        return (int64_t)(least * pow(most / least, part) * 1000);
    return (int64_t)((least + (most - least) * part) * 1000);
}

size_t sns_policy_delays(struct arena *a, const struct sns_topic *t,
                         const struct value *subscription, int64_t out[SNS_RETRIES_MOST])
{
    const struct value *http = value_get_c(parse(a, sns_attribute(t, "DeliveryPolicy")), "http");
    const struct value *retry = value_get_c(http, "defaultHealthyRetryPolicy"), *own;
    size_t count = 0;

    own = value_get_c(parse(a, sns_setting(subscription, "DeliveryPolicy")), "healthyRetryPolicy");
    if (own && !value_get_bool(http, "disableSubscriptionOverrides", false))
        retry = own;
    int64_t total = number(retry, RETRIES), none = number(retry, NO_DELAY);
    int64_t at_min = number(retry, AT_MIN), at_max = number(retry, AT_MAX);
    int64_t grows = total - none - at_min - at_max;
    for (int64_t i = 0; i < total && count < SNS_RETRIES_MOST; i++) {
        int64_t delay_ms = number(retry, MAX_DELAY) * 1000;

        if (i < none)
            delay_ms = 0;
        else if (i < none + at_min)
            delay_ms = number(retry, MIN_DELAY) * 1000;
        else if (i < none + at_min + grows)
            delay_ms = growing(retry, i - none - at_min, grows);
        out[count++] = delay_ms;
    }
    return count;
}
