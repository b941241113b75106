/* DB clusters: as instances, with endpoints of their own and members. */
#include "emulator/services/rds/rds.h"

#define STATE "Status"

static const char *const plain_members[] = { "AvailabilityZones",
                                             "BackupRetentionPeriod",
                                             "CharacterSetName",
                                             "DatabaseName",
                                             "Engine",
                                             "EngineVersion",
                                             "Port",
                                             "MasterUsername",
                                             "PreferredBackupWindow",
                                             "PreferredMaintenanceWindow",
                                             "StorageEncrypted",
                                             "KmsKeyId",
                                             "BacktrackWindow",
                                             "EngineMode",
                                             "DBClusterInstanceClass",
                                             "AllocatedStorage",
                                             "StorageType",
                                             "Iops",
                                             "PubliclyAccessible",
                                             "AutoMinorVersionUpgrade",
                                             "DeletionProtection",
                                             "CopyTagsToSnapshot",
                                             "NetworkType",
                                             "ServerlessV2ScalingConfiguration",
                                             "EngineLifecycleSupport",
                                             NULL };
static const struct rds_rename renamed[] = {
    { "DBClusterParameterGroupName", "DBClusterParameterGroup" },
    { "EnableCloudwatchLogsExports", "EnabledCloudwatchLogsExports" },
    { "EnableHttpEndpoint", "HttpEndpointEnabled" },
    { "EnableIAMDatabaseAuthentication", "IAMDatabaseAuthenticationEnabled" },
    { NULL, NULL },
};

static bool is_performed(struct job *j)
{
    static const char *const refused[] = { "GlobalClusterIdentifier", "NewDBClusterIdentifier",
                                           "ReplicationSourceIdentifier" };

    for (size_t i = 0; i < COUNT(refused); i++)
        if (job_has(j, refused[i])) {
            rds_not_performed(j, refused[i]);
            return false;
        }
    return rds_password_is_given(j);
}

static bool groups_ok(struct job *j, struct value *doc)
{
    struct str parameters = job_text(j, "DBClusterParameterGroupName");

    if (parameters.len > 0 && !str_has_prefix(parameters, STR("default.")) &&
        !rds_named(j, &rds_cluster_parameters))
        return false;
    if (!job_has(j, "DBSubnetGroupName"))
        return true;
    struct value *group = rds_named(j, &rds_subnets);
    if (group)
        value_put_str(j->a, doc, "DBSubnetGroup", value_get_str(group, "DBSubnetGroupName"));
    return group != NULL;
}

static void fill(struct job *j, struct value *doc, const struct value *engine)
{
    struct str id = value_get_str(doc, "DBClusterIdentifier");
    struct value *zones = value_list(j->a);

    if (!value_get_c(doc, "EngineVersion"))
        value_put_str(j->a, doc, "EngineVersion", value_get_str(engine, "EngineVersion"));
    if (!value_get_c(doc, "Port"))
        value_put_int(j->a, doc, "Port", value_get_int(engine, "_port", 0));
    if (!value_get_c(doc, "DBClusterParameterGroup"))
        value_put_str(j->a, doc, "DBClusterParameterGroup",
                      arena_printf(j->a, "default.%.*s",
                                   STR_ARG(value_get_str(engine, "DBParameterGroupFamily"))));
    for (int zone = 'a'; zone <= 'c'; zone++)
        value_push(zones, value_str(j->a, arena_printf(j->a, "%.*s%c", STR_ARG(j->region), zone)));
    if (!value_get_c(doc, "AvailabilityZones"))
        value_set(doc, STR("AvailabilityZones"), zones);
    value_put_str(j->a, doc, "Endpoint", rds_address(j, id, "cluster-"));
    value_put_str(j->a, doc, "ReaderEndpoint", rds_address(j, id, "cluster-ro-"));
    value_put_c(j->a, doc, "HostedZoneId", "Z2R2ITUGPM61AM");
    value_put_str(j->a, doc, "DbClusterResourceId", rds_resource_id(j, "cluster-"));
    value_put_time(j->a, doc, "ClusterCreateTime", j->cx->now_ms);
    value_put_c(j->a, doc, STATE, "available");
}

