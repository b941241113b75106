/* core/trail/scan_map - where quotes and backslashes stand in a text, a bit for each byte: the
 * first half of core/trail/scan, which alone uses it.
 *
 * A quote that a backslash escapes is none. Bit n of word n / 64 is byte n.
 */
#pragma once

#include "core/base/str.h"

struct scan_map {
    uint64_t *quotes, *odd; /* odd: backslashes and bytes below 0x20 */
    size_t cap_words;
    bool has_high; /* a byte above 0x7f */
};

/* Map len bytes of text, behind which SCAN_PAD bytes are readable. A quote is put behind the last
 * byte, so that looking for one always ends. */
void scan_map_make(struct scan_map *m, const char *text, size_t len);
void scan_map_free(struct scan_map *m);

/* The first quote at or behind byte at; len when there is none. */
static inline size_t scan_map_quote(const struct scan_map *m, size_t at)
{
    size_t word = at / 64;
    uint64_t bits = m->quotes[word] & (~0ull << at % 64);

    while (bits == 0)
        bits = m->quotes[++word];
    return word * 64 + (size_t)__builtin_ctzll(bits);
}

/* Is there an odd byte from byte from up to byte to, not including it? */
static inline bool scan_map_odd(const struct scan_map *m, size_t from, size_t to)
{
    size_t first = from / 64, last = to / 64;
    uint64_t bits = m->odd[first] & (~0ull << from % 64);

    for (; first < last; bits = m->odd[++first])
        if (bits)
            return true;
    return (bits & ~(~0ull << to % 64)) != 0;
}
