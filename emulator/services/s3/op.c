#include "emulator/services/s3/op.h"

#include <stdio.h>
#include <unistd.h>

#include "core/aws/policy.h"
#include "core/aws/region.h"
#include "core/aws/sigv4.h"
#include "core/base/limits.h"
#include "emulator/services/s3.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/cors.h"
#include "emulator/services/s3/notification.h"
#include "emulator/services/s3/pending.h"
#include "emulator/services/s3/post_policy.h"
#include "emulator/services/s3/sse_kms.h"
#include "emulator/services/s3/upload.h"
#include "emulator/store/objects.h"

static const struct s3_error {
    const char *code;
    int status;
    const char *text;
} errors[] = {
#define S3_ERROR(code, status, text) { #code, status, text },
#include "emulator/services/s3/errors.def"
#undef S3_ERROR
};

static const struct s3_error *error_find(const char *code)
{
    for (size_t i = 0; i < COUNT(errors); i++)
        if (strcmp(errors[i].code, code) == 0)
            return &errors[i];
    return NULL;
}

struct str error_text(const char *code)
{
    const struct s3_error *e = error_find(code);

    return e ? str_c(e->text) : STR("");
}

/* What S3 adds to an error by itself. Source: S3 API Reference, "Error responses". */
static void add_names(struct op *op, const char *code)
{
    struct value *more = op->out->error ? op->out->error : value_map(op->a);
    static const char *const of_buckets[] = { "NoSuchBucket", "BucketAlreadyExists",
                                              "BucketAlreadyOwnedByYou", "BucketNotEmpty",
                                              "InvalidBucketName" };

    op->out->error = more;
    if (strcmp(code, "NoSuchKey") == 0)
        value_put_str(op->a, more, "Key", op->key);
    for (size_t i = 0; i < COUNT(of_buckets); i++)
        if (strcmp(code, of_buckets[i]) == 0)
            value_put_str(op->a, more, "BucketName", op_param(op, "Bucket"));
    if (strncmp(code, "NoSuch", 6) == 0 && op->key.len == 0 && op->bucket)
        value_put_str(op->a, more, "BucketName", op->bucket->name);
}

int op_refuse(struct op *op, const char *code)
{
    const struct s3_error *e = error_find(code);

    add_names(op, code);
    outcome_refuse(op->a, op->out, e ? e->status : 400, code, "%s", e ? e->text : code);
    return 0;
}

int op_refuse_with(struct op *op, const char *code, const char *member, struct str value)
{
    (void)op_refuse(op, code); /* always 0 */
    value_put_str(op->a, op->out->error, member, value);
    return 0;
}

int op_refuse_text(struct op *op, const char *code, const char *fmt, ...)
{
    const struct s3_error *e = error_find(code);
    va_list ap;

    va_start(ap, fmt);
    struct str text = arena_vprintf(op->a, fmt, ap);
    va_end(ap);
    add_names(op, code);
    outcome_refuse(op->a, op->out, e ? e->status : 400, code, "%.*s", STR_ARG(text));
    return 0;
}

struct str op_param(const struct op *op, const char *name)
{
    return value_get_str(op->call->params, name);
}

void members_copy(struct arena *a, const struct value *from, struct value *to,
                  const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct value *v = value_get_c(from, names[i]);
        if (v)
            value_set(to, str_c(names[i]), value_copy(a, v));
    }
}

/* ---- locks, effects, staging ---- */

void op_lock_keys(struct op *op, const struct str *keys, size_t count)
{
    struct lock_set want = { 0 };

    for (size_t i = 0; i < count; i++) {
        size_t stripe = lock_stripe(op->bucket->name, keys[i]);
        want.bits[stripe / 64] |= 1ull << stripe % 64;
    }
    for (size_t stripe = 0; stripe < LOCK_COUNT; stripe++) /* one order for all: no deadlock */
        if (lock_holds(&want, stripe))
            lock_take(op->locks, stripe);
}

void op_lock(struct op *op, struct str key)
{
    lock_take(op->locks, lock_stripe(op->bucket->name, key));
}

static bool add_pending(void *arg, uint64_t position)
{
    const struct pending_key *key = arg;

    return pending_add(key->s3->pending, key, position);
}

void op_lock_to_replace(struct op *op)
{
    struct pending_key *key = arena_alloc(op->a, sizeof *key);

    *key = (struct pending_key){ op->s3, op->bucket->name, op->key, op->call->request };
    pending_enter(op->s3->pending);
    op->locks->has_entered = true;
    lock_take_as_is(op->locks, lock_stripe(op->bucket->name, op->key));
    op->out->defer = add_pending;
    op->out->defer_arg = key;
}

