/* Start, stop, reboot, terminate, monitor. */
#include "emulator/services/ec2/compute.h"
#include "emulator/services/ec2/ec2.h"

/* From which state a call leads where; to NULL: it stays. What is in no row is refused.
 * Source: EC2 User Guide, "Instance lifecycle". */
static const struct move {
    const char *operation, *from, *to;
} moves[] = {
    { "StartInstances", "stopped", "pending" },
    { "StartInstances", "pending", NULL },
    { "StartInstances", "running", NULL },
    { "StopInstances", "running", "stopping" },
    { "StopInstances", "stopping", NULL },
    { "StopInstances", "stopped", NULL },
    { "RebootInstances", "running", NULL },
    { "TerminateInstances", "pending", "shutting-down" },
    { "TerminateInstances", "running", "shutting-down" },
    { "TerminateInstances", "stopping", "shutting-down" },
    { "TerminateInstances", "stopped", "shutting-down" },
    { "TerminateInstances", "shutting-down", NULL },
    { "TerminateInstances", "terminated", NULL },
};

static const struct verb {
    const char *operation, *participle, *list, *guard, *guard_word;
} verbs[] = {
    { "StartInstances", "started", "StartingInstances", NULL, NULL },
    { "StopInstances", "stopped", "StoppingInstances", "_DisableApiStop", "disableApiStop" },
    { "RebootInstances", "rebooted", NULL, NULL, NULL },
    { "TerminateInstances", "terminated", "TerminatingInstances", "_DisableApiTermination",
      "disableApiTermination" },
};

static const struct move *move_find(const struct ec2 *j, struct str state)
{
    for (size_t i = 0; i < COUNT(moves); i++)
        if (str_eq_c(j->call->action, moves[i].operation) && str_eq_c(state, moves[i].from))
            return &moves[i];
    return NULL;
}

static const struct verb *verb_find(const struct ec2 *j)
{
    for (size_t i = 0; i + 1 < COUNT(verbs); i++)
        if (str_eq_c(j->call->action, verbs[i].operation))
            return &verbs[i];
    return &verbs[COUNT(verbs) - 1];
}

/* --- what goes with a terminated instance --- */

static int end_volume(struct ec2 *j, struct value *volume, const struct value *held)
{
    if (value_get_bool(held, "DeleteOnTermination", false))
        return ec2_drop(j, EC2_VOLUME, value_get_str(volume, "VolumeId"));
    ec2_list_remove(j, volume, "Attachments", held);
    if (!value_first(value_get_c(volume, "Attachments")))
        value_put_c(j->a, volume, "State", "available");
    return ec2_save(j, EC2_VOLUME, volume);
}

static int end_volumes(struct ec2 *j, struct str instance_id)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_VOLUME, &docs);
    const struct ec2_docs all = *docs;

    for (size_t i = 0; rc == 0 && i < all.count; i++) {
        const struct value *held =
            ec2_list_find(value_get_c(all.of[i], "Attachments"), "InstanceId", instance_id);
        if (held)
            rc = end_volume(j, all.of[i], held);
    }
    return rc;
}

static int loosen_addresses(struct ec2 *j, struct str eni_id)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_ADDRESS, &docs);
    const struct ec2_docs all = *docs;

    for (size_t i = 0; rc == 0 && i < all.count; i++)
        if (str_eq(value_get_str(all.of[i], "NetworkInterfaceId"), eni_id)) {
            ec2_address_loosen(all.of[i]);
            rc = ec2_save(j, EC2_ADDRESS, all.of[i]);
        }
    return rc;
}

static int end_interfaces(struct ec2 *j, struct str instance_id)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_INTERFACE, &docs);
    const struct ec2_docs all = *docs;

    for (size_t i = 0; rc == 0 && i < all.count; i++) {
        struct value *eni = all.of[i];
        const struct value *held = value_get_c(eni, "Attachment");
        if (!str_eq(value_get_str(held, "InstanceId"), instance_id))
            continue;
        if (value_get_bool(held, "DeleteOnTermination", false)) {
            rc = loosen_addresses(j, value_get_str(eni, "NetworkInterfaceId"));
            if (rc == 0)
                rc = ec2_drop(j, EC2_INTERFACE, value_get_str(eni, "NetworkInterfaceId"));
        } else {
            (void)value_remove(eni, STR("Attachment"));
            value_put_c(j->a, eni, "Status", "available");
            rc = ec2_save(j, EC2_INTERFACE, eni);
        }
    }
    return rc;
}

static int end_profile(struct ec2 *j, struct str instance_id)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_PROFILE_ASSOCIATION, &docs);
    const struct ec2_docs all = *docs;

    for (size_t i = 0; rc == 0 && i < all.count; i++)
        if (str_eq(value_get_str(all.of[i], "InstanceId"), instance_id))
            rc = ec2_drop(j, EC2_PROFILE_ASSOCIATION, value_get_str(all.of[i], "AssociationId"));
    return rc;
}

static int end(struct ec2 *j, struct str instance_id)
{
    int rc = end_volumes(j, instance_id);

    if (rc == 0)
        rc = end_interfaces(j, instance_id);
    return rc != 0 ? rc : end_profile(j, instance_id);
}

