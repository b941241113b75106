/* GetObject, HeadObject, GetObjectAttributes: an object as it is now. */
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/conditions.h"
#include "emulator/services/s3/restore.h"
#include "emulator/services/s3/sse_kms.h"
#include "emulator/services/s3/upload.h"
#include "emulator/store/objects.h"

#define IN_MEMORY_BYTES (256 << 10) /* up to here the answer holds the bytes, not the file */

struct part_range {
    int64_t first, len;
    bool is_part;
    int64_t parts_count; /* 0: not an upload of parts */
};

static void add_header(struct op *op, const char *name, struct str value)
{
    if (!op->out->headers)
        op->out->headers = value_map(op->a);
    value_set(op->out->headers, str_c(name), value_str(op->a, value));
}

/* A delete marker where an object was asked for. */
static int refuse_marker(struct op *op, const struct object *o)
{
    bool named = op_param(op, "VersionId").len > 0;
    int rc = op_refuse(op, named ? "MethodNotAllowed" : "NoSuchKey");

    add_header(op, "x-amz-delete-marker", STR("true"));
    add_header(op, "x-amz-version-id", o->version);
    if (named) {
        add_header(op, "Allow", STR("DELETE"));
        value_put_c(op->a, op->out->error, "Method",
                    str_eq_c(op->call->action, "HeadObject") ? "HEAD" : "GET");
        value_put_c(op->a, op->out->error, "ResourceType", "DeleteMarker");
    }
    return rc;
}

static int refuse_range(struct op *op, const struct object *o)
{
    (void)op_refuse_with(op, "InvalidRange", "RangeRequested", op_param(op, "Range"));
    value_put_str(op->a, op->out->error, "ActualObjectSize",
                  arena_printf(op->a, "%lld", (long long)o->size));
    return 0;
}

/* Which bytes: partNumber, Range, or all. 1, 0 refused. */
static int choose_bytes(struct op *op, const struct object *o, struct part_range *out)
{
    int64_t number = value_get_int(op->call->params, "PartNumber", 0);
    const struct value *parts = value_get_c(o->meta, "Parts");

    *out = (struct part_range){ .len = o->size };
    if (param_has(op->call, "PartNumber") && op_param(op, "Range").len > 0)
        return op_refuse_text(op, "InvalidRequest",
                              "Cannot specify both Range header and partNumber query parameter");
    out->parts_count = parts && parts->kind == VALUE_LIST ? parts->count : 0;
    if (param_has(op->call, "PartNumber")) {
        const struct value *part = number > 0 ? value_at(parts, (size_t)number - 1) : NULL;

        if (number < 1 || (!part && (number > 1 || out->parts_count > 0)))
            return op_refuse(op, "InvalidPartNumber");
        for (const struct value *p = value_first(parts); p && p != part; p = p->next)
            out->first += value_get_int(p, "Size", 0);
        out->len = part ? value_get_int(part, "Size", 0) : o->size;
        out->is_part = true;
        return 1;
    }
    switch (range_parse(op_param(op, "Range"), o->size, &out->first, &out->len)) {
    case RANGE_BAD:
        return refuse_range(op, o);
    case RANGE_PART:
        out->is_part = true;
        break;
    case RANGE_WHOLE:
        out->first = 0;
        out->len = o->size;
        break;
    }
    return 1;
}

/* Members that the answer has as the metadata has them. */
static void answer_meta(struct op *op, const struct object *o, struct value *output)
{
    static const char *const members[] = {
        "ContentEncoding", "ContentDisposition",      "ContentLanguage",
        "CacheControl",    "WebsiteRedirectLocation", "Metadata",
        "StorageClass",    "ObjectLockMode",          "ObjectLockLegalHoldStatus",
    };
    static const char *const times[] = { "Expires", "ObjectLockRetainUntilDate" };
    struct str type = value_get_str(o->meta, "ContentType");
    const struct value *tags = value_get_c(o->meta, "TagSet");
    int64_t ms;

    value_put_str(op->a, output, "ContentType", type.len ? type : STR("binary/octet-stream"));
    members_copy(op->a, o->meta, output, members, COUNT(members));
    for (size_t i = 0; i < COUNT(times); i++)
        if (clock_parse(value_get_str(o->meta, times[i]), &ms, NULL) == 0)
            value_put_time(op->a, output, times[i], ms);
    struct str restore = restore_header(op, o);
    if (restore.len > 0)
        value_put_str(op->a, output, "Restore", restore);
    if (value_first(tags))
        value_put_int(op->a, output, "TagCount", tags->count);
    upload_answer_sse(op, o->meta, output);
}

