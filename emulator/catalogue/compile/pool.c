#include "core/base/mem.h"
#include "emulator/catalogue/compile/compile.h"

struct pool_run {
    size_t offset, bytes;
};

static struct str run_text(const struct pool *p, uint32_t run)
{
    const struct pool_run *r = &LIST_AT(p->runs, struct pool_run)[run];

    return (struct str){ p->out.ptr + r->offset, r->bytes };
}

static void slots_grow(struct pool *p)
{
    uint32_t count = p->slot_count ? p->slot_count * 2 : 1u << 12;
    uint32_t *slots = mem_alloc(count * sizeof *slots);

    for (uint32_t i = 0; i < LIST_COUNT(p->runs, struct pool_run); i++) {
        uint64_t at = str_hash(run_text(p, i)) & (count - 1);

        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = i + 1;
    }
    mem_free(p->slots);
    p->slots = slots;
    p->slot_count = count;
}

uint32_t pool_add(struct pool *p, const void *run, size_t bytes, size_t element_bytes)
{
    uint32_t count = LIST_COUNT(p->runs, struct pool_run);
    struct str text = { run, bytes };

    if (bytes == 0)
        return 0;
    if (count * 2 >= p->slot_count)
        slots_grow(p);
    uint64_t at = str_hash(text) & (p->slot_count - 1);

    for (; p->slots[at]; at = (at + 1) & (p->slot_count - 1))
        if (str_eq(run_text(p, p->slots[at] - 1), text))
            return (uint32_t)(LIST_AT(p->runs, struct pool_run)[p->slots[at] - 1].offset /
                              element_bytes);
    p->slots[at] = count + 1;
    size_t offset = p->out.len;

    LIST_ADD(&p->runs, struct pool_run, { offset, bytes });
    buf_add(&p->out, text);
    return (uint32_t)(offset / element_bytes);
}

uint32_t pool_count(const struct pool *p)
{
    return LIST_COUNT(p->runs, struct pool_run);
}

void pool_free(struct pool *p)
{
    buf_free(&p->out);
    buf_free(&p->runs);
    mem_free(p->slots);
    *p = (struct pool){ 0 };
}
