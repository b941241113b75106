/* Network ACLs: numbered entries, and the subnets that they guard. */
#include "emulator/services/ec2/ec2.h"

enum { LAST_RULE = 32767, FIRST_RULE = 100 };

static void add_entry(struct ec2 *j, struct value *acl, bool egress, const char *action, int number)
{
    struct value *e = value_map(j->a);

    value_put_c(j->a, e, "CidrBlock", "0.0.0.0/0");
    value_put_bool(j->a, e, "Egress", egress);
    value_put_c(j->a, e, "Protocol", "-1");
    value_put_c(j->a, e, "RuleAction", action);
    value_put_int(j->a, e, "RuleNumber", number);
    value_push(ec2_list(j, acl, "Entries"), e);
}

int ec2_acl_furnish(struct ec2 *j, struct value *acl, struct str vpc_id, bool is_default)
{
    value_put_str(j->a, acl, "VpcId", vpc_id);
    value_put_bool(j->a, acl, "IsDefault", is_default);
    for (int egress = 1; egress >= 0; egress--) {
        if (is_default)
            add_entry(j, acl, egress, "allow", FIRST_RULE);
        add_entry(j, acl, egress, "deny", LAST_RULE);
    }
    return ec2_save(j, EC2_NETWORK_ACL, acl);
}

int ec2_acl_default(struct ec2 *j, struct str vpc_id, struct value **acl)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_NETWORK_ACL, &docs);

    *acl = NULL;
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "VpcId"), vpc_id) &&
            value_get_bool(docs->of[i], "IsDefault", false))
            *acl = docs->of[i];
    if (rc == 0 && !*acl)
        return ec2_not_found(j, EC2_VPC, vpc_id);
    return rc;
}

int ec2_acl_take(struct ec2 *j, struct value *acl, struct str subnet_id, struct str *association)
{
    struct value *v = value_map(j->a);

    *association = ec2_new_id(j, "aclassoc-");
    value_put_str(j->a, v, "NetworkAclAssociationId", *association);
    value_put_str(j->a, v, "NetworkAclId", value_get_str(acl, "NetworkAclId"));
    value_put_str(j->a, v, "SubnetId", subnet_id);
    value_push(ec2_list(j, acl, "Associations"), v);
    return ec2_save(j, EC2_NETWORK_ACL, acl);
}

static int find_association(struct ec2 *j, const char *member, struct str id, struct value **acl,
                            struct value **association)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_NETWORK_ACL, &docs);

    *acl = *association = NULL;
    for (size_t i = 0; rc == 0 && i < docs->count && !*association; i++) {
        *acl = docs->of[i];
        *association = ec2_list_find(value_get_c(*acl, "Associations"), member, id);
    }
    return rc;
}

int ec2_acl_let_go(struct ec2 *j, struct str subnet_id)
{
    struct value *acl, *association;
    int rc = find_association(j, "SubnetId", subnet_id, &acl, &association);

    if (rc != 0 || !association)
        return rc;
    ec2_list_remove(j, acl, "Associations", association);
    return ec2_save(j, EC2_NETWORK_ACL, acl);
}

int ec2_create_network_acl(struct ec2 *j)
{
    struct value *vpc, *acl;
    int rc = ec2_load_param(j, EC2_VPC, "VpcId", &vpc);

    if (rc == 0)
        rc = ec2_new(j, EC2_NETWORK_ACL, &acl);
    if (rc == 0)
        rc = ec2_acl_furnish(j, acl, value_get_str(vpc, "VpcId"), false);
    if (rc != 0)
        return rc;
    ec2_take(j, ec2_output(j), j->call->params, "ClientToken");
    value_set(ec2_output(j), STR("NetworkAcl"), value_copy(j->a, acl));
    return 0;
}

int ec2_delete_network_acl(struct ec2 *j)
{
    struct value *acl;
    int rc = ec2_load_param(j, EC2_NETWORK_ACL, "NetworkAclId", &acl);

    if (rc == 0 && value_get_bool(acl, "IsDefault", false))
        return ec2_refuse(j, "InvalidParameterValue", "cannot delete default network ACL %.*s",
                          STR_ARG(value_get_str(acl, "NetworkAclId")));
    return rc != 0 ? rc : ec2_delete(j, EC2_NETWORK_ACL, "NetworkAclId");
}

