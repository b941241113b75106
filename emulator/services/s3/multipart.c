#include "emulator/services/s3/multipart.h"

#include <stdlib.h>

#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/copy_source.h"
#include "emulator/services/s3/conditions.h"
#include "emulator/services/s3/upload.h"
#include "emulator/store/objects.h"

#define PARTS_MAX      10000 /* Source: S3 User Guide, "Amazon S3 multipart upload limits" */
#define PART_BYTES_MAX (5ll << 30)
#define LIST_MAX       1000
#define ID_LENGTH      96

static int read_doc(struct op *op, struct str path, struct value **out)
{
    struct buf text = { 0 };
    int rc = object_read(op->s3->root, path, &text, NULL);

    if (rc == 0)
        rc = json_parse(op->a, arena_copy(op->a, buf_view(&text)), out, NULL);
    buf_free(&text);
    return rc == 0 || rc == E_MISSING ? rc
                                      : err_set(op->err, rc, "read %.*s failed", STR_ARG(path));
}

static int stage_doc(struct op *op, const struct value *doc, struct str to)
{
    struct buf text = { 0 };
    struct str staged;
    int rc;

    json_write(&text, doc);
    rc = op_stage(op, buf_view(&text), op->cx->now_ms, &staged);
    buf_free(&text);
    if (rc == 0)
        op_effect(op, staged, to);
    return rc;
}

/* Ids are file names: what can't be one of ours names no upload. */
static bool id_is_valid(struct str id)
{
    if (id.len != ID_LENGTH)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '_'))
            return false;
    }
    return true;
}

static int read_upload(struct op *op, struct str bucket, struct str id, struct upload *out)
{
    struct upload u = { .id = id };
    int rc;

    u.folder = arena_printf(op->a, "uploads/%.*s/%.*s", STR_ARG(bucket), STR_ARG(id));
    rc = read_doc(op, arena_printf(op->a, "%.*s/upload.json", STR_ARG(u.folder)), &u.doc);
    if (rc < 0)
        return rc;
    u.key = value_get_str(u.doc, "Key");
    u.initiated_iso = value_get_str(u.doc, "Initiated");
    u.algorithm = checksum_find(value_get_str(u.doc, "ChecksumAlgorithm"));
    u.is_composite = str_eq_c(value_get_str(u.doc, "ChecksumType"), "COMPOSITE");
    *out = u;
    return 0;
}

int upload_need(struct op *op, struct upload *out)
{
    struct str id = op_param(op, "UploadId");
    int rc = id_is_valid(id) ? read_upload(op, op->bucket->name, id, out) : E_MISSING;

    if (rc == E_MISSING || (rc == 0 && !str_eq(out->key, op->key)))
        return op_refuse_with(op, "NoSuchUpload", "UploadId", id);
    return rc < 0 ? rc : 1;
}

int upload_object_meta(struct op *op, struct str bucket, struct value **meta)
{
    struct str id = op_param(op, "UploadId");
    struct upload u = { 0 };
    bool may_be = id_is_valid(id) && bucket_name_is_valid(bucket);
    int rc = may_be ? read_upload(op, bucket, id, &u) : E_MISSING;

    *meta = rc == 0 && str_eq(u.key, op_param(op, "Key")) ? value_get_c(u.doc, "Meta") : NULL;
    return rc == E_MISSING ? 0 : rc;
}

static int compare_parts(const void *a, const void *b)
{
    const struct part *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

int upload_parts(struct op *op, const struct upload *u, struct part **out, size_t *count)
{
    struct object_entry *list = NULL;
    size_t n = 0;
    int rc = object_list(op->a, op->s3->root, u->folder, &list, &n, op->err);

    *count = 0;
    *out = arena_array(op->a, n + 1, sizeof **out);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct str name = list[i].name;
        struct part *p = &(*out)[*count];

        if (!str_has_suffix(name, STR(".json")) ||
            !str_to_i64(str_sub(name, 0, name.len - 5), &p->number))
            continue;
        rc = read_doc(op, arena_printf(op->a, "%.*s/%.*s", STR_ARG(u->folder), STR_ARG(name)),
                      &p->doc);
        if (rc < 0)
            break;
        p->size = value_get_int(p->doc, "Size", 0);
        p->etag = value_get_str(p->doc, "ETag");
        (void)clock_parse(value_get_str(p->doc, "LastModified"), &p->modified_ms, NULL);
        (*count)++;
    }
    qsort(*out, *count, sizeof **out, compare_parts);
    return rc == E_MISSING ? 0 : rc;
}

