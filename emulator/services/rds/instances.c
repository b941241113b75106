/* DB instances. An answer shows the state that the change passes through (creating, rebooting,
 * stopping ...), the next question finds it done: there is no database to wait for. */
#include "emulator/services/rds/rds.h"

#define STATE "DBInstanceStatus"

static const char *const plain_members[] = { "DBInstanceClass",
                                             "Engine",
                                             "EngineVersion",
                                             "MasterUsername",
                                             "DBName",
                                             "AllocatedStorage",
                                             "PreferredBackupWindow",
                                             "BackupRetentionPeriod",
                                             "AvailabilityZone",
                                             "PreferredMaintenanceWindow",
                                             "MultiAZ",
                                             "AutoMinorVersionUpgrade",
                                             "LicenseModel",
                                             "Iops",
                                             "StorageThroughput",
                                             "CharacterSetName",
                                             "PubliclyAccessible",
                                             "StorageType",
                                             "StorageEncrypted",
                                             "KmsKeyId",
                                             "CopyTagsToSnapshot",
                                             "MonitoringInterval",
                                             "MonitoringRoleArn",
                                             "PromotionTier",
                                             "Timezone",
                                             "MaxAllocatedStorage",
                                             "DeletionProtection",
                                             "NetworkType",
                                             "BackupTarget",
                                             "CACertificateIdentifier",
                                             "DedicatedLogVolume",
                                             "EngineLifecycleSupport",
                                             "DatabaseInsightsMode",
                                             "PerformanceInsightsKMSKeyId",
                                             "PerformanceInsightsRetentionPeriod",
                                             NULL };
static const struct rds_rename renamed[] = {
    { "EnableIAMDatabaseAuthentication", "IAMDatabaseAuthenticationEnabled" },
    { "EnablePerformanceInsights", "PerformanceInsightsEnabled" },
    { "EnableCloudwatchLogsExports", "EnabledCloudwatchLogsExports" },
    { NULL, NULL },
};

static struct value *one_row(struct job *j, const char *name_member, struct str name,
                             const char *state_member)
{
    struct value *list = value_list(j->a), *row = value_map(j->a);

    value_put_str(j->a, row, name_member, name);
    value_put_c(j->a, row, state_member, "in-sync");
    value_push(list, row);
    return list;
}

/* default:mysql-8-0 */
static struct str option_group(struct job *j, const struct value *engine)
{
    struct str major = value_get_str(engine, "MajorEngineVersion");
    char *dashed = arena_alloc(j->a, major.len + 1);

    for (size_t i = 0; i < major.len; i++)
        dashed[i] = major.ptr[i] == '.' ? '-' : major.ptr[i];
    return arena_printf(j->a, "default:%.*s-%s", STR_ARG(value_get_str(engine, "Engine")), dashed);
}

static bool groups_ok(struct job *j, struct value *doc)
{
    struct str parameters = job_text(j, "DBParameterGroupName");

    if (job_has(j, "DBSubnetGroupName")) {
        struct value *group = rds_named(j, &rds_subnets);

        if (!group)
            return false;
        value_set(doc, STR("DBSubnetGroup"), group);
    }
    if (parameters.len == 0)
        return true;
    if (!str_has_prefix(parameters, STR("default.")) && !rds_named(j, &rds_parameters))
        return false;
    value_set(doc, STR("DBParameterGroups"),
              one_row(j, "DBParameterGroupName", parameters, "ParameterApplyStatus"));
    return true;
}

/* What an engine, or the snapshot before, brings where the request says nothing. */
static void fill(struct job *j, struct value *doc, const struct value *engine, struct str id)
{
    struct value *endpoint = value_map(j->a);
    struct str option =
        job_has(j, "OptionGroupName") ? job_text(j, "OptionGroupName") : option_group(j, engine);

    if (!value_get_c(doc, "EngineVersion"))
        value_put_str(j->a, doc, "EngineVersion", value_get_str(engine, "EngineVersion"));
    if (!value_get_c(doc, "LicenseModel"))
        value_put_str(j->a, doc, "LicenseModel", value_get_str(engine, "_license"));
    if (!value_get_c(doc, "AvailabilityZone"))
        value_put_str(j->a, doc, "AvailabilityZone",
                      arena_printf(j->a, "%.*sa", STR_ARG(j->region)));
    if (!value_get_c(doc, "DBParameterGroups"))
        value_set(doc, STR("DBParameterGroups"),
                  one_row(j, "DBParameterGroupName",
                          arena_printf(j->a, "default.%.*s",
                                       STR_ARG(value_get_str(engine, "DBParameterGroupFamily"))),
                          "ParameterApplyStatus"));
    value_set(doc, STR("OptionGroupMemberships"), one_row(j, "OptionGroupName", option, "Status"));
    value_put_str(j->a, endpoint, "Address", rds_address(j, id, ""));
    value_put_int(j->a, endpoint, "Port",
                  param_int(j->call, "Port", value_get_int(engine, "_port", 0)));
    value_put_c(j->a, endpoint, "HostedZoneId", "Z2R2ITUGPM61AM");
    value_set(doc, STR("Endpoint"), endpoint);
    value_put_time(j->a, doc, "InstanceCreateTime", j->cx->now_ms);
    value_put_str(j->a, doc, "DbiResourceId", rds_resource_id(j, "db-"));
    value_put_c(j->a, doc, STATE, "available");
}

