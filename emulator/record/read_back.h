/* emulator/record/read_back - what sinks need to know of a record, read from its JSON: for records
 * that came in whole (injected ones) and for those of a dataset's files.
 *
 * What the recorder tells of its own records is richer: here resources are found in the parameters
 * as the record shows them, by the same rows (lookup.tsv).
 */
#pragma once

#include "emulator/record/record.h"

struct read_back; /* operations by how records call them; lives in the arena it was made in */

struct read_back *read_back_new(struct arena *a, struct recorder *r);
/* record: parsed. Strings borrow from it, lists live in a. */
void read_back_facts(const struct read_back *rb, struct arena *a, const struct value *record,
                     struct record_facts *out);
