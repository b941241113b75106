/* Volumes and snapshots. */
#include "emulator/services/ec2/compute.h"
#include "emulator/services/ec2/ec2.h"

enum { ATTACHING_MS = 3000, GP2_MIN_IOPS = 100, GP2_IOPS_A_GIB = 3, GP2_MAX_IOPS = 16000 };

/* Source: EBS User Guide, "Amazon EBS volume types": sizes in GiB, and what a volume gets when
 * nothing is asked for. */
static const struct volume_type {
    const char *name;
    int64_t min, max, iops, throughput;
} types[] = {
    { "standard", 1, 1024, 0, 0 }, { "gp2", 1, 16384, 0, 0 }, { "gp3", 1, 65536, 3000, 125 },
    { "io1", 4, 16384, 0, 0 },     { "io2", 4, 65536, 0, 0 }, { "st1", 125, 16384, 0, 0 },
    { "sc1", 125, 16384, 0, 0 },
};

static const struct volume_type *type_find(struct str name)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (str_eq_c(name, types[i].name))
            return &types[i];
    return NULL;
}

int ec2_volume_complete(struct ec2 *j, struct value *volume)
{
    struct value *held = value_first(value_get_c(volume, "Attachments"));

    for (; held; held = held->next) {
        bool is_new = value_get_time(held, "AttachTime", 0) > j->cx->now_ms - ATTACHING_MS;
        value_put_c(j->a, held, "State", is_new ? "attaching" : "attached");
        value_put_c(j->a, volume, "State", "in-use");
    }
    return 0;
}

static int set_performance(struct ec2 *j, struct value *volume, const struct volume_type *t)
{
    int64_t size = value_get_int(volume, "Size", 0);
    int64_t gp2 = size * GP2_IOPS_A_GIB;

    if (size < t->min || size > t->max)
        return ec2_refuse(j, "InvalidParameterValue",
                          "Volume of %lldGiB is %s than the %s supported by %s volumes: %lldGiB",
                          (long long)size, size < t->min ? "smaller" : "larger",
                          size < t->min ? "minimum" : "maximum", t->name,
                          (long long)(size < t->min ? t->min : t->max));
    if (strcmp(t->name, "gp2") == 0)
        value_put_int(j->a, volume, "Iops",
                      gp2 < GP2_MIN_IOPS ? GP2_MIN_IOPS
                                         : (gp2 > GP2_MAX_IOPS ? GP2_MAX_IOPS : gp2));
    else if (t->iops > 0 && !value_get_int(volume, "Iops", 0))
        value_put_int(j->a, volume, "Iops", t->iops);
    if (t->throughput > 0 && !value_get_int(volume, "Throughput", 0))
        value_put_int(j->a, volume, "Throughput", t->throughput);
    return 0;
}

static int set_encryption(struct ec2 *j, struct value *volume)
{
    struct str by_default, key;
    int rc = ec2_setting(j, "EbsEncryptionByDefault", &by_default);

    if (rc == 0)
        rc = ec2_setting(j, "EbsDefaultKmsKeyId", &key);
    if (rc != 0)
        return rc;
    if (str_eq_c(by_default, "true") || value_get_str(volume, "KmsKeyId").len > 0)
        value_put_bool(j->a, volume, "Encrypted", true);
    if (!value_get_bool(volume, "Encrypted", false))
        return 0;
    if (value_get_str(volume, "KmsKeyId").len > 0)
        key = value_get_str(volume, "KmsKeyId");
    if (!str_has_prefix(key, STR("arn:")))
        key = arena_printf(j->a, "arn:aws:kms:%.*s:%.*s:%s%.*s", STR_ARG(j->call->region),
                           STR_ARG(j->call->account),
                           str_has_prefix(key, STR("alias/")) ? "" : "key/", STR_ARG(key));
    value_put_str(j->a, volume, "KmsKeyId", key);
    return 0;
}