/* ---- create, abort ---- */

/* Source: S3 User Guide, "Checking object integrity", "Full object and composite checksums":
 * CRC64NVME is full only, SHA, MD5 and XXHASH composite only, the other CRCs either (composite
 * unless asked). */
static int choose_checksum(struct op *op, struct value *doc)
{
    struct str name = op_param(op, "ChecksumAlgorithm"), type = op_param(op, "ChecksumType");
    enum checksum c = name.len > 0 ? checksum_find(name) : CHECKSUM_CRC64NVME;
    bool full = str_eq_c(type, "FULL_OBJECT"), composite = str_eq_c(type, "COMPOSITE");

    if (c == CHECKSUM_UNKNOWN)
        return upload_refuse_algorithm(op);
    if ((full && !checksum_is_crc(c)) || (composite && c == CHECKSUM_CRC64NVME))
        return op_refuse_text(op, "InvalidRequest",
                              "The %.*s checksum type cannot be used with the %.*s checksum "
                              "algorithm.",
                              STR_ARG(type), STR_ARG(checksum_name(c)));
    if (type.len > 0 && name.len == 0)
        return op_refuse_text(op, "InvalidRequest",
                              "The x-amz-checksum-type header can only be used with the "
                              "x-amz-checksum-algorithm header.");
    full = full || c == CHECKSUM_CRC64NVME;
    value_set(doc, STR("ChecksumAlgorithm"), value_str(op->a, checksum_name(c)));
    value_put_c(op->a, doc, "ChecksumType", full ? "FULL_OBJECT" : "COMPOSITE");
    value_put_bool(op->a, doc, "ChecksumAsked", name.len > 0);
    return 1;
}

int run_CreateMultipartUpload(struct op *op)
{
    static const char *const sums[] = { "ChecksumAlgorithm", "ChecksumType" };
    struct value *output = outcome_output(op->cx, op->out), *doc = value_map(op->a), *meta;
    struct str id = rng_chars(
        &op->cx->rng, op->a, STR("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"),
        ID_LENGTH);
    int rc;

    if ((rc = choose_checksum(op, doc)) <= 0 || (rc = upload_meta(op, &meta)) <= 0)
        return rc;
    value_put_str(op->a, doc, "Key", op->key);
    value_set(doc, STR("Initiated"), value_str(op->a, clock_iso_ms(op->a, op->cx->now_ms)));
    value_put_str(op->a, doc, "Initiator", op->call->who->arn);
    value_set(doc, STR("Meta"), meta);
    rc = stage_doc(op, doc,
                   arena_printf(op->a, "uploads/%.*s/%.*s/upload.json", STR_ARG(op->bucket->name),
                                STR_ARG(id)));
    if (rc < 0)
        return rc;
    value_put_str(op->a, output, "Bucket", op->bucket->name);
    value_put_str(op->a, output, "Key", op->key);
    value_put_str(op->a, output, "UploadId", id);
    if (value_get_bool(doc, "ChecksumAsked", false))
        members_copy(op->a, doc, output, sums, COUNT(sums));
    upload_answer_sse(op, meta, output);
    return 0;
}

int run_AbortMultipartUpload(struct op *op)
{
    struct upload u = { 0 };

    op_lock(op, op_param(op, "UploadId"));
    int rc = upload_need(op, &u);
    if (rc <= 0)
        return rc;
    op_effect(op, u.folder, STR(""));
    (void)outcome_output(op->cx, op->out); /* an empty answer */
    return 0;
}

