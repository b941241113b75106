/* EC2 Instance Connect: a public key for a minute on an instance. Nothing can sign in to an
 * instance here; what is held is whether AWS would have taken the key.
 */
#include "emulator/services/ec2/ec2.h"
#include "emulator/services/ec2/keypair.h"

static int pushed(struct ec2 *j)
{
    value_put_str(j->a, ec2_output(j), "RequestId", j->call->request_id);
    value_put_bool(j->a, ec2_output(j), "Success", true);
    return 0;
}

/* Source: EC2 Instance Connect API Reference, "Errors" of both operations. */
static int check(struct ec2 *j)
{
    struct keypair key;
    struct value *instance;
    struct str id = param_str(j->call, "InstanceId");
    int rc = ec2_find(j, EC2_INSTANCE, id, &instance);

    if (rc < 0)
        return rc;
    if (!instance)
        return ec2_refuse(j, "EC2InstanceNotFoundException", "Instance not found: %.*s",
                          STR_ARG(id));
    if (keypair_parse(j->a, param_str(j->call, "SSHPublicKey"), &key, NULL) < 0)
        return ec2_refuse(j, "InvalidArgsException", "Invalid SSH public key");
    if (!str_eq_c(ec2_state(EC2_INSTANCE, instance), "running"))
        return ec2_refuse(j, "EC2InstanceStateInvalidException",
                          "Instance %.*s is not in running state", STR_ARG(id));
    return 0;
}

static int send_key(struct ec2 *j)
{
    int rc = check(j);

    return rc != 0 ? rc : pushed(j);
}

static int send_serial_key(struct ec2 *j)
{
    struct str access;
    int rc = ec2_setting(j, "SerialConsoleAccess", &access);

    if (rc != 0)
        return rc;
    if (!str_eq_c(access, "true"))
        return ec2_refuse(j, "SerialConsoleAccessDisabledException",
                          "Serial console access is disabled for this account.");
    return send_key(j);
}

int ec2_instance_connect_SendSSHPublicKey(struct ctx *cx, const struct call *call,
                                          struct outcome *out, struct err *err)
{
    return ec2_run(cx, call, out, err, send_key);
}

int ec2_instance_connect_SendSerialConsoleSSHPublicKey(struct ctx *cx, const struct call *call,
                                                       struct outcome *out, struct err *err)
{
    return ec2_run(cx, call, out, err, send_serial_key);
}
