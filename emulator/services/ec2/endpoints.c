/* VPC endpoints and flow logs. No log is ever written: there are no packets. */
#include "emulator/services/ec2/compute.h"
#include "emulator/services/ec2/ec2.h"

#define OPEN_POLICY                                                                                \
    "{\"Version\":\"2008-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\","        \
    "\"Action\":\"*\",\"Resource\":\"*\"}]}"

/* One id of a call that goes on without it. */
static void add_unsuccessful(struct ec2 *j, struct value *list, enum ec2_kind_id kind,
                             struct str id)
{
    const struct ec2_kind *k = &ec2_kinds[kind];
    struct value *row = value_map(j->a), *error = value_map(j->a);
    struct str before, after;
    ptrdiff_t hole = str_find(str_c(k->text), STR("%.*s"));

    before = str_sub(str_c(k->text), 0, (size_t)hole);
    after = str_sub(str_c(k->text), (size_t)hole + 4, strlen(k->text));
    value_put_c(j->a, error, "Code", k->not_found);
    value_put_str(j->a, error, "Message",
                  arena_printf(j->a, "%.*s%.*s%.*s", STR_ARG(before), STR_ARG(id), STR_ARG(after)));
    value_put_str(j->a, row, "ResourceId", id);
    value_set(row, STR("Error"), error);
    value_push(list, row);
}

/* --- flow logs --- */

static const struct {
    const char *type;
    enum ec2_kind_id kind;
} logged[] = {
    { "VPC", EC2_VPC },
    { "Subnet", EC2_SUBNET },
    { "NetworkInterface", EC2_INTERFACE },
};

static int check_resource(struct ec2 *j, struct str id)
{
    struct str type = param_str(j->call, "ResourceType");
    struct value *doc;

    for (size_t i = 0; i < COUNT(logged); i++)
        if (str_eq_c(type, logged[i].type))
            return ec2_load(j, logged[i].kind, id, &doc);
    return ec2_unsupported(j, "this ResourceType");
}

/* Source: EC2 API Reference, CreateFlowLogs: a role and a group, or a destination. */
static int check_destination(struct ec2 *j)
{
    struct str type = param_str(j->call, "LogDestinationType");
    bool to_logs = type.len == 0 || str_eq_c(type, "cloud-watch-logs");

    if (to_logs && !param_has(j->call, "LogGroupName") && !param_has(j->call, "LogDestination"))
        return ec2_refuse(j, "InvalidParameter",
                          "LogDestination can't be empty if LogGroupName is not provided.");
    if (to_logs && !param_has(j->call, "DeliverLogsPermissionArn"))
        return ec2_refuse(j, "InvalidParameter",
                          "DeliverLogsPermissionArn can't be empty if LogDestinationType is "
                          "cloud-watch-logs.");
    if (!to_logs && !param_has(j->call, "LogDestination"))
        return ec2_refuse(j, "InvalidParameter", "LogDestination can't be empty.");
    return 0;
}

int ec2_create_flow_logs(struct ec2 *j)
{
    struct value *ids = value_list(j->a), *log;
    int rc = check_destination(j);

    for (const struct value *v = value_first(param(j->call, "ResourceIds")); v && rc == 0;
         v = v->next) {
        rc = check_resource(j, v->u.text);
        if (rc == 0)
            rc = ec2_new(j, EC2_FLOW_LOG, &log);
        if (rc != 0)
            return rc;
        value_put_str(j->a, log, "ResourceId", v->u.text);
        value_push(ids, value_str(j->a, value_get_str(log, "FlowLogId")));
        rc = ec2_save(j, EC2_FLOW_LOG, log);
    }
    if (rc != 0)
        return rc;
    ec2_take(j, ec2_output(j), j->call->params, "ClientToken");
    value_set(ec2_output(j), STR("FlowLogIds"), ids);
    value_set(ec2_output(j), STR("Unsuccessful"), value_list(j->a));
    return 0;
}

