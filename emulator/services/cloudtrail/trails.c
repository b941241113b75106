#include "core/aws/region.h"
#include "emulator/services/behalf.h"
#include "emulator/services/cloudtrail/cloudtrail.h"
#include "emulator/trail/config.h"

#define TRAIL_LIMIT 5 /* Source: CloudTrail User Guide, "Quotas": trails a Region */

/* Members of a trail's document that answers show, and where. */
enum { SHOW_CHANGE = 1, SHOW_DESCRIBE = 2, SHOW_BOTH = 3 };
static const struct {
    const char *name;
    int where;
} members[] = {
    { "Name", SHOW_BOTH },
    { "S3BucketName", SHOW_BOTH },
    { "S3KeyPrefix", SHOW_BOTH },
    { "SnsTopicName", SHOW_BOTH },
    { "SnsTopicARN", SHOW_BOTH },
    { "IncludeGlobalServiceEvents", SHOW_BOTH },
    { "IsMultiRegionTrail", SHOW_BOTH },
    { "HomeRegion", SHOW_DESCRIBE },
    { "TrailARN", SHOW_BOTH },
    { "LogFileValidationEnabled", SHOW_BOTH },
    { "KmsKeyId", SHOW_BOTH },
    { "CloudWatchLogsLogGroupArn", SHOW_BOTH },
    { "CloudWatchLogsRoleArn", SHOW_BOTH },
    { "IsOrganizationTrail", SHOW_BOTH },
};

static struct value *show(struct arena *a, const struct value *trail, int where)
{
    struct value *v = value_map(a);

    for (size_t i = 0; i < COUNT(members); i++) {
        const struct value *m = value_get_c(trail, members[i].name);
        if (m && (members[i].where & where))
            value_set(v, str_c(members[i].name), value_copy(a, m));
    }
    if (where == SHOW_DESCRIBE) {
        bool custom = value_get_c(trail, "EventSelectors") != NULL ||
                      value_get_c(trail, "AdvancedEventSelectors") != NULL;
        value_put_bool(a, v, "HasCustomEventSelectors", custom);
        value_put_bool(a, v, "HasInsightSelectors", value_get_c(trail, "InsightSelectors") != NULL);
    }
    return v;
}

static bool options_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    struct str prefix = param_str(call, "S3KeyPrefix"), bucket = param_str(call, "S3BucketName");

    if (prefix.len > 200)
        outcome_refuse(cx->a, out, 400, "InvalidS3PrefixException",
                       "S3 prefix is longer than maximum length: 200.");
    else if (param_has(call, "S3BucketName") && (bucket.len < 3 || bucket.len > 63))
        outcome_refuse(cx->a, out, 400, "InvalidS3BucketNameException",
                       "Bucket name %.*s is not valid.", STR_ARG(bucket));
    return !outcome_refused(out);
}

/* parameter -> member of the document */
static const struct {
    const char *param, *member;
} settings[] = {
    { "S3BucketName", "S3BucketName" },
    { "S3KeyPrefix", "S3KeyPrefix" },
    { "SnsTopicName", "SnsTopicName" },
    { "IncludeGlobalServiceEvents", "IncludeGlobalServiceEvents" },
    { "IsMultiRegionTrail", "IsMultiRegionTrail" },
    { "EnableLogFileValidation", "LogFileValidationEnabled" },
    { "IsOrganizationTrail", "IsOrganizationTrail" },
    { "CloudWatchLogsLogGroupArn", "CloudWatchLogsLogGroupArn" },
    { "CloudWatchLogsRoleArn", "CloudWatchLogsRoleArn" },
};

/* CloudTrail tries the key, on record as its own call; the trail keeps the key's ARN. An empty one
 * takes it away. 1, 0 refused, < 0.
 * Source: CloudTrail API Reference, CreateTrail, errors; real records of GenerateDataKey in the
 * second of a CreateTrail. */
