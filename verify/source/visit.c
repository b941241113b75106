#include "verify/source/visit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/codec/gunzip.h"
#include "core/codec/gzip.h"
#include "core/codec/inflate.h"

enum {
    WHOLE_BYTES = 64 << 20,  /* up to this a file is read and inflated in one go */
    WINDOW_BYTES = 8 << 20,  /* of a larger one */
    WINDOW_MOST = 256 << 20, /* one record of it */
    CHUNK_BYTES = 1 << 20,   /* of its compressed bytes */
    JOBS_MOST = 256,
    AHEAD = 16,              /* files that a thread may be ahead of the merge */
    BATCH = 4,               /* files that a thread takes at once, while they are small */
    SMALL_BYTES = 256 << 10, /* of text */
};

struct slot {
    const struct source_file *file;
    void *job;
    bool is_ready;
};

struct visit {
    struct source *source;
    const struct visitor *v;
    void *arg;
    unsigned jobs;

    pthread_mutex_t lock;
    pthread_cond_t moved;
    struct slot *slots;
    size_t slot_count;
    uint64_t given, merged; /* files */
    unsigned waiting;       /* threads, for room */
    bool is_merging, is_over;
    int rc;
    struct err err;
};

struct worker {
    struct visit *visit;
    unsigned number;
    pthread_t thread;
    struct source_reader *reader;
    struct scan *scan;
    struct gunzip *gunzip;
    struct inflate *inflate;
    struct buf stored, text; /* of the file, kept for the next */
    uint64_t last_bytes;     /* of the file before */
};

/* ---- one file ---- */

/* Records up to where more text is needed, or to the end. */
static enum scan_step drain(struct worker *w, void *job, struct visit_end *end)
{
    const struct visitor *v = w->visit->v;
    struct scan_record r;
    enum scan_step step;

    while ((step = scan_next(w->scan, &r)) == SCAN_RECORD || step == SCAN_BROKEN) {
        if (step == SCAN_BROKEN && v->broken)
            v->broken(job, scan_number(w->scan), scan_why(w->scan));
        if (step == SCAN_RECORD && v->record)
            v->record(job, &r);
        end->records += step == SCAN_RECORD;
    }
    return step;
}

static void finish(struct worker *w, struct visit_end *end)
{
    end->shape = scan_shape(w->scan);
    end->envelope_has_more = scan_envelope_has_more(w->scan);
}

static void scan_whole(struct worker *w, void *job, struct buf *text, struct visit_end *end)
{
    scan_pad(text);
    end->bytes = text->len;
    scan_start(w->scan, text->ptr, text->len, SCAN_WHOLE);
    (void)drain(w, job, end); /* to the end: the text is whole */
    finish(w, end);
}

/* Where a large file's bytes come from: the file itself, or memory. */
struct pour {
    int fd; /* -1: memory */
    struct str rest;
    struct buf chunk;
    bool is_gzip, is_over;
    bool is_inside; /* of a gzip member */
};

static int pour_refill(struct pour *p, const char *path, struct err *err)
{
    if (p->rest.len || p->fd < 0)
        return 0;
    buf_clear(&p->chunk);
    ssize_t n = read(p->fd, buf_reserve(&p->chunk, CHUNK_BYTES), CHUNK_BYTES);

    if (n < 0)
        return err_sys(err, "read", path);
    p->rest = (struct str){ p->chunk.ptr, (size_t)n };
    return 0;
}

static int pour_inflate(struct worker *w, struct pour *p, size_t room, struct buf *out,
                        struct err *err)
{
    int rc = gunzip_step(w->gunzip, &p->rest, room, out, err);

    p->is_inside = rc == GUNZIP_GOES_ON;
    if (rc == GUNZIP_END)
        gunzip_start(w->gunzip); /* a further member may follow */
    return rc < 0 ? rc : 0;
}

/* Appends up to room bytes of the file's text. */
static int pour_some(struct worker *w, struct pour *p, const char *path, size_t room,
                     struct buf *out, struct err *err)
{
    size_t start = out->len;
    int rc = 0;

