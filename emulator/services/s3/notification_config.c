#include "emulator/services/s3/notification_config.h"

const struct notify_kind notify_kinds[NOTIFY_WAYS] = {
    [NOTIFY_QUEUE] = { "QueueConfigurations", "QueueArn", "sqs" },
    [NOTIFY_TOPIC] = { "TopicConfigurations", "TopicArn", "sns" },
};

/* Source: S3 User Guide, "Supported event types for SQS, SNS, and Lambda". */
static const struct event {
    const char *name; /* without "s3:" */
    bool is_told;     /* false: it would have to be told, and is not */
} events[] = {
    { "ObjectCreated:*", true },
    { "ObjectCreated:Put", true },
    { "ObjectCreated:Post", true },
    { "ObjectCreated:Copy", true },
    { "ObjectCreated:CompleteMultipartUpload", true },
    { "ObjectRemoved:*", true },
    { "ObjectRemoved:Delete", true },
    { "ObjectRemoved:DeleteMarkerCreated", true },
    { "ObjectTagging:*", true },
    { "ObjectTagging:Put", true },
    { "ObjectTagging:Delete", true },
    { "ObjectAcl:Put", true },
    { "ObjectRestore:*", false },
    { "ObjectRestore:Post", false },
    { "ObjectRestore:Completed", false },
    { "ObjectRestore:Delete", false },
    /* These never happen here. */
    { "ReducedRedundancyLostObject", true },
    { "Replication:*", true },
    { "Replication:OperationFailedReplication", true },
    { "Replication:OperationMissedThreshold", true },
    { "Replication:OperationReplicatedAfterThreshold", true },
    { "Replication:OperationNotTracked", true },
    { "LifecycleExpiration:*", true },
    { "LifecycleExpiration:Delete", true },
    { "LifecycleExpiration:DeleteMarkerCreated", true },
    { "LifecycleTransition", true },
    { "IntelligentTiering", true },
};

static const struct event *event_find(struct str name)
{
    if (!str_has_prefix(name, STR("s3:")))
        return NULL;
    name = str_sub(name, 3, name.len);
    for (size_t i = 0; i < COUNT(events); i++)
        if (str_eq_c(name, events[i].name))
            return &events[i];
    return NULL;
}

/* "s3:ObjectCreated:*" is every one of its kind. */
static bool covers(struct str pattern, struct str event)
{
    pattern = str_sub(pattern, 3, pattern.len);
    if (str_has_suffix(pattern, STR("*")))
        return str_has_prefix(event, str_sub(pattern, 0, pattern.len - 1));
    return str_eq(pattern, event);
}

/* ---- filters ---- */

struct filter {
    struct str prefix, suffix;
};

static struct filter filter_of(const struct value *c)
{
    const struct value *rules =
        value_get_c(value_get_c(value_get_c(c, "Filter"), "Key"), "FilterRules");
    struct filter f = { { "", 0 }, { "", 0 } };

    for (const struct value *r = value_first(rules); r; r = r->next) {
        if (str_eq_nocase(value_get_str(r, "Name"), STR("prefix")))
            f.prefix = value_get_str(r, "Value");
        else
            f.suffix = value_get_str(r, "Value");
    }
    return f;
}

static bool takes(const struct value *c, struct str event, struct str key)
{
    struct filter f = filter_of(c);
    bool is_asked = false;

    for (const struct value *v = value_first(value_get_c(c, "Events")); v; v = v->next)
        is_asked |= covers(v->u.text, event);
    return is_asked && str_has_prefix(key, f.prefix) && str_has_suffix(key, f.suffix);
}

static void add_target(struct arena *a, struct value **list, struct str id, struct str arn)
{
    struct value *t = value_map(a);

    if (!*list)
        *list = value_list(a);
    value_put_str(a, t, "Id", id);
    value_put_str(a, t, "Arn", arn);
    value_push(*list, t);
}

struct value *notification_targets(struct arena *a, const struct value *config, const char *event,
                                   struct str key)
{
    struct value *list = NULL;

    for (size_t k = 0; config && k < NOTIFY_WAYS; k++)
        for (const struct value *c = value_first(value_get_c(config, notify_kinds[k].list)); c;
             c = c->next)
            if (takes(c, str_c(event), key))
                add_target(a, &list, value_get_str(c, "Id"), value_get_str(c, notify_kinds[k].arn));
    if (value_get_c(config, "EventBridgeConfiguration"))
        add_target(a, &list, STR(""), STR(""));
    return list;
}

/* ---- what is refused ---- */

