#include "emulator/trail/journal.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "emulator/store/objects.h"
#include "emulator/trail/entry.h"
#include "emulator/trail/frame.h"
#include "emulator/trail/segment.h"
#include "emulator/trail/spares.h"

/* The first segment is small, so that starting writes little; the others large enough that a switch
 * is rare and small enough that two of them (the one in use, the spare) stay a modest part of the
 * resident memory. */
#define FIRST_SEGMENT_BYTES (1u << 20)
#define SEGMENT_BYTES       (4u << 20) /* more than FRAME_LIMIT_BYTES */

#define GATHER_LEAST   8 /* waiters of the last round: with fewer, each counts on its speed */
#define GATHER_MOST_US 500

struct journal {
    char dir[3072];
    int root; /* a descriptor of dir, for effects */
    bool power_safe;
    struct spares *spares; /* the next segment, prepared ahead */

    pthread_mutex_t mutex; /* everything below */
    struct segment *oldest, *active;
    uint64_t used_bytes; /* of the active segment */
    uint64_t last_seq, count;
    uint64_t damaged_count;

    pthread_cond_t round_done; /* group commit: a round syncs all that was put before it began */
    uint64_t rounds_started, rounds_done, failed_round;
    bool syncing, stop;
    pthread_t committer; /* runs rounds for those who wait without a thread of their own */
    bool has_committer;
    pthread_cond_t wake_committer;
    struct journal_waiter *first_waiter, **last_waiter;
    struct segment *unsynced; /* oldest segment with bytes that no round has synced */
    _Atomic uint64_t durable; /* DISK: entries before it can be read; the others may yet be lost */
    struct err sync_err;
};

/* Where an entry goes. */
struct place {
    struct segment *seg;
    uint64_t at;
    size_t len; /* of the payload */
};

static struct frame *place_header(const struct place *p)
{
    assert(p->seg);
    return frame_at(p->seg, p->at);
}

static void chain_append(struct journal *j, struct segment *s)
{
    s->prev = j->active;
    if (j->active)
        j->active->next = s;
    else
        j->oldest = s;
    j->active = s;
    j->used_bytes = segment_first(s);
    if (!j->unsynced)
        j->unsynced = s;
}

static void close_active(struct journal *j)
{
    if (j->used_bytes < j->active->size_bytes) {
        struct frame *h = frame_at(j->active, j->used_bytes);
        h->check = frame_check(FRAME_CLOSED, j->active->base + j->used_bytes);
        atomic_store_explicit(&h->len, FRAME_CLOSED, memory_order_release);
        j->active->end = j->used_bytes + sizeof *h;
    } else {
        j->active->end = j->active->size_bytes;
    }
    atomic_store(&j->active->is_full, true);
    segment_cool(j->active);
}

/* The active segment is full: the spare takes over. */
static int switch_segment(struct journal *j, struct err *err)
{
    const struct segment *full = j->active;
    struct segment *s;
    int rc = spares_ready(j->spares, &s, err);

    if (rc == 0)
        rc = segment_activate(s, j->dir, full->number + 1, full->base + full->size_bytes,
                              (struct segment_past){ j->last_seq, j->count }, err);
    if (rc < 0)
        return rc;
    spares_taken(j->spares);
    close_active(j);
    chain_append(j, s);
    return 0;
}

int journal_do(const struct journal *j, const struct effect *effects, struct err *err)
{
    int rc = 0;

    for (const struct effect *f = effects; rc == 0 && f; f = f->next) {
        rc = object_place(j->root, f->from, f->to, err);
        if (rc == 0 && j->power_safe && object_is_inline(f->from))
            rc = object_sync(j->root, f->to, err);
    }
    return rc;
}

static int apply_effects(const struct journal *j, struct str payload, struct err *err)
{
    struct arena a = { 0 };
    struct journal_entry entry;
    struct effect *effects = NULL;
    int rc = entry_unpack(&a, payload, &entry, &effects, err);

    if (rc == 0)
        rc = journal_do(j, effects, err);
    arena_free(&a);
    return rc;
}

/* One entry that an earlier process left: dead when it never finished, else its effects are made
 * sure of. */
