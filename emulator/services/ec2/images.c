/* Images: made of an instance or of snapshots, copied, given back. */
#include "emulator/services/ec2/compute.h"
#include "emulator/services/ec2/ec2.h"

int ec2_image_complete(struct ec2 *j, struct value *image)
{
    value_put_bool(j->a, image, "Public",
                   ec2_list_find(value_get_c(image, "_permissions"), "Group", STR("all")) != NULL);
    return 0;
}

int ec2_image_find(struct ec2 *j, struct str id, struct value **image)
{
    return ec2_find_shared(j, EC2_IMAGE, id, j->call->region, image);
}

static int check_name(struct ec2 *j, struct str name)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_IMAGE, &docs);

    /* Source: EC2 API Reference, CreateImage, Name: 3 to 128 characters. */
    if (rc == 0 && (name.len < 3 || name.len > 128))
        return ec2_refuse(j, "InvalidAMIName.Malformed",
                          "AMI names must be between 3 and 128 characters long, and may contain "
                          "letters, numbers, '(', ')', '.', '-', '/' and '_'");
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "Name"), name))
            return ec2_refuse(j, "InvalidAMIName.Duplicate",
                              "AMI name %.*s is already in use by AMI %.*s", STR_ARG(name),
                              STR_ARG(value_get_str(docs->of[i], "ImageId")));
    return rc;
}

static int finish(struct ec2 *j, struct value *image)
{
    value_put_str(j->a, image, "ImageLocation",
                  arena_printf(j->a, "%.*s/%.*s", STR_ARG(j->call->account),
                               STR_ARG(value_get_str(image, "Name"))));
    value_put_str(j->a, image, "CreationDate", clock_iso_ms(j->a, j->cx->now_ms / 1000 * 1000));
    ec2_take(j, ec2_output(j), image, "ImageId");
    return ec2_save(j, EC2_IMAGE, image);
}

/* A snapshot of one of the instance's volumes, as a row of the image's mapping. */
static int image_volume(struct ec2 *j, const struct value *image, const struct value *mapping,
                        struct value **row)
{
    const struct value *held = value_get_c(mapping, "Ebs");
    struct value *volume, *snapshot, *tags, *ebs = value_map(j->a);
    int rc = ec2_load(j, EC2_VOLUME, value_get_str(held, "VolumeId"), &volume);

    if (rc == 0)
        rc = ec2_tags_of_spec(j, "snapshot", &tags);
    if (rc != 0)
        return rc;
    rc = ec2_snapshot_of(j, volume,
                         arena_printf(j->a, "Created by CreateImage(%.*s) for %.*s",
                                      STR_ARG(param_str(j->call, "InstanceId")),
                                      STR_ARG(value_get_str(image, "ImageId"))),
                         &snapshot);
    if (rc != 0)
        return rc;
    value_set(snapshot, STR("Tags"), tags);
    ec2_take(j, ebs, held, "DeleteOnTermination");
    ec2_take(j, ebs, volume, "Iops VolumeType Encrypted Throughput");
    value_put_int(j->a, ebs, "VolumeSize", value_get_int(volume, "Size", 0));
    value_put_str(j->a, ebs, "SnapshotId", value_get_str(snapshot, "SnapshotId"));
    *row = value_map(j->a);
    ec2_take(j, *row, mapping, "DeviceName");
    value_set(*row, STR("Ebs"), ebs);
    return ec2_save(j, EC2_SNAPSHOT, snapshot);
}

int ec2_create_image(struct ec2 *j)
{
    struct value *instance, *image, *row, *rows = value_list(j->a);
    int rc = ec2_load_param(j, EC2_INSTANCE, "InstanceId", &instance);

    if (rc == 0)
        rc = check_name(j, param_str(j->call, "Name"));
    if (rc == 0)
        rc = ec2_new(j, EC2_IMAGE, &image);
    if (rc != 0)
        return rc;
    for (const struct value *m = value_first(value_get_c(instance, "BlockDeviceMappings"));
         m && rc == 0; m = m->next) {
        rc = image_volume(j, image, m, &row);
        if (rc == 0)
            value_push(rows, row);
    }
    if (rc != 0)
        return rc;
    value_set(image, STR("BlockDeviceMappings"), rows);
    ec2_take(j, image, instance, "Architecture RootDeviceName PlatformDetails EnaSupport");
    value_put_str(j->a, image, "SourceInstanceId", value_get_str(instance, "InstanceId"));
    return finish(j, image);
}

