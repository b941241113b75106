/* Security groups, and the operations on their rules. */
#include "emulator/services/ec2/rules.h"

/* --- what a group shows of its rules --- */

static struct value *permission_of(struct ec2 *j, struct value *list, const struct value *rule)
{
    int64_t from = value_get_int(rule, "FromPort", -1), to = value_get_int(rule, "ToPort", -1);

    for (struct value *p = value_first(list); p; p = p->next)
        if (str_eq(value_get_str(p, "IpProtocol"), value_get_str(rule, "IpProtocol")) &&
            value_get_int(p, "FromPort", -1) == from && value_get_int(p, "ToPort", -1) == to)
            return p;
    struct value *p = value_map(j->a);
    value_put_str(j->a, p, "IpProtocol", value_get_str(rule, "IpProtocol"));
    if (!str_eq_c(value_get_str(rule, "IpProtocol"), "-1")) {
        value_put_int(j->a, p, "FromPort", from);
        value_put_int(j->a, p, "ToPort", to);
    }
    static const char *const lists[] = { "UserIdGroupPairs", "IpRanges", "Ipv6Ranges",
                                         "PrefixListIds" };
    for (size_t i = 0; i < COUNT(lists); i++)
        (void)ec2_list(j, p, lists[i]);
    value_push(list, p);
    return p;
}

static void add_peer(struct ec2 *j, struct value *permission, const struct value *rule)
{
    static const struct {
        const char *member, *list, *shown;
    } rows[] = {
        { "CidrIpv4", "IpRanges", "CidrIp" },
        { "CidrIpv6", "Ipv6Ranges", "CidrIpv6" },
        { "PrefixListId", "PrefixListIds", "PrefixListId" },
        { "_other_group_or_self", "UserIdGroupPairs", "GroupId" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str text = value_get_str(rule, rows[i].member);
        if (text.len == 0)
            continue;
        struct value *row = value_map(j->a);
        ec2_take(j, row, rule, "Description");
        ec2_take(j, row, value_get_c(rule, "ReferencedGroupInfo"), "UserId");
        value_put_str(j->a, row, rows[i].shown, text);
        value_push(ec2_list(j, permission, rows[i].list), row);
    }
}

int ec2_group_complete(struct ec2 *j, struct value *group)
{
    struct value *in = value_list(j->a), *out = value_list(j->a);
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_RULE, &docs);

    for (size_t i = 0; rc == 0 && i < docs->count; i++) {
        const struct value *rule = docs->of[i];
        if (!str_eq(value_get_str(rule, "GroupId"), value_get_str(group, "GroupId")))
            continue;
        struct value *list = value_get_bool(rule, "IsEgress", false) ? out : in;
        add_peer(j, permission_of(j, list, rule), rule);
    }
    value_set(group, STR("IpPermissions"), in);
    value_set(group, STR("IpPermissionsEgress"), out);
    return rc;
}

/* --- groups by name --- */

int ec2_group_named(struct ec2 *j, struct str name, struct str vpc_id, struct value **group)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_GROUP, &docs);

    *group = NULL;
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "GroupName"), name) &&
            str_eq(value_get_str(docs->of[i], "VpcId"), vpc_id))
            *group = docs->of[i];
    return rc;
}

int ec2_group_default(struct ec2 *j, struct str vpc_id, struct value **group)
{
    return ec2_group_named(j, STR("default"), vpc_id, group);
}

static int default_vpc_id(struct ec2 *j, struct str *id)
{
    struct value *vpc;
    int rc = ec2_default_vpc(j, &vpc);

    if (rc == 0 && !vpc)
        return ec2_refuse(j, "VPCIdNotSpecified", "No default VPC for this user");
    *id = value_get_str(vpc, "VpcId");
    return rc;
}

/* The group that GroupId or GroupName (of the default VPC) names. */
static int load_group(struct ec2 *j, struct value **group)
{
    struct str vpc_id = { 0 }, name = param_str(j->call, "GroupName");

    *group = NULL;
    if (param_has(j->call, "GroupId"))
        return ec2_load_param(j, EC2_GROUP, "GroupId", group);
    if (name.len == 0)
        return ec2_refuse(j, "MissingParameter",
                          "The request must contain the parameter groupName or groupId");
    int rc = default_vpc_id(j, &vpc_id);
    if (rc == 0)
        rc = ec2_group_named(j, name, vpc_id, group);
    if (rc == 0 && !*group)
        return ec2_refuse(j, "InvalidGroup.NotFound",
                          "The security group '%.*s' does not exist in default VPC '%.*s'",
                          STR_ARG(name), STR_ARG(vpc_id));
    return rc;
}

