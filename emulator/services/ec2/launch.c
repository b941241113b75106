/* RunInstances. An image that no account here made is taken for one of AWS's: those are not
 * modelled, so any well-formed id will do. */
#include "emulator/services/ec2/compute.h"
#include "emulator/services/ec2/ec2.h"

/* What the call asks for, looked up once for all of its instances. */
struct launch {
    struct value *image; /* or NULL: one of AWS's */
    struct value *subnet, *groups, *profile;
    struct value *mappings; /* of the image and of the call */
    struct value *tags, *volume_tags, *interface_tags;
    struct str reservation, type, architecture;
    bool has_public_ip;
};

/* Where the first interface's row of the call says what else stands beside it. */
static const struct value *first_row(const struct ec2 *j)
{
    return value_first(param(j->call, "NetworkInterfaces"));
}

static int check_counts(struct ec2 *j)
{
    int64_t least = param_int(j->call, "MinCount", 1), most = param_int(j->call, "MaxCount", 1);

    if (least < 1 || most < least)
        return ec2_refuse(
            j, "InvalidParameterValue", "Value (%lld) for parameter %s is invalid. %s",
            (long long)(least < 1 ? least : most), least < 1 ? "minCount" : "maxCount",
            least < 1 ? "Minimum count must be at least 1."
                      : "Maximum count must not be smaller than minimum count.");
    if (most > 1000)
        return ec2_refuse(j, "InstanceLimitExceeded",
                          "You have requested more instances (%lld) than your current instance "
                          "limit of 1000 allows.",
                          (long long)most);
    return 0;
}

static int check_parameters(struct ec2 *j)
{
    static const char *const other[] = { "InstanceRequirements",     "InstanceMarketOptions",
                                         "ElasticGpuSpecification",  "ElasticInferenceAccelerators",
                                         "ElasticGpuSpecifications", "LicenseSpecifications",
                                         "Ipv6AddressCount",         "Ipv6Addresses",
                                         "SecondaryInterfaces" };

    for (size_t i = 0; i < COUNT(other); i++)
        if (param_has(j->call, other[i]))
            return ec2_unsupported(j, other[i]);
    if (param(j->call, "NetworkInterfaces") && param(j->call, "NetworkInterfaces")->count > 1)
        return ec2_unsupported(j, "several NetworkInterfaces");
    return check_counts(j);
}

bool ec2_type_exists(struct ec2 *j, struct str type)
{
    const struct cat *cat = j->call->cat;
    const struct cat_shape *in = cat_op_input(cat, cat_op_find_c(cat, "ec2", "RunInstances"));
    const struct cat_member *m = cat_member_find(cat, in, STR("InstanceType"));
    const struct cat_shape *shape = cat_member_shape(cat, m);

    for (uint32_t i = 0; i < cat_constraint_at(cat, shape).enum_count; i++)
        if (str_eq(cat_enum_at(cat, shape, i), type))
            return true;
    return false;
}

static int check_type(struct ec2 *j, struct launch *l)
{
    struct str family, size;

    l->type =
        param_has(j->call, "InstanceType") ? param_str(j->call, "InstanceType") : STR("m1.small");
    (void)str_cut(l->type, '.', &family, &size);
    /* Graviton families have a g behind the generation: m6g, c7gn; g4dn has not. */
    bool is_arm = family.len > 2 && memchr(family.ptr + 2, 'g', family.len - 2) != NULL;
    l->architecture = is_arm ? STR("arm64") : STR("x86_64");
    if (ec2_type_exists(j, l->type))
        return 0;
    return ec2_refuse(j, "InvalidParameterValue", "Invalid value '%.*s' for InstanceType.",
                      STR_ARG(l->type));
}

static int find_image(struct ec2 *j, struct launch *l)
{
    struct str id = param_str(j->call, "ImageId");
    struct value *gone = NULL;

    if (id.len == 0)
        return ec2_refuse(j, "MissingParameter", "The request must contain the parameter ImageId");
    if (!ec2_id_ok(&ec2_kinds[EC2_IMAGE], id))
        return ec2_not_found(j, EC2_IMAGE, id);
    int rc = ec2_image_find(j, id, &l->image);
    if (rc != 0)
        return rc;
    if (l->image && str_eq_c(value_get_str(l->image, "State"), "pending") &&
        ec2_settle(j, EC2_IMAGE, l->image) && str_eq_c(value_get_str(l->image, "State"), "pending"))
        return ec2_refuse(j, "InvalidAMIID.Unavailable", "The image ID '%.*s' is not yet available",
                          STR_ARG(id));
    if (l->image)
        l->architecture = value_get_str(l->image, "Architecture");
    rc = store_doc_get(j->cx->e->store, j->a,
                       service_key_regional(j->call, "ec2", "deregistered", id), &gone, j->err);
    if (rc == 0)
        return ec2_refuse(j, "InvalidAMIID.Unavailable",
                          "The image ID '%.*s' is no longer available", STR_ARG(id));
    return rc == E_MISSING ? 0 : rc;
}