HANDLER(rds, CreateDBCluster)
{
    struct value *engine = rds_engine(j, job_text(j, "Engine"));

    if (!engine || !is_performed(j))
        return j->rc;
    if (job_text(j, "MasterUsername").len == 0 && !str_eq_c(job_text(j, "Engine"), "neptune"))
        return job_refuse(j, "InvalidParameterValue",
                          "The parameter MasterUsername must be provided and must not be blank.");
    struct value *doc = rds_new(j, &rds_cluster, job_template(j, "rds/cluster.json"),
                                job_text(j, "DBClusterIdentifier"));
    if (!doc || !groups_ok(j, doc))
        return j->rc;
    job_copy(j, doc, j->call->params, plain_members);
    rds_rename(j, doc, renamed);
    rds_security_groups(j, doc);
    fill(j, doc, engine);
    rds_answer(j, &rds_cluster, doc, STATE, "creating");
    return rds_put(j, &rds_cluster, doc);
}

RDS_OF(DescribeDBClusters, rds_describe, rds_cluster)

HANDLER(rds, ModifyDBCluster)
{
    struct value *doc = rds_named(j, &rds_cluster);

    if (!doc || !is_performed(j) || !groups_ok(j, doc))
        return j->rc;
    job_copy(j, doc, j->call->params, plain_members);
    rds_rename(j, doc, renamed);
    rds_security_groups(j, doc);
    rds_answer(j, &rds_cluster, doc, STATE, NULL);
    return rds_put(j, &rds_cluster, doc);
}

static int turn(struct job *j, const char *from, const char *passing, const char *to)
{
    struct value *doc = rds_named(j, &rds_cluster);

    if (!doc)
        return j->rc;
    if (!rds_state_is(
            j, doc, STATE, from, "InvalidDBClusterStateFault",
            arena_printf(j->a, "DbCluster %.*s", STR_ARG(value_get_str(doc, "DBClusterIdentifier")))
                .ptr))
        return j->rc;
    value_put_c(j->a, doc, STATE, to);
    rds_answer(j, &rds_cluster, doc, STATE, passing);
    return rds_put(j, &rds_cluster, doc);
}

HANDLER(rds, RebootDBCluster)
{
    return turn(j, "available", "rebooting", "available");
}

HANDLER(rds, StopDBCluster)
{
    return turn(j, "available", "stopping", "stopped");
}

HANDLER(rds, StartDBCluster)
{
    return turn(j, "stopped", "starting", "available");
}

HANDLER(rds, DeleteDBCluster)
{
    struct value *doc = rds_named(j, &rds_cluster), *snapshot;
    struct str id = job_text(j, "FinalDBSnapshotIdentifier");
    bool skip = param_bool(j->call, "SkipFinalSnapshot", false);

    if (!doc)
        return j->rc;
    if (value_get_bool(doc, "DeletionProtection", false))
        return job_refuse(j, "InvalidParameterCombination",
                          "Cannot delete protected Cluster, please disable deletion protection and "
                          "try again.");
    if (value_first(value_get_c(doc, "DBClusterMembers")))
        return job_refuse(
            j, "InvalidDBClusterStateFault",
            "Cluster cannot be deleted, it still contains DB instances in non-deleting state.");
    if (!skip && id.len == 0)
        return job_refuse(
            j, "InvalidParameterCombination",
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.");
    if (!skip && (rds_cluster_snapshot_of(j, doc, id, &snapshot) < 0 || outcome_refused(j->out)))
        return j->rc;
    rds_answer(j, &rds_cluster, doc, STATE, "deleting");
    return rds_drop(j, &rds_cluster, doc);
}
