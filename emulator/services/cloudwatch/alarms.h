/* emulator/services/cloudwatch/alarms - when alarms are evaluated: a job of the schedule that is
 * there only while there are alarms, each minute (each ten seconds when one needs that).
 *
 * An alarm whose span of time has no data, and none ahead, and whose state was left as it was, is
 * quiet: it is not looked at again before a datapoint comes in or its configuration changes.
 * Threads: under the store's lock, but for the job itself.
 */
#pragma once

#include "emulator/services/cloudwatch/alarm.h"

struct alarm_cache;
struct alarm_cache *alarms_open(void);
void alarms_close(struct alarm_cache *c);
/* With the data directory: the job, if there are alarms. */
int alarms_start(struct engine *e, struct err *err);
void alarms_stop(struct engine *e);
/* An alarm was put, changed or deleted. Harmless when that is undone. */
int alarms_changed(struct engine *e, struct err *err);
/* A datapoint came in. */
void alarms_touch(struct engine *e);

/* evaluate.c: one metric alarm at a time. *quiet: nothing to see until data comes. */
int alarm_evaluate(struct alarm *al, bool *changed, bool *quiet, struct err *err);
/* The period (ms) of what the alarm watches. */
int64_t alarm_period(const struct value *doc);
/* composite.c: all composite alarms of an account and region, until none changes any more. */
struct composites {
    struct engine *e;
    struct arena *a;
    struct str account, region;
    int64_t now_ms;
};
int composites_settle(const struct composites *c, struct err *err);