void op_effect(struct op *op, struct str from, struct str to)
{
    struct effect *e = arena_alloc(op->a, sizeof *e);

    e->from = from;
    e->to = to;
    *op->last_effect = e;
    op->last_effect = &e->next;
}

struct str op_staging(struct op *op)
{
    return arena_printf(op->a, "staging/s3-%016llx-%u", (unsigned long long)op->call->seq,
                        op->staged_count++);
}

int op_stage(struct op *op, struct str text, int64_t modified_ms, struct str *out)
{
    bool sync = op->s3->e->opt.durability == DURABILITY_DISK;

    if (text.len <= INLINE_BYTES) { /* the journal has them: no file on the way */
        *out = object_inline(op->a, text, modified_ms);
        return 0;
    }
    *out = op_staging(op);
    return object_stage(op->s3->root, *out, text, modified_ms, sync, op->err);
}

int op_stage_body(struct op *op, const struct body *body, int64_t modified_ms, struct str *out)
{
    bool sync = op->s3->e->opt.durability == DURABILITY_DISK;

    if (!body->path)
        return op_stage(op, body->text, modified_ms, out);
    *out = arena_copy(op->a, str_c(body->path));
    return object_touch(op->s3->root, *out, modified_ms, sync, op->err);
}

int op_sum_body(struct op *op, const struct body *body, unsigned wanted, struct sums *out)
{
    const struct checksum_tables *t = &op->s3->tables;
    struct stat st;
    int fd, rc;

    if (!body->path)
        return checksum_text(t, body->text, wanted, out, op->err);
    rc = object_open(op->s3->root, str_c(body->path), &fd, &st, op->err);
    if (rc < 0)
        return rc == E_MISSING ? E_IO : rc; /* a body that we were given is there */
    if (lseek(fd, (off_t)body->offset, SEEK_SET) < 0)
        rc = err_sys(op->err, "seek in", body->path);
    else
        rc = checksum_fd(t, fd, body->len, wanted, out, op->err);
    (void)close(fd); /* only read */
    return rc;
}

struct str op_file(struct op *op, struct str path)
{
    return arena_printf(op->a, "%s/%.*s", op->s3->e->opt.data_dir, STR_ARG(path));
}

void s3_canonical_id(struct str account, char out[65])
{
    struct arena a = { 0 };

    sha256_hex(arena_printf(&a, "canonical user of %.*s", STR_ARG(account)), out);
    arena_free(&a);
}

struct value *op_owner(struct op *op, struct str account)
{
    struct value *owner = value_map(op->a);
    char id[65];

    s3_canonical_id(account, id);
    value_put_str(op->a, owner, "ID", str_c(id));
    return owner;
}

/* ---- the way of one call ---- */

/* Operations whose permission has another name. Source: Service Authorization Reference, "Actions,
 * resources, and condition keys for Amazon S3". */
static const char *const permissions[][2] = {
    { "HeadObject", "GetObject" },
    { "PostObject", "PutObject" },
    { "GetObjectAttributes", "GetObjectAttributes" },
    { "HeadBucket", "ListBucket" },
    { "ListObjects", "ListBucket" },
    { "ListObjectsV2", "ListBucket" },
    { "ListObjectVersions", "ListBucketVersions" },
    { "ListMultipartUploads", "ListBucketMultipartUploads" },
    { "ListParts", "ListMultipartUploadParts" },
    { "CreateMultipartUpload", "PutObject" },
    { "UploadPart", "PutObject" },
    { "UploadPartCopy", "PutObject" },
    { "CompleteMultipartUpload", "PutObject" },
    { "CopyObject", "PutObject" },
    { "DeleteObjects", "DeleteObject" },
    { "GetBucketCors", "GetBucketCORS" },
    { "PutBucketCors", "PutBucketCORS" },
    { "DeleteBucketCors", "PutBucketCORS" },
    { "GetBucketLifecycleConfiguration", "GetLifecycleConfiguration" },
    { "PutBucketLifecycleConfiguration", "PutLifecycleConfiguration" },
    { "DeleteBucketLifecycle", "PutLifecycleConfiguration" },
    { "GetBucketEncryption", "GetEncryptionConfiguration" },
    { "PutBucketEncryption", "PutEncryptionConfiguration" },
    { "DeleteBucketEncryption", "PutEncryptionConfiguration" },
    { "GetBucketNotificationConfiguration", "GetBucketNotification" },
    { "PutBucketNotificationConfiguration", "PutBucketNotification" },
    { "GetBucketAccelerateConfiguration", "GetAccelerateConfiguration" },
    { "PutBucketAccelerateConfiguration", "PutAccelerateConfiguration" },
    { "GetBucketReplication", "GetReplicationConfiguration" },
    { "PutBucketReplication", "PutReplicationConfiguration" },
    { "DeleteBucketReplication", "PutReplicationConfiguration" },
    { "GetPublicAccessBlock", "GetBucketPublicAccessBlock" },
    { "PutPublicAccessBlock", "PutBucketPublicAccessBlock" },
    { "DeletePublicAccessBlock", "PutBucketPublicAccessBlock" },
    { "GetObjectLockConfiguration", "GetBucketObjectLockConfiguration" },
    { "PutObjectLockConfiguration", "PutBucketObjectLockConfiguration" },
    { "DeleteBucketTagging", "PutBucketTagging" },
    { "DeleteBucketOwnershipControls", "PutBucketOwnershipControls" },
};

