#include "core/codec/repeats.h"

#include "core/codec/load.h"

enum {
    LAST_START = 12,
    LAST_LITERALS = 5,
    HASHED_BYTES = 8,
    AGAIN_BYTES = 64, /* more than a UUID and what stands beside it */
    PATIENCE = 5,     /* after 2^5 places without a repeat every second one is tried, and so on */
};

void repeats_start(struct repeats *r, struct str text, size_t window)
{
    *r = (struct repeats){ .text = (const unsigned char *)text.ptr,
                           .len = text.len,
                           .window = window,
                           .end = text.len > LAST_START ? text.len - LAST_START : 0 };
}

/* How far the text goes on as it did at a distance. */
static size_t length_at(const struct repeats *r, size_t at, size_t distance)
{
    const unsigned char *from = r->text + at, *b = from, *a = b - distance;
    const unsigned char *end = r->text + r->len - LAST_LITERALS;

    for (; b + 8 <= end; a += 8, b += 8) {
        uint64_t differ = load_8(a) ^ load_8(b);

        if (differ)
            return (size_t)(b - from) + (size_t)__builtin_ctzll(differ) / 8;
    }
    while (b < end && *a == *b)
        a++, b++;
    return (size_t)(b - from);
}

/* The distance of the last text with the same hash, which may be another text, or 0. */
static size_t look_up(struct repeats *r, size_t at)
{
    uint64_t hash = load_8(r->text + at) * 0x9e3779b97f4a7c15u;
    uint32_t *place = &r->places[hash >> (64 - REPEATS_PLACE_BITS)];
    size_t distance = at + 1 - *place;

    if (*place == 0 || distance > r->window)
        distance = 0;
    *place = (uint32_t)at + 1;
    return distance;
}

/* Where the text goes on to repeat what stands at the last distance: behind an id that differs.
 * end: not soon. */
static size_t again_at(struct repeats *r)
{
    const unsigned char *text = r->text;
    size_t most = r->at + AGAIN_BYTES < r->end ? r->at + AGAIN_BYTES : r->end;

    for (size_t at = r->at; r->distance > 0 && at < most; at++) {
        if (load_8(text + at) != load_8(text + at - r->distance))
            continue;
        (void)look_up(r, at); /* so that another distance finds the way back */
        return at;
    }
    return r->end;
}

static size_t search(struct repeats *r)
{
    size_t misses = 0;

    for (size_t at = r->at; at < r->end; at += 1 + (misses++ >> PATIENCE)) {
        size_t distance = look_up(r, at);

        if (distance > 0 && length_at(r, at, distance) >= HASHED_BYTES) { /* fewer are chance */
            r->distance = distance;
            return at;
        }
    }
    return r->end;
}

bool repeats_next(struct repeats *r, struct repeat *out)
{
    size_t at = again_at(r);

    if (at == r->end)
        at = search(r);
    if (at == r->end)
        return false;
    *out = (struct repeat){ at - r->at, length_at(r, at, r->distance), r->distance };
    r->at = at + out->length;
    return true;
}
