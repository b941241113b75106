/* What an account finds in a region before it makes anything.
 * Source: VPC User Guide, "Default VPCs", "Default VPC components". */
#include "emulator/services/ec2/ec2.h"

#define DEFAULT_BASE 0xAC1F0000u /* 172.31.0.0 */

static struct doc_key world_key(const struct ec2 *j)
{
    return service_key_regional(j->call, "ec2", "world", STR("world"));
}

static int make_dhcp_options(struct ec2 *j, struct str *id)
{
    struct value *options;
    int rc = ec2_make(j, EC2_DHCP_OPTIONS, &options);

    if (rc == 0 && str_eq_c(j->call->region, "us-east-1")) {
        struct value *domain =
            ec2_list_find(value_get_c(options, "DhcpConfigurations"), "Key", STR("domain-name"));
        value_put_c(j->a, value_first(value_get_c(domain, "Values")), "Value", "ec2.internal");
    }
    *id = ec2_id(&ec2_kinds[EC2_DHCP_OPTIONS], options);
    return rc != 0 ? rc : ec2_save(j, EC2_DHCP_OPTIONS, options);
}

static int make_subnets(struct ec2 *j, struct str vpc_id)
{
    uint32_t base = DEFAULT_BASE;
    struct value *zones, *subnet;
    int rc = ec2_zones(j, &zones);

    for (const struct value *z = value_first(zones); z && rc == 0; z = z->next) {
        struct cidr block = { base, 20 };
        rc = ec2_make(j, EC2_SUBNET, &subnet);
        if (rc != 0)
            return rc;
        value_put_str(j->a, subnet, "VpcId", vpc_id);
        value_put_str(j->a, subnet, "CidrBlock", cidr_text(j->a, block));
        value_put_bool(j->a, subnet, "DefaultForAz", true);
        value_put_bool(j->a, subnet, "MapPublicIpOnLaunch", true);
        rc = ec2_subnet_furnish(j, subnet, z->u.text);
        base += 1u << 12;
    }
    return rc;
}

static int make_gateway(struct ec2 *j, struct str vpc_id)
{
    struct value *gateway, *table, *attachment = value_map(j->a);
    int rc = ec2_make(j, EC2_INTERNET_GATEWAY, &gateway);

    value_put_c(j->a, attachment, "State", "available");
    value_put_str(j->a, attachment, "VpcId", vpc_id);
    value_push(ec2_list(j, gateway, "Attachments"), attachment);
    if (rc == 0)
        rc = ec2_save(j, EC2_INTERNET_GATEWAY, gateway);
    if (rc == 0)
        rc = ec2_main_table(j, vpc_id, &table);
    if (rc != 0)
        return rc;
    ec2_route_add(j, table, "0.0.0.0/0", "GatewayId",
                  ec2_id(&ec2_kinds[EC2_INTERNET_GATEWAY], gateway));
    return ec2_save(j, EC2_ROUTE_TABLE, table);
}

static int make_default_vpc(struct ec2 *j, struct value **vpc)
{
    struct cidr block = { DEFAULT_BASE, 16 };
    int rc = ec2_make(j, EC2_VPC, vpc);

    value_put_bool(j->a, *vpc, "IsDefault", true);
    value_put_c(j->a, *vpc, "State", "available");
    value_put_bool(j->a, *vpc, "_EnableDnsHostnames", true);
    if (rc == 0)
        rc = ec2_vpc_furnish(j, *vpc, block);
    if (rc == 0)
        rc = make_subnets(j, ec2_id(&ec2_kinds[EC2_VPC], *vpc));
    return rc != 0 ? rc : make_gateway(j, ec2_id(&ec2_kinds[EC2_VPC], *vpc));
}

static int make_world(struct ec2 *j)
{
    struct value *world = value_map(j->a), *zones, *vpc;
    struct str dhcp_options;
    int rc = ec2_zones(j, &zones);

    if (rc == 0)
        rc = make_dhcp_options(j, &dhcp_options);
    if (rc != 0)
        return rc;
    value_put_str(j->a, world, "DhcpOptionsId", dhcp_options);
    rc = store_doc_put(j->cx->e->store, world_key(j), world, j->err);
    return rc < 0 ? rc : make_default_vpc(j, &vpc);
}