static int check_rules(struct op *op, const struct value *c)
{
    const struct value *rules =
        value_get_c(value_get_c(value_get_c(c, "Filter"), "Key"), "FilterRules");
    int prefixes = 0, suffixes = 0;

    for (const struct value *r = value_first(rules); r; r = r->next) {
        bool is_prefix = str_eq_nocase(value_get_str(r, "Name"), STR("prefix"));
        bool is_suffix = str_eq_nocase(value_get_str(r, "Name"), STR("suffix"));

        if (!is_prefix && !is_suffix)
            return op_refuse_text(op, "InvalidArgument",
                                  "filter rule name must be either prefix or suffix");
        prefixes += is_prefix;
        suffixes += is_suffix;
    }
    if (prefixes > 1 || suffixes > 1)
        return op_refuse_text(op, "InvalidArgument",
                              "Cannot specify more than one %s rule in a filter.",
                              prefixes > 1 ? "prefix" : "suffix");
    return 1;
}

static int check_one(struct op *op, struct value *c)
{
    const struct value *asked = value_get_c(c, "Events");

    if (!value_first(asked))
        return op_refuse(op, "MalformedXML");
    for (const struct value *v = value_first(asked); v; v = v->next) {
        const struct event *e = event_find(v->u.text);

        if (!e)
            return op_refuse_text(op, "InvalidArgument",
                                  "The event '%.*s' is not supported for notifications",
                                  STR_ARG(v->u.text));
        if (!e->is_told)
            return op_refuse_text(op, "NotImplemented", "mocktrail does not tell of %.*s",
                                  STR_ARG(v->u.text));
    }
    if (value_get_str(c, "Id").len == 0) { /* S3 names one that came without */
        char *text = arena_alloc(op->a, 37);

        rng_uuid(&op->cx->rng, text);
        value_set(c, STR("Id"), value_c(op->a, text));
    }
    return check_rules(op, c);
}

static bool one_begins_the_other(struct str a, struct str b)
{
    return str_has_prefix(a, b) || str_has_prefix(b, a);
}

static bool one_ends_the_other(struct str a, struct str b)
{
    return str_has_suffix(a, b) || str_has_suffix(b, a);
}

static bool share_event(const struct value *a, const struct value *b)
{
    for (const struct value *x = value_first(value_get_c(a, "Events")); x; x = x->next)
        for (const struct value *y = value_first(value_get_c(b, "Events")); y; y = y->next)
            if (covers(x->u.text, str_sub(y->u.text, 3, y->u.text.len)) ||
                covers(y->u.text, str_sub(x->u.text, 3, x->u.text.len)))
                return true;
    return false;
}

static bool overlap(const struct value *a, const struct value *b)
{
    struct filter f = filter_of(a), g = filter_of(b);

    return share_event(a, b) && one_begins_the_other(f.prefix, g.prefix) &&
           one_ends_the_other(f.suffix, g.suffix);
}

/* Source: S3 User Guide, "Configuring event notifications using object key name filtering". */
static int check_overlap(struct op *op, const struct value **all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++)
            if (overlap(all[i], all[k]))
                return op_refuse_text(op, "InvalidArgument",
                                      "Configurations overlap. Configurations on the same bucket "
                                      "cannot share a common event type.");
    return 1;
}

static int check_ids(struct op *op, const struct value **all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++)
            if (str_eq(value_get_str(all[i], "Id"), value_get_str(all[k], "Id")))
                return op_refuse_text(op, "InvalidArgument",
                                      "Same ID used for multiple configurations. IDs must be "
                                      "unique");
    return 1;
}

int notification_check_text(struct op *op, struct value *config)
{
    size_t total = 0, count = 0;
    int rc = 1;

    if (value_first(value_get_c(config, "LambdaFunctionConfigurations")))
        return op_refuse_text(op, "NotImplemented",
                              "mocktrail notifies queues, topics and EventBridge, not functions");
    for (size_t k = 0; k < NOTIFY_WAYS; k++) {
        const struct value *list = value_get_c(config, notify_kinds[k].list);

        total += list ? list->count : 0;
    }
    const struct value **all = arena_array(op->a, total + 1, sizeof(struct value *));
    for (size_t k = 0; rc > 0 && k < NOTIFY_WAYS; k++)
        for (struct value *c = value_first(value_get_c(config, notify_kinds[k].list)); rc > 0 && c;
             c = c->next) {
            rc = check_one(op, c);
            all[count++] = c;
        }
    if (rc > 0)
        rc = check_ids(op, all, count);
    return rc <= 0 ? rc : check_overlap(op, all, count);
}