/* An address that came with the subnet is given back at stop, another comes at start. */
static int change_public_ip(struct ec2 *j, const struct value *instance, bool give)
{
    const struct value *first = value_first(value_get_c(instance, "NetworkInterfaces"));
    struct value *eni;
    struct str ip;
    int rc = ec2_find(j, EC2_INTERFACE, value_get_str(first, "NetworkInterfaceId"), &eni);

    if (rc != 0 || !eni || !value_get_c(eni, "_public_ip"))
        return rc;
    if (give) {
        rc = ec2_public_ip(j, &ip);
        value_put_str(j->a, eni, "_public_ip", ip);
    } else {
        value_put_c(j->a, eni, "_public_ip", "");
    }
    return rc != 0 ? rc : ec2_save(j, EC2_INTERFACE, eni);
}

static void say_why(struct ec2 *j, struct value *instance, const char *state)
{
    struct value *reason = value_map(j->a);
    char when[CLOCK_ISO_SIZE];

    if (strcmp(state, "pending") == 0) {
        value_put_c(j->a, reason, "Code", "pending");
        value_put_c(j->a, reason, "Message", "pending");
        value_put_c(j->a, instance, "StateTransitionReason", "");
        value_put_time(j->a, instance, "LaunchTime", j->cx->now_ms / 1000 * 1000);
    } else {
        clock_iso(j->cx->now_ms, when);
        value_put_c(j->a, reason, "Code", "Client.UserInitiatedShutdown");
        value_put_c(j->a, reason, "Message",
                    "Client.UserInitiatedShutdown: User initiated shutdown");
        value_put_str(j->a, instance, "StateTransitionReason",
                      arena_printf(j->a, "User initiated (%.10s %.8s GMT)", when, when + 11));
    }
    value_set(instance, STR("StateReason"), reason);
}

static int move_instance(struct ec2 *j, struct value *instance, const char *to)
{
    struct str id = value_get_str(instance, "InstanceId");
    int rc = 0;

    ec2_state_set(j, EC2_INSTANCE, instance, to);
    say_why(j, instance, to);
    if (strcmp(to, "shutting-down") == 0)
        rc = end(j, id);
    else
        rc = change_public_ip(j, instance, strcmp(to, "pending") == 0);
    if (rc == 0)
        rc = ec2_save(j, EC2_INSTANCE, instance);
    return rc != 0 ? rc : ec2_instance_entered(j, instance);
}

static int check(struct ec2 *j, const struct value *instance, const struct verb *verb,
                 const struct move *move)
{
    struct str id = value_get_str(instance, "InstanceId");

    if (!move)
        return ec2_refuse(j, "IncorrectInstanceState",
                          "This instance '%.*s' is not in a state from which it can be %s.",
                          STR_ARG(id), verb->participle);
    if (verb->guard && move->to && value_get_bool(instance, verb->guard, false))
        return ec2_refuse(j, "OperationNotPermitted",
                          "The instance '%.*s' may not be %s. Modify its '%s' instance attribute "
                          "and try again.",
                          STR_ARG(id), verb->participle, verb->guard_word);
    return 0;
}

static int change_one(struct ec2 *j, struct str id, const struct verb *verb, struct value *answer)
{
    struct value *instance, *row = value_map(j->a);
    int rc = ec2_load(j, EC2_INSTANCE, id, &instance);

    if (rc != 0)
        return rc;
    struct str before = ec2_state(EC2_INSTANCE, instance);
    const struct move *move = move_find(j, before);
    if ((rc = check(j, instance, verb, move)) != 0)
        return rc;
    value_put_str(j->a, row, "InstanceId", id);
    value_set(row, STR("CurrentState"), ec2_instance_state(j, move->to ? str_c(move->to) : before));
    value_set(row, STR("PreviousState"), ec2_instance_state(j, before));
    value_push(answer, row);
    return move->to ? move_instance(j, instance, move->to) : 0;
}

int ec2_change_power(struct ec2 *j)
{
    const struct verb *verb = verb_find(j);
    struct value *answer = value_list(j->a);
    int rc = 0;

    if (param_bool(j->call, "Hibernate", false))
        return ec2_unsupported(j, "Hibernate");
    for (const struct value *v = value_first(param(j->call, "InstanceIds")); v && rc == 0;
         v = v->next)
        rc = change_one(j, v->u.text, verb, answer);
    if (rc == 0 && verb->list)
        value_set(ec2_output(j), str_c(verb->list), answer);
    return rc;
}

static int monitor(struct ec2 *j, const char *now, const char *then)
{
    struct value *instance, *list = value_list(j->a);
    int rc = 0;

    for (const struct value *v = value_first(param(j->call, "InstanceIds")); v && rc == 0;
         v = v->next) {
        struct value *row = value_map(j->a), *state = value_map(j->a);
        rc = ec2_load(j, EC2_INSTANCE, v->u.text, &instance);
        if (rc != 0)
            return rc;
        value_put_c(j->a, value_get_c(instance, "Monitoring"), "State", then);
        value_put_c(j->a, state, "State", now);
        value_put_str(j->a, row, "InstanceId", v->u.text);
        value_set(row, STR("Monitoring"), state);
        value_push(list, row);
        rc = ec2_save(j, EC2_INSTANCE, instance);
    }
    value_set(ec2_output(j), STR("InstanceMonitorings"), list);
    return rc;
}

int ec2_monitor(struct ec2 *j)
{
    return monitor(j, "pending", "enabled");
}

int ec2_unmonitor(struct ec2 *j)
{
    return monitor(j, "disabling", "disabled");
}
