#include "emulator/trail/own_calls.h"

#include "core/aws/region.h"
#include "emulator/identity/identity.h"
#include "emulator/trail/bucket.h"

#define HOST "cloudtrail.amazonaws.com"

/* The caller's half of each call, and whose bucket it is about. */
static struct call begin_call(struct trail *t, struct arena *a, const struct bucket_view *b,
                              struct str bucket, const char *operation)
{
    const struct region *region = region_find(b->region);
    struct call call = { .cat = t->e->cat,
                         .op = cat_op_find_c(t->e->cat, "s3", operation),
                         .service_name = STR("s3"),
                         .action = str_c(operation),
                         .region = b->region,
                         .account = b->owner,
                         .who = principal_service(a, STR(HOST)),
                         .params = value_map(a),
                         .source_ip = STR(HOST),
                         .user_agent = STR(HOST),
                         .door = DOOR_SERVICE,
                         .auth = AUTH_HEADER,
                         .signature_version = STR("SigV4") };

    call.service = call.op ? cat_op_service(call.cat, call.op) : NULL;
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
    value_put_c(a, call.params, "ServerSideEncryption", "AES256");
    value_put_c(a, out.output, "ServerSideEncryption", "AES256");
    return engine_own_record(t->e, a, &call, &out, err);
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
        rc = record_put(t, a, &b, bucket, files, err);
    return rc;
}

static bool is_own(const struct journal_entry *entry)
{
    const struct record_facts *f = &entry->facts;

    return str_eq_c(f->event_source, "s3.amazonaws.com") && f->identity_arn.len == 0 &&
           f->access_key_id.len == 0 &&
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
