/* Network interfaces: addresses of a subnet, groups, what they are attached to. */
#include "emulator/services/ec2/compute.h"
#include "emulator/services/ec2/ec2.h"

enum { FIRST_HOST = 4, ATTACHING_MS = 5000, DRAWS = 64 };

struct str ec2_dns_name(struct ec2 *j, struct str private_ip)
{
    bool is_first = str_eq_c(j->call->region, "us-east-1");
    struct str name = arena_printf(j->a, "ip-%.*s.", STR_ARG(private_ip));

    for (size_t i = 0; i + 1 < name.len; i++)
        if (name.ptr[i] == '.')
            ((char *)name.ptr)[i] = '-'; /* just made, ours */
    return arena_printf(j->a, "%.*s%s%s", STR_ARG(name),
                        is_first ? "" : arena_copy(j->a, j->call->region).ptr,
                        is_first ? "ec2.internal" : ".compute.internal");
}

struct str ec2_public_dns(struct ec2 *j, struct str public_ip)
{
    bool is_first = str_eq_c(j->call->region, "us-east-1");
    struct str name = arena_printf(j->a, "ec2-%.*s.", STR_ARG(public_ip));

    for (size_t i = 0; i + 1 < name.len; i++)
        if (name.ptr[i] == '.')
            ((char *)name.ptr)[i] = '-';
    return arena_printf(j->a, "%.*s%s%s", STR_ARG(name),
                        is_first ? "" : arena_copy(j->a, j->call->region).ptr,
                        is_first ? "compute-1.amazonaws.com" : ".compute.amazonaws.com");
}

static struct value *association(struct ec2 *j, const struct value *eip, struct str public_ip)
{
    struct value *v = value_map(j->a);

    ec2_take(j, v, eip, "AllocationId AssociationId");
    value_put_str(j->a, v, "IpOwnerId", eip ? j->call->account : STR("amazon"));
    value_put_str(j->a, v, "PublicDnsName", ec2_public_dns(j, public_ip));
    value_put_str(j->a, v, "PublicIp", public_ip);
    return v;
}

static int eip_of(struct ec2 *j, const struct value *eni, struct str private_ip,
                  const struct value **eip)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_ADDRESS, &docs);

    *eip = NULL;
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "NetworkInterfaceId"),
                   value_get_str(eni, "NetworkInterfaceId")) &&
            str_eq(value_get_str(docs->of[i], "PrivateIpAddress"), private_ip))
            *eip = docs->of[i];
    return rc;
}

/* Public addresses come from Elastic IPs, or from the subnet ("_public_ip"). */
static int complete_addresses(struct ec2 *j, struct value *eni)
{
    bool is_attached =
        str_eq_c(value_get_str(value_get_c(eni, "Attachment"), "Status"), "attached");
    int rc = 0;

    (void)value_remove(eni, STR("Association"));
    for (struct value *p = value_first(value_get_c(eni, "PrivateIpAddresses")); p && rc == 0;
         p = p->next) {
        const struct value *eip;
        bool primary = value_get_bool(p, "Primary", false);
        (void)value_remove(p, STR("Association"));
        rc = eip_of(j, eni, value_get_str(p, "PrivateIpAddress"), &eip);
        struct str ip =
            eip ? value_get_str(eip, "PublicIp")
                : (primary && is_attached ? value_get_str(eni, "_public_ip") : (struct str){ 0 });
        if (ip.len == 0)
            continue;
        value_set(p, STR("Association"), association(j, eip, ip));
        if (primary)
            value_set(eni, STR("Association"), association(j, eip, ip));
    }
    return rc;
}

int ec2_interface_complete(struct ec2 *j, struct value *eni)
{
    struct value *attachment = value_get_c(eni, "Attachment");
    int64_t since = value_get_time(attachment, "AttachTime", INT64_MAX);

    if (attachment && since <= j->cx->now_ms - ATTACHING_MS)
        value_put_c(j->a, attachment, "Status", "attached");
    return complete_addresses(j, eni);
}

/* --- addresses --- */