int ec2_register_image(struct ec2 *j)
{
    struct value *image, *snapshot;
    int rc = check_name(j, param_str(j->call, "Name"));

    if (rc == 0 && param_has(j->call, "ImageLocation"))
        return ec2_unsupported(j, "ImageLocation");
    for (const struct value *m = value_first(param(j->call, "BlockDeviceMappings")); m && rc == 0;
         m = m->next) {
        struct str id = value_get_str(value_get_c(m, "Ebs"), "SnapshotId");
        rc = ec2_find_shared(j, EC2_SNAPSHOT, id, j->call->region, &snapshot);
        if (rc == 0 && id.len > 0 && !snapshot)
            return ec2_not_found(j, EC2_SNAPSHOT, id);
    }
    if (rc == 0)
        rc = ec2_new(j, EC2_IMAGE, &image);
    if (rc != 0)
        return rc;
    value_put_c(j->a, image, "State", "available");
    return finish(j, image);
}

int ec2_copy_image(struct ec2 *j)
{
    struct str id = param_str(j->call, "SourceImageId");
    struct value *source, *copy;
    int rc = ec2_find_shared(j, EC2_IMAGE, id, param_str(j->call, "SourceRegion"), &source);

    if (rc == 0 && !source)
        return ec2_not_found(j, EC2_IMAGE, id);
    if (rc == 0)
        rc = check_name(j, param_str(j->call, "Name"));
    if (rc == 0)
        rc = ec2_new(j, EC2_IMAGE, &copy);
    if (rc != 0)
        return rc;
    ec2_take(j, copy, source,
             "Architecture RootDeviceName PlatformDetails EnaSupport VirtualizationType "
             "BlockDeviceMappings");
    value_put_str(j->a, copy, "SourceImageId", id);
    value_put_str(j->a, copy, "SourceImageRegion", param_str(j->call, "SourceRegion"));
    for (struct value *m = value_first(value_get_c(copy, "BlockDeviceMappings")); m && rc == 0;
         m = m->next) {
        struct value *ebs = value_get_c(m, "Ebs"), *snapshot;
        if (!ebs)
            continue;
        rc = ec2_make(j, EC2_SNAPSHOT, &snapshot);
        ec2_take(j, snapshot, ebs, "VolumeSize Encrypted");
        ec2_take(j, snapshot, j->call->params, "Encrypted KmsKeyId");
        value_put_c(j->a, snapshot, "VolumeId", "vol-ffffffff");
        value_put_str(j->a, snapshot, "Description",
                      arena_printf(j->a, "Copied for DestinationAmi %.*s from SourceAmi %.*s",
                                   STR_ARG(value_get_str(copy, "ImageId")), STR_ARG(id)));
        value_put_str(j->a, ebs, "SnapshotId", value_get_str(snapshot, "SnapshotId"));
        if (rc == 0)
            rc = ec2_save(j, EC2_SNAPSHOT, snapshot);
    }
    return rc != 0 ? rc : finish(j, copy);
}

int ec2_deregister_image(struct ec2 *j)
{
    struct value *image;
    int rc = ec2_load_param(j, EC2_IMAGE, "ImageId", &image);

    if (rc == 0 && param_bool(j->call, "DeleteAssociatedSnapshots", false))
        return ec2_unsupported(j, "DeleteAssociatedSnapshots");
    if (rc != 0)
        return rc;
    /* An id that was an image once is none of AWS's. */
    rc = store_doc_put(
        j->cx->e->store,
        service_key_regional(j->call, "ec2", "deregistered", value_get_str(image, "ImageId")),
        value_map(j->a), j->err);
    return rc < 0 ? rc : ec2_delete(j, EC2_IMAGE, "ImageId");
}

int ec2_describe_images(struct ec2 *j)
{
    struct value *list;
    int rc = ec2_select_shared(j, EC2_IMAGE, "Owners", "ExecutableUsers", &list);

    return rc != 0 ? rc : ec2_page(j, "Images", list, "ImageId");
}
