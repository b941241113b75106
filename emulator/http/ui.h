/* emulator/http/ui - the pages under /_mocktrail/ui/: dashboards, alarms, event history, the X-Ray
 * service map. The files are fixtures/ui; what they show they read through ui_read.
 */
#pragma once

#include "core/codec/value.h"
#include "emulator/engine/engine.h"

/* The page or file of that name (behind "ui/"; empty: the first). E_MISSING. */
int ui_page(struct arena *a, struct str name, struct reply *reply, struct err *err);
/* question: {"service", "operation", "account", "region", "parameters"}, of the operations that
 * pages need (they only read). Appends the answer as AWS's JSON, or {"error", "message"} with
 * *status 400 when the operation refuses. E_PARSE: no such question. */
int ui_read(struct engine *e, struct arena *a, const struct value *question, int *status,
            struct buf *out, struct err *err);
