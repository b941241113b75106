/* Filter policies: event patterns over a message's attributes or its body, within SNS's limits.
 * Source: SNS Developer Guide, "Amazon SNS subscription filter policies" and "Filter policy
 * constraints". */
#include "core/codec/json.h"
#include "emulator/services/events/pattern.h"
#include "emulator/services/sns/topic.h"

#define KEYS_MOST         5
#define COMBINATIONS_MOST 150

/* What EventBridge knows and SNS does not. */
static const char *const foreign[] = { "wildcard" };

static bool has_foreign(const struct value *v)
{
    for (const struct value *k = value_first(v); k; k = k->next) {
        for (size_t i = 0; v->kind == VALUE_MAP && i < COUNT(foreign); i++)
            if (str_eq_c(k->name, foreign[i]))
                return true;
        if (has_foreign(k))
            return true;
    }
    return false;
}

/* Values of a key times those of the others, times the depth of each.
 * Source: "Filter policy constraints", complexity. */
static int64_t combinations(const struct value *map, int64_t depth)
{
    int64_t total = 1;

    for (const struct value *v = value_first(map); v; v = v->next) {
        int64_t n = 1;

        if (v->kind == VALUE_MAP)
            n = combinations(v, depth + 1);
        else if (v->kind == VALUE_LIST && !str_eq_c(v->name, "$or"))
            n = (int64_t)v->count * depth;
        total = n > 0 && total <= COMBINATIONS_MOST ? total * n : total;
    }
    return total;
}

static bool is_nested(const struct value *policy)
{
    for (const struct value *v = value_first(policy); v; v = v->next)
        if (v->kind == VALUE_MAP)
            return true;
    return false;
}

int sns_filter_check(struct arena *a, struct str text, struct str scope, struct err *err)
{
    const struct event_pattern *pattern;
    struct err why = { 0 };
    struct value *policy;

    if (json_parse(a, text, &policy, NULL) < 0 || policy->kind != VALUE_MAP)
        return err_set(err, E_PARSE, "FilterPolicy: failed to parse JSON.");
    if (policy->count == 0)
        return 0;
    if (policy->count > KEYS_MOST)
        return err_set(err, E_PARSE, "FilterPolicy: Filter policy can not have more than 5 keys");
    if (!str_eq_c(scope, "MessageBody") && is_nested(policy))
        return err_set(err, E_PARSE,
                       "Filter policy scope MessageAttributes does not support nested "
                       "filter policy");
    if (has_foreign(policy))
        return err_set(err, E_PARSE, "FilterPolicy: Unrecognized match type wildcard");
    if (combinations(policy, 1) > COMBINATIONS_MOST)
        return err_set(err, E_PARSE, "FilterPolicy: Filter policy is too complex");
    if (event_pattern_compile(a, policy, &pattern, &why) < 0)
        return err_set(err, E_PARSE, "FilterPolicy: %s", why.text);
    return 0;
}

/* An attribute as a value that patterns know; NULL: bytes, which none matches.
 * Source: SNS Developer Guide, "String value matching", "Numeric value matching". */
static struct value *value_of(struct arena *a, const struct value *attribute)
{
    struct str type = value_get_str(attribute, "DataType");
    struct str text = value_get_str(attribute, "StringValue");
    struct value *parsed;

    if (str_eq_c(type, "String.Array"))
        return json_parse(a, text, &parsed, NULL) == 0 ? parsed : NULL;
    if (str_has_prefix(type, STR("Number")))
        return json_parse(a, text, &parsed, NULL) == 0 ? parsed : value_str(a, text);
    return str_has_prefix(type, STR("Binary")) ? NULL : value_str(a, text);
}

static struct value *tree_of(struct arena *a, const struct value *attributes)
{
    struct value *tree = value_map(a);

    for (const struct value *v = value_first(attributes); v; v = v->next) {
        struct value *item = value_of(a, v);

        if (item)
            value_set(tree, v->name, item);
    }
    return tree;
}

bool sns_filter_takes(struct arena *a, const struct value *subscription,
                      const struct value *attributes, struct str message)
{
    struct str text = sns_setting(subscription, "FilterPolicy");
    const struct event_pattern *pattern;
    struct value *policy, *tree;

    if (text.len == 0 || json_parse(a, text, &policy, NULL) < 0 || policy->count == 0 ||
        event_pattern_compile(a, policy, &pattern, NULL) < 0)
        return true; /* checked when it was set */
    if (!str_eq_c(sns_setting(subscription, "FilterPolicyScope"), "MessageBody"))
        return event_pattern_matches(pattern, tree_of(a, attributes));
    return json_parse(a, message, &tree, NULL) == 0 && tree->kind == VALUE_MAP &&
           event_pattern_matches(pattern, tree);
}
