/* The sub-resources of a bucket: stored with it, returned as they were given. */
#include "core/aws/policy.h"
#include "core/codec/json.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/notification.h"
#include "emulator/services/s3/upload.h"

#define BUCKET_TAGS_MAX  50   /* Source: S3 API Reference, PutBucketTagging */
#define CORS_RULES_MAX   100  /* Source: S3 API Reference, PutBucketCors */
#define LIFECYCLE_MAX    1000 /* Source: S3 API Reference, PutBucketLifecycleConfiguration */
#define BY_ID_MAX        1000
#define BY_ID_PAGE       100        /* Source: S3 API Reference, ListBucketMetricsConfigurations */
#define POLICY_BYTES_MAX (20 << 10) /* Source: S3 User Guide, "Bucket policies" */

static int save(struct op *op, const struct value *doc)
{
    return bucket_save(op, op->bucket->name, op->bucket->owner, doc);
}

/* ---- what Put refuses: 1 go on, 0 refused ---- */

typedef int check_fn(struct op *op, struct value *config);

static bool one_of(struct str s, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_c(s, names[i]))
            return true;
    return false;
}

static const char *const enabled_suspended[] = { "Enabled", "Suspended" };

static int check_versioning(struct op *op, struct value *config)
{
    struct str status = value_get_str(config, "Status");

    if (!one_of(status, enabled_suspended, 2))
        return op_refuse(op, "IllegalVersioningConfigurationException");
    if (op->bucket->object_lock && !str_eq_c(status, "Enabled"))
        return op_refuse_text(op, "InvalidBucketState",
                              "An Object Lock configuration is present on this bucket, so the "
                              "versioning state cannot be changed.");
    return 1;
}

static int check_cors(struct op *op, struct value *config)
{
    static const char *const methods[] = { "GET", "PUT", "HEAD", "POST", "DELETE" };
    const struct value *rules = value_get_c(config, "CORSRules");

    if (!value_first(rules) || rules->count > CORS_RULES_MAX)
        return op_refuse(op, "MalformedXML");
    for (const struct value *r = value_first(rules); r; r = r->next) {
        if (!value_first(value_get_c(r, "AllowedMethods")) ||
            !value_first(value_get_c(r, "AllowedOrigins")))
            return op_refuse(op, "MalformedXML");
        const struct value *m = value_first(value_get_c(r, "AllowedMethods"));
        for (; m; m = m->next)
            if (!one_of(m->u.text, methods, COUNT(methods)))
                return op_refuse_text(op, "InvalidRequest",
                                      "Found unsupported HTTP method in CORS config. Unsupported "
                                      "method is %.*s",
                                      STR_ARG(m->u.text));
    }
    return 1;
}

/* S3 names a rule that came without an ID. */
static int check_lifecycle(struct op *op, struct value *config)
{
    struct value *rules = value_get_c(config, "Rules");

    if (!value_first(rules) || rules->count > LIFECYCLE_MAX)
        return op_refuse(op, "MalformedXML");
    for (struct value *r = value_first(rules); r; r = r->next) {
        static const char *const states[] = { "Enabled", "Disabled" };
        struct str id = value_get_str(r, "ID");

        if (!one_of(value_get_str(r, "Status"), states, 2))
            return op_refuse(op, "MalformedXML");
        if (id.len > 255)
            return op_refuse_text(op, "InvalidArgument",
                                  "ID length should not exceed allowed limit "
                                  "of 255");
        if (id.len == 0) {
            char *text = arena_alloc(op->a, 37);
            rng_uuid(&op->cx->rng, text);
            value_set(r, STR("ID"), value_c(op->a, text));
        }
        for (const struct value *other = r->next; other; other = other->next)
            if (id.len > 0 && str_eq(id, value_get_str(other, "ID")))
                return op_refuse_text(op, "InvalidArgument",
                                      "Rule ID must be unique. Found same ID "
                                      "for more than one rule");
    }
    return 1;
}

static int check_tagging(struct op *op, struct value *config)
{
    if (!value_get_c(config, "TagSet"))
        return op_refuse(op, "MalformedXML");
    return tags_check(op, value_get_c(config, "TagSet"), BUCKET_TAGS_MAX);
}