    while (rc == 0 && !p->is_over && out->len - start < room) {
        size_t before = out->len, left = room - (out->len - start);

        rc = pour_refill(p, path, err);
        if (rc < 0)
            return rc;
        bool is_dry = p->rest.len == 0;

        if (p->is_gzip && !(is_dry && !p->is_inside)) {
            rc = pour_inflate(w, p, left, out, err);
        } else {
            struct str some = str_sub(p->rest, 0, left);

            buf_add(out, some);
            p->rest = str_sub(p->rest, some.len, p->rest.len);
        }
        p->is_over = is_dry && out->len == before;
    }
    if (rc == 0 && p->is_over && p->is_inside)
        return err_set(err, E_PARSE, "gzip: truncated");
    return rc;
}

static int scan_pieces(struct worker *w, void *job, struct pour *p, const struct source_file *f,
                       struct visit_end *end, struct err *err)
{
    struct buf *text = &w->text;
    enum scan_step step = SCAN_MORE;
    size_t window = WINDOW_BYTES;
    bool is_first = true;
    int rc = 0;

    buf_clear(text);
    gunzip_start(w->gunzip);
    while (step == SCAN_MORE) {
        size_t kept = text->len;

        if (kept >= WINDOW_MOST)
            return err_set(err, E_LIMIT, "a record over %d bytes", WINDOW_MOST);
        if (kept >= window)
            window *= 2;
        rc = pour_some(w, p, f->path.ptr, window - kept + 1, text, err);
        if (rc < 0)
            return rc;
        end->bytes += text->len - kept;
        enum scan_extent extent = p->is_over ? SCAN_WHOLE : SCAN_PART;

        scan_pad(text);
        if (is_first)
            scan_start(w->scan, text->ptr, text->len, extent);
        else
            scan_go_on(w->scan, text->ptr, text->len, extent);
        is_first = false;
        step = drain(w, job, end);
        struct str rest = scan_rest(w->scan);

        if (step == SCAN_MORE) {
            memmove(text->ptr, rest.ptr, rest.len);
            text->len = rest.len;
        }
    }
    finish(w, end);
    return 0;
}

static bool is_gzip(struct str bytes)
{
    return str_has_prefix(bytes, STR("\x1f\x8b"));
}

/* What the file says of its own length; a lie is found out while inflating. */
static uint32_t gzip_length(struct str bytes)
{
    uint32_t n = 0;

    for (size_t i = 0; i < 4 && bytes.len >= 18; i++)
        n = n << 8 | (unsigned char)bytes.ptr[bytes.len - 1 - i];
    return n;
}

static int scan_stored(struct worker *w, void *job, const struct source_file *f,
                       struct visit_end *end, struct err *err)
{
    struct str bytes = buf_view(&w->stored);
    struct pour p = { .fd = -1, .rest = bytes, .is_gzip = is_gzip(bytes) };
    enum gzip_extra extra = GZIP_WHOLE;
    size_t used = 0;

    end->is_gzip = p.is_gzip;
    if (!p.is_gzip) {
        scan_whole(w, job, &w->stored, end);
        return 0;
    }
    if (gzip_length(bytes) > WHOLE_BYTES)
        return scan_pieces(w, job, &p, f, end, err);
    buf_clear(&w->text);
    (void)buf_reserve(&w->text, gzip_length(bytes) + 1 + SCAN_PAD);
    int rc = inflate_gzip(w->inflate, bytes, WHOLE_BYTES, &w->text, &used, err);

    if (rc == 0 && used < bytes.len) { /* seldom: what stands behind is judged by zlib */
        buf_clear(&w->text);
        rc = gzip_read(bytes, WHOLE_BYTES, &w->text, &extra, err);
    }

