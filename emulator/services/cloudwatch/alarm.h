/* emulator/services/cloudwatch/alarm - an alarm in hand: what its document says, and what follows
 * when its state changes.
 *
 * A document "Alarm" has the members of DescribeAlarms' MetricAlarm or CompositeAlarm, and beside
 * them Type ("MetricAlarm", "CompositeAlarm"), Tags, and Waiting (alarm_tick.c) which is not shown.
 * Threads: under the store's lock, in a state transaction.
 */
#pragma once

#include "core/base/rng.h"
#include "core/codec/value.h"
#include "emulator/engine/engine.h"
#include "emulator/services/cloudwatch/missing.h"
#include "emulator/store/store.h"

#define ALARM_TYPE "Alarm"

struct alarm {
    struct engine *e;
    struct arena *a;
    struct str account, region, name;
    struct value *doc;
    int64_t now_ms;
};
static inline bool alarm_is_composite(const struct value *doc)
{
    return str_eq_c(value_get_str(doc, "Type"), "CompositeAlarm");
}
struct doc_key alarm_key(struct str account, struct str region, struct str name);
int alarm_save(const struct alarm *al, struct err *err);

/* alarm_state.c */
struct state_change {
    enum alarm_state to;
    struct str reason, reason_data; /* data: JSON, or empty */
    const struct value *triggers;   /* composite: [{arn, state: {value, timestamp}}], or NULL */
};
/* State, history, event and (unless they are suppressed) actions; saves the document. The same
 * state again only changes the reason. */
int alarm_change(struct alarm *al, const struct state_change *change, struct err *err);
/* The actions of the state that it is in. */
int alarm_act(struct alarm *al, struct str old_state, struct err *err);

/* alarm_history.c. A number that none had before: items of one moment keep their order by it. */
int alarm_next_number(const struct alarm *al, uint64_t *out, struct err *err);
int alarm_note(const struct alarm *al, const char *type, struct str summary,
               const struct value *data, struct err *err);

/* alarm_text.c: what people and machines read of a change. */
struct str alarm_time(struct arena *a, int64_t ms); /* 2026-01-02T03:04:05.678+0000 */
struct str alarm_message(const struct alarm *al, struct str old_state);
struct str alarm_subject(const struct alarm *al);
struct value *alarm_event(const struct alarm *al, const struct value *before);
