/* Attributes of an instance: described one at a time, modified one or more at a time. */
#include "core/codec/uri.h"
#include "emulator/services/ec2/ec2.h"

/* The word of Describe and Modify, the answer's member, the document's, is it in a {Value}?, does a
 * change want the instance stopped? Source: EC2 API Reference, ModifyInstanceAttribute. */
static const struct attribute {
    const char *word, *parameter, *member;
    bool wrapped, stopped;
    const char *request; /* the parameter of Modify, where it is another */
} attributes[] = {
    { "instanceType", "InstanceType", "InstanceType", true, true, NULL },
    { "kernel", "KernelId", "KernelId", true, true, "Kernel" },
    { "ramdisk", "RamdiskId", "RamdiskId", true, true, "Ramdisk" },
    { "userData", "UserData", "_UserData", true, true, NULL },
    { "disableApiTermination", "DisableApiTermination", "_DisableApiTermination", true, false,
      NULL },
    { "disableApiStop", "DisableApiStop", "_DisableApiStop", true, false, NULL },
    { "instanceInitiatedShutdownBehavior", "InstanceInitiatedShutdownBehavior",
      "_InstanceInitiatedShutdownBehavior", true, false, NULL },
    { "rootDeviceName", "RootDeviceName", "RootDeviceName", true, false, NULL },
    { "sourceDestCheck", "SourceDestCheck", "SourceDestCheck", true, false, NULL },
    { "ebsOptimized", "EbsOptimized", "EbsOptimized", true, true, NULL },
    { "sriovNetSupport", "SriovNetSupport", "_SriovNetSupport", true, true, NULL },
    { "enaSupport", "EnaSupport", "EnaSupport", true, true, NULL },
    { "blockDeviceMapping", "BlockDeviceMappings", "BlockDeviceMappings", false, false, NULL },
    { "productCodes", "ProductCodes", "ProductCodes", false, false, NULL },
    { "groupSet", "Groups", "SecurityGroups", false, false, NULL },
    { "enclaveOptions", "EnclaveOptions", "EnclaveOptions", false, false, NULL },
};

static int unknown(struct ec2 *j)
{
    return ec2_refuse(j, "InvalidParameterValue",
                      "Value (%.*s) for parameter attribute is invalid. Unknown attribute.",
                      STR_ARG(param_str(j->call, "Attribute")));
}

int ec2_describe_instance_attribute(struct ec2 *j)
{
    struct value *instance, *output = ec2_output(j);
    int rc = ec2_load_param(j, EC2_INSTANCE, "InstanceId", &instance);

    if (rc != 0)
        return rc;
    ec2_take(j, output, instance, "InstanceId");
    for (size_t i = 0; i < COUNT(attributes); i++) {
        const struct value *v = value_get_c(instance, attributes[i].member);
        struct value *wrap = value_map(j->a);
        if (!str_eq_c(param_str(j->call, "Attribute"), attributes[i].word))
            continue;
        if (v && attributes[i].wrapped)
            value_set(wrap, STR("Value"), value_copy(j->a, v));
        if (attributes[i].wrapped)
            value_set(output, str_c(attributes[i].parameter), wrap);
        else if (v)
            value_set(output, str_c(attributes[i].parameter), value_copy(j->a, v));
        return 0;
    }
    return unknown(j);
}

/* The first interface holds what the instance shows of groups and of the source check. */
static int change_interface(struct ec2 *j, const struct value *instance, const char *member,
                            const struct value *v)
{
    const struct value *first = value_first(value_get_c(instance, "NetworkInterfaces"));
    struct value *eni, *groups;
    int rc = ec2_load(j, EC2_INTERFACE, value_get_str(first, "NetworkInterfaceId"), &eni);

    if (rc != 0)
        return rc;
    if (strcmp(member, "Groups") == 0) {
        rc = ec2_group_list(j, v, value_get_str(eni, "VpcId"), &groups);
        v = groups;
    }
    if (rc != 0)
        return rc;
    value_set(eni, str_c(member), value_copy(j->a, v));
    return ec2_save(j, EC2_INTERFACE, eni);
}

static int change_device(struct ec2 *j, const struct value *instance, const struct value *row)
{
    const struct value *ebs = value_get_c(row, "Ebs");
    struct str device = value_get_str(row, "DeviceName");
    const struct value *held =
        ec2_list_find(value_get_c(instance, "BlockDeviceMappings"), "DeviceName", device);
    struct value *volume;

    if (!held)
        return ec2_refuse(j, "InvalidInstanceAttributeValue",
                          "No device is currently mapped at %.*s", STR_ARG(device));
    int rc = ec2_load(j, EC2_VOLUME, value_get_str(value_get_c(held, "Ebs"), "VolumeId"), &volume);
    if (rc != 0)
        return rc;
    ec2_take(j,
             ec2_list_find(value_get_c(volume, "Attachments"), "InstanceId",
                           value_get_str(instance, "InstanceId")),
             ebs, "DeleteOnTermination");
    return ec2_save(j, EC2_VOLUME, volume);
}