int ec2_group_list(struct ec2 *j, const struct value *ids, struct str vpc_id, struct value **list)
{
    struct value *group;
    int rc = 0;

    *list = value_list(j->a);
    for (const struct value *v = value_first(ids); v && rc == 0; v = v->next) {
        rc = ec2_load(j, EC2_GROUP, v->u.text, &group);
        if (rc != 0)
            return rc;
        if (!str_eq(value_get_str(group, "VpcId"), vpc_id))
            return ec2_refuse(j, "InvalidParameter",
                              "Security group %.*s and subnet belong to different networks.",
                              STR_ARG(v->u.text));
        struct value *row = value_map(j->a);
        ec2_take(j, row, group, "GroupId GroupName");
        value_push(*list, row);
    }
    if (rc == 0 && !value_first(*list)) {
        struct value *row = value_map(j->a);
        rc = ec2_group_default(j, vpc_id, &group);
        ec2_take(j, row, group, "GroupId GroupName");
        value_push(*list, row);
    }
    return rc;
}

/* --- create, describe, delete --- */

static int add_world_rule(struct ec2 *j, const struct value *group, bool egress)
{
    struct value *rule = value_map(j->a);
    struct str id = ec2_new_id(j, "sgr-");

    ec2_take(j, rule, group, "GroupId");
    value_put_str(j->a, rule, "SecurityGroupRuleId", id);
    value_put_str(j->a, rule, "GroupOwnerId", j->call->account);
    value_put_bool(j->a, rule, "IsEgress", egress);
    value_put_c(j->a, rule, "IpProtocol", "-1");
    value_put_int(j->a, rule, "FromPort", -1);
    value_put_int(j->a, rule, "ToPort", -1);
    value_put_str(j->a, rule, "SecurityGroupRuleArn", ec2_arn(j, "security-group-rule", id));
    value_set(rule, STR("Tags"), value_list(j->a));
    if (egress)
        value_put_c(j->a, rule, "CidrIpv4", "0.0.0.0/0");
    int rc = egress ? 0 : ec2_rule_peer(j, rule, value_get_str(group, "GroupId"));
    return rc != 0 ? rc : ec2_save(j, EC2_RULE, rule);
}

/* All may leave; into a default group its own members may come.
 * Source: VPC User Guide, "Default security groups for your VPCs". */
int ec2_group_furnish(struct ec2 *j, struct value *group, struct str vpc_id)
{
    struct str id = value_get_str(group, "GroupId");

    value_put_str(j->a, group, "VpcId", vpc_id);
    value_put_str(j->a, group, "SecurityGroupArn", ec2_arn(j, "security-group", id));
    int rc = ec2_save(j, EC2_GROUP, group);
    if (rc == 0)
        rc = add_world_rule(j, group, true);
    if (rc == 0 && str_eq_c(value_get_str(group, "GroupName"), "default"))
        rc = add_world_rule(j, group, false);
    return rc;
}

static int check_name(struct ec2 *j, struct str name, struct str vpc_id)
{
    struct value *other;

    if (str_eq_c(name, "default"))
        return ec2_refuse(j, "InvalidParameterValue",
                          "Cannot use reserved security group name: %.*s", STR_ARG(name));
    if (str_has_prefix(name, STR("sg-")))
        return ec2_refuse(j, "InvalidParameterValue",
                          "Value (%.*s) for parameter GroupName is invalid. Group names may not be "
                          "in the format sg-*.",
                          STR_ARG(name));
    int rc = ec2_group_named(j, name, vpc_id, &other);
    if (rc == 0 && other)
        return ec2_refuse(j, "InvalidGroup.Duplicate",
                          "The security group '%.*s' already exists for VPC '%.*s'", STR_ARG(name),
                          STR_ARG(vpc_id));
    return rc;
}

int ec2_create_group(struct ec2 *j)
{
    struct str vpc_id = param_str(j->call, "VpcId");
    struct value *vpc, *group;
    int rc = vpc_id.len > 0 ? ec2_load(j, EC2_VPC, vpc_id, &vpc) : default_vpc_id(j, &vpc_id);

    if (rc == 0)
        rc = check_name(j, param_str(j->call, "GroupName"), vpc_id);
    if (rc == 0)
        rc = ec2_new(j, EC2_GROUP, &group);
    if (rc == 0)
        rc = ec2_group_furnish(j, group, vpc_id);
    if (rc != 0)
        return rc;
    ec2_take(j, ec2_output(j), group, "GroupId Tags SecurityGroupArn");
    return 0;
}

