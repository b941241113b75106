#include "emulator/trail/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zlib.h>

#include "core/base/fs.h"
#include "core/base/mem.h"

#define ZEROS_BYTES (256u << 10)
#define SPARE       "spare" /* the file that takes the next number */

static const char magic[8] = { 'm', 't', 'j', 'r', 'n', 'l', '0', '2' };

/* As it lies in the file, in the machine's byte order: a journal is not carried about. */
struct header {
    char magic[8];
    uint64_t number, base, size_bytes;
    struct segment_past past;
    uint32_t check; /* CRC-32 of all above */
};
_Static_assert(sizeof(struct header) <= SEGMENT_HEADER_BYTES, "the header fits its place");

static uint32_t header_check(const struct header *h)
{
    return (uint32_t)crc32(0, (const unsigned char *)h, offsetof(struct header, check));
}

static int path_set(struct segment *s, const char *dir, struct str name, struct err *err)
{
    int n = snprintf(s->path, sizeof s->path, "%s/journal/%.*s", dir, STR_ARG(name));

    if (n < 0 || n >= (int)sizeof s->path)
        return err_set(err, E_LIMIT, "path over %zu bytes", sizeof s->path);
    return 0;
}

static int write_zeros(int fd, uint64_t size_bytes, const char *path, struct err *err)
{
    char *zeros = mem_alloc(ZEROS_BYTES);
    int rc = 0;

    for (uint64_t done = 0; rc == 0 && done < size_bytes; done += ZEROS_BYTES)
        rc = fs_write_all(fd, (struct str){ zeros, ZEROS_BYTES }, path, err);
    mem_free(zeros);
    return rc;
}

static int map_file(struct segment *s, struct err *err)
{
    void *map = mmap(NULL, s->size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);

    if (map == MAP_FAILED)
        return err_sys(err, "map", s->path);
    s->map = map;
    return 0;
}

int segment_prepare(struct segment **out, const char *dir, uint64_t size_bytes, struct err *err)
{
    struct segment *s = mem_alloc(sizeof *s);
    int rc;

    s->fd = -1;
    s->size_bytes = size_bytes;
    if ((rc = path_set(s, dir, STR(SPARE), err)) < 0)
        goto out;
    s->fd = open(s->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (s->fd < 0) {
        rc = err_sys(err, "create", s->path);
        goto out;
    }
    if ((rc = write_zeros(s->fd, size_bytes, s->path, err)) == 0)
        rc = map_file(s, err);
out:
    if (rc < 0)
        segment_close(s);
    else
        *out = s;
    return rc;
}

int segment_reuse(struct segment *s, const char *dir, struct err *err)
{
    char old[sizeof s->path];

    memcpy(old, s->path, sizeof old);
    int rc = path_set(s, dir, STR(SPARE), err);
    if (rc == 0)
        rc = segment_to_file(s, err);
    if (rc == 0 && rename(old, s->path) < 0)
        rc = err_sys(err, "rename to", s->path);
    if (rc < 0)
        memcpy(s->path, old, sizeof old);
    s->prev = s->next = NULL;
    atomic_store(&s->is_full, false);
    return rc;
}

static void clear_head(struct segment *s)
{
    memset(s->map, 0, segment_first(s) + SEGMENT_GRAIN); /* and the first entry's head */
}

void segment_warm(struct segment *s)
{
    clear_head(s);
    for (uint64_t at = segment_first(s); at < s->size_bytes; at += 4096)
        *(volatile char *)(s->map + at) = 0;
}

/* Where memory can begin: the bits may end within a page. */
static uint64_t memory_from(const struct segment *s)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

    return (segment_first(s) + SEGMENT_GRAIN + page - 1) / page * page;
}

/* Both replace at once what other threads may be reading; the bytes they can reach are the same. */
static int map_entries(struct segment *s, int flags, int fd, struct err *err)
{
    uint64_t from = memory_from(s);
    void *at = mmap(s->map + from, s->size_bytes - from, PROT_READ | PROT_WRITE, MAP_FIXED | flags,
                    fd, fd < 0 ? 0 : (off_t)from);

    return at == MAP_FAILED ? err_sys(err, "map", s->path) : 0;
}

int segment_to_memory(struct segment *s, struct err *err)
{
    clear_head(s);
    int rc = segment_sync(s, err);
    if (rc == 0)
        rc = map_entries(s, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, err);
    if (rc == 0) {
        s->written = memory_from(s);
        atomic_store(&s->is_memory, true);
    }
    return rc;
}

int segment_to_file(struct segment *s, struct err *err)
{
    if (!atomic_load(&s->is_memory))
        return 0;
    int rc = map_entries(s, MAP_SHARED, s->fd, err);
    if (rc == 0)
        atomic_store(&s->is_memory, false);
    return rc;
}

