/* emulator/trail/insights_parts - private to insight*.c: all operations that are counted, and how
 * what is said of one becomes a record.
 */
#pragma once

#include "core/base/buf.h"
#include "emulator/trail/insight_counts.h"
#include "emulator/trail/insights.h"

#define INSIGHT_BUCKETS 4096

struct insights {
    uint64_t seed;
    struct insight_key *buckets[INSIGHT_BUCKETS], *first;
    size_t count;
    int64_t due_ms;
    int64_t swept_ms;     /* when silent keys were last looked for */
    struct insight_gone { /* what the store still has */
        struct insight_gone *next;
        struct doc_key key;
        struct arena a;
    } * gone;
};

/* NULL: too many are counted already. */
struct insight_key *insights_key(struct insights *in, const struct insight_name *n);

/* The document that keeps a key. */
struct doc_key insight_state_key(struct str account, struct str region, struct str id);

enum insight_state { INSIGHT_START, INSIGHT_END };
/* The record about k's episode as it is now. Strings of facts live in a. */
void insight_record(struct arena *a, uint64_t seed, const struct insight_key *k,
                    enum insight_state state, struct buf *out, struct record_facts *facts);
