#include "emulator/store/objects.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"

#define PATH_BYTES  4096
#define PLACE_TRIES 64

static bool has_place_aside(struct str path)
{
    return str_has_prefix(path, STR("buckets/")) || str_has_prefix(path, STR("meta/"));
}

/* open_beneath for kernels and sandboxes without openat2: name by name. */
static int open_by_steps(int root, const char *path, int flags, mode_t mode)
{
    struct str rest = str_c(path), name;
    int dir = root;

    for (bool more = true; more;) {
        char leaf[256];

        more = str_cut(rest, '/', &name, &rest);
        if (name.len == 0 || name.len >= sizeof leaf || str_eq_c(name, "..")) {
            errno = name.len >= sizeof leaf ? ENAMETOOLONG : ENOENT;
            break;
        }
        memcpy(leaf, name.ptr, name.len);
        leaf[name.len] = '\0';

        int fd = openat(dir, leaf, (more ? O_RDONLY | O_DIRECTORY : flags) | O_NOFOLLOW | O_CLOEXEC,
                        mode);
        int why = errno;
        if (dir != root)
            (void)close(dir);
        errno = why;
        if (fd < 0 || !more)
            return fd;
        dir = fd;
    }
    int why = errno;
    if (dir != root)
        (void)close(dir);
    errno = why;
    return -1;
}

/* Like openat, but never through a symbolic link nor out of root. Sets errno. */
static int open_beneath(int root, const char *path, int flags, mode_t mode)
{
    struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
                            .mode = flags & O_CREAT ? mode : 0,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
    int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);

    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = open_by_steps(root, path, flags, mode);
    return fd;
}

/* The folder of path, as a descriptor; *out_leaf is the name in it. */
static int open_parent(int root, const char *path, const char **out_leaf)
{
    const char *slash = strrchr(path, '/');
    char dir[PATH_BYTES];

    if (!slash) {
        *out_leaf = path;
        return open_beneath(root, ".", O_RDONLY | O_DIRECTORY, 0);
    }
    if ((size_t)(slash - path) >= sizeof dir) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(dir, path, (size_t)(slash - path));
    dir[slash - path] = '\0';
    *out_leaf = slash + 1;
    return open_beneath(root, dir, O_RDONLY | O_DIRECTORY, 0);
}

/* Make the folders above path. Sets errno: ENOTDIR when a file is in the way. */
static int make_parents(int root, const char *path)
{
    char dir[PATH_BYTES];

    for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
        const char *leaf;

        if ((size_t)(p - path) >= sizeof dir) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(dir, path, (size_t)(p - path));
        dir[p - path] = '\0';

        int parent = open_parent(root, dir, &leaf);
        if (parent < 0)
            return -1;
        int rc = mkdirat(parent, leaf, 0755), why = errno;
        (void)close(parent); /* nothing was written through it */
        errno = why;
        if (rc < 0 && errno != EEXIST)
            return -1;
    }
    return 0;
}

/* Remove the folders above path that are empty, never a bucket's own. */
static void prune_parents(int root, struct arena *a, const char *path)
{
    char *dir = (char *)arena_copy(a, str_c(path)).ptr;
    const char *leaf;

    for (;;) {
        char *slash = strrchr(dir, '/');
        if (!slash)
            return;
        *slash = '\0';
        char *second = strchr(dir, '/');
        if (!second || !strchr(second + 1, '/')) /* top/BUCKET stays */
            return;
        int parent = open_parent(root, dir, &leaf);
        if (parent < 0)
            return;
        int rc = unlinkat(parent, leaf, AT_REMOVEDIR);
        (void)close(parent);
        if (rc < 0)
            return;
    }
}

static int unlink_one(int root, const char *path)
{
    const char *leaf;
    int parent = open_parent(root, path, &leaf);

    if (parent < 0)
        return -1;
    int rc = unlinkat(parent, leaf, 0), why = errno;
    (void)close(parent);
    errno = why;
    return rc;
}

static bool is_absent(int why)
{
    return why == ENOENT || why == ENOTDIR || why == EISDIR || why == ELOOP;
}