static struct str permission(struct op *op)
{
    struct str action = op->call->action;
    const char *name = NULL;

    for (size_t i = 0; i < COUNT(permissions) && !name; i++)
        if (str_eq_c(action, permissions[i][0]))
            name = permissions[i][1];
    struct str found = name ? str_c(name) : action;
    bool versioned = op_param(op, "VersionId").len > 0 && op->key.len > 0 &&
                     str_has_suffix(found, STR("Object"));
    return arena_printf(op->a, "s3:%.*s%s", STR_ARG(found), versioned ? "Version" : "");
}

static struct str resource(struct op *op, struct str key)
{
    return arena_printf(op->a, "arn:%.*s:s3:::%.*s%s%.*s",
                        STR_ARG(region_partition(op->bucket->region)), STR_ARG(op->bucket->name),
                        key.len ? "/" : "", STR_ARG(key));
}

bool op_denied(struct op *op, struct str key)
{
    return op->bucket->policy && op_denied_action(op, permission(op).ptr, key);
}

bool op_denied_action(struct op *op, const char *action, struct str key)
{
    const struct principal *who = op->call->who;
    struct str names[2] = { who->arn, who->issuer_arn };
    struct str ip = op->call->source_ip, agent = op->call->user_agent;
    struct str account = who->account, arn = who->arn, prefix = op_param(op, "Prefix");
    struct str secure = STR("false"), acl = op_param(op, "ACL");
    struct policy_attr attrs[] = {
        { STR("aws:SourceIp"), &ip, ip.len > 0 },
        { STR("aws:UserAgent"), &agent, agent.len > 0 },
        { STR("aws:PrincipalAccount"), &account, account.len > 0 },
        { STR("aws:PrincipalArn"), &arn, arn.len > 0 },
        { STR("aws:SecureTransport"), &secure, 1 },
        { STR("s3:prefix"), &prefix, value_get_c(op->call->params, "Prefix") != NULL },
        { STR("s3:x-amz-acl"), &acl, acl.len > 0 },
    };
    struct policy_request q = {
        .action = str_c(action),
        .resource = resource(op, key),
        .principal = { .kind = who->type == PRINCIPAL_ANONYMOUS     ? STR("")
                               : who->type == PRINCIPAL_AWS_SERVICE ? STR("Service")
                                                                    : STR("AWS"),
                       .account = who->account,
                       .names = who->type == PRINCIPAL_AWS_SERVICE ? &who->service : names,
                       .name_count = who->type == PRINCIPAL_AWS_SERVICE || !names[1].len ? 1 : 2 },
        .attrs = attrs,
        .attr_count = COUNT(attrs),
    };

    return op->bucket->policy && policy_eval(op->a, op->bucket->policy, &q).effect == POLICY_DENY;
}

/* The caller's name, action and resource, as S3 tells them since 2023 to callers of the owner's
 * account. Source: S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors". */
int op_refuse_denied(struct op *op, struct str key)
{
    const struct principal *who = op->call->who;

    if (who->arn.len == 0 || !str_eq(who->account, op->bucket->owner))
        return op_refuse(op, "AccessDenied");
    return op_refuse_text(op, "AccessDenied",
                          "User: %.*s is not authorized to perform: %.*s on resource: \"%.*s\" "
                          "with an explicit deny in a resource-based policy",
                          STR_ARG(who->arn), STR_ARG(permission(op)), STR_ARG(resource(op, key)));
}

static bool only_reads(const struct op *op)
{
    static const char *const verbs[] = { "Get", "Head", "List" };

    for (size_t i = 0; i < COUNT(verbs); i++)
        if (str_has_prefix(op->call->action, str_c(verbs[i])))
            return true;
    return false;
}

