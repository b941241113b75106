/* emulator/services/xray/sample - private to this folder: which of the calls that nobody decided
 * about are traced: as the Default sampling rule of their account and region says.
 *
 * Ours asks for more than X-Ray's own (1 a second, 5 % of the rest): a test wants to see each of
 * its calls, while a load of tens of thousands a second should not be slowed down by its traces.
 */
#pragma once

#include "core/base/rng.h"
#include "emulator/services/xray/xray.h"

#define SAMPLE_RESERVOIR 5000
#define SAMPLE_RATE      0.05

struct sample_place;
struct sample {
    struct arena a;
    struct sample_place *first;
};
void sample_forget(struct sample *s); /* the rules: one was changed, or may have been */
void sample_free(struct sample *s);
/* Counts the call; rng is asked only behind the reservoir. */
int sample_takes(struct sample *s, struct store *store, struct xray_place place, int64_t time_ms,
                 struct rng *rng, bool *out, struct err *err);
