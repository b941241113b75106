/* Instances as they are seen: what follows from their interfaces, volumes, profile and state. */
#include "emulator/services/behalf.h"
#include "emulator/services/ec2/compute.h"
#include "emulator/services/ec2/ec2.h"

/* Source: EC2 API Reference, "InstanceState". */
static const struct {
    const char *name;
    int code;
} states[] = {
    { "pending", 0 },     { "running", 16 },  { "shutting-down", 32 },
    { "terminated", 48 }, { "stopping", 64 }, { "stopped", 80 },
};

int ec2_instance_code(struct str state)
{
    for (size_t i = 0; i < COUNT(states); i++)
        if (str_eq_c(state, states[i].name))
            return states[i].code;
    return 0;
}

struct value *ec2_instance_state(struct ec2 *j, struct str state)
{
    struct value *v = value_map(j->a);

    value_put_int(j->a, v, "Code", ec2_instance_code(state));
    value_put_str(j->a, v, "Name", state);
    return v;
}

/* The interface as the instance shows it; the first is what the instance itself shows. */
static struct value *show_interface(struct ec2 *j, struct value *instance, const struct value *eni)
{
    struct value *v = value_map(j->a);

    ec2_take(j, v, eni,
             "Association Attachment Description Groups Ipv6Addresses MacAddress "
             "NetworkInterfaceId OwnerId PrivateDnsName PrivateIpAddress PrivateIpAddresses "
             "SourceDestCheck Status SubnetId VpcId InterfaceType Operator TagSet");
    if (value_get_int(value_get_c(eni, "Attachment"), "DeviceIndex", 0) != 0)
        return v;
    ec2_take(j, instance, eni, "PrivateDnsName PrivateIpAddress SourceDestCheck SubnetId VpcId");
    value_set(instance, STR("SecurityGroups"), value_copy(j->a, value_get_c(eni, "Groups")));
    const struct value *public = value_get_c(eni, "Association");
    value_put_str(j->a, instance, "PublicDnsName", value_get_str(public, "PublicDnsName"));
    if (public)
        value_put_str(j->a, instance, "PublicIpAddress", value_get_str(public, "PublicIp"));
    return v;
}

static int complete_interfaces(struct ec2 *j, struct value *instance)
{
    struct value *list = value_list(j->a);
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_INTERFACE, &docs);

    (void)value_remove(instance, STR("PublicIpAddress"));
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (ec2_path_is(j, docs->of[i], "Attachment.InstanceId",
                        value_get_str(instance, "InstanceId")))
            value_push(list, show_interface(j, instance, docs->of[i]));
    if (!value_first(list)) { /* terminated: its addresses are somebody else's */
        (void)value_remove(instance, STR("PrivateIpAddress"));
        value_put_c(j->a, instance, "PrivateDnsName", "");
        value_put_c(j->a, instance, "PublicDnsName", "");
    }
    value_set(instance, STR("NetworkInterfaces"), list);
    return rc;
}

static int complete_volumes(struct ec2 *j, struct value *instance)
{
    struct str id = value_get_str(instance, "InstanceId");
    struct value *list = value_list(j->a);
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_VOLUME, &docs);

    for (size_t i = 0; rc == 0 && i < docs->count; i++) {
        const struct value *held =
            ec2_list_find(value_get_c(docs->of[i], "Attachments"), "InstanceId", id);
        if (!held)
            continue;
        struct value *row = value_map(j->a), *ebs = value_map(j->a);
        value_put_str(j->a, row, "DeviceName", value_get_str(held, "Device"));
        ec2_take(j, ebs, held, "AttachTime DeleteOnTermination VolumeId");
        value_put_str(j->a, ebs, "Status", value_get_str(held, "State"));
        value_set(row, STR("Ebs"), ebs);
        value_push(list, row);
    }
    value_set(instance, STR("BlockDeviceMappings"), list);
    return rc;
}

static int complete_profile(struct ec2 *j, struct value *instance)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_PROFILE_ASSOCIATION, &docs);

    (void)value_remove(instance, STR("IamInstanceProfile"));
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "InstanceId"), value_get_str(instance, "InstanceId")))
            ec2_take(j, instance, docs->of[i], "IamInstanceProfile");
    return rc;
}

int ec2_instance_complete(struct ec2 *j, struct value *instance)
{
    struct str state = ec2_state(EC2_INSTANCE, instance);
    struct value *metadata = value_get_c(instance, "MetadataOptions");

    value_set(instance, STR("State"), ec2_instance_state(j, state));
    if (str_eq_c(state, "running"))
        (void)value_remove(instance, STR("StateReason"));
    if (metadata && !str_eq_c(state, "pending"))
        value_put_c(j->a, metadata, "State", "applied");
    int rc = complete_interfaces(j, instance);
    if (rc == 0)
        rc = complete_volumes(j, instance);
    return rc != 0 ? rc : complete_profile(j, instance);
}