int segment_write(struct segment *s, uint64_t end, bool is_open, struct err *err)
{
    static const char zeros[SEGMENT_GRAIN] = { 0 };

    while (atomic_load(&s->is_memory) && s->written < end) {
        size_t len = end - s->written, behind = is_open && end < s->size_bytes ? sizeof zeros : 0;
        struct iovec parts[2] = { { s->map + s->written, len }, { (void *)zeros, behind } };
        ssize_t n = pwritev(s->fd, parts, 2, (off_t)s->written);

        if (n < 0 && errno != EINTR)
            return err_sys(err, "write", s->path);
        if (n == (ssize_t)(len + behind))
            s->written = end;
        else if (n > 0) /* the rest again: at least a byte, so that the zeros come with it */
            s->written += (size_t)n < len ? (size_t)n : len - 1;
    }
    return 0;
}

static _Atomic uint64_t *word_of(const struct segment *s, uint64_t offset)
{
    return (_Atomic uint64_t *)(s->map + SEGMENT_HEADER_BYTES) + offset / SEGMENT_GRAIN / 64;
}

bool segment_mark(struct segment *s, uint64_t offset)
{
    uint64_t bit = 1ull << offset / SEGMENT_GRAIN % 64;

    return atomic_fetch_or(word_of(s, offset), bit) & bit;
}

bool segment_is_marked(const struct segment *s, uint64_t offset)
{
    return atomic_load(word_of(s, offset)) >> offset / SEGMENT_GRAIN % 64 & 1;
}

int segment_activate(struct segment *s, const char *dir, uint64_t number, uint64_t base,
                     struct segment_past past, struct err *err)
{
    char name[32], old[sizeof s->path];
    struct header h = { .number = number, .base = base, .size_bytes = s->size_bytes, .past = past };

    memcpy(h.magic, magic, sizeof magic);
    h.check = header_check(&h);
    memcpy(old, s->path, sizeof old);
    (void)snprintf(name, sizeof name, "%08llu.seg", (unsigned long long)number);
    int rc = path_set(s, dir, str_c(name), err);
    if (rc < 0)
        return rc;
    memcpy(s->map, &h, sizeof h);
    if (rename(old, s->path) < 0) {
        rc = err_sys(err, "rename to", s->path);
        memcpy(s->path, old, sizeof old);
        return rc;
    }
    s->number = number;
    s->base = base;
    s->past = past;
    return 0;
}

static int header_read(struct segment *s, struct err *err)
{
    struct header h;
    struct stat st;

    if (fstat(s->fd, &st) < 0)
        return err_sys(err, "stat", s->path);
    ssize_t n = pread(s->fd, &h, sizeof h, 0);
    if (n < 0)
        return err_sys(err, "read", s->path);
    if (n < (ssize_t)sizeof h || h.magic[0] == '\0')
        return err_set(err, E_MISSING, "%s: never used", s->path);
    if (memcmp(h.magic, magic, sizeof magic) != 0 || h.check != header_check(&h))
        return err_set(err, E_PARSE, "%s: the header is damaged", s->path);
    if ((uint64_t)st.st_size < h.size_bytes || h.size_bytes < SEGMENT_HEADER_BYTES)
        return err_set(err, E_PARSE, "%s: cut short: %lld of %llu bytes", s->path,
                       (long long)st.st_size, (unsigned long long)h.size_bytes);
    s->number = h.number;
    s->base = h.base;
    s->size_bytes = h.size_bytes;
    s->past = h.past;
    return 0;
}

int segment_open(struct segment **out, const char *dir, struct str name, struct err *err)
{
    struct segment *s = mem_alloc(sizeof *s);
    int rc;

    s->fd = -1;
    if ((rc = path_set(s, dir, name, err)) < 0)
        goto out;
    s->fd = open(s->path, O_RDWR | O_CLOEXEC);
    if (s->fd < 0) {
        rc = err_sys(err, "open", s->path);
        goto out;
    }
    if ((rc = header_read(s, err)) == 0)
        rc = map_file(s, err);
out:
    if (rc < 0)
        segment_close(s);
    else
        *out = s;
    return rc;
}

void segment_cool(struct segment *s)
{
    if (atomic_load(&s->is_memory))
        return;
    (void)madvise(s->map, s->size_bytes, MADV_DONTNEED); /* advice: a refusal costs only memory */
}

int segment_sync(const struct segment *s, struct err *err)
{
    return fdatasync(s->fd) < 0 ? err_sys(err, "sync", s->path) : 0;
}

void segment_close(struct segment *s)
{
    if (!s)
        return;
    if (s->map)
        (void)munmap(s->map, s->size_bytes); /* nothing left to do about a failure */
    if (s->fd >= 0)
        (void)close(s->fd); /* written through the mapping: close reports nothing of use */
    mem_free(s);
}

int segment_remove(struct segment *s, struct err *err)
{
    int rc = fs_remove(s->path, err);

    segment_close(s);
    return rc;
}
