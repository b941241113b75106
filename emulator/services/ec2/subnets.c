/* Subnets: a block of a VPC in a zone. */
#include "emulator/services/ec2/ec2.h"

/* The first four and the last address of a subnet are AWS's own.
 * Source: VPC User Guide, "Subnet CIDR blocks". */
enum { RESERVED = 5 };

int ec2_subnet_complete(struct ec2 *j, struct value *subnet)
{
    struct str id = ec2_id(&ec2_kinds[EC2_SUBNET], subnet);
    const struct ec2_docs *docs;
    struct cidr block;
    int64_t used = RESERVED;
    int rc = ec2_all(j, EC2_INTERFACE, &docs);

    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "SubnetId"), id))
            used += value_get_c(docs->of[i], "PrivateIpAddresses")->count;
    if (rc == 0 && cidr_parse(value_get_str(subnet, "CidrBlock"), &block))
        value_put_int(j->a, subnet, "AvailableIpAddressCount",
                      ((int64_t)1 << (32 - block.bits)) - used);
    return rc;
}

int ec2_subnet_furnish(struct ec2 *j, struct value *subnet, struct str zone)
{
    struct str id = ec2_id(&ec2_kinds[EC2_SUBNET], subnet), association;
    struct value *acl;

    value_put_str(j->a, subnet, "AvailabilityZone", zone);
    value_put_str(j->a, subnet, "AvailabilityZoneId", ec2_zone_id(j, zone));
    int rc = ec2_acl_default(j, value_get_str(subnet, "VpcId"), &acl);
    if (rc == 0)
        rc = ec2_acl_take(j, acl, id, &association);
    if (rc == 0)
        rc = ec2_subnet_complete(j, subnet);
    return rc != 0 ? rc : ec2_save(j, EC2_SUBNET, subnet);
}

static int check_block(struct ec2 *j, const struct value *vpc, struct cidr *block)
{
    struct str text = param_str(j->call, "CidrBlock");
    const struct ec2_docs *docs;
    struct cidr other;
    bool is_inside = false;

    if (!cidr_parse(text, block))
        return ec2_refuse(j, "InvalidParameterValue",
                          "Value (%.*s) for parameter cidrBlock is invalid. This is not a valid "
                          "CIDR block.",
                          STR_ARG(text));
    for (const struct value *v = value_first(value_get_c(vpc, "CidrBlockAssociationSet")); v;
         v = v->next)
        is_inside = is_inside || (cidr_parse(value_get_str(v, "CidrBlock"), &other) &&
                                  cidr_holds(other, *block));
    if (!is_inside || block->bits < 16 || block->bits > 28)
        return ec2_refuse(j, "InvalidSubnet.Range", "The CIDR '%.*s' is invalid.", STR_ARG(text));
    int rc = ec2_all(j, EC2_SUBNET, &docs);
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "VpcId"), value_get_str(vpc, "VpcId")) &&
            cidr_parse(value_get_str(docs->of[i], "CidrBlock"), &other) &&
            cidr_overlap(other, *block))
            return ec2_refuse(j, "InvalidSubnet.Conflict",
                              "The CIDR '%.*s' conflicts with another subnet", STR_ARG(text));
    return rc;
}

/* The zone that the call names by name or id, or else the region's first. */
static int pick_zone(struct ec2 *j, struct str *zone)
{
    struct value *zones;
    int rc = ec2_zones(j, &zones);

    if (rc != 0)
        return rc;
    *zone = param_has(j->call, "AvailabilityZoneId")
                ? ec2_zone_of_id(j, param_str(j->call, "AvailabilityZoneId"))
                : param_str(j->call, "AvailabilityZone");
    if (!param_has(j->call, "AvailabilityZoneId") && !param_has(j->call, "AvailabilityZone"))
        *zone = value_first(zones)->u.text;
    if (ec2_list_has(zones, *zone))
        return 0;
    struct buf names = { 0 };
    for (const struct value *z = value_first(zones); z; z = z->next) {
        buf_add(&names, z->u.text);
        buf_add_c(&names, z->next ? ", " : ".");
    }
    rc = ec2_refuse(j, "InvalidParameterValue",
                    "Value (%.*s) for parameter availabilityZone is invalid. Subnets can currently "
                    "only be created in the following availability zones: %.*s",
                    STR_ARG(param_str(j->call, "AvailabilityZone")), STR_ARG(buf_view(&names)));
    buf_free(&names);
    return rc;
}

