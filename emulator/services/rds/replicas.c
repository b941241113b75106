/* Read replicas: an instance that names its source, and is named by it; in another region by ARN.
 */
#include "emulator/services/rds/rds.h"

#include "core/aws/arn.h"

#define SOURCE   "ReadReplicaSourceDBInstanceIdentifier"
#define REPLICAS "ReadReplicaDBInstanceIdentifiers"

bool rds_is_replica(const struct value *doc)
{
    return value_get_str(doc, SOURCE).len > 0;
}

bool rds_is_replicated(const struct value *doc)
{
    return rds_is_replica(doc) || value_first(value_get_c(doc, REPLICAS));
}

/* The job of the region that an identifier lies in: an ARN says which. */
static struct job job_at(const struct job *j, struct str id)
{
    struct job there = *j;
    struct arn arn;

    if (arn_parse(id, &arn, NULL) == 0)
        there.region = arn.region;
    return there;
}

/* How an instance of another region is named: by its ARN; beside oneself by its id. */
static struct str name_for(const struct value *doc, const struct job *its, struct str region)
{
    return value_get_str(doc, str_eq(its->region, region) ? rds_instance.id : rds_instance.arn);
}

/* Source: RDS User Guide, "Working with DB instance read replicas", requirements of the source. */
static bool source_ok(struct job *j, const struct value *source)
{
    struct str id = value_get_str(source, rds_instance.id);

    if (!str_eq_c(value_get_str(source, "DBInstanceStatus"), "available"))
        job_refuse(j, "InvalidDBInstanceStateFault", "DB instance %.*s is not in available state.",
                   STR_ARG(id));
    else if (value_get_int(source, "BackupRetentionPeriod", 0) == 0)
        job_refuse(j, "InvalidDBInstanceStateFault",
                   "Automated backups are not enabled for this database instance. To enable "
                   "automated backups, use ModifyDBInstance to set the backup retention period to "
                   "a non-zero value.");
    else if (value_get_c(source, "DBClusterIdentifier"))
        (void)rds_not_performed(j, "a member of a cluster");
    return !outcome_refused(j->out);
}

static void describe_replication(struct job *j, struct value *doc)
{
    struct value *list = value_list(j->a), *info = value_map(j->a);

    value_put_c(j->a, info, "StatusType", "read replication");
    value_put_bool(j->a, info, "Normal", true);
    value_put_c(j->a, info, "Status", "replicating");
    value_push(list, info);
    value_set(doc, STR("StatusInfos"), list);
}

HANDLER(rds, CreateDBInstanceReadReplica)
{
    struct str from = job_text(j, "SourceDBInstanceIdentifier");
    struct job there = job_at(j, from);

    if (job_has(j, "SourceDBClusterIdentifier"))
        return rds_not_performed(j, "SourceDBClusterIdentifier");
    if (from.len == 0)
        return job_refuse(j, "InvalidParameterCombination",
                          "SourceDBInstanceIdentifier must be specified.");
    struct value *source = rds_find(&there, &rds_instance, from);
    if (!source || !source_ok(j, source))
        return there.rc < 0 ? there.rc : j->rc;
    if (!str_eq(there.region, j->region)) /* its key is its own region's */
        (void)value_remove(source, STR("KmsKeyId"));
    struct value *doc = rds_instance_like(j, source);
    if (!doc)
        return j->rc;
    if (!job_has(j, "BackupRetentionPeriod"))
        value_put_int(j->a, doc, "BackupRetentionPeriod", 0);
    value_put_str(j->a, doc, SOURCE, name_for(source, &there, j->region));
    describe_replication(j, doc);
    if (!value_get_c(source, REPLICAS))
        value_set(source, STR(REPLICAS), value_list(j->a));
    value_push(value_get_c(source, REPLICAS), value_str(j->a, name_for(doc, j, there.region)));
    if (rds_put(&there, &rds_instance, source) < 0)
        return there.rc;
    return rds_instance_answer(j, doc);
}

/* The replica is one no more; its source is another call's to tell. */
static void stand_alone(struct job *j, struct value *doc)
{
    (void)value_remove(doc, STR(SOURCE));
    (void)value_remove(doc, STR("StatusInfos"));
    value_put_int(j->a, doc, "BackupRetentionPeriod",
                  param_int(j->call, "BackupRetentionPeriod", 1));
}

static int forget_replica(struct job *j, const struct value *replica)
{
    struct str from = value_get_str(replica, SOURCE);
    struct job there = job_at(j, from);
    struct value *source = rds_find(&there, &rds_instance, from), *rest = value_list(j->a);

    if (!source)
        return there.rc;
    struct str name = name_for(replica, j, there.region);
    for (const struct value *r = value_first(value_get_c(source, REPLICAS)); r; r = r->next)
        if (!str_eq(r->u.text, name))
            value_push(rest, value_copy(j->a, r));
    value_set(source, STR(REPLICAS), rest);
    return rds_put(&there, &rds_instance, source);
}

/* Source: RDS API Reference, PromoteReadReplica. */
HANDLER(rds, PromoteReadReplica)
{
    struct value *doc = rds_named(j, &rds_instance);

    if (!doc)
        return j->rc;
    if (!rds_is_replica(doc))
        return job_refuse(j, "InvalidDBInstanceStateFault", "DB Instance is not a read replica.");
    j->rc = forget_replica(j, doc);
    if (j->rc < 0)
        return j->rc;
    stand_alone(j, doc);
    job_copy(j, doc, j->call->params, (const char *const[]){ "PreferredBackupWindow", NULL });
    rds_answer(j, &rds_instance, doc, "DBInstanceStatus", "modifying");
    return rds_put(j, &rds_instance, doc);
}

/* Source: RDS User Guide, "Deleting a DB instance": replicas of a deleted source are promoted. */
int rds_replicas_let_go(struct job *j, struct value *doc)
{
    for (const struct value *r = value_first(value_get_c(doc, REPLICAS)); r && j->rc == 0;
         r = r->next) {
        struct job there = job_at(j, r->u.text);
        struct value *replica = rds_find(&there, &rds_instance, r->u.text);

        if (replica) {
            stand_alone(j, replica);
            j->rc = rds_put(&there, &rds_instance, replica);
        } else {
            j->rc = there.rc;
        }
    }
    if (j->rc == 0 && rds_is_replica(doc))
        j->rc = forget_replica(j, doc);
    return j->rc;
}