/* ---- parts ---- */

static int check_number(struct op *op, int64_t *number)
{
    *number = value_get_int(op->call->params, "PartNumber", 0);
    if (*number >= 1 && *number <= PARTS_MAX)
        return 1;
    (void)op_refuse_text(op, "InvalidArgument",
                         "Part number must be an integer between 1 and 10000, inclusive");
    value_put_c(op->a, op->out->error, "ArgumentName", "partNumber");
    return 0;
}

static int place_part(struct op *op, const struct upload *u, int64_t number, struct str staged,
                      const struct upload_sums *sums)
{
    struct value *doc = value_map(op->a);
    struct str place = arena_printf(op->a, "%.*s/%lld", STR_ARG(u->folder), (long long)number);

    value_put_int(op->a, doc, "PartNumber", number);
    value_set(doc, STR("LastModified"), value_str(op->a, clock_iso_ms(op->a, op->cx->now_ms)));
    upload_describe(op, doc, sums);
    int rc = stage_doc(op, doc, arena_printf(op->a, "%.*s.json", STR_ARG(place)));
    if (rc == 0)
        op_effect(op, staged, place);
    return rc;
}

static struct str quoted_md5(struct op *op, const struct upload_sums *sums)
{
    return arena_printf(op->a, "\"%s\"", checksum_hex(op->a, &sums->sums, CHECKSUM_MD5).ptr);
}

static void answer_part_sum(struct op *op, const struct upload_sums *sums, struct value *output)
{
    if (sums->algorithm != CHECKSUM_NONE)
        value_set(output, checksum_member(sums->algorithm),
                  value_str(op->a, checksum_base64(op->a, &sums->sums, sums->algorithm)));
}

int run_UploadPart(struct op *op)
{
    struct value *output = outcome_output(op->cx, op->out);
    struct upload_sums sums = { 0 };
    struct upload u = { 0 };
    struct str staged = { 0 };
    int64_t number = 0;
    int rc;

    if ((rc = check_number(op, &number)) <= 0)
        return rc;
    if (op->call->body.len > PART_BYTES_MAX)
        return op_refuse(op, "EntityTooLarge");
    op_lock(op, op_param(op, "UploadId"));
    if ((rc = upload_need(op, &u)) <= 0 || (rc = upload_sum_body(op, u.algorithm, &sums)) <= 0)
        return rc;
    if (sums.algorithm != u.algorithm && value_get_bool(u.doc, "ChecksumAsked", false))
        return op_refuse_text(op, "InvalidRequest",
                              "Checksum Type mismatch occurred, expected checksum Type: %.*s, "
                              "actual checksum Type: %.*s",
                              STR_ARG(checksum_name(u.algorithm)),
                              STR_ARG(checksum_name(sums.algorithm)));
    if (sums.algorithm != u.algorithm) {
        /* The upload asked for none: keep the one that the whole will be summed with. */
        struct upload_sums own = { .algorithm = u.algorithm };
        rc = op_sum_body(op, &op->call->body, 1u << CHECKSUM_MD5 | 1u << u.algorithm, &own.sums);
        answer_part_sum(op, &sums, output);
        sums = own;
    } else {
        answer_part_sum(op, &sums, output);
    }
    if (rc < 0 || (rc = op_stage_body(op, &op->call->body, op->cx->now_ms, &staged)) < 0 ||
        (rc = place_part(op, &u, number, staged, &sums)) < 0)
        return rc;
    value_set(output, STR("ETag"), value_str(op->a, quoted_md5(op, &sums)));
    upload_answer_sse(op, value_get_c(u.doc, "Meta"), output);
    op->out->bytes_in = sums.sums.size;
    return 0;
}

