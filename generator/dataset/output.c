#include "generator/dataset/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/aws/md5.h"
#include "core/aws/sigv4.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/codec/gzip.h"
#include "emulator/store/objects.h"

struct desk {
    struct arena a;
    struct buf gzip, meta, text, line;
};

void output_open(struct output *o)
{
    o->desks = mem_alloc(o->threads * sizeof *o->desks);
}

void output_close(struct output *o)
{
    for (unsigned i = 0; o->desks && i < o->threads; i++) {
        struct desk *d = &o->desks[i];

        arena_free(&d->a);
        buf_free(&d->gzip);
        buf_free(&d->meta);
        buf_free(&d->text);
        buf_free(&d->line);
    }
    mem_free(o->desks);
    o->desks = NULL;
}

/* Source: CloudTrail User Guide, "Encrypting CloudTrail log files": SSE-S3 unless told otherwise.
 * The same members in the same order as emulator/trail writes. */
static void write_meta(struct desk *d, const struct output_object *what)
{
    buf_clear(&d->meta);
    buf_printf(&d->meta,
               "{\"LastModified\":\"%s\",\"ContentType\":\"application/json\","
               "\"ContentEncoding\":\"gzip\",\"ServerSideEncryption\":\"AES256\"",
               clock_iso_ms(&d->a, what->modified_ms).ptr);
    if (what->signature.len > 0)
        buf_printf(&d->meta,
                   ",\"Metadata\":{\"signature\":\"%.*s\","
                   "\"signature-algorithm\":\"SHA256withRSA\"}",
                   STR_ARG(what->signature));
    buf_printf(&d->meta, ",\"Size\":%zu,\"ETag\":\"%.*s\"}", d->gzip.len,
               STR_ARG(md5_hex(&d->a, buf_view(&d->gzip))));
}

/* The file system tells by the time whether a file was touched since: metadata says the same. */
static int write_file(const char *path, struct str bytes, int64_t modified_ms, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    struct timespec t = { modified_ms / 1000, modified_ms % 1000 * 1000000 };

    if (fd < 0 && errno == ENOENT) {
        int rc = fs_mkdirs_for(path, err);
        if (rc < 0)
            return rc;
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    }
    if (fd < 0)
        return err_sys(err, "create", path);
    int rc = fs_write_all(fd, bytes, path, err);
    if (rc == 0 && futimens(fd, (struct timespec[]){ t, t }) < 0)
        rc = err_sys(err, "set the time of", path);
    if (close(fd) < 0 && rc == 0)
        rc = err_sys(err, "write", path);
    return rc;
}

static int rename_to(const char *from, const char *to, struct err *err)
{
    int rc = rename(from, to);

    if (rc < 0 && errno == ENOENT) {
        rc = fs_mkdirs_for(to, err);
        if (rc < 0)
            return rc;
        rc = rename(from, to);
    }
    return rc < 0 ? err_sys(err, "rename to", to) : 0;
}

static int note(struct output *o, unsigned thread, struct str path, struct str bytes,
                uint64_t records, struct err *err)
{
    struct desk *d = &o->desks[thread];
    char hash[65];

    sha256_hex(bytes, hash);
    buf_clear(&d->line);
    buf_add(&d->line, path);
    buf_add_char(&d->line, '\0');
    buf_printf(&d->line, "%s %llu", hash, (unsigned long long)records);
    return spool_add(o->noted, thread, buf_view(&d->line), err);
}

struct output_note output_note_read(struct str line)
{
    struct output_note n = { 0 };
    struct str rest, count;
    int64_t records = 0;

    (void)str_cut(line, '\0', &n.path, &rest);
    (void)str_cut(rest, ' ', &n.sha256, &count);
    (void)str_to_i64(count, &records); /* written above */
    n.records = (uint64_t)records;
    return n;
}

static const char *kept_path(const struct output *o, struct desk *d, unsigned run, struct str path)
{
    return arena_printf(&d->a, "%.*s/kept-%u/%.*s", STR_ARG(o->temp), run, STR_ARG(path)).ptr;
}

/* The file of this text in what an unfinished run left, or NULL. Its bytes are then in the desk. */
static const char *find_kept(const struct output *o, struct desk *d, struct str path,
                             const struct output_object *what)
{
    char hash[65];

    for (unsigned run = o->kept; run-- > 0;) {
        const char *kept = kept_path(o, d, run, path);

        buf_clear(&d->gzip);
        buf_clear(&d->text);
        if (fs_read(kept, &d->gzip, NULL) < 0 ||
            gzip_read(buf_view(&d->gzip), what->text.len, &d->text, NULL, NULL) < 0)
            continue;
        sha256_hex(buf_view(&d->text), hash);
        if (strcmp(hash, what->hash_hex) == 0)
            return kept;
    }
    return NULL;
}

static int compress(const struct output *o, struct buf *out, const struct output_object *what,
                    struct err *err)
{
    if (o->gzip_level != GZIP_FAST)
        return gzip_write(out, what->text, o->gzip_level, err);
    gzip_write_known(out, what->text, what->hints);
    return 0;
}

static int place(struct output *o, unsigned thread, const struct output_object *what,
                 struct str paths[2], struct output_done *out, struct err *err)
{
    struct desk *d = &o->desks[thread];
    const char *data = arena_printf(&d->a, "%.*s/%.*s", STR_ARG(o->dir), STR_ARG(paths[0])).ptr;
    const char *meta = arena_printf(&d->a, "%.*s/%.*s", STR_ARG(o->dir), STR_ARG(paths[1])).ptr;
    const char *temp = arena_printf(&d->a, "%.*s/file-%u", STR_ARG(o->temp), thread).ptr;
    const char *kept = find_kept(o, d, paths[0], what);
    int rc = 0;

    out->kept = kept != NULL;
    if (!kept) {
        buf_clear(&d->gzip);
        rc = compress(o, &d->gzip, what, err);
    }
    if (rc < 0)
        return rc;
    out->gzip_bytes = d->gzip.len;
    write_meta(d, what);
    rc = write_file(meta, buf_view(&d->meta), what->modified_ms, err);
    if (rc == 0 && !kept)
        rc = write_file(temp, buf_view(&d->gzip), what->modified_ms, err);
    if (rc == 0)
        rc = rename_to(kept ? kept : temp, data, err);
    if (rc == 0)
        rc = note(o, thread, paths[0], buf_view(&d->gzip), what->records, err);
    return rc < 0 ? rc : note(o, thread, paths[1], buf_view(&d->meta), 0, err);
}

int output_write(struct output *o, unsigned thread, const struct output_object *what,
                 struct output_done *out, struct err *err)
{
    struct desk *d = &o->desks[thread];
    struct str paths[2];
    int rc = object_path(&d->a, what->bucket, what->key, &paths[0], err);

    if (rc == 0)
        rc = object_meta_path(&d->a, what->bucket, what->key, &paths[1], err);
    if (rc == 0)
        rc = place(o, thread, what, paths, out, err);
    if (rc == 0 && out->gzip_bytes > LIMIT_LOG_FILE_BYTES)
        rc = err_set(err, E_LIMIT, "%.*s: %zu bytes, over what CloudTrail delivers",
                     STR_ARG(what->key), out->gzip_bytes);
    arena_reset(&d->a);
    return rc;
}
