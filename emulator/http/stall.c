#include "emulator/http/stall.h"

#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "emulator/http/refuse.h"

struct stall_watch {
    int64_t timeout_us;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool stop, is_asleep; /* is_asleep: until a request says that it has begun */
    uint64_t begun_count;
    struct stall *first;
};

static void write_head(struct buf *out, const struct reply *r)
{
    buf_printf(out, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %lld\r\n", r->status,
               r->status == 408 ? "Request Timeout" : "Bad Request", (long long)r->body.len);
    for (size_t i = 0; i < r->header_count; i++)
        buf_printf(out, "%.*s: %.*s\r\n", STR_ARG(r->headers[i].name),
                   STR_ARG(r->headers[i].value));
    buf_add_c(out, "\r\n");
}

/* A client that does not read either gets what its socket's buffer takes. Its connection's thread
 * then reads the end of the stream, and closes. */
static void answer(const struct stall *s)
{
    struct arena a = { 0 };
    struct buf out = { 0 };
    struct reply reply = { 0 };

    refuse_write(&a, s->request, REFUSE_STALLED, &reply);
    write_head(&out, &reply);
    buf_add(&out, reply.body.text);
    (void)send(s->fd, out.ptr, out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)shutdown(s->fd, SHUT_RDWR);
    buf_free(&out);
    arena_free(&a);
}

static void unlink_stall(struct stall_watch *w, struct stall *s)
{
    if (!s->is_watched)
        return;
    if (s->before)
        s->before->next = s->next;
    else
        w->first = s->next;
    if (s->next)
        s->next->before = s->before;
    s->is_watched = false;
}

/* Answers what is overdue; how long until the next one may be. */
static int64_t look(struct stall_watch *w)
{
    int64_t now_us = clock_monotonic_us(), wait_us = w->timeout_us;

    for (struct stall *s = w->first, *next; s; s = next) {
        int64_t left_us = atomic_load(&s->last_us) + w->timeout_us - now_us;

        next = s->next;
        if (left_us <= 0) {
            answer(s);
            s->is_over = true;
            unlink_stall(w, s);
        } else if (left_us < wait_us) {
            wait_us = left_us;
        }
    }
    return wait_us;
}

/* Requests that begin while it waits for a time are due after that time: they need not wake it,
 * which would cost each of them as much as its answer. */
static void *watch(void *arg)
{
    struct stall_watch *w = arg;
    uint64_t seen_count = 0;

    (void)pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        if (!w->first && w->begun_count == seen_count) {
            w->is_asleep = true;
            (void)pthread_cond_wait(&w->changed, &w->lock);
            w->is_asleep = false;
            continue;
        }
        seen_count = w->begun_count;
        int64_t until_us = clock_monotonic_us() + look(w);
        struct timespec until = { until_us / 1000000, until_us % 1000000 * 1000 };
        (void)pthread_cond_timedwait(&w->changed, &w->lock, &until); /* early: we look again */
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

struct stall_watch *stall_open(int64_t timeout_ms)
{
    struct stall_watch *w = mem_alloc(sizeof *w);
    pthread_condattr_t monotonic;

    w->timeout_us = timeout_ms * 1000;
    (void)pthread_mutex_init(&w->lock, NULL); /* default attributes: cannot fail here */
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (timeout_ms == 0 || pthread_create(&w->thread, NULL, watch, w) == 0)
        return w;
    w->timeout_us = 0; /* no thread to join */
    stall_close(w);
    return NULL;
}

void stall_close(struct stall_watch *w)
{
    if (!w)
        return;
    (void)pthread_mutex_lock(&w->lock);
    w->stop = true;
    (void)pthread_cond_signal(&w->changed);
    (void)pthread_mutex_unlock(&w->lock);
    if (w->timeout_us > 0)
        (void)pthread_join(w->thread, NULL);
    (void)pthread_cond_destroy(&w->changed);
    (void)pthread_mutex_destroy(&w->lock);
    mem_free(w);
}

void stall_begin(struct stall_watch *w, struct stall *s, int fd, const struct request *q)
{
    if (w->timeout_us == 0)
        return;
    s->fd = fd;
    s->request = q;
    s->is_over = false;
    atomic_store(&s->last_us, clock_monotonic_us());
    (void)pthread_mutex_lock(&w->lock);
    s->before = NULL;
    s->next = w->first;
    if (s->next)
        s->next->before = s;
    w->first = s;
    s->is_watched = true;
    w->begun_count++;
    bool wakes = w->is_asleep;
    (void)pthread_mutex_unlock(&w->lock);
    if (wakes)
        (void)pthread_cond_signal(&w->changed);
}

void stall_touch(struct stall *s)
{
    atomic_store_explicit(&s->last_us, clock_monotonic_us(), memory_order_relaxed);
}

bool stall_end(struct stall_watch *w, struct stall *s)
{
    (void)pthread_mutex_lock(&w->lock);
    unlink_stall(w, s);
    bool goes_on = !s->is_over;
    s->is_over = false;
    (void)pthread_mutex_unlock(&w->lock);
    return goes_on;
}