static int is_taken(struct ec2 *j, struct str subnet_id, struct str ip, bool *taken)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_INTERFACE, &docs);

    *taken = false;
    for (size_t i = 0; rc == 0 && i < docs->count && !*taken; i++)
        *taken = str_eq(value_get_str(docs->of[i], "SubnetId"), subnet_id) &&
                 ec2_path_is(j, docs->of[i], "PrivateIpAddresses.PrivateIpAddress", ip);
    return rc;
}

static bool is_listed(const struct value *addresses, struct str ip)
{
    return ec2_list_find(addresses, "PrivateIpAddress", ip) != NULL;
}

/* A free address, at random, or the first free one where few are left. */
static int draw_ip(struct ec2 *j, const struct value *subnet, const struct value *listed,
                   struct str *out)
{
    struct str subnet_id = value_get_str(subnet, "SubnetId");
    struct cidr block = { 0 };
    bool taken = true;
    int rc = 0;

    (void)cidr_parse(value_get_str(subnet, "CidrBlock"), &block);
    uint32_t size = 1u << (32 - block.bits);
    for (uint32_t i = 0; rc == 0 && i < DRAWS + size - FIRST_HOST - 1 && taken; i++) {
        uint32_t host = i < DRAWS ? FIRST_HOST + (uint32_t)rng_below(j->rng, size - FIRST_HOST - 1)
                                  : FIRST_HOST + i - DRAWS;
        *out = ip_text(j->a, block.base + host);
        rc = is_taken(j, subnet_id, *out, &taken);
        taken = taken || is_listed(listed, *out);
    }
    if (rc == 0 && taken)
        return ec2_refuse(j, "InsufficientFreeAddressesInSubnet",
                          "The specified subnet does not have enough free addresses to satisfy the "
                          "request.");
    return rc;
}

static int check_ip(struct ec2 *j, const struct value *subnet, struct str text)
{
    struct cidr block = { 0 };
    uint32_t ip = 0;
    bool taken;

    (void)cidr_parse(value_get_str(subnet, "CidrBlock"), &block);
    if (!ip_parse(text, &ip) || !cidr_holds(block, (struct cidr){ ip, 32 }) ||
        ip - block.base < FIRST_HOST || ip - block.base == (1u << (32 - block.bits)) - 1)
        return ec2_refuse(j, "InvalidParameterValue",
                          "Address %.*s does not fall within the subnet's address range",
                          STR_ARG(text));
    int rc = is_taken(j, value_get_str(subnet, "SubnetId"), text, &taken);
    if (rc == 0 && taken)
        return ec2_refuse(j, "InvalidIPAddress.InUse", "Address %.*s is in use.", STR_ARG(text));
    return rc;
}

static void add_ip(struct ec2 *j, struct value *eni, struct str ip, bool primary)
{
    struct value *v = value_map(j->a);

    value_put_bool(j->a, v, "Primary", primary);
    value_put_str(j->a, v, "PrivateDnsName", ec2_dns_name(j, ip));
    value_put_str(j->a, v, "PrivateIpAddress", ip);
    value_push(ec2_list(j, eni, "PrivateIpAddresses"), v);
    if (primary) {
        value_put_str(j->a, eni, "PrivateIpAddress", ip);
        value_put_str(j->a, eni, "PrivateDnsName", ec2_dns_name(j, ip));
    }
}

/* The primary address that is asked for, by itself or in the list; empty: any. */
static struct str asked_primary(const struct value *asked)
{
    struct str ip = value_get_str(asked, "PrivateIpAddress");

    for (const struct value *p = value_first(value_get_c(asked, "PrivateIpAddresses"));
         p && ip.len == 0; p = p->next)
        if (value_get_bool(p, "Primary", false))
            ip = value_get_str(p, "PrivateIpAddress");
    return ip;
}

