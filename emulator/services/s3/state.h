/* emulator/services/s3/state - what the service keeps in memory: locks of keys, configurations of
 * buckets, sums of files changed by hand. Private to this folder; opened by s3_open.
 */
#pragma once

#include <pthread.h>
#include <semaphore.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "emulator/services/s3/checksum.h"

#define LOCK_COUNT   1024 /* stripes: two keys may share one */
#define BUCKET_SLOTS 256
#define GATE_COUNT   64
#define BUCKET_CACHE 4096 /* configurations kept; over that, all are dropped */
#define SUM_SLOTS    4096

struct engine;
struct pending;
struct bucket;
struct stat;

struct sum_slot {
    uint64_t device, inode;
    int64_t size, mtime_ns;
    char md5[33];
};

struct s3 {
    struct engine *e;
    int root; /* the data directory */
    sem_t locks[LOCK_COUNT];
    pthread_rwlock_t gates[GATE_COUNT]; /* writes into a bucket, and its deletion */
    pthread_mutex_t bucket_mutex;
    struct bucket *buckets[BUCKET_SLOTS];
    size_t bucket_count;
    uint64_t bucket_generation; /* grows with every change of any bucket */
    pthread_mutex_t sum_mutex;
    struct sum_slot *sums; /* SUM_SLOTS of them */
    struct checksum_tables tables;
    struct pending *pending;
    _Atomic bool notifies; /* an object with somebody to be notified was written since the start */
};

/* A set of stripes that one call holds. */
struct lock_set {
    struct s3 *s3;
    uint64_t bits[LOCK_COUNT / 64];
    struct str forget;      /* a bucket whose cached configuration the call replaces */
    bool has_entered;       /* pending_enter */
    pthread_rwlock_t *gate; /* or NULL */
    int failed;             /* enum fail: a write that waited could not be made */
    struct err why;
};
size_t lock_stripe(struct str bucket, struct str key);
bool lock_holds(const struct lock_set *set, size_t stripe);
/* Ascending stripes only. What waits on the stripe is made first; should that fail, it waits on and
 * set->failed says so. */
void lock_take(struct lock_set *set, size_t stripe);
void lock_take_as_is(struct lock_set *set, size_t stripe); /* for whoever replaces what waits */
void lock_drop_all(struct lock_set *set);

/* MD5 of a file changed by hand, remembered until it changes again. md5: 33 bytes. */
int state_file_md5(struct s3 *s3, int fd, const struct stat *st, char *md5, struct err *err);
