#include "emulator/services/s3/sse_kms.h"

#include "core/aws/region.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/services/behalf.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/copy_source.h"
#include "emulator/services/s3/multipart.h"

/* Source: real records of KMS calls by S3: invokedBy, sourceIPAddress and userAgent. */
#define HOST    "s3.amazonaws.com"
#define SEEN_AS "AWS Internal"
#define OWN_KEY "alias/aws/s3"

static bool is_kms(struct str algorithm)
{
    return str_has_prefix(algorithm, STR("aws:kms"));
}

static bool writes_object(const struct op *op)
{
    static const char *const actions[] = { "PutObject", "PostObject", "CopyObject",
                                           "CreateMultipartUpload" };

    for (size_t i = 0; i < COUNT(actions); i++)
        if (str_eq_c(op->call->action, actions[i]))
            return true;
    return false;
}

/* What the client says of it before the bucket does; empty members: no KMS. */
struct wish {
    struct str algorithm, key_id, context;
    bool by_bucket_key;
};

static struct wish wish_of(const struct op *op)
{
    struct value *rule =
        value_at(value_get_c(value_get_c(op->bucket->doc, "Encryption"), "Rules"), 0);
    struct value *standard = value_get_c(rule, "ApplyServerSideEncryptionByDefault");
    struct wish w = { op_param(op, "ServerSideEncryption"), op_param(op, "SSEKMSKeyId"),
                      op_param(op, "SSEKMSEncryptionContext"),
                      param_bool(op->call, "BucketKeyEnabled",
                                 value_get_bool(rule, "BucketKeyEnabled", false)) };

    if (w.algorithm.len > 0 || op_param(op, "SSECustomerAlgorithm").len > 0)
        return w;
    w.algorithm = value_get_str(standard, "SSEAlgorithm");
    w.key_id = value_get_str(standard, "KMSMasterKeyID");
    return w;
}

/* Source: S3 User Guide, "Using server-side encryption with AWS KMS keys", encryption context: the
 * object's ARN, with a bucket key the bucket's; and what the client adds. */
struct name {
    struct str bucket, key;
};

static struct value *context_of(struct op *op, const struct name *object, struct str given,
                                bool by_bucket_key)
{
    struct value *context = value_map(op->a), *more = NULL;
    struct str text;

    if (base64_decode(op->a, given, &text, NULL) == 0 && text.len > 0 &&
        json_parse(op->a, text, &more, NULL) == 0 && more->kind == VALUE_MAP)
        context = value_copy(op->a, more);
    value_put_str(op->a, context, "aws:s3:arn",
                  arena_printf(op->a, "arn:%.*s:s3:::%.*s%s%.*s",
                               STR_ARG(region_partition(op->call->region)), STR_ARG(object->bucket),
                               by_bucket_key ? "" : "/", by_bucket_key ? 0 : (int)object->key.len,
                               object->key.len ? object->key.ptr : ""));
    return context;
}

/* Source: S3 API Reference, "List of error codes", KMS.*: what KMS said, with its prefix. */
static void refuse(struct op *op, const struct outcome *kms)
{
    struct str code = kms->code;

    *op->out = (struct outcome){ .owner = op->out->owner };
    if (str_eq_c(code, "AccessDeniedException"))
        (void)op_refuse_text(op, "AccessDenied", "%.*s", STR_ARG(kms->message));
    else
        outcome_refuse(op->a, op->out, 400, arena_printf(op->a, "KMS.%.*s", STR_ARG(code)).ptr,
                       "%.*s", STR_ARG(kms->message));
}

static int ask(struct op *op, const char *operation, struct value *params, struct outcome *kms)
{
    return behalf_call(op->cx, op->call,
                       &(struct behalf){ .service = "kms",
                                         .operation = operation,
                                         .host = HOST,
                                         .params = params,
                                         .seen_as = SEEN_AS },
                       kms, op->err);
}

