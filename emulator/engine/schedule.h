/* emulator/engine/schedule - what falls due, in order, on the one clock.
 *
 * Virtual clock: schedule_advance moves the clock from due time to due time and runs each job with
 * the clock standing exactly at its due time (equal times: in order of name). Real clock:
 * a thread of the schedule runs them as they fall due; a job that fails is logged and tried again
 * a few seconds later.
 * Threads: all functions are safe; jobs run one at a time and may add and remove jobs.
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
void schedule_remove(struct schedule *s, const char *name); /* absent is no error */
/* A clock that stands (virtual, or frozen): fire all that falls due up to target_ms, then stand
 * there. A real clock jumps: shifts its offset, then fires. E_CONFLICT when target_ms lies in the
 * past; a job's failure is passed on and the clock stays where it failed. */
int schedule_advance(struct schedule *s, int64_t target_ms, struct err *err);
/* Real clock only: start the thread. */
int schedule_start(struct schedule *s, struct err *err);
/* Stop a real clock where it is, or let it go on from there. E_CONFLICT when asked to let a virtual
 * clock go: it has nowhere to go by itself. */
int schedule_freeze(struct schedule *s, bool freeze, struct err *err);
bool schedule_is_frozen(const struct schedule *s);
/* For jobs: a standing clock is on its way to due_ms or beyond, so what is due then runs at once
 * after this (unless another job fails): work may be left for it. */
bool schedule_will_reach(const struct schedule *s, int64_t due_ms);
/* Between the two no job runs and none begins: for reset, snapshot and restore. */
void schedule_hold(struct schedule *s);
void schedule_release(struct schedule *s);
