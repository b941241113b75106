/* Route tables, their routes, and which subnet uses which. */
#include "emulator/services/ec2/ec2.h"

static const char *const destinations[] = { "DestinationCidrBlock", "DestinationIpv6CidrBlock",
                                            "DestinationPrefixListId" };

/* Where a route may lead: a parameter, which is also the route's member, and the kind behind it. */
static const struct target {
    const char *parameter;
    enum ec2_kind_id kind; /* EC2_KINDS: not held here */
} targets[] = {
    { "GatewayId", EC2_INTERNET_GATEWAY },
    { "NatGatewayId", EC2_NAT_GATEWAY },
    { "EgressOnlyInternetGatewayId", EC2_EGRESS_GATEWAY },
    { "VpcPeeringConnectionId", EC2_KINDS },
    { "NetworkInterfaceId", EC2_INTERFACE },
    { "InstanceId", EC2_INSTANCE },
    { "VpcEndpointId", EC2_KINDS },
    { "TransitGatewayId", EC2_KINDS },
    { "LocalGatewayId", EC2_KINDS },
    { "CarrierGatewayId", EC2_KINDS },
    { "CoreNetworkArn", EC2_KINDS },
    { "OdbNetworkArn", EC2_KINDS },
};

/* A route whose target is gone leads nowhere. */
int ec2_table_complete(struct ec2 *j, struct value *table)
{
    int rc = 0;

    for (struct value *r = value_first(value_get_c(table, "Routes")); r && rc == 0; r = r->next)
        for (size_t i = 0; i < COUNT(targets) && rc == 0; i++) {
            struct str id = value_get_str(r, targets[i].parameter);
            struct value *target;
            if (id.len == 0 || targets[i].kind == EC2_KINDS || str_eq_c(id, "local"))
                continue;
            rc = ec2_find(j, targets[i].kind, id, &target);
            bool is_loose = target && targets[i].kind == EC2_INTERNET_GATEWAY &&
                            !value_first(value_get_c(target, "Attachments"));
            value_put_c(j->a, r, "State", target && !is_loose ? "active" : "blackhole");
        }
    return rc;
}

static void add_local(struct ec2 *j, struct value *table, const struct value *vpc, const char *set,
                      const char *member, const char *destination)
{
    for (const struct value *v = value_first(value_get_c(vpc, set)); v; v = v->next) {
        struct value *r = value_map(j->a);
        value_put_str(j->a, r, destination, value_get_str(v, member));
        value_put_c(j->a, r, "GatewayId", "local");
        value_put_c(j->a, r, "Origin", "CreateRouteTable");
        value_put_c(j->a, r, "State", "active");
        value_push(ec2_list(j, table, "Routes"), r);
    }
}

int ec2_route_table_furnish(struct ec2 *j, struct value *table, const struct value *vpc)
{
    value_put_str(j->a, table, "VpcId", value_get_str(vpc, "VpcId"));
    add_local(j, table, vpc, "CidrBlockAssociationSet", "CidrBlock", destinations[0]);
    add_local(j, table, vpc, "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", destinations[1]);
    return ec2_save(j, EC2_ROUTE_TABLE, table);
}

void ec2_route_add(struct ec2 *j, struct value *table, const char *destination,
                   const char *target_member, struct str target)
{
    struct value *r = value_map(j->a);

    value_put_c(j->a, r, destinations[0], destination);
    value_put_str(j->a, r, target_member, target);
    value_put_c(j->a, r, "Origin", "CreateRoute");
    value_put_c(j->a, r, "State", "active");
    value_push(ec2_list(j, table, "Routes"), r);
}

int ec2_main_table(struct ec2 *j, struct str vpc_id, struct value **table)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_ROUTE_TABLE, &docs);

    *table = NULL;
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "VpcId"), vpc_id) &&
            ec2_path_is(j, docs->of[i], "Associations.Main", STR("true")))
            *table = docs->of[i];
    if (rc == 0 && !*table)
        return ec2_not_found(j, EC2_VPC, vpc_id);
    return rc;
}

