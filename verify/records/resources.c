/* resources[]: what a call was about. Source: CloudTrail User Guide, "resources"; real records. */
#include "verify/records/check.h"
#include "verify/records/form.h"

static const char *path_of(struct check *c, size_t i, const char *member)
{
    return arena_printf(&c->out->arena, "resources[%zu]%s%s", i, *member ? "." : "", member).ptr;
}

static void check_members_of(struct check *c, const struct scan_node *resource, size_t i)
{
    static const char *const known[] = { "ARN", "ARNPrefix", "accountId", "type" };

    for (const struct scan_node *n = scan_first(resource); n; n = scan_after(resource, n)) {
        size_t k = 0;

        while (k < COUNT(known) && !str_eq_c(scan_name(n), known[k]))
            k++;
        if (k == COUNT(known) || n->kind != SCAN_STRING)
            note(c, RULE_RESOURCE_FORM, path_of(c, i, ""),
                 "expected ARN or ARNPrefix, accountId and type, each a string");
    }
}

/* arn:aws:s3:::BUCKET and arn:aws:s3:::BUCKET/KEY name a bucket. */
static void check_bucket(struct check *c, struct str arn, size_t i)
{
    struct str wanted =
        scan_value(scan_get(scan_top(c->r, SCAN_REQUEST_PARAMETERS), STR("bucketName")));
    struct str bucket, key;
    ptrdiff_t at = str_find(arn, STR(":s3:::"));

    if (at < 0 || wanted.len == 0 || !str_eq_c(c->source, "s3.amazonaws.com") ||
        str_has_prefix(wanted, STR("arn:")))
        return;
    (void)str_cut(str_sub(arn, (size_t)at + 6, arn.len), '/', &bucket, &key); /* no '/': a bucket */
    if (!str_eq(bucket, wanted))
        note(c, RULE_RESOURCE_BUCKET, path_of(c, i, "ARN"), "expected the bucket %s",
             arena_copy(&c->out->arena, wanted).ptr);
}

static void check_resource(struct check *c, const struct scan_node *resource, size_t i)
{
    const struct scan_node *arn = scan_get(resource, STR("ARN"));
    const struct scan_node *type = scan_get(resource, STR("type"));
    const struct scan_node *account = scan_get(resource, STR("accountId"));
    const struct scan_node *prefix = scan_get(resource, STR("ARNPrefix"));

    /* Source: real records of GetMetricData and PutMetricData: metrics have no ARN. */
    bool is_metric = str_eq_c(scan_value(type), "AWS::CloudWatch::Metric");

    if (!scan_is(resource, SCAN_MAP) || (!arn && !prefix && !is_metric)) {
        note(c, RULE_RESOURCE_FORM, path_of(c, i, ""), "expected an object with ARN or ARNPrefix");
        return;
    }
    check_members_of(c, resource, i);
    if (arn && !form_arn(scan_value(arn)))
        note(c, RULE_RESOURCE_ARN, path_of(c, i, "ARN"), "expected an ARN");
    else if (arn)
        check_bucket(c, scan_value(arn), i);
    if (type && !form_resource_type(scan_value(type)))
        note(c, RULE_RESOURCE_TYPE, path_of(c, i, "type"), "expected AWS::SERVICE::TYPE");
    if (account && !form_account(scan_value(account)))
        note(c, RULE_ACCOUNT_FORM, path_of(c, i, "accountId"), "expected 12 digits");
}

void check_resources(struct check *c)
{
    const struct scan_node *list = scan_top(c->r, SCAN_RESOURCES);
    size_t i = 0;

    if (scan_is(list, SCAN_LIST))
        for (const struct scan_node *n = scan_first(list); n; n = scan_after(list, n))
            check_resource(c, n, i++);
}
