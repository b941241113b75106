/* What an account sets for a region, and what EC2 says of the account. */
#include "emulator/services/ec2/ec2.h"

enum kind { BOOL, TEXT };

static const struct setting {
    const char *operation, *name, *value, *member;
    enum kind kind;
} settings[] = {
#define SETTING(operation, name, value, member, kind) { #operation, name, value, member, kind },
#include "emulator/services/ec2/settings.def"
#undef SETTING
};

/* Before anything is set. */
static const struct {
    const char *name, *value;
} defaults[] = {
    { "EbsEncryptionByDefault", "false" },
    { "EbsDefaultKmsKeyId", "alias/aws/ebs" },
    { "SerialConsoleAccess", "false" },
    { "SnapshotBlockPublicAccess", "unblocked" },
    { "ImageBlockPublicAccess", "block-new-sharing" },
};

static struct doc_key key_of(const struct ec2 *j)
{
    return service_key_regional(j->call, "ec2", "settings", STR("settings"));
}

static int load(struct ec2 *j, struct value **doc)
{
    int rc = store_doc_get(j->cx->e->store, j->a, key_of(j), doc, j->err);

    if (rc == E_MISSING) {
        *doc = value_map(j->a);
        rc = 0;
    }
    return rc;
}

int ec2_setting(struct ec2 *j, const char *name, struct str *out)
{
    struct value *doc;
    int rc = load(j, &doc);

    *out = rc == 0 ? value_get_str(doc, name) : (struct str){ 0 };
    for (size_t i = 0; i < COUNT(defaults) && out->len == 0; i++)
        if (strcmp(name, defaults[i].name) == 0)
            *out = str_c(defaults[i].value);
    return rc;
}

static int apply(struct ec2 *j, const struct setting *s)
{
    struct str value = str_c(s->value);
    struct value *doc;
    int rc = load(j, &doc);

    if (rc != 0)
        return rc;
    if (s->value[0] == '=')
        value = param_str(j->call, s->value + 1);
    value_put_str(j->a, doc, s->name, value);
    return store_doc_put(j->cx->e->store, key_of(j), doc, j->err);
}

int ec2_change_setting(struct ec2 *j)
{
    const struct setting *s = settings;
    struct str value;
    int rc = 0;

    for (size_t i = 0; i < COUNT(settings); i++)
        if (str_eq_c(j->call->action, settings[i].operation))
            s = &settings[i];
    if (s->value)
        rc = apply(j, s);
    if (rc == 0)
        rc = ec2_setting(j, s->name, &value);
    if (rc != 0)
        return rc;
    if (s->kind == BOOL)
        value_put_bool(j->a, ec2_output(j), s->member, str_eq_c(value, "true"));
    else
        value_put_str(j->a, ec2_output(j), s->member, value);
    return 0;
}

/* Source: EC2 API Reference, DescribeAccountAttributes; values are the default quotas. */
int ec2_describe_account_attributes(struct ec2 *j)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        { "supported-platforms", "VPC" }, { "vpc-max-security-groups-per-interface", "5" },
        { "max-elastic-ips", "5" },       { "max-instances", "20" },
        { "vpc-max-elastic-ips", "5" },   { "default-vpc", NULL },
    };
    const struct value *names = param(j->call, "AttributeNames");
    struct value *vpc, *list = value_list(j->a);
    int rc = ec2_default_vpc(j, &vpc);

    for (size_t i = 0; rc == 0 && i < COUNT(rows); i++) {
        struct value *row = value_map(j->a), *values = value_list(j->a), *one = value_map(j->a);
        if (value_first(names) && !ec2_list_has(names, str_c(rows[i].name)))
            continue;
        value_put_str(j->a, one, "AttributeValue",
                      rows[i].value ? str_c(rows[i].value)
                      : vpc         ? value_get_str(vpc, "VpcId")
                                    : STR("none"));
        value_push(values, one);
        value_put_c(j->a, row, "AttributeName", rows[i].name);
        value_set(row, STR("AttributeValues"), values);
        value_push(list, row);
    }
    value_set(ec2_output(j), STR("AccountAttributes"), list);
    return rc;
}
