#include "emulator/engine/schedule.h"

#include <pthread.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/mem.h"

#define RETRY_MS       5000  /* a failed job of a real clock */
#define LONGEST_NAP_MS 60000 /* the machine's clock may be set meanwhile */

struct job {
    char name[64];
    int64_t due_ms;
    uint64_t number; /* tells a job from its replacement */
    schedule_fn *run;
    void *arg;
};

struct schedule {
    struct clock *clock;
    pthread_mutex_t running; /* held while a job runs; recursive, for jobs that advance */
    pthread_mutex_t lock;    /* the list, the thread's flags */
    pthread_cond_t changed;
    struct job *jobs;
    size_t count, cap;
    uint64_t next_number;
    pthread_t thread;
    bool has_thread, stop;
    int64_t target_ms; /* of the advance under way; INT64_MIN: none. Under running */
};

int schedule_open(struct schedule **out, struct clock *clock, struct err *err)
{
    struct schedule *s = mem_alloc(sizeof *s);
    pthread_mutexattr_t recursive;
    pthread_condattr_t monotonic;

    s->clock = clock;
    s->target_ms = INT64_MIN;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&s->running, &recursive);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &monotonic);
    pthread_mutexattr_destroy(&recursive);
    pthread_condattr_destroy(&monotonic);
    *out = s;
    (void)err; /* nothing here can fail yet; the contract leaves room */
    return 0;
}

void schedule_close(struct schedule *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (s->has_thread)
        pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->running);
    mem_free(s->jobs);
    mem_free(s);
}

static struct job *find_job(struct schedule *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->jobs[i].name, name) == 0)
            return &s->jobs[i];
    return NULL;
}

int schedule_add(struct schedule *s, const char *name, int64_t due_ms, schedule_fn *run, void *arg,
                 struct err *err)
{
    struct job job = { .due_ms = due_ms, .run = run, .arg = arg };
    size_t len = strlen(name);

    if (len >= sizeof job.name)
        return err_set(err, E_LIMIT, "job name over %zu bytes: %s", sizeof job.name - 1, name);
    memcpy(job.name, name, len);

    pthread_mutex_lock(&s->lock);
    struct job *old = find_job(s, name);
    if (!old && s->count == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 16;
        s->jobs = mem_realloc(s->jobs, s->cap * sizeof *s->jobs);
    }
    job.number = ++s->next_number;
    *(old ? old : &s->jobs[s->count++]) = job;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return 0;
}

static void drop_job(struct schedule *s, struct job *job)
{
    *job = s->jobs[--s->count];
}

void schedule_remove(struct schedule *s, const char *name)
{
    pthread_mutex_lock(&s->lock);
    struct job *job = find_job(s, name);
    if (job)
        drop_job(s, job);
    pthread_mutex_unlock(&s->lock);
}

static struct job *first_job(struct schedule *s)
{
    struct job *first = NULL;

    for (size_t i = 0; i < s->count; i++) {
        struct job *job = &s->jobs[i];

        if (!first || job->due_ms < first->due_ms ||
            (job->due_ms == first->due_ms && strcmp(job->name, first->name) < 0))
            first = job;
    }
    return first;
}

static bool next_due(struct schedule *s, int64_t up_to_ms, struct job *out)
{
    pthread_mutex_lock(&s->lock);
    struct job *first = first_job(s);
    bool is_due = first && first->due_ms <= up_to_ms;
    if (is_due)
        *out = *first;
    pthread_mutex_unlock(&s->lock);
    return is_due;
}

/* After a run: unless it was replaced or removed meanwhile, the job waits for its next time. */
static void rearm(struct schedule *s, const struct job *done, int64_t next_ms)
{
    pthread_mutex_lock(&s->lock);
    struct job *job = find_job(s, done->name);
    if (job && job->number == done->number) {
        if (next_ms == INT64_MAX)
            drop_job(s, job);
        else
            job->due_ms = next_ms;
    }
    pthread_mutex_unlock(&s->lock);
}

static int run_job(struct schedule *s, const struct job *job, struct err *err)
{
    int64_t next_ms = INT64_MAX;
    int rc = job->run(job->arg, job->due_ms, &next_ms, err);

    if (rc == 0)
        rearm(s, job, next_ms);
    return rc;
}

