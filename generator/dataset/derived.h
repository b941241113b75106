/* generator/dataset/derived - private to this folder: what follows from records that were put, such
 * as the Insights of a trail, put in its turn.
 */
#pragma once

#include "generator/dataset/state.h"

void derived_take(struct dataset *ds, const struct journal_entry *entry); /* a record was put */
int derived_settle(struct dataset *ds, struct err *err); /* before a delivery: what follows */
int derived_save(struct dataset *ds, struct err *err);   /* for serve to go on from */
void derived_free(struct dataset *ds);