static int check_group_names(struct ec2 *j, const struct value *names, struct value *vpc)
{
    struct value *group;

    for (const struct value *v = value_first(names); v; v = v->next) {
        int rc = ec2_group_named(j, v->u.text, value_get_str(vpc, "VpcId"), &group);
        if (rc == 0 && !group)
            return ec2_refuse(j, "InvalidGroup.NotFound",
                              "The security group '%.*s' does not exist", STR_ARG(v->u.text));
        if (rc != 0)
            return rc;
    }
    return 0;
}

int ec2_describe_groups(struct ec2 *j)
{
    const struct value *names = param(j->call, "GroupNames");
    struct value *vpc, *list, *named = value_list(j->a);
    int rc = ec2_default_vpc(j, &vpc);

    if (rc == 0)
        rc = check_group_names(j, names, vpc);
    if (rc == 0)
        rc = ec2_select(j, EC2_GROUP, &list);
    if (rc != 0)
        return rc;
    for (const struct value *g = value_first(list); g; g = g->next)
        if (!value_first(names) || (ec2_list_has(names, value_get_str(g, "GroupName")) &&
                                    str_eq(value_get_str(g, "VpcId"), value_get_str(vpc, "VpcId"))))
            value_push(named, value_copy(j->a, g));
    return ec2_page(j, "SecurityGroups", named, "GroupId");
}

int ec2_delete_group(struct ec2 *j)
{
    struct value *group;
    int rc = load_group(j, &group);

    if (rc != 0)
        return rc;
    struct str id = value_get_str(group, "GroupId");
    if (str_eq_c(value_get_str(group, "GroupName"), "default"))
        return ec2_refuse(j, "CannotDelete",
                          "the specified group: \"%.*s\" name: \"default\" cannot be deleted by a "
                          "user",
                          STR_ARG(id));
    if ((rc = ec2_dependants(j, EC2_GROUP, id)) != 0)
        return rc;
    value_put_str(j->a, ec2_output(j), "GroupId", id);
    rc = ec2_remove(j, EC2_GROUP, id);
    return rc != 0 ? rc : ec2_return_true(j);
}

/* --- rules --- */

static int authorize(struct ec2 *j, bool egress)
{
    struct value *group, *rules, *shown = value_list(j->a);
    int rc = load_group(j, &group);

    if (rc == 0)
        rc = ec2_rules_asked(j, group, egress, &rules);
    if (rc != 0)
        return rc;
    if (!value_first(rules))
        return ec2_refuse(j, "MissingParameter",
                          "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.");
    for (struct value *r = value_first(rules); r && rc == 0; r = r->next) {
        rc = ec2_rule_add(j, r);
        struct value *row = value_copy(j->a, r);
        if (!value_first(value_get_c(row, "Tags")))
            (void)value_remove(row, STR("Tags"));
        value_push(shown, row);
    }
    value_set(ec2_output(j), STR("SecurityGroupRules"), shown);
    return rc != 0 ? rc : ec2_return_true(j);
}

int ec2_authorize_ingress(struct ec2 *j)
{
    return authorize(j, false);
}

int ec2_authorize_egress(struct ec2 *j)
{
    return authorize(j, true);
}

static int revoke_one(struct ec2 *j, const struct value *rule, struct value *shown)
{
    struct value *row = value_map(j->a);

    ec2_take(j, row, rule,
             "SecurityGroupRuleId GroupId IsEgress IpProtocol FromPort ToPort CidrIpv4 CidrIpv6 "
             "PrefixListId Description");
    if (value_get_c(rule, "_other_group_or_self"))
        value_put_str(j->a, row, "ReferencedGroupId", value_get_str(rule, "_other_group_or_self"));
    value_push(shown, row);
    return ec2_drop(j, EC2_RULE, value_get_str(rule, "SecurityGroupRuleId"));
}

static int revoke_ids(struct ec2 *j, const struct value *group, bool egress, struct value *shown)
{
    struct value *rule;
    int rc = 0;

    for (const struct value *v = value_first(param(j->call, "SecurityGroupRuleIds")); v && rc == 0;
         v = v->next) {
        rc = ec2_load(j, EC2_RULE, v->u.text, &rule);
        if (rc == 0 && (value_get_bool(rule, "IsEgress", false) != egress ||
                        !str_eq(value_get_str(rule, "GroupId"), value_get_str(group, "GroupId"))))
            return ec2_not_found(j, EC2_RULE, v->u.text);
        if (rc == 0)
            rc = revoke_one(j, rule, shown);
    }
    return rc;
}

