/* What accounts share with each other: snapshots and images, by a list of permissions. */
#include "emulator/services/ec2/compute.h"
#include "emulator/services/ec2/ec2.h"

/* "_permissions": [{UserId}] and [{Group: "all"}]. */
bool ec2_is_shared(const struct value *doc, struct str account)
{
    const struct value *list = value_get_c(doc, "_permissions");

    return ec2_list_find(list, "Group", STR("all")) || ec2_list_find(list, "UserId", account);
}

static struct doc_key anyones(enum ec2_kind_id kind, struct str region, struct str id)
{
    return (struct doc_key){
        .region = region, .service = STR("ec2"), .type = str_c(ec2_kinds[kind].type), .id = id
    };
}

int ec2_foreign(struct ec2 *j, enum ec2_kind_id kind, struct value *list)
{
    struct doc *docs;
    size_t count;
    int rc =
        store_doc_list(j->cx->e->store, j->a, anyones(kind, j->call->region, (struct str){ 0 }),
                       (struct str){ 0 }, 0, &docs, &count, j->err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (!str_eq(docs[i].key.account, j->call->account) &&
            ec2_is_shared(docs[i].value, j->call->account) && ec2_settle(j, kind, docs[i].value)) {
            rc = ec2_kinds[kind].complete(j, docs[i].value);
            value_put_str(j->a, docs[i].value, "_owner", docs[i].key.account);
            value_push(list, docs[i].value);
        }
    return rc;
}

int ec2_find_shared(struct ec2 *j, enum ec2_kind_id kind, struct str id, struct str region,
                    struct value **doc)
{
    struct doc *docs;
    size_t count;

    *doc = NULL;
    if (id.len == 0)
        return 0;
    int rc = store_doc_list(j->cx->e->store, j->a, anyones(kind, region, id), (struct str){ 0 }, 0,
                            &docs, &count, j->err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (str_eq(docs[i].key.id, id) && (str_eq(docs[i].key.account, j->call->account) ||
                                           ec2_is_shared(docs[i].value, j->call->account)))
            *doc = docs[i].value;
    return rc;
}

/* --- describe --- */

static bool owner_passes(const struct ec2 *j, const struct value *owners, struct str owner)
{
    bool is_own = str_eq(owner, j->call->account);

    return !value_first(owners) || ec2_list_has(owners, owner) ||
           (is_own && ec2_list_has(owners, STR("self")));
}

/* Those that the named users ("self", "all", accounts) may use. */
static bool users_pass(const struct ec2 *j, const struct value *users, const struct value *doc,
                       struct str owner)
{
    bool hit = !value_first(users);

    for (const struct value *u = value_first(users); u && !hit; u = u->next) {
        bool is_self = str_eq_c(u->u.text, "self");
        hit = str_eq_c(u->u.text, "all")
                  ? ec2_list_find(value_get_c(doc, "_permissions"), "Group", STR("all")) != NULL
                  : ec2_is_shared(doc, is_self ? j->call->account : u->u.text) ||
                        (is_self && str_eq(owner, j->call->account));
    }
    return hit;
}

static int candidates(struct ec2 *j, enum ec2_kind_id kind, struct value **all)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, kind, &docs);

    *all = value_list(j->a);
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        value_push(*all, value_copy(j->a, docs->of[i]));
    return rc != 0 ? rc : ec2_foreign(j, kind, *all);
}

int ec2_select_shared(struct ec2 *j, enum ec2_kind_id kind, const char *owners, const char *users,
                      struct value **list)
{
    const struct ec2_kind *k = &ec2_kinds[kind];
    const struct value *ids = param(j->call, k->ids);
    struct value *all = NULL;
    int rc = ec2_filters_ok(j, k->type);

