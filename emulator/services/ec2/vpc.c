/* VPCs and subnets: blocks of addresses. */
#include "core/aws/ids.h"
#include "emulator/services/ec2/ec2.h"

static struct value *state_map(struct ec2 *j, const char *state)
{
    struct value *v = value_map(j->a);

    value_put_c(j->a, v, "State", state);
    return v;
}

static struct value *add_block(struct ec2 *j, struct value *vpc, struct cidr block)
{
    struct value *v = value_map(j->a);

    value_put_str(j->a, v, "AssociationId", ec2_new_id(j, "vpc-cidr-assoc-"));
    value_put_str(j->a, v, "CidrBlock", cidr_text(j->a, block));
    value_set(v, STR("CidrBlockState"), state_map(j, "associated"));
    value_push(ec2_list(j, vpc, "CidrBlockAssociationSet"), v);
    return v;
}

/* Amazon's /56 blocks. Source: VPC User Guide, "VPC CIDR blocks", IPv6. */
static struct value *add_ipv6_block(struct ec2 *j, struct value *vpc)
{
    struct value *v = value_map(j->a);
    struct str digits = ids_hex(j->a, j->rng, "", 6);

    value_put_str(j->a, v, "AssociationId", ec2_new_id(j, "vpc-cidr-assoc-"));
    value_put_str(j->a, v, "Ipv6CidrBlock",
                  arena_printf(j->a, "2600:1f18:1%.3s:%.2s00::/56", digits.ptr, digits.ptr + 3));
    value_set(v, STR("Ipv6CidrBlockState"), state_map(j, "associated"));
    value_put_str(j->a, v, "NetworkBorderGroup", j->call->region);
    value_put_c(j->a, v, "Ipv6Pool", "Amazon");
    value_put_c(j->a, v, "Ipv6AddressAttribute", "public");
    value_put_c(j->a, v, "IpSource", "amazon");
    value_push(ec2_list(j, vpc, "Ipv6CidrBlockAssociationSet"), v);
    return v;
}

int ec2_vpc_furnish(struct ec2 *j, struct value *vpc, struct cidr block)
{
    struct str id = ec2_id(&ec2_kinds[EC2_VPC], vpc), dhcp_options;
    struct value *table, *acl, *group;
    int rc = ec2_default_dhcp_options(j, &dhcp_options);

    if (rc != 0)
        return rc;
    value_put_str(j->a, vpc, "DhcpOptionsId", dhcp_options);
    value_put_str(j->a, vpc, "CidrBlock", cidr_text(j->a, block));
    (void)add_block(j, vpc, block);
    if ((rc = ec2_save(j, EC2_VPC, vpc)) != 0 || (rc = ec2_make(j, EC2_ROUTE_TABLE, &table)) != 0 ||
        (rc = ec2_make(j, EC2_NETWORK_ACL, &acl)) != 0 ||
        (rc = ec2_make(j, EC2_GROUP, &group)) != 0)
        return rc;
    struct value *main = value_map(j->a);
    value_put_bool(j->a, main, "Main", true);
    value_put_str(j->a, main, "RouteTableAssociationId", ec2_new_id(j, "rtbassoc-"));
    value_put_str(j->a, main, "RouteTableId", ec2_id(&ec2_kinds[EC2_ROUTE_TABLE], table));
    value_set(main, STR("AssociationState"), state_map(j, "associated"));
    value_push(ec2_list(j, table, "Associations"), main);
    value_put_c(j->a, group, "GroupName", "default");
    value_put_c(j->a, group, "Description", "default VPC security group");
    if ((rc = ec2_route_table_furnish(j, table, vpc)) == 0 &&
        (rc = ec2_acl_furnish(j, acl, id, true)) == 0)
        rc = ec2_group_furnish(j, group, id);
    return rc;
}

/* Source: VPC User Guide, "VPC CIDR blocks": between /16 and /28. */
static int parse_block(struct ec2 *j, const char *code, struct cidr *out)
{
    struct str text = param_str(j->call, "CidrBlock");

    if (!cidr_parse(text, out))
        return ec2_refuse(j, "InvalidParameterValue",
                          "Value (%.*s) for parameter cidrBlock is invalid. This is not a valid "
                          "CIDR block.",
                          STR_ARG(text));
    if (out->bits < 16 || out->bits > 28)
        return ec2_refuse(j, code, "The CIDR '%.*s' is invalid.", STR_ARG(text));
    return 0;
}