/* "true" and "false" come as texts with Attribute and Value. */
static const struct value *typed(struct ec2 *j, const struct value *v)
{
    if (v->kind == VALUE_STRING && (str_eq_c(v->u.text, "true") || str_eq_c(v->u.text, "false")))
        return value_bool(j->a, str_eq_c(v->u.text, "true"));
    if (v->kind == VALUE_BLOB) { /* user data, kept as DescribeInstanceAttribute answers it */
        struct buf b = { 0 };
        base64_encode(&b, v->u.text);
        struct value *text = value_str(j->a, arena_copy(j->a, buf_view(&b)));
        buf_free(&b);
        return text;
    }
    return v;
}

static int change(struct ec2 *j, struct value *instance, const struct attribute *at,
                  const struct value *v)
{
    int rc = 0;

    if (at->stopped && !str_eq_c(ec2_state(EC2_INSTANCE, instance), "stopped"))
        return ec2_refuse(j, "IncorrectInstanceState",
                          "The instance '%.*s' is not in the 'stopped' state.",
                          STR_ARG(value_get_str(instance, "InstanceId")));
    if (strcmp(at->word, "sourceDestCheck") == 0)
        return change_interface(j, instance, "SourceDestCheck", typed(j, v));
    if (strcmp(at->word, "groupSet") == 0)
        return change_interface(j, instance, "Groups", v);
    if (strcmp(at->word, "blockDeviceMapping") == 0) {
        for (const struct value *row = value_first(v); row && rc == 0; row = row->next)
            rc = change_device(j, instance, row);
        return rc;
    }
    value_set(instance, str_c(at->member), value_copy(j->a, typed(j, v)));
    return 0;
}

/* The parameter of an attribute: by its own name, or by Attribute and Value. */
static const struct value *asked(const struct ec2 *j, const struct attribute *at)
{
    const struct value *v = param(j->call, at->request ? at->request : at->parameter);

    if (v && v->kind == VALUE_MAP && at->wrapped)
        return value_get_c(v, "Value");
    if (v)
        return v;
    return str_eq_c(param_str(j->call, "Attribute"), at->word) ? param(j->call, "Value") : NULL;
}

int ec2_modify_instance_attribute(struct ec2 *j)
{
    struct value *instance;
    bool any = false;
    int rc = ec2_load_param(j, EC2_INSTANCE, "InstanceId", &instance);

    for (size_t i = 0; rc == 0 && i < COUNT(attributes); i++) {
        const struct value *v = asked(j, &attributes[i]);
        if (!v)
            continue;
        any = true;
        rc = change(j, instance, &attributes[i], v);
    }
    if (rc == 0 && !any)
        return ec2_refuse(j, "InvalidParameterCombination", "No attributes specified.");
    return rc != 0 ? rc : ec2_save(j, EC2_INSTANCE, instance);
}

int ec2_modify_metadata_options(struct ec2 *j)
{
    struct value *instance, *options, *shown;
    int rc = ec2_load_param(j, EC2_INSTANCE, "InstanceId", &instance);

    if (rc != 0)
        return rc;
    options = value_get_c(instance, "MetadataOptions");
    ec2_take(j, options, j->call->params,
             "HttpTokens HttpPutResponseHopLimit HttpEndpoint HttpProtocolIpv6 "
             "InstanceMetadataTags");
    shown = value_copy(j->a, options);
    value_put_c(j->a, shown, "State", "pending");
    ec2_take(j, ec2_output(j), instance, "InstanceId");
    value_set(ec2_output(j), STR("InstanceMetadataOptions"), shown);
    return ec2_save(j, EC2_INSTANCE, instance);
}

/* No instance here makes itself a password. Source: EC2 API Reference, GetPasswordData: "If you try
 * to retrieve a password before it's available, the output returns an empty string." */
int ec2_get_password_data(struct ec2 *j)
{
    struct value *instance;
    int rc = ec2_load_param(j, EC2_INSTANCE, "InstanceId", &instance);

    if (rc != 0)
        return rc;
    ec2_take(j, ec2_output(j), instance, "InstanceId");
    value_put_time(j->a, ec2_output(j), "Timestamp", j->cx->now_ms);
    value_put_c(j->a, ec2_output(j), "PasswordData", "");
    return 0;
}