    *list = value_list(j->a);
    if (rc == 0)
        rc = candidates(j, kind, &all);
    for (const struct value *v = value_first(ids); v && rc == 0; v = v->next)
        if (!ec2_list_find(all, k->id_member, v->u.text))
            return ec2_not_found(j, kind, v->u.text);
    for (const struct value *v = rc == 0 ? value_first(all) : NULL; v; v = v->next) {
        struct str owner = value_get_str(v, "OwnerId");
        if ((!value_first(ids) || ec2_list_has(ids, ec2_id(k, v))) &&
            owner_passes(j, param(j->call, owners), owner) &&
            users_pass(j, param(j->call, users), v, owner) &&
            ec2_filters_pass(j, k->type, k->tags, v))
            value_push(*list, value_copy(j->a, v));
    }
    return rc;
}

/* --- permissions --- */

static struct value *one_of(struct ec2 *j, const char *member, struct str text)
{
    struct value *v = value_map(j->a);

    value_put_str(j->a, v, member, text);
    return v;
}

static bool says_same(const struct value *a, const struct value *b)
{
    return value_equal(value_get_c(a, "UserId"), value_get_c(b, "UserId")) &&
           value_equal(value_get_c(a, "Group"), value_get_c(b, "Group"));
}

static int check_permission(struct ec2 *j, const struct value *one)
{
    struct str user = value_get_str(one, "UserId"), group = value_get_str(one, "Group");
    bool ok = group.len > 0 ? str_eq_c(group, "all") : user.len == 12;

    for (size_t i = 0; i < user.len && ok; i++)
        ok = user.ptr[i] >= '0' && user.ptr[i] <= '9';
    if (!ok)
        return ec2_refuse(j, "InvalidAMIAttributeItemValue",
                          "Invalid attribute item value \"%.*s\" for %s item type.",
                          STR_ARG(group.len > 0 ? group : user),
                          group.len > 0 ? "userGroup" : "userId");
    return 0;
}

static void change_one(struct ec2 *j, struct value *doc, const struct value *one, bool add)
{
    struct value *rest = value_list(j->a);

    for (const struct value *p = value_first(value_get_c(doc, "_permissions")); p; p = p->next)
        if (!says_same(p, one))
            value_push(rest, value_copy(j->a, p));
    if (add)
        value_push(rest, value_copy(j->a, one));
    value_set(doc, STR("_permissions"), rest);
}

static int change(struct ec2 *j, struct value *doc, const struct value *list, bool add)
{
    int rc = 0;

    for (const struct value *one = value_first(list); one && rc == 0; one = one->next) {
        rc = check_permission(j, one);
        if (rc == 0)
            change_one(j, doc, one, add);
    }
    return rc;
}

/* What UserIds, UserGroups and GroupNames list, as permissions. */
static struct value *flat(struct ec2 *j)
{
    static const struct {
        const char *parameter, *member;
    } rows[] = {
        { "UserIds", "UserId" },
        { "UserGroups", "Group" },
        { "GroupNames", "Group" },
    };
    struct value *list = value_list(j->a);

    for (size_t i = 0; i < COUNT(rows); i++)
        for (const struct value *v = value_first(param(j->call, rows[i].parameter)); v; v = v->next)
            value_push(list, one_of(j, rows[i].member, v->u.text));
    return list;
}

static int modify(struct ec2 *j, enum ec2_kind_id kind, struct value *doc, const char *parameter)
{
    const struct value *asked = param(j->call, parameter);
    bool add = !str_eq_c(param_str(j->call, "OperationType"), "remove");
    int rc = change(j, doc, value_get_c(asked, "Add"), true);

    if (rc == 0)
        rc = change(j, doc, value_get_c(asked, "Remove"), false);
    if (rc == 0)
        rc = change(j, doc, flat(j), add);
    return rc != 0 ? rc : ec2_save(j, kind, doc);
}

int ec2_modify_snapshot_attribute(struct ec2 *j)
{
    struct value *snapshot;
    int rc = ec2_load_param(j, EC2_SNAPSHOT, "SnapshotId", &snapshot);

    if (rc == 0 && value_get_bool(snapshot, "Encrypted", false) &&
        str_has_suffix(value_get_str(snapshot, "KmsKeyId"), STR("alias/aws/ebs")))
        return ec2_refuse(j, "InvalidParameter",
                          "Encrypted snapshots with EBS default key cannot be shared");
    return rc != 0 ? rc : modify(j, EC2_SNAPSHOT, snapshot, "CreateVolumePermission");
}

