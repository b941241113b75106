/* core/base/arena - memory that ends together: one request, one event, one test.
 *
 * Use:     struct arena a = { 0 }; ... arena_alloc(&a, n) ...; arena_free(&a);
 * Memory:  grows by blocks; never moves what it gave out; never returns NULL (out of memory ends
 *          the program). Blocks are recycled by arena_reset and arena_rewind.
 * Threads: one arena, one thread.
 * With ARENA_EACH (sanitizer builds) each allocation is its own malloc.
 */
#pragma once

#include <stdarg.h>

#include "core/base/str.h"

struct arena_block;
struct arena {
    struct arena_block *head; /* the block being filled; zero-initialised is empty */
    size_t used_bytes;
};
struct arena_mark {
    struct arena_block *block;
    size_t offset, used_bytes;
};

void *arena_alloc(struct arena *a, size_t size);               /* zeroed, aligned for any type */
void *arena_room(struct arena *a, size_t size);                /* the same, but not zeroed */
void *arena_array(struct arena *a, size_t count, size_t size); /* zeroed; overflow is a bug */
struct str arena_copy(struct arena *a, struct str s);          /* NUL behind the last byte */
struct str arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap);
struct str arena_join(struct arena *a, const struct str *parts, size_t count, struct str sep);
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark mark); /* all since the mark is gone */
void arena_reset(struct arena *a);                          /* empty, memory kept for reuse */
void arena_free(struct arena *a);                           /* twice is harmless */