int ec2_create_route_table(struct ec2 *j)
{
    struct value *vpc, *table;
    int rc = ec2_load_param(j, EC2_VPC, "VpcId", &vpc);

    if (rc == 0)
        rc = ec2_new(j, EC2_ROUTE_TABLE, &table);
    if (rc == 0)
        rc = ec2_route_table_furnish(j, table, vpc);
    if (rc != 0)
        return rc;
    ec2_take(j, ec2_output(j), j->call->params, "ClientToken");
    value_set(ec2_output(j), STR("RouteTable"), value_copy(j->a, table));
    return 0;
}

int ec2_delete_route_table(struct ec2 *j)
{
    return ec2_delete(j, EC2_ROUTE_TABLE, "RouteTableId");
}

/* --- routes --- */

/* Which destination the call names, and the route that has it. */
static const char *destination_of(const struct ec2 *j, struct str *text)
{
    for (size_t i = 0; i < COUNT(destinations); i++)
        if (param_has(j->call, destinations[i])) {
            *text = param_str(j->call, destinations[i]);
            return destinations[i];
        }
    return NULL;
}

static int find_route(struct ec2 *j, const struct value *table, struct value **route)
{
    struct str text;
    const char *member = destination_of(j, &text);

    *route = NULL;
    if (!member)
        return ec2_refuse(j, "MissingParameter",
                          "The request must contain the parameter destinationCidrBlock or "
                          "destinationIpv6CidrBlock or destinationPrefixListId");
    struct cidr block;
    if (member == destinations[0]) {
        if (!cidr_parse(text, &block))
            return ec2_refuse(j, "InvalidParameterValue",
                              "Value (%.*s) for parameter destinationCidrBlock is invalid. This is "
                              "not a valid CIDR block.",
                              STR_ARG(text));
        text = cidr_text(j->a, block);
    }
    *route = ec2_list_find(value_get_c(table, "Routes"), member, text);
    return 0;
}

static int route_missing(struct ec2 *j)
{
    struct str text = { 0 };
    const char *member = destination_of(j, &text);
    bool is_v4 = member == destinations[0];

    return ec2_refuse(j, "InvalidRoute.NotFound",
                      "no route with destination-%scidr-block %.*s in route table %.*s",
                      is_v4 ? "" : "ipv6-", STR_ARG(text),
                      STR_ARG(param_str(j->call, "RouteTableId")));
}

/* An instance stands for its first interface. */
static int aim_at_instance(struct ec2 *j, struct value *route, const struct value *instance)
{
    const struct value *eni = value_first(value_get_c(instance, "NetworkInterfaces"));

    value_put_str(j->a, route, "InstanceOwnerId", j->call->account);
    ec2_take(j, route, eni, "NetworkInterfaceId");
    return 0;
}

static int check_gateway(struct ec2 *j, const struct value *table, const struct value *gateway)
{
    if (ec2_path_is(j, gateway, "Attachments.VpcId", value_get_str(table, "VpcId")))
        return 0;
    return ec2_refuse(j, "InvalidParameterValue",
                      "route table %.*s and network gateway %.*s belong to different networks",
                      STR_ARG(value_get_str(table, "RouteTableId")),
                      STR_ARG(value_get_str(gateway, "InternetGatewayId")));
}

/* Put the call's target into a route. */
static int aim(struct ec2 *j, const struct value *table, struct value *route)
{
    for (size_t i = 0; i < COUNT(targets); i++) {
        const struct target *t = &targets[i];
        struct str id = param_str(j->call, t->parameter);
        struct value *thing;
        if (id.len == 0)
            continue;
        if (t->kind == EC2_KINDS)
            return ec2_unsupported(j, t->parameter);
        int rc = str_eq_c(id, "local") ? 0 : ec2_load(j, t->kind, id, &thing);
        if (rc == 0 && t->kind == EC2_INTERNET_GATEWAY && !str_eq_c(id, "local"))
            rc = check_gateway(j, table, thing);
        if (rc == 0 && t->kind == EC2_INSTANCE)
            rc = aim_at_instance(j, route, thing);
        value_put_str(j->a, route, t->parameter, id);
        return rc;
    }
    return ec2_refuse(j, "MissingParameter",
                      "The request must contain exactly one of gatewayId, natGatewayId, "
                      "networkInterfaceId, vpcPeeringConnectionId, instanceId");
}

