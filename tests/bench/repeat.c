/* repeat: makes a large tree of log files of a small one, every event with an id of its own; and
 * inflates a tree, as the least that any reader must do.
 *
 *     repeat make FROM TO MEGABYTES FILE_KB   -> text_bytes files
 *     repeat inflate DIR                      -> text_bytes
 *
 * The records of a folder (an account, a region and a day) are gathered into files of FILE_KB of
 * text, as a busy account has them; 0: the files are those of the small tree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/codec/gzip.h"
#include "core/trail/keys.h"

#define EVENT_ID    "\"eventID\":\""
#define EVENT_TIME  "\"eventTime\":\""
#define RECORDS     "{\"Records\":["
#define RECORDS_END "]}"
enum { ROOM = 64 << 20, MINUTE_MS = 60 * 1000 };
#define SPREAD 2654435769u /* odd: no two of 2^32 numbers give the same */

struct tree {
    struct arena arena;
    struct str *paths; /* below the root */
    size_t count, cap;
};

static void add(struct tree *t, struct str path)
{
    if (t->count == t->cap) {
        struct str *grown =
            arena_array(&t->arena, t->cap = t->cap ? 2 * t->cap : 64, sizeof *grown);

        if (t->count)
            memcpy(grown, t->paths, t->count * sizeof *grown);
        t->paths = grown;
    }
    t->paths[t->count++] = path;
}

static int list(struct tree *t, struct str root, struct str below, struct err *err)
{
    struct fs_entry *entries;
    size_t count;
    int rc =
        fs_list(&t->arena, arena_printf(&t->arena, "%.*s/%.*s", STR_ARG(root), STR_ARG(below)).ptr,
                &entries, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct str path = arena_printf(&t->arena, "%.*s%s%.*s", STR_ARG(below),
                                       below.len ? "/" : "", STR_ARG(entries[i].name));

        if (entries[i].is_dir)
            rc = list(t, root, path, err);
        else if (str_find(path, STR("_CloudTrail_")) >= 0 && str_has_suffix(path, STR(".json.gz")))
            add(t, path);
    }
    return rc;
}

/* In each record at *rest: the first text behind `name`, which is where it then begins. */
static char *next_text(struct str *rest, struct str name)
{
    ptrdiff_t at = str_find(*rest, name);
    char *text = at < 0 ? NULL : (char *)rest->ptr + at + name.len;

    if (text)
        *rest = str_sub(*rest, (size_t)at + name.len, rest->len);
    return text;
}

/* Digits of a number in place of the first of every event's id; they look random, as those do. */
static void number_events(struct buf *text, uint64_t *next)
{
    struct str rest = buf_view(text);
    char *id, digits[9];

    while ((id = next_text(&rest, STR(EVENT_ID))) != NULL) {
        (void)snprintf(digits, sizeof digits, "%08x", (unsigned)(*next)++ * SPREAD);
        memcpy(id, digits, 8);
    }
}

/* Records of a day, gathered, become those of the minute in its name: no session is
 * younger than that. */
static void time_events(struct buf *text, int64_t at_ms)
{
    struct str rest = buf_view(text);
    char *time, iso[CLOCK_ISO_SIZE];
    int64_t count = 0, i = 0;

    while (next_text(&rest, STR(EVENT_TIME)))
        count++;
    rest = buf_view(text);
    for (; (time = next_text(&rest, STR(EVENT_TIME))) != NULL; i++) {
        clock_iso(at_ms + MINUTE_MS * i / count, iso);
        memcpy(time, iso, strlen(iso));
    }
}

/* A folder's records on their way into one file. */
struct gathered {
    struct str folder, path; /* below the root; of the last file that is in it */
    struct buf text;
    uint64_t copy;
};

struct maker {
    struct tree tree;
    struct str from, to;
    struct gathered *folders;
    size_t folder_count;
    uint64_t file_bytes, next_event, bytes, files;
};

static struct gathered *gathered_of(struct maker *m, struct str path)
{
    struct str folder = path;

    while (folder.len && folder.ptr[folder.len - 1] != '/')
        folder.len--;
    for (size_t i = 0; i < m->folder_count; i++)
        if (str_eq(m->folders[i].folder, folder))
            return &m->folders[i];
    m->folders[m->folder_count] = (struct gathered){ .folder = folder };
    return &m->folders[m->folder_count++];
}

static int write_out(struct maker *m, struct gathered *g, struct err *err)
{
    struct arena a = { 0 };
    struct trail_key key;
    struct buf stored = { 0 };
    struct str to = arena_printf(&a, "%.*s/%.*s", STR_ARG(m->to), STR_ARG(g->path));
    char digits[5];

    (void)snprintf(digits, sizeof digits, "%04llu", (unsigned long long)(g->copy % 10000));
    memcpy((char *)to.ptr + to.len - strlen("0000.json.gz"), digits, 4); /* its unique part */
    buf_add(&g->text, STR(RECORDS_END));
    number_events(&g->text, &m->next_event);
    int rc = trail_key_parse(g->path, &key, err);

    if (rc == 0 && m->file_bytes)
        time_events(&g->text, key.at_ms);
    if (rc == 0)
        rc = gzip_write(&stored, buf_view(&g->text), 6, err);

    if (rc == 0)
        rc = fs_mkdirs_for(to.ptr, err);
    if (rc == 0)
        rc = fs_replace_fast(to.ptr, buf_view(&stored), err);
    m->bytes += g->text.len;
    m->files++;
    buf_free(&g->text);
    buf_free(&stored);
    arena_free(&a);
    return rc;
}

