#include "core/aws/region.h"

#include "tests/unit/check.h"

static const struct call_case {
    const char *name, *service, *asked, *want;
} calls[] = {
    { "IAM is in us-east-1", "iam", "eu-west-1", "us-east-1" },
    { "IAM of a client that names aws-global", "iam", "aws-global", "us-east-1" },
    { "IAM in China", "iam", "cn-northwest-1", "cn-north-1" },
    { "IAM in GovCloud", "iam", "us-gov-east-1", "us-gov-west-1" },
    { "Route 53", "route53", "ap-south-1", "us-east-1" },
    { "CloudFront", "cloudfront", "", "us-east-1" },
    { "Organizations", "organizations", "us-west-2", "us-east-1" },
    { "Support", "support", "us-west-2", "us-east-1" },
    { "WAF Classic", "waf", "us-west-2", "us-east-1" },
    { "WAF in a region is there", "wafv2", "us-west-2", "us-west-2" },
    { "Global Accelerator is in us-west-2", "globalaccelerator", "eu-west-1", "us-west-2" },
    { "STS stays where it was asked", "sts", "eu-west-1", "eu-west-1" },
    { "STS at its global endpoint", "sts", "", "us-east-1" },
    { "STS, aws-global", "sts", "aws-global", "us-east-1" },
    { "a regional service", "ec2", "eu-west-1", "eu-west-1" },
    { "an unknown region is taken as it is", "ec2", "xx-north-9", "xx-north-9" },
    { "the pseudo region of China", "s3", "aws-cn-global", "cn-northwest-1" },
};

static void check_call(void **state)
{
    const struct call_case *c = *state;

    check_str(region_of_call(str_c(c->service), str_c(c->asked)), c->want);
}

static void check_table(void **state)
{
    (void)state;
    const struct region *before = NULL, *r;
    size_t count = 0, defaults = 0;

    for (; (r = region_at(count)); before = r, count++) {
        assert_true(!before || strcmp(before->name, r->name) < 0);
        assert_ptr_equal(region_find(str_c(r->name)), r);
        check_str(region_partition(str_c(r->name)), r->partition);
        defaults += strcmp(r->partition, "aws") == 0 && r->enabled_by_default;
        /* each partition has a region for what names none */
        const struct region *home = region_find(region_of_call(STR("ec2"), STR("")));

        assert_non_null(home);
    }
    assert_true(count > 40);
    assert_int_equal(defaults, 17);
}

static void check_lookups(void **state)
{
    (void)state;
    assert_null(region_find(STR("us-east-9")));
    assert_null(region_find(STR("")));
    assert_null(region_find(STR("us-east-1\0x")));
    assert_null(region_find(STR("us-east-")));
    assert_null(region_find(STR("us-east-1x")));
    assert_null(region_find(STR("aws-global")));
    check_str(region_partition(STR("us-east-9")), "aws");
    check_str(region_partition(STR("")), "aws");
    check_str(region_partition(STR("aws-us-gov-global")), "aws-us-gov");
    check_str(str_c(region_find(STR("cn-north-1"))->dns_suffix), "amazonaws.com.cn");
    assert_false(region_find(STR("me-south-1"))->enabled_by_default);
}

/* Every global service's region is one, and in the partition that the row names. */
static void check_globals(void **state)
{
    (void)state;
    static const struct {
        const char *service, *partition, *region;
    } rows[] = {
#define REGION(name, partition, dns_suffix, is_default)
#define PARTITION(name, region)                    { "", name, region },
#define GLOBAL_SERVICE(service, partition, region) { service, partition, region },
#include "core/aws/region.def"
#undef REGION
#undef PARTITION
#undef GLOBAL_SERVICE
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct region *r = region_find(str_c(rows[i].region));

        assert_non_null(r);
        assert_string_equal(r->partition, rows[i].partition);
        if (rows[i].service[0])
            check_str(region_of_call(str_c(rows[i].service), str_c(r->name)), r->name);
    }
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, calls, check_call);
    check_add(&s, "the table is sorted, each row is found", check_table);
    check_add(&s, "lookups", check_lookups);
    check_add(&s, "global services live in regions", check_globals);
    return check_run(&s, "region");
}
