/* emulator/trail/entry - the bytes of one journal entry: packed and read back.
 *
 * Packed: everything that sinks need (facts), the file effects of the call, the record. Numbers in
 * the machine's byte order: a journal is not carried about.
 */
#pragma once

#include "emulator/trail/journal.h"

struct entry_source {
    uint64_t seq;
    int recipient;
    struct str record;
    const struct record_facts *facts;
    const struct effect *effects;
};

size_t entry_size(const struct entry_source *from);
void entry_pack(const struct entry_source *from, char *out); /* entry_size bytes */
/* Strings borrow from packed; lists live in a. E_PARSE when packed is no entry. */
int entry_unpack(struct arena *a, struct str packed, struct journal_entry *out,
                 struct effect **effects, struct err *err);
uint64_t entry_seq(struct str packed); /* 0 when too short */
bool entry_has_effects(struct str packed);