static int recover_entry(struct journal *j, const struct place *p, struct err *err)
{
    struct frame *h = place_header(p);
    struct str payload = frame_payload(h, (uint32_t)p->len);
    uint32_t flags = atomic_load(&h->flags);
    bool whole = h->sum == frame_sum(payload);

    if (flags & FRAME_DEAD)
        return 0;
    if (!(flags & FRAME_COMMITTED) || !whole) {
        if (flags & FRAME_COMMITTED)
            j->damaged_count++;
        (void)atomic_fetch_or(&h->flags, FRAME_DEAD);
        return 0;
    }
    j->count++;
    if (entry_seq(payload) > j->last_seq)
        j->last_seq = entry_seq(payload);
    if (segment_is_marked(p->seg, p->at) || !entry_has_effects(payload))
        return 0;
    int rc = apply_effects(j, payload, err);
    if (rc == 0)
        (void)segment_mark(p->seg, p->at);
    return rc;
}

static int recover_segment(struct journal *j, struct segment *s, struct err *err)
{
    uint64_t at = segment_first(s);
    uint32_t len;
    int rc = 0;

    if (s->past.last_seq > j->last_seq)
        j->last_seq = s->past.last_seq;
    if (s->past.count > j->count)
        j->count = s->past.count;
    while (rc == 0 && (len = frame_len(s, at)) != 0 && len != FRAME_CLOSED) {
        rc = recover_entry(j, &(struct place){ s, at, len }, err);
        at += frame_bytes(len);
    }
    j->used_bytes = at;
    return rc;
}

/* Behind the last entry a power cut may have left bytes of entries that nobody was answered for:
 * what is put next must not join up with them. */
static void clear_tail(struct journal *j)
{
    struct segment *s = j->active;

    if (j->used_bytes < s->size_bytes && frame_len(s, j->used_bytes) == 0)
        memset(s->map + j->used_bytes, 0,
               s->size_bytes - j->used_bytes < 16 ? s->size_bytes - j->used_bytes : 16);
}

static int open_segment_file(struct journal *j, struct str name, struct err *err)
{
    struct segment *s;
    struct err why = { 0 };
    int rc = segment_open(&s, j->dir, name, &why);

    if (rc == E_MISSING) { /* a crash came between its making and its first use */
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/journal/%.*s", j->dir, STR_ARG(name));
        return fs_remove(path, err);
    }
    if (rc < 0)
        return err_set(err, rc, "%s", why.text);
    if (j->active && s->base < j->active->base + j->active->size_bytes) {
        rc = err_set(err, E_PARSE, "%s: overlaps the segment before it", s->path);
        segment_close(s);
        return rc;
    }
    if (j->active)
        close_active(j); /* again: a crash may have come before it was done */
    chain_append(j, s);
    return recover_segment(j, s, err);
}