static int check_website(struct op *op, struct value *config)
{
    struct str suffix = value_get_str(value_get_c(config, "IndexDocument"), "Suffix");
    bool redirects = value_get_c(config, "RedirectAllRequestsTo") != NULL;

    if (!redirects && suffix.len == 0)
        return op_refuse_text(op, "InvalidArgument",
                              "A value for IndexDocument Suffix must be provided if "
                              "RedirectAllRequestsTo is empty");
    if (memchr(suffix.ptr ? suffix.ptr : "", '/', suffix.len))
        return op_refuse_text(op, "InvalidArgument", "The IndexDocument Suffix is not well formed");
    return 1;
}

static int check_logging(struct op *op, struct value *config)
{
    struct str target = value_get_str(value_get_c(config, "LoggingEnabled"), "TargetBucket");
    const struct bucket *b;
    int rc;

    if (!value_get_c(config, "LoggingEnabled"))
        return 1;
    rc = bucket_hold(op->s3, target, BUCKET_CACHED, &b, op->err);
    if (rc == E_MISSING)
        return op_refuse(op, "InvalidTargetBucketForLogging");
    if (rc < 0)
        return rc;
    bool mine = str_eq(b->owner, op->bucket->owner);
    bucket_drop(b);
    return mine ? 1 : op_refuse(op, "InvalidTargetBucketForLogging");
}

static int check_replication(struct op *op, struct value *config)
{
    if (op->bucket->versioning != VERSIONING_ENABLED)
        return op_refuse_text(op, "InvalidRequest",
                              "Versioning must be 'Enabled' on the bucket to apply a replication "
                              "configuration");
    return value_first(value_get_c(config, "Rules")) ? 1 : op_refuse(op, "MalformedXML");
}

static int check_encryption(struct op *op, struct value *config)
{
    static const char *const algorithms[] = { "AES256", "aws:kms", "aws:kms:dsse" };
    struct value *rules = value_get_c(config, "Rules");

    if (!value_first(rules) || rules->count != 1)
        return op_refuse(op, "MalformedXML");
    struct value *wish = value_get_c(value_first(rules), "ApplyServerSideEncryptionByDefault");
    struct str algorithm = value_get_str(wish, "SSEAlgorithm");
    if (wish && !one_of(algorithm, algorithms, COUNT(algorithms)))
        return op_refuse(op, "MalformedXML");
    if (str_eq_c(algorithm, "AES256") && value_get_str(wish, "KMSMasterKeyID").len > 0)
        return op_refuse_text(op, "InvalidArgument",
                              "a KMSMasterKeyID is not applicable if the default sse algorithm is "
                              "not aws:kms or aws:kms:dsse");
    if (!value_get_c(value_first(rules), "BucketKeyEnabled"))
        value_put_bool(op->a, value_first(rules), "BucketKeyEnabled", false);
    return 1;
}

static int check_ownership(struct op *op, struct value *config)
{
    static const char *const kinds[] = { "BucketOwnerPreferred", "ObjectWriter",
                                         "BucketOwnerEnforced" };
    const struct value *rules = value_get_c(config, "Rules");
    struct str kind = value_get_str(value_at(rules, 0), "ObjectOwnership");

    if (!value_first(rules) || rules->count != 1 || !one_of(kind, kinds, COUNT(kinds)))
        return op_refuse(op, "MalformedXML");
    if (str_eq_c(kind, "BucketOwnerEnforced") && value_get_c(op->bucket->doc, "Grants"))
        return op_refuse(op, "InvalidBucketAclWithObjectOwnership");
    return 1;
}

static int check_object_lock(struct op *op, struct value *config)
{
    const struct value *rule = value_get_c(value_get_c(config, "Rule"), "DefaultRetention");
    bool days = value_get_c(rule, "Days") != NULL, years = value_get_c(rule, "Years") != NULL;

    if (op->bucket->versioning != VERSIONING_ENABLED)
        return op_refuse_text(op, "InvalidBucketState",
                              "Versioning must be 'Enabled' on the bucket to apply a Object Lock "
                              "configuration");
    if (!str_eq_c(value_get_str(config, "ObjectLockEnabled"), "Enabled") ||
        (rule && (days == years || value_get_str(rule, "Mode").len == 0)))
        return op_refuse(op, "MalformedXML");
    return 1;
}

static int check_accelerate(struct op *op, struct value *config)
{
    if (memchr(op->bucket->name.ptr, '.', op->bucket->name.len))
        return op_refuse_text(op, "InvalidRequest",
                              "S3 Transfer Acceleration is not supported for "
                              "buckets with periods (.) in their names");
    return one_of(value_get_str(config, "Status"), enabled_suspended, 2)
               ? 1
               : op_refuse(op, "MalformedXML");
}

