#include "emulator/trail/frame.h"

#define ODD_1 0x9e3779b97f4a7c15ull
#define ODD_2 0xc2b2ae3d27d4eb4full

uint32_t frame_check(uint32_t len, uint64_t position)
{
    uint64_t h = (position ^ (uint64_t)len << 40) * ODD_1;

    return (uint32_t)(h >> 32) | 1;
}

static uint64_t word_at(const char *bytes)
{
    uint64_t w;

    memcpy(&w, bytes, sizeof w);
    return w;
}

/* Each step can be undone, so that a lane never forgets a change; the turn brings the high bits
 * down, for a product carries only upwards. */
static uint64_t mix(uint64_t lane, uint64_t word)
{
    lane = (lane ^ word) * ODD_1;
    return lane << 31 | lane >> 33;
}

uint32_t frame_sum(struct str payload)
{
    uint64_t lanes[4] = { payload.len, ODD_1, ODD_2,
                          ~payload.len }; /* four at a time: no waiting */
    char rest[8] = { 0 };
    size_t at = 0;

    for (; payload.len - at >= 32; at += 32)
        for (size_t i = 0; i < 4; i++)
            lanes[i] = mix(lanes[i], word_at(payload.ptr + at + 8 * i));
    for (; payload.len - at >= 8; at += 8)
        lanes[0] = mix(lanes[0], word_at(payload.ptr + at));
    if (payload.len > at)
        memcpy(rest, payload.ptr + at, payload.len - at);
    uint64_t sum = mix(lanes[0], word_at(rest));
    for (size_t i = 1; i < 4; i++)
        sum = mix(sum, lanes[i]) * ODD_2;
    return (uint32_t)(sum >> 32);
}

uint32_t frame_len(const struct segment *s, uint64_t offset)
{
    if (offset >= s->size_bytes)
        return FRAME_CLOSED;
    struct frame *h = frame_at(s, offset);
    uint32_t len = atomic_load_explicit(&h->len, memory_order_acquire);
    if (len == 0 || h->check != frame_check(len, s->base + offset))
        return 0;
    if (len != FRAME_CLOSED &&
        (len > FRAME_LIMIT_BYTES || offset + frame_bytes(len) > s->size_bytes))
        return 0;
    return len;
}
