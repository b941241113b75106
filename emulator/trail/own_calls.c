#include "emulator/trail/own_calls.h"

#include "core/aws/arn.h"
#include "core/aws/region.h"
#include "emulator/identity/identity.h"
#include "emulator/services/services.h"
#include "emulator/trail/bucket.h"

#define HOST "cloudtrail.amazonaws.com"

/* What is the same in all of CloudTrail's own calls. */
static struct call own_call(struct trail *t, struct arena *a, const char *service,
                            const char *operation)
{
    struct call call = { .cat = t->e->cat,
                         .op = cat_op_find_c(t->e->cat, service, operation),
                         .service_name = str_c(service),
                         .action = str_c(operation),
                         .who = principal_service(a, STR(HOST)),
                         .params = value_map(a),
                         .source_ip = STR(HOST),
                         .user_agent = STR(HOST),
                         .door = DOOR_SERVICE,
                         .auth = AUTH_HEADER,
                         .signature_version = STR("SigV4") };

    call.service = call.op ? cat_op_service(call.cat, call.op) : NULL;
    return call;
}

static struct call begin_call(struct trail *t, struct arena *a, const struct bucket_view *b,
                              struct str bucket, const char *operation)
{
    const struct region *region = region_find(b->region);
    struct call call = own_call(t, a, "s3", operation);

    call.region = b->region;
    call.account = b->owner;
    call.host = arena_printf(a, "%.*s.s3.%.*s.%s", STR_ARG(bucket), STR_ARG(b->region),
                             region ? region->dns_suffix : "amazonaws.com");
    value_put_str(a, call.params, "Bucket", bucket);
    engine_begin(t->e, a, &call);
    return call;
}

static int record_acl(struct trail *t, struct arena *a, const struct bucket_view *b,
                      struct str bucket, struct err *err)
{
    struct call call = begin_call(t, a, b, bucket, "GetBucketAcl");
    struct outcome out = { .output = value_map(a), .owner = b->owner };

    return engine_own_record(t->e, a, &call, &out, err);
}

/* Source: CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail": with that ACL; and
 * "Encrypting CloudTrail log files": SSE-S3 unless told otherwise. */
static int record_put(struct trail *t, struct arena *a, const struct bucket_view *b,
                      struct str bucket, const struct own_file *file, struct err *err)
{
    struct call call = begin_call(t, a, b, bucket, "PutObject");
    struct outcome out = { .output = value_map(a), .owner = b->owner, .bytes_in = file->bytes };

    value_put_str(a, call.params, "Key", file->key);
    value_put_c(a, call.params, "ACL", "bucket-owner-full-control");
    struct value *both[] = { call.params, out.output };
    for (size_t i = 0; i < COUNT(both); i++) {
        value_put_c(a, both[i], "ServerSideEncryption", file->kms_key.len ? "aws:kms" : "AES256");
        if (file->kms_key.len)
            value_put_str(a, both[i], "SSEKMSKeyId", file->kms_key);
    }
    return engine_own_record(t->e, a, &call, &out, err);
}

/* KMS is asked inside the transaction that is open: an engine that closes lets no call in.
 * Source: real records of GenerateDataKey by cloudtrail.amazonaws.com, encryptionContext. */
static int ask_kms(struct trail *t, struct arena *a, const struct trail_config *trail,
                   struct str object, struct str kms_key, struct call *call, struct outcome *out,
                   struct err *err)
{
    struct value *context = value_map(a);
    struct arn arn = { 0 };

    *call = own_call(t, a, "kms", "GenerateDataKey");
    if (arn_parse(kms_key, &arn, NULL) < 0)
        return err_set(err, E_PARSE, "no ARN of a key: %.*s", STR_ARG(kms_key));
    call->region = arn.region;
    call->account = arn.account;
    call->invoked_by = call->host = STR(HOST);
    value_put_str(a, call->params, "KeyId", kms_key);
    value_put_str(a, context, "aws:cloudtrail:arn", trail->arn);
    value_put_str(a, context, "aws:s3:arn",
                  arena_printf(a, "arn:%.*s:s3:::%.*s", STR_ARG(region_partition(trail->home)),
                               STR_ARG(object)));
    value_set(call->params, STR("EncryptionContext"), context);
    value_put_c(a, call->params, "KeySpec", "AES_256");
    engine_begin(t->e, a, call);
    struct ctx cx = { .e = t->e, .a = a, .now_ms = call->time_ms };
    rng_init(&cx.rng, t->e->seed, str_hash(call->event_id));
    *out = (struct outcome){ 0 };
    return kms_GenerateDataKey(&cx, call, out, err);
}

static int record_seal(struct trail *t, struct arena *a, const struct trail_config *trail,
                       struct str bucket, const struct own_file *file, struct err *err)
{
    struct outcome out;
    struct call call;

    if (file->kms_key.len == 0)
        return 0;
    struct str object = arena_printf(a, "%.*s/%.*s", STR_ARG(bucket), STR_ARG(file->key));
    int rc = ask_kms(t, a, trail, object, file->kms_key, &call, &out, err);
    return rc < 0 ? rc : engine_own_record(t->e, a, &call, &out, err);
}

int own_calls_may_seal(struct trail *t, struct arena *a, const struct trail_config *trail,
                       struct str bucket, const char **out_code, struct err *err)
{
    struct outcome out = { 0 };
    struct call call;

    store_lock(t->e->store);
    int rc = store_begin(t->e->store, err);
    if (rc == 0) {
        rc = ask_kms(t, a, trail, bucket, config_now(trail)->kms_key, &call, &out, err);
        store_rollback(t->e->store); /* nothing of it happened */
    }
    store_unlock(t->e->store);
    *out_code = outcome_refused(&out) ? arena_printf(a, "KMS.%.*s", STR_ARG(out.code)).ptr : NULL;
    return rc;
}

int own_calls_record(struct trail *t, struct arena *a, const struct trail_config *trail,
                     struct str bucket, const struct own_file *files, struct err *err)
{
    struct bucket_view b;

    if (!files ||
        (str_eq_c(trail->name, TRAIL_DEFAULT_NAME) && str_eq_c(bucket, TRAIL_DEFAULT_BUCKET)))
        return 0;
    int rc = bucket_view(t->e->store, a, bucket, &b, err);

    if (rc < 0 || !b.exists)
        return rc;
    rc = record_acl(t, a, &b, bucket, err);
    for (; rc == 0 && files; files = files->next)
        if ((rc = record_seal(t, a, trail, bucket, files, err)) == 0)
            rc = record_put(t, a, &b, bucket, files, err);
    return rc;
}

static bool is_own(const struct journal_entry *entry)
{
    const struct record_facts *f = &entry->facts;

    return (str_eq_c(f->event_source, "s3.amazonaws.com") ||
            str_eq_c(f->event_source, "kms.amazonaws.com")) &&
           f->identity_arn.len == 0 && f->access_key_id.len == 0 &&
           str_find(str_sub(entry->record, 0, 256),
                    STR("{\"type\":\"AWSService\",\"invokedBy\":\"" HOST "\"}")) >= 0;
}

bool own_calls_alone(struct trail *t, uint64_t position)
{
    struct arena a = { 0 };
    struct journal_entry entry;
    bool alone = true;

    while (alone && journal_next(t->journal, &a, &position, &entry)) {
        alone = is_own(&entry);
        arena_reset(&a);
    }
    arena_free(&a);
    return alone && position >= journal_end(t->journal);
}