static int seal(struct op *op, const struct wish *w)
{
    struct value *params = value_map(op->a);
    struct outcome kms;

    value_put_str(op->a, params, "KeyId", w->key_id.len ? w->key_id : STR(OWN_KEY));
    value_set(params, STR("EncryptionContext"),
              context_of(op, &(struct name){ op_param(op, "Bucket"), op->key }, w->context,
                         w->by_bucket_key));
    value_put_c(op->a, params, "KeySpec", "AES_256");
    int rc = ask(op, "GenerateDataKey", params, &kms);
    if (rc < 0)
        return rc;
    if (outcome_refused(&kms)) {
        refuse(op, &kms);
        return 0;
    }
    op->data_key = kms.output;
    return 1;
}

int sse_kms_seal(struct op *op)
{
    struct wish w = { 0 };
    int rc;

    if (!writes_object(op))
        return 1;
    op->key = op_param(op, "Key");
    rc = bucket_hold(op->s3, op_param(op, "Bucket"), BUCKET_CACHED, &op->bucket, op->err);
    if (rc == 0) { /* what will be refused anyway needs no key */
        w = wish_of(op);
        w.key_id = arena_copy(op->a, w.key_id);
        if (!is_kms(w.algorithm) || op_denied(op, op->key))
            w.algorithm = (struct str){ 0 };
        else
            w.algorithm = STR("aws:kms");
        bucket_drop(op->bucket);
        op->bucket = NULL;
    }
    if (rc < 0 && rc != E_MISSING)
        return rc;
    return w.algorithm.len > 0 ? seal(op, &w) : 1;
}

void sse_kms_keep(struct op *op, struct value *meta)
{
    const struct value *blob = value_get_c(op->data_key, "CiphertextBlob");
    struct buf text = { 0 };

    if (!blob || blob->kind != VALUE_BLOB)
        return;
    base64_encode(&text, blob->u.text);
    value_put_str(op->a, meta, "SSEKMSKeyId", value_get_str(op->data_key, "KeyId"));
    value_put_str(op->a, meta, "SealedDataKey", buf_view(&text));
    buf_free(&text);
}

static void note(struct op *op, const struct name *object, const struct value *meta)
{
    struct str sealed = value_get_str(meta, "SealedDataKey"), bytes;

    if (sealed.len == 0 || base64_decode(op->a, sealed, &bytes, NULL) < 0)
        return;
    op->to_open = value_map(op->a);
    value_set(op->to_open, STR("CiphertextBlob"), value_blob(op->a, bytes));
    value_set(op->to_open, STR("EncryptionContext"),
              context_of(op, object, value_get_str(meta, "SSEKMSEncryptionContext"),
                         value_get_bool(meta, "BucketKeyEnabled", false)));
    value_put_c(op->a, op->to_open, "EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
}

void sse_kms_note(struct op *op, const struct value *meta)
{
    note(op, &(struct name){ op_param(op, "Bucket"), op->key }, meta);
}

int sse_kms_open(struct op *op)
{
    struct outcome kms;

    if (!op->to_open)
        return 0;
    int rc = ask(op, "Decrypt", op->to_open, &kms);
    if (rc == 0 && outcome_refused(&kms))
        refuse(op, &kms);
    return rc;
}

/* Source: AWS re:Post, "Why do I get an Access Denied error when I upload a large file with KMS
 * encryption": UploadPart and UploadPartCopy need kms:Decrypt of the upload's key. */
static int open_upload(struct op *op)
{
    struct value *meta;
    int rc;

    if (!str_eq_c(op->call->action, "UploadPart") && !str_eq_c(op->call->action, "UploadPartCopy"))
        return 0;
    rc = upload_object_meta(op, op_param(op, "Bucket"), &meta);
    if (rc < 0 || !meta)
        return rc;
    note(op, &(struct name){ op_param(op, "Bucket"), op_param(op, "Key") }, meta);
    return sse_kms_open(op);
}

static int open_source(struct op *op)
{
    struct copy_source from = { 0 };
    int rc = op_param(op, "CopySource").len > 0 ? copy_source_peek(op, &from) : 0;

    if (rc <= 0)
        return rc;
    note(op, &(struct name){ from.bucket, from.key }, from.object.meta);
    return sse_kms_open(op);
}

int sse_kms_open_first(struct op *op)
{
    int rc = open_source(op);

    op->to_open = NULL;
    if (rc == 0 && !outcome_refused(op->out))
        rc = open_upload(op);
    op->to_open = NULL;
    return rc < 0 ? rc : !outcome_refused(op->out);
}
