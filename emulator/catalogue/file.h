/* emulator/catalogue/file - the mapped file as the reader's own files see it. */
#pragma once

#include "emulator/catalogue/format.h"

struct cat_view {
    const char *ptr;
    uint32_t count, element_bytes;
};
struct cat {
    const char *map;
    size_t map_bytes;
    struct cat_view sections[CAT_SEC_COUNT];
};

/* Never NULL: past the end it is an element of zeroes. */
const void *cat_element(const struct cat *cat, enum cat_section id, uint32_t i);

/* The text at an offset: its length stands before it. A damaged one ends within the section. */
static inline struct str cat_text_at(const struct cat_view *strings, uint32_t off)
{
    uint16_t len;

    if (off < sizeof len || off >= strings->count)
        return STR("");
    memcpy(&len, strings->ptr + off - sizeof len, sizeof len);
    return (struct str){ strings->ptr + off,
                         len < strings->count - off ? len : strings->count - off - 1u };
}

/* Walks the slots of one hash: every index that may be meant, then none. */
struct probe {
    const struct cat *cat;
    enum cat_section id;
    uint32_t at, left;
};
struct probe probe_start(const struct cat *cat, enum cat_section id, uint64_t hash);
bool probe_next(struct probe *p, uint32_t *index);
