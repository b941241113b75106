/* Snapshots of instances and of clusters, copied and shared: what exfiltration looks like. */
#include "emulator/services/rds/rds.h"

#include "core/aws/arn.h"

enum { SHARED_MAX = 20 }; /* Source: RDS User Guide, "Sharing a DB snapshot": at most 20 accounts */

static void settle(struct job *j, struct value *doc)
{
    value_put_c(j->a, doc, "SnapshotType", "manual");
    value_put_c(j->a, doc, "Status", "available");
    value_put_int(j->a, doc, "PercentProgress", 100);
    value_put_time(j->a, doc, "SnapshotCreateTime", j->cx->now_ms);
}

int rds_snapshot_of(struct job *j, const struct value *source, struct str id, struct value **out)
{
    struct value *doc = rds_new(j, &rds_snapshot, value_map(j->a), id), *group;

    *out = doc;
    if (!doc)
        return j->rc;
    job_copy(j, doc, source,
             (const char *const[]){
                 "DBInstanceIdentifier", "Engine", "AllocatedStorage", "AvailabilityZone",
                 "InstanceCreateTime", "MasterUsername", "EngineVersion", "LicenseModel", "Iops",
                 "StorageThroughput", "StorageType", "KmsKeyId", "Timezone", "DbiResourceId",
                 "IAMDatabaseAuthenticationEnabled", "DedicatedLogVolume", NULL });
    value_put_int(j->a, doc, "Port", value_get_int(value_get_c(source, "Endpoint"), "Port", 0));
    value_put_bool(j->a, doc, "Encrypted", value_get_bool(source, "StorageEncrypted", false));
    group = value_get_c(source, "DBSubnetGroup");
    if (value_get_c(group, "VpcId"))
        value_put_str(j->a, doc, "VpcId", value_get_str(group, "VpcId"));
    value_put_str(j->a, doc, "OptionGroupName",
                  value_get_str(value_first(value_get_c(source, "OptionGroupMemberships")),
                                "OptionGroupName"));
    value_set(doc, STR("ProcessorFeatures"), value_list(j->a));
    value_put_c(j->a, doc, "SnapshotTarget", "region");
    value_put_str(j->a, doc, "_class", value_get_str(source, "DBInstanceClass"));
    if (!value_get_c(doc, "TagList"))
        value_set(doc, STR("TagList"),
                  value_get_bool(source, "CopyTagsToSnapshot", false)
                      ? value_copy(j->a, value_get_c(source, "TagList"))
                      : value_list(j->a));
    value_put_time(j->a, doc, "OriginalSnapshotCreateTime", j->cx->now_ms);
    settle(j, doc);
    return rds_put(j, &rds_snapshot, doc);
}

int rds_cluster_snapshot_of(struct job *j, const struct value *source, struct str id,
                            struct value **out)
{
    struct value *doc = rds_new(j, &rds_cluster_snapshot, value_map(j->a), id);

    *out = doc;
    if (!doc)
        return j->rc;
    job_copy(j, doc, source,
             (const char *const[]){ "AvailabilityZones", "DBClusterIdentifier", "Engine",
                                    "EngineMode", "AllocatedStorage", "Port", "ClusterCreateTime",
                                    "MasterUsername", "EngineVersion", "StorageEncrypted",
                                    "KmsKeyId", "IAMDatabaseAuthenticationEnabled", "StorageType",
                                    "DbClusterResourceId", NULL });
    if (!value_get_c(doc, "TagList"))
        value_set(doc, STR("TagList"), value_list(j->a));
    settle(j, doc);
    return rds_put(j, &rds_cluster_snapshot, doc);
}

/* The first answer: nothing is written yet. */
static int answer_new(struct job *j, const struct rds_kind *kind, const struct value *doc)
{
    rds_answer(j, kind, doc, "Status", "creating");
    struct value *seen = value_get_c(j->out->output, kind->type);
    value_put_int(j->a, seen, "PercentProgress", 0);
    if (kind == &rds_snapshot) {
        (void)value_remove(seen, STR("SnapshotCreateTime"));
        (void)value_remove(seen, STR("OriginalSnapshotCreateTime"));
    }
    return j->rc;
}

HANDLER(rds, CreateDBSnapshot)
{
    struct value *source = rds_named(j, &rds_instance), *doc;

    if (!source ||
        !rds_state_is(j, source, "DBInstanceStatus", "available", "InvalidDBInstanceStateFault",
                      "Cannot create a snapshot because the database instance"))
        return j->rc;
    rds_snapshot_of(j, source, job_text(j, "DBSnapshotIdentifier"), &doc);
    return doc ? answer_new(j, &rds_snapshot, doc) : j->rc;
}

HANDLER(rds, CreateDBClusterSnapshot)
{
    struct value *source = rds_named(j, &rds_cluster), *doc;

    if (!source)
        return j->rc;
    rds_cluster_snapshot_of(j, source, job_text(j, "DBClusterSnapshotIdentifier"), &doc);
    return doc ? answer_new(j, &rds_cluster_snapshot, doc) : j->rc;
}

/* By id, or by the ARN of a snapshot in any account that shares it. */
static struct value *source_need(struct job *j, const struct rds_kind *kind, struct str id)
{
    struct job theirs = *j;
    struct arn arn;

