/* The calls on buckets themselves: create, delete, head, list, location. */
#include "core/aws/region.h"
#include "core/base/fs.h"
#include "emulator/services/s3/acl.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/listing.h"
#include "emulator/services/s3.h"
#include "emulator/store/objects.h"

#define LIST_BUCKETS_MAX 10000 /* Source: S3 API Reference, ListBuckets, max-buckets */
#define HOME_REGION      "us-east-1"

/* Where the bucket goes; *out empty: refused. Source: S3 API Reference, CreateBucket,
 * "LocationConstraint", and the answers of S3's regional endpoints. */
static void choose_region(struct op *op, struct str *out)
{
    struct str asked = op->call->region;
    struct str wish = value_get_str(value_get_c(op->call->params, "CreateBucketConfiguration"),
                                    "LocationConstraint");
    bool home = str_eq_c(asked, HOME_REGION) || !region_find(asked); /* s3cmd signs for "US" */

    *out = STR("");
    if (str_eq_c(wish, "EU"))
        wish = STR("eu-west-1");
    if (wish.len == 0 && home)
        *out = STR(HOME_REGION);
    else if (wish.len == 0)
        (void)op_refuse(op, "IllegalLocationConstraintException");
    else if (!region_find(wish) || str_eq_c(wish, HOME_REGION))
        (void)op_refuse_with(op, "InvalidLocationConstraint", "LocationConstraint", wish);
    else if (!home && !str_eq(wish, asked))
        (void)op_refuse_text(op, "IllegalLocationConstraintException",
                             "The %.*s location constraint is incompatible for the region specific "
                             "endpoint this request was sent to.",
                             STR_ARG(wish));
    else
        *out = wish;
}

static struct value *object_lock_enabled(struct arena *a)
{
    struct value *lock = value_map(a);

    value_put_c(a, lock, "ObjectLockEnabled", "Enabled");
    return lock;
}

static int fill_new_bucket(struct op *op, struct value *doc)
{
    struct value *params = op->call->params, *status = value_map(op->a);
    struct str ownership = op_param(op, "ObjectOwnership");
    struct value *tags = value_get_c(value_get_c(params, "CreateBucketConfiguration"), "Tags");

    if (ownership.len > 0)
        value_put_str(op->a,
                      value_at(value_get_c(value_get_c(doc, "OwnershipControls"), "Rules"), 0),
                      "ObjectOwnership", ownership);
    if (value_get_bool(params, "ObjectLockEnabledForBucket", false)) {
        value_put_c(op->a, status, "Status", "Enabled");
        value_set(doc, STR("Versioning"), status);
        value_set(doc, STR("ObjectLockConfiguration"), object_lock_enabled(op->a));
    }
    if (value_first(tags)) {
        struct value *tagging = value_map(op->a);
        value_set(tagging, STR("TagSet"), value_copy(op->a, tags));
        value_set(doc, STR("Tagging"), tagging);
    }
    return acl_of_new_bucket(op, doc);
}

static int answer_created(struct op *op, struct str name, struct str region)
{
    struct value *output = outcome_output(op->cx, op->out);
    struct str location = str_eq_c(region, HOME_REGION)
                              ? arena_printf(op->a, "/%.*s", STR_ARG(name))
                              : arena_printf(op->a, "http://%.*s.s3.amazonaws.com/", STR_ARG(name));

    value_put_str(op->a, output, "Location", location);
    return 0;
}

int run_CreateBucket(struct op *op)
{
    struct str name = op_param(op, "Bucket"), region;
    const struct bucket *old;
    int rc;

    if (!bucket_name_is_valid(name))
        return op_refuse(op, "InvalidBucketName");
    if (op->call->who->type == PRINCIPAL_ANONYMOUS)
        return op_refuse(op, "AccessDenied");
    choose_region(op, &region);
    if (region.len == 0)
        return 0;
    rc = bucket_hold(op->s3, name, BUCKET_FRESH, &old, op->err);
    if (rc == 0) {
        bool mine = str_eq(old->owner, op->call->account);
        /* Source: S3 API Reference, CreateBucket: us-east-1 answers 200 for one's own bucket. */
        bool again = mine && str_eq_c(old->region, HOME_REGION) && str_eq_c(region, HOME_REGION);
        bucket_drop(old);
        if (again)
            return answer_created(op, name, region);
        return op_refuse(op, mine ? "BucketAlreadyOwnedByYou" : "BucketAlreadyExists");
    }
    if (rc != E_MISSING)
        return rc;
    struct value *doc = bucket_new(op->a, region, op->cx->now_ms);
    rc = fill_new_bucket(op, doc);
    if (rc < 0 || outcome_refused(op->out))
        return rc;
    rc = fs_mkdirs(op_file(op, arena_printf(op->a, "buckets/%.*s", STR_ARG(name))).ptr, op->err);
    if (rc == 0)
        rc = bucket_save(op, name, op->call->account, doc);
    return rc < 0 ? rc : answer_created(op, name, region);
}

