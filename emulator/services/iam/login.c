/* Console passwords and the account's password policy. A password is never stored: only that there
 * is one, and a salted hash to compare ChangePassword's old one with.
 */
#include "emulator/services/iam/iam.h"

#include "core/aws/sigv4.h"

/* The document of a user's login profile hangs on the user: _login is a list of one. */
static struct value *login_of(const struct value *user)
{
    return value_at(value_get_c(user, "_login"), 0);
}

static struct str password_hash(struct ctx *cx, const struct value *user, struct str password)
{
    char hex[65];
    struct str salted =
        arena_printf(cx->a, "%.*s:%.*s", STR_ARG(value_get_str(user, "UserId")), STR_ARG(password));

    sha256_hex(salted, hex);
    return arena_copy(cx->a, str_c(hex));
}

static struct value *login_view(struct ctx *cx, const struct value *user)
{
    const struct value *login = login_of(user);
    struct value *seen = value_map(cx->a);

    value_put_str(cx->a, seen, "UserName", value_get_str(user, "UserName"));
    value_put_time(cx->a, seen, "CreateDate", value_get_time(login, "CreateDate", 0));
    value_put_bool(cx->a, seen, "PasswordResetRequired",
                   value_get_bool(login, "PasswordResetRequired", false));
    return seen;
}

/* The user of the call, who must (or must not) have a login profile; NULL when refused. */
static int load_user(struct ctx *cx, const struct call *call, struct outcome *out, bool with_login,
                     struct value **user, struct err *err)
{
    struct str name = iam_user_name(call);
    int rc = iam_load(cx, call, out, &iam_user, name, user, err);

    if (rc < 0 || !*user || with_login == (login_of(*user) != NULL))
        return rc;
    *user = NULL;
    if (with_login)
        iam_missing(cx, out, "Login Profile for User %.*s cannot be found.", STR_ARG(name));
    else
        outcome_refuse(cx->a, out, 0, "EntityAlreadyExistsException",
                       "Login Profile for user %.*s already exists.", STR_ARG(name));
    return 0;
}

/* Does the text hold a character of the class [from, to]? */
static bool has_between(struct str text, char from, char to)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= from && text.ptr[i] <= to)
            return true;
    return false;
}

static bool has_symbol(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (memchr("!@#$%^&*()_+-=[]{}|'", text.ptr[i], 20))
            return true;
    return false;
}

static int policy_load(struct ctx *cx, const struct call *call, struct value **policy,
                       struct err *err)
{
    *policy = NULL;
    int rc = store_doc_get(cx->e->store, cx->a, iam_key(call, "PasswordPolicy", STR("policy")),
                           policy, err);
    return rc == E_MISSING ? 0 : rc;
}

/* Refuses a password that the account's policy (or IAM's default: 8 characters) forbids. */
static int password_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                       struct str password, struct err *err)
{
    struct value *policy;
    int rc = policy_load(cx, call, &policy, err);

    if (rc < 0)
        return rc;
    const char *lacks = NULL;
    if ((int64_t)password.len < value_get_int(policy, "MinimumPasswordLength", 8))
        lacks = "Password should have a minimum length of the account's password policy";
    else if (value_get_bool(policy, "RequireNumbers", false) && !has_between(password, '0', '9'))
        lacks = "Password should have at least one number";
    else if (value_get_bool(policy, "RequireUppercaseCharacters", false) &&
             !has_between(password, 'A', 'Z'))
        lacks = "Password should have at least one uppercase letter";
    else if (value_get_bool(policy, "RequireLowercaseCharacters", false) &&
             !has_between(password, 'a', 'z'))
        lacks = "Password should have at least one lowercase letter";
    else if (value_get_bool(policy, "RequireSymbols", false) && !has_symbol(password))
        lacks = "Password should have at least one symbol";
    if (lacks)
        outcome_refuse(cx->a, out, 0, "PasswordPolicyViolationException", "%s", lacks);
    return 0;
}

static void login_set(struct ctx *cx, const struct call *call, struct value *user)
{
    struct value *login = login_of(user), *list = value_list(cx->a);

    login = login ? value_copy(cx->a, login) : value_map(cx->a);
    if (!value_get_c(login, "CreateDate"))
        value_put_time(cx->a, login, "CreateDate", iam_now(cx));
    if (param_has(call, "PasswordResetRequired"))
        value_put_bool(cx->a, login, "PasswordResetRequired",
                       param_bool(call, "PasswordResetRequired", false));
    if (param_has(call, "Password"))
        value_put_str(cx->a, login, "_hash", password_hash(cx, user, param_str(call, "Password")));
    value_push(list, login);
    value_set(user, STR("_login"), list);
}

static int put_login(struct ctx *cx, const struct call *call, struct outcome *out, bool exists,
                     struct err *err)
{
    struct value *user;
    int rc = load_user(cx, call, out, exists, &user, err);

    if (rc < 0 || !user)
        return rc;
    if (param_has(call, "Password")) {
        rc = password_ok(cx, call, out, param_str(call, "Password"), err);
        if (rc < 0 || outcome_refused(out))
            return rc;
    }
    login_set(cx, call, user);
    if (!exists)
        value_set(outcome_output(cx, out), STR("LoginProfile"), login_view(cx, user));
    return iam_save(cx, call, "User", value_get_str(user, "UserName"), user, err);
}

int iam_CreateLoginProfile(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    return put_login(cx, call, out, false, err);
}

int iam_UpdateLoginProfile(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    return put_login(cx, call, out, true, err);
}