static int check_payment(struct op *op, struct value *config)
{
    static const char *const payers[] = { "BucketOwner", "Requester" };

    return one_of(value_get_str(config, "Payer"), payers, 2) ? 1 : op_refuse(op, "MalformedXML");
}

/* ---- one of a kind ---- */

struct config {
    const char *member, *param, *answer;
    check_fn *check;
    const char *error, *payer;
};

static int config_put(struct op *op, const struct config *c)
{
    struct value *doc = bucket_edit(op);
    struct value *given = value_get_c(op->call->params, c->param);

    if (!given)
        return op_refuse(op, c->check ? "MalformedXML" : "MissingRequestBodyError");
    struct value *config = value_copy(op->a, given);
    int rc = c->check ? c->check(op, config) : 1;
    if (rc <= 0)
        return rc;
    value_set(doc, str_c(c->member), config);
    return save(op, doc);
}

static int config_get(struct op *op, const struct config *c)
{
    const struct value *config = value_get_c(op->bucket->doc, c->member);
    struct value *output = outcome_output(op->cx, op->out);

    if (!config && c->error)
        return op_refuse(op, c->error);
    if (!config && c->payer)
        value_put_c(op->a, output, "Payer", c->payer);
    if (config && c->answer)
        value_set(output, str_c(c->answer), value_copy(op->a, config));
    if (config && !c->answer)
        op->out->output = value_copy(op->a, config);
    return 0;
}

static int config_delete(struct op *op, const char *member)
{
    struct value *doc = bucket_edit(op);

    (void)value_remove(doc, str_c(member)); /* deleting what is not there succeeds */
    return save(op, doc);
}

/* ---- several of a kind, by Id ---- */

static int by_id_put(struct op *op, const char *member)
{
    struct value *doc = bucket_edit(op), *all = value_get_c(doc, member);
    struct value *given = value_get_c(op->call->params, member);
    struct str id = op_param(op, "Id");

    if (!given)
        return op_refuse(op, "MalformedXML");
    if (id.len == 0 || !str_eq(id, value_get_str(given, "Id")))
        return op_refuse_text(op, "InvalidArgument",
                              "The configuration ID in the request does not match the one in the "
                              "XML");
    if (!all)
        value_set(doc, str_c(member), all = value_map(op->a));
    if (!value_get(all, id) && all->count >= BY_ID_MAX)
        return op_refuse_text(op, "TooManyConfigurations",
                              "You are attempting to create a new configuration but have already "
                              "reached the 1,000-configuration limit.");
    value_set(all, id, value_copy(op->a, given));
    return save(op, doc);
}

static int by_id_get(struct op *op, const char *member)
{
    const struct value *config =
        value_get(value_get_c(op->bucket->doc, member), op_param(op, "Id"));

    if (!config)
        return op_refuse(op, "NoSuchConfiguration");
    value_set(outcome_output(op->cx, op->out), str_c(member), value_copy(op->a, config));
    return 0;
}

static int by_id_delete(struct op *op, const char *member)
{
    struct value *doc = bucket_edit(op);

    if (!value_remove(value_get_c(doc, member), op_param(op, "Id")))
        return op_refuse(op, "NoSuchConfiguration");
    return save(op, doc);
}

/* The map's members, by Id in byte order from behind after on; NULL at the end. */
static const struct value *by_id_next(const struct value *all, struct str after)
{
    const struct value *next = NULL;

    for (const struct value *c = value_first(all); c; c = c->next)
        if (str_cmp(c->name, after) > 0 && (!next || str_cmp(c->name, next->name) < 0))
            next = c;
    return next;
}

static int by_id_list(struct op *op, const char *member)
{
    const struct value *all = value_get_c(op->bucket->doc, member), *c;
    struct value *output = outcome_output(op->cx, op->out), *list = value_list(op->a);
    struct str token = op_param(op, "ContinuationToken"), after = { 0 };

    if (token.len > 0 && !page_after(op->cx, op->call, token, &after))
        return op_refuse_text(op, "InvalidArgument",
                              "The continuation token provided is incorrect");
    while ((c = by_id_next(all, after)) && list->count < BY_ID_PAGE) {
        value_push(list, value_copy(op->a, c));
        after = arena_copy(op->a, c->name);
    }
    value_put_bool(op->a, output, "IsTruncated", c != NULL);
    if (token.len > 0)
        value_put_str(op->a, output, "ContinuationToken", token);
    if (c)
        value_put_str(op->a, output, "NextContinuationToken", page_token(op->cx, op->call, after));
    if (list->count > 0)
        value_set(output, arena_printf(op->a, "%sList", member), list);
    return 0;
}

