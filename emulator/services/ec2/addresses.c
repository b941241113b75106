/* Elastic IP addresses. What an address is bound to stands in its own document. */
#include "emulator/services/ec2/compute.h"
#include "emulator/services/ec2/ec2.h"

static const char *const bonds[] = { "AssociationId", "InstanceId", "NetworkInterfaceId",
                                     "NetworkInterfaceOwnerId", "PrivateIpAddress" };

void ec2_address_loosen(struct value *address)
{
    for (size_t i = 0; i < COUNT(bonds); i++)
        (void)value_remove(address, str_c(bonds[i]));
}

static int by_ip(struct ec2 *j, struct str ip, struct value **address)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_ADDRESS, &docs);

    *address = NULL;
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "PublicIp"), ip))
            *address = docs->of[i];
    return rc;
}

static int ip_missing(struct ec2 *j, struct str ip)
{
    return ec2_refuse(j, "InvalidAddress.NotFound", "Address '%.*s' not found.", STR_ARG(ip));
}

/* 54.144.0.0/12 and what follows belong to EC2; no packet is ever sent there. */
int ec2_public_ip(struct ec2 *j, struct str *out)
{
    struct value *other;
    int rc;

    do {
        uint32_t host = (uint32_t)rng_below(j->rng, 1u << 20);
        *out = ip_text(j->a, 54u << 24 | 144u << 16 | host);
        rc = by_ip(j, *out, &other);
    } while (rc == 0 && other);
    return rc;
}

int ec2_allocate_address(struct ec2 *j)
{
    static const char *const other[] = { "Address", "CustomerOwnedIpv4Pool", "IpamPoolId" };
    struct value *address;
    struct str ip;
    int rc = 0;

    for (size_t i = 0; i < COUNT(other); i++)
        if (param_has(j->call, other[i]))
            return ec2_unsupported(j, other[i]);
    if ((rc = ec2_new(j, EC2_ADDRESS, &address)) != 0 || (rc = ec2_public_ip(j, &ip)) != 0)
        return rc;
    value_put_str(j->a, address, "PublicIp", ip);
    ec2_take(j, ec2_output(j), address,
             "AllocationId PublicIpv4Pool NetworkBorderGroup Domain PublicIp");
    return ec2_save(j, EC2_ADDRESS, address);
}

/* The address that AllocationId or PublicIp names. */
static int load_address(struct ec2 *j, struct value **address)
{
    struct str ip = param_str(j->call, "PublicIp");

    if (param_has(j->call, "AllocationId"))
        return ec2_load_param(j, EC2_ADDRESS, "AllocationId", address);
    *address = NULL;
    if (ip.len == 0)
        return ec2_refuse(j, "MissingParameter",
                          "Either 'AllocationId' or 'PublicIp' must be provided.");
    int rc = by_ip(j, ip, address);
    return rc == 0 && !*address ? ip_missing(j, ip) : rc;
}

/* The interface that the call names, or the named instance's first. */
static int load_interface(struct ec2 *j, struct value **eni, struct str *instance_id)
{
    struct str id = param_str(j->call, "NetworkInterfaceId");
    struct value *instance;

    *instance_id = param_str(j->call, "InstanceId");
    if (instance_id->len > 0) {
        int rc = ec2_load(j, EC2_INSTANCE, *instance_id, &instance);
        if (rc != 0)
            return rc;
        id = value_get_str(value_first(value_get_c(instance, "NetworkInterfaces")),
                           "NetworkInterfaceId");
    }
    if (id.len == 0)
        return ec2_refuse(j, "MissingParameter",
                          "Either 'InstanceId' or 'NetworkInterfaceId' must be provided.");
    int rc = ec2_load(j, EC2_INTERFACE, id, eni);
    if (rc == 0)
        *instance_id = value_get_str(value_get_c(*eni, "Attachment"), "InstanceId");
    return rc;
}

int ec2_associate_address(struct ec2 *j)
{
    struct value *address, *eni = NULL;
    struct str instance_id, private_ip = param_str(j->call, "PrivateIpAddress");
    int rc = load_address(j, &address);

    if (rc == 0)
        rc = load_interface(j, &eni, &instance_id);
    if (rc != 0)
        return rc;
    if (value_get_c(address, "AssociationId") &&
        !param_bool(j->call, "AllowReassociation", param_has(j->call, "PublicIp")))
        return ec2_refuse(j, "Resource.AlreadyAssociated",
                          "resource %.*s is already associated with associate-id %.*s",
                          STR_ARG(value_get_str(address, "AllocationId")),
                          STR_ARG(value_get_str(address, "AssociationId")));
    struct str association = ec2_new_id(j, "eipassoc-");
    ec2_address_loosen(address);
    value_put_str(j->a, address, "AssociationId", association);
    if (instance_id.len > 0)
        value_put_str(j->a, address, "InstanceId", instance_id);
    value_put_str(j->a, address, "NetworkInterfaceId", value_get_str(eni, "NetworkInterfaceId"));
    value_put_str(j->a, address, "NetworkInterfaceOwnerId", j->call->account);
    value_put_str(j->a, address, "PrivateIpAddress",
                  private_ip.len > 0 ? private_ip : value_get_str(eni, "PrivateIpAddress"));
    value_put_str(j->a, ec2_output(j), "AssociationId", association);
    return ec2_save(j, EC2_ADDRESS, address);
}

static int by_association(struct ec2 *j, struct str id, struct value **address)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_ADDRESS, &docs);

    *address = NULL;
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "AssociationId"), id))
            *address = docs->of[i];
    if (rc == 0 && !*address)
        return ec2_refuse(j, "InvalidAssociationID.NotFound",
                          "The association ID '%.*s' does not exist", STR_ARG(id));
    return rc;
}

int ec2_disassociate_address(struct ec2 *j)
{
    struct value *address;
    int rc = param_has(j->call, "AssociationId")
                 ? by_association(j, param_str(j->call, "AssociationId"), &address)
                 : load_address(j, &address);

    if (rc != 0)
        return rc;
    ec2_address_loosen(address);
    return ec2_save(j, EC2_ADDRESS, address);
}

int ec2_release_address(struct ec2 *j)
{
    struct value *address;
    int rc = load_address(j, &address);

    if (rc == 0 && value_get_c(address, "AssociationId"))
        return ec2_refuse(j, "InvalidIPAddress.InUse", "Address %.*s is in use.",
                          STR_ARG(value_get_str(address, "PublicIp")));
    return rc != 0 ? rc : ec2_drop(j, EC2_ADDRESS, value_get_str(address, "AllocationId"));
}

int ec2_describe_addresses(struct ec2 *j)
{
    const struct value *ips = param(j->call, "PublicIps");
    struct value *list, *address, *chosen = value_list(j->a);
    int rc = 0;

    for (const struct value *v = value_first(ips); v && rc == 0; v = v->next) {
        rc = by_ip(j, v->u.text, &address);
        if (rc == 0 && !address)
            rc = ip_missing(j, v->u.text);
    }
    if (rc == 0)
        rc = ec2_select(j, EC2_ADDRESS, &list);
    if (rc != 0)
        return rc;
    for (const struct value *v = value_first(list); v; v = v->next)
        if (!value_first(ips) || ec2_list_has(ips, value_get_str(v, "PublicIp")))
            value_push(chosen, value_copy(j->a, v));
    return ec2_page(j, "Addresses", chosen, "AllocationId");
}
