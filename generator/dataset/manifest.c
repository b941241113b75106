/* manifest.json: every file below buckets/ and meta/ with its hash, in byte order of the paths.
 *
 * What the dataset wrote was noted on the way; of what lies there besides (objects that calls put)
 * the hash is made now. A noted file that is gone was deleted by a call.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/aws/sigv4.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/version.h"
#include "core/codec/json.h"
#include "generator/dataset/state.h"

#define WRITE_BYTES (256u << 10)

struct manifest {
    struct dataset *ds;
    struct buf out;
    int fd;
    const char *path;
    struct str line; /* the next noted file; ptr NULL: none is left */
    uint64_t records;
    bool has_files;
};

static int flush(struct manifest *m, struct err *err)
{
    int rc = fs_write_all(m->fd, buf_view(&m->out), m->path, err);

    buf_clear(&m->out);
    return rc;
}

static int list_file(struct manifest *m, struct str path, struct str sha256, uint64_t records,
                     struct err *err)
{
    buf_add(&m->out, m->has_files ? STR(",\n{\"path\":") : STR("\n{\"path\":"));
    json_add_string(&m->out, path);
    buf_printf(&m->out, ",\"sha256\":\"%.*s\",\"records\":%llu}", STR_ARG(sha256),
               (unsigned long long)records);
    m->has_files = true;
    m->records += records;
    return m->out.len < WRITE_BYTES ? 0 : flush(m, err);
}

static int visit_file(struct manifest *m, struct str path, int64_t size, struct err *err)
{
    struct arena a = { 0 };
    char hash[65];
    int rc = 0, order = 1;

    while (rc == 0 && m->line.ptr && (order = str_cmp(output_note_read(m->line).path, path)) < 0)
        rc = spool_next(m->ds->output.noted, &m->line, err);
    if (rc == 0 && m->line.ptr && order == 0) {
        struct output_note n = output_note_read(m->line);

        rc = list_file(m, path, n.sha256, n.records, err);
        return rc < 0 ? rc : spool_next(m->ds->output.noted, &m->line, err);
    }
    if (rc == 0)
        rc = sha256_file_hex(arena_printf(&a, "%s/%.*s", m->ds->opt.dir, STR_ARG(path)).ptr, 0,
                             size, hash, err);
    arena_free(&a);
    return rc < 0 ? rc : list_file(m, path, str_c(hash), 0, err);
}

static int by_path(const void *a, const void *b)
{
    return str_cmp(((const struct fs_entry *)a)->name, ((const struct fs_entry *)b)->name);
}

/* Names of folders get their slash before sorting: that is the order of whole paths. */
static int visit_dir(struct manifest *m, struct str dir, int depth, struct err *err)
{
    struct arena a = { 0 };
    struct fs_entry *entries;
    size_t count = 0;
    const char *path = arena_printf(&a, "%s/%.*s", m->ds->opt.dir, STR_ARG(dir)).ptr;
    int rc = fs_list(&a, path, &entries, &count, err);

    if (rc == E_MISSING && depth == 0) /* no object at all */
        rc = 0;
    for (size_t i = 0; i < count; i++)
        if (entries[i].is_dir)
            entries[i].name = arena_printf(&a, "%.*s/", STR_ARG(entries[i].name));
    if (count > 0)
        qsort(entries, count, sizeof *entries, by_path);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct str name = arena_printf(&a, "%.*s%.*s", STR_ARG(dir), STR_ARG(entries[i].name));

        rc = entries[i].is_dir ? visit_dir(m, name, depth + 1, err)
                               : visit_file(m, name, entries[i].size_bytes, err);
    }
    arena_free(&a);
    return rc;
}

static void add_counts(struct buf *out, const char *name, const struct counted *c)
{
    buf_printf(out, ",\"%s\":{", name);
    for (const struct counted *first = c; c; c = c->next) {
        if (c != first)
            buf_add_char(out, ',');
        json_add_string(out, c->name);
        buf_printf(out, ":%llu", (unsigned long long)c->records);
    }
    buf_add_char(out, '}');
}

static void add_head(struct manifest *m)
{
    const struct dataset *ds = m->ds;
    const struct dataset_options *o = &ds->opt;
    char start[CLOCK_ISO_SIZE], end[CLOCK_ISO_SIZE];

    clock_iso(o->start_ms, start);
    clock_iso(o->end_ms, end);
    buf_printf(&m->out, "{\"version\":\"%s\",\"scenario\":", MOCKTRAIL_VERSION);
    json_add_string(&m->out, o->scenario);
    buf_printf(&m->out, ",\"seed\":%llu,\"start\":\"%s\",\"end\":\"%s\"",
               (unsigned long long)o->seed, start, end);
    if (o->shards > 1)
        buf_printf(&m->out, ",\"shard\":{\"number\":%u,\"of\":%u}", o->shard, o->shards);
    buf_printf(&m->out, ",\"counts\":{\"records\":%llu", (unsigned long long)ds->counts.records);
    add_counts(&m->out, "by_account", ds->by_account);
    add_counts(&m->out, "by_region", ds->by_region);
    buf_printf(&m->out, ",\"labels\":%llu},\"files\":[", (unsigned long long)ds->label_total);
}

static int write_all(struct manifest *m, struct err *err)
{
    int rc = spool_start(m->ds->output.noted, err);

    if (rc == 0)
        rc = spool_next(m->ds->output.noted, &m->line, err);
    add_head(m);
    if (rc == 0)
        rc = visit_dir(m, STR("buckets/"), 0, err);
    if (rc == 0)
        rc = visit_dir(m, STR("meta/"), 0, err);
    buf_add(&m->out, STR("]}\n"));
    if (rc == 0)
        rc = flush(m, err);
    if (rc == 0 && fsync(m->fd) < 0)
        rc = err_sys(err, "write", m->path);
    return rc;
}

int manifest_write(struct dataset *ds, struct err *err)
{
    struct arena a = { 0 };
    struct manifest m = { .ds = ds };
    const char *to = arena_printf(&a, "%s/manifest.json", ds->opt.dir).ptr;

    m.path = arena_printf(&a, "%s/manifest.json", ds->temp.ptr).ptr;
    m.fd = open(m.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int rc = m.fd < 0 ? err_sys(err, "create", m.path) : write_all(&m, err);
    if (m.fd >= 0)
        (void)close(m.fd); /* fsync has reported what close could */
    if (rc == 0 && rename(m.path, to) < 0)
        rc = err_sys(err, "rename to", to);
    if (rc == 0)
        rc = fs_sync_dir(ds->opt.dir, err);
    buf_free(&m.out);
    arena_free(&a);
    return rc;
}