#define CONFIG(name, member, param, answer, check, error, payer)                                   \
    static const struct config config_##name = { #member, #param, answer, check, error, payer };   \
    int run_Put##name(struct op *op)                                                               \
    {                                                                                              \
        return config_put(op, &config_##name);                                                     \
    }                                                                                              \
    int run_Get##name(struct op *op)                                                               \
    {                                                                                              \
        return config_get(op, &config_##name);                                                     \
    }
#define CONFIG_DELETE(operation, member)                                                           \
    int run_##operation(struct op *op)                                                             \
    {                                                                                              \
        return config_delete(op, #member);                                                         \
    }
#define CONFIG_BY_ID(name, member)                                                                 \
    int run_Put##name(struct op *op)                                                               \
    {                                                                                              \
        return by_id_put(op, #member);                                                             \
    }                                                                                              \
    int run_Get##name(struct op *op)                                                               \
    {                                                                                              \
        return by_id_get(op, #member);                                                             \
    }                                                                                              \
    int run_Delete##name(struct op *op)                                                            \
    {                                                                                              \
        return by_id_delete(op, #member);                                                          \
    }                                                                                              \
    int run_List##name##s(struct op *op)                                                           \
    {                                                                                              \
        return by_id_list(op, #member);                                                            \
    }
#include "emulator/services/s3/config.def"

/* Encryption is never off: back to AES256. Source: S3 User Guide, "Default encryption FAQ". */
int run_DeleteBucketEncryption(struct op *op)
{
    struct value *doc = bucket_edit(op);
    struct value *fresh = bucket_new(op->a, op->bucket->region, op->cx->now_ms);

    value_set(doc, STR("Encryption"), value_copy(op->a, value_get_c(fresh, "Encryption")));
    return save(op, doc);
}

/* ---- policy ---- */

int run_PutBucketPolicy(struct op *op)
{
    struct str text = op_param(op, "Policy");
    struct value *doc = bucket_edit(op);
    struct policy *policy;
    struct err why = { 0 };

    if (text.len == 0 || str_trim(text).ptr[0] != '{')
        return op_refuse(op, "MalformedPolicy");
    if (text.len > POLICY_BYTES_MAX)
        return op_refuse_text(op, "PolicyTooLarge",
                              "The policy exceeds the maximum allowed document "
                              "size.");
    if (policy_parse(op->a, text, POLICY_RESOURCE, &policy, &why) < 0)
        return op_refuse_text(op, "MalformedPolicy", "%s", why.text);
    const struct value *block = value_get_c(op->bucket->doc, "PublicAccessBlock");
    if (value_get_bool(block, "BlockPublicPolicy", false) && policy_is_public(policy))
        return op_refuse_text(op, "AccessDenied",
                              "User: %.*s is not authorized to perform: s3:PutBucketPolicy on "
                              "resource: \"arn:aws:s3:::%.*s\" because public policies are "
                              "prevented by the BlockPublicPolicy setting in S3 Block Public "
                              "Access.",
                              STR_ARG(op->call->who->arn), STR_ARG(op->bucket->name));
    value_put_str(op->a, doc, "Policy", text);
    return save(op, doc);
}

int run_GetBucketPolicy(struct op *op)
{
    struct str text = value_get_str(op->bucket->doc, "Policy");

    if (text.len == 0)
        return op_refuse(op, "NoSuchBucketPolicy");
    value_put_str(op->a, outcome_output(op->cx, op->out), "Policy", text);
    return 0;
}

int run_DeleteBucketPolicy(struct op *op)
{
    return config_delete(op, "Policy");
}

int run_GetBucketPolicyStatus(struct op *op)
{
    struct value *status = value_map(op->a);

    if (!op->bucket->policy)
        return op_refuse(op, "NoSuchBucketPolicy");
    value_put_bool(op->a, status, "IsPublic", policy_is_public(op->bucket->policy));
    value_set(outcome_output(op->cx, op->out), STR("PolicyStatus"), status);
    return 0;
}