/* --- describe --- */

static struct value *reservation_of(struct ec2 *j, struct value *list, const struct value *instance)
{
    struct str id = value_get_str(instance, "_ReservationId");
    struct value *r = ec2_list_find(list, "ReservationId", id);

    if (r)
        return r;
    r = value_map(j->a);
    value_put_str(j->a, r, "ReservationId", id);
    value_put_str(j->a, r, "OwnerId", value_get_str(instance, "_OwnerId"));
    value_set(r, STR("Groups"), value_list(j->a));
    value_set(r, STR("Instances"), value_list(j->a));
    value_push(list, r);
    return r;
}

int ec2_describe_instances(struct ec2 *j)
{
    struct value *list, *reservations = value_list(j->a);
    int rc = ec2_select(j, EC2_INSTANCE, &list);

    if (rc == 0)
        rc = ec2_page(j, "_page", list, "InstanceId");
    if (rc != 0)
        return rc;
    for (const struct value *i = value_first(value_get_c(ec2_output(j), "_page")); i; i = i->next)
        value_push(value_get_c(reservation_of(j, reservations, i), "Instances"),
                   value_copy(j->a, i));
    (void)value_remove(ec2_output(j), STR("_page"));
    value_set(ec2_output(j), STR("Reservations"), reservations);
    return 0;
}

enum { INITIALIZING_MS = 120000 };

static struct value *check_of(struct ec2 *j, const char *status, const char *reachability)
{
    struct value *v = value_map(j->a), *details = value_list(j->a), *one = value_map(j->a);

    if (reachability) {
        value_put_c(j->a, one, "Name", "reachability");
        value_put_c(j->a, one, "Status", reachability);
        value_push(details, one);
        value_set(v, STR("Details"), details);
    }
    value_put_c(j->a, v, "Status", status);
    return v;
}

/* Source: EC2 API Reference, "InstanceStatusSummary". */
static struct value *status_row(struct ec2 *j, const struct value *instance)
{
    static const char *const checks[] = { "InstanceStatus", "SystemStatus", "AttachedEbsStatus" };
    bool is_running = str_eq_c(ec2_state(EC2_INSTANCE, instance), "running");
    bool is_new = value_get_time(instance, "_since", 0) > j->cx->now_ms - INITIALIZING_MS;
    struct value *v = value_map(j->a);

    ec2_take(j, v, value_get_c(instance, "Placement"), "AvailabilityZone AvailabilityZoneId");
    ec2_take(j, v, instance, "InstanceId Operator");
    value_set(v, STR("InstanceState"), value_copy(j->a, value_get_c(instance, "State")));
    for (size_t i = 0; i < COUNT(checks); i++)
        value_set(v, str_c(checks[i]),
                  !is_running ? check_of(j, "not-applicable", NULL)
                              : check_of(j, is_new ? "initializing" : "ok",
                                         is_new ? "initializing" : "passed"));
    return v;
}

int ec2_describe_instance_status(struct ec2 *j)
{
    bool all = param_bool(j->call, "IncludeAllInstances", false);
    const struct value *ids = param(j->call, "InstanceIds");
    struct value *list = value_list(j->a), *instance;
    const struct ec2_docs *docs;
    int rc = ec2_filters_ok(j, "instance-status");

    for (const struct value *v = value_first(ids); v && rc == 0; v = v->next)
        rc = ec2_load(j, EC2_INSTANCE, v->u.text, &instance);
    if (rc == 0)
        rc = ec2_all(j, EC2_INSTANCE, &docs);
    for (size_t i = 0; rc == 0 && i < docs->count; i++) {
        struct value *row = status_row(j, docs->of[i]);
        if ((all || str_eq_c(ec2_state(EC2_INSTANCE, docs->of[i]), "running")) &&
            (!value_first(ids) || ec2_list_has(ids, value_get_str(row, "InstanceId"))) &&
            ec2_filters_pass(j, "instance-status", "Tags", row))
            value_push(list, row);
    }
    return rc != 0 ? rc : ec2_page(j, "InstanceStatuses", list, "InstanceId");
}

/* --- instance profiles --- */

