/* Packed entries: what is read packs to the same bytes again, and lists stay within the entry. */
#include <assert.h>

#include "emulator/trail/entry.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct str packed = { (const char *)data, size };
    struct journal_entry e, again;
    struct effect *effects = NULL;

    if (entry_unpack(&a, packed, &e, &effects, NULL) == 0) {
        struct journal_source from = { e.seq, e.recipient, e.record, &e.facts, effects, false };
        size_t len = entry_size(&from);
        char *bytes = arena_alloc(&a, len);
        entry_pack(&from, bytes);
        assert(len == size && entry_seq(packed) == e.seq);
        assert(entry_unpack(&a, (struct str){ bytes, len }, &again, NULL, NULL) == 0);
        assert(again.facts.time_ms == e.facts.time_ms && str_eq(again.record, e.record));
    }
    arena_free(&a);
    return 0;
}