int ec2_delete_flow_logs(struct ec2 *j)
{
    struct value *failed = value_list(j->a), *log;
    int rc = 0;

    for (const struct value *v = value_first(param(j->call, "FlowLogIds")); v && rc == 0;
         v = v->next) {
        rc = ec2_find(j, EC2_FLOW_LOG, v->u.text, &log);
        if (rc == 0 && log)
            rc = ec2_drop(j, EC2_FLOW_LOG, v->u.text);
        else if (rc == 0)
            add_unsuccessful(j, failed, EC2_FLOW_LOG, v->u.text);
    }
    value_set(ec2_output(j), STR("Unsuccessful"), failed);
    return rc;
}

/* --- endpoints --- */

static int check_ids(struct ec2 *j, enum ec2_kind_id kind, const char *parameter)
{
    struct value *doc;
    int rc = 0;

    for (const struct value *v = value_first(param(j->call, parameter)); v && rc == 0; v = v->next)
        rc = ec2_load(j, kind, v->u.text, &doc);
    return rc;
}

static int endpoint_interfaces(struct ec2 *j, struct value *endpoint)
{
    struct ec2_interface how = { .groups = value_get_c(endpoint, "Groups") };
    struct value *eni, *ids = value_list(j->a);
    int rc = 0;

    how.description = arena_printf(j->a, "VPC Endpoint Interface %.*s",
                                   STR_ARG(value_get_str(endpoint, "VpcEndpointId")));
    for (const struct value *v = value_first(param(j->call, "SubnetIds")); v && rc == 0;
         v = v->next) {
        rc = ec2_load(j, EC2_SUBNET, v->u.text, &how.subnet);
        if (rc == 0)
            rc = ec2_interface_new(j, &how, &eni);
        if (rc != 0)
            return rc;
        value_put_c(j->a, eni, "InterfaceType", "vpc_endpoint");
        value_put_bool(j->a, eni, "RequesterManaged", true);
        value_put_c(j->a, eni, "Status", "in-use");
        value_push(ids, value_str(j->a, value_get_str(eni, "NetworkInterfaceId")));
        rc = ec2_save(j, EC2_INTERFACE, eni);
    }
    value_set(endpoint, STR("NetworkInterfaceIds"), ids);
    return rc;
}

static int make_interface_endpoint(struct ec2 *j, struct value *endpoint)
{
    struct value *groups;
    int rc = ec2_group_list(j, param(j->call, "SecurityGroupIds"), value_get_str(endpoint, "VpcId"),
                            &groups);

    if (rc != 0)
        return rc;
    value_set(endpoint, STR("Groups"), groups);
    value_put_c(j->a, endpoint, "State", "pending");
    if (!param_has(j->call, "PrivateDnsEnabled"))
        value_put_bool(j->a, endpoint, "PrivateDnsEnabled", true);
    return endpoint_interfaces(j, endpoint);
}

int ec2_create_vpc_endpoint(struct ec2 *j)
{
    static const char *const other[] = { "SubnetConfigurations", "ServiceNetworkArn",
                                         "ResourceConfigurationArn" };
    struct str type = param_str(j->call, "VpcEndpointType");
    struct value *vpc, *endpoint;
    int rc = ec2_load_param(j, EC2_VPC, "VpcId", &vpc);

    for (size_t i = 0; rc == 0 && i < COUNT(other); i++)
        if (param_has(j->call, other[i]))
            return ec2_unsupported(j, other[i]);
    if (rc == 0 && type.len > 0 && !str_eq_c(type, "Gateway") && !str_eq_c(type, "Interface"))
        return ec2_unsupported(j, "this VpcEndpointType");
    if (rc == 0 && !param_has(j->call, "ServiceName"))
        return ec2_refuse(j, "MissingParameter",
                          "The request must contain the parameter ServiceName");
    if (rc != 0 || (rc = check_ids(j, EC2_ROUTE_TABLE, "RouteTableIds")) != 0 ||
        (rc = ec2_new(j, EC2_VPC_ENDPOINT, &endpoint)) != 0)
        return rc;
    if (!param_has(j->call, "PolicyDocument"))
        value_put_c(j->a, endpoint, "PolicyDocument", OPEN_POLICY);
    if (str_eq_c(type, "Interface") && (rc = make_interface_endpoint(j, endpoint)) != 0)
        return rc;
    rc = ec2_save(j, EC2_VPC_ENDPOINT, endpoint);
    ec2_take(j, ec2_output(j), j->call->params, "ClientToken");
    value_set(ec2_output(j), STR("VpcEndpoint"), value_copy(j->a, endpoint));
    return rc;
}

