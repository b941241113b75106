#include "generator/dataset/crew.h"

#include <pthread.h>

#include "core/base/mem.h"

struct member {
    struct crew *crew;
    pthread_t thread;
    unsigned number;
};

struct crew {
    pthread_mutex_t lock;
    pthread_cond_t has_work, has_result;
    struct crew_job *first, **last;
    unsigned threads, started, running;
    bool stop;
    struct err err; /* the first failure; code 0: none */
    struct member *members;
};

/* The next job, or NULL. Under the lock. */
static struct crew_job *take(struct crew *c)
{
    struct crew_job *job = c->err.code < 0 ? NULL : c->first;

    if (!job)
        return NULL;
    c->first = job->next;
    if (!c->first)
        c->last = &c->first;
    c->running++;
    return job;
}

/* With the lock held on the way in and out. */
static void run(struct crew *c, struct crew_job *job, unsigned worker)
{
    struct err err = { 0 };

    (void)pthread_mutex_unlock(&c->lock);
    int rc = job->run(job, worker, &err);
    (void)pthread_mutex_lock(&c->lock);
    c->running--;
    if (rc < 0 && c->err.code == 0) {
        c->err = err;
        c->err.code = rc;
    }
    (void)pthread_cond_broadcast(&c->has_result);
}

static void *work(void *arg)
{
    struct member *m = arg;
    struct crew *c = m->crew;
    struct crew_job *job;

    (void)pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        if ((job = take(c)) != NULL)
            run(c, job, m->number);
        else
            (void)pthread_cond_wait(&c->has_work, &c->lock);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return NULL;
}

int crew_open(struct crew **out, unsigned threads, struct err *err)
{
    struct crew *c = mem_alloc(sizeof *c);

    c->threads = threads > 0 ? threads : 1;
    c->last = &c->first;
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->has_work, NULL);
    (void)pthread_cond_init(&c->has_result, NULL);
    c->members = mem_alloc(c->threads * sizeof *c->members);
    for (c->started = 0; c->started + 1 < c->threads; c->started++) {
        struct member *m = &c->members[c->started];

        *m = (struct member){ .crew = c, .number = c->started + 1 };
        if (pthread_create(&m->thread, NULL, work, m) != 0) {
            unsigned count = c->started + 1;
            crew_close(c);
            return err_set(err, E_IO, "start thread %u of %u", count, threads);
        }
    }
    *out = c;
    return 0;
}

void crew_close(struct crew *c)
{
    if (!c)
        return;
    (void)pthread_mutex_lock(&c->lock);
    c->stop = true;
    (void)pthread_cond_broadcast(&c->has_work);
    (void)pthread_mutex_unlock(&c->lock);
    for (unsigned i = 0; i < c->started; i++)
        (void)pthread_join(c->members[i].thread, NULL);
    (void)pthread_mutex_destroy(&c->lock);
    (void)pthread_cond_destroy(&c->has_work);
    (void)pthread_cond_destroy(&c->has_result);
    mem_free(c->members);
    mem_free(c);
}

void crew_push(struct crew *c, struct crew_job *job)
{
    job->next = NULL;
    (void)pthread_mutex_lock(&c->lock);
    *c->last = job;
    c->last = &job->next;
    (void)pthread_cond_signal(&c->has_work);
    (void)pthread_mutex_unlock(&c->lock);
}

static int failure(const struct crew *c, struct err *err)
{
    return c->err.code < 0 ? err_set(err, c->err.code, "%s", c->err.text) : 0;
}

/* False when there was nothing to do nor to wait for. Under the lock. */
static bool help(struct crew *c)
{
    struct crew_job *job = take(c);

    if (job)
        run(c, job, 0);
    else if (c->running > 0)
        (void)pthread_cond_wait(&c->has_result, &c->lock);
    else
        return false;
    return true;
}

int crew_help(struct crew *c, struct err *err)
{
    (void)pthread_mutex_lock(&c->lock);
    (void)help(c); /* nothing to do is no failure */
    int rc = failure(c, err);
    (void)pthread_mutex_unlock(&c->lock);
    return rc;
}

int crew_finish(struct crew *c, struct err *err)
{
    (void)pthread_mutex_lock(&c->lock);
    while (help(c))
        ;
    int rc = failure(c, err);
    (void)pthread_mutex_unlock(&c->lock);
    return rc;
}

bool crew_is_idle(struct crew *c)
{
    (void)pthread_mutex_lock(&c->lock);
    bool idle = !c->first && c->running == 0;
    (void)pthread_mutex_unlock(&c->lock);
    return idle;
}

unsigned crew_threads(const struct crew *c)
{
    return c->threads;
}
