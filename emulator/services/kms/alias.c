/* Aliases, those of AWS's own services included. */
#include "emulator/services/kms/kms.h"

enum { NAME_MOST = 256, LIST_DEFAULT = 50 };

/* Services whose managed key every account has. Source: KMS Developer Guide, "AWS managed keys";
 * the descriptions are those of the keys that the services make. */
static const struct managed {
    const char *name, *service, *what;
} managed[] = {
    { "alias/aws/acm", "acm", "ACM private keys" },
    { "alias/aws/dynamodb", "dynamodb", "DynamoDB data" },
    { "alias/aws/ebs", "ec2", "EBS volumes" },
    { "alias/aws/elasticfilesystem", "elasticfilesystem", "EFS filesystems" },
    { "alias/aws/es", "es", "Elasticsearch data" },
    { "alias/aws/glue", "glue", "Glue data" },
    { "alias/aws/kinesis", "kinesis", "Kinesis streams" },
    { "alias/aws/lambda", "lambda", "Lambda functions" },
    { "alias/aws/rds", "rds", "RDS database volumes" },
    { "alias/aws/redshift", "redshift", "Redshift clusters" },
    { "alias/aws/s3", "s3", "S3 objects" },
    { "alias/aws/secretsmanager", "secretsmanager", "Secrets Manager data" },
    { "alias/aws/sns", "sns", "SNS messages" },
    { "alias/aws/sqs", "sqs", "SQS messages" },
    { "alias/aws/ssm", "ssm", "SSM parameters" },
    { "alias/aws/xray", "xray", "X-Ray data" },
};

static struct value *alias_new(struct ctx *cx, const struct call *call, struct str name,
                               struct str key_id)
{
    struct value *v = value_map(cx->a);

    value_put_str(cx->a, v, "AliasName", name);
    value_put_str(cx->a, v, "AliasArn", kms_arn(cx, call, "", name));
    if (key_id.len == 0) /* not made yet */
        return v;
    value_put_str(cx->a, v, "TargetKeyId", key_id);
    value_put_time(cx->a, v, "CreationDate", cx->now_ms);
    value_put_time(cx->a, v, "LastUpdatedDate", cx->now_ms);
    return v;
}

/* Source: KMS Developer Guide, "AWS managed keys", key policy: through the service, for callers of
 * the account; the account may look. */
static struct str managed_policy(struct ctx *cx, const struct call *call, const struct managed *m)
{
    return arena_printf(
        cx->a,
        "{\"Version\":\"2012-10-17\",\"Id\":\"auto-%s-1\",\"Statement\":[{\"Sid\":\"Allow access "
        "through %s for all principals in the account that are authorized to use it\","
        "\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"},\"Action\":[\"kms:Encrypt\","
        "\"kms:Decrypt\",\"kms:ReEncrypt*\",\"kms:GenerateDataKey*\",\"kms:CreateGrant\","
        "\"kms:DescribeKey\"],\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{"
        "\"kms:CallerAccount\":\"%.*s\",\"kms:ViaService\":\"%s.%.*s.amazonaws.com\"}}},"
        "{\"Sid\":\"Allow direct access to key metadata to the account\",\"Effect\":\"Allow\","
        "\"Principal\":{\"AWS\":\"arn:aws:iam::%.*s:root\"},\"Action\":[\"kms:Describe*\","
        "\"kms:Get*\",\"kms:List*\",\"kms:RevokeGrant\"],\"Resource\":\"*\"}]}",
        m->service, m->what, STR_ARG(call->account), m->service, STR_ARG(call->region),
        STR_ARG(call->account));
}

int kms_managed_alias(struct ctx *cx, const struct call *call, struct str name,
                      struct value **alias, struct err *err)
{
    const struct managed *m = NULL;
    struct kms_key k;

    for (size_t i = 0; i < COUNT(managed) && !m; i++)
        if (str_eq_c(name, managed[i].name))
            m = &managed[i];
    if (!m)
        return E_MISSING;
    struct str description = arena_printf(
        cx->a, "Default key that protects my %s when no other key is defined", m->what);
    int rc = kms_make(cx, call,
                      &(struct kms_new){ .spec = kms_spec_find(STR("SYMMETRIC_DEFAULT")),
                                         .usage = STR("ENCRYPT_DECRYPT"),
                                         .description = description,
                                         .manager = STR("AWS"),
                                         .policy = managed_policy(cx, call, m) },
                      &k, err);
    if (rc == 0)
        rc = kms_save(cx, &k, err);
    if (rc < 0)
        return rc;
    *alias = alias_new(cx, call, name, k.at.id);
    return store_doc_put(cx->e->store, kms_at(call, "Alias", name), *alias, err);
}

static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (c && strchr("/_-", c))))
            return false;
    }
    return true;
}

static bool name_ok(struct ctx *cx, struct outcome *out, struct str name)
{
    if (!str_has_prefix(name, STR("alias/")) || name.len == strlen("alias/"))
        outcome_refuse(cx->a, out, 400, "ValidationException", "Invalid identifier");
    else if (str_has_prefix(name, STR("alias/aws/")))
        outcome_refuse(cx->a, out, 400, "NotAuthorizedException", "%s", "");
    else if (str_find(name, STR(":")) >= 0)
        outcome_refuse(cx->a, out, 400, "ValidationException",
                       "%.*s contains invalid characters for an alias", STR_ARG(name));
    else if (!is_name(name))
        kms_invalid(cx, out, name, "aliasName",
                    "satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$");
    else if (name.len > NAME_MOST)
        kms_invalid(cx, out, name, "aliasName", "have length less than or equal to 256");
    return !outcome_refused(out);
}

