#include "emulator/services/s3/pending.h"

#include <assert.h>
#include <stdatomic.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "emulator/engine/engine.h"
#include "emulator/trail/trail.h"

#define PENDING_MAX 4096
#define QUIET_US    5000 /* since another client wrote */
#define BATCH_US    1000 /* the thread looks this often whether writes keep coming */
#define REST_FACTOR 49   /* then it works a fiftieth of the time */
#define REST_MAX_US 100000
#define RETRY_US    1000000 /* after a failure (a full disk) */

struct waiting {
    struct waiting *older, *newer; /* of all, by the time of coming */
    struct waiting *next;          /* on the stripe */
    size_t stripe;
    uint64_t serial, position;
    struct str bucket, key; /* behind this struct */
};

struct pending {
    struct s3 *s3;
    struct journal *journal;
    bool power_safe;
    _Atomic size_t count;
    _Atomic int callers;
    pthread_mutex_t marking; /* taken before the mutex */
    pthread_mutex_t mutex;   /* everything below */
    struct waiting *oldest, *newest, *stripes[LOCK_COUNT];
    uint64_t next_serial, added_count;
    const void *last_client;
    int64_t last_us;        /* when it wrote */
    struct buf replaced;    /* positions, to be marked applied once the journal is on the disk */
    pthread_cond_t changed; /* the first one came, or stop */
    pthread_t thread;
    bool has_thread, stop;
};

/* ---- the table; with the mutex held ---- */

static struct waiting *find(struct pending *p, size_t stripe, const struct pending_key *key)
{
    struct waiting *w = p->stripes[stripe];

    while (w && !(str_eq(w->key, key->key) && str_eq(w->bucket, key->bucket)))
        w = w->next;
    return w;
}

static struct waiting *waiting_new(const struct pending_key *key, size_t stripe, uint64_t position)
{
    struct waiting *w = mem_alloc(sizeof *w + key->bucket.len + key->key.len);
    char *text = (char *)(w + 1);

    memcpy(text, key->bucket.ptr, key->bucket.len);
    memcpy(text + key->bucket.len, key->key.ptr, key->key.len);
    w->stripe = stripe;
    w->position = position;
    w->bucket = (struct str){ text, key->bucket.len };
    w->key = (struct str){ text + key->bucket.len, key->key.len };
    return w;
}

static void insert(struct pending *p, struct waiting *w)
{
    w->serial = p->next_serial++;
    w->next = p->stripes[w->stripe];
    p->stripes[w->stripe] = w;
    w->older = p->newest;
    *(p->newest ? &p->newest->newer : &p->oldest) = w;
    p->newest = w;
    if (atomic_fetch_add(&p->count, 1) == 0)
        (void)pthread_cond_signal(&p->changed);
}

static void take_out(struct pending *p, struct waiting *w)
{
    struct waiting **at = &p->stripes[w->stripe];

    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    *(w->older ? &w->older->newer : &p->oldest) = w->newer;
    *(w->newer ? &w->newer->older : &p->newest) = w->older;
    (void)atomic_fetch_sub(&p->count, 1);
}

/* ---- adding ---- */

void pending_enter(struct pending *p)
{
    (void)atomic_fetch_add(&p->callers, 1);
}

void pending_leave(struct pending *p)
{
    (void)atomic_fetch_sub(&p->callers, 1);
}

/* With the mutex held. */
static bool is_quiet(struct pending *p, const void *client)
{
    int64_t now_us = clock_monotonic_us();
    bool alone = client == p->last_client || now_us - p->last_us > QUIET_US;

    p->last_client = client;
    p->last_us = now_us;
    return alone && atomic_load(&p->count) == 0 && atomic_load(&p->callers) <= 1;
}

bool pending_add(struct pending *p, const struct pending_key *key, uint64_t position)
{
    size_t stripe = lock_stripe(key->bucket, key->key);
    uint64_t replaced = 0;

    (void)pthread_mutex_lock(&p->mutex);
    p->added_count++;
    struct waiting *w = find(p, stripe, key);
    bool quiet = is_quiet(p, key->client);
    bool waits = w || (!quiet && atomic_load(&p->count) < PENDING_MAX);
    if (w) { /* keeps its place in the row: a key written again and again gets its turn, too */
        replaced = w->position;
        w->position = position;
    } else if (waits) {
        insert(p, waiting_new(key, stripe, position));
    }
    if (replaced && p->power_safe)
        buf_add(&p->replaced, (struct str){ (const char *)&replaced, sizeof replaced });
    (void)pthread_mutex_unlock(&p->mutex);
    if (replaced && !p->power_safe)
        journal_applied(p->journal, replaced);
    return waits;
}

/* ---- settling ---- */

/* A record comes before its files, also on the disk; and what it replaced is not to be done again
 * from the moment it is there, but not before. */
static int sync_journal(struct pending *p, struct err *err)
{
    if (!p->power_safe)
        return 0;
    (void)pthread_mutex_lock(&p->marking);
    (void)pthread_mutex_lock(&p->mutex);
    struct buf replaced = buf_take(&p->replaced);
    (void)pthread_mutex_unlock(&p->mutex);
    int rc = journal_sync(p->journal, err);
    for (size_t at = 0; rc == 0 && at < replaced.len; at += sizeof(uint64_t)) {
        uint64_t position;

        memcpy(&position, replaced.ptr + at, sizeof position);
        journal_applied(p->journal, position);
    }
    (void)pthread_mutex_unlock(&p->marking);
    buf_free(&replaced);
    return rc;
}