static struct value *new_route(struct ec2 *j)
{
    struct value *route = value_map(j->a);
    struct str text = { 0 };
    const char *member = destination_of(j, &text);
    struct cidr block;

    if (member == destinations[0] && cidr_parse(text, &block))
        text = cidr_text(j->a, block);
    value_put_str(j->a, route, member, text);
    value_put_c(j->a, route, "Origin", "CreateRoute");
    value_put_c(j->a, route, "State", "active");
    return route;
}

int ec2_create_route(struct ec2 *j)
{
    struct value *table, *route;
    struct str text = { 0 };
    int rc = ec2_load_param(j, EC2_ROUTE_TABLE, "RouteTableId", &table);

    if (rc == 0)
        rc = find_route(j, table, &route);
    if (rc != 0)
        return rc;
    if (route) {
        (void)destination_of(j, &text);
        return ec2_refuse(j, "RouteAlreadyExists", "The route identified by %.*s already exists.",
                          STR_ARG(text));
    }
    route = new_route(j);
    if ((rc = aim(j, table, route)) != 0)
        return rc;
    value_push(ec2_list(j, table, "Routes"), route);
    rc = ec2_save(j, EC2_ROUTE_TABLE, table);
    return rc != 0 ? rc : ec2_return_true(j);
}

int ec2_replace_route(struct ec2 *j)
{
    struct value *table, *route;
    int rc = ec2_load_param(j, EC2_ROUTE_TABLE, "RouteTableId", &table);

    if (rc == 0)
        rc = find_route(j, table, &route);
    if (rc != 0)
        return rc;
    if (!route)
        return route_missing(j);
    struct value *now = new_route(j);
    if ((rc = aim(j, table, now)) != 0)
        return rc;
    ec2_list_remove(j, table, "Routes", route);
    value_push(ec2_list(j, table, "Routes"), now);
    return ec2_save(j, EC2_ROUTE_TABLE, table);
}

int ec2_delete_route(struct ec2 *j)
{
    struct value *table, *route;
    int rc = ec2_load_param(j, EC2_ROUTE_TABLE, "RouteTableId", &table);

    if (rc == 0)
        rc = find_route(j, table, &route);
    if (rc != 0)
        return rc;
    if (!route)
        return route_missing(j);
    if (str_eq_c(value_get_str(route, "GatewayId"), "local"))
        return ec2_refuse(j, "InvalidParameterValue",
                          "cannot remove local route %.*s in route table %.*s",
                          STR_ARG(value_get_str(route, destinations[0])),
                          STR_ARG(value_get_str(table, "RouteTableId")));
    ec2_list_remove(j, table, "Routes", route);
    return ec2_save(j, EC2_ROUTE_TABLE, table);
}

/* --- associations --- */

static int find_association(struct ec2 *j, const char *member, struct str id, struct value **table,
                            struct value **association)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_ROUTE_TABLE, &docs);

    *table = *association = NULL;
    for (size_t i = 0; rc == 0 && i < docs->count && !*association; i++) {
        *table = docs->of[i];
        *association = ec2_list_find(value_get_c(*table, "Associations"), member, id);
    }
    return rc;
}

static int load_association(struct ec2 *j, struct value **table, struct value **association)
{
    struct str id = param_str(j->call, "AssociationId");
    int rc = find_association(j, "RouteTableAssociationId", id, table, association);

    if (rc == 0 && !*association)
        return ec2_refuse(j, "InvalidAssociationID.NotFound",
                          "The association ID '%.*s' does not exist", STR_ARG(id));
    return rc;
}

int ec2_table_let_go(struct ec2 *j, struct str subnet_id)
{
    struct value *table, *association;
    int rc = find_association(j, "SubnetId", subnet_id, &table, &association);

    if (rc != 0 || !association)
        return rc;
    ec2_list_remove(j, table, "Associations", association);
    return ec2_save(j, EC2_ROUTE_TABLE, table);
}

