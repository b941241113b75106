/* Internet, egress-only and NAT gateways. */
#include "emulator/services/ec2/compute.h"
#include "emulator/services/ec2/ec2.h"

int ec2_create_internet_gateway(struct ec2 *j)
{
    struct value *gateway;
    int rc = ec2_new(j, EC2_INTERNET_GATEWAY, &gateway);

    if (rc == 0)
        rc = ec2_save(j, EC2_INTERNET_GATEWAY, gateway);
    value_set(ec2_output(j), STR("InternetGateway"), value_copy(j->a, gateway));
    return rc;
}

static int gateway_of_vpc(struct ec2 *j, struct str vpc_id, const struct value **gateway)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_INTERNET_GATEWAY, &docs);

    *gateway = NULL;
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (ec2_path_is(j, docs->of[i], "Attachments.VpcId", vpc_id))
            *gateway = docs->of[i];
    return rc;
}

int ec2_attach_internet_gateway(struct ec2 *j)
{
    struct str vpc_id = param_str(j->call, "VpcId");
    struct value *gateway, *vpc, *attachment = value_map(j->a);
    const struct value *other;
    int rc = ec2_load_param(j, EC2_INTERNET_GATEWAY, "InternetGatewayId", &gateway);

    if (rc == 0)
        rc = ec2_load(j, EC2_VPC, vpc_id, &vpc);
    if (rc == 0)
        rc = gateway_of_vpc(j, vpc_id, &other);
    if (rc != 0)
        return rc;
    if (value_first(value_get_c(gateway, "Attachments")))
        return ec2_refuse(
            j, "Resource.AlreadyAssociated", "resource %.*s is already attached to network %.*s",
            STR_ARG(value_get_str(gateway, "InternetGatewayId")),
            STR_ARG(value_get_str(value_first(value_get_c(gateway, "Attachments")), "VpcId")));
    if (other)
        return ec2_refuse(j, "InvalidParameterValue",
                          "Network %.*s already has an internet gateway attached", STR_ARG(vpc_id));
    value_put_c(j->a, attachment, "State", "available");
    value_put_str(j->a, attachment, "VpcId", vpc_id);
    value_push(ec2_list(j, gateway, "Attachments"), attachment);
    return ec2_save(j, EC2_INTERNET_GATEWAY, gateway);
}

/* Source: EC2 API Reference, DetachInternetGateway: "must not contain any running instances with
 * Elastic IP addresses or public IPv4 addresses". */
static int check_no_public_address(struct ec2 *j, struct str vpc_id)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_INTERFACE, &docs);

    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "VpcId"), vpc_id) &&
            value_get_c(docs->of[i], "Association"))
            return ec2_refuse(j, "DependencyViolation",
                              "Network %.*s has some mapped public address(es). Please unmap those "
                              "public address(es) before detaching the gateway.",
                              STR_ARG(vpc_id));
    return rc;
}

int ec2_detach_internet_gateway(struct ec2 *j)
{
    struct str vpc_id = param_str(j->call, "VpcId");
    struct value *gateway, *vpc;
    int rc = ec2_load_param(j, EC2_INTERNET_GATEWAY, "InternetGatewayId", &gateway);

    if (rc == 0)
        rc = ec2_load(j, EC2_VPC, vpc_id, &vpc);
    if (rc != 0)
        return rc;
    struct value *held = ec2_list_find(value_get_c(gateway, "Attachments"), "VpcId", vpc_id);
    if (!held)
        return ec2_refuse(j, "Gateway.NotAttached", "resource %.*s is not attached to network %.*s",
                          STR_ARG(value_get_str(gateway, "InternetGatewayId")), STR_ARG(vpc_id));
    if ((rc = check_no_public_address(j, vpc_id)) != 0)
        return rc;
    ec2_list_remove(j, gateway, "Attachments", held);
    return ec2_save(j, EC2_INTERNET_GATEWAY, gateway);
}

