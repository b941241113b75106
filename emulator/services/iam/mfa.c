/* Virtual MFA devices: made, enabled for a user, deactivated, deleted.
 *
 * The codes are checked only for their form and for being two different ones: a real device of the
 * tester does not hold our seed.
 */
#include "emulator/services/iam/iam.h"

#include "core/codec/uri.h"

enum { SEED_CHARS = 64 };

int iam_CreateVirtualMFADevice(struct ctx *cx, const struct call *call, struct outcome *out,
                               struct err *err)
{
    struct str path = param_has(call, "Path") ? param_str(call, "Path") : STR("/");
    struct str serial = iam_arn(cx, call, "mfa", path, param_str(call, "VirtualMFADeviceName"));
    struct value *doc = NULL;
    int rc = store_doc_get(cx->e->store, cx->a, iam_key(call, "MFADevice", serial), &doc, err);

    if (rc == 0)
        outcome_refuse(cx->a, out, 0, "EntityAlreadyExistsException",
                       "MFADevice entity at the same path and name already exists.");
    if (rc != E_MISSING)
        return rc;
    doc = value_map(cx->a);
    value_put_str(cx->a, doc, "SerialNumber", serial);
    if (value_first(param(call, "Tags")))
        value_set(doc, STR("Tags"), value_copy(cx->a, param(call, "Tags")));
    struct value *seen = value_copy(cx->a, doc);
    value_set(seen, STR("Base32StringSeed"),
              value_blob(cx->a, rng_chars(&cx->rng, cx->a, STR("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
                                          SEED_CHARS)));
    value_set(outcome_output(cx, out), STR("VirtualMFADevice"), seen);
    return iam_save(cx, call, "MFADevice", serial, doc, err);
}

static bool code_ok(struct str code)
{
    for (size_t i = 0; i < code.len; i++)
        if (code.ptr[i] < '0' || code.ptr[i] > '9')
            return false;
    return code.len == 6;
}

static bool codes_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    struct str first = param_str(call, "AuthenticationCode1");
    struct str second = param_str(call, "AuthenticationCode2");
    bool ok = code_ok(first) && code_ok(second) && !str_eq(first, second);

    if (!ok)
        outcome_refuse(cx->a, out, 0, "InvalidAuthenticationCodeException",
                       "Authentication code for device is not valid.");
    return ok;
}

/* user and device of the call; *device NULL when refused. */
static int load_both(struct ctx *cx, const struct call *call, struct outcome *out,
                     struct value **user, struct value **device, struct err *err)
{
    int rc = iam_load(cx, call, out, &iam_user, iam_user_name(call), user, err);

    *device = NULL;
    if (rc < 0 || !*user)
        return rc;
    return iam_load_named(cx, call, out, &iam_mfa, device, err);
}

int iam_EnableMFADevice(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct err *err)
{
    struct value *user, *device;
    int rc = load_both(cx, call, out, &user, &device, err);

    if (rc < 0 || !device || !codes_ok(cx, call, out))
        return rc;
    if (value_get_c(device, "User")) {
        outcome_refuse(cx->a, out, 0, "EntityAlreadyExistsException",
                       "MFA Device is already in use.");
        return 0;
    }
    struct value *owner = value_map(cx->a);
    static const char *const shown[] = { "Path", "UserName", "UserId", "Arn", "CreateDate" };
    for (size_t i = 0; i < COUNT(shown); i++)
        value_set(owner, str_c(shown[i]), value_copy(cx->a, value_get_c(user, shown[i])));
    value_set(device, STR("User"), owner);
    value_put_time(cx->a, device, "EnableDate", iam_now(cx));
    iam_list_add(cx, user, "_mfa", param_str(call, "SerialNumber"));
    rc = iam_save(cx, call, "User", value_get_str(user, "UserName"), user, err);
    return rc < 0 ? rc
                  : iam_save(cx, call, "MFADevice", param_str(call, "SerialNumber"), device, err);
}

/* The device must be the user's. */
static bool belongs(struct ctx *cx, struct outcome *out, const struct value *user,
                    const struct value *device)
{
    bool ok = str_eq(value_get_str(value_get_c(device, "User"), "UserName"),
                     value_get_str(user, "UserName"));

    if (!ok)
        iam_missing(cx, out, "MFA Device invalid for user.");
    return ok;
}

