#include "emulator/services/subnets.h"

struct look {
    struct ctx *cx;
    const struct call *call;
    struct outcome *out;
    struct value *rows, *zones; /* zones: name -> true */
    struct str vpc_id;
};

static bool can_refuse(const struct call *call, const char *code)
{
    return cat_op_own_error(call->cat, call->op, str_c(code)) != NULL;
}

static void refuse(struct look *l, struct str id)
{
    outcome_refuse(l->cx->a, l->out, 400, "InvalidSubnet",
                   "The requested subnet %.*s is invalid, or multiple subnets were requested that "
                   "are not all in a common VPC.",
                   STR_ARG(id));
}

static void add_row(struct look *l, struct str id, struct str zone_name)
{
    struct arena *a = l->cx->a;
    struct value *row = value_map(a), *zone = value_map(a);

    value_put_str(a, zone, "Name", zone_name);
    value_put_str(a, row, "SubnetIdentifier", id);
    value_put_str(a, row, "Identifier", id);
    value_set(row, STR("SubnetAvailabilityZone"), zone);
    value_set(row, STR("AvailabilityZone"), value_copy(a, zone));
    value_set(row, STR("SubnetOutpost"), value_map(a));
    value_put_c(a, row, "SubnetStatus", "Active");
    value_push(l->rows, row);
    value_set(l->zones, zone_name, value_bool(a, true));
}

static int look_at(struct look *l, struct str id, struct err *err)
{
    struct doc_key key = { l->call->account, l->call->region, STR("ec2"), STR("subnet"), id };
    struct value *subnet;
    int rc = store_doc_get(l->cx->e->store, l->cx->a, key, &subnet, err);

    if (rc < 0 && rc != E_MISSING)
        return rc;
    struct str vpc_id = rc == 0 ? value_get_str(subnet, "VpcId") : STR("");
    if (vpc_id.len == 0 || (l->vpc_id.len > 0 && !str_eq(vpc_id, l->vpc_id))) {
        refuse(l, id);
        return 0;
    }
    l->vpc_id = vpc_id;
    add_row(l, id, value_get_str(subnet, "AvailabilityZone"));
    return 0;
}

/* Source: RDS API Reference, CreateDBSubnetGroup, "DBSubnetGroupDoesNotCoverEnoughAZs". */
static void check_zones(struct look *l)
{
    if (l->zones->count < 2 && can_refuse(l->call, "DBSubnetGroupDoesNotCoverEnoughAZs"))
        outcome_refuse(l->cx->a, l->out, 400, "DBSubnetGroupDoesNotCoverEnoughAZs",
                       "The DB subnet group doesn't meet Availability Zone (AZ) coverage "
                       "requirement. Current AZ coverage: %.*s. Add subnets to cover at least 2 "
                       "AZs.",
                       STR_ARG(value_first(l->zones)->name));
}

int subnets_look_up(struct ctx *cx, const struct call *call, struct outcome *out,
                    struct value **known, struct err *err)
{
    const struct value *ids = value_get_c(call->params, "SubnetIds");
    struct look l = { cx, call, out, value_list(cx->a), value_map(cx->a), { 0 } };
    int rc = 0;

    *known = NULL;
    if (!value_first(ids) || !can_refuse(call, "InvalidSubnet"))
        return 0;
    for (const struct value *id = value_first(ids); id && rc == 0 && !outcome_refused(out);
         id = id->next)
        rc = look_at(&l, id->u.text, err);
    if (rc == 0 && !outcome_refused(out))
        check_zones(&l);
    if (rc < 0 || outcome_refused(out))
        return rc;
    *known = value_map(cx->a);
    value_put_str(cx->a, *known, "VpcId", l.vpc_id);
    value_set(*known, STR("Subnets"), l.rows);
    return 0;
}
