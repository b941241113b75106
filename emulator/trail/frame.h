/* emulator/trail/frame - private to the journal: how an entry lies in a segment. A head of 16
 * bytes, the payload, and room up to the next multiple of 16.
 *
 * A segment may be one that was used before: what still lies in it belongs to other positions, so
 * that frame_len tells it from an entry.
 */
#pragma once

#include <stdatomic.h>

#include "emulator/trail/segment.h"

#define FRAME_LIMIT_BYTES (3u << 20) /* of a payload */
#define FRAME_CLOSED      UINT32_MAX /* as a length: no entry follows in this segment */

enum frame_flag {
    FRAME_COMMITTED = 1, /* the payload is whole */
    FRAME_DEAD = 2,      /* reserved by a process that died: skipped */
};

struct frame {
    _Atomic uint32_t len; /* of the payload; 0: nothing here yet */
    uint32_t check;       /* of len and position: stale bytes are no entry */
    uint32_t sum;         /* of the payload */
    _Atomic uint32_t flags;
};
_Static_assert(sizeof(struct frame) == SEGMENT_GRAIN, "a head fits where an entry may begin");

uint32_t frame_check(uint32_t len, uint64_t position);
/* Tells a whole payload from one that a power cut or a bad disk has changed; no defence against
 * intent. */
uint32_t frame_sum(struct str payload);
/* The payload's length of the entry at an offset, FRAME_CLOSED at the segment's end, 0 when there
 * is none yet (or bytes that a power cut left half written). */
uint32_t frame_len(const struct segment *s, uint64_t offset);

static inline uint64_t frame_bytes(size_t payload_len)
{
    return (sizeof(struct frame) + payload_len + SEGMENT_GRAIN - 1) &
           ~(uint64_t)(SEGMENT_GRAIN - 1);
}

static inline struct frame *frame_at(const struct segment *s, uint64_t offset)
{
    return (struct frame *)(s->map + offset);
}

static inline struct str frame_payload(const struct frame *h, uint32_t len)
{
    return (struct str){ (const char *)(h + 1), len };
}
