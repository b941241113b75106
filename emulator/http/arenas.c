#include "emulator/http/arenas.h"

#define KEPT_BYTES (256u << 10) /* of one: nearly all requests need less */

void arenas_open(struct arenas *s)
{
    s->count = 0;
    (void)pthread_mutex_init(&s->mutex, NULL); /* can't fail with default attributes */
}

void arenas_close(struct arenas *s)
{
    for (size_t i = 0; i < s->count; i++)
        arena_free(&s->kept[i]);
    (void)pthread_mutex_destroy(&s->mutex);
}

struct arena arenas_lend(struct arenas *s)
{
    struct arena a = { 0 };

    (void)pthread_mutex_lock(&s->mutex);
    if (s->count > 0)
        a = s->kept[--s->count];
    (void)pthread_mutex_unlock(&s->mutex);
    return a;
}

void arenas_take_back(struct arenas *s, struct arena *a)
{
    struct arena empty = *a;
    bool is_kept = false;

    if (!a->head)
        return;
    *a = (struct arena){ 0 };
    if (empty.used_bytes <= KEPT_BYTES) {
        arena_reset(&empty);
        (void)pthread_mutex_lock(&s->mutex);
        is_kept = s->count < ARENAS_KEPT;
        if (is_kept)
            s->kept[s->count++] = empty;
        (void)pthread_mutex_unlock(&s->mutex);
    }
    if (!is_kept)
        arena_free(&empty);
}