static int give_secondary(struct ec2 *j, struct value *eni, const struct value *subnet,
                          const struct value *asked)
{
    int64_t more = value_get_int(asked, "SecondaryPrivateIpAddressCount", 0);
    struct str ip = { 0 };
    int rc = 0;

    for (const struct value *p = value_first(value_get_c(asked, "PrivateIpAddresses"));
         p && rc == 0; p = p->next) {
        ip = p->kind == VALUE_STRING ? p->u.text : value_get_str(p, "PrivateIpAddress");
        if (is_listed(value_get_c(eni, "PrivateIpAddresses"), ip))
            continue;
        if ((rc = check_ip(j, subnet, ip)) == 0)
            add_ip(j, eni, ip, false);
    }
    for (; more > 0 && rc == 0; more--)
        if ((rc = draw_ip(j, subnet, value_get_c(eni, "PrivateIpAddresses"), &ip)) == 0)
            add_ip(j, eni, ip, false);
    return rc;
}

static int give_addresses(struct ec2 *j, struct value *eni, const struct value *subnet,
                          const struct value *asked)
{
    struct str ip = asked_primary(asked);
    int rc = ip.len > 0 ? check_ip(j, subnet, ip) : draw_ip(j, subnet, NULL, &ip);

    if (rc != 0)
        return rc;
    add_ip(j, eni, ip, true);
    return give_secondary(j, eni, subnet, asked);
}

