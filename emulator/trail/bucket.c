#include "emulator/trail/bucket.h"

int bucket_view(struct store *s, struct arena *a, struct str name, struct bucket_view *out,
                struct err *err)
{
    struct doc_key index = { .service = STR("s3"), .type = STR("BucketIndex"), .id = name };
    struct doc_key key = { .service = STR("s3"), .type = STR("Bucket"), .id = name };
    struct value *doc;
    struct bucket_view b = { 0 };
    int rc = store_doc_get(s, a, index, &doc, err);

    if (rc == 0) {
        b.owner = key.account = value_get_str(doc, "Owner");
        rc = store_doc_get(s, a, key, &doc, err);
    }
    if (rc == 0) {
        struct str text = value_get_str(doc, "Policy");
        b.exists = true;
        b.region = value_get_str(doc, "Region");
        if (text.len > 0 && policy_parse(a, text, POLICY_RESOURCE, &b.policy, NULL) < 0)
            b.policy = NULL; /* PutBucketPolicy lets none in that can't be read */
    }
    if (rc < 0 && rc != E_MISSING)
        return rc;
    *out = b;
    return 0;
}

/* Source: CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail": the condition keys that
 * such policies use. */
enum policy_effect bucket_ask(struct arena *a, const struct bucket_view *b, const char *action,
                              struct str resource, struct str trail_arn, struct str account)
{
    struct str acl = STR("bucket-owner-full-control"), host = STR("cloudtrail.amazonaws.com");
    const struct policy_attr attrs[] = {
        { STR("aws:SourceArn"), &trail_arn, 1 },
        { STR("aws:SourceAccount"), &account, 1 },
        { STR("s3:x-amz-acl"), &acl, 1 },
    };
    const struct policy_request q = {
        .action = str_c(action),
        .resource = resource,
        .principal = { .kind = STR("Service"), .names = &host, .name_count = 1 },
        .attrs = attrs,
        .attr_count = COUNT(attrs),
    };

    return b->policy ? policy_eval(a, b->policy, &q).effect : POLICY_NO_MATCH;
}