    if (rc == E_LIMIT) {
        err->code = 0;
        return scan_pieces(w, job, &p, f, end, err);
    }
    end->has_more_members = extra == GZIP_MORE_MEMBERS;
    end->has_trailing_bytes = extra == GZIP_TRAILING_BYTES;
    if (rc == 0)
        scan_whole(w, job, &w->text, end);
    return rc;
}

static int scan_large(struct worker *w, void *job, const struct source_file *f, int fd,
                      struct visit_end *end, struct err *err)
{
    struct pour p = { .fd = fd };
    int rc = pour_refill(&p, f->path.ptr, err);

    p.is_gzip = end->is_gzip = is_gzip(p.rest);
    if (rc == 0)
        rc = scan_pieces(w, job, &p, f, end, err);
    buf_free(&p.chunk);
    return rc;
}

static int scan_on_disk(struct worker *w, void *job, const struct source_file *f,
                        struct visit_end *end, struct err *err)
{
    int fd = open(f->path.ptr, O_RDONLY | O_CLOEXEC), rc = 0;
    struct stat st;

    if (fd < 0)
        return err_sys(err, "open", f->path.ptr);
    if (fstat(fd, &st) == 0 && st.st_size > WHOLE_BYTES) {
        end->stored_bytes = (uint64_t)st.st_size;
        rc = scan_large(w, job, f, fd, end, err);
    } else {
        rc = fs_read_fd(fd, f->path.ptr, &w->stored, err);
        end->stored_bytes = w->stored.len;
        if (rc == 0)
            rc = scan_stored(w, job, f, end, err);
    }
    (void)close(fd); /* nothing was written */
    return rc;
}

static int scan_in_s3(struct worker *w, void *job, const struct source_file *f,
                      struct visit_end *end, struct err *err)
{
    int rc = source_read(w->reader, f, &w->stored, err);

    end->stored_bytes = w->stored.len;
    return rc < 0 ? rc : scan_stored(w, job, f, end, err);
}

static void *visit_file(struct worker *w, const struct source_file *f)
{
    const struct visitor *v = w->visit->v;
    void *job = v->begin(w->visit->arg, w->number, f);
    struct visit_end end = { .file = f };
    struct err err = { 0 };

    buf_clear(&w->stored);
    end.rc = f->path.len ? scan_on_disk(w, job, f, &end, &err) : scan_in_s3(w, job, f, &end, &err);
    w->last_bytes = end.bytes;
    end.why = err.text;
    if (v->end)
        v->end(job, &end);
    return job;
}

/* ---- many files ---- */

static bool is_wanted(const struct visit *t, const struct source_file *f)
{
    if (t->v->wants)
        return t->v->wants(t->arg, f);
    return f->kind != SOURCE_DIGEST && f->kind != SOURCE_MISNAMED;
}

static void fail(struct visit *t, int rc, const struct err *err)
{
    if (t->rc == 0) {
        t->rc = rc;
        t->err = *err;
    }
    t->is_over = true;
}

static bool has_room(const struct visit *t)
{
    return t->given - t->merged < t->slot_count;
}

/* With the lock held. The next file that is wanted, NULL: there is none. */
static const struct source_file *next_file(struct visit *t)
{
    const struct source_file *f = NULL;
    struct err err = { 0 };

    while (!t->is_over) {
        int rc = source_next(t->source, &f, &err);

        if (rc < 0)
            fail(t, rc, &err);
        if (rc == 0)
            t->is_over = true;
        if (rc == 1 && is_wanted(t, f))
            return f;
        if (rc == 1)
            source_drop(t->source, f);
    }
    return NULL;
}

/* Files that a thread has taken, which stand in line one behind the other. */
struct batch {
    uint64_t place; /* of the first */
    size_t count;
    const struct source_file *files[BATCH];
    void *jobs[BATCH];
};