/* Source: S3 API Reference, GetObject, "response-*": for signed requests only. */
static int answer_overrides(struct op *op, struct value *output)
{
    static const char *const overrides[][2] = {
        { "ResponseCacheControl", "CacheControl" },
        { "ResponseContentDisposition", "ContentDisposition" },
        { "ResponseContentEncoding", "ContentEncoding" },
        { "ResponseContentLanguage", "ContentLanguage" },
        { "ResponseContentType", "ContentType" },
        { "ResponseExpires", "Expires" },
    };

    for (size_t i = 0; i < COUNT(overrides); i++) {
        struct value *v = value_get_c(op->call->params, overrides[i][0]);
        if (v && op->call->who->type == PRINCIPAL_ANONYMOUS)
            return op_refuse_text(op, "InvalidRequest",
                                  "Request specific response headers cannot be used for anonymous "
                                  "GET requests.");
        if (v)
            value_set(output, str_c(overrides[i][1]), value_copy(op->a, v));
    }
    return 1;
}

/* 1: the answer's members are set; 0: it is answered already. */
static int answer_object(struct op *op, struct object *o, struct part_range *range)
{
    static const struct condition_names names = { "IfMatch", "IfNoneMatch", "IfModifiedSince",
                                                  "IfUnmodifiedSince" };
    struct value *output = outcome_output(op->cx, op->out);
    const char *failed;
    int rc = object_need(op, o);

    if (rc <= 0)
        return rc;
    if (o->is_marker)
        return refuse_marker(op, o);
    int status = condition_check(op, &names, o, &failed);
    if (status == 412)
        return op_refuse_with(op, "PreconditionFailed", "Condition", str_c(failed));
    value_set(output, STR("ETag"), value_str(op->a, object_etag(op, o)));
    value_put_time(op->a, output, "LastModified", o->modified_ms);
    if (object_shows_version(op->bucket))
        value_put_str(op->a, output, "VersionId", o->version);
    if (status == 304) {
        op->out->status = 304;
        return 0;
    }
    if ((rc = choose_bytes(op, o, range)) <= 0)
        return rc;
    answer_meta(op, o, output);
    value_put_c(op->a, output, "AcceptRanges", "bytes");
    value_put_int(op->a, output, "ContentLength", range->len);
    if (param_has(op->call, "PartNumber") && range->parts_count > 0)
        value_put_int(op->a, output, "PartsCount", range->parts_count);
    if (range->is_part) {
        op->out->status = 206;
        value_put_str(op->a, output, "ContentRange",
                      arena_printf(op->a, "bytes %lld-%lld/%lld", (long long)range->first,
                                   (long long)(range->first + range->len - 1), (long long)o->size));
    }
    /* A part's sum is not the object's: clients would compare it. */
    if (str_eq_c(op_param(op, "ChecksumMode"), "ENABLED") && !range->is_part)
        upload_answer_sums(op, value_get_c(o->meta, "Checksums"), output, true);
    return answer_overrides(op, output);
}

static int read_small(struct op *op, const struct object *o, const struct part_range *range)
{
    struct buf bytes = { 0 };
    int rc = object_read(op->s3->root, o->data, &bytes, op->err);

    if (rc == 0 && bytes.len == (size_t)o->size)
        op->out->body.text =
            arena_copy(op->a, str_sub(buf_view(&bytes), (size_t)range->first, (size_t)range->len));
    else if (rc == 0 || rc == E_MISSING)
        rc = E_CONFLICT; /* changed by hand since it was found */
    buf_free(&bytes);
    return rc;
}