int ec2_interface_new(struct ec2 *j, const struct ec2_interface *i, struct value **eni)
{
    uint8_t mac[5];
    int rc = ec2_make(j, EC2_INTERFACE, eni);

    if (rc != 0)
        return rc;
    rng_bytes(j->rng, mac, sizeof mac);
    value_put_str(
        j->a, *eni, "MacAddress",
        arena_printf(j->a, "02:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4]));
    ec2_take(j, *eni, i->subnet, "AvailabilityZone AvailabilityZoneId SubnetId VpcId");
    value_put_str(j->a, *eni, "Description", i->description);
    value_put_str(j->a, *eni, "RequesterId", j->call->who->principal_id);
    value_set(*eni, STR("Groups"), value_copy(j->a, i->groups));
    return give_addresses(j, *eni, i->subnet, i->asked);
}

static int check_parameters(struct ec2 *j)
{
    static const char *const other[] = { "Ipv4Prefixes",    "Ipv4PrefixCount",   "Ipv6Prefixes",
                                         "Ipv6PrefixCount", "EnablePrimaryIpv6", "Operator",
                                         "Ipv6Addresses",   "Ipv6AddressCount" };

    for (size_t i = 0; i < COUNT(other); i++)
        if (param_has(j->call, other[i]))
            return ec2_unsupported(j, other[i]);
    return 0;
}

int ec2_create_interface(struct ec2 *j)
{
    struct ec2_interface how = { .asked = j->call->params,
                                 .description = param_str(j->call, "Description") };
    struct value *eni, *tags;
    int rc = check_parameters(j);

    if (rc != 0 || (rc = ec2_load_param(j, EC2_SUBNET, "SubnetId", &how.subnet)) != 0 ||
        (rc = ec2_group_list(j, param(j->call, "Groups"), value_get_str(how.subnet, "VpcId"),
                             &how.groups)) != 0 ||
        (rc = ec2_tags_of_spec(j, "network-interface", &tags)) != 0 ||
        (rc = ec2_interface_new(j, &how, &eni)) != 0)
        return rc;
    value_set(eni, STR("TagSet"), tags);
    ec2_take(j, eni, j->call->params, "InterfaceType");
    rc = ec2_save(j, EC2_INTERFACE, eni);
    ec2_take(j, ec2_output(j), j->call->params, "ClientToken");
    value_set(ec2_output(j), STR("NetworkInterface"), value_copy(j->a, eni));
    return rc;
}

int ec2_delete_interface(struct ec2 *j)
{
    struct value *eni;
    int rc = ec2_load_param(j, EC2_INTERFACE, "NetworkInterfaceId", &eni);

    if (rc == 0 && str_eq_c(value_get_str(eni, "Status"), "in-use"))
        return ec2_refuse(j, "InvalidParameterValue",
                          "Network interface '%.*s' is currently in use.",
                          STR_ARG(value_get_str(eni, "NetworkInterfaceId")));
    return rc != 0 ? rc : ec2_delete(j, EC2_INTERFACE, "NetworkInterfaceId");
}

int ec2_modify_interface(struct ec2 *j)
{
    static const char *const plain[] = { "Description", "SourceDestCheck" };
    const struct value *attachment = param(j->call, "Attachment");
    struct value *eni, *groups;
    int rc = ec2_load_param(j, EC2_INTERFACE, "NetworkInterfaceId", &eni);

    for (size_t i = 0; rc == 0 && i < COUNT(plain); i++) {
        const struct value *v = value_get_c(param(j->call, plain[i]), "Value");
        if (v)
            value_set(eni, str_c(plain[i]), value_copy(j->a, v));
    }
    if (rc == 0 && param_has(j->call, "Groups")) {
        rc = ec2_group_list(j, param(j->call, "Groups"), value_get_str(eni, "VpcId"), &groups);
        value_set(eni, STR("Groups"), groups);
    }
    if (rc == 0 && attachment && value_get_c(eni, "Attachment"))
        ec2_take(j, value_get_c(eni, "Attachment"), attachment, "DeleteOnTermination");
    return rc != 0 ? rc : ec2_save(j, EC2_INTERFACE, eni);
}

/* Attributes of DescribeNetworkInterfaceAttribute: the word, the member, is it wrapped in Value? */
static const struct {
    const char *word, *member, *answer;
    bool wrapped;
} attributes[] = {
    { "description", "Description", "Description", true },
    { "sourceDestCheck", "SourceDestCheck", "SourceDestCheck", true },
    { "groupSet", "Groups", "Groups", false },
    { "attachment", "Attachment", "Attachment", false },
};

int ec2_describe_interface_attribute(struct ec2 *j)
{
    struct value *eni, *output = ec2_output(j);
    int rc = ec2_load_param(j, EC2_INTERFACE, "NetworkInterfaceId", &eni);

    if (rc != 0)
        return rc;
    ec2_take(j, output, eni, "NetworkInterfaceId");
    for (size_t i = 0; i < COUNT(attributes); i++) {
        const struct value *v = value_get_c(eni, attributes[i].member);
        if (!str_eq_c(param_str(j->call, "Attribute"), attributes[i].word))
            continue;
        struct value *shown = v ? value_copy(j->a, v) : value_null(j->a);
        if (attributes[i].wrapped) {
            struct value *wrap = value_map(j->a);
            value_set(wrap, STR("Value"), shown);
            shown = wrap;
        }
        if (v)
            value_set(output, str_c(attributes[i].answer), shown);
        return 0;
    }
    return ec2_refuse(j, "InvalidParameterValue",
                      "Value (%.*s) for parameter attribute is invalid. Unknown attribute.",
                      STR_ARG(param_str(j->call, "Attribute")));
}

int ec2_assign_private_ips(struct ec2 *j)
{
    struct value *eni, *subnet, *assigned = value_list(j->a);
    int rc = ec2_load_param(j, EC2_INTERFACE, "NetworkInterfaceId", &eni);

    if (rc == 0)
        rc = ec2_load(j, EC2_SUBNET, value_get_str(eni, "SubnetId"), &subnet);
    if (rc != 0)
        return rc;
    uint32_t before = value_get_c(eni, "PrivateIpAddresses")->count;
    if ((rc = give_secondary(j, eni, subnet, j->call->params)) != 0)
        return rc;
    for (const struct value *p = value_at(value_get_c(eni, "PrivateIpAddresses"), before); p;
         p = p->next) {
        struct value *row = value_map(j->a);
        ec2_take(j, row, p, "PrivateIpAddress");
        value_push(assigned, row);
    }
    ec2_take(j, ec2_output(j), eni, "NetworkInterfaceId");
    value_set(ec2_output(j), STR("AssignedPrivateIpAddresses"), assigned);
    return ec2_save(j, EC2_INTERFACE, eni);
}

int ec2_unassign_private_ips(struct ec2 *j)
{
    struct value *eni;
    int rc = ec2_load_param(j, EC2_INTERFACE, "NetworkInterfaceId", &eni);

    for (const struct value *v = value_first(param(j->call, "PrivateIpAddresses")); v && rc == 0;
         v = v->next) {
        struct value *held =
            ec2_list_find(value_get_c(eni, "PrivateIpAddresses"), "PrivateIpAddress", v->u.text);
        if (!held || value_get_bool(held, "Primary", false))
            return ec2_refuse(
                j, "InvalidParameterValue", "Some of [%.*s] are not assigned to interface %.*s",
                STR_ARG(v->u.text), STR_ARG(value_get_str(eni, "NetworkInterfaceId")));
        ec2_list_remove(j, eni, "PrivateIpAddresses", held);
    }
    return rc != 0 ? rc : ec2_save(j, EC2_INTERFACE, eni);
}

/* --- attachments --- */

int ec2_interface_attach(struct ec2 *j, struct value *eni, const struct value *instance,
                         int64_t device, bool delete_on_termination)
{
    struct value *v = value_map(j->a);

    if (value_get_c(eni, "Attachment"))
        return ec2_refuse(j, "InvalidNetworkInterface.InUse", "Interface: [%.*s] in use.",
                          STR_ARG(value_get_str(eni, "NetworkInterfaceId")));
    value_put_time(j->a, v, "AttachTime", j->cx->now_ms / 1000 * 1000);
    value_put_str(j->a, v, "AttachmentId", ec2_new_id(j, "eni-attach-"));
    value_put_bool(j->a, v, "DeleteOnTermination", delete_on_termination);
    value_put_int(j->a, v, "DeviceIndex", device);
    value_put_int(j->a, v, "NetworkCardIndex", 0);
    value_put_str(j->a, v, "InstanceId", value_get_str(instance, "InstanceId"));
    value_put_str(j->a, v, "InstanceOwnerId", j->call->account);
    value_put_c(j->a, v, "Status", "attaching");
    value_set(eni, STR("Attachment"), v);
    value_put_c(j->a, eni, "Status", "in-use");
    return ec2_save(j, EC2_INTERFACE, eni);
}

int ec2_attach_interface(struct ec2 *j)
{
    int64_t device = param_int(j->call, "DeviceIndex", 0);
    struct value *eni, *instance;
    int rc = ec2_load_param(j, EC2_INTERFACE, "NetworkInterfaceId", &eni);

    if (rc == 0)
        rc = ec2_load_param(j, EC2_INSTANCE, "InstanceId", &instance);
    if (rc != 0)
        return rc;
    for (const struct value *n = value_first(value_get_c(instance, "NetworkInterfaces")); n;
         n = n->next)
        if (value_get_int(value_get_c(n, "Attachment"), "DeviceIndex", -1) == device)
            return ec2_refuse(j, "InvalidParameterValue",
                              "Instance '%.*s' already has an interface attached at device index "
                              "'%lld'.",
                              STR_ARG(param_str(j->call, "InstanceId")), (long long)device);
    rc = ec2_interface_attach(j, eni, instance, device, false);
    ec2_take(j, ec2_output(j), value_get_c(eni, "Attachment"), "AttachmentId NetworkCardIndex");
    return rc;
}

int ec2_detach_interface(struct ec2 *j)
{
    struct str id = param_str(j->call, "AttachmentId");
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_INTERFACE, &docs);

    for (size_t i = 0; rc == 0 && i < docs->count; i++) {
        const struct value *held = value_get_c(docs->of[i], "Attachment");
        if (!str_eq(value_get_str(held, "AttachmentId"), id))
            continue;
        if (value_get_int(held, "DeviceIndex", 0) == 0)
            return ec2_refuse(j, "OperationNotPermitted",
                              "The network interface at device index 0 cannot be detached.");
        (void)value_remove(docs->of[i], STR("Attachment"));
        value_put_c(j->a, docs->of[i], "Status", "available");
        return ec2_save(j, EC2_INTERFACE, docs->of[i]);
    }
    return rc != 0 ? rc
                   : ec2_refuse(j, "InvalidAttachmentID.NotFound",
                                "The interface attachment '%.*s' does not exist.", STR_ARG(id));
}
