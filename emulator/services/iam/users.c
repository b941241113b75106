/* Users and groups, and who is in which. */
#include "emulator/services/iam/iam.h"

int iam_CreateUser(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct value *doc;
    int rc = iam_new(cx, call, out, &iam_user, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    struct str boundary = param_str(call, "PermissionsBoundary");
    if (boundary.len > 0) {
        rc = iam_boundary_set(cx, call, out, doc, boundary, err);
        if (rc < 0 || outcome_refused(out))
            return rc;
    }
    value_set(outcome_output(cx, out), STR("User"), iam_view(cx, doc, IAM_FULL));
    return iam_save(cx, call, "User", param_str(call, "UserName"), doc, err);
}

/* The root user as GetUser shows it. Source: IAM API Reference, GetUser. */
static int get_root(struct ctx *cx, const struct call *call, struct outcome *out)
{
    struct value *user = value_map(cx->a);

    value_put_str(cx->a, user, "UserId", call->account);
    value_put_str(cx->a, user, "Arn",
                  arena_printf(cx->a, "arn:aws:iam::%.*s:root", STR_ARG(call->account)));
    value_put_time(cx->a, user, "CreateDate", 0);
    value_set(outcome_output(cx, out), STR("User"), user);
    return 0;
}

int iam_GetUser(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str name = iam_user_name(call);
    struct value *doc;

    if (name.len == 0 && call->who->type == PRINCIPAL_ROOT)
        return get_root(cx, call, out);
    if (name.len == 0) {
        outcome_refuse(cx->a, out, 400, "ValidationError",
                       "Must specify userName when calling with non-User credentials");
        return 0;
    }
    int rc = iam_load(cx, call, out, &iam_user, name, &doc, err);
    if (rc == 0 && doc)
        value_set(outcome_output(cx, out), STR("User"), iam_view(cx, doc, IAM_FULL));
    return rc;
}

int iam_ListUsers(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    return iam_list(cx, call, out, "User", "Users", NULL, err);
}

/* What stands in the way of deleting a user, in the order in which IAM complains.
 * Source: IAM User Guide, "Deleting an IAM user". */
static const struct {
    const char *member, *complaint;
} user_holds[] = {
    { "_inline", "Cannot delete entity, must delete policies first." },
    { "_attached", "Cannot delete entity, must detach all policies first." },
    { "_groups", "Cannot delete entity, must remove users from group first." },
    { "_login", "Cannot delete entity, must delete login profile first." },
    { "_mfa", "Cannot delete entity, must delete MFA device first." },
};

int iam_DeleteUser(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str name = param_str(call, "UserName");
    struct value *doc;
    bool has_credentials;
    int rc = iam_load(cx, call, out, &iam_user, name, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    rc = iam_credentials_held(cx, call, name, &has_credentials, err);
    if (rc < 0)
        return rc;
    if (has_credentials) {
        iam_conflict(cx, out, "Cannot delete entity, must delete access keys first.");
        return 0;
    }
    for (size_t i = 0; i < COUNT(user_holds); i++)
        if (iam_list_count(doc, user_holds[i].member) > 0) {
            iam_conflict(cx, out, user_holds[i].complaint);
            return 0;
        }
    return store_doc_delete(cx->e->store, iam_key(call, "User", name), err);
}

/* A group's name may only be taken over by another group's absence; likewise a user's. */
static int rename_entity(struct ctx *cx, const struct call *call, struct outcome *out,
                         const struct iam_kind *kind, struct value *doc, const char *new_param,
                         struct err *err)
{
    struct str old = param_str(call, kind->name_param), name = old;
    struct str path = value_get_str(doc, "Path");

    if (param_has(call, new_param) && !str_eq(param_str(call, new_param), old)) {
        struct value *other = NULL;
        name = param_str(call, new_param);
        int rc = store_doc_get(cx->e->store, cx->a, iam_key(call, kind->type, name), &other, err);
        if (rc == 0)
            outcome_refuse(cx->a, out, 0, "EntityAlreadyExistsException", kind->exists,
                           STR_ARG(name));
        if (rc != E_MISSING)
            return rc;
        rc = store_doc_delete(cx->e->store, iam_key(call, kind->type, old), err);
        if (rc < 0)
            return rc;
    }
    if (param_has(call, "NewPath"))
        path = param_str(call, "NewPath");
    value_put_str(cx->a, doc, "Path", path);
    value_put_str(cx->a, doc, kind->name_param, name);
    value_put_str(cx->a, doc, "Arn", iam_arn(cx, call, kind->arn_word, path, name));
    return iam_save(cx, call, kind->type, name, doc, err);
}

int iam_UpdateUser(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct value *doc;
    int rc = iam_load_named(cx, call, out, &iam_user, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    rc = rename_entity(cx, call, out, &iam_user, doc, "NewUserName", err);
    if (rc < 0 || outcome_refused(out))
        return rc;
    return iam_credentials_follow(cx, call, param_str(call, "UserName"), doc, err);
}

int iam_CreateGroup(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct value *doc;
    int rc = iam_new(cx, call, out, &iam_group, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    value_set(outcome_output(cx, out), STR("Group"), iam_view(cx, doc, IAM_FULL));
    return iam_save(cx, call, "Group", param_str(call, "GroupName"), doc, err);
}

/* The users whose _groups hold the group, in order of name. */
static int members(struct ctx *cx, const struct call *call, struct str group,
                   struct iam_item **items, size_t *count, struct err *err)
{
    struct doc *docs;
    size_t all;
    int rc = iam_all(cx, call, "User", &docs, &all, err);

    if (rc < 0)
        return rc;
    *items = arena_array(cx->a, all + 1, sizeof **items);
    *count = 0;
    for (size_t i = 0; i < all; i++)
        if (iam_list_has(docs[i].value, "_groups", group))
            (*items)[(*count)++] =
                (struct iam_item){ docs[i].key.id, iam_view(cx, docs[i].value, IAM_BRIEF) };
    return 0;
}

int iam_GetGroup(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct value *doc;
    struct iam_item *items;
    size_t count;
    int rc = iam_load_named(cx, call, out, &iam_group, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    rc = members(cx, call, param_str(call, "GroupName"), &items, &count, err);
    if (rc < 0)
        return rc;
    value_set(outcome_output(cx, out), STR("Group"), iam_view(cx, doc, IAM_FULL));
    return iam_page(cx, call, out, "Users", items, count);
}

int iam_ListGroups(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    return iam_list(cx, call, out, "Group", "Groups", NULL, err);
}

int iam_DeleteGroup(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str name = param_str(call, "GroupName");
    struct value *doc;
    struct iam_item *items;
    size_t count;
    int rc = iam_load(cx, call, out, &iam_group, name, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    rc = members(cx, call, name, &items, &count, err);
    if (rc < 0)
        return rc;
    if (count > 0)
        iam_conflict(cx, out, "Cannot delete entity, must remove users from group first.");
    else if (iam_list_count(doc, "_inline") > 0)
        iam_conflict(cx, out, "Cannot delete entity, must delete policies first.");
    else if (iam_list_count(doc, "_attached") > 0)
        iam_conflict(cx, out, "Cannot delete entity, must detach all policies first.");
    else
        return store_doc_delete(cx->e->store, iam_key(call, "Group", name), err);
    return 0;
}

int iam_UpdateGroup(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str old = param_str(call, "GroupName");
    struct value *doc;
    struct doc *users;
    size_t count;
    int rc = iam_load(cx, call, out, &iam_group, old, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    rc = rename_entity(cx, call, out, &iam_group, doc, "NewGroupName", err);
    if (rc < 0 || outcome_refused(out) || !param_has(call, "NewGroupName"))
        return rc;
    rc = iam_all(cx, call, "User", &users, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (iam_list_drop(cx, users[i].value, "_groups", old)) {
            iam_list_add(cx, users[i].value, "_groups", param_str(call, "NewGroupName"));
            rc = iam_save(cx, call, "User", users[i].key.id, users[i].value, err);
        }
    return rc;
}

static int load_pair(struct ctx *cx, const struct call *call, struct outcome *out,
                     struct value **user, struct err *err)
{
    struct value *group;
    int rc = iam_load_named(cx, call, out, &iam_group, &group, err);

    *user = NULL;
    if (rc < 0 || !group)
        return rc;
    return iam_load_named(cx, call, out, &iam_user, user, err);
}

int iam_AddUserToGroup(struct ctx *cx, const struct call *call, struct outcome *out,
                       struct err *err)
{
    struct str group = param_str(call, "GroupName");
    struct value *user;
    int rc = load_pair(cx, call, out, &user, err);

    if (rc < 0 || !user || iam_list_has(user, "_groups", group))
        return rc;
    if (iam_list_count(user, "_groups") >=
        10) { /* Source: IAM User Guide, "IAM and AWS STS quotas" */
        outcome_refuse(cx->a, out, 0, "LimitExceededException",
                       "Cannot exceed quota for GroupsPerUser: 10");
        return 0;
    }
    iam_list_add(cx, user, "_groups", group);
    return iam_save(cx, call, "User", param_str(call, "UserName"), user, err);
}

int iam_RemoveUserFromGroup(struct ctx *cx, const struct call *call, struct outcome *out,
                            struct err *err)
{
    struct value *user;
    int rc = load_pair(cx, call, out, &user, err);

    if (rc < 0 || !user || !iam_list_drop(cx, user, "_groups", param_str(call, "GroupName")))
        return rc;
    return iam_save(cx, call, "User", param_str(call, "UserName"), user, err);
}

int iam_ListGroupsForUser(struct ctx *cx, const struct call *call, struct outcome *out,
                          struct err *err)
{
    struct value *user;
    int rc = iam_load_named(cx, call, out, &iam_user, &user, err);

    if (rc < 0 || !user)
        return rc;
    struct doc *groups;
    size_t all, count = 0;
    rc = iam_all(cx, call, "Group", &groups, &all, err);
    if (rc < 0)
        return rc;
    struct iam_item *items = arena_array(cx->a, all + 1, sizeof *items);
    for (size_t i = 0; i < all; i++)
        if (iam_list_has(user, "_groups", groups[i].key.id))
            items[count++] =
                (struct iam_item){ groups[i].key.id, iam_view(cx, groups[i].value, IAM_BRIEF) };
    return iam_page(cx, call, out, "Groups", items, count);
}
