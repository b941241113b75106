/* A change of state and what follows: history, an event, actions. */
#include "emulator/services/cloudwatch/alarm.h"

#include "core/aws/arn.h"
#include "core/codec/json.h"
#include "emulator/services/cloudwatch/suppress.h"
#include "emulator/services/events/events.h"
#include "emulator/services/sns/sns.h"

struct doc_key alarm_key(struct str account, struct str region, struct str name)
{
    return (struct doc_key){ account, region, STR("cloudwatch"), STR(ALARM_TYPE), name };
}

int alarm_save(const struct alarm *al, struct err *err)
{
    return store_doc_put(al->e->store, alarm_key(al->account, al->region, al->name), al->doc, err);
}

/* Chance of its own for what follows from one change: the history grows with each, so that two
 * changes at one time have no id in common. */
static int chance_of(const struct alarm *al, struct str what, struct rng *rng, struct err *err)
{
    uint64_t number;
    int rc = alarm_next_number(al, &number, err);

    if (rc < 0)
        return rc;
    struct str seed =
        arena_printf(al->a, "%.*s %lld %llu %.*s", STR_ARG(value_get_str(al->doc, "AlarmArn")),
                     (long long)al->now_ms, (unsigned long long)number, STR_ARG(what));
    engine_chance(al->e, str_hash(seed), rng);
    return 0;
}

/* ---- actions ---- */

static const char *list_of(struct str state)
{
    static const char *const lists[] = { "OKActions", "AlarmActions", "InsufficientDataActions" };
    enum alarm_state s = alarm_state_of(state);

    return lists[s == ALARM_KEEP ? ALARM_OK : s];
}

static int publish(const struct alarm *al, struct str topic, struct str old_state,
                   struct value *data, struct err *err)
{
    struct str message = alarm_message(al, old_state), id = { 0 };
    struct rng rng;
    int rc = chance_of(al, topic, &rng, err);

    if (rc < 0)
        return rc;
    value_put_str(al->a, data, "publishedMessage", message);
    return sns_deliver(al->e, al->a,
                       &(struct sns_notification){ .topic_arn = topic,
                                                   .subject = alarm_subject(al),
                                                   .message = message,
                                                   .service = STR("cloudwatch.amazonaws.com"),
                                                   .source_arn = value_get_str(al->doc, "AlarmArn"),
                                                   .rng = &rng },
                       &id, err);
}

static struct value *action_data(const struct alarm *al, struct str arn)
{
    struct value *d = value_map(al->a);

    value_put_c(al->a, d, "actionState", "Succeeded");
    value_put_int(al->a, d, "stateUpdateTimestamp",
                  value_get_time(al->doc, "StateUpdatedTimestamp", al->now_ms));
    value_put_str(al->a, d, "notificationResource", arn);
    return d;
}

static int note_failure(const struct alarm *al, struct str arn, struct value *data, const char *why,
                        struct err *err)
{
    value_put_c(al->a, data, "actionState", "Failed");
    value_put_c(al->a, data, "error", why);
    return alarm_note(al, "Action",
                      arena_printf(al->a, "Failed to execute action %.*s. Received error: \"%s\"",
                                   STR_ARG(arn), why),
                      data, err);
}

/* Only topics are told: what acts on other services' things is not performed here, and says so. */
static int run_action(const struct alarm *al, struct str text, struct str old_state,
                      struct err *err)
{
    struct value *data = action_data(al, text);
    struct err why = { 0 };
    struct arn arn = { 0 };

    if (arn_parse(text, &arn, NULL) < 0 || !str_eq_c(arn.service, "sns"))
        return note_failure(al, text, data, "This action is not performed by mocktrail", err);
    int rc = publish(al, text, old_state, data, &why);
    if (rc == E_MISSING)
        return note_failure(al, text, data, "Resource: topic does not exist", err);
    if (rc == E_DENIED)
        return note_failure(al, text, data,
                            "CloudWatch Alarms is not authorized to perform: SNS:Publish on the "
                            "topic",
                            err);
    if (rc < 0)
        return err_set(err, rc, "%s", why.text);
    return alarm_note(al, "Action",
                      arena_printf(al->a, "Successfully executed action %.*s", STR_ARG(text)), data,
                      err);
}

