#include "emulator/services/iam/iam.h"

#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"

/* Source: IAM API Reference, errors as the service words them. */
const struct iam_kind iam_user = { "User",
                                   "UserName",
                                   "UserId",
                                   "AIDA",
                                   "user",
                                   "The user with name %.*s cannot be found.",
                                   "User with name %.*s already exists.",
                                   false };
const struct iam_kind iam_group = { "Group",
                                    "GroupName",
                                    "GroupId",
                                    "AGPA",
                                    "group",
                                    "The group with name %.*s cannot be found.",
                                    "Group with name %.*s already exists.",
                                    false };
const struct iam_kind iam_role = { "Role",
                                   "RoleName",
                                   "RoleId",
                                   "AROA",
                                   "role",
                                   "The role with name %.*s cannot be found.",
                                   "Role with name %.*s already exists.",
                                   false };
const struct iam_kind iam_profile = { "InstanceProfile",
                                      "InstanceProfileName",
                                      "InstanceProfileId",
                                      "AIPA",
                                      "instance-profile",
                                      "Instance Profile %.*s cannot be found.",
                                      "Instance Profile %.*s already exists.",
                                      false };
const struct iam_kind iam_policy = { "Policy", "PolicyArn", "PolicyId",
                                     "ANPA",   "policy",    "Policy %.*s was not found.",
                                     NULL,     true };
const struct iam_kind iam_mfa = {
    "MFADevice", "SerialNumber",
    NULL,        NULL,
    "mfa",       "VirtualMFADevice with serial number %.*s doesn't exist.",
    NULL,        true
};
const struct iam_kind iam_oidc = { "OIDCProvider",
                                   "OpenIDConnectProviderArn",
                                   NULL,
                                   NULL,
                                   "oidc-provider",
                                   "OpenIDConnect Provider not found for arn %.*s",
                                   NULL,
                                   true };
const struct iam_kind iam_saml = { "SAMLProvider",
                                   "SAMLProviderArn",
                                   NULL,
                                   NULL,
                                   "saml-provider",
                                   "Manifest not found for arn %.*s",
                                   NULL,
                                   true };
struct doc_key iam_key(const struct call *call, const char *type, struct str id)
{
    return service_key(call, "iam", type, id);
}

int iam_save(struct ctx *cx, const struct call *call, const char *type, struct str id,
             const struct value *doc, struct err *err)
{
    return store_doc_put(cx->e->store, iam_key(call, type, id), doc, err);
}

int iam_load(struct ctx *cx, const struct call *call, struct outcome *out,
             const struct iam_kind *kind, struct str id, struct value **doc, struct err *err)
{
    *doc = NULL;
    int rc = store_doc_get(cx->e->store, cx->a, iam_key(call, kind->type, id), doc, err);
    if (rc != E_MISSING)
        return rc;
    *doc = NULL;
    outcome_refuse(cx->a, out, 0, "NoSuchEntityException", kind->missing, STR_ARG(id));
    return 0;
}

int iam_load_named(struct ctx *cx, const struct call *call, struct outcome *out,
                   const struct iam_kind *kind, struct value **doc, struct err *err)
{
    return iam_load(cx, call, out, kind, param_str(call, kind->name_param), doc, err);
}

struct str iam_user_name(const struct call *call)
{
    if (param_has(call, "UserName"))
        return param_str(call, "UserName");
    return call->who->type == PRINCIPAL_IAM_USER ? call->who->user_name : (struct str){ 0 };
}

int64_t iam_now(const struct ctx *cx)
{
    return cx->now_ms / 1000 * 1000;
}

struct str iam_arn(struct ctx *cx, const struct call *call, const char *word, struct str path,
                   struct str name)
{
    struct str partition = region_partition(call->region);

    return arena_printf(cx->a, "arn:%.*s:iam::%.*s:%s%.*s%.*s", STR_ARG(partition),
                        STR_ARG(call->account), word, STR_ARG(path.len ? path : STR("/")),
                        STR_ARG(name));
}

static bool path_ok(struct ctx *cx, struct outcome *out, struct str path)
{
    bool ok = path.len > 0 && path.ptr[0] == '/' && path.ptr[path.len - 1] == '/';

    for (size_t i = 0; ok && i < path.len; i++)
        ok = path.ptr[i] >= 0x21 && path.ptr[i] <= 0x7e;
    if (!ok)
        outcome_refuse(cx->a, out, 400, "ValidationError",
                       "The specified value for path is invalid. It must begin and end with / and "
                       "contain only alphanumeric characters and/or / characters.");
    return ok;
}

/* Names of one kind are unique whatever their case. Source: IAM API Reference, CreateUser,
 * UserName. */