/* *taken grows by the text that is gathered. */
static int gather(struct maker *m, struct str path, uint64_t copy, uint64_t *taken, struct err *err)
{
    struct arena a = { 0 };
    struct gathered *g = gathered_of(m, path);
    struct buf stored = { 0 }, text = { 0 };
    int rc =
        fs_read(arena_printf(&a, "%.*s/%.*s", STR_ARG(m->from), STR_ARG(path)).ptr, &stored, err);

    if (rc == 0)
        rc = gzip_read(buf_view(&stored), ROOM, &text, NULL, err);
    struct str records = buf_view(&text);

    if (rc == 0 &&
        (!str_has_prefix(records, STR(RECORDS)) || !str_has_suffix(records, STR(RECORDS_END))))
        rc = err_set(err, E_PARSE, "%.*s is no log file of ours", STR_ARG(path));
    if (rc == 0 && g->text.len > 0 && g->text.len + records.len > m->file_bytes)
        rc = write_out(m, g, err);
    if (rc == 0) {
        if (g->text.len == 0 || str_cmp(path, g->path) > 0) {
            g->path = path;
            g->copy = copy;
        }
        buf_add_c(&g->text, g->text.len ? "," : RECORDS);
        buf_add(&g->text,
                str_sub(records, strlen(RECORDS), records.len - strlen(RECORDS RECORDS_END)));
        *taken += records.len;
    }
    buf_free(&stored);
    buf_free(&text);
    arena_free(&a);
    return rc;
}

static int make(char **argv, struct err *err)
{
    struct maker m = { .from = str_c(argv[2]), .to = str_c(argv[3]), .next_event = 1 };
    uint64_t wanted = strtoull(argv[4], NULL, 10) * 1000000, taken = 0;
    int rc = list(&m.tree, m.from, STR(""), err);

    m.file_bytes = strtoull(argv[5], NULL, 10) * 1000;
    m.folders = arena_array(&m.tree.arena, m.tree.count + 1, sizeof *m.folders);
    for (uint64_t copy = 0; rc == 0 && taken < wanted && m.tree.count > 0; copy++)
        for (size_t i = 0; rc == 0 && i < m.tree.count && taken < wanted; i++)
            rc = gather(&m, m.tree.paths[i], copy, &taken, err);
    for (size_t i = 0; i < m.folder_count; i++) {
        if (rc == 0 && m.folders[i].text.len)
            rc = write_out(&m, &m.folders[i], err);
        buf_free(&m.folders[i].text);
    }
    (void)printf("%llu %llu\n", (unsigned long long)m.bytes, (unsigned long long)m.files);
    arena_free(&m.tree.arena);
    return rc;
}
static int inflate_one(const char *path, unsigned char *room, uint64_t *bytes, struct err *err)
{
    struct buf stored = { 0 };
    z_stream z = { 0 };
    int rc = fs_read(path, &stored, err);

    if (rc == 0 && inflateInit2(&z, 31) == Z_OK) {
        z.next_in = (Bytef *)stored.ptr;
        z.avail_in = (uInt)stored.len;
        z.next_out = room;
        z.avail_out = ROOM;
        if (inflate(&z, Z_FINISH) != Z_STREAM_END)
            rc = err_set(err, E_PARSE, "%s does not inflate", path);
        *bytes += z.total_out;
        (void)inflateEnd(&z); /* nothing to lose */
    }
    buf_free(&stored);
    return rc;
}

static int inflate_all(char **argv, struct err *err)
{
    struct tree t = { .count = 0 };
    struct str root = str_c(argv[2]);
    unsigned char *room = arena_alloc(&t.arena, ROOM);
    uint64_t bytes = 0;
    int rc = list(&t, root, STR(""), err);

    for (size_t i = 0; rc == 0 && i < t.count; i++)
        rc =
            inflate_one(arena_printf(&t.arena, "%.*s/%.*s", STR_ARG(root), STR_ARG(t.paths[i])).ptr,
                        room, &bytes, err);
    (void)printf("%llu\n", (unsigned long long)bytes);
    arena_free(&t.arena);
    return rc;
}

int main(int argc, char **argv)
{
    struct err err = { 0 };
    int rc;

    if (argc == 6 && strcmp(argv[1], "make") == 0)
        rc = make(argv, &err);
    else if (argc == 3 && strcmp(argv[1], "inflate") == 0)
        rc = inflate_all(argv, &err);
    else
        rc = err_set(&err, E_PARSE, "repeat make FROM TO MEGABYTES FILE_KB | repeat inflate DIR");
    if (rc < 0)
        (void)fprintf(stderr, "repeat: %s\n", err.text);
    return rc < 0;
}
