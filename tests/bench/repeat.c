/* repeat: makes a large tree of log files of a small one, every event with an id of its own; and
 * inflates a tree, as the least that any reader must do.
 *
 *     repeat make FROM TO MEGABYTES   -> text_bytes files
 *     repeat inflate DIR              -> text_bytes
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "core/base/fs.h"
#include "core/codec/gzip.h"
#include "core/trail/keys.h"

#define EVENT_ID "\"eventID\":\""
enum { ROOM = 64 << 20 };

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

/* Digits of a number in place of the last digits of every event's id. */
static void number_events(struct buf *text, uint64_t *next)
{
    struct str rest = buf_view(text);

    for (ptrdiff_t at; (at = str_find(rest, STR(EVENT_ID))) >= 0;) {
        char *id = (char *)rest.ptr + at + strlen(EVENT_ID), digits[13];

        (void)snprintf(digits, sizeof digits, "%012llx", (unsigned long long)(*next)++);
        memcpy(id + 24, digits, 12);
        rest = str_sub(rest, (size_t)at + strlen(EVENT_ID) + 36, rest.len);
    }
}

static int copy_one(struct arena *a, struct str from, struct str to, uint64_t copy, uint64_t *next,
                    uint64_t *bytes, struct err *err)
{
    struct buf stored = { 0 }, text = { 0 };
    char digits[5];
    int rc = fs_read(from.ptr, &stored, err);

    if (rc == 0)
        rc = gzip_read(buf_view(&stored), ROOM, &text, NULL, err);
    number_events(&text, next);
    *bytes += text.len;
    buf_clear(&stored);
    if (rc == 0)
        rc = gzip_write(&stored, buf_view(&text), 6, err);
    (void)snprintf(digits, sizeof digits, "%04llu", (unsigned long long)(copy % 10000));
    to = arena_copy(a, to);
    memcpy((char *)to.ptr + to.len - strlen("0000.json.gz"), digits,
           4); /* of the name's unique part */
    if (rc == 0)
        rc = fs_mkdirs_for(to.ptr, err);
    if (rc == 0)
        rc = fs_replace_fast(to.ptr, buf_view(&stored), err);
    buf_free(&stored);
    buf_free(&text);
    return rc;
}

static int make(char **argv, struct err *err)
{
    struct tree t = { .count = 0 };
    struct str root = str_c(argv[2]), to = str_c(argv[3]);
    uint64_t bytes = 0, wanted = strtoull(argv[4], NULL, 10) * 1000000, next = 1, files = 0;
    int rc = list(&t, root, STR(""), err);

    for (uint64_t copy = 0; rc == 0 && bytes < wanted && t.count > 0; copy++)
        for (size_t i = 0; rc == 0 && i < t.count && bytes < wanted; i++, files++)
            rc = copy_one(&t.arena,
                          arena_printf(&t.arena, "%.*s/%.*s", STR_ARG(root), STR_ARG(t.paths[i])),
                          arena_printf(&t.arena, "%.*s/%.*s", STR_ARG(to), STR_ARG(t.paths[i])),
                          copy, &next, &bytes, err);
    (void)printf("%llu %llu\n", (unsigned long long)bytes, (unsigned long long)files);
    arena_free(&t.arena);
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

    if (argc == 5 && strcmp(argv[1], "make") == 0)
        rc = make(argv, &err);
    else if (argc == 3 && strcmp(argv[1], "inflate") == 0)
        rc = inflate_all(argv, &err);
    else
        rc = err_set(&err, E_PARSE, "repeat make FROM TO MEGABYTES | repeat inflate DIR");
    if (rc < 0)
        (void)fprintf(stderr, "repeat: %s\n", err.text);
    return rc < 0;
}