static int default_subnet(struct ec2 *j, struct value **subnet)
{
    struct str zone = value_get_str(param(j->call, "Placement"), "AvailabilityZone"), best = { 0 };
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_SUBNET, &docs);

    *subnet = NULL;
    for (size_t i = 0; rc == 0 && i < docs->count; i++) {
        struct str its = value_get_str(docs->of[i], "AvailabilityZone");
        if (!value_get_bool(docs->of[i], "DefaultForAz", false) ||
            (zone.len > 0 && !str_eq(its, zone)) || (*subnet && str_cmp(its, best) >= 0))
            continue;
        *subnet = docs->of[i];
        best = its;
    }
    if (rc == 0 && !*subnet)
        return ec2_refuse(j, "MissingInput",
                          "No subnets found for the default VPC. Please specify a subnet.");
    return rc;
}

static int find_subnet(struct ec2 *j, struct launch *l)
{
    struct str id = param_str(j->call, "SubnetId");
    struct value *eni;
    int rc = 0;

    if (id.len == 0)
        id = value_get_str(first_row(j), "SubnetId");
    if (value_get_c(first_row(j), "NetworkInterfaceId")) {
        rc = ec2_load(j, EC2_INTERFACE, value_get_str(first_row(j), "NetworkInterfaceId"), &eni);
        id = rc == 0 ? value_get_str(eni, "SubnetId") : id;
    }
    if (rc != 0)
        return rc;
    rc = id.len > 0 ? ec2_load(j, EC2_SUBNET, id, &l->subnet) : default_subnet(j, &l->subnet);
    if (rc == 0)
        l->has_public_ip = value_get_bool(first_row(j), "AssociatePublicIpAddress",
                                          value_get_bool(l->subnet, "MapPublicIpOnLaunch", false));
    return rc;
}

static int find_groups(struct ec2 *j, struct launch *l)
{
    struct str vpc_id = value_get_str(l->subnet, "VpcId");
    const struct value *given = param(j->call, "SecurityGroupIds");
    struct value *ids = value_list(j->a), *group;

    if (!given)
        given = value_get_c(first_row(j), "Groups");
    for (const struct value *v = value_first(given); v; v = v->next)
        value_push(ids, value_copy(j->a, v));
    for (const struct value *v = value_first(param(j->call, "SecurityGroups")); v; v = v->next) {
        int rc = ec2_group_named(j, v->u.text, vpc_id, &group);
        if (rc == 0 && !group)
            return ec2_refuse(j, "InvalidGroup.NotFound",
                              "The security group '%.*s' does not exist in VPC '%.*s'",
                              STR_ARG(v->u.text), STR_ARG(vpc_id));
        if (rc != 0)
            return rc;
        value_push(ids, value_str(j->a, value_get_str(group, "GroupId")));
    }
    return ec2_group_list(j, ids, vpc_id, &l->groups);
}

static int check_key(struct ec2 *j)
{
    struct str name = param_str(j->call, "KeyName");
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_KEY_PAIR, &docs);

    if (rc != 0 || name.len == 0)
        return rc;
    for (size_t i = 0; i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "KeyName"), name))
            return 0;
    return ec2_refuse(j, "InvalidKeyPair.NotFound", "The key pair '%.*s' does not exist",
                      STR_ARG(name));
}

/* The image's devices, changed and added to by the call's; one of AWS's has a root of 8 GiB. */
static void merge_mappings(struct ec2 *j, struct launch *l)
{
    struct value *root = ec2_template(j, "root-device", (struct str){ 0 });
    const struct value *of_image = value_get_c(l->image, "BlockDeviceMappings");
    struct value *list = l->mappings = value_list(j->a);

    if (value_first(of_image))
        list = l->mappings = value_copy(j->a, of_image);
    else
        value_push(list, root);
    for (const struct value *m = value_first(param(j->call, "BlockDeviceMappings")); m;
         m = m->next) {
        struct value *old = ec2_list_find(list, "DeviceName", value_get_str(m, "DeviceName"));
        struct value *ebs = old ? value_get_c(old, "Ebs") : NULL;
        if (!old) {
            value_push(list, value_copy(j->a, m));
            continue;
        }
        if (value_get_c(m, "NoDevice"))
            (void)value_remove(old, STR("Ebs"));
        else if (ebs)
            ec2_take(
                j, ebs, value_get_c(m, "Ebs"),
                "DeleteOnTermination Iops SnapshotId VolumeSize VolumeType KmsKeyId Throughput "
                "Encrypted");
    }
}