/* {Arn, Id} of the profile that spec names. */
int ec2_profile_find(struct ec2 *j, const struct value *spec, struct value **profile)
{
    struct str arn = value_get_str(spec, "Arn"), name = value_get_str(spec, "Name"), head;
    bool by_arn = arn.len > 0;
    struct value *doc = NULL;

    if (by_arn)
        (void)str_rcut(arn, '/', &head, &name);
    int rc = store_doc_get(j->cx->e->store, j->a,
                           service_key(j->call, "iam", "InstanceProfile", name), &doc, j->err);
    if (rc == E_MISSING)
        return ec2_refuse(
            j, "InvalidParameterValue",
            "Value (%.*s) for parameter iamInstanceProfile.%s is invalid. Invalid IAM "
            "Instance Profile %s",
            STR_ARG(by_arn ? arn : name), by_arn ? "arn" : "name", by_arn ? "ARN" : "name");
    *profile = value_map(j->a);
    value_put_str(j->a, *profile, "Arn", value_get_str(doc, "Arn"));
    value_put_str(j->a, *profile, "Id", value_get_str(doc, "InstanceProfileId"));
    return rc;
}

static int assume_role(struct ec2 *j, struct str name, struct str instance_id)
{
    struct value *role = NULL;
    int rc = store_doc_get(j->cx->e->store, j->a, service_key(j->call, "iam", "Role", name), &role,
                           j->err);

    if (rc == E_MISSING)
        return 0;
    return rc < 0 ? rc
                  : behalf_assume(j->cx, j->call, "ec2.amazonaws.com", value_get_str(role, "Arn"),
                                  instance_id, j->err);
}

/* EC2 assumes the profile's role for the instance, named after it.
 * Source: real records of AssumeRole by ec2.amazonaws.com. */
static int assume_roles(struct ec2 *j, struct str instance_id, const struct value *profile)
{
    struct str arn = value_get_str(profile, "Arn"), head, name = { 0 };
    struct value *doc = NULL;

    (void)str_rcut(arn, '/', &head, &name);
    int rc = store_doc_get(j->cx->e->store, j->a,
                           service_key(j->call, "iam", "InstanceProfile", name), &doc, j->err);
    for (const struct value *r = value_first(value_get_c(doc, "_roles")); rc == 0 && r; r = r->next)
        rc = assume_role(j, r->u.text, instance_id);
    return rc;
}

int ec2_profile_associate(struct ec2 *j, struct str instance_id, const struct value *profile,
                          struct value **association)
{
    int rc = ec2_make(j, EC2_PROFILE_ASSOCIATION, association);

    value_put_str(j->a, *association, "InstanceId", instance_id);
    value_set(*association, STR("IamInstanceProfile"), value_copy(j->a, profile));
    value_put_c(j->a, *association, "State", "associating");
    if (rc == 0)
        rc = ec2_save(j, EC2_PROFILE_ASSOCIATION, *association);
    return rc != 0 ? rc : assume_roles(j, instance_id, profile);
}

int ec2_associate_profile(struct ec2 *j)
{
    struct value *instance, *profile = NULL, *association;
    int rc = ec2_load_param(j, EC2_INSTANCE, "InstanceId", &instance);

    if (rc == 0 && value_get_c(instance, "IamInstanceProfile"))
        return ec2_refuse(j, "IncorrectState", "There is an existing association for instance %.*s",
                          STR_ARG(param_str(j->call, "InstanceId")));
    if (rc == 0)
        rc = ec2_profile_find(j, param(j->call, "IamInstanceProfile"), &profile);
    if (rc == 0)
        rc = ec2_profile_associate(j, param_str(j->call, "InstanceId"), profile, &association);
    if (rc == 0)
        value_set(ec2_output(j), STR("IamInstanceProfileAssociation"),
                  value_copy(j->a, association));
    return rc;
}

int ec2_disassociate_profile(struct ec2 *j)
{
    struct value *association;
    int rc = ec2_load_param(j, EC2_PROFILE_ASSOCIATION, "AssociationId", &association);

    if (rc != 0)
        return rc;
    value_put_c(j->a, association, "State", "disassociating");
    value_set(ec2_output(j), STR("IamInstanceProfileAssociation"), value_copy(j->a, association));
    return ec2_drop(j, EC2_PROFILE_ASSOCIATION, value_get_str(association, "AssociationId"));
}

int ec2_replace_profile(struct ec2 *j)
{
    struct value *old, *profile = NULL, *association;
    int rc = ec2_load_param(j, EC2_PROFILE_ASSOCIATION, "AssociationId", &old);

    if (rc == 0)
        rc = ec2_profile_find(j, param(j->call, "IamInstanceProfile"), &profile);
    if (rc == 0)
        rc = ec2_drop(j, EC2_PROFILE_ASSOCIATION, value_get_str(old, "AssociationId"));
    if (rc == 0)
        rc = ec2_profile_associate(j, value_get_str(old, "InstanceId"), profile, &association);
    if (rc == 0)
        value_set(ec2_output(j), STR("IamInstanceProfileAssociation"),
                  value_copy(j->a, association));
    return rc;
}
