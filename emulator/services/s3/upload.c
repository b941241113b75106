#include "emulator/services/s3/upload.h"

#include "core/codec/uri.h"
#include "emulator/services/s3/acl.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/sse_kms.h"

#define USER_METADATA_BYTES 2048 /* Source: S3 User Guide, "Working with object metadata" */
#define OBJECT_TAGS_MAX     10   /* Source: S3 User Guide, "Categorizing your storage using tags" */

static const char *const header_members[] = {
    "ContentType",  "ContentEncoding", "ContentDisposition",      "ContentLanguage",
    "CacheControl", "Expires",         "WebsiteRedirectLocation",
};
static const char *const sse_members[] = { "ServerSideEncryption",    "SSEKMSKeyId",
                                           "SSEKMSEncryptionContext", "BucketKeyEnabled",
                                           "SSECustomerAlgorithm",    "SSECustomerKeyMD5" };
static const char *const storage_classes[] = {
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
    "GLACIER",  "DEEP_ARCHIVE",       "GLACIER_IR",
};

/* ---- tags ---- */

int tags_check(struct op *op, const struct value *tags, size_t max)
{
    size_t count = tags ? tags->count : 0;

    if (count > max && op->key.len > 0)
        return op_refuse_text(op, "BadRequest", "Object tags cannot be greater than %zu", max);
    if (count > max)
        return op_refuse_text(op, "BadRequest", "Bucket tag count cannot be greater than %zu", max);
    for (const struct value *t = value_first(tags); t; t = t->next) {
        struct str key = value_get_str(t, "Key");

        if (key.len < 1 || key.len > 128)
            return op_refuse_text(op, "InvalidTag", "The TagKey you have provided is invalid");
        if (value_get_str(t, "Value").len > 256)
            return op_refuse_text(op, "InvalidTag", "The TagValue you have provided is invalid");
        if (str_has_prefix(key, STR("aws:")))
            return op_refuse_text(op, "InvalidTag",
                                  "System tags cannot be added/updated by requester");
        for (const struct value *u = t->next; u; u = u->next)
            if (str_eq(key, value_get_str(u, "Key")))
                return op_refuse_text(op, "InvalidTag",
                                      "Cannot provide multiple Tags with the same key");
    }
    return 1;
}

int tags_from_header(struct op *op, struct str header, struct value **out)
{
    struct uri_param *pairs;
    size_t count = 0;

    *out = value_list(op->a);
    if (uri_parse_query(op->a, header, &pairs, &count, NULL) < 0)
        return op_refuse_text(op, "InvalidArgument",
                              "The header 'x-amz-tagging' shall be encoded as UTF-8 then "
                              "URLEncoded URL query parameters without tag name duplicates.");
    for (size_t i = 0; i < count; i++) {
        struct value *tag = value_map(op->a);
        value_put_str(op->a, tag, "Key", pairs[i].name);
        value_put_str(op->a, tag, "Value", pairs[i].value);
        value_push(*out, tag);
    }
    return tags_check(op, *out, OBJECT_TAGS_MAX);
}

/* ---- metadata of a new object ---- */

static int take_user_metadata(struct op *op, struct value *meta)
{
    struct value *user = value_get_c(op->call->params, "Metadata");
    size_t bytes = 0;

    for (const struct value *m = value_first(user); m; m = m->next)
        bytes += m->name.len + m->u.text.len;
    if (bytes > USER_METADATA_BYTES) {
        (void)op_refuse_with(op, "MetadataTooLarge", "MaxSizeAllowed", STR("2048"));
        value_put_int(op->a, op->out->error, "Size", (int64_t)bytes);
        return 0;
    }
    if (value_first(user))
        value_set(meta, STR("Metadata"), value_copy(op->a, user));
    return 1;
}

