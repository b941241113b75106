/* emulator/services/cloudwatch/deliver - datapoints as files in the tree, in the JSON of metric
 * streams: of each account and region those of whole minutes that changed since the last file.
 */
#pragma once

#include "emulator/services/cloudwatch/point.h"

/* A point changed; inside its transaction. */
int deliver_note(struct engine *e, const struct metric_id *id, struct str series,
                 const struct point *p, struct err *err);
/* The view's deliver. */
int metrics_deliver(struct engine *e, struct err *err);
