/* core/base/mem - the only place that asks the C library for memory.
 *
 * For arena, buf and the structs with open/close; everything else lives in an arena. Out of memory
 * ends the program with one line on stderr: the journal makes that safe.
 */
#pragma once

#include <stddef.h>

void *mem_alloc(size_t size);              /* zeroed; never NULL, also for size 0 */
void *mem_realloc(void *ptr, size_t size); /* new bytes are not zeroed; never NULL */
void mem_free(void *ptr);                  /* NULL is harmless */
