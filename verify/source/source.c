#include "verify/source/source.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/codec/json.h"
#include "verify/source/aws.h"
#include "verify/source/classify.h"

/* A directory on disk or a prefix in S3, from which keys are counted. */
struct root {
    struct str path;   /* on disk; empty: in S3 */
    struct str bucket; /* empty: unknown */
    struct str key;    /* of path itself: "" or "AWSLogs/.../"; in S3 the prefix */
    struct str meta;   /* directory of the bucket's metadata; empty: none is kept */
    enum classify_place place;
    bool is_file;
};

struct frame { /* a directory being walked */
    struct arena arena;
    struct fs_entry *entries;
    size_t count, next;
    struct str path, key; /* both end in '/' unless empty */
};

struct walk {
    struct frame **stack;
    size_t depth, cap;
    struct arena page_arena; /* S3 */
    struct aws_page page;
    size_t page_next;
    bool is_started;
};

/* A file that was given out, and the bytes of its strings. */
struct given {
    struct source_file file;
    struct given *before, *after;
    char text[];
};

struct source {
    struct source_options opt;
    struct arena arena;
    struct root *roots;
    size_t root_count, root_cap, current;
    struct walk walk;
    struct aws_client *aws; /* for lists */
    uint64_t next_index;
    struct given *given; /* not dropped yet */
};

struct source_reader {
    struct source *source;
    struct aws_client *aws;
};

/* ---- what the command line names ---- */

static struct root *add_root(struct source *s)
{
    if (s->root_count == s->root_cap) {
        s->root_cap = s->root_cap ? 2 * s->root_cap : 8;
        s->roots = mem_realloc(s->roots, s->root_cap * sizeof *s->roots);
    }
    s->roots[s->root_count] = (struct root){ 0 };
    return &s->roots[s->root_count++];
}

static int add_url(struct source *s, struct str url, struct err *err)
{
    struct str rest = str_sub(url, 5, url.len), bucket, prefix;

    (void)str_cut(rest, '/', &bucket, &prefix); /* no slash: the whole bucket */
    if (bucket.len == 0)
        return err_set(err, E_PARSE, "%.*s: expected s3://BUCKET or s3://BUCKET/PREFIX",
                       STR_ARG(url));
    *add_root(s) = (struct root){ .bucket = arena_copy(&s->arena, bucket),
                                  .key = arena_copy(&s->arena, prefix) };
    return 0;
}