static struct value *associated(struct ec2 *j)
{
    struct value *state = value_map(j->a);

    value_put_c(j->a, state, "State", "associated");
    return state;
}

/* A new association of a table with what from names (SubnetId, GatewayId or Main). */
static struct str associate(struct ec2 *j, struct value *table, const struct value *from)
{
    struct value *association = value_map(j->a);
    struct str id = ec2_new_id(j, "rtbassoc-");

    value_put_bool(j->a, association, "Main", false);
    value_put_str(j->a, association, "RouteTableAssociationId", id);
    value_put_str(j->a, association, "RouteTableId", value_get_str(table, "RouteTableId"));
    ec2_take(j, association, from, "SubnetId GatewayId Main");
    value_set(association, STR("AssociationState"), associated(j));
    value_push(ec2_list(j, table, "Associations"), association);
    return id;
}

int ec2_associate_route_table(struct ec2 *j)
{
    bool is_gateway = param_has(j->call, "GatewayId");
    const char *member = is_gateway ? "GatewayId" : "SubnetId";
    struct value *table, *target, *other, *association;
    int rc = ec2_load_param(j, EC2_ROUTE_TABLE, "RouteTableId", &table);

    if (rc == 0)
        rc = ec2_load_param(j, is_gateway ? EC2_INTERNET_GATEWAY : EC2_SUBNET, member, &target);
    if (rc == 0)
        rc = find_association(j, member, param_str(j->call, member), &other, &association);
    if (rc != 0)
        return rc;
    if (!is_gateway && !str_eq(value_get_str(target, "VpcId"), value_get_str(table, "VpcId")))
        return ec2_refuse(j, "InvalidParameterValue",
                          "Route table %.*s and subnet %.*s belong to different networks",
                          STR_ARG(value_get_str(table, "RouteTableId")),
                          STR_ARG(value_get_str(target, "SubnetId")));
    if (association &&
        !str_eq(value_get_str(other, "RouteTableId"), value_get_str(table, "RouteTableId")))
        return ec2_refuse(j, "Resource.AlreadyAssociated",
                          "the specified association for route table %.*s conflicts with an "
                          "existing association",
                          STR_ARG(value_get_str(table, "RouteTableId")));
    struct str id = association ? value_get_str(association, "RouteTableAssociationId")
                                : associate(j, table, j->call->params);
    value_put_str(j->a, ec2_output(j), "AssociationId", id);
    value_set(ec2_output(j), STR("AssociationState"), associated(j));
    return association ? 0 : ec2_save(j, EC2_ROUTE_TABLE, table);
}

int ec2_disassociate_route_table(struct ec2 *j)
{
    struct value *table, *association;
    int rc = load_association(j, &table, &association);

    if (rc != 0)
        return rc;
    if (value_get_bool(association, "Main", false))
        return ec2_refuse(j, "InvalidParameterValue",
                          "cannot disassociate the main route table association %.*s",
                          STR_ARG(param_str(j->call, "AssociationId")));
    ec2_list_remove(j, table, "Associations", association);
    return ec2_save(j, EC2_ROUTE_TABLE, table);
}

int ec2_replace_route_table_association(struct ec2 *j)
{
    struct value *table, *old, *association;
    int rc = load_association(j, &old, &association);

    if (rc == 0)
        rc = ec2_load_param(j, EC2_ROUTE_TABLE, "RouteTableId", &table);
    if (rc != 0)
        return rc;
    struct value *kept = value_copy(j->a, association);
    ec2_list_remove(j, old, "Associations", association);
    bool is_same = str_eq(value_get_str(old, "RouteTableId"), value_get_str(table, "RouteTableId"));
    if (!is_same && (rc = ec2_save(j, EC2_ROUTE_TABLE, old)) != 0)
        return rc;
    table = is_same ? old : table;
    value_put_str(j->a, ec2_output(j), "NewAssociationId", associate(j, table, kept));
    value_set(ec2_output(j), STR("AssociationState"), associated(j));
    return ec2_save(j, EC2_ROUTE_TABLE, table);
}