/* "bytes=first-last", both given. Source: S3 API Reference, UploadPartCopy. */
static int copy_range(struct op *op, int64_t size, int64_t *first, int64_t *len)
{
    struct str header = op_param(op, "CopySourceRange");

    *first = 0;
    *len = size;
    if (header.len == 0)
        return 1;
    if (range_parse(header, INT64_MAX, first, len) != RANGE_PART ||
        str_has_suffix(header, STR("-")) || str_has_prefix(header, STR("bytes=-")))
        return op_refuse_text(op, "InvalidArgument",
                              "The x-amz-copy-source-range value must be of the form "
                              "bytes=first-last where first and last are the zero-based offsets of "
                              "the first and last bytes to copy");
    if (*first + *len > size)
        return op_refuse_text(op, "InvalidArgument",
                              "Range specified is not valid for source object of size: %lld",
                              (long long)size);
    return 1;
}

int run_UploadPartCopy(struct op *op)
{
    struct value *output = outcome_output(op->cx, op->out), *result = value_map(op->a);
    struct upload_sums sums = { 0 };
    struct copy_source from = { 0 };
    struct upload u = { 0 };
    int64_t number = 0, first = 0, len = 0;
    int rc;

    if ((rc = check_number(op, &number)) <= 0 || (rc = copy_source_open(op, &from)) <= 0 ||
        (rc = copy_range(op, from.object.size, &first, &len)) <= 0 ||
        (rc = upload_need(op, &u)) <= 0 || (rc = copy_source_stage(op, &from, first, len)) <= 0)
        return rc;
    op_lock(op, op_param(op, "UploadId")); /* after the source's lock was given back */
    if ((rc = upload_need(op, &u)) <= 0)
        return rc;
    struct body body = { .path = from.path.ptr, .len = -1 };
    sums.algorithm = u.algorithm;
    rc = op_sum_body(op, &body, 1u << CHECKSUM_MD5 | 1u << u.algorithm, &sums.sums);
    if (rc < 0 || (rc = place_part(op, &u, number, from.path, &sums)) < 0)
        return rc;
    value_set(result, STR("ETag"), value_str(op->a, quoted_md5(op, &sums)));
    value_put_time(op->a, result, "LastModified", op->cx->now_ms);
    if (value_get_bool(u.doc, "ChecksumAsked", false))
        answer_part_sum(op, &sums, result);
    value_set(output, STR("CopyPartResult"), result);
    if (from.shows_version)
        value_put_str(op->a, output, "CopySourceVersionId", from.object.version);
    upload_answer_sse(op, value_get_c(u.doc, "Meta"), output);
    return 0;
}

/* ---- lists ---- */

static struct value *initiator(struct op *op, const struct upload *u)
{
    struct value *who = value_map(op->a);
    struct str arn = value_get_str(u->doc, "Initiator");

    value_put_str(op->a, who, "ID", arn);
    return who;
}

static struct str storage_class(const struct upload *u)
{
    struct str class = value_get_str(value_get_c(u->doc, "Meta"), "StorageClass");

    return class.len > 0 ? class : STR("STANDARD");
}

static void put_checksum_kind(struct op *op, const struct upload *u, struct value *out)
{
    static const char *const members[] = { "ChecksumAlgorithm", "ChecksumType" };

    if (value_get_bool(u->doc, "ChecksumAsked", false))
        members_copy(op->a, u->doc, out, members, COUNT(members));
}

static struct value *part_entry(struct op *op, const struct part *p, bool with_sums)
{
    struct value *entry = value_map(op->a);

    value_put_int(op->a, entry, "PartNumber", p->number);
    value_put_time(op->a, entry, "LastModified", p->modified_ms);
    value_put_str(op->a, entry, "ETag", arena_printf(op->a, "\"%.*s\"", STR_ARG(p->etag)));
    value_put_int(op->a, entry, "Size", p->size);
    if (with_sums)
        upload_answer_sums(op, value_get_c(p->doc, "Checksums"), entry, false);
    return entry;
}

