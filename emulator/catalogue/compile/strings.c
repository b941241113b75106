#include <assert.h>

#include "core/base/mem.h"
#include "emulator/catalogue/compile/compile.h"

static void slots_grow(struct strings *s)
{
    uint32_t count = s->slot_count ? s->slot_count * 2 : 1u << 16;
    uint32_t *slots = mem_alloc(count * sizeof *slots);

    for (uint32_t i = 0; i < LIST_COUNT(s->texts, struct str); i++) {
        uint64_t at = str_hash(strings_text(s, i)) & (count - 1);

        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = i + 1;
    }
    mem_free(s->slots);
    s->slots = slots;
    s->slot_count = count;
}

struct str strings_text(const struct strings *s, uint32_t number)
{
    return LIST_AT(s->texts, struct str)[number];
}

static uint32_t add(struct strings *s, struct str text)
{
    uint32_t count = LIST_COUNT(s->texts, struct str);

    if (count * 2 >= s->slot_count)
        slots_grow(s);
    uint64_t at = str_hash(text) & (s->slot_count - 1);

    for (; s->slots[at]; at = (at + 1) & (s->slot_count - 1))
        if (str_eq(strings_text(s, s->slots[at] - 1), text))
            return s->slots[at] - 1;
    s->slots[at] = count + 1;
    LIST_ADD(&s->texts, struct str, arena_copy(&s->arena, text));
    return count;
}

uint32_t strings_add(struct strings *s, const char *text)
{
    if (s->texts.len == 0)
        (void)add(s, STR("")); /* number 0 */
    return add(s, str_c(text));
}

uint32_t strings_place(struct strings *s, uint32_t number)
{
    if (s->laid_out)
        return LIST_AT(s->offsets, uint32_t)[number];
    while (s->used.len <= number)
        buf_add_char(&s->used, 0);
    s->used.ptr[number] = 1;
    return 0;
}

void strings_lay_out(struct strings *s, struct buf *out)
{
    uint32_t count = LIST_COUNT(s->texts, struct str);
    uint32_t *offset = arena_array(&s->arena, count, sizeof *offset);

    (void)strings_place(s, count - 1); /* make used as long as texts */
    buf_add_char(out, 0);
    for (uint32_t i = 1; i < count; i++) {
        struct str text = strings_text(s, i);
        uint16_t len = (uint16_t)text.len;

        if (!s->used.ptr[i])
            continue;
        assert(text.len == len); /* patterns, the longest, have some thousand bytes */
        buf_add(out, (struct str){ (const char *)&len, sizeof len });
        offset[i] = (uint32_t)out->len;
        buf_add(out, text);
        buf_add_char(out, 0);
    }
    buf_add(&s->offsets, (struct str){ (const char *)offset, count * sizeof *offset });
    s->laid_out = true;
}
