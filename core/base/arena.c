#include "core/base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdio.h>

#include "core/base/mem.h"

/* Blocks form one chain, oldest first. Those behind head are spares, left by a rewind. */
struct arena_block {
    struct arena_block *prev, *next;
    size_t size, used; /* of data */
    alignas(max_align_t) char data[];
};

#ifdef ARENA_EACH
enum { EACH = 1 };
#else
enum { EACH = 0 };
#endif

enum {
    ALIGN = alignof(max_align_t),
    BLOCK_MIN_BYTES = 4096,
    BLOCK_MAX_BYTES = 1 << 20, /* growth ends here; a larger one serves a single allocation */
};

static struct arena_block *block_open(struct arena *a, size_t size)
{
    struct arena_block *b = mem_realloc(NULL, sizeof *b + size);

    *b = (struct arena_block){ .prev = a->head, .size = size };
    if (a->head) {
        b->next = a->head->next;
        a->head->next = b;
    }
    if (b->next)
        b->next->prev = b;
    return b;
}

#ifdef ARENA_EACH

/* A block for each allocation, cut to size: an overrun of one byte is seen. */
static void *take(struct arena *a, size_t size)
{
    a->head = block_open(a, size);
    a->head->used = size;
    a->used_bytes += size;
    return a->head->data;
}

#else

static size_t grown_size(const struct arena *a, size_t need)
{
    size_t size = a->head ? a->head->size * 2 : BLOCK_MIN_BYTES;

    if (size > BLOCK_MAX_BYTES)
        size = BLOCK_MAX_BYTES;
    return size < need ? need : size;
}

static void *take(struct arena *a, size_t size)
{
    assert(size <= SIZE_MAX - sizeof(struct arena_block) - ALIGN);
    size_t need = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct arena_block *b = a->head;

    if (!b || b->size - b->used < need) {
        b = b && b->next && b->next->size >= need ? b->next : block_open(a, grown_size(a, need));
        b->used = 0;
        a->head = b;
    }
    void *ptr = b->data + b->used;
    b->used += need;
    a->used_bytes += need;
    return ptr;
}

#endif

void *arena_alloc(struct arena *a, size_t size)
{
    return memset(take(a, size), 0, size);
}

void *arena_room(struct arena *a, size_t size)
{
    return take(a, size);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    assert(size == 0 || count <= SIZE_MAX / size);
    return arena_alloc(a, count * size);
}

struct str arena_copy(struct arena *a, struct str s)
{
    char *ptr = take(a, s.len + 1);

    if (s.len)
        memcpy(ptr, s.ptr, s.len);
    ptr[s.len] = '\0';
    return (struct str){ ptr, s.len };
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct str s = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return s;
}

struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    char first_try[256];
    va_list again;

    va_copy(again, ap);
    int len = vsnprintf(first_try, sizeof first_try, fmt, ap);
    assert(len >= 0);
    struct str s = { first_try, (size_t)len };

    if (s.len < sizeof first_try) {
        s = arena_copy(a, s);
    } else {
        char *ptr = take(a, s.len + 1);

        (void)vsnprintf(ptr, s.len + 1, fmt, again);
        s.ptr = ptr;
    }
    va_end(again);
    return s;
}

struct str arena_join(struct arena *a, const struct str *parts, size_t count, struct str sep)
{
    size_t len = count ? (count - 1) * sep.len : 0;

    for (size_t i = 0; i < count; i++)
        len += parts[i].len;

    char *ptr = take(a, len + 1), *at = ptr;

    for (size_t i = 0; i < count; i++) {
        if (i && sep.len)
            at = (char *)memcpy(at, sep.ptr, sep.len) + sep.len;
        if (parts[i].len)
            at = (char *)memcpy(at, parts[i].ptr, parts[i].len) + parts[i].len;
    }
    *at = '\0';
    return (struct str){ ptr, len };
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){ a->head, a->head ? a->head->used : 0, a->used_bytes };
}

static void block_close(struct arena_block *b)
{
    if (b->prev)
        b->prev->next = b->next;
    if (b->next)
        b->next->prev = b->prev;
    mem_free(b);
}

/* Spares are kept, but for what one outsized allocation left: it would stay for good.
 * Returns the first that was kept of b and those behind it. */
static struct arena_block *drop_outsized(struct arena_block *b)
{
    struct arena_block *kept = NULL;

    for (struct arena_block *next; b; b = next) {
        next = b->next;
        if (b->size > BLOCK_MAX_BYTES || EACH)
            block_close(b);
        else if (!kept)
            kept = b;
    }
    return kept;
}

void arena_rewind(struct arena *a, struct arena_mark mark)
{
    if (!mark.block) {
        arena_reset(a);
        return;
    }
    a->head = mark.block;
    a->head->used = mark.offset;
    a->used_bytes = mark.used_bytes;
    (void)drop_outsized(a->head->next); /* take() finds the rest behind head */
}

void arena_reset(struct arena *a)
{
    struct arena_block *first = a->head;

    while (first && first->prev)
        first = first->prev;
    a->head = drop_outsized(first);
    if (a->head)
        a->head->used = 0;
    a->used_bytes = 0;
}

void arena_free(struct arena *a)
{
    struct arena_block *b = a->head;

    while (b && b->next)
        b = b->next;
    for (struct arena_block *prev; b; b = prev) {
        prev = b->prev;
        mem_free(b);
    }
    *a = (struct arena){ 0 };
}