/* The first answer: no endpoint yet. */
int rds_instance_answer(struct job *j, const struct value *doc)
{
    struct value *seen;

    rds_answer(j, &rds_instance, doc, STATE, "creating");
    seen = value_get_c(j->out->output, "DBInstance");
    (void)value_remove(seen, STR("Endpoint"));
    (void)value_remove(seen, STR("InstanceCreateTime"));
    if (job_has(j, "MasterUserPassword"))
        value_put_c(j->a, value_get_c(seen, "PendingModifiedValues"), "MasterUserPassword", "****");
    return rds_put(j, &rds_instance, doc);
}

/* Of an instance that stands alone; a cluster has user and storage of its own. */
static bool needs_ok(struct job *j, const struct value *engine)
{
    static const char *const needed[] = { "MasterUsername", "MasterUserPassword" };

    for (size_t i = 0; i < COUNT(needed); i++)
        if (job_text(j, needed[i]).len == 0) {
            job_refuse(j, "InvalidParameterValue",
                       "The parameter %s must be provided and must not be blank.", needed[i]);
            return false;
        }
    if (param_int(j->call, "AllocatedStorage", 0) <= 0)
        job_refuse(j, "InvalidParameterValue",
                   "Invalid storage size for engine name %.*s and storage type gp2: %lld",
                   STR_ARG(value_get_str(engine, "Engine")),
                   (long long)param_int(j->call, "AllocatedStorage", 0));
    return !outcome_refused(j->out);
}

static bool join_cluster(struct job *j, struct value *doc)
{
    struct value *cluster = rds_named(j, &rds_cluster), *row = value_map(j->a);

    if (!cluster)
        return false;
    if (!str_eq(value_get_str(cluster, "Engine"), job_text(j, "Engine"))) {
        job_refuse(j, "InvalidParameterCombination",
                   "The engine name requested for your DB instance (%.*s) doesn't match the engine "
                   "name of your DB cluster (%.*s).",
                   STR_ARG(job_text(j, "Engine")), STR_ARG(value_get_str(cluster, "Engine")));
        return false;
    }
    job_copy(j, doc, cluster,
             (const char *const[]){ "MasterUsername", "EngineVersion", "AllocatedStorage",
                                    "StorageEncrypted", "KmsKeyId", "VpcSecurityGroups",
                                    "DBClusterIdentifier", NULL });
    value_put_c(j->a, doc, "StorageType", "aurora");
    value_put_str(j->a, row, "DBInstanceIdentifier", value_get_str(doc, "DBInstanceIdentifier"));
    value_put_bool(j->a, row, "IsClusterWriter",
                   !value_first(value_get_c(cluster, "DBClusterMembers")));
    value_put_c(j->a, row, "DBClusterParameterGroupStatus", "in-sync");
    value_put_int(j->a, row, "PromotionTier", param_int(j->call, "PromotionTier", 1));
    job_push(j, cluster, "DBClusterMembers", row);
    return rds_put(j, &rds_cluster, cluster) == 0;
}

HANDLER(rds, CreateDBInstance)
{
    struct value *engine = rds_engine(j, job_text(j, "Engine"));
    bool member = job_has(j, "DBClusterIdentifier");

    if (!engine || !rds_password_is_given(j) || (!member && !needs_ok(j, engine)))
        return j->rc;
    struct value *doc = rds_new(j, &rds_instance, job_template(j, "rds/instance.json"),
                                job_text(j, "DBInstanceIdentifier"));
    if (!doc || (member && !join_cluster(j, doc)) || !groups_ok(j, doc))
        return j->rc;
    job_copy(j, doc, j->call->params, plain_members);
    rds_rename(j, doc, renamed);
    rds_security_groups(j, doc);
    fill(j, doc, engine, value_get_str(doc, "DBInstanceIdentifier"));
    return rds_instance_answer(j, doc);
}

struct value *rds_instance_like(struct job *j, const struct value *from)
{
    struct value *engine = rds_engine(j, value_get_str(from, "Engine"));

    if (!engine)
        return NULL;
    struct value *doc = rds_new(j, &rds_instance, job_template(j, "rds/instance.json"),
                                job_text(j, "DBInstanceIdentifier"));
    if (!doc || !groups_ok(j, doc))
        return NULL;
    job_copy(j, doc, from,
             (const char *const[]){ "Engine", "EngineVersion", "AllocatedStorage", "MasterUsername",
                                    "LicenseModel", "StorageType", "KmsKeyId", "StorageEncrypted",
                                    "DBInstanceClass", NULL });
    job_copy(j, doc, j->call->params, plain_members);
    rds_rename(j, doc, renamed);
    rds_security_groups(j, doc);
    fill(j, doc, engine, value_get_str(doc, "DBInstanceIdentifier"));
    return doc;
}

