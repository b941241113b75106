#include "emulator/services/s3/object.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/codec/json.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/notification.h"
#include "emulator/store/objects.h"

#define ORDER_DIGITS 16

bool object_shows_version(const struct bucket *b)
{
    return b->versioning != VERSIONING_NEVER;
}

struct str object_etag(struct op *op, const struct object *o)
{
    return arena_printf(op->a, "\"%.*s\"", STR_ARG(o->etag));
}

/* ---- reading ---- */

static int64_t stat_mtime_ms(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

/* Metadata as it is on disk; an empty map when there is none or it is no JSON. */
static int read_meta(struct op *op, struct str path, struct value **out)
{
    struct buf text = { 0 };
    int rc = object_read(op->s3->root, path, &text, NULL);

    *out = NULL;
    if (rc == 0)
        rc = json_parse(op->a, arena_copy(op->a, buf_view(&text)), out, NULL);
    buf_free(&text);
    if (rc == E_IO)
        return err_set(op->err, rc, "read %.*s failed", STR_ARG(path));
    if (rc < 0 || !*out || (*out)->kind != VALUE_MAP)
        *out = value_map(op->a);
    return 0;
}

static void take_members(struct object *o)
{
    struct str version = value_get_str(o->meta, "VersionId");

    o->etag = value_get_str(o->meta, "ETag");
    o->version = version.len > 0 ? version : STR("null");
    o->order = (uint64_t)value_get_int(o->meta, "Sequence", 0);
    o->is_marker = value_get_bool(o->meta, "DeleteMarker", false);
}

static bool meta_describes(const struct value *meta, const struct stat *st)
{
    int64_t modified_ms;

    return value_get_int(meta, "Size", -1) == st->st_size &&
           clock_parse(value_get_str(meta, "LastModified"), &modified_ms, NULL) == 0 &&
           modified_ms == stat_mtime_ms(st);
}

/* The file was touched by hand: believe the file, not the metadata, unless only the time differs.
 */
static int reread(struct op *op, struct object *o, int fd, const struct stat *st)
{
    char md5[33];
    int rc = state_file_md5(op->s3, fd, st, md5, op->err);

    if (rc < 0)
        return rc;
    if (str_eq_c(o->etag, md5) && value_get_int(o->meta, "Size", -1) == st->st_size &&
        clock_parse(value_get_str(o->meta, "LastModified"), &o->modified_ms, NULL) == 0)
        return 0;
    o->etag = arena_copy(op->a, str_c(md5));
    o->modified_ms = stat_mtime_ms(st);
    (void)value_remove(o->meta, STR("Checksums")); /* true when there were some */
    (void)value_remove(o->meta, STR("Parts"));
    return 0;
}

/* Data and metadata of one place. E_MISSING without a file. *agree: the two describe each other. */
static int load_pair(struct op *op, struct object *o, bool *agree)
{
    struct stat st;
    int fd, rc = read_meta(op, o->meta_path, &o->meta);

    if (rc < 0)
        return rc;
    take_members(o);
    rc = object_open(op->s3->root, o->data, &fd, &st, NULL);
    if (rc == E_MISSING)
        return rc;
    if (rc < 0)
        return err_set(op->err, rc, "open %.*s failed", STR_ARG(o->data));
    o->is_marker = false;
    o->size = st.st_size;
    o->modified_ms = stat_mtime_ms(&st);
    *agree = meta_describes(o->meta, &st);
    if (!*agree)
        rc = reread(op, o, fd, &st);
    (void)close(fd);
    return rc;
}

/* Under the key's lock: small files are written in place, and a pair is two files. */
static int load_current(struct op *op, struct object *o)
{
    size_t stripe = lock_stripe(o->bucket, o->key);
    struct lock_set once = { .s3 = op->s3 };
    bool agree = false;
    int rc;

    if (lock_holds(op->locks, stripe))
        return load_pair(op, o, &agree);
    lock_take(&once, stripe);
    rc = once.failed < 0 ? err_set(op->err, once.failed, "%s", once.why.text)
                         : load_pair(op, o, &agree);
    lock_drop_all(&once);
    return rc;
}

static int object_at_current(struct op *op, const struct bucket *b, struct str key,
                             struct object *out)
{
    struct object o = { .bucket = b->name, .key = key, .is_current = true };
    int rc;

    if ((rc = object_path(op->a, b->name, key, &o.data, op->err)) < 0 ||
        (rc = object_meta_path(op->a, b->name, key, &o.meta_path, op->err)) < 0)
        return rc;
    rc = load_current(op, &o);
    if (rc == 0)
        *out = o;
    return rc;
}

/* ---- versions ---- */

struct version_file {
    struct str name; /* ORDER-ID */
    uint64_t order;
    struct str id;
};

static int compare_newest_first(const void *a, const void *b)
{
    return str_cmp(((const struct version_file *)b)->name, ((const struct version_file *)a)->name);
}

static bool version_file_read(struct str name, struct version_file *out)
{
    char digits[ORDER_DIGITS + 1], *end;

    if (!str_has_suffix(name, STR(".json")) || name.len < ORDER_DIGITS + 1 + 1 + 5)
        return false;
    name.len -= 5;
    memcpy(digits, name.ptr, ORDER_DIGITS);
    digits[ORDER_DIGITS] = '\0';
    out->order = strtoull(digits, &end, 16);
    out->name = name;
    out->id = str_sub(name, ORDER_DIGITS + 1, name.len);
    return *end == '\0' && name.ptr[ORDER_DIGITS] == '-';
}

/* Older versions and markers of a key, newest first. */
static int version_files(struct op *op, struct str folder, struct version_file **out, size_t *count)
{
    struct object_entry *list;
    size_t n = 0;
    int rc = object_list(op->a, op->s3->root, folder, &list, &n, NULL);

    *count = 0;
    if (rc == E_MISSING)
        return 0;
    if (rc < 0)
        return err_set(op->err, rc, "read the folder %.*s failed", STR_ARG(folder));
    *out = arena_array(op->a, n, sizeof **out);
    for (size_t i = 0; i < n; i++)
        if (!list[i].is_dir && version_file_read(list[i].name, &(*out)[*count]))
            (*count)++;
    qsort(*out, *count, sizeof **out, compare_newest_first);
    return 0;
}

static struct str version_path(struct op *op, struct str folder, uint64_t order, struct str id)
{
    return arena_printf(op->a, "%.*s/%0*llx-%.*s", STR_ARG(folder), ORDER_DIGITS,
                        (unsigned long long)order, STR_ARG(id));
}

static int load_version(struct op *op, const struct bucket *b, struct str key,
                        const struct version_file *file, struct object *out)
{
    struct object o = { .bucket = b->name, .key = key };
    struct str folder;
    bool agree;
    int rc = object_versions_path(op->a, b->name, key, &folder, op->err);

    if (rc < 0)
        return rc;
    o.data = version_path(op, folder, file->order, file->id);
    o.meta_path = arena_printf(op->a, "%.*s.json", STR_ARG(o.data));
    rc = load_pair(op, &o, &agree);
    o.order = file->order;
    o.version = file->id;
    if (rc == E_MISSING && o.is_marker)
        rc = clock_parse(value_get_str(o.meta, "LastModified"), &o.modified_ms, op->err);
    if (rc == 0)
        *out = o;
    return rc;
}

static int find_older(struct op *op, const struct bucket *b, struct str key, struct str version,
                      struct object *out)
{
    struct version_file *files;
    struct str folder;
    size_t count;
    int rc;

    if ((rc = object_versions_path(op->a, b->name, key, &folder, op->err)) < 0 ||
        (rc = version_files(op, folder, &files, &count)) < 0)
        return rc;
    for (size_t i = 0; i < count; i++)
        if (version.len == 0 || str_eq(files[i].id, version))
            return load_version(op, b, key, &files[i], out);
    return E_MISSING;
}

int object_find(struct op *op, const struct bucket *b, struct str key, struct str version,
                struct object *out)
{
    int rc = object_at_current(op, b, key, out);

    if (rc == 0 && (version.len == 0 || str_eq(out->version, version)))
        return 0;
    if (rc < 0 && rc != E_MISSING)
        return rc;
    if (b->versioning == VERSIONING_NEVER)
        return E_MISSING;
    rc = find_older(op, b, key, version, out);
    /* Without a version only a marker can be the newest that is not in buckets/. */
    return rc == 0 && version.len == 0 && !out->is_marker ? E_MISSING : rc;
}

static bool version_id_is_valid(struct str id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '.' || c == '_' || c == '-'))
            return false;
    }
    return true;
}