int iam_DeactivateMFADevice(struct ctx *cx, const struct call *call, struct outcome *out,
                            struct err *err)
{
    struct value *user, *device;
    int rc = load_both(cx, call, out, &user, &device, err);

    if (rc < 0 || !device || !belongs(cx, out, user, device))
        return rc;
    (void)value_remove(device, STR("User")); /* belongs() saw it */
    (void)value_remove(device, STR("EnableDate"));
    (void)iam_list_drop(cx, user, "_mfa", param_str(call, "SerialNumber"));
    rc = iam_save(cx, call, "User", value_get_str(user, "UserName"), user, err);
    return rc < 0 ? rc
                  : iam_save(cx, call, "MFADevice", param_str(call, "SerialNumber"), device, err);
}

int iam_ResyncMFADevice(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct err *err)
{
    struct value *user, *device;
    int rc = load_both(cx, call, out, &user, &device, err);

    if (rc == 0 && device && belongs(cx, out, user, device))
        (void)codes_ok(cx, call, out);
    return rc;
}

int iam_DeleteVirtualMFADevice(struct ctx *cx, const struct call *call, struct outcome *out,
                               struct err *err)
{
    struct value *device;
    int rc = iam_load_named(cx, call, out, &iam_mfa, &device, err);

    if (rc < 0 || !device)
        return rc;
    if (value_get_c(device, "User")) {
        iam_conflict(cx, out, "MFA VirtualDevice in use. Must deactivate first.");
        return 0;
    }
    return store_doc_delete(cx->e->store,
                            iam_key(call, "MFADevice", param_str(call, "SerialNumber")), err);
}

int iam_GetMFADevice(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct value *device;
    int rc = iam_load_named(cx, call, out, &iam_mfa, &device, err);

    if (rc < 0 || !device)
        return rc;
    struct str user = value_get_str(value_get_c(device, "User"), "UserName");
    struct value *output = outcome_output(cx, out);
    if (user.len > 0) {
        value_put_str(cx->a, output, "UserName", user);
        value_put_time(cx->a, output, "EnableDate", value_get_time(device, "EnableDate", 0));
    }
    value_put_str(cx->a, output, "SerialNumber", param_str(call, "SerialNumber"));
    return 0;
}

static int list_devices(struct ctx *cx, const struct call *call, struct outcome *out,
                        bool (*keep)(const struct call *call, struct str user), const char *member,
                        struct err *err)
{
    struct doc *docs;
    size_t all, n = 0;
    int rc = iam_all(cx, call, "MFADevice", &docs, &all, err);

    if (rc < 0)
        return rc;
    struct iam_item *items = arena_array(cx->a, all + 1, sizeof *items);
    for (size_t i = 0; i < all; i++) {
        struct str user = value_get_str(value_get_c(docs[i].value, "User"), "UserName");
        if (!keep(call, user))
            continue;
        if (user.len > 0)
            value_put_str(cx->a, docs[i].value, "UserName", user);
        items[n++] = (struct iam_item){ docs[i].key.id, docs[i].value };
    }
    return iam_page(cx, call, out, member, items, n);
}

static bool of_user(const struct call *call, struct str user)
{
    return user.len > 0 && str_eq(user, iam_user_name(call));
}

int iam_ListMFADevices(struct ctx *cx, const struct call *call, struct outcome *out,
                       struct err *err)
{
    struct value *user;

    if (iam_user_name(call).len > 0) {
        int rc = iam_load(cx, call, out, &iam_user, iam_user_name(call), &user, err);
        if (rc < 0 || !user)
            return rc;
    }
    return list_devices(cx, call, out, of_user, "MFADevices", err);
}

static bool by_assignment(const struct call *call, struct str user)
{
    struct str status = param_str(call, "AssignmentStatus");

    return status.len == 0 || str_eq_c(status, "Any") ||
           str_eq_c(status, "Assigned") == (user.len > 0);
}

int iam_ListVirtualMFADevices(struct ctx *cx, const struct call *call, struct outcome *out,
                              struct err *err)
{
    return list_devices(cx, call, out, by_assignment, "VirtualMFADevices", err);
}