int ec2_reset_snapshot_attribute(struct ec2 *j)
{
    struct value *snapshot;
    int rc = ec2_load_param(j, EC2_SNAPSHOT, "SnapshotId", &snapshot);

    if (rc != 0)
        return rc;
    (void)value_remove(snapshot, STR("_permissions"));
    return ec2_save(j, EC2_SNAPSHOT, snapshot);
}

static struct value *permissions_of(struct ec2 *j, const struct value *doc)
{
    const struct value *list = value_get_c(doc, "_permissions");

    return list ? value_copy(j->a, list) : value_list(j->a);
}

int ec2_describe_snapshot_attribute(struct ec2 *j)
{
    struct value *snapshot;
    int rc = ec2_load_param(j, EC2_SNAPSHOT, "SnapshotId", &snapshot);

    if (rc != 0)
        return rc;
    ec2_take(j, ec2_output(j), snapshot, "SnapshotId");
    if (str_eq_c(param_str(j->call, "Attribute"), "createVolumePermission"))
        value_set(ec2_output(j), STR("CreateVolumePermissions"), permissions_of(j, snapshot));
    else
        value_set(ec2_output(j), STR("ProductCodes"), value_list(j->a));
    return 0;
}

int ec2_modify_image_attribute(struct ec2 *j)
{
    static const char *const other[] = { "ProductCodes", "OrganizationArns",
                                         "OrganizationalUnitArns", "ImdsSupport" };
    struct value *image;
    int rc = ec2_load_param(j, EC2_IMAGE, "ImageId", &image);

    for (size_t i = 0; rc == 0 && i < COUNT(other); i++)
        if (param_has(j->call, other[i]))
            return ec2_unsupported(j, other[i]);
    if (rc != 0)
        return rc;
    if (param_has(j->call, "Description"))
        value_put_str(j->a, image, "Description",
                      value_get_str(param(j->call, "Description"), "Value"));
    if (str_eq_c(param_str(j->call, "Attribute"), "description"))
        value_put_str(j->a, image, "Description", param_str(j->call, "Value"));
    return modify(j, EC2_IMAGE, image, "LaunchPermission");
}

int ec2_reset_image_attribute(struct ec2 *j)
{
    struct value *image;
    int rc = ec2_load_param(j, EC2_IMAGE, "ImageId", &image);

    if (rc != 0)
        return rc;
    (void)value_remove(image, STR("_permissions"));
    return ec2_save(j, EC2_IMAGE, image);
}

int ec2_describe_image_attribute(struct ec2 *j)
{
    static const struct {
        const char *word, *member, *answer;
        bool wrapped;
    } rows[] = {
        { "description", "Description", "Description", true },
        { "bootMode", "BootMode", "BootMode", true },
        { "sriovNetSupport", "SriovNetSupport", "SriovNetSupport", true },
        { "blockDeviceMapping", "BlockDeviceMappings", "BlockDeviceMappings", false },
        { "productCodes", "ProductCodes", "ProductCodes", false },
        { "launchPermission", "_permissions", "LaunchPermissions", false },
    };
    struct value *image, *output = ec2_output(j);
    int rc = ec2_load_param(j, EC2_IMAGE, "ImageId", &image);

    if (rc != 0)
        return rc;
    ec2_take(j, output, image, "ImageId");
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct value *v = value_get_c(image, rows[i].member);
        if (!str_eq_c(param_str(j->call, "Attribute"), rows[i].word))
            continue;
        struct value *shown = v ? value_copy(j->a, v) : value_list(j->a);
        if (rows[i].wrapped) {
            struct value *wrap = value_map(j->a);
            if (v)
                value_set(wrap, STR("Value"), shown);
            shown = wrap;
        }
        value_set(output, str_c(rows[i].answer), shown);
        return 0;
    }
    return ec2_refuse(j, "InvalidParameterValue",
                      "Value (%.*s) for parameter attribute is invalid. Unknown attribute.",
                      STR_ARG(param_str(j->call, "Attribute")));
}
