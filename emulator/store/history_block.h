/* emulator/store/history_block - private to this folder: some hundred events of one account and
 * region as two runs of bytes, and back. The events, one behind the other (history.c packs them
 * into their row); and marks, which tell without reading them that no event of the block has a
 * value.
 */
#pragma once

#include "core/base/buf.h"
#include "emulator/store/history.h"

#define HISTORY_ATTRIBUTES (HISTORY_ACCESS_KEY_ID + 1)

/* Filled by block_add; zero-initialised but for scope is empty. */
struct block {
    struct block *next;
    struct str scope; /* borrowed */
    int64_t oldest_ms, newest_ms;
    struct buf events, marks;
    uint32_t latest[HISTORY_ATTRIBUTES]; /* a value that comes again at once leaves one mark */
};
void block_add(struct block *b, const struct history_row *row);
void block_free(struct block *b);

/* An event of a block; its texts are borrowed from the block's bytes. */
struct block_event {
    struct history_row row; /* without account, region and resources */
    struct str resources;   /* a document, or empty */
};
/* The next event of what is left; false at the end (or at bytes that are no event). */
bool block_next(struct str *left, struct block_event *out);

/* False: no event of the block with these marks has the value that q asks for. */
bool block_may_have(struct str marks, const struct history_query *q);
/* E_PARSE: the event's resources are damaged. */
int block_event_matches(struct arena *a, const struct block_event *e, const struct history_query *q,
                        bool *out, struct err *err);
