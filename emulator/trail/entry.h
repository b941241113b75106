/* emulator/trail/entry - the bytes of one journal entry: packed and read back.
 *
 * Packed: everything that sinks need (facts), the file effects of the call, the record. Numbers in
 * the machine's byte order: a journal is not carried about.
 */
#pragma once

#include "emulator/trail/journal.h"

size_t entry_size(const struct journal_source *from);
void entry_pack(const struct journal_source *from, char *out); /* entry_size bytes */
/* Strings borrow from packed; lists live in a. E_PARSE when packed is no entry. */
int entry_unpack(struct arena *a, struct str packed, struct journal_entry *out,
                 struct effect **effects, struct err *err);
uint64_t entry_seq(struct str packed); /* 0 when too short */
bool entry_has_effects(struct str packed);
unsigned entry_category(struct str packed); /* enum event_category */