/* Size and encryption of the snapshot that it comes from. */
static int from_snapshot(struct ec2 *j, struct value *volume)
{
    struct str id = value_get_str(volume, "SnapshotId");
    struct value *snapshot;

    if (id.len == 0)
        return 0;
    int rc = ec2_find_shared(j, EC2_SNAPSHOT, id, j->call->region, &snapshot);
    if (rc == 0 && !snapshot)
        return ec2_not_found(j, EC2_SNAPSHOT, id);
    if (rc != 0)
        return rc;
    int64_t least = value_get_int(snapshot, "VolumeSize", 1);
    if (!value_get_int(volume, "Size", 0))
        value_put_int(j->a, volume, "Size", least);
    if (value_get_int(volume, "Size", 0) < least)
        return ec2_refuse(j, "InvalidParameterValue",
                          "The volume size is invalid for %.*s: it must be at least %lldGiB",
                          STR_ARG(id), (long long)least);
    if (value_get_bool(snapshot, "Encrypted", false))
        ec2_take(j, volume, snapshot, "Encrypted KmsKeyId");
    return 0;
}

int ec2_volume_new(struct ec2 *j, const struct value *asked, struct str zone, struct value **volume)
{
    int64_t size = value_get_int(asked, "VolumeSize", value_get_int(asked, "Size", 0));
    int rc = ec2_make(j, EC2_VOLUME, volume);

    if (rc != 0)
        return rc;
    value_put_str(j->a, *volume, "AvailabilityZone", zone);
    value_put_str(j->a, *volume, "AvailabilityZoneId", ec2_zone_id(j, zone));
    ec2_take(j, *volume, asked,
             "Encrypted Iops KmsKeyId SnapshotId VolumeType MultiAttachEnabled Throughput");
    value_put_int(j->a, *volume, "Size", size);
    const struct volume_type *t = type_find(value_get_str(*volume, "VolumeType"));
    if (!t)
        return ec2_refuse(j, "InvalidParameterValue",
                          "Value (%.*s) for parameter volumeType is invalid.",
                          STR_ARG(value_get_str(*volume, "VolumeType")));
    rc = from_snapshot(j, *volume);
    if (rc == 0 && value_get_int(*volume, "Size", 0) == 0)
        return ec2_refuse(j, "MissingParameter",
                          "The request must contain the parameter size/snapshot");
    if (rc == 0)
        rc = set_performance(j, *volume, t);
    return rc != 0 ? rc : set_encryption(j, *volume);
}

static int pick_zone(struct ec2 *j, struct str *zone)
{
    struct value *zones;
    int rc = ec2_zones(j, &zones);

    *zone = param_has(j->call, "AvailabilityZoneId")
                ? ec2_zone_of_id(j, param_str(j->call, "AvailabilityZoneId"))
                : param_str(j->call, "AvailabilityZone");
    if (rc == 0 && !ec2_list_has(zones, *zone))
        return ec2_refuse(j, "InvalidZone.NotFound", "The zone '%.*s' does not exist.",
                          STR_ARG(param_str(j->call, "AvailabilityZone")));
    return rc;
}

int ec2_create_volume(struct ec2 *j)
{
    struct value *volume, *tags;
    struct str zone;
    int rc = pick_zone(j, &zone);

    if (rc == 0)
        rc = ec2_tags_of_spec(j, "volume", &tags);
    if (rc == 0)
        rc = ec2_volume_new(j, j->call->params, zone, &volume);
    if (rc == 0) {
        value_set(volume, STR("Tags"), tags);
        rc = ec2_save(j, EC2_VOLUME, volume);
    }
    if (rc == 0)
        ec2_take(j, ec2_output(j), volume,
                 "VolumeId Size SnapshotId AvailabilityZone AvailabilityZoneId State CreateTime "
                 "VolumeType Iops Throughput Encrypted KmsKeyId Tags MultiAttachEnabled");
    return rc;
}

int ec2_delete_volume(struct ec2 *j)
{
    struct value *volume;
    int rc = ec2_load_param(j, EC2_VOLUME, "VolumeId", &volume);
    const struct value *held = rc == 0 ? value_first(value_get_c(volume, "Attachments")) : NULL;

    if (held)
        return ec2_refuse(j, "VolumeInUse", "Volume %.*s is currently attached to %.*s",
                          STR_ARG(value_get_str(volume, "VolumeId")),
                          STR_ARG(value_get_str(held, "InstanceId")));
    return rc != 0 ? rc : ec2_delete(j, EC2_VOLUME, "VolumeId");
}