int object_need(struct op *op, struct object *out)
{
    struct str version = op_param(op, "VersionId");
    int rc;

    if (!version_id_is_valid(version))
        return op_refuse_text(op, "InvalidArgument", "Invalid version id specified");
    rc = object_find(op, op->bucket, op->key, version, out);
    if (rc == E_MISSING && version.len > 0) {
        (void)op_refuse_with(op, "NoSuchVersion", "Key", op->key);
        value_put_str(op->a, op->out->error, "VersionId", version);
        return 0;
    }
    if (rc == E_MISSING)
        return op_refuse(op, "NoSuchKey");
    return rc < 0 ? rc : 1;
}

int object_versions(struct op *op, struct str key, struct object **out, size_t *count)
{
    struct version_file *files;
    struct str folder;
    size_t n = 0;
    int rc;

    *count = 0;
    if ((rc = object_versions_path(op->a, op->bucket->name, key, &folder, op->err)) < 0 ||
        (rc = version_files(op, folder, &files, &n)) < 0)
        return rc;
    *out = arena_array(op->a, n + 1, sizeof **out);
    rc = object_at_current(op, op->bucket, key, *out);
    *count = rc == 0;
    for (size_t i = 0; i < n && (rc == 0 || rc == E_MISSING); i++) {
        rc = load_version(op, op->bucket, key, &files[i], &(*out)[*count]);
        if (rc == 0 && *count == 0)
            (*out)[0].is_current = (*out)[0].is_marker;
        *count += rc == 0;
    }
    return rc == E_MISSING ? 0 : rc;
}