static int key_take(struct ctx *cx, const struct call *call, struct outcome *out, struct value *doc,
                    struct err *err)
{
    struct str key = param_str(call, "KmsKeyId"), bucket = value_get_str(doc, "S3BucketName");
    struct value *params = value_map(cx->a), *context = value_map(cx->a);
    struct outcome kms;

    if (param_has(call, "KmsKeyId") && key.len == 0)
        (void)value_remove(doc, STR("KmsKeyId")); /* or it was not there */
    if (key.len == 0)
        return 1;
    value_put_str(cx->a, context, "aws:cloudtrail:arn", value_get_str(doc, "TrailARN"));
    value_put_str(cx->a, context, "aws:s3:arn",
                  arena_printf(cx->a, "arn:%.*s:s3:::%.*s/AWSLogs/%.*s/CloudTrail/",
                               STR_ARG(region_partition(call->region)), STR_ARG(bucket),
                               STR_ARG(call->account)));
    value_put_str(cx->a, params, "KeyId", key);
    value_set(params, STR("EncryptionContext"), context);
    value_put_c(cx->a, params, "KeySpec", "AES_256");
    int rc = behalf_call(cx, call,
                         &(struct behalf){ .service = "kms",
                                           .operation = "GenerateDataKey",
                                           .host = "cloudtrail.amazonaws.com",
                                           .params = params,
                                           .is_own = true },
                         &kms, err);
    if (rc < 0)
        return rc;
    if (!outcome_refused(&kms))
        value_put_str(cx->a, doc, "KmsKeyId", value_get_str(kms.output, "KeyId"));
    else if (str_eq_c(kms.code, "AccessDeniedException"))
        outcome_refuse(cx->a, out, 400, "InsufficientEncryptionPolicyException",
                       "Insufficient permissions to access S3 bucket %.*s or KMS key %.*s.",
                       STR_ARG(bucket), STR_ARG(key));
    else if (str_eq_c(kms.code, "NotFoundException"))
        outcome_refuse(cx->a, out, 400, "KmsKeyNotFoundException", "KMS key %.*s is not found.",
                       STR_ARG(key));
    else
        outcome_refuse(cx->a, out, 400, "KmsException", "%.*s", STR_ARG(kms.message));
    return !outcome_refused(out);
}

/* An empty one takes it away. */
static const char *const taken_away[] = { "S3KeyPrefix", "SnsTopicName",
                                          "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn" };

static void settings_take(struct ctx *cx, const struct call *call, struct value *doc)
{
    for (size_t i = 0; i < COUNT(settings); i++)
        if (param_has(call, settings[i].param))
            value_set(doc, str_c(settings[i].member),
                      value_copy(cx->a, param(call, settings[i].param)));
    for (size_t i = 0; i < COUNT(taken_away); i++)
        if (value_get_str(doc, taken_away[i]).len == 0)
            (void)value_remove(doc, str_c(taken_away[i])); /* or it was not there */
    if (param_bool(call, "IsMultiRegionTrail", false) &&
        !param_has(call, "IncludeGlobalServiceEvents"))
        value_put_bool(cx->a, doc, "IncludeGlobalServiceEvents", true);
}

static bool settings_fit(struct ctx *cx, struct outcome *out, const struct value *doc)
{
    if (value_get_bool(doc, "IsMultiRegionTrail", false) &&
        !value_get_bool(doc, "IncludeGlobalServiceEvents", true))
        outcome_refuse(cx->a, out, 400, "InvalidParameterCombinationException",
                       "Multi-Region trail must include global service events.");
    return !outcome_refused(out);
}

/* Only the management account may have one. *org_id stays empty for other trails. 1, 0 refused. */
static int organization_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                           const struct value *doc, struct str *org_id, struct err *err)
{
    struct str management;

    *org_id = (struct str){ 0 };
    if (!value_get_bool(doc, "IsOrganizationTrail", false))
        return 1;
    int rc = config_organization(cx->e->store, cx->a, call->account, &management, org_id, err);
    if (rc < 0)
        return rc;
    if (org_id->len == 0)
        outcome_refuse(cx->a, out, 400, "OrganizationsNotInUseException",
                       "The account is not a member of an organization.");
    else if (!str_eq(management, call->account))
        outcome_refuse(cx->a, out, 400, "NotOrganizationMasterAccountException",
                       "The account is not the management account of the organization.");
    return !outcome_refused(out);
}

