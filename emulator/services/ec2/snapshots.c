/* Snapshots of volumes. */
#include "emulator/services/ec2/compute.h"
#include "emulator/services/ec2/ec2.h"

int ec2_snapshot_complete(struct ec2 *j, struct value *snapshot)
{
    bool is_done = str_eq_c(value_get_str(snapshot, "State"), "completed");

    value_put_c(j->a, snapshot, "Progress", is_done ? "100%" : "0%");
    if (is_done)
        value_put_time(j->a, snapshot, "CompletionTime", value_get_time(snapshot, "_since", 0));
    return 0;
}

int ec2_snapshot_of(struct ec2 *j, const struct value *volume, struct str description,
                    struct value **snapshot)
{
    int rc = ec2_make(j, EC2_SNAPSHOT, snapshot);

    ec2_take(j, *snapshot, volume, "VolumeId Encrypted KmsKeyId");
    value_put_int(j->a, *snapshot, "VolumeSize", value_get_int(volume, "Size", 0));
    value_put_str(j->a, *snapshot, "Description", description);
    return rc;
}

#define SNAPSHOT_MEMBERS                                                                           \
    "SnapshotId VolumeId State StartTime Progress OwnerId Description VolumeSize Encrypted "       \
    "KmsKeyId Tags StorageTier"

int ec2_create_snapshot(struct ec2 *j)
{
    struct value *volume, *snapshot, *tags;
    int rc = ec2_load_param(j, EC2_VOLUME, "VolumeId", &volume);

    if (rc == 0)
        rc = ec2_tags_of_spec(j, "snapshot", &tags);
    if (rc == 0)
        rc = ec2_snapshot_of(j, volume, param_str(j->call, "Description"), &snapshot);
    if (rc != 0)
        return rc;
    value_set(snapshot, STR("Tags"), tags);
    value_put_c(j->a, snapshot, "Progress", "");
    rc = ec2_save(j, EC2_SNAPSHOT, snapshot);
    ec2_take(j, ec2_output(j), snapshot, SNAPSHOT_MEMBERS);
    return rc;
}

/* Of all volumes of an instance, but the root one where that is asked. */
int ec2_create_snapshots(struct ec2 *j)
{
    const struct value *spec = param(j->call, "InstanceSpecification");
    bool no_root = value_get_bool(spec, "ExcludeBootVolume", false);
    struct value *instance, *volume, *snapshot, *tags, *list = value_list(j->a);
    int rc = ec2_load(j, EC2_INSTANCE, value_get_str(spec, "InstanceId"), &instance);

    if (rc == 0)
        rc = ec2_tags_of_spec(j, "snapshot", &tags);
    for (const struct value *m = rc == 0 ? value_first(value_get_c(instance, "BlockDeviceMappings"))
                                         : NULL;
         m && rc == 0; m = m->next) {
        struct str id = value_get_str(value_get_c(m, "Ebs"), "VolumeId");
        bool is_root =
            value_equal(value_get_c(m, "DeviceName"), value_get_c(instance, "RootDeviceName"));
        if ((no_root && is_root) || ec2_list_has(value_get_c(spec, "ExcludeDataVolumeIds"), id))
            continue;
        rc = ec2_load(j, EC2_VOLUME, id, &volume);
        if (rc == 0)
            rc = ec2_snapshot_of(j, volume, param_str(j->call, "Description"), &snapshot);
        if (rc != 0)
            return rc;
        value_set(snapshot, STR("Tags"), value_copy(j->a, tags));
        rc = ec2_save(j, EC2_SNAPSHOT, snapshot);
        value_push(list, value_copy(j->a, snapshot));
    }
    value_set(ec2_output(j), STR("Snapshots"), list);
    return rc;
}

int ec2_copy_snapshot(struct ec2 *j)
{
    struct str id = param_str(j->call, "SourceSnapshotId");
    struct value *source, *copy;
    int rc = ec2_find_shared(j, EC2_SNAPSHOT, id, param_str(j->call, "SourceRegion"), &source);

    if (rc == 0 && !source)
        return ec2_not_found(j, EC2_SNAPSHOT, id);
    if (rc == 0)
        rc = ec2_new(j, EC2_SNAPSHOT, &copy);
    if (rc != 0)
        return rc;
    ec2_take(j, copy, source, "VolumeSize Encrypted KmsKeyId");
    ec2_take(j, copy, j->call->params, "Description Encrypted KmsKeyId");
    value_put_c(j->a, copy, "VolumeId", "vol-ffffffff"); /* a copy is of no volume */
    ec2_take(j, ec2_output(j), copy, "SnapshotId Tags");
    return ec2_save(j, EC2_SNAPSHOT, copy);
}

int ec2_delete_snapshot(struct ec2 *j)
{
    return ec2_delete(j, EC2_SNAPSHOT, "SnapshotId");
}

int ec2_describe_snapshots(struct ec2 *j)
{
    struct value *list;
    int rc = ec2_select_shared(j, EC2_SNAPSHOT, "OwnerIds", "RestorableByUserIds", &list);

    return rc != 0 ? rc : ec2_page(j, "Snapshots", list, "SnapshotId");
}