HANDLER(rds, RestoreDBInstanceFromDBSnapshot)
{
    struct value *from = rds_named(j, &rds_snapshot);

    if (!from)
        return j->rc;
    value_put_bool(j->a, from, "StorageEncrypted", value_get_bool(from, "Encrypted", false));
    value_put_str(j->a, from, "DBInstanceClass", value_get_str(from, "_class"));
    struct value *doc = rds_instance_like(j, from);
    return doc ? rds_instance_answer(j, doc) : j->rc;
}

RDS_OF(DescribeDBInstances, rds_describe, rds_instance)

HANDLER(rds, ModifyDBInstance)
{
    struct value *doc = rds_named(j, &rds_instance);

    if (!doc || !rds_password_is_given(j) || !groups_ok(j, doc))
        return j->rc;
    if (job_has(j, "NewDBInstanceIdentifier")) {
        if (rds_is_replicated(doc))
            return rds_not_performed(j, "NewDBInstanceIdentifier of an instance in replication");
        if (rds_drop(j, &rds_instance, doc) < 0 ||
            !rds_new(j, &rds_instance, doc, job_text(j, "NewDBInstanceIdentifier")))
            return j->rc;
    }
    job_copy(j, doc, j->call->params, plain_members);
    rds_rename(j, doc, renamed);
    rds_security_groups(j, doc);
    if (job_has(j, "DBPortNumber"))
        value_put_int(j->a, value_get_c(doc, "Endpoint"), "Port",
                      param_int(j->call, "DBPortNumber", 0));
    rds_answer(j, &rds_instance, doc, STATE, NULL);
    if (job_has(j, "MasterUserPassword"))
        value_put_c(j->a,
                    value_get_c(value_get_c(j->out->output, "DBInstance"), "PendingModifiedValues"),
                    "MasterUserPassword", "****");
    return rds_put(j, &rds_instance, doc);
}

/* From one settled state to another, through a passing one. */
static int turn(struct job *j, const char *from, const char *passing, const char *to)
{
    struct value *doc = rds_named(j, &rds_instance);

    if (!doc)
        return j->rc;
    if (!rds_state_is(
            j, doc, STATE, from, "InvalidDBInstanceStateFault",
            arena_printf(j->a, "Instance %.*s", STR_ARG(value_get_str(doc, "DBInstanceIdentifier")))
                .ptr))
        return j->rc;
    value_put_c(j->a, doc, STATE, to);
    rds_answer(j, &rds_instance, doc, STATE, passing);
    return rds_put(j, &rds_instance, doc);
}

HANDLER(rds, RebootDBInstance)
{
    return turn(j, "available", "rebooting", "available");
}

HANDLER(rds, StopDBInstance)
{
    return turn(j, "available", "stopping", "stopped");
}

HANDLER(rds, StartDBInstance)
{
    return turn(j, "stopped", "starting", "available");
}

/* The last snapshot, or the word that none is wanted. */
static bool final_ok(struct job *j, const struct value *doc)
{
    struct str id = job_text(j, "FinalDBSnapshotIdentifier");
    bool skip = param_bool(j->call, "SkipFinalSnapshot", false);
    struct value *snapshot;

    if (value_get_bool(doc, "DeletionProtection", false))
        job_refuse(
            j, "InvalidParameterCombination",
            "Cannot delete protected DB Instance, please disable deletion protection and try "
            "again.");
    else if (skip && id.len > 0)
        job_refuse(j, "InvalidParameterCombination",
                   "FinalDBSnapshotIdentifier can not be specified when deleting an instance with "
                   "SkipFinalSnapshot enabled.");
    else if (rds_is_replica(doc) && id.len > 0)
        job_refuse(j, "InvalidParameterCombination",
                   "FinalDBSnapshotIdentifier can not be specified when deleting a read replica.");
    else if (value_get_c(doc, "DBClusterIdentifier") || rds_is_replica(doc))
        return true;
    else if (!skip && id.len == 0)
        job_refuse(j, "InvalidParameterCombination",
                   "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.");
    else if (!skip)
        return rds_snapshot_of(j, doc, id, &snapshot) == 0 && !outcome_refused(j->out);
    return !outcome_refused(j->out);
}

HANDLER(rds, DeleteDBInstance)
{
    struct value *doc = rds_named(j, &rds_instance);

    if (!doc || !final_ok(j, doc))
        return j->rc;
    struct value *cluster = job_get(j, "DBCluster", value_get_str(doc, "DBClusterIdentifier"));
    if (cluster) {
        value_set(cluster, STR("DBClusterMembers"),
                  list_without(j->a, value_get_c(cluster, "DBClusterMembers"),
                               "DBInstanceIdentifier", value_get_str(doc, "DBInstanceIdentifier")));
        rds_put(j, &rds_cluster, cluster);
    }
    rds_answer(j, &rds_instance, doc, STATE, "deleting");
    if (rds_replicas_let_go(j, doc) < 0)
        return j->rc;
    return rds_drop(j, &rds_instance, doc);
}