/* ---- writing ---- */

/* Move the current version to its place among the older ones. */
static int archive(struct op *op, const struct object *o, struct str folder)
{
    struct str place = version_path(op, folder, o->order, o->version);
    struct str meta = arena_printf(op->a, "%.*s.json", STR_ARG(place)), staged;
    struct buf text = { 0 };
    int rc = 0;

    if (value_first(o->meta) == NULL) { /* dropped in by hand: versions are found by metadata */
        value_put_str(op->a, o->meta, "ETag", o->etag);
        json_write(&text, o->meta);
        rc = op_stage(op, buf_view(&text), o->modified_ms, &staged);
        buf_free(&text);
        if (rc == 0)
            op_effect(op, staged, meta);
    } else {
        op_effect(op, o->meta_path, meta);
    }
    op_effect(op, o->data, place);
    return rc;
}

static void remove_files(struct op *op, const struct object *o)
{
    if (!o->is_marker)
        op_effect(op, o->data, STR(""));
    op_effect(op, o->meta_path, STR(""));
}

/* Make room for a new current version (or marker): null takes the place of null. */
static int make_room(struct op *op, struct str key, bool new_is_null)
{
    struct object old;
    struct str folder;
    int rc;

    if ((rc = object_versions_path(op->a, op->bucket->name, key, &folder, op->err)) < 0)
        return rc;
    rc = object_at_current(op, op->bucket, key, &old);
    if (rc == 0 && !(new_is_null && str_eq_c(old.version, "null")))
        rc = archive(op, &old, folder);
    else if (rc == 0)
        remove_files(op, &old);
    if (rc < 0 && rc != E_MISSING)
        return rc;
    if (!new_is_null)
        return 0;
    rc = find_older(op, op->bucket, key, STR("null"), &old);
    if (rc == 0)
        remove_files(op, &old);
    return rc == E_MISSING ? 0 : rc;
}

static struct str new_version_id(struct op *op)
{
    return rng_chars(&op->cx->rng, op->a,
                     STR("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"), 32);
}

/* The order of a version: calls are numbered; a call of many keys writes each key once. */
static void set_version(struct op *op, struct value *meta, int64_t modified_ms)
{
    value_set(meta, STR("LastModified"), value_str(op->a, clock_iso_ms(op->a, modified_ms)));
    value_put_int(op->a, meta, "Sequence", (int64_t)op->call->seq);
    (void)value_remove(meta, STR("VersionId")); /* true for a copied or updated one */
    if (op->bucket->versioning == VERSIONING_ENABLED)
        value_set(meta, STR("VersionId"), value_str(op->a, new_version_id(op)));
}

static int stage_meta(struct op *op, const struct value *meta, int64_t modified_ms, struct str to)
{
    struct buf text = { .arena = op->a };
    struct str staged;
    int rc;

    json_write(&text, meta);
    rc = op_stage(op, buf_view(&text), modified_ms, &staged);
    if (rc == 0)
        op_effect(op, staged, to);
    return rc;
}