static int check_pools(struct ec2 *j)
{
    static const char *const pools[] = { "Ipv4IpamPoolId", "Ipv6IpamPoolId",
                                         "Ipv6Pool",       "Ipv4NetmaskLength",
                                         "OutpostArn",     "VpcEncryptionControl" };

    for (size_t i = 0; i < COUNT(pools); i++)
        if (param_has(j->call, pools[i]))
            return ec2_unsupported(j, pools[i]);
    return 0;
}

int ec2_create_vpc(struct ec2 *j)
{
    struct cidr block;
    struct value *vpc;
    int rc = check_pools(j);

    if (rc == 0 && !param_has(j->call, "CidrBlock"))
        return ec2_refuse(j, "MissingParameter",
                          "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.");
    if (rc == 0)
        rc = parse_block(j, "InvalidVpc.Range", &block);
    if (rc == 0)
        rc = ec2_new(j, EC2_VPC, &vpc);
    if (rc != 0)
        return rc;
    if (param_bool(j->call, "AmazonProvidedIpv6CidrBlock", false))
        (void)add_ipv6_block(j, vpc);
    rc = ec2_vpc_furnish(j, vpc, block);
    value_set(ec2_output(j), STR("Vpc"), value_copy(j->a, vpc));
    return rc;
}

int ec2_delete_vpc(struct ec2 *j)
{
    return ec2_delete(j, EC2_VPC, "VpcId");
}

static const char *const vpc_attributes[] = { "EnableDnsHostnames", "EnableDnsSupport",
                                              "EnableNetworkAddressUsageMetrics" };

int ec2_modify_vpc_attribute(struct ec2 *j)
{
    struct value *vpc;
    int rc = ec2_load_param(j, EC2_VPC, "VpcId", &vpc);

    for (size_t i = 0; rc == 0 && i < COUNT(vpc_attributes); i++) {
        const struct value *v = value_get_c(param(j->call, vpc_attributes[i]), "Value");
        if (v)
            value_set(vpc, arena_printf(j->a, "_%s", vpc_attributes[i]), value_copy(j->a, v));
    }
    return rc != 0 ? rc : ec2_save(j, EC2_VPC, vpc);
}

int ec2_describe_vpc_attribute(struct ec2 *j)
{
    struct str asked = param_str(j->call, "Attribute");
    struct value *vpc, *wrapped = value_map(j->a);
    int rc = ec2_load_param(j, EC2_VPC, "VpcId", &vpc);

    for (size_t i = 0; rc == 0 && i < COUNT(vpc_attributes); i++) {
        if (!str_eq_nocase(asked, str_c(vpc_attributes[i])))
            continue;
        const char *kept = arena_printf(j->a, "_%s", vpc_attributes[i]).ptr;
        value_put_bool(j->a, wrapped, "Value", value_get_bool(vpc, kept, false));
        value_put_str(j->a, ec2_output(j), "VpcId", value_get_str(vpc, "VpcId"));
        value_set(ec2_output(j), str_c(vpc_attributes[i]), wrapped);
        return 0;
    }
    return rc != 0 ? rc
                   : ec2_refuse(j, "InvalidParameterValue",
                                "Value (%.*s) for parameter attribute is invalid. Unknown "
                                "attribute.",
                                STR_ARG(asked));
}

/* Source: EC2 API Reference, ModifyVpcTenancy: "only default". */
int ec2_modify_vpc_tenancy(struct ec2 *j)
{
    struct value *vpc;
    int rc = ec2_load_param(j, EC2_VPC, "VpcId", &vpc);

    if (rc == 0 && !str_eq_c(param_str(j->call, "InstanceTenancy"), "default"))
        return ec2_refuse(j, "InvalidParameterValue",
                          "The tenancy value is not supported for ModifyVpcTenancy operation.");
    if (rc != 0)
        return rc;
    value_put_c(j->a, vpc, "InstanceTenancy", "default");
    rc = ec2_save(j, EC2_VPC, vpc);
    value_put_bool(j->a, ec2_output(j), "ReturnValue", true);
    return rc;
}

