#include "generator/dataset/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/mem.h"

#define RUN_BYTES   (1u << 20)
#define BLOCK_BYTES (64u << 10) /* read at once of each run while merging */

/* What one thread gathers: lines one behind the other, each behind its length. */
struct gather {
    struct buf text;
    struct buf lines; /* of struct str, into text: set when the run is sorted */
    size_t count;
};

/* A sorted run being read. */
struct run {
    int fd;
    struct buf block;
    size_t at;
    struct str line; /* the one to give next */
};

struct spool {
    struct arena a;
    struct str dir;
    unsigned threads;
    struct gather *gathers;
    pthread_mutex_t lock; /* over run_count while runs are written */
    size_t run_count;
    struct run *runs;
    size_t *heap; /* run numbers, the least line first */
    size_t heap_count;
    struct run *given; /* whose line was given last */
};

struct spool *spool_open(struct str dir, unsigned threads)
{
    struct spool *s = mem_alloc(sizeof *s);

    s->dir = arena_copy(&s->a, dir);
    s->threads = threads;
    s->gathers = mem_alloc(threads * sizeof *s->gathers);
    (void)pthread_mutex_init(&s->lock, NULL);
    return s;
}

static const char *run_path(const struct spool *s, size_t number, char path[4096])
{
    (void)snprintf(path, 4096, "%.*s/run-%zu", STR_ARG(s->dir), number);
    return path;
}

void spool_close(struct spool *s)
{
    char path[4096];

    if (!s)
        return;
    for (size_t i = 0; i < s->run_count; i++) {
        if (s->runs && s->runs[i].fd >= 0)
            (void)close(s->runs[i].fd);
        if (s->runs)
            buf_free(&s->runs[i].block);
        (void)fs_remove(run_path(s, i, path), NULL); /* its folder goes later, with what is left */
    }
    for (unsigned i = 0; i < s->threads; i++) {
        buf_free(&s->gathers[i].text);
        buf_free(&s->gathers[i].lines);
    }
    mem_free(s->gathers);
    mem_free(s->runs);
    mem_free(s->heap);
    (void)pthread_mutex_destroy(&s->lock);
    arena_free(&s->a);
    mem_free(s);
}