static struct waiting *first_on(struct pending *p, size_t stripe)
{
    (void)pthread_mutex_lock(&p->mutex);
    struct waiting *w = p->stripes[stripe];
    (void)pthread_mutex_unlock(&p->mutex);
    return w;
}

/* The stripe's lock keeps others from what is on it; the mutex from the lists. */
int pending_settle(struct pending *p, size_t stripe, struct err *err)
{
    struct waiting *w = atomic_load(&p->count) > 0 ? first_on(p, stripe) : NULL;
    int rc = w ? sync_journal(p, err) : 0;

    for (; rc == 0 && w; w = first_on(p, stripe)) {
        rc = journal_apply(p->journal, w->position, err);
        if (rc < 0)
            break;
        (void)pthread_mutex_lock(&p->mutex);
        take_out(p, w);
        (void)pthread_mutex_unlock(&p->mutex);
        mem_free(w);
    }
    return rc;
}

static int settle_unlocked(struct pending *p, size_t stripe, struct err *err)
{
    struct lock_set once = { .s3 = p->s3 };

    lock_take_as_is(&once, stripe);
    int rc = pending_settle(p, stripe, err);
    lock_drop_all(&once);
    return rc;
}

int pending_settle_bucket(struct pending *p, struct str bucket, struct err *err)
{
    uint64_t end = UINT64_MAX;
    int rc = 0;

    while (rc == 0 && atomic_load(&p->count) > 0) {
        (void)pthread_mutex_lock(&p->mutex);
        if (end == UINT64_MAX)
            end = p->next_serial;
        struct waiting *w = p->oldest;
        while (w && w->serial < end && bucket.len > 0 && !str_eq(w->bucket, bucket))
            w = w->newer;
        bool found = w && w->serial < end;
        size_t stripe = found ? w->stripe : 0;
        (void)pthread_mutex_unlock(&p->mutex);
        if (!found)
            break;
        rc = settle_unlocked(p, stripe, err);
    }
    return rc;
}

/* ---- the thread ---- */

static void rest(struct pending *p, int64_t us)
{
    int64_t until_us = clock_monotonic_us() + us;
    struct timespec until = { until_us / 1000000, until_us % 1000000 * 1000 };

    while (!p->stop && pthread_cond_timedwait(&p->changed, &p->mutex, &until) == 0)
        continue;
}

/* For a batch's time, the oldest first. Enters and leaves with the mutex held. */
static int work(struct pending *p, struct err *err)
{
    int64_t end_us = clock_monotonic_us() + BATCH_US;
    int rc = 0;

    while (rc == 0 && !p->stop && p->oldest && clock_monotonic_us() < end_us) {
        size_t stripe = p->oldest->stripe;

        (void)pthread_mutex_unlock(&p->mutex);
        rc = settle_unlocked(p, stripe, err);
        (void)pthread_mutex_lock(&p->mutex);
    }
    return rc;
}

static void *run(void *arg)
{
    struct pending *p = arg;

    (void)pthread_mutex_lock(&p->mutex);
    while (!p->stop) {
        if (!p->oldest) {
            (void)pthread_cond_wait(&p->changed, &p->mutex);
            continue;
        }
        struct err err = { 0 };
        uint64_t before = p->added_count;
        int64_t began_us = clock_monotonic_us();
        int rc = work(p, &err);
        int64_t rest_us = REST_FACTOR * (clock_monotonic_us() - began_us);

        if (rc < 0) {
            log_write(LOG_ERROR, "an object is in the journal but not in its file: %s", err.text);
            rest(p, RETRY_US);
        } else if (p->added_count != before) {
            rest(p, rest_us < REST_MAX_US ? rest_us : REST_MAX_US);
        }
    }
    (void)pthread_mutex_unlock(&p->mutex);
    return NULL;
}

int pending_open(struct pending **out, struct s3 *s3, struct err *err)
{
    struct pending *p = mem_alloc(sizeof *p);
    pthread_condattr_t monotonic;

    p->s3 = s3;
    p->journal = trail_journal(s3->e->trail);
    p->power_safe = s3->e->opt.durability == DURABILITY_DISK;
    (void)pthread_mutex_init(&p->mutex, NULL); /* can't fail with default attributes */
    (void)pthread_mutex_init(&p->marking, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&p->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&p->thread, NULL, run, p) != 0) {
        pending_close(p);
        return err_set(err, E_IO, "start the thread that writes objects");
    }
    p->has_thread = true;
    *out = p;
    return 0;
}

int pending_finish(struct pending *p, struct err *err)
{
    int rc = pending_settle_bucket(p, STR(""), err);

    (void)pthread_mutex_lock(&p->mutex);
    p->stop = true;
    (void)pthread_cond_signal(&p->changed);
    (void)pthread_mutex_unlock(&p->mutex);
    if (p->has_thread)
        (void)pthread_join(p->thread, NULL);
    p->has_thread = false;
    return rc;
}

void pending_close(struct pending *p)
{
    if (!p)
        return;
    assert(!p->has_thread);
    for (struct waiting *w = p->oldest, *newer; w; w = newer) {
        newer = w->newer;
        mem_free(w);
    }
    (void)pthread_cond_destroy(&p->changed);
    (void)pthread_mutex_destroy(&p->mutex);
    (void)pthread_mutex_destroy(&p->marking);
    buf_free(&p->replaced);
    mem_free(p);
}