int alarm_act(struct alarm *al, struct str old_state, struct err *err)
{
    const char *list = list_of(value_get_str(al->doc, "StateValue"));
    int rc = 0;

    if (!value_get_bool(al->doc, "ActionsEnabled", true))
        return 0;
    for (const struct value *v = value_first(value_get_c(al->doc, list)); rc == 0 && v; v = v->next)
        rc = run_action(al, v->u.text, old_state, err);
    return rc;
}

/* ---- the change ---- */

static struct value *history_state(const struct alarm *al, const struct value *doc)
{
    struct value *s = value_map(al->a);
    struct str data = value_get_str(doc, "StateReasonData");
    struct value *parsed = NULL;

    value_put_str(al->a, s, "stateValue", value_get_str(doc, "StateValue"));
    value_put_str(al->a, s, "stateReason", value_get_str(doc, "StateReason"));
    if (data.len > 0 && json_parse(al->a, data, &parsed, NULL) == 0)
        value_set(s, STR("stateReasonData"), parsed);
    return s;
}

static int note_change(const struct alarm *al, const struct value *before, struct err *err)
{
    struct value *d = value_map(al->a);

    value_put_c(al->a, d, "version", "1.0");
    value_set(d, STR("oldState"), history_state(al, before));
    value_set(d, STR("newState"), history_state(al, al->doc));
    return alarm_note(al, "StateUpdate",
                      arena_printf(al->a, "Alarm updated from %.*s to %.*s",
                                   STR_ARG(value_get_str(before, "StateValue")),
                                   STR_ARG(value_get_str(al->doc, "StateValue"))),
                      d, err);
}

static int emit(const struct alarm *al, const struct value *before, struct err *err)
{
    struct value *resources = value_list(al->a);
    struct rng rng;
    int rc = chance_of(al, STR("event"), &rng, err);

    if (rc < 0)
        return rc;
    value_push(resources, value_str(al->a, value_get_str(al->doc, "AlarmArn")));
    return events_emit(al->e, al->a,
                       &(struct events_event){ .account = al->account,
                                               .region = al->region,
                                               .source = STR("aws.cloudwatch"),
                                               .detail_type = STR("CloudWatch Alarm State Change"),
                                               .resources = resources,
                                               .detail = alarm_event(al, before),
                                               .time_ms = al->now_ms,
                                               .rng = &rng },
                       err);
}

static void set_state(struct alarm *al, const struct state_change *c, bool same)
{
    value_put_c(al->a, al->doc, "StateValue", alarm_state_name(c->to));
    value_put_str(al->a, al->doc, "StateReason", str_sub(c->reason, 0, 1023));
    (void)value_remove(al->doc, STR("StateReasonData"));
    if (c->reason_data.len > 0)
        value_put_str(al->a, al->doc, "StateReasonData", c->reason_data);
    value_put_time(al->a, al->doc, "StateUpdatedTimestamp", al->now_ms);
    if (!same)
        value_put_time(al->a, al->doc, "StateTransitionedTimestamp", al->now_ms);
}

int alarm_change(struct alarm *al, const struct state_change *change, struct err *err)
{
    struct value *before = value_copy(al->a, al->doc);
    struct str old_state = value_get_str(before, "StateValue");
    bool same = str_eq_c(old_state, alarm_state_name(change->to));
    int rc = 0;

    set_state(al, change, same);
    if (!same) {
        rc = note_change(al, before, err);
        if (rc == 0)
            rc = emit(al, before, err);
        if (rc == 0)
            rc = suppress_or_act(al, old_state, err);
    }
    return rc < 0 ? rc : alarm_save(al, err);
}