static int compare(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void add_framed(struct buf *out, struct str line)
{
    uint32_t len = (uint32_t)line.len;

    buf_add(out, (struct str){ (const char *)&len, sizeof len });
    buf_add(out, line);
}

/* The framed line at *at; false at the end. */
static bool framed_next(struct str text, size_t *at, struct str *out)
{
    uint32_t len;

    if (text.len - *at < sizeof len)
        return false;
    memcpy(&len, text.ptr + *at, sizeof len);
    if (text.len - *at - sizeof len < len)
        return false;
    *out = str_sub(text, *at + sizeof len, len);
    *at += sizeof len + len;
    return true;
}

static void sort_run(struct gather *g, struct buf *sorted)
{
    struct str line;
    size_t at = 0;

    buf_clear(&g->lines);
    while (framed_next(buf_view(&g->text), &at, &line))
        buf_add(&g->lines, (struct str){ (const char *)&line, sizeof line });
    qsort(g->lines.ptr, g->count, sizeof line, compare);
    for (size_t i = 0; i < g->count; i++)
        add_framed(sorted, ((const struct str *)(const void *)g->lines.ptr)[i]);
}

static int write_run(struct spool *s, struct gather *g, struct err *err)
{
    struct buf sorted = { 0 };
    char path[4096];

    if (g->count == 0)
        return 0;
    sort_run(g, &sorted);
    (void)pthread_mutex_lock(&s->lock);
    (void)run_path(s, s->run_count++, path);
    (void)pthread_mutex_unlock(&s->lock);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int rc = fd < 0 ? err_sys(err, "create", path) : fs_write_all(fd, buf_view(&sorted), path, err);
    if (fd >= 0 && close(fd) < 0 && rc == 0)
        rc = err_sys(err, "write", path);
    buf_free(&sorted);
    buf_clear(&g->text);
    g->count = 0;
    return rc;
}

int spool_add(struct spool *s, unsigned thread, struct str line, struct err *err)
{
    struct gather *g = &s->gathers[thread];

    add_framed(&g->text, line);
    g->count++;
    return g->text.len < RUN_BYTES ? 0 : write_run(s, g, err);
}

/* Fill the block behind what is left of it; 0 bytes more: the end. */
static int refill(struct run *r, size_t *more, struct err *err)
{
    size_t left = r->block.len - r->at;

    memmove(r->block.ptr, r->block.ptr + r->at, left);
    r->block.len = left;
    r->at = 0;
    char *to = buf_reserve(&r->block, left < BLOCK_BYTES ? BLOCK_BYTES : left);
    ssize_t n = read(r->fd, to, BLOCK_BYTES);
    if (n < 0)
        return err_sys(err, "read", "a sorted run");
    r->block.len += (size_t)n;
    *more = (size_t)n;
    return 0;
}

static int run_next(struct run *r, struct err *err)
{
    size_t more = 1;

    while (!framed_next(buf_view(&r->block), &r->at, &r->line)) {
        int rc = refill(r, &more, err);
        if (rc < 0)
            return rc;
        if (more == 0) {
            r->line = (struct str){ 0 };
            return 0;
        }
    }
    return 0;
}

static bool is_before(const struct spool *s, size_t a, size_t b)
{
    return str_cmp(s->runs[s->heap[a]].line, s->runs[s->heap[b]].line) < 0;
}

static void swap(struct spool *s, size_t a, size_t b)
{
    size_t t = s->heap[a];

    s->heap[a] = s->heap[b];
    s->heap[b] = t;
}

static void sift_down(struct spool *s, size_t at)
{
    for (;;) {
        size_t least = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < s->heap_count; child++)
            if (is_before(s, child, least))
                least = child;
        if (least == at)
            return;
        swap(s, at, least);
        at = least;
    }
}

static int open_run(struct spool *s, size_t i, struct err *err)
{
    char path[4096];
    struct run *r = &s->runs[i];

    r->fd = open(run_path(s, i, path), O_RDONLY | O_CLOEXEC);
    if (r->fd < 0)
        return err_sys(err, "open", path);
    (void)buf_reserve(&r->block, BLOCK_BYTES);
    int rc = run_next(r, err);
    if (rc == 0 && r->line.ptr)
        s->heap[s->heap_count++] = i;
    return rc;
}

int spool_start(struct spool *s, struct err *err)
{
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < s->threads; i++)
        rc = write_run(s, &s->gathers[i], err);
    s->runs = mem_alloc((s->run_count + 1) * sizeof *s->runs);
    s->heap = mem_alloc((s->run_count + 1) * sizeof *s->heap);
    for (size_t i = 0; i < s->run_count; i++)
        s->runs[i].fd = -1;
    for (size_t i = 0; rc == 0 && i < s->run_count; i++)
        rc = open_run(s, i, err);
    for (size_t i = s->heap_count / 2; i > 0; i--)
        sift_down(s, i - 1);
    return rc;
}

/* The run whose line was given goes on, now that the caller is done with it. */
static int go_on(struct spool *s, struct err *err)
{
    int rc = run_next(s->given, err);

    if (rc == 0 && !s->given->line.ptr)
        s->heap[0] = s->heap[--s->heap_count];
    sift_down(s, 0);
    s->given = NULL;
    return rc;
}

int spool_next(struct spool *s, struct str *out, struct err *err)
{
    int rc = s->given ? go_on(s, err) : 0;

    *out = (struct str){ 0 };
    if (rc < 0 || s->heap_count == 0)
        return rc;
    s->given = &s->runs[s->heap[0]];
    *out = s->given->line;
    return 0;
}
