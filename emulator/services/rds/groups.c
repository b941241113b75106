/* Subnet groups and parameter groups. */
#include "emulator/services/rds/rds.h"
#include "emulator/services/subnets.h"

/* false: a subnet is refused, or j->rc. */
static bool take_subnets(struct job *j, struct value *doc)
{
    static const char *const taken[] = { "VpcId", "Subnets", NULL };
    struct value *known;

    j->rc = subnets_look_up(j->cx, j->call, j->out, &known, j->err);
    if (job_stopped(j))
        return false;
    job_copy(j, doc, known, taken);
    job_copy(j, doc, j->call->params, (const char *const[]){ "DBSubnetGroupDescription", NULL });
    return true;
}

HANDLER(rds, CreateDBSubnetGroup)
{
    struct value *doc = rds_new(j, &rds_subnets, value_map(j->a), job_text(j, "DBSubnetGroupName"));

    if (!doc || !take_subnets(j, doc))
        return j->rc;
    value_put_c(j->a, doc, "SubnetGroupStatus", "Complete");
    rds_answer(j, &rds_subnets, doc, NULL, NULL);
    return rds_put(j, &rds_subnets, doc);
}

HANDLER(rds, ModifyDBSubnetGroup)
{
    struct value *doc = rds_named(j, &rds_subnets);

    if (!doc || !take_subnets(j, doc))
        return j->rc;
    rds_answer(j, &rds_subnets, doc, NULL, NULL);
    return rds_put(j, &rds_subnets, doc);
}

RDS_OF(DescribeDBSubnetGroups, rds_describe, rds_subnets)

/* Is it the group of an instance? */
static bool is_used(struct job *j, struct str name)
{
    struct doc *docs;
    size_t count = job_list(j, "DBInstance", STR(""), &docs);

    for (size_t i = 0; i < count; i++)
        if (str_eq(value_get_str(value_get_c(docs[i].value, "DBSubnetGroup"), "DBSubnetGroupName"),
                   name))
            return true;
    count = job_list(j, "DBCluster", STR(""), &docs);
    for (size_t i = 0; i < count; i++)
        if (str_eq(value_get_str(docs[i].value, "DBSubnetGroup"), name))
            return true;
    return false;
}

HANDLER(rds, DeleteDBSubnetGroup)
{
    struct value *doc = rds_named(j, &rds_subnets);

    if (!doc)
        return j->rc;
    if (is_used(j, value_get_str(doc, "DBSubnetGroupName")))
        return job_refuse(j, "InvalidDBSubnetGroupStateFault",
                          "Cannot delete the subnet group '%.*s' because at least one database "
                          "instance is still using it.",
                          STR_ARG(value_get_str(doc, "DBSubnetGroupName")));
    return rds_drop(j, &rds_subnets, doc);
}

static int create_parameters(struct job *j, const struct rds_kind *kind)
{
    struct value *doc = rds_new(j, kind, value_map(j->a), job_text(j, kind->id));

    if (!doc)
        return j->rc;
    job_copy(j, doc, j->call->params,
             (const char *const[]){ "DBParameterGroupFamily", "Description", NULL });
    rds_answer(j, kind, doc, NULL, NULL);
    return rds_put(j, kind, doc);
}

static int delete_parameters(struct job *j, const struct rds_kind *kind)
{
    struct value *doc = rds_named(j, kind);

    return doc ? rds_drop(j, kind, doc) : j->rc;
}

RDS_OF(CreateDBParameterGroup, create_parameters, rds_parameters)
RDS_OF(DescribeDBParameterGroups, rds_describe, rds_parameters)
RDS_OF(DeleteDBParameterGroup, delete_parameters, rds_parameters)
RDS_OF(CreateDBClusterParameterGroup, create_parameters, rds_cluster_parameters)
RDS_OF(DescribeDBClusterParameterGroups, rds_describe, rds_cluster_parameters)
RDS_OF(DeleteDBClusterParameterGroup, delete_parameters, rds_cluster_parameters)