static int revoke(struct ec2 *j, bool egress)
{
    struct value *group, *rules, *same, *shown = value_list(j->a);
    int rc = load_group(j, &group);

    if (rc == 0)
        rc = ec2_rules_asked(j, group, egress, &rules);
    if (rc == 0)
        rc = revoke_ids(j, group, egress, shown);
    if (rc != 0)
        return rc;
    for (const struct value *r = value_first(rules); r && rc == 0; r = r->next) {
        rc = ec2_rule_same(j, r, &same);
        if (rc == 0 && !same)
            return ec2_refuse(j, "InvalidPermission.NotFound",
                              "The specified rule does not exist in this security group.");
        if (rc == 0)
            rc = revoke_one(j, same, shown);
    }
    value_set(ec2_output(j), STR("RevokedSecurityGroupRules"), shown);
    return rc != 0 ? rc : ec2_return_true(j);
}

int ec2_revoke_ingress(struct ec2 *j)
{
    return revoke(j, false);
}

int ec2_revoke_egress(struct ec2 *j)
{
    return revoke(j, true);
}

/* Take what the request says of a rule: its peer is said anew. */
static int rewrite(struct ec2 *j, struct value *rule, const struct value *as)
{
    static const char *const peers[] = { "CidrIpv4",     "CidrIpv6",
                                         "PrefixListId", "ReferencedGroupInfo",
                                         "_other_group", "_other_group_or_self" };
    struct str group_id = value_get_str(as, "ReferencedGroupId");

    for (size_t i = 0; i < COUNT(peers); i++)
        (void)value_remove(rule, str_c(peers[i]));
    ec2_take(j, rule, as, "IpProtocol FromPort ToPort CidrIpv4 CidrIpv6 PrefixListId Description");
    int rc = ec2_rule_check(j, rule);
    if (rc == 0 && group_id.len > 0)
        rc = ec2_rule_peer(j, rule, group_id);
    return rc != 0 ? rc : ec2_save(j, EC2_RULE, rule);
}

int ec2_modify_rules(struct ec2 *j)
{
    struct value *group, *rule;
    int rc = load_group(j, &group);

    for (const struct value *u = value_first(param(j->call, "SecurityGroupRules")); u && rc == 0;
         u = u->next) {
        struct str id = value_get_str(u, "SecurityGroupRuleId");
        rc = ec2_load(j, EC2_RULE, id, &rule);
        if (rc == 0 && !str_eq(value_get_str(rule, "GroupId"), value_get_str(group, "GroupId")))
            return ec2_not_found(j, EC2_RULE, id);
        if (rc == 0)
            rc = rewrite(j, rule, value_get_c(u, "SecurityGroupRule"));
    }
    return rc != 0 ? rc : ec2_return_true(j);
}

static int put_description(struct ec2 *j, struct value *rule, const struct value *from)
{
    if (!rule)
        return ec2_refuse(j, "InvalidPermission.NotFound",
                          "The specified rule does not exist in this security group.");
    (void)value_remove(rule, STR("Description"));
    ec2_take(j, rule, from, "Description");
    return ec2_save(j, EC2_RULE, rule);
}

static int update_descriptions(struct ec2 *j, bool egress)
{
    struct value *group, *rules, *rule;
    int rc = load_group(j, &group);

    if (rc == 0)
        rc = ec2_rules_asked(j, group, egress, &rules);
    if (rc != 0)
        return rc;
    for (const struct value *r = value_first(rules); r && rc == 0; r = r->next) {
        rc = ec2_rule_same(j, r, &rule);
        if (rc == 0)
            rc = put_description(j, rule, r);
    }
    for (const struct value *d = value_first(param(j->call, "SecurityGroupRuleDescriptions"));
         d && rc == 0; d = d->next) {
        rc = ec2_load(j, EC2_RULE, value_get_str(d, "SecurityGroupRuleId"), &rule);
        if (rc == 0)
            rc = put_description(j, rule, d);
    }
    return rc != 0 ? rc : ec2_return_true(j);
}

int ec2_update_descriptions_ingress(struct ec2 *j)
{
    return update_descriptions(j, false);
}

int ec2_update_descriptions_egress(struct ec2 *j)
{
    return update_descriptions(j, true);
}