int ec2_delete_internet_gateway(struct ec2 *j)
{
    struct value *gateway;
    int rc = ec2_load_param(j, EC2_INTERNET_GATEWAY, "InternetGatewayId", &gateway);

    if (rc == 0 && value_first(value_get_c(gateway, "Attachments")))
        return ec2_refuse(j, "DependencyViolation",
                          "The internetGateway '%.*s' has dependencies and cannot be deleted.",
                          STR_ARG(value_get_str(gateway, "InternetGatewayId")));
    return rc != 0 ? rc : ec2_delete(j, EC2_INTERNET_GATEWAY, "InternetGatewayId");
}

int ec2_create_egress_gateway(struct ec2 *j)
{
    struct value *gateway, *vpc, *attachment = value_map(j->a);
    int rc = ec2_load_param(j, EC2_VPC, "VpcId", &vpc);

    if (rc == 0)
        rc = ec2_new(j, EC2_EGRESS_GATEWAY, &gateway);
    if (rc != 0)
        return rc;
    value_put_c(j->a, attachment, "State", "attached");
    value_put_str(j->a, attachment, "VpcId", param_str(j->call, "VpcId"));
    value_push(ec2_list(j, gateway, "Attachments"), attachment);
    rc = ec2_save(j, EC2_EGRESS_GATEWAY, gateway);
    ec2_take(j, ec2_output(j), j->call->params, "ClientToken");
    value_set(ec2_output(j), STR("EgressOnlyInternetGateway"), value_copy(j->a, gateway));
    return rc;
}

int ec2_delete_egress_gateway(struct ec2 *j)
{
    int rc = ec2_delete(j, EC2_EGRESS_GATEWAY, "EgressOnlyInternetGatewayId");

    value_put_bool(j->a, ec2_output(j), "ReturnCode", true);
    return rc;
}

/* --- NAT gateways --- */

/* What an address of the gateway shows once the gateway is there. */
int ec2_nat_complete(struct ec2 *j, struct value *nat)
{
    struct value *address = value_first(value_get_c(nat, "NatGatewayAddresses"));
    struct str state = ec2_state(EC2_NAT_GATEWAY, nat);
    struct value *eni, *eip;
    int rc;

    if (!address || str_eq_c(state, "pending"))
        return 0;
    rc = ec2_find(j, EC2_INTERFACE, value_get_str(nat, "_eni"), &eni);
    if (rc == 0)
        rc = ec2_find(j, EC2_ADDRESS, value_get_str(address, "AllocationId"), &eip);
    if (rc != 0 || !eni)
        return rc;
    value_put_c(j->a, address, "Status", "succeeded");
    value_put_str(j->a, address, "NetworkInterfaceId", value_get_str(eni, "NetworkInterfaceId"));
    value_put_str(j->a, address, "PrivateIp", value_get_str(eni, "PrivateIpAddress"));
    ec2_take(j, address, eip, "AssociationId PublicIp");
    return 0;
}

static int check_allocation(struct ec2 *j, struct value **eip)
{
    struct str id = param_str(j->call, "AllocationId");
    bool is_private = str_eq_c(param_str(j->call, "ConnectivityType"), "private");

    *eip = NULL;
    if (is_private)
        return 0;
    if (id.len == 0)
        return ec2_refuse(j, "MissingParameter",
                          "The request must contain the parameter allocationId");
    int rc = ec2_load(j, EC2_ADDRESS, id, eip);
    if (rc == 0 && value_get_c(*eip, "AssociationId"))
        return ec2_refuse(j, "Resource.AlreadyAssociated",
                          "Elastic IP address [%.*s] is already associated", STR_ARG(id));
    return rc;
}

