/* core/trail/scan_map - where the quotes of a text stand, and which bytes make a string more than
 * plain: the first half of core/trail/scan, which alone uses it.
 *
 * A text is mapped a window at a time, just before it is read, so that text and places stay in the
 * nearest cache and take the same memory however long the text is. A quote that a backslash escapes
 * is none. Odd bytes are backslashes and those below 0x20.
 */
#pragma once

#include "core/base/str.h"

enum { SCAN_MAP_WINDOW = 32 << 10, SCAN_MAP_SLACK = 64 };

/* By which instructions; each needs more of the machine than the one before. */
enum scan_map_way { SCAN_MAP_PLAIN, SCAN_MAP_SSE2, SCAN_MAP_AVX2, SCAN_MAP_AVX512 };

struct scan_map {
    enum scan_map_way way;
    const char *start, *end, *text_end; /* of the window */
    const char *odd_at;                 /* of what was not yet asked for nothing before it is odd */
    const char *high_end;               /* behind the last window with a byte above 0x7f; or NULL */
    uint64_t carry;                     /* the byte at end is escaped */
    uint32_t quote_next, quote_count, odd_next, odd_count;
    /* From start. Behind the text's last byte stands one quote more: looking for one always ends.
     */
    uint16_t quotes[SCAN_MAP_WINDOW + SCAN_MAP_SLACK], odd[SCAN_MAP_WINDOW + SCAN_MAP_SLACK];
};

void scan_map_init(struct scan_map *m); /* by the best way that this machine has */
bool scan_map_choose(struct scan_map *m, enum scan_map_way way); /* false: it can't */
/* Map a text, behind which SCAN_PAD readable NULs stand. It is borrowed. */
void scan_map_start(struct scan_map *m, const char *text, size_t len);
/* The next window. At the end of the text: none but the quote behind it. */
void scan_map_more(struct scan_map *m);
/* The next quote is the first one at or behind p. No backslash stands before p. */
void scan_map_seek(struct scan_map *m, const char *p);
/* Is a byte of a string odd? The string lies before the quote that was given last, and not before
 * one that was asked about. */
bool scan_map_odd(struct scan_map *m, const char *from, const char *to);
