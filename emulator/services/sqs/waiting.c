#include "emulator/services/sqs/waiting.h"

#include <pthread.h>
#include <time.h>

#include "core/base/mem.h"
#include "emulator/services/sqs/message.h"
#include "emulator/telemetry/telemetry.h"

#define SLICE_MS 1000 /* on a clock that runs, so long may a look at the queue be old */

struct sqs_waiting {
    pthread_mutex_t lock;
    pthread_cond_t stirred;
    uint64_t news;
    bool stop;
};

struct sqs_waiting *sqs_waiting_new(void)
{
    struct sqs_waiting *w = mem_alloc(sizeof *w);
    pthread_condattr_t attr;

    (void)pthread_mutex_init(&w->lock, NULL); /* default attributes: cannot fail here */
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->stirred, &attr);
    (void)pthread_condattr_destroy(&attr);
    return w;
}

void sqs_waiting_free(struct sqs_waiting *w)
{
    if (!w)
        return;
    (void)pthread_cond_destroy(&w->stirred);
    (void)pthread_mutex_destroy(&w->lock);
    mem_free(w);
}

static void wake(struct sqs_waiting *w, bool stop)
{
    (void)pthread_mutex_lock(&w->lock);
    w->news++;
    w->stop |= stop;
    (void)pthread_cond_broadcast(&w->stirred);
    (void)pthread_mutex_unlock(&w->lock);
}

void sqs_stir(struct engine *e)
{
    wake(e->waiting, false);
}

void sqs_waiting_stop(struct engine *e)
{
    wake(e->waiting, true);
}

static uint64_t news_of(struct sqs_waiting *w)
{
    (void)pthread_mutex_lock(&w->lock);
    uint64_t news = w->news;
    (void)pthread_mutex_unlock(&w->lock);
    return news;
}

/* Until something is new, or until_us of the machine's clock. False: nobody is to wait any more. */
static bool sleep_until(struct sqs_waiting *w, uint64_t seen, int64_t until_us)
{
    struct timespec until = { until_us / 1000000, until_us % 1000000 * 1000 };

    (void)pthread_mutex_lock(&w->lock);
    while (w->news == seen && !w->stop)
        if (pthread_cond_timedwait(&w->stirred, &w->lock, &until) != 0)
            break;
    bool goes_on = !w->stop;
    (void)pthread_mutex_unlock(&w->lock);
    return goes_on;
}

/* What a look at the queue found. */
struct look {
    bool is_over;    /* there is a message, or no queue, or no looking */
    int64_t wait_s;  /* what the call or its queue asks for */
    int64_t next_ms; /* when a hidden one may be received, by the emulator's clock */
};

int64_t sqs_wait_s(const struct call *call, const struct sqs_queue *q)
{
    return param_int(call, "WaitTimeSeconds",
                     sqs_attribute_int(q, "ReceiveMessageWaitTimeSeconds"));
}

static int look_at(struct engine *e, struct arena *a, const struct call *call,
                   const struct sqs_queue *q, struct look *out)
{
    int64_t now_ms = clock_now_ms(&e->clock);
    struct sqs_message_at *found;
    size_t count = 0;
    int rc = sqs_message_receivable(e->store, a, q, now_ms, 1, &found, &count, NULL);

    out->wait_s = sqs_wait_s(call, q);
    out->is_over = count > 0 || out->wait_s <= 0;
    return rc < 0 ? rc : sqs_message_next_due(e->store, a, q, now_ms, &out->next_ms, NULL);
}

/* A failure is the call's own to report: it fails for the same reason. */
static struct look look(struct engine *e, struct arena *a, const struct call *call)
{
    struct str account, name;
    struct sqs_queue q;
    struct look found = { .is_over = true };

    if (!sqs_url_parts(param_str(call, "QueueUrl"), &account, &name))
        return found;
    engine_enter(e);
    if (e->store && telemetry_sync(e, NULL) == 0) {
        store_lock(e->store);
        if (account.len == 0)
            account = call->account;
        if (sqs_queue_load(e->store, a, account, call->region, name, &q, NULL) == 0 &&
            look_at(e, a, call, &q, &found) < 0)
            found.is_over = true;
        store_unlock(e->store);
    }
    engine_leave(e);
    return found;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Till the next hidden message shows itself. */
static int64_t nap_of(const struct engine *e, const struct look *found)
{
    int64_t left_ms = found->next_ms - clock_now_ms(&e->clock);

    return left_ms < 1 ? 1 : earlier(SLICE_MS, left_ms);
}

void sqs_wait(struct engine *e, struct arena *a, const struct call *call)
{
    int64_t begun_us = clock_monotonic_us();
    bool goes_on = !e->opt.sink.put;

    while (goes_on) {
        struct arena_mark mark = arena_mark(a);
        uint64_t seen = news_of(e->waiting);
        struct look found = look(e, a, call);
        int64_t now_us = clock_monotonic_us(), end_us = begun_us + found.wait_s * 1000000;

        arena_rewind(a, mark);
        if (found.is_over || now_us >= end_us)
            return;
        if (!clock_is_frozen(&e->clock))
            end_us = earlier(end_us, now_us + 1000 * nap_of(e, &found));
        goes_on = sleep_until(e->waiting, seen, end_us);
    }
}
