/* What a function consists of: its package, its role, its layers. */
#include "emulator/services/lambda/lambda.h"

#include "core/aws/arn.h"
#include "core/aws/sigv4.h"
#include "core/codec/uri.h"
#include "emulator/services/behalf.h"
#include "emulator/services/s3.h"
#include "emulator/store/objects.h"

/* ---- role ---- */

bool lambda_role_ok(struct job *j, struct str role_arn)
{
    struct job iam = *j;
    struct arn arn;
    struct str path, name;

    if (arn_parse(role_arn, &arn, NULL) < 0 || !str_has_prefix(arn.resource, STR("role/"))) {
        lambda_refuse(j, "ValidationException",
                      "1 validation error detected: Value '%.*s' at 'role' failed to satisfy "
                      "constraint: Member must satisfy regular expression pattern: "
                      "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
                      STR_ARG(role_arn));
        return false;
    }
    if (!str_eq(arn.account, j->account)) {
        job_refuse(j, "AccessDeniedException", "Cross-account pass role is not allowed.");
        return false;
    }
    (void)str_rcut(arn.resource, '/', &path, &name); /* it has one: "role/" */
    iam.service = "iam";
    iam.region = STR("");
    struct value *role = job_get(&iam, "Role", name);
    j->rc = iam.rc;
    if (j->rc == 0 && !(role && behalf_trusted(j->a, role, "lambda.amazonaws.com")))
        lambda_refuse(j, "InvalidParameterValueException",
                      "The role defined for the function cannot be assumed by Lambda.");
    return !job_stopped(j);
}

/* ---- package ---- */

#define ZIP_END_BYTES 22 /* of the end-of-central-directory record without its comment */

/* Source: .ZIP Application Note 4.3.16: the record stands at the end, before at most 64 KiB of
 * comment. */
static bool is_zip(struct str bytes)
{
    size_t least = bytes.len > ZIP_END_BYTES + 65535 ? bytes.len - ZIP_END_BYTES - 65535 : 0;

    for (size_t at = bytes.len; at >= least + ZIP_END_BYTES; at--)
        if (memcmp(bytes.ptr + at - ZIP_END_BYTES, "PK\5\6", 4) == 0)
            return true;
    return false;
}

static int take_zip(struct job *j, struct str bytes, struct value *doc)
{
    struct value *repository = value_map(j->a);
    struct buf text = { 0 };
    char hex[65];
    struct str raw;

    if (!is_zip(bytes))
        return lambda_refuse(
            j, "InvalidParameterValueException",
            "Could not unzip uploaded file. Please check your file, then try to upload again.");
    sha256_hex(bytes, hex);
    (void)hex_decode(j->a, str_c(hex), &raw, NULL); /* it is hex */
    base64_encode(&text, raw);
    value_put_str(j->a, doc, "CodeSha256", buf_view(&text));
    buf_free(&text);
    value_put_int(j->a, doc, "CodeSize", (int64_t)bytes.len);
    value_put_c(j->a, repository, "RepositoryType", "S3");
    value_set(doc, STR("_repository"), repository);
    return 0;
}

static int s3_refuse(struct job *j, const char *code, const char *message)
{
    return lambda_refuse(j, "InvalidParameterValueException",
                         "Error occurred while GetObject. S3 Error Code: %s. S3 Error Message: %s",
                         code, message);
}

/* Not through a GetObject of S3, which takes the key's lock before the state's: an object is read
 * as it lies, and one that is being written this moment is no zip yet. */
static int take_object(struct job *j, const struct value *from, struct value *doc)
{
    struct str bucket = value_get_str(from, "S3Bucket"), path;
    struct doc_key index = { .service = STR("s3"), .type = STR("BucketIndex"), .id = bucket };
    struct value *found;
    struct buf bytes = { 0 };
    int rc = store_doc_get(j->cx->e->store, j->a, index, &found, j->err);

    if (rc == E_MISSING)
        return s3_refuse(j, "NoSuchBucket", "The specified bucket does not exist");
    if (rc == 0)
        rc = object_path(j->a, bucket, value_get_str(from, "S3Key"), &path, j->err);
    if (rc == 0) {
        path = object_where(j->a, s3_root(j->cx->e), path);
        rc = object_read(s3_root(j->cx->e), path, &bytes, j->err);
    }
    if (rc == 0)
        rc = take_zip(j, buf_view(&bytes), doc);
    buf_free(&bytes);
    if (rc == E_MISSING)
        return s3_refuse(j, "NoSuchKey", "The specified key does not exist.");
    return rc;
}

