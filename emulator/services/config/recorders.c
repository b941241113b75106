/* AWS Config's recorder and delivery channel: one of each in an account and region, and whether the
 * recorder was started. Configuration items are not made here: a started recorder stays pending.
 * Source: AWS Config API Reference, each operation's "Errors".
 */
#include "emulator/services/job.h"

/* A kind of thing of which there is one: its type, what lists are called, the refusals. */
struct single {
    const char *type, *names, *absent, *many;
};
static const struct single recorder = { "ConfigurationRecorder", "ConfigurationRecorderNames",
                                        "NoSuchConfigurationRecorderException",
                                        "MaxNumberOfConfigurationRecordersExceededException" };
static const struct single channel = { "DeliveryChannel", "DeliveryChannelNames",
                                       "NoSuchDeliveryChannelException",
                                       "MaxNumberOfDeliveryChannelsExceededException" };

/* The one that is there, or NULL. */
static struct value *only(struct job *j, const struct single *s)
{
    struct doc *docs;

    return job_list(j, s->type, STR(""), &docs) > 0 ? docs[0].value : NULL;
}

/* The one of that name; NULL: refused, or a failure. */
static struct value *named(struct job *j, const struct single *s, struct str name)
{
    struct value *doc = job_get(j, s->type, name);

    if (!doc && j->rc == 0)
        (void)job_refuse(j, s->absent, "Cannot find %s with the specified name '%.*s'.", s->type,
                         STR_ARG(name));
    return doc;
}

/* Put the parameter's structure; what the old one holds of our own ('_') stays. */
static int put(struct job *j, const struct single *s)
{
    const struct value *old = only(j, s);
    struct value *doc = value_copy(j->a, param(j->call, s->type));
    struct str name = value_get_str(doc, "name");

    if (name.len == 0) {
        name = STR("default");
        value_put_str(j->a, doc, "name", name);
    }
    if (old && !str_eq(value_get_str(old, "name"), name))
        return job_refuse(j, s->many,
                          "Failed to put %s '%.*s' because the maximum number of 1 is reached.",
                          s->type, STR_ARG(name));
    job_copy(j, doc, old, (const char *const[]){ "_started_ms", "_stopped_ms", NULL });
    return job_put(j, s->type, name, doc);
}

/* Those asked for by name, or the one there is. */
static struct value *asked(struct job *j, const struct single *s)
{
    const struct value *names = param(j->call, s->names);
    struct value *list = value_list(j->a), *doc;

    if (!value_first(names)) {
        doc = only(j, s);
        if (doc)
            value_push(list, doc);
        return list;
    }
    for (const struct value *v = value_first(names); v && !job_stopped(j); v = v->next) {
        doc = named(j, s, v->kind == VALUE_STRING ? v->u.text : (struct str){ 0 });
        if (doc)
            value_push(list, doc);
    }
    return list;
}

static bool is_recording(const struct value *doc)
{
    return value_get_c(doc, "_started_ms") && !value_get_c(doc, "_stopped_ms");
}

HANDLER(config, PutConfigurationRecorder)
{
    return put(j, &recorder);
}

HANDLER(config, DescribeConfigurationRecorders)
{
    job_answer(j, "ConfigurationRecorders", asked(j, &recorder));
    return j->rc;
}

HANDLER(config, DescribeConfigurationRecorderStatus)
{
    struct value *list = value_list(j->a);

    for (const struct value *v = value_first(asked(j, &recorder)); v; v = v->next) {
        struct value *row = value_map(j->a);
        value_put_str(j->a, row, "name", value_get_str(v, "name"));
        value_put_bool(j->a, row, "recording", is_recording(v));
        if (value_get_c(v, "_started_ms"))
            value_put_time(j->a, row, "lastStartTime", value_get_int(v, "_started_ms", 0));
        if (value_get_c(v, "_stopped_ms"))
            value_put_time(j->a, row, "lastStopTime", value_get_int(v, "_stopped_ms", 0));
        if (value_get_c(v, "_started_ms"))
            value_put_c(j->a, row, "lastStatus", "Pending");
        value_push(list, row);
    }
    job_answer(j, "ConfigurationRecordersStatus", list);
    return j->rc;
}

HANDLER(config, StartConfigurationRecorder)
{
    struct str name = job_text(j, "ConfigurationRecorderName");
    struct value *doc = named(j, &recorder, name);

    if (!doc)
        return j->rc;
    if (!only(j, &channel))
        return job_refuse(j, "NoAvailableDeliveryChannelException",
                          "Delivery channel is not available to start configuration recorder.");
    value_put_int(j->a, doc, "_started_ms", j->cx->now_ms);
    (void)value_remove(doc, STR("_stopped_ms")); /* the first start removes nothing */
    return job_put(j, recorder.type, name, doc);
}

HANDLER(config, StopConfigurationRecorder)
{
    struct str name = job_text(j, "ConfigurationRecorderName");
    struct value *doc = named(j, &recorder, name);

    if (!doc)
        return j->rc;
    value_put_int(j->a, doc, "_stopped_ms", j->cx->now_ms);
    return job_put(j, recorder.type, name, doc);
}

HANDLER(config, DeleteConfigurationRecorder)
{
    struct str name = job_text(j, "ConfigurationRecorderName");

    return named(j, &recorder, name) ? job_drop(j, recorder.type, name) : j->rc;
}

HANDLER(config, PutDeliveryChannel)
{
    if (!only(j, &recorder))
        return j->rc < 0 ? j->rc
                         : job_refuse(j, "NoAvailableConfigurationRecorderException",
                                      "Configuration recorder is not available to put delivery "
                                      "channel.");
    return put(j, &channel);
}

HANDLER(config, DescribeDeliveryChannels)
{
    job_answer(j, "DeliveryChannels", asked(j, &channel));
    return j->rc;
}

HANDLER(config, DeleteDeliveryChannel)
{
    struct str name = job_text(j, "DeliveryChannelName");

    if (!named(j, &channel, name))
        return j->rc;
    if (is_recording(only(j, &recorder)))
        return job_refuse(j, "LastDeliveryChannelDeleteFailedException",
                          "Failed to delete last specified delivery channel with name '%.*s', "
                          "because there is a running configuration recorder.",
                          STR_ARG(name));
    return job_drop(j, channel.type, name);
}
