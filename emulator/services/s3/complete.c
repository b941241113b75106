/* CompleteMultipartUpload: parts checked, joined, summed, put in place. */
#include <fcntl.h>
#include <unistd.h>

#include "core/codec/uri.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/conditions.h"
#include "emulator/services/s3/copy_source.h"
#include "emulator/services/s3/multipart.h"
#include "emulator/services/s3/upload.h"
#include "emulator/store/objects.h"

#define PART_BYTES_MIN (5ll << 20) /* of all parts but the last */

static struct part *find_part(struct part *parts, size_t count, int64_t number)
{
    for (size_t i = 0; i < count; i++)
        if (parts[i].number == number)
            return &parts[i];
    return NULL;
}

static struct str unquoted(struct str etag)
{
    if (etag.len >= 2 && etag.ptr[0] == '"' && etag.ptr[etag.len - 1] == '"')
        return str_sub(etag, 1, etag.len - 2);
    return etag;
}

static int refuse_part(struct op *op, const struct upload *u, int64_t number, struct str etag)
{
    (void)op_refuse_with(op, "InvalidPart", "UploadId", u->id);
    value_put_int(op->a, op->out->error, "PartNumber", number);
    value_put_str(op->a, op->out->error, "ETag", etag);
    return 0;
}

static int refuse_small(struct op *op, const struct part *p)
{
    (void)op_refuse_with(op, "EntityTooSmall", "ETag", p->etag);
    value_put_int(op->a, op->out->error, "ProposedSize", p->size);
    value_put_int(op->a, op->out->error, "MinSizeAllowed", PART_BYTES_MIN);
    value_put_int(op->a, op->out->error, "PartNumber", p->number);
    return 0;
}

/* The parts the client lists, in its order, checked. 1, 0 refused. */
static int choose_parts(struct op *op, const struct upload *u, struct part *parts, size_t count,
                        struct part **chosen, size_t *chosen_count)
{
    const struct value *list =
        value_get_c(value_get_c(op->call->params, "MultipartUpload"), "Parts");
    int64_t before = 0;
    size_t n = 0;

    if (!list || list->kind != VALUE_LIST || list->count == 0)
        return op_refuse(op, "MalformedXML");
    *chosen = arena_array(op->a, list->count, sizeof **chosen);
    for (const struct value *v = value_first(list); v; v = v->next) {
        int64_t number = value_get_int(v, "PartNumber", 0);
        struct str etag = unquoted(value_get_str(v, "ETag"));
        struct part *p = find_part(parts, count, number);

        if (number <= before)
            return op_refuse(op, "InvalidPartOrder");
        if (!p || (value_get_c(v, "ETag") && !str_eq(etag, p->etag)))
            return refuse_part(op, u, number, etag);
        struct str given = value_get_str(v, checksum_member(u->algorithm).ptr);
        struct str have =
            value_get_str(value_get_c(p->doc, "Checksums"), checksum_member(u->algorithm).ptr);
        if (given.len > 0 && !str_eq(given, have))
            return refuse_part(op, u, number, etag);
        before = number;
        (*chosen)[n++] = *p;
    }
    for (size_t i = 0; i + 1 < n; i++)
        if ((*chosen)[i].size < PART_BYTES_MIN)
            return refuse_small(op, &(*chosen)[i]);
    *chosen_count = n;
    return 1;
}

/* One staged file of all parts. */
static int join(struct op *op, const struct upload *u, const struct part *parts, size_t count,
                struct str *staged)
{
    bool sync = op->s3->e->opt.durability == DURABILITY_DISK;
    int rc = 0, out;

    *staged = op_staging(op);
    const char *file = op_file(op, *staged).ptr;
    out = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (out < 0)
        return err_sys(op->err, "create", file);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct str path =
            arena_printf(op->a, "%.*s/%lld", STR_ARG(u->folder), (long long)parts[i].number);
        struct stat st;
        int in;

        rc = object_open(op->s3->root, path, &in, &st, op->err);
        if (rc < 0)
            break;
        rc = copy_bytes(op, in, out, -1);
        (void)close(in);
    }
    (void)close(out); /* object_touch reports what close could not */
    return rc < 0 ? rc : object_touch(op->s3->root, *staged, op->cx->now_ms, sync, op->err);
}

/* "md5(md5s of the parts)-N". Source: S3 User Guide, "Checking object integrity". */
static int whole_etag(struct op *op, const struct part *parts, size_t count, struct str *out)
{
    struct buf raw = { 0 };
    struct sums sums;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct str md5;
        rc = hex_decode(op->a, parts[i].etag, &md5, op->err);
        if (rc == 0)
            buf_add(&raw, md5);
    }
    if (rc == 0)
        rc = checksum_text(&op->s3->tables, buf_view(&raw), 1u << CHECKSUM_MD5, &sums, op->err);
    buf_free(&raw);
    if (rc == 0)
        *out = arena_printf(op->a, "%s-%zu", checksum_hex(op->a, &sums, CHECKSUM_MD5).ptr, count);
    return rc;
}

