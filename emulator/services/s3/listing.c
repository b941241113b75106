#include "emulator/services/s3/listing.h"

#include <stdlib.h>

#include "emulator/store/objects.h"

/* One entry of a folder, by the text that it adds to the key: a file "b" adds "b", a folder "b"
 * adds "b/" (so that "b-c" sorts before "b/c"), a piece of a long segment adds no slash. */
struct walk_entry {
    struct str adds, name;
    bool is_key;
};

struct walk_frame {
    struct str path; /* relative to the data directory */
    struct str key;  /* what all keys below begin with */
    struct walk_entry *list;
    size_t count, next;
    struct walk_frame *below;
};

/* Keys whose paths are taken by other keys: rare, so they are read whole. */
struct walk_aside {
    struct str *keys;
    size_t count, next;
};

static int compare_entries(const void *a, const void *b)
{
    const struct walk_entry *x = a, *y = b;

    return str_cmp(x->adds, y->adds);
}

static int compare_keys(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The text of a name, or false for one that is no key's. */
static bool entry_read(struct walk *w, const struct object_entry *e, struct walk_entry *out)
{
    struct str name = e->name, text;
    bool piece = e->is_dir && str_has_suffix(name, STR("%+"));
    bool version = e->is_dir && str_has_suffix(name, STR("%v"));

    if (piece || version)
        name.len -= 2;
    if (str_eq_c(name, "%x") || (w->tree == WALK_VERSIONS ? !e->is_dir : version))
        return false;
    if (object_key(w->a, name, &text, NULL) < 0)
        return false;
    *out = (struct walk_entry){ .name = e->name, .is_key = version || !e->is_dir };
    out->adds = out->is_key || piece
                    ? text
                    : arena_join(w->a, (struct str[]){ text, STR("/") }, 2, STR(""));
    return true;
}

static int push_folder(struct walk *w, struct str path, struct str key, struct err *err)
{
    struct walk_frame *f = arena_alloc(w->a, sizeof *f);
    struct object_entry *list;
    size_t count = 0;
    int rc = object_list(w->a, w->root, path, &list, &count, NULL);

    if (rc == E_MISSING) /* gone in between, or nothing there yet */
        return 0;
    if (rc < 0)
        return err_set(err, rc, "read the folder %.*s failed", STR_ARG(path));
    *f = (struct walk_frame){ .path = path, .key = key, .below = w->top };
    f->list = arena_array(w->a, count, sizeof *f->list);
    for (size_t i = 0; i < count; i++)
        f->count += entry_read(w, &list[i], &f->list[f->count]);
    qsort(f->list, f->count, sizeof *f->list, compare_entries);
    w->top = f;
    return 0;
}

static bool is_wanted(const struct walk *w, struct str key)
{
    return str_has_prefix(key, w->prefix) && (w->after.len == 0 || str_cmp(key, w->after) > 0) &&
           (w->skip.len == 0 || !str_has_prefix(key, w->skip));
}

/* May a folder whose keys all begin with this hold one that is wanted? */
static bool may_hold(const struct walk *w, struct str start)
{
    if (!str_has_prefix(start, w->prefix) && !str_has_prefix(w->prefix, start))
        return false;
    if (w->skip.len > 0 && str_has_prefix(start, w->skip))
        return false;
    return str_cmp(start, w->after) > 0 || str_has_prefix(w->after, start);
}

static int next_in_folders(struct walk *w, struct str *key, struct err *err)
{
    while (w->top) {
        struct walk_frame *f = w->top;

        if (f->next == f->count) {
            w->top = f->below;
            continue;
        }
        const struct walk_entry *e = &f->list[f->next++];
        struct str text = arena_join(w->a, (struct str[]){ f->key, e->adds }, 2, STR(""));
        if (e->is_key && is_wanted(w, text)) {
            *key = text;
            return 1;
        }
        if (e->is_key || !may_hold(w, text))
            continue;
        int rc = push_folder(w, arena_printf(w->a, "%.*s/%.*s", STR_ARG(f->path), STR_ARG(e->name)),
                             text, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static bool next_aside(struct walk *w, struct str *key)
{
    while (w->aside && w->aside->next < w->aside->count) {
        struct str text = w->aside->keys[w->aside->next++];
        if (is_wanted(w, text)) {
            *key = text;
            return true;
        }
    }
    return false;
}

/* All keys below buckets/B/%x, however deep. */
static int read_aside(struct walk *w, struct str path, struct str relative, struct buf *out,
                      struct err *err)
{
    struct object_entry *list;
    size_t count = 0;
    struct str key;
    int rc = object_list(w->a, w->root, path, &list, &count, NULL);

    if (rc == E_MISSING)
        return 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct str deeper =
            arena_printf(w->a, "%.*s/%.*s", STR_ARG(relative), STR_ARG(list[i].name));
        if (list[i].is_dir)
            rc =
                read_aside(w, arena_printf(w->a, "%.*s/%.*s", STR_ARG(path), STR_ARG(list[i].name)),
                           deeper, out, err);
        else if (object_key(w->a, deeper, &key, NULL) == 0)
            buf_add(out, (struct str){ (const char *)&key, sizeof key });
    }
    return rc < 0 ? err_set(err, rc, "read the folder %.*s failed", STR_ARG(path)) : 0;
}

static int start_aside(struct walk *w, struct err *err)
{
    struct buf keys = { 0 };
    struct str path = arena_printf(w->a, "buckets/%.*s/%%x", STR_ARG(w->bucket));
    int rc = read_aside(w, path, STR("%x"), &keys, err);

    if (rc == 0 && keys.len > 0) {
        w->aside = arena_alloc(w->a, sizeof *w->aside);
        w->aside->count = keys.len / sizeof(struct str);
        w->aside->keys = arena_array(w->a, w->aside->count, sizeof(struct str));
        memcpy(w->aside->keys, keys.ptr, keys.len);
        qsort(w->aside->keys, w->aside->count, sizeof(struct str), compare_keys);
    }
    buf_free(&keys);
    return rc;
}

int walk_start(struct walk *w, struct arena *a, int root, struct err *err)
{
    struct str folder, leaf, path, key = { 0 };
    const char *top = w->tree == WALK_OBJECTS ? "buckets" : "versions";
    int rc;

    w->a = a;
    w->root = root;
    path = arena_printf(a, "%s/%.*s", top, STR_ARG(w->bucket));
    /* Begin in the folder that the prefix names, instead of walking down to it. */
    if (str_rcut(w->prefix, '/', &folder, &leaf)) {
        struct str inside;

        if ((rc = object_path(a, w->bucket, folder, &inside, err)) < 0)
            return rc == E_LIMIT ? 0 : rc; /* longer than any key: nothing begins with it */
        path = arena_printf(a, "%s/%.*s", top,
                            STR_ARG(str_sub(inside, strlen("buckets/"), inside.len)));
        key = str_sub(w->prefix, 0, folder.len + 1);
    }
    rc = push_folder(w, path, key, err);
    return rc < 0 || w->tree != WALK_OBJECTS ? rc : start_aside(w, err);
}

int walk_next(struct walk *w, struct str *key, struct err *err)
{
    struct str main, other;
    int rc = 1;

    if (!w->aside)
        return next_in_folders(w, key, err);
    /* Two sorted sources: the lesser goes out, the other is held. */
    if (!w->has_main && (rc = next_in_folders(w, &w->held_main, err)) < 0)
        return rc;
    w->has_main = w->has_main || rc > 0;
    if (w->has_main && !is_wanted(w, w->held_main)) { /* skipped since it was read */
        w->has_main = false;
        return walk_next(w, key, err);
    }
    if (w->has_other && !is_wanted(w, w->held_other))
        w->has_other = false;
    if (!w->has_other)
        w->has_other = next_aside(w, &w->held_other);
    if (!w->has_main && !w->has_other)
        return 0;
    main = w->held_main;
    other = w->held_other;
    bool take_main = w->has_main && (!w->has_other || str_cmp(main, other) <= 0);
    *key = take_main ? main : other;
    if (w->has_other && w->has_main && str_eq(main, other))
        w->has_other = false; /* a file made by hand where one lies aside: the plain place wins */
    if (take_main)
        w->has_main = false;
    else
        w->has_other = false;
    return 1;
}

void walk_skip(struct walk *w, struct str prefix)
{
    w->skip = prefix;
}
