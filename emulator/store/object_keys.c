#include "emulator/store/objects.h"

#include "core/base/limits.h"

/* How a segment of a key (what stands between two '/') becomes the name of a file:
 *
 *     "%" -> "%25"   NUL -> "%00"   "" -> "%e"   "." -> "%2E"   ".." -> "%2E."
 *     longer than a name may be: cut; each piece but the last ends in "%+" and is a folder
 *
 * A key whose name is taken by a folder, or whose folder's name is taken by a file, lies aside:
 * below "%x", where every folder ends in "%d" (an empty segment's is "%D"), so that none of them
 * can meet a file. No key yields a lone '%', so these names are free. */
#define NAME_BYTES 250 /* 255, less what meta/ (".json") and the place aside ("%d") add */

static void encode_segment(struct buf *out, struct str segment)
{
    if (segment.len == 0) {
        buf_add_c(out, "%e");
        return;
    }
    bool dots = str_eq_c(segment, ".") || str_eq_c(segment, "..");

    for (size_t i = 0; i < segment.len; i++) {
        char c = segment.ptr[i];
        if (c == '%')
            buf_add_c(out, "%25");
        else if (c == '\0')
            buf_add_c(out, "%00");
        else if (dots && i == 0)
            buf_add_c(out, "%2E");
        else
            buf_add_char(out, c);
    }
}

/* Add an encoded segment in pieces that fit max bytes each. */
static void add_pieces(struct buf *out, struct str name, size_t max)
{
    while (name.len > max) {
        size_t cut = max - 2;

        for (size_t i = cut - 2; i < cut; i++) /* never inside an escape of three bytes */
            if (name.ptr[i] == '%')
                cut = i;
        buf_add(out, str_sub(name, 0, cut));
        buf_add_c(out, "%+/");
        name = str_sub(name, cut, name.len);
    }
    buf_add(out, name);
}

struct layout {
    const char *top;    /* buckets, meta, versions */
    const char *suffix; /* of the last name */
};

static bool bucket_is_name(struct str bucket)
{
    return bucket.len > 0 && bucket.len <= 255 && bucket.ptr[0] != '.' &&
           memchr(bucket.ptr, '/', bucket.len) == NULL &&
           memchr(bucket.ptr, '\0', bucket.len) == NULL;
}

static int path_of(struct arena *a, struct layout layout, const struct str where[2],
                   struct str *out, struct err *err)
{
    struct str rest = where[1], segment;
    struct buf path = { .arena = a }, name = { .arena = a };
    bool more = true;

    if (!bucket_is_name(where[0]))
        return err_set(err, E_PARSE, "not a bucket name: \"%.*s\"", STR_ARG(where[0]));
    if (rest.len > LIMIT_S3_KEY_BYTES)
        return err_set(err, E_LIMIT, "key over %d bytes", LIMIT_S3_KEY_BYTES);
    buf_add_c(&path, layout.top);
    buf_add_char(&path, '/');
    buf_add(&path, where[0]);
    while (more) {
        more = str_cut(rest, '/', &segment, &rest);
        buf_clear(&name);
        encode_segment(&name, segment);
        buf_add_char(&path, '/');
        add_pieces(&path, buf_view(&name), NAME_BYTES);
    }
    buf_add_c(&path, layout.suffix);
    *out = buf_text(&path);
    return 0;
}

int object_path(struct arena *a, struct str bucket, struct str key, struct str *out,
                struct err *err)
{
    return path_of(a, (struct layout){ "buckets", "" }, (struct str[]){ bucket, key }, out, err);
}

int object_meta_path(struct arena *a, struct str bucket, struct str key, struct str *out,
                     struct err *err)
{
    return path_of(a, (struct layout){ "meta", ".json" }, (struct str[]){ bucket, key }, out, err);
}

int object_versions_path(struct arena *a, struct str bucket, struct str key, struct str *out,
                         struct err *err)
{
    return path_of(a, (struct layout){ "versions", "%v" }, (struct str[]){ bucket, key }, out, err);
}

/* Undo encode_segment. False: no segment encodes to this. */
static bool decode_name(struct buf *out, struct str name)
{
    if (str_eq_c(name, "%e"))
        return true;
    for (size_t i = 0; i < name.len; i++) {
        struct str escape = str_sub(name, i, 3);
        if (name.ptr[i] != '%') {
            buf_add_char(out, name.ptr[i]);
            continue;
        }
        if (str_eq_c(escape, "%25"))
            buf_add_char(out, '%');
        else if (str_eq_c(escape, "%00"))
            buf_add_char(out, '\0');
        else if (str_eq_c(escape, "%2E"))
            buf_add_char(out, '.');
        else
            return false;
        i += 2;
    }
    return true;
}

/* Take the mark of the place aside off a folder's name. */
static bool strip_aside(struct str *name)
{
    if (str_eq_c(*name, "%D")) {
        *name = STR("%e");
        return true;
    }
    if (!str_has_suffix(*name, STR("%d")))
        return false;
    name->len -= 2;
    return name->len > 0;
}

static bool decode_path(struct buf *key, struct str relative)
{
    bool aside = str_has_prefix(relative, STR("%x/")), more = true, joined = false;
    struct str name, rest = aside ? str_sub(relative, 3, relative.len) : relative;

    while (more) {
        more = str_cut(rest, '/', &name, &rest);
        if (aside && more && !strip_aside(&name))
            return false;
        joined = more && str_has_suffix(name, STR("%+"));
        if (joined)
            name.len -= 2;
        if (name.len == 0 || !decode_name(key, name))
            return false;
        if (more && !joined)
            buf_add_char(key, '/');
    }
    return true;
}

int object_key(struct arena *a, struct str relative, struct str *out, struct err *err)
{
    struct buf key = { 0 };
    struct str again = { 0 }, found = { 0 };
    int rc = 0;

    if (decode_path(&key, relative) && key.len <= LIMIT_S3_KEY_BYTES) {
        found = arena_copy(a, buf_view(&key));
        rc = object_path(a, STR("b"), found, &again, err);
    }
    buf_free(&key);
    if (rc < 0)
        return rc;
    /* Each key has one path: a name that only looks like an escape is refused, not guessed at. */
    if (again.ptr && str_has_prefix(relative, STR("%x/")))
        again = object_aside(a, again);
    if (!again.ptr || !str_eq(str_sub(again, strlen("buckets/b/"), again.len), relative))
        return err_set(err, E_PARSE, "no key has the path \"%.*s\"", STR_ARG(relative));
    *out = found;
    return 0;
}

struct str object_aside(struct arena *a, struct str path)
{
    struct str top, bucket, rest, name;
    struct buf out = { 0 };

    (void)str_cut(path, '/', &top, &rest); /* every path of this module has these three parts */
    (void)str_cut(rest, '/', &bucket, &rest);
    buf_add(&out, top);
    buf_add_char(&out, '/');
    buf_add(&out, bucket);
    buf_add_c(&out, "/%x");
    for (bool more = true; more;) {
        more = str_cut(rest, '/', &name, &rest);
        buf_add_char(&out, '/');
        if (more && str_eq_c(name, "%e"))
            buf_add_c(&out, "%D");
        else
            buf_add(&out, name);
        if (more && !str_eq_c(name, "%e"))
            buf_add_c(&out, "%d");
    }
    path = arena_copy(a, buf_view(&out));
    buf_free(&out);
    return path;
}