static int nat_interface(struct ec2 *j, struct value *nat, struct value *subnet, struct value *eip)
{
    struct ec2_interface how = { .subnet = subnet, .groups = value_list(j->a) };
    struct value *eni;

    how.description = arena_printf(j->a, "Interface for NAT Gateway %.*s",
                                   STR_ARG(value_get_str(nat, "NatGatewayId")));
    int rc = ec2_interface_new(j, &how, &eni);
    if (rc != 0)
        return rc;
    value_put_c(j->a, eni, "InterfaceType", "nat_gateway");
    value_put_bool(j->a, eni, "RequesterManaged", true);
    value_put_bool(j->a, eni, "SourceDestCheck", false);
    value_put_c(j->a, eni, "Status", "in-use");
    value_put_str(j->a, nat, "_eni", value_get_str(eni, "NetworkInterfaceId"));
    if ((rc = ec2_save(j, EC2_INTERFACE, eni)) != 0 || !eip)
        return rc;
    value_put_str(j->a, eip, "AssociationId", ec2_new_id(j, "eipassoc-"));
    value_put_str(j->a, eip, "NetworkInterfaceId", value_get_str(eni, "NetworkInterfaceId"));
    value_put_str(j->a, eip, "NetworkInterfaceOwnerId", j->call->account);
    value_put_str(j->a, eip, "PrivateIpAddress", value_get_str(eni, "PrivateIpAddress"));
    return ec2_save(j, EC2_ADDRESS, eip);
}

static int check_nat(struct ec2 *j)
{
    static const char *const other[] = { "AvailabilityMode", "AvailabilityZoneAddresses",
                                         "SecondaryAllocationIds", "SecondaryPrivateIpAddresses",
                                         "SecondaryPrivateIpAddressCount" };

    for (size_t i = 0; i < COUNT(other); i++)
        if (param_has(j->call, other[i]))
            return ec2_unsupported(j, other[i]);
    return 0;
}

int ec2_create_nat_gateway(struct ec2 *j)
{
    struct value *nat, *subnet, *eip, *address = value_map(j->a);
    int rc = check_nat(j);

    if (rc != 0 || (rc = ec2_load_param(j, EC2_SUBNET, "SubnetId", &subnet)) != 0 ||
        (rc = check_allocation(j, &eip)) != 0 || (rc = ec2_new(j, EC2_NAT_GATEWAY, &nat)) != 0)
        return rc;
    value_put_bool(j->a, address, "IsPrimary", true);
    value_put_c(j->a, address, "Status", "associating");
    ec2_take(j, address, j->call->params, "AllocationId");
    value_push(ec2_list(j, nat, "NatGatewayAddresses"), address);
    ec2_take(j, nat, subnet, "VpcId");
    rc = nat_interface(j, nat, subnet, eip);
    if (rc == 0)
        rc = ec2_save(j, EC2_NAT_GATEWAY, nat);
    ec2_take(j, ec2_output(j), j->call->params, "ClientToken");
    value_set(ec2_output(j), STR("NatGateway"), value_copy(j->a, nat));
    return rc;
}

int ec2_delete_nat_gateway(struct ec2 *j)
{
    struct value *nat, *address, *eip;
    int rc = ec2_load_param(j, EC2_NAT_GATEWAY, "NatGatewayId", &nat);

    if (rc != 0)
        return rc;
    address = value_first(value_get_c(nat, "NatGatewayAddresses"));
    rc = ec2_find(j, EC2_ADDRESS, value_get_str(address, "AllocationId"), &eip);
    if (rc == 0 && eip) {
        ec2_address_loosen(eip);
        rc = ec2_save(j, EC2_ADDRESS, eip);
    }
    if (rc == 0)
        rc = ec2_drop(j, EC2_INTERFACE, value_get_str(nat, "_eni"));
    if (rc != 0)
        return rc;
    ec2_state_set(j, EC2_NAT_GATEWAY, nat, "deleting");
    value_put_time(j->a, nat, "DeleteTime", j->cx->now_ms / 1000 * 1000);
    value_put_str(j->a, ec2_output(j), "NatGatewayId", value_get_str(nat, "NatGatewayId"));
    return ec2_save(j, EC2_NAT_GATEWAY, nat);
}
