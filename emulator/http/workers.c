#include "emulator/http/workers.h"

#include <assert.h>
#include <pthread.h>

#include "core/base/mem.h"

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct work *first, **last;
    unsigned most, taken; /* places */
    unsigned thread_count;
    pthread_t *threads;
    bool is_over;
};

struct workers *workers_open(unsigned most)
{
    struct workers *w = mem_alloc(sizeof *w);

    (void)pthread_mutex_init(&w->lock, NULL); /* default attributes: cannot fail here */
    (void)pthread_cond_init(&w->wake, NULL);
    w->last = &w->first;
    w->most = most;
    w->threads = mem_alloc(most * sizeof *w->threads);
    return w;
}

void workers_close(struct workers *w)
{
    if (!w)
        return;
    (void)pthread_mutex_lock(&w->lock);
    w->is_over = true;
    (void)pthread_cond_broadcast(&w->wake);
    (void)pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->thread_count; i++)
        (void)pthread_join(w->threads[i], NULL); /* they return nothing */
    (void)pthread_cond_destroy(&w->wake);
    (void)pthread_mutex_destroy(&w->lock);
    mem_free(w->threads);
    mem_free(w);
}

/* The next item, or NULL when all is over. The lock is held. */
static struct work *wait_for_work(struct workers *w)
{
    struct work *item;

    while (!w->first && !w->is_over)
        (void)pthread_cond_wait(&w->wake, &w->lock);
    item = w->first;
    if (item) {
        w->first = item->next;
        if (!w->first)
            w->last = &w->first;
    }
    return item;
}

static void *live(void *arg)
{
    struct workers *w = arg;
    struct work *item;

    (void)pthread_mutex_lock(&w->lock);
    while ((item = wait_for_work(w))) {
        (void)pthread_mutex_unlock(&w->lock);
        item->run(item->arg);
        (void)pthread_mutex_lock(&w->lock);
        w->taken--;
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* A thread for every place that is taken; the lock is held. */
static bool has_thread(struct workers *w)
{
    if (w->thread_count > w->taken)
        return true;
    if (pthread_create(&w->threads[w->thread_count], NULL, live, w) != 0)
        return false;
    w->thread_count++;
    return true;
}

bool workers_reserve(struct workers *w)
{
    bool ok;

    (void)pthread_mutex_lock(&w->lock);
    ok = w->taken < w->most && !w->is_over && has_thread(w);
    w->taken += ok;
    (void)pthread_mutex_unlock(&w->lock);
    return ok;
}

void workers_put(struct workers *w, struct work *item)
{
    (void)pthread_mutex_lock(&w->lock);
    assert(w->taken > 0);
    item->next = NULL;
    *w->last = item;
    w->last = &item->next;
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_mutex_unlock(&w->lock);
}