/* With the lock held. False: there are no more. */
static bool take_files(struct visit *t, struct batch *b, size_t most)
{
    const struct source_file *f;

    t->waiting++;
    while (!t->is_over && !has_room(t))
        (void)pthread_cond_wait(&t->moved, &t->lock); /* cannot fail on a good lock */
    t->waiting--;
    b->place = t->given;
    for (b->count = 0; b->count < most && has_room(t) && (f = next_file(t)) != NULL; t->given++)
        b->files[b->count++] = f;
    return b->count > 0;
}

/* With the lock held: whoever finds that the next one in line is ready merges it, and what stands
 * behind it. */
static void merge_ready(struct visit *t)
{
    if (t->is_merging)
        return;
    t->is_merging = true;
    for (struct slot *s; (s = &t->slots[t->merged % t->slot_count])->is_ready;) {
        struct slot done = *s;
        struct err err = { 0 };
        int rc = 0;

        s->is_ready = false;
        (void)pthread_mutex_unlock(&t->lock);
        if (t->v->merge)
            rc = t->v->merge(t->arg, done.job, &err);
        (void)pthread_mutex_lock(&t->lock);
        if (rc < 0)
            fail(t, rc, &err);
        source_drop(t->source, done.file);
        t->merged++;
        if (t->waiting)
            (void)pthread_cond_broadcast(&t->moved);
    }
    t->is_merging = false;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct visit *t = w->visit;
    struct batch b;

    (void)pthread_mutex_lock(&t->lock);
    while (take_files(t, &b, w->last_bytes <= SMALL_BYTES ? BATCH : 1)) {
        (void)pthread_mutex_unlock(&t->lock);
        for (size_t i = 0; i < b.count; i++)
            b.jobs[i] = visit_file(w, b.files[i]);
        (void)pthread_mutex_lock(&t->lock);
        for (size_t i = 0; i < b.count; i++)
            t->slots[(b.place + i) % t->slot_count] = (struct slot){ b.files[i], b.jobs[i], true };
        merge_ready(t);
    }
    (void)pthread_cond_broadcast(&t->moved); /* who waits for room waits for nothing */
    (void)pthread_mutex_unlock(&t->lock);
    return NULL;
}

unsigned visit_jobs(unsigned asked)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (asked == 0)
        asked = cores > 0 ? (unsigned)cores : 1;
    return asked < JOBS_MOST ? asked : JOBS_MOST;
}

static void worker_free(struct worker *w)
{
    source_reader_close(w->reader);
    scan_close(w->scan);
    gunzip_close(w->gunzip);
    inflate_close(w->inflate);
    buf_free(&w->stored);
    buf_free(&w->text);
}

int visit_records(struct source *s, const struct visitor *v, void *arg, unsigned jobs,
                  struct err *err)
{
    struct visit t = { .source = s, .v = v, .arg = arg, .jobs = visit_jobs(jobs) };
    struct worker *workers = mem_alloc(t.jobs * sizeof *workers);
    unsigned started = 1;

    t.slot_count = (size_t)t.jobs * AHEAD;
    t.slots = mem_alloc(t.slot_count * sizeof *t.slots);
    (void)pthread_mutex_init(&t.lock, NULL); /* default attributes: these two cannot fail */
    (void)pthread_cond_init(&t.moved, NULL);
    for (unsigned i = 0; i < t.jobs; i++)
        workers[i] = (struct worker){ .visit = &t,
                                      .number = i,
                                      .reader = source_reader_open(s),
                                      .scan = scan_open(),
                                      .gunzip = gunzip_open(),
                                      .inflate = inflate_open() };
    while (started < t.jobs &&
           pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
        started++; /* fewer threads do as well */
    (void)work(&workers[0]);
    for (unsigned i = 1; i < started; i++)
        (void)pthread_join(workers[i].thread, NULL); /* was created */
    for (unsigned i = 0; i < t.jobs; i++)
        worker_free(&workers[i]);
    (void)pthread_cond_destroy(&t.moved);
    (void)pthread_mutex_destroy(&t.lock);
    mem_free(workers);
    mem_free(t.slots);
    return t.rc < 0 ? err_set(err, t.rc, "%s", t.err.text) : 0;
}
