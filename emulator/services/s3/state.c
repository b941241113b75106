#include "emulator/services/s3/state.h"

#include <assert.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "emulator/engine/engine.h"
#include "emulator/services/s3.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/pending.h"
#include "emulator/store/objects.h"

static int make_folders(const char *data_dir, struct err *err)
{
    static const char *const folders[] = { "buckets", "meta", "versions", "uploads", "staging" };
    struct arena a = { 0 };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < COUNT(folders); i++)
        rc = fs_mkdirs(arena_printf(&a, "%s/%s", data_dir, folders[i]).ptr, err);
    arena_free(&a);
    return rc;
}

static bool has_entries(struct engine *e, struct arena *a, struct str bucket)
{
    struct str dir = arena_printf(a, "buckets/%.*s", STR_ARG(bucket));
    struct object_entry *list;
    size_t count = 0;

    return object_list(a, e->s3->root, dir, &list, &count, NULL) == 0 && count > 0;
}

/* Folders of buckets/ that nobody made by a call; an empty one is left from a CreateBucket that was
 * never answered. */
static int adopt_folders(struct engine *e, struct err *err)
{
    struct arena a = { 0 };
    struct fs_entry *list;
    size_t count = 0;
    int rc = fs_list(&a, arena_printf(&a, "%s/buckets", e->opt.data_dir).ptr, &list, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (list[i].is_dir && bucket_name_is_valid(list[i].name) &&
            has_entries(e, &a, list[i].name))
            rc = s3_ensure_bucket(e, e->opt.account, e->opt.region, list[i].name, err);
    arena_free(&a);
    return rc;
}

/* What a crash left on its way in: its effects, if it had any, are made by now. */
static int clear_staging(struct s3 *s3, struct err *err)
{
    struct arena a = { 0 };
    struct object_entry *list;
    size_t count = 0;
    int rc = object_list(&a, s3->root, STR("staging"), &list, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (!list[i].is_dir && (str_has_prefix(list[i].name, STR("s3-")) ||
                                str_has_prefix(list[i].name, STR("write-"))))
            rc = object_place(s3->root, arena_printf(&a, "staging/%.*s", STR_ARG(list[i].name)),
                              STR(""), err);
    arena_free(&a);
    return rc;
}

/* A deletion must come through while others write all the time. */
static void open_gates(struct s3 *s3)
{
    pthread_rwlockattr_t writers_first;

    (void)pthread_rwlockattr_init(&writers_first);
    (void)pthread_rwlockattr_setkind_np(&writers_first,
                                        PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    for (size_t i = 0; i < GATE_COUNT; i++)
        (void)pthread_rwlock_init(&s3->gates[i], &writers_first);
    (void)pthread_rwlockattr_destroy(&writers_first);
}

int s3_open(struct engine *e, struct err *err)
{
    struct s3 *s3 = mem_alloc(sizeof *s3);
    int rc;

    s3->e = e;
    s3->root = -1;
    s3->sums = mem_alloc(SUM_SLOTS * sizeof *s3->sums);
    (void)pthread_mutex_init(&s3->bucket_mutex, NULL); /* can't fail with default attributes */
    (void)pthread_mutex_init(&s3->sum_mutex, NULL);
    open_gates(s3);
    for (size_t i = 0; i < LOCK_COUNT; i++)
        (void)sem_init(&s3->locks[i], 0, 1); /* fails only for values over SEM_VALUE_MAX */
    e->s3 = s3;
    if ((rc = checksum_tables_init(&s3->tables, err)) < 0 ||
        (rc = make_folders(e->opt.data_dir, err)) < 0 ||
        (rc = object_root(e->opt.data_dir, &s3->root, err)) < 0 ||
        (rc = clear_staging(s3, err)) < 0 || (rc = adopt_folders(e, err)) < 0 ||
        (rc = pending_open(&s3->pending, s3, err)) < 0)
        s3_close(e);
    return rc;
}

void s3_close(struct engine *e)
{
    struct s3 *s3 = e->s3;

    if (!s3)
        return;
    e->s3 = NULL;
    pending_close(s3->pending);
    bucket_forget_all(s3);
    for (size_t i = 0; i < LOCK_COUNT; i++)
        (void)sem_destroy(&s3->locks[i]);
    for (size_t i = 0; i < GATE_COUNT; i++)
        (void)pthread_rwlock_destroy(&s3->gates[i]);
    (void)pthread_mutex_destroy(&s3->bucket_mutex);
    (void)pthread_mutex_destroy(&s3->sum_mutex);
    checksum_tables_free(&s3->tables);
    if (s3->root >= 0)
        (void)close(s3->root);
    mem_free(s3->sums);
    mem_free(s3);
}

int s3_settle(struct engine *e, struct err *err)
{
    return pending_settle_bucket(e->s3->pending, STR(""), err);
}

int s3_finish(struct engine *e, struct err *err)
{
    return e->s3 ? pending_finish(e->s3->pending, err) : 0;
}

void s3_forget(struct engine *e)
{
    bucket_forget_all(e->s3);
    pthread_mutex_lock(&e->s3->sum_mutex);
    memset(e->s3->sums, 0, SUM_SLOTS * sizeof *e->s3->sums);
    pthread_mutex_unlock(&e->s3->sum_mutex);
}

int s3_root(const struct engine *e)
{
    return e->s3->root;
}

size_t lock_stripe(struct str bucket, struct str key)
{
    uint64_t h = str_hash(bucket) * 0x9e3779b97f4a7c15ull ^ str_hash(key);

    return (size_t)(h ^ h >> 32) % LOCK_COUNT;
}

bool lock_holds(const struct lock_set *set, size_t stripe)
{
    return set->bits[stripe / 64] >> stripe % 64 & 1;
}

void lock_take_as_is(struct lock_set *set, size_t stripe)
{
    if (lock_holds(set, stripe))
        return;
    while (sem_wait(&set->s3->locks[stripe]) < 0)
        assert(errno == EINTR);
    set->bits[stripe / 64] |= 1ull << stripe % 64;
}

void lock_take(struct lock_set *set, size_t stripe)
{
    if (lock_holds(set, stripe))
        return;
    lock_take_as_is(set, stripe);
    int rc = pending_settle(set->s3->pending, stripe, &set->why);
    if (rc < 0)
        set->failed = rc;
}

void lock_drop_all(struct lock_set *set)
{
    for (size_t i = 0; i < COUNT(set->bits); i++)
        for (uint64_t held = set->bits[i]; held; held &= held - 1) {
            size_t stripe = 64 * i + (size_t)__builtin_ctzll(held);

            (void)sem_post(&set->s3->locks[stripe]); /* fails only on overflow: we hold it */
        }
    memset(set->bits, 0, sizeof set->bits);
    if (set->has_entered)
        pending_leave(set->s3->pending);
    set->has_entered = false;
    if (set->gate)
        (void)pthread_rwlock_unlock(set->gate);
    set->gate = NULL;
}

static bool sum_is_of(const struct sum_slot *slot, const struct sum_slot *file)
{
    return slot->inode == file->inode && slot->device == file->device && slot->size == file->size &&
           slot->mtime_ns == file->mtime_ns && slot->md5[0];
}

int state_file_md5(struct s3 *s3, int fd, const struct stat *st, char *md5, struct err *err)
{
    struct sum_slot file = { .device = (uint64_t)st->st_dev,
                             .inode = (uint64_t)st->st_ino,
                             .size = st->st_size,
                             .mtime_ns =
                                 (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec };
    struct sum_slot *slot = &s3->sums[file.inode % SUM_SLOTS];
    struct sums sums;
    struct arena a = { 0 };
    int rc;

    pthread_mutex_lock(&s3->sum_mutex);
    bool known = sum_is_of(slot, &file);
    if (known)
        memcpy(md5, slot->md5, sizeof slot->md5);
    pthread_mutex_unlock(&s3->sum_mutex);
    if (known)
        return 0;
    rc = checksum_fd(&s3->tables, fd, -1, 1u << CHECKSUM_MD5, &sums, err);
    if (rc < 0)
        return rc;
    memcpy(file.md5, checksum_hex(&a, &sums, CHECKSUM_MD5).ptr, sizeof file.md5);
    arena_free(&a);
    memcpy(md5, file.md5, sizeof file.md5);
    pthread_mutex_lock(&s3->sum_mutex);
    *slot = file;
    pthread_mutex_unlock(&s3->sum_mutex);
    return 0;
}
