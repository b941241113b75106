#include "emulator/services/s3/acl.h"

#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/object.h"

#define GROUP_ALL  "http://acs.amazonaws.com/groups/global/AllUsers"
#define GROUP_AUTH "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
#define GROUP_LOG  "http://acs.amazonaws.com/groups/s3/LogDelivery"

/* What a canned ACL grants beside the owner's FULL_CONTROL. Source: the same, "Canned ACL". */
static const struct canned {
    const char *name;
    struct {
        const char *group, *permission;
    } grants[2];
} canned_acls[] = {
    { "private", { { NULL, NULL } } },
    { "public-read", { { GROUP_ALL, "READ" } } },
    { "public-read-write", { { GROUP_ALL, "READ" }, { GROUP_ALL, "WRITE" } } },
    { "authenticated-read", { { GROUP_AUTH, "READ" } } },
    { "log-delivery-write", { { GROUP_LOG, "WRITE" }, { GROUP_LOG, "READ_ACP" } } },
    { "aws-exec-read", { { NULL, NULL } } },
    { "bucket-owner-read", { { NULL, NULL } } },
    { "bucket-owner-full-control", { { NULL, NULL } } },
};

static const struct grant_header {
    const char *param, *permission;
} grant_headers[] = {
    { "GrantFullControl", "FULL_CONTROL" }, { "GrantRead", "READ" },
    { "GrantReadACP", "READ_ACP" },         { "GrantWrite", "WRITE" },
    { "GrantWriteACP", "WRITE_ACP" },
};

static void add_grant(struct op *op, struct value *grants, struct value *grantee,
                      const char *permission)
{
    struct value *grant = value_map(op->a);

    value_set(grant, STR("Grantee"), grantee);
    value_put_c(op->a, grant, "Permission", permission);
    value_push(grants, grant);
}

static struct value *make_grantee(struct op *op, const char *type, const char *member,
                                  struct str value)
{
    struct value *grantee = value_map(op->a);

    value_put_str(op->a, grantee, member, value);
    value_put_c(op->a, grantee, "Type", type);
    return grantee;
}

static struct value *owner_grants(struct op *op, struct str account)
{
    struct value *grants = value_list(op->a);
    char id[65];

    s3_canonical_id(account, id);
    add_grant(op, grants, make_grantee(op, "CanonicalUser", "ID", str_c(id)), "FULL_CONTROL");
    return grants;
}

static struct str owner_of(const struct op *op)
{
    return op->bucket ? op->bucket->owner : op->call->account;
}

/* id="...", uri="...", emailAddress="..." separated by commas. False: malformed. */
static bool parse_grantees(struct op *op, struct value *grants, const struct grant_header *h)
{
    static const char *const forms[][3] = { { "id", "CanonicalUser", "ID" },
                                            { "uri", "Group", "URI" },
                                            { "emailAddress", "AmazonCustomerByEmail",
                                              "EmailAddress" } };
    struct str rest = op_param(op, h->param), item, name, value;

    for (bool more = rest.len > 0; more;) {
        size_t i = 0;

        more = str_cut(rest, ',', &item, &rest);
        if (!str_cut(str_trim(item), '=', &name, &value))
            return false;
        value = str_trim(value);
        if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
            value = str_sub(value, 1, value.len - 2);
        while (i < COUNT(forms) && !str_eq_nocase(str_trim(name), str_c(forms[i][0])))
            i++;
        if (i == COUNT(forms))
            return false;
        add_grant(op, grants, make_grantee(op, forms[i][1], forms[i][2], value), h->permission);
    }
    return true;
}

static int canned_grants(struct op *op, struct str name, struct value **grants)
{
    for (size_t i = 0; i < COUNT(canned_acls); i++) {
        if (!str_eq_c(name, canned_acls[i].name))
            continue;
        *grants = owner_grants(op, owner_of(op));
        for (size_t k = 0; k < 2 && canned_acls[i].grants[k].group; k++)
            add_grant(op, *grants,
                      make_grantee(op, "Group", "URI", str_c(canned_acls[i].grants[k].group)),
                      canned_acls[i].grants[k].permission);
        return 1;
    }
    return op_refuse_with(op, "InvalidArgument", "ArgumentName", STR("x-amz-acl"));
}

/* Only what the owner has anyway may be asked for where ACLs are disabled. */
static bool asks_for_owner_only(struct op *op, const struct value *grants)
{
    return value_equal(grants, owner_grants(op, owner_of(op))) &&
           !str_eq_c(op_param(op, "ACL"), "private");
}