static int open_files(struct journal *j, struct err *err)
{
    struct arena a = { 0 };
    struct fs_entry *files;
    size_t count;
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/journal", j->dir);
    int rc = fs_mkdirs(path, err);
    if (rc == 0)
        rc = object_root(j->dir, &j->root, err);
    if (rc == 0)
        rc = fs_list(&a, path, &files, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (str_has_suffix(files[i].name, STR(".seg")))
            rc = open_segment_file(j, files[i].name, err);
    arena_free(&a);
    return rc;
}

static int open_first(struct journal *j, struct err *err)
{
    struct segment *s;
    int rc = segment_prepare(&s, j->dir, FIRST_SEGMENT_BYTES, err);

    if (rc < 0)
        return rc;
    if ((rc = segment_activate(s, j->dir, 1, 0, (struct segment_past){ 0 }, err)) < 0) {
        segment_close(s);
        return rc;
    }
    chain_append(j, s);
    return 0;
}

static void free_all(struct journal *j)
{
    spares_close(j->spares);
    for (struct segment *s = j->oldest, *next; s; s = next) {
        next = s->next;
        segment_close(s);
    }
    if (j->root >= 0)
        (void)close(j->root); /* only ever read */
    (void)pthread_cond_destroy(&j->round_done);
    (void)pthread_cond_destroy(&j->wake_committer);
    (void)pthread_mutex_destroy(&j->mutex);
    mem_free(j);
}

int journal_start_at(struct journal *j, uint64_t position, struct err *err)
{
    int rc = 0;

    (void)pthread_mutex_lock(&j->mutex);
    if (j->active->base + j->used_bytes < position) {
        struct segment *old = j->active, *s = NULL;
        uint64_t behind = old->base + old->size_bytes; /* one position, one segment */
        uint64_t base = position > behind ? position : behind;

        rc = segment_prepare(&s, j->dir, FIRST_SEGMENT_BYTES, err);
        if (rc == 0)
            rc = segment_activate(s, j->dir, old->number + 1, base,
                                  (struct segment_past){ j->last_seq, j->count }, err);
        if (rc == 0) {
            close_active(j);
            chain_append(j, s);
        } else {
            segment_close(s);
        }
    }
    (void)pthread_mutex_unlock(&j->mutex);
    return rc;
}

/* A place for one entry; under the mutex. The length goes in last, behind a cleared next header:
 * whoever walks the segment, now or after a crash, finds entries without a hole. */
static int reserve(struct journal *j, struct place *p, struct err *err)
{
    uint64_t bytes = frame_bytes(p->len);

    if (p->len > FRAME_LIMIT_BYTES)
        return err_set(err, E_LIMIT, "a journal entry of %zu bytes", p->len);
    while (j->used_bytes + bytes > j->active->size_bytes) {
        int rc = switch_segment(j, err);
        if (rc < 0)
            return rc;
    }
    struct segment *s = p->seg = j->active;
    p->at = j->used_bytes;
    j->used_bytes += bytes;
    if (j->used_bytes < s->size_bytes)
        atomic_store_explicit(&frame_at(s, j->used_bytes)->len, 0, memory_order_relaxed);
    struct frame *h = place_header(p);
    atomic_store_explicit(&h->flags, 0, memory_order_relaxed);
    h->check = frame_check((uint32_t)p->len, s->base + p->at);
    atomic_store_explicit(&h->len, (uint32_t)p->len, memory_order_release);
    if (p->at <= s->size_bytes / 2 && j->used_bytes > s->size_bytes / 2)
        spares_want(j->spares);
    return 0;
}

/* What a segment holds, up to an end, to the disk. */
static int sync_segment(struct segment *s, uint64_t end, bool is_open, struct err *err)
{
    int rc = segment_write(s, end, is_open, err);

    if (rc == 0)
        rc = segment_sync(s, err);
    return rc == 0 && !is_open ? segment_to_file(s, err) : rc;
}

/* Sync every segment that has bytes no round has synced. Only one round runs at a time; segments
 * that a trim wants to remove wait for it. */
static int sync_round(struct journal *j, struct err *err)
{
    struct segment *first = j->unsynced, *last = j->active;
    uint64_t used_bytes = j->used_bytes;
    int rc = 0;

    (void)pthread_mutex_unlock(&j->mutex);
    for (struct segment *s = first; rc == 0 && s; s = s == last ? NULL : s->next)
        rc = sync_segment(s, s == last ? used_bytes : s->end, s == last, err);
    if (rc == 0 && last != first) { /* new names came */
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/journal", j->dir);
        rc = fs_sync_dir(path, err);
    }
    (void)pthread_mutex_lock(&j->mutex);
    if (rc == 0) {
        j->unsynced = last;
        atomic_store(&j->durable, last->base + used_bytes);
    }
    return rc;
}

/* Return when a round that began after this moment is done. The first to wait runs it. */
static int wait_durable(struct journal *j, struct err *err)
{
    uint64_t need = j->rounds_started + 1;

    while (j->rounds_done < need) {
        if (j->syncing) {
            (void)pthread_cond_wait(&j->round_done, &j->mutex);
            continue;
        }
        struct err why = { 0 };
        uint64_t round = ++j->rounds_started;
        j->syncing = true;
        int rc = sync_round(j, &why);
        j->syncing = false;
        j->rounds_done = round;
        if (rc < 0) {
            j->failed_round = round;
            j->sync_err = why;
        }
        (void)pthread_cond_broadcast(&j->round_done);
    }
    if (j->failed_round >= need)
        return err_set(err, E_IO, "%s", j->sync_err.text);
    return 0;
}

static size_t tell_all(struct journal_waiter *w, int rc)
{
    size_t count = 0;

    for (struct journal_waiter *next; w; w = next, count++) {
        next = w->next; /* it may be gone once it was told */
        w->tell(w->arg, rc);
    }
    return count;
}

/* Waking for a sync, and the sync itself, cost as much as a dozen answers. While many wait, a round
 * lets the next ones come for as long as the last one took: twice as many share it, and the cores
 * have answers to do meanwhile. */
static void gather(int64_t round_us, size_t served)
{
    if (served < GATHER_LEAST)
        return;
    int64_t us = round_us < GATHER_MOST_US ? round_us : GATHER_MOST_US;
    (void)nanosleep(&(struct timespec){ 0, us * 1000 }, NULL); /* early: a smaller round */
}

static void *committer_run(void *arg)
{
    struct journal *j = arg;
    int64_t round_us = 0;
    size_t served = 0;

    (void)pthread_mutex_lock(&j->mutex);
    while (j->first_waiter || !j->stop) {
        if (!j->first_waiter) {
            (void)pthread_cond_wait(&j->wake_committer, &j->mutex);
            continue;
        }
        (void)pthread_mutex_unlock(&j->mutex);
        gather(round_us, served);
        (void)pthread_mutex_lock(&j->mutex);
        struct journal_waiter *all = j->first_waiter;
        j->first_waiter = NULL;
        j->last_waiter = &j->first_waiter;
        int64_t began_us = clock_monotonic_us();
        int rc = wait_durable(j, NULL);
        (void)pthread_mutex_unlock(&j->mutex);
        round_us = clock_monotonic_us() - began_us;
        served = tell_all(all, rc);
        (void)pthread_mutex_lock(&j->mutex);
    }
    (void)pthread_mutex_unlock(&j->mutex);
    return NULL;
}

void journal_when_durable(struct journal *j, struct journal_waiter *waiter)
{
    if (!j->power_safe) {
        waiter->tell(waiter->arg, 0);
        return;
    }
    (void)pthread_mutex_lock(&j->mutex);
    waiter->next = NULL;
    bool is_first = !j->first_waiter;
    *j->last_waiter = waiter;
    j->last_waiter = &waiter->next;
    (void)pthread_mutex_unlock(&j->mutex);
    if (is_first) /* after the unlock: it would only wake to wait for the mutex */
        (void)pthread_cond_signal(&j->wake_committer);
}

static void stop_committer(struct journal *j)
{
    (void)pthread_mutex_lock(&j->mutex);
    j->stop = true;
    (void)pthread_cond_signal(&j->wake_committer);
    (void)pthread_mutex_unlock(&j->mutex);
    if (j->has_committer)
        (void)pthread_join(j->committer, NULL);
}

static int start_committer(struct journal *j, struct err *err)
{
    if (!j->power_safe)
        return 0;
    j->has_committer = pthread_create(&j->committer, NULL, committer_run, j) == 0;
    return j->has_committer ? 0 : err_set(err, E_IO, "start a thread of the journal");
}

int journal_open(struct journal **out, const char *data_dir, bool power_safe, struct err *err)
{
    struct journal *j = mem_alloc(sizeof *j);
    int rc = 0;

    j->power_safe = power_safe;
    j->root = -1;
    (void)pthread_mutex_init(&j->mutex, NULL);
    (void)pthread_cond_init(&j->round_done, NULL);
    (void)pthread_cond_init(&j->wake_committer, NULL);
    j->last_waiter = &j->first_waiter;
    if (snprintf(j->dir, sizeof j->dir, "%s", data_dir) >= (int)sizeof j->dir)
        rc = err_set(err, E_LIMIT, "path over %zu bytes", sizeof j->dir);
    if (rc == 0)
        rc = open_files(j, err);
    if (rc == 0 && !j->active)
        rc = open_first(j, err);
    if (rc == 0) {
        clear_tail(j);
        atomic_store(&j->durable, j->active->base + j->used_bytes); /* another process's: kept */
        rc = spares_open(&j->spares, j->dir, SEGMENT_BYTES, power_safe, err);
    }
    if (rc == 0)
        rc = start_committer(j, err);
    if (rc < 0) {
        free_all(j);
        return rc;
    }
    *out = j;
    return 0;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    stop_committer(j);
    free_all(j);
}

/* OS: the mutex is held for the place alone, entries are packed beside each other. DISK: until
 * commit, so that whatever stands before used_bytes is whole when a round writes it. */
static int begin(struct journal *j, struct place *p, uint64_t seq, bool has_effects,
                 struct err *err)
{
    (void)pthread_mutex_lock(&j->mutex);
    int rc = reserve(j, p, err);
    if (rc == 0)
        j->count++;
    if (rc == 0 && seq > j->last_seq)
        j->last_seq = seq;
    if (rc == 0 && has_effects)
        (void)atomic_fetch_add(&p->seg->pending_effects, 1);
    if (rc < 0 || !j->power_safe)
        (void)pthread_mutex_unlock(&j->mutex);
    return rc;
}

static int commit(struct journal *j, const struct place *p, bool later, struct err *err)
{
    struct frame *h = place_header(p);

    h->sum = frame_sum(frame_payload(h, (uint32_t)p->len));
    atomic_store_explicit(&h->flags, FRAME_COMMITTED, memory_order_release);
    if (!j->power_safe)
        return 0;
    int rc = later ? 0 : wait_durable(j, err);
    (void)pthread_mutex_unlock(&j->mutex);
    return rc;
}

int journal_put(struct journal *j, const struct journal_source *from, uint64_t *out_position,
                struct err *err)
{
    struct place p = { .len = entry_size(from) };
    int rc = begin(j, &p, from->seq, from->effects != NULL, err);

    if (rc < 0)
        return rc;
    entry_pack(from, (char *)(place_header(&p) + 1));
    *out_position = p.seg->base + p.at;
    return commit(j, &p, from->later, err);
}

void journal_pack(struct buf *out, const struct journal_source *from)
{
    size_t len = entry_size(from);

    entry_pack(from, buf_reserve(out, len));
    out->len += len;
}

int journal_put_packed(struct journal *j, struct str packed, uint64_t *out_position,
                       struct err *err)
{
    struct place p = { .len = packed.len };
    int rc = begin(j, &p, entry_seq(packed), entry_has_effects(packed), err);

    if (rc < 0)
        return rc;
    memcpy(place_header(&p) + 1, packed.ptr, packed.len);
    *out_position = p.seg->base + p.at;
    return commit(j, &p, false, err);
}

/* The segment that holds a position; from the newest on, where nearly all questions lead. NULL when
 * it has been trimmed, or the position stands at the very end. */
static struct segment *segment_of(struct journal *j, uint64_t position)
{
    for (struct segment *s = j->active; s; s = s->prev)
        if (position >= s->base)
            return position < s->base + s->size_bytes ? s : NULL;
    return NULL;
}

static struct segment *segment_find(struct journal *j, uint64_t position)
{
    (void)pthread_mutex_lock(&j->mutex);
    struct segment *s = segment_of(j, position);
    (void)pthread_mutex_unlock(&j->mutex);
    return s;
}

void journal_applied(struct journal *j, uint64_t position)
{
    struct segment *s = segment_find(j, position);

    if (!s)
        return;
    bool was_last =
        !segment_mark(s, position - s->base) && atomic_fetch_sub(&s->pending_effects, 1) == 1;
    if (was_last && atomic_load(&s->is_full))
        segment_cool(s); /* what was read again to do it */
}

int journal_apply(struct journal *j, uint64_t position, struct err *err)
{
    struct segment *s = segment_find(j, position);
    uint32_t len = s ? frame_len(s, position - s->base) : 0;

    if (len == 0 || len == FRAME_CLOSED)
        return err_set(err, E_MISSING, "no journal entry at %llu", (unsigned long long)position);
    struct str payload = frame_payload(frame_at(s, position - s->base), len);
    int rc = apply_effects(j, payload, err);
    if (rc == 0 && entry_has_effects(payload))
        journal_applied(j, position);
    return rc;
}

uint64_t journal_end(const struct journal *j)
{
    struct journal *m = (struct journal *)j; /* the mutex is no part of what const promises */

    (void)pthread_mutex_lock(&m->mutex);
    uint64_t end = j->active->base + j->used_bytes;
    (void)pthread_mutex_unlock(&m->mutex);
    return end;
}

uint64_t journal_last_seq(const struct journal *j)
{
    struct journal *m = (struct journal *)j;

    (void)pthread_mutex_lock(&m->mutex);
    uint64_t seq = j->last_seq;
    (void)pthread_mutex_unlock(&m->mutex);
    return seq;
}

uint64_t journal_count(const struct journal *j)
{
    struct journal *m = (struct journal *)j;

    (void)pthread_mutex_lock(&m->mutex);
    uint64_t count = j->count;
    (void)pthread_mutex_unlock(&m->mutex);
    return count;
}

int journal_sync(struct journal *j, struct err *err)
{
    (void)pthread_mutex_lock(&j->mutex);
    int rc = j->power_safe ? wait_durable(j, err) : 0;
    (void)pthread_mutex_unlock(&j->mutex);
    return rc;
}

uint64_t journal_damaged_count(const struct journal *j)
{
    return j->damaged_count; /* set by journal_open alone */
}

/* Where what may be read in s ends. Behind the last head of a full one lie no entries, but there
 * may be positions: journal_start_at leaves such a segment behind. */
static uint64_t read_end(const struct journal *j, const struct segment *s)
{
    return s->base + (s == j->active ? s->size_bytes : s->end);
}

/* The segment to read at *position: the one that holds it, or the next one there is. */
static struct segment *segment_to_read(struct journal *j, uint64_t *position)
{
    struct segment *found = NULL;

    (void)pthread_mutex_lock(&j->mutex);
    for (struct segment *s = j->active; s && *position < read_end(j, s); s = s->prev)
        found = s;
    (void)pthread_mutex_unlock(&j->mutex);
    if (found && *position < found->base + segment_first(found))
        *position = found->base + segment_first(found);
    return found;
}

#define ANY_CATEGORY (~0u)

static bool next(struct journal *j, struct arena *a, uint64_t *position, unsigned categories,
                 struct journal_entry *out)
{
    struct segment *s;

    while ((s = segment_to_read(j, position)) != NULL) {
        uint64_t at = *position - s->base;
        if (j->power_safe && *position >= atomic_load(&j->durable))
            return false;
        uint32_t len = frame_len(s, at);
        if (len == 0)
            return false;
        if (len == FRAME_CLOSED) {
            segment_cool(s);
            *position = s->base + s->size_bytes;
            continue;
        }
        struct frame *h = frame_at(s, at);
        uint32_t flags = atomic_load_explicit(&h->flags, memory_order_acquire);
        if (!(flags & (FRAME_COMMITTED | FRAME_DEAD)))
            return false;
        *position += frame_bytes(len);
        struct str payload = frame_payload(h, len);
        if ((flags & FRAME_DEAD) ||
            (categories != ANY_CATEGORY && !(categories & 1u << entry_category(payload) % 32)))
            continue;
        if (entry_unpack(a, payload, out, NULL, NULL) < 0)
            continue; /* its check was right, so this is not reached; never a crash though */
        out->position = s->base + at;
        return true;
    }
    return false;
}

bool journal_next(struct journal *j, struct arena *a, uint64_t *position, struct journal_entry *out)
{
    return next(j, a, position, ANY_CATEGORY, out);
}

bool journal_next_of(struct journal *j, struct arena *a, uint64_t *position, unsigned categories,
                     struct journal_entry *out)
{
    return next(j, a, position, categories, out);
}

/* The oldest segment, when everything in it lies before the position and nothing needs it. */
static struct segment *trim_one(struct journal *j, uint64_t before_position)
{
    struct segment *s = j->oldest;

    if (s == j->active || s->base + s->size_bytes > before_position ||
        atomic_load(&s->pending_effects) > 0 || j->syncing)
        return NULL;
    if (j->unsynced == s)
        j->unsynced = s->next;
    j->oldest = s->next;
    j->oldest->prev = NULL;
    return s;
}

int journal_trim(struct journal *j, uint64_t before_position, struct err *err)
{
    int rc = 0;

    while (rc == 0) {
        (void)pthread_mutex_lock(&j->mutex);
        struct segment *s = trim_one(j, before_position);
        (void)pthread_mutex_unlock(&j->mutex);
        if (!s)
            return spares_settle(j->spares, err);
        rc = spares_give(j->spares, s, err);
    }
    return rc;
}
