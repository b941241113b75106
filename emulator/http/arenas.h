/* emulator/http/arenas - the memory of requests, lent from a stack. What the last request used is
 * in the processor's cache; what this connection used a hundred requests ago is not.
 *
 * Threads: any.
 */
#pragma once

#include <pthread.h>

#include "core/base/arena.h"

#define ARENAS_KEPT 256 /* more at a time are made and freed again */

struct arenas {
    pthread_mutex_t mutex;
    struct arena kept[ARENAS_KEPT]; /* empty, with their blocks */
    size_t count;
};

void arenas_open(struct arenas *s);
void arenas_close(struct arenas *s); /* all have been given back */
struct arena arenas_lend(struct arenas *s);
/* Leaves a without memory; what it held is gone. One that grew large is freed. */
void arenas_take_back(struct arenas *s, struct arena *a);