static int take_storage_class(struct op *op, struct value *meta)
{
    struct str class = op_param(op, "StorageClass");

    for (size_t i = 0; i < COUNT(storage_classes); i++)
        if (str_eq_c(class, storage_classes[i])) {
            if (i > 0)
                value_put_str(op->a, meta, "StorageClass", class);
            return 1;
        }
    return class.len == 0
               ? 1
               : op_refuse_with(op, "InvalidStorageClass", "StorageClassRequested", class);
}

static int take_encryption(struct op *op, struct value *meta)
{
    struct str asked = op_param(op, "ServerSideEncryption");
    struct value *rule =
        value_at(value_get_c(value_get_c(op->bucket->doc, "Encryption"), "Rules"), 0);
    struct value *wish = value_get_c(rule, "ApplyServerSideEncryptionByDefault");

    if (asked.len > 0 && !str_eq_c(asked, "AES256") && !str_eq_c(asked, "aws:kms") &&
        !str_eq_c(asked, "aws:kms:dsse"))
        return op_refuse_text(op, "InvalidArgument",
                              "The encryption method specified is not supported");
    members_copy(op->a, op->call->params, meta, sse_members, COUNT(sse_members));
    sse_kms_keep(op, meta);
    if (asked.len > 0 || op_param(op, "SSECustomerAlgorithm").len > 0)
        return 1;
    /* Source: S3 User Guide, "Setting default server-side encryption behavior": AES256 at least. */
    struct str standard = value_get_str(wish, "SSEAlgorithm");
    value_put_str(op->a, meta, "ServerSideEncryption", standard.len ? standard : STR("AES256"));
    if (value_get_str(wish, "KMSMasterKeyID").len > 0 && !op->data_key)
        value_put_str(op->a, meta, "SSEKMSKeyId", value_get_str(wish, "KMSMasterKeyID"));
    if (value_get_bool(rule, "BucketKeyEnabled", false) && str_has_prefix(standard, STR("aws:kms")))
        value_put_bool(op->a, meta, "BucketKeyEnabled", true);
    return 1;
}

/* The bucket's default retention. Source: S3 User Guide, "Default retention period". */
static void default_retention(struct op *op, struct value *meta)
{
    struct value *lock = value_get_c(op->bucket->doc, "ObjectLockConfiguration");
    struct value *rule = value_get_c(value_get_c(lock, "Rule"), "DefaultRetention");
    int64_t days = value_get_int(rule, "Days", 0) + 365 * value_get_int(rule, "Years", 0);

    if (days <= 0 || value_get_c(meta, "ObjectLockMode"))
        return;
    value_put_str(op->a, meta, "ObjectLockMode", value_get_str(rule, "Mode"));
    value_put_time(op->a, meta, "ObjectLockRetainUntilDate",
                   op->cx->now_ms + days * 24 * 3600 * 1000);
}

static int take_lock(struct op *op, struct value *meta)
{
    static const char *const members[] = { "ObjectLockMode", "ObjectLockRetainUntilDate",
                                           "ObjectLockLegalHoldStatus" };
    bool mode = param_has(op->call, "ObjectLockMode");
    bool until = param_has(op->call, "ObjectLockRetainUntilDate");

    if ((mode || until || param_has(op->call, "ObjectLockLegalHoldStatus")) &&
        !op->bucket->object_lock)
        return op_refuse_text(op, "InvalidRequest", "Bucket is missing Object Lock Configuration");
    if (mode != until)
        return op_refuse_text(op, "InvalidArgument",
                              "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must "
                              "both be supplied");
    if (until && value_get_time(op->call->params, "ObjectLockRetainUntilDate", 0) <= op->cx->now_ms)
        return op_refuse_text(op, "InvalidArgument",
                              "The retain until date must be in the future!");
    members_copy(op->a, op->call->params, meta, members, COUNT(members));
    if (op->bucket->object_lock)
        default_retention(op, meta);
    return 1;
}