static int look_up(struct ec2 *j, struct launch *l)
{
    const struct value *profile = param(j->call, "IamInstanceProfile");
    int rc = check_parameters(j);

    if (rc != 0 || (rc = check_type(j, l)) != 0 || (rc = find_image(j, l)) != 0 ||
        (rc = find_subnet(j, l)) != 0 || (rc = find_groups(j, l)) != 0 ||
        (rc = check_key(j)) != 0 || (rc = ec2_tags_of_spec(j, "instance", &l->tags)) != 0 ||
        (rc = ec2_tags_of_spec(j, "volume", &l->volume_tags)) != 0 ||
        (rc = ec2_tags_of_spec(j, "network-interface", &l->interface_tags)) != 0)
        return rc;
    merge_mappings(j, l);
    return profile ? ec2_profile_find(j, profile, &l->profile) : 0;
}

/* --- one instance --- */

static int launch_interface(struct ec2 *j, const struct launch *l, const struct value *instance)
{
    const struct value *row = first_row(j);
    struct ec2_interface how = { .asked = row ? row : j->call->params,
                                 .subnet = l->subnet,
                                 .groups = l->groups,
                                 .description = value_get_str(row, "Description") };
    bool is_own = value_get_c(row, "NetworkInterfaceId") != NULL;
    struct value *eni;
    struct str public_ip;
    int rc = is_own ? ec2_load(j, EC2_INTERFACE, value_get_str(row, "NetworkInterfaceId"), &eni)
                    : ec2_interface_new(j, &how, &eni);

    if (rc != 0)
        return rc;
    if (!is_own)
        value_set(eni, STR("TagSet"), value_copy(j->a, l->interface_tags));
    if (!is_own && l->has_public_ip) {
        rc = ec2_public_ip(j, &public_ip);
        value_put_str(j->a, eni, "_public_ip", public_ip);
    }
    return rc != 0 ? rc
                   : ec2_interface_attach(j, eni, instance, 0,
                                          value_get_bool(row, "DeleteOnTermination", !is_own));
}

static int launch_volumes(struct ec2 *j, const struct launch *l, const struct value *instance)
{
    int rc = 0;

    for (const struct value *m = value_first(l->mappings); m && rc == 0; m = m->next) {
        const struct value *ebs = value_get_c(m, "Ebs");
        struct value *volume;
        if (!ebs) /* an instance store, or a device left out */
            continue;
        rc = ec2_volume_new(j, ebs, value_get_str(l->subnet, "AvailabilityZone"), &volume);
        if (rc != 0)
            return rc;
        value_set(volume, STR("Tags"), value_copy(j->a, l->volume_tags));
        ec2_volume_attach(j, volume, value_get_str(instance, "InstanceId"),
                          value_get_str(m, "DeviceName"),
                          value_get_bool(ebs, "DeleteOnTermination", true));
        rc = ec2_save(j, EC2_VOLUME, volume);
    }
    return rc;
}

static void set_cpu(struct ec2 *j, struct value *instance, const struct launch *l)
{
    struct value *cpu = value_get_c(instance, "CpuOptions");
    struct str family, size, rest;
    int64_t vcpus = 1, times = 1;

    (void)str_cut(l->type, '.', &family, &size);
    if (str_has_suffix(size, STR("xlarge"))) {
        rest = str_sub(size, 0, size.len - (sizeof "xlarge" - 1));
        vcpus = str_to_i64(rest, &times) ? 4 * times : 4;
    } else if (!str_eq_c(family, "t2") && !str_eq_c(family, "m1")) {
        vcpus = str_eq_c(size, "medium") && !str_has_prefix(family, STR("t")) ? 1 : 2;
    }
    bool has_threads = !str_eq_c(l->architecture, "arm64") && vcpus > 1;
    value_put_int(j->a, cpu, "CoreCount", has_threads ? vcpus / 2 : vcpus);
    value_put_int(j->a, cpu, "ThreadsPerCore", has_threads ? 2 : 1);
}

