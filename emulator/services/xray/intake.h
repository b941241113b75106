/* emulator/services/xray/intake - private to this folder: how blocks are kept, for who delivers
 * them (deliver.c). The form stands in intake.c.
 */
#pragma once

#include "emulator/services/xray/xray.h"

#define INTAKE_BLOCKS  "xray"
#define INTAKE_WAITING "xray.new"

struct str intake_name(struct arena *a, struct xray_place place);
/* Append the lines of a block, as struct xray_line whose texts live in a. */
int intake_read(struct arena *a, struct str block, struct buf *lines, struct err *err);
