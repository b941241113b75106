/* emulator/services/ec2/rules - the rules of security groups: from permissions to documents. */
#pragma once

#include "emulator/services/ec2/ec2.h"

/* The rules that the call's IpPermissions, or its flat form, stand for: documents of EC2_RULE
 * without ids. */
int ec2_rules_asked(struct ec2 *j, const struct value *group, bool egress, struct value **rules);
/* The rule of a group that says the same, or NULL. */
int ec2_rule_same(struct ec2 *j, const struct value *rule, struct value **same);
/* Give it an id and keep it; a duplicate is refused. */
int ec2_rule_add(struct ec2 *j, struct value *rule);
/* "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW" */
struct str ec2_rule_text(struct ec2 *j, const struct value *rule);
int ec2_rule_peer(struct ec2 *j, struct value *rule, struct str group_id);
int ec2_rule_check(struct ec2 *j, struct value *rule);
