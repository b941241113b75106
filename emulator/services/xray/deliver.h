/* emulator/services/xray/deliver - private to this folder: what came in, as files of the tree; and
 * the end of what is too old.
 */
#pragma once

#include "emulator/engine/engine.h"

int deliver_open(struct engine *e, struct err *err);     /* of the view */
int deliver_segments(struct engine *e, struct err *err); /* likewise */
