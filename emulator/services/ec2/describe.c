/* Every Describe operation: those that ids and filters select, page by page. */
#include "emulator/services/ec2/ec2.h"

/* Source: EC2 API Reference, MaxResults of the Describe operations: "between 5 and 1000", for
 * launch templates from 1. */
enum { PAGE_MIN = 5, PAGE_MAX = 1000 };

static int check_ids(struct ec2 *j, enum ec2_kind_id kind, const struct value *ids)
{
    struct value *doc;

    for (const struct value *v = value_first(ids); v; v = v->next) {
        int rc = ec2_load(j, kind, v->kind == VALUE_STRING ? v->u.text : (struct str){ 0 }, &doc);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int ec2_select(struct ec2 *j, enum ec2_kind_id kind, struct value **list)
{
    const struct ec2_kind *k = &ec2_kinds[kind];
    const struct value *ids = param(j->call, k->ids);
    const struct ec2_docs *docs;

    *list = value_list(j->a);
    int rc = ec2_filters_ok(j, k->type);
    if (rc == 0)
        rc = check_ids(j, kind, ids);
    if (rc == 0)
        rc = ec2_all(j, kind, &docs);
    for (size_t i = 0; rc == 0 && i < docs->count; i++) {
        struct value *doc = docs->of[i];
        if (value_first(ids) && !ec2_list_has(ids, ec2_id(k, doc)))
            continue;
        if (ec2_filters_pass(j, k->type, k->tags, doc))
            value_push(*list, value_copy(j->a, doc));
    }
    return rc;
}

static int check_page(struct ec2 *j, struct str *after)
{
    int64_t max = param_int(j->call, "MaxResults", PAGE_MAX);
    int least = str_has_prefix(j->call->action, STR("DescribeLaunchTemplate")) ? 1 : PAGE_MIN;

    if (max < least)
        return ec2_refuse(j, "InvalidParameterValue",
                          "Value ( %lld ) for parameter maxResults is invalid. Expecting a value "
                          "greater than %d.",
                          (long long)max, least);
    if (!page_after(j->cx, j->call, param_str(j->call, "NextToken"), after))
        return ec2_refuse(j, "InvalidNextToken", "The specified NextToken is not valid");
    return 0;
}

int ec2_page(struct ec2 *j, const char *member, const struct value *list, const char *key)
{
    int64_t max = param_int(j->call, "MaxResults", 0);
    struct value *page = value_list(j->a);
    struct str after = { 0 }, last = { 0 };
    bool more = false;

    int rc = check_page(j, &after);
    if (rc != 0)
        return rc;
    if (max > PAGE_MAX)
        max = PAGE_MAX;
    for (const struct value *v = value_first(list); v && !more; v = v->next) {
        if (after.len > 0 && str_cmp(value_get_str(v, key), after) <= 0)
            continue;
        more = max > 0 && (int64_t)page->count == max;
        if (!more) {
            last = value_get_str(v, key);
            value_push(page, value_copy(j->a, v));
        }
    }
    value_set(ec2_output(j), str_c(member), page);
    if (more)
        value_put_str(j->a, ec2_output(j), "NextToken", page_token(j->cx, j->call, last));
    return 0;
}

int ec2_describe(struct ec2 *j, enum ec2_kind_id kind)
{
    struct value *list;
    int rc = ec2_select(j, kind, &list);

    return rc != 0 ? rc : ec2_page(j, ec2_kinds[kind].list, list, ec2_kinds[kind].id_member);
}

#define DESCRIBE(name, kind)                                                                       \
    int ec2_describe_##name(struct ec2 *j)                                                         \
    {                                                                                              \
        return ec2_describe(j, kind);                                                              \
    }
DESCRIBE(vpcs, EC2_VPC)
DESCRIBE(subnets, EC2_SUBNET)
DESCRIBE(internet_gateways, EC2_INTERNET_GATEWAY)
DESCRIBE(egress_gateways, EC2_EGRESS_GATEWAY)
DESCRIBE(route_tables, EC2_ROUTE_TABLE)
DESCRIBE(network_acls, EC2_NETWORK_ACL)
DESCRIBE(group_rules, EC2_RULE)
DESCRIBE(dhcp_options, EC2_DHCP_OPTIONS)
DESCRIBE(nat_gateways, EC2_NAT_GATEWAY)
DESCRIBE(interfaces, EC2_INTERFACE)
DESCRIBE(volumes, EC2_VOLUME)
DESCRIBE(profile_associations, EC2_PROFILE_ASSOCIATION)
DESCRIBE(flow_logs, EC2_FLOW_LOG)
DESCRIBE(vpc_endpoints, EC2_VPC_ENDPOINT)