static int is_free(struct ctx *cx, const struct call *call, struct outcome *out, struct str name,
                   struct err *err)
{
    struct doc *docs;
    size_t count, own = 0;
    int rc = ct_visible(cx, call, call->region, &docs, &count, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count; i++) {
        own += !ct_is_default(&docs[i]); /* the one that nobody made leaves room for five */
        if (str_eq(docs[i].key.id, name)) {
            outcome_refuse(cx->a, out, 400, "TrailAlreadyExistsException",
                           "Trail %.*s already exists for customer: %.*s", STR_ARG(name),
                           STR_ARG(call->account));
            return 0;
        }
    }
    if (own >= TRAIL_LIMIT)
        outcome_refuse(cx->a, out, 400, "MaximumNumberOfTrailsExceededException",
                       "User: %.*s already has %d trails in %.*s.", STR_ARG(call->account),
                       TRAIL_LIMIT, STR_ARG(call->region));
    return !outcome_refused(out);
}

static struct value *new_trail(struct ctx *cx, const struct call *call, struct str name)
{
    struct value *doc = value_map(cx->a);

    value_put_str(cx->a, doc, "Name", name);
    value_put_bool(cx->a, doc, "IncludeGlobalServiceEvents", true);
    value_put_bool(cx->a, doc, "IsMultiRegionTrail", false);
    value_put_str(cx->a, doc, "HomeRegion", call->region);
    value_put_str(cx->a, doc, "TrailARN", ct_arn(cx, call->region, call->account, name));
    value_put_bool(cx->a, doc, "LogFileValidationEnabled", false);
    value_put_bool(cx->a, doc, "IsOrganizationTrail", false);
    value_put_bool(cx->a, doc, "IsLogging", false);
    settings_take(cx, call, doc);
    if (param_has(call, "TagsList"))
        value_set(doc, STR("TagsList"), value_copy(cx->a, param(call, "TagsList")));
    return doc;
}

int cloudtrail_CreateTrail(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct str name = param_str(call, "Name"), org_id;
    struct ct_trail t = { .key = config_key(call->account, call->region, "Trail", name) };
    int rc;

    if (!ct_name_ok(cx, out, name) || !options_ok(cx, call, out))
        return 0;
    t.doc = new_trail(cx, call, name);
    if (!settings_fit(cx, out, t.doc))
        return 0;
    if ((rc = is_free(cx, call, out, name, err)) <= 0 ||
        (rc = organization_ok(cx, call, out, t.doc, &org_id, err)) <= 0 ||
        (rc = ct_bucket_ok(cx, call, out, t.doc, org_id, err)) <= 0 ||
        (rc = ct_log_group_ok(cx, call, out, t.doc, err)) <= 0 ||
        (rc = ct_topic_ok(cx, call, out, t.doc, err)) <= 0 ||
        (rc = key_take(cx, call, out, t.doc, err)) <= 0)
        return rc;
    rc = store_doc_put(cx->e->store, ct_status_key(&t), value_map(cx->a), err);
    if (rc == 0)
        rc = ct_save(cx, call, &t, err);
    out->changed = true;
    out->output = show(cx->a, t.doc, SHOW_CHANGE);
    return rc;
}