/* The whole's checksum from the parts': composite is a sum of sums, full a combination. */
static int whole_checksum(struct op *op, const struct upload *u, const struct part *parts,
                          size_t count, struct str *out)
{
    struct buf raw = { 0 };
    struct sums sums = { 0 };
    enum checksum c = u->algorithm;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct str one,
            text = value_get_str(value_get_c(parts[i].doc, "Checksums"), checksum_member(c).ptr);
        rc = base64_decode(op->a, text, &one, op->err);
        if (rc == 0 && one.len != checksum_size(c))
            rc = err_set(op->err, E_PARSE, "part %lld has no %.*s", (long long)parts[i].number,
                         STR_ARG(checksum_name(c)));
        if (rc < 0)
            break;
        buf_add(&raw, one);
        if (!u->is_composite && i == 0)
            memcpy(sums.raw[c], one.ptr, one.len);
        else if (!u->is_composite)
            checksum_combine(c, sums.raw[c], (const unsigned char *)one.ptr, parts[i].size);
    }
    if (rc == 0 && u->is_composite)
        rc = checksum_text(&op->s3->tables, buf_view(&raw), 1u << c, &sums, op->err);
    buf_free(&raw);
    if (rc == 0)
        *out = u->is_composite
                   ? arena_printf(op->a, "%s-%zu", checksum_base64(op->a, &sums, c).ptr, count)
                   : checksum_base64(op->a, &sums, c);
    return rc;
}

static struct value *describe_parts(struct op *op, const struct part *parts, size_t count)
{
    struct value *list = value_list(op->a);

    for (size_t i = 0; i < count; i++) {
        struct value *p = value_map(op->a);

        value_put_int(op->a, p, "PartNumber", parts[i].number);
        value_put_int(op->a, p, "Size", parts[i].size);
        upload_answer_sums(op, value_get_c(parts[i].doc, "Checksums"), p, false);
        value_push(list, p);
    }
    return list;
}

/* The sum the client expects of the whole. 1, 0 refused. */
static int check_whole(struct op *op, const struct upload *u, struct str sum, int64_t size)
{
    struct str given = op_param(op, checksum_member(u->algorithm).ptr);
    struct str bare = sum;

    (void)str_rcut(sum, '-', &bare, &(struct str){ 0 }); /* clients may leave the count out */
    if (given.len > 0 && !str_eq(given, sum) && !str_eq(given, bare))
        return op_refuse_text(op, "BadDigest",
                              "The %.*s you specified did not match the calculated checksum.",
                              STR_ARG(checksum_name(u->algorithm)));
    if (param_has(op->call, "MpuObjectSize") &&
        value_get_int(op->call->params, "MpuObjectSize", 0) != size)
        return op_refuse_text(
            op, "InvalidRequest",
            "The provided 'x-amz-mp-object-size' header value %lld does not match "
            "what was computed: %lld",
            (long long)value_get_int(op->call->params, "MpuObjectSize", 0), (long long)size);
    return 1;
}

static int describe_whole(struct op *op, const struct upload *u, const struct part *parts,
                          size_t count, struct value *meta)
{
    struct value *sums = value_map(op->a);
    struct str etag = { 0 }, sum = { 0 };
    int64_t size = 0;
    int rc;

    for (size_t i = 0; i < count; i++)
        size += parts[i].size;
    if ((rc = whole_etag(op, parts, count, &etag)) < 0 ||
        (rc = whole_checksum(op, u, parts, count, &sum)) < 0 ||
        (rc = check_whole(op, u, sum, size)) <= 0)
        return rc;
    value_put_int(op->a, meta, "Size", size);
    value_put_str(op->a, meta, "ETag", etag);
    value_set(sums, checksum_member(u->algorithm), value_str(op->a, sum));
    value_put_c(op->a, sums, "ChecksumType", u->is_composite ? "COMPOSITE" : "FULL_OBJECT");
    value_set(meta, STR("Checksums"), sums);
    value_set(meta, STR("Parts"), describe_parts(op, parts, count));
    return 1;
}

static void answer(struct op *op, const struct value *meta)
{
    struct value *output = outcome_output(op->cx, op->out);
    struct str host = op->call->host;

    value_put_str(op->a, output, "Location",
                  arena_printf(op->a, "http://%.*s/%.*s/%.*s", STR_ARG(host),
                               STR_ARG(op->bucket->name), STR_ARG(op->key)));
    value_put_str(op->a, output, "Bucket", op->bucket->name);
    value_put_str(op->a, output, "Key", op->key);
    value_put_str(op->a, output, "ETag",
                  arena_printf(op->a, "\"%.*s\"", STR_ARG(value_get_str(meta, "ETag"))));
    upload_answer_sums(op, value_get_c(meta, "Checksums"), output, true);
    upload_answer_sse(op, meta, output);
    op_answer_version(op, meta, output);
}

int run_CompleteMultipartUpload(struct op *op)
{
    struct part *parts, *chosen = NULL;
    size_t count, chosen_count = 0;
    struct upload u;
    struct str staged;
    int rc;

    op_lock_keys(op, (struct str[]){ op_param(op, "UploadId"), op->key }, 2);
    if ((rc = upload_need(op, &u)) <= 0 || (rc = condition_write(op)) <= 0 ||
        (rc = upload_parts(op, &u, &parts, &count)) < 0 ||
        (rc = choose_parts(op, &u, parts, count, &chosen, &chosen_count)) <= 0)
        return rc;
    struct value *meta = value_copy(op->a, value_get_c(u.doc, "Meta"));
    if ((rc = describe_whole(op, &u, chosen, chosen_count, meta)) <= 0 ||
        (rc = join(op, &u, chosen, chosen_count, &staged)) < 0 ||
        (rc = object_install(op, staged, meta, op->cx->now_ms)) < 0)
        return rc;
    op_effect(op, u.folder, STR(""));
    answer(op, meta);
    return 0;
}
