/* core/base/buf - bytes that grow. A buf owns its bytes; an empty buf owns nothing.
 * One that begins as { .arena = a } has its bytes there: they stay when it is freed, and end with
 * the arena. Out of memory ends the program.
 */
#pragma once

#include <stdarg.h>

#include "core/base/str.h"

struct arena;
struct buf {
    char *ptr;
    size_t len, cap;
    struct arena *arena; /* NULL: memory of its own */
};

void buf_init(struct buf *b);                  /* empty, nothing allocated; same as { 0 } */
void buf_free(struct buf *b);                  /* leaves it empty: twice is harmless */
void buf_clear(struct buf *b);                 /* length 0, memory kept */
char *buf_reserve(struct buf *b, size_t more); /* room for more bytes; where to write them */
/* Copies; may move b->ptr. These three are inline: records and replies are written with them. */
static inline void buf_add(struct buf *b, struct str bytes)
{
    if (bytes.len == 0)
        return;
    memcpy(b->cap - b->len < bytes.len ? buf_reserve(b, bytes.len) : b->ptr + b->len, bytes.ptr,
           bytes.len);
    b->len += bytes.len;
}
static inline void buf_add_c(struct buf *b, const char *c)
{
    buf_add(b, str_c(c));
}
static inline void buf_add_char(struct buf *b, char c)
{
    *(b->cap == b->len ? buf_reserve(b, 1) : b->ptr + b->len) = c;
    b->len++;
}
void buf_add_u64(struct buf *b, uint64_t n); /* decimal */
void buf_add_i64(struct buf *b, int64_t n);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct str buf_view(const struct buf *b); /* borrowed until the next buf_add */
struct str buf_text(struct buf *b);       /* the same, with a NUL behind the last byte */
struct buf buf_take(struct buf *b);       /* the bytes are the caller's now; b is empty */