static bool target_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    if (str_find(param_str(call, "TargetKeyId"), STR("alias/")) >= 0)
        outcome_refuse(cx->a, out, 400, "ValidationException",
                       "Aliases must refer to keys. Not aliases");
    return !outcome_refused(out);
}

int kms_CreateAlias(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str name = param_str(call, "AliasName");
    struct doc_key at = kms_at(call, "Alias", name);
    struct value *old;
    struct kms_key k;
    int rc;

    if (!name_ok(cx, out, name) || !target_ok(cx, call, out))
        return 0;
    if ((rc = kms_sweep(cx, call, err)) < 0 ||
        (rc = kms_find(cx, call, out, "TargetKeyId", &k, err)) < 0 || !k.doc)
        return rc;
    kms_note(cx, out, kms_arn(cx, call, "", name), call->account);
    rc = store_doc_get(cx->e->store, cx->a, at, &old, err);
    if (rc == E_MISSING)
        return store_doc_put(cx->e->store, at, alias_new(cx, call, name, k.at.id), err);
    if (rc == 0)
        outcome_refuse(cx->a, out, 0, "AlreadyExistsException",
                       "An alias with the name %.*s already exists",
                       STR_ARG(kms_arn(cx, call, "", name)));
    return rc;
}

static int alias_load(struct ctx *cx, const struct call *call, struct outcome *out,
                      struct value **alias, struct err *err)
{
    struct str name = param_str(call, "AliasName");

    *alias = NULL;
    if (!name_ok(cx, out, name))
        return 0;
    int rc = kms_sweep(cx, call, err);
    if (rc < 0)
        return rc;
    rc = store_doc_get(cx->e->store, cx->a, kms_at(call, "Alias", name), alias, err);
    if (rc != E_MISSING)
        return rc;
    *alias = NULL;
    outcome_refuse(cx->a, out, 0, "NotFoundException", "Alias %.*s is not found.",
                   STR_ARG(kms_arn(cx, call, "", name)));
    return 0;
}

int kms_UpdateAlias(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct value *alias;
    struct kms_key k, old;
    int rc = alias_load(cx, call, out, &alias, err);

    if (rc < 0 || !alias || !target_ok(cx, call, out))
        return rc;
    rc = kms_find(cx, call, out, "TargetKeyId", &k, err);
    if (rc < 0 || !k.doc)
        return rc;
    rc = kms_locate(cx, call, out, value_get_str(alias, "TargetKeyId"), &old, err);
    if (rc < 0 || !old.doc)
        return rc;
    /* Source: KMS API Reference, "UpdateAlias": both keys of one type and usage. */
    if (!str_eq(value_get_str(old.meta, "KeyUsage"), value_get_str(k.meta, "KeyUsage")) ||
        old.spec->form != k.spec->form) {
        outcome_refuse(cx->a, out, 400, "ValidationException",
                       "The current and new KMS keys must be of the same type and key usage");
        return 0;
    }
    kms_note(cx, out, value_get_str(alias, "AliasArn"), call->account);
    value_put_str(cx->a, alias, "TargetKeyId", k.at.id);
    value_put_time(cx->a, alias, "LastUpdatedDate", cx->now_ms);
    return store_doc_put(cx->e->store, kms_at(call, "Alias", param_str(call, "AliasName")), alias,
                         err);
}

int kms_DeleteAlias(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct value *alias;
    int rc = alias_load(cx, call, out, &alias, err);

    if (rc < 0 || !alias)
        return rc;
    kms_note(cx, out, kms_arn(cx, call, "key/", value_get_str(alias, "TargetKeyId")),
             call->account);
    kms_note(cx, out, value_get_str(alias, "AliasArn"), call->account);
    return store_doc_delete(cx->e->store, kms_at(call, "Alias", param_str(call, "AliasName")), err);
}

static void push(struct ctx *cx, struct value *list, const struct value *alias, struct str of_key)
{
    if (of_key.len == 0 || str_eq(value_get_str(alias, "TargetKeyId"), of_key))
        value_push(list, value_copy(cx->a, alias));
}

/* Both lists are in order: merged, a managed alias without a key where it has no document. */
static struct value *merged(struct ctx *cx, const struct call *call, const struct doc *docs,
                            size_t count, struct str of_key)
{
    struct value *list = value_list(cx->a);
    size_t i = 0, m = 0;

    while (i < count || m < COUNT(managed)) {
        int order = i == count            ? 1
                    : m == COUNT(managed) ? -1
                                          : str_cmp(docs[i].key.id, str_c(managed[m].name));
        if (order > 0) {
            push(cx, list, alias_new(cx, call, str_c(managed[m++].name), STR("")), of_key);
            continue;
        }
        push(cx, list, docs[i++].value, of_key);
        m += order == 0;
    }
    return list;
}

int kms_ListAliases(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str of_key = { 0 };
    struct doc *docs;
    size_t count;
    int rc = kms_sweep(cx, call, err);

    if (rc < 0)
        return rc;
    if (param_has(call, "KeyId")) {
        struct kms_key k;
        rc = kms_find(cx, call, out, "KeyId", &k, err);
        if (rc < 0 || !k.doc)
            return rc;
        of_key = k.at.id;
        out->resources = NULL; /* Source: real records of ListAliases name none */
    }
    rc = kms_all(cx, call, "Alias", STR(""), &docs, &count, err);
    if (rc == 0)
        kms_page(cx, call, out,
                 &(struct kms_list){ "Aliases", "AliasName", merged(cx, call, docs, count, of_key),
                                     LIST_DEFAULT });
    return rc;
}
