#include "core/base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/limits.h"

static int read_all(int fd, const char *path, struct buf *out, size_t start, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_sys(err, "read", path);
    if (st.st_size > 0 && (uint64_t)st.st_size > LIMIT_FILE_BYTES)
        return err_set(err, E_LIMIT, "read %s: over %llu bytes", path, LIMIT_FILE_BYTES);
    /* One byte more than the file has meets its end without growing; a pipe has no size. */
    size_t chunk = st.st_size > 0 ? (size_t)st.st_size + 1 : 65536;

    for (;;) {
        ssize_t n = read(fd, buf_reserve(out, chunk), chunk);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "read", path);
        if (out->len - start + (size_t)n > LIMIT_FILE_BYTES)
            return err_set(err, E_LIMIT, "read %s: over %llu bytes", path, LIMIT_FILE_BYTES);
        out->len += (size_t)n;
        if (n == 0 || (S_ISREG(st.st_mode) && (size_t)n < chunk))
            return 0;
    }
}

int fs_read_fd(int fd, const char *path, struct buf *out, struct err *err)
{
    size_t start = out->len;
    int rc = read_all(fd, path, out, start, err);

    if (rc < 0)
        out->len = start;
    return rc;
}

int fs_read(const char *path, struct buf *out, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_sys(err, "open", path);

    int rc = fs_read_fd(fd, path, out, err);

    (void)close(fd); /* nothing was written */
    return rc;
}

int fs_write_all(int fd, struct str data, const char *path, struct err *err)
{
    while (data.len) {
        ssize_t n = write(fd, data.ptr, data.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "write", path);
        data = str_sub(data, (size_t)n, data.len);
    }
    return 0;
}

