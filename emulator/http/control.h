/* emulator/http/control - the control API under /_mocktrail/: for the person and the test that run
 * the emulator, never recorded. The routes are control.def.
 *
 * Calls from elsewhere (a foreign Origin, a Host that is not local) are refused with 403 before
 * anything is looked at. Errors are JSON: {"error": "what and which"}.
 */
#pragma once

#include "core/codec/value.h"
#include "emulator/engine/engine.h"
#include "emulator/http/stream.h"

struct control;

/* listen_host, the host of --listen, is local too. Both are borrowed. */
struct control *control_open(struct engine *e, struct str listen_host);
void control_end(struct control *c); /* streams end: before the server closes */
void control_close(struct control *c);

bool control_owns(const struct request *q); /* the path lies below /_mocktrail */
/* May the answer take long? Whatever a POST does: a clock advanced by months, a restore. A foreign
 * one does nothing, and keeps no worker from others. */
bool control_may_wait(const struct control *c, const struct request *q);
/* Returns the stream that follows the reply, or NULL. Never fails: a failure is a reply. */
struct stream *control_answer(struct control *c, struct arena *a, const struct request *q,
                              struct reply *reply);
