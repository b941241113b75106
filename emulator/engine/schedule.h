/* emulator/engine/schedule - what falls due, in order, on the one clock.
 *
 * Virtual clock: schedule_advance moves the clock from due time to due time and runs each job with
 * the clock standing exactly at its due time (equal times: in order of name). Real clock:
 * a thread of the schedule runs them as they fall due.
 */
#pragma once

#include "core/base/clock.h"
#include "core/base/err.h"

struct schedule;

/* Runs the job due at due_ms; *next_ms gets the next due time, or INT64_MAX to stop. */
typedef int schedule_fn(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err);

int schedule_open(struct schedule **out, struct clock *clock, struct err *err);
void schedule_close(struct schedule *s); /* stops the thread */
/* name orders equal times and must be unique; a second add of a name replaces it. */
int schedule_add(struct schedule *s, const char *name, int64_t due_ms, schedule_fn *run, void *arg,
                 struct err *err);
/* Virtual: fire all that falls due up to target_ms, then stand there. E_CONFLICT when target_ms
 * lies in the past or the clock is real (a real clock jumps: shifts its offset, then fires). */
int schedule_advance(struct schedule *s, int64_t target_ms, struct err *err);
/* Real clock only: start the thread. freeze stops time where it is (real becomes virtual and back).
 */
int schedule_start(struct schedule *s, struct err *err);
