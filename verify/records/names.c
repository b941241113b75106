#include "verify/records/names.h"

#include <assert.h>

#include "core/base/embed.h"

static uint64_t mix(uint64_t h, struct str s)
{
    h += s.len;
    for (size_t i = 0; i < s.len; i++)
        h = h * 31 + (unsigned char)s.ptr[i];
    return h;
}

static size_t hash(struct str group, struct str text)
{
    uint64_t h = mix(mix(0, group), text);

    return (size_t)(h ^ h >> 17);
}

static size_t line_count(struct str text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '\n';
    return n;
}

static void add(struct names *n, struct str group, struct str text)
{
    size_t i = hash(group, text) & n->mask;

    while (n->slots[i].text.ptr)
        i = (i + 1) & n->mask;
    n->slots[i] = (struct name){ group, text };
}

/* A group is there itself, as the name "" in it. */
struct names names_load(struct arena *a, struct str fixture)
{
    struct str text = embed_find(fixture), line, group = { 0 };
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
        if (!str_has_suffix(line, STR(":"))) {
            add(&n, group, line);
            continue;
        }
        group = str_sub(line, 0, line.len - 1);
        add(&n, group, STR(""));
    }
    return n;
}

bool names_has_in(const struct names *n, struct str group, struct str name)
{
    for (size_t i = hash(group, name) & n->mask; n->slots[i].text.ptr; i = (i + 1) & n->mask)
        if (str_eq(n->slots[i].text, name) && str_eq(n->slots[i].group, group))
            return true;
    return false;
}

bool names_has_group(const struct names *n, struct str group)
{
    return names_has_in(n, group, STR(""));
}

bool names_has(const struct names *n, struct str name)
{
    return names_has_in(n, STR(""), name);
}
