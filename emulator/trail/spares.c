#include "emulator/trail/spares.h"

#include <pthread.h>

#include "core/base/mem.h"

struct spares {
    const char *dir; /* borrowed from the journal */
    uint64_t size_bytes;
    bool power_safe;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex; /* everything below */
    pthread_cond_t wake, ready;
    struct segment *spare, *kept;
    size_t kept_count, taken_count; /* taken since the last trim */
    bool is_wanted, stop;
    uint64_t attempts;
    struct err why; /* the last attempt failed */
};

static struct segment *take_kept(struct spares *p)
{
    struct segment *s = p->kept;

    if (s) {
        p->kept = s->next;
        p->kept_count--;
    }
    return s;
}

/* From one that was kept if there is one. An empty header is on the disk before the file gets a
 * number: a power cut must not bring an old one back. NULL: failed. */
static struct segment *make(const struct spares *p, struct segment *kept, struct err *err)
{
    struct segment *s = kept;
    int rc = s ? segment_reuse(s, p->dir, err) : segment_prepare(&s, p->dir, p->size_bytes, err);

    if (rc == 0 && p->power_safe)
        rc = segment_to_memory(s, err);
    else if (rc == 0)
        segment_warm(s);
    if (rc == 0)
        return s;
    segment_close(s);
    return NULL;
}

static void *run(void *arg)
{
    struct spares *p = arg;

    (void)pthread_mutex_lock(&p->mutex);
    while (!p->stop) {
        if (!p->is_wanted || p->spare) {
            (void)pthread_cond_wait(&p->wake, &p->mutex);
            continue;
        }
        struct segment *s = take_kept(p);
        struct err err = { 0 };
        (void)pthread_mutex_unlock(&p->mutex);
        s = make(p, s, &err);
        (void)pthread_mutex_lock(&p->mutex);
        p->spare = s;
        p->why = err;
        p->attempts++;
        p->is_wanted = false;
        (void)pthread_cond_broadcast(&p->ready);
    }
    (void)pthread_mutex_unlock(&p->mutex);
    return NULL;
}

int spares_open(struct spares **out, const char *dir, uint64_t size_bytes, bool power_safe,
                struct err *err)
{
    struct spares *p = mem_alloc(sizeof *p);

    p->dir = dir;
    p->size_bytes = size_bytes;
    p->power_safe = power_safe;
    (void)pthread_mutex_init(&p->mutex, NULL);
    (void)pthread_cond_init(&p->wake, NULL);
    (void)pthread_cond_init(&p->ready, NULL);
    p->has_thread = pthread_create(&p->thread, NULL, run, p) == 0;
    if (!p->has_thread) {
        spares_close(p);
        return err_set(err, E_IO, "start a thread of the journal");
    }
    *out = p;
    return 0;
}

void spares_close(struct spares *p)
{
    if (!p)
        return;
    (void)pthread_mutex_lock(&p->mutex);
    p->stop = true;
    (void)pthread_cond_signal(&p->wake);
    (void)pthread_mutex_unlock(&p->mutex);
    if (p->has_thread)
        (void)pthread_join(p->thread, NULL);
    if (p->spare)
        (void)segment_remove(p->spare, NULL); /* one that stays is overwritten by the next */
    for (struct segment *s; (s = take_kept(p)) != NULL;)
        (void)segment_remove(s, NULL); /* one that stays is trimmed again at the next start */
    (void)pthread_cond_destroy(&p->ready);
    (void)pthread_cond_destroy(&p->wake);
    (void)pthread_mutex_destroy(&p->mutex);
    mem_free(p);
}

static void want(struct spares *p)
{
    if (p->is_wanted || p->spare)
        return;
    p->is_wanted = true;
    (void)pthread_cond_signal(&p->wake);
}

void spares_want(struct spares *p)
{
    (void)pthread_mutex_lock(&p->mutex);
    want(p);
    (void)pthread_mutex_unlock(&p->mutex);
}

int spares_ready(struct spares *p, struct segment **out, struct err *err)
{
    int rc = 0;

    (void)pthread_mutex_lock(&p->mutex);
    if (!p->spare) {
        uint64_t before = p->attempts;
        want(p);
        while (p->attempts == before)
            (void)pthread_cond_wait(&p->ready, &p->mutex);
        if (!p->spare)
            rc = err_set(err, p->why.code, "%s", p->why.text);
    }
    if (rc == 0)
        *out = p->spare;
    (void)pthread_mutex_unlock(&p->mutex);
    return rc;
}

void spares_taken(struct spares *p)
{
    (void)pthread_mutex_lock(&p->mutex);
    p->spare = NULL;
    p->taken_count++;
    (void)pthread_mutex_unlock(&p->mutex);
}

int spares_give(struct spares *p, struct segment *s, struct err *err)
{
    if (s->size_bytes != p->size_bytes)
        return segment_remove(s, err);
    (void)pthread_mutex_lock(&p->mutex);
    s->next = p->kept;
    p->kept = s;
    p->kept_count++;
    (void)pthread_mutex_unlock(&p->mutex);
    return 0;
}

int spares_settle(struct spares *p, struct err *err)
{
    struct segment *s;
    int rc = 0;

    do {
        (void)pthread_mutex_lock(&p->mutex);
        s = p->kept_count > p->taken_count ? take_kept(p) : NULL;
        if (!s)
            p->taken_count = 0;
        (void)pthread_mutex_unlock(&p->mutex);
        if (s)
            rc = segment_remove(s, err);
    } while (rc == 0 && s);
    return rc;
}