void ec2_volume_attach(struct ec2 *j, struct value *volume, struct str instance_id,
                       struct str device, bool delete_on_termination)
{
    struct value *v = value_map(j->a);

    value_put_time(j->a, v, "AttachTime", j->cx->now_ms / 1000 * 1000);
    value_put_bool(j->a, v, "DeleteOnTermination", delete_on_termination);
    value_put_str(j->a, v, "Device", device);
    value_put_str(j->a, v, "InstanceId", instance_id);
    value_put_c(j->a, v, "State", "attaching");
    value_put_str(j->a, v, "VolumeId", value_get_str(volume, "VolumeId"));
    value_push(ec2_list(j, volume, "Attachments"), v);
    value_put_c(j->a, volume, "State", "in-use");
}

static int check_attach(struct ec2 *j, const struct value *volume, const struct value *instance)
{
    struct str device = param_str(j->call, "Device"), state = ec2_state(EC2_INSTANCE, instance);
    const struct value *held = value_first(value_get_c(volume, "Attachments"));

    if (held && !value_get_bool(volume, "MultiAttachEnabled", false))
        return ec2_refuse(j, "VolumeInUse", "%.*s is already attached to an instance",
                          STR_ARG(value_get_str(volume, "VolumeId")));
    if (!held && !str_eq_c(value_get_str(volume, "State"), "available"))
        return ec2_refuse(j, "IncorrectState", "Volume '%.*s' is not 'available'.",
                          STR_ARG(value_get_str(volume, "VolumeId")));
    if (!str_eq_c(state, "running") && !str_eq_c(state, "stopped"))
        return ec2_refuse(j, "IncorrectState", "Instance '%.*s' is not 'running'.",
                          STR_ARG(value_get_str(instance, "InstanceId")));
    if (!str_eq(value_get_str(volume, "AvailabilityZone"),
                value_get_str(value_get_c(instance, "Placement"), "AvailabilityZone")))
        return ec2_refuse(j, "InvalidVolume.ZoneMismatch",
                          "The volume '%.*s' is not in the same availability zone as instance "
                          "'%.*s'",
                          STR_ARG(value_get_str(volume, "VolumeId")),
                          STR_ARG(value_get_str(instance, "InstanceId")));
    if (ec2_list_find(value_get_c(instance, "BlockDeviceMappings"), "DeviceName", device))
        return ec2_refuse(
            j, "InvalidParameterValue",
            "Invalid value '%.*s' for unixDevice. Attachment point %.*s is already in "
            "use",
            STR_ARG(device), STR_ARG(device));
    return 0;
}

int ec2_attach_volume(struct ec2 *j)
{
    struct value *volume, *instance;
    int rc = ec2_load_param(j, EC2_VOLUME, "VolumeId", &volume);

    if (rc == 0)
        rc = ec2_load_param(j, EC2_INSTANCE, "InstanceId", &instance);
    if (rc == 0)
        rc = check_attach(j, volume, instance);
    if (rc != 0)
        return rc;
    ec2_volume_attach(j, volume, param_str(j->call, "InstanceId"), param_str(j->call, "Device"),
                      false);
    ec2_take(j, ec2_output(j),
             ec2_list_find(value_get_c(volume, "Attachments"), "InstanceId",
                           param_str(j->call, "InstanceId")),
             "VolumeId InstanceId Device State AttachTime DeleteOnTermination");
    return ec2_save(j, EC2_VOLUME, volume);
}

int ec2_detach_volume(struct ec2 *j)
{
    struct str instance_id = param_str(j->call, "InstanceId");
    struct value *volume;
    int rc = ec2_load_param(j, EC2_VOLUME, "VolumeId", &volume);

    if (rc != 0)
        return rc;
    const struct value *list = value_get_c(volume, "Attachments");
    struct value *held =
        instance_id.len > 0 ? ec2_list_find(list, "InstanceId", instance_id) : value_first(list);
    if (!held)
        return ec2_refuse(j, "IncorrectState", "Volume '%.*s' is in the 'available' state.",
                          STR_ARG(value_get_str(volume, "VolumeId")));
    ec2_take(j, ec2_output(j), held, "VolumeId InstanceId Device AttachTime DeleteOnTermination");
    value_put_c(j->a, ec2_output(j), "State", "detaching");
    ec2_list_remove(j, volume, "Attachments", held);
    if (!value_first(value_get_c(volume, "Attachments")))
        value_put_c(j->a, volume, "State", "available");
    return ec2_save(j, EC2_VOLUME, volume);
}

