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
    /* four at a time: no waiting */
    uint64_t a = payload.len, b = ODD_1, c = ODD_2, d = ~payload.len;
    const char *at = payload.ptr;
    size_t left = payload.len;
    char rest[8] = { 0 };

    for (; left >= 32; left -= 32, at += 32) {
        a = mix(a, word_at(at));
        b = mix(b, word_at(at + 8));
        c = mix(c, word_at(at + 16));
        d = mix(d, word_at(at + 24));
    }
    for (; left >= 8; left -= 8, at += 8)
        a = mix(a, word_at(at));
    if (left > 0)
        memcpy(rest, at, left);
    uint64_t sum = mix(a, word_at(rest));
    sum = mix(sum, b) * ODD_2;
    sum = mix(sum, c) * ODD_2;
    sum = mix(sum, d) * ODD_2;
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
