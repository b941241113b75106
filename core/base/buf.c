#include "core/base/buf.h"

#include <assert.h>
#include <stdio.h>

#include "core/base/arena.h"
#include "core/base/mem.h"

#define FIRST_BYTES 256 /* most stay below: one allocation */

void buf_init(struct buf *b)
{
    *b = (struct buf){ 0 };
}

void buf_free(struct buf *b)
{
    if (!b->arena)
        mem_free(b->ptr);
    buf_init(b);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
}

static char *move_within(struct arena *a, const struct buf *b)
{
    char *moved = arena_room(a, b->cap);

    if (b->len > 0)
        memcpy(moved, b->ptr, b->len);
    return moved;
}

char *buf_reserve(struct buf *b, size_t more)
{
    if (b->cap - b->len < more) {
        assert(more <= SIZE_MAX / 4 && b->len <= SIZE_MAX / 4);
        size_t cap = b->cap < FIRST_BYTES ? FIRST_BYTES : b->cap * 2;

        b->cap = cap < b->len + more ? b->len + more : cap;
        b->ptr = b->arena ? move_within(b->arena, b) : mem_realloc(b->ptr, b->cap);
    }
    return b->ptr ? b->ptr + b->len : NULL;
}

void buf_add_u64(struct buf *b, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    buf_add(b, (struct str){ digits + at, sizeof digits - at });
}

void buf_add_i64(struct buf *b, int64_t n)
{
    if (n < 0)
        buf_add_char(b, '-');
    buf_add_u64(b, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;

    va_start(ap, fmt);
    va_copy(again, ap);
    char *at = buf_reserve(b, 64);
    int len = vsnprintf(at, b->cap - b->len, fmt, ap);

    assert(len >= 0);
    if ((size_t)len >= b->cap - b->len) {
        at = buf_reserve(b, (size_t)len + 1);
        (void)vsnprintf(at, (size_t)len + 1, fmt, again);
    }
    b->len += (size_t)len;
    va_end(again);
    va_end(ap);
}

struct str buf_view(const struct buf *b)
{
    return (struct str){ b->ptr ? b->ptr : "", b->len };
}

struct str buf_text(struct buf *b)
{
    *buf_reserve(b, 1) = '\0';
    return buf_view(b);
}

struct buf buf_take(struct buf *b)
{
    struct buf taken = *b;

    buf_init(b);
    return taken;
}