int object_list(struct arena *a, int root, struct str dir, struct object_entry **out,
                size_t *out_count, struct err *err)
{
    struct object_entry *list = NULL;
    size_t count = 0, cap = 0;
    const char *path = arena_copy(a, dir).ptr;
    int fd = open_beneath(root, path, O_RDONLY | O_DIRECTORY, 0);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    struct stat st;

    if (!d) {
        int rc = is_absent(errno) ? err_set(err, E_MISSING, "no folder %s", path)
                                  : err_sys(err, "open", path);
        if (fd >= 0)
            (void)close(fd);
        return rc;
    }
    for (struct dirent *e; (e = readdir(d));) {
        unsigned char type = e->d_type;

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (type == DT_UNKNOWN && fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            type = S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_UNKNOWN;
        if (type != DT_DIR && type != DT_REG)
            continue;
        if (count == cap) {
            struct object_entry *grown = arena_array(a, cap = cap ? 2 * cap : 16, sizeof *grown);
            if (count > 0)
                memcpy(grown, list, count * sizeof *grown);
            list = grown;
        }
        list[count++] = (struct object_entry){ arena_copy(a, str_c(e->d_name)), type == DT_DIR };
    }
    (void)closedir(d);
    *out = list;
    *out_count = count;
    return 0;
}

enum tree { TREE_IF_EMPTY, TREE_WHOLE };

/* Remove a folder and the folders in it; WHOLE: the files too. False: something is left. */
static bool remove_tree(int root, struct arena *a, struct str path, enum tree tree)
{
    struct object_entry *list;
    size_t count;
    const char *leaf;
    bool emptied = path.len < PATH_BYTES && object_list(a, root, path, &list, &count, NULL) == 0;

    for (size_t i = 0; emptied && i < count; i++) {
        struct str below = arena_printf(a, "%s/%.*s", path.ptr, STR_ARG(list[i].name));
        if (list[i].is_dir)
            emptied = remove_tree(root, a, below, tree);
        else
            emptied = tree == TREE_WHOLE && unlink_one(root, below.ptr) == 0;
    }
    int parent = emptied ? open_parent(root, path.ptr, &leaf) : -1;
    if (parent < 0)
        return false;
    emptied = unlinkat(parent, leaf, AT_REMOVEDIR) == 0;
    (void)close(parent);
    return emptied;
}

/* Folders that an effect may name: a bucket's own, or an upload's. Not one that stands where a
 * key's file would: it holds other keys. */
static bool names_folder(struct str path)
{
    struct str top, rest, deeper;

    return str_cut(path, '/', &top, &rest) &&
           (!str_cut(rest, '/', &rest, &deeper) || str_eq_c(top, "uploads"));
}

static int remove_folder(int root, struct arena *a, struct str path, struct err *err)
{
    enum tree tree = str_has_prefix(path, STR("buckets/")) ? TREE_IF_EMPTY : TREE_WHOLE;

    if (!remove_tree(root, a, path, tree))
        return err_set(err, E_IO, "remove %.*s: not empty", STR_ARG(path));
    prune_parents(root, a, path.ptr);
    return 0;
}

static int remove_both(int root, struct arena *a, struct str path, struct err *err)
{
    struct str places[2] = { path, has_place_aside(path) ? object_aside(a, path) : STR("") };

    for (size_t i = 0; i < COUNT(places) && places[i].len > 0; i++) {
        if (unlink_one(root, places[i].ptr) == 0)
            prune_parents(root, a, places[i].ptr);
        else if (errno == EISDIR && names_folder(path))
            return remove_folder(root, a, path, err);
        else if (!is_absent(errno))
            return err_sys(err, "remove", places[i].ptr);
    }
    return 0;
}

static int rename_beneath(int root, const char *from, const char *to)
{
    const char *from_leaf, *to_leaf;
    int why = 0, rc = -1, from_dir = open_parent(root, from, &from_leaf), to_dir = -1;

    if (from_dir < 0)
        return -1;
    to_dir = open_parent(root, to, &to_leaf);
    if (to_dir >= 0)
        rc = renameat(from_dir, from_leaf, to_dir, to_leaf);
    why = errno;
    if (to_dir >= 0)
        (void)close(to_dir);
    (void)close(from_dir);
    errno = why;
    return rc;
}

enum placed { PLACED, PLACE_TAKEN, PLACE_GONE, PLACE_FAILED };

static enum placed place_at(int root, struct arena *a, const char *from, const char *to)
{
    struct stat st;

    for (int i = 0; i < PLACE_TRIES; i++) {
        if (rename_beneath(root, from, to) == 0)
            return PLACED;
        if (errno == ENOENT && fstatat(root, from, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return PLACE_GONE;
        if (errno == ENOENT && (make_parents(root, to) == 0 || errno == ENOENT))
            continue; /* again: the folder may have been pruned in between */
        if ((errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST) &&
            remove_tree(root, a, str_c(to), TREE_IF_EMPTY))
            continue;
        return errno == EISDIR || errno == ENOTDIR || errno == ENOTEMPTY || errno == EEXIST ||
                       errno == ELOOP
                   ? PLACE_TAKEN
                   : PLACE_FAILED;
    }
    return PLACE_FAILED;
}

#define INLINE_MARK       '=' /* no path begins so: "=MTIME_MS:BYTES" */
#define INLINE_HEAD_BYTES 24

struct str object_inline(struct arena *a, struct str bytes, int64_t modified_ms)
{
    struct buf b = { .arena = a };

    (void)buf_reserve(&b, INLINE_HEAD_BYTES + bytes.len);
    buf_add_char(&b, INLINE_MARK);
    buf_add_i64(&b, modified_ms);
    buf_add_char(&b, ':');
    buf_add(&b, bytes);
    return buf_view(&b);
}

bool object_is_inline(struct str from)
{
    return from.len > 0 && from.ptr[0] == INLINE_MARK;
}

static int set_mtime(int fd, int64_t ms);

/* Over what is there, if it is a file. errno as open's. */
static int write_in_place(int root, const char *to, struct str bytes, int64_t modified_ms,
                          struct err *err)
{
    int fd = open_beneath(root, to, O_WRONLY | O_CREAT | O_NONBLOCK, 0644), rc;
    struct stat st;

    /* Again and again: others prune the folders that are made here. */
    for (int i = 0; fd < 0 && errno == ENOENT && i < PLACE_TRIES; i++)
        if (make_parents(root, to) == 0 || errno == ENOENT)
            fd = open_beneath(root, to, O_WRONLY | O_CREAT | O_NONBLOCK, 0644);
    if (fd < 0)
        return E_MISSING;
    rc = fs_write_all(fd, bytes, to, err);
    if (rc == 0 && (fstat(fd, &st) < 0 ||
                    (st.st_size > (off_t)bytes.len && ftruncate(fd, (off_t)bytes.len) < 0) ||
                    set_mtime(fd, modified_ms) < 0))
        rc = err_sys(err, "write", to);
    (void)close(fd); /* what could fail has failed above */
    return rc == E_MISSING ? E_IO : rc;
}

static int place_inline(int root, struct arena *a, struct str from, struct str to, struct err *err)
{
    struct str head, bytes, aside = has_place_aside(to) ? object_aside(a, to) : STR("");
    int64_t modified_ms = 0;

    if (!str_cut(str_sub(from, 1, from.len), ':', &head, &bytes) || !str_to_i64(head, &modified_ms))
        return err_set(err, E_PARSE, "not an effect's bytes, for %.*s", STR_ARG(to));
    int rc = write_in_place(root, to.ptr, bytes, modified_ms, err);
    if (rc == E_MISSING && errno == EISDIR && remove_tree(root, a, to, TREE_IF_EMPTY))
        rc = write_in_place(root, to.ptr, bytes, modified_ms, err);
    if (rc == 0 && aside.len > 0 && unlink_one(root, aside.ptr) == 0)
        prune_parents(root, a, aside.ptr);
    if (rc == E_MISSING && is_absent(errno) && aside.len > 0)
        rc = write_in_place(root, aside.ptr, bytes, modified_ms, err);
    return rc == E_MISSING ? err_sys(err, "create", to.ptr) : rc;
}

int object_place(int root, struct str from, struct str to, struct err *err)
{
    struct arena a = { 0 };
    bool is_inline = object_is_inline(from);
    struct str source = is_inline ? from : arena_copy(&a, from), target = arena_copy(&a, to);
    struct str aside = has_place_aside(to) ? object_aside(&a, target) : STR("");
    int rc = 0;

    if (to.len == 0 || is_inline) {
        rc = to.len == 0 ? remove_both(root, &a, source, err)
                         : place_inline(root, &a, source, target, err);
        goto out;
    }
    source = object_where(&a, root, source);
    enum placed placed = place_at(root, &a, source.ptr, target.ptr);
    /* An older one of this key, from when its name was taken. */
    if (placed == PLACED && aside.len > 0 && unlink_one(root, aside.ptr) == 0)
        prune_parents(root, &a, aside.ptr);
    if (placed == PLACED)
        prune_parents(root, &a, source.ptr);
    if (placed == PLACE_TAKEN && aside.len > 0)
        placed = place_at(root, &a, source.ptr, aside.ptr);
    if (placed != PLACED && placed != PLACE_GONE)
        rc = err_sys(err, "rename to", target.ptr);
out:
    arena_free(&a);
    return rc;
}

struct str object_where(struct arena *a, int root, struct str path)
{
    struct stat st;
    struct str aside;

    if (!has_place_aside(path))
        return path;
    if (fstatat(root, path.ptr, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
        return path;
    aside = object_aside(a, path);
    if (fstatat(root, aside.ptr, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
        return aside;
    return path;
}

int object_root(const char *data_dir, int *out, struct err *err)
{
    int fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return err_sys(err, "open", data_dir);
    *out = fd;
    return 0;
}

/* O_NONBLOCK: a FIFO made by hand must not hang a GET. */
static int open_file(int root, const char *path, struct stat *st)
{
    int fd = open_beneath(root, path, O_RDONLY | O_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
        return fd;
    (void)close(fd);
    errno = ENOENT;
    return -1;
}

int object_open(int root, struct str path, int *out_fd, struct stat *out_stat, struct err *err)
{
    struct arena a = { 0 };
    struct stat st;
    int rc = 0;
    const char *file = arena_copy(&a, path).ptr;
    int fd = open_file(root, file, &st);

    if (fd < 0 && is_absent(errno) && has_place_aside(path)) {
        file = object_aside(&a, path).ptr;
        fd = open_file(root, file, &st);
    }
    if (fd < 0 && is_absent(errno))
        rc = err_set(err, E_MISSING, "no file %s", file);
    else if (fd < 0)
        rc = err_sys(err, "open", file);
    arena_free(&a);
    if (rc < 0)
        return rc;
    *out_fd = fd;
    *out_stat = st;
    return 0;
}

int object_sync(int root, struct str path, struct err *err)
{
    struct stat st;
    int fd, rc = object_open(root, path, &fd, &st, err);

    if (rc < 0)
        return rc == E_MISSING ? 0 : rc; /* taken away by hand this very moment */
    if (fsync(fd) < 0)
        rc = err_set(err, E_IO, "sync %.*s failed", STR_ARG(path));
    (void)close(fd); /* only synced */
    return rc;
}

int object_read(int root, struct str path, struct buf *out, struct err *err)
{
    struct stat st;
    int fd, rc = object_open(root, path, &fd, &st, err);

    if (rc < 0)
        return rc;
    if ((uint64_t)st.st_size > LIMIT_FILE_BYTES) {
        rc = err_set(err, E_LIMIT, "%.*s is over %llu bytes", STR_ARG(path), LIMIT_FILE_BYTES);
        goto out;
    }
    for (ssize_t got = 1; got > 0;) {
        char *room = buf_reserve(out, (size_t)st.st_size + 1);
        got = read(fd, room, (size_t)st.st_size + 1);
        if (got < 0)
            rc = err_set(err, E_IO, "read %.*s failed", STR_ARG(path));
        out->len += got > 0 ? (size_t)got : 0;
        if (got <= st.st_size) /* short by one: the end, without asking again */
            break;
    }
out:
    (void)close(fd);
    return rc;
}

int object_stat(int root, struct str path, struct stat *out)
{
    struct arena a = { 0 };
    struct stat st;
    struct str at = object_where(&a, root, arena_copy(&a, path));
    int rc = fstatat(root, at.ptr, &st, AT_SYMLINK_NOFOLLOW);

    arena_free(&a);
    if (rc < 0 || !S_ISREG(st.st_mode))
        return E_MISSING;
    *out = st;
    return 0;
}

static int set_mtime(int fd, int64_t ms)
{
    int64_t s = ms / 1000, part = ms % 1000;

    if (part < 0) {
        part += 1000;
        s--;
    }
    struct timespec t = { .tv_sec = (time_t)s, .tv_nsec = (long)part * 1000000 };
    return futimens(fd, (struct timespec[]){ t, t });
}

int object_stage(int root, struct str path, struct str bytes, int64_t modified_ms, bool sync,
                 struct err *err)
{
    int flags = O_WRONLY | O_CREAT | O_TRUNC;
    int rc, fd = open_beneath(root, path.ptr, flags, 0644);

    if (fd < 0 && errno == ENOENT && make_parents(root, path.ptr) == 0)
        fd = open_beneath(root, path.ptr, flags, 0644);
    if (fd < 0)
        return err_sys(err, "create", path.ptr);
    rc = fs_write_all(fd, bytes, path.ptr, err);
    if (rc == 0 && (set_mtime(fd, modified_ms) < 0 || (sync && fsync(fd) < 0)))
        rc = err_sys(err, "write", path.ptr);
    (void)close(fd); /* what could fail has failed above */
    return rc;
}

int object_touch(int root, struct str path, int64_t modified_ms, bool sync, struct err *err)
{
    int rc = 0, fd = open_beneath(root, path.ptr, O_RDONLY, 0);

    if (fd < 0)
        return err_sys(err, "open", path.ptr);
    if (set_mtime(fd, modified_ms) < 0 || (sync && fsync(fd) < 0))
        rc = err_sys(err, "set the time of", path.ptr);
    (void)close(fd);
    return rc;
}