int run_GetObject(struct op *op)
{
    struct part_range range = { 0 };
    struct object o = { 0 };
    int rc;

    op_lock(op, op->key); /* until the bytes are read: small ones are written in place */
    rc = answer_object(op, &o, &range);
    if (rc <= 0)
        return rc;
    if (!restore_is_readable(op, &o))
        return restore_refuse(op, &o, "The operation is not valid for the object's storage class");
    if (o.size <= IN_MEMORY_BYTES) {
        rc = read_small(op, &o, &range);
        if (rc < 0)
            return err_set(op->err, rc, "read %.*s failed", STR_ARG(o.data));
    } else {
        struct str file = object_where(op->a, op->s3->root, o.data);
        op->out->body = (struct body){ .path = file.ptr, .offset = range.first, .len = range.len };
    }
    op->out->bytes_out = range.len;
    sse_kms_note(op, o.meta);
    return 0;
}

int run_HeadObject(struct op *op)
{
    struct part_range range;
    struct object o;
    int rc = answer_object(op, &o, &range);

    return rc < 0 ? rc : 0;
}

/* ---- attributes ---- */

static struct value *attribute_parts(struct op *op, const struct object *o)
{
    const struct value *parts = value_get_c(o->meta, "Parts");
    int64_t max = value_get_int(op->call->params, "MaxParts", 1000);
    int64_t after = value_get_int(op->call->params, "PartNumberMarker", 0), last = after;
    struct value *out = value_map(op->a), *list = value_list(op->a);
    bool more = false;

    if (!parts)
        return NULL;
    for (const struct value *p = value_first(parts); p && !more; p = p->next) {
        if (value_get_int(p, "PartNumber", 0) <= after)
            continue;
        more = list->count == (uint64_t)max;
        if (more)
            break;
        last = value_get_int(p, "PartNumber", 0);
        value_push(list, value_copy(op->a, p));
    }
    value_put_int(op->a, out, "TotalPartsCount", parts->count);
    value_put_int(op->a, out, "PartNumberMarker", after);
    value_put_int(op->a, out, "NextPartNumberMarker", last);
    value_put_int(op->a, out, "MaxParts", max);
    value_put_bool(op->a, out, "IsTruncated", more);
    if (value_get_c(value_at(parts, 0), "Size") && value_first(value_at(parts, 0))->next)
        value_set(out, STR("Parts"), list);
    return out;
}

static void attribute(struct op *op, const struct object *o, struct str name, struct value *output)
{
    struct str class = value_get_str(o->meta, "StorageClass");
    const struct value *sums = value_get_c(o->meta, "Checksums");

    if (str_eq_c(name, "ETag")) {
        value_put_str(op->a, output, "ETag", o->etag); /* here without quotes, as S3 does */
    } else if (str_eq_c(name, "Checksum") && sums) {
        value_set(output, STR("Checksum"), value_copy(op->a, sums));
    } else if (str_eq_c(name, "ObjectParts") && value_get_c(o->meta, "Parts")) {
        value_set(output, STR("ObjectParts"), attribute_parts(op, o));
    } else if (str_eq_c(name, "StorageClass")) {
        value_put_str(op->a, output, "StorageClass", class.len ? class : STR("STANDARD"));
    } else if (str_eq_c(name, "ObjectSize")) {
        value_put_int(op->a, output, "ObjectSize", o->size);
    }
}

int run_GetObjectAttributes(struct op *op)
{
    static const char *const known[] = { "ETag", "Checksum", "ObjectParts", "StorageClass",
                                         "ObjectSize" };
    const struct value *names = value_get_c(op->call->params, "ObjectAttributes");
    struct value *output = outcome_output(op->cx, op->out);
    struct object o;
    int rc = object_need(op, &o);

    if (rc <= 0)
        return rc;
    if (o.is_marker)
        return refuse_marker(op, &o);
    for (const struct value *n = value_first(names); n; n = n->next) {
        bool ok = false;
        for (size_t i = 0; i < COUNT(known); i++)
            ok = ok || str_eq_c(n->u.text, known[i]);
        if (!ok)
            return op_refuse_text(op, "InvalidArgument", "Invalid attribute name specified.");
        attribute(op, &o, n->u.text, output);
    }
    value_put_time(op->a, output, "LastModified", o.modified_ms);
    if (object_shows_version(op->bucket))
        value_put_str(op->a, output, "VersionId", o.version);
    return 0;
}