/* A write that runs without the state lock keeps the bucket from being deleted. */
static int hold_bucket(struct op *op, struct str name, enum bucket_read how)
{
    int rc = bucket_hold(op->s3, name, how, &op->bucket, op->err);

    while (rc == 0 && how == BUCKET_CACHED && !only_reads(op) &&
           !bucket_enter(op->locks, op->bucket)) {
        bucket_drop(op->bucket);
        op->bucket = NULL;
        rc = bucket_hold(op->s3, name, how, &op->bucket, op->err);
    }
    return rc;
}

/* 1: go on; 0: refused. */
static int enter(struct op *op, enum bucket_read how)
{
    struct str name = op_param(op, "Bucket"), expected = op_param(op, "ExpectedBucketOwner");
    int rc;

    op->key = op_param(op, "Key");
    if (name.len == 0 || str_eq_c(op->call->action, "CreateBucket"))
        return 1;
    if (!bucket_name_is_valid(name)) /* S3 answers so only where it can't be a bucket of old */
        return op_refuse(op, name.len < 3 || name.len > 255 ? "InvalidBucketName" : "NoSuchBucket");
    rc = hold_bucket(op, name, how);
    if (rc == E_MISSING)
        return op_refuse(op, "NoSuchBucket");
    if (rc < 0)
        return rc;
    if (op->key.len > LIMIT_S3_KEY_BYTES) {
        (void)op_refuse_with(op, "KeyTooLongError", "MaxSizeAllowed", STR("1024"));
        value_put_int(op->a, op->out->error, "Size", (int64_t)op->key.len);
        return 0;
    }
    if (expected.len > 0 && !str_eq(expected, op->bucket->owner))
        return op_refuse(op, "AccessDenied");
    /* A root user of the owner's account can always mend the policy that locks everybody out. */
    bool mends = str_has_suffix(op->call->action, STR("BucketPolicy")) &&
                 op->call->who->type == PRINCIPAL_ROOT &&
                 str_eq(op->call->who->account, op->bucket->owner);
    if (!mends && !str_eq_c(op->call->action, "DeleteObjects") && op_denied(op, op->key))
        return op_refuse_denied(op, op->key);
    return 1;
}

static void give_back(void *arg)
{
    struct lock_set *set = arg;

    if (set->forget.len > 0)
        bucket_forget(set->s3, set->forget);
    lock_drop_all(set);
}

typedef int run_fn(struct op *op);

static int run(struct op *op, enum bucket_read how, run_fn *handler)
{
    struct effect *effects = NULL;

    op->a = op->cx->a;
    op->s3 = op->cx->e->s3;
    op->last_effect = &effects; /* cppcheck-suppress autoVariables ; op ends with this call */
    op->locks = arena_alloc(op->a, sizeof *op->locks);
    op->locks->s3 = op->s3;

    bool deletes = str_eq_c(op->call->action, "DeleteBucket");
    int rc = post_policy_check(op);
    if (rc > 0)
        rc = sse_kms_open_first(op);
    if (rc > 0)
        rc = sse_kms_seal(op);
    if (rc > 0)
        rc = !deletes || bucket_close_gate(op->locks, op_param(op, "Bucket"))
                 ? enter(op, how)
                 : op_refuse(op, "OperationAborted");
    if (op->bucket)
        op->out->owner = arena_copy(op->a, op->bucket->owner);
    if (rc > 0 && op->bucket && op->key.len == 0) { /* it may look at any key */
        int settled = pending_settle_bucket(op->s3->pending, op->bucket->name, op->err);
        rc = settled < 0 ? settled : rc;
    }
    if (rc > 0)
        rc = upload_check_document(op);
    if (rc > 0)
        rc = handler(op);
    if (rc >= 0 && op->locks->failed < 0)
        rc = err_set(op->err, op->locks->failed, "%s", op->locks->why.text);
    if (rc >= 0)
        cors_answer(op);
    if (rc >= 0 && op->bucket)
        notification_finish(op);
    bucket_drop(op->bucket);
    if (rc < 0 || outcome_refused(op->out) || (!effects && !op->out->changed)) {
        give_back(op->locks);
        return rc == 0 && !outcome_refused(op->out) ? sse_kms_open(op) : rc;
    }
    op->out->effects = effects;
    op->out->release = give_back;
    op->out->release_arg = op->locks;
    return rc;
}

#define RUN(operation, how)                                                                        \
    int s3_##operation(struct ctx *cx, const struct call *call, struct outcome *out,               \
                       struct err *err)                                                            \
    {                                                                                              \
        return run(&(struct op){ .cx = cx, .call = call, .out = out, .err = err }, how,            \
                   run_##operation);                                                               \
    }
#define SERVICE_OP(service, operation)          RUN(operation, BUCKET_FRESH)
#define SERVICE_OP_UNLOCKED(service, operation) RUN(operation, BUCKET_CACHED)
#include "emulator/services/s3.def"