int ec2_associate_vpc_cidr(struct ec2 *j)
{
    struct value *vpc, *added;
    struct cidr block, own;
    int rc = ec2_load_param(j, EC2_VPC, "VpcId", &vpc);

    if (rc == 0)
        rc = check_pools(j);
    if (rc != 0)
        return rc;
    if (param_bool(j->call, "AmazonProvidedIpv6CidrBlock", false)) {
        added = add_ipv6_block(j, vpc);
        value_set(ec2_output(j), STR("Ipv6CidrBlockAssociation"), value_copy(j->a, added));
    } else {
        if ((rc = parse_block(j, "InvalidVpc.Range", &block)) != 0)
            return rc;
        for (const struct value *v = value_first(value_get_c(vpc, "CidrBlockAssociationSet")); v;
             v = v->next)
            if (cidr_parse(value_get_str(v, "CidrBlock"), &own) && cidr_overlap(own, block))
                return ec2_refuse(j, "InvalidVpc.Range",
                                  "The CIDR '%.*s' conflicts with another CIDR block of the VPC.",
                                  STR_ARG(param_str(j->call, "CidrBlock")));
        added = add_block(j, vpc, block);
        value_set(ec2_output(j), STR("CidrBlockAssociation"), value_copy(j->a, added));
    }
    value_put_str(j->a, ec2_output(j), "VpcId", value_get_str(vpc, "VpcId"));
    return ec2_save(j, EC2_VPC, vpc);
}

static int disassociate(struct ec2 *j, struct value *vpc, const char *set, const char *answer,
                        const char *state)
{
    const struct value *list = value_get_c(vpc, set);
    struct value *gone = ec2_list_find(list, "AssociationId", param_str(j->call, "AssociationId"));

    if (str_eq(value_get_str(gone, "CidrBlock"), value_get_str(vpc, "CidrBlock")))
        return ec2_refuse(j, "OperationNotPermitted",
                          "The vpc CIDR block with association ID %.*s may not be disassociated. "
                          "It is the primary IPv4 CIDR block of the VPC",
                          STR_ARG(value_get_str(gone, "AssociationId")));
    struct value *shown = value_copy(j->a, gone);
    value_set(shown, str_c(state), state_map(j, "disassociating"));
    value_set(ec2_output(j), str_c(answer), shown);
    value_put_str(j->a, ec2_output(j), "VpcId", value_get_str(vpc, "VpcId"));
    ec2_list_remove(j, vpc, set, gone);
    return ec2_save(j, EC2_VPC, vpc);
}

int ec2_disassociate_vpc_cidr(struct ec2 *j)
{
    static const struct {
        const char *set, *answer, *state;
    } sets[] = {
        { "CidrBlockAssociationSet", "CidrBlockAssociation", "CidrBlockState" },
        { "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlockAssociation", "Ipv6CidrBlockState" },
    };
    struct str id = param_str(j->call, "AssociationId");
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_VPC, &docs);

    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        for (size_t s = 0; s < COUNT(sets); s++)
            if (ec2_list_find(value_get_c(docs->of[i], sets[s].set), "AssociationId", id))
                return disassociate(j, docs->of[i], sets[s].set, sets[s].answer, sets[s].state);
    return rc != 0
               ? rc
               : ec2_refuse(j, "InvalidVpcCidrBlockAssociationID.NotFound",
                            "The vpc CIDR block association ID '%.*s' does not exist", STR_ARG(id));
}

int ec2_create_dhcp_options(struct ec2 *j)
{
    struct value *options, *list = value_list(j->a);
    int rc = ec2_new(j, EC2_DHCP_OPTIONS, &options);

    if (rc != 0)
        return rc;
    for (const struct value *c = value_first(param(j->call, "DhcpConfigurations")); c;
         c = c->next) {
        struct value *one = value_map(j->a), *values = value_list(j->a);
        for (const struct value *v = value_first(value_get_c(c, "Values")); v; v = v->next) {
            struct value *wrapped = value_map(j->a);
            value_set(wrapped, STR("Value"), value_copy(j->a, v));
            value_push(values, wrapped);
        }
        value_put_str(j->a, one, "Key", value_get_str(c, "Key"));
        value_set(one, STR("Values"), values);
        value_push(list, one);
    }
    value_set(options, STR("DhcpConfigurations"), list);
    rc = ec2_save(j, EC2_DHCP_OPTIONS, options);
    value_set(ec2_output(j), STR("DhcpOptions"), value_copy(j->a, options));
    return rc;
}

int ec2_delete_dhcp_options(struct ec2 *j)
{
    return ec2_delete(j, EC2_DHCP_OPTIONS, "DhcpOptionsId");
}

int ec2_associate_dhcp_options(struct ec2 *j)
{
    struct str id = param_str(j->call, "DhcpOptionsId");
    struct value *vpc, *options;
    int rc = ec2_load_param(j, EC2_VPC, "VpcId", &vpc);

    if (rc == 0 && !str_eq_c(id, "default"))
        rc = ec2_load(j, EC2_DHCP_OPTIONS, id, &options);
    if (rc != 0)
        return rc;
    value_put_str(j->a, vpc, "DhcpOptionsId", id);
    return ec2_save(j, EC2_VPC, vpc);
}
