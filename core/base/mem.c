#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn static void die(size_t size)
{
    (void)fprintf(stderr, "mocktrail: out of memory (%zu bytes asked for)\n", size);
    abort();
}

void *mem_alloc(size_t size)
{
    void *ptr = calloc(1, size ? size : 1);

    if (!ptr)
        die(size);
    return ptr;
}

void *mem_realloc(void *ptr, size_t size)
{
    void *moved = realloc(ptr, size ? size : 1);

    if (!moved)
        die(size);
    return moved;
}

void mem_free(void *ptr)
{
    free(ptr);
}
