#include "emulator/services/cloudwatch/suppress.h"

#include "core/aws/arn.h"

struct str alarm_name_of(struct str name_or_arn)
{
    struct str kind, name;
    struct arn arn;

    if (arn_parse(name_or_arn, &arn, NULL) == 0 && str_eq_c(arn.service, "cloudwatch") &&
        str_cut(arn.resource, ':', &kind, &name))
        return name;
    return name_or_arn;
}

static int suppressor_state(const struct alarm *al, enum alarm_state *out, struct err *err)
{
    struct str name = alarm_name_of(value_get_str(al->doc, "ActionsSuppressor"));
    struct value *doc = NULL;
    int rc =
        store_doc_get(al->e->store, al->a, alarm_key(al->account, al->region, name), &doc, err);

    *out = rc == 0 ? alarm_state_of(value_get_str(doc, "StateValue")) : ALARM_INSUFFICIENT;
    return rc == E_MISSING ? 0 : rc;
}

bool suppress_is_waiting(const struct value *doc)
{
    return value_get_c(doc, "Waiting") != NULL;
}

static void wait_for(struct alarm *al, const char *by, int64_t until_ms, struct str old_state)
{
    struct value *w = value_map(al->a);

    value_put_c(al->a, w, "By", by);
    value_put_time(al->a, w, "Until", until_ms);
    value_put_str(al->a, w, "OldState", old_state);
    value_set(al->doc, STR("Waiting"), w);
    value_put_c(al->a, al->doc, "ActionsSuppressedBy", by);
    value_put_str(al->a, al->doc, "ActionsSuppressedReason",
                  arena_printf(al->a, "Actions suppressed by %s: %.*s", by,
                               STR_ARG(value_get_str(al->doc, "ActionsSuppressor"))));
}

static int act(struct alarm *al, struct str old_state, struct err *err)
{
    (void)value_remove(al->doc, STR("Waiting"));
    (void)value_remove(al->doc, STR("ActionsSuppressedBy"));
    (void)value_remove(al->doc, STR("ActionsSuppressedReason"));
    return alarm_act(al, old_state, err);
}

static int64_t period_ms(const struct alarm *al, const char *name)
{
    return value_get_int(al->doc, name, 0) * 1000;
}

int suppress_or_act(struct alarm *al, struct str old_state, struct err *err)
{
    int64_t wait_ms = period_ms(al, "ActionsSuppressorWaitPeriod");
    enum alarm_state s = ALARM_OK;

    if (value_get_str(al->doc, "ActionsSuppressor").len == 0)
        return alarm_act(al, old_state, err);
    int rc = suppressor_state(al, &s, err);
    if (rc < 0)
        return rc;
    if (s != ALARM_ALARM && wait_ms <= 0)
        return act(al, old_state, err);
    if (s == ALARM_ALARM)
        wait_for(al, "Alarm", INT64_MAX, old_state);
    else
        wait_for(al, "WaitPeriod", al->now_ms + wait_ms, old_state);
    return 0;
}

int suppress_step(struct alarm *al, struct err *err)
{
    const struct value *w = value_get_c(al->doc, "Waiting");
    struct str by = value_get_str(w, "By"), old_state = value_get_str(w, "OldState");
    int64_t until_ms = value_get_time(w, "Until", 0);
    int64_t extension_ms = period_ms(al, "ActionsSuppressorExtensionPeriod");
    enum alarm_state s = ALARM_OK;
    int rc = suppressor_state(al, &s, err);

    if (rc < 0)
        return rc;
    bool held = str_eq_c(by, "Alarm");
    if (s == ALARM_ALARM) {
        if (held)
            return 0;
        wait_for(al, "Alarm", INT64_MAX, old_state);
    } else if (held && extension_ms > 0) {
        wait_for(al, "ExtensionPeriod", al->now_ms + extension_ms, old_state);
    } else if (held || al->now_ms >= until_ms) {
        rc = act(al, old_state, err);
    } else {
        return 0;
    }
    return rc < 0 ? rc : alarm_save(al, err);
}
