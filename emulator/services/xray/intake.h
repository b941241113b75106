/* emulator/services/xray/intake - private to this folder: how blocks are kept, for who delivers
 * them (deliver.c). The form stands in intake.c.
 */
#pragma once

#include "emulator/services/xray/xray.h"

#define INTAKE_BLOCKS  "xray"
#define INTAKE_WAITING "xray.new"

struct str intake_name(struct arena *a, struct xray_place place);
/* The next line of a block's bytes; false at the end. */
bool intake_next(struct str *left, struct xray_line *out);