int run_ListParts(struct op *op)
{
    struct value *output = outcome_output(op->cx, op->out), *list = value_list(op->a);
    int64_t max = value_get_int(op->call->params, "MaxParts", LIST_MAX);
    int64_t after = value_get_int(op->call->params, "PartNumberMarker", 0), last = 0;
    bool more = false;
    struct upload u = { 0 };
    struct part *parts;
    size_t count;
    int rc = upload_need(op, &u);

    if (rc <= 0 || (rc = upload_parts(op, &u, &parts, &count)) < 0)
        return rc;
    max = max > LIST_MAX ? LIST_MAX : max;
    for (size_t i = 0; i < count && !more; i++) {
        if (parts[i].number <= after)
            continue;
        more = (int64_t)list->count == max;
        if (more)
            break;
        value_push(list, part_entry(op, &parts[i], value_get_bool(u.doc, "ChecksumAsked", false)));
        last = parts[i].number;
    }
    value_put_str(op->a, output, "Bucket", op->bucket->name);
    value_put_str(op->a, output, "Key", op->key);
    value_put_str(op->a, output, "UploadId", u.id);
    value_put_int(op->a, output, "PartNumberMarker", after);
    value_put_int(op->a, output, "NextPartNumberMarker", last);
    value_put_int(op->a, output, "MaxParts", max);
    value_put_bool(op->a, output, "IsTruncated", more);
    if (list->count > 0)
        value_set(output, STR("Parts"), list);
    value_set(output, STR("Initiator"), initiator(op, &u));
    value_set(output, STR("Owner"), op_owner(op, op->bucket->owner));
    value_put_str(op->a, output, "StorageClass", storage_class(&u));
    put_checksum_kind(op, &u, output);
    return 0;
}

static int compare_uploads(const void *a, const void *b)
{
    const struct upload *x = a, *y = b;
    int by_key = str_cmp(x->key, y->key);
    int by_time = by_key ? by_key : str_cmp(x->initiated_iso, y->initiated_iso);

    return by_time ? by_time : str_cmp(x->id, y->id);
}

static int all_uploads(struct op *op, struct upload **out, size_t *count)
{
    struct str folder = arena_printf(op->a, "uploads/%.*s", STR_ARG(op->bucket->name));
    struct object_entry *list;
    size_t n = 0;
    int rc = object_list(op->a, op->s3->root, folder, &list, &n, NULL);

    *count = 0;
    *out = arena_array(op->a, n + 1, sizeof **out);
    if (rc < 0)
        return rc == E_MISSING ? 0 : err_set(op->err, rc, "read %.*s failed", STR_ARG(folder));
    for (size_t i = 0; i < n; i++) {
        rc = list[i].is_dir ? read_upload(op, op->bucket->name, list[i].name, &(*out)[*count])
                            : E_MISSING;
        if (rc < 0 && rc != E_MISSING)
            return rc;
        *count += rc == 0;
    }
    qsort(*out, *count, sizeof **out, compare_uploads);
    return 0;
}

static struct value *upload_entry(struct op *op, const struct upload *u, struct str key)
{
    struct value *entry = value_map(op->a);
    int64_t initiated_ms = 0;

    (void)clock_parse(u->initiated_iso, &initiated_ms, NULL); /* written by us */
    value_put_str(op->a, entry, "UploadId", u->id);
    value_put_str(op->a, entry, "Key", key);
    value_put_time(op->a, entry, "Initiated", initiated_ms);
    value_put_str(op->a, entry, "StorageClass", storage_class(u));
    value_set(entry, STR("Owner"), op_owner(op, op->bucket->owner));
    value_set(entry, STR("Initiator"), initiator(op, u));
    put_checksum_kind(op, u, entry);
    return entry;
}

struct upload_page {
    struct str prefix, delimiter, key_marker, id_marker, last_key, last_id, rolled;
    int64_t max, count;
    bool encode, truncated, passed_marker;
    struct value *uploads, *prefixes;
};

static struct str shown(struct op *op, const struct upload_page *p, struct str text)
{
    struct buf out = { 0 };

    if (!p->encode)
        return text;
    uri_encode(&out, text, URI_KEEP_SLASH);
    text = arena_copy(op->a, buf_view(&out));
    buf_free(&out);
    return text;
}