static int name_taken(struct ctx *cx, const struct call *call, const char *type, struct str name,
                      bool *taken, struct err *err)
{
    struct value *doc = NULL;
    int rc = store_doc_get(cx->e->store, cx->a, iam_key(call, type, name), &doc, err);

    *taken = rc == 0;
    if (rc != E_MISSING)
        return rc;

    struct doc *docs;
    size_t count;
    rc = iam_all(cx, call, type, &docs, &count, err);
    for (size_t i = 0; rc == 0 && i < count && !*taken; i++)
        *taken = str_eq_nocase(docs[i].key.id, name);
    return rc;
}

int iam_new(struct ctx *cx, const struct call *call, struct outcome *out,
            const struct iam_kind *kind, struct value **doc, struct err *err)
{
    struct str name = param_str(call, kind->name_param);
    struct str path = param_has(call, "Path") ? param_str(call, "Path") : STR("/");
    bool taken;

    *doc = NULL;
    if (!path_ok(cx, out, path))
        return 0;
    int rc = name_taken(cx, call, kind->type, name, &taken, err);
    if (rc < 0)
        return rc;
    if (taken) {
        outcome_refuse(cx->a, out, 0, "EntityAlreadyExistsException", kind->exists, STR_ARG(name));
        return 0;
    }
    struct value *v = value_map(cx->a);
    value_put_str(cx->a, v, "Path", path);
    value_put_str(cx->a, v, kind->name_param, name);
    value_put_str(cx->a, v, kind->id_member,
                  ids_unique(cx->a, &cx->rng, kind->id_prefix, call->account));
    value_put_str(cx->a, v, "Arn", iam_arn(cx, call, kind->arn_word, path, name));
    value_put_time(cx->a, v, "CreateDate", iam_now(cx));
    if (value_first(param(call, "Tags")))
        value_set(v, STR("Tags"), value_copy(cx->a, param(call, "Tags")));
    *doc = v;
    return 0;
}

void iam_missing(struct ctx *cx, struct outcome *out, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct str text = arena_vprintf(cx->a, fmt, ap);
    va_end(ap);
    outcome_refuse(cx->a, out, 0, "NoSuchEntityException", "%.*s", STR_ARG(text));
}

void iam_conflict(struct ctx *cx, struct outcome *out, const char *what)
{
    outcome_refuse(cx->a, out, 0, "DeleteConflictException", "%s", what);
}

bool iam_policy_ok(struct ctx *cx, struct outcome *out, struct str text)
{
    struct value *policy = NULL;
    bool ok = json_parse(cx->a, text, &policy, NULL) == 0 && policy->kind == VALUE_MAP;

    if (!ok)
        outcome_refuse(cx->a, out, 0, "MalformedPolicyDocumentException",
                       "This policy contains invalid Json");
    else if (!(ok = value_get_c(policy, "Statement") != NULL))
        outcome_refuse(cx->a, out, 0, "MalformedPolicyDocumentException",
                       "Syntax errors in policy.");
    return ok;
}

struct str iam_encode(struct ctx *cx, struct str policy)
{
    struct buf text = { 0 };

    uri_encode(&text, policy, URI_KEEP_NONE);
    struct str encoded = arena_copy(cx->a, buf_view(&text));
    buf_free(&text);
    return encoded;
}

struct value *iam_view(struct ctx *cx, const struct value *doc, enum iam_view view)
{
    struct value *seen = value_map(cx->a);

    for (const struct value *m = value_first(doc); m; m = m->next) {
        if (m->name.ptr[0] == '_')
            continue;
        if (view == IAM_BRIEF &&
            (str_eq_c(m->name, "Tags") || str_eq_c(m->name, "PermissionsBoundary")))
            continue;
        if (str_eq_c(m->name, "AssumeRolePolicyDocument"))
            value_append(seen, m->name, value_str(cx->a, iam_encode(cx, m->u.text)));
        else
            value_append(seen, m->name, value_copy(cx->a, m));
    }
    return seen;
}

bool iam_list_has(const struct value *doc, const char *member, struct str text)
{
    for (const struct value *k = value_first(value_get_c(doc, member)); k; k = k->next)
        if (str_eq(k->u.text, text))
            return true;
    return false;
}

void iam_list_add(struct ctx *cx, struct value *doc, const char *member, struct str text)
{
    struct value *list = value_get_c(doc, member);

    if (!list) {
        list = value_list(cx->a);
        value_set(doc, str_c(member), list);
    }
    value_push(list, value_str(cx->a, arena_copy(cx->a, text)));
}

bool iam_list_drop(struct ctx *cx, struct value *doc, const char *member, struct str text)
{
    if (!iam_list_has(doc, member, text))
        return false;
    struct value *rest = value_list(cx->a);
    for (const struct value *k = value_first(value_get_c(doc, member)); k; k = k->next)
        if (!str_eq(k->u.text, text))
            value_push(rest, value_copy(cx->a, k));
    value_set(doc, str_c(member), rest);
    return true;
}

size_t iam_list_count(const struct value *doc, const char *member)
{
    const struct value *list = value_get_c(doc, member);

    return list ? list->count : 0;
}