int object_install(struct op *op, struct str staged, struct value *meta, int64_t modified_ms)
{
    struct str data, path;
    int rc;

    if ((rc = object_path(op->a, op->bucket->name, op->key, &data, op->err)) < 0 ||
        (rc = object_meta_path(op->a, op->bucket->name, op->key, &path, op->err)) < 0)
        return rc;
    set_version(op, meta, modified_ms);
    if (op->bucket->versioning != VERSIONING_NEVER &&
        (rc = make_room(op, op->key, op->bucket->versioning == VERSIONING_SUSPENDED)) < 0)
        return rc;
    rc = stage_meta(op, meta, modified_ms, path);
    if (rc == 0)
        op_effect(op, staged, data);
    if (rc == 0)
        notification_created(op, meta);
    return rc;
}

int object_update(struct op *op, const struct object *o, struct value *meta)
{
    /* What was changed by hand is from now on described as it is. */
    value_put_int(op->a, meta, "Size", o->size);
    value_put_str(op->a, meta, "ETag", o->etag);
    value_set(meta, STR("LastModified"), value_str(op->a, clock_iso_ms(op->a, o->modified_ms)));
    notification_created(op, meta);
    return stage_meta(op, meta, o->modified_ms, o->meta_path);
}

static int make_marker(struct op *op, struct str key, struct removal *out)
{
    bool is_null = op->bucket->versioning == VERSIONING_SUSPENDED;
    struct value *meta = value_map(op->a);
    struct str folder;
    int rc;

    if ((rc = object_versions_path(op->a, op->bucket->name, key, &folder, op->err)) < 0 ||
        (rc = make_room(op, key, is_null)) < 0)
        return rc;
    set_version(op, meta, op->cx->now_ms);
    value_put_bool(op->a, meta, "DeleteMarker", true);
    struct str id = is_null ? STR("null") : value_get_str(meta, "VersionId");
    struct str place = version_path(op, folder, op->call->seq, id);
    *out = (struct removal){ .is_marker = true, .version = id };
    return stage_meta(op, meta, op->cx->now_ms, arena_printf(op->a, "%.*s.json", STR_ARG(place)));
}

int object_remove(struct op *op, struct str key, struct removal *out)
{
    struct str data, path;
    int rc;

    *out = (struct removal){ 0 };
    if (op->bucket->versioning != VERSIONING_NEVER)
        return make_marker(op, key, out);
    if ((rc = object_path(op->a, op->bucket->name, key, &data, op->err)) < 0 ||
        (rc = object_meta_path(op->a, op->bucket->name, key, &path, op->err)) < 0)
        return rc;
    op_effect(op, data, STR(""));
    op_effect(op, path, STR(""));
    return 0;
}

int object_remove_version(struct op *op, struct str key, struct str version, struct removal *out)
{
    struct object gone = { 0 }, *all;
    size_t count = 0;
    struct str data, path;
    int rc = object_find(op, op->bucket, key, version, &gone);

    *out = (struct removal){ .version = version };
    if (rc == E_MISSING) /* removing what is not there succeeds */
        return 0;
    if (rc < 0 || (rc = object_versions(op, key, &all, &count)) < 0)
        return rc;
    out->is_marker = gone.is_marker;
    remove_files(op, &gone);
    /* Was it the newest? Then the next takes the place in buckets/, unless that is a marker. */
    bool newest = count > 0 && str_eq(all[0].version, gone.version);
    if (!newest || count < 2 || all[1].is_marker)
        return 0;
    if ((rc = object_path(op->a, op->bucket->name, key, &data, op->err)) < 0 ||
        (rc = object_meta_path(op->a, op->bucket->name, key, &path, op->err)) < 0)
        return rc;
    op_effect(op, all[1].meta_path, path);
    op_effect(op, all[1].data, data);
    return 0;
}

const char *object_locked(struct op *op, const struct object *o)
{
    struct str mode = value_get_str(o->meta, "ObjectLockMode");
    bool bypass = value_get_bool(op->call->params, "BypassGovernanceRetention", false);
    int64_t until_ms = 0;

    if (str_eq_c(value_get_str(o->meta, "ObjectLockLegalHoldStatus"), "ON"))
        return "Access Denied because object protected by object lock.";
    if (mode.len == 0 ||
        clock_parse(value_get_str(o->meta, "ObjectLockRetainUntilDate"), &until_ms, NULL) < 0 ||
        until_ms <= op->cx->now_ms || (str_eq_c(mode, "GOVERNANCE") && bypass))
        return NULL;
    return "Access Denied because object protected by object lock.";
}