int acl_from_request(struct op *op, struct value **grants)
{
    struct value *policy = value_get_c(op->call->params, "AccessControlPolicy");
    struct str canned = op_param(op, "ACL");
    bool by_header = false;
    int rc = 1;

    *grants = NULL;
    if (canned.len > 0 && (rc = canned_grants(op, canned, grants)) <= 0)
        return rc;
    for (size_t i = 0; i < COUNT(grant_headers); i++) {
        if (op_param(op, grant_headers[i].param).len == 0)
            continue;
        if (!by_header)
            *grants = value_list(op->a);
        by_header = true;
        if (!parse_grantees(op, *grants, &grant_headers[i]))
            return op_refuse_with(op, "InvalidArgument", "ArgumentName",
                                  str_c(grant_headers[i].param));
    }
    if (by_header && canned.len > 0)
        return op_refuse_text(op, "InvalidRequest",
                              "Specifying both Canned ACLs and Header Grants is not allowed");
    if (policy && !*grants) {
        if (!value_get_c(policy, "Owner"))
            return op_refuse(op, "MalformedACLError");
        *grants = value_get_c(policy, "Grants") ? value_get_c(policy, "Grants") : value_list(op->a);
    }
    if (*grants && op->bucket && op->bucket->owner_enforced && !asks_for_owner_only(op, *grants))
        return op_refuse(op, "AccessControlListNotSupported");
    return 1;
}

int acl_of_new_bucket(struct op *op, struct value *doc)
{
    struct value *grants,
        *rule = value_at(value_get_c(value_get_c(doc, "OwnershipControls"), "Rules"), 0);
    bool enforced = str_eq_c(value_get_str(rule, "ObjectOwnership"), "BucketOwnerEnforced");
    int rc = acl_from_request(op, &grants);

    if (rc <= 0 || !grants)
        return rc < 0 ? rc : 0;
    /* S3 then leaves ACLs on: rclone makes its buckets so. Source: seen on S3, versitygw #1869. */
    if (str_eq_c(op_param(op, "ACL"), "private") && !param_has(op->call, "ObjectOwnership")) {
        value_put_c(op->a, rule, "ObjectOwnership", "BucketOwnerPreferred");
        return 0;
    }
    if (enforced && !value_equal(grants, owner_grants(op, owner_of(op))))
        return op_refuse(op, "InvalidBucketAclWithObjectOwnership");
    value_set(doc, STR("Grants"), grants);
    return 0;
}

void acl_answer(struct op *op, struct str account, const struct value *grants)
{
    struct value *output = outcome_output(op->cx, op->out);

    value_set(output, STR("Owner"), op_owner(op, account));
    value_set(output, STR("Grants"),
              grants ? value_copy(op->a, grants) : owner_grants(op, account));
}

int run_GetBucketAcl(struct op *op)
{
    acl_answer(op, op->bucket->owner, value_get_c(op->bucket->doc, "Grants"));
    return 0;
}

int run_PutBucketAcl(struct op *op)
{
    struct value *doc = bucket_edit(op), *grants;
    int rc = acl_from_request(op, &grants);

    if (rc <= 0)
        return rc;
    if (!grants)
        return op_refuse(op, "MissingSecurityHeader");
    value_set(doc, STR("Grants"), value_copy(op->a, grants));
    return bucket_save(op, op->bucket->name, op->bucket->owner, doc);
}

int run_GetObjectAcl(struct op *op)
{
    struct object o;
    int rc = object_need(op, &o);

    if (rc <= 0)
        return rc;
    if (o.is_marker)
        return op_refuse(op, "MethodNotAllowed");
    acl_answer(op, op->bucket->owner, value_get_c(o.meta, "Grants"));
    return 0;
}

int run_PutObjectAcl(struct op *op)
{
    struct value *grants;
    struct object o;
    int rc = acl_from_request(op, &grants);

    if (rc <= 0)
        return rc;
    if (!grants)
        return op_refuse(op, "MissingSecurityHeader");
    op_lock(op, op->key);
    rc = object_need(op, &o);
    if (rc <= 0)
        return rc;
    if (o.is_marker)
        return op_refuse(op, "MethodNotAllowed");
    value_set(o.meta, STR("Grants"), value_copy(op->a, grants));
    return object_update(op, &o, o.meta);
}