int ec2_replace_network_acl_association(struct ec2 *j)
{
    struct str id = param_str(j->call, "AssociationId"), now;
    struct value *acl, *old, *association;
    int rc = find_association(j, "NetworkAclAssociationId", id, &old, &association);

    if (rc == 0 && !association)
        return ec2_refuse(j, "InvalidAssociationID.NotFound",
                          "The association ID '%.*s' does not exist", STR_ARG(id));
    if (rc != 0)
        return rc;
    struct str subnet_id = arena_copy(j->a, value_get_str(association, "SubnetId"));
    ec2_list_remove(j, old, "Associations", association);
    if ((rc = ec2_save(j, EC2_NETWORK_ACL, old)) != 0 ||
        (rc = ec2_load_param(j, EC2_NETWORK_ACL, "NetworkAclId", &acl)) != 0 ||
        (rc = ec2_acl_take(j, acl, subnet_id, &now)) != 0)
        return rc;
    value_put_str(j->a, ec2_output(j), "NewAssociationId", now);
    return 0;
}

/* --- entries --- */

static struct value *find_entry(const struct ec2 *j, const struct value *acl)
{
    bool egress = param_bool(j->call, "Egress", false);
    int64_t number = param_int(j->call, "RuleNumber", 0);

    for (struct value *e = value_first(value_get_c(acl, "Entries")); e; e = e->next)
        if (value_get_bool(e, "Egress", false) == egress &&
            value_get_int(e, "RuleNumber", 0) == number)
            return e;
    return NULL;
}

/* Source: VPC User Guide, "Network ACL rules": numbers up to 32766. */
static int make_entry(struct ec2 *j, struct value *acl)
{
    int64_t number = param_int(j->call, "RuleNumber", 0);
    struct value *e = value_map(j->a);

    if (number < 1 || number >= LAST_RULE)
        return ec2_refuse(j, "InvalidParameterValue",
                          "Value (%lld) for parameter ruleNumber is invalid. Must be between 1 and "
                          "32766.",
                          (long long)number);
    if (!param_has(j->call, "CidrBlock") && !param_has(j->call, "Ipv6CidrBlock"))
        return ec2_refuse(j, "MissingParameter",
                          "The request must contain the parameter cidrBlock or ipv6CidrBlock");
    ec2_take(j, e, j->call->params,
             "CidrBlock Egress IcmpTypeCode Ipv6CidrBlock PortRange Protocol RuleAction "
             "RuleNumber");
    value_push(ec2_list(j, acl, "Entries"), e);
    return ec2_save(j, EC2_NETWORK_ACL, acl);
}

int ec2_create_network_acl_entry(struct ec2 *j)
{
    struct value *acl;
    int rc = ec2_load_param(j, EC2_NETWORK_ACL, "NetworkAclId", &acl);

    if (rc == 0 && find_entry(j, acl))
        return ec2_refuse(j, "NetworkAclEntryAlreadyExists",
                          "The network acl entry identified by %lld already exists.",
                          (long long)param_int(j->call, "RuleNumber", 0));
    return rc != 0 ? rc : make_entry(j, acl);
}

static int load_entry(struct ec2 *j, struct value **acl, struct value **entry)
{
    int rc = ec2_load_param(j, EC2_NETWORK_ACL, "NetworkAclId", acl);

    *entry = rc == 0 ? find_entry(j, *acl) : NULL;
    if (rc == 0 && !*entry)
        return ec2_refuse(j, "InvalidNetworkAclEntry.NotFound",
                          "The network acl entry identified by %lld does not exist.",
                          (long long)param_int(j->call, "RuleNumber", 0));
    return rc;
}

int ec2_replace_network_acl_entry(struct ec2 *j)
{
    struct value *acl, *entry;
    int rc = load_entry(j, &acl, &entry);

    if (rc != 0)
        return rc;
    ec2_list_remove(j, acl, "Entries", entry);
    return make_entry(j, acl);
}

int ec2_delete_network_acl_entry(struct ec2 *j)
{
    struct value *acl, *entry;
    int rc = load_entry(j, &acl, &entry);

    if (rc != 0)
        return rc;
    ec2_list_remove(j, acl, "Entries", entry);
    return ec2_save(j, EC2_NETWORK_ACL, acl);
}