/* Its ids follow from seed, account and region alone: which call came first does not matter. */
int ec2_world(struct ec2 *j)
{
    struct rng *of_call = j->rng, chance;
    struct value *world = NULL;

    if (j->has_world)
        return 0;
    j->has_world = true;
    int rc = store_doc_get(j->cx->e->store, j->a, world_key(j), &world, j->err);
    if (rc != E_MISSING)
        return rc;
    struct str place = arena_printf(j->a, "ec2 world %.*s %.*s", STR_ARG(j->call->account),
                                    STR_ARG(j->call->region));
    rng_init(&chance, j->cx->e->seed, str_hash(place));
    j->rng = &chance;
    rc = make_world(j);
    j->rng = of_call;
    return rc;
}

int ec2_default_dhcp_options(struct ec2 *j, struct str *id)
{
    struct value *world = NULL;
    int rc = ec2_world(j);

    if (rc == 0)
        rc = store_doc_get(j->cx->e->store, j->a, world_key(j), &world, j->err);
    *id = value_get_str(world, "DhcpOptionsId");
    return rc;
}

int ec2_default_vpc(struct ec2 *j, struct value **vpc)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_VPC, &docs);

    *vpc = NULL;
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (value_get_bool(docs->of[i], "IsDefault", false))
            *vpc = docs->of[i];
    return rc;
}

int ec2_create_default_vpc(struct ec2 *j)
{
    struct value *vpc;
    int rc = ec2_default_vpc(j, &vpc);

    if (rc == 0 && vpc)
        return ec2_refuse(j, "DefaultVpcAlreadyExists",
                          "A Default VPC already exists for this account in this region.");
    if (rc == 0)
        rc = make_default_vpc(j, &vpc);
    value_set(ec2_output(j), STR("Vpc"), value_copy(j->a, vpc));
    return rc;
}

/* The first /20 of the default VPC that no subnet has. */
static int free_block(struct ec2 *j, struct str vpc_id, struct cidr *out)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_SUBNET, &docs);

    for (uint32_t n = 0; rc == 0 && n < 16; n++) {
        struct cidr taken;
        bool is_free = true;
        *out = (struct cidr){ DEFAULT_BASE + (n << 12), 20 };
        for (size_t i = 0; i < docs->count && is_free; i++)
            is_free = !str_eq(value_get_str(docs->of[i], "VpcId"), vpc_id) ||
                      !cidr_parse(value_get_str(docs->of[i], "CidrBlock"), &taken) ||
                      !cidr_overlap(taken, *out);
        if (is_free)
            return 0;
    }
    return rc != 0 ? rc
                   : ec2_refuse(j, "InvalidRequest", "The default VPC has no free CIDR block.");
}

static int check_default_subnet(struct ec2 *j, struct str zone)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_SUBNET, &docs);

    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (value_get_bool(docs->of[i], "DefaultForAz", false) &&
            str_eq(value_get_str(docs->of[i], "AvailabilityZone"), zone))
            return ec2_refuse(j, "DefaultSubnetAlreadyExistsInAvailabilityZone",
                              "'%.*s' is already the default subnet in %.*s.",
                              STR_ARG(value_get_str(docs->of[i], "SubnetId")), STR_ARG(zone));
    return rc;
}

int ec2_create_default_subnet(struct ec2 *j)
{
    struct str zone = param_str(j->call, "AvailabilityZone");
    struct value *vpc, *subnet;
    struct cidr block;
    int rc = ec2_default_vpc(j, &vpc);

    if (rc == 0 && !vpc)
        return ec2_refuse(j, "DefaultVpcDoesNotExist",
                          "There is no Default VPC for this account in this region.");
    if (rc == 0)
        rc = check_default_subnet(j, zone);
    if (rc == 0)
        rc = free_block(j, value_get_str(vpc, "VpcId"), &block);
    if (rc == 0)
        rc = ec2_make(j, EC2_SUBNET, &subnet);
    if (rc != 0)
        return rc;
    value_put_str(j->a, subnet, "VpcId", value_get_str(vpc, "VpcId"));
    value_put_str(j->a, subnet, "CidrBlock", cidr_text(j->a, block));
    value_put_bool(j->a, subnet, "DefaultForAz", true);
    value_put_bool(j->a, subnet, "MapPublicIpOnLaunch", true);
    rc = ec2_subnet_furnish(j, subnet, zone);
    value_set(ec2_output(j), STR("Subnet"), value_copy(j->a, subnet));
    return rc;
}