/* Behind the markers: a greater key, or the same key behind the upload that the marker names. */
static bool is_behind(struct upload_page *p, const struct upload *u)
{
    int order = str_cmp(u->key, p->key_marker);
    bool passed = p->passed_marker;

    if (p->key_marker.len == 0 || order > 0)
        return true;
    if (order == 0 && str_eq(u->id, p->id_marker))
        p->passed_marker = true;
    return order == 0 && passed;
}

static void list_upload(struct op *op, struct upload_page *p, const struct upload *u)
{
    struct str rest = str_sub(u->key, p->prefix.len, u->key.len), rolled = { 0 };
    ptrdiff_t at = p->delimiter.len ? str_find(rest, p->delimiter) : -1;

    if (at >= 0)
        rolled = str_sub(u->key, 0, p->prefix.len + (size_t)at + p->delimiter.len);
    if (rolled.len > 0 && str_eq(rolled, p->rolled))
        return;
    if (p->count == p->max) {
        p->truncated = true;
        return;
    }
    p->count++;
    p->rolled = rolled;
    p->last_key = rolled.len > 0 ? rolled : u->key;
    p->last_id = rolled.len > 0 ? STR("") : u->id;
    if (rolled.len == 0) {
        value_push(p->uploads, upload_entry(op, u, shown(op, p, u->key)));
        return;
    }
    struct value *entry = value_map(op->a);
    value_put_str(op->a, entry, "Prefix", shown(op, p, rolled));
    value_push(p->prefixes, entry);
}

static void answer_uploads(struct op *op, const struct upload_page *p)
{
    struct value *output = outcome_output(op->cx, op->out);

    value_put_str(op->a, output, "Bucket", op->bucket->name);
    value_put_str(op->a, output, "KeyMarker", shown(op, p, p->key_marker));
    value_put_str(op->a, output, "UploadIdMarker", p->id_marker);
    if (p->truncated) {
        value_put_str(op->a, output, "NextKeyMarker", shown(op, p, p->last_key));
        value_put_str(op->a, output, "NextUploadIdMarker", p->last_id);
    }
    if (p->prefix.len > 0)
        value_put_str(op->a, output, "Prefix", shown(op, p, p->prefix));
    if (p->delimiter.len > 0)
        value_put_str(op->a, output, "Delimiter", shown(op, p, p->delimiter));
    value_put_int(op->a, output, "MaxUploads", p->max);
    value_put_bool(op->a, output, "IsTruncated", p->truncated);
    if (p->uploads->count > 0)
        value_set(output, STR("Uploads"), p->uploads);
    if (p->prefixes->count > 0)
        value_set(output, STR("CommonPrefixes"), p->prefixes);
    if (p->encode)
        value_put_c(op->a, output, "EncodingType", "url");
}

int run_ListMultipartUploads(struct op *op)
{
    struct upload_page p = { .prefix = op_param(op, "Prefix"),
                             .delimiter = op_param(op, "Delimiter"),
                             .key_marker = op_param(op, "KeyMarker"),
                             .id_marker = op_param(op, "UploadIdMarker"),
                             .max = value_get_int(op->call->params, "MaxUploads", LIST_MAX),
                             .encode = str_eq_c(op_param(op, "EncodingType"), "url"),
                             .uploads = value_list(op->a),
                             .prefixes = value_list(op->a) };
    struct upload *all;
    size_t count;
    int rc = all_uploads(op, &all, &count);

    if (rc < 0)
        return rc;
    p.max = p.max < 1 || p.max > LIST_MAX ? LIST_MAX : p.max;
    if (p.delimiter.len > 0 && str_has_suffix(p.key_marker, p.delimiter))
        p.rolled = p.key_marker;
    for (size_t i = 0; i < count && !p.truncated; i++)
        if (str_has_prefix(all[i].key, p.prefix) && is_behind(&p, &all[i]))
            list_upload(op, &p, &all[i]);
    answer_uploads(op, &p);
    return 0;
}
