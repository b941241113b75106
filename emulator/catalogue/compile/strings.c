#include <stdlib.h>

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

struct tail {
    struct str text;
    uint32_t number;
};

static int by_last_byte(const void *left, const void *right)
{
    struct str a = ((const struct tail *)left)->text, b = ((const struct tail *)right)->text;

    for (; a.len && b.len; a.len--, b.len--) {
        unsigned char x = (unsigned char)a.ptr[a.len - 1], y = (unsigned char)b.ptr[b.len - 1];

        if (x != y)
            return x < y ? -1 : 1;
    }
    return (a.len > b.len) - (a.len < b.len);
}

/* host[n] is the longest used string that ends in n, perhaps n itself. */
static void find_hosts(struct strings *s, uint32_t *host)
{
    struct tail *tails = arena_array(&s->arena, s->used.len, sizeof *tails);
    uint32_t count = 0;

    for (uint32_t i = 0; i < s->used.len; i++)
        if (s->used.ptr[i])
            tails[count++] = (struct tail){ strings_text(s, i), i };
    qsort(tails, count, sizeof *tails, by_last_byte);
    for (uint32_t i = count; i-- > 0;) {
        bool is_tail = i + 1 < count && str_has_suffix(tails[i + 1].text, tails[i].text);

        host[tails[i].number] = is_tail ? host[tails[i + 1].number] : tails[i].number;
    }
}

void strings_lay_out(struct strings *s, struct buf *out)
{
    uint32_t count = LIST_COUNT(s->texts, struct str);
    uint32_t *host = arena_array(&s->arena, count, sizeof *host);
    uint32_t *offset = arena_array(&s->arena, count, sizeof *offset);

    (void)strings_place(s, count - 1); /* make used as long as texts */
    s->used.ptr[0] = 1;
    find_hosts(s, host);
    buf_add_char(out, 0);
    for (uint32_t i = 1; i < count; i++) {
        if (!s->used.ptr[i] || host[i] != i)
            continue;
        offset[i] = (uint32_t)out->len;
        buf_add(out, strings_text(s, i));
        buf_add_char(out, 0);
    }
    for (uint32_t i = 1; i < count; i++)
        if (s->used.ptr[i])
            offset[i] =
                offset[host[i]] + (uint32_t)(strings_text(s, host[i]).len - strings_text(s, i).len);
    buf_add(&s->offsets, (struct str){ (const char *)offset, count * sizeof *offset });
    s->laid_out = true;
}
