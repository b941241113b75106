/* emulator/services/events/responders - local commands that answer events, in the place of Lambda
 * functions.
 *
 * A responder of the name NAME is what arn:aws:lambda:REGION:ACCOUNT:function:NAME stands for. An
 * event for it is a document until its command has ended, so none is lost by a crash (one may be
 * answered twice). Each responder runs its commands one at a time, in a thread of its own, with no
 * lock of the engine held: they call the emulator like any client, as a session of a role that is
 * named after them.
 *
 * Use:     responders_load before the engine is opened with it; responders_start once the front
 *          door is open; responders_stop before it is closed; responders_close last.
 */
#pragma once

#include "core/aws/arn.h"
#include "emulator/services/events/targets.h"

struct responders;

/* FILE: "responders:", a list of {name, run: [PROGRAM, ARGUMENT...], timeout: 30s}. E_PARSE: with
 * file, line and what was expected. */
int responders_load(struct responders **out, const char *file, struct err *err);
void responders_close(struct responders *r); /* NULL is harmless */
/* endpoint: where the commands find the emulator, "http://127.0.0.1:4566". */
int responders_start(struct responders *r, struct engine *e, struct str endpoint, struct err *err);
void responders_stop(struct responders *r); /* commands under way end first; NULL is harmless */

/* The event waits for its responder; E_MISSING: none has that name. */
int responders_accept(struct delivery *d, const struct arn *arn, struct err *err);
/* Returns when no event waits for a responder: before the clock moves. Their calls may bring more
 * events, which are waited for, too; an endless circle is left after a while. Not inside a
 * transaction. */
int responders_settle(struct engine *e, struct err *err);
/* [{name, run, waiting, runs: [{event, at, exitCode, timedOut, tookMs, said}]}], for the control
 * API. Under engine_enter. */
int responders_show(struct engine *e, struct arena *a, struct value **out, struct err *err);
