/* PutObject, CopyObject: a whole object written in one call. */
#include "core/base/limits.h"
#include "core/codec/uri.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/conditions.h"
#include "emulator/services/s3/copy_source.h"
#include "emulator/services/s3/post_policy.h"
#include "emulator/services/s3/upload.h"

#define PUT_BYTES_MAX                                                                              \
    (5ll << 30) /* Source: S3 User Guide, "Uploading objects": 5 GB in one PUT                     \
                 */

void op_answer_version(struct op *op, const struct value *meta, struct value *output)
{
    struct str version = value_get_str(meta, "VersionId");

    if (version.len > 0)
        value_put_str(op->a, output, "VersionId", version);
    else if (op->bucket->versioning == VERSIONING_SUSPENDED)
        value_put_c(op->a, output, "VersionId", "null");
}

static bool replaces_unseen(const struct op *op)
{
    return op->bucket->versioning == VERSIONING_NEVER && !op->call->body.path &&
           op->call->body.text.len <= INLINE_BYTES && !param_has(op->call, "IfMatch") &&
           !param_has(op->call, "IfNoneMatch");
}

static void answer_etag(struct op *op, const struct value *meta, struct value *output)
{
    const struct str quoted[] = { STR("\""), value_get_str(meta, "ETag"), STR("\"") };
    struct str etag = arena_join(op->a, quoted, COUNT(quoted), STR(""));

    value_set(output, STR("ETag"), value_str(op->a, etag));
}

int run_PutObject(struct op *op)
{
    struct value *meta, *output = outcome_output(op->cx, op->out);
    struct upload_sums sums;
    struct str staged;
    int rc;

    if (param_has(op->call, "WriteOffsetBytes"))
        return op_refuse_with(op, "NotImplemented", "Header", STR("x-amz-write-offset-bytes"));
    if (op->call->body.len > PUT_BYTES_MAX)
        return op_refuse(op, "EntityTooLarge");
    if ((rc = upload_meta(op, &meta)) <= 0 ||
        (rc = upload_sum_body(op, CHECKSUM_CRC64NVME, &sums)) <= 0)
        return rc;
    if (replaces_unseen(op))
        op_lock_to_replace(op);
    else
        op_lock(op, op->key);
    if ((rc = condition_write(op)) <= 0)
        return rc;
    upload_describe(op, meta, &sums);
    if ((rc = op_stage_body(op, &op->call->body, op->cx->now_ms, &staged)) < 0 ||
        (rc = object_install(op, staged, meta, op->cx->now_ms)) < 0)
        return rc;
    answer_etag(op, meta, output);
    upload_answer_sums(op, value_get_c(meta, "Checksums"), output, true);
    upload_answer_sse(op, meta, output);
    op_answer_version(op, meta, output);
    post_answer(op, output);
    op->out->bytes_in = sums.sums.size;
    return 0;
}

/* ---- copying ---- */

static const char *const replaceable[] = {
    "ContentType",  "ContentEncoding", "ContentDisposition", "ContentLanguage",
    "CacheControl", "Expires",         "Metadata",
};

/* Source: S3 API Reference, CopyObject, "x-amz-copy-source": to itself only with a change. */
static bool changes_something(struct op *op)
{
    static const char *const changes[] = { "StorageClass",         "WebsiteRedirectLocation",
                                           "ServerSideEncryption", "SSECustomerAlgorithm",
                                           "ChecksumAlgorithm",    "ACL" };

    for (size_t i = 0; i < COUNT(changes); i++)
        if (param_has(op->call, changes[i]))
            return true;
    return str_eq_c(op_param(op, "MetadataDirective"), "REPLACE") ||
           str_eq_c(op_param(op, "TaggingDirective"), "REPLACE");
}

/* What the new object keeps of its source. */
static void inherit(struct op *op, const struct object *source, struct value *meta)
{
    if (!str_eq_c(op_param(op, "MetadataDirective"), "REPLACE")) {
        for (size_t i = 0; i < COUNT(replaceable); i++)
            (void)value_remove(meta, str_c(replaceable[i])); /* true when the request had it */
        members_copy(op->a, source->meta, meta, replaceable, COUNT(replaceable));
    }
    if (!str_eq_c(op_param(op, "TaggingDirective"), "REPLACE")) {
        static const char *const tags[] = { "TagSet" };
        (void)value_remove(meta, STR("TagSet"));
        members_copy(op->a, source->meta, meta, tags, 1);
    }
}

static enum checksum source_algorithm(const struct object *source)
{
    const struct value *list = value_get_c(source->meta, "Checksums");

    for (size_t i = 0; i < CHECKSUM_COUNT; i++)
        if (value_get(list, checksum_member((enum checksum)i)))
            return (enum checksum)i;
    return CHECKSUM_CRC64NVME;
}

static int sum_copy(struct op *op, const struct copy_source *from, struct upload_sums *sums)
{
    struct str asked = op_param(op, "ChecksumAlgorithm");
    struct body body = { .path = from->path.ptr, .len = -1 };
    enum checksum c = asked.len > 0 ? checksum_find(asked) : source_algorithm(&from->object);

    if (c == CHECKSUM_UNKNOWN)
        return upload_refuse_algorithm(op);
    sums->algorithm = c;
    int rc = op_sum_body(op, &body, 1u << CHECKSUM_MD5 | 1u << c, &sums->sums);
    return rc < 0 ? rc : 1;
}

static int answer_copy(struct op *op, const struct value *meta, const struct copy_source *from)
{
    struct value *output = outcome_output(op->cx, op->out), *result = value_map(op->a);

    answer_etag(op, meta, result);
    value_put_time(op->a, result, "LastModified", op->cx->now_ms);
    upload_answer_sums(op, value_get_c(meta, "Checksums"), result, true);
    value_set(output, STR("CopyObjectResult"), result);
    upload_answer_sse(op, meta, output);
    op_answer_version(op, meta, output);
    if (from->shows_version)
        value_put_str(op->a, output, "CopySourceVersionId", from->object.version);
    return 0;
}

int run_CopyObject(struct op *op)
{
    struct copy_source from;
    struct upload_sums sums;
    struct value *meta;
    int rc = copy_source_open(op, &from);

    if (rc <= 0)
        return rc;
    if (from.is_itself && !changes_something(op))
        return op_refuse_text(op, "InvalidRequest",
                              "This copy request is illegal because it is trying to copy an object "
                              "to itself without changing the object's metadata, storage class, "
                              "website redirect location or encryption attributes.");
    if (from.object.size > PUT_BYTES_MAX)
        return op_refuse_text(op, "InvalidRequest",
                              "The specified copy source is larger than the maximum allowable size "
                              "for a copy source: 5368709120");
    if ((rc = upload_meta(op, &meta)) <= 0)
        return rc;
    inherit(op, &from.object, meta);
    /* The copy is taken before it is summed: the source may change meanwhile. And before the lock:
     * it takes the source's, one at a time. */
    if ((rc = copy_source_stage(op, &from, 0, -1)) <= 0 || (rc = sum_copy(op, &from, &sums)) <= 0)
        return rc;
    op_lock(op, op->key);
    if ((rc = condition_write(op)) <= 0)
        return rc;
    upload_describe(op, meta, &sums);
    rc = object_install(op, from.path, meta, op->cx->now_ms);
    return rc < 0 ? rc : answer_copy(op, meta, &from);
}
