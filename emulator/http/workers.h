/* emulator/http/workers - threads for answers that may wait for another server, so that those of
 * the front door never do.
 *
 * Threads are made as they are needed, up to a limit, and stay. Work is never queued behind other
 * work: without a free place it is refused.
 * Memory: a struct work is its owner's until run is called.
 */
#pragma once

#include <stdbool.h>

struct workers;

struct work {
    struct work *next;
    void (*run)(void *arg);
    void *arg;
};

struct workers *workers_open(unsigned most);
void workers_close(struct workers *w); /* waits for all that runs; NULL is harmless */

bool workers_reserve(struct workers *w);                /* a place; false: all are taken */
void workers_put(struct workers *w, struct work *item); /* after workers_reserve */