int cloudtrail_UpdateTrail(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct ct_trail t;
    struct str org_id;
    int rc = ct_find(cx, call, out, param_str(call, "Name"), CT_CHANGE, &t, err);

    if (rc < 0 || !t.doc || !options_ok(cx, call, out))
        return rc;
    settings_take(cx, call, t.doc);
    if (!settings_fit(cx, out, t.doc))
        return 0;
    if ((rc = organization_ok(cx, call, out, t.doc, &org_id, err)) <= 0)
        return rc;
    bool moves = param_has(call, "S3BucketName") || param_has(call, "S3KeyPrefix") ||
                 param_has(call, "IsOrganizationTrail");
    if (moves && (rc = ct_bucket_ok(cx, call, out, t.doc, org_id, err)) <= 0)
        return rc;
    bool logs =
        param_has(call, "CloudWatchLogsLogGroupArn") || param_has(call, "CloudWatchLogsRoleArn");
    if (logs && (rc = ct_log_group_ok(cx, call, out, t.doc, err)) <= 0)
        return rc;
    if ((param_has(call, "SnsTopicName") && (rc = ct_topic_ok(cx, call, out, t.doc, err)) <= 0) ||
        (rc = key_take(cx, call, out, t.doc, err)) <= 0)
        return rc;
    out->changed = true;
    out->output = show(cx->a, t.doc, SHOW_CHANGE);
    return ct_save(cx, call, &t, err);
}

int cloudtrail_DeleteTrail(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct ct_trail t;
    int rc = ct_find(cx, call, out, param_str(call, "Name"), CT_CHANGE, &t, err);

    if (rc < 0 || !t.doc)
        return rc;
    out->changed = true;
    (void)outcome_output(cx, out);
    rc = store_doc_delete(cx->e->store, t.key, err);
    if (rc == 0)
        rc = store_doc_delete(cx->e->store, ct_status_key(&t), err);
    return rc < 0 ? rc : ct_changed(cx, call, &t, err);
}

static bool is_named(const struct call *call, const struct doc *trail)
{
    const struct value *names = param(call, "trailNameList");
    struct str arn = value_get_str(trail->value, "TrailARN");

    if (!value_first(names))
        return true;
    for (const struct value *n = value_first(names); n; n = n->next)
        if (n->kind == VALUE_STRING && (str_eq(n->u.text, trail->key.id) || str_eq(n->u.text, arn)))
            return true;
    return false;
}

int cloudtrail_DescribeTrails(struct ctx *cx, const struct call *call, struct outcome *out,
                              struct err *err)
{
    bool shadows = param_bool(call, "includeShadowTrails", true);
    struct value *list = value_list(cx->a);
    struct doc *docs;
    size_t count;
    int rc = ct_visible(cx, call, call->region, &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (is_named(call, &docs[i]) && (shadows || str_eq(docs[i].key.region, call->region)))
            value_push(list, show(cx->a, docs[i].value, SHOW_DESCRIBE));
    value_set(outcome_output(cx, out), STR("trailList"), list);
    return rc;
}

int cloudtrail_GetTrail(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct err *err)
{
    struct ct_trail t;
    int rc = ct_find(cx, call, out, param_str(call, "Name"), CT_READ, &t, err);

    if (rc == 0 && t.doc)
        value_set(outcome_output(cx, out), STR("Trail"), show(cx->a, t.doc, SHOW_DESCRIBE));
    return rc;
}

int cloudtrail_ListTrails(struct ctx *cx, const struct call *call, struct outcome *out,
                          struct err *err)
{
    struct value *list = value_list(cx->a);
    struct doc *docs;
    size_t count;
    int rc = ct_visible(cx, call, STR(""), &docs, &count, err);

    if (param_has(call, "NextToken")) { /* all stand on the first page: no token was ever given */
        outcome_refuse(cx->a, out, 400, "InvalidNextTokenException", "The token is not valid.");
        return 0;
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct value *v = value_map(cx->a);
        value_put_str(cx->a, v, "TrailARN", value_get_str(docs[i].value, "TrailARN"));
        value_put_str(cx->a, v, "Name", docs[i].key.id);
        value_put_str(cx->a, v, "HomeRegion", docs[i].key.region);
        value_push(list, v);
    }
    value_set(outcome_output(cx, out), STR("Trails"), list);
    return rc;
}