static int fire_standing(struct schedule *s, int64_t target_ms, struct err *err)
{
    struct job job;

    while (next_due(s, target_ms, &job)) {
        if (job.due_ms > clock_now_ms(s->clock))
            clock_set_ms(s->clock, job.due_ms);
        int rc = run_job(s, &job, err);
        if (rc < 0)
            return rc;
    }
    if (target_ms > clock_now_ms(s->clock))
        clock_set_ms(s->clock, target_ms);
    return 0;
}

static int fire_due(struct schedule *s, struct err *err)
{
    struct job job;

    while (next_due(s, clock_now_ms(s->clock), &job)) {
        int rc = run_job(s, &job, err);
        if (rc < 0) {
            rearm(s, &job, clock_now_ms(s->clock) + RETRY_MS);
            return rc;
        }
    }
    return 0;
}

int schedule_advance(struct schedule *s, int64_t target_ms, struct err *err)
{
    int rc;

    pthread_mutex_lock(&s->running);
    if (target_ms < clock_now_ms(s->clock)) {
        char now[CLOCK_ISO_SIZE];

        clock_iso(clock_now_ms(s->clock), now);
        rc = err_set(err, E_CONFLICT, "the clock stands at %s and can't go back", now);
    } else if (clock_is_frozen(s->clock)) {
        int64_t outer_ms = s->target_ms; /* a job may advance, too */
        s->target_ms = target_ms > outer_ms ? target_ms : outer_ms;
        rc = fire_standing(s, target_ms, err);
        s->target_ms = outer_ms;
    } else {
        clock_set_ms(s->clock, target_ms);
        rc = fire_due(s, err);
    }
    pthread_mutex_unlock(&s->running);
    return rc;
}

/* Sleeps until something may be due; true when the schedule closes. Enters and leaves locked. */
static bool nap(struct schedule *s)
{
    struct job *first = first_job(s);
    int64_t wait_ms = LONGEST_NAP_MS;
    struct timespec until;

    if (first && !clock_is_frozen(s->clock)) {
        int64_t left_ms = first->due_ms - clock_now_ms(s->clock);
        wait_ms = left_ms < 0 ? 0 : left_ms < wait_ms ? left_ms : wait_ms;
    }
    if (s->stop || wait_ms == 0)
        return s->stop;
    int64_t until_us = clock_monotonic_us() + wait_ms * 1000;
    until = (struct timespec){ until_us / 1000000, until_us % 1000000 * 1000 };
    (void)pthread_cond_timedwait(&s->changed, &s->lock, &until); /* early or late: we look again */
    return s->stop;
}

static void *tick(void *arg)
{
    struct schedule *s = arg;

    pthread_mutex_lock(&s->lock);
    while (!nap(s)) {
        struct err err = { 0 };

        pthread_mutex_unlock(&s->lock);
        pthread_mutex_lock(&s->running);
        if (!clock_is_frozen(s->clock) && fire_due(s, &err) < 0)
            log_write(LOG_ERROR, "%s; trying again in %d s", err.text, RETRY_MS / 1000);
        pthread_mutex_unlock(&s->running);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

int schedule_start(struct schedule *s, struct err *err)
{
    if (s->clock->mode == CLOCK_VIRTUAL || s->has_thread)
        return 0;
    if (pthread_create(&s->thread, NULL, tick, s) != 0)
        return err_set(err, E_IO, "can't start the thread of the clock");
    s->has_thread = true;
    return 0;
}

int schedule_freeze(struct schedule *s, bool freeze, struct err *err)
{
    int rc = 0;

    pthread_mutex_lock(&s->running);
    if (freeze)
        clock_freeze(s->clock);
    else if (s->clock->mode == CLOCK_VIRTUAL)
        rc = err_set(err, E_CONFLICT, "a virtual clock stands still until it is advanced");
    else
        clock_unfreeze(s->clock);
    pthread_mutex_unlock(&s->running);
    pthread_mutex_lock(&s->lock);
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

bool schedule_will_reach(const struct schedule *s, int64_t due_ms)
{
    return due_ms <= s->target_ms;
}

bool schedule_is_frozen(const struct schedule *s)
{
    return clock_is_frozen(s->clock);
}

void schedule_hold(struct schedule *s)
{
    pthread_mutex_lock(&s->running);
}

void schedule_release(struct schedule *s)
{
    pthread_mutex_unlock(&s->running);
}
