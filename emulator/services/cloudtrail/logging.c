#include "emulator/services/cloudtrail/cloudtrail.h"

/* StartLogging, StopLogging, GetTrailStatus. */

enum turn { TURN_ON, TURN_OFF };

static const struct {
    bool logging;
    const char *time_member;
} turns[] = {
    [TURN_ON] = { true, "StartLoggingTime" },
    [TURN_OFF] = { false, "StopLoggingTime" },
};

static int status_get(struct ctx *cx, const struct ct_trail *t, struct value **out, struct err *err)
{
    int rc = store_doc_get(cx->e->store, cx->a, ct_status_key(t), out, err);

    if (rc == E_MISSING)
        *out = value_map(cx->a);
    return rc == E_MISSING ? 0 : rc;
}

static int turn(struct ctx *cx, const struct call *call, struct outcome *out, enum turn which,
                struct err *err)
{
    struct ct_trail t;
    struct value *status;
    int rc = ct_find(cx, call, out, param_str(call, "Name"), CT_CHANGE, &t, err);

    if (rc < 0 || !t.doc)
        return rc;
    (void)outcome_output(cx, out);
    if (value_get_bool(t.doc, "IsLogging", false) == turns[which].logging)
        return 0;
    out->changed = true;
    value_put_bool(cx->a, t.doc, "IsLogging", turns[which].logging);
    if (turns[which].logging && value_get_c(t.doc, "InsightSelectors"))
        value_put_time(cx->a, t.doc, "InsightsSince", cx->now_ms); /* to stop disabled them */
    rc = status_get(cx, &t, &status, err);
    if (rc == 0) {
        value_put_time(cx->a, status, turns[which].time_member, cx->now_ms);
        rc = store_doc_put(cx->e->store, ct_status_key(&t), status, err);
    }
    return rc < 0 ? rc : ct_save(cx, call, &t, err);
}

int cloudtrail_StartLogging(struct ctx *cx, const struct call *call, struct outcome *out,
                            struct err *err)
{
    return turn(cx, call, out, TURN_ON, err);
}

int cloudtrail_StopLogging(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    return turn(cx, call, out, TURN_OFF, err);
}

/* The old members: times as text, "" for never. */
static const struct {
    const char *member, *from;
} texts[] = {
    { "LatestDeliveryAttemptTime", "LatestDeliveryAttempt" },
    { "LatestNotificationAttemptTime", "LatestNotificationAttempt" },
    { "LatestNotificationAttemptSucceeded", "LatestNotificationTime" },
    { "LatestDeliveryAttemptSucceeded", "LatestDeliveryTime" },
    { "TimeLoggingStarted", "StartLoggingTime" },
    { "TimeLoggingStopped", "StopLoggingTime" },
};

static const char *const copied[] = {
    "LatestDeliveryTime",
    "LatestDeliveryError",
    "LatestNotificationTime",
    "LatestNotificationError",
    "StartLoggingTime",
    "StopLoggingTime",
    "LatestDigestDeliveryTime",
    "LatestDigestDeliveryError",
    "LatestCloudWatchLogsDeliveryTime",
    "LatestCloudWatchLogsDeliveryError",
};

int cloudtrail_GetTrailStatus(struct ctx *cx, const struct call *call, struct outcome *out,
                              struct err *err)
{
    struct ct_trail t;
    struct value *status, *v;
    int rc = ct_find(cx, call, out, param_str(call, "Name"), CT_READ, &t, err);

    if (rc < 0 || !t.doc || (rc = status_get(cx, &t, &status, err)) < 0)
        return rc;
    v = outcome_output(cx, out);
    value_put_bool(cx->a, v, "IsLogging", value_get_bool(t.doc, "IsLogging", false));
    for (size_t i = 0; i < COUNT(copied); i++)
        if (value_get_c(status, copied[i]))
            value_set(v, str_c(copied[i]), value_copy(cx->a, value_get_c(status, copied[i])));
    for (size_t i = 0; i < COUNT(texts); i++) {
        int64_t ms = value_get_time(status, texts[i].from, INT64_MIN);
        char iso[CLOCK_ISO_SIZE] = "";
        if (ms != INT64_MIN)
            clock_iso(ms, iso);
        value_put_c(cx->a, v, texts[i].member, iso);
    }
    return 0;
}