/* A name beside path that no reader takes for a file of ours: fs_list leaves it out. */
static int temp_open(const char *path, char tmp[PATH_MAX], struct err *err)
{
    struct str dir, file;
    bool has_dir = str_rcut(str_c(path), '/', &dir, &file);
    int len = has_dir ? snprintf(tmp, PATH_MAX, "%.*s/" FS_TEMP_PREFIX "XXXXXX", STR_ARG(dir))
                      : snprintf(tmp, PATH_MAX, FS_TEMP_PREFIX "XXXXXX");

    if (len >= PATH_MAX)
        return err_set(err, E_LIMIT, "create %.200s...: path over %d bytes", path, PATH_MAX);

    int fd = mkstemp(tmp);

    if (fd < 0)
        return err_sys(err, "create", path);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

enum durable { DURABLE_PROCESS, DURABLE_POWER };

static int replace(const char *path, struct str data, enum durable durable, struct err *err)
{
    char tmp[PATH_MAX];
    int fd = temp_open(path, tmp, err);

    if (fd < 0)
        return fd;

    int rc = fs_write_all(fd, data, path, err);

    if (rc == 0 && fchmod(fd, 0644) < 0)
        rc = err_sys(err, "write", path);
    if (rc == 0 && durable == DURABLE_POWER && fsync(fd) < 0)
        rc = err_sys(err, "write", path);
    if (close(fd) < 0 && rc == 0)
        rc = err_sys(err, "write", path);
    if (rc == 0 && rename(tmp, path) < 0)
        rc = err_sys(err, "rename to", path);
    if (rc < 0)
        (void)unlink(tmp); /* the failure is told already */
    return rc;
}

int fs_replace(const char *path, struct str data, struct err *err)
{
    return replace(path, data, DURABLE_POWER, err);
}

int fs_replace_fast(const char *path, struct str data, struct err *err)
{
    return replace(path, data, DURABLE_PROCESS, err);
}

int fs_sync_dir(const char *dir, struct err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return err_sys(err, "open", dir);

    int rc = fsync(fd) < 0 ? err_sys(err, "sync", dir) : 0;

    (void)close(fd); /* fsync has reported what close could */
    return rc;
}

static int make_dir(const char *dir, struct err *err)
{
    if (mkdir(dir, 0755) == 0 || (errno == EEXIST && fs_is_dir(dir)))
        return 0;
    if (errno == EEXIST)
        errno = ENOTDIR; /* a file is in the way */
    return err_sys(err, "create", dir);
}

int fs_mkdirs(const char *dir, struct err *err)
{
    char path[PATH_MAX];
    size_t len = strlen(dir);

    if (fs_is_dir(dir))
        return 0;
    if (len == 0 || len >= sizeof path)
        return err_set(err, E_LIMIT, "create %.200s: path of %zu bytes", dir, len);
    memcpy(path, dir, len + 1);
    for (size_t i = 1; i < len; i++) {
        if (path[i] != '/' || path[i - 1] == '/')
            continue;
        path[i] = '\0';
        int rc = make_dir(path, err);

        if (rc < 0)
            return rc;
        path[i] = '/';
    }
    return make_dir(path, err);
}

int fs_mkdirs_for(const char *file, struct err *err)
{
    struct arena a = { 0 };
    struct str dir, name;
    int rc = 0;

    if (str_rcut(str_c(file), '/', &dir, &name) && dir.len)
        rc = fs_mkdirs(arena_copy(&a, dir).ptr, err);
    arena_free(&a);
    return rc;
}

int fs_remove(const char *path, struct err *err)
{
    return unlink(path) < 0 && errno != ENOENT ? err_sys(err, "remove", path) : 0;
}

static bool has_mode(const char *path, mode_t kind)
{
    struct stat st;

    return stat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

bool fs_is_file(const char *path)
{
    return has_mode(path, S_IFREG);
}

bool fs_is_dir(const char *path)
{
    return has_mode(path, S_IFDIR);
}

enum shown { SHOWN_OURS, SHOWN_ALL, SHOWN_NAMES };

static bool is_shown(const char *name, enum shown shown)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    return shown == SHOWN_ALL || !str_has_prefix(str_c(name), STR(FS_TEMP_PREFIX));
}

static int by_name(const void *left, const void *right)
{
    const struct fs_entry *l = left, *r = right;

    return str_cmp(l->name, r->name);
}

static int read_entries(struct arena *a, const char *dir, enum shown shown, struct buf *found,
                        struct err *err)
{
    DIR *d = opendir(dir);
    int rc = 0;

    if (!d)
        return err_sys(err, "open", dir);
    for (;;) {
        struct stat st = { .st_size = -1 };

        errno = 0;
        struct dirent *e = readdir(d);

        if (!e && errno)
            rc = err_sys(err, "list", dir);
        if (!e)
            break;
        /* A name that is gone by now was removed while we read: it is not there. */
        if (!is_shown(e->d_name, shown))
            continue;
        if (shown == SHOWN_NAMES && e->d_type != DT_UNKNOWN)
            st.st_mode = e->d_type == DT_DIR ? S_IFDIR : S_IFREG;
        else if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        struct fs_entry entry = {
            .name = arena_copy(a, str_c(e->d_name)),
            .is_dir = S_ISDIR(st.st_mode),
            .size_bytes = st.st_size,
            .mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
        };
        buf_add(found, (struct str){ (const char *)&entry, sizeof entry });
    }
    (void)closedir(d); /* nothing was written */
    return rc;
}

static int list(struct arena *a, const char *dir, enum shown shown, struct fs_entry **out,
                size_t *out_count, struct err *err)
{
    struct buf found = { 0 };
    int rc = read_entries(a, dir, shown, &found, err);

    if (rc == 0) {
        *out_count = found.len / sizeof **out;
        *out = arena_alloc(a, found.len);
        if (found.len)
            memcpy(*out, found.ptr, found.len);
        qsort(*out, *out_count, sizeof **out, by_name);
    }
    buf_free(&found);
    return rc;
}

int fs_list(struct arena *a, const char *dir, struct fs_entry **out, size_t *out_count,
            struct err *err)
{
    return list(a, dir, SHOWN_OURS, out, out_count, err);
}

int fs_list_names(struct arena *a, const char *dir, struct fs_entry **out, size_t *out_count,
                  struct err *err)
{
    return list(a, dir, SHOWN_NAMES, out, out_count, err);
}

/* Recursion is as deep as a path has parts, and holds no open file. */
static int remove_below(struct arena *a, const char *dir, struct err *err)
{
    struct fs_entry *entries;
    size_t count;
    int rc = list(a, dir, SHOWN_ALL, &entries, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct arena_mark mark = arena_mark(a);
        const char *path = arena_printf(a, "%s/%s", dir, entries[i].name.ptr).ptr;

        rc = entries[i].is_dir ? remove_below(a, path, err) : fs_remove(path, err);
        arena_rewind(a, mark);
    }
    if (rc == 0 && rmdir(dir) < 0 && errno != ENOENT)
        rc = err_sys(err, "remove", dir);
    return rc;
}

int fs_remove_tree(const char *path, struct err *err)
{
    struct arena a = { 0 };
    struct stat st;
    int rc = 0;

    if (lstat(path, &st) < 0) {
        if (errno != ENOENT)
            rc = err_sys(err, "remove", path);
    } else if (S_ISDIR(st.st_mode)) {
        rc = remove_below(&a, path, err);
    } else {
        rc = fs_remove(path, err);
    }
    arena_free(&a);
    return rc;
}

static int copy_file(const char *from, const char *to, struct err *err)
{
    char chunk[65536];
    int in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), rc = 0;

    if (in < 0)
        return err_sys(err, "open", from);

    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (out < 0)
        rc = err_sys(err, "create", to);
    for (ssize_t n = 1; rc == 0 && n != 0;) {
        n = read(in, chunk, sizeof chunk);
        if (n > 0)
            rc = fs_write_all(out, (struct str){ chunk, (size_t)n }, to, err);
        else if (n < 0 && errno != EINTR)
            rc = err_sys(err, "read", from);
    }
    if (out >= 0 && close(out) < 0 && rc == 0)
        rc = err_sys(err, "write", to);
    (void)close(in); /* nothing was written to it */
    return rc;
}

/* The dates of a copy are those of the original: an object's LastModified may come from there. */
static int copy_times(const char *to, int64_t mtime_ns, struct err *err)
{
    struct timespec t = { .tv_sec = mtime_ns / 1000000000, .tv_nsec = mtime_ns % 1000000000 };
    struct timespec times[2] = { t, t };

    return utimensat(AT_FDCWD, to, times, 0) < 0 ? err_sys(err, "set the date of", to) : 0;
}

static int copy_below(struct arena *a, const char *from, const char *to, struct err *err)
{
    struct fs_entry *entries;
    size_t count;
    int rc = fs_mkdirs(to, err);

    if (rc == 0)
        rc = fs_list(a, from, &entries, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct arena_mark mark = arena_mark(a);
        const char *source = arena_printf(a, "%s/%s", from, entries[i].name.ptr).ptr;
        const char *copy = arena_printf(a, "%s/%s", to, entries[i].name.ptr).ptr;

        rc = entries[i].is_dir ? copy_below(a, source, copy, err) : copy_file(source, copy, err);
        if (rc == 0 && !entries[i].is_dir)
            rc = copy_times(copy, entries[i].mtime_ns, err);
        arena_rewind(a, mark);
    }
    return rc;
}

int fs_copy_tree(const char *from, const char *to, struct err *err)
{
    struct arena a = { 0 };
    int rc = copy_below(&a, from, to, err);

    arena_free(&a);
    return rc;
}
