/* tests/tools/record_fidelity/invert - a real record back into the call and outcome that made it.
 *
 * Names are matched along the shapes without the recorder's own naming (case of the first letter
 * ignored, member or wire name), so that a wrong name shows as a difference. What fits no member is
 * left out and shows as missing.
 */
#pragma once

#include "emulator/engine/call.h"
#include "emulator/identity/identity.h"
#include "emulator/record/plan.h"

struct inverted {
    struct call call;
    struct outcome outcome;
    struct principal who;
};
void invert_record(struct inverted *out, struct arena *a, const struct recorder *r,
                   const struct plan *p, const struct value *record);