/* aws-chunked named the upload's framing, which is gone; what else was said is the object's.
 * Source: S3 API Reference, "Signature calculations for the Authorization header: transferring
 * payload in multiple chunks", Content-Encoding. */
static void drop_framing(struct op *op, struct value *meta)
{
    struct str rest = value_get_str(meta, "ContentEncoding"), kept = { 0 }, token;

    while (rest.len > 0) {
        (void)str_cut(rest, ',', &token, &rest); /* the last token has no comma */
        token = str_trim(token);
        if (token.len == 0 || str_eq_nocase(token, STR("aws-chunked")))
            continue;
        kept = kept.len ? arena_printf(op->a, "%.*s,%.*s", STR_ARG(kept), STR_ARG(token)) : token;
    }
    if (kept.len > 0)
        value_put_str(op->a, meta, "ContentEncoding", kept);
    else
        (void)value_remove(meta, STR("ContentEncoding")); /* true when it was there */
}

int upload_meta(struct op *op, struct value **out)
{
    struct value *meta = value_map(op->a), *grants, *tags;
    int rc;

    members_copy(op->a, op->call->params, meta, header_members, COUNT(header_members));
    drop_framing(op, meta);
    if ((rc = take_user_metadata(op, meta)) <= 0 || (rc = take_storage_class(op, meta)) <= 0 ||
        (rc = take_encryption(op, meta)) <= 0 || (rc = take_lock(op, meta)) <= 0 ||
        (rc = acl_from_request(op, &grants)) <= 0)
        return rc;
    if (grants && !op->bucket->owner_enforced)
        value_set(meta, STR("Grants"), value_copy(op->a, grants));
    if (op_param(op, "Tagging").len > 0) {
        if ((rc = tags_from_header(op, op_param(op, "Tagging"), &tags)) <= 0)
            return rc;
        value_set(meta, STR("TagSet"), tags);
    }
    *out = meta;
    return 1;
}

/* ---- sums ---- */

/* The algorithm the request names, by value or by name; UNKNOWN for one that S3 has not. */
static enum checksum asked_algorithm(struct op *op)
{
    const struct request *q = op->call->request;
    struct str name = op_param(op, "ChecksumAlgorithm");
    struct str trailer = q ? q->trailer_checksum_name : STR("");

    for (size_t i = 0; i < CHECKSUM_COUNT; i++)
        if (param_has(op->call, checksum_member((enum checksum)i).ptr))
            return (enum checksum)i;
    if (checksum_find_header(trailer) != CHECKSUM_NONE)
        return checksum_find_header(trailer);
    if (trailer.len > 0)
        return CHECKSUM_UNKNOWN;
    return name.len > 0 ? checksum_find(name) : CHECKSUM_NONE;
}

static int check_content_md5(struct op *op, const struct sums *sums)
{
    struct str given = op_param(op, "ContentMD5"), raw, computed;

    if (!param_has(op->call, "ContentMD5"))
        return 1;
    computed = checksum_base64(op->a, sums, CHECKSUM_MD5);
    if (base64_decode(op->a, given, &raw, NULL) < 0 || raw.len != 16)
        return op_refuse_with(op, "InvalidDigest", "Content-MD5", given);
    if (str_eq(given, computed))
        return 1;
    (void)op_refuse_with(op, "BadDigest", "ExpectedDigest", given);
    value_put_str(op->a, op->out->error, "CalculatedDigest", computed);
    return 0;
}

static int check_sum(struct op *op, const struct sums *sums, enum checksum c, struct str given)
{
    struct str raw;

    if (given.len == 0)
        return 1;
    if (base64_decode(op->a, given, &raw, NULL) < 0 || raw.len != checksum_size(c))
        return op_refuse_text(op, "InvalidRequest", "Value for %.*s header is invalid.",
                              STR_ARG(checksum_header(c)));
    if (str_eq(given, checksum_base64(op->a, sums, c)))
        return 1;
    return op_refuse_text(op, "BadDigest",
                          "The %.*s you specified did not match the calculated checksum.",
                          STR_ARG(checksum_name(c)));
}

