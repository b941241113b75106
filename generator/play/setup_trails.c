/* Trails and their buckets. */
#include "core/codec/json.h"
#include "generator/play/setup.h"

static void enter(struct setup *u, const struct trail_plan *t)
{
    u->account = scenario_account(u->p->s, t->account)->id;
    u->at = t->at;
    u->region = t->region;
}

/* Source: CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail". */
static struct str bucket_policy(struct setup *u, const struct trail_plan *t)
{
    struct str slash = t->prefix.len > 0 ? STR("/") : STR("");

    return arena_printf(
        u->sc.a,
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"AWSCloudTrailAclCheck\","
        "\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"cloudtrail.amazonaws.com\"},"
        "\"Action\":\"s3:GetBucketAcl\",\"Resource\":\"arn:aws:s3:::%.*s\"},"
        "{\"Sid\":\"AWSCloudTrailWrite\",\"Effect\":\"Allow\","
        "\"Principal\":{\"Service\":\"cloudtrail.amazonaws.com\"},\"Action\":\"s3:PutObject\","
        "\"Resource\":\"arn:aws:s3:::%.*s/%.*s%.*sAWSLogs/*\","
        "\"Condition\":{\"StringEquals\":{\"s3:x-amz-acl\":\"bucket-owner-full-control\"}}}]}",
        STR_ARG(t->bucket), STR_ARG(t->bucket), STR_ARG(t->prefix), STR_ARG(slash));
}

static int bucket(struct setup *u, const struct trail_plan *t)
{
    struct value *with = setup_with(u, "Bucket", t->bucket, NULL);
    struct str region = u->p->s->home_region;

    for (const struct trail_plan *other = u->p->s->trails; other != t; other = other->next)
        if (str_eq(other->bucket, t->bucket))
            return 0;
    if (!str_eq_c(region, "us-east-1"))
        value_set(with, STR("CreateBucketConfiguration"),
                  setup_with(u, "LocationConstraint", region, NULL));
    u->region = (struct str){ 0 };
    int rc = setup_call(u, "s3", "CreateBucket", with, NULL);
    return rc < 0
               ? rc
               : setup_call(u, "s3", "PutBucketPolicy",
                            setup_with(u, "Bucket", t->bucket, "Policy", bucket_policy(u, t), NULL),
                            NULL);
}

/* Source: CloudTrail API Reference, PutEventSelectors. */
static int select_events(struct setup *u, const struct trail_plan *t)
{
    static const char text[] =
        "[{\"Name\":\"Management events\",\"FieldSelectors\":[{\"Field\":\"eventCategory\","
        "\"Equals\":[\"Management\"]}]},{\"Name\":\"S3 objects\",\"FieldSelectors\":["
        "{\"Field\":\"eventCategory\",\"Equals\":[\"Data\"]},{\"Field\":\"resources.type\","
        "\"Equals\":[\"AWS::S3::Object\"]}]},{\"Name\":\"Lambda functions\",\"FieldSelectors\":["
        "{\"Field\":\"eventCategory\",\"Equals\":[\"Data\"]},{\"Field\":\"resources.type\","
        "\"Equals\":[\"AWS::Lambda::Function\"]}]}]";
    struct value *with = setup_with(u, "TrailName", t->name, NULL), *selectors;
    int rc = json_parse(u->sc.a, str_c(text), &selectors, u->err);

    if (rc < 0)
        return rc;
    value_set(with, STR("AdvancedEventSelectors"), selectors);
    return setup_call(u, "cloudtrail", "PutEventSelectors", with, NULL);
}

/* Of all that the trail logs. */
static int watch_insights(struct setup *u, const struct trail_plan *t)
{
    static const char *const types[] = { "ApiCallRateInsight", "ApiErrorRateInsight" };
    struct arena *a = u->sc.a;
    struct value *with = setup_with(u, "TrailName", t->name, NULL), *selectors = value_list(a);

    for (size_t i = 0; i < COUNT(types); i++) {
        struct value *selector = value_map(a), *categories = value_list(a);

        value_push(categories, value_c(a, "Management"));
        if (t->data_events)
            value_push(categories, value_c(a, "Data"));
        value_put_c(a, selector, "InsightType", types[i]);
        value_set(selector, STR("EventCategories"), categories);
        value_push(selectors, selector);
    }
    value_set(with, STR("InsightSelectors"), selectors);
    return setup_call(u, "cloudtrail", "PutInsightSelectors", with, NULL);
}

static int trail(struct setup *u, const struct trail_plan *t)
{
    struct value *with =
        setup_with(u, "Name", t->name, "S3BucketName", t->bucket, "S3KeyPrefix", t->prefix, NULL);
    struct arena *a = u->sc.a;

    value_put_bool(a, with, "IncludeGlobalServiceEvents", t->multi_region != SAID_NO);
    value_put_bool(a, with, "IsMultiRegionTrail", t->multi_region != SAID_NO);
    value_put_bool(a, with, "EnableLogFileValidation", t->validation != SAID_NO);
    if (t->organization)
        value_put_bool(a, with, "IsOrganizationTrail", true);
    int rc = bucket(u, t);
    u->region = t->region;
    if (rc == 0)
        rc = setup_call(u, "cloudtrail", "CreateTrail", with, NULL);
    if (rc == 0 && t->data_events)
        rc = select_events(u, t);
    return rc < 0 || !t->insights ? rc : watch_insights(u, t);
}

int setup_trails(struct setup *u)
{
    int rc = 0;

    for (const struct trail_plan *t = u->p->s->trails; rc == 0 && t; t = t->next) {
        enter(u, t);
        rc = trail(u, t);
    }
    return rc;
}

int setup_start_trails(struct setup *u)
{
    int rc = 0;

    for (const struct trail_plan *t = u->p->s->trails; rc == 0 && t; t = t->next) {
        enter(u, t);
        rc =
            setup_call(u, "cloudtrail", "StartLogging", setup_with(u, "Name", t->name, NULL), NULL);
    }
    return rc;
}
