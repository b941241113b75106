#include "verify/records/names.h"

#include <assert.h>

#include "core/base/embed.h"

static size_t hash(struct str s)
{
    uint64_t h = s.len;

    for (size_t i = 0; i < s.len; i++)
        h = h * 31 + (unsigned char)s.ptr[i];
    return (size_t)(h ^ h >> 17);
}

static size_t line_count(struct str text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '\n';
    return n;
}

struct names names_load(struct arena *a, struct str fixture)
{
    struct str text = embed_find(fixture), line;
    size_t slots = 64;

    assert(text.ptr); /* linked in with the program */
    while (slots < 2 * line_count(text))
        slots *= 2;
    struct names n = { arena_array(a, slots, sizeof *n.slots), slots - 1 };

    while (text.len > 0) {
        (void)str_cut(text, '\n', &line, &text); /* no newline: the last line */
        line = str_trim(line);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        size_t i = hash(line) & n.mask;

        while (n.slots[i].ptr)
            i = (i + 1) & n.mask;
        n.slots[i] = line;
    }
    return n;
}

bool names_has(const struct names *n, struct str name)
{
    for (size_t i = hash(name) & n->mask; n->slots[i].ptr; i = (i + 1) & n->mask)
        if (str_eq(n->slots[i], name))
            return true;
    return false;
}