/* Source: EC2 API Reference, "VolumeModification". The change itself is done at once. */
int ec2_modify_volume(struct ec2 *j)
{
    static const struct {
        const char *member, *original, *target;
    } rows[] = {
        { "Size", "OriginalSize", "TargetSize" },
        { "Iops", "OriginalIops", "TargetIops" },
        { "VolumeType", "OriginalVolumeType", "TargetVolumeType" },
        { "Throughput", "OriginalThroughput", "TargetThroughput" },
        { "MultiAttachEnabled", "OriginalMultiAttachEnabled", "TargetMultiAttachEnabled" },
    };
    struct value *volume, *m = value_map(j->a);
    int rc = ec2_load_param(j, EC2_VOLUME, "VolumeId", &volume);

    if (rc != 0)
        return rc;
    if (param_int(j->call, "Size", INT64_MAX) < value_get_int(volume, "Size", 0))
        return ec2_refuse(j, "InvalidParameterValue",
                          "New size cannot be smaller than existing size");
    struct value *before = value_copy(j->a, volume);
    ec2_take(j, volume, j->call->params, "Size Iops VolumeType Throughput MultiAttachEnabled");
    const struct volume_type *t = type_find(value_get_str(volume, "VolumeType"));
    if (!t)
        return ec2_refuse(j, "InvalidParameterValue", "Invalid volume type");
    if ((rc = set_performance(j, volume, t)) != 0)
        return rc;
    ec2_take(j, m, volume, "VolumeId");
    value_put_c(j->a, m, "ModificationState", "modifying");
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct value *old = value_get_c(before, rows[i].member);
        const struct value *now = value_get_c(volume, rows[i].member);
        if (old)
            value_set(m, str_c(rows[i].original), value_copy(j->a, old));
        if (now)
            value_set(m, str_c(rows[i].target), value_copy(j->a, now));
    }
    value_put_int(j->a, m, "Progress", 0);
    value_put_time(j->a, m, "StartTime", j->cx->now_ms / 1000 * 1000);
    value_set(ec2_output(j), STR("VolumeModification"), m);
    return ec2_save(j, EC2_VOLUME, volume);
}

static struct value *volume_status(struct ec2 *j, const struct value *volume)
{
    static const char *const checks[] = { "io-enabled", "io-performance" };
    struct value *v = value_map(j->a), *status = value_map(j->a), *details = value_list(j->a);

    for (size_t i = 0; i < COUNT(checks); i++) {
        struct value *one = value_map(j->a);
        value_put_c(j->a, one, "Name", checks[i]);
        value_put_c(j->a, one, "Status", i == 0 ? "passed" : "not-applicable");
        value_push(details, one);
    }
    value_set(status, STR("Details"), details);
    value_put_c(j->a, status, "Status", "ok");
    ec2_take(j, v, volume, "AvailabilityZone AvailabilityZoneId VolumeId");
    value_set(v, STR("VolumeStatus"), status);
    value_set(v, STR("Actions"), value_list(j->a));
    value_set(v, STR("Events"), value_list(j->a));
    return v;
}

int ec2_describe_volume_status(struct ec2 *j)
{
    const struct value *ids = param(j->call, "VolumeIds");
    struct value *list = value_list(j->a), *volume;
    const struct ec2_docs *docs;
    int rc = ec2_filters_ok(j, "volume-status");

    for (const struct value *v = value_first(ids); v && rc == 0; v = v->next)
        rc = ec2_load(j, EC2_VOLUME, v->u.text, &volume);
    if (rc == 0)
        rc = ec2_all(j, EC2_VOLUME, &docs);
    for (size_t i = 0; rc == 0 && i < docs->count; i++) {
        struct value *row = volume_status(j, docs->of[i]);
        if ((!value_first(ids) || ec2_list_has(ids, value_get_str(row, "VolumeId"))) &&
            ec2_filters_pass(j, "volume-status", "Tags", row))
            value_push(list, row);
    }
    return rc != 0 ? rc : ec2_page(j, "VolumeStatuses", list, "VolumeId");
}
