#include <assert.h>

#include "core/base/mem.h"
#include "core/codec/deflate.h"
#include "core/codec/deflate_block.h"
#include "core/codec/repeats.h"

struct encoder {
    struct block block;
    struct repeats repeats;
};

/* In pieces as long as a match may be, the first behind the literals. */
static void add_repeat(struct block *b, struct repeat r)
{
    while (r.length > 0) {
        size_t piece = r.length < MATCH_MOST ? r.length : MATCH_MOST;

        if (r.length > MATCH_MOST && r.length < MATCH_MOST + MATCH_LEAST) /* the rest: too short */
            piece = MATCH_MOST - MATCH_LEAST;
        block_add(b, r.literals, piece, r.distance);
        r.literals = 0;
        r.length -= piece;
    }
}

void deflate_alike(struct buf *out, struct str bytes)
{
    struct encoder *e = mem_alloc(sizeof *e);
    struct repeat r;

    assert(bytes.len < UINT32_MAX);
    block_start(&e->block, out, bytes);
    repeats_start(&e->repeats, bytes, WINDOW);
    while (repeats_next(&e->repeats, &r))
        add_repeat(&e->block, r);
    if (e->repeats.at < bytes.len)
        block_add(&e->block, bytes.len - e->repeats.at, 0, 0);
    block_end(&e->block);
    mem_free(e);
}