/* Parameters of one member each: the member, and the member inside the document. */
static void take_options(struct ec2 *j, struct value *instance)
{
    static const char *const maps[] = { "CpuOptions",         "MetadataOptions",
                                        "EnclaveOptions",     "PrivateDnsNameOptions",
                                        "MaintenanceOptions", "CapacityReservationSpecification",
                                        "Placement" };

    for (size_t i = 0; i < COUNT(maps); i++)
        for (const struct value *m = value_first(param(j->call, maps[i])); m; m = m->next) {
            struct value *at = value_get_c(instance, maps[i]);
            value_set(at, m->name, value_copy(j->a, m));
        }
    if (value_get_bool(param(j->call, "HibernationOptions"), "Configured", false))
        value_put_bool(j->a, value_get_c(instance, "HibernationOptions"), "Configured", true);
    if (value_get_bool(param(j->call, "Monitoring"), "Enabled", false))
        value_put_c(j->a, value_get_c(instance, "Monitoring"), "State", "pending");
    static const char *const kept[] = { "DisableApiTermination", "DisableApiStop",
                                        "InstanceInitiatedShutdownBehavior", "UserData" };
    for (size_t i = 0; i < COUNT(kept); i++) {
        const struct value *v = param(j->call, kept[i]);
        if (v)
            value_set(instance, arena_printf(j->a, "_%s", kept[i]), value_copy(j->a, v));
    }
}

static void fill(struct ec2 *j, const struct launch *l, struct value *instance, int64_t index)
{
    struct value *placement = value_get_c(instance, "Placement");
    const struct value *root = value_first(l->mappings);

    value_put_int(j->a, instance, "AmiLaunchIndex", index);
    value_put_str(j->a, instance, "InstanceType", l->type);
    value_put_str(j->a, instance, "Architecture", l->architecture);
    value_put_str(j->a, instance, "_ReservationId", l->reservation);
    value_put_str(j->a, instance, "_OwnerId", j->call->account);
    value_put_str(j->a, instance, "RootDeviceName",
                  l->image ? value_get_str(l->image, "RootDeviceName")
                           : value_get_str(root, "DeviceName"));
    take_options(j, instance);
    ec2_take(j, placement, l->subnet, "AvailabilityZone AvailabilityZoneId");
    set_cpu(j, instance, l);
    value_set(instance, STR("Tags"), value_copy(j->a, l->tags));
    if (l->image)
        ec2_take(j, instance, l->image, "PlatformDetails Platform");
}

static int launch_one(struct ec2 *j, const struct launch *l, int64_t index, struct value **out)
{
    struct value *instance, *association;
    int rc = ec2_new(j, EC2_INSTANCE, &instance);

    if (rc != 0)
        return rc;
    fill(j, l, instance, index);
    struct str id = value_get_str(instance, "InstanceId");
    if ((rc = ec2_save(j, EC2_INSTANCE, instance)) != 0 ||
        (rc = launch_interface(j, l, instance)) != 0 || (rc = launch_volumes(j, l, instance)) != 0)
        return rc;
    if (l->profile)
        rc = ec2_profile_associate(j, id, l->profile, &association);
    if (rc == 0)
        rc = ec2_instance_entered(j, instance);
    return rc != 0 ? rc : ec2_load(j, EC2_INSTANCE, id, out);
}

/* The same client token again: the same answer, nothing new.
 * Source: EC2 API Reference, "Ensuring idempotency". */
static int find_earlier(struct ec2 *j, struct value *instances, struct str *reservation)
{
    struct str token = param_str(j->call, "ClientToken");
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_INSTANCE, &docs);

    for (size_t i = 0; rc == 0 && token.len > 0 && i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "ClientToken"), token)) {
            *reservation = value_get_str(docs->of[i], "_ReservationId");
            value_push(instances, value_copy(j->a, docs->of[i]));
        }
    return rc;
}

int ec2_run_instances(struct ec2 *j)
{
    struct launch l = { 0 };
    struct value *instance, *instances = value_list(j->a), *template_tags = NULL;
    int rc = find_earlier(j, instances, &l.reservation);

    if (rc == 0 && !value_first(instances)) {
        l.reservation = ec2_new_id(j, "r-");
        rc = ec2_template_apply(j, &template_tags);
        if (rc == 0)
            rc = look_up(j, &l);
        for (const struct value *t = value_first(template_tags); rc == 0 && t; t = t->next)
            value_push(l.tags, value_copy(j->a, t));
        for (int64_t i = 0; rc == 0 && i < param_int(j->call, "MaxCount", 1); i++) {
            rc = launch_one(j, &l, i, &instance);
            if (rc != 0)
                break;
            /* Devices are not attached yet when the call is answered. */
            value_set(instance, STR("BlockDeviceMappings"), value_list(j->a));
            value_push(instances, value_copy(j->a, instance));
        }
    }
    if (rc != 0)
        return rc;
    value_put_str(j->a, ec2_output(j), "ReservationId", l.reservation);
    value_put_str(j->a, ec2_output(j), "OwnerId", j->call->account);
    value_set(ec2_output(j), STR("Groups"), value_list(j->a));
    value_set(ec2_output(j), STR("Instances"), instances);
    return 0;
}
