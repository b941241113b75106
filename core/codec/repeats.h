/* core/codec/repeats - what in a text of records stood before in it: one fast pass, which looks
 * where a repeat ended whether the text goes on as it did there. Private to this folder.
 *
 * Use:     repeats_start, then repeats_next until it returns false; what is left are literals.
 * Memory:  the text is borrowed.
 */
#pragma once

#include "core/base/str.h"

enum { REPEATS_PLACE_BITS = 13 };

/* Literals, then length bytes that stood distance before. */
struct repeat {
    size_t literals, length, distance;
};

struct repeats {
    const unsigned char *text;
    size_t len, window, end;                  /* no repeat begins at the end */
    size_t at;                                /* text before this was given out */
    size_t distance;                          /* of the last repeat */
    uint32_t places[1 << REPEATS_PLACE_BITS]; /* of the last text with that hash, + 1 */
};

/* Distances go up to window. No repeat begins in the last 12 bytes of text, or reaches into the
 * last 5: text is read eight bytes at a time. */
void repeats_start(struct repeats *r, struct str text, size_t window);
bool repeats_next(struct repeats *r, struct repeat *out);
