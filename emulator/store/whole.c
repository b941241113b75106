#include "emulator/store/whole.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "core/base/clock.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"

/* So many files are synced one by one; more, with all else that waits to be written: a sync costs
 * as much for one file as for a thousand. */
#define FEW_MOVES 8

static void add_md5(struct buf *out, struct str bytes)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_Digest(bytes.ptr, bytes.len, sum, &len, EVP_md5(), NULL) == 1)
        hex_encode(out, (struct str){ (const char *)sum, len });
}

static void write_meta(struct buf *out, struct arena *a, const struct whole *w, int64_t modified_ms)
{
    struct value *m = w->meta ? value_copy(a, w->meta) : value_map(a);
    struct buf etag = { 0 };

    add_md5(&etag, w->bytes);
    value_put_int(a, m, "Size", (int64_t)w->bytes.len);
    value_set(m, STR("LastModified"), value_str(a, clock_iso_ms(a, modified_ms)));
    value_put_str(a, m, "ETag", buf_view(&etag));
    json_write(out, m);
    buf_free(&etag);
}

static bool has_folder(int root, struct str bucket)
{
    char path[512];
    struct stat st;
    int len = snprintf(path, sizeof path, "buckets/%.*s", STR_ARG(bucket));

    return len < (int)sizeof path && fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(st.st_mode);
}

int whole_stage(int root, struct arena *a, const struct whole *w, struct object_move out[],
                struct err *err)
{
    int64_t modified_ms = value_get_time(w->meta, "LastModified", clock_machine_ms());
    struct buf text = { 0 };
    int rc;

    if ((rc = object_meta_path(a, w->bucket, w->key, &out[0].to, err)) < 0 ||
        (rc = object_path(a, w->bucket, w->key, &out[1].to, err)) < 0)
        return rc;
    if (!has_folder(root, w->bucket))
        return err_set(err, E_MISSING, "NoSuchBucket: %.*s", STR_ARG(w->bucket));
    write_meta(&text, a, w, modified_ms);
    for (size_t i = 0; rc == 0 && i < WHOLE_MOVES; i++) {
        out[i].from = arena_printf(a, "staging/write-%016llx-%zu",
                                   (unsigned long long)str_hash(out[i].to), i);
        rc = object_stage(root, out[i].from, i == 0 ? buf_view(&text) : w->bytes, modified_ms,
                          false, err);
    }
    buf_free(&text);
    return rc;
}

/* Source: syncfs(2): since Linux 5.8 it reports what could not be written. */
int whole_sync(int root, struct err *err)
{
    return syscall(SYS_syncfs, root) < 0 ? err_sys(err, "sync", "the data directory") : 0;
}

static int sync_staged(int root, const struct object_move *moves, size_t count, struct err *err)
{
    int rc = 0;

    if (count > FEW_MOVES)
        return whole_sync(root, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = object_sync(root, moves[i].from, err);
    return rc;
}

static int sync_folder(int root, const char *path, struct err *err)
{
    int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return err_sys(err, "open", path);
    int rc = fsync(fd) < 0 ? err_sys(err, "sync", path) : 0;
    (void)close(fd); /* fsync has reported what close could */
    return rc;
}

static int sync_names(int root, const struct object_move *moves, size_t count, struct err *err)
{
    struct arena a = { 0 };
    struct str synced = { 0 };
    int rc = 0;

    if (count > FEW_MOVES)
        return whole_sync(root, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct str folder = moves[i].to, leaf;

        (void)str_rcut(object_where(&a, root, moves[i].to), '/', &folder, &leaf);
        if (!str_eq(folder, synced))
            rc = sync_folder(root, arena_copy(&a, folder).ptr, err);
        synced = folder;
    }
    arena_free(&a);
    return rc;
}

/* The bucket of buckets/BUCKET/... and meta/BUCKET/... */
static struct str bucket_of(struct str to)
{
    struct str top, rest, bucket;

    (void)str_cut(to, '/', &top, &rest);
    (void)str_cut(rest, '/', &bucket, &rest);
    return bucket;
}

int whole_place(int root, const struct object_move *moves, size_t count, struct err *err)
{
    struct arena a = { 0 };
    struct object_move *kept = arena_array(&a, count, sizeof *kept);
    size_t kept_count = 0;
    int rc = sync_staged(root, moves, count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        bool is_wanted = has_folder(root, bucket_of(moves[i].to));

        rc = object_place(root, moves[i].from, is_wanted ? moves[i].to : STR(""), err);
        if (is_wanted)
            kept[kept_count++] = moves[i];
    }
    if (rc == 0)
        rc = sync_names(root, kept, kept_count, err);
    arena_free(&a);
    return rc;
}

int object_write(const char *data_dir, struct str bucket, struct str key, struct str bytes,
                 const struct value *meta, struct err *err)
{
    struct whole w = { bucket, key, bytes, meta };
    struct object_move moves[WHOLE_MOVES];
    struct arena a = { 0 };
    int root = -1, rc = object_root(data_dir, &root, err);

    if (rc == 0)
        rc = whole_stage(root, &a, &w, moves, err);
    if (rc == 0)
        rc = whole_place(root, moves, COUNT(moves), err);
    if (root >= 0)
        (void)close(root);
    arena_free(&a);
    return rc;
}