static int holds_anything(struct op *op, enum walk_tree tree)
{
    struct walk w = { .tree = tree, .bucket = op->bucket->name };
    struct str key;
    int rc = walk_start(&w, op->a, op->s3->root, op->err);

    return rc < 0 ? rc : walk_next(&w, &key, op->err);
}

int run_DeleteBucket(struct op *op)
{
    static const char *const tops[] = { "buckets", "meta", "versions", "uploads" };
    int rc = holds_anything(op, WALK_OBJECTS);

    if (rc > 0)
        return op_refuse(op, "BucketNotEmpty");
    if (rc == 0)
        rc = holds_anything(op, WALK_VERSIONS);
    if (rc > 0)
        return op_refuse_text(op, "BucketNotEmpty",
                              "The bucket you tried to delete is not empty. You must delete all "
                              "versions in the bucket.");
    for (size_t i = 0; rc == 0 && i < COUNT(tops); i++)
        op_effect(op, arena_printf(op->a, "%s/%.*s", tops[i], STR_ARG(op->bucket->name)), STR(""));
    return rc < 0 ? rc : bucket_delete(op);
}

int run_HeadBucket(struct op *op)
{
    struct value *output = outcome_output(op->cx, op->out);

    value_put_str(op->a, output, "BucketRegion", op->bucket->region);
    value_put_bool(op->a, output, "AccessPointAlias", false);
    return 0;
}

int run_GetBucketLocation(struct op *op)
{
    struct value *output = outcome_output(op->cx, op->out);

    if (!str_eq_c(op->bucket->region, HOME_REGION)) /* which S3 leaves empty */
        value_put_str(op->a, output, "LocationConstraint", op->bucket->region);
    return 0;
}

static struct value *list_entry(struct op *op, const struct doc *d, bool paged)
{
    struct value *entry = value_map(op->a);
    struct str region = value_get_str(d->value, "Region");

    value_put_str(op->a, entry, "Name", d->key.id);
    value_put_time(op->a, entry, "CreationDate", value_get_time(d->value, "CreationDate", 0));
    if (paged)
        value_put_str(op->a, entry, "BucketRegion", region);
    return entry;
}

int run_ListBuckets(struct op *op)
{
    struct value *output = outcome_output(op->cx, op->out), *buckets = value_list(op->a);
    struct str token = op_param(op, "ContinuationToken"), region = op_param(op, "BucketRegion");
    struct str after = { 0 }, prefix = op_param(op, "Prefix");
    int64_t max = value_get_int(op->call->params, "MaxBuckets", LIST_BUCKETS_MAX);
    bool paged = param_has(op->call, "MaxBuckets") || prefix.len || region.len || token.len;
    struct doc *docs;
    size_t count = 0;
    int rc;

    if (max < 1 || max > LIST_BUCKETS_MAX)
        return op_refuse_text(op, "InvalidArgument",
                              "Argument max-buckets must be an integer between 1 and 10000");
    if (token.len > 0 && !page_after(op->cx, op->call, token, &after))
        return op_refuse_text(op, "InvalidArgument",
                              "The continuation token provided is incorrect");
    struct doc_key key = {
        .account = op->call->account, .service = STR("s3"), .type = STR("Bucket"), .id = prefix
    };
    rc = store_doc_list(op->s3->e->store, op->a, key, after, 0, &docs, &count, op->err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (region.len > 0 && !str_eq(value_get_str(docs[i].value, "Region"), region))
            continue;
        if (buckets->count == (uint64_t)max) {
            const struct value *last = buckets->u.kids.last;
            value_put_str(op->a, output, "ContinuationToken",
                          page_token(op->cx, op->call, value_get_str(last, "Name")));
            break;
        }
        value_push(buckets, list_entry(op, &docs[i], paged));
    }
    value_set(output, STR("Buckets"), buckets);
    value_set(output, STR("Owner"), op_owner(op, op->call->account));
    if (prefix.len > 0)
        value_put_str(op->a, output, "Prefix", prefix);
    return rc;
}

int s3_has_bucket(const struct engine *e, struct str name, bool *out, struct err *err)
{
    const struct bucket *b = NULL;
    int rc = bucket_hold(e->s3, name, BUCKET_CACHED, &b, err);

    if (rc < 0 && rc != E_MISSING)
        return rc;
    *out = rc == 0;
    bucket_drop(b);
    return 0;
}
