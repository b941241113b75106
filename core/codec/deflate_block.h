/* core/codec/deflate_block - what an encoder found, written as deflate blocks: tokens are gathered,
 * and each block gets the codes that are best for its own tokens. Private to this folder.
 *
 * Use:     block_start, block_add for all of the text in its order, block_end.
 * Memory:  text and out are borrowed until block_end. Source: RFC 1951.
 */
#pragma once

#include "core/base/buf.h"

enum {
    BLOCK_TOKENS = 8192,
    BLOCK_LITERALS = 286,
    BLOCK_DISTANCES = 30,
    MATCH_LEAST = 3,
    MATCH_MOST = 258,
    WINDOW = 32768
};

/* Literals as they stand in the text, then a match (length 0: none). */
struct token {
    uint32_t literals;
    uint16_t length, distance;
};

struct block {
    const unsigned char *text; /* behind what is in tokens */
    const unsigned char *from; /* where the block begins */
    struct buf *out;
    uint64_t bits; /* not a whole byte yet */
    unsigned bit_count;
    size_t count;
    struct token tokens[BLOCK_TOKENS];
};

void block_start(struct block *b, struct buf *out, struct str text);
void block_write(struct block *b, bool is_last); /* what was gathered; private */
/* Literals, then what stood distance before: the next of the text. length: 0, or MATCH_LEAST to
 * MATCH_MOST; distance: to WINDOW. */
static inline void block_add(struct block *b, size_t literals, size_t length, size_t distance)
{
    b->tokens[b->count++] =
        (struct token){ (uint32_t)literals, (uint16_t)length, (uint16_t)distance };
    b->text += literals + length;
    if (b->count == BLOCK_TOKENS)
        block_write(b, false);
}
void block_end(struct block *b); /* the last one; to a whole byte */
