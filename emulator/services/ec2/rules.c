#include "emulator/services/ec2/rules.h"

/* Protocols that have a name; the others go by number.
 * Source: EC2 API Reference, "IpPermission", IpProtocol. */
static const struct protocol {
    const char *number, *name, *shown;
} protocols[] = {
    { "1", "icmp", "ICMP" },      { "6", "tcp", "TCP" }, { "17", "udp", "UDP" },
    { "58", "icmpv6", "ICMPv6" }, { "-1", "-1", "ALL" },
};

static const struct protocol *protocol_find(struct str text)
{
    for (size_t i = 0; i < COUNT(protocols); i++)
        if (str_eq_c(text, protocols[i].number) || str_eq_nocase(text, str_c(protocols[i].name)))
            return &protocols[i];
    return NULL;
}

/* What a rule is about, apart from its words. */
static const char *const identity[] = { "GroupId",  "IsEgress",     "IpProtocol",
                                        "FromPort", "ToPort",       "CidrIpv4",
                                        "CidrIpv6", "PrefixListId", "_other_group_or_self" };

struct str ec2_rule_text(struct ec2 *j, const struct value *rule)
{
    static const char *const peers[] = { "CidrIpv4", "CidrIpv6", "PrefixListId",
                                         "_other_group_or_self" };
    const struct protocol *p = protocol_find(value_get_str(rule, "IpProtocol"));
    struct str shown = p ? str_c(p->shown) : value_get_str(rule, "IpProtocol"), peer = { 0 };
    int64_t from = value_get_int(rule, "FromPort", -1), to = value_get_int(rule, "ToPort", -1);

    for (size_t i = 0; i < COUNT(peers) && peer.len == 0; i++)
        peer = value_get_str(rule, peers[i]);
    if (from < 0)
        return arena_printf(j->a, "peer: %.*s, %.*s, ALLOW", STR_ARG(peer), STR_ARG(shown));
    return arena_printf(j->a, "peer: %.*s, %.*s, from port: %lld, to port: %lld, ALLOW",
                        STR_ARG(peer), STR_ARG(shown), (long long)from, (long long)to);
}

int ec2_rule_same(struct ec2 *j, const struct value *rule, struct value **same)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_RULE, &docs);

    *same = NULL;
    for (size_t i = 0; rc == 0 && i < docs->count && !*same; i++) {
        bool is_same = true;
        for (size_t m = 0; m < COUNT(identity) && is_same; m++)
            is_same =
                value_equal(value_get_c(docs->of[i], identity[m]), value_get_c(rule, identity[m]));
        if (is_same)
            *same = docs->of[i];
    }
    return rc;
}

/* Source: EC2 API Reference, AuthorizeSecurityGroupIngress, IpPermissions: TCP and UDP need ports,
 * -1 means all of them. */
int ec2_rule_check(struct ec2 *j, struct value *rule)
{
    struct str text = value_get_str(rule, "IpProtocol");
    const struct protocol *p = protocol_find(text);
    int64_t number;

    if (!p && (!str_to_i64(text, &number) || number < 0 || number > 255))
        return ec2_refuse(j, "InvalidParameterValue",
                          "Invalid value '%.*s' for IP protocol. Unknown protocol.", STR_ARG(text));
    bool has_ports = p && (str_eq_c(text, "6") || str_eq_c(text, "17") ||
                           str_eq_nocase(text, STR("tcp")) || str_eq_nocase(text, STR("udp")));
    int64_t from = value_get_int(rule, "FromPort", -1), to = value_get_int(rule, "ToPort", -1);
    if (p)
        value_put_c(j->a, rule, "IpProtocol", p->name);
    if (has_ports && (!value_get_c(rule, "FromPort") || !value_get_c(rule, "ToPort")))
        return ec2_refuse(j, "InvalidParameterValue",
                          "Invalid value 'Must specify both from and to ports with TCP/UDP.' for "
                          "portRange.");
    if (has_ports && (from < 0 || to > 65535 || from > to))
        return ec2_refuse(j, "InvalidParameterValue", "Invalid %s port range: %lld-%lld.", p->name,
                          (long long)from, (long long)to);
    if ((p && str_eq_c(str_c(p->number), "-1")) || !p)
        from = to = -1;
    value_put_int(j->a, rule, "FromPort", from);
    value_put_int(j->a, rule, "ToPort", to);
    return 0;
}

static int set_cidr(struct ec2 *j, struct value *rule, struct str text)
{
    struct cidr block;

    if (!cidr_parse(text, &block))
        return ec2_refuse(j, "InvalidParameterValue", "CIDR block %.*s is malformed",
                          STR_ARG(text));
    value_put_str(j->a, rule, "CidrIpv4", cidr_text(j->a, block));
    return 0;
}

int ec2_rule_peer(struct ec2 *j, struct value *rule, struct str group_id)
{
    struct value *other, *info = value_map(j->a);
    int rc = ec2_load(j, EC2_GROUP, group_id, &other);

    if (rc != 0)
        return rc;
    value_put_str(j->a, info, "GroupId", group_id);
    value_put_str(j->a, info, "UserId", j->call->account);
    value_set(rule, STR("ReferencedGroupInfo"), info);
    value_put_str(j->a, rule, "_other_group_or_self", group_id);
    if (!str_eq(group_id, value_get_str(rule, "GroupId")))
        value_put_str(j->a, rule, "_other_group", group_id);
    return 0;
}