/* No registry is asked: the digest is the one that the URI names, else a hash of the URI, so that
 * another image is another CodeSha256. */
static int take_image(struct job *j, const struct value *from, struct value *doc)
{
    struct str uri = value_get_str(from, "ImageUri"), name, digest;
    struct value *repository = value_map(j->a);
    char hex[65];

    sha256_hex(uri, hex);
    if (!str_cut(uri, '@', &name, &digest) || !str_has_prefix(digest, STR("sha256:")))
        digest = arena_printf(j->a, "sha256:%s", hex);
    if (str_find(name, STR(".dkr.ecr.")) < 0)
        return lambda_refuse(j, "InvalidParameterValueException",
                             "Source image %.*s is not valid. Provide a valid source image.",
                             STR_ARG(uri));
    value_put_str(j->a, doc, "CodeSha256", str_sub(digest, 7, digest.len));
    value_put_int(j->a, doc, "CodeSize", 0);
    value_put_c(j->a, repository, "RepositoryType", "ECR");
    value_put_str(j->a, repository, "ImageUri", uri);
    value_put_str(j->a, repository, "ResolvedImageUri",
                  arena_printf(j->a, "%.*s@%.*s", STR_ARG(name), STR_ARG(digest)));
    value_set(doc, STR("_repository"), repository);
    return 0;
}

int lambda_code(struct job *j, const struct value *from, struct value *doc)
{
    const struct value *zip = value_get_c(from, "ZipFile");

    if (value_get_c(from, "S3ObjectVersion"))
        outcome_refuse(j->a, j->out, 501, "NotImplemented",
                       "mocktrail reads a function's code from the current version of an object "
                       "only.");
    else if (value_get_str(from, "ImageUri").len > 0)
        return take_image(j, from, doc);
    else if (zip && (zip->kind == VALUE_BLOB || zip->kind == VALUE_STRING))
        return take_zip(j, zip->u.text, doc);
    else if (value_get_str(from, "S3Bucket").len > 0)
        return take_object(j, from, doc);
    else
        lambda_refuse(j, "InvalidParameterValueException",
                      "Please provide a source for function code.");
    return j->rc;
}

/* ---- layers ---- */

/* A layer of another account is believed: whether it is shared is not ours to see. */
struct value *lambda_layers(struct job *j, const struct value *arns)
{
    struct value *layers = value_list(j->a);

    for (const struct value *k = value_first(arns); k; k = k->next) {
        struct value *row = value_map(j->a);
        struct str head, layer, version, text = k->u.text;
        int64_t number = 0;
        struct arn arn;

        bool is_arn = arn_parse(text, &arn, NULL) == 0 &&
                      str_rcut(arn.resource, ':', &head, &version) &&
                      str_cut(head, ':', &head, &layer) && str_to_i64(version, &number);
        struct value *doc =
            is_arn ? job_get(j, "LayerVersion", lambda_version_id(j, layer, number)) : NULL;
        bool own = is_arn && str_eq(arn.account, j->account) && str_eq(arn.region, j->region);
        if (!is_arn || (own && !doc)) {
            lambda_refuse(j, "InvalidParameterValueException", "Layer version %.*s does not exist.",
                          STR_ARG(text));
            return layers;
        }
        value_put_str(j->a, row, "Arn", text);
        if (own)
            value_put_int(j->a, row, "CodeSize",
                          value_get_int(value_get_c(doc, "Content"), "CodeSize", 0));
        value_push(layers, row);
    }
    return layers;
}
