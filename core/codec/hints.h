/* core/codec/hints - where in a text of JSON records something begins that may have stood before.
 *
 * A hint stands at each member (of short ones at the first) and carries hashes of it, so that an
 * encoder finds its last occurrence with one look. Who writes the same pieces over and over, finds
 * their hints once and gives them along, moved to where each piece stands (hints_add); whoever has
 * only a text lets them be found (hints_find). What a hint says wrongly costs ratio, never truth.
 */
#pragma once

#include "core/base/str.h"

struct hint {
    uint32_t at; /* in the text */
    uint32_t tag;
};
/* What follows is chance up to the next hint: nothing of it stood before. */
#define HINT_CHANCE UINT32_MAX

struct hints {
    struct hint *items;
    size_t count, cap;
};

void hints_free(struct hints *h); /* leaves it empty: twice is harmless */
void hints_clear(struct hints *h);
void hints_put(struct hints *h, size_t at, uint32_t tag);
/* So many of from, each moved by so many bytes; also to the front: by is then negative, wrapped. */
void hints_add(struct hints *h, const struct hint *from, size_t count, size_t by);

/* Find the next hints of text from *at on, most of them at most; *at moves to where to go on, at
 * the end of text when there are no more. Returns how many. The last one's tag is that of a member
 * that ends with the text. */
size_t hints_find(struct str text, size_t *at, struct hint *out, size_t most);
/* All of text, which stands by bytes behind where h's own text begins. */
void hints_find_all(struct hints *h, struct str text, size_t by);
