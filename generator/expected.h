/* generator/expected - the findings that a perfect tool reports of a play.
 */
#pragma once

#include "generator/dataset/dataset.h"
#include "generator/play/play.h"

/* After the play, before dataset_finish. */
int expected_put(struct dataset *ds, const struct play *p, struct err *err);