int upload_refuse_algorithm(struct op *op)
{
    return op_refuse_text(
        op, "InvalidRequest",
        "Checksum algorithm provided is unsupported. Please try again with any of "
        "the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256, SHA512, MD5, "
        "XXHASH64, XXHASH3, XXHASH128]");
}

int upload_sum_body(struct op *op, enum checksum fallback, struct upload_sums *out)
{
    const struct request *q = op->call->request;
    enum checksum c = asked_algorithm(op);
    int rc;

    if (c == CHECKSUM_UNKNOWN)
        return upload_refuse_algorithm(op);
    out->was_asked = c != CHECKSUM_NONE;
    out->algorithm = out->was_asked ? c : fallback;
    unsigned wanted = 1u << CHECKSUM_MD5;
    if (out->algorithm != CHECKSUM_NONE)
        wanted |= 1u << out->algorithm;
    rc = op_sum_body(op, &op->call->body, wanted, &out->sums);
    if (rc < 0 || (rc = check_content_md5(op, &out->sums)) <= 0)
        return rc;
    if (c == CHECKSUM_NONE)
        return 1;
    rc = check_sum(op, &out->sums, c, op_param(op, checksum_member(c).ptr));
    if (rc <= 0 || !q || checksum_find_header(q->trailer_checksum_name) != c)
        return rc;
    return check_sum(op, &out->sums, c, q->trailer_checksum);
}

/* The document's sum in a header. A header that the model knows is an object's sum
 * (CompleteMultipartUpload). */
static struct str document_sum(const struct op *op, enum checksum c)
{
    if (param_has(op->call, checksum_member(c).ptr))
        return (struct str){ 0 };
    return request_header(op->call->request, checksum_header(c).ptr);
}

int upload_check_document(struct op *op)
{
    const struct request *q = op->call->request;
    unsigned wanted = param_has(op->call, "ContentMD5") ? 1u << CHECKSUM_MD5 : 0;
    struct sums sums;

    if (!q || q->body.len == 0 || op->call->body.len > 0)
        return 1;
    for (size_t i = 0; i < CHECKSUM_COUNT; i++)
        if (document_sum(op, (enum checksum)i).len > 0)
            wanted |= 1u << i;
    if (wanted == 0)
        return 1;
    int rc = op_sum_body(op, &q->body, wanted, &sums);
    if (rc == 0)
        rc = check_content_md5(op, &sums);
    for (size_t i = 0; rc > 0 && i < CHECKSUM_COUNT; i++)
        rc = check_sum(op, &sums, (enum checksum)i, document_sum(op, (enum checksum)i));
    return rc;
}

void upload_describe(struct op *op, struct value *meta, const struct upload_sums *sums)
{
    value_put_int(op->a, meta, "Size", sums->sums.size);
    value_set(meta, STR("ETag"), value_str(op->a, checksum_hex(op->a, &sums->sums, CHECKSUM_MD5)));
    if (sums->algorithm == CHECKSUM_NONE)
        return;
    struct value *list = value_map(op->a);
    value_set(list, checksum_member(sums->algorithm),
              value_str(op->a, checksum_base64(op->a, &sums->sums, sums->algorithm)));
    value_put_c(op->a, list, "ChecksumType", "FULL_OBJECT");
    value_set(meta, STR("Checksums"), list);
}

void upload_answer_sums(struct op *op, const struct value *checksums, struct value *output,
                        bool with_type)
{
    for (const struct value *c = value_first(checksums); c; c = c->next)
        if (with_type || !str_eq_c(c->name, "ChecksumType"))
            value_set(output, c->name, value_str(op->a, c->u.text));
}

void upload_answer_sse(struct op *op, const struct value *meta, struct value *output)
{
    members_copy(op->a, meta, output, sse_members, COUNT(sse_members));
}