int iam_GetLoginProfile(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct err *err)
{
    struct value *user;
    int rc = load_user(cx, call, out, true, &user, err);

    if (rc == 0 && user)
        value_set(outcome_output(cx, out), STR("LoginProfile"), login_view(cx, user));
    return rc;
}

int iam_DeleteLoginProfile(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct value *user;
    int rc = load_user(cx, call, out, true, &user, err);

    if (rc < 0 || !user)
        return rc;
    (void)value_remove(user, STR("_login")); /* load_user saw it */
    return iam_save(cx, call, "User", value_get_str(user, "UserName"), user, err);
}

int iam_ChangePassword(struct ctx *cx, const struct call *call, struct outcome *out,
                       struct err *err)
{
    struct value *user;

    if (call->who->type != PRINCIPAL_IAM_USER) {
        outcome_refuse(cx->a, out, 0, "InvalidUserTypeException",
                       "Only IAM Users can change their own password");
        return 0;
    }
    int rc = load_user(cx, call, out, true, &user, err);
    if (rc < 0 || !user)
        return rc;
    struct value *login = login_of(user);
    if (!str_eq(value_get_str(login, "_hash"),
                password_hash(cx, user, param_str(call, "OldPassword")))) {
        outcome_refuse(cx->a, out, 403, "AccessDenied", "The old password was incorrect.");
        return 0;
    }
    rc = password_ok(cx, call, out, param_str(call, "NewPassword"), err);
    if (rc < 0 || outcome_refused(out))
        return rc;
    value_put_str(cx->a, login, "_hash", password_hash(cx, user, param_str(call, "NewPassword")));
    value_put_bool(cx->a, login, "PasswordResetRequired", false);
    return iam_save(cx, call, "User", value_get_str(user, "UserName"), user, err);
}

/* Source: IAM API Reference, UpdateAccountPasswordPolicy, defaults and ranges. */
static const struct {
    const char *name;
    bool is_flag;
    int64_t fallback, min, max;
} policy_members[] = {
    { "MinimumPasswordLength", false, 6, 6, 128 },
    { "RequireSymbols", true, 0, 0, 1 },
    { "RequireNumbers", true, 0, 0, 1 },
    { "RequireUppercaseCharacters", true, 0, 0, 1 },
    { "RequireLowercaseCharacters", true, 0, 0, 1 },
    { "AllowUsersToChangePassword", true, 0, 0, 1 },
};
static const struct {
    const char *name;
    int64_t min, max;
} policy_optional[] = { { "MaxPasswordAge", 1, 1095 }, { "PasswordReusePrevention", 1, 24 } };

static bool in_range(struct ctx *cx, const struct call *call, struct outcome *out, const char *name,
                     int64_t min, int64_t max)
{
    int64_t n = param_int(call, name, min);
    bool ok = n >= min && n <= max;

    if (!ok)
        outcome_refuse(cx->a, out, 400, "ValidationError",
                       "1 validation error detected: Value '%lld' at '%c%s' failed to satisfy "
                       "constraint: Member must have value between %lld and %lld",
                       (long long)n, name[0] | 0x20, name + 1, (long long)min, (long long)max);
    return ok;
}

int iam_UpdateAccountPasswordPolicy(struct ctx *cx, const struct call *call, struct outcome *out,
                                    struct err *err)
{
    struct value *policy = value_map(cx->a);

    for (size_t i = 0; i < COUNT(policy_members); i++) {
        const char *name = policy_members[i].name;
        if (policy_members[i].is_flag)
            value_put_bool(cx->a, policy, name, param_bool(call, name, false));
        else if (!in_range(cx, call, out, name, policy_members[i].min, policy_members[i].max))
            return 0;
        else
            value_put_int(cx->a, policy, name, param_int(call, name, policy_members[i].fallback));
    }
    for (size_t i = 0; i < COUNT(policy_optional); i++) {
        const char *name = policy_optional[i].name;
        if (!param_has(call, name))
            continue;
        if (!in_range(cx, call, out, name, policy_optional[i].min, policy_optional[i].max))
            return 0;
        value_put_int(cx->a, policy, name, param_int(call, name, 0));
    }
    if (param_has(call, "HardExpiry"))
        value_put_bool(cx->a, policy, "HardExpiry", param_bool(call, "HardExpiry", false));
    value_put_bool(cx->a, policy, "ExpirePasswords", param_has(call, "MaxPasswordAge"));
    return iam_save(cx, call, "PasswordPolicy", STR("policy"), policy, err);
}

static void no_policy(struct ctx *cx, const struct call *call, struct outcome *out)
{
    iam_missing(cx, out, "The Password Policy with domain name %.*s cannot be found.",
                STR_ARG(call->account));
}

int iam_GetAccountPasswordPolicy(struct ctx *cx, const struct call *call, struct outcome *out,
                                 struct err *err)
{
    struct value *policy;
    int rc = policy_load(cx, call, &policy, err);

    if (rc == 0 && policy)
        value_set(outcome_output(cx, out), STR("PasswordPolicy"), policy);
    else if (rc == 0)
        no_policy(cx, call, out);
    return rc;
}

int iam_DeleteAccountPasswordPolicy(struct ctx *cx, const struct call *call, struct outcome *out,
                                    struct err *err)
{
    int rc = store_doc_delete(cx->e->store, iam_key(call, "PasswordPolicy", STR("policy")), err);

    if (rc == E_MISSING)
        no_policy(cx, call, out);
    return rc == E_MISSING ? 0 : rc;
}