/* Each bucket of a data directory. */
static int add_data_dir(struct source *s, struct str dir, struct err *err)
{
    struct arena *a = &s->arena;
    struct fs_entry *entries;
    size_t count;
    int rc = fs_list(a, arena_printf(a, "%.*s/buckets", STR_ARG(dir)).ptr, &entries, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (entries[i].is_dir)
            *add_root(s) = (struct root){
                .path =
                    arena_printf(a, "%.*s/buckets/%.*s", STR_ARG(dir), STR_ARG(entries[i].name)),
                .bucket = entries[i].name,
                .meta = arena_printf(a, "%.*s/meta/%.*s", STR_ARG(dir), STR_ARG(entries[i].name)),
                .place = CLASSIFY_BUCKET,
            };
    return rc;
}

static bool is_data_dir(struct arena *a, struct str dir)
{
    return fs_is_dir(arena_printf(a, "%.*s/buckets", STR_ARG(dir)).ptr) &&
           fs_is_dir(arena_printf(a, "%.*s/meta", STR_ARG(dir)).ptr);
}

/* A path below buckets/BUCKET of a data directory knows its bucket, its key and its metadata. */
static void place_in_data_dir(struct source *s, struct root *root, struct str real)
{
    struct arena *a = &s->arena;
    struct str rest = real, head = { 0 };

    for (ptrdiff_t at; (at = str_find(rest, STR("/buckets/"))) >= 0;) {
        size_t cut = (size_t)(rest.ptr - real.ptr) + (size_t)at;

        head = str_sub(real, 0, cut);
        rest = str_sub(real, cut + STR("/buckets/").len, real.len);
        if (!is_data_dir(a, head))
            continue;
        struct str key;

        (void)str_cut(rest, '/', &root->bucket, &key); /* no slash: the bucket itself */
        root->key = key.len ? classify_key_of_path(a, key) : STR("");
        root->meta = arena_printf(a, "%.*s/meta/%.*s", STR_ARG(head), STR_ARG(root->bucket));
        root->place = CLASSIFY_BUCKET;
        return;
    }
}

static int add_path(struct source *s, struct str path, struct err *err)
{
    struct arena *a = &s->arena;
    char real[PATH_MAX];
    struct stat st;

    path = arena_copy(a, str_eq_c(path, "-") ? STR("/dev/stdin") : path);
    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path = arena_copy(a, str_sub(path, 0, path.len - 1));
    if (stat(path.ptr, &st) < 0)
        return err_sys(err, "open", path.ptr);
    if (!realpath(path.ptr, real))
        real[0] = '\0'; /* a pipe has none */
    if (S_ISDIR(st.st_mode) && is_data_dir(a, path))
        return add_data_dir(s, path, err);
    struct root *root = add_root(s);

    *root = (struct root){ .path = path, .is_file = !S_ISDIR(st.st_mode) };
    place_in_data_dir(s, root, arena_copy(a, str_c(real)));
    if (!root->bucket.len)
        root->key = classify_tail(arena_copy(a, str_c(real)));
    if (!root->is_file && root->key.len)
        root->key = arena_printf(a, "%.*s/", STR_ARG(root->key));
    return 0;
}

int source_open(struct source **out, const struct source_options *opt, const struct str *paths,
                size_t count, struct err *err)
{
    struct source *s = mem_alloc(sizeof *s);
    int rc = 0;

    s->opt = *opt;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = str_has_prefix(paths[i], STR("s3://")) ? add_url(s, paths[i], err)
                                                    : add_path(s, paths[i], err);
    if (rc < 0)
        source_close(s);
    else
        *out = s;
    return rc;
}

static void pop(struct walk *w)
{
    struct frame *f = w->stack[--w->depth];

    arena_free(&f->arena);
    mem_free(f);
}

void source_close(struct source *s)
{
    if (!s)
        return;
    while (s->walk.depth > 0)
        pop(&s->walk);
    mem_free(s->walk.stack);
    arena_free(&s->walk.page_arena);
    while (s->given)
        source_drop(s, &s->given->file);
    aws_close(s->aws);
    mem_free(s->roots);
    arena_free(&s->arena);
    mem_free(s);
}

/* ---- one after another ---- */

static int push(struct walk *w, struct str path, struct str key, struct err *err)
{
    struct frame *f = mem_alloc(sizeof *f);
    int rc = fs_list_names(&f->arena, arena_copy(&f->arena, path).ptr, &f->entries, &f->count, err);

    if (rc < 0) {
        arena_free(&f->arena);
        mem_free(f);
        return rc;
    }
    f->path = arena_printf(&f->arena, "%.*s/", STR_ARG(path));
    f->key = arena_copy(&f->arena, key);
    if (w->depth == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 16;
        w->stack = mem_realloc(w->stack, w->cap * sizeof *w->stack);
    }
    w->stack[w->depth++] = f;
    return 0;
}

static struct str put_text(char **at, struct str text)
{
    struct str kept = { *at, text.len };

    if (text.len > 0)
        memcpy(*at, text.ptr, text.len);
    *at += text.len;
    *(*at)++ = '\0';
    return kept;
}

/* name: "s3://BUCKET/KEY", of which the key is a part. */
static void put_url(char **at, struct source_file *f)
{
    f->name.ptr = *at;
    (void)put_text(at, STR("s3://"));
    (*at)--;
    (void)put_text(at, f->bucket);
    (*at)[-1] = '/';
    f->key = put_text(at, f->key);
    f->name.len = STR("s3://").len + f->bucket.len + 1 + f->key.len;
}

/* The file as it is given out, or NULL: it is none that is looked for. */
static const struct source_file *make_file(struct source *s, const struct root *root,
                                           struct source_file f)
{
    if (!classify(root->place, root->is_file, &f))
        return NULL;
    size_t url = STR("s3://").len + root->bucket.len + 1;
    struct given *g = mem_alloc(sizeof *g + f.path.len + f.key.len + url + 3);
    char *at = g->text;

    g->file = f;
    g->file.index = s->next_index++;
    g->file.bucket = root->bucket;
    if (f.path.len > 0) {
        g->file.path = g->file.name = put_text(&at, f.path);
        g->file.key = put_text(&at, f.key);
    } else {
        g->file.path = STR("");
        put_url(&at, &g->file);
    }
    (void)classify(root->place, root->is_file, &g->file); /* its strings now borrow from text */
    g->after = s->given;
    if (s->given)
        s->given->before = g;
    s->given = g;
    return &g->file;
}

void source_drop(struct source *s, const struct source_file *f)
{
    struct given *g = (struct given *)f; /* file is its first member */

    if (g->before)
        g->before->after = g->after;
    else
        s->given = g->after;
    if (g->after)
        g->after->before = g->before;
    mem_free(g);
}

/* 1 and the next file of a directory tree, 0 at its end. */
static int next_on_disk(struct source *s, const struct root *root, const struct source_file **out,
                        struct err *err)
{
    struct walk *w = &s->walk;

    if (!w->is_started && root->is_file) {
        w->is_started = true;
        *out = make_file(
            s, root,
            (struct source_file){ .path = root->path, .key = root->key, .size_bytes = -1 });
        return *out != NULL;
    }
    if (!w->is_started && !root->is_file) {
        int rc = push(w, root->path, root->key, err);

        if (rc < 0)
            return rc;
        w->is_started = true;
    }
    while (w->depth > 0) {
        struct frame *f = w->stack[w->depth - 1];

        if (f->next == f->count) {
            pop(w);
            continue;
        }
        const struct fs_entry *e = &f->entries[f->next++];
        struct arena_mark mark = arena_mark(&f->arena);
        struct str path = arena_printf(&f->arena, "%.*s%.*s", STR_ARG(f->path), STR_ARG(e->name));
        struct str name = root->meta.len ? classify_key_of_path(&f->arena, e->name) : e->name;
        struct str key = arena_printf(&f->arena, "%.*s%.*s%s", STR_ARG(f->key), STR_ARG(name),
                                      e->is_dir ? "/" : "");
        int rc = 0;

        *out = NULL;
        if (!e->is_dir)
            *out = make_file(s, root,
                             (struct source_file){ .path = path, .key = key, .size_bytes = -1 });
        else if (classify_folder(root->place, key))
            rc = push(w, path, key, err);
        arena_rewind(&f->arena, mark);
        if (rc < 0 || *out)
            return rc < 0 ? rc : 1;
    }
    return 0;
}

static int open_aws(const struct source *s, struct aws_client **out, struct err *err)
{
    struct aws_options opt = { s->opt.endpoint, s->opt.region };

    return *out ? 0 : aws_open(out, &opt, err);
}

static int next_in_s3(struct source *s, const struct root *root, const struct source_file **out,
                      struct err *err)
{
    struct walk *w = &s->walk;
    int rc = open_aws(s, &s->aws, err);

    *out = NULL;
    while (rc == 0 && !*out) {
        if (w->page_next == w->page.count) {
            if (w->is_started && w->page.next.len == 0)
                return 0;
            struct arena fresh = { 0 };

            rc = aws_s3_list(s->aws, &fresh, root->bucket, root->key, w->page.next, &w->page, err);
            arena_free(&w->page_arena);
            w->page_arena = fresh;
            w->page_next = 0;
            w->is_started = true;
            continue;
        }
        size_t i = w->page_next++;

        *out = make_file(
            s, root,
            (struct source_file){ .key = w->page.keys[i], .size_bytes = w->page.sizes[i] });
    }
    return rc < 0 ? rc : 1;
}

int source_next(struct source *s, const struct source_file **out, struct err *err)
{
    struct walk *w = &s->walk;

    for (; s->current < s->root_count; s->current++) {
        const struct root *root = &s->roots[s->current];
        int rc = root->path.len ? next_on_disk(s, root, out, err) : next_in_s3(s, root, out, err);

        if (rc != 0)
            return rc;
        w->is_started = false;
        w->page = (struct aws_page){ 0 };
        w->page_next = 0;
    }
    return 0;
}

/* ---- bytes ---- */

struct source_reader *source_reader_open(struct source *s)
{
    struct source_reader *r = mem_alloc(sizeof *r);

    r->source = s;
    return r;
}

void source_reader_close(struct source_reader *r)
{
    if (!r)
        return;
    aws_close(r->aws);
    mem_free(r);
}

int source_read(struct source_reader *r, const struct source_file *f, struct buf *out,
                struct err *err)
{
    struct arena a = { 0 };
    int rc;

    if (f->path.len)
        return fs_read(f->path.ptr, out, err);
    rc = open_aws(r->source, &r->aws, err);
    if (rc == 0)
        rc = aws_s3_get(r->aws, &a, f->bucket, f->key, out, NULL, err);
    arena_free(&a);
    return rc;
}

/* The metadata of an object on disk: mocktrail's own, or what `aws s3api head-object` printed,
 * kept beside the file as FILE.head.json. Both hold it in "Metadata". */
static int read_metadata(struct arena *a, const char *path, struct value **out, struct err *err)
{
    struct buf text = { 0 };
    struct value *v = NULL;
    int rc = fs_read(path, &text, err);

    if (rc == E_MISSING) {
        err->code = 0; /* none is kept: no failure */
        rc = 0;
    } else if (rc == 0) {
        rc = json_parse(a, arena_copy(a, buf_view(&text)), &v, err);
        if (rc == 0 && !value_get_c(v, "Metadata"))
            value_set(v, STR("Metadata"), value_map(a));
        *out = value_get_c(v, "Metadata");
    }
    buf_free(&text);
    return rc;
}

/* Below root, by a key that counts from root's own. */
static int read_below(struct arena *a, const struct root *root, struct str key, struct buf *out,
                      struct value **out_metadata, struct err *err)
{
    struct str rest = key;

    if (str_has_prefix(key, root->key))
        rest = str_sub(key, root->key.len, key.len);
    else if (root->key.len)
        return E_MISSING;
    struct str relative = root->meta.len ? classify_path_of_key(a, rest) : rest;
    struct str path = arena_printf(a, "%.*s/%.*s", STR_ARG(root->path), STR_ARG(relative));
    int rc = fs_read(path.ptr, out, NULL);

    if (rc < 0)
        return rc == E_MISSING ? rc : fs_read(path.ptr, out, err);
    struct str whole = root->meta.len ? classify_path_of_key(a, key) : key;
    struct str meta = root->meta.len
                          ? arena_printf(a, "%.*s/%.*s.json", STR_ARG(root->meta), STR_ARG(whole))
                          : arena_printf(a, "%.*s.head.json", STR_ARG(path));

    *out_metadata = NULL;
    return read_metadata(a, meta.ptr, out_metadata, err);
}

/* A copy may have been made from below the trail's prefix: then keys begin with AWSLogs there. */
static int read_on_disk(struct arena *a, const struct root *root, struct str key, struct buf *out,
                        struct value **out_metadata, struct err *err)
{
    int rc = read_below(a, root, key, out, out_metadata, err);
    struct str tail = classify_tail(key);

    if (rc == E_MISSING && !root->bucket.len && tail.len && tail.len < key.len)
        rc = read_below(a, root, tail, out, out_metadata, err);
    return rc;
}

int source_read_object(struct source_reader *r, struct arena *a, struct str bucket, struct str key,
                       struct buf *out, struct value **out_metadata, struct err *err)
{
    struct source *s = r->source;
    struct err local = { 0 };

    for (size_t i = 0; i < s->root_count; i++) {
        const struct root *root = &s->roots[i];
        int rc = E_MISSING;

        if (root->bucket.len && !str_eq(root->bucket, bucket))
            continue;
        if (root->path.len) {
            rc = root->is_file ? E_MISSING : read_on_disk(a, root, key, out, out_metadata, &local);
        } else {
            rc = open_aws(s, &r->aws, &local);
            if (rc == 0)
                rc = aws_s3_get(r->aws, a, bucket, key, out, out_metadata, &local);
        }
        if (rc == 0)
            return 0;
        if (rc != E_MISSING)
            return err_set(err, rc, "%s", local.text);
        local = (struct err){ 0 };
    }
    return err_set(err, E_MISSING, "s3://%.*s/%.*s: no such object", STR_ARG(bucket), STR_ARG(key));
}