static int check_parameters(struct ec2 *j)
{
    static const char *const other[] = { "Ipv4IpamPoolId",    "Ipv6IpamPoolId", "Ipv4NetmaskLength",
                                         "Ipv6NetmaskLength", "OutpostArn",     "Ipv6Native" };

    for (size_t i = 0; i < COUNT(other); i++)
        if (param_has(j->call, other[i]))
            return ec2_unsupported(j, other[i]);
    return 0;
}

static void add_ipv6(struct ec2 *j, struct value *subnet)
{
    struct value *v = value_map(j->a), *state = value_map(j->a);

    value_put_c(j->a, state, "State", "associated");
    value_put_str(j->a, v, "AssociationId", ec2_new_id(j, "subnet-cidr-assoc-"));
    value_put_str(j->a, v, "Ipv6CidrBlock", param_str(j->call, "Ipv6CidrBlock"));
    value_set(v, STR("Ipv6CidrBlockState"), state);
    value_push(ec2_list(j, subnet, "Ipv6CidrBlockAssociationSet"), v);
}

int ec2_create_subnet(struct ec2 *j)
{
    struct value *vpc, *subnet;
    struct cidr block;
    struct str zone;
    int rc = ec2_load_param(j, EC2_VPC, "VpcId", &vpc);

    if (rc != 0 || (rc = check_parameters(j)) != 0 || (rc = pick_zone(j, &zone)) != 0 ||
        (rc = check_block(j, vpc, &block)) != 0 || (rc = ec2_new(j, EC2_SUBNET, &subnet)) != 0)
        return rc;
    value_put_str(j->a, subnet, "VpcId", value_get_str(vpc, "VpcId"));
    value_put_str(j->a, subnet, "CidrBlock", cidr_text(j->a, block));
    if (param_has(j->call, "Ipv6CidrBlock"))
        add_ipv6(j, subnet);
    rc = ec2_subnet_furnish(j, subnet, zone);
    value_set(ec2_output(j), STR("Subnet"), value_copy(j->a, subnet));
    return rc;
}

int ec2_delete_subnet(struct ec2 *j)
{
    struct str id = param_str(j->call, "SubnetId");
    int rc = ec2_delete(j, EC2_SUBNET, "SubnetId");

    if (rc == 0)
        rc = ec2_acl_let_go(j, id);
    return rc != 0 ? rc : ec2_table_let_go(j, id);
}

/* Parameters {Value: ...} or plain ones, and the member that each of them sets. */
static const struct {
    const char *parameter, *inside, *member;
} attributes[] = {
    { "AssignIpv6AddressOnCreation", NULL, "AssignIpv6AddressOnCreation" },
    { "EnableDns64", NULL, "EnableDns64" },
    { "EnableResourceNameDnsAAAARecordOnLaunch", "PrivateDnsNameOptionsOnLaunch",
      "EnableResourceNameDnsAAAARecord" },
    { "EnableResourceNameDnsARecordOnLaunch", "PrivateDnsNameOptionsOnLaunch",
      "EnableResourceNameDnsARecord" },
    { "MapPublicIpOnLaunch", NULL, "MapPublicIpOnLaunch" },
    { "PrivateDnsHostnameTypeOnLaunch", "PrivateDnsNameOptionsOnLaunch", "HostnameType" },
};

int ec2_modify_subnet_attribute(struct ec2 *j)
{
    static const char *const other[] = { "MapCustomerOwnedIpOnLaunch", "CustomerOwnedIpv4Pool",
                                         "EnableLniAtDeviceIndex", "DisableLniAtDeviceIndex" };
    struct value *subnet;
    int rc = ec2_load_param(j, EC2_SUBNET, "SubnetId", &subnet);

    for (size_t i = 0; rc == 0 && i < COUNT(other); i++)
        if (param_has(j->call, other[i]))
            return ec2_unsupported(j, other[i]);
    for (size_t i = 0; rc == 0 && i < COUNT(attributes); i++) {
        const struct value *v = param(j->call, attributes[i].parameter);
        struct value *at =
            attributes[i].inside ? value_get_c(subnet, attributes[i].inside) : subnet;
        if (v && v->kind == VALUE_MAP)
            v = value_get_c(v, "Value");
        if (v && at)
            value_set(at, str_c(attributes[i].member), value_copy(j->a, v));
    }
    return rc != 0 ? rc : ec2_save(j, EC2_SUBNET, subnet);
}
