#include "emulator/services/s3/copy_source.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/base/fs.h"
#include "core/codec/uri.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/conditions.h"
#include "emulator/services/s3/restore.h"
#include "emulator/store/objects.h"

#define COPY_BYTES (256u << 10)

/* "[/]bucket/key[?versionId=ID]", percent-encoded. */
static bool parse(struct op *op, struct copy_source *out)
{
    struct str text = op_param(op, "CopySource"), path = text, query = { 0 };
    ptrdiff_t at = str_find(text, STR("?versionId="));

    if (at >= 0) {
        path = str_sub(text, 0, (size_t)at);
        query = str_sub(text, (size_t)at + strlen("?versionId="), text.len);
    }
    if (uri_decode(op->a, path, URI_PLUS_IS_PLUS, &path, NULL) < 0)
        return false;
    if (str_has_prefix(path, STR("/")))
        path = str_sub(path, 1, path.len);
    out->version = query;
    return str_cut(path, '/', &out->bucket, &out->key) && out->bucket.len > 0 && out->key.len > 0;
}

/* With the source in the place of the call's own bucket and key. 1, 0, < 0. */
static int find(struct op *op, const struct bucket *b, struct copy_source *out)
{
    static const struct condition_names names = { "CopySourceIfMatch", "CopySourceIfNoneMatch",
                                                  "CopySourceIfModifiedSince",
                                                  "CopySourceIfUnmodifiedSince" };
    const char *failed;
    int rc = object_find(op, b, out->key, out->version, &out->object);

    if (rc == E_MISSING)
        return op_refuse_with(op, out->version.len ? "NoSuchVersion" : "NoSuchKey", "Key",
                              out->key);
    if (rc < 0)
        return rc;
    if (out->object.is_marker && out->version.len > 0)
        return op_refuse_text(op, "InvalidRequest",
                              "The source of a copy request may not specifically refer to a delete "
                              "marker by version id.");
    if (out->object.is_marker)
        return op_refuse_with(op, "NoSuchKey", "Key", out->key);
    if (condition_check(op, &names, &out->object, &failed) != 0) /* 304 too: a copy is no read */
        return op_refuse_with(op, "PreconditionFailed", "Condition",
                              arena_printf(op->a, "x-amz-copy-source-%s", failed));
    out->is_itself =
        str_eq(b->name, op->bucket->name) && str_eq(out->key, op->key) && out->version.len == 0;
    out->shows_version = object_shows_version(b);
    return 1;
}

int copy_source_open(struct op *op, struct copy_source *out)
{
    struct str expected = op_param(op, "ExpectedSourceBucketOwner");
    const struct bucket *b;
    int rc;

    *out = (struct copy_source){ 0 };
    if (!parse(op, out))
        return op_refuse_text(op, "InvalidArgument",
                              "Copy Source must mention the source bucket and key: "
                              "sourcebucket/sourcekey");
    rc = bucket_name_is_valid(out->bucket)
             ? bucket_hold(op->s3, out->bucket, BUCKET_CACHED, &b, op->err)
             : E_MISSING;
    if (rc == E_MISSING)
        return op_refuse_with(op, "NoSuchBucket", "BucketName", out->bucket);
    if (rc < 0)
        return rc;
    const struct bucket *own = op->bucket;
    op->bucket = b; /* its policy decides */
    bool denied = op_denied_action(op, "s3:GetObject", out->key);
    op->bucket = own;
    if (denied || (expected.len > 0 && !str_eq(expected, b->owner)))
        rc = op_refuse(op, "AccessDenied");
    else
        rc = find(op, b, out);
    if (rc > 0 && !restore_is_readable(op, &out->object))
        rc = restore_refuse(op, &out->object,
                            "Operation is not valid for the source object's storage class");
    out->object.bucket = arena_copy(op->a, b->name);
    bucket_drop(b);
    return rc;
}

int copy_source_peek(struct op *op, struct copy_source *out)
{
    const struct bucket *b;
    int rc;

    *out = (struct copy_source){ 0 };
    if (!parse(op, out) || !bucket_name_is_valid(out->bucket))
        return 0;
    rc = bucket_hold(op->s3, out->bucket, BUCKET_CACHED, &b, op->err);
    if (rc < 0)
        return rc == E_MISSING ? 0 : rc;
    op->bucket = b; /* its policy decides */
    bool denied = op_denied_action(op, "s3:GetObject", out->key);
    op->bucket = NULL;
    rc = denied ? E_MISSING : object_find(op, b, out->key, out->version, &out->object);
    bool is_found = rc == 0 && !out->object.is_marker;
    bucket_drop(b);
    return rc < 0 && rc != E_MISSING ? rc : is_found;
}

int copy_bytes(struct op *op, int in, int out, int64_t len)
{
    struct buf chunk = { 0 };
    char *room = buf_reserve(&chunk, COPY_BYTES);
    int rc = 0;

    while (rc == 0 && len != 0) {
        size_t ask = len > 0 && len < (int64_t)COPY_BYTES ? (size_t)len : COPY_BYTES;
        ssize_t got = read(in, room, ask);

        if (got < 0)
            rc = err_sys(op->err, "read", "the source of a copy");
        if (got <= 0)
            break;
        rc = fs_write_all(out, (struct str){ room, (size_t)got }, "staging", op->err);
        len -= len > 0 ? got : 0;
    }
    buf_free(&chunk);
    return rc;
}

/* Under the source's lock, which is the only one held: nobody replaces it meanwhile. */
static int stage_locked(struct op *op, struct copy_source *from, int64_t first, int64_t len)
{
    bool sync = op->s3->e->opt.durability == DURABILITY_DISK;
    struct stat st;
    int in, out, rc = object_open(op->s3->root, from->object.data, &in, &st, op->err);

    if (rc < 0)
        return rc == E_MISSING ? E_IO : rc; /* removed by hand this very moment */
    from->path = op_staging(op);
    const char *file = op_file(op, from->path).ptr;
    out = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (out < 0 || lseek(in, (off_t)first, SEEK_SET) < 0)
        rc = err_sys(op->err, "create", file);
    else
        rc = copy_bytes(op, in, out, len);
    if (out >= 0)
        (void)close(out); /* object_touch reports what close could not */
    (void)close(in);
    return rc < 0 ? rc : object_touch(op->s3->root, from->path, op->cx->now_ms, sync, op->err);
}

int copy_source_stage(struct op *op, struct copy_source *from, int64_t first, int64_t len)
{
    const struct bucket *b;
    int rc = bucket_hold(op->s3, from->bucket, BUCKET_CACHED, &b, op->err);

    if (rc == 0) {
        lock_take(op->locks, lock_stripe(from->bucket, from->key));
        /* It may have been replaced since it was found: then the new one is copied. */
        rc = object_find(op, b, from->key, from->version, &from->object);
        if (rc == 0 && from->object.is_marker)
            rc = E_MISSING;
        if (rc == 0)
            rc = stage_locked(op, from, first, len);
        lock_drop_all(op->locks);
        from->object.bucket = from->bucket;
        bucket_drop(b);
    }
    if (rc == E_MISSING)
        return op_refuse_with(op, "NoSuchKey", "Key", from->key);
    return rc < 0 ? rc : 1;
}