/* A rule without its peer. */
static struct value *start(struct ec2 *j, const struct value *group, const struct value *permission,
                           bool egress)
{
    struct value *rule = value_map(j->a);

    value_put_str(j->a, rule, "GroupId", value_get_str(group, "GroupId"));
    value_put_str(j->a, rule, "GroupOwnerId", j->call->account);
    value_put_bool(j->a, rule, "IsEgress", egress);
    ec2_take(j, rule, permission, "IpProtocol FromPort ToPort");
    return rule;
}

static int group_of_pair(struct ec2 *j, const struct value *group, const struct value *pair,
                         struct str *id)
{
    struct value *named;

    *id = value_get_str(pair, "GroupId");
    if (id->len > 0)
        return 0;
    struct str name = value_get_str(pair, "GroupName");
    int rc = ec2_group_named(j, name, value_get_str(group, "VpcId"), &named);
    if (rc == 0 && !named)
        return ec2_refuse(j, "InvalidGroup.NotFound", "The security group '%.*s' does not exist",
                          STR_ARG(name));
    *id = value_get_str(named, "GroupId");
    return rc;
}

/* The peers that a permission lists: which list, which member of its rows, of the rule. */
static const struct {
    const char *list, *from, *to;
} peers[] = {
    { "IpRanges", "CidrIp", "CidrIpv4" },
    { "Ipv6Ranges", "CidrIpv6", "CidrIpv6" },
    { "PrefixListIds", "PrefixListId", "PrefixListId" },
    { "UserIdGroupPairs", "GroupId", NULL },
};

static int set_peer(struct ec2 *j, struct value *rule, const struct value *group, size_t which,
                    const struct value *row)
{
    struct str text = value_get_str(row, peers[which].from);

    if (which == 0)
        return set_cidr(j, rule, text);
    if (peers[which].to) {
        value_put_str(j->a, rule, peers[which].to, text);
        return 0;
    }
    int rc = group_of_pair(j, group, row, &text);
    return rc != 0 ? rc : ec2_rule_peer(j, rule, text);
}

static int expand(struct ec2 *j, const struct value *group, const struct value *permission,
                  bool egress, struct value *rules)
{
    int rc = 0;

    for (size_t i = 0; i < COUNT(peers); i++)
        for (const struct value *row = value_first(value_get_c(permission, peers[i].list));
             row && rc == 0; row = row->next) {
            struct value *rule = start(j, group, permission, egress);
            rc = ec2_rule_check(j, rule);
            if (rc == 0)
                rc = set_peer(j, rule, group, i, row);
            ec2_take(j, rule, row, "Description");
            value_push(rules, rule);
        }
    return rc;
}

/* The flat parameters as one permission. */
static struct value *flat_permission(struct ec2 *j)
{
    struct value *p = value_map(j->a), *row = value_map(j->a);
    bool by_group = param_has(j->call, "SourceSecurityGroupName");

    ec2_take(j, p, j->call->params, "IpProtocol FromPort ToPort");
    if (by_group)
        value_put_str(j->a, row, "GroupName", param_str(j->call, "SourceSecurityGroupName"));
    else
        value_put_str(j->a, row, "CidrIp", param_str(j->call, "CidrIp"));
    if (by_group && !param_has(j->call, "IpProtocol"))
        value_put_c(j->a, p, "IpProtocol", "-1");
    value_push(ec2_list(j, p, by_group ? "UserIdGroupPairs" : "IpRanges"), row);
    return p;
}

int ec2_rules_asked(struct ec2 *j, const struct value *group, bool egress, struct value **rules)
{
    const struct value *permissions = param(j->call, "IpPermissions");
    int rc = 0;

    *rules = value_list(j->a);
    for (const struct value *p = value_first(permissions); p && rc == 0; p = p->next)
        rc = expand(j, group, p, egress, *rules);
    if (!value_first(permissions) &&
        (param_has(j->call, "CidrIp") || param_has(j->call, "SourceSecurityGroupName")))
        rc = expand(j, group, flat_permission(j), egress, *rules);
    return rc;
}

int ec2_rule_add(struct ec2 *j, struct value *rule)
{
    struct value *same, *tags;
    int rc = ec2_rule_same(j, rule, &same);

    if (rc == 0 && same)
        return ec2_refuse(j, "InvalidPermission.Duplicate",
                          "the specified rule \"%s\" already exists", ec2_rule_text(j, rule).ptr);
    if (rc == 0)
        rc = ec2_tags_of_spec(j, "security-group-rule", &tags);
    if (rc != 0)
        return rc;
    struct str id = ec2_new_id(j, "sgr-");
    value_put_str(j->a, rule, "SecurityGroupRuleId", id);
    value_put_str(j->a, rule, "SecurityGroupRuleArn", ec2_arn(j, "security-group-rule", id));
    value_set(rule, STR("Tags"), tags);
    return ec2_save(j, EC2_RULE, rule);
}