static int delete_one(struct ec2 *j, struct value *endpoint)
{
    int rc = 0;

    for (const struct value *v = value_first(value_get_c(endpoint, "NetworkInterfaceIds"));
         v && rc == 0; v = v->next)
        rc = ec2_drop(j, EC2_INTERFACE, v->u.text);
    if (rc != 0)
        return rc;
    value_set(endpoint, STR("NetworkInterfaceIds"), value_list(j->a));
    ec2_state_set(j, EC2_VPC_ENDPOINT, endpoint, "deleting");
    return ec2_save(j, EC2_VPC_ENDPOINT, endpoint);
}

int ec2_delete_vpc_endpoints(struct ec2 *j)
{
    struct value *failed = value_list(j->a), *endpoint;
    int rc = 0;

    for (const struct value *v = value_first(param(j->call, "VpcEndpointIds")); v && rc == 0;
         v = v->next) {
        rc = ec2_find(j, EC2_VPC_ENDPOINT, v->u.text, &endpoint);
        if (rc == 0 && endpoint)
            rc = delete_one(j, endpoint);
        else if (rc == 0)
            add_unsuccessful(j, failed, EC2_VPC_ENDPOINT, v->u.text);
    }
    value_set(ec2_output(j), STR("Unsuccessful"), failed);
    return rc;
}

static void change_tables(struct ec2 *j, struct value *endpoint)
{
    const struct value *drop = param(j->call, "RemoveRouteTableIds");
    struct value *now = value_list(j->a);

    for (const struct value *v = value_first(value_get_c(endpoint, "RouteTableIds")); v;
         v = v->next)
        if (!ec2_list_has(drop, v->u.text))
            value_push(now, value_copy(j->a, v));
    for (const struct value *v = value_first(param(j->call, "AddRouteTableIds")); v; v = v->next)
        if (!ec2_list_has(now, v->u.text))
            value_push(now, value_copy(j->a, v));
    value_set(endpoint, STR("RouteTableIds"), now);
}

int ec2_modify_vpc_endpoint(struct ec2 *j)
{
    static const char *const other[] = { "AddSubnetIds", "RemoveSubnetIds", "AddSecurityGroupIds",
                                         "RemoveSecurityGroupIds", "SubnetConfigurations" };
    struct value *endpoint;
    int rc = ec2_load_param(j, EC2_VPC_ENDPOINT, "VpcEndpointId", &endpoint);

    for (size_t i = 0; rc == 0 && i < COUNT(other); i++)
        if (param_has(j->call, other[i]))
            return ec2_unsupported(j, other[i]);
    if (rc != 0 || (rc = check_ids(j, EC2_ROUTE_TABLE, "AddRouteTableIds")) != 0)
        return rc;
    change_tables(j, endpoint);
    ec2_take(j, endpoint, j->call->params,
             "PolicyDocument PrivateDnsEnabled IpAddressType DnsOptions");
    if (param_bool(j->call, "ResetPolicy", false))
        value_put_c(j->a, endpoint, "PolicyDocument", OPEN_POLICY);
    rc = ec2_save(j, EC2_VPC_ENDPOINT, endpoint);
    return rc != 0 ? rc : ec2_return_true(j);
}