    if (arn_parse(id, &arn, NULL) == 0) {
        theirs.account = arn.account;
        theirs.region = arn.region;
    }
    struct value *doc = rds_find(&theirs, kind, id), *shared = value_get_c(doc, "_restore");
    j->rc = theirs.rc;
    if (!doc || str_eq(theirs.account, j->account) || list_has(shared, STR("all")) ||
        list_has(shared, j->account))
        return doc;
    outcome_refuse(j->a, j->out, 0, kind->missing_code, kind->missing_text, STR_ARG(id));
    return NULL;
}

static int copy(struct job *j, const struct rds_kind *kind, struct str from, struct str to)
{
    struct value *source = source_need(j, kind, from);

    if (!source)
        return j->rc;
    struct value *doc = value_copy(j->a, source);
    bool with_tags = param_bool(j->call, "CopyTags", false);
    (void)value_remove(doc, STR("_restore")); /* sharing is not copied */
    if (!with_tags)
        value_set(doc, STR("TagList"), value_list(j->a));
    value_put_str(j->a, doc,
                  kind == &rds_snapshot ? "SourceDBSnapshotIdentifier"
                                        : "SourceDBClusterSnapshotArn",
                  value_get_str(source, kind->arn));
    if (!rds_new(j, kind, doc, to))
        return j->rc;
    if (job_has(j, "KmsKeyId")) {
        value_put_str(j->a, doc, "KmsKeyId", job_text(j, "KmsKeyId"));
        value_put_bool(j->a, doc, kind == &rds_snapshot ? "Encrypted" : "StorageEncrypted", true);
    }
    settle(j, doc);
    answer_new(j, kind, doc);
    return rds_put(j, kind, doc);
}

HANDLER(rds, CopyDBSnapshot)
{
    return copy(j, &rds_snapshot, job_text(j, "SourceDBSnapshotIdentifier"),
                job_text(j, "TargetDBSnapshotIdentifier"));
}

HANDLER(rds, CopyDBClusterSnapshot)
{
    return copy(j, &rds_cluster_snapshot, job_text(j, "SourceDBClusterSnapshotIdentifier"),
                job_text(j, "TargetDBClusterSnapshotIdentifier"));
}

static int delete_one(struct job *j, const struct rds_kind *kind)
{
    struct value *doc = rds_named(j, kind);

    if (!doc)
        return j->rc;
    rds_answer(j, kind, doc, "Status", "deleted");
    return rds_drop(j, kind, doc);
}

RDS_OF(DeleteDBSnapshot, delete_one, rds_snapshot)
RDS_OF(DeleteDBClusterSnapshot, delete_one, rds_cluster_snapshot)
RDS_OF(DescribeDBSnapshots, rds_describe, rds_snapshot)
RDS_OF(DescribeDBClusterSnapshots, rds_describe, rds_cluster_snapshot)

/* ---- sharing ---- */

static int answer_attributes(struct job *j, const struct rds_kind *kind, const struct value *doc)
{
    struct value *result = value_map(j->a), *list = value_list(j->a), *row = value_map(j->a);
    struct value *shared = value_get_c(doc, "_restore");

    value_put_c(j->a, row, "AttributeName", "restore");
    value_set(row, STR("AttributeValues"), shared ? value_copy(j->a, shared) : value_list(j->a));
    value_push(list, row);
    value_put_str(j->a, result, kind->id, value_get_str(doc, kind->id));
    value_set(result, arena_printf(j->a, "%sAttributes", kind->type), list);
    value_set(outcome_output(j->cx, j->out), arena_printf(j->a, "%sAttributesResult", kind->type),
              result);
    return j->rc;
}

static int modify_attribute(struct job *j, const struct rds_kind *kind)
{
    struct value *doc = rds_named(j, kind), *list = value_list(j->a);
    const struct value *add = param(j->call, "ValuesToAdd"),
                       *remove = param(j->call, "ValuesToRemove");

    if (!doc)
        return j->rc;
    if (!str_eq_c(job_text(j, "AttributeName"), "restore"))
        return job_refuse(j, "InvalidParameterValue", "Invalid snapshot attribute: %.*s",
                          STR_ARG(job_text(j, "AttributeName")));
    for (const struct value *v = value_first(value_get_c(doc, "_restore")); v; v = v->next)
        if (!list_has(remove, v->u.text))
            value_push(list, value_copy(j->a, v));
    for (const struct value *v = value_first(add); v; v = v->next)
        if (!list_has(list, v->u.text))
            value_push(list, value_str(j->a, v->u.text));
    if (list->count > SHARED_MAX)
        return job_refuse(j, "SharedSnapshotQuotaExceededFault",
                          "The request cannot be processed because it would exceed the maximum "
                          "number of snapshots.");
    value_set(doc, STR("_restore"), list);
    answer_attributes(j, kind, doc);
    return rds_put(j, kind, doc);
}

static int describe_attributes(struct job *j, const struct rds_kind *kind)
{
    struct value *doc = rds_named(j, kind);

    return doc ? answer_attributes(j, kind, doc) : j->rc;
}

RDS_OF(ModifyDBSnapshotAttribute, modify_attribute, rds_snapshot)
RDS_OF(ModifyDBClusterSnapshotAttribute, modify_attribute, rds_cluster_snapshot)
RDS_OF(DescribeDBSnapshotAttributes, describe_attributes, rds_snapshot)
RDS_OF(DescribeDBClusterSnapshotAttributes, describe_attributes, rds_cluster_snapshot)
